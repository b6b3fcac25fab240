/* SPDX-License-Identifier: ISC */
#include "backup/backup.h"
#include "fuzz.h"

static const uint8_t key[BACKUP_KEY] = {1};

/* Octets of a stranger: nothing that was not sealed is ever taken for a piece. */
static void a_file(struct span s)
{
	uint8_t plain[BACKUP_PIECE_MAX];
	struct backup_header h;
	struct backup_piece p;
	struct backup_box b;
	struct span out;

	if (!backup_header_parse(s, &h))
		FUZZ_CHECK(h.passes <= BACKUP_PASSES_MAX && h.memory_kb <= BACKUP_MEMORY_MAX_KB);
	if (s.n >= BACKUP_PIECE_HEAD && !backup_piece_parse(s.p, &p))
		FUZZ_CHECK(p.n <= BACKUP_PIECE_MAX && p.part > BACKUP_NONE && p.part < BACKUP_PARTS);
	backup_box_init(&b, BACKUP_KEEPER, key);
	FUZZ_CHECK(backup_open(&b, s, plain, &out) != NULL);
}

/* The same octets sealed by us open as they were, and are entries of a store or not. */
static void a_piece(struct span s)
{
	uint8_t sealed[BACKUP_SEALED_MAX], plain[BACKUP_PIECE_MAX];
	struct backup_box from, to;
	struct span out;

	s = span_head(s, BACKUP_PIECE_MAX);
	backup_box_init(&from, BACKUP_KEEPER, key);
	backup_box_init(&to, BACKUP_KEEPER, key);
	struct span piece = backup_seal(&from, s.n % 2, s, sealed);
	FUZZ_CHECK(!backup_open(&to, piece, plain, &out) && span_eq(out, s) && to.ended == (s.n % 2 == 1));
	const char *why = keep_take(NULL, out);
	FUZZ_CHECK(!why || why[0]);
	struct span path, octets;
	why = files_parse(out, &path, &octets);
	FUZZ_CHECK(why || path.n + octets.n + 1 == out.n || (path.n + octets.n == 0 && out.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n);

	a_file(s);
	a_piece(s);
	return 0;
}
