/* SPDX-License-Identifier: ISC */
/* The report as one HTML file that needs nothing else: no script, no picture from elsewhere. */
#include "audit.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CALLS_SHOWN = 1000, CHART_WIDTH = 800 };

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.7em}h2{font-size:1.2em;margin-top:2em}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #ddd;vertical-align:top}"
    ".open{color:#b00020}.server{color:#8a6100}.nobody{color:#1b6e2c}.unknown{color:#555}small{color:#555}"
    "svg{max-width:100%;height:auto}";

static const struct {
	const char *key, *colour;
} bars[] = {{"open", "#b00020"}, {"unknown", "#9e9e9e"}, {"server", "#e0a100"}, {"nobody", "#2e8b45"}};

static const struct word gives[] = {
    {"messages", "SIP messages that anyone on the wire can read"},
    {"numbers", "numbers of callers and called"},
    {"names", "names"},
    {"who_calls_whom", "pairs of who calls whom"},
    {"devices", "makes and versions of devices"},
    {"inside_addresses", "addresses of inside networks"},
    {"digests", "password proofs that can be guessed at offline"},
};

static void put(FILE *f, const char *text)
{
	for (const char *s = safe(text); *s; s++) {
		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else if (*s == '"')
			fputs("&quot;", f);
		else
			putc(*s, f);
	}
}

static void cell(FILE *f, const char *text)
{
	fputs("<td>", f);
	put(f, text);
	fputs("</td>", f);
}

static void count_cell(FILE *f, int64_t n)
{
	fprintf(f, "<td>%lld</td>", (long long)n);
}

/* One bar, a piece for each grade. */
static void chart(FILE *f, const json_t *line)
{
	int64_t all = member_number(line, "calls"), at = 0;

	if (all <= 0)
		return;
	fprintf(f,
	    "<svg role=\"img\" aria-label=\"calls by who can hear them\" viewBox=\"0 0 %d 40\" width=\"%d\" height=\"40\">",
	    CHART_WIDTH, CHART_WIDTH);
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
		int64_t n = member_number(line, bars[i].key);
		fprintf(f,
		    "<rect x=\"%lld\" y=\"0\" width=\"%lld\" height=\"40\" fill=\"%s\"><title>%s: %lld</title></rect>",
		    (long long)(at * CHART_WIDTH / all),
		    (long long)((at + n) * CHART_WIDTH / all - at * CHART_WIDTH / all), bars[i].colour, bars[i].key,
		    (long long)n);
		at += n;
	}
	fputs("</svg>\n", f);
}

bool audit_html_begin(struct audit_html *h, const struct cmd *c, const char *path)
{
	*h = (struct audit_html){.cmd = c};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	h->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!h->file)
		complain(safe(path), strerror(errno), NULL);
	return h->file != NULL;
}

static bool section(struct audit_html *h, const char *name, const char *title, const char *head)
{
	if (h->section && strcmp(h->section, name) == 0)
		return false;
	if (h->section)
		fputs("</table>\n", h->file);
	h->section = name;
	fprintf(h->file, "<h2>%s</h2>\n<table>%s\n", title, head);
	return true;
}

static void summary(struct audit_html *h, const json_t *line)
{
	FILE *f = h->file;

	fprintf(f,
	    "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<title>Who can hear the calls</title>\n<style>%s</style></head>\n<body>\n<h1>%lld of %lld calls are open to eavesdropping</h1>\n",
	    style, (long long)member_number(line, "open"), (long long)member_number(line, "calls"));
	chart(f, line);
	fputs("<ul>", f);
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++)
		fprintf(f, "<li class=\"%s\">%lld %s</li>", bars[i].key, (long long)member_number(line, bars[i].key),
		    audit_grade_plain(bars[i].key));
	fprintf(f, "</ul>\n<p><small>%lld packets in %s</small></p>\n", (long long)member_number(line, "packets"),
	    show_length((uint64_t)member_number(line, "duration_ms")));
}

static void call(struct audit_html *h, json_t *line)
{
	FILE *f = h->file;
	char why[640];

	section(h, "call", "Calls",
	    "<tr><th>From</th><th>To</th><th>Start</th><th>For</th><th>Who can hear</th><th>Why</th></tr>");
	if (h->calls++ >= CALLS_SHOWN)
		return;
	fprintf(f, "<tr class=\"%s\">", audit_grade_known(member(line, "grade")));
	cell(f, audit_party(line, "from", "caller"));
	cell(f, audit_party(line, "to", "called"));
	cell(f, show_when(member_number(line, "start_ms")));
	cell(f, show_length((uint64_t)member_number(line, "duration_ms")));
	cell(f, member(line, "grade"));
	cell(f, audit_whys(line, why, sizeof why));
	fputs("</tr>\n", f);
}

static void phone(struct audit_html *h, json_t *line)
{
	FILE *f = h->file;
	char why[640];

	section(h, "phone", "Phones to fix first",
	    "<tr><th>Address</th><th>Number</th><th>Device</th><th>Open</th><th>Calls</th><th>Why, and what to change</th></tr>");
	fputs("<tr>", f);
	cell(f, member(line, "address"));
	cell(f, member(line, "number"));
	cell(f, member(line, "device"));
	count_cell(f, member_number(line, "open"));
	count_cell(f, member_number(line, "calls"));
	fputs("<td>", f);
	put(f, audit_whys(line, why, sizeof why));
	fputs("<br><small>", f);
	put(f, member(line, "remedy"));
	fputs("</small></td></tr>\n", f);
}

static void signalling(struct audit_html *h, const json_t *line)
{
	section(h, "signalling", "What the signalling gives away", "");
	for (size_t i = 0; i < sizeof gives / sizeof *gives; i++)
		fprintf(h->file, "<tr><td>%lld</td><td>%s</td></tr>\n", (long long)member_number(line, gives[i].key),
		    gives[i].plain);
	if (member_number(line, "digests")) {
		fputs("<tr><td></td><td>the weakest of those under ", h->file);
		put(h->file, member(line, "digest_weakest"));
		fputs("</td></tr>\n", h->file);
	}
}

static void trend(struct audit_html *h, const json_t *line)
{
	int64_t i = member_number(line, "file"), calls = member_number(line, "calls"),
		open = member_number(line, "open");

	section(h, "trend", "By capture", "<tr><th>Capture</th><th>Open</th><th>Calls</th><th></th></tr>");
	fputs("<tr>", h->file);
	cell(h->file, i >= 0 && i < h->cmd->args ? h->cmd->arg[i] : "");
	count_cell(h->file, open);
	count_cell(h->file, calls);
	fprintf(h->file,
	    "<td><svg width=\"200\" height=\"12\"><rect width=\"200\" height=\"12\" fill=\"#ddd\"/><rect width=\"%lld\" height=\"12\" fill=\"#b00020\"/></svg></td></tr>\n",
	    (long long)(calls > 0 ? open * 200 / calls : 0));
}

void audit_html_line(struct audit_html *h, json_t *line)
{
	if (line_is(line, "audit"))
		summary(h, line);
	else if (line_is(line, "call"))
		call(h, line);
	else if (line_is(line, "phone"))
		phone(h, line);
	else if (line_is(line, "signalling"))
		signalling(h, line);
	else if (line_is(line, "trend"))
		trend(h, line);
}

bool audit_html_end(struct audit_html *h)
{
	if (h->section)
		fputs("</table>\n", h->file);
	if (h->calls > CALLS_SHOWN)
		fprintf(h->file, "<p>Of the calls the first %d are shown.</p>\n", CALLS_SHOWN);
	fputs("</body>\n</html>\n", h->file);
	bool ok = !ferror(h->file);
	return fclose(h->file) == 0 && ok;
}
