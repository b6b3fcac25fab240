/* SPDX-License-Identifier: ISC */
/* What a local client may say (T38), and that nothing it or anyone else said can break a line of the answer (T39). */
#include "base/json.h"
#include "ctl/request.h"
#include "test.h"

static struct request r;
static const char *why;

static enum request_state parse(const char *text)
{
	why = NULL;
	memset(&r, 0, sizeof r);
	return request_parse(span_str(text), &r, &why);
}

static void a_request_is_read(void)
{
	CHECK(parse("verb=user-add\nname=101\npassword=a=b c\ndisplay=Anna \xc3\x85\n\n") == REQUEST_WHOLE);
	CHECK(r.verb == VERB_USER_ADD && span_eq(r.text[FIELD_NAME], SPAN("101")));
	CHECK(span_eq(r.text[FIELD_PASSWORD], SPAN("a=b c")) && request_has(&r, FIELD_DISPLAY));
	CHECK(parse("verb=status\n\n") == REQUEST_WHOLE && r.verb == VERB_STATUS && r.have == 0);
	CHECK(parse("verb=phone-sign\nbody=3\ncode=1-x\n\nabc") == REQUEST_WHOLE && span_eq(r.body, SPAN("abc")));
	CHECK(parse("verb=ban\naddress=192.0.2.1\nseconds=60\n\n") == REQUEST_WHOLE && r.number[FIELD_SECONDS] == 60);
}

static void every_beginning_wants_more(void)
{
	static const char text[] = "verb=phone-sign\nbody=3\ncode=1-x\n\nabc";

	for (size_t n = 0; n < sizeof text - 1; n++)
		CHECK(request_parse(span_of(text, n), &r, &why) == REQUEST_MORE);
}

static void what_is_not_so_is_refused(void)
{
	static const char *const bad[] = {
	    "\n\n", "verb=\n\n", "verb=none\n\n", "name=101\n\n", "status\n\n", "verb=status\nname=101\n\n",
	    "verb=user-delete\n\n", "verb=user-delete\nname=\n\n", "verb=user-delete\nname=101\nname=102\n\n",
	    "verb=user-delete\nname=101\nverb=status\n\n", "verb=user-delete\nnome=101\n\n",
	    "verb=user-delete\nname=123456789012345678901234567890123\n\n", "verb=user-delete\nname=1\x1b[2J\n\n",
	    "verb=user-delete\nname=1\r\n\r\n", "verb=phone-revoke\nphone=-1\n\n", "verb=phone-revoke\nphone=4294967296\n\n",
	    "verb=phone-revoke\nphone=1x\n\n", "verb=phone-revoke\nphone=\n\n", "verb=status\n\nmore",
	    "verb=phone-sign\nbody=3\ncode=1-x\n\nabcd", "verb=phone-sign\nbody=4097\ncode=1-x\n\n",
	    "verb=phone-set\nphone=1\nflags=16\n\n", "verb=user-set\nname=1\nenabled=2\n\n", "verb=user-set\nname=1\nunlock=2\n\n", " verb=status\n\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (parse(bad[i]) == REQUEST_BAD && why)
			continue;
		fprintf(stderr, "taken: %s\n", bad[i]);
		CHECK(false);
	}
}

/* T38: what others than root may do is short, and does not grow by accident */
static void others_may_ask_for_a_phone_and_no_more(void)
{
	for (int v = 0; v < VERBS; v++)
		CHECK(request_role((enum verb)v) ==
		      (v == VERB_PHONE_REQUEST || v == VERB_CA ? ROLE_ANYONE : ROLE_ADMIN));
}

static void no_nul_passes(void)
{
	static const char text[] = "verb=user-delete\nname=1\0002\n\n";

	CHECK(request_parse(span_of(text, sizeof text - 1), &r, &why) == REQUEST_BAD);
}

/* --- JSON --- */

static bool says(const char *text, size_t n, const char *expected)
{
	char mem[512];
	struct buf b = buf_of(mem, sizeof mem);

	json_begin(&b, "x");
	json_text(&b, "t", span_of(text, n));
	json_end(&b);
	const char *got = buf_cstr(&b);
	if (got && strcmp(got, expected) == 0)
		return true;
	fprintf(stderr, "%s", got ? got : "full");
	return false;
}

#define SAYS(text, expected) says(text, sizeof(text) - 1, "{\"kind\":\"x\",\"t\":\"" expected "\"}\n")

static void text_stays_inside_its_quotes(void)
{
	CHECK(SAYS("plain", "plain"));
	CHECK(SAYS("\"},{\"kind\":\"done", "\\\"},{\\\"kind\\\":\\\"done"));
	CHECK(SAYS("a\\", "a\\\\"));
	CHECK(SAYS("a\r\nb\0c", "a\\u000d\\u000ab\\u0000c"));
	CHECK(SAYS("\x1b[31m\x7f", "\\u001b[31m\\u007f"));
	CHECK(SAYS("\xc3\x85\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\x85\xe2\x82\xac\xf0\x9f\x98\x80"));
	CHECK(SAYS("\xff\xc3", "\\ufffd\\ufffd"));
	CHECK(SAYS("\xc0\x80\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"));
	CHECK(SAYS("\xc2\x9b", "\\u009b")); /* the one-octet escape of terminals */
}

static void members_and_numbers(void)
{
	char mem[256];
	struct buf b = buf_of(mem, sizeof mem);

	json_begin(&b, "x");
	json_number(&b, "n", UINT64_MAX);
	json_signed(&b, "s", INT64_MIN);
	json_flag(&b, "f", true);
	json_items(&b, "a");
	json_item(&b, true);
	json_word(&b, "w", "1");
	json_item_end(&b);
	json_item(&b, false);
	json_word(&b, "w", "2");
	json_item_end(&b);
	json_items_end(&b);
	json_end(&b);
	CHECK(strcmp(buf_cstr(&b), "{\"kind\":\"x\",\"n\":18446744073709551615,\"s\":-9223372036854775808,\"f\":true,"
				   "\"a\":[{\"w\":\"1\"},{\"w\":\"2\"}]}\n") == 0);
}

int main(void)
{
	RUN(a_request_is_read);
	RUN(every_beginning_wants_more);
	RUN(what_is_not_so_is_refused);
	RUN(others_may_ask_for_a_phone_and_no_more);
	RUN(no_nul_passes);
	RUN(text_stays_inside_its_quotes);
	RUN(members_and_numbers);
	return TEST_END;
}
