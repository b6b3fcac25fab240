/* SPDX-License-Identifier: ISC */
/* How long a call may have no keys, or no packet, before media says so and core ends it. */
#ifndef MEDIA_PATIENCE_H
#define MEDIA_PATIENCE_H

#include "table.h"

enum { SILENT_MS = 120000 };

enum patience { PATIENCE_HOLDS, PATIENCE_GATE_SHUT, PATIENCE_SILENT };

/* Both are to send and to hear. One that holds, or is held, may be as silent as it likes. */
bool patience_talk(const struct relay_spec *s);
/* The row has a new wish; `talked`: by the one before it both were to send. */
void patience_follow(struct relay_row *r, bool talked, uint64_t now_ms);
enum patience patience_now(const struct relay_row *r, bool open, uint64_t now_ms);

#endif
