/* SPDX-License-Identifier: ISC */
/* keeper and signer as real, caged processes: the chain reaches edges and signatures fit it (R1, R3), people log in
 * (R2, T4-T6), and nothing that was confirmed is lost by kill -9 (R28). Arguments: the two executables. */
#include "base/rand.h"
#include "ipc_peer.h"
#include "test.h"
#include "vault/cert.h"
#include "vault/cert_self.h"
#include "vault/enrol.h"
#include "vault/store.h"
#include "wire/digest.h"
#include <gnutls/abstract.h>
#include <gnutls/x509.h>

static const char *keeper_exe, *signer_exe;
static char keeper_dir[] = "/tmp/ringfence-keeper-XXXXXX", signer_dir[] = "/tmp/ringfence-signer-XXXXXX";
static struct site site;
static struct peer keeper, signer;
static struct link *core, *ctl, *ledger, *edge, *media;

static int boot_key(void)
{
	static char name[] = "/tmp/ringfence-key-XXXXXX";
	static const uint8_t key[32] = {3, 1, 4};
	char copy[sizeof name];

	memcpy(copy, name, sizeof copy);
	int fd = mkstemp(copy);
	unlink(copy);
	return write(fd, key, sizeof key) == sizeof key ? fd : -1;
}

static void empty_dir(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY);

	unlinkat(dir, "store.a", 0);
	unlinkat(dir, "store.b", 0);
	close(dir);
}

static bool start(struct peer *p, const char *exe, enum proc who, const char *path)
{
	if (!peer_start(p, exe, who, 0, &site))
		return false;
	peer_give_file(p, FILE_BOOT_KEY, boot_key());
	peer_give_file(p, FILE_STORE_DIR, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return true;
}

static bool start_keeper(void)
{
	if (!start(&keeper, keeper_exe, PROC_KEEPER, keeper_dir))
		return false;
	core = peer_link(&keeper, PROC_CORE, 0);
	ctl = peer_link(&keeper, PROC_CTL, 0);
	ledger = peer_link(&keeper, PROC_LEDGER, 0);
	return peer_go(&keeper);
}

static bool begin(void)
{
	empty_dir(keeper_dir);
	empty_dir(signer_dir);
	return start_keeper();
}

/* --- asking --- */

static int done(struct link *l)
{
	const struct msg_done *d = peer_wait(l, MSG_DONE);
	return d ? d->result : -1;
}

static int set_password(const char *user, const char *password)
{
	struct msg_secret_set *m = ipc_begin(ctl, MSG_SECRET_SET);

	m->user = ipc_put(ctl, span_str(user));
	m->password = ipc_put(ctl, span_str(password));
	ipc_end(ctl);
	return done(ctl);
}

static int log_in(uint64_t flow, uint32_t device, const char *user, const char *password, uint32_t nc, bool fresh)
{
	static char nonce[NONCE_TEXT];
	static size_t nonce_n;
	uint8_t ha1[DIGEST_MAX], raw[DIGEST_MAX];
	char hex[DIGEST_HEX_MAX];
	struct buf b = buf_of(hex, sizeof hex);

	if (fresh) {
		if (ipc_begin(core, MSG_NONCES_WANT))
			ipc_end(core);
		const struct msg_nonces *n = peer_wait(core, MSG_NONCES);
		struct buf text = buf_of(nonce, sizeof nonce);
		if (!n)
			return -1;
		nonce_put(&text, n->key, n->blocks, flow, span_str(user));
		nonce_n = text.n;
	}
	digest_ha1(DIGEST_SHA256, span_str(user), span_str(site.domain), span_str(password), ha1);
	struct digest_input in = {.alg = DIGEST_SHA256,
	    .ha1 = ha1,
	    .method = SPAN("INVITE"),
	    .uri = SPAN("sip:102@x"),
	    .nonce = span_of(nonce, nonce_n),
	    .cnonce = SPAN("c"),
	    .nc = nc};
	digest_response(&in, raw);
	buf_hex(&b, raw, 32);
	struct msg_login_want *m = ipc_begin(core, MSG_LOGIN_WANT);
	m->flow = flow;
	m->device = device;
	m->who = 7;
	m->method = SIP_INVITE;
	m->algorithm = DIGEST_SHA256;
	m->nc = nc;
	m->user = ipc_put(core, span_str(user));
	m->nonce = ipc_put(core, in.nonce);
	m->uri = ipc_put(core, in.uri);
	m->cnonce = ipc_put(core, in.cnonce);
	m->response = ipc_put(core, buf_span(&b));
	ipc_end(core);
	const struct msg_login *l = peer_wait(core, MSG_LOGIN);
	return l ? l->verdict : -1;
}

static bool get_code(uint32_t device, char text[64])
{
	struct msg_code_want *m = ipc_begin(ctl, MSG_CODE_WANT);

	m->device = device;
	ipc_end(ctl);
	const struct msg_code *c = peer_wait(ctl, MSG_CODE);
	return c && span_cstr(peer_str(MSG_CODE, c->code), text, 64);
}

static void want_cert(uint32_t device, const uint8_t point[64], const char *code)
{
	struct msg_cert_want *m = ipc_begin(ctl, MSG_CERT_WANT);

	m->kind = CERT_DEVICE;
	m->device = device;
	m->epoch = 3;
	memcpy(m->point, point, 64);
	m->code = ipc_put(ctl, span_str(code));
	ipc_end(ctl);
}

static bool new_request(uint8_t point[64], struct buf *key)
{
	uint8_t mem[ENROL_PEM_MAX];
	struct buf request = buf_of(mem, sizeof mem);

	return !enrol_make_key(key) && !enrol_make_request(buf_span(key), &request) &&
	       !enrol_parse_request(buf_span(&request), point);
}

/* --- tests --- */

static void people_log_in(void)
{
	CHECK(begin());
	CHECK(log_in(1, 1, "101", "secret", 1, true) == LOGIN_WRONG);
	CHECK(set_password("101", "secret") == DONE_OK);
	CHECK(log_in(1, 1, "101", "secret", 1, true) == LOGIN_OK);
	CHECK(log_in(1, 1, "101", "secret", 1, false) == LOGIN_STALE);
	CHECK(log_in(1, 1, "101", "secret", 2, false) == LOGIN_OK);
	CHECK(log_in(2, 1, "101", "secret", 3, false) == LOGIN_STALE);
	uint64_t events = peer_said[MSG_EVENT].n;
	for (int i = 0; i < 12; i++)
		CHECK(log_in(3, 2, "101", "guess", 1, true) == (i < 10 ? LOGIN_WRONG : LOGIN_LOCKED));
	CHECK(log_in(1, 1, "101", "secret", 1, true) == LOGIN_OK);
	const struct msg_event *e = peer_wait(&keeper.sibling[2], MSG_EVENT);
	CHECK(e && peer_said[MSG_EVENT].n == events + 1 && e->kind == EVENT_LOGIN_LOCKED && e->device == 2 &&
	      e->user == 7);
	/* killed in the middle of everything: passwords stay, nonces do not */
	peer_kill(&keeper);
	CHECK(start_keeper());
	CHECK(log_in(1, 1, "101", "secret", 9, false) == LOGIN_STALE);
	CHECK(log_in(1, 1, "101", "secret", 1, true) == LOGIN_OK);
	CHECK(set_password("101", "") == DONE_OK && log_in(1, 1, "101", "secret", 1, true) == LOGIN_WRONG);
	peer_kill(&keeper);
}

/* kill -9 while passwords are being set: each one that was confirmed is there afterwards, with its new value. */
static void killed_while_it_writes(void)
{
	enum { ROUNDS = 12, SETS = 24 };
	char user[16], password[16];

	CHECK(begin());
	for (uint32_t round = 0; round < ROUNDS; round++) {
		peer_said[MSG_DONE].taken = peer_said[MSG_DONE].n;
		uint64_t before = peer_said[MSG_DONE].n, enough = before + rand_u32() % SETS;
		for (uint32_t i = 0; i < SETS; i++) {
			snprintf(user, sizeof user, "u%u", i);
			snprintf(password, sizeof password, "%u-%u", round, i);
			struct msg_secret_set *m = ipc_begin(ctl, MSG_SECRET_SET);
			m->user = ipc_put(ctl, span_str(user));
			m->password = ipc_put(ctl, span_str(password));
			ipc_end(ctl);
			link_flush(ctl);
		}
		while (peer_said[MSG_DONE].n <= enough)
			CHECK(peer_wait(ctl, MSG_DONE));
		kill(keeper.pid, SIGKILL);
		link_read(ctl, peer_on()); /* what it still said before it died counts */
		uint32_t confirmed = (uint32_t)(peer_said[MSG_DONE].n - before);
		peer_kill(&keeper);
		CHECK(start_keeper());
		for (uint32_t i = 0; i < confirmed; i++) {
			snprintf(user, sizeof user, "u%u", i);
			snprintf(password, sizeof password, "%u-%u", round, i);
			CHECK(log_in(1 + i, 1, user, password, 1, true) == LOGIN_OK);
		}
	}
	peer_kill(&keeper);
	peer_said[MSG_DONE].taken = peer_said[MSG_DONE].n;
}

/* A hundred and twenty refused requests within a second or two: the events are bounded, the links stand. */
static void events_are_bounded(void)
{
	static const uint8_t point[64] = {2};

	CHECK(begin());
	uint64_t events = peer_said[MSG_EVENT].n, from_ms = clock_boot_ms();
	for (uint32_t i = 0; i < 120; i++) {
		want_cert(0, point, "");
		CHECK(done(ctl) == DONE_REFUSED);
		ctl = i % 40 == 39 ? peer_link(&keeper, PROC_CTL, 0) : ctl;
		CHECK(ctl && peer_up(ctl));
	}
	uint64_t seconds = (clock_boot_ms() - from_ms) / 1000 + 2;
	peer_heard = false;
	peer_wanted = MSG_NONE;
	link_wait(ledger, peer_on(), &peer_heard, 300); /* events may wait for 100 ms */
	CHECK(!ledger->broken && peer_said[MSG_EVENT].n > events && peer_said[MSG_EVENT].n - events <= 30 * seconds);
	CHECK(peer_said[MSG_EVENT].n - events < 120);
	peer_said[MSG_EVENT].taken = peer_said[MSG_EVENT].n;
	peer_kill(&keeper);
}

static void phone_is_enrolled(void)
{
	uint8_t point[64], key_mem[ENROL_PEM_MAX], leaf_mem[ENROL_PEM_MAX], ca_mem[ENROL_PEM_MAX];
	struct buf key = buf_of(key_mem, sizeof key_mem);
	struct buf leaf = buf_of(leaf_mem, sizeof leaf_mem), ca = buf_of(ca_mem, sizeof ca_mem);
	char code[64];

	CHECK(begin());
	CHECK(new_request(point, &key) && get_code(17, code));
	peer_kill(&keeper);
	CHECK(start_keeper());
	want_cert(17, point, "17-aaaaa-aaaaa-aaaaa-aaaaa-aaaaaa");
	CHECK(done(ctl) == DONE_REFUSED);
	want_cert(17, point, code);
	const struct msg_cert *c = peer_wait(ctl, MSG_CERT);
	CHECK(c && c->device == 17);
	CHECK(!enrol_put_certificate(&leaf, peer_str(MSG_CERT, c->leaf)));
	CHECK(!enrol_put_certificate(&ca, peer_str(MSG_CERT, c->ca)));
	CHECK(!enrol_check_bundle(buf_span(&key), buf_span(&leaf), buf_span(&ca)));
	CHECK(enrol_check_bundle(buf_span(&key), buf_span(&ca), buf_span(&ca)) != NULL);
	int64_t days = (c->not_after_ms - clock_wall_ms()) / 86400000;
	CHECK(days >= CERT_LEAF_DAYS - 1 && days <= CERT_LEAF_DAYS);
	peer_kill(&keeper);
	CHECK(start_keeper()); /* the code is used up, whatever happened after */
	want_cert(17, point, code);
	CHECK(done(ctl) == DONE_REFUSED);
	want_cert(17, point, ""); /* an administrator's admission */
	CHECK(peer_wait(ctl, MSG_CERT));
	want_cert(0, point, "");
	CHECK(done(ctl) == DONE_REFUSED);
	point[1] ^= 1;
	want_cert(17, point, "");
	CHECK(done(ctl) == DONE_REFUSED);
	peer_kill(&keeper);
}

static void log_is_read_by_name(void)
{
	static const uint8_t hash[32] = {1}, wrong[32] = {2};
	uint8_t blob[SEALED_MAX];

	CHECK(begin());
	struct msg_seal_want *s = ipc_begin(core, MSG_SEAL_WANT);
	s->wall_ms = clock_wall_ms();
	s->source = ipc_put(core, SPAN("101"));
	ipc_end(core);
	const struct msg_sealed *sealed = peer_wait(core, MSG_SEALED);
	CHECK(sealed && sealed->blob.len);
	uint32_t day = sealed->day;
	struct span b = peer_str(MSG_SEALED, sealed->blob);
	memcpy(blob, b.p, b.n);
	struct msg_admin_set *a = ipc_begin(ctl, MSG_ADMIN_SET);
	a->passes = 3;
	a->memory_kb = 65536;
	memcpy(a->hash, hash, sizeof hash);
	a->name = ipc_put(ctl, SPAN("anna"));
	ipc_end(ctl);
	CHECK(done(ctl) == DONE_OK);
	peer_kill(&keeper);
	CHECK(start_keeper());
	for (int i = 0; i < 2; i++) {
		struct msg_admin_check *k = ipc_begin(ctl, MSG_ADMIN_CHECK);
		memcpy(k->hash, i ? hash : wrong, sizeof hash);
		k->name = ipc_put(ctl, SPAN("anna"));
		ipc_end(ctl);
		CHECK(done(ctl) == (i ? DONE_OK : DONE_REFUSED));
	}
	uint64_t session = ((const struct msg_done *)(const void *)peer_said[MSG_DONE].payload)->value;
	for (int i = 0; i < 3; i++) {
		struct msg_unseal_want *u = ipc_begin(ctl, MSG_UNSEAL_WANT);
		u->session = i == 1 ? session ^ 1 : session;
		u->day = i == 2 ? day - 1 : day;
		u->blob = ipc_put(ctl, span_of(blob, b.n));
		ipc_end(ctl);
		if (i == 1) {
			CHECK(done(ctl) == DONE_REFUSED);
			continue;
		}
		const struct msg_unsealed *o = peer_wait(ctl, MSG_UNSEALED);
		CHECK(o && o->gone == (i == 2));
		CHECK(i == 2 || span_eq(peer_str(MSG_UNSEALED, o->source), SPAN("101")));
	}
	peer_kill(&keeper);
}

static bool start_signer(bool with_keeper)
{
	if (!start(&signer, signer_exe, PROC_SIGNER, signer_dir))
		return false;
	edge = peer_link(&signer, PROC_EDGE, 0);
	media = peer_link(&signer, PROC_MEDIA, 0);
	if (with_keeper && !peer_join(&signer, &keeper))
		return false;
	return peer_go(&signer);
}

/* The key that `asker` may ask for has signed what it asked, and this certificate is that key's. */
static bool signs_for(struct link *asker, enum sign_key key, const char *name, const uint8_t *leaf, size_t leaf_n)
{
	gnutls_datum_t der = {(uint8_t *)(uintptr_t)leaf, (unsigned)leaf_n};
	gnutls_x509_crt_t crt;
	gnutls_pubkey_t pub;

	struct msg_sign_want *w = ipc_begin(asker, MSG_SIGN_WANT);
	w->token = 42;
	w->key = (uint8_t)key;
	memset(w->hash, 0x5a, sizeof w->hash);
	ipc_end(asker);
	const struct msg_signed *s = peer_wait(asker, MSG_SIGNED);
	if (!s || s->token != 42 || gnutls_x509_crt_init(&crt) != 0 || gnutls_pubkey_init(&pub) != 0)
		return false;
	uint8_t hash[32];
	memset(hash, 0x5a, sizeof hash);
	struct span sig = peer_str(MSG_SIGNED, s->signature);
	gnutls_datum_t h = {hash, sizeof hash}, g = {(uint8_t *)(uintptr_t)sig.p, (unsigned)sig.n};
	bool ok = gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) == 0 &&
	          (!name || gnutls_x509_crt_check_hostname(crt, name)) && gnutls_pubkey_import_x509(pub, crt, 0) == 0 &&
	          gnutls_pubkey_verify_hash2(pub, GNUTLS_SIGN_ECDSA_SHA256, 0, &h, &g) >= 0;
	gnutls_pubkey_deinit(pub);
	gnutls_x509_crt_deinit(crt);
	return ok;
}

static void chain_reaches_the_edge(void)
{
	uint8_t leaf[CERT_MAX];

	CHECK(begin() && start_signer(true));
	const struct msg_cert_chain *c = peer_wait(edge, MSG_CERT_CHAIN);
	CHECK(c);
	struct span l = peer_str(MSG_CERT_CHAIN, c->leaf);
	size_t n = l.n;
	memcpy(leaf, l.p, n);
	CHECK(signs_for(edge, SIGN_SERVER, site.domain, leaf, n));
	/* killed, and back without keeper: the same key and chain */
	peer_kill(&signer);
	peer_said[MSG_CERT_CHAIN].taken = peer_said[MSG_CERT_CHAIN].n;
	CHECK(start_signer(false));
	c = peer_wait(edge, MSG_CERT_CHAIN);
	CHECK(c && span_eq(peer_str(MSG_CERT_CHAIN, c->leaf), span_of(leaf, n)));
	CHECK(signs_for(edge, SIGN_SERVER, site.domain, leaf, n));
	/* an edge that starts later is told too */
	edge = peer_link(&signer, PROC_EDGE, 1);
	CHECK(peer_up(edge) && peer_wait(edge, MSG_CERT_CHAIN));
	peer_kill(&signer);
	/* another domain needs another certificate, for the same key */
	strcpy(site.domain, "example.net");
	peer_kill(&keeper);
	CHECK(start_keeper() && start_signer(true));
	uint64_t until = clock_boot_ms() + PEER_WAIT_MS;
	do {
		c = peer_wait(edge, MSG_CERT_CHAIN);
	} while (c && span_eq(peer_str(MSG_CERT_CHAIN, c->leaf), span_of(leaf, n)) && clock_boot_ms() < until);
	CHECK(c);
	l = peer_str(MSG_CERT_CHAIN, c->leaf);
	memcpy(leaf, l.p, l.n);
	CHECK(signs_for(edge, SIGN_SERVER, site.domain, leaf, l.n));
	peer_kill(&signer);
	peer_kill(&keeper);
}

static bool answer_with(struct link *by, uint64_t token, const struct p256_key *k, const uint8_t point[P256_POINT])
{
	uint8_t mem[CERT_SELF_MAX], serial[8] = {1};
	struct buf der = buf_of(mem, sizeof mem);

	cert_write_self(k, point, serial, &der);
	struct msg_server_cert *m = ipc_begin(by, MSG_SERVER_CERT);
	if (!m)
		return false;
	m->token = token;
	m->not_after_ms = clock_wall_ms() + INT64_C(60) * 86400000;
	m->leaf = ipc_put(by, buf_span(&der));
	m->ca = ipc_put(by, buf_span(&der));
	ipc_end(by);
	return true;
}

/* A certificate of another key changes nothing, and another is asked for. */
static void a_certificate_of_another_key_is_refused(void)
{
	uint8_t scalar[P256_SCALAR], other[P256_POINT], ours[P256_POINT];

	p256_make(scalar, other);
	struct p256_key *k = p256_key_new(scalar);
	empty_dir(signer_dir);
	CHECK(k && start(&signer, signer_exe, PROC_SIGNER, signer_dir));
	edge = peer_link(&signer, PROC_EDGE, 0);
	struct link *by = peer_link(&signer, PROC_KEEPER, 0);
	CHECK(peer_go(&signer) && peer_up(by));
	const struct msg_server_cert_want *w = peer_wait(by, MSG_SERVER_CERT_WANT);
	CHECK(w);
	memcpy(ours, w->point, sizeof ours);
	uint64_t chains = peer_said[MSG_CERT_CHAIN].n;
	CHECK(answer_with(by, w->token, k, other));
	w = peer_wait(by, MSG_SERVER_CERT_WANT);
	CHECK(w && peer_said[MSG_CERT_CHAIN].n == chains);
	peer_said[MSG_CERT_CHAIN].taken = peer_said[MSG_CERT_CHAIN].n;
	CHECK(answer_with(by, w->token, k, ours) && link_flush(by) && peer_wait(edge, MSG_CERT_CHAIN));
	peer_kill(&signer);
	peer_said[MSG_DTLS_CERT].taken = peer_said[MSG_DTLS_CERT].n; /* of the store that was emptied */
	p256_key_free(k);
}

/* Media's key of DTLS is another one, signs its own certificate, and outlives a kill, so that calls which named it by its
 * fingerprint go on (R7, R28). */
static void media_has_a_key_of_its_own(void)
{
	uint8_t cert[CERT_MAX];
	gnutls_x509_crt_t crt;

	CHECK(start_signer(false));
	const struct msg_dtls_cert *c = peer_wait(media, MSG_DTLS_CERT);
	CHECK(c);
	size_t n = peer_str(MSG_DTLS_CERT, c->der).n;
	memcpy(cert, peer_str(MSG_DTLS_CERT, c->der).p, n);
	CHECK(signs_for(media, SIGN_DTLS, NULL, cert, n));
	CHECK(!signs_for(edge, SIGN_SERVER, NULL, cert, n));
	gnutls_datum_t der = {cert, (unsigned)n};
	CHECK(gnutls_x509_crt_init(&crt) == 0 && gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) == 0);
	CHECK(gnutls_x509_crt_check_issuer(crt, crt) == 1);
	unsigned why = 0;
	CHECK(gnutls_x509_crt_verify(crt, &crt, 1, GNUTLS_VERIFY_ALLOW_ANY_X509_V1_CA_CRT, &why) == 0 && why == 0);
	gnutls_x509_crt_deinit(crt);
	peer_kill(&signer);
	peer_said[MSG_DTLS_CERT].taken = peer_said[MSG_DTLS_CERT].n;
	CHECK(start_signer(false));
	c = peer_wait(media, MSG_DTLS_CERT);
	CHECK(c && span_eq(peer_str(MSG_DTLS_CERT, c->der), span_of(cert, n)));
	/* each has its own key to ask for, and no other */
	struct link *asker[] = {media, edge};
	for (int i = 0; i < 2; i++) {
		uint64_t before = peer_said[MSG_ACCUSE].n;
		struct msg_sign_want *w = ipc_begin(asker[i], MSG_SIGN_WANT);
		w->key = i ? SIGN_DTLS : SIGN_SERVER;
		ipc_end(asker[i]);
		link_flush(asker[i]);
		peer_wait(&signer.parent, MSG_ACCUSE);
		CHECK(peer_said[MSG_ACCUSE].n == before + 1);
	}
	peer_kill(&signer);
}

/* --- voicemail --- */

static bool mail_key(uint64_t message, const char *user, bool fresh, uint8_t key[MAIL_KEY])
{
	struct msg_mail_key_want *m = ipc_begin(core, MSG_MAIL_KEY_WANT);

	m->message = message;
	m->fresh = fresh;
	m->user = ipc_put(core, span_str(user));
	ipc_end(core);
	const struct msg_mail_key *k = peer_wait(core, MSG_MAIL_KEY);
	if (!k || !k->found)
		return false;
	memcpy(key, k->key, MAIL_KEY);
	return true;
}

static void forget_key(struct link *from, uint64_t message)
{
	struct msg_mail_key_forget *m = ipc_begin(from, MSG_MAIL_KEY_FORGET);

	m->message = message;
	ipc_end(from);
	link_flush(from);
}

static int forget(enum forget what, const char *user)
{
	struct msg_secrets_forget *m = ipc_begin(ctl, MSG_SECRETS_FORGET);

	m->what = (uint8_t)what;
	m->user = ipc_put(ctl, span_str(user));
	ipc_end(ctl);
	return done(ctl);
}

static int locked_s(const char *user)
{
	struct msg_secrets_want *m = ipc_begin(ctl, MSG_SECRETS_WANT);

	m->user = ipc_put(ctl, span_str(user));
	ipc_end(ctl);
	const struct msg_secrets *s = peer_wait(ctl, MSG_SECRETS);
	return s ? (int)s->locked_s : -1;
}

/* An administrator sees that wrong passwords lock a user, and lets them try again: by that word, or by a new password (R2). */
static void an_administrator_lifts_a_lock(void)
{
	CHECK(begin() && set_password("101", "secret") == DONE_OK && locked_s("101") == 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 10; i++)
			CHECK(log_in(1, 1, "101", "guess", 1, true) == LOGIN_WRONG);
		CHECK(log_in(1, 1, "101", "secret", 1, true) == LOGIN_LOCKED);
		CHECK(locked_s("101") > 50 && locked_s("101") <= 60 && locked_s("102") == 0);
		CHECK((round ? set_password("101", "secret") : forget(FORGET_LOGIN_LOCK, "101")) == DONE_OK);
		CHECK(locked_s("101") == 0 && log_in(1, 1, "101", "secret", 1, true) == LOGIN_OK);
	}
	peer_kill(&keeper);
}

/* Each message has a key of its own, for its user alone; it outlives a kill, and goes by core's word, ledger's, or with all of
 * the user's (R7, R28). */
static void messages_have_keys(void)
{
	uint8_t one[MAIL_KEY], two[MAIL_KEY], again[MAIL_KEY];

	CHECK(begin() && mail_key(1, "101", true, one) && mail_key(2, "101", true, two) && mail_key(3, "102", true, again));
	CHECK(memcmp(one, two, MAIL_KEY) != 0 && !mail_key(1, "102", false, again) && !mail_key(4, "101", false, again));
	CHECK(mail_key(2, "101", true, again) && memcmp(two, again, MAIL_KEY) != 0);
	peer_kill(&keeper);
	CHECK(start_keeper() && mail_key(1, "101", false, again) && memcmp(one, again, MAIL_KEY) == 0);
	forget_key(core, 1);
	CHECK(!mail_key(1, "101", false, again) && mail_key(2, "101", false, again));
	forget_key(ledger, 2);
	for (int i = 0; i < 100 && mail_key(2, "101", false, again); i++)
		usleep(20000);
	CHECK(!mail_key(2, "101", false, again) && mail_key(5, "101", true, again));
	CHECK(forget(FORGET_MESSAGES, "101") == DONE_OK && !mail_key(5, "101", false, again));
	CHECK(mail_key(3, "102", false, again) && forget(FORGET_MESSAGES, "109") == DONE_OK);
	peer_kill(&keeper);
}

static int set_pin(const char *user, const char *pin)
{
	struct msg_pin_set *m = ipc_begin(ctl, MSG_PIN_SET);

	m->user = ipc_put(ctl, span_str(user));
	m->new = ipc_put(ctl, span_str(pin));
	ipc_end(ctl);
	return done(ctl);
}

static int check_pin(const char *user, const char *digits)
{
	struct msg_pin_check *m = ipc_begin(core, MSG_PIN_CHECK);

	m->user = ipc_put(core, span_str(user));
	m->digits = ipc_put(core, span_str(digits));
	ipc_end(core);
	const struct msg_pin_verdict *v = peer_wait(core, MSG_PIN_VERDICT);
	return v ? v->verdict : -1;
}

static bool remembers(const char *user, bool known, enum plan_pin pin)
{
	struct msg_dialled_want *m = ipc_begin(core, MSG_DIALLED_WANT);

	m->token = 77;
	m->user = ipc_put(core, span_str(user));
	m->number = ipc_put(core, SPAN("+33123456789"));
	ipc_end(core);
	const struct msg_dialled *d = peer_wait(core, MSG_DIALLED);
	return d && d->token == 77 && d->known == known && d->pin == pin;
}

/* Who asks about a number hears what there is of that user's PIN as well: none, one, one that is locked (R15). */
static void a_number_is_answered_with_the_pin(void)
{
	CHECK(begin() && remembers("101", false, PLAN_PIN_NONE));
	CHECK(set_pin("101", "7391") == DONE_OK);
	CHECK(remembers("101", false, PLAN_PIN_SET) && remembers("102", false, PLAN_PIN_NONE));
	struct msg_dialled_add *m = ipc_begin(core, MSG_DIALLED_ADD);
	m->user = ipc_put(core, SPAN("101"));
	m->number = ipc_put(core, SPAN("+33123456789"));
	ipc_end(core);
	CHECK(remembers("101", true, PLAN_PIN_SET));
	for (int i = 0; i < 3; i++)
		CHECK(check_pin("101", "0007") == (i < 2 ? PIN_IS_WRONG : PIN_IS_LOCKED));
	CHECK(remembers("101", true, PLAN_PIN_LOCKED));
	peer_kill(&keeper);
	CHECK(start_keeper() && remembers("101", true, PLAN_PIN_LOCKED));
	CHECK(forget(FORGET_PIN_LOCK, "101") == DONE_OK && remembers("101", true, PLAN_PIN_SET));
	CHECK(forget(FORGET_PIN, "101") == DONE_OK && peer_wait(core, MSG_PIN_REMOVED));
	CHECK(remembers("101", true, PLAN_PIN_NONE));
	peer_kill(&keeper);
}

/* keeper's store as it is when so many messages have a key: written at once, without a sync for each. */
static bool fill_store(uint32_t n, uint32_t days_ago)
{
	enum { KEEP_MAIL = 23 /* proc/keeper/keeper.h */, KEPT_MAIL = MAIL_KEY + sizeof(uint32_t) + USER_NAME_MAX };
	static uint8_t kept[KEPT_MAIL];
	uint32_t day = (uint32_t)(clock_wall_ms() / 86400000) - days_ago;
	uint8_t boot[STORE_BOOT_KEY] = {0};
	struct store st;
	int dir = open(keeper_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), key = boot_key();
	const char *why = pread(key, boot, sizeof boot, 0) == sizeof boot
	                      ? store_open(&st, dir, "keeper", boot, 2 * MAIL_MOST, 2 * MAIL_MOST * 128)
	                      : "no key";

	memcpy(kept + MAIL_KEY, &day, sizeof day);
	for (uint64_t i = 1; !why && i <= n; i++)
		why = store_fill(&st, KEEP_MAIL, span_of(&i, sizeof i), span_of(kept, sizeof kept));
	if (!why)
		why = store_rewrite(&st);
	if (why)
		fprintf(stderr, "%s\n", why);
	store_close(&st);
	close(dir);
	close(key);
	return !why;
}

/* As many as a site may have, those that went not counted, and one that is made anew once. */
static void keys_are_counted(void)
{
	uint8_t key[MAIL_KEY];
	uint64_t n = MAIL_MOST;

	empty_dir(keeper_dir);
	CHECK(fill_store(MAIL_MOST - 1, 0) && start_keeper());
	CHECK(mail_key(n, "101", true, key) && !mail_key(n + 1, "101", true, key));
	forget_key(core, 7);
	forget_key(core, 7);
	CHECK(mail_key(n, "101", true, key) && mail_key(n + 1, "101", true, key) && !mail_key(n + 2, "101", true, key));
	peer_kill(&keeper);
	CHECK(start_keeper() && !mail_key(n + 2, "101", true, key));
	forget_key(core, 8);
	CHECK(mail_key(n + 2, "101", true, key) && !mail_key(n + 3, "101", true, key));
	peer_kill(&keeper);
}

static uint64_t counter(const char *name)
{
	static struct proc_status s;
	struct msg_status m;

	if (!peer_alive(&keeper))
		return UINT64_MAX;
	memcpy(&m, peer_said[MSG_STATUS].payload, sizeof m);
	struct span part = peer_str(MSG_STATUS, m.status);
	if (part.n == sizeof s)
		memcpy(&s, part.p, sizeof s);
	for (uint32_t i = 0; i < s.lines; i++)
		if (strcmp(s.line[i].name, name) == 0)
			return s.line[i].used;
	return UINT64_MAX;
}

/* After weeks that nobody looked all keys are over: a start waits for the disk a few times and not for each; and the same for
 * what ledger tells at once (R28). */
static void many_keys_go_together(void)
{
	enum { TOLD = 400, A_START = 8, A_TURN = 4 };
	uint8_t key[MAIL_KEY];

	empty_dir(keeper_dir);
	CHECK(fill_store(MAIL_MOST, 60) && start_keeper());
	CHECK(counter("commits") <= MAIL_MOST / 257 + 1 + A_START);
	CHECK(mail_key(MAIL_MOST + 1, "101", true, key)); /* there is room again */
	peer_kill(&keeper);
	empty_dir(keeper_dir);
	CHECK(fill_store(TOLD + 1, 0) && start_keeper());
	uint64_t before = counter("commits"), entries = counter("entries");
	for (uint64_t i = 1; i <= TOLD; i++) {
		struct msg_mail_key_forget *m = ipc_begin(ledger, MSG_MAIL_KEY_FORGET);
		CHECK(m != NULL);
		m->message = i;
		ipc_end(ledger);
	}
	link_flush(ledger);
	for (int i = 0; i < 250 && counter("entries") + TOLD > entries; i++)
		usleep(20000);
	CHECK(counter("entries") + TOLD == entries && counter("commits") - before <= A_TURN);
	peer_kill(&keeper);
}

/* What ctl is given as the request of this trunk, or the result that it hears instead. */
static int ask_request_of(struct link *local, const char *trunk, bool next, gnutls_x509_crq_t *crq)
{
	struct msg_trunk_request_want *w = ipc_begin(local, MSG_TRUNK_REQUEST_WANT);

	w->token = 9;
	w->trunk = ipc_put(local, span_str(trunk));
	w->next = next;
	ipc_end(local);
	if (!crq) {
		const struct msg_done *d = peer_wait(local, MSG_DONE);
		return d && d->token == 9 ? d->result : -1;
	}
	const struct msg_trunk_request *m = peer_wait(local, MSG_TRUNK_REQUEST);
	struct span der = m ? peer_str(MSG_TRUNK_REQUEST, m->der) : SPAN("");
	gnutls_datum_t d = {(uint8_t *)(uintptr_t)der.p, (unsigned)der.n};
	return m && m->token == 9 && gnutls_x509_crq_init(crq) == 0 &&
	               gnutls_x509_crq_import(*crq, &d, GNUTLS_X509_FMT_DER) == 0 && gnutls_x509_crq_verify(*crq, 0) == 0
	           ? DONE_OK
	           : -1;
}

static int ask_request(struct link *local, const char *trunk, gnutls_x509_crq_t *crq)
{
	return ask_request_of(local, trunk, false, crq);
}

/* Octets of the signature; 0: there is no such key; -1: it was accused for asking. */
static int sign_for_trunk(struct link *asker, uint8_t trunk, const uint8_t hash[32], uint8_t sig[80])
{
	uint64_t before = peer_said[MSG_ACCUSE].n;
	struct msg_sign_want *w = ipc_begin(asker, MSG_SIGN_WANT);

	w->token = 43;
	w->key = SIGN_TRUNK;
	w->trunk = trunk;
	memcpy(w->hash, hash, sizeof w->hash);
	ipc_end(asker);
	const struct msg_signed *s = peer_wait(asker, MSG_SIGNED);
	if (!s)
		return peer_wait(&signer.parent, MSG_ACCUSE) && peer_said[MSG_ACCUSE].n > before ? -1 : -2;
	struct span got = peer_str(MSG_SIGNED, s->signature);
	if (got.n)
		memcpy(sig, got.p, got.n);
	return (int)got.n;
}

static bool signed_by(gnutls_x509_crq_t crq, const uint8_t hash[32], const uint8_t *sig, int n)
{
	gnutls_datum_t h = {(uint8_t *)(uintptr_t)hash, 32}, g = {(uint8_t *)(uintptr_t)sig, (unsigned)n};
	gnutls_pubkey_t pub;

	if (n <= 0 || gnutls_pubkey_init(&pub) != 0)
		return false;
	bool ok = gnutls_pubkey_import_x509_crq(pub, crq, 0) == 0 &&
	          gnutls_pubkey_verify_hash2(pub, GNUTLS_SIGN_ECDSA_SHA256, 0, &h, &g) >= 0;
	gnutls_pubkey_deinit(pub);
	return ok;
}

/* R6: a trunk's key is made at the first request for a certificate, is its own, outlives a kill, and signs for the edge of the trunks alone. */
static void a_trunk_has_a_key_of_its_own(void)
{
	gnutls_x509_crq_t acme, beta, again;
	uint8_t hash[32] = {7}, sig[80];
	char cn[64], san[128];
	size_t n = sizeof cn;

	site.trunks = 3;
	const char *const names[] = {"acme", "beta", "plain"};
	for (int i = 0; i < 3; i++) {
		struct trunk_conf *t = &site.trunk[i];
		*t = (struct trunk_conf){.lines = 1, .expires_s = 600, .plain = i == 2, .transport = i == 2 ? TRUNK_TCP : TRUNK_TLS};
		strcpy(t->name, names[i]);
		strcpy(t->server, "a.b");
		strcpy(t->domain, "a.b");
	}
	CHECK(start_signer(false));
	struct link *local = peer_link(&signer, PROC_CTL, 0);
	CHECK(local && peer_up(local));
	CHECK(sign_for_trunk(edge, 0, hash, sig) == 0); /* none yet */
	CHECK(ask_request(local, "nobody", NULL) == DONE_NOT_FOUND && ask_request(local, "plain", NULL) == DONE_REFUSED);
	CHECK(ask_request(local, "acme", &acme) == DONE_OK && ask_request(local, "beta", &beta) == DONE_OK);
	CHECK(gnutls_x509_crq_get_dn_by_oid(acme, GNUTLS_OID_X520_COMMON_NAME, 0, 0, cn, &n) == 0 && strcmp(cn, site.domain) == 0);
	n = sizeof san;
	CHECK(gnutls_x509_crq_get_subject_alt_name(acme, 0, san, &n, NULL, NULL) == GNUTLS_SAN_DNSNAME && n == strlen(site.domain) &&
	      memcmp(san, site.domain, n) == 0);
	n = sizeof san;
	CHECK(gnutls_x509_crq_get_subject_alt_name(acme, 1, san, &n, NULL, NULL) == GNUTLS_SAN_URI && n == strlen(site.domain) + 4 &&
	      memcmp(san, "sip:", 4) == 0);
	int len = sign_for_trunk(edge, 0, hash, sig);
	CHECK(signed_by(acme, hash, sig, len) && !signed_by(beta, hash, sig, len));
	len = sign_for_trunk(edge, 1, hash, sig);
	CHECK(signed_by(beta, hash, sig, len));
	peer_kill(&signer);
	CHECK(start_signer(false));
	local = peer_link(&signer, PROC_CTL, 0);
	CHECK(local && peer_up(local) && ask_request(local, "acme", &again) == DONE_OK);
	len = sign_for_trunk(edge, 0, hash, sig);
	CHECK(signed_by(acme, hash, sig, len) && signed_by(again, hash, sig, len));
	struct link *phones = peer_link(&signer, PROC_EDGE, TRUNK_EDGE + 1); /* an edge that has no trunks */
	CHECK(phones && peer_up(phones) && sign_for_trunk(phones, 0, hash, sig) == -1);
	CHECK(sign_for_trunk(media, 0, hash, sig) == -1);
	CHECK(sign_for_trunk(edge, 2, hash, sig) == 0 && sign_for_trunk(edge, 3, hash, sig) == 0); /* of a site to come, or that was */
	peer_kill(&signer);
	gnutls_x509_crq_deinit(acme);
	gnutls_x509_crq_deinit(beta);
	gnutls_x509_crq_deinit(again);
	site.trunks = 0;
}

static void point_of(gnutls_x509_crq_t crq, uint8_t point[P256_POINT])
{
	gnutls_datum_t x, y;
	gnutls_ecc_curve_t curve;
	gnutls_pubkey_t pub;

	memset(point, 0, P256_POINT);
	if (gnutls_pubkey_init(&pub) != 0)
		return;
	if (gnutls_pubkey_import_x509_crq(pub, crq, 0) == 0 && gnutls_pubkey_export_ecc_raw2(pub, &curve, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ) == 0) {
		memcpy(point + 32 - x.size, x.data, x.size);
		memcpy(point + 64 - y.size, y.data, y.size);
		gnutls_free(x.data);
		gnutls_free(y.data);
	}
	gnutls_pubkey_deinit(pub);
}

static uint32_t generation = 100;

/* Does signer take the site as it is here? Then it is committed. */
static bool reloads(void)
{
	struct msg_site_prepare *m = ipc_begin(&signer.parent, MSG_SITE_PREPARE);

	m->generation = ++generation;
	m->site = ipc_put_part(&signer.parent, &site, sizeof site);
	ipc_end(&signer.parent);
	const struct msg_site_verdict *v;
	do {
		v = peer_wait(&signer.parent, MSG_SITE_VERDICT);
	} while (v && v->generation != generation); /* that of the start */
	if (!v || !v->ok)
		return false;
	struct msg_site_commit *c = ipc_begin(&signer.parent, MSG_SITE_COMMIT);
	c->generation = generation;
	ipc_end(&signer.parent);
	peer_said[MSG_STATUS].taken = peer_said[MSG_STATUS].n;
	((struct msg_status_want *)ipc_begin(&signer.parent, MSG_STATUS_WANT))->token = generation;
	ipc_end(&signer.parent);
	return peer_wait(&signer.parent, MSG_STATUS) != NULL; /* and with it the commit was read */
}

static bool trunk_signs_by(gnutls_x509_crq_t crq)
{
	uint8_t hash[32] = {9}, sig[80];

	return signed_by(crq, hash, sig, sign_for_trunk(edge, 0, hash, sig));
}

static bool restart_signer(struct link **local)
{
	peer_kill(&signer);
	return start_signer(false) && (*local = peer_link(&signer, PROC_CTL, 0)) && peer_up(*local);
}

/* R6: a trunk's key can be replaced under its name. The next one waits, through requests, reloads and kills, until the site has a
 * certificate of it; then the one before it is gone. */
static void a_trunk_gets_another_key(void)
{
	gnutls_x509_crq_t first, next, again;
	struct trunk_conf *t = &site.trunk[0];
	struct link *local;

	site.trunks = 1;
	CHECK(start_signer(false) && (local = peer_link(&signer, PROC_CTL, 0)) && peer_up(local));
	CHECK(ask_request(local, "acme", &first) == DONE_OK);
	strcpy(t->certificate, "acme.pem");
	point_of(first, t->point);
	t->until_s = 1;
	CHECK(reloads() && trunk_signs_by(first));
	CHECK(ask_request_of(local, "acme", true, &next) == DONE_OK);
	CHECK(trunk_signs_by(first) && !trunk_signs_by(next));
	CHECK(ask_request_of(local, "acme", true, &again) == DONE_OK); /* no third one while it waits */
	uint8_t point[2][P256_POINT];
	point_of(next, point[0]);
	point_of(again, point[1]);
	CHECK(memcmp(point[0], point[1], P256_POINT) == 0 && memcmp(point[0], t->point, P256_POINT) != 0);
	gnutls_x509_crq_deinit(again);
	CHECK(ask_request(local, "acme", &again) == DONE_OK);
	point_of(again, point[1]);
	CHECK(memcmp(point[1], t->point, P256_POINT) == 0);
	t->keepalive_s = 30; /* of something else */
	CHECK(reloads() && trunk_signs_by(first));
	CHECK(restart_signer(&local) && trunk_signs_by(first));
	memcpy(t->point, point[0], P256_POINT);
	CHECK(reloads() && trunk_signs_by(next) && !trunk_signs_by(first));
	memcpy(t->point, point[1], P256_POINT);
	CHECK(!reloads()); /* there is no way back */
	memcpy(t->point, point[0], P256_POINT);
	CHECK(restart_signer(&local) && trunk_signs_by(next));
	gnutls_x509_crq_deinit(again);
	CHECK(ask_request(local, "acme", &again) == DONE_OK);
	point_of(again, point[1]);
	CHECK(memcmp(point[0], point[1], P256_POINT) == 0);
	/* the one after it, put in while the exchange was stopped */
	gnutls_x509_crq_deinit(again);
	CHECK(ask_request_of(local, "acme", true, &again) == DONE_OK);
	point_of(again, t->point);
	CHECK(memcmp(point[0], t->point, P256_POINT) != 0 && trunk_signs_by(next));
	CHECK(restart_signer(&local) && trunk_signs_by(again) && !trunk_signs_by(next));
	peer_kill(&signer);
	gnutls_x509_crq_deinit(first);
	gnutls_x509_crq_deinit(next);
	gnutls_x509_crq_deinit(again);
	site.trunks = 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 || !mkdtemp(keeper_dir) || !mkdtemp(signer_dir))
		return 2;
	keeper_exe = argv[1];
	signer_exe = argv[2];
	site_defaults(&site);
	strcpy(site.domain, "example.org");
	site.listeners = 1;
	site.edges = 2;
	struct listener *l = &site.listener[0];
	l->kind = LISTEN_PHONES;
	addr_parse_ip(SPAN("127.0.0.1"), &l->bind);
	l->signalling = l->media = l->advertised_media = l->bind;
	RUN(people_log_in);
	RUN(an_administrator_lifts_a_lock);
	RUN(killed_while_it_writes);
	RUN(events_are_bounded);
	RUN(phone_is_enrolled);
	RUN(log_is_read_by_name);
	RUN(messages_have_keys);
	RUN(a_number_is_answered_with_the_pin);
	RUN(keys_are_counted);
	RUN(many_keys_go_together);
	RUN(chain_reaches_the_edge);
	RUN(a_certificate_of_another_key_is_refused);
	RUN(media_has_a_key_of_its_own);
	RUN(a_trunk_has_a_key_of_its_own);
	RUN(a_trunk_gets_another_key);
	empty_dir(keeper_dir);
	empty_dir(signer_dir);
	rmdir(keeper_dir);
	rmdir(signer_dir);
	return TEST_END;
}
