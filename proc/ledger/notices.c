/* SPDX-License-Identifier: ISC */
/* What was spent (R17) and the emergency calls (R16). */
#include "ledger/store_int.h"

bool store_spent_put(struct store *s, const struct spent *row)
{
	struct stmt *q = s->q[Q_SPENT_PUT];
	struct ceiling_count count;

	if (!ceiling_parse(span_str(row->text), &count))
		return true; /* whoever wrote it: it says nothing */
	db_bind_int(q, 1, row->scope);
	db_bind_int(q, 2, row->index);
	db_bind_int(q, 3, count.day);
	db_bind_text(q, 4, span_str(row->text));
	return store_run(q);
}

int store_spent(struct store *s, const struct spent *after, struct spent *out, int most)
{
	struct stmt *q = s->q[Q_SPENT_AFTER];
	enum db_result r;
	int n = 0;

	db_bind_int(q, 1, after->scope);
	db_bind_int(q, 2, after->index);
	db_bind_int(q, 3, most);
	while ((r = db_step(q)) == DB_ROW) {
		if (n == most)
			continue;
		struct spent *row = &out[n++];
		*row = (struct spent){.scope = (enum ceiling_scope)store_in_range(db_int(q, 0), CEILING_SCOPES),
		    .index = (uint32_t)db_int(q, 1)};
		store_copy_text(q, 2, row->text, sizeof row->text);
	}
	return r == DB_DONE ? n : -1;
}

bool store_spent_forget(struct store *s, uint32_t before_day)
{
	db_bind_int(s->q[Q_SPENT_FORGET], 1, before_day);
	return store_run(s->q[Q_SPENT_FORGET]);
}

bool store_spent_forget_of(struct store *s, enum ceiling_scope scope, uint32_t index)
{
	db_bind_int(s->q[Q_SPENT_FORGET_OF], 1, scope);
	db_bind_int(s->q[Q_SPENT_FORGET_OF], 2, index);
	return store_run(s->q[Q_SPENT_FORGET_OF]);
}

static bool move(struct store *s, enum query which, uint32_t place, uint32_t mark)
{
	struct stmt *q = s->q[which];

	db_bind_int(q, 1, CEILING_TRUNK);
	db_bind_int(q, 2, place);
	db_bind_int(q, 3, mark);
	return store_run(q);
}

bool store_spent_of_trunks(struct store *s, const struct trunk_conf *trunk, uint32_t trunks)
{
	bool ok = store_begin(s);

	for (uint32_t i = 0; ok && i < SITE_TRUNKS_MAX; i++) {
		const uint32_t mark = i < trunks ? trunk_conf_mark(&trunk[i]) : 0;
		ok = mark ? move(s, Q_SPENT_LEAVE, i + 1, mark) && move(s, Q_SPENT_MOVE, i + 1, mark)
		          : store_spent_forget_of(s, CEILING_TRUNK, i + 1);
	}
	return ok && store_commit(s);
}

/* --- emergency calls --- */

bool store_notice(struct store *s, const struct notice_row *n)
{
	struct stmt *q = s->q[Q_NOTICE_INSERT];

	db_bind_int(q, 1, s->last_notice + 1);
	db_bind_int(q, 2, n->wall_ms);
	db_bind_int(q, 3, n->device);
	db_bind_int(q, 4, n->user);
	db_bind_int(q, 5, n->kind);
	db_bind_text(q, 6, n->number);
	db_bind_text(q, 7, n->location);
	if (!store_run(q))
		return false;
	s->last_notice += db_changed(q) > 0;
	return true;
}

enum done_result store_notice_take(struct store *s, uint64_t id, int64_t wall_ms, struct span who, const char **why)
{
	struct stmt *q = s->q[Q_NOTICE_TAKE];

	if (!store_name_ok(who))
		return store_refuse(DONE_REFUSED, "who has seen to it is named by 1 to 32 of a-z 0-9 . _ * # + -", why);
	db_bind_int(q, 1, id > INT64_MAX ? INT64_MAX : (int64_t)id);
	db_bind_int(q, 2, wall_ms);
	db_bind_text(q, 3, who);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	return db_changed(q)
	           ? DONE_OK
	           : store_refuse(DONE_NOT_FOUND, "there is no notice of this number that waits for anyone", why);
}

static int walk(struct stmt *q, void (*each)(void *arg, const struct notice_row *n), void *arg)
{
	enum db_result r;
	int n = 0;

	for (; (r = db_step(q)) == DB_ROW; n++) {
		struct notice_row row = {.id = db_int(q, 0),
		    .wall_ms = db_int(q, 1),
		    .device = (uint32_t)db_int(q, 2),
		    .user = (uint32_t)db_int(q, 3),
		    .kind = (enum notice_kind)store_in_range(db_int(q, 4), NOTICE_KINDS),
		    .number = db_octets(q, 5),
		    .location = db_octets(q, 6),
		    .taken_ms = db_int(q, 7),
		    .taken_by = db_octets(q, 8)};
		each(arg, &row);
	}
	return r == DB_DONE ? n : -1;
}

int store_notices(
    struct store *s, int64_t after, uint32_t most, void (*each)(void *arg, const struct notice_row *n), void *arg)
{
	db_bind_int(s->q[Q_NOTICES_AFTER], 1, after);
	db_bind_int(s->q[Q_NOTICES_AFTER], 2, most);
	return walk(s->q[Q_NOTICES_AFTER], each, arg);
}

int store_notices_since(struct store *s, int64_t after, int64_t wall_ms, uint32_t most,
    void (*each)(void *arg, const struct notice_row *n), void *arg)
{
	struct stmt *q = s->q[Q_NOTICES_SINCE];

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, wall_ms);
	db_bind_int(q, 3, NOTICE_CALL);
	db_bind_int(q, 4, NOTICE_DOUBT);
	db_bind_int(q, 5, NOTICE_END);
	db_bind_int(q, 6, most);
	return walk(q, each, arg);
}

bool store_notices_forget(struct store *s, int64_t before_ms)
{
	db_bind_int(s->q[Q_NOTICES_FORGET], 1, before_ms);
	return store_run(s->q[Q_NOTICES_FORGET]);
}
