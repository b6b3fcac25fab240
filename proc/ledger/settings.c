/* SPDX-License-Identifier: ISC */
/* What people, phones, ring groups and the site have set, and the ring groups themselves. */
#include "base/utf8.h"
#include "ledger/store_int.h"
#include <stdio.h>

/* --- ring groups --- */

static void read_group(struct stmt *q, void *to)
{
	struct group *g = to;

	*g = (struct group){.id = (uint32_t)db_int(q, 0)};
	store_copy_text(q, 1, g->name, sizeof g->name);
	store_copy_text(q, 2, g->display, sizeof g->display);
}

bool store_group_get(struct store *s, struct span name, struct group *out)
{
	struct stmt *q = s->q[Q_GROUP_BY_NAME];

	db_bind_text(q, 1, name);
	if (db_step(q) != DB_ROW)
		return false;
	read_group(q, out);
	db_reset(q);
	return true;
}

int store_groups(struct store *s, uint32_t after, struct group *out, int most)
{
	struct stmt *q = s->q[Q_GROUPS_AFTER];

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, most);
	return store_page(q, read_group, out, sizeof *out, most);
}

enum done_result store_group_add(
    struct store *s, struct span name, struct span display, struct group *out, const char **why)
{
	struct stmt *q = s->q[Q_GROUP_INSERT];
	struct person person;
	struct group g = {0};
	int64_t id;

	if (!store_name_ok(name) || !span_cstr(name, g.name, sizeof g.name))
		return store_refuse(DONE_REFUSED, "a ring group's number is 1 to 32 of a-z 0-9 . _ * # + -", why);
	if (!utf8_text_ok(display, DISPLAY_MAX) || !span_cstr(display, g.display, sizeof g.display))
		return store_refuse(DONE_REFUSED, "the display name holds what is not plain text", why);
	if (store_person_get(s, name, &person))
		return store_refuse(DONE_EXISTS, "there is a user of this name", why);
	if (store_group_get(s, name, out))
		return store_refuse(DONE_EXISTS, "there is a ring group of this number", why);
	if (!store_one(s->q[Q_GROUP_FREE], &id))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	if (id > STORE_GROUPS_MAX)
		return store_refuse(DONE_REFUSED, "there are 255 ring groups, which is as many as there may be", why);
	g.id = (uint32_t)id;
	db_bind_int(q, 1, id);
	db_bind_text(q, 2, name);
	db_bind_text(q, 3, display);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = g;
	return DONE_OK;
}

enum done_result store_group_change(
    struct store *s, struct span name, struct span display, struct group *out, const char **why)
{
	struct stmt *q = s->q[Q_GROUP_UPDATE];
	struct group g;

	if (!utf8_text_ok(display, DISPLAY_MAX))
		return store_refuse(DONE_REFUSED, "the display name holds what is not plain text", why);
	if (!store_group_get(s, name, &g))
		return store_refuse(DONE_NOT_FOUND, "there is no ring group of this number", why);
	if (display.n)
		span_cstr(display, g.display, sizeof g.display);
	db_bind_int(q, 1, g.id);
	db_bind_text(q, 2, span_str(g.display));
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = g;
	return DONE_OK;
}

const char store_desk_stays[] =
    "this is the front desk, which hears of emergency calls: set another one first (ringfence site set --front-desk)";

bool store_is_front_desk(struct store *s, struct span name)
{
	static struct setting row[SETTINGS];
	const int n = store_settings_of(s, OWNER_SITE, 0, row, SETTINGS);

	for (int i = 0; i < n && i < SETTINGS; i++)
		if (row[i].kind == SETTING_FRONT_DESK && span_eq(span_str(row[i].value), name))
			return true;
	return n < 0; /* not known */
}

enum done_result store_group_delete(struct store *s, struct span name, const char **why)
{
	struct group g;

	if (!store_group_get(s, name, &g))
		return store_refuse(DONE_NOT_FOUND, "there is no ring group of this number", why);
	if (store_is_front_desk(s, name))
		return store_refuse(DONE_REFUSED, store_desk_stays, why);
	db_bind_int(s->q[Q_GROUP_DELETE], 1, g.id);
	if (!store_run(s->q[Q_GROUP_DELETE]) || !store_settings_forget(s, OWNER_GROUP, g.id))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	return DONE_OK;
}

/* --- settings --- */

static char reason[REASON_MAX];

static enum done_result refuse_setting(enum setting_kind kind, const char *words, const char **why)
{
	snprintf(reason, sizeof reason, "%s %s", setting_rule[kind].name, words);
	return store_refuse(DONE_REFUSED, reason, why);
}

/* Who is rung, and who hears of emergencies, is someone here; other numbers may lead anywhere, or be given out later. */
static bool names_are_known(struct store *s, enum setting_kind kind, struct span value)
{
	struct person p;
	struct group g;
	struct span name;

	while (setting_next(&value, &name))
		if (!(store_person_get(s, name, &p) && (kind != SETTING_FRONT_DESK || p.enabled)) &&
		    (kind != SETTING_FRONT_DESK || !store_group_get(s, name, &g)))
			return false;
	return true;
}

enum done_result store_setting_put(struct store *s, enum setting_owner owner, uint32_t index, enum setting_kind kind,
    struct span value, const char **why)
{
	struct stmt *q = s->q[value.n ? Q_SETTING_PUT : Q_SETTING_DROP];
	const char *wrong = setting_check(owner, kind, value);

	if (wrong)
		return refuse_setting(kind, wrong, why);
	if ((kind == SETTING_MEMBERS || kind == SETTING_FRONT_DESK) && !names_are_known(s, kind, value))
		return refuse_setting(kind,
		    kind == SETTING_MEMBERS ? "names someone who is not a user here"
					    : "names nobody here: neither a user who is enabled nor a ring group",
		    why);
	db_bind_int(q, 1, owner);
	db_bind_int(q, 2, index);
	db_bind_text(q, 3, span_str(setting_rule[kind].name));
	if (value.n)
		db_bind_text(q, 4, value);
	return store_run(q) ? DONE_OK : store_refuse(DONE_FAILED, store_db_failed, why);
}

static void read_setting(struct stmt *q, struct setting *out)
{
	int64_t owner = db_int(q, 0);
	struct span value = db_octets(q, 3);

	*out = (struct setting){
	    .owner = (enum setting_owner)store_in_range(owner, OWNERS), .index = (uint32_t)db_int(q, 1)};
	store_copy_text(q, 2, out->name, sizeof out->name);
	store_copy_text(q, 3, out->value, sizeof out->value);
	out->kind = setting_find(span_str(out->name));
	if (owner != out->owner || out->kind == SETTINGS || setting_check(out->owner, out->kind, value) != NULL)
		out->kind = SETTINGS;
}

static int read_settings(struct stmt *q, struct setting *out, int most)
{
	enum db_result r;
	int n = 0;

	while ((r = db_step(q)) == DB_ROW)
		if (n < most)
			read_setting(q, &out[n++]);
	return r == DB_DONE ? n : -1;
}

int store_settings(struct store *s, const struct setting *after, struct setting *out, int most)
{
	struct stmt *q = s->q[Q_SETTINGS_AFTER];
	const struct setting last = *after; /* it may be one of `out` */

	db_bind_int(q, 1, last.owner);
	db_bind_int(q, 2, last.index);
	db_bind_text(q, 3, span_str(last.name));
	db_bind_int(q, 4, most);
	return read_settings(q, out, most);
}

int store_settings_of(struct store *s, enum setting_owner owner, uint32_t index, struct setting *out, int most)
{
	struct stmt *q = s->q[Q_SETTINGS_OF];

	db_bind_int(q, 1, owner);
	db_bind_int(q, 2, index);
	db_bind_int(q, 3, most);
	return read_settings(q, out, most);
}

int store_forwards_to(struct store *s, struct span name)
{
	int64_t n;

	db_bind_text(s->q[Q_FORWARDS_TO], 1, name);
	return store_one(s->q[Q_FORWARDS_TO], &n) ? store_in_range(n, INT32_MAX) : 0;
}

bool store_settings_forget(struct store *s, enum setting_owner owner, uint32_t index)
{
	db_bind_int(s->q[Q_SETTINGS_FORGET], 1, owner);
	db_bind_int(s->q[Q_SETTINGS_FORGET], 2, index);
	return store_run(s->q[Q_SETTINGS_FORGET]);
}
