/* SPDX-License-Identifier: ISC */
/* Certificates and chains of a test's own making. */
#ifndef TEST_MADE_CERT_H
#define TEST_MADE_CERT_H

#include "base/span.h"
#include <gnutls/x509.h>

enum { NOW_S = 1700000000, DAY_S = 86400 };

struct made {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
};

struct wanted {
	const struct made *by; /* NULL: itself */
	const char *purpose;
	bool ca, rsa, p384, for_agreement, no_numbers;
	int64_t from_s, until_s; /* 0: now, a day later */
};

/* numbers: its TNAuthList, where it is to have one. */
struct made made_cert(const char *name, const struct wanted *w, struct span numbers);
/* A file of the directory trust. */
void made_chain(const char *file, const struct made *const *m, size_t n);
/* All that was made. */
void made_free(void);

#define PUT(name, ...)                                             \
	do {                                                       \
		const struct made *const all[] = {__VA_ARGS__};    \
		made_chain(name, all, sizeof all / sizeof *all);   \
	} while (0)

#endif
