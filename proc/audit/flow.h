/* SPDX-License-Identifier: ISC */
#ifndef AUDIT_FLOW_H
#define AUDIT_FLOW_H

enum { FLOW_CELLS = 524288, FLOW_PROBES = 64 };

#endif
