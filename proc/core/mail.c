/* SPDX-License-Identifier: ISC */
#include "mail.h"
#include "base/log.h"
#include "dial.h"
#include "incoming.h"
#include "mwi.h"
#include "pin.h"
#include "refer.h"
#include "settings.h"
#include "voice.h"
#include <stdio.h>
#include <stdlib.h>

enum { ASK_MS = 5000, SILENCE_MS = 10000, PIN_LEAST = 4, PIN_MOST = 12, AGAIN_KEY = '1', DELETE_KEY = '7' };
/* What a call waits for. */
enum { ASKS_NOTHING, ASKS_ROOM, ASKS_NEXT, ASKS_KEY, ASKS_KEPT };

static struct counts {
	uint32_t fresh, old;
} * counts;

void mail_init(void)
{
	counts = calloc(child_site()->max_users, sizeof *counts);
	if (!counts)
		log_fatal("no memory for voicemail");
}

void mail_counts(uint32_t user, uint32_t *fresh, uint32_t *old)
{
	bool known = user < child_site()->max_users;

	*fresh = known ? counts[user].fresh : 0;
	*old = known ? counts[user].old : 0;
}

void mail_on_count(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_count *m = v->payload;

	(void)from;
	if (m->user >= child_site()->max_users || (counts[m->user].fresh == m->fresh && counts[m->user].old == m->old))
		return;
	counts[m->user] = (struct counts){m->fresh, m->old};
	mwi_changed(m->user);
}

void mail_forget_counts(void)
{
	memset(counts, 0, child_site()->max_users * sizeof *counts);
}

/* --- questions; each call has one at most --- */

static void waits(struct call *c, uint8_t asks)
{
	c->mail_asks = asks;
	timer_set(&child_wheel, &c->ring, child_now() + ASK_MS);
}

static bool sent(struct call *c, struct link *l, uint8_t asks)
{
	ipc_end(l);
	waits(c, asks);
	return true;
}

static bool ask_key(struct call *c, bool fresh)
{
	const struct user *u = directory_user(c->mail_user);
	struct link *keeper = u ? child_link(PROC_KEEPER, 0) : NULL;
	struct msg_mail_key_want *m = keeper ? ipc_begin(keeper, MSG_MAIL_KEY_WANT) : NULL;

	if (!m)
		return false;
	m->token = c->r.id;
	m->message = c->mail_message;
	m->fresh = fresh;
	m->user = ipc_put(keeper, span_str(u->name));
	return sent(c, keeper, ASKS_KEY);
}

static bool ask_room(struct call *c)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_mail_begin *m = ledger ? ipc_begin(ledger, MSG_MAIL_BEGIN) : NULL;

	if (!m)
		return false;
	m->token = c->r.id;
	m->user = c->mail_user;
	return sent(c, ledger, ASKS_ROOM);
}

static bool ask_next(struct call *c)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_mail_want *m = ledger ? ipc_begin(ledger, MSG_MAIL_WANT) : NULL;

	if (!m)
		return false;
	m->token = c->r.id;
	m->user = c->mail_user;
	m->heard = c->mail_heard;
	m->after = c->mail_message;
	return sent(c, ledger, ASKS_NEXT);
}

static void mark(uint32_t user, uint64_t message, bool gone)
{
	struct link *ledger = child_link(PROC_LEDGER, 0), *keeper = gone ? child_link(PROC_KEEPER, 0) : NULL;
	struct msg_mail_mark *m = ledger ? ipc_begin(ledger, MSG_MAIL_MARK) : NULL;

	if (m) {
		m->user = user;
		m->message = message;
		m->gone = gone;
		ipc_end(ledger);
	}
	struct msg_mail_key_forget *f = keeper ? ipc_begin(keeper, MSG_MAIL_KEY_FORGET) : NULL;
	if (f) {
		f->message = message;
		ipc_end(keeper);
	}
}

static int tell(struct call *c, const char *say)
{
	c->best = REFUSE_NONE;
	c->say = say;
	return SCRIPT_TELL;
}

/* --- a message is left --- */

bool mail_forward(struct call *c, uint32_t user)
{
	uint32_t after_s;

	if (!settings_voicemail(child_site(), user, &after_s) || !child_link(PROC_LEDGER, 0) ||
	    !child_link(PROC_KEEPER, 0) || !dialogue_can_message(c))
		return false;
	dial_stop(c, 0);
	c->dest.kind = DEST_MAILBOX;
	c->dest.route = ROUTE_FORWARD;
	c->dest.payer = user;
	c->mail_user = user;
	call_event(c, CALL_FORWARDED, NULL);
	return true;
}

static void give_up(struct call *c, const char *say)
{
	c->say = say;
	if (!c->best)
		c->best = REFUSE_NO_ANSWER;
	call_event(c, dialogue_can(c) ? CALL_TOLD_WHY : CALL_REFUSED, NULL);
}

void mail_leave(struct call *c)
{
	const char *own = settings_of_user(c->mail_user)->greeting;

	incoming_rings(c, c->mail_user);
	snprintf(c->mail_say, sizeof c->mail_say, "%s", own[0] ? own : "voicemail-greeting");
	if (!ask_room(c))
		give_up(c, "not-now");
}

enum { LEAVE_GREET, LEAVE_OWN, LEAVE_DEFAULT, LEAVE_RECORD, LEAVE_AGAIN };

static int greeted(struct call *c, struct span digits)
{
	(void)c;
	(void)digits;
	return LEAVE_RECORD;
}

static int say_kept(struct call *c)
{
	return tell(c, c->mail_kept == MAIL_KEPT_WHOLE ? "voicemail-saved" : "voicemail-not-saved");
}

/* Saved is what ledger has: its word may come before voice's or after it. */
static int left(struct call *c, struct span digits)
{
	(void)digits;
	if (c->mail_kept != MAIL_KEPTS || !child_link(PROC_LEDGER, 0))
		return say_kept(c);
	waits(c, ASKS_KEPT);
	return SCRIPT_WAIT;
}

const struct step mail_leave_step[MAIL_LEAVE_STEPS] = {
    [LEAVE_GREET] = {NULL, 0, 0, greeted, .otherwise = LEAVE_OWN},
    [LEAVE_OWN] = {NULL, 0, 0, greeted, .mail = STEP_OWN, .otherwise = LEAVE_DEFAULT},
    [LEAVE_DEFAULT] = {"voicemail-no-greeting", 0, 0, greeted},
    [LEAVE_RECORD] = {"voicemail-record-after-tone tone:warning", 0, 1, left, .mail = STEP_RECORDS},
    [LEAVE_AGAIN] = {"interrupted voicemail-record-after-tone tone:warning", 0, 1, left, .mail = STEP_RECORDS},
};

/* As far as ledger has said what it has. */
static bool is_full(uint32_t user)
{
	uint32_t fresh, old;

	mail_counts(user, &fresh, &old);
	return fresh + old >= child_site()->mail_most;
}

/* No room, no key. */
static void no_message(struct call *c)
{
	const bool full = is_full(c->mail_user);

	child_event(EVENT_CALL_REFUSED, full ? SEVERITY_INFO : SEVERITY_WARNING, 0, c->mail_user, NULL,
	    full ? "no message was taken: the mailbox is full"
		 : "no message was taken: there is no room for one, or no key");
	if (c->r.state == PHASE_ASKING)
		dialogue_go(c, tell(c, "voicemail-not-saved"));
	else
		give_up(c, full ? "voicemail-no-greeting voicemail-full" : "not-now");
}

int mail_again(struct call *c)
{
	return ask_room(c) ? SCRIPT_WAIT : tell(c, "voicemail-not-saved");
}

/* --- messages are heard --- */

enum { BOX_HELLO, BOX_PIN, BOX_PIN_AGAIN, BOX_FULL, BOX_COUNT, BOX_MESSAGE, BOX_DELETED };

static int box_pin(struct call *c, struct span digits)
{
	return pin_ask_check(PIN_FOR_CALL, c->r.id, c->dest.payer, digits) ? SCRIPT_WAIT : tell(c, "not-now");
}

/* Nothing typed asks whether there is a PIN, and is no try. */
static int box_hello(struct call *c, struct span digits)
{
	(void)digits;
	c->mail_user = c->dest.payer;
	c->tries = 0;
	return box_pin(c, SPAN(""));
}

static int say_count(struct call *c)
{
	uint32_t fresh, old;

	mail_counts(c->mail_user, &fresh, &old);
	uint32_t n = fresh ? fresh : old;
	c->mail_heard = fresh == 0;
	c->mail_message = 0;
	if (n == 0)
		return tell(c, "voicemail-empty silence:500");
	snprintf(
	    c->mail_say, sizeof c->mail_say, "voicemail-you-have digits:%u voicemail-message%s", n, n == 1 ? "" : "s");
	return is_full(c->mail_user) ? BOX_FULL : BOX_COUNT;
}

static int box_full(struct call *c, struct span digits)
{
	(void)c;
	(void)digits;
	return BOX_COUNT;
}

int mail_box_verdict(struct call *c, enum pin_verdict v)
{
	if (v == PIN_IS_RIGHT || v == PIN_IS_NONE)
		return say_count(c);
	if (v == PIN_IS_WRONG)
		return c->tries++ ? BOX_PIN_AGAIN : BOX_PIN;
	return tell(c, v == PIN_IS_LOCKED ? "pin-locked" : "not-now");
}

static int box_next(struct call *c, struct span digits)
{
	(void)digits;
	return ask_next(c) ? SCRIPT_WAIT : tell(c, "not-now");
}

static int box_key(struct call *c, struct span digits)
{
	uint8_t key = digits.n ? digits.p[0] : 0;

	if (key == AGAIN_KEY)
		return BOX_MESSAGE;
	mark(c->mail_user, c->mail_message, key == DELETE_KEY);
	return key == DELETE_KEY ? BOX_DELETED : box_next(c, digits);
}

const struct step mail_box_step[MAIL_BOX_STEPS] = {
    [BOX_HELLO] = {"silence:200", 0, 0, box_hello},
    [BOX_PIN] = {"pin-please", PIN_LEAST, PIN_MOST, box_pin},
    [BOX_PIN_AGAIN] = {"pin-wrong pin-please", PIN_LEAST, PIN_MOST, box_pin},
    [BOX_FULL] = {"voicemail-full", 0, 0, box_full},
    [BOX_COUNT] = {NULL, 0, 0, box_next},
    [BOX_MESSAGE] = {"message voicemail-menu", 0, 1, box_key, .mail = STEP_PLAYS},
    [BOX_DELETED] = {"voicemail-deleted", 0, 0, box_next},
};

void mail_fill_turn(const struct call *c, const struct step *s, struct voice_turn *t)
{
	if (s->mail == STEP_OWN) {
		t->language = dialogue_language(c->mail_user);
		return;
	}
	t->message = c->mail_message;
	memcpy(t->message_key, c->mail_key, sizeof t->message_key);
	if (s->mail != STEP_RECORDS)
		return;
	t->record_ms = t->first_ms = child_site()->mail_s * 1000;
	t->silence_ms = SILENCE_MS;
}

/* --- answers --- */

void mail_late(struct call *c)
{
	uint8_t asked = c->mail_asks;

	c->mail_asks = ASKS_NOTHING;
	if (asked == ASKS_KEPT)
		dialogue_go(c, say_kept(c));
	else if (c->r.state == PHASE_ASKING)
		dialogue_go(c, tell(c, c->script == SCRIPT_LEAVE ? "voicemail-not-saved" : "not-now"));
	else
		give_up(c, "not-now");
}

void mail_end(const struct call *c)
{
	if (c->mail_open)
		mark(c->mail_user, c->mail_message, true);
}

/* One that comes too late finds nobody. */
static struct call *answered(uint64_t token, uint8_t asks)
{
	struct call *c = call_get(token);

	if (!c || (c->r.state != PHASE_LOOKING && c->r.state != PHASE_ASKING) || c->mail_asks != asks)
		return NULL;
	timer_cancel(&child_wheel, &c->ring);
	c->mail_asks = ASKS_NOTHING;
	return c;
}

void mail_on_found(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_found *m = v->payload;
	bool fresh = m->fresh;
	struct call *c = answered(m->token, fresh ? ASKS_ROOM : ASKS_NEXT);

	if (!c) {
		if (fresh && m->message) /* nobody will record it */
			mark(m->user, m->message, true);
		return;
	}
	if (!fresh && m->message && m->message <= c->mail_message) {
		/* without an end */
		child_accuse(from, "message that was found before", 0, 0);
		dialogue_go(c, tell(c, "not-now"));
		return;
	}
	if (m->message)
		c->mail_message = m->message;
	c->mail_open = fresh && m->message;
	c->mail_kept = MAIL_KEPTS;
	if (m->message && ask_key(c, fresh))
		return;
	if (fresh)
		no_message(c);
	else
		dialogue_go(c, tell(c, m->message ? "not-now" : "goodbye"));
}

void mail_on_key(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_key *m = v->payload;
	struct call *c = answered(m->token, ASKS_KEY);

	(void)from;
	if (!c)
		return;
	memcpy(c->mail_key, m->key, sizeof c->mail_key);
	if (c->r.state == PHASE_ASKING && c->script == SCRIPT_MAILBOX) {
		/* one without a key is past its time */
		dialogue_go(c, m->found ? BOX_MESSAGE : box_next(c, span_of(NULL, 0)));
	} else if (m->found) {
		c->script = SCRIPT_LEAVE;
		if (c->r.state == PHASE_ASKING) {
			dialogue_go(c, LEAVE_AGAIN);
			return;
		}
		refer_answered(c); /* whoever was sent here has arrived */
		call_event(c, CALL_ASKED, NULL);
	} else {
		no_message(c);
	}
}

void mail_on_kept(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_kept *m = v->payload;
	struct call *c = call_get(m->token);

	(void)from;
	if (!c || c->script != SCRIPT_LEAVE || c->mail_message != m->message)
		return;
	c->mail_kept = m->kept;
	if (answered(m->token, ASKS_KEPT))
		dialogue_go(c, say_kept(c));
}
