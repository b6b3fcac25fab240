/* SPDX-License-Identifier: ISC */
/* edge: SIP bytes to typed messages and back. It holds connections and transactions, and no secret, call or directory. */
#include "accept.h"
#include "base/log.h"
#include "beside.h"
#include "client.h"
#include "core_link.h"
#include "edge_child.h"
#include "farkey/farkey.h"
#include "orphan.h"
#include "request.h"
#include "respond.h"
#include "response.h"
#include "send.h"
#include "server.h"
#include "stream.h"
#include "text.h"
#include "tls.h"
#include "trunk.h"
#include "trust.h"
#include "verify.h"
#include <sched.h>
#include <sys/resource.h>

enum {
	FILES_MAX = 20000,
	FILES_SPARE = 64, /* links, listeners, epoll */
	FLOWS_PER_PHONE = 2,
	TXNS_PER_CALL = 8,
	TXNS_MIN = 2048,
	MIDDLE_PER_CALL = 2, /* what came and what went out */
	MIDDLE_MIN = 1024,
	OUT_BLOCKS = 4096,
	PARTIALS = 256,
	MEMORY_MB = 1152,
};

static ev_prepare end_of_turn;

static uint32_t connections(const struct site *s)
{
	struct rlimit r = {FILES_MAX, FILES_MAX};
	uint32_t wanted = FLOWS_PER_PHONE * s->max_phones + HANDSHAKES_MAX, most;

	getrlimit(RLIMIT_NOFILE, &r);
	most = (uint32_t)(r.rlim_cur < FILES_MAX ? r.rlim_cur : FILES_MAX);
	most = most > 2 * FILES_SPARE ? most - FILES_SPARE : FILES_SPARE;
	return wanted < most ? wanted : most;
}

/* After core's answers of this turn were written, and before the links are: both go out now. */
static void on_end_of_turn(struct ev_loop *loop, ev_prepare *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	tls_renew();
	core_link_announce();
	conn_flush();
	accept_review();
}

static const char *prepare(const struct site *s)
{
	const struct site *now = child_site();

	const char *why = child_instance() == 0 ? trust_prepare(s) : NULL;
	if (why || !now->domain[0])
		return why;
	if (s->listeners != now->listeners)
		return "listeners can't come or go while the exchange runs: restart it";
	for (int i = 0; i < s->listeners; i++)
		if (!addr_eq(&s->listener[i].bind, &now->listener[i].bind))
			return "the address of a listener can't change while the exchange runs: restart it";
	return NULL;
}

/* Nobody is interrupted for a message to the edge: what gathers meanwhile is handled in one turn. At 500 calls a
 * second this spares a quarter of the CPU of a call, and costs it two or three milliseconds on a busy machine. */
static void be_patient(void)
{
	const struct sched_param none = {0};

	if (sched_setscheduler(0, SCHED_BATCH, &none) != 0)
		log_warn("no batch scheduling: calls cost more");
}

static void open_tables(void)
{
	const struct site *s = child_site();
	uint32_t txns = TXNS_PER_CALL * s->max_calls, middle = MIDDLE_PER_CALL * s->max_calls;

	be_patient();
	tls_open();
	orphan_init();

	if (txns < TXNS_MIN)
		txns = TXNS_MIN;
	if (middle < MIDDLE_MIN)
		middle = MIDDLE_MIN;
	if (!device_open(s->max_phones) || !verify_open(s->max_phones) || !conn_open(connections(s)) ||
	    !accept_open() || !out_open(OUT_BLOCKS) || !stream_open(PARTIALS) || !text_open(2 * txns, middle) ||
	    !server_open(txns) || !client_open(txns))
		log_fatal("no memory for the tables");
}

static void serve(void)
{
	ev_prepare_init(&end_of_turn, on_end_of_turn);
	ev_set_priority(&end_of_turn, EV_MAXPRI);
	ev_prepare_start(child_loop(), &end_of_turn);
	trunk_serve();
}

static void link_up(struct link *l)
{
	if (l->peer == PROC_CORE)
		core_link_up();
}

static void link_down(struct link *l)
{
	if (l->peer == PROC_CORE)
		core_link_down();
	else if (l->peer == PROC_SIGNER)
		farkey_gone();
}

static void stop(void)
{
	conn_close_all(FLOW_STOP);
	conn_flush();
}

static void status(struct proc_status *s)
{
	conn_status(s);
	server_status(s);
	client_status(s);
	text_status(s);
	out_status(s);
	stream_status(s);
	status_counter(s, "accepted", count.accepted);
	status_counter(s, "turned-away", count.turned_away);
	status_counter(s, "handshakes", count.handshakes);
	status_counter(s, "handshakes-refused", count.handshakes_refused);
	status_counter(s, "sign-timeouts", farkey_timeouts());
	status_counter(s, "sip-octets", count.sip_octets);
	status_counter(s, "requests", count.requests);
	status_counter(s, "responses", count.responses);
	status_counter(s, "bad-messages", count.bad_messages);
	status_counter(s, "strays", count.strays);
	status_counter(s, "own-answers", count.own_answers);
	status_counter(s, "overload", count.overload);
	status_counter(s, "slow-readers", count.slow);
	status_counter(s, "late-messages", count.late_messages);
	status_counter(s, "closed-revoked", count.closed_revoked);
	status_counter(s, "places-refused", count.places_refused);
	verify_status(s);
	if (child_site()->trunks)
		trunk_status(s);
	beside_status(s);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_CERT_CHAIN] = tls_on_cert_chain,
    [MSG_SIGNED] = farkey_on_signed,
    [MSG_RESPOND] = respond_on_respond,
    [MSG_SEND] = send_on_send,
    [MSG_CANCEL_SENT] = send_on_cancel_sent,
    [MSG_CLOSE_FLOW] = core_link_on_close_flow,
    [MSG_HELP_CALLS_BACK] = request_on_help_calls_back,
    [MSG_DEVICE_STATE] = device_on_state,
    [MSG_DEVICES_DONE] = device_on_done,
    [MSG_BAN] = accept_on_ban,
    [MSG_GIVE_TRUST] = trust_on_give,
    [MSG_TRUNK_CONNECTED] = trunk_on_connected,
    [MSG_TRUNK_PEER] = trunk_on_peer,
    [MSG_STREAM_NONE] = beside_on_none,
};

/* No open, no socket, no connect: what comes in is accepted, what goes out goes over that. */
static const char *const calls[] = {"accept4", "recvfrom", "sendto", "shutdown", NULL};
static const struct cage cage = {.name = "edge", .calls = calls, .files = FILES_MAX, .memory_mb = MEMORY_MB};

const struct child edge_child = {
    .me = PROC_EDGE,
    .cage = &cage,
    .on = on,
    .listener = accept_listener,
    .prepare = prepare,
    .commit = trust_commit,
    .open = open_tables,
    .serve = serve,
    .link_up = link_up,
    .link_down = link_down,
    .status = status,
    .stop = stop,
};
