/* SPDX-License-Identifier: ISC */
#include "plan/permit.h"

static const struct {
	const char *word, *text;
} row[REASONS] = {
    [REASON_NONE] = {"none", "nothing was decided"},
    [REASON_ALLOWED] = {"allowed", "this call is allowed"},
    [REASON_EMERGENCY] = {"emergency", "emergency calls are always allowed"},
    [REASON_PIN_ASKED] = {"pin", "this extension never dialled that number, and is asked for its PIN"},
    [REASON_QUESTION] = {"question", "who calls, and how, is not known"},
    [REASON_NOT_UNDERSTOOD] = {"unknown", "this number is not understood"},
    [REASON_EMERGENCY_OUTSIDE] = {"emergency-outside",
	"no caller from outside reaches an emergency number through here"},
    [REASON_EMERGENCY_REMOTE] = {"emergency-remote",
	"this phone has no fixed place: help would be sent to the wrong one; use another phone"},
    [REASON_EXPIRED] = {"expired", "the certificate of this phone is out of date: emergency calls only"},
    [REASON_NO_LOGIN] = {"login", "nobody is logged in on this phone"},
    [REASON_OUTSIDER] = {"outsider", "an unverified caller from outside never reaches an outside line"},
    [REASON_TRANSIT] = {"transit", "a caller from outside reaches an outside line only on a user's account"},
    [REASON_NO_PAYER] = {"payer", "there is nobody on whose account this call would go"},
    [REASON_REDIRECT] = {"redirect", "a phone's redirect to the outside is not followed"},
    [REASON_ROUTE] = {"route", "this leads to internal numbers only"},
    [REASON_SERVICE_ROUTE] = {"service", "service codes are dialled from one's own phone"},
    [REASON_CLASS] = {"class", "numbers of this class are not allowed for this extension"},
    [REASON_NIGHT] = {"night", "numbers of this class are not allowed at this hour"},
    [REASON_MONEY] = {"money", "the money for today is used up"},
    [REASON_MINUTES] = {"minutes", "the minutes for today are used up"},
    [REASON_CALLS] = {"calls", "there are as many outside calls at once as are allowed"},
    [REASON_HOURLY] = {"hourly", "there were as many outside calls this hour as are allowed"},
    [REASON_DESTINATIONS] = {"destinations", "there were as many new numbers today as are allowed"},
    [REASON_ABROAD] = {"abroad",
	"there were as many new numbers abroad, premium or satellite within the hour as are allowed"},
    [REASON_NO_PIN] = {"no-pin", "this extension never dialled that number and has no PIN; set one first"},
    [REASON_PIN_LOCKED] = {"pin-locked", "the PIN is locked; the operator can free it"},
    [REASON_PIN_ABSENT] = {"pin-absent", "that number was never dialled by whom this call goes to the account of"},
};

const char *plan_reason_text(enum plan_reason r)
{
	return row[r].text;
}

const char *plan_reason_word(enum plan_reason r)
{
	return row[r].word;
}

/* What a route may do. A route that is not here does nothing. */
static const struct {
	bool known;
	bool outside; /* may lead out of the exchange */
	bool service; /* may reach a service code */
	bool askable; /* the payer holds the phone and can be asked for the PIN */
} of_route[ROUTES] = {
    [ROUTE_FRESH] = {true, true, true, true},
    [ROUTE_FORWARD] = {true, true, false, false},
    [ROUTE_TRANSFER] = {true, true, false, false},
    [ROUTE_REDIRECT] = {true, false, false, false},
    [ROUTE_GROUP] = {true, true, false, false},
    [ROUTE_MENU] = {true, false, false, false},
    [ROUTE_VOICEMAIL] = {true, true, false, true},
    [ROUTE_PICKUP] = {true, false, false, false},
    [ROUTE_PARK] = {true, false, false, false},
    [ROUTE_CLICK] = {true, true, false, true},
};

static enum plan_reason emergency(const struct plan *p, const struct plan_question *q)
{
	if (q->who != WHO_USER && q->who != WHO_DEVICE)
		return REASON_EMERGENCY_OUTSIDE;
	/* who is transferred to would call from where the other is: help would be sent to the wrong place */
	if (q->route != ROUTE_FRESH && q->route != ROUTE_CLICK)
		return REASON_ROUTE;
	if ((q->device_remote || !q->device_fixed) && (p->emergency_remote == REMOTE_DENY || !q->device_located))
		return REASON_EMERGENCY_REMOTE;
	return REASON_EMERGENCY;
}

/* Who called for help goes where the one who helps sends them, and nowhere outside. */
static bool is_led(const struct plan_question *q)
{
	return q->helped && q->number.class == NUMBER_INTERNAL && q->route != ROUTE_FRESH && q->route != ROUTE_CLICK;
}

/* Who may ask for anything that is no emergency. */
static enum plan_reason asker(const struct plan_question *q)
{
	if (q->who == WHO_NOBODY || q->who >= WHOS || q->route >= ROUTES || !of_route[q->route].known ||
	    q->payer >= PAYERS || q->pin >= PLAN_PINS || q->night >= NIGHT_MODES || q->number.class >= NUMBER_CLASSES)
		return REASON_QUESTION;
	if (q->number.class == NUMBER_UNKNOWN)
		return REASON_NOT_UNDERSTOOD;
	if (q->device_expired && !is_led(q))
		return REASON_EXPIRED;
	return REASON_NONE;
}

static enum plan_reason service(const struct plan *p, const struct plan_question *q)
{
	struct span argument;
	enum service s = plan_service(p, span_str(q->number.text), &argument);

	if (!of_route[q->route].service || (q->who != WHO_USER && q->who != WHO_DEVICE))
		return REASON_SERVICE_ROUTE;
	if (s == SERVICES)
		return REASON_NOT_UNDERSTOOD;
	if (q->who == WHO_DEVICE && s != SERVICE_LOGIN)
		return REASON_NO_LOGIN;
	return REASON_ALLOWED;
}

static enum plan_reason internal(const struct plan_question *q)
{
	return q->who == WHO_DEVICE && !is_led(q) ? REASON_NO_LOGIN : REASON_ALLOWED;
}

/* R14: may this end be joined to a line that leaves the exchange, and is there one who pays? */
static enum plan_reason outsider(const struct plan_question *q)
{
	if (q->who == WHO_ANONYMOUS || q->who == WHO_UNVERIFIED)
		return REASON_OUTSIDER;
	if (q->who == WHO_DEVICE)
		return REASON_NO_LOGIN;
	if (q->route == ROUTE_REDIRECT)
		return REASON_REDIRECT;
	if (!of_route[q->route].outside)
		return REASON_ROUTE;
	if (q->who == WHO_VERIFIED &&
	    (q->payer != PAYER_OTHER || q->route == ROUTE_FRESH || of_route[q->route].askable))
		return REASON_TRANSIT;
	return q->payer == PAYER_NOBODY ? REASON_NO_PAYER : REASON_NONE;
}

static enum plan_reason pin(const struct plan *p, const struct plan_question *q)
{
	if (!p->pin || q->dialled_before || q->pin_given)
		return REASON_ALLOWED;
	if (q->payer != PAYER_SELF || !of_route[q->route].askable)
		return REASON_PIN_ABSENT; /* and whoever does call is not told of the payer's PIN */
	if (q->pin == PLAN_PIN_LOCKED)
		return REASON_PIN_LOCKED;
	return q->pin == PLAN_PIN_NONE ? REASON_NO_PIN : REASON_PIN_ASKED;
}

static enum plan_reason outside(const struct plan *p, const struct plan_question *q)
{
	const struct plan_classes *classes = q->has_classes ? &q->classes : &p->classes;
	enum plan_reason why = outsider(q);

	if (why)
		return why;
	if (!plan_classes_have(classes, &q->number))
		return REASON_CLASS;
	if (!classes->at_night && !plan_night_has(p, (enum plan_night_mode)q->night, q->week_min, &q->number))
		return REASON_NIGHT;
	if (q->limits.full)
		return q->limits.kind < CEILING_KINDS ? (enum plan_reason)(REASON_MONEY + q->limits.kind)
		                                      : REASON_QUESTION;
	return pin(p, q);
}

static enum plan_reason decide(const struct plan *p, const struct plan_question *q)
{
	if (q->number.class == NUMBER_EMERGENCY)
		return emergency(p, q);
	enum plan_reason why = asker(q);
	if (why)
		return why;
	if (q->number.class == NUMBER_SERVICE)
		return service(p, q);
	return q->number.class == NUMBER_INTERNAL ? internal(q) : outside(p, q);
}

struct plan_answer plan_permit(const struct plan *p, const struct plan_question *q)
{
	static const uint8_t verdict[REASONS] = {
	    [REASON_ALLOWED] = PLAN_ALLOW, [REASON_EMERGENCY] = PLAN_ALLOW, [REASON_PIN_ASKED] = PLAN_ASK_PIN};
	enum plan_reason why = decide(p, q);
	struct plan_answer a = {.verdict = verdict[why], .reason = (uint8_t)why, .text = row[why].text};

	if (number_is_outside(&q->number) && q->number.class < NUMBER_CLASSES)
		a.rate = plan_rate_of(p, &q->number);
	return a;
}
