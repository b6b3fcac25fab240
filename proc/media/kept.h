/* SPDX-License-Identifier: ISC */
/* What outlives media, as one arena: its tables, their layout, and that of the build before. */
#ifndef MEDIA_KEPT_H
#define MEDIA_KEPT_H

#include "former.h"
#include "ipc/child.h"

/* Aborts when the arena cannot be mapped; what cannot be taken over is said in the log, and the tables are empty. */
void kept_open(int fd, const struct site *s, struct arena_table table[MEDIA_TABLES]);
/* Would this build take over what lies there? NULL, or why not; changes nothing. */
const char *kept_judge(int fd, const struct site *s);
void kept_shapes(const struct site *s, struct arena_shape out[MEDIA_TABLES]);

#endif
