/* SPDX-License-Identifier: ISC */
#include "cmd.h"
#include <stdlib.h>
#include <string.h>

void options_help(const struct verb *v)
{
	printf("usage: ringfence %s%s%s%s\n\n%s.\n", v->name, v->usage[0] ? " " : "", v->usage,
	    v->option[0].name ? " [options]" : "", v->what);
	if (v->help)
		printf("%s\n", v->help);
	printf("\n");
	for (const struct option *o = v->option; o->name; o++) {
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		printf("  %-26s %s\n", left, o->what);
	}
	printf("  %-26s %s\n", "--json", "one JSON object a line");
}

static const struct option *find(const struct verb *v, const char *name, size_t n)
{
	for (const struct option *o = v->option; o->name; o++)
		if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static int wrong(const struct cmd *c, const char *what, const char *why)
{
	char how[80];

	snprintf(how, sizeof how, "`ringfence %s --help`", c->verb->name);
	complain(what, why, how);
	return EXIT_USAGE;
}

/* One "--option", with its value behind '=' or in the next word; words taken, 0 when wrong: why. */
static int take_option(struct cmd *c, char **argv, int argc, const char **why)
{
	const char *name = argv[0] + 2, *eq = strchr(name, '=');
	size_t n = eq ? (size_t)(eq - name) : strlen(name);
	const struct option *o = find(c->verb, name, n);
	bool next = o && o->value && !eq;

	*why = !o                             ? "there is no such option"
	       : eq && !o->value              ? "that option takes no value"
	       : next && argc < 2             ? "that option lacks its value"
	       : c->givens == OPTIONS_MAX * 2 ? "that is too many options"
	                                      : NULL;
	if (*why)
		return 0;
	c->given[c->givens].name = o->name;
	c->given[c->givens++].value = !o->value ? "" : eq ? eq + 1 : argv[1];
	return next ? 2 : 1;
}

int options_read(struct cmd *c, int argc, char **argv)
{
	bool only_args = false;

	for (int taken = 1; argc > 0; argc -= taken, argv += taken) {
		taken = 1;
		if (only_args || argv[0][0] != '-' || argv[0][1] == 0) {
			if (c->args == c->verb->args_max || c->args == ARGS_MAX)
				return wrong(c, "too many arguments", safe(argv[0]));
			c->arg[c->args++] = argv[0];
		} else if (strcmp(argv[0], "--") == 0) {
			only_args = true;
		} else if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
			options_help(c->verb);
			return EXIT_DONE;
		} else if (strcmp(argv[0], "--json") == 0) {
			c->json = true;
		} else if (strcmp(argv[0], "--site") == 0 && argc > 1) {
			c->site = argv[1];
			taken = 2;
		} else {
			const char *why = "there is no such option";
			taken = strncmp(argv[0], "--", 2) == 0 ? take_option(c, argv, argc, &why) : 0;
			if (taken == 0)
				return wrong(c, why, safe(argv[0]));
		}
	}
	if (c->args < c->verb->args_min)
		return wrong(c, "an argument is missing", c->verb->usage);
	return -1;
}

const char *option_get(const struct cmd *c, const char *name)
{
	for (int i = c->givens - 1; i >= 0; i--)
		if (strcmp(c->given[i].name, name) == 0)
			return c->given[i].value;
	return NULL;
}

bool option_is(const struct cmd *c, const char *name)
{
	return option_get(c, name) != NULL;
}

int option_all(const struct cmd *c, const char *name, const char *out[REPEATS_MAX])
{
	int n = 0;

	for (int i = 0; i < c->givens; i++) {
		if (strcmp(c->given[i].name, name) != 0)
			continue;
		if (n == REPEATS_MAX) {
			char what[64];
			snprintf(what, sizeof what, "--%s stands more than %d times", name, REPEATS_MAX);
			(void)wrong(c, what, NULL);
			return -1;
		}
		out[n++] = c->given[i].value;
	}
	return n;
}

uint64_t length_of_time(const char *text)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} unit[] = {{0, 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t n = strspn(text, "0123456789");
	uint64_t v;

	if (!span_decimal(span_of(text, n), LENGTH_OF_TIME_MAX_S, &v))
		return 0;
	for (size_t i = 0; i < sizeof unit / sizeof *unit; i++)
		if (text[n] == unit[i].letter && (!text[n] || !text[n + 1]))
			return v * unit[i].seconds <= LENGTH_OF_TIME_MAX_S ? v * unit[i].seconds : 0;
	return 0;
}

int option_switch(const struct cmd *c, const char *name)
{
	const char *v = option_get(c, name);

	if (!v)
		return -1;
	if (strcmp(v, "on") == 0 || strcmp(v, "off") == 0)
		return v[1] == 'n';
	exit(wrong(c, "that is neither on nor off", safe(v)));
}
