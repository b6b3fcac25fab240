/* SPDX-License-Identifier: ISC */
/* What every connection of signalling is set to, and what becomes of one too many. */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stdbool.h>

/* On a listening socket it is inherited by those that are accepted. Failing is not fatal. */
void sock_set_options(int fd);

/* After accept failed for want of a descriptor: give the spare one up to take the connection and end it, so that who knocks is
 * turned away and not left to knock for ever. False: this was not why, or nobody knocks. */
bool sock_turn_away(int listening, int *spare);
/* A descriptor that is for nothing but to be given up; also in a cage. -1: none is to be had. */
int sock_spare(void);

#endif
