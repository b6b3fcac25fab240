/* SPDX-License-Identifier: ISC */
#include "creds.h"
#include <stdint.h>
#include <stdlib.h>

struct creds {
	gnutls_certificate_credentials_t of;
	uint32_t holders;
};

struct creds *creds_new(gnutls_certificate_credentials_t of)
{
	struct creds *c = malloc(sizeof *c);

	if (!c) {
		gnutls_certificate_free_credentials(of);
		return NULL;
	}
	*c = (struct creds){.of = of, .holders = 1};
	return c;
}

struct creds *creds_hold(struct creds *c)
{
	c->holders++;
	return c;
}

void creds_let_go(struct creds **held)
{
	struct creds *c = *held;

	*held = NULL;
	if (!c || --c->holders)
		return;
	gnutls_certificate_free_credentials(c->of);
	free(c);
}

gnutls_certificate_credentials_t creds_of(const struct creds *c)
{
	return c->of;
}
