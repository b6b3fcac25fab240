/* SPDX-License-Identifier: ISC */
/* What outlives a process, as one arena whose tables are as large as the site asks for: which, and how they are taken over. */
#ifndef IPC_KEPT_ARENA_H
#define IPC_KEPT_ARENA_H

#include "arena/arena.h"
#include "ipc/site.h"

struct kept_arena {
	uint32_t layout, tables;
	void (*shapes)(const struct site *s, struct arena_shape *out); /* of each of the tables */
	const struct site *largest;                                    /* that any configuration may ask for */
	/* as in struct arena_plan */
	const struct arena_former *former;
	arena_place *const *place;
	uint32_t stays;
	const char *what; /* the records, in a word or three, for the log that they are lost */
};

/* Aborts when the arena cannot be mapped; what cannot be taken over is said in the log, and the tables are empty. What has no place
 * any more is counted in left_out.h. */
void kept_arena_open(const struct kept_arena *k, int fd, const struct site *s, struct arena_table *out);
/* Would this build take over what lies there? NULL, or why not; changes nothing. */
const char *kept_arena_judge(const struct kept_arena *k, int fd, const struct site *s);

#endif
