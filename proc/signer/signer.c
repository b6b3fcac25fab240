/* SPDX-License-Identifier: ISC */
#include "signer/signer.h"
#include "base/log.h"
#include "base/secret.h"
#include <unistd.h>

enum { ENTRIES = 8, BYTES = 16384, LEAF_AT = 8 + 32 };

struct signer signer;

static void make_key(void)
{
	uint8_t *both = secret_new(P256_SCALAR + P256_POINT);

	p256_make(both, both + P256_SCALAR);
	const char *why = store_put(&signer.store, SIGNER_KEY, SPAN(""), span_of(both, P256_SCALAR + P256_POINT));
	if (why)
		log_fatal("%s", why);
	secret_free(both, P256_SCALAR + P256_POINT);
	log_info("made the server's key");
}

void signer_open(int dir_fd, int boot_key_fd, const struct site *site)
{
	uint8_t *key = secret_new(STORE_BOOT_KEY);
	struct span v;

	p256_init();
	if (pread(boot_key_fd, key, STORE_BOOT_KEY, 0) != STORE_BOOT_KEY)
		log_fatal("the boot key is not %d octets", STORE_BOOT_KEY);
	const char *why = store_open(&signer.store, dir_fd, "signer", key, ENTRIES, BYTES);
	secret_free(key, STORE_BOOT_KEY);
	if (why)
		log_fatal("%s", why);
	close(boot_key_fd);
	close(dir_fd);
	if (!store_get(&signer.store, SIGNER_KEY, SPAN(""), &v))
		make_key();
	if (!store_get(&signer.store, SIGNER_KEY, SPAN(""), &v) || v.n != P256_SCALAR + P256_POINT)
		log_fatal("the server's key is not readable");
	memcpy(signer.point, v.p + P256_SCALAR, P256_POINT);
	signer.key = p256_key_new(v.p);
	if (!signer.key)
		log_fatal("the server's key is not readable");
	signer_set_site(site);
}

void signer_set_site(const struct site *site)
{
	cert_site_digest(site, signer.site_digest);
}

static bool get_leaf(int64_t *end_ms, struct span *leaf, bool *of_this_site)
{
	struct span v;

	if (!store_get(&signer.store, SIGNER_LEAF, SPAN(""), &v) || v.n <= LEAF_AT)
		return false;
	memcpy(end_ms, v.p, sizeof *end_ms);
	*of_this_site = memcmp(v.p + 8, signer.site_digest, sizeof signer.site_digest) == 0;
	*leaf = span_skip(v, LEAF_AT);
	return true;
}

void signer_look(int64_t wall_ms)
{
	bool of_this_site = false;
	int64_t end_ms;
	struct span leaf;

	if (get_leaf(&end_ms, &leaf, &of_this_site) && of_this_site &&
	    end_ms - wall_ms > SIGNER_RENEW_DAYS * INT64_C(86400000))
		return;
	if (signer.waiting && child_now() - signer.asked_ms < SIGNER_ASK_EVERY_MS)
		return;
	struct link *l = child_link(PROC_KEEPER, 0);
	struct msg_server_cert_want *m = l ? ipc_begin(l, MSG_SERVER_CERT_WANT) : NULL;
	if (!m)
		return;
	m->token = ++signer.asked;
	memcpy(m->point, signer.point, sizeof m->point);
	memcpy(m->site, signer.site_digest, sizeof m->site);
	memcpy(signer.asked_digest, signer.site_digest, sizeof signer.asked_digest);
	ipc_end(l);
	signer.asked_ms = child_now();
	signer.waiting = true;
}

static void tell_one(struct link *to, struct span leaf, struct span ca)
{
	struct msg_cert_chain *m = ipc_begin(to, MSG_CERT_CHAIN);

	if (!m)
		return;
	m->leaf = ipc_put(to, leaf);
	m->ca = ipc_put(to, ca);
	ipc_end(to);
}

void signer_tell(struct link *edge)
{
	bool of_this_site;
	struct span leaf, ca;
	int64_t end_ms;

	if (!get_leaf(&end_ms, &leaf, &of_this_site) || !store_get(&signer.store, SIGNER_CA, SPAN(""), &ca))
		return;
	if (edge) {
		tell_one(edge, leaf, ca);
		return;
	}
	for (uint32_t i = 0; i < child_site()->edges; i++) {
		struct link *l = child_link(PROC_EDGE, i);
		if (l)
			tell_one(l, leaf, ca);
	}
}

static const char *keep(const struct msg_server_cert *c, struct span leaf, struct span ca)
{
	uint8_t mem[STORE_VALUE_MAX];
	struct buf b = buf_of(mem, sizeof mem);

	buf_put(&b, &c->not_after_ms, sizeof c->not_after_ms);
	buf_put(&b, signer.asked_digest, sizeof signer.asked_digest);
	buf_add(&b, leaf);
	const char *why = store_put(&signer.store, SIGNER_CA, SPAN(""), ca);
	return why ? why : store_put(&signer.store, SIGNER_LEAF, SPAN(""), buf_span(&b));
}

static void on_server_cert(struct link *from, const struct ipc_view *v)
{
	const struct msg_server_cert *m = v->payload;

	if (!signer.waiting || m->token > signer.asked || m->leaf.len == 0 || m->ca.len == 0) {
		child_accuse(from, "sends a certificate that nobody asked for", 0, 0);
		return;
	}
	if (m->token != signer.asked) /* an earlier question's, overtaken by a change of the site */
		return;
	signer.waiting = false;
	const char *why = keep(m, ipc_str(v, m->leaf), ipc_str(v, m->ca));
	if (why)
		log_error("%s", why);
	else
		signer_tell(NULL);
}

static void on_sign_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_sign_want *w = v->payload;
	uint8_t mem[P256_SIGNATURE_MAX];
	struct buf der = buf_of(mem, sizeof mem);

	p256_sign(signer.key, w->hash, &der);
	struct msg_signed *m = ipc_begin(from, MSG_SIGNED);
	if (!m)
		return;
	m->token = w->token;
	m->signature = ipc_put(from, buf_span(&der));
	ipc_end(from);
	signer.signatures++;
}

ipc_handler *const signer_on[MSG_N] = {
    [MSG_SIGN_WANT] = on_sign_want,
    [MSG_SERVER_CERT] = on_server_cert,
};
