/* SPDX-License-Identifier: ISC */
/* Questions to DNS, through c-ares. One channel for each trunk, made before the cage (its making reads files), so that each
 * asks from ports of its own which change with every question that finds none under way. */
#ifndef DIAL_DNS_H
#define DIAL_DNS_H

#include "ipc/child.h"

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

/* answer: the whole message; n 0: none, or a refusal. Valid inside the call. */
typedef void dns_answer(void *arg, const uint8_t *answer, int n);

void dns_open(void);
/* One question of a trunk at a time. The answer may come inside the call. */
void dns_ask(uint8_t trunk, const char *name, enum dns_type type, dns_answer *answer, void *arg);
/* What is under way is answered with nothing, inside the call. */
void dns_cancel(uint8_t trunk);

#endif
