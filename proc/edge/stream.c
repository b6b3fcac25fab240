/* SPDX-License-Identifier: ISC */
#include "stream.h"
#include "base/blocks.h"
#include "request.h"
#include "response.h"
#include "tls.h"

enum { SIP_PORT = 5060 };
enum { BUFFER = SIP_MESSAGE_MAX + 16384 }; /* a whole message, and a record that goes on behind it */

struct partial {
	size_t n;
	uint8_t bytes[BUFFER];
};

static struct blocks partials;
static struct partial shared;
static struct sip_msg message;

bool stream_open(uint32_t n)
{
	return blocks_init(&partials, n, sizeof(struct partial));
}

static void give(struct conn *c)
{
	blocks_give(&partials, c->partial);
	c->partial = NULL;
}

void stream_close(struct conn *c)
{
	give(c);
	timer_cancel(&child_wheel, &c->message);
}

static void close_bad(struct conn *c, const char *why)
{
	edge_event(EVENT_BAD_BYTES, SEVERITY_WARNING, c->device, &c->remote, why);
	conn_close(c, FLOW_BAD_BYTES);
}

static void forgive(struct conn *c)
{
	const uint64_t each_ms = c->trunk ? BAD_FORGIVEN_TRUNK_MS : BAD_FORGIVEN_MS, now = child_now();
	const uint64_t n = (now - c->bad_ms) / each_ms;

	if (n >= c->bad) {
		c->bad = 0;
		c->bad_ms = now;
	} else {
		c->bad -= (uint32_t)n;
		c->bad_ms += n * each_ms;
	}
}

/* What a trunk's far end was told, it passes on to whichever of its callers wrote that: it is no reason to hang up on all others. */
static void count_bad(struct conn *c, bool answered)
{
	count.bad_messages++;
	if (c->hop == TXN_HOP_UDP || (c->trunk && answered)) /* anyone can say that a datagram is his */
		return;
	forgive(c);
	if (++c->bad >= BAD_MESSAGES_MAX)
		close_bad(c, "too many bad messages");
}

/* To where it came from, and to the port that Via names unless it asks for another way. */
static struct addr way_of(const struct sip_via *via, const struct addr *source)
{
	struct addr a = *source;

	if (!via->rport)
		a.port = via->port ? via->port : SIP_PORT;
	return a;
}

static void take_message(struct conn *c, uint8_t *at, size_t n)
{
	struct sip_error err = {0};

	count.sip_octets += n;
	enum sip_verdict v = sip_parse(at, n, &message, &err);
	if (c->hop == TXN_HOP_UDP && v != SIP_DISCARD)
		c->way.reply = way_of(&message.via, &c->way.source);
	if (v == SIP_DISCARD) {
		count_bad(c, false);
	} else if (v == SIP_ANSWER) {
		request_refuse(c, &message, err.code, err.reason);
		count_bad(c, true);
	} else if (message.is_request) {
		count.requests++;
		request_take(c, &message, span_of(at, n));
	} else {
		count.responses++;
		response_take(c, &message);
	}
}

/* Octets used up from the front; the rest is the beginning of a message. */
static size_t take_frames(struct conn *c, uint8_t *at, size_t n)
{
	size_t done = 0;

	while (c->state == CONN_UP) {
		struct sip_error err = {0};
		size_t len = 0;
		enum sip_frame f = sip_frame(&c->framer, span_of(at + done, n - done), &len, &err);
		if (f == SIP_FRAME_MORE)
			break;
		if (f == SIP_FRAME_MESSAGE)
			take_message(c, at + done, len);
		else if (f == SIP_FRAME_PING)
			conn_pinged(c);
		else if (f == SIP_FRAME_FATAL)
			close_bad(c, err.reason);
		done += len;
		timer_cancel(&child_wheel, &c->message);
	}
	return done;
}

static void keep_rest(struct conn *c, struct partial *from)
{
	if (from->n == 0) {
		give(c);
		timer_cancel(&child_wheel, &c->message);
		return;
	}
	if (!c->partial) {
		c->partial = blocks_take(&partials, 0);
		if (!c->partial) {
			close_bad(c, "no room for another unfinished message");
			return;
		}
		memcpy(c->partial->bytes, from->bytes, from->n);
		c->partial->n = from->n;
	}
	if (!timer_is_set(&c->message))
		timer_set(&child_wheel, &c->message, child_now() + MESSAGE_MS);
}

void stream_read(struct conn *c)
{
	struct partial *p = c->partial ? c->partial : &shared;
	enum tls_result why = TLS_MORE;

	if (!c->partial)
		p->n = 0;
	while (c->state == CONN_UP) {
		long got = tls_read(c, p->bytes + p->n, BUFFER - p->n, &why);
		if (got < 0)
			break;
		p->n += (size_t)got;
		size_t done = take_frames(c, p->bytes, p->n);
		if (c->state != CONN_UP) /* and `p` is given back */
			return;
		p->n -= done;
		if (done && p->n)
			memmove(p->bytes, p->bytes + done, p->n);
		if (tls_is_drained(c))
			break;
	}
	if (c->state != CONN_UP)
		return;
	if (why == TLS_MORE)
		keep_rest(c, p);
	else if (why == TLS_REFUSED)
		close_bad(c, "broken TLS record");
	else
		conn_close(c, FLOW_CLOSED);
}

void stream_datagram(struct conn *c, uint8_t *at, size_t n)
{
	take_message(c, at, n);
}

void stream_status(struct proc_status *s)
{
	status_add(s, "unfinished-messages", STATUS_POOL, partials.used, partials.cap, partials.peak, partials.refused);
}
