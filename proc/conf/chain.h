/* SPDX-License-Identifier: ISC */
/* A certificate out of a file, with those between it and a root behind it. */
#ifndef CONF_CHAIN_H
#define CONF_CHAIN_H

#include "base/span.h"
#include <gnutls/x509.h>

gnutls_datum_t chain_datum(struct span s);

/* 1 to 8 certificates (PEM), given to read; NULL, or the reason that it or this found. */
const char *chain_read(
    struct span pem, const char *(*read)(gnutls_x509_crt_t *chain, unsigned n, void *arg), void *arg);

/* NULL: the key of this certificate may sign. if_ca: the reason that it is a CA's. */
const char *chain_may_sign(gnutls_x509_crt_t leaf, const char *if_ca);

#endif
