/* SPDX-License-Identifier: ISC */
/* What every connection of signalling is set to. */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

/* On a listening socket it is inherited by those that are accepted. Failing is not fatal. */
void sock_set_options(int fd);

#endif
