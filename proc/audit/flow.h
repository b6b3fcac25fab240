/* SPDX-License-Identifier: ISC */
#ifndef AUDIT_FLOW_H
#define AUDIT_FLOW_H

#include "audit/audit.h"

enum { FLOW_CELLS = 524288 >> AUDIT_SHRINK, FLOW_PROBES = 64 };

/* The key of both directions; 1: sent by the lower end. */
unsigned flow_normal(const struct flow_key *in, struct flow_key *out);
/* NULL: there is none. k: as flow_normal() makes it. */
struct flow *flow_find(const struct audit *a, const struct flow_key *k);

#endif
