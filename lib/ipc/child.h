/* SPDX-License-Identifier: ISC */
/* The life of every process but parent: told over descriptor 3 what it may have, it opens, shuts itself in, says ready
 * and serves its links from one loop. A process is a table of handlers and a few callbacks. */
#ifndef IPC_CHILD_H
#define IPC_CHILD_H

#include "base/wheel.h"
#include "cage/cage.h"
#include "ipc/ipc.h"
#include <ev.h>

struct child {
	enum proc me;
	const struct cage *cage;
	ipc_handler *const *on; /* MSG_N entries; messages of the life cycle are handled by child.c */

	/* any may be NULL */
	void (*file)(enum file_kind what, int fd);
	void (*listener)(uint8_t index, const struct addr *bound, int fd);
	const char *(*prepare)(const struct site *s); /* a static reason refuses the site */
	void (*commit)(const struct site *s);         /* first before open(), later on reload */
	void (*database)(struct span uri);
	void (*open)(void);  /* everything was given and the site stands: allocate and open, still outside the cage */
	void (*serve)(void); /* in the cage, about to say ready */
	void (*link_up)(struct link *l);
	void (*link_down)(struct link *l); /* l is closed already; forget it */
	void (*status)(struct proc_status *s);
	void (*stop)(void); /* say good-bye; the process ends when this returns */
};

int child_main(const struct child *c, int argc, char **argv);

/* For handlers. */
extern struct wheel child_wheel;
uint64_t child_now(void); /* CLOCK_BOOTTIME ms, read once a turn of the loop */
struct ev_loop *child_loop(void);
/* First in the callback of every ev_io: where the kernel had no memory to watch the descriptor (EV_ERROR), it is tried again. */
void child_io_again(ev_io *w, int events);
const struct site *child_site(void);
uint32_t child_instance(void);
uint8_t child_node(void);
uint32_t child_uid(void), child_gid(void); /* what this process becomes in its cage; 0: it stays who it is */
struct link *child_parent(void);
bool child_is_followed(void); /* for stop(): another life of the exchange takes over at once (an upgrade) */

/* The open link to that process, or NULL while there is none. */
struct link *child_link(enum proc peer, uint32_t instance);

/* A message that passed the contract's check but cannot be right: closes the link and asks parent to restart its
 * sender. flow and device say for whom it acted (0: nobody). */
void child_accuse(struct link *l, const char *why, uint64_t flow, uint32_t device);

/* For what is fixed when a process begins: it ends, and parent starts it with the site that now stands. From commit() that is no death;
 * parent believes it once for each generation. */
_Noreturn void child_begin_anew(const char *why);

/* An event for the security log, through ledger; dropped and counted when there is no link or no credit, and beyond 30 a
 * second, so that a flood from outside cannot make a process break its contract. An alarm goes to watch as well, past
 * ledger; the first few are kept for a watch that is not there. */
void child_event(enum event_kind kind, enum severity severity, uint32_t device, uint32_t user,
    const struct addr *remote, const char *detail);

static inline int event_budget(enum event_kind kind, enum severity severity)
{
	return kind == EVENT_EMERGENCY ? EVENT_BUDGET_HELP : (int)severity;
}

/* To watch alone: for ledger, which writes its own events. */
void child_alarm(enum event_kind kind, const char *detail);

/* Before the cage, once: fork and execute the program that parent gave as FILE_HELPER, by that name, with uid, gid and `word` (unless
 * NULL) as its words. Its descriptor 3 is the far end of the SOCK_SEQPACKET pair whose near end is returned. Aborts when
 * it cannot. */
int child_helper(const char *program, const char *word);

#endif
