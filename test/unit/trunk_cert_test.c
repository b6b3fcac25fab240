/* SPDX-License-Identifier: ISC */
/* R6: the certificate that we show to a trunk: what conf takes, and what it says of the rest. */
#include "conf/conf.h"
#include "conf/trust.h"
#include "made_cert.h"
#include "test.h"

#define SITE                                                                       \
	"domain = voice.example\nphones { listen = \"192.0.2.1\" }\n"              \
	"trunk acme { server = \"sip.acme.example\" media-from = {\"203.0.113.0/24\"} "
#define NAMES(file) SITE "certificate = \"" file "\" }\n"

static struct conf c;

static struct made make(const char *name, const struct wanted *w)
{
	return made_cert(name, w, SPAN(""));
}

static void put_request(const char *name, const struct made *m)
{
	static uint8_t pem[4096];
	gnutls_x509_crq_t crq;
	size_t n = sizeof pem;

	gnutls_x509_crq_init(&crq);
	gnutls_x509_crq_set_key(crq, m->key);
	gnutls_x509_crq_set_version(crq, 1);
	gnutls_x509_crq_sign2(crq, m->key, GNUTLS_DIG_SHA256, 0);
	gnutls_x509_crq_export(crq, GNUTLS_X509_FMT_PEM, pem, &n);
	gnutls_x509_crq_deinit(crq);
	trust_add(name, span_of(pem, n));
}

static bool refused(const char *text, const char *why)
{
	bool ok = conf_parse(span_str(text), "f", &c);

	if (ok || !strstr(c.reason, why))
		fprintf(stderr, "said: %s\n", ok ? "ok" : c.reason);
	return !ok && strstr(c.reason, why);
}

static bool good(const char *text)
{
	bool ok = conf_parse(span_str(text), "f", &c) && site_ok(&c.site);

	if (!ok)
		fprintf(stderr, "%s\n", c.reason);
	return ok;
}

static struct made root, middle, leaf;

static void one_that_answers_the_request(void)
{
	root = make("root", &(struct wanted){.ca = true, .until_s = NOW_S + 9 * DAY_S});
	middle = make("middle", &(struct wanted){.by = &root, .ca = true, .until_s = NOW_S + 5 * DAY_S});
	leaf = make("leaf", &(struct wanted){.by = &middle, .purpose = GNUTLS_KP_TLS_WWW_CLIENT, .until_s = NOW_S + 7 * DAY_S});
	PUT("chain.pem", &leaf, &middle);
	PUT("alone.pem", &leaf);
	CHECK(refused(NAMES("alone.pem"), "f:3: trunk has a certificate, but its request trust/acme.csr is not in the site's directory trust"));
	put_request("acme.csr", &leaf);
	CHECK(good(NAMES("alone.pem")) && c.site.trunk[0].until_s == NOW_S + 7 * DAY_S);
	CHECK(strcmp(c.site.trunk[0].certificate, "alone.pem") == 0);
	CHECK(good(NAMES("chain.pem")) && c.site.trunk[0].until_s == NOW_S + 5 * DAY_S); /* none lasts longer than what is above it */
	const struct made any = make("any", &(struct wanted){.by = &root});
	PUT("any.pem", &any);
	put_request("other.csr", &any);
	CHECK(good("domain = voice.example\nphones { listen = \"192.0.2.1\" }\ntrunk other { server = \"a.b\" media-from = "
		   "{\"203.0.113.0/24\"} certificate = \"any.pem\" }\n"));
	CHECK(good(SITE "}\n") && c.site.trunk[0].certificate[0] == 0 && c.site.trunk[0].until_s == 0);
}

static void one_that_does_not_fit(void)
{
	const struct made other = make("other", &(struct wanted){.by = &middle}),
			  server = make("server", &(struct wanted){.by = &root, .purpose = GNUTLS_KP_TLS_WWW_SERVER}),
			  agrees = make("agrees", &(struct wanted){.by = &root, .for_agreement = true}),
			  rsa = make("rsa", &(struct wanted){.by = &root, .rsa = true}),
			  p384 = make("p384", &(struct wanted){.by = &root, .p384 = true});

	PUT("other.pem", &other);
	PUT("server.pem", &server);
	PUT("agrees.pem", &agrees);
	PUT("rsa.pem", &rsa);
	PUT("p384.pem", &p384);
	PUT("ca.pem", &middle);
	PUT("order.pem", &leaf, &root);
	PUT("long.pem", &leaf, &middle, &root, &root, &root, &root, &root, &root, &root);
	trust_add("junk.pem", SPAN("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
	trust_add("junk.csr", SPAN("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"));
	CHECK(refused(NAMES("other.pem"), "trust/other.pem, of another key than its request trust/acme.csr"));
	CHECK(refused(NAMES("server.pem"), "trust/server.pem, that is not for TLS clients (extended key usage)"));
	CHECK(refused(NAMES("agrees.pem"), "that is not for signatures (key usage)"));
	CHECK(refused(NAMES("rsa.pem"), "that has no key of P-256"));
	CHECK(refused(NAMES("p384.pem"), "that has no key of P-256"));
	CHECK(refused(NAMES("ca.pem"), "that begins with the certificate of a CA, not with ours"));
	CHECK(refused(NAMES("order.pem"), "that has its certificates out of order"));
	CHECK(refused(NAMES("long.pem"), "that holds no chain of 1 to 8 certificates (PEM)"));
	CHECK(refused(NAMES("junk.pem"), "that holds no chain of 1 to 8 certificates (PEM)"));
	CHECK(refused(NAMES("none.pem"), "trust/none.pem, that is not in the site's directory trust"));
	CHECK(refused(NAMES("../x"), "is no name"));
	CHECK(refused("domain = voice.example\nphones { listen = \"192.0.2.1\" }\ntrunk junk { server = \"a.b\" media-from = "
		      "{\"203.0.113.0/24\"} certificate = \"alone.pem\" }\n",
	    "its request trust/junk.csr holds no request (PEM)"));
	CHECK(refused(SITE "transport = tcp media = rtp plain = yes certificate = \"alone.pem\" }\n",
	    "trunk names a certificate but does not use TLS"));
}

/* The next key's request lies beside the one in use, and either certificate will do: the change is signer's affair. */
static void one_of_the_next_key(void)
{
	const struct made next = make("next", &(struct wanted){.by = &root});

	PUT("next.pem", &next);
	CHECK(refused(NAMES("next.pem"), "trust/next.pem, of another key than its request trust/acme.csr"));
	put_request("acme.csr.new", &next);
	CHECK(good(NAMES("next.pem")) && good(NAMES("alone.pem")));
	CHECK(refused(NAMES("other.pem"), "trust/other.pem, of another key than its request trust/acme.csr"));
}

/* After a restore the request beside it is of another key; the one before it is kept, and the exchange starts (R31). */
static void one_of_a_key_that_was_lost(void)
{
	const struct made lost = make("lost", &(struct wanted){.by = &root});

	PUT("lost.pem", &lost);
	CHECK(refused(NAMES("lost.pem"), "trust/lost.pem, of another key than its request trust/acme.csr"));
	put_request("acme.csr.old", &lost);
	CHECK(good(NAMES("lost.pem")) && good(NAMES("alone.pem")));
	CHECK(refused(NAMES("other.pem"), "trust/other.pem, of another key than its request trust/acme.csr"));
}

/* What processes believe of each other. */
static void a_site_says_so_only_of_tls(void)
{
	CHECK(good(NAMES("alone.pem")));
	struct trunk_conf t = c.site.trunk[0];
	CHECK(trunk_conf_ok(&t));
	t.plain = 1;
	t.transport = TRUNK_TCP;
	CHECK(!trunk_conf_ok(&t));
	t = c.site.trunk[0];
	memcpy(t.certificate, "../x", 5);
	CHECK(!trunk_conf_ok(&t));
	memset(t.certificate, 'a', sizeof t.certificate);
	CHECK(!trunk_conf_ok(&t));
}

int main(void)
{
	RUN(one_that_answers_the_request);
	RUN(one_that_does_not_fit);
	RUN(one_of_the_next_key);
	RUN(one_of_a_key_that_was_lost);
	RUN(a_site_says_so_only_of_tls);
	made_free();
	return TEST_END;
}
