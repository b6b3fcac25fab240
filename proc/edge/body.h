/* SPDX-License-Identifier: ISC */
/* The session description that a message carries, alone or as one of several parts (RFC 5621). */
#ifndef EDGE_BODY_H
#define EDGE_BODY_H

#include "wire/sdp.h"
#include "wire/sip.h"

struct body {
	const struct sdp *sdp; /* NULL: none; good until the next body_read() */
	struct span location;  /* the PIDF document that came beside it, as it came; empty: none */
};

/* 0, or the code that refuses the message, and why. A body of another kind carries none. */
unsigned body_read(const struct sip_msg *m, struct body *out, const char **why);

#endif
