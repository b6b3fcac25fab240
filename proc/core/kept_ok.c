/* SPDX-License-Identifier: ISC */
/* Could core have written this? What is adopted from an arena indexes tables, and goes to media in messages that must be right. */
#include "bans.h"
#include "base/utf8.h"
#include "call.h"
#include "kept.h"
#include "last_caller.h"
#include "mwi.h"
#include "notice.h"

#define TEXT_OK(s) (strnlen(s, sizeof(s)) < sizeof(s))

bool kept_leg_ok(const struct leg_record *r)
{
	const struct site *s = child_site();

	return r->state < LEG_STATES && r->side <= 1 && r->emergency <= 1 && r->listener < s->listeners &&
	       r->trunk <= s->trunks && r->ends < RELAY_ENDS && r->clear <= 1 && r->line <= (r->trunk ? 1 : 0) &&
	       r->ice <= 1 && r->refresher_us <= 1 && r->has_remote <= 1 && r->has_local <= 1 && addr_ok(&r->seen) &&
	       TEXT_OK(r->local_tag) && TEXT_OK(r->token);
}

static bool ice_ok(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return n < cap;
}

bool kept_call_ok(const struct call_record *r)
{
	bool ok = r->emergency <= 1 && r->grade < GRADES && r->key < RELAY_KEYS && r->ended <= 1 && r->spoken <= 1 &&
	          r->varying <= 3 && r->listens <= 3 && r->who <= WHO_USER && r->warned <= 1 && r->ceiling.begun <= 1 &&
	          TEXT_OK(r->from) && TEXT_OK(r->to);

	for (int side = 0; side < 2; side++)
		ok = ok && r->hears[side] < RELAY_HEARS_KINDS &&
		     ice_ok(r->ice_ufrag[side], sizeof r->ice_ufrag[side]) &&
		     ice_ok(r->ice_pwd[side], sizeof r->ice_pwd[side]);
	return ok;
}

bool kept_registration_ok(const struct registration *r)
{
	const struct site *s = child_site();

	return r->user < s->max_users && r->device <= s->max_phones && r->outbound <= 1 && TEXT_OK(r->call_id) &&
	       TEXT_OK(r->contact) && TEXT_OK(r->instance);
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
		if (r->end[i] < at || r->end[i] - at > most[i] || r->end[i] > sizeof r->text)
			return false;
		at = r->end[i];
	}
	return mwi_text(r, MWI_CONTACT).n > 0;
}

bool kept_subscription_ok(const struct subscription_record *r)
{
	const struct site *s = child_site();

	return r->user < s->max_users && r->device <= s->max_phones && TEXT_OK(r->tag) && TEXT_OK(r->token) &&
	       texts_ok(r) && r->until_ms > child_now() && r->until_ms <= child_now() + MWI_EXPIRES_S * UINT64_C(1000);
}

static bool shown_ok(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	return n < cap && utf8_text_ok(span_of(s, n), cap - 1);
}

bool kept_notice_ok(const struct notice *n)
{
	const struct site *s = child_site();

	return n->kind < NOTICE_KINDS && n->device <= s->max_phones && n->user <= s->max_users && n->wall_ms >= 0 &&
	       n->wall_ms < INT64_MAX / 2 && n->added_ms <= child_now() && shown_ok(n->number, sizeof n->number) &&
	       shown_ok(n->location, sizeof n->location);
}

bool kept_last_caller_ok(const struct last_caller *r)
{
	const char *digits = r->number + (r->number[0] == '+');

	return TEXT_OK(r->number) && digits[0] && strspn(digits, "0123456789") == strlen(digits) && TEXT_OK(r->user) &&
	       r->until_ms <= child_now() + LAST_CALLER_DAYS * UINT64_C(86400000);
}
