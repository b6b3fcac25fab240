/* SPDX-License-Identifier: ISC */
/* The octets of a connection, of a phone or of a trunk (over TCP, or in datagrams), through framing, parsing, checks and
 * typed fields to a core that answers each request and sends one of its own, and to a trunk that challenges it credentials. What reaches core passed ipc_end()'s check, or the edge aborts; what reaches the phone must
 * satisfy our own strict parser; and when the connection is gone no transaction and no text is left. */
#include "beside.h"
#include "client.h"
#include "ipc/child.h"
#include "request.h"
#include "respond.h"
#include "send.h"
#include "server.h"
#include "stream.h"
#include "text.h"
#include "tls.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct wheel child_wheel;
static struct site site;
static struct link to_core, core;
static struct conn conn;
static struct span input;
static size_t chunk;
static uint8_t choice;
static enum { FUZZ_PHONE, FUZZ_PHONE_TOO, FUZZ_TRUNK_TCP, FUZZ_TRUNK_UDP } peer_kind; /* the two high bits of choice */
static uint64_t now = 1000000;

/* --- the edge's surroundings --- */

struct device *device_get(uint32_t index)
{
	static struct device phone;

	(void)index;
	return &phone;
}

uint64_t child_now(void)
{
	return now;
}
const struct site *child_site(void)
{
	return &site;
}
uint32_t child_instance(void)
{
	return 0;
}
uint8_t child_node(void)
{
	return 1;
}
struct link *child_link(enum proc peer, uint32_t instance)
{
	(void)instance;
	return peer == PROC_CORE ? &to_core : NULL;
}
void child_accuse(struct link *l, const char *why, uint64_t flow, uint32_t device)
{
	(void)l;
	(void)why;
	(void)flow;
	(void)device;
	abort(); /* this core does not lie: a phone made it look so */
}
void child_event(enum event_kind kind, enum severity severity, uint32_t device, uint32_t user, const struct addr *remote,
    const char *detail)
{
	(void)kind;
	(void)severity;
	(void)device;
	(void)user;
	(void)remote;
	(void)detail;
}

uint32_t conn_slot(const struct conn *c)
{
	(void)c;
	return 0;
}
struct conn *conn_at(uint32_t slot)
{
	(void)slot;
	return &conn;
}
struct conn *conn_of(uint64_t flow)
{
	return flow == conn.id ? &conn : NULL;
}
/* There is one connection, and so none beside it. */
struct conn *beside_of(const struct conn *flow)
{
	(void)flow;
	return NULL;
}
struct conn *trunk_way_out(struct conn *c)
{
	return c;
}
bool beside_want(const struct conn *flow)
{
	(void)flow;
	return choice & 1;
}
void beside_silent(const struct conn *c)
{
	(void)c;
	abort();
}
void beside_heard(const struct conn *c)
{
	(void)c;
	abort();
}
void conn_pinged(struct conn *c)
{
	(void)c;
}
void conn_close(struct conn *c, enum flow_why why)
{
	(void)why;
	c->state = CONN_DOOMED;
	stream_close(c);
}

void conn_send(struct conn *c, struct span s)
{
	static uint8_t copy[SIP_MESSAGE_MAX];
	static struct sip_msg m;
	struct sip_error err;

	(void)c;
	memcpy(copy, s.p, s.n);
	enum sip_verdict v = sip_parse(copy, s.n, &m, &err);
	/* the answer to a message that could not be read repeats what could */
	if (v == SIP_OK || span_starts(s, SPAN("SIP/2.0 4")) || span_starts(s, SPAN("SIP/2.0 5")))
		return;
	if (span_starts(s, SPAN("SIP/2.0 ")) && strstr(err.reason, "more than one Via")) /* it goes back the way it came */
		return;
	fprintf(stderr, "%s at %u of\n%.*s\n", err.reason, err.offset, SPAN_ARG(s));
	abort();
}

struct way_back conn_way_back(const struct conn *c)
{
	return c->hop == TXN_HOP_UDP ? c->way : (struct way_back){c->remote, c->remote};
}

void conn_reply(struct conn *c, const struct addr *to, struct span s)
{
	(void)to;
	conn_send(c, s);
}

long tls_read(struct conn *c, void *p, size_t n, enum tls_result *result)
{
	(void)c;
	*result = TLS_MORE;
	if (input.n == 0)
		return -1;
	size_t take = input.n < chunk ? input.n : chunk;
	if (take > n)
		take = n;
	memcpy(p, input.p, take);
	input = span_skip(input, take);
	return (long)take;
}

bool tls_is_drained(const struct conn *c)
{
	(void)c;
	return input.n == 0;
}

/* --- core --- */

static struct str echo(const struct ipc_view *v, struct str s)
{
	return ipc_put(&core, ipc_str(v, s));
}

static uint64_t ref;

/* What only a trunk is sent: a number with the caller as the provider may know it, or a registration. */
static struct msg_send *begin_to_trunk(enum sip_method method)
{
	struct msg_send *m = ipc_begin_as(&core, MSG_SEND, CLASS_DIALOG);

	if (!m)
		return NULL;
	m->ref = ++ref;
	m->flow = conn.id;
	m->method = (uint8_t)method;
	m->from_user = ipc_put(&core, SPAN("+33140000000"));
	m->from_tag = ipc_put(&core, SPAN("ours"));
	m->call_id = ipc_put(&core, SPAN("out"));
	m->leg_token = ipc_put(&core, SPAN("leg-1"));
	m->cseq = (uint32_t)ref;
	m->max_forwards = 70;
	if (method == SIP_REGISTER) {
		m->expires = 600;
		return m;
	}
	m->number = ipc_put(&core, SPAN("+33123456789"));
	m->to_user = m->number;
	m->identity_user = m->from_user;
	m->privacy = choice % 3 == 0;
	return m;
}

static void call_trunk(const struct ipc_view *v)
{
	const struct msg_request *r = v->payload;
	struct msg_send *m = begin_to_trunk(choice % 2 ? SIP_INVITE : SIP_REGISTER);

	if (!m)
		return;
	if (m->method == SIP_INVITE)
		m->sdp = ipc_put_part(&core, ipc_part(v, r->sdp), sizeof(struct sdp));
	ipc_end(&core);
}

static void answer_challenge(const struct ipc_view *v)
{
	const struct msg_response *r = v->payload;
	struct msg_send *m = begin_to_trunk((enum sip_method)r->method == SIP_REGISTER ? SIP_REGISTER : SIP_INVITE);

	if (!m)
		return;
	m->auth_user = ipc_put(&core, SPAN("us"));
	m->auth_realm = echo(v, r->auth_realm);
	m->auth_nonce = echo(v, r->auth_nonce);
	m->auth_opaque = echo(v, r->auth_opaque);
	m->auth_response = ipc_put(&core, SPAN("0123456789abcdef0123456789abcdef"));
	m->auth_cnonce = ipc_put(&core, SPAN("c"));
	m->auth_nc = 1;
	m->auth_algorithm = r->auth_algorithm;
	m->auth_qop = r->auth_qop;
	m->auth_proxy = r->auth_proxy;
	ipc_end(&core);
}

static void send_back(const struct ipc_view *v)
{
	const struct msg_request *r = v->payload;
	struct msg_send *m = r->contact.len ? ipc_begin_as(&core, MSG_SEND, CLASS_DIALOG) : NULL;

	if (!m)
		return;
	m->ref = ++ref;
	m->flow = r->flow;
	m->method = r->method == SIP_INVITE || r->method == SIP_REFER || r->method == SIP_NOTIFY ? r->method : SIP_OPTIONS;
	m->target = echo(v, r->contact);
	m->route_set = echo(v, r->route_set);
	m->from_user = echo(v, r->to_user);
	m->from_tag = ipc_put(&core, SPAN("ours"));
	m->to_user = echo(v, r->from_user);
	m->to_tag = echo(v, r->from_tag);
	m->call_id = echo(v, r->call_id);
	m->cseq = 1;
	m->sdp = ipc_put_part(&core, ipc_part(v, r->sdp), sizeof(struct sdp));
	m->refer_token = ipc_put(&core, SPAN("xfer-0"));
	m->referred_by = echo(v, r->refer_user);
	m->package = r->package ? r->package : PACKAGE_REFER;
	m->substate = choice % 2 ? SIP_SUBSTATE_ACTIVE : SIP_SUBSTATE_TERMINATED;
	m->frag = r->frag ? r->frag : 100;
	m->event_id = r->cseq;
	ipc_end(&core);
}

static void on_request(struct link *from, const struct ipc_view *v)
{
	static const uint16_t codes[] = {100, 180, 200, 401, 486, 603};
	const struct msg_request *r = v->payload;

	(void)from;
	if (!conn.trunk && (r->passport.len || r->asserted || r->from_display.len))
		abort(); /* what a trunk alone may say */
	if (r->txn) {
		struct msg_respond *m = ipc_begin(&core, MSG_RESPOND);
		m->txn = r->txn;
		m->code = codes[choice % 6];
		m->to_tag = ipc_put(&core, SPAN("core"));
		m->leg_token = ipc_put(&core, SPAN("leg-1"));
		if (r->method == SIP_REGISTER) {
			m->contact = echo(v, r->contact);
			m->instance = echo(v, r->instance);
			m->reg_id = r->reg_id;
			m->expires = 60;
		}
		m->sdp = ipc_put_part(&core, ipc_part(v, r->sdp), sizeof(struct sdp));
		ipc_end(&core);
	}
	if (conn.trunk && !r->contact.len)
		call_trunk(v);
	else
		send_back(v);
}

static void on_response(struct link *from, const struct ipc_view *v)
{
	const struct msg_response *r = v->payload;

	if (conn.trunk && r->has_challenge && r->auth_algorithm < DIGEST_OTHER)
		answer_challenge(v);
	struct msg_cancel_sent *m = ipc_begin(&core, MSG_CANCEL_SENT);

	(void)from;
	m->ref = r->ref;
	ipc_end(&core);
}

static void on_cancelled(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const core_on[MSG_N] = {
    [MSG_REQUEST] = on_request, [MSG_RESPONSE] = on_response, [MSG_CANCELLED] = on_cancelled,
    [MSG_HELP_REFUSED] = on_cancelled};
static ipc_handler *const edge_on[MSG_N] = {
    [MSG_RESPOND] = respond_on_respond, [MSG_SEND] = send_on_send, [MSG_CANCEL_SENT] = send_on_cancel_sent};

static void add_trunk(uint8_t transport)
{
	struct trunk_conf *t = &site.trunk[site.trunks++];

	strcpy(t->name, "telco");
	strcpy(t->server, "telco.test");
	strcpy(t->domain, "telco.test");
	strcpy(t->user, "us");
	t->transport = transport;
	t->plain = 1;
	t->lines = 4;
}

static void begin(void)
{
	struct addr a;
	int fd[2];

	site_defaults(&site);
	strcpy(site.domain, "exchange.test");
	addr_parse_ip(SPAN("192.0.2.1"), &a);
	a.port = 5061;
	site.listeners = 1;
	site.listener[0] = (struct listener){.kind = LISTEN_PHONES, .bind = a, .signalling = a, .media = a};
	add_trunk(TRUNK_TCP);
	add_trunk(TRUNK_UDP);
	wheel_init(&child_wheel, now);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) != 0 ||
	    !link_init(&to_core, fd[0], PROC_EDGE, PROC_CORE, 0, PHASE_RUN) ||
	    !link_init(&core, fd[1], PROC_CORE, PROC_EDGE, 0, PHASE_RUN) || !stream_open(2) || !text_open(256, 64) ||
	    !server_open(128) || !client_open(128))
		abort();
}

static void talk(void)
{
	for (int i = 0; i < 4; i++) {
		link_flush(&to_core);
		link_read(&core, core_on);
		link_flush(&core);
		link_read(&to_core, edge_on);
	}
	if (to_core.broken || core.broken)
		abort();
}

static uint64_t used(void)
{
	struct proc_status s = {0};
	uint64_t n = 0;

	server_status(&s);
	client_status(&s);
	text_status(&s);
	stream_status(&s);
	for (uint32_t i = 0; i < s.lines; i++)
		n += s.line[i].used;
	return n;
}

static void new_conn(void)
{
	static const uint8_t hop[] = {TXN_HOP_PHONE, TXN_HOP_PHONE, TXN_HOP_STREAM, TXN_HOP_UDP};

	conn = (struct conn){.id = id_make(1, 7, 0),
	    .hop = hop[peer_kind],
	    .state = CONN_UP,
	    .announced = true,
	    .trunk = peer_kind == FUZZ_TRUNK_TCP ? 1 : peer_kind == FUZZ_TRUNK_UDP ? 2 : 0,
	    .server_txns = NO_SLOT,
	    .client_txns = NO_SLOT};
	conn.device = !conn.trunk;
	addr_parse_ip(SPAN("192.0.2.9"), &conn.remote);
	conn.remote.port = 40000;
}

static void hear_some(void)
{
	static uint8_t datagram[SIP_MESSAGE_MAX];
	size_t n = input.n < chunk ? input.n : chunk;

	if (peer_kind != FUZZ_TRUNK_UDP) {
		stream_read(&conn);
		return;
	}
	memcpy(datagram, input.p, n);
	input = span_skip(input, n);
	conn.way.source = conn.remote;
	stream_datagram(&conn, datagram, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!site.listeners)
		begin();
	if (n < 2)
		return 0;
	chunk = (size_t)data[0] * 16 + 1;
	choice = data[1] & 0x3f;
	peer_kind = data[1] >> 6;
	input = span_of(data + 2, n - 2);
	new_conn();
	while (input.n && conn.state == CONN_UP) {
		hear_some();
		talk();
		now += 50;
		wheel_turn(&child_wheel, now);
	}
	stream_close(&conn);
	server_flow_gone(&conn);
	client_flow_gone(&conn);
	talk();
	if (used())
		abort();
	return 0;
}
