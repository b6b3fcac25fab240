/* SPDX-License-Identifier: ISC */
/* clang-format off */
/* What the exchange does for people: emergency calls, callers from outside, service codes, the PIN. */
#include "draft.h"
#include "plan/incoming.h"

static struct plan *plan_of(struct draft *d)
{
	return &d->out->site.plan;
}

static const char *set_test(struct draft *d, struct span v)
{
	d->test_given = true;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return "is no number (digits; nothing at all for none)";
	return span_cstr(v, plan_of(d)->emergency_test, PLAN_EMERGENCY_NUMBER_MAX) ? NULL : "has more than 15 digits";
}

static const char *set_remote(struct draft *d, struct span v)
{
	if (!span_eq(v, SPAN("deny")) && !span_eq(v, SPAN("last-location")))
		return "is neither deny nor last-location";
	plan_of(d)->emergency_remote = span_eq(v, SPAN("deny")) ? REMOTE_DENY : REMOTE_LAST_LOCATION;
	return NULL;
}

static const char *set_callback(struct draft *d, struct span v)
{
	uint32_t minutes = 0;
	const char *why = draft_number(v, 0, 24 * 60, &minutes);

	if (!why)
		plan_of(d)->callback_min = (uint16_t)minutes;
	return why;
}

static const char *set_notices(struct draft *d, struct span v)
{
	return draft_number(v, 0, 36500, &d->out->site.notice_days);
}

static const char *set_pin(struct draft *d, struct span v)
{
	plan_of(d)->pin = span_eq(v, SPAN("on"));
	return plan_of(d)->pin || span_eq(v, SPAN("off")) ? NULL : "is neither on nor off";
}

static const char *policy(struct span v, uint8_t *out)
{
	for (int i = 0; i < INCOMING_POLICIES; i++)
		if (span_eq(v, span_str(incoming_policy_name[i]))) {
			*out = (uint8_t)i;
			return NULL;
		}
	return "is none of pass slow screen refuse";
}

static const char *set_unknown(struct draft *d, struct span v)
{
	return policy(v, &plan_of(d)->unknown_caller);
}

static const char *set_anonymous(struct draft *d, struct span v)
{
	return policy(v, &plan_of(d)->anonymous_caller);
}

static const char *set_failed(struct draft *d, struct span v)
{
	return policy(v, &plan_of(d)->failed_caller);
}

static const char *listed(struct span v, char list[][PLAN_PREFIX_MAX + 1], uint8_t *n)
{
	struct span digits = span_skip(v, 1);

	if (*n == PLAN_LIST_MAX)
		return "is one too many (32 are allowed)";
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return "is no number or prefix of E.164 such as +33144";
	if (!span_starts(v, SPAN("+")) || !digits.n || !span_cstr(v, list[*n], PLAN_PREFIX_MAX + 1))
		return "is no number or prefix of E.164 such as +33144";
	++*n;
	return NULL;
}

static const char *set_allow(struct draft *d, struct span v)
{
	return listed(v, plan_of(d)->allow, &plan_of(d)->allowed);
}

static const char *set_block(struct draft *d, struct span v)
{
	return listed(v, plan_of(d)->block, &plan_of(d)->blocked);
}

static const char *code(struct draft *d, enum service s, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!strchr("0123456789*#", v.p[i] ? v.p[i] : ' ') || (i == 0 && v.p[i] != '*' && v.p[i] != '#'))
			return "is no code (* or #, then digits; nothing at all for none)";
	return span_cstr(v, plan_of(d)->code[s], PLAN_CODE_MAX + 1) ? NULL : "has more than 7 characters";
}

#define EACH_SERVICE(X)                                                                                               \
	X(FORWARD, "forward")                                                                                         \
	X(FORWARD_OFF, "forward-off")                                                                                 \
	X(FORWARD_BUSY, "forward-busy")                                                                               \
	X(FORWARD_BUSY_OFF, "forward-busy-off")                                                                       \
	X(FORWARD_NO_ANSWER, "forward-no-answer")                                                                     \
	X(FORWARD_NO_ANSWER_OFF, "forward-no-answer-off")                                                             \
	X(FORWARD_ABSENT, "forward-absent")                                                                           \
	X(FORWARD_ABSENT_OFF, "forward-absent-off")                                                                   \
	X(DND, "dnd")                                                                                                 \
	X(DND_OFF, "dnd-off") X(PIN, "pin") X(LOGIN, "login") X(LOGOUT, "logout") X(PICKUP, "pickup") X(PARK, "park") \
	    X(RETRIEVE, "retrieve") X(VOICEMAIL, "voicemail") X(BLOCK_LAST, "block-last")                             \
		X(UNBLOCK_LAST, "unblock-last")                                                                       \
		X(REJECT_ANONYMOUS, "reject-anonymous") X(REJECT_ANONYMOUS_OFF, "reject-anonymous-off")

#define SETTER(NAME, name)                                                 \
	static const char *set_code_##NAME(struct draft *d, struct span v) \
	{                                                                  \
		return code(d, SERVICE_##NAME, v);                         \
	}
EACH_SERVICE(SETTER)

#define ROW(NAME, name) {"service", name, false, false, set_code_##NAME},

const struct draft_key draft_service_keys[] = {
    {NULL, "pin", false, false, set_pin},
    {"emergency", "test", false, false, set_test},
    {"emergency", "remote", false, false, set_remote},
    {"emergency", "callback", false, false, set_callback},
    {"emergency", "notices", false, false, set_notices},
    {"incoming", "unknown", false, false, set_unknown},
    {"incoming", "anonymous", false, false, set_anonymous},
    {"incoming", "failed", false, false, set_failed},
    {"incoming", "allow", true, false, set_allow},
    {"incoming", "block", true, false, set_block},
    EACH_SERVICE(ROW){NULL, NULL, false, false, NULL},
};

const char *draft_end_service(struct draft *d)
{
	const struct plan *p = plan_of(d);

	for (int i = 0; i < SERVICES; i++)
		for (int k = 0; k < i; k++)
			if (p->code[i][0] && strcmp(p->code[i], p->code[k]) == 0)
				return "two services have the same code";
	return NULL;
}
