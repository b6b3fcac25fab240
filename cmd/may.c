/* SPDX-License-Identifier: ISC */
#include "verbs.h"
#include <string.h>

/* 0.035 of the currency from 350 ten-thousandths */
static const char *money(int64_t e4, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%lld.%04lld", (long long)(e4 / 10000), (long long)(e4 % 10000));

	while (n > 4 && out[n - 1] == '0' && out[n - 3] != '.')
		out[--n] = 0;
	return out;
}

static void say_price(const json_t *line)
{
	char rate[32], setup[32];
	int64_t rate_e4 = member_number(line, "rate_e4"), setup_e4 = member_number(line, "setup_e4");

	if (!rate_e4 && !setup_e4) {
		printf("It costs nothing.\n");
		return;
	}
	printf("It costs %s %s a minute", money(rate_e4, rate, sizeof rate), safe(member(line, "currency")));
	if (setup_e4)
		printf(" and %s for the call", money(setup_e4, setup, sizeof setup));
	printf(".\n");
}

static void say_where(const json_t *line)
{
	const char *to = member(line, "to"), *class = member(line, "class");
	bool inside = strcmp(class, "internal") == 0 || strcmp(class, "service") == 0;

	if (to[0] && strcmp(to, member(line, "number")) != 0)
		printf("It leads to %s.\n", safe(to));
	else if (!to[0] && strcmp(class, "emergency") == 0)
		printf(
		    "NOBODY ANSWERS FOR IT: no trunk that carries emergency calls is up (`ringfence trunks`). Where none is to\n"
		    "carry them, the front desk answers, if one is set.\n");
	else if (!to[0] && !inside)
		printf("Nothing carries it now: no trunk that is up takes this class of numbers.\n");
}

static const char *remembered(const char *memory)
{
	if (strcmp(memory, "dialled") == 0)
		return "dialled it before";
	return strcmp(memory, "new") == 0 ? "never dialled it" : "dialled it or not: that is not known this moment";
}

struct heard {
	bool json, allowed;
};

static void row(json_t *line, void *arg)
{
	static const struct {
		const char *key, *plain;
	} verdict[] = {{"yes", "Yes"}, {"pin", "Yes, after the PIN"}, {"no", "No"}};
	const char *number = member(line, "number"), *country = member(line, "country"), *plain = "No";
	struct heard *h = arg;

	if (!line_is(line, "may"))
		return;
	h->allowed = strcmp(member(line, "may"), "no") != 0;
	if (h->json) {
		put_line(stdout, line);
		return;
	}
	for (size_t i = 0; i < sizeof verdict / sizeof *verdict; i++)
		if (strcmp(member(line, "may"), verdict[i].key) == 0)
			plain = verdict[i].plain;
	printf("%s: %s.\n", plain, safe(member(line, "text")));
	if (strcmp(member(line, "reason"), "unknown") == 0)
		printf(
		    "It is no user or group here, no service code, and no outside number as ringfence.conf has them read:\n"
		    "numbers { country = ... area = ... outside-prefix = ... }; without a country only those that begin with +.\n");
	if (!number[0])
		return;
	printf("The number is %s (%s%s%s).\n", safe(number), safe(member(line, "class")), country[0] ? ", " : "",
	    safe(country));
	if (strcmp(member(line, "memory"), "not-asked") != 0) {
		printf("This extension has %s.\n", remembered(member(line, "memory")));
		say_price(line);
	}
	if (h->allowed)
		say_where(line);
}

static int may(struct cmd *c)
{
	const char *route = option_get(c, "route"), *who = option_get(c, "who"), *phone = option_get(c, "phone");
	struct heard h = {.json = c->json};
	struct ask a;

	if (strcmp(c->arg[1], "call") != 0) {
		options_help(c->verb);
		return EXIT_USAGE;
	}
	uint32_t device = phone ? phone_number(c, phone) : 0;
	if (phone && !device)
		return EXIT_REFUSED;
	ask_begin(&a, c, "may");
	ask_field(&a, "user", c->arg[0]);
	ask_field(&a, "called", c->arg[2]);
	ask_field(&a, "route", route);
	ask_field(&a, "who", who);
	if (phone)
		ask_number(&a, "phone", device);
	int code = ask_run_quiet(&a, row, &h);
	return code == EXIT_DONE && !h.allowed ? EXIT_REFUSED : code;
}

const struct verb verb_may = {
    .name = "may",
    .run = may,
    .usage = "USER call NUMBER",
    .args_min = 3,
    .args_max = 3,
    .what = "Say whether a person may call a number, and why",
    .help =
	"Nothing is dialled. The answer is that of the call itself: the number in its canonical form and its class, who may call it and when,\n"
	"ceilings, whether the PIN would be asked for, what it costs and where it leads. Exit status 1 when it may not.",
    .option = {{"route", "WAY",
		   "call (the default), forward, transfer, redirect, group, menu, voicemail, pickup, park, click"},
	{"who", "WHO", "who would talk: user (the default), or from outside anonymous, unverified, verified"},
	{"phone", "PHONE", "from that phone, by number or label"}},
};
