/* SPDX-License-Identifier: ISC */
#include "edge_house.h"
#include "base/clock.h"
#include "base/log.h"
#include "edge_child.h"
#include "farkey/farkey.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUST(x)                                                                                               \
	do {                                                                                                  \
		int must_ = (int)(x);                                                                         \
		if (must_ < 0)                                                                                \
			log_fatal("%s:%d: %s: %s", __FILE__, __LINE__, #x, gnutls_strerror(must_));          \
	} while (0)

static struct house *the; /* handlers know no other */

/* --- keys and certificates --- */

struct pair {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
};

static struct pair ca, other_ca, server;

static gnutls_x509_privkey_t new_key(bool p384)
{
	gnutls_x509_privkey_t key;
	unsigned bits = p384 ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1)
			     : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	MUST(gnutls_x509_privkey_init(&key));
	MUST(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0));
	return key;
}

static gnutls_x509_crt_t new_crt(gnutls_x509_privkey_t key, const char *cn, int64_t from_s, int64_t to_s)
{
	gnutls_x509_crt_t crt;

	MUST(gnutls_x509_crt_init(&crt));
	MUST(gnutls_x509_crt_set_version(crt, 3));
	MUST(gnutls_x509_crt_set_key(crt, key));
	MUST(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn, (unsigned)strlen(cn)));
	MUST(gnutls_x509_crt_set_activation_time(crt, time(NULL) + from_s));
	MUST(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + to_s));
	return crt;
}

static void make_ca(struct pair *p, const char *name)
{
	p->key = new_key(false);
	p->crt = new_crt(p->key, name, -3600, 86400);
	MUST(gnutls_x509_crt_set_serial(p->crt, "\x01", 1));
	MUST(gnutls_x509_crt_set_basic_constraints(p->crt, 1, 0));
	MUST(gnutls_x509_crt_set_key_usage(p->crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
	MUST(gnutls_x509_crt_sign2(p->crt, p->crt, p->key, GNUTLS_DIG_SHA256, 0));
}

static void make_server(void)
{
	server.key = new_key(false);
	server.crt = new_crt(server.key, "exchange.test", -3600, 86400);
	MUST(gnutls_x509_crt_set_serial(server.crt, "\x02", 1));
	MUST(gnutls_x509_crt_set_basic_constraints(server.crt, 0, -1));
	MUST(gnutls_x509_crt_set_key_purpose_oid(server.crt, GNUTLS_KP_TLS_WWW_SERVER, 0));
	MUST(gnutls_x509_crt_set_subject_alt_name(server.crt, GNUTLS_SAN_DNSNAME, "exchange.test", 13, 0));
	MUST(gnutls_x509_crt_sign2(server.crt, ca.crt, ca.key, GNUTLS_DIG_SHA256, 0));
}

static void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static struct pair make_device(const struct cert_spec *s)
{
	struct pair p = {.key = new_key(s->p384)};
	struct pair self = p;
	uint8_t serial[16] = {s->bad_serial ? 2 : 1};

	p.crt = new_crt(p.key, "device", s->from_s, s->to_s);
	put_u32(serial + 1, s->device);
	put_u32(serial + 5, s->epoch);
	MUST(gnutls_rnd(GNUTLS_RND_NONCE, serial + 9, 7));
	MUST(gnutls_x509_crt_set_serial(p.crt, serial, sizeof serial));
	MUST(gnutls_x509_crt_set_basic_constraints(p.crt, s->ca_true, -1));
	if (s->server_eku)
		MUST(gnutls_x509_crt_set_key_purpose_oid(p.crt, GNUTLS_KP_TLS_WWW_SERVER, 0));
	if (!s->server_eku && !s->no_eku)
		MUST(gnutls_x509_crt_set_key_purpose_oid(p.crt, GNUTLS_KP_TLS_WWW_CLIENT, 0));
	if (s->two_eku)
		MUST(gnutls_x509_crt_set_key_purpose_oid(p.crt, GNUTLS_KP_TLS_WWW_SERVER, 0));
	self.crt = p.crt;
	struct pair *by = s->self_signed ? &self : s->other_ca ? &other_ca : &ca;
	MUST(gnutls_x509_crt_sign2(p.crt, by->crt, by->key, GNUTLS_DIG_SHA256, 0));
	return p;
}

/* --- the other ends of the links --- */

static void keep(struct link *from, const struct ipc_view *v)
{
	(void)from;
	if (the->got_n == GOT_MAX)
		log_fatal("the test keeps no more messages");
	struct got *g = &the->got[(the->got_first + the->got_n++) % GOT_MAX];
	g->type = v->type;
	g->class = v->class;
	g->payload_n = msg_rule[v->type].size;
	g->tail_n = v->tail.n;
	memcpy(g->bytes, v->payload, g->payload_n);
	memcpy(g->bytes + g->payload_n, v->tail.p, v->tail.n);
}

static void on_hello(struct link *from, const struct ipc_view *v)
{
	(void)v;
	from->phase = PHASE_RUN;
}

static void on_ready(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	the->ready = true;
}

static void on_nothing(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static void on_accuse(struct link *from, const struct ipc_view *v)
{
	const struct msg_accuse *m = v->payload;
	struct span why = ipc_str(v, m->reason);

	(void)from;
	the->accused = true;
	the->accused_peer = (enum proc)m->peer;
	snprintf(the->accused_of, sizeof the->accused_of, "%.*s", SPAN_ARG(why));
}

static void on_status(struct link *from, const struct ipc_view *v)
{
	const struct msg_status *m = v->payload;

	(void)from;
	the->status = *(const struct proc_status *)ipc_part(v, m->status);
	the->has_status = true;
}

static void on_sign_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_sign_want *want = v->payload;
	gnutls_datum_t hash = {(unsigned char *)(uintptr_t)want->hash, sizeof want->hash}, sig;
	gnutls_privkey_t key;

	the->signs++;
	if (the->signer_mute)
		return;
	if (the->signer_late_n && the->signer_late_n--)
		usleep(2 * FARKEY_WAIT_MS * 1000);
	MUST(gnutls_privkey_init(&key));
	MUST(gnutls_privkey_import_x509(key, server.key, 0));
	MUST(gnutls_privkey_sign_hash2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, &hash, &sig));
	struct msg_signed *m = ipc_begin(from, MSG_SIGNED);
	m->token = want->token;
	m->signature = ipc_put(from, span_of(sig.data, the->signer_keyless ? 0 : sig.size));
	ipc_end(from);
	gnutls_free(sig.data);
	gnutls_privkey_deinit(key);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_HELLO] = on_hello,
    [MSG_READY] = on_ready,
    [MSG_SITE_VERDICT] = on_nothing,
    [MSG_ACCUSE] = on_accuse,
    [MSG_STATUS] = on_status,
    [MSG_SIGN_WANT] = on_sign_want,
    [MSG_FLOW_UP] = keep,
    [MSG_FLOW_DOWN] = keep,
    [MSG_REQUEST] = keep,
    [MSG_RESPONSE] = keep,
    [MSG_CANCELLED] = keep,
    [MSG_HELP_REFUSED] = keep,
    [MSG_EVENT] = keep,
    [MSG_STREAM_WANT] = keep,
    [MSG_TRUNK_FAILED] = keep,
};

static void say_hello(struct link *l)
{
	struct msg_hello *m = ipc_begin(l, MSG_HELLO);

	memcpy(m->build, build_id, sizeof m->build);
	m->proc = (uint8_t)l->me;
	m->instance = 0;
	ipc_end(l);
}

static void open_link(struct house *h, struct link *l, enum proc me)
{
	int fd[2];

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd));
	struct msg_give_link *m = ipc_begin_fd(&h->parent, MSG_GIVE_LINK, fd[1]);
	m->peer = (uint8_t)me;
	ipc_end(&h->parent);
	if (!link_init(l, fd[0], me, PROC_EDGE, 0, PHASE_HELLO))
		log_fatal("no link");
	say_hello(l);
}

static void give_chain(struct house *h)
{
	struct msg_cert_chain *m = ipc_begin(&h->signer, MSG_CERT_CHAIN);
	gnutls_datum_t leaf, issuer;

	MUST(gnutls_x509_crt_export2(server.crt, GNUTLS_X509_FMT_DER, &leaf));
	MUST(gnutls_x509_crt_export2(ca.crt, GNUTLS_X509_FMT_DER, &issuer));
	m->leaf = ipc_put(&h->signer, span_of(leaf.data, leaf.size));
	m->ca = ipc_put(&h->signer, span_of(issuer.data, issuer.size));
	ipc_end(&h->signer);
	gnutls_free(leaf.data);
	gnutls_free(issuer.data);
}

void house_repeat_server(struct house *h)
{
	give_chain(h);
	house_pump(h, 100);
}

void house_renew_server(struct house *h)
{
	gnutls_x509_crt_deinit(server.crt);
	gnutls_x509_privkey_deinit(server.key);
	make_server();
	give_chain(h);
	house_pump(h, 100);
}

void house_change_ca(struct house *h)
{
	const struct pair was = ca;

	ca = other_ca;
	other_ca = was;
	house_renew_server(h);
}

bool house_is_server(struct span der)
{
	gnutls_datum_t leaf;

	MUST(gnutls_x509_crt_export2(server.crt, GNUTLS_X509_FMT_DER, &leaf));
	bool same = span_eq(der, span_of(leaf.data, leaf.size));
	gnutls_free(leaf.data);
	return same;
}

void house_say_device(struct house *h, uint32_t device, enum device_state state, uint32_t flags, uint32_t epoch)
{
	struct msg_device_state *m = ipc_begin(&h->core, MSG_DEVICE_STATE);

	m->device = device;
	m->state = (uint8_t)state;
	m->flags = flags;
	m->epoch = epoch;
	ipc_end(&h->core);
}

void house_say_done(struct house *h)
{
	ipc_begin(&h->core, MSG_DEVICES_DONE);
	ipc_end(&h->core);
}

void house_link_core(struct house *h, bool devices)
{
	open_link(h, &h->core, PROC_CORE);
	h->core_open = true;
	house_pump(h, 30);
	if (!devices)
		return;
	for (uint32_t i = 1; i <= 8; i++)
		house_say_device(h, i, i == 4 ? DEVICE_REVOKED : i == 5 ? DEVICE_SUSPENDED : DEVICE_VALID,
		    i == 3 ? DEVICE_TLS12 : 0, i == 6 ? 2 : 1);
	house_say_done(h);
	house_pump(h, 50);
}

void house_cut_core(struct house *h)
{
	link_fini(&h->core);
	h->core_open = false;
	house_pump(h, 30);
}

static void serve(struct link *l, struct pollfd *p, int *n)
{
	if (l->broken)
		return;
	link_flush(l);
	p[*n] = (struct pollfd){.fd = l->fd, .events = POLLIN};
	(*n)++;
}

void house_pump(struct house *h, int ms)
{
	uint64_t end = clock_boot_ms() + (uint64_t)ms;

	the = h;
	for (uint64_t now = clock_boot_ms(); now <= end; now = clock_boot_ms()) {
		struct pollfd p[5];
		int n = 0;
		serve(&h->parent, p, &n);
		if (h->core_open)
			serve(&h->core, p, &n);
		if (h->signer_open)
			serve(&h->signer, p, &n);
		if (h->dial_open)
			serve(&h->dial, p, &n);
		serve(&h->ledger, p, &n);
		if (poll(p, (nfds_t)n, ms ? (int)(end - now) : 0) <= 0)
			break;
		if (!h->parent.broken)
			link_read(&h->parent, on);
		if (h->core_open && !h->core.broken)
			link_read(&h->core, on);
		if (h->signer_open && !h->signer.broken)
			link_read(&h->signer, on);
		if (h->dial_open && !h->dial.broken)
			link_read(&h->dial, on);
		if (!h->ledger.broken)
			link_read(&h->ledger, on);
	}
	if (!h->parent.broken)
		link_flush(&h->parent);
	if (h->core_open && !h->core.broken)
		link_flush(&h->core);
	if (h->signer_open && !h->signer.broken)
		link_flush(&h->signer);
}

/* --- start and end --- */

static socklen_t own_address(const struct house *h, struct sockaddr_storage *out)
{
	struct addr a;

	addr_parse_ip(h->v6 ? SPAN("::1") : SPAN("127.0.0.1"), &a);
	a.port = h->port;
	return addr_to_sockaddr(&a, out);
}

static int listen_on_loopback(struct house *h)
{
	struct sockaddr_storage a;
	socklen_t n = own_address(h, &a);
	int fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct addr bound;

	MUST(bind(fd, (struct sockaddr *)&a, n));
	MUST(listen(fd, 4096));
	MUST(getsockname(fd, (struct sockaddr *)&a, &n));
	addr_from_sockaddr((struct sockaddr *)&a, &bound);
	h->port = bound.port;
	return fd;
}

/* by TCP at the port of the datagrams; -1: somebody has it */
static int listen_beside(const struct house *h)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(h->udp_port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 64) == 0)
		return fd;
	close(fd);
	return -1;
}

static int listen_for_datagrams(struct house *h)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	MUST(bind(fd, (struct sockaddr *)&a, n));
	MUST(getsockname(fd, (struct sockaddr *)&a, &n));
	h->udp_port = ntohs(a.sin_port);
	return fd;
}

static void add_trunk(struct site *s, uint8_t transport)
{
	struct trunk_conf *c = &s->trunk[s->trunks++];

	snprintf(c->name, sizeof c->name, "trunk%u", s->trunks);
	strcpy(c->server, "192.0.2.200");
	strcpy(c->domain, "192.0.2.200");
	addr_parse_ip(SPAN("192.0.2.200"), &c->server_addr);
	c->transport = transport;
	c->plain = 1;
	c->lines = 2;
	c->expires_s = 600;
}

static void fill_site(struct house *h, struct site *s, const struct house_options *o)
{
	struct addr a;

	site_defaults(s);
	strcpy(s->domain, "exchange.test");
	s->max_phones = o->max_phones ? o->max_phones : 64;
	s->max_calls = o->max_calls ? o->max_calls : 32;
	s->listeners = 1;
	addr_parse_ip(h->v6 ? SPAN("::1") : SPAN("127.0.0.1"), &a);
	a.port = h->port;
	s->listener[0] = (struct listener){
	    .kind = LISTEN_PHONES, .bind = a, .signalling = a, .media = a, .advertised_media = a};
	if (o->trunk) {
		add_trunk(s, TRUNK_TCP);
		add_trunk(s, TRUNK_UDP);
	}
	if (o->datagrams) {
		add_trunk(s, TRUNK_UDP);
		addr_parse_ip(SPAN("127.0.0.1"), &s->trunk[0].server_addr);
		s->trunk[0].listener = 1;
		s->trunk[0].listens = 1;
		a.port = h->udp_port;
		s->listener[s->listeners++] = (struct listener){.kind = LISTEN_TRUNK,
		    .transport = TRUNK_UDP,
		    .bind = a,
		    .signalling = a,
		    .media = a,
		    .advertised_media = a};
	}
}

static void child_process(int fd)
{
	char name[] = "edge", flag[] = "--child", *argv[] = {name, flag, NULL};

	signal(SIGPIPE, SIG_DFL);
	if (dup2(fd, 3) < 0)
		_exit(9);
	for (int i = 4; i < 64; i++)
		close(i);
	_exit(child_main(&edge_child, 2, argv));
}

static void make_keys(void)
{
	if (ca.key)
		return;
	make_ca(&ca, "site CA");
	make_ca(&other_ca, "site CA"); /* the same name, another key */
	make_server();
}

static void say_start(struct house *h, const struct house_options *o, int listener)
{
	struct link *l = &h->parent;
	struct site site;

	say_hello(l);
	struct msg_start *start = ipc_begin(l, MSG_START);
	start->node = 1;
	start->uid = start->gid = 61901;
	ipc_end(l);
	struct msg_give_listener *give = ipc_begin_fd(l, MSG_GIVE_LISTENER, listener);
	give->index = 0;
	ipc_end(l);
	if (o->datagrams) {
		int udp = listen_for_datagrams(h), tcp = -1;
		while (o->beside && (tcp = listen_beside(h)) < 0) {
			close(udp);
			udp = listen_for_datagrams(h);
		}
		give = ipc_begin_fd(l, MSG_GIVE_LISTENER, udp);
		give->index = 1;
		ipc_end(l);
		give = o->beside ? ipc_begin_fd(l, MSG_GIVE_LISTENER, tcp) : NULL;
		if (give) {
			give->index = 1;
			ipc_end(l);
		}
	}
	open_link(h, &h->ledger, PROC_LEDGER);
	fill_site(h, &site, o);
	struct msg_site_prepare *prepare = ipc_begin(l, MSG_SITE_PREPARE);
	prepare->generation = 1;
	prepare->site = ipc_put_part(l, &site, sizeof site);
	ipc_end(l);
	struct msg_site_commit *commit = ipc_begin(l, MSG_SITE_COMMIT);
	commit->generation = 1;
	ipc_end(l);
	ipc_begin(l, MSG_GO);
	ipc_end(l);
}

void house_link_signer(struct house *h)
{
	if (h->signer_open)
		link_fini(&h->signer);
	open_link(h, &h->signer, PROC_SIGNER);
	h->signer_open = true;
	house_pump(h, 30);
	give_chain(h);
	house_pump(h, 30);
}

void house_link_dial(struct house *h)
{
	if (h->dial_open)
		link_fini(&h->dial);
	open_link(h, &h->dial, PROC_DIAL);
	h->dial_open = true;
	house_pump(h, 30);
}

struct house *house_new(const struct house_options *o)
{
	struct house *h = calloc(1, sizeof *h);
	int fd[2], listener;

	the = h;
	signal(SIGPIPE, SIG_IGN); /* a phone may write to a connection that is closed */
	make_keys();
	h->v6 = o->v6;
	listener = listen_on_loopback(h);
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd));
	h->edge = fork();
	if (h->edge == 0)
		child_process(fd[1]);
	close(fd[1]);
	if (!link_init(&h->parent, fd[0], PROC_PARENT, PROC_EDGE, 0, PHASE_RUN))
		log_fatal("no link");
	h->parent.phase = PHASE_HELLO;
	say_start(h, o, listener);
	for (int i = 0; i < 200 && !h->ready; i++)
		house_pump(h, 25);
	if (!h->ready)
		log_fatal("edge did not get ready");
	if (!o->no_signer)
		house_link_signer(h);
	if (!o->no_core)
		house_link_core(h, true);
	house_pump(h, 30);
	return h;
}

bool house_alive(struct house *h)
{
	return waitpid(h->edge, NULL, WNOHANG) == 0;
}

void house_end(struct house *h)
{
	int status = -1;

	struct msg_stop *m = h->parent.broken ? NULL : ipc_begin(&h->parent, MSG_STOP);
	if (m) {
		m->followed = false;
		ipc_end(&h->parent);
	}
	for (int i = 0; i < 100 && waitpid(h->edge, &status, WNOHANG) == 0; i++)
		house_pump(h, 20);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_fatal("edge ended with status %x", (unsigned)status);
	link_fini(&h->parent);
	link_fini(&h->ledger);
	if (h->core_open)
		link_fini(&h->core);
	if (h->signer_open)
		link_fini(&h->signer);
	if (h->dial_open)
		link_fini(&h->dial);
	free(h);
}

/* --- what was told --- */

const struct got *house_take(struct house *h, enum msg type, int ms)
{
	static struct got out;
	uint64_t end = clock_boot_ms() + (uint64_t)ms;

	for (;;) {
		for (uint32_t i = 0; i < h->got_n; i++) {
			struct got *g = &h->got[(h->got_first + i) % GOT_MAX];
			if (g->type != type)
				continue;
			out = *g;
			for (; i > 0; i--)
				h->got[(h->got_first + i) % GOT_MAX] = h->got[(h->got_first + i - 1) % GOT_MAX];
			h->got_first = (h->got_first + 1) % GOT_MAX;
			h->got_n--;
			return &out;
		}
		if (clock_boot_ms() >= end)
			return NULL;
		house_pump(h, 5);
	}
}

const void *got_payload(const struct got *g)
{
	return g->bytes;
}

struct span got_str(const struct got *g, struct str s)
{
	return span_of(s.len ? g->bytes + g->payload_n + s.off : NULL, s.len);
}

static void want_status(struct house *h)
{
	struct msg_status_want *m = ipc_begin(&h->parent, MSG_STATUS_WANT);

	if (!m)
		log_fatal("edge is gone: %s", h->parent.broken_why);
	m->token = 1;
	ipc_end(&h->parent);
	h->has_status = false;
}

bool house_settle(struct house *h)
{
	uint64_t end = clock_boot_ms() + 5000;

	h->parent.rate_second = 0; /* a patient parent: any number may be reported */
	want_status(h);
	while (!h->has_status && !h->parent.broken && clock_boot_ms() < end)
		house_pump(h, 1);
	return h->has_status;
}

const struct status_line *house_line(struct house *h, const char *name)
{
	want_status(h);
	house_pump(h, 25); /* the contract allows 50 a second */
	for (int i = 0; i < 200 && !h->has_status; i++)
		house_pump(h, 5);
	for (uint32_t i = 0; i < h->status.lines; i++)
		if (strcmp(h->status.line[i].name, name) == 0)
			return &h->status.line[i];
	log_fatal("no status line %s", name);
}

uint64_t house_count(struct house *h, const char *name)
{
	return house_line(h, name)->used;
}

/* --- phones --- */

static struct phone *connect_to(struct house *h)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(h->from_ip)};
	struct sockaddr_storage a;
	socklen_t n = own_address(h, &a);
	struct phone *p = calloc(1, sizeof *p);

	p->alert = -1;
	p->fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h->from_ip)
		MUST(bind(p->fd, (struct sockaddr *)&from, sizeof from));
	MUST(connect(p->fd, (struct sockaddr *)&a, n));
	MUST(fcntl(p->fd, F_SETFL, O_NONBLOCK));
	return p;
}

struct phone *phone_tcp(struct house *h)
{
	return connect_to(h);
}

static void give_certificate(struct phone *p, const struct cert_spec *spec)
{
	struct pair own = make_device(spec);
	gnutls_x509_crt_t second = spec->chain_of_two_leaves ? server.crt : ca.crt;
	gnutls_pcert_st *chain = gnutls_calloc(2, sizeof *chain);
	gnutls_privkey_t key;
	int n = spec->with_ca || spec->chain_of_two_leaves ? 2 : 1;

	MUST(gnutls_pcert_import_x509(&chain[0], own.crt, 0));
	if (n == 2)
		MUST(gnutls_pcert_import_x509(&chain[1], second, 0));
	MUST(gnutls_privkey_init(&key));
	MUST(gnutls_privkey_import_x509(key, own.key, GNUTLS_PRIVKEY_IMPORT_COPY));
	MUST(gnutls_certificate_set_key(p->cred, NULL, 0, chain, n, key));
	gnutls_free(chain);
	gnutls_x509_crt_deinit(own.crt);
	gnutls_x509_privkey_deinit(own.key);
}

static void begin_tls(struct phone *p, const char *priority)
{
	MUST(gnutls_init(&p->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_FORCE_CLIENT_CERT));
	MUST(gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE, p->cred));
	MUST(gnutls_priority_set_direct(p->tls, priority ? priority : "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL));
	gnutls_transport_set_int(p->tls, p->fd);
}

struct phone *phone_new(struct house *h, const struct cert_spec *spec, const char *priority)
{
	struct phone *p = connect_to(h);

	MUST(gnutls_certificate_allocate_credentials(&p->cred));
	if (spec)
		give_certificate(p, spec);
	begin_tls(p, priority);
	return p;
}

struct phone *phone_again(struct house *h, struct phone *before, const char *priority)
{
	struct phone *p = connect_to(h);

	p->cred = before->cred;
	before->cred = NULL;
	phone_free(before);
	begin_tls(p, priority);
	return p;
}

bool phone_shake(struct house *h, struct phone *p)
{
	uint64_t end = clock_boot_ms() + 8000;

	do {
		p->handshake = gnutls_handshake(p->tls);
		if (p->handshake == GNUTLS_E_FATAL_ALERT_RECEIVED)
			p->alert = (int)gnutls_alert_get(p->tls);
		if (p->handshake == 0 || gnutls_error_is_fatal(p->handshake))
			break;
		house_pump(h, 2);
	} while (clock_boot_ms() < end);
	return p->handshake == 0;
}

bool phone_say_n(struct phone *p, const void *text, size_t n)
{
	const char *at = text;

	for (int tries = 0; n && tries < 1000; tries++) {
		ssize_t sent = p->tls ? gnutls_record_send(p->tls, at, n) : send(p->fd, at, n, MSG_NOSIGNAL);
		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
		} else if (p->tls ? sent != GNUTLS_E_AGAIN : errno != EAGAIN) {
			return false;
		} else {
			poll(NULL, 0, 1);
		}
	}
	return n == 0;
}

bool phone_say(struct phone *p, const char *text)
{
	return phone_say_n(p, text, strlen(text));
}

static void read_some(struct phone *p)
{
	size_t room = sizeof p->text - 1 - p->n;
	ssize_t got = p->tls ? gnutls_record_recv(p->tls, p->text + p->n, room) : recv(p->fd, p->text + p->n, room, 0);

	if (got > 0)
		p->n += (size_t)got;
	else if (got == 0)
		p->closed = true;
	else if (p->tls && got == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		p->alert = (int)gnutls_alert_get(p->tls);
		p->closed = true;
	} else if (p->tls ? gnutls_error_is_fatal((int)got) : errno != EAGAIN)
		p->closed = true;
	p->text[p->n] = '\0';
}

bool phone_hear(struct house *h, struct phone *p, const char *needle, int ms)
{
	uint64_t end = clock_boot_ms() + (uint64_t)ms;

	for (;;) {
		read_some(p);
		if (memmem(p->text, p->n, needle, strlen(needle)))
			return true;
		if (p->closed || clock_boot_ms() >= end || p->n == sizeof p->text - 1)
			return false;
		house_pump(h, 2);
	}
}

bool phone_sees_close(struct house *h, struct phone *p, int ms)
{
	uint64_t end = clock_boot_ms() + (uint64_t)ms;

	while (!p->closed && clock_boot_ms() < end) {
		read_some(p);
		house_pump(h, 2);
	}
	return p->closed;
}

void phone_forget_text(struct phone *p)
{
	p->n = 0;
	p->text[0] = '\0';
}

void phone_drain(struct phone *p)
{
	for (size_t n = 1; n && !p->closed;) {
		phone_forget_text(p);
		read_some(p);
		n = p->n;
	}
}

void phone_free(struct phone *p)
{
	if (p->tls)
		gnutls_deinit(p->tls);
	if (p->cred)
		gnutls_certificate_free_credentials(p->cred);
	close(p->fd);
	free(p);
}
