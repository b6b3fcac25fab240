/* SPDX-License-Identifier: ISC */
/* What people, phones, ring groups and the site can set: an option for each kind, named as lib/ipc/setting.def names it. */
#include "ipc/civic.h"
#include "verbs.h"
#include <string.h>

struct forwards {
	bool json;
	const char *setting, *to, *group;
	char who[USER_NAME_MAX + 1]; /* on whose account */
};

static bool is_default(enum setting_kind kind, const char *value)
{
	if (kind == SETTING_NIGHT) /* of which off is a value */
		return strcmp(value, "auto") == 0 || !value[0];
	if (strcmp(value, "off") == 0)
		return kind != SETTING_VOICEMAIL; /* whatever the site's default is */
	return strcmp(value, "none") == 0 || !value[0];
}

/* What could be stored, and is surely a slip. */
static const char *slip_of(const struct cmd *c, enum setting_owner owner, enum setting_kind kind, const char *value)
{
	bool forward = kind == SETTING_FORWARD_ALWAYS || kind == SETTING_FORWARD_BUSY ||
	               kind == SETTING_FORWARD_NO_ANSWER || kind == SETTING_FORWARD_OFFLINE;
	struct civic where;

	if (forward && c->args && strcmp(value, c->arg[0]) == 0)
		return owner == OWNER_GROUP ? "leads to the group itself" : "leads to that person itself";
	if (kind == SETTING_LOCATION && !civic_parse(span_str(value), &where) &&
	    span_eq(where.part[CIVIC_COUNTRY], SPAN("UK")))
		return "has no country of ISO 3166: it is GB there";
	return NULL;
}

bool settings_take(struct cmd *c, enum setting_owner owner, struct settings_text *t)
{
	struct buf b = buf_of(t->text, sizeof t->text);
	const char *value, *why;

	for (int i = 0; i < SETTINGS; i++) {
		const struct setting_rule *r = &setting_rule[i];
		value = r->owners >> owner & 1 ? option_get(c, r->name) : NULL;
		if (!value)
			continue;
		value = is_default((enum setting_kind)i, value) ? "" : value;
		why = setting_check(owner, (enum setting_kind)i, span_str(value));
		if (!why)
			why = slip_of(c, owner, (enum setting_kind)i, value);
		if (why || strchr(value, '\n')) {
			char what[300];
			snprintf(
			    what, sizeof what, "--%s \"%s\" %s", r->name, safe(value), why ? why : "holds a line end");
			complain("that cannot be set", what, NULL);
			return false;
		}
		buf_str(&b, r->name);
		buf_u8(&b, '=');
		buf_str(&b, value);
		buf_u8(&b, '\n');
	}
	t->n = b.n;
	if (b.full)
		complain("that cannot be set", "it is more than fits into one request", NULL);
	return !b.full;
}

/* --- a forward that leads nowhere is set, since the number may be given out later, and said --- */

static void first_member(json_t *line, void *arg)
{
	struct forwards *f = arg;
	const char *members = member(line, "members");

	if (line_is(line, "group") && strcmp(member(line, "name"), f->group) == 0)
		snprintf(f->who, sizeof f->who, "%.*s", (int)strcspn(members, ", "), members);
}

static void hear_verdict(json_t *line, void *arg)
{
	struct forwards *f = arg;

	if (!line_is(line, "may") || strcmp(member(line, "may"), "no") != 0)
		return;
	if (f->json) {
		json_t *said = json_pack(
		    "{s:s, s:s, s:s}", "kind", "forward-refused", "setting", f->setting, "text", member(line, "text"));
		put_line(stdout, said);
		json_decref(said);
	} else {
		printf("WARNING: --%s %s leads nowhere now: %s\n", f->setting, safe(f->to), safe(member(line, "text")));
	}
}

void settings_hint(struct cmd *c, enum setting_owner owner)
{
	static const enum setting_kind kinds[] = {
	    SETTING_FORWARD_ALWAYS, SETTING_FORWARD_BUSY, SETTING_FORWARD_NO_ANSWER, SETTING_FORWARD_OFFLINE};
	struct forwards f = {.json = c->json, .group = c->arg[0]};
	struct ask a;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		f.setting = setting_rule[kinds[i]].name;
		f.to = setting_rule[kinds[i]].owners >> owner & 1 ? option_get(c, f.setting) : NULL;
		if (!f.to || is_default(kinds[i], f.to))
			continue;
		snprintf(f.who, sizeof f.who, "%s", owner == OWNER_USER ? c->arg[0] : "");
		ask_begin(&a, c, "group-list");
		if (owner == OWNER_GROUP)
			(void)ask_run_mute(&a, first_member, &f);
		if (!f.who[0])
			continue;
		ask_begin(&a, c, "may");
		ask_field(&a, "user", f.who);
		ask_field(&a, "called", f.to);
		ask_field(&a, "route", "forward");
		(void)ask_run_mute(&a, hear_verdict, &f);
	}
}

/* --- a number that nobody reaches --- */

static void hear_class(json_t *line, void *arg)
{
	static const struct {
		const char *class, *plain;
	} taken[] = {{"service", "is a service code"}, {"emergency", "is a number for help"}};
	const struct cmd *c = arg;
	const char *class = member(line, "class"), *plain = "cannot be dialled";

	if (!line_is(line, "may") || strcmp(class, "internal") == 0)
		return;
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		plain = strcmp(class, taken[i].class) == 0 ? taken[i].plain : plain;
	if (c->json)
		printf("{\"kind\":\"not-callable\",\"text\":\"%s\"}\n", plain);
	else
		printf("WARNING: %s %s: who dials it reaches somebody else, or nobody.\n", safe(c->arg[0]), plain);
}

void number_hint(struct cmd *c, const char *who)
{
	char one[USER_NAME_MAX + 1];
	struct ask a;

	snprintf(one, sizeof one, "%.*s", (int)strcspn(who, ", "), who);
	ask_begin(&a, c, "may");
	ask_field(&a, "user", one);
	ask_field(&a, "called", c->arg[0]);
	(void)ask_run_mute(&a, hear_class, c);
}

void settings_put(struct ask *a, const struct settings_text *t)
{
	if (t->n)
		ask_body(a, t->text, t->n);
}

void settings_row(json_t *line, void *arg)
{
	bool *some = arg;

	if (!line_is(line, "setting"))
		return;
	printf("  %-20s %s\n", safe(member(line, "name")), safe(member(line, "value")));
	if (some)
		*some = true;
}

/* --- the site --- */

static int set_site(struct cmd *c)
{
	struct settings_text t;
	struct ask a;

	if (!settings_take(c, OWNER_SITE, &t))
		return EXIT_USAGE;
	if (t.n == 0) {
		complain("nothing to change", "no option was given", "`ringfence site set --help`");
		return EXIT_USAGE;
	}
	ask_begin(&a, c, "site-set");
	settings_put(&a, &t);
	int code = ask_run(&a, NULL, NULL);
	if (code == EXIT_DONE && !c->json)
		puts("The site's settings were changed.");
	return code;
}

static int show_site(struct cmd *c)
{
	struct ask a;

	bool some = false;

	ask_begin(&a, c, "site-show");
	int code = ask_run(&a, settings_row, &some);
	if (code == EXIT_DONE && !some && !c->json)
		puts("Nothing is set: no front desk, and the night goes by the hours in ringfence.conf.");
	return code;
}

const struct verb verb_site_set = {
    .name = "site set",
    .run = set_site,
    .usage = "",
    .what = "Switch the night on or off, or say who is at the front desk",
    .help =
	"These hold until they are changed again, also over a restart; all else of the site stands in ringfence.conf.",
    .option = {{"night", "on|off|auto", "whatever the hours in ringfence.conf say; auto: as they say"},
	{"front-desk", "NUMBER", "user or ring group that hears of emergency calls at once; none: nobody"}},
};

const struct verb verb_site_show = {
    .name = "site show",
    .run = show_site,
    .usage = "",
    .what = "Show what `site set` has set",
};
