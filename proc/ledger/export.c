/* SPDX-License-Identifier: ISC */
/* ledger's part of a backup, sealed here: who asks for it sees no row. That the log was copied is recorded like any reading of
 * it, before the first row goes out (R23). */
#include "base/secret.h"
#include "ledger/dump.h"
#include "ledger/ledger.h"
#include "vault/backup.h"

static const char reader[] = "(backup)";

static struct {
	bool open;
	uint32_t next;
	struct dump dump;
	struct backup_box *box; /* secret */
	uint8_t *plain;         /* secret: a piece */
} export;

_Static_assert((int)EXPORT_MAX == (int)BACKUP_SEALED_MAX, "a piece travels whole");

static bool record(void)
{
	struct reading_row r = {.wall_ms = keep_wall_ms(), .admin = span_str(reader), .to_ms = INT64_MAX};

	if (!batch_begin())
		return false;
	if (store_reading(&ledger_store, &r))
		return store_commit(&ledger_store);
	store_rollback(&ledger_store);
	return false;
}

static bool begin(const uint8_t key[BACKUP_KEY])
{
	if (!record())
		return false;
	if (!export.box) {
		export.box = secret_new(sizeof *export.box);
		export.plain = secret_new(BACKUP_PIECE_MAX);
	}
	backup_box_init(export.box, BACKUP_LEDGER, key);
	dump_begin(&export.dump, &ledger_store);
	export.open = true;
	export.next = 0;
	batch_own_event(EVENT_ADMIN, SEVERITY_WARNING, "a backup is being made");
	return true;
}

static void end(void)
{
	secret_wipe(export.box, sizeof *export.box);
	export.open = false;
}

static void say_piece(struct link *to, uint64_t token, struct span plain)
{
	uint8_t sealed[BACKUP_SEALED_MAX];
	bool last = export.dump.ended;
	struct span piece = backup_seal(export.box, last, plain, sealed);
	struct msg_exported *m = ipc_begin(to, MSG_EXPORTED);

	if (!m)
		return;
	m->token = token;
	m->last = last;
	m->piece = ipc_put(to, piece);
	ipc_end(to);
}

void export_answer(struct link *from, const struct ipc_view *v)
{
	const struct msg_export_want *m = v->payload;

	if (!batch_flush()) {
		answer_unwritten(m->token);
		return;
	}
	if (m->at == 0 && !begin(m->key)) {
		answer_done(m->token, DONE_FAILED, 0, "the reading could not be recorded, so nothing is given");
		return;
	}
	if (!export.open || m->at != export.next) {
		answer_done(m->token, DONE_REFUSED, 0, "another backup was begun meanwhile");
		return;
	}
	struct buf plain = buf_of(export.plain, BACKUP_PIECE_MAX);
	const char *why = dump_next(&export.dump, &plain);
	if (why)
		answer_done(m->token, DONE_FAILED, 0, why);
	else
		say_piece(from, m->token, buf_span(&plain));
	export.next++;
	secret_wipe(export.plain, plain.n);
	if (why || export.dump.ended)
		end();
}
