/* SPDX-License-Identifier: ISC */
/* How a phone gets its certificate: the key is made on the phone's own computer and stays there; a request (PKCS#10,
 * PEM, P-256, signed by that key) goes to the exchange, where a confined process turns it into a bare curve point.
 * Nothing but the point is taken from it. Every function answers NULL, or the reason of its failure as a static text. */
#ifndef VAULT_ENROL_H
#define VAULT_ENROL_H

#include "base/buf.h"

enum {
	ENROL_POINT = 64,     /* x and y, big-endian */
	ENROL_PEM_MAX = 4096, /* room that any one PEM text of ours needs; a longer request is refused unread */
};

/* A fresh key as PKCS#8 PEM, unencrypted. The caller's memory ought to come from secret_new(). */
const char *enrol_make_key(struct buf *key_pem) __attribute__((warn_unused_result));

/* A request for this key; also for a renewal with the same key. */
const char *enrol_make_request(struct span key_pem, struct buf *request_pem) __attribute__((warn_unused_result));

/* Exactly one request, of a P-256 key, whose signature proves possession of it. */
const char *enrol_parse_request(struct span request_pem, uint8_t point[ENROL_POINT])
    __attribute__((warn_unused_result));

/* Append a certificate, or a request, as PEM. */
const char *enrol_put_certificate(struct buf *pem, struct span der) __attribute__((warn_unused_result));
const char *enrol_put_request(struct buf *pem, struct span der) __attribute__((warn_unused_result));

/* On the phone's computer: the leaf is for this key, was signed by this CA (both PEM) and is a device's. */
const char *enrol_check_bundle(struct span key_pem, struct span leaf_pem, struct span ca_pem)
    __attribute__((warn_unused_result));

/* SHA-256 over the DER of the certificate, for people to compare. */
const char *enrol_fingerprint(struct span pem, uint8_t sha256[32]) __attribute__((warn_unused_result));

#endif
