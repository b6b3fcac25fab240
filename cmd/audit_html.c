/* SPDX-License-Identifier: ISC */
/* The report as one HTML file that needs nothing else: no script, no picture from elsewhere. */
#include "audit.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CALLS_SHOWN = 1000, EDGES_SHOWN = 1000, CHART_WIDTH = 800, PART_WIDTH = 200 };

/* On a narrow screen each row of a table with a head becomes a block of its own, with the heads beside the cells. */
static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "h1{font-size:1.7em;line-height:1.25}h2{font-size:1.2em;margin-top:2em}"
    "table{border-collapse:collapse;width:100%}th{white-space:nowrap}"
    "th,td{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid #ddd;vertical-align:top}"
    "td{overflow-wrap:anywhere}.n,.time{white-space:nowrap}.who{min-width:7.5em}.device{min-width:14em}small{color:#555}"
    "ul{list-style:none;padding:0}li{padding-left:1.5em;text-indent:-1.5em}"
    "li svg{width:.9em;height:.9em;margin-right:.6em;vertical-align:-.05em}"
    ".chart{display:block;width:100%;height:2.4em}.part{width:12em;height:.8em}"
    ".open,.server,.nobody,.unknown{font-weight:600}"
    ".open{color:#b00020}.server{color:#8a6100}.nobody{color:#1b6e2c}.unknown{color:#555}"
    "@media(max-width:45em){.rows tr.head{display:none}.rows,.rows tbody,.rows tr,.rows td{display:block}"
    ".rows tr{border-bottom:1px solid #ddd;padding:.6em 0}"
    ".rows td{border:0;padding:.1em 0 .1em 7.5em;position:relative;min-width:0;min-height:1.5em}"
    ".rows td::before{content:attr(data-head);position:absolute;left:0;color:#555;font-weight:400}"
    ".rows td:empty{display:none}}";

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

static void cell(FILE *f, const char *head, const char *kind, const char *text)
{
	fprintf(f, "<td data-head=\"%s\" class=\"%s\">", head, kind);
	put(f, text);
	fputs("</td>", f);
}

static void count_cell(FILE *f, const char *head, int64_t n)
{
	fprintf(f, "<td data-head=\"%s\" class=\"n\">%lld</td>", head, (long long)n);
}

/* Of a bar so wide; whatever numbers there are, inside it. */
static int64_t part(int64_t n, int64_t all, int width)
{
	return n <= 0 || all <= 0 ? 0 : n >= all ? width : (int64_t)((double)n * width / (double)all);
}

/* One bar, a piece for each grade. */
static void chart(FILE *f, const json_t *line)
{
	int64_t all = member_number(line, "calls"), at = 0;

	if (all <= 0)
		return;
	fprintf(f,
	    "<svg class=\"chart\" role=\"img\" aria-label=\"calls by who can hear them\" viewBox=\"0 0 %d 40\" preserveAspectRatio=\"none\">",
	    CHART_WIDTH);
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
		int64_t n = member_number(line, bars[i].key), end = n <= 0 ? at : n < all - at ? at + n : all;
		fprintf(f,
		    "<rect x=\"%lld\" y=\"0\" width=\"%lld\" height=\"40\" fill=\"%s\"><title>%s: %lld</title></rect>",
		    (long long)part(at, all, CHART_WIDTH),
		    (long long)(part(end, all, CHART_WIDTH) - part(at, all, CHART_WIDTH)), bars[i].colour, bars[i].key,
		    (long long)n);
		at = end;
	}
	fputs("</svg>\n", f);
}

static bool is_capture(const struct cmd *c, const struct stat *page)
{
	struct stat st;

	for (int i = 0; i < c->args; i++)
		if (stat(c->arg[i], &st) == 0 && st.st_dev == page->st_dev && st.st_ino == page->st_ino)
			return true;
	return false;
}

bool audit_html_begin(struct audit_html *h, const struct cmd *c, const char *path)
{
	struct stat st;
	bool there = stat(path, &st) == 0, file = !there || S_ISREG(st.st_mode);

	*h = (struct audit_html){.cmd = c, .path = path};
	if (there && is_capture(c, &st)) {
		complain(safe(path), "it is one of the captures", "give --html the name of a new file");
		return false;
	}
	if (file && (size_t)snprintf(h->fresh, sizeof h->fresh, "%s.XXXXXX", path) >= sizeof h->fresh) {
		complain(safe(path), strerror(ENAMETOOLONG), NULL);
		return false;
	}
	int fd = file ? mkostemp(h->fresh, O_CLOEXEC) : open(path, O_WRONLY | O_CLOEXEC);
	h->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!h->file)
		complain(safe(path), strerror(errno), NULL);
	return h->file != NULL;
}

/* head: of its columns; NULL: it has none. */
static void section(struct audit_html *h, const char *name, const char *title, const char *const *head)
{
	if (h->section && strcmp(h->section, name) == 0)
		return;
	if (h->section)
		fputs("</table>\n", h->file);
	h->section = name;
	fprintf(h->file, "<h2>%s</h2>\n<table%s>\n", title, head ? " class=\"rows\"" : "");
	if (!head)
		return;
	fputs("<tr class=\"head\">", h->file);
	for (; *head; head++)
		fprintf(h->file, "<th>%s</th>", *head);
	fputs("</tr>\n", h->file);
}

static void legend(FILE *f, const char *key, const char *colour, int64_t n, const char *plain)
{
	fprintf(f,
	    "<li class=\"%s\"><svg viewBox=\"0 0 9 9\"><rect width=\"9\" height=\"9\" fill=\"%s\"/></svg>%lld %s</li>\n",
	    key, colour, (long long)n, plain);
}

static void summary(struct audit_html *h, const json_t *line)
{
	FILE *f = h->file;
	char remarks[AUDIT_REMARKS_MAX];

	fprintf(f,
	    "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<title>Who can hear the calls</title>\n<style>%s</style></head>\n<body>\n<h1>%lld of %lld calls are open to eavesdropping</h1>\n",
	    style, (long long)member_number(line, "open"), (long long)member_number(line, "calls"));
	chart(f, line);
	fputs("<ul>", f);
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++)
		legend(
		    f, bars[i].key, bars[i].colour, member_number(line, bars[i].key), audit_grade_plain(bars[i].key));
	fprintf(f, "</ul>\n<p><small>%lld packets in %s.%s</small></p>\n", (long long)member_number(line, "packets"),
	    show_length((uint64_t)member_number(line, "duration_ms")), audit_remarks(line, remarks, sizeof remarks));
}

static void call(struct audit_html *h, json_t *line)
{
	static const char *const head[] = {"From", "To", "Start", "For", "Who can hear", "Why", NULL};
	FILE *f = h->file;
	const char *grade = audit_grade_known(member(line, "grade"));
	char why[640];

	section(h, "call", "Calls", head);
	if (h->calls++ >= CALLS_SHOWN)
		return;
	fputs("<tr>", f);
	cell(f, head[0], "who", audit_party(line, "from", "caller"));
	cell(f, head[1], "who", audit_party(line, "to", "called"));
	cell(f, head[2], "time", show_when(member_number(line, "start_ms")));
	cell(f, head[3], "time", show_length((uint64_t)member_number(line, "duration_ms")));
	cell(f, head[4], grade, grade);
	cell(f, head[5], "", audit_whys(line, why, sizeof why));
	fputs("</tr>\n", f);
}

static void phone(struct audit_html *h, json_t *line)
{
	static const char *const head[] = {
	    "Address", "Number", "Device", "Open", "Calls", "Why, and what to change", NULL};
	FILE *f = h->file;
	char why[640];

	section(h, "phone", "Phones to fix first", head);
	fputs("<tr>", f);
	cell(f, head[0], "who", member(line, "address"));
	cell(f, head[1], "", member(line, "number"));
	cell(f, head[2], "device", member(line, "device"));
	count_cell(f, head[3], member_number(line, "open"));
	count_cell(f, head[4], member_number(line, "calls"));
	fputs("<td data-head=\"What to do\">", f);
	put(f, audit_whys(line, why, sizeof why));
	fputs("<br><small>", f);
	put(f, member(line, "remedy"));
	fputs("</small></td></tr>\n", f);
}

/* A row without heads: so many of that. */
static void counted(FILE *f, int64_t n, const char *what)
{
	count_cell(f, "", n);
	cell(f, "", "", what);
}

static void signalling(struct audit_html *h, const json_t *line)
{
	section(h, "signalling", "What the signalling gives away", NULL);
	for (size_t i = 0; i < sizeof gives / sizeof *gives; i++) {
		fputs("<tr>", h->file);
		counted(h->file, member_number(line, gives[i].key), gives[i].plain);
		fputs("</tr>\n", h->file);
	}
	if (member_number(line, "digests")) {
		fputs("<tr><td></td><td>the weakest of those under ", h->file);
		put(h->file, member(line, "digest_weakest"));
		fputs("</td></tr>\n", h->file);
	}
}

static void beside(struct audit_html *h, const json_t *line)
{
	for (unsigned i = 0; i < AUDIT_BESIDE; i++) {
		if (!member_number(line, audit_beside[i].key))
			continue;
		section(h, "beside", "What went beside the speech", NULL);
		fputs("<tr>", h->file);
		counted(h->file, member_number(line, audit_beside[i].key), audit_beside[i].plain);
		fputs("</tr>\n", h->file);
	}
}

static void other(struct audit_html *h, const json_t *line)
{
	section(h, "other", "What else was there, and is not read", NULL);
	fputs("<tr>", h->file);
	counted(h->file, member_number(line, "packets"), audit_other_plain(member(line, "what")));
	fputs("</tr>\n", h->file);
}

static void trend(struct audit_html *h, const json_t *line)
{
	static const char *const head[] = {"Capture", "Open", "Calls", "", NULL};
	int64_t calls = member_number(line, "calls"), open = member_number(line, "open");

	section(h, "trend", "By capture", head);
	fputs("<tr>", h->file);
	cell(h->file, head[0], "", audit_capture(h->cmd, member_number(line, "file")));
	count_cell(h->file, head[1], open);
	count_cell(h->file, head[2], calls);
	fprintf(h->file,
	    "<td><svg class=\"part\" role=\"img\" aria-label=\"%lld of %lld open\" viewBox=\"0 0 200 12\" preserveAspectRatio=\"none\">"
	    "<rect width=\"200\" height=\"12\" fill=\"#ddd\"/><rect width=\"%lld\" height=\"12\" fill=\"#b00020\"/></svg></td></tr>\n",
	    (long long)open, (long long)calls, (long long)part(open, calls, PART_WIDTH));
}

static void edge(struct audit_html *h, const json_t *line)
{
	static const char *const head[] = {"From", "To", "Calls", NULL};

	section(h, "edge", "Who calls whom", head);
	if (h->edges++ >= EDGES_SHOWN)
		return;
	fputs("<tr>", h->file);
	cell(h->file, head[0], "", member(line, "from"));
	cell(h->file, head[1], "", member(line, "to"));
	count_cell(h->file, head[2], member_number(line, "calls"));
	fputs("</tr>\n", h->file);
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
	else if (line_is(line, "beside"))
		beside(h, line);
	else if (line_is(line, "other"))
		other(h, line);
	else if (line_is(line, "trend"))
		trend(h, line);
	else if (line_is(line, "edge"))
		edge(h, line);
	else if (line_is(line, "file"))
		h->complaints++;
}

bool audit_html_end(struct audit_html *h, bool well)
{
	if (h->section)
		fputs("</table>\n", h->file);
	if (h->complaints)
		fprintf(h->file, "<p>Captures that could not be read, or not to their end: %u.</p>\n", h->complaints);
	if (h->calls > CALLS_SHOWN)
		fprintf(h->file, "<p>Of the calls the first %d are shown.</p>\n", CALLS_SHOWN);
	if (h->edges > EDGES_SHOWN)
		fprintf(h->file, "<p>Of who calls whom the first %d pairs are shown.</p>\n", EDGES_SHOWN);
	fputs("</body>\n</html>\n", h->file);
	bool ok = !ferror(h->file);
	ok = fclose(h->file) == 0 && ok;
	if (ok && well && h->fresh[0])
		ok = rename(h->fresh, h->path) == 0;
	if (!ok)
		complain(safe(h->path), strerror(errno), NULL);
	if (h->fresh[0] && (!ok || !well))
		unlink(h->fresh);
	return ok;
}
