/* SPDX-License-Identifier: ISC */
#include "dialogue.h"
#include "base/secret.h"
#include "desk.h"
#include "join.h"
#include "mail.h"
#include "pin.h"
#include "script.h"
#include "settings.h"
#include "share.h"
#include "voice.h"
#include "wire/sdp_offer.h"

enum { FIRST_MS = 10000, GAP_MS = 4000, SILENCES_MAX = 2, SEATS_LEAST = 8 };

static struct share share[VOICE_SEATS];
_Static_assert(VOICE_SEATS == sizeof((struct call *)0)->seat_by / sizeof(uint32_t), "a holder for each");

/* --- turns --- */

static uint8_t codec_of(const struct leg *l)
{
	struct sdp ours, theirs;

	leg_local(l, &ours);
	leg_remote(l, &theirs);
	for (uint8_t i = 0; i < theirs.audio.codec_n; i++)
		for (uint8_t j = 0; j < ours.audio.codec_n; j++)
			if (theirs.audio.codec[i].codec != SDP_TELEPHONE_EVENT &&
			    theirs.audio.codec[i].codec == ours.audio.codec[j].codec)
				return theirs.audio.codec[i].codec;
	return SDP_PCMU;
}

static struct leg *leg_at(struct call *c, unsigned side)
{
	struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	return a && a->r.side == side ? a : b && b->r.side == side ? b : NULL;
}

static void hear_voice(struct call *c, unsigned side, bool keys)
{
	c->r.hears[side] = RELAY_HEARS_VOICE;
	c->r.listens = (uint8_t)((c->r.listens & ~(1u << side)) | (unsigned)keys << side);
	call_relay(c);
}

/* Theirs who listens, and of who is outside the site's. */
const char *dialogue_language(uint32_t person)
{
	const char *own = settings_of_user(person)->language;

	return own[0] ? own : child_site()->language;
}

enum { SAYS_ONCE, SAYS_ON, SAYS_AT_ONCE };

static bool speak(struct call *c, struct leg *l, const struct step *s, int how)
{
	struct voice_turn t = {.join = c->r.id,
	    .side = l->r.side,
	    .codec = codec_of(l),
	    .emergency = c->r.emergency,
	    .loop = how == SAYS_ON,
	    .at_once = how == SAYS_AT_ONCE,
	    .seated = (c->seats >> SEAT_SPOKEN_TO & 1) && l->r.id == c->r.caller,
	    .barge = s->max > 0 && s->mail != STEP_RECORDS,
	    .say = s->say ? s->say : c->mail_say,
	    .language = dialogue_language(l->r.person),
	    .digits_min = s->min,
	    .digits_max = s->max,
	    .end_key = '#',
	    .first_ms = FIRST_MS,
	    .gap_ms = GAP_MS,
	    .owner = VOICE_CALL,
	    .owner_id = c->r.id};

	if (s->mail)
		mail_fill_turn(c, s, &t);
	hear_voice(c, l->r.side, s->max > 0);
	c->turn[l->r.side] = voice_turn(&t);
	return c->turn[l->r.side] != 0;
}

void dialogue_loop(struct call *c, unsigned side, const char *say)
{
	struct leg *l = leg_at(c, side);
	const struct step s = {.say = say};

	if (l && l->r.ends != RELAY_PASSING && !c->turn[side])
		speak(c, l, &s, SAYS_ON);
}

void dialogue_follow(struct call *c, const struct leg *l)
{
	uint64_t *token = &c->turn[l->r.side];

	if (leg_at(c, l->r.side) == l && *token)
		*token = voice_go_on_in(*token, codec_of(l));
}

void dialogue_quiet(struct call *c, unsigned side)
{
	voice_stop(c->turn[side]);
	c->turn[side] = 0;
	c->r.listens &= (uint8_t) ~(1u << side);
}

/* A message that voice records is ended by voice; one that it does not have yet goes. */
static void leave_message(struct call *c)
{
	const struct step *s = script_step(c->script, c->step);
	const struct leg *caller = leg_get(c->r.caller);
	uint64_t token = caller ? c->turn[caller->r.side] : 0;

	if (s && s->mail == STEP_RECORDS && token && !voice_waits(token))
		c->mail_open = false;
}

void dialogue_end(struct call *c)
{
	leave_message(c);
	voice_stop_join(c->r.id);
	mail_end(c);
	c->turn[0] = c->turn[1] = 0;
	secret_wipe(c->kept, sizeof c->kept);
	secret_wipe(c->mail_key, sizeof c->mail_key);
}

/* --- the caller --- */

/* Who calls for help is told why it fails before the front desk is told of another. */
static bool take_voice(enum voice_seat which, bool emergency)
{
	return voice_seat_take(which, emergency) ||
	       (emergency && which == SEAT_SPOKEN_TO && desk_gives_way() && voice_seat_take(which, true));
}

static bool take_seat(struct call *c, enum voice_seat which)
{
	const struct leg *caller = leg_get(c->r.caller);
	const uint32_t by = caller ? caller->by : NOBODY;

	if (c->seats >> which & 1)
		return true;
	if (!share_has_room(&share[which], by) || !take_voice(which, c->r.emergency))
		return false;
	share_add(&share[which], by);
	c->seat_by[which] = by;
	c->seats |= (uint8_t)(1u << which);
	return true;
}

bool dialogue_take_seat(struct call *c)
{
	return take_seat(c, SEAT_SPOKEN_TO);
}

bool dialogue_can(struct call *c)
{
	return voice_ready() && join_can_answer(leg_get(c->r.caller)) && take_seat(c, SEAT_SPOKEN_TO);
}

bool dialogue_can_message(struct call *c)
{
	return dialogue_can(c) && take_seat(c, SEAT_MESSAGE);
}

enum dialogue_keys dialogue_keys(const struct leg *l)
{
	struct sdp theirs;

	if (leg_owes_answer(l)) /* it will be offered them */
		return KEYS_IN_RTP;
	leg_remote(l, &theirs);
	for (uint8_t i = 0; i < theirs.audio.codec_n; i++)
		if (theirs.audio.codec[i].codec == SDP_TELEPHONE_EVENT)
			return KEYS_IN_RTP;
	return l->r.allow >> SIP_INFO & 1 ? KEYS_BY_INFO : KEYS_NONE;
}

void dialogue_leave_seats(struct call *c)
{
	for (int i = 0; i < VOICE_SEATS; i++)
		if (c->seats >> i & 1) {
			voice_seat_release((enum voice_seat)i);
			share_release(&share[i], c->seat_by[i]);
		}
	c->seats = 0;
}

void dialogue_cannot(struct call *c)
{
	bool full = voice_ready() && join_can_answer(leg_get(c->r.caller));

	c->best = full ? REFUSE_FULL : REFUSE_NO_VOICE;
	c->best_text = full ? "prompts can't be heard this moment, voice is full; see ringfence status" : NULL;
}

/* The caller is there to hear. False: it is not, and the call is refused in signalling. */
static bool answered(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (caller && !c->r.spoken && !dialogue_can(c)) {
		if (!c->best)
			dialogue_cannot(c);
		return false;
	}
	const char *why = caller && !c->r.spoken ? join_caller(c, caller) : NULL;

	if (why)
		c->best_text = why;
	return caller && !why;
}

static void run(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);
	const struct step telling = {.say = c->say};
	const struct step *s = c->r.state == PHASE_TELLING ? &telling : script_step(c->script, c->step);

	if (!c->keyed) /* dialogue_heard() goes on */
		return;
	if (caller && s && speak(c, caller, s, SAYS_ONCE))
		return;
	if (!c->best)
		c->best = REFUSE_NO_VOICE;
	call_event(c, CALL_TIME_OUT, NULL);
}

void dialogue_begin(struct call *c)
{
	c->step = script_first(c);
	c->silences = 0;
	if (answered(c))
		run(c);
	else
		call_event(c, CALL_REFUSED, NULL);
}

void dialogue_tell(struct call *c)
{
	struct leg *caller = leg_get(c->r.caller);

	if (caller)
		dialogue_quiet(c, caller->r.side);
	if (answered(c))
		run(c);
	else
		call_event(c, CALL_TIME_OUT, NULL);
}

void dialogue_heard(struct call *c)
{
	bool waiting = c->r.state == PHASE_ASKING || c->r.state == PHASE_TELLING;
	struct leg *caller = leg_get(c->r.caller);

	if (!caller || c->turn[caller->r.side])
		return;
	if (waiting)
		run(c);
	else if (c->r.state == PHASE_WAITING && c->dest.kind == DEST_PARK)
		dialogue_loop(c, caller->r.side, "music");
}

/* --- in the midst of a call --- */

static void hear_other(struct call *c, unsigned side)
{
	c->r.hears[side] = RELAY_HEARS_OTHER;
	call_relay(c);
}

/* Of a line that was given on, or parked, the caller is the far end. */
static struct leg *who_is_cut_off(const struct call *c)
{
	struct leg *caller = leg_get(c->r.caller), *callee = leg_get(c->r.callee);

	return caller && caller->r.trunk && callee && !callee->r.trunk ? callee : caller;
}

bool dialogue_warn(struct call *c)
{
	static const struct step warning = {.say = "one-minute-left"};
	struct leg *l = who_is_cut_off(c);

	if (!l || l->r.ends == RELAY_PASSING || c->turn[l->r.side] || !voice_ready())
		return false;
	if (speak(c, l, &warning, SAYS_AT_ONCE))
		return true;
	hear_other(c, l->r.side);
	return false;
}

void dialogue_hold(struct call *c, const struct leg *by)
{
	unsigned there = !by->r.side;
	struct sdp theirs;

	if (c->r.state != PHASE_TALKING || leg_at(c, by->r.side) != by) /* or it has given its place to another */
		return;
	leg_remote(by, &theirs);
	dialogue_quiet(c, there);
	if (sdp_holds(&theirs))
		dialogue_loop(c, there, "music");
	else
		hear_other(c, there);
}

void dialogue_holds(struct call *c)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct leg *l = leg_at(c, side);
		struct sdp theirs;
		if (!l || l->r.ends == RELAY_PASSING || leg_owes_answer(l))
			continue;
		leg_remote(l, &theirs);
		if (sdp_holds(&theirs))
			dialogue_loop(c, !side, "music");
	}
}

/* --- what comes back --- */

static void go_on(struct call *c, int next)
{
	static const enum call_event event[] = {[-SCRIPT_ALLOWED] = CALL_ALLOWED,
	    [-SCRIPT_REFUSED] = CALL_REFUSED,
	    [-SCRIPT_TELL] = CALL_TOLD_WHY,
	    [-SCRIPT_JUDGE] = CALL_FORWARDED};

	if (next == SCRIPT_WAIT)
		return;
	if (next < 0) {
		secret_wipe(c->kept, sizeof c->kept);
		call_event(c, event[-next], NULL);
		return;
	}
	c->step = (uint8_t)next;
	run(c);
}

void dialogue_go(struct call *c, int next)
{
	if (c->r.state == PHASE_ASKING)
		go_on(c, next);
}

/* A phone without telephone-event is asked for its PIN all the same: it may say keys by INFO without telling before that it does. */
static void tell_why_silent(const struct leg *caller)
{
	child_event(EVENT_CALL_REFUSED, SEVERITY_INFO, caller->r.device, caller->r.person, &caller->r.seen,
	    "no key was pressed: none is offered in RTP (telephone-event)");
}

/* Nothing was pressed: asked once more, then the call ends. Who is screened and may have no way to say a key was held up by the question. */
static int on_silence(struct call *c, const struct leg *caller)
{
	const bool mute = dialogue_keys(caller) != KEYS_IN_RTP;

	if (mute && c->script == SCRIPT_SCREEN)
		return SCRIPT_ALLOWED;
	if (++c->silences < SILENCES_MAX)
		return c->step;
	if (mute)
		tell_why_silent(caller);
	c->best = REFUSE_NOT_ALLOWED;
	c->say = "goodbye";
	return SCRIPT_TELL;
}

static void on_turned(uint64_t owner, uint64_t token, enum turn_why why, struct span digits)
{
	struct call *c = call_get(owner);
	struct leg *caller = c ? leg_get(c->r.caller) : NULL;
	unsigned side = c && c->turn[1] == token;

	if (!caller || c->turn[side] != token)
		return;
	c->turn[side] = 0;
	if (c->desk && why == TURN_SAID)
		desk_said(c);
	if (c->r.state == PHASE_TALKING) {
		hear_other(c, side);
		return;
	}
	if (c->r.state == PHASE_TELLING) {
		call_event(c, CALL_SAID, NULL);
		return;
	}
	const struct step *s = c->r.state == PHASE_ASKING ? script_step(c->script, c->step) : NULL;
	if (!s)
		return;
	if (s->mail == STEP_RECORDS) /* unless voice never had it */
		c->mail_open =
		    why == TURN_NO_SPACE || why == TURN_NO_PROMPT || (why == TURN_STOPPED && !voice_awaited());
	if (why == TURN_DIGITS || (why == TURN_SAID && s->max == 0))
		go_on(c, s->then(c, digits));
	else if (why == TURN_NO_PROMPT && s->otherwise)
		go_on(c, s->otherwise);
	else if (why == TURN_TIME_OUT)
		go_on(c, on_silence(c, caller));
	else if (why == TURN_STOPPED && s->mail == STEP_RECORDS && voice_awaited())
		go_on(c, mail_again(c));
	else {
		c->best = REFUSE_NO_VOICE;
		call_event(c, CALL_REFUSED, NULL);
	}
}

void dialogue_key(struct leg *l, unsigned digit)
{
	struct call *c = call_get(l->r.call);

	if (c && c->r.listens >> l->r.side & 1)
		voice_key(c->r.id, l->r.side, digit);
}

void dialogue_init(void)
{
	static voice_turned *const turned[VOICE_OWNERS] = {[VOICE_CALL] = on_turned};

	voice_init(child_site()->max_calls, turned);
	for (int i = 0; i < VOICE_SEATS; i++)
		share_init(&share[i], voice_seats((enum voice_seat)i),
		    share_most(voice_seats((enum voice_seat)i), SEATS_LEAST));
	script_init();
}
