/* SPDX-License-Identifier: ISC */
/* What media says of a call: whether and for whom it can be heard, and that it failed. */
#include "call.h"
#include "calls_list.h"
#include "dialogue.h"
#include "media.h"

void call_media_failed(uint64_t call, enum relay_why why)
{
	static const char *const text[RELAY_WHYS] = {
	    [RELAY_NO_PORT] = "a media port could not be used",
	    [RELAY_BAD_SPEC] = "the media relay refused the call",
	    [RELAY_EXPIRED] = "the media relay lost the call",
	    [RELAY_GATE_SHUT] = "no media keys within 10 s of the answer",
	    [RELAY_SILENT] = "both phones stopped sending media",
	};
	struct call *c = call_get(call);

	if (!c)
		return;
	if (why == RELAY_GATE_SHUT)
		child_event(EVENT_GATE_SHUT, SEVERITY_WARNING, 0, 0, NULL, text[why]);
	call_fail_media(c, why == RELAY_GATE_SHUT ? REFUSE_MEDIA_SHUT : REFUSE_NO_MEDIA, text[why]);
}

/* Who could hear it (R7). */
static enum grade grade_of(const struct call *c, enum relay_key key)
{
	const struct leg *a = leg_get(c->r.caller), *b = leg_get(c->r.callee);

	if (!c->r.ended)
		return key == RELAY_KEY_SDES ? GRADE_EXCHANGE : GRADE_END_TO_END;
	if ((a && a->r.ends == RELAY_ENDED_CLEAR) || (b && b->r.ends == RELAY_ENDED_CLEAR))
		return GRADE_OPEN;
	return (a && a->r.trunk) || (b && b->r.trunk) ? GRADE_GATEWAY : GRADE_EXCHANGE;
}

enum grade call_grade(const struct call *c)
{
	bool told = c->r.spoken && c->r.ended && c->keyed && !c->r.answered_ms; /* it hears prompts, and is heard */

	return told ? grade_of(c, RELAY_KEY_NONE) : (enum grade)c->r.grade;
}

void call_gate_open(uint64_t call, enum relay_key key)
{
	struct call *c = call_get(call);

	/* the last: of a wish that has changed since */
	if (!c || (!c->r.ended && (key == RELAY_KEY_NONE || key != c->r.key)))
		return;
	c->keyed = 1;
	if (c->r.answered_ms)
		c->r.grade = (uint8_t)grade_of(c, key);
	call_save(c);
	dialogue_heard(c);
}

/* media knows no phones: whose packets they were core knows (T33). */
void call_forged(uint64_t call, unsigned side, enum relay_key key)
{
	const struct call *c = call_get(call);
	const struct leg *a = c ? leg_get(c->r.caller) : NULL, *b = c ? leg_get(c->r.callee) : NULL;
	const struct leg *l = a && a->r.side == side ? a : b;

	if (l)
		child_event(EVENT_GATE_SHUT, SEVERITY_ALARM, l->r.trunk ? 0 : l->r.device, l->r.person, &l->r.seen,
		    key == RELAY_KEY_ZRTP ? "the Hello of ZRTP is not the one that signalling announced"
					  : "the certificate in DTLS is not the one that signalling announced");
}

void call_varying(uint64_t call, unsigned side)
{
	struct call *c = call_get(call);

	if (!c)
		return;
	c->r.varying |= (uint8_t)(1u << side); /* it is not told again */
	call_save(c);
}

void call_counts(const struct msg_relay_counts *m)
{
	struct call *c = call_get(m->join);

	if (!c)
		return;
	const bool talks = calls_talks(c);
	if (m->packets_a != c->packets[0] || !talks)
		c->heard_ms[0] = child_now();
	if (m->packets_b != c->packets[1] || !talks)
		c->heard_ms[1] = child_now();
	c->packets[0] = m->packets_a;
	c->packets[1] = m->packets_b;
	c->dropped[0] = m->dropped_a;
	c->dropped[1] = m->dropped_b;
	c->expected[0] = m->expected_a;
	c->expected[1] = m->expected_b;
	c->lost[0] = m->lost_a;
	c->lost[1] = m->lost_b;
	c->jitter_ns[0] = m->jitter_a;
	c->jitter_ns[1] = m->jitter_b;
}

static void tell(struct call *c, void *arg)
{
	(void)arg;
	c->untold = false;
	if (!timer_is_set(&c->renew)) /* nothing is to be told yet */
		return;
	media_owe(c);
	call_relay(c);
}

void call_tell_media(void)
{
	call_each(tell, NULL);
}
