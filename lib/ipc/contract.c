/* SPDX-License-Identifier: ISC */
#include "ipc/contract.h"
#include "ipc/ipc.h"

#define P(name) (1u << PROC_##name)
#define P_ALL ((1u << PROC_N) - 1)
#define C(name) (1u << CLASS_##name)

const char *const proc_name[PROC_N] = {
    [PROC_PARENT] = "parent",
    [PROC_EDGE] = "edge",
    [PROC_CORE] = "core",
    [PROC_MEDIA] = "media",
    [PROC_SIGNER] = "signer",
    [PROC_KEEPER] = "keeper",
    [PROC_LEDGER] = "ledger",
    [PROC_CTL] = "ctl",
    [PROC_CONF] = "conf",
    [PROC_WATCH] = "watch",
    [PROC_VOICE] = "voice",
    [PROC_DIAL] = "dial",
    [PROC_NET] = "net",
};

const char *const class_name[CLASS_N] = {
    [CLASS_EMERGENCY] = "emergency",
    [CLASS_DIALOG] = "dialog",
    [CLASS_NEW] = "new",
    [CLASS_BULK] = "bulk",
    [CLASS_REPLY] = "reply",
};

/* The windows bound what a stalled reader can be owed; new work has less than the dialogs it would disturb. */
const uint16_t class_window[CLASS_N] = {
    [CLASS_EMERGENCY] = 64,
    [CLASS_DIALOG] = 1024,
    [CLASS_NEW] = 512,
    [CLASS_BULK] = 128,
};

bool msg_may_wait(enum msg type)
{
	static const bool lazy[MSG_N] = {
	    [MSG_EVENT] = true,
	    [MSG_SEAL_WANT] = true, /* the record's way through keeper and ledger begins here */
	    [MSG_RELAY_CLOSE] = true,
	    [MSG_RELAY_COUNTS] = true,
	    [MSG_GATE] = true,
	};
	return lazy[type];
}

bool msg_is_secret(enum msg type)
{
	static const bool secret[MSG_N] = {
	    [MSG_RELAY] = true,
	    [MSG_SECRET_SET] = true,
	    [MSG_TRUNK_SECRET_SET] = true,
	    [MSG_CODE] = true,
	    [MSG_NONCES] = true,
	    [MSG_PIN_SET] = true,
	    [MSG_PIN_CHECK] = true,
	    [MSG_TURNED] = true,
	    [MSG_KEY] = true,
	    [MSG_HEARD] = true,
	    [MSG_TURN] = true,
	    [MSG_MAIL_KEY] = true,
	};
	return secret[type];
}

#define AT(name) offsetof(THIS, name), sizeof(((THIS *)0)->name)
#define N(type, name) {#name, FIELD_NUMBER, false, AT(name), 0, NULL},
#define E(name, limit) {#name, FIELD_ENUM, false, AT(name), limit, NULL},
#define S(name, max) {#name, FIELD_STRING, false, AT(name), max, NULL},
#define D(name, max) {#name, FIELD_STRING, true, AT(name), max, NULL},
#define A(name) {#name, FIELD_ADDR, false, AT(name), 0, NULL},
#define B(name, n) {#name, FIELD_BYTES, false, AT(name), n, NULL},
#define O(type, name, ok) {#name, FIELD_PART, false, AT(name), sizeof(type), ok_##ok},

static bool ok_site_ok(const void *p)
{
	return site_ok(p);
}
static bool ok_proc_status_ok(const void *p)
{
	return proc_status_ok(p);
}
static bool ok_relay_spec_ok(const void *p)
{
	return relay_spec_ok(p);
}
static bool ok_passport_ok(const void *p)
{
	return passport_ok(p);
}

static bool ok_pidf_place_ok(const void *p)
{
	return pidf_place_ok(p);
}

static bool ok_sdp_ok(const void *p)
{
	return sdp_ok(p);
}

/* One function for each message, so that the rows can speak of THIS. */
#define CONTRACT(NAME, name, from, to, phase, classes, fd, rate)                                    \
	static const struct msg_field *fields_##name(void)                                          \
	{                                                                                           \
		typedef struct msg_##name THIS;                                                     \
		static const struct msg_field table[] = {FIELDS_##NAME(N, E, S, D, A, B, O){NULL}}; \
		(void)sizeof(THIS);                                                                 \
		return table;                                                                       \
	}
#include "ipc/contract.def"
#undef CONTRACT

/* The same without the fields of which any value is good. */
#undef N
#undef B
#define N(type, name)
#define B(name, n)
#define CONTRACT(NAME, name, from, to, phase, classes, fd, rate)                                    \
	static const struct msg_field *judged_##name(void)                                          \
	{                                                                                           \
		typedef struct msg_##name THIS;                                                     \
		static const struct msg_field table[] = {FIELDS_##NAME(N, E, S, D, A, B, O){NULL}}; \
		(void)sizeof(THIS);                                                                 \
		return table;                                                                       \
	}
#include "ipc/contract.def"
#undef CONTRACT

static const struct msg_field *(*const judged[MSG_N])(void) = {
#define CONTRACT(NAME, name, from, to, phase, classes, fd, rate) [MSG_##NAME] = judged_##name,
#include "ipc/contract.def"
#undef CONTRACT
};

const struct msg_rule msg_rule[MSG_N] = {
#define CONTRACT(NAME, name, from, to, phase, classes, fd, rate) \
	[MSG_##NAME] = {#name, from, to, phase, classes, fd, rate, sizeof(struct msg_##name), fields_##name},
#include "ipc/contract.def"
#undef CONTRACT
};

/* Text that goes on to SIP or to a screen may hold no control octet; certificates and the like are octets. */
bool msg_text_ok(struct span s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t bad = 0, w;
	size_t i = 0;

	/* eight at a time: the high bit of an octet is set where it borrows below 0x20, or where it is 0x7f */
	for (; i + 8 <= s.n; i += 8) {
		memcpy(&w, s.p + i, 8);
		uint64_t del = w ^ ones * 0x7f;
		bad |= ((w - ones * 0x20) & ~w & high) | ((del - ones) & ~del & high);
	}
	for (; i < s.n; i++)
		bad |= s.p[i] < 0x20 || s.p[i] == 0x7f;
	return bad == 0;
}

static const char *check_tail(const struct msg_field *f, const uint8_t *at, struct span tail)
{
	struct str s;

	memcpy(&s, at, sizeof s);
	if (s.len == 0)
		return NULL;
	if (s.off > tail.n || s.len > tail.n - s.off)
		return "string outside the message";
	if (f->kind == FIELD_STRING) {
		if (s.len > f->limit)
			return "string too long";
		if (!f->octets && !msg_text_ok(span_of(tail.p + s.off, s.len)))
			return "control octet in a string";
		return NULL;
	}
	if (s.len != f->limit || s.off % 8)
		return "part of the wrong size";
	return f->part_ok(tail.p + s.off) ? NULL : "part with a value out of range";
}

static const char *check_field(const struct msg_field *f, const uint8_t *at, struct span tail)
{
	struct addr a;

	switch (f->kind) {
	case FIELD_ENUM:
		return *at < f->limit ? NULL : "enum out of range";
	case FIELD_ADDR:
		memcpy(&a, at, sizeof a);
		return addr_ok(&a) ? NULL : "bad address";
	case FIELD_STRING:
	case FIELD_PART:
		return check_tail(f, at, tail);
	case FIELD_NUMBER:
	case FIELD_BYTES:
		return NULL;
	}
	return "unknown field kind";
}

/* Most strings of most messages are. */
static bool is_left_out(const struct msg_field *f, const uint8_t *at)
{
	struct str s;

	if (f->kind != FIELD_STRING && f->kind != FIELD_PART)
		return false;
	memcpy(&s, at, sizeof s);
	return s.len == 0;
}

const char *ipc_check(enum msg type, const void *payload, struct span tail)
{
	const char *why = NULL;

	for (const struct msg_field *f = judged[type](); f->name && !why; f++) {
		const uint8_t *at = (const uint8_t *)payload + f->offset;
		if (!is_left_out(f, at))
			why = check_field(f, at, tail);
	}
	return why;
}
