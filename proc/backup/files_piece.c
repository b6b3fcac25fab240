/* SPDX-License-Identifier: ISC */
/* A piece of the files: {path_n u8, path, octets}, which follow those of the piece before where that is of the same path. An empty piece
 * is of none. */
#include "backup.h"
#include "base/cursor.h"

/* A name in a directory of ours, and nothing that leads out of it. */
static bool is_name(struct span s)
{
	return s.n > 0 && s.n <= FILE_NAME_LONGEST && s.p[0] != '.' && span_find(s, 0) == s.n &&
	       span_find(s, '/') == s.n;
}

/* trust/NAME or prompts/LANGUAGE/NAME */
bool files_path_ok(struct span path)
{
	size_t at = span_find(path, '/');
	struct span first = span_head(path, at), rest = span_skip(path, at + 1);

	if (span_eq(first, SPAN(FILES_TRUST)))
		return is_name(rest);
	at = span_find(rest, '/');
	return span_eq(first, SPAN(FILES_PROMPTS)) && is_name(span_head(rest, at)) && at < rest.n &&
	       is_name(span_skip(rest, at + 1));
}

const char *files_parse(struct span plain, struct span *path, struct span *octets)
{
	struct cursor c = cursor_of(plain);
	uint8_t n;

	*path = *octets = span_of(NULL, 0);
	if (plain.n == 0)
		return NULL;
	if (!cursor_u8(&c, &n) || !cursor_span(&c, n, path) || !cursor_span(&c, cursor_left(&c), octets) ||
	    !files_path_ok(*path))
		return "its files are damaged";
	return NULL;
}
