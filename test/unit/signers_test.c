/* SPDX-License-Identifier: ISC */
/* The local store of certificates: what conf takes, and what it says of the rest. */
#include "conf/conf.h"
#include "conf/signers.h"
#include "conf/tn_auth.h"
#include "conf/trust.h"
#include "made_cert.h"
#include "test.h"

#define OF(literal) SPAN(literal)
#define TN(digits) "\x16\x0b" digits

static struct conf conf;
static struct plan_signer s;

/* --- numbers --- */

static void numbers_of_a_certificate(void)
{
	CHECK(!tn_auth_read(OF("\x30\x0f\xa2\x0d" TN("33611223344")), &s));
	CHECK(!s.any && s.ranges == 1 && s.range[0].first == 33611223344 && s.range[0].last == 33611223344);
	CHECK(!tn_auth_read(OF("\x30\x16\xa1\x14\x30\x12" TN("33611000000") "\x02\x03\x0f\x42\x40"), &s));
	CHECK(s.ranges == 1 && s.range[0].first == 33611000000 && s.range[0].last == 33611999999);
	CHECK(!tn_auth_read(OF("\x30\x08\xa0\x06\x16\x04" "709J"), &s) && s.any && !s.ranges);
	CHECK(!tn_auth_read(OF("\x30\x17\xa0\x06\x16\x04" "709J\xa2\x0d" TN("33611223344")), &s) && s.any && s.ranges == 1);
	CHECK(!tn_auth_read(OF("\x30\x17\xa2\x06\x16\x04" "*123\xa2\x0d" TN("33611223344")), &s) && s.ranges == 1);
}

static void what_is_no_list(void)
{
	const struct span bad[] = {OF(""), OF("\x30"), OF("\x30\x00"), OF("\x30\x80\x00\x00"), OF("\x30\x0f\xa2\x0d\x16\x0b"),
	    OF("\x30\x0f\xa3\x0d" TN("33611223344")), OF("\x31\x0f\xa2\x0d" TN("33611223344")),
	    OF("\x30\x0f\xa2\x0d" TN("33611223344") "x"), OF("\x30\x10\xa2\x0e" TN("33611223344") "x"),
	    OF("\x30\x81\x0f\xa2\x0d" TN("33611223344")), OF("\x30\x0f\xa2\x0d" TN("3361122334a")),
	    OF("\x30\x0d\xa2\x0b\x16\x09" "+33611223"), OF("\x30\x06\xa2\x04\x16\x02" "01"), OF("\x30\x06\xa2\x04\x16\x02" "*1"),
	    OF("\x30\x14\xa2\x12\x16\x10" "1234567890123456"), OF("\x30\x04\xa2\x02\x16\x00"), OF("\x30\x04\xa0\x02\x16\x00"),
	    OF("\x30\x14\xa1\x12\x30\x10" TN("33611000000") "\x02\x01\x01"),         /* one: that is no range */
	    OF("\x30\x14\xa1\x12\x30\x10" TN("33611000000") "\x02\x01\xff"),         /* less than nothing */
	    OF("\x30\x15\xa1\x13\x30\x11" TN("33611000000") "\x02\x02\x00\x02"),     /* not the shortest form */
	    OF("\x30\x14\xa1\x12\x30\x10" TN("99999999999") "\x02\x01\x02"),         /* goes over into longer numbers */
	    OF("\x30\x1b\xa1\x19\x30\x17" TN("33611000000") "\x02\x08\x10\x00\x00\x00\x00\x00\x00\x00"),
	    OF("\x30\x11\xa1\x0f\x30\x0d" TN("33611000000"))};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		memset(&s, 0xaa, sizeof s);
		CHECK(tn_auth_read(bad[i], &s));
		CHECK(s.any == 0xaa && s.ranges == 0xaa);
	}
	uint8_t many[2 + 17 * 5] = {0x30, 17 * 5};
	for (int i = 0; i < 17; i++)
		memcpy(many + 2 + i * 5, "\xa2\x03\x16\x01" "7", 5);
	CHECK(tn_auth_read(span_of(many, sizeof many), &s));
	many[1] = 16 * 5;
	CHECK(!tn_auth_read(span_of(many, sizeof many - 5), &s) && s.ranges == 16);
}

/* --- certificates --- */

static struct made make(const char *name, const struct wanted *w)
{
	return made_cert(name, w, OF("\x30\x0f\xa2\x0d" TN("33611223344")));
}

static struct made root, middle, leaf;

static void make_all(void)
{
	const struct made other = make("other", &(struct wanted){.ca = true});

	root = make("root", &(struct wanted){.ca = true, .until_s = NOW_S + 9 * DAY_S});
	middle = make("middle", &(struct wanted){.by = &root, .ca = true, .until_s = NOW_S + 5 * DAY_S});
	leaf = make("leaf", &(struct wanted){.by = &middle, .from_s = NOW_S + 60, .until_s = NOW_S + 7 * DAY_S});
	PUT("roots.pem", &root);
	PUT("leaf.pem", &leaf, &middle);
	PUT("alone.pem", &leaf);
	PUT("root.pem", &root);
	const struct made *many[ANCHORS_MAX + 1];
	for (size_t i = 0; i < ANCHORS_MAX + 1; i++)
		many[i] = i % 2 ? &root : &middle;
	made_chain("most.pem", many, ANCHORS_MAX);
	made_chain("more.pem", many, ANCHORS_MAX + 1);
	const struct made stranger = make("leaf", &(struct wanted){.by = &other});
	PUT("stranger.pem", &stranger, &other);
	const struct made self = make("leaf", &(struct wanted){0});
	PUT("self.pem", &self);
	const struct made rsa = make("leaf", &(struct wanted){.by = &root, .rsa = true});
	PUT("rsa.pem", &rsa);
	const struct made p384 = make("leaf", &(struct wanted){.by = &root, .p384 = true});
	PUT("p384.pem", &p384);
	const struct made mute = make("leaf", &(struct wanted){.by = &root, .no_numbers = true});
	PUT("mute.pem", &mute);
	const struct made closed = make("leaf", &(struct wanted){.by = &root, .for_agreement = true});
	PUT("closed.pem", &closed);
	const struct made by_leaf = make("leaf", &(struct wanted){.by = &leaf});
	PUT("by-leaf.pem", &by_leaf, &leaf, &middle);
	const struct made ended = make("leaf", &(struct wanted){.by = &root, .from_s = NOW_S - 9 * DAY_S, .until_s = NOW_S - DAY_S});
	PUT("never.pem", &ended); /* it ended before its root began */
	const struct made old = make("old", &(struct wanted){.by = &root, .until_s = NOW_S + 1});
	PUT("old.pem", &old); /* expired, and taken as such */
	trust_add("text.pem", SPAN("no certificate"));
	trust_add("empty.pem", SPAN(""));
}

#define SITE "domain = \"example.org\"\nphones { listen = \"192.0.2.1\" }\n"

static bool takes(const char *section)
{
	char text[1024];

	snprintf(text, sizeof text, SITE "%s\n", section);
	return conf_parse(span_str(text), "f", &conf);
}

static bool refuses(const char *section, const char *why)
{
	return !takes(section) && strcmp(conf.reason, why) == 0;
}

static void a_store(void)
{
	uint8_t url[PASSPORT_HASH];

	CHECK(takes("") && conf.site.signers.n == 0);
	CHECK(takes("signed-callers { ca = \"roots.pem\"\n certificate \"https://a.example/c\" { file = \"leaf.pem\" }\n"
		    " certificate \"https://b.example/c\" { file = \"old.pem\" } }"));
	CHECK(conf.site.signers.n == 2 && site_ok(&conf.site));
	const struct plan_signer *one = &conf.site.signers.signer[0];
	passport_url_hash(SPAN("https://a.example/c"), url);
	CHECK(memcmp(url, one->x5u, sizeof url) == 0);
	CHECK(one->from_s == NOW_S + 60 && one->until_s == NOW_S + 5 * DAY_S); /* that of the chain */
	CHECK(!one->any && one->ranges == 1 && one->range[0].first == 33611223344);
	gnutls_datum_t x, y;
	gnutls_ecc_curve_t curve;
	CHECK(gnutls_x509_crt_get_pk_ecc_raw(leaf.crt, &curve, &x, &y) == 0);
	CHECK(one->point[31] == x.data[x.size - 1] && one->point[63] == y.data[y.size - 1]);
	gnutls_free(x.data);
	gnutls_free(y.data);
	CHECK(one[1].until_s == NOW_S + 1);
	/* who vouches for them, and the names of all */
	const struct plan_anchor *anchor = conf.site.signers.anchor;
	CHECK(conf.site.signers.anchors == 1 && anchor->until_s == NOW_S + 9 * DAY_S);
	static const uint8_t none[sizeof anchor->id];
	CHECK(memcmp(anchor->id, none, sizeof none) != 0);
	CHECK(strcmp(signers_anchor_subject(0), "CN=root") == 0 && strcmp(signers_subject(0), "CN=leaf") == 0);
	CHECK(strcmp(signers_subject(1), "CN=old") == 0);
	/* and nothing of it is left for the next */
	CHECK(takes("") && conf.site.signers.n == 0 && conf.site.signers.anchors == 0);
	CHECK(takes("signed-callers { ca = \"most.pem\" }") && conf.site.signers.anchors == ANCHORS_MAX && site_ok(&conf.site));
	CHECK(refuses("signed-callers { ca = \"more.pem\" }", "f:3: signed-callers.ca = \"more.pem\" holds more than 24 certificates"));
	CHECK(refuses("signed-callers { certificate \"https://a.example/c\" { file = \"leaf.pem\" } }",
	    "f:3: certificate trust/leaf.pem stands before the ca that is to vouch for it"));
}

static void what_is_no_store(void)
{
	static const struct {
		const char *file, *why;
	} row[] = {
	    {"alone.pem", "is not vouched for by the ca of signed-callers"},
	    {"stranger.pem", "is not vouched for by the ca of signed-callers"},
	    {"self.pem", "is not vouched for by the ca of signed-callers"},
	    {"by-leaf.pem", "is not vouched for by the ca of signed-callers"},
	    {"rsa.pem", "has no key of P-256 (RFC 8225 8)"},
	    {"p384.pem", "has no key of P-256 (RFC 8225 8)"},
	    {"mute.pem", "has no TNAuthList (RFC 8226 9), so it speaks for no number"},
	    {"closed.pem", "is not for signatures (key usage)"},
	    {"root.pem", "begins with the certificate of a CA, not of a signer"},
	    {"never.pem", "and those above it are never valid at the same time"},
	    {"text.pem", "holds no chain of 1 to 8 certificates (PEM)"},
	    {"empty.pem", "cannot be read, or is empty"},
	    {"nowhere.pem", "is not in the site's directory trust"},
	};
	char text[256], why[256];

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		snprintf(text, sizeof text,
		    "signed-callers { ca = \"roots.pem\"\ncertificate \"https://a.example/c\" { file = \"%s\" } }", row[i].file);
		snprintf(why, sizeof why, "f:4: certificate trust/%s %s", row[i].file, row[i].why);
		CHECK(refuses(text, why));
	}
	CHECK(refuses("signed-callers { ca = \"text.pem\" }", "f:3: signed-callers.ca = \"text.pem\" holds no certificate (PEM)"));
	CHECK(refuses("signed-callers { ca = \"../x\" }", "f:3: signed-callers.ca = \"../x\" is no name (lower-case letters, digits, "
							  "inner '-', '_' and '.')"));
	CHECK(refuses("signed-callers { ca = \"roots.pem\"\ncertificate \"http://a.example/c\" { file = \"leaf.pem\" } }",
	    "f:4: certificate is not named by the https URL under which callers' signatures know it"));
	CHECK(refuses("signed-callers { ca = \"roots.pem\"\ncertificate \"https://a.example/c\" { } }",
	    "f:4: certificate names no file"));
	CHECK(!takes("signed-callers { ca = \"roots.pem\"\ncertificate \"https://a.example/c\" { file = \"leaf.pem\" }\n"
		     "certificate \"https://a.example/c\" { file = \"leaf.pem\" } }"));
}

int main(void)
{
	make_all();
	RUN(numbers_of_a_certificate);
	RUN(what_is_no_list);
	RUN(a_store);
	RUN(what_is_no_store);
	made_free();
	(void)takes(""); /* and so no roots */
	return TEST_END;
}
