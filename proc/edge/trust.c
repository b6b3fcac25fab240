/* SPDX-License-Identifier: ISC */
#include "trust.h"
#include "own.h"
#include "verify.h"
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PEM_MAX = 1 << 20, CHAIN_MAX = 8, NAME_MAX_LEN = 256 };

static struct {
	gnutls_x509_trust_list_t now, next;
} trust[SITE_TRUNKS_MAX];

/* --- what parent gives --- */

static size_t read_all(int fd, uint8_t *into, size_t room)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < room && (got = read(fd, into + n, room - n)) > 0)
		n += (size_t)got;
	return got < 0 ? 0 : n;
}

static gnutls_x509_trust_list_t parse(const uint8_t *pem, size_t n)
{
	gnutls_datum_t d = {(unsigned char *)(uintptr_t)pem, (unsigned)n};
	gnutls_x509_trust_list_t list;

	if (n == 0 || gnutls_x509_trust_list_init(&list, 0) < 0)
		return NULL;
	if (gnutls_x509_trust_list_add_trust_mem(list, &d, NULL, GNUTLS_X509_FMT_PEM, 0, 0) > 0)
		return list;
	gnutls_x509_trust_list_deinit(list, 1);
	return NULL;
}

static void drop(gnutls_x509_trust_list_t *list)
{
	if (*list)
		gnutls_x509_trust_list_deinit(*list, 1);
	*list = NULL;
}

void trust_on_give(struct link *from, const struct ipc_view *v)
{
	const struct msg_give_trust *m = v->payload;
	uint8_t *pem = malloc(PEM_MAX);

	if (m->trunk >= SITE_TRUNKS_MAX || !pem) {
		close(v->fd);
		free(pem);
		if (pem)
			child_accuse(from, "gives certificates for a trunk that cannot be", 0, 0);
		return;
	}
	size_t n = read_all(v->fd, pem, PEM_MAX);
	close(v->fd);
	if (m->what == TRUST_OWN) {
		own_take(m->trunk, span_of(pem, n));
	} else {
		drop(&trust[m->trunk].next);
		trust[m->trunk].next = parse(pem, n);
	}
	free(pem);
}

const char *trust_prepare(const struct site *s)
{
	static char why[64 + TRUNK_NAME_MAX];

	for (int i = 0; i < s->trunks; i++) {
		if (s->trunk[i].transport != TRUNK_TLS || trust[i].next)
			continue;
		snprintf(why, sizeof why, "trunk %s: its file of trusted certificates holds none", s->trunk[i].name);
		return why;
	}
	return own_prepare(s);
}

void trust_commit(const struct site *s)
{
	own_commit(s);
	for (int i = 0; i < s->trunks; i++) {
		if (!trust[i].next)
			continue;
		drop(&trust[i].now); /* it is used inside the callback alone */
		trust[i].now = trust[i].next;
		trust[i].next = NULL;
	}
}

/* --- names --- */

/* A name of the certificate; its kind, or negative at the end. */
static int name_at(gnutls_x509_crt_t leaf, unsigned i, uint8_t mem[NAME_MAX_LEN], struct span *name)
{
	size_t n = NAME_MAX_LEN;
	int kind = gnutls_x509_crt_get_subject_alt_name(leaf, i, mem, &n, NULL);

	*name = span_of(mem, kind < 0 ? 0 : n);
	return kind == GNUTLS_E_SHORT_MEMORY_BUFFER ? GNUTLS_SAN_OTHERNAME : kind;
}

/* sip:example.com and nothing more: a user or parameters make it the URI of somebody, not of a domain. */
static bool is_sip_uri(struct span uri, struct span *host)
{
	if (!span_starts_case(uri, SPAN("sip:")) || span_find(uri, '@') < uri.n)
		return false;
	*host = span_skip(uri, 4);
	return true;
}

static bool is_address(struct span octets, const struct addr *a)
{
	size_t n = a->family == 4 ? 4 : 16;

	return a->family && octets.n == n && memcmp(octets.p, a->ip + 16 - n, n) == 0;
}

/* RFC 5922 7.1: the names of a certificate against the trunk's. Wildcards match nothing (7.2). */
static bool name_fits(gnutls_x509_crt_t leaf, const struct trunk_conf *t)
{
	bool has_sip = false, sip_fits = false, other_fits = false;
	struct span name, host, server = span_str(t->server);
	uint8_t mem[NAME_MAX_LEN];
	int kind;

	for (unsigned i = 0; (kind = name_at(leaf, i, mem, &name)) >= 0; i++) {
		if (kind == GNUTLS_SAN_URI && is_sip_uri(name, &host)) {
			has_sip = true;
			sip_fits |= span_eq_case(host, server);
		} else if (kind == GNUTLS_SAN_DNSNAME) {
			other_fits |= !t->server_addr.family && span_eq_case(name, server);
		} else if (kind == GNUTLS_SAN_IPADDRESS) {
			other_fits |= is_address(name, &t->server_addr);
		}
	}
	return has_sip ? sip_fits : other_fits;
}

/* --- the callback --- */

/* Made for this use, or for none in particular. */
static bool verifies(gnutls_x509_trust_list_t list, gnutls_x509_crt_t *chain, unsigned n, const char *purpose)
{
	gnutls_typed_vdata_st as = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)(uintptr_t)purpose};
	unsigned flags = GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), status = 1;

	return gnutls_x509_trust_list_verify_crt2(list, chain, n, &as, 1, flags, &status, NULL) >= 0 && status == 0;
}

static enum trunk_why judge(const struct conn *c, gnutls_x509_crt_t *chain, unsigned n)
{
	gnutls_x509_trust_list_t list = trust[c->trunk - 1].now;

	if (!list || n == 0)
		return TRUNK_BAD_CERT;
	/* RFC 5922 4: one certificate serves a SIP server in both roles */
	if (!verifies(list, chain, n, GNUTLS_KP_TLS_WWW_SERVER) &&
	    !(c->came && verifies(list, chain, n, GNUTLS_KP_TLS_WWW_CLIENT)))
		return TRUNK_BAD_CERT;
	return name_fits(chain[0], &child_site()->trunk[c->trunk - 1]) ? TRUNK_CLOSED : TRUNK_WRONG_NAME;
}

int trust_verify(gnutls_session_t session)
{
	struct conn *c = gnutls_session_get_ptr(session);
	unsigned n = 0, read = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(session, &n);
	gnutls_x509_crt_t chain[CHAIN_MAX];

	c->tls12 = gnutls_protocol_get_version(session) != GNUTLS_TLS1_3;
	while (der && n <= CHAIN_MAX && read < n && gnutls_x509_crt_init(&chain[read]) >= 0) {
		bool good = gnutls_x509_crt_import(chain[read], &der[read], GNUTLS_X509_FMT_DER) >= 0;
		read++;
		if (!good) {
			n = 0;
			break;
		}
	}
	c->fail = (uint8_t)judge(c, chain, read == n ? read : 0);
	for (unsigned i = 0; i < read; i++)
		gnutls_x509_crt_deinit(chain[i]);
	c->verified = c->fail == TRUNK_CLOSED;
	c->refusal = c->verified ? REFUSED_NOT : REFUSED_ISSUER;
	return c->verified ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}
