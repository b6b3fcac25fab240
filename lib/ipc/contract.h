/* SPDX-License-Identifier: ISC */
/* What processes say to each other. The table is contract.def; structs, checks, documentation and tests come from it. */
#ifndef IPC_CONTRACT_H
#define IPC_CONTRACT_H

#include "base/addr.h"
#include "base/pool.h"
#include "ipc/contract_fields.h"

enum proc {
	PROC_PARENT,
	PROC_EDGE,
	PROC_CORE,
	PROC_MEDIA,
	PROC_SIGNER,
	PROC_KEEPER,
	PROC_LEDGER,
	PROC_CTL,
	PROC_CONF,
	PROC_WATCH, /* numbers are in the events on disk and in uids: new ones come last */
	PROC_VOICE,
	PROC_DIAL,
	PROC_NET,
	PROC_N
};

/* Each class has a window of its own on each link, so that a flood of one never holds up another. A reply needs no
 * credit: its request reserved it. */
enum msg_class { CLASS_EMERGENCY, CLASS_DIALOG, CLASS_NEW, CLASS_BULK, CLASS_REPLY, CLASS_N };

enum msg_phase { PHASE_HELLO, PHASE_SETUP, PHASE_RUN };

struct str {
	uint32_t off, len; /* into the tail of the message */
};

enum msg {
	MSG_NONE,
#define CONTRACT(NAME, name, from, to, phase, classes, fd, rate) MSG_##NAME,
#include "ipc/contract.def"
#undef CONTRACT
	MSG_N
};

#define N(type, name) type name;
#define E(name, limit) uint8_t name;
#define S(name, max) struct str name;
#define D(name, max) struct str name;
#define A(name) struct addr name;
#define B(name, n) uint8_t name[n];
#define O(type, name, ok) struct str name;
#define CONTRACT(NAME, name, from, to, phase, classes, fd, rate)    \
	struct msg_##name {                                         \
		FIELDS_##NAME(N, E, S, D, A, B, O) uint64_t end[0]; \
	};
#include "ipc/contract.def"
#undef CONTRACT
#undef N
#undef E
#undef S
#undef D
#undef A
#undef B
#undef O

enum field_kind { FIELD_NUMBER, FIELD_ENUM, FIELD_STRING, FIELD_ADDR, FIELD_BYTES, FIELD_PART };

struct msg_field {
	const char *name;
	enum field_kind kind;
	bool octets; /* a string of any octets; others hold no controls */
	uint32_t offset, size;
	uint32_t limit; /* enum: values below it; string: at most so many octets; part: exactly so many */
	bool (*part_ok)(const void *part);
};

struct msg_rule {
	const char *name;
	uint32_t from, to; /* masks of P() */
	enum msg_phase phase;
	uint32_t classes; /* mask of 1 << enum msg_class; with several, the sender says which */
	bool fd;
	uint32_t rate; /* a second and link; 0 = any */
	uint32_t size;
	const struct msg_field *(*fields)(void); /* ends with a NULL name */
};

extern const struct msg_rule msg_rule[MSG_N];
extern const uint16_t class_window[CLASS_N];

/* Nobody outside notices whether it comes now or a moment later, so that several may share a frame and a wake-up. */
bool msg_may_wait(enum msg type);

/* Holds digits that a person pressed, a password or a key: its octets are wiped once it is written, and once it is handled. */
bool msg_is_secret(enum msg type);

extern const char *const proc_name[PROC_N];
extern const char *const class_name[CLASS_N];

/* May these octets stand in a text of a message (S in contract_fields.h)? They hold no controls. */
bool msg_text_ok(struct span s);

/* Names the build: two processes of different builds never talk. 16 octets. */
extern const uint8_t build_id[16];

#endif
