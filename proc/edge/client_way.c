/* SPDX-License-Identifier: ISC */
/* RFC 3261 18.1.1: what is too large for a datagram goes over TCP, and over UDP all the same where there is none. Whichever way
 * it takes, it is one transaction with one branch: who heard it twice takes the second for a repetition. */
#include "beside.h"
#include "client_int.h"
#include "response.h"

#define VIA "Via: SIP/2.0/"

static uint64_t bulky;

/* In the topmost Via, which send.c writes right behind the start line. */
static void write_transport(uint8_t *p, size_t n, bool stream)
{
	size_t at = 0;

	while (at + sizeof "\r\n" VIA "UDP" - 1 <= n && memcmp(p + at, "\r\n" VIA, sizeof "\r\n" VIA - 1) != 0)
		at++;
	at += sizeof "\r\n" VIA - 1;
	if (at + 3 <= n)
		memcpy(p + at, stream ? "TCP" : "UDP", 3);
}

static void take_way(struct client_txn *t, struct conn *c)
{
	if (t->wire)
		write_transport(t->wire->bytes, t->wire_n, c->hop != TXN_HOP_UDP);
	client_move(t, c);
}

static void say(struct client_txn *t)
{
	bulky += client_conn(t)->hop == TXN_HOP_UDP && t->wire_n > DATAGRAM_MAX;
	conn_send(client_conn(t), span_of(t->wire->bytes, t->wire_n));
}

/* Whoever hung up, or is gone, before it went out. */
static bool dropped(struct client_txn *t)
{
	if (!t->cancel_wanted && !t->orphan)
		return false;
	if (!t->orphan)
		response_local(t->ref, t->flow, (enum sip_method)t->method, 487);
	client_drop(t);
	return true;
}

static void say_beside(struct client_txn *t, struct conn *c)
{
	t->held = false;
	take_way(t, c);
	say(t);
	client_set_resend(t, BESIDE_SILENT_MS);
}

void client_say(struct client_txn *t, struct span request)
{
	struct conn *c = client_conn(t), *beside = NULL;
	bool large = c->hop == TXN_HOP_UDP && request.n > DATAGRAM_MAX;

	client_step(t, TXN_BEGIN);
	if (large)
		beside = beside_of(c);
	if (beside) {
		say_beside(t, beside);
		return;
	}
	t->held = large && beside_want(c);
	if (t->held)
		return; /* timer A or E says it in datagrams unless the connection comes before */
	bulky += large;
	conn_send(c, request);
}

void client_say_ack(struct conn *flow, uint8_t *ack, size_t n)
{
	struct conn *beside = n > DATAGRAM_MAX ? beside_of(flow) : NULL;

	if (beside)
		write_transport(ack, n, true);
	conn_send(beside ? beside : flow, span_of(ack, n));
}

bool client_tries_stream(const struct client_txn *t)
{
	return t->held || client_conn(t)->beside;
}

/* Itself, or the CANCEL that took its place, until that is heard. */
static bool waits_for_a_word(const struct client_txn *t)
{
	return t->state == TXN_TRYING || (t->state == TXN_PROCEEDING && t->cancelled);
}

/* As if it were new, so that it is repeated, and given up, in its own time. */
void client_say_in_datagrams(struct client_txn *t)
{
	struct conn *flow = conn_of(t->flow);

	if (t->held && dropped(t))
		return;
	if (!t->held && (!waits_for_a_word(t) || !t->wire || !flow || flow->hop != TXN_HOP_UDP))
		return;
	if (!t->held && !t->cancelled) /* the INVITE was answered there: it has TCP */
		beside_silent(client_conn(t));
	if (!t->held)
		take_way(t, flow);
	t->held = false;
	say(t);
	client_set_resend(t, TXN_T1_MS);
}

void client_on_beside(struct conn *flow, struct conn *c)
{
	for (struct client_txn *next, *t = client_first(flow); t; t = next) {
		next = client_next(t);
		if (t->held && !c)
			client_say_in_datagrams(t);
		else if (t->held && !dropped(t))
			say_beside(t, c);
	}
}

/* Over a connection that the trunk made nothing is answered but what was asked there (RFC 3261 18.2.2). */
bool client_may_come_over(const struct client_txn *t, const struct conn *c)
{
	const struct conn *own = client_conn(t);

	return own == c ||
	       (own->trunk && own->trunk == c->trunk && (own->beside || c->beside) && !(own->beside && own->came) &&
		   !(c->beside && c->came) && addr_same_ip(&own->remote, &c->remote));
}

void client_follow(struct client_txn *t, struct conn *c)
{
	take_way(t, c);
	if (c->beside)
		beside_heard(c);
}

/* Nobody but the flow can say any more how it goes on: a repetition is answered with the newest response. What is to be cancelled
 * rings on unless that goes on there too, whoever still waits for it. */
bool client_leave_stream(struct client_txn *t)
{
	struct conn *flow = conn_of(t->flow);

	if (!client_conn(t)->beside || !flow || flow->hop != TXN_HOP_UDP || (!t->wire && waits_for_a_word(t)) ||
	    (t->state != TXN_TRYING && t->state != TXN_PROCEEDING))
		return false;
	take_way(t, flow);
	if (t->wire)
		say(t);
	if (waits_for_a_word(t))
		client_set_resend(t, TXN_T1_MS);
	return true;
}

void client_way_status(struct proc_status *s)
{
	status_counter(s, "trunk-datagrams-bulky", bulky);
}
