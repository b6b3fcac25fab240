/* SPDX-License-Identifier: ISC */
#ifndef AUDIT_BESIDE_H
#define AUDIT_BESIDE_H

#include "audit/audit.h"

void beside_stun(struct audit *a, struct span datagram);
void beside_rtcp(struct audit *a, struct flow *f, struct span datagram);
/* Does RTCP in clear name those who speak in this flow? */
bool beside_names(const struct audit *a, const struct flow *f);
/* A CNAME in a compound that is not encrypted. */
bool rtcp_cname(struct span datagram, struct span *cname);

#endif
