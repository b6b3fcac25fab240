/* SPDX-License-Identifier: ISC */
#include "ipc/status.h"
#include "base/pool.h"
#include <stdio.h>
#include <string.h>

bool proc_status_ok(const void *status)
{
	const struct proc_status *s = status;

	if (s->lines > STATUS_LINES_MAX)
		return false;
	for (uint32_t i = 0; i < s->lines; i++) {
		const struct status_line *l = &s->line[i];
		size_t n = strnlen(l->name, sizeof l->name);
		if (n == 0 || n == sizeof l->name || l->kind >= STATUS_KINDS)
			return false;
		for (size_t k = 0; k < n; k++)
			if (!((l->name[k] >= 'a' && l->name[k] <= 'z') || (l->name[k] >= '0' && l->name[k] <= '9') ||
				l->name[k] == '-' || l->name[k] == '/'))
				return false;
	}
	return true;
}

void status_add(struct proc_status *s, const char *name, enum status_kind kind, uint64_t used, uint64_t limit,
    uint64_t peak, uint64_t refused)
{
	if (s->lines == STATUS_LINES_MAX)
		return;
	struct status_line *l = &s->line[s->lines++];
	*l =
	    (struct status_line){.kind = (uint8_t)kind, .used = used, .limit = limit, .peak = peak, .refused = refused};
	snprintf(l->name, sizeof l->name, "%s", name);
}

void status_counter(struct proc_status *s, const char *name, uint64_t value)
{
	status_add(s, name, STATUS_COUNTER, value, 0, 0, 0);
}

void status_pool(struct proc_status *s, const char *name, const struct pool *p)
{
	status_add(s, name, STATUS_POOL, p->used, p->limit, p->peak, p->refused);
}
