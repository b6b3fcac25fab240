/* SPDX-License-Identifier: ISC */
#ifndef MEDIA_POLICE_H
#define MEDIA_POLICE_H

#include "table.h"

enum {
	POLICE_MEDIA_A_SECOND = 400,  /* twice the fastest allowed rate: frames of 5 ms */
	POLICE_KEYING_A_SECOND = 100, /* a DTLS flight is a dozen datagrams */
};

/* Token bucket, one second deep. */
bool police_ok(struct bucket *b, uint32_t rate, uint64_t now_ms);

#endif
