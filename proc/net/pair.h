/* SPDX-License-Identifier: ISC */
/* A pair of devices of our own: what the socket sends into one end comes out of the other, where the program is that lets it leave.
 * Both ends speak no ARP and split every datagram of segments. */
#ifndef NET_PAIR_H
#define NET_PAIR_H

#include <stdbool.h>
#include <stdint.h>

struct pair {
	char name[2][16];      /* of the end that takes, and of the one that gives */
	uint32_t interface[2]; /* 0: there is none */
};

/* Of the exchange of that number (place.h). Made, or found as an earlier life left it (what only has its name goes). 0 or -errno; then
 * there is none of use. */
int pair_make(struct pair *p, uint32_t exchange);
/* As an earlier life left it; false: there is none. */
bool pair_find(struct pair *p, uint32_t exchange);
/* Both ends are those that were made, and up, now if they were not. 0 or -errno; is_lack() (lack.h): they may be. */
int pair_up(const struct pair *p) __attribute__((warn_unused_result));
void pair_end(struct pair *p);

/* A socket that sends into it and nowhere else; -1: none. */
int pair_socket(const struct pair *p);

#endif
