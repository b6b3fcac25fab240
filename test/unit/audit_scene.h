/* SPDX-License-Identifier: ISC */
/* The labelled set: each scene makes a capture and says what the audit must find in it. */
#ifndef AUDIT_SCENE_H
#define AUDIT_SCENE_H

#include "audit/judge.h"
#include "made_capture.h"

struct scene {
	const char *name;
	void (*make)(struct made *m);
	uint8_t calls, by_grade[AUDIT_GRADES]; /* of AUDIT_NONE: attempts */
	uint32_t why, never; /* reasons that some leg must have, and that none may have */
	uint8_t other, other_n; /* so much of enum other_kind; 0: not looked at */
};

extern const struct scene scenes[]; /* ends with a NULL name */

#endif
