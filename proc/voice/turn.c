/* SPDX-License-Identifier: ISC */
#include "turn.h"
#include "base/secret.h"
#include "pump.h"

enum { WAIT_MAX_MS = 300000, HELD_MAX_MS = 30000 };

static uint64_t turns, turns_refused, heard, heard_nobody;

static void tell(struct link *core, uint64_t token, enum turn_why why, struct span digits)
{
	struct msg_turned *m = core ? ipc_begin(core, MSG_TURNED) : NULL;

	if (!m)
		return;
	m->token = token;
	m->why = (uint8_t)why;
	m->digits = ipc_put(core, digits);
	ipc_end(core);
}

static void end(struct session *s, enum turn_why why)
{
	s->speaking = false;
	mail_release(s->mail);
	s->mail = s->say.message = NULL;
	session_linger(s);
	tell(child_link(PROC_CORE, 0), s->token, why, span_of(s->digits, s->digits_n));
	secret_wipe(s->digits, sizeof s->digits);
	s->digits_n = 0;
	s->token = 0;
}

static void step(struct session *s, enum turn_event event);

static void on_time(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	step((struct session *)(void *)t, TURN_EV_TIME);
}

static void wait(struct session *s, uint32_t ms)
{
	s->timer.fire = on_time;
	timer_set(&child_wheel, &s->timer, child_now() + (ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS));
}

static void step(struct session *s, enum turn_event event)
{
	struct turn_step to = turn_step(s->state, event);

	s->state = (enum turn_state)to.next;
	if (to.effects & TURN_DO_AGAIN)
		s->speaking = s->loop;
	if (to.effects & TURN_DO_HUSH)
		s->speaking = false;
	if (to.effects & TURN_DO_WAIT_FIRST)
		wait(s, s->first_ms);
	if (to.effects & TURN_DO_WAIT_NEXT)
		wait(s, s->gap_ms);
	if (to.effects & TURN_DO_END_SAID)
		end(s, TURN_SAID);
	if (to.effects & TURN_DO_END_COUNT)
		end(s, s->digits_n >= s->digits_min ? TURN_DIGITS : TURN_TIME_OUT);
}

void turn_said(struct session *s)
{
	step(s, TURN_EV_SAID);
}

static bool listens(const struct session *s)
{
	return s->running && s->state >= TURN_OPEN;
}

static void press(struct session *s, unsigned digit)
{
	char c = event_key[digit];

	if (!listens(s))
		return;
	if (c == s->end_key) {
		step(s, TURN_EV_END);
		return;
	}
	s->pressed_ms = child_now();
	s->digits[s->digits_n++] = c;
	step(s, s->digits_n == s->digits_max ? TURN_EV_FULL : TURN_EV_DIGIT);
}

/* --- what core says --- */

static enum turn_state first_state(const struct msg_turn *m)
{
	if (m->digits_max == 0)
		return m->loop ? TURN_REPEATS : TURN_SPEAKS;
	return m->barge ? TURN_OPEN : TURN_DEAF;
}

static void begin(struct session *s, const struct msg_turn *m, const struct say *say, struct mail *mail, bool emergency)
{
	uint8_t ptime_ms = codec_ptime(m->codec, m->ptime_ms);

	if (s->running)
		end(s, TURN_STOPPED);
	s->token = m->token;
	s->emergency = emergency;
	s->state = first_state(m);
	s->loop = m->loop;
	s->digits_max = m->digits_max;
	s->digits_min = m->digits_min < m->digits_max ? m->digits_min : m->digits_max;
	s->end_key = (char)m->end_key;
	s->first_ms = m->first_ms;
	s->gap_ms = m->gap_ms;
	s->say = *say;
	s->mail = s->say.message = mail;
	s->records = m->record_ms > 0;
	say_begin(&s->say, codec_rate(m->codec));
	s->speaking = true;
	session_run(s);
	pump_begin(s, m->codec, ptime_ms);
}

void turn_on_turn(struct link *from, const struct ipc_view *v)
{
	static struct say say;
	const struct msg_turn *m = v->payload;
	struct session *s;
	bool emergency = v->class == CLASS_EMERGENCY;
	enum turn_why why = TURN_NO_PROMPT;

	turns++;
	if (say_parse(&say, ipc_str(v, m->say), ipc_str(v, m->language), &tone_country[child_site()->tones])) {
		struct mail *mail = NULL;
		if (m->message)
			mail = mail_take(m);
		s = !m->message || mail ? session_take(m->join, m->side, emergency) : NULL;
		if (s) {
			begin(s, m, &say, mail, emergency);
			return;
		}
		mail_release(mail);
		why = TURN_NO_SPACE;
	}
	turns_refused++;
	tell(from, m->token, why, span_of(NULL, 0));
}

void turn_on_stop(struct link *from, const struct ipc_view *v)
{
	const struct msg_turn_stop *m = v->payload;
	struct session *s = session_of_token(m->token);

	(void)from;
	if (s)
		end(s, TURN_STOPPED);
}

void turn_on_key(struct link *from, const struct ipc_view *v)
{
	const struct msg_key *m = v->payload;
	struct session *s = session_get(m->join, m->side);

	(void)from;
	if (s && press_by_info(&s->press, m->digit, child_now()))
		press(s, m->digit);
}

/* --- what media says --- */

/* The time for the next digit begins when the last one's key is let go, as long as a finger may be on it. */
static void wait_for_finger(struct session *s, uint32_t timestamp)
{
	if (s->running && s->state == TURN_GATHERS && event_is_held(&s->events, timestamp) &&
	    child_now() < s->pressed_ms + HELD_MAX_MS)
		wait(s, s->gap_ms);
}

void turn_on_heard(struct link *from, const struct ipc_view *v)
{
	const struct msg_heard *m = v->payload;
	struct session *s = session_get(m->join, m->side);
	uint8_t digit[EVENT_PRESSES_MAX];

	(void)from;
	heard++;
	if (!s) {
		heard_nobody++;
		return;
	}
	if (m->codec != SDP_TELEPHONE_EVENT) {
		/* from the end of the tone on */
		if (s->running && s->records && s->state == TURN_WAITS &&
		    mail_hear(s->mail, m->codec, m->timestamp, ipc_str(v, m->payload)))
			step(s, TURN_EV_TIME);
		return;
	}
	size_t n = event_read(&s->events, m->timestamp, m->marker, ipc_str(v, m->payload), digit);
	for (size_t i = 0; i < n; i++)
		if (press_in_rtp(&s->press, digit[i], child_now()))
			press(s, digit[i]);
	wait_for_finger(s, m->timestamp);
	secret_wipe(digit, sizeof digit);
}

void turn_status(struct proc_status *s)
{
	status_counter(s, "turns", turns);
	status_counter(s, "turns-refused", turns_refused);
	status_counter(s, "heard", heard);
	status_counter(s, "heard-nobody", heard_nobody);
}
