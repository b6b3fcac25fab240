/* SPDX-License-Identifier: ISC */
/* Between audit.c, which has captures read, and audit_show.c, which shows what was found. */
#ifndef CMD_AUDIT_H
#define CMD_AUDIT_H

#include "cmd.h"
#include <limits.h>

struct audit_view {
	const struct cmd *cmd;
	bool colour, all;
	const char *section; /* that was begun last */
	struct table table;
	int64_t calls_n, unshown;
};

void audit_show_begin(struct audit_view *v, const struct cmd *c);
/* One line of ringfence-audit. */
void audit_show(struct audit_view *v, json_t *line);
void audit_show_end(struct audit_view *v);

/* What both reports say. */
const char *audit_whys(json_t *line, char *out, size_t cap);
const char *audit_party(json_t *line, const char *name, const char *address); /* a number, else an address */
const char *audit_grade_plain(const char *key);
const char *audit_capture(const struct cmd *c, int64_t i); /* its path, or with --anonymise its number */
const char *audit_other_plain(const char *key);
enum { AUDIT_BESIDE = 5 };
extern const struct word audit_beside[AUDIT_BESIDE]; /* what may go beside the speech */
enum { AUDIT_REMARKS_MAX = 512 };
/* What of the capture must be known beside the verdicts, in sentences, each behind a space; empty: nothing. */
const char *audit_remarks(const json_t *line, char *out, size_t cap);
const char *audit_grade_known(const char *key); /* the key itself; "unknown" for what is none */

/* --- audit_live.c --- */

struct audit_live {
	int fd, link; /* LINKTYPE_ */
	bool loopback;
};

/* False: it cannot be listened at, as was said. */
bool audit_live_open(const char *device, struct audit_live *l);

/* --- audit_html.c --- */

struct audit_html {
	const struct cmd *cmd;
	FILE *file;
	const char *section;
	unsigned calls, edges, complaints;
	const char *path;
	char fresh[PATH_MAX]; /* what it is called until it is whole; empty: it is no file */
};

/* False: the file cannot be written, or is one of the captures, as was said. */
bool audit_html_begin(struct audit_html *h, const struct cmd *c, const char *path);
void audit_html_line(struct audit_html *h, json_t *line);
/* What stood there before stays unless all went well; false: as was said. */
bool audit_html_end(struct audit_html *h, bool well);

#endif
