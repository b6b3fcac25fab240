/* SPDX-License-Identifier: ISC */
/* What a process says of itself to `ringfence status`. */
#ifndef IPC_STATUS_H
#define IPC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	STATUS_LINES_MAX = 96, /* core has some 60 with all trunks, and those of its siblings' credit */
	STATUS_NAME_MAX = 36
};

enum status_kind { STATUS_POOL, STATUS_COUNTER, STATUS_CREDIT, STATUS_KINDS };

struct status_line {
	char name[STATUS_NAME_MAX]; /* lower-case words with '-' */
	uint8_t kind;               /* enum status_kind */
	uint8_t zero[3];
	uint64_t used, limit, peak, refused; /* a counter uses `used` only; a credit line used = left, limit = window */
};

struct proc_status {
	uint32_t lines;
	uint32_t zero;
	uint64_t age_ms;
	struct status_line line[STATUS_LINES_MAX];
};

bool proc_status_ok(const void *status);

struct pool;
void status_add(struct proc_status *s, const char *name, enum status_kind kind, uint64_t used, uint64_t limit,
    uint64_t peak, uint64_t refused);
void status_counter(struct proc_status *s, const char *name, uint64_t value);
void status_pool(struct proc_status *s, const char *name, const struct pool *p);

#endif
