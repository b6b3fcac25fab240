/* SPDX-License-Identifier: ISC */
/* Certificates of the phones: issued here from a CA, or read as ready bundles. All keys are P-256. */
#ifndef LOAD_CERT_H
#define LOAD_CERT_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>

struct cert_authority {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

/* All return 0 or a GnuTLS error. */
int cert_authority_load(const char *crt_path, const char *key_path, struct cert_authority *ca);
void cert_authority_fini(struct cert_authority *ca);

/* A fresh key and a client certificate for one phone. In `name` (its CN) and `san` (a URI if it holds a
 * colon, else a DNS name; NULL = none) each '%' becomes the number. */
int cert_issue(const struct cert_authority *ca, const char *name, const char *san, uint32_t number,
    gnutls_certificate_credentials_t *cred);

/* One file with certificate (chain) and key. */
int cert_bundle_load(const char *path, gnutls_certificate_credentials_t *cred);

/* Write ca.pem, ca-key.pem, server.pem and server-key.pem of a throw-away site for this domain. */
int cert_site_make(const char *dir, const char *domain);

#endif
