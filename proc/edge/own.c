/* SPDX-License-Identifier: ISC */
#include "own.h"
#include "farkey/farkey.h"
#include <gnutls/abstract.h>
#include <stdio.h>

enum { CHAIN_MAX = 8 };

static struct own {
	struct creds *now, *next;
} table[SITE_TRUNKS_MAX];
static struct creds *without;

static int parse(struct span pem, gnutls_pcert_st chain[CHAIN_MAX], unsigned *n)
{
	const gnutls_datum_t d = {(unsigned char *)(uintptr_t)pem.p, (unsigned)pem.n};

	*n = CHAIN_MAX;
	return gnutls_pcert_list_import_x509_raw(
	    chain, n, &d, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
}

/* signer has judged whether the key is the certificate's, so GnuTLS need not try it: nobody waits for signer here. */
static int put(gnutls_certificate_credentials_t into, uint8_t trunk, struct span pem)
{
	gnutls_pcert_st chain[CHAIN_MAX];
	gnutls_privkey_t key;
	unsigned n;
	int e = parse(pem, chain, &n);

	if (e < 0)
		return e;
	gnutls_certificate_set_flags(into, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	e = farkey_new(&key, SIGN_TRUNK, trunk);
	if (e >= 0) {
		e = gnutls_certificate_set_key(into, NULL, 0, chain, (int)n, key); /* takes all of it over */
		if (e < 0)
			gnutls_privkey_deinit(key);
	}
	for (unsigned i = 0; e < 0 && i < n; i++)
		gnutls_pcert_deinit(&chain[i]);
	return e;
}

static struct creds *make(void)
{
	gnutls_certificate_credentials_t made;

	return gnutls_certificate_allocate_credentials(&made) < 0 ? NULL : creds_new(made);
}

void own_take(uint8_t trunk, struct span pem)
{
	struct own *o = &table[trunk];

	creds_let_go(&o->next);
	o->next = make();
	if (o->next && put(creds_of(o->next), trunk, pem) < 0)
		creds_let_go(&o->next);
}

const char *own_prepare(const struct site *s)
{
	static char why[64 + TRUNK_NAME_MAX];

	for (int i = 0; i < s->trunks; i++) {
		if (!s->trunk[i].certificate[0] || table[i].next)
			continue;
		snprintf(why, sizeof why, "trunk %s: its certificate cannot be read", s->trunk[i].name);
		return why;
	}
	return NULL;
}

void own_commit(const struct site *s)
{
	for (int i = 0; i < SITE_TRUNKS_MAX; i++) {
		struct own *o = &table[i];
		creds_let_go(&o->now);
		if (i < s->trunks && s->trunk[i].certificate[0])
			o->now = o->next;
		else
			creds_let_go(&o->next);
		o->next = NULL;
	}
}

struct creds *own_creds(uint8_t trunk)
{
	if (table[trunk - 1].now)
		return table[trunk - 1].now;
	if (!without)
		without = make();
	return without;
}
