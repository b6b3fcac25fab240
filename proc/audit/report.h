/* SPDX-License-Identifier: ISC */
/* What was found, as lines of JSON on a descriptor: doc/man/ringfence.1 describes them. */
#ifndef AUDIT_REPORT_H
#define AUDIT_REPORT_H

#include "audit/judge.h"
#include "base/buf.h"

enum { REPORT_LINE_MAX = 65536, REPORT_LEGS = 32 };

struct report {
	int fd;
	bool anonymise, graph, failed;
	uint8_t secret[16]; /* of the tokens */
	struct buf line;
	uint8_t room[REPORT_LINE_MAX];
};

void report_write(struct report *r, struct audit *a, struct calls *c);
void report_progress(struct report *r, const struct audit *a, uint64_t octets);
/* why NULL: it was written. */
void report_sound(struct report *r, uint32_t call, const char *why);
/* A file that was not read to its end. */
void report_file(struct report *r, uint32_t file, const char *why);

/* --- phones.c --- */
void phones_count(struct audit *a, struct calls *c);
void phones_report(struct report *r, struct audit *a);
/* What to change on a phone or server of that make; a general word when it is not known. */
const char *remedy_of(struct span device);

/* --- the members that several lines have; with --anonymise tokens stand in place of addresses, people and devices --- */
void report_line(struct report *r); /* write the line that was begun */
void report_address(struct report *r, const char *name, const uint8_t ip[16]);
void report_person(struct report *r, const char *name, const struct audit *a, uint32_t text);
void report_device(struct report *r, const char *name, const struct audit *a, uint32_t text);
void report_whys(struct report *r, uint32_t why);

#endif
