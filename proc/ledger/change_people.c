/* SPDX-License-Identifier: ISC */
/* Changes of settings and ring groups: by administrators through ctl, and by users themselves through core. */
#include "base/log.h"
#include "ledger/ledger.h"
#include <stdio.h>

enum { LINES_MAX = SETTINGS };

/* Who it is that the name or the number means. */
static enum done_result find_owner(
    enum setting_owner owner, struct span name, uint32_t index, uint32_t *out, const char **why)
{
	struct store *s = &ledger_store;
	struct person p;
	struct phone d;
	struct group g;
	bool found = false;

	switch (owner) {
	case OWNER_USER:
		found = name.n ? store_person_get(s, name, &p) : store_person_at(s, index, &p);
		*out = found ? p.id : 0;
		*why = "there is no user of this name";
		break;
	case OWNER_DEVICE:
		found = store_phone_get(s, index, &d) && d.state != DEVICE_REVOKED;
		*out = index;
		*why = "there is no phone of this number";
		break;
	case OWNER_GROUP:
		found = store_group_get(s, name, &g);
		*out = found ? g.id : 0;
		*why = "there is no ring group of this number";
		break;
	case OWNER_SITE:
		found = true;
		*out = 0;
		break;
	case OWNERS:
		break;
	}
	return found ? DONE_OK : DONE_NOT_FOUND;
}

/* A language that goes later is said in English; none is set that is not there. */
static const char *unspoken(enum setting_kind kind, struct span value)
{
	static char text[REASON_MAX + 1];

	if (kind != SETTING_LANGUAGE || value.n == 0 || site_speaks(child_site(), value))
		return NULL;
	snprintf(text, sizeof text, "%s %s", setting_rule[kind].name, site_languages(child_site()));
	return text;
}

/* "kind=value" */
static enum done_result put_line(
    enum setting_owner owner, uint32_t index, struct span line, struct setting *out, const char **why)
{
	size_t at = span_find(line, '=');
	struct span value = span_skip(line, at + 1);
	enum setting_kind kind = setting_find(span_head(line, at));

	*why = "there is no such setting";
	if (at == line.n || kind == SETTINGS)
		return DONE_REFUSED;
	const char *silent = unspoken(kind, value);
	if (silent) {
		*why = silent;
		return DONE_REFUSED;
	}
	*out = (struct setting){.owner = owner, .index = index, .kind = kind};
	enum done_result r = store_setting_put(&ledger_store, owner, index, kind, value, why);
	if (r == DONE_OK)
		span_cstr(value, out->value, sizeof out->value);
	return r;
}

/* All or none: the caller rolls back. */
static enum done_result put_lines(enum setting_owner owner, uint32_t index, struct span lines,
    struct setting out[LINES_MAX], int *n, const char **why)
{
	enum done_result r = DONE_OK;

	while (r == DONE_OK && lines.n) {
		size_t end = span_find(lines, '\n');
		*why = "there are more settings than there can be";
		r = *n == LINES_MAX ? DONE_REFUSED : put_line(owner, index, span_head(lines, end), &out[*n], why);
		*n += r == DONE_OK;
		lines = span_skip(lines, end + 1);
	}
	return r;
}

void change_settings(struct link *from, const struct ipc_view *v)
{
	static struct setting set[LINES_MAX];
	const struct msg_setting_put *m = v->payload;
	struct change_items items = {.setting = set};
	const char *why = "";
	uint32_t index = 0;

	if (!change_begin(from, m->token))
		return;
	enum done_result r = find_owner((enum setting_owner)m->owner, ipc_str(v, m->name), m->index, &index, &why);
	if (r == DONE_OK)
		r = put_lines((enum setting_owner)m->owner, index, ipc_str(v, m->lines), set, &items.settings, &why);
	change_end_with(r, why, index, &items);
}

/* What is a user's own to set, from their phone. */
void change_own_setting(struct link *from, const struct ipc_view *v)
{
	static struct setting set;
	const struct msg_setting_set *m = v->payload;
	const struct setting_rule *rule = &setting_rule[m->kind];
	struct span value = ipc_str(v, m->value);
	struct change_items items = {.setting = &set, .settings = 1};
	const char *why = "";
	uint32_t index = 0;

	if (rule->setter != SETTER_USER || !(rule->owners >> m->owner & 1) || m->owner == OWNER_GROUP ||
	    m->owner == OWNER_SITE) {
		child_accuse(from, "sets what is not a user's own to set", 0, 0);
		return;
	}
	if (!change_begin(from, m->token))
		return;
	enum done_result r = find_owner((enum setting_owner)m->owner, SPAN(""), m->index, &index, &why);
	if (r == DONE_OK)
		r = store_setting_put(
		    &ledger_store, (enum setting_owner)m->owner, index, (enum setting_kind)m->kind, value, &why);
	set =
	    (struct setting){.owner = (enum setting_owner)m->owner, .index = index, .kind = (enum setting_kind)m->kind};
	span_cstr(value, set.value, sizeof set.value);
	change_end_with(r, why, index, &items);
}

void change_group(struct link *from, const struct ipc_view *v)
{
	static struct setting set[LINES_MAX];
	const struct msg_group_set *m = v->payload;
	struct span name = ipc_str(v, m->name), display = ipc_str(v, m->display);
	struct group g = {0};
	struct change_items items = {.group = &g, .setting = set};
	enum done_result r = DONE_REFUSED;
	const char *why = "";

	if (!change_begin(from, m->token))
		return;
	switch ((enum group_action)m->action) {
	case GROUP_ADD:
		if (!ledger_hides_number(name, &why))
			r = store_group_add(&ledger_store, name, display, &g, &why);
		break;
	case GROUP_CHANGE:
		r = store_group_change(&ledger_store, name, display, &g, &why);
		break;
	case GROUP_DELETE:
		r = store_group_delete(&ledger_store, name, &why);
		if (r == DONE_OK)
			change_note_forwards(name);
		items = (struct change_items){.whole = true};
		break;
	case GROUP_ACTIONS:
		break;
	}
	if (r == DONE_OK && m->action != GROUP_DELETE)
		r = put_lines(OWNER_GROUP, g.id, ipc_str(v, m->lines), set, &items.settings, &why);
	change_end_with(r, why, g.id, &items);
}
