/* SPDX-License-Identifier: ISC */
/* The confined child that reads certificate requests: ctl starts it before its own cage closes, hands it one request at a
 * time and gets a bare curve point or a reason back. When it dies, ctl ends too and parent starts both anew. */
#ifndef CTL_HELPER_H
#define CTL_HELPER_H

#include "base/span.h"

enum { HELPER_POINT = 64, HELPER_MS = 2000, HELPER_WHY_MAX = 120 };

/* What the helper answers: ok and the point, or the reason. */
struct helper_answer {
	uint8_t ok, zero[7];
	uint8_t point[HELPER_POINT];
	char why[HELPER_WHY_MAX];
};

void helper_start(void);
/* The reason, or NULL with the point. Waits for at most HELPER_MS. */
const char *helper_parse(struct span request, uint8_t point[HELPER_POINT]);

#endif
