/* SPDX-License-Identifier: ISC */
/* R31: which backups are read, in what order their parts stand, and what may be the path of a file in one. */
#include "backup/backup.h"
#include "test.h"

static void versions(void)
{
	struct backup_header h, got;

	backup_header_make(&h);
	CHECK(!backup_header_parse(span_of(h.octets, BACKUP_HEADER), &got) && got.version == BACKUP_VERSION);
	CHECK(backup_order(&got)[0] == BACKUP_FILES && backup_order(&got)[1] == BACKUP_CONF);
	h.octets[19] = 1; /* those that were made before files were in them */
	CHECK(!backup_header_parse(span_of(h.octets, BACKUP_HEADER), &got) && got.version == 1);
	CHECK(backup_order(&got)[0] == BACKUP_CONF && backup_order(&got)[3] == BACKUP_END && !backup_order(&got)[4]);
	for (int v = 0; v < 256; v += v == 0 ? BACKUP_VERSION + 1 : 51) {
		h.octets[19] = (uint8_t)v;
		const char *why = backup_header_parse(span_of(h.octets, BACKUP_HEADER), &got);
		CHECK(why && strstr(why, "another version"));
	}
}

static void paths(void)
{
	static const char *const good[] = {"trust/a.pem", "prompts/en/music.wav", "trust/a..b", "prompts/de/\xc3\xa4.wav"};
	static const char *const bad[] = {"", "trust", "trust/", "trust/a/b", "trust/.a", "trust/..", "trust//a",
	    "prompts/en", "prompts/en/", "prompts//a", "prompts/../a", "prompts/en/..", "prompts/en/a/b", "/trust/a",
	    "../trust/a", "keeper/store.a", "ringfence.conf", "trus/a"};
	char longest[8 + FILE_NAME_LONGEST + 2] = "trust/";

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		CHECK(files_path_ok(span_str(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!files_path_ok(span_str(bad[i])));
	CHECK(!files_path_ok(span_of("trust/a\0b", 9)));
	memset(longest + 6, 'a', FILE_NAME_LONGEST);
	CHECK(files_path_ok(span_str(longest)));
	longest[6 + FILE_NAME_LONGEST] = 'a';
	CHECK(!files_path_ok(span_str(longest)));
}

static void pieces(void)
{
	static const char text[] = "\7trust/aoctets", cut[] = "\7trust/", empty[] = "\7trust/a";
	struct span path, octets;

	CHECK(!files_parse(span_of(text, sizeof text - 1), &path, &octets));
	CHECK(span_eq(path, SPAN("trust/a")) && span_eq(octets, SPAN("octets")));
	CHECK(!files_parse(span_of(empty, sizeof empty - 1), &path, &octets) && octets.n == 0 && path.n == 7);
	CHECK(!files_parse(span_of(text, 0), &path, &octets) && path.n == 0);
	CHECK(files_parse(span_of(cut, sizeof cut - 1), &path, &octets) != NULL);
}

int main(void)
{
	RUN(versions);
	RUN(paths);
	RUN(pieces);
	return TEST_END;
}
