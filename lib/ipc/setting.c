/* SPDX-License-Identifier: ISC */
#include "ipc/setting.h"
#include "ipc/civic.h"
#include "ipc/site.h"
#include "plan/ceiling.h"

enum { RING_LEAST_S = 5, RING_MOST_S = 600, OUTSIDE_MOST = 15 /* digits of E.164 */ };

const char *const setting_owner_name[OWNERS] = {
    [OWNER_USER] = "user",
    [OWNER_DEVICE] = "phone",
    [OWNER_GROUP] = "group",
    [OWNER_SITE] = "site",
};

/* --- lists --- */

bool setting_next(struct span *list, struct span *item)
{
	if (list->n == 0)
		return false;
	size_t at = span_find(*list, ',');
	*item = span_trim(span_head(*list, at));
	/* what stands behind the last comma is an item too, an empty one */
	*list = at + 1 == list->n ? SPAN(" ") : span_skip(*list, at + 1);
	return true;
}

bool setting_list_has(struct span list, struct span item)
{
	struct span each;

	while (setting_next(&list, &each))
		if (span_eq(each, item))
			return true;
	return false;
}

static const char *each_is(struct span list, bool (*is)(struct span item), const char *why)
{
	struct span item;

	while (setting_next(&list, &item))
		if (!is(item))
			return why;
	return NULL;
}

/* --- words --- */

static int word_of(struct span value, const char *const *word, int n)
{
	for (int i = 0; i < n; i++)
		if (span_eq(value, span_str(word[i])))
			return i;
	return -1;
}

static const char *const screen_word[SCREENS] = {"", "pass", "slow", "screen", "refuse"};
static const char *const strategy_word[STRATEGIES] = {"all", "in-turn"};
static const char *const night_word[NIGHT_MODES] = {[NIGHT_BY_HOURS] = "", [NIGHT_NOW] = "on", [NIGHT_NEVER] = "off"};

enum screen setting_screen(struct span value)
{
	int i = word_of(value, screen_word, SCREENS);
	return i < 0 ? SCREEN_SITE : (enum screen)i;
}

enum strategy setting_strategy(struct span value)
{
	int i = word_of(value, strategy_word, STRATEGIES);
	return i < 0 ? STRATEGY_ALL : (enum strategy)i;
}

enum plan_night_mode setting_night(struct span value)
{
	int i = word_of(value, night_word, NIGHT_MODES);
	return i < 0 ? NIGHT_BY_HOURS : (enum plan_night_mode)i;
}

/* --- checks --- */

static bool only(struct span s, const char *signs)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !(c && strchr(signs, c)))
			return false;
	}
	return s.n > 0;
}

static const char *check_classes(struct span v)
{
	struct plan_classes c;
	const char *why;

	return plan_classes_parse(v, &c, &why) ? NULL : why;
}

static const char *check_ceilings(struct span v)
{
	struct ceiling_limit limit = {0};
	const char *why;

	return ceiling_override(&limit, v, &why) ? NULL : why;
}

static bool is_word(struct span v)
{
	return v.n <= SETTING_NUMBER_MAX && only(v, "-");
}

static const char *check_word(struct span v)
{
	return is_word(v) ? NULL : "is no word of a-z 0-9 -";
}

/* Whether there are prompts in it, ledger asks the site (site_speaks()). */
static const char *check_language(struct span v)
{
	return v.n >= 2 && v.n < SITE_LANGUAGE_MAX && only(v, "-") ? NULL : "is no language: 2 to 8 of a-z 0-9 -";
}

static bool is_name(struct span v)
{
	return v.n <= SETTING_NUMBER_MAX && only(v, "._*#+-") && !span_starts(v, SPAN("leg-"));
}

static const char *check_name(struct span v)
{
	return is_name(v) ? NULL : "is no extension";
}

static const char *check_names(struct span v)
{
	return each_is(v, is_name, "is no list of extensions with commas between them");
}

static const char *check_number(struct span v)
{
	return is_name(v) ? NULL : "is no number: digits, a + before them, or an extension, without blanks";
}

static const char *check_numbers(struct span v)
{
	return each_is(v, is_name, "is no list of numbers, each without blanks, with commas between them");
}

/* What goes out is what the site's numbering says, never a name. */
static const char *check_outside(struct span v)
{
	struct span digits = span_starts(v, SPAN("+")) ? span_skip(v, 1) : v;

	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return "is no outside number: digits, a + before them";
	return digits.n && digits.n <= OUTSIDE_MOST ? NULL : "is no outside number: 1 to 15 digits, a + before them";
}

static const char *check_on(struct span v)
{
	return span_eq(v, SPAN("on")) ? NULL : "is neither on nor off";
}

static bool is_seconds(struct span v)
{
	uint64_t s;
	return span_decimal(v, RING_MOST_S, &s) && s >= RING_LEAST_S;
}

static const char *check_ring(struct span v)
{
	return is_seconds(v) ? NULL : "is no time from 5 to 600 seconds";
}

static const char *check_voicemail(struct span v)
{
	bool word = span_eq(v, SPAN("on")) || span_eq(v, SPAN("off"));
	return word || is_seconds(v) ? NULL : "is neither on, nor off, nor 5 to 600 seconds";
}

static const char *check_screen(struct span v)
{
	return word_of(v, screen_word, SCREENS) > 0 ? NULL : "is none of pass, slow, screen, refuse";
}

static const char *check_strategy(struct span v)
{
	return word_of(v, strategy_word, STRATEGIES) >= 0 ? NULL : "is neither all nor in-turn";
}

static const char *check_night(struct span v)
{
	return word_of(v, night_word, NIGHT_MODES) > 0 ? NULL : "is none of on, off, auto";
}

static const char *check_join(struct span v)
{
	return span_eq(v, SPAN("ended")) || span_eq(v, SPAN("passing")) ? NULL : "is neither ended nor passing";
}

static const char *check_moment(struct span v)
{
	uint64_t ms;
	return span_decimal(v, INT64_MAX, &ms) ? NULL : "is no moment in milliseconds";
}

static const char *check_location(struct span v)
{
	struct civic c;
	return civic_parse(v, &c);
}

static const char *check_subnets(struct span v)
{
	struct subnet s[SETTING_SUBNETS_MAX];
	return setting_subnets(v, s) > 0
	           ? NULL
	           : "is no network like 10.1.2.0/24, with no bits behind its length (4 at most, with commas)";
}

#define OF(owner) (1u << OWNER_##owner)

const struct setting_rule setting_rule[SETTINGS] = {
#define SETTING(NAME, name, owners, setter, check, what) [SETTING_##NAME] = {name, owners, setter, check_##check, what},
#include "ipc/setting.def"
#undef SETTING
};

enum setting_kind setting_find(struct span name)
{
	for (int i = 0; i < SETTINGS; i++)
		if (span_eq(name, span_str(setting_rule[i].name)))
			return (enum setting_kind)i;
	return SETTINGS;
}

const char *setting_check(enum setting_owner owner, enum setting_kind kind, struct span value)
{
	if (!(setting_rule[kind].owners >> owner & 1))
		return "is nothing that this one can have";
	if (value.n > SETTING_TEXT_MAX)
		return "is longer than 240 octets";
	return value.n ? setting_rule[kind].check(value) : NULL;
}

/* --- networks --- */

static uint32_t bits_of(const struct addr *a)
{
	return a->family == 4 ? 32 : 128;
}

/* Bit i of the address proper, from the left. */
static bool bit(const struct addr *a, uint32_t i)
{
	uint32_t at = i + (a->family == 4 ? 96 : 0);
	return a->ip[at / 8] >> (7 - at % 8) & 1;
}

bool subnet_parse(struct span text, struct subnet *out)
{
	size_t slash = span_find(text, '/');
	struct subnet s;
	uint64_t n;

	if (!addr_parse_ip(span_head(text, slash), &s.net) || slash == text.n || (text.n && text.p[0] == '[') ||
	    !span_decimal(span_skip(text, slash + 1), bits_of(&s.net), &n))
		return false;
	for (uint32_t i = (uint32_t)n; i < bits_of(&s.net); i++)
		if (bit(&s.net, i))
			return false;
	s.bits = (uint8_t)n;
	*out = s;
	return true;
}

bool subnet_has(const struct subnet *s, const struct addr *a)
{
	if (s->net.family != a->family)
		return false;
	for (uint32_t i = 0; i < s->bits; i++)
		if (bit(&s->net, i) != bit(a, i))
			return false;
	return true;
}

int setting_subnets(struct span value, struct subnet out[SETTING_SUBNETS_MAX])
{
	struct span item;
	int n = 0;

	while (setting_next(&value, &item))
		if (n == SETTING_SUBNETS_MAX || !subnet_parse(item, &out[n++]))
			return 0;
	return n;
}
