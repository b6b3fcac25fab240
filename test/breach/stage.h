/* SPDX-License-Identifier: ISC */
/* One process of the exchange on a stage: started and confined as parent does it, with the test in the place of parent
 * and of every sibling, who may lie. */
#ifndef TEST_STAGE_H
#define TEST_STAGE_H

#include "ipc/ipc.h"
#include <sys/types.h>

enum { STAGE_LINKS_MAX = 8, STAGE_WAIT_MS = 15000 };

struct stage {
	pid_t pid;
	enum proc proc;
	struct link parent;
	struct link *sibling[STAGE_LINKS_MAX];
	int siblings;
	struct site site;   /* defaults; change before stage_go() */
	bool ready, refused, hello, upgrading;
	char reason[REASON_MAX + 1];       /* of a refused site */
	enum proc accused;                 /* whom the process accused last, PROC_PARENT for nobody */
	char accusation[REASON_MAX + 1];
	struct proc_status status;
	bool has_status;
	ipc_handler *const *on; /* what the siblings hear: MSG_N entries */
};

/* Fork and execute `path` in the directory cwd. */
bool stage_start(struct stage *s, const char *path, enum proc proc, const char *cwd, ipc_handler *const on[MSG_N]);
bool stage_give_file(struct stage *s, enum file_kind what, int fd);
bool stage_give_helper(struct stage *s, const char *exe, const char *name); /* the one beside exe */
/* A link on which the test is that sibling; before or after stage_go(). */
struct link *stage_sibling(struct stage *s, enum proc as, uint32_t instance);
/* That sibling dies; the others stay. */
void stage_cut(struct stage *s, struct link *sibling);
/* A link to that sibling is given and goes down; its socket is still open elsewhere, as between fork and exec, till *held is
 * closed. */
void stage_held_link(struct stage *s, enum proc as, int *held);
/* The site, GO, and the wait for READY (or for the refusal, which answers false). */
bool stage_go(struct stage *s);
/* Send what is begun and handle what comes until *done, or until nothing came for that long. */
bool stage_until(struct stage *s, const bool *done, int timeout_ms);
/* Let the process work for so long: for what is not to happen. */
void stage_run(struct stage *s, int ms);
/* Until this count of what the siblings heard is n, on however slow a machine; false: it never is, or is more. */
bool stage_comes(struct stage *s, const uint32_t *count, uint32_t n);
/* The same of what its status says to be used under that name. */
bool stage_line_comes(struct stage *s, const char *name, uint64_t used);
/* And of whom it accuses. */
bool stage_accuses(struct stage *s, enum proc who);
/* The site once more, as parent does at a reload. */
void stage_reload(struct stage *s);
bool stage_want_status(struct stage *s);
const struct status_line *stage_status_line(const struct stage *s, const char *name);
/* STOP, and its exit status (-1: it had to be killed). */
int stage_end(struct stage *s);
int stage_end_followed(struct stage *s); /* as an upgrade does */
/* kill -9 of the helper that the process started, and the process's own exit status (-1: a signal, or it went on) */
int stage_lose_helper(struct stage *s);
/* kill -9 */
void stage_kill(struct stage *s);

#endif
