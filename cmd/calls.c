/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

static const char *phone_and_user(const json_t *line, const char *user, const char *phone, char *out, size_t cap)
{
	const char *label = member(line, phone);

	if (label[0])
		snprintf(out, cap, "%s (%s)", safe(member(line, user)), safe(label));
	else
		snprintf(out, cap, "%s", safe(member(line, user)));
	return out;
}

/* "3 (0.2%)", "-" of a side that was not heard yet */
static const char *lost(const json_t *line, const char *expected, const char *missing, char *out, size_t cap)
{
	int64_t of = member_number(line, expected), n = member_number(line, missing);

	if (of <= 0)
		snprintf(out, cap, "-");
	else if (n <= 0)
		snprintf(out, cap, "0");
	else
		snprintf(out, cap, "%lld (%.1f%%)", (long long)n, 100.0 * (double)n / (double)of);
	return out;
}

static const char *jitter(const json_t *line, const char *us, char *out, size_t cap)
{
	if (json_object_get(line, us))
		snprintf(out, cap, "%.1f", (double)member_number(line, us) / 1000);
	else
		snprintf(out, cap, "-");
	return out;
}

static const char *lost_both(const json_t *line, char *out, size_t cap)
{
	char from[48], to[48];

	snprintf(out, cap, "%s/%s", lost(line, "expected_from", "lost_from", from, sizeof from),
	    lost(line, "expected_to", "lost_to", to, sizeof to));
	return out;
}

static const char *jitter_both(const json_t *line, char *out, size_t cap)
{
	char from[32], to[32];

	snprintf(out, cap, "%s/%s", jitter(line, "jitter_us_from", from, sizeof from),
	    jitter(line, "jitter_us_to", to, sizeof to));
	return out;
}

/* What is amiss with what comes from one end; packets of the moment before its keys stand are dropped in every call. */
static const char *amiss(const json_t *line, const char *who, const char *name[3], char *out, size_t cap)
{
	enum { SILENT_MS = 5000, DROPPED_N = 50 };
	int64_t silent = member_number(line, name[0]), dropped = member_number(line, name[1]);
	int64_t of = member_number(line, name[2]) + dropped;

	out[0] = '\0';
	if (silent >= SILENT_MS)
		snprintf(out, cap, "nothing comes from %s for %s ", safe(who), show_length((uint64_t)silent));
	else if (dropped >= DROPPED_N && dropped * 100 >= of)
		snprintf(
		    out, cap, "%.1f%% dropped of what comes from %s ", 100.0 * (double)dropped / (double)of, safe(who));
	return out;
}

static void row(json_t *line, void *arg)
{
	static const char *of_from[] = {"silent_from_ms", "dropped_from", "packets_from"};
	static const char *of_to[] = {"silent_to_ms", "dropped_to", "packets_to"};
	char from[256], to[256], packets[64], missing[128], uneven[80], remark[768] = "", a[256], b[256];
	const char *key = member(line, "key");

	if (!line_is(line, "call"))
		return;
	const char *caller = word_plain(word_caller, WHOS, member(line, "caller"));
	snprintf(packets, sizeof packets, "%lld/%lld", (long long)member_number(line, "packets_from"),
	    (long long)member_number(line, "packets_to"));
	snprintf(remark, sizeof remark, "%s%s%s%s%s%s", member_flag(line, "emergency") ? "EMERGENCY " : "", caller,
	    caller[0] ? " " : "", member_flag(line, "varying") ? "packets vary in length: `phone set --opus off` " : "",
	    amiss(line, member(line, "from"), of_from, a, sizeof a),
	    amiss(line, member(line, "to"), of_to, b, sizeof b));
	const char *keys = word_plain(word_key, RELAY_KEYS, key);
	if (strcmp(key, word_key[RELAY_KEY_NONE].key) == 0 &&
	    strcmp(member(line, "grade"), word_grade[GRADE_SETTING_UP].key) != 0)
		keys = "each its own";
	const char *cells[] = {phone_and_user(line, "from", "from_phone", from, sizeof from),
	    phone_and_user(line, "to", "to_phone", to, sizeof to),
	    word_plain(word_call, CALL_STATES, member(line, "state")),
	    show_length((uint64_t)member_number(line, "age_ms")), safe(member(line, "codec")), keys, packets,
	    lost_both(line, missing, sizeof missing), jitter_both(line, uneven, sizeof uneven),
	    word_plain(word_grade, GRADES, member(line, "grade")), remark};
	table_add(arg, cells);
}

static int calls(struct cmd *c)
{
	static const char *const head[] = {
	    "FROM", "TO", "STATE", "FOR", "CODEC", "KEYS", "PACKETS", "LOST", "JITTER MS", "WHO CAN HEAR", ""};
	struct table t;
	struct ask a;

	table_begin(&t, 11, head);
	ask_begin(&a, c, "calls");
	return ask_table(&a, &t, row, "No calls.");
}

const struct verb verb_calls = {
    .name = "calls",
    .run = calls,
    .usage = "",
    .what = "Show the calls that are live, and who could hear each",
    .help =
	"Of a caller from outside it is said whether its number is verified by a signature. Packets are those relayed from the caller and from the called;\n"
	"lost are those that never came from them, by their numbers, and jitter is how unevenly they came, measured on two packets of 16. A phone whose Opus packets vary in length gives away\n"
	"what is said; it is named, and `ringfence phone set PHONE --opus off` ends it. Of an end from which nothing comes for 5 s while they talk it is said how long, and\n"
	"of one whose packets are dropped (in clear, from elsewhere, too many) what part, from 1% and 50 packets on.",
};
