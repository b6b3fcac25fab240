/* SPDX-License-Identifier: ISC */
/* The DTLS-SRTP of a phone in the media house, on GnuTLS. */
#ifndef TEST_MEDIA_FAR_H
#define TEST_MEDIA_FAR_H

#include "media_house.h"
#include <gnutls/gnutls.h>

#define FAR_MODERN "NORMAL:-VERS-ALL:+VERS-DTLS1.2"

struct far {
	struct phone *p;
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cert;
	uint8_t digest[64];     /* SHA-512; the start of it for the others */
	struct phone *stranger; /* what one could send comes with every flight; NULL: nothing */
};

bool far_make_cert(struct far *f, gnutls_pk_algorithm_t kind, unsigned bits, enum sdp_hash hash);
bool far_begin(struct far *f, bool client, const char *priority, bool srtp);
/* 0: done; an error of GnuTLS otherwise, AGAIN when time is over. */
int far_handshake(struct far *f, int ms);
bool far_sees_our_cert(const struct far *f);
/* The phone takes the keys that the handshake made. */
bool far_keys(struct far *f, bool client);
void far_end(struct far *f);

#endif
