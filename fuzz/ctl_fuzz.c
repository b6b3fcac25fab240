/* SPDX-License-Identifier: ISC */
/* A local client's request: never more than it said, no controls, and the same answer however it is cut. What it said is
 * then put into a line of JSON, which stays one line of clean text. */
#include "base/json.h"
#include "ctl/request.h"
#include "fuzz.h"

static void check_line(struct span text)
{
	static uint8_t mem[REQUEST_MAX * 6 + 64];
	struct buf b = buf_of(mem, sizeof mem);

	json_begin(&b, "x");
	json_text(&b, "t", text);
	json_end(&b);
	FUZZ_CHECK(!b.full && b.n > 0 && mem[b.n - 1] == '\n');
	for (size_t i = 0; i + 1 < b.n; i++)
		FUZZ_CHECK(mem[i] >= 0x20 && mem[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct request r, again;
	const char *why = NULL;

	if (n > REQUEST_MAX)
		return 0;
	check_line(span_of(data, n));
	enum request_state s = request_parse(span_of(data, n), &r, &why);
	FUZZ_CHECK(s != REQUEST_BAD || why);
	if (s != REQUEST_WHOLE)
		return 0;
	FUZZ_CHECK(r.verb < VERBS && r.body.n <= REQUEST_BODY_MAX);
	for (int f = 0; f < FIELDS; f++)
		for (size_t i = 0; request_has(&r, (enum field)f) && i < r.text[f].n; i++)
			FUZZ_CHECK(r.text[f].p[i] >= 0x20 && r.text[f].p[i] != 0x7f);
	for (size_t cut = 0; cut < n; cut++)
		FUZZ_CHECK(request_parse(span_of(data, cut), &again, &why) == REQUEST_MORE);
	return 0;
}
