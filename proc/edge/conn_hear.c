/* SPDX-License-Identifier: ISC */
/* What comes over a connection, and what did not come in time: the handshake, octets, silence. */
#include "conn_int.h"
#include "base/clock.h"
#include "beside.h"
#include "conn_list.h"
#include "core_link.h"
#include "stream.h"
#include "tls.h"
#include <errno.h>
#include <sys/socket.h>

enum { READS_PER_TURN = 4, RECEIVE = 32768 };

static unsigned steps; /* of handshakes, in this turn */
static uint8_t received[RECEIVE];

void conn_hear_turn(void)
{
	steps = 0;
}

void conn_refused(struct conn *c, enum refusal why)
{
	refused_n[why]++;
	count.handshakes_refused++;
	if (c->trunk && !c->came) /* core is told, and tells */
		return;
	edge_event(EVENT_HANDSHAKE_REFUSED, SEVERITY_WARNING, c->verified || why == REFUSED_VERSION ? c->device : 0,
	    &c->remote, refusal_text(why));
}

/* The alert must arrive: a socket closed with octets unread would reset the connection under it. */
static void linger(struct conn *c)
{
	conn_refused(c, (enum refusal)c->refusal);
	c->state = CONN_LINGER;
	conn_mark_dirty(c);
	timer_set(&child_wheel, &c->timer, child_now() + LINGER_MS);
}

static void come_up(struct conn *c)
{
	enum refusal r = c->trunk ? REFUSED_NOT : verify_device(c);

	if (r != REFUSED_NOT) {
		c->refusal = (uint8_t)r;
		tls_alert(c, GNUTLS_E_CERTIFICATE_ERROR);
		linger(c);
		return;
	}
	handshake_remove(c);
	c->state = CONN_UP;
	count.handshakes++;
	if (!c->trunk)
		device_add(c, conn_is_full());
	timer_set(&child_wheel, &c->timer, child_now() + IDLE_LOOK_MS);
	core_link_flow_up(c);
	conn_mark_dirty(c);
	stream_read(c);
}

void conn_shake_hands(struct conn *c)
{
	steps++;
	conn_mark_dirty(c);
	switch (tls_handshake(c)) {
	case TLS_MORE:
		break;
	case TLS_OK:
		come_up(c);
		break;
	case TLS_REFUSED:
		linger(c);
		break;
	case TLS_CLOSED:
		conn_close(c, FLOW_CLOSED);
		break;
	}
}

static void take_octets(struct conn *c, ssize_t n)
{
	tls_feed(span_of(received, n > 0 ? (size_t)n : 0), n == 0);
	c->last_ms = child_now();
	c->heard = c->heard || n > 0;
	if (c->state == CONN_HANDSHAKE)
		conn_shake_hands(c);
	else if (c->state == CONN_UP)
		stream_read(c);
	else if (c->state == CONN_LINGER && n == 0)
		conn_close(c, FLOW_CLOSED);
	tls_feed(span_of(NULL, 0), false);
}

void conn_on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct conn *c = w->data;

	(void)loop;
	child_io_again(w, events);
	if (c->state == CONN_UP && core_link_holds()) {
		c->held = true;
		ev_io_stop(child_loop(), w);
		return;
	}
	for (int i = 0; i < READS_PER_TURN && c->state != CONN_DOOMED; i++) {
		if (c->state == CONN_HANDSHAKE && steps >= HANDSHAKE_STEPS_PER_TURN)
			return; /* it is still readable in the next turn */
		ssize_t n = recv(c->fd, received, sizeof received, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			conn_close(c, FLOW_CLOSED);
			return;
		}
		take_octets(c, n);
		if (n < RECEIVE)
			return;
	}
}

void conn_hear_again(struct conn *c)
{
	if (c->held && c->state == CONN_UP)
		ev_io_start(child_loop(), &c->read);
	c->held = false;
}

/* --- timers --- */

void conn_pinged(struct conn *c)
{
	if (c->ping_ms)
		c->ping_every_ms = (uint32_t)(child_now() - c->ping_ms);
	c->ping_ms = child_now();
	conn_send(c, SPAN("\r\n"));
}

/* Its certificate ended since the handshake, or is in date again: the clock was wrong. One that is not valid yet was valid once,
 * so the clock is wrong now, and what is, stays. */
static bool out_of_step(const struct conn *c, int64_t wall_ms)
{
	return c->expired ? conn_in_date(c, wall_ms) : wall_ms > c->not_after_ms;
}

static void look_at_flow(struct conn *c, uint64_t now_ms)
{
	if (c->trunk && !c->came && !c->beside) /* core asks it whether it is there */
		timer_cancel(&child_wheel, &c->timer);
	else if (c->beside ? beside_is_idle(c, now_ms)
			   : now_ms - c->last_ms >= edge_idle_limit_ms(c->ping_every_ms, child_site()->flow_timer_s))
		conn_close(c, FLOW_TIMEOUT);
	else if (!c->trunk && out_of_step(c, clock_wall_ms()))
		conn_close(c, FLOW_CLOSED); /* it may come back as what it is now */
	else
		timer_set(&child_wheel, &c->timer, now_ms + IDLE_LOOK_MS);
}

void conn_on_time(struct timer *t, uint64_t now_ms)
{
	struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, timer));

	if (c->state == CONN_UP) {
		look_at_flow(c, now_ms);
		return;
	}
	if (c->state == CONN_HANDSHAKE)
		conn_refused(c, REFUSED_TIMEOUT);
	conn_close(c, FLOW_TIMEOUT);
}

void conn_on_late_message(struct timer *t, uint64_t now_ms)
{
	struct conn *c = (struct conn *)(void *)((char *)t - offsetof(struct conn, message));

	(void)now_ms;
	count.late_messages++;
	edge_event(EVENT_BAD_BYTES, SEVERITY_WARNING, c->device, &c->remote, "a message was begun and not finished");
	conn_close(c, FLOW_BAD_BYTES);
}
