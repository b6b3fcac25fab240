/* SPDX-License-Identifier: ISC */
/* Voicemail in the database: messages and their sealed pieces. */
#include "ledger/store_int.h"

static int64_t count(struct stmt *q)
{
	int64_t n = INT64_MAX;

	return store_one(q, &n) ? n : INT64_MAX;
}

int64_t store_mail_begin(struct store *s, uint32_t person, int64_t wall_ms, uint32_t most)
{
	int64_t last;

	db_bind_int(s->q[Q_MAIL_OF], 1, person);
	if (count(s->q[Q_MAIL_OF]) >= most || count(s->q[Q_MAIL_ALL]) >= MAIL_MOST ||
	    !store_one(s->q[Q_MAIL_LAST], &last))
		return 0;
	db_bind_int(s->q[Q_MAIL_INSERT], 1, last + 1);
	db_bind_int(s->q[Q_MAIL_INSERT], 2, person);
	db_bind_int(s->q[Q_MAIL_INSERT], 3, wall_ms);
	return store_run(s->q[Q_MAIL_INSERT]) ? last + 1 : 0;
}

bool store_mail_put(struct store *s, int64_t message, uint32_t at, struct span piece)
{
	struct stmt *q = s->q[Q_MAIL_PIECE_PUT];

	db_bind_int(q, 1, message);
	db_bind_int(q, 2, at);
	db_bind_octets(q, 3, piece);
	return store_run(q);
}

/* A copy: as long as a query is not over, SQLite cannot begin its journal anew. */
struct span store_mail_get(struct store *s, int64_t message, uint32_t at)
{
	static uint8_t copy[MAIL_PIECE_MAX];
	struct stmt *q = s->q[Q_MAIL_PIECE_GET];

	db_bind_int(q, 1, message);
	db_bind_int(q, 2, at);
	if (db_step(q) != DB_ROW)
		return span_of(NULL, 0);
	const struct span piece = span_head(db_octets(q, 0), sizeof copy);
	if (piece.n)
		memcpy(copy, piece.p, piece.n);
	db_reset(q);
	return span_of(copy, piece.n);
}

bool store_mail_owner(struct store *s, int64_t message, uint32_t *person)
{
	int64_t id;

	db_bind_int(s->q[Q_MAIL_OWNER], 1, message);
	if (!store_one(s->q[Q_MAIL_OWNER], &id))
		return false;
	*person = (uint32_t)id;
	return true;
}

static bool run_gone(struct stmt *q, mail_gone *gone)
{
	enum db_result r;

	while ((r = db_step(q)) == DB_ROW)
		gone(db_int(q, 0));
	return r == DB_DONE;
}

bool store_mail_done(struct store *s, int64_t message, uint32_t length_ms, mail_gone *gone, enum mail_kept *kept)
{
	int64_t pieces;

	db_bind_int(s->q[Q_MAIL_PIECES], 1, message);
	if (!store_one(s->q[Q_MAIL_PIECES], &pieces))
		return false;
	if (pieces == 0)
		length_ms = 0;
	db_bind_int(s->q[Q_MAIL_DONE], 1, message);
	db_bind_int(s->q[Q_MAIL_DONE], 2, length_ms);
	if (!store_run(s->q[Q_MAIL_DONE]) || !run_gone(s->q[Q_MAIL_EMPTY], gone))
		return false;
	*kept = length_ms == 0                       ? MAIL_KEPT_NOT
	        : pieces * 1000 < (int64_t)length_ms ? MAIL_KEPT_IN_PART
	                                             : MAIL_KEPT_WHOLE;
	return true;
}

bool store_mail_mark(struct store *s, uint32_t person, int64_t message, bool gone)
{
	struct stmt *q = s->q[gone ? Q_MAIL_DELETE : Q_MAIL_HEARD];

	db_bind_int(q, 1, message);
	db_bind_int(q, 2, person);
	return store_run(q);
}

bool store_mail_next(struct store *s, uint32_t person, bool heard, int64_t after, struct mail_row *out)
{
	struct stmt *q = s->q[Q_MAIL_NEXT];

	db_bind_int(q, 1, person);
	db_bind_int(q, 2, heard ? 2 : 1);
	db_bind_int(q, 3, after);
	if (db_step(q) != DB_ROW)
		return false;
	*out = (struct mail_row){db_int(q, 0), db_int(q, 1), (uint32_t)db_int(q, 2)};
	db_reset(q);
	return true;
}

void store_mail_count(struct store *s, uint32_t person, uint32_t *fresh, uint32_t *old)
{
	uint32_t *const out[] = {NULL, fresh, old};

	for (int state = 1; state <= 2; state++) {
		db_bind_int(s->q[Q_MAIL_COUNT], 1, person);
		db_bind_int(s->q[Q_MAIL_COUNT], 2, state);
		int64_t n = count(s->q[Q_MAIL_COUNT]);
		*out[state] = n > MAIL_MOST ? 0 : (uint32_t)n;
	}
}

bool store_mail_forget(struct store *s, int64_t before_ms, int64_t stale_ms, mail_gone *gone)
{
	db_bind_int(s->q[Q_MAIL_FORGET], 1, before_ms);
	db_bind_int(s->q[Q_MAIL_STALE], 1, stale_ms);
	return run_gone(s->q[Q_MAIL_FORGET], gone) && store_run(s->q[Q_MAIL_STALE]) &&
	       run_gone(s->q[Q_MAIL_EMPTY], gone);
}

bool store_mail_forget_of(struct store *s, uint32_t person)
{
	db_bind_int(s->q[Q_MAIL_DELETE_OF], 1, person);
	return store_run(s->q[Q_MAIL_DELETE_OF]);
}

static void read_owner(struct stmt *q, void *to)
{
	uint32_t *person = to;

	*person = (uint32_t)db_int(q, 0);
}

int store_mail_owners(struct store *s, int64_t after, uint32_t *out, int most)
{
	struct stmt *q = s->q[Q_MAIL_OWNERS];

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, most);
	return store_page(q, read_owner, out, sizeof *out, most);
}
