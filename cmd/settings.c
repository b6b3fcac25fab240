/* SPDX-License-Identifier: ISC */
/* What people, phones, ring groups and the site can set: an option for each kind, named as lib/ipc/setting.def names it. */
#include "ipc/civic.h"
#include "verbs.h"
#include <string.h>

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
