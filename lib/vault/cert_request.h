/* SPDX-License-Identifier: ISC */
/* What a provider's CA is asked to certify (PKCS#10, RFC 2986): a key of ours as that of a SIP domain (RFC 5922 7.1). */
#ifndef VAULT_CERT_REQUEST_H
#define VAULT_CERT_REQUEST_H

#include "vault/p256.h"

enum {
	CERT_REQUEST_DOMAIN_MAX = 63, /* octets; CN takes 64 */
	CERT_REQUEST_MAX = 640,
};

/* Appended as DER: subject CN=domain, and subjectAltName DNS:domain and URI:sip:domain. */
void cert_write_request(const struct p256_key *k, const uint8_t point[P256_POINT], struct span domain, struct buf *der);

#endif
