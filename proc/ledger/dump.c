/* SPDX-License-Identifier: ISC */
#include "ledger/dump.h"
#include "base/cursor.h"
#include "ledger/store_int.h"
#include <stdio.h>

struct dump_table {
	const char *name, *columns, *kinds; /* I number, T text, B octets */
	bool has_id;
	const char *order;
};

#include "tables.h"

enum { SQL_MAX = 512, PAGE = 128 };

_Static_assert(TABLES <= DUMP_TABLES_MAX && TABLES < DUMP_HEAD, "a table's number is one octet");

static const char failed[] = "the database failed", damaged[] = "its rows are damaged";

/* --- out --- */

static void put_u64(struct buf *b, uint64_t v)
{
	buf_u32(b, (uint32_t)(v >> 32));
	buf_u32(b, (uint32_t)v);
}

void dump_begin(struct dump *d, struct store *s)
{
	d->store = s;
	d->table = -1;
	d->generation = s->generation;
	d->ended = false;
}

static struct stmt *page_of(struct dump *d)
{
	const struct dump_table *t = &dump_table[d->table];
	char sql[SQL_MAX];

	if (d->page[d->table])
		return d->page[d->table];
	if (t->has_id)
		snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id > $1 ORDER BY id LIMIT $2", t->columns, t->name);
	else
		snprintf(
		    sql, sizeof sql, "SELECT %s FROM %s ORDER BY %s LIMIT $2 OFFSET $1", t->columns, t->name, t->order);
	return d->page[d->table] = db_prepare(d->store->db, sql);
}

static void put_row(struct buf *b, const struct dump_table *t, int table, struct stmt *q)
{
	buf_u8(b, (uint8_t)table);
	for (int i = 0; t->kinds[i]; i++) {
		if (t->kinds[i] == 'I') {
			put_u64(b, (uint64_t)db_int(q, i));
			continue;
		}
		struct span v = db_octets(q, i);
		b->full |= v.n > UINT16_MAX;
		buf_u16(b, (uint16_t)v.n);
		buf_add(b, v);
	}
}

enum page_end { PAGE_SHORT, PAGE_FULL, PAGE_NO_ROOM, PAGE_FAILED };

static enum page_end put_page(struct dump *d, struct buf *out)
{
	const struct dump_table *t = &dump_table[d->table];
	struct stmt *q = page_of(d);
	enum db_result r = DB_FAILED;
	int n = 0;

	if (!q)
		return PAGE_FAILED;
	db_bind_int(q, 1, t->has_id ? d->after : (int64_t)d->out_n);
	db_bind_int(q, 2, PAGE);
	for (; (r = db_step(q)) == DB_ROW; n++) {
		struct buf row = buf_of(out->p + out->n, out->cap - out->n);
		put_row(&row, t, d->table, q);
		if (row.full) {
			db_reset(q);
			return PAGE_NO_ROOM;
		}
		out->n += row.n;
		d->after = t->has_id ? db_int(q, 0) : 0;
		d->out_n++;
	}
	return r == DB_FAILED ? PAGE_FAILED : n < PAGE ? PAGE_SHORT : PAGE_FULL;
}

static void next_table(struct dump *d)
{
	d->table++;
	d->after = INT64_MIN;
	d->out_n = 0;
}

const char *dump_next(struct dump *d, struct buf *out)
{
	if (d->table < 0) {
		buf_u8(out, DUMP_HEAD);
		put_u64(out, STORE_SCHEMA);
		put_u64(out, TABLES_ID);
		next_table(d);
	}
	while (d->table < TABLES) {
		size_t before = out->n;
		enum page_end end = put_page(d, out);
		if (end == PAGE_FAILED)
			return failed;
		if (end == PAGE_NO_ROOM)
			return before || out->n ? NULL : "a row is longer than a piece of a backup";
		if (end == PAGE_SHORT)
			next_table(d);
	}
	d->ended = true;
	return d->generation == d->store->generation ? NULL : "the directory was changed meanwhile; try again";
}

/* --- and back --- */

void load_begin(struct load *l, struct store *s)
{
	*l = (struct load){.store = s};
}

static bool get_u64(struct cursor *c, uint64_t *v)
{
	uint32_t hi, lo;

	if (!cursor_u32(c, &hi) || !cursor_u32(c, &lo))
		return false;
	*v = (uint64_t)hi << 32 | lo;
	return true;
}

static const char *take_head(struct load *l, struct cursor *c)
{
	uint64_t schema, id;

	if (l->begun || !get_u64(c, &schema) || !get_u64(c, &id))
		return damaged;
	l->begun = true;
	return schema == STORE_SCHEMA && id == TABLES_ID ? NULL : "its database is of another version of Ringfence";
}

/* A row that came with the opening of the new database makes room for that of the old one. */
static struct stmt *insert_into(struct load *l, int table)
{
	const struct dump_table *t = &dump_table[table];
	char sql[SQL_MAX], marks[64] = "";
	int n = 0;

	if (l->insert[table])
		return l->insert[table];
	for (int i = 1; t->kinds[i - 1]; i++)
		n += snprintf(marks + n, sizeof marks - (size_t)n, "%s$%d", i > 1 ? ", " : "", i);
	if (strcmp(t->name, "meta") == 0)
		snprintf(sql, sizeof sql,
		    "INSERT INTO meta (%s) VALUES (%s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		    t->columns, marks);
	else
		snprintf(sql, sizeof sql, "INSERT INTO %s (%s) VALUES (%s)", t->name, t->columns, marks);
	return l->insert[table] = db_prepare(l->store->db, sql);
}

static bool bind_column(struct cursor *c, struct stmt *q, char kind, int at)
{
	struct span octets;
	uint64_t number;
	uint16_t n;

	if (kind == 'I') {
		if (!get_u64(c, &number))
			return false;
		if (q)
			db_bind_int(q, at, (int64_t)number);
		return true;
	}
	if (!cursor_u16(c, &n) || !cursor_span(c, n, &octets))
		return false;
	if (q && kind == 'T')
		db_bind_text(q, at, octets);
	else if (q)
		db_bind_octets(q, at, octets);
	return true;
}

static const char *take_row(struct load *l, struct cursor *c, uint8_t table)
{
	struct stmt *q = NULL;

	if (!l->begun || table >= TABLES)
		return damaged;
	if (l->store && !(q = insert_into(l, table)))
		return failed;
	for (int i = 0; dump_table[table].kinds[i]; i++)
		if (!bind_column(c, q, dump_table[table].kinds[i], i + 1)) {
			if (q)
				db_reset(q);
			return damaged;
		}
	l->rows++;
	return !q || store_run(q) ? NULL : "a row of it cannot be taken into the database";
}

const char *load_piece(struct load *l, struct span piece)
{
	struct cursor c = cursor_of(piece);
	const char *why = NULL;
	uint8_t table;

	while (!why && cursor_u8(&c, &table))
		why = table == DUMP_HEAD ? take_head(l, &c) : take_row(l, &c, table);
	return why;
}

bool load_undo(struct store *s)
{
	char sql[SQL_MAX];
	bool ok = store_begin(s);

	for (int i = TABLES - 1; i >= 0 && ok; i--) {
		snprintf(sql, sizeof sql, "DELETE FROM %s", dump_table[i].name);
		struct stmt *q = db_prepare(s->db, sql);
		ok = q && store_run(q);
	}
	return ok && store_commit(s);
}

#define MARK "restoring" /* in meta */

bool load_mark(struct store *s, uint64_t mark)
{
	return store_meta_set(s, MARK, (int64_t)mark);
}

bool load_unmark(struct store *s)
{
	struct stmt *q = db_prepare(s->db, "DELETE FROM meta WHERE name = '" MARK "'");

	return q && store_run(q);
}

bool load_has_mark(struct db *db, uint64_t mark)
{
	struct stmt *q = mark ? db_prepare(db, "SELECT value FROM meta WHERE name = '" MARK "'") : NULL;
	int64_t value;

	return q && store_one(q, &value) && (uint64_t)value == mark;
}

bool load_is_empty(struct db *db)
{
	char sql[SQL_MAX];
	bool empty = true;

	for (int i = 0; i < TABLES && empty; i++) {
		int64_t n = 0;
		if (strcmp(dump_table[i].name, "meta") == 0)
			continue;
		snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", dump_table[i].name);
		struct stmt *q = db_prepare(db, sql); /* a table that is not there is empty */
		empty = !q || (store_one(q, &n) && n == 0);
	}
	return empty;
}
