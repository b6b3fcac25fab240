/* SPDX-License-Identifier: ISC */
/* Layout 2, of the build before: media ended no side itself, so there was one table, and nothing was dropped for want of a key. */
#include "former.h"
#include "table.h"

enum { DROP_KINDS_2 = 6 };

struct relay_row_2 {
	uint64_t join;
	struct relay_spec spec;
	struct relay_gate gate;
	struct relay_source_state source[2];
	uint64_t answered_ms, heard_ms;
	uint64_t passed[2];
	uint64_t dropped[2][DROP_KINDS_2];
	uint8_t told_open;
	uint16_t opus_len[2];
	uint8_t opus_changes[2];
};

_Static_assert(sizeof(struct relay_row_2) == 1232, "as layout 2 was written");
_Static_assert(DROP_TAG == (int)DROP_KINDS_2, "what was counted then comes first");

static bool row_of_2(const void *from, void *to)
{
	const struct relay_row_2 *f = from;
	struct relay_row *t = to;

	/* such a side was never served: there is no stream to go on with */
	if (f->spec.side[0].end != RELAY_PASSING || f->spec.side[1].end != RELAY_PASSING)
		return false;
	t->join = f->join;
	t->spec = f->spec;
	t->gate = f->gate;
	memcpy(t->source, f->source, sizeof t->source);
	t->answered_ms = f->answered_ms;
	t->heard_ms = f->heard_ms;
	memcpy(t->passed, f->passed, sizeof t->passed);
	for (int side = 0; side < 2; side++)
		memcpy(t->dropped[side], f->dropped[side], sizeof f->dropped[side]);
	t->told_open = f->told_open;
	memcpy(t->opus_len, f->opus_len, sizeof t->opus_len);
	memcpy(t->opus_changes, f->opus_changes, sizeof t->opus_changes);
	return true;
}

static const uint32_t record_size[] = {[MEDIA_ROWS] = sizeof(struct relay_row_2)};

static arena_converter *const convert[] = {[MEDIA_ROWS] = row_of_2};

const struct arena_former media_former = {
    .layout = 2, .tables = MEDIA_ENDS, .record_size = record_size, .convert = convert};
