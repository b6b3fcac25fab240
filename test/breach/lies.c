/* SPDX-License-Identifier: ISC */
#include "lies.h"
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PART_LIES = 24 };

struct telling {
	const struct lie *truth;
	struct lie lie;
	void (*tell)(const struct lie *l, void *arg);
	void *arg;
	uint32_t n;
};

void lie_take_truth(struct link *l, struct lie *truth)
{
	const struct ipc_head *h = l->open;
	const uint8_t *at = (const uint8_t *)(h + 1);

	*truth = (struct lie){.type = (enum msg)h->type, .class = (enum msg_class)h->class};
	truth->payload_n = msg_rule[h->type].size;
	truth->tail_n = h->size - truth->payload_n;
	if (truth->payload_n > sizeof truth->payload || truth->tail_n > sizeof truth->tail)
		abort();
	memcpy(truth->payload, at, truth->payload_n);
	memcpy(truth->tail, at + truth->payload_n, truth->tail_n);
	l->open = NULL;
}

/* Any value that the contract lets pass. */
static void invent(struct link *l, const struct msg_field *f, uint8_t *at)
{
	static const uint8_t zero[IPC_MESSAGE_MAX];
	struct str s = {0, 0};

	switch (f->kind) {
	case FIELD_NUMBER: *at = 1; break;
	case FIELD_ENUM: *at = f->limit > 1; break;
	case FIELD_ADDR: (void)addr_parse_ip(SPAN("192.0.2.1"), (struct addr *)(void *)at); break;
	case FIELD_BYTES: memset(at, 1, f->size); break;
	case FIELD_STRING: s = ipc_put(l, SPAN("a")); break;
	case FIELD_PART:
		if (f->limit < sizeof zero && f->part_ok(zero))
			s = ipc_put_part(l, zero, f->limit);
		break;
	}
	if (f->kind == FIELD_STRING || f->kind == FIELD_PART)
		memcpy(at, &s, sizeof s);
}

void *lie_invent(struct link *l, enum msg type)
{
	uint8_t *payload = ipc_begin(l, type);

	for (const struct msg_field *f = msg_rule[type].fields(); payload && f->name; f++)
		invent(l, f, payload + f->offset);
	return payload;
}

bool lie_is_due(enum msg type, enum proc from, enum proc to)
{
	const struct msg_rule *r = &msg_rule[type];

	return r->name && r->phase == PHASE_RUN && r->from >> from & 1 && r->to >> to & 1;
}

bool lie_settled(const struct link *l)
{
	int left = 1;

	for (int i = 0; i < 20000 && !l->broken && ioctl(l->fd, SIOCOUTQ, &left) == 0 && left; i++)
		usleep(50);
	return left == 0 || l->broken;
}

static uint64_t chance(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 16;
}

static void begin(struct telling *t, const struct msg_field *f, uint32_t number)
{
	t->lie = *t->truth;
	t->lie.field = f ? f->name : NULL;
	t->lie.number = number;
}

static void tell(struct telling *t)
{
	t->tell(&t->lie, t->arg);
	t->n++;
}

static void lie_number(struct telling *t, const struct msg_field *f)
{
	uint64_t top = f->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * f->size) - 1, true_one = 0;

	memcpy(&true_one, t->truth->payload + f->offset, f->size);
	const uint64_t value[] = {0, 1, top, top - 1, top / 2, top / 2 + 1, true_one + 1, true_one - 1, UINT64_C(0x0101010101010101)};
	for (uint32_t i = 0; i < sizeof value / sizeof *value; i++) {
		begin(t, f, i);
		memcpy(t->lie.payload + f->offset, &value[i], f->size);
		tell(t);
	}
}

static void lie_enum(struct telling *t, const struct msg_field *f)
{
	for (uint32_t i = 0; i <= f->limit; i++) {
		begin(t, f, i);
		t->lie.payload[f->offset] = (uint8_t)i;
		tell(t);
	}
	begin(t, f, 255);
	t->lie.payload[f->offset] = 255;
	tell(t);
}

/* Put a string of n octets at the end of the tail. */
static struct str append(struct lie *l, uint8_t octet, uint32_t n)
{
	struct str s = {l->tail_n, n};

	if (n > sizeof l->tail - l->tail_n)
		return (struct str){0, 0};
	memset(l->tail + l->tail_n, octet, n);
	l->tail_n += n;
	return s;
}

static void lie_string(struct telling *t, const struct msg_field *f)
{
	enum { NONE, BYTE, LONGEST, TOO_LONG, CONTROL, HIGH, PAST, FAR, WRAPS, WHOLE, KINDS };

	for (uint32_t i = 0; i < KINDS; i++) {
		struct str s = {0, 0};
		begin(t, f, i);
		switch (i) {
		case NONE: break;
		case BYTE: s = append(&t->lie, 'x', 1); break;
		case LONGEST: s = append(&t->lie, 'a', f->limit); break;
		case TOO_LONG: s = append(&t->lie, 'a', f->limit + 1); break;
		case CONTROL: s = append(&t->lie, '\r', 2); break;
		case HIGH: s = append(&t->lie, 0xff, f->limit < 8 ? f->limit : 8); break;
		case PAST: s = (struct str){t->lie.tail_n, 1}; break;
		case FAR: s = (struct str){UINT32_MAX, 1}; break;
		case WRAPS: s = (struct str){8, UINT32_MAX - 4}; break;
		case WHOLE: s = (struct str){0, t->lie.tail_n}; break;
		}
		memcpy(t->lie.payload + f->offset, &s, sizeof s);
		tell(t);
	}
}

static void lie_part(struct telling *t, const struct msg_field *f)
{
	struct str s, none = {0, 0};
	uint64_t state = f->offset + 1;

	memcpy(&s, t->truth->payload + f->offset, sizeof s);
	begin(t, f, 0);
	memcpy(t->lie.payload + f->offset, &none, sizeof none);
	tell(t);
	for (uint32_t i = 1; s.len && i <= 3; i++) { /* misplaced or of the wrong size */
		struct str bad = {s.off + (i == 1 ? 4 : 0), s.len + (i == 2 ? 8 : 0) - (i == 3 ? 8 : 0)};
		begin(t, f, i);
		memcpy(t->lie.payload + f->offset, &bad, sizeof bad);
		tell(t);
	}
	/* a few octets of it are something else: many of these are still a legal part */
	for (uint32_t i = 0; s.len && i < PART_LIES; i++) {
		begin(t, f, 10 + i);
		for (uint32_t k = 0; k <= i % 4; k++)
			t->lie.tail[s.off + chance(&state) % s.len] = (uint8_t)chance(&state);
		tell(t);
	}
}

static void lie_addr(struct telling *t, const struct msg_field *f)
{
	static const uint8_t family[] = {0, 4, 6, 5, 255};

	for (uint32_t i = 0; i < sizeof family; i++) {
		begin(t, f, i);
		struct addr *a = (struct addr *)(void *)(t->lie.payload + f->offset);
		a->family = family[i];
		if (family[i] == 6)
			memset(a->ip, 0x20, sizeof a->ip);
		tell(t);
	}
}

static void lie_bytes(struct telling *t, const struct msg_field *f)
{
	for (uint32_t i = 0; i < 2; i++) {
		begin(t, f, i);
		memset(t->lie.payload + f->offset, i ? 0xff : 0, f->size);
		tell(t);
	}
}

uint32_t lies_each(const struct lie *truth, void (*teller)(const struct lie *l, void *arg), void *arg)
{
	static struct telling t;
	static void (*const about[])(struct telling *, const struct msg_field *) = {
	    [FIELD_NUMBER] = lie_number,
	    [FIELD_ENUM] = lie_enum,
	    [FIELD_STRING] = lie_string,
	    [FIELD_ADDR] = lie_addr,
	    [FIELD_BYTES] = lie_bytes,
	    [FIELD_PART] = lie_part,
	};

	t = (struct telling){.truth = truth, .tell = teller, .arg = arg};
	begin(&t, NULL, 0);
	tell(&t);
	for (enum msg_class c = 0; c <= CLASS_N; c++) { /* the wrong class, and one that there is not */
		if (c == truth->class)
			continue;
		begin(&t, NULL, 1 + (uint32_t)c);
		t.lie.class = c;
		tell(&t);
	}
	for (const struct msg_field *f = msg_rule[truth->type].fields(); f->name; f++)
		about[f->kind](&t, f);
	return t.n;
}

static uint32_t padded(const struct lie *l)
{
	return (l->payload_n + l->tail_n + 7) & ~7u;
}

bool lie_is_plain(const struct lie *l)
{
	return l->class >= CLASS_N || !(msg_rule[l->type].classes >> l->class & 1) ||
	       ipc_check(l->type, l->payload, span_of(l->tail, padded(l) - l->payload_n)) != NULL;
}

static bool send_with(int to, const void *frame, size_t n, int fd)
{
	struct iovec io = {(void *)(uintptr_t)frame, n};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control.room;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return sendmsg(to, &m, MSG_NOSIGNAL) == (ssize_t)n;
}

bool lie_send_fd(struct link *l, const struct lie *lie, int fd)
{
	static _Alignas(8) uint8_t frame[IPC_FRAME_MAX];
	struct ipc_frame_head *fh = (void *)frame;
	struct ipc_head *mh = (void *)(fh + 1);
	uint8_t *at = (uint8_t *)(mh + 1);

	link_flush(l);
	memset(frame, 0, sizeof *fh + sizeof *mh + padded(lie));
	*mh = (struct ipc_head){.type = (uint16_t)lie->type, .class = (uint16_t)lie->class, .size = padded(lie)};
	*fh = (struct ipc_frame_head){.size = (uint32_t)(sizeof *fh + sizeof *mh) + padded(lie), .messages = 1};
	memcpy(at, lie->payload, lie->payload_n);
	memcpy(at + lie->payload_n, lie->tail, lie->tail_n);
	if (lie->class < CLASS_REPLY && l->credit[lie->class]) /* the reader gives it back */
		l->credit[lie->class]--;
	return send_with(l->fd, frame, fh->size, fd);
}

bool lie_send(struct link *l, const struct lie *lie)
{
	return lie_send_fd(l, lie, -1);
}
