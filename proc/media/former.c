/* SPDX-License-Identifier: ISC */
/* Layout 3, of the build before: a source beyond those that are followed was not heard, so none had given its place to another. */
#include "former.h"
#include "end.h"

struct end_kept_3 {
	uint64_t join;
	uint8_t end;
	uint8_t keyed;
	uint8_t suite;
	uint8_t key_ours[SDP_KEY_MAX], key_theirs[SDP_KEY_MAX];
	char cname[RTCP_CNAME + 1];
	struct splice sent;
	uint64_t reserved;
	uint32_t reserved_rtcp;
	struct srtp_mark heard[SRTP_SOURCES];
};

_Static_assert(sizeof(struct end_kept_3) == 464, "as layout 3 was written");
_Static_assert(sizeof(struct relay_row) == 1280, "as in layout 3");

static bool end_of_3(const void *from, void *to)
{
	const struct end_kept_3 *f = from;
	struct end_kept *t = to;

	t->join = f->join;
	t->end = f->end;
	t->keyed = f->keyed;
	t->suite = f->suite;
	memcpy(t->key_ours, f->key_ours, sizeof t->key_ours);
	memcpy(t->key_theirs, f->key_theirs, sizeof t->key_theirs);
	memcpy(t->cname, f->cname, sizeof t->cname);
	t->sent = f->sent;
	t->reserved = f->reserved;
	t->reserved_rtcp = f->reserved_rtcp;
	memcpy(t->heard.source, f->heard, sizeof f->heard);
	return true;
}

static const uint32_t record_size[] = {
    [MEDIA_ROWS] = sizeof(struct relay_row), [MEDIA_ENDS] = sizeof(struct end_kept_3)};

static arena_converter *const convert[] = {[MEDIA_ENDS] = end_of_3};

const struct arena_former media_former = {
    .layout = 3, .tables = MEDIA_TABLES, .record_size = record_size, .convert = convert};
