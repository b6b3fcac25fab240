/* SPDX-License-Identifier: ISC */
/* What is heard over a link: nothing of it counts before it kept to the contract. */
#include "base/clock.h"
#include "base/secret.h"
#include "ipc/ipc_int.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *check_rate(struct link *l, enum msg type, uint64_t second)
{
	if (l->rate_second != second) {
		l->rate_second = second;
		for (int i = 0; i < MSG_N; i++)
			l->rate_left[i] = msg_rule[i].rate;
	}
	if (l->rate_left[type] == 0)
		return "says it too often";
	l->rate_left[type]--;
	return NULL;
}

/* May this peer say this, in this phase and class, with or without a descriptor? */
static const char *check_permission(struct link *l, const struct ipc_head *h, int fd)
{
	if (h->type == MSG_NONE || h->type >= MSG_N)
		return "unknown message";
	const struct msg_rule *r = &msg_rule[h->type];
	if (!(r->from >> l->peer & 1) || !(r->to >> l->me & 1))
		return "not its to say";
	bool with_parent = l->peer == PROC_PARENT || l->me == PROC_PARENT;
	if (r->phase > l->phase && (l->phase == PHASE_HELLO || !with_parent))
		return "said before its phase";
	if (r->phase == PHASE_HELLO && l->phase != PHASE_HELLO)
		return "hello twice";
	if (h->class >= CLASS_N || !(r->classes >> h->class & 1))
		return "class not allowed";
	if (r->fd != (fd >= 0))
		return "descriptor where none belongs, or none where one does";
	if (h->size < r->size || h->size % 8)
		return "too short";
	if (h->class != CLASS_REPLY) {
		if (l->window[h->class] == 0)
			return "sends without credit";
		l->window[h->class]--;
	}
	return r->rate ? check_rate(l, (enum msg)h->type, clock_boot_ms() / 1000) : NULL;
}

static const char *take_grants(struct link *l, const struct ipc_frame_head *h)
{
	for (int c = 0; c < CLASS_N; c++) {
		if (h->grant[c] > class_window[c] - l->credit[c])
			return "grants more credit than was used";
		l->credit[c] = (uint16_t)(l->credit[c] + h->grant[c]);
	}
	return NULL;
}

static const char *read_message(
    struct link *l, uint8_t *at, size_t left, ipc_handler *const on[MSG_N], int *fd, size_t *used)
{
	struct ipc_head h;

	if (left < sizeof h)
		return "frame cut short";
	memcpy(&h, at, sizeof h);
	if (h.size > left - sizeof h)
		return "message longer than its frame";
	const char *why = check_permission(l, &h, *fd);
	if (why)
		return why;
	uint8_t *payload = at + sizeof h;
	struct ipc_view v = {.type = (enum msg)h.type,
	    .class = (enum msg_class)h.class,
	    .payload = payload,
	    .tail = span_of(payload + msg_rule[h.type].size, h.size - msg_rule[h.type].size),
	    .fd = *fd};
	why = ipc_check(v.type, v.payload, v.tail);
	if (!why && !on[v.type])
		why = "nobody here answers to it";
	if (why)
		return why;
	*fd = -1;
	*used = sizeof h + h.size;
	l->received++;
	on[v.type](l, &v);
	if (l->fd < 0) /* the handler closed the link, and what was read is gone */
		return NULL;
	if (msg_is_secret(v.type))
		secret_wipe(payload, h.size);
	if (v.class != CLASS_REPLY)
		l->to_grant[v.class]++;
	return NULL;
}

static void read_frame(struct link *l, uint8_t *bytes, size_t n, int fd, ipc_handler *const on[MSG_N])
{
	struct ipc_frame_head h;
	const char *why = "frame cut short";
	size_t at = sizeof h, used = 0;

	if (n < sizeof h)
		goto bad;
	memcpy(&h, bytes, sizeof h);
	if (h.size != n)
		goto bad;
	why = take_grants(l, &h);
	if (why)
		goto bad;
	for (uint16_t i = 0; i < h.messages && !l->broken; i++, at += used) {
		why = read_message(l, bytes + at, n - at, on, &fd, &used);
		if (why)
			goto bad;
	}
	if (!l->broken && at != n)
		why = "octets after the last message";
	else if (fd >= 0)
		why = "descriptor without a message";
	else
		return;
bad:
	if (fd >= 0)
		close(fd);
	link_break(l, why);
}

struct arrival {
	struct iovec io;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
};

/* How many came; the last of them in *fd, and those before it closed. The room for one is padded and holds two. */
static int passed_fds(struct msghdr *m, int *fd)
{
	int n = 0;

	*fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int), n++) {
			if (*fd >= 0)
				close(*fd);
			memcpy(fd, CMSG_DATA(c) + at, sizeof(int));
		}
	}
	return n;
}

/* Frames into the last ones of the ring: how many, 0 nothing there, -1 gone */
static int receive(struct link *l, struct arrival a[RECEIVE_FRAMES], struct mmsghdr m[RECEIVE_FRAMES], int most)
{
	for (int i = 0; i < most; i++) {
		a[i].io = (struct iovec){l->ring[IPC_QUEUE_FRAMES + i].bytes, IPC_FRAME_MAX};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &a[i].io,
		    .msg_iovlen = 1,
		    .msg_control = a[i].control.room,
		    .msg_controllen = sizeof a[i].control.room};
		m[i].msg_len = 0;
	}
	int n = recvmmsg(l->fd, m, (unsigned)most, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	return n;
}

/* As many as there are, but no more than that: how many. */
static int read_frames(struct link *l, ipc_handler *const on[MSG_N], int most)
{
	struct arrival a[RECEIVE_FRAMES];
	struct mmsghdr m[RECEIVE_FRAMES];
	int got = receive(l, a, m, most);

	if (got < 0)
		link_break(l, "closed");
	for (int i = 0; i < got; i++) {
		int fd;
		if (passed_fds(&m[i].msg_hdr, &fd) > 1)
			link_break(l, "more than one descriptor");
		if (m[i].msg_len == 0)
			link_break(l, "closed"); /* no frame is empty */
		if (!l->broken)
			read_frame(l, a[i].io.iov_base, m[i].msg_len, fd, on);
		else if (fd >= 0)
			close(fd);
	}
	return got;
}

void link_read(struct link *l, ipc_handler *const on[MSG_N])
{
	int got = RECEIVE_FRAMES;

	for (int turn = 0; turn < IPC_FRAMES_PER_TURN && got == RECEIVE_FRAMES && !l->broken; turn += RECEIVE_FRAMES)
		got = read_frames(l, on, RECEIVE_FRAMES);
}

void link_read_one(struct link *l, ipc_handler *const on[MSG_N])
{
	(void)read_frames(l, on, 1);
}

bool link_brings_descriptor(const struct link *l)
{
	struct msghdr m = {0}; /* without room for one nobody takes it, and the kernel says so */

	return recvmsg(l->fd, &m, MSG_PEEK | MSG_DONTWAIT) >= 0 && (m.msg_flags & MSG_CTRUNC);
}

bool link_wait(struct link *l, ipc_handler *const on[MSG_N], const bool *done, int timeout_ms)
{
	uint64_t end = clock_boot_ms() + (uint64_t)timeout_ms;

	link_flush(l);
	while (!*done && !l->broken) {
		uint64_t now = clock_boot_ms();
		struct pollfd p = {.fd = l->fd, .events = POLLIN};
		if (now >= end || poll(&p, 1, (int)(end - now)) == 0)
			break;
		link_read(l, on);
	}
	return *done;
}
