/* SPDX-License-Identifier: ISC */
#ifndef CONF_POINT_H
#define CONF_POINT_H

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stdint.h>

enum { POINT_OCTETS = 64 };

/* x and y of a key of P-256; false: it is none. */
bool point_of_certificate(gnutls_x509_crt_t crt, uint8_t point[POINT_OCTETS]) __attribute__((warn_unused_result));
bool point_of_request(gnutls_x509_crq_t crq, uint8_t point[POINT_OCTETS]) __attribute__((warn_unused_result));

#endif
