/* SPDX-License-Identifier: ISC */
/* Could core have written this? What is adopted from an arena indexes tables, and goes to media in messages that must be right. */
#include "bans.h"
#include "base/utf8.h"
#include "call.h"
#include "callback.h"
#include "desk.h"
#include "hotdesk.h"
#include "kept.h"
#include "last_caller.h"
#include "mwi.h"
#include "notice.h"
#include "record.h"
#include "session.h"

/* What site_ok() lets a site say at most. */
enum {
	REGISTER_MOST_S = 7200,
	LOGIN_MOST_S = 86400,
	HOTDESK_MOST_S = 86400,
	PARK_MOST_S = 3600,
	CALLBACK_MOST_S = 86400
};

#define TEXT_OK(s) text_ok(s, sizeof(s))

/* It ends within cap octets and holds no controls. */
static bool text_ok(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	return n < cap && msg_text_ok(span_of(s, n));
}

static bool wall_ok(int64_t wall_ms)
{
	return wall_ms >= 0 && wall_ms < INT64_MAX / 2;
}

/* Not further ahead than so many seconds. */
static bool within(uint64_t until_ms, uint32_t most_s)
{
	return until_ms <= child_now() + most_s * UINT64_C(1000);
}

/* Whatever its configuration asked for. */
static bool is_user(uint32_t user)
{
	return user == NOBODY || user < SITE_USERS_MOST;
}

static bool is_phone(uint32_t device)
{
	return device == NOBODY || device <= SITE_PHONES_MOST;
}

bool kept_fits(uint32_t user, uint32_t device)
{
	const struct site *s = child_site();

	return (user == NOBODY || user < s->max_users) && (device == NOBODY || device <= s->max_phones);
}

/* Plain RTP: only over a trunk, or for help (R7). */
static bool may_be_clear(const struct leg_record *r)
{
	return r->clear <= 1 && (!r->clear || r->trunk || r->claim == POOL_HELP) &&
	       (r->ends != RELAY_ENDED_CLEAR || r->clear);
}

bool kept_leg_ok(const struct leg_record *r)
{
	return r->state < LEG_STATES && r->side <= 1 && r->claim < POOL_CLAIMS && r->listener < SITE_LISTENERS_MAX &&
	       r->trunk <= SITE_TRUNKS_MAX && r->ends < RELAY_ENDS && r->line <= (r->trunk ? 1 : 0) && r->ice <= 1 &&
	       r->refresher_us <= 1 && r->has_remote <= 1 && r->has_local <= 1 && addr_ok(&r->seen) &&
	       is_user(r->user) && is_user(r->person) && may_be_clear(r) && is_phone(r->device) &&
	       (r->session_s == 0 || r->session_s >= SESSION_MIN_S) && TEXT_OK(r->local_tag) && r->local_tag[0] &&
	       TEXT_OK(r->token);
}

/* Nothing began later than now, nor is paid for a time before it began. */
static bool times_ok(const struct call_record *r)
{
	const uint64_t now = child_now(), paid_ms = r->ceiling.charged_ms;

	return r->started_ms <= now && r->answered_ms <= now && wall_ok(r->start_wall_ms) &&
	       (!r->answered_ms || r->answered_ms >= r->started_ms) &&
	       (!paid_ms || (paid_ms >= r->started_ms && paid_ms <= now));
}

static bool account_ok(const struct call_record *r)
{
	const struct account_of *a = &r->account;

	return r->ceiling.step_s <= PLAN_BILLING_MAX_S && r->ceiling.ahead_ms <= r->ceiling.step_s * UINT32_C(1000) &&
	       is_user(a->user) && is_phone(a->device) && a->trunk <= SITE_TRUNKS_MAX;
}

static bool parked_ok(const struct call_record *r)
{
	if (r->state != PHASE_WAITING)
		return !r->parked;
	return r->parked && r->parked <= PARK_PLACES_MAX && r->parked_by < SITE_USERS_MOST &&
	       within(r->parked_until_ms, PARK_MOST_S);
}

static bool help_ok(const struct call_record *r)
{
	if (r->help & HELP_TALKED && !(r->help & HELP_ASKED))
		return false;
	return r->help <= HELP_ALL &&
	       (!(r->help & HELP_ASKED) ||
		   (r->asked.device <= SITE_PHONES_MOST && is_user(r->asked.person) && TEXT_OK(r->asked.number)));
}

bool kept_call_ok(const struct call_record *r)
{
	bool ok = relay_ports_from(r->port, r->ports) && times_ok(r) && account_ok(r) && r->caller != r->callee &&
	          r->emergency <= 1 && r->grade < GRADES && r->key < RELAY_KEYS && r->ended <= 1 && r->spoken <= 1 &&
	          r->varying <= 3 && r->listens <= 3 && r->who <= WHO_USER && r->warned <= 1 && r->ceiling.begun <= 1 &&
	          parked_ok(r) && help_ok(r) && TEXT_OK(r->from) && TEXT_OK(r->to);

	for (int side = 0; side < 2; side++)
		ok = ok && r->hears[side] < RELAY_HEARS_KINDS;
	return ok;
}

bool kept_registration_ok(const struct registration *r)
{
	return r->user < SITE_USERS_MOST && r->device <= SITE_PHONES_MOST && r->outbound <= 1 &&
	       within(r->expires_ms, REGISTER_MOST_S) && within(r->login_until_ms, LOGIN_MOST_S) &&
	       r->broken_ms <= child_now() && TEXT_OK(r->call_id) && TEXT_OK(r->contact) && TEXT_OK(r->instance);
}

bool kept_ban_ok(const struct ban *b)
{
	const struct addr plain = addr_of_ip(b->address.ip);

	return memcmp(&plain, &b->address, sizeof plain) == 0 && addr_is_hosts(&plain) &&
	       b->until_ms <= child_now() + BAN_MAX_S * 1000ull;
}

static bool texts_ok(const struct subscription_record *r)
{
	static const uint16_t most[MWI_TEXTS] = {CALL_ID_MAX, TAG_MAX, URI_TEXT_MAX, ROUTE_SET_MAX};
	uint16_t at = 0;

	for (int i = 0; i < MWI_TEXTS; i++) {
		if (r->end[i] < at || r->end[i] - at > most[i] || r->end[i] > sizeof r->text ||
		    !msg_text_ok(span_of(r->text + at, (size_t)(r->end[i] - at))))
			return false;
		at = r->end[i];
	}
	return mwi_text(r, MWI_CONTACT).n > 0;
}

bool kept_subscription_ok(const struct subscription_record *r)
{
	return r->user < SITE_USERS_MOST && r->device <= SITE_PHONES_MOST && TEXT_OK(r->tag) && TEXT_OK(r->token) &&
	       texts_ok(r) && within(r->until_ms, MWI_EXPIRES_S);
}

static bool shown_ok(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	return n < cap && utf8_text_ok(span_of(s, n), cap - 1);
}

bool kept_notice_ok(const struct notice *n)
{
	return n->kind < NOTICE_KINDS && n->device <= SITE_PHONES_MOST && n->user < SITE_USERS_MOST &&
	       wall_ok(n->wall_ms) && n->added_ms <= child_now() && shown_ok(n->number, sizeof n->number) &&
	       shown_ok(n->location, sizeof n->location);
}

bool kept_desk_ok(const struct desk_record *r)
{
	return r->device <= SITE_PHONES_MOST && is_user(r->person) && r->moved <= 1 && r->says <= 1 &&
	       r->until_ms <= child_now() + DESK_KEEP_MS;
}

bool kept_callback_ok(const struct callback_phone *r)
{
	return r->device <= SITE_PHONES_MOST && within(r->until_ms, CALLBACK_MOST_S) && r->contact[0] &&
	       TEXT_OK(r->contact);
}

bool kept_last_caller_ok(const struct last_caller *r)
{
	const char *digits = r->number + (r->number[0] == '+');

	return TEXT_OK(r->number) && digits[0] && strspn(digits, "0123456789") == strlen(digits) && TEXT_OK(r->user) &&
	       r->until_ms <= child_now() + LAST_CALLER_DAYS * UINT64_C(86400000);
}

static bool sealed_ok(const struct record *r)
{
	if (r->is_sealed)
		return r->is_sealed == 1 && r->sealed_n <= sizeof r->sealed && !r->source[0];
	return r->sealed_n == 0 && r->day == 0;
}

/* A number above all that clocks give would leave none to later records. */
bool kept_record_ok(const struct record *r)
{
	return sealed_ok(r) && r->number > 0 && r->number < UINT64_MAX / 4 && wall_ok(r->start_wall_ms) &&
	       r->duration_ms <= child_now() && TEXT_OK(r->source) && TEXT_OK(r->destination);
}

/* The hour may lag behind the day, which a clock that ran ahead keeps for longer, and never precedes it. */
bool kept_count_ok(const struct ceiling_count *n)
{
	enum { DAY_H = 24 };

	return n->hour / DAY_H <= n->day && n->told_half >> CEILING_KINDS == 0 && n->told_full >> CEILING_KINDS == 0;
}

bool kept_hotdesk_ok(const struct hotdesk *h)
{
	return h->line < SITE_USERS_MOST && h->guest < SITE_USERS_MOST && h->line != h->guest &&
	       within(h->until_ms, HOTDESK_MOST_S);
}
