/* SPDX-License-Identifier: ISC */
/* Between audit.c, which has captures read, and audit_show.c, which shows what was found. */
#ifndef CMD_AUDIT_H
#define CMD_AUDIT_H

#include "cmd.h"

enum { EXIT_OPEN = 4 };

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

#endif
