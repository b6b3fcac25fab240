/* SPDX-License-Identifier: ISC */
/* Every cell of the four transaction machines, against a table written from RFC 3261 17 and RFC 6026. Each row: state,
 * event, next state, effects, and the timers that are set, over UDP and over a connection of the phone's. */
#include "../unit/test.h"
#include "txn/txn.h"

#define K TXN_KEEP
#define S TXN_STOP
#define NONE 0
#define T64 32000

struct cell {
	enum txn_state state;
	enum txn_event event;
	enum txn_state next;
	unsigned effects;
	int32_t udp_resend, udp_end, phone_end;
	enum txn_state phone_next; /* 0: as over UDP */
};

#define GONE TXN_TERMINATED
#define SEND TXN_DO_SEND
#define ACK TXN_DO_ACK
#define PASS TXN_DO_PASS
#define TIMEOUT TXN_DO_TIMEOUT
#define ERROR TXN_DO_ERROR
#define STRAY TXN_DO_NOTHING

/* RFC 3261 17.1.1.2, RFC 6026 8.4: A, B, D and M */
static const struct cell invite_client[] = {
    {TXN_NEW, TXN_BEGIN, TXN_TRYING, SEND, 500, T64, T64, 0},
    {TXN_TRYING, TXN_1XX, TXN_PROCEEDING, PASS, S, S, S, 0},
    {TXN_TRYING, TXN_2XX, TXN_ACCEPTED, PASS, S, T64, 5000, 0},
    {TXN_TRYING, TXN_REFUSED, TXN_COMPLETED, PASS | ACK, S, T64, S, GONE},
    {TXN_TRYING, TXN_RESEND_DUE, TXN_TRYING, SEND, 2000, K, K, 0},
    {TXN_TRYING, TXN_END_DUE, GONE, TIMEOUT, S, S, S, 0},
    {TXN_TRYING, TXN_CANCEL, TXN_TRYING, NONE, K, K, K, 0},
    {TXN_TRYING, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_TRYING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_PROCEEDING, TXN_1XX, TXN_PROCEEDING, PASS, K, K, K, 0},
    {TXN_PROCEEDING, TXN_2XX, TXN_ACCEPTED, PASS, S, T64, 5000, 0},
    {TXN_PROCEEDING, TXN_REFUSED, TXN_COMPLETED, PASS | ACK, S, T64, S, GONE},
    {TXN_PROCEEDING, TXN_END_DUE, GONE, TIMEOUT, S, S, S, 0}, /* after CANCEL only, 9.1 */
    {TXN_PROCEEDING, TXN_CANCEL, TXN_PROCEEDING, NONE, K, T64, T64, 0},
    {TXN_PROCEEDING, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_PROCEEDING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_COMPLETED, TXN_1XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_2XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_REFUSED, TXN_COMPLETED, ACK, K, K, K, 0},
    {TXN_COMPLETED, TXN_END_DUE, GONE, NONE, S, S, S, 0},
    {TXN_COMPLETED, TXN_CANCEL, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_COMPLETED, TXN_FLOW_GONE, GONE, NONE, S, S, S, 0},
    {TXN_ACCEPTED, TXN_1XX, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_2XX, TXN_ACCEPTED, PASS, K, K, K, 0},
    {TXN_ACCEPTED, TXN_REFUSED, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_END_DUE, GONE, NONE, S, S, S, 0},
    {TXN_ACCEPTED, TXN_CANCEL, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_SEND_ERROR, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_FLOW_GONE, GONE, NONE, S, S, S, 0},
    {TXN_TERMINATED, TXN_1XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_2XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_REFUSED, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_CANCEL, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_SEND_ERROR, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_FLOW_GONE, GONE, NONE, K, K, K, 0},
};

/* 17.1.2.2: E, F and K; resend intervals are looked at with 1000 ms gone before */
static const struct cell client[] = {
    {TXN_NEW, TXN_BEGIN, TXN_TRYING, SEND, 500, T64, T64, 0},
    {TXN_TRYING, TXN_1XX, TXN_PROCEEDING, PASS, K, K, K, 0},
    {TXN_TRYING, TXN_2XX, TXN_COMPLETED, PASS, S, 5000, S, GONE},
    {TXN_TRYING, TXN_REFUSED, TXN_COMPLETED, PASS, S, 5000, S, GONE},
    {TXN_TRYING, TXN_RESEND_DUE, TXN_TRYING, SEND, 2000, K, K, 0},
    {TXN_TRYING, TXN_END_DUE, GONE, TIMEOUT, S, S, S, 0},
    {TXN_TRYING, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_TRYING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_PROCEEDING, TXN_1XX, TXN_PROCEEDING, PASS, K, K, K, 0},
    {TXN_PROCEEDING, TXN_2XX, TXN_COMPLETED, PASS, S, 5000, S, GONE},
    {TXN_PROCEEDING, TXN_REFUSED, TXN_COMPLETED, PASS, S, 5000, S, GONE},
    {TXN_PROCEEDING, TXN_RESEND_DUE, TXN_PROCEEDING, SEND, 4000, K, K, 0},
    {TXN_PROCEEDING, TXN_END_DUE, GONE, TIMEOUT, S, S, S, 0},
    {TXN_PROCEEDING, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_PROCEEDING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_COMPLETED, TXN_1XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_2XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_REFUSED, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_END_DUE, GONE, NONE, S, S, S, 0},
    {TXN_COMPLETED, TXN_SEND_ERROR, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_FLOW_GONE, GONE, NONE, S, S, S, 0},
    {TXN_TERMINATED, TXN_1XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_2XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_REFUSED, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_SEND_ERROR, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_FLOW_GONE, GONE, NONE, K, K, K, 0},
};

/* 17.2.1, RFC 6026 8.5: G, H, I and L */
static const struct cell invite_server[] = {
    {TXN_NEW, TXN_BEGIN, TXN_PROCEEDING, PASS, S, S, S, 0},
    {TXN_PROCEEDING, TXN_REQUEST, TXN_PROCEEDING, SEND, K, K, K, 0},
    {TXN_PROCEEDING, TXN_ACK, TXN_PROCEEDING, NONE, K, K, K, 0},
    {TXN_PROCEEDING, TXN_1XX, TXN_PROCEEDING, SEND, K, K, K, 0},
    {TXN_PROCEEDING, TXN_2XX, TXN_ACCEPTED, SEND, S, T64, 5000, 0},
    {TXN_PROCEEDING, TXN_REFUSED, TXN_COMPLETED, SEND, 500, T64, T64, 0},
    {TXN_PROCEEDING, TXN_SEND_ERROR, TXN_PROCEEDING, ERROR, K, K, K, 0},
    {TXN_PROCEEDING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_COMPLETED, TXN_REQUEST, TXN_COMPLETED, SEND, K, K, K, 0},
    {TXN_COMPLETED, TXN_ACK, TXN_CONFIRMED, NONE, S, 5000, S, GONE},
    {TXN_COMPLETED, TXN_1XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_2XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_REFUSED, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_RESEND_DUE, TXN_COMPLETED, SEND, 2000, K, K, 0},
    {TXN_COMPLETED, TXN_END_DUE, GONE, TIMEOUT, S, S, S, 0},
    {TXN_COMPLETED, TXN_SEND_ERROR, TXN_COMPLETED, ERROR, K, K, K, 0},
    {TXN_COMPLETED, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_CONFIRMED, TXN_REQUEST, TXN_CONFIRMED, NONE, K, K, K, 0},
    {TXN_CONFIRMED, TXN_ACK, TXN_CONFIRMED, NONE, K, K, K, 0},
    {TXN_CONFIRMED, TXN_1XX, TXN_CONFIRMED, NONE, K, K, K, 0},
    {TXN_CONFIRMED, TXN_2XX, TXN_CONFIRMED, NONE, K, K, K, 0},
    {TXN_CONFIRMED, TXN_REFUSED, TXN_CONFIRMED, NONE, K, K, K, 0},
    {TXN_CONFIRMED, TXN_END_DUE, GONE, NONE, S, S, S, 0},
    {TXN_CONFIRMED, TXN_SEND_ERROR, TXN_CONFIRMED, NONE, K, K, K, 0},
    {TXN_CONFIRMED, TXN_FLOW_GONE, GONE, NONE, S, S, S, 0},
    {TXN_ACCEPTED, TXN_REQUEST, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_ACK, TXN_ACCEPTED, PASS, K, K, K, 0},
    {TXN_ACCEPTED, TXN_1XX, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_2XX, TXN_ACCEPTED, SEND, K, K, K, 0},
    {TXN_ACCEPTED, TXN_REFUSED, TXN_ACCEPTED, NONE, K, K, K, 0},
    {TXN_ACCEPTED, TXN_END_DUE, GONE, NONE, S, S, S, 0},
    {TXN_ACCEPTED, TXN_SEND_ERROR, TXN_ACCEPTED, ERROR, K, K, K, 0},
    {TXN_ACCEPTED, TXN_FLOW_GONE, GONE, NONE, S, S, S, 0},
    {TXN_TERMINATED, TXN_REQUEST, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_ACK, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_1XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_2XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_REFUSED, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_SEND_ERROR, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_FLOW_GONE, GONE, NONE, K, K, K, 0},
};

/* 17.2.2: J */
static const struct cell server[] = {
    {TXN_NEW, TXN_BEGIN, TXN_TRYING, PASS, S, S, S, 0},
    {TXN_TRYING, TXN_REQUEST, TXN_TRYING, NONE, K, K, K, 0},
    {TXN_TRYING, TXN_1XX, TXN_PROCEEDING, SEND, K, K, K, 0},
    {TXN_TRYING, TXN_2XX, TXN_COMPLETED, SEND, S, T64, S, GONE},
    {TXN_TRYING, TXN_REFUSED, TXN_COMPLETED, SEND, S, T64, S, GONE},
    {TXN_TRYING, TXN_SEND_ERROR, TXN_TRYING, NONE, K, K, K, 0},
    {TXN_TRYING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_PROCEEDING, TXN_REQUEST, TXN_PROCEEDING, SEND, K, K, K, 0},
    {TXN_PROCEEDING, TXN_1XX, TXN_PROCEEDING, SEND, K, K, K, 0},
    {TXN_PROCEEDING, TXN_2XX, TXN_COMPLETED, SEND, S, T64, S, GONE},
    {TXN_PROCEEDING, TXN_REFUSED, TXN_COMPLETED, SEND, S, T64, S, GONE},
    {TXN_PROCEEDING, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_PROCEEDING, TXN_FLOW_GONE, GONE, ERROR, S, S, S, 0},
    {TXN_COMPLETED, TXN_REQUEST, TXN_COMPLETED, SEND, K, K, K, 0},
    {TXN_COMPLETED, TXN_1XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_2XX, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_REFUSED, TXN_COMPLETED, NONE, K, K, K, 0},
    {TXN_COMPLETED, TXN_END_DUE, GONE, NONE, S, S, S, 0},
    {TXN_COMPLETED, TXN_SEND_ERROR, GONE, ERROR, S, S, S, 0},
    {TXN_COMPLETED, TXN_FLOW_GONE, GONE, NONE, S, S, S, 0},
    {TXN_TERMINATED, TXN_REQUEST, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_1XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_2XX, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_REFUSED, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_SEND_ERROR, GONE, NONE, K, K, K, 0},
    {TXN_TERMINATED, TXN_FLOW_GONE, GONE, NONE, K, K, K, 0},
};

static const struct {
	const struct cell *cell;
	size_t n;
} expected[TXN_KINDS] = {
    [TXN_INVITE_CLIENT] = {invite_client, sizeof invite_client / sizeof *invite_client},
    [TXN_CLIENT] = {client, sizeof client / sizeof *client},
    [TXN_INVITE_SERVER] = {invite_server, sizeof invite_server / sizeof *invite_server},
    [TXN_SERVER] = {server, sizeof server / sizeof *server},
};

static const struct cell *find(enum txn_kind kind, enum txn_state state, enum txn_event event)
{
	for (size_t i = 0; i < expected[kind].n; i++)
		if (expected[kind].cell[i].state == state && expected[kind].cell[i].event == event)
			return &expected[kind].cell[i];
	return NULL;
}

static bool udp_ok(const struct cell *c, const struct txn_out *o)
{
	return o->state == c->next && o->effects == c->effects && o->resend_ms == c->udp_resend && o->end_ms == c->udp_end;
}

/* Over a connection nothing is sent again, and waits that only repetition needs are over at once. */
static bool phone_ok(const struct cell *c, const struct txn_out *o)
{
	enum txn_state next = c->phone_next ? c->phone_next : c->next;
	int32_t resend = c->udp_resend > 0 ? S : c->udp_resend;

	return o->state == next && o->effects == c->effects && o->resend_ms == resend && o->end_ms == c->phone_end;
}

static void every_cell(void)
{
	int bad = 0, cells = 0;

	for (int k = 0; k < TXN_KINDS; k++)
		for (int s = 0; s < TXN_STATES; s++)
			for (int e = 0; e < TXN_EVENTS; e++) {
				const struct cell *c = find((enum txn_kind)k, (enum txn_state)s, (enum txn_event)e);
				struct cell stray = {(enum txn_state)s, (enum txn_event)e, (enum txn_state)s, STRAY, K, K, K, 0};
				if (!c)
					c = &stray;
				struct txn_out udp = txn_step(
				    (enum txn_kind)k, TXN_HOP_UDP, (enum txn_state)s, (enum txn_event)e, 1000);
				struct txn_out phone = txn_step(
				    (enum txn_kind)k, TXN_HOP_PHONE, (enum txn_state)s, (enum txn_event)e, 1000);
				cells++;
				if (udp_ok(c, &udp) && phone_ok(c, &phone))
					continue;
				fprintf(stderr, "kind %d state %d event %d\n", k, s, e);
				bad++;
			}
	CHECK(cells == TXN_KINDS * TXN_STATES * TXN_EVENTS);
	CHECK(bad == 0);
}

/* RFC 3261 17.1.1.2: A doubles without end; 17.1.2.2: E up to T2; 17.2.1: G up to T2. */
static void intervals(void)
{
	static const int32_t a[] = {1000, 2000, 4000, 8000, 16000, 32000}, e[] = {1000, 2000, 4000, 4000, 4000};
	int32_t ms = 500;

	for (size_t i = 0; i < sizeof a / sizeof *a; i++) {
		ms = txn_step(TXN_INVITE_CLIENT, TXN_HOP_UDP, TXN_TRYING, TXN_RESEND_DUE, (uint32_t)ms).resend_ms;
		CHECK(ms == a[i]);
	}
	ms = 500;
	for (size_t i = 0; i < sizeof e / sizeof *e; i++) {
		ms = txn_step(TXN_CLIENT, TXN_HOP_UDP, TXN_TRYING, TXN_RESEND_DUE, (uint32_t)ms).resend_ms;
		CHECK(ms == e[i]);
	}
	ms = 500;
	for (size_t i = 0; i < sizeof e / sizeof *e; i++) {
		ms = txn_step(TXN_INVITE_SERVER, TXN_HOP_UDP, TXN_COMPLETED, TXN_RESEND_DUE, (uint32_t)ms).resend_ms;
		CHECK(ms == e[i]);
	}
	CHECK(txn_step(TXN_CLIENT, TXN_HOP_UDP, TXN_PROCEEDING, TXN_RESEND_DUE, 500).resend_ms == 4000);
}

/* A connection with a hop behind it keeps RFC 6026's 64*T1 for L and M. */
static void stream_with_hops_behind(void)
{
	CHECK(txn_step(TXN_INVITE_CLIENT, TXN_HOP_STREAM, TXN_PROCEEDING, TXN_2XX, 0).end_ms == T64);
	CHECK(txn_step(TXN_INVITE_SERVER, TXN_HOP_STREAM, TXN_PROCEEDING, TXN_2XX, 0).end_ms == T64);
	CHECK(txn_step(TXN_INVITE_CLIENT, TXN_HOP_STREAM, TXN_NEW, TXN_BEGIN, 0).resend_ms == TXN_STOP);
	CHECK(txn_step(TXN_SERVER, TXN_HOP_STREAM, TXN_TRYING, TXN_2XX, 0).state == TXN_TERMINATED);
}

int main(void)
{
	RUN(every_cell);
	RUN(intervals);
	RUN(stream_with_hops_behind);
	return TEST_END;
}
