/* SPDX-License-Identifier: ISC */
/* Links, and what is said over them. */
#include "base/log.h"
#include "base/secret.h"
#include "ipc/ipc_int.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FIRST_MESSAGE = sizeof(struct ipc_frame_head),
	GRANT_AT = 4,
	RING_FRAMES = IPC_QUEUE_FRAMES + RECEIVE_FRAMES,
	RING_SIZE = RING_FRAMES * sizeof(struct ipc_frame),
};
_Static_assert(FIRST_MESSAGE % 8 == 0 && CLASS_N <= 8, "messages stay aligned");

/* site_parsed carries the site and the database's address in one frame. What does not fit any more needs a message of its own. */
enum {
	DATABASE_MAX = 512,
	SITE_LEFT = (int)IPC_SITE_MAX - (int)(sizeof(struct ipc_head) + sizeof(struct msg_site_parsed) +
					      sizeof(struct site) + DATABASE_MAX),
};
_Static_assert(SITE_LEFT == 1960, "what is left for the site: say it here and in doc/architecture/contracts.md");

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

void link_again(struct link *l, int fd, enum proc me, enum proc peer, uint32_t instance, enum msg_phase phase)
{
	struct ipc_frame *ring = l->ring;

	*l = (struct link){.fd = fd, .me = me, .peer = peer, .instance = instance, .phase = phase, .ring = ring};
	memcpy(l->credit, class_window, sizeof l->credit);
	memcpy(l->window, class_window, sizeof l->window);
	ring[0].fd = -1;
	ring[0].n = 0;
}

bool link_init(struct link *l, int fd, enum proc me, enum proc peer, uint32_t instance, enum msg_phase phase)
{
	void *ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*l = (struct link){.fd = fd, .broken = true};
	if (ring == MAP_FAILED)
		return false;
	l->ring = ring;
	link_again(l, fd, me, peer, instance, phase);
	return true;
}

void link_close(struct link *l)
{
	if (l->fd < 0) /* it is closed, and its frames are no frames any more */
		return;
	for (uint32_t i = 0; l->ring && i <= l->queued && i < IPC_QUEUE_FRAMES; i++) {
		struct ipc_frame *f = &l->ring[(l->first + i) % IPC_QUEUE_FRAMES];
		if (f->fd >= 0)
			close(f->fd);
		if (f->secret)
			secret_wipe(f->bytes, f->n);
	}
	if (l->ring)
		(void)madvise(l->ring, RING_SIZE, MADV_DONTNEED); /* as it was at first */
	close(l->fd);
	l->fd = -1;
	l->broken = true;
}

void link_fini(struct link *l)
{
	link_close(l);
	if (l->ring)
		munmap(l->ring, RING_SIZE);
	l->ring = NULL;
}

void link_break(struct link *l, const char *why)
{
	if (!l->broken)
		l->broken_why = why;
	l->broken = true;
}

/* --- writing --- */

static struct ipc_frame *filling(struct link *l)
{
	return &l->ring[(l->first + l->queued) % IPC_QUEUE_FRAMES];
}

/* Of the ring each class may fill so much, so that what is refused under load is new work and never an answer. */
static const uint32_t class_frames[CLASS_N] = {
    [CLASS_BULK] = IPC_QUEUE_FRAMES / 4,
    [CLASS_NEW] = IPC_QUEUE_FRAMES / 2,
    [CLASS_DIALOG] = IPC_QUEUE_FRAMES * 5 / 8,
    [CLASS_EMERGENCY] = IPC_QUEUE_FRAMES * 3 / 4,
    [CLASS_REPLY] = IPC_QUEUE_FRAMES - 1,
};

/* Close the frame that is being filled and start the next one; false when the ring is full for this class. */
static bool next_frame(struct link *l, enum msg_class class)
{
	if (l->queued >= class_frames[class])
		return false;
	l->queued++;
	filling(l)->fd = -1;
	filling(l)->n = 0;
	return true;
}

static struct ipc_frame_head *frame_head(struct ipc_frame *f)
{
	if (f->n == 0) {
		memset(f->bytes, 0, FIRST_MESSAGE);
		f->n = FIRST_MESSAGE;
	}
	return (struct ipc_frame_head *)(void *)f->bytes;
}

static bool has_credit(struct link *l, enum msg_class class)
{
	if (class == CLASS_REPLY)
		return true;
	if (l->credit[class] > 0)
		return true;
	l->out_of_credit++;
	return false;
}

static void check_may_say(const struct link *l, enum msg type, enum msg_class class)
{
	const struct msg_rule *r = &msg_rule[type];

	if (!(r->from >> l->me & 1) || !(r->to >> l->peer & 1) || !(r->classes >> class & 1) || l->open)
		log_fatal("%s may not say %s to %s", proc_name[l->me], r->name, proc_name[l->peer]);
}

/* How much a message of this type may be, with its head: looked up in its row once. */
static uint32_t room(enum msg type)
{
	static uint32_t longest[MSG_N];

	if (longest[type])
		return longest[type];
	size_t n = sizeof(struct ipc_head) + msg_rule[type].size;
	for (const struct msg_field *f = msg_rule[type].fields(); f->name; f++)
		if (f->kind == FIELD_STRING || f->kind == FIELD_PART)
			n += align8(f->limit);
	return longest[type] = (uint32_t)n;
}

void *ipc_begin_as(struct link *l, enum msg type, enum msg_class class)
{
	check_may_say(l, type, class);
	if (l->broken || !has_credit(l, class))
		return NULL;
	if (filling(l)->n + room(type) > IPC_FRAME_MAX && !next_frame(l, class)) {
		l->out_of_credit++;
		if (class == CLASS_REPLY)
			link_break(l, "reads nothing");
		return NULL;
	}
	struct ipc_frame *f = filling(l);
	frame_head(f);
	l->open = (struct ipc_head *)(void *)(f->bytes + f->n);
	*l->open = (struct ipc_head){.type = (uint16_t)type, .class = (uint16_t) class, .size = msg_rule[type].size};
	void *payload = l->open + 1;
	memset(payload, 0, msg_rule[type].size);
	return payload;
}

void *ipc_begin(struct link *l, enum msg type)
{
	uint32_t classes = msg_rule[type].classes;
	return ipc_begin_as(l, type, (enum msg_class)__builtin_ctz(classes));
}

void *ipc_begin_fd(struct link *l, enum msg type, int fd)
{
	void *payload = NULL;

	/* a descriptor travels in a frame of its own */
	if (filling(l)->n == 0 || next_frame(l, CLASS_REPLY))
		payload = ipc_begin(l, type);
	if (payload)
		filling(l)->fd = fd;
	else
		close(fd);
	return payload;
}

struct str ipc_put(struct link *l, struct span s)
{
	uint8_t *base = (uint8_t *)(l->open + 1);
	uint32_t payload = msg_rule[l->open->type].size;
	struct str at = {l->open->size - payload, (uint32_t)s.n};

	if (s.n > room((enum msg)l->open->type) - sizeof *l->open - l->open->size)
		log_fatal("message %s outgrows its room", msg_rule[l->open->type].name);
	if (s.n == 0)
		return (struct str){0, 0};
	memcpy(base + l->open->size, s.p, s.n);
	l->open->size += (uint32_t)s.n;
	return at;
}

struct str ipc_put_part(struct link *l, const void *part, size_t n)
{
	uint32_t payload = msg_rule[l->open->type].size;
	uint32_t tail = l->open->size - payload, pad = (uint32_t)align8(tail) - tail;
	static const uint8_t zero[8];

	if (!part)
		return (struct str){0, 0};
	ipc_put(l, span_of(zero, pad));
	return ipc_put(l, span_of(part, n));
}

void ipc_end(struct link *l)
{
	struct ipc_frame *f = filling(l);
	struct ipc_head *h = l->open;
	uint32_t padded = (uint32_t)align8(h->size);

	memset((uint8_t *)(h + 1) + h->size, 0, padded - h->size);
	const char *why = ipc_check((enum msg)h->type, h + 1,
	    span_of((uint8_t *)(h + 1) + msg_rule[h->type].size, padded - msg_rule[h->type].size));
	if (why)
		log_fatal("wrote a bad %s: %s", msg_rule[h->type].name, why);
	h->size = padded;
	f->n += (uint32_t)sizeof *h + padded;
	f->secret |= msg_is_secret((enum msg)h->type);
	frame_head(f)->messages++;
	if (h->class != CLASS_REPLY)
		l->credit[h->class]--;
	l->open = NULL;
	l->urgent |= !msg_may_wait((enum msg)h->type);
	l->sent++;
	if (f->fd >= 0 && !next_frame(l, CLASS_REPLY))
		link_break(l, "reads nothing");
}

void ipc_end_late(struct link *l)
{
	bool urgent = l->urgent;

	ipc_end(l);
	l->urgent = urgent;
}

static bool owes_credit(const struct link *l)
{
	for (int c = 0; c < CLASS_N; c++)
		if (l->to_grant[c] && l->to_grant[c] >= class_window[c] / GRANT_AT)
			return true;
	return false;
}

static void add_grants(struct link *l, struct ipc_frame_head *h)
{
	for (int c = 0; c < CLASS_N; c++) {
		h->grant[c] = l->to_grant[c];
		l->window[c] = (uint16_t)(l->window[c] + l->to_grant[c]);
		l->to_grant[c] = 0;
	}
}

/* 1 sent, 0 would block, -1 broken */
static int send_frame(struct link *l, struct ipc_frame *f)
{
	struct iovec io = {f->bytes, f->n};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	if (f->fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control.room;
		memset(&control, 0, sizeof control);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &f->fd, sizeof(int));
	}
	ssize_t n = sendmsg(l->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0)
		return 1;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS)
		return 0;
	link_break(l, "closed");
	return -1;
}

static void drop_first(struct link *l)
{
	struct ipc_frame *f = &l->ring[l->first];

	if (f->fd >= 0)
		close(f->fd);
	if (f->secret)
		secret_wipe(f->bytes, f->n);
	f->secret = false;
	f->fd = -1;
	f->n = 0;
	if (l->queued) {
		l->first = (l->first + 1) % IPC_QUEUE_FRAMES;
		l->queued--;
	}
}

bool link_is_lazy(const struct link *l)
{
	return l->ring && !l->urgent && l->queued == 0 && l->ring[l->first].n > 0;
}

bool link_flush(struct link *l)
{
	if (!l->ring)
		return true;
	if (filling(l)->n == 0 && owes_credit(l))
		frame_head(filling(l));
	while (!l->broken && l->ring[l->first].n) {
		struct ipc_frame *f = &l->ring[l->first];
		struct ipc_frame_head *h = frame_head(f);
		h->size = f->n;
		add_grants(l, h);
		int sent = send_frame(l, f);
		if (sent == 0) { /* the grants stay in the frame; what is owed by then goes with the next */
			for (int c = 0; c < CLASS_N; c++) {
				l->to_grant[c] = h->grant[c];
				l->window[c] = (uint16_t)(l->window[c] - h->grant[c]);
				h->grant[c] = 0;
			}
			return false;
		}
		drop_first(l);
	}
	if (l->queued == 0)
		l->first = 0; /* all frames are empty: the one that is warm comes first again */
	l->urgent = false;
	return true;
}
