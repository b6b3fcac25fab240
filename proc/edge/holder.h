/* SPDX-License-Identifier: ISC */
/* A phone or a trunk, over all its connections: what it has of the transactions that are everybody's (T23, R27). */
#ifndef EDGE_HOLDER_H
#define EDGE_HOLDER_H

#include <stdint.h>

struct conn;

/* An accepted INVITE: it stays for who says it, or its 2xx, once more (RFC 6026), and nobody waits for it. */
struct accepted {
	struct accepted *older, *newer;
	struct accepted_list *in; /* NULL: in none */
};

struct accepted_list {
	struct accepted *oldest, *newest;
	uint32_t n;
};

struct holder {
	uint32_t pending;      /* server transactions short of Accepted */
	uint64_t told_help_ms; /* when core was told last of a call for help that was refused here; 0: never */
	struct accepted_list server, client;
};

struct holder *holder_of(const struct conn *c);

/* The newest of them. The oldest, when they are more than this holder may have of a table of so many; else NULL. */
struct accepted *holder_accepts(struct accepted_list *l, struct accepted *a, const struct conn *c, uint32_t table_n);
void holder_forgets(struct accepted *a);

#endif
