/* SPDX-License-Identifier: ISC */
/* Writes the certificates of a site, as DER. Keys come in as bare points; nothing that came from outside is parsed.
 * Times are seconds of the wall clock. Each appends to a buf and answers NULL, or the reason of its failure. */
#ifndef VAULT_CERT_H
#define VAULT_CERT_H

#include "base/buf.h"
#include "ipc/site.h"
#include "vault/p256.h"

enum {
	CERT_DER_MAX = 1600,
	CERT_SERIAL = 16,
	CERT_LEAF_DAYS = 397,
	CERT_CA_DAYS = 3653,
	CERT_BACKDATE_S = 3600, /* a phone's clock may run behind */
};

/* The first octet of a serial number says whose it is. */
enum cert_serial { CERT_SERIAL_DEVICE = 1, CERT_SERIAL_SERVER = 2, CERT_SERIAL_CA = 3 };

struct cert_times {
	int64_t not_before_s, not_after_s;
};

struct cert_ca;

const char *cert_make_ca(const uint8_t scalar[P256_SCALAR], const uint8_t point[P256_POINT], struct cert_times t,
    struct buf *der) __attribute__((warn_unused_result));

/* The authority that signs from now on: its key and its own certificate. NULL when they are not such. */
struct cert_ca *cert_ca_new(const uint8_t scalar[P256_SCALAR], const uint8_t point[P256_POINT], struct span der);
void cert_ca_free(struct cert_ca *ca);
int64_t cert_ca_not_after_s(const struct cert_ca *ca);

/* A phone's: subject CN device-N, client authentication only; the serial number holds the device and the epoch. */
const char *cert_write_device(const struct cert_ca *ca, const uint8_t point[P256_POINT], uint32_t device,
    uint32_t epoch, struct cert_times t, struct buf *der) __attribute__((warn_unused_result));

/* The server's: subject CN and names of the domain (RFC 5922 7.1) and the addresses of the listeners, server
 * authentication only. */
const char *cert_write_server(const struct cert_ca *ca, const uint8_t point[P256_POINT], const struct site *site,
    struct cert_times t, struct buf *der) __attribute__((warn_unused_result));

/* What of the site a server certificate speaks of, as a digest: another digest needs another certificate. */
void cert_site_digest(const struct site *site, uint8_t digest[32]);

#endif
