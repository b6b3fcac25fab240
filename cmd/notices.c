/* SPDX-License-Identifier: ISC */
/* Emergency calls, as the record of safety has them. */
#include "verbs.h"

/* What only belongs to a call asks for nobody. */
static bool asks_for_somebody(const char *what)
{
	return strcmp(what, word_notice[NOTICE_END].key) != 0 && strcmp(what, word_notice[NOTICE_SAID].key) != 0;
}

static void show(json_t *line, void *arg)
{
	int64_t phone = member_number(line, "phone"), user = member_number(line, "user"),
		taken = member_number(line, "taken_at_ms");

	if (!line_is(line, "notice"))
		return;
	*(bool *)arg = true;
	printf("%lld  %s  %s, %s", (long long)member_number(line, "notice"), show_when(member_number(line, "at_ms")),
	    word_plain(word_notice, NOTICE_KINDS, member(line, "what")), safe(member(line, "number")));
	if (phone)
		printf(", phone %lld", (long long)phone);
	if (user)
		printf(", user no. %lld", (long long)user);
	printf("\n   at: %s\n", member(line, "location")[0] ? safe(member(line, "location")) : "no location is stored");
	if (taken)
		printf("   seen to by %s, %s\n", safe(member(line, "taken_by")), show_when(taken));
	else if (asks_for_somebody(member(line, "what")))
		printf("   nobody has seen to it: `ringfence notice take %lld --by NAME`\n",
		    (long long)member_number(line, "notice"));
}

static int notices(struct cmd *c)
{
	bool some = false;
	struct ask a;

	ask_begin(&a, c, "notices");
	int code = ask_run(&a, show, &some);
	if (code == EXIT_DONE && !some && !c->json)
		puts("No emergency call is on record.");
	return code;
}

static int take(struct cmd *c)
{
	const char *who = option_get(c, "by");
	uint64_t row;
	struct ask a;

	if (!who || !span_decimal(span_str(c->arg[0]), INT64_MAX, &row)) {
		complain("who has seen to which?", "a notice's number and --by are needed",
		    "`ringfence notice take --help`");
		return EXIT_USAGE;
	}
	ask_begin(&a, c, "notice-take");
	ask_number(&a, "row", row);
	ask_field(&a, "name", who);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		printf("Notice %llu was seen to by %s.\n", (unsigned long long)row, safe(who));
	return code;
}

const struct verb verb_notices = {
    .name = "notices",
    .run = notices,
    .usage = "",
    .what = "Show the emergency calls: when, from which phone, where it stands, who has seen to it",
};

const struct verb verb_notice_take = {
    .name = "notice take",
    .run = take,
    .usage = "NOTICE",
    .args_min = 1,
    .args_max = 1,
    .what = "Say that someone has seen to an emergency call",
    .option = {{"by", "NAME", "who"}},
};
