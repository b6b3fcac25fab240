/* SPDX-License-Identifier: ISC */
/* A module for Debian's baresip 1.0.0, whose commands cannot register: loaded (insmod), it lets each account that is not registered do so now,
 * as baresip itself would 30 to 60 s after it lost its connection. Its headers are in no package, so what is used of them stands here. */
#include <stdbool.h>
#include <stddef.h>

struct le {
	struct le *prev, *next;
	void *list, *data;
};
struct list {
	struct le *head, *tail;
};
struct mod_export {
	const char *name, *type;
	int (*init)(void);
	int (*close)(void);
};
struct ua;
struct list *uag_list(void);
bool ua_isregistered(const struct ua *ua);
int ua_register(struct ua *ua);

static int init(void)
{
	int err = 0;

	for (struct le *le = uag_list()->head; le; le = le->next)
		if (!ua_isregistered(le->data))
			err |= ua_register(le->data);
	return err;
}

static int no_close(void)
{
	return 0;
}

extern const struct mod_export exports;
const struct mod_export exports = {"again", "application", init, no_close};
