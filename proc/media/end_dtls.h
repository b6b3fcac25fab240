/* SPDX-License-Identifier: ISC */
/* DTLS 1.2 with use_srtp (RFC 5764) on GnuTLS, both roles. The far certificate is the one whose fingerprint signalling gave, or
 * the handshake ends. Nobody who does not receive at the side's address can make us begin one (cookies, RFC 6347 4.2.1), and no
 * unprotected alert or second hello ends one (T29). */
#ifndef MEDIA_END_DTLS_H
#define MEDIA_END_DTLS_H

#include "end.h"

enum {
	END_DTLS_MAX = 512,         /* associations at once, of which a share is for emergency calls */
	END_DTLS_LINGER_MS = 60000, /* a finished one answers for what was lost of its last flight */
	END_DTLS_REST_MS = 5000,    /* after one that nobody answered: its place goes round */
	END_DTLS_AGAIN_MS = 3000,   /* one that stands still so long gives way to a new hello */
};

bool end_dtls_open(void);

/* A new association is wanted; keys that are in force stay until it has others. */
void end_dtls_begin(struct end *e);
void end_dtls_close(struct end *e);
void end_dtls_close_all(void);

/* A datagram of the side's address, DTLS by its first octet. */
void end_dtls_feed(struct end *e, const struct addr *from, struct span datagram);
/* Time passed: repeat what was lost, begin what could not begin, forget what is done. */
void end_dtls_turn(struct end *e);

void end_dtls_status(struct proc_status *s);

#endif
