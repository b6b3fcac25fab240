/* SPDX-License-Identifier: ISC */
/* What `ringfence audit` makes of the lines of the process that reads captures, and that one of them may have taken: text without an
 * octet that a terminal would obey, and a page without a tag that is not ours (T39). The first octet says what was asked for. */
#include "audit.h"
#include "fuzz.h"
#include <string.h>

enum { ALL = 1, ANONYMISE = 2, LINE = 4096 };

static void is_clean(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)text[i];
		FUZZ_CHECK((c >= 0x20 || c == '\n') && c != 0x7f);
		FUZZ_CHECK(c != 0xc2 || i + 1 == n || (unsigned char)text[i + 1] < 0x80 || (unsigned char)text[i + 1] >= 0xa0);
	}
}

static void tags_are_ours(const char *page)
{
	static const char *const tag[] = {"!doctype html>", "html lang=\"en\">", "head>", "meta ", "title>", "style>", "/style>", "/head>", "body>",
	    "h1>", "/h1>", "h2>", "/h2>", "svg ", "/svg>", "rect ", "/rect>", "/title>", "ul>", "/ul>", "li ", "/li>", "p>", "/p>", "small>",
	    "/small>", "table>", "table ", "/table>", "tr>", "tr ", "/tr>", "th>", "/th>", "td>", "td ", "/td>", "br>", "/body>", "/html>"};

	for (; (page = strchr(page, '<')); page++) {
		size_t i = 0;
		while (i < sizeof tag / sizeof *tag && strncmp(page + 1, tag[i], strlen(tag[i])) != 0)
			i++;
		FUZZ_CHECK(i < sizeof tag / sizeof *tag);
	}
}

static void show(const struct cmd *c, const char *text, size_t n)
{
	FILE *to = stdout, *page;
	char *shown[2] = {NULL, NULL}, line[LINE];
	size_t shown_n[2];
	struct audit_view view;
	struct audit_html html = {.cmd = c};

	stdout = open_memstream(&shown[0], &shown_n[0]);
	page = html.file = open_memstream(&shown[1], &shown_n[1]);
	FUZZ_CHECK(stdout && page);
	audit_show_begin(&view, c);
	for (size_t len; n; text += len, n -= len) {
		const char *end = memchr(text, '\n', n);
		len = end ? (size_t)(end - text) + 1 : n;
		if (len >= sizeof line)
			continue;
		memcpy(line, text, len);
		line[len] = 0;
		json_t *said = json_loads(line, 0, NULL);
		if (!said)
			continue;
		audit_html_line(&html, said);
		audit_show(&view, said);
		put_line(stdout, said);
		json_decref(said);
	}
	audit_show_end(&view);
	fclose(stdout);
	stdout = to;
	fclose(page);
	is_clean(shown[0], shown_n[0]);
	is_clean(shown[1], shown_n[1]);
	tags_are_ours(shown[1]);
	free(shown[0]);
	free(shown[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cmd c = {.args = 2, .arg = {"one.pcap", "an\033other.pcap"}};

	if (n == 0)
		return 0;
	if (data[0] & ALL)
		c.given[c.givens++].name = "all";
	if (data[0] & ANONYMISE)
		c.given[c.givens++].name = "anonymise";
	for (int i = 0; i < c.givens; i++)
		c.given[i].value = "";
	show(&c, (const char *)data + 1, n - 1);
	return 0;
}
