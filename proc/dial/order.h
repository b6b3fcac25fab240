/* SPDX-License-Identifier: ISC */
/* In which order the servers of a name are tried (RFC 2782, RFC 3263 4.3). */
#ifndef DIAL_ORDER_H
#define DIAL_ORDER_H

#include "base/span.h"

enum { HOST_MAX = 256, HOSTS_MAX = 8 };

struct host {
	char name[HOST_MAX];
	uint16_t port, priority, weight;
};

/* By priority, and within one at random by weight. random(n) gives a number below n. */
void order_hosts(struct host *h, uint32_t n, uint32_t (*random)(uint32_t n));

#endif
