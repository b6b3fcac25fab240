/* SPDX-License-Identifier: ISC */
/* What was rehearsed is what is started, whatever lies at its path by then: the rehearsal hands the executables that it had open to the
 * parent that asked for it, which leaves them open to the next one. For that parent they are a row whose order only their build knows. */
#ifndef PARENT_REHEARSED_H
#define PARENT_REHEARSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { REHEARSED_MAX = 64, REHEARSED_WORD = REHEARSED_MAX * 11 };

struct rehearsed {
	uint32_t n;
	int fd[REHEARSED_MAX];
};

/* The rehearsal's last words on its standard output, and with them the executables; a parent of a build before has a pipe there, which
 * takes the words alone. */
void rehearsed_say(const char *text, const struct rehearsed *r);
/* Octets of what was said; -1: there was no room for the descriptors. */
ssize_t rehearsed_hear(int from, void *text, size_t size, struct rehearsed *r);
void rehearsed_close(struct rehearsed *r);

/* In the process that is about to exec: they stay open; the word that tells the next parent. */
void rehearsed_leave(const struct rehearsed *r, char word[REHEARSED_WORD]);
/* Of such a word; false: not what a parent leaves. */
bool rehearsed_take(const char *word, struct rehearsed *r);

#endif
