/* SPDX-License-Identifier: ISC */
#include "judge.h"
#include "dial.h"
#include "dialogue.h"
#include "emergency.h"
#include "forward.h"
#include "incoming.h"
#include "insist.h"
#include "mail.h"
#include "notice.h"
#include "pin.h"
#include "service.h"
#include "settings.h"

void judge_case(const struct call *c, const struct dest *to, struct permit_case *out)
{
	const struct leg *caller = leg_get(c->r.caller);
	const struct flow *f = caller ? leg_flow(caller) : NULL;

	*out = (struct permit_case){.who = c->r.who,
	    .route = to->route,
	    .user = caller ? caller->r.person : NOBODY,
	    .device = caller ? caller->r.device : NOBODY,
	    .payer = to->payer,
	    .at = caller ? &caller->r.seen : NULL,
	    .expired = f && f->expired,
	    .inside = to->kind == DEST_USER || to->kind == DEST_GROUP || to->kind == DEST_MAILBOX,
	    .dialled_before = c->dialled_before,
	    .pin_given = c->pin_given,
	    .helped = emergency_is_of(c, caller),
	    .pin = c->looked ? c->pin : pin_unheard.pin,
	    .number = to->number};
}

/* An answer that hangs on whether the payer ever dialled this number. */
static bool hangs_on_memory(const struct plan_answer *a)
{
	return a->verdict == PLAN_ASK_PIN || a->reason == REASON_PIN_ABSENT || a->reason == REASON_DESTINATIONS ||
	       a->reason == REASON_ABROAD;
}

/* Where no PIN asks, the ceilings of new numbers still want to know which are. */
static bool counts_as_new(const struct call *c, const struct plan_answer *a)
{
	return a->verdict == PLAN_ALLOW && number_is_outside(&c->dest.number) && !child_site()->plan.pin;
}

static const char *prompt_of(const struct plan_answer *a)
{
	static const char *const prompt[REASONS] = {
	    [REASON_EMERGENCY_REMOTE] = "emergency-remote",
	    [REASON_MONEY] = "ceiling-reached",
	    [REASON_MINUTES] = "ceiling-reached",
	    [REASON_ABROAD] = "ceiling-reached",
	    [REASON_NO_PIN] = "pin-absent",
	    [REASON_PIN_LOCKED] = "pin-locked",
	};
	return prompt[a->reason];
}

static void refuse(struct call *c, const struct plan_answer *a)
{
	const struct leg *caller = leg_get(c->r.caller);
	const char *say = prompt_of(a);

	insist_note(caller, c->dest.payer, (enum plan_reason)a->reason);
	if (forward_refused(c, a->text))
		return;
	c->best = (uint8_t)permit_refusal(a);
	c->best_text = a->text;
	if (a->verdict == PLAN_ASK_PIN)
		dialogue_cannot(c);
	if (caller)
		child_event(
		    EVENT_CALL_REFUSED, SEVERITY_INFO, caller->r.device, caller->r.person, &caller->r.seen, a->text);
	c->say = say ? say : "not-allowed";
	call_event(c, (say || c->r.spoken) && dialogue_can(c) ? CALL_TOLD_WHY : CALL_REFUSED, NULL);
}

struct look {
	struct call *call;
	uint16_t nth;
	bool asked;
};

static bool look_up(uint32_t user, void *arg)
{
	struct look *k = arg;
	struct call *c = k->call;

	if (k->nth++ < c->looked_up)
		return true;
	c->looked_up = k->nth;
	k->asked =
	    incoming_may_ring(c, user) && pin_ask_dialled(PIN_FOR_CALL, c->r.id, user, span_str(c->outside.text));
	return !k->asked;
}

/* keeper is asked whether the next of those whom the call would ring has ever dialled its caller. One that is silent is not
 * waited for once for each. */
static bool looks_up(struct call *c)
{
	struct look k = {.call = c};

	if (!c->outside.text[0] || c->dialled_before || (c->looked_up && child_now() >= c->r.started_ms + PIN_ASK_MS))
		return false;
	dial_each_callee(&c->dest, look_up, &k);
	return k.asked;
}

/* One whom a callee has called is no stranger (R18). */
static void judge_caller(struct call *c)
{
	if (c->proof_waits || looks_up(c))
		return;
	c->incoming = 0;
	incoming_judge(c);
}

static void allow(struct call *c)
{
	if (c->dest.kind == DEST_SERVICE)
		service_begin(c);
	else if (c->dest.kind == DEST_MAILBOX)
		mail_leave(c);
	else if (c->incoming)
		judge_caller(c);
	else if (!incoming_turned_away(c))
		call_event(c, CALL_ALLOWED, NULL);
}

static void look_back(struct call *c, const struct pin_memory *m)
{
	c->looked = 1;
	c->dialled_before = m->dialled;
	c->pin = m->pin;
}

void judge_call(struct call *c)
{
	struct permit_case question;

	judge_case(c, &c->dest, &question);
	const struct plan_answer a = permit(&question);
	if (c->r.emergency)
		emergency_begins(c, &a);
	if ((hangs_on_memory(&a) || counts_as_new(c, &a)) && !c->looked) {
		if (pin_ask_dialled(PIN_FOR_CALL, c->r.id, c->dest.payer, span_str(c->dest.number.text)))
			return;
		look_back(c, &pin_unheard);
	}
	if (a.verdict == PLAN_ALLOW) {
		allow(c);
	} else if (a.verdict == PLAN_ASK_PIN && dialogue_can(c)) {
		c->script = SCRIPT_OUTGOING_PIN;
		call_event(c, CALL_ASKED, NULL);
	} else {
		refuse(c, &a);
	}
}

void call_on_dialled(uint64_t call, const struct pin_memory *m)
{
	struct call *c = call_get(call);

	if (!c || c->r.state != PHASE_LOOKING)
		return;
	look_back(c, m);
	judge_call(c);
}

void call_on_proof(uint64_t call, uint8_t proof)
{
	struct call *c = call_get(call);

	if (!c || !c->proof_waits)
		return;
	c->proof_waits = 0;
	incoming_proved(c, proof, "the caller's signature is not of the signer's key, or was used before");
	if (c->r.state == PHASE_LOOKING && c->incoming)
		judge_call(c);
}
