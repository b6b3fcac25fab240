/* SPDX-License-Identifier: ISC */
#include "signers.h"
#include "chain.h"
#include "point.h"
#include "tn_auth.h"
#include <gnutls/x509.h>

static gnutls_x509_trust_list_t roots;
static char subject[SIGNERS_MAX][SIGNERS_SUBJECT_MAX], anchor_subject[ANCHORS_MAX][SIGNERS_SUBJECT_MAX];

void signers_begin(void)
{
	if (roots)
		gnutls_x509_trust_list_deinit(roots, 1);
	roots = NULL;
}

const char *signers_subject(unsigned signer)
{
	return subject[signer];
}

const char *signers_anchor_subject(unsigned anchor)
{
	return anchor_subject[anchor];
}

/* RFC 4514; what a terminal or a table would stumble over is a question mark. */
static void read_subject(gnutls_x509_crt_t c, char out[SIGNERS_SUBJECT_MAX])
{
	gnutls_datum_t dn = {NULL, 0};
	size_t n = 0;

	if (gnutls_x509_crt_get_dn3(c, &dn, 0) == 0)
		for (; n < dn.size && n < SIGNERS_SUBJECT_MAX - 1; n++)
			out[n] = (char)(dn.data[n] < 0x20 || dn.data[n] == 0x7f ? '?' : dn.data[n]);
	out[n] = 0;
	gnutls_free(dn.data);
}

static void read_anchor(gnutls_x509_crt_t c, unsigned i, struct plan_anchor *out)
{
	uint8_t sha256[32];
	size_t n = sizeof sha256;

	out->until_s = gnutls_x509_crt_get_expiration_time(c);
	if (gnutls_x509_crt_get_fingerprint(c, GNUTLS_DIG_SHA256, sha256, &n) == 0)
		memcpy(out->id, sha256, sizeof out->id);
	read_subject(c, anchor_subject[i]);
}

static const char *read_anchors(const gnutls_datum_t *d, struct plan_signers *out)
{
	gnutls_x509_crt_t c[ANCHORS_MAX];
	unsigned n = ANCHORS_MAX;
	int got =
	    gnutls_x509_crt_list_import(c, &n, d, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);

	if (got == GNUTLS_E_SHORT_MEMORY_BUFFER)
		return "holds more than 24 certificates";
	if (got <= 0)
		return "holds no certificate (PEM)";
	memset(out->anchor, 0, sizeof out->anchor);
	out->anchors = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		read_anchor(c[i], i, &out->anchor[i]);
		gnutls_x509_crt_deinit(c[i]);
	}
	return NULL;
}

const char *signers_roots(struct span pem, struct plan_signers *out)
{
	const gnutls_datum_t d = chain_datum(pem);

	signers_begin();
	if (gnutls_x509_trust_list_init(&roots, 0) < 0)
		return "cannot be read";
	return gnutls_x509_trust_list_add_trust_mem(roots, &d, NULL, GNUTLS_X509_FMT_PEM, 0, 0) > 0
	           ? read_anchors(&d, out)
	           : "holds no certificate (PEM)";
}

/* --- one certificate --- */

static const char *read_numbers(gnutls_x509_crt_t leaf, struct plan_signer *out)
{
	gnutls_datum_t der = {NULL, 0};
	unsigned critical;

	if (gnutls_x509_crt_get_extension_by_oid2(leaf, TN_AUTH_OID, 0, &der, &critical) < 0)
		return "has no TNAuthList (RFC 8226 9), so it speaks for no number";
	const char *why = tn_auth_read(span_of(der.data, der.size), out);
	gnutls_free(der.data);
	return why;
}

/* --- its chain --- */

static void narrow(gnutls_x509_crt_t c, struct plan_signer *out)
{
	int64_t from_s = gnutls_x509_crt_get_activation_time(c), until_s = gnutls_x509_crt_get_expiration_time(c);

	if (from_s > out->from_s)
		out->from_s = from_s;
	if (until_s < out->until_s)
		out->until_s = until_s;
}

static const char *read_dates(gnutls_x509_crt_t *chain, unsigned n, struct plan_signer *out)
{
	gnutls_x509_crt_t root;

	out->from_s = 0;
	out->until_s = INT64_MAX;
	for (unsigned i = 0; i < n; i++)
		narrow(chain[i], out);
	if (gnutls_x509_trust_list_get_issuer(roots, chain[n - 1], &root, 0) == 0)
		narrow(root, out);
	return out->from_s <= out->until_s ? NULL : "and those above it are never valid at the same time";
}

struct reading {
	unsigned signer;
	struct plan_signer *out;
};

static const char *read_chain(gnutls_x509_crt_t *chain, unsigned n, void *arg)
{
	static const unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS;
	const struct reading *r = arg;
	unsigned status = 0;

	read_subject(chain[0], subject[r->signer]);
	if (gnutls_x509_trust_list_verify_crt(roots, chain, n, flags, &status, NULL) < 0 || status)
		return "is not vouched for by the ca of signed-callers";
	const char *why = chain_may_sign(chain[0], "begins with the certificate of a CA, not of a signer");
	if (!why && !point_of_certificate(chain[0], r->out->point))
		why = "has no key of P-256 (RFC 8225 8)";
	if (!why)
		why = read_numbers(chain[0], r->out);
	return why ? why : read_dates(chain, n, r->out);
}

const char *signers_read(struct span pem, unsigned signer, struct plan_signer *out)
{
	if (!roots)
		return "stands before the ca that is to vouch for it";
	return chain_read(pem, read_chain, &(struct reading){signer, out});
}
