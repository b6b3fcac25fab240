/* SPDX-License-Identifier: ISC */
/* R27: each rule that a reader keeps of a frame and of a message's head, past every check of the writer. */
#include "ipc/ipc.h"
#include "test.h"
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct link b; /* who reads */
static int writer;

static void pair(enum proc left, enum proc right)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return;
	writer = fd[0];
	link_init(&b, fd[1], right, left, 0, PHASE_RUN);
}

static void unpair(void)
{
	close(writer);
	link_fini(&b);
}

static unsigned heard;

static void on_any(struct link *from, const struct ipc_view *v)
{
	(void)from;
	heard++;
	if (v->fd >= 0)
		close(v->fd);
}

struct said {
	enum proc from, to;
	enum msg_phase phase; /* of who reads */
	unsigned type, class;
	unsigned n;        /* times */
	unsigned short_of; /* octets of its payload that are not there */
	bool descriptor, unanswered;
	const char *why; /* NULL: it is heard */
};

static bool send_raw(const void *bytes, size_t n, bool descriptor)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec io = {(void *)(uintptr_t)bytes, n};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	memset(CMSG_DATA(&control.head), 0, sizeof(int));
	if (descriptor) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control.room;
	}
	return sendmsg(writer, &m, 0) == (ssize_t)n;
}

static bool is_heard_as_said(const struct said *s)
{
	static ipc_handler *every[MSG_N], *nobody[MSG_N];
	_Alignas(8) uint8_t bytes[sizeof(struct ipc_frame_head) + sizeof(struct ipc_head) + 8192] = {0};
	const uint32_t size = (s->type < MSG_N ? msg_rule[s->type].size : 8) - s->short_of;
	const size_t n = sizeof(struct ipc_frame_head) + sizeof(struct ipc_head) + size;

	for (int i = 0; i < MSG_N; i++)
		every[i] = on_any;
	*(struct ipc_frame_head *)(void *)bytes = (struct ipc_frame_head){.size = (uint32_t)n, .messages = 1};
	*(struct ipc_head *)(void *)(bytes + sizeof(struct ipc_frame_head)) =
	    (struct ipc_head){.type = (uint16_t)s->type, .class = (uint16_t)s->class, .size = size};
	pair(s->from, s->to);
	b.phase = s->phase;
	heard = 0;
	for (unsigned i = 0; i < s->n && !b.broken; i++) {
		if (n > sizeof bytes || !send_raw(bytes, n, s->descriptor))
			return false;
		link_read(&b, s->unanswered ? nobody : every);
	}
	bool as_said = s->why ? b.broken && strcmp(b.broken_why, s->why) == 0 : !b.broken && heard == s->n;
	if (!as_said)
		fprintf(stderr, "%s said %u: %s\n", proc_name[s->from], s->type, b.broken ? b.broken_why : "heard");
	unpair();
	return as_said;
}

static void each_rule_is_kept_by_the_reader(void)
{
	static const char unknown[] = "unknown message", not_its[] = "not its to say", early[] = "said before its phase",
			  class[] = "class not allowed", fd[] = "descriptor where none belongs, or none where one does",
			  size[] = "too short", credit[] = "sends without credit", often[] = "says it too often";
	const struct said all[] = {
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .why = NULL},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_NONE, CLASS_REPLY, 1, .why = unknown},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_N, CLASS_REPLY, 1, .why = unknown},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, 0xffff, CLASS_REPLY, 1, .why = unknown},
	    /* the right one to hear it, and the right one to say it, is not enough */
	    {PROC_MEDIA, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .why = not_its},
	    {PROC_EDGE, PROC_LEDGER, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .why = not_its},
	    {PROC_CORE, PROC_EDGE, PHASE_RUN, MSG_CERT_CHAIN, CLASS_REPLY, 1, .why = not_its},
	    {PROC_CORE, PROC_CTL, PHASE_RUN, MSG_GO, CLASS_REPLY, 1, .why = not_its},
	    /* a sibling says nothing before it was greeted and all is set up; parent may speak while it is */
	    {PROC_EDGE, PROC_CORE, PHASE_HELLO, MSG_FLOW_DOWN, CLASS_REPLY, 1, .why = early},
	    {PROC_EDGE, PROC_CORE, PHASE_SETUP, MSG_FLOW_DOWN, CLASS_REPLY, 1, .why = early},
	    {PROC_PARENT, PROC_CORE, PHASE_HELLO, MSG_STOP, CLASS_REPLY, 1, .why = early},
	    {PROC_PARENT, PROC_CORE, PHASE_SETUP, MSG_STOP, CLASS_REPLY, 1, .why = NULL},
	    {PROC_PARENT, PROC_LEDGER, PHASE_HELLO, MSG_EVENT, CLASS_BULK, 1, .why = early},
	    {PROC_PARENT, PROC_LEDGER, PHASE_SETUP, MSG_EVENT, CLASS_BULK, 1, .why = NULL},
	    {PROC_CORE, PROC_LEDGER, PHASE_SETUP, MSG_EVENT, CLASS_BULK, 1, .why = early},
	    {PROC_CTL, PROC_PARENT, PHASE_SETUP, MSG_CTL_STOP, CLASS_REPLY, 1, .why = NULL},
	    {PROC_EDGE, PROC_CORE, PHASE_SETUP, MSG_HELLO, CLASS_REPLY, 1, .why = "hello twice"},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_HELLO, CLASS_REPLY, 1, .why = "hello twice"},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_N, 1, .why = class},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, 32 + CLASS_REPLY, 1, .why = class},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_NEW, 1, .why = class},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_UP, CLASS_REPLY, 1, .why = class}, /* which would need no credit */
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .descriptor = true, .why = fd},
	    {PROC_PARENT, PROC_CORE, PHASE_RUN, MSG_GIVE_LINK, CLASS_REPLY, 1, .why = fd},
	    {PROC_PARENT, PROC_CORE, PHASE_RUN, MSG_GIVE_LINK, CLASS_REPLY, 1, .descriptor = true, .why = NULL},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .short_of = 8, .why = size},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .short_of = (uint32_t)-4, .why = size},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_HELP_REFUSED, CLASS_EMERGENCY, 50, .why = NULL},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_REQUEST, CLASS_EMERGENCY, class_window[CLASS_EMERGENCY], .why = NULL},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_REQUEST, CLASS_EMERGENCY, class_window[CLASS_EMERGENCY] + 1u, .why = credit},
	    {PROC_CTL, PROC_PARENT, PHASE_RUN, MSG_CTL_STOP, CLASS_REPLY, 50, .why = often},
	    {PROC_EDGE, PROC_CORE, PHASE_RUN, MSG_FLOW_DOWN, CLASS_REPLY, 1, .unanswered = true, .why = "nobody here answers to it"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		CHECK(is_heard_as_said(&all[i]));
}

/* A frame of n octets whose head says these; its message, if there is room for one, says that it is so long. */
static const char *frame(size_t n, uint32_t size, uint16_t messages, uint32_t message_size)
{
	_Alignas(8) uint8_t bytes[1024] = {0};
	const struct ipc_frame_head f = {.size = size, .messages = messages};
	const struct ipc_head h = {.type = MSG_FLOW_DOWN, .class = CLASS_REPLY, .size = message_size};

	memcpy(bytes, &f, sizeof f);
	memcpy(bytes + sizeof f, &h, sizeof h);
	pair(PROC_EDGE, PROC_CORE);
	static ipc_handler *const every[MSG_N] = {[MSG_FLOW_DOWN] = on_any};
	heard = 0;
	const char *why = "not sent";
	if (n == 0 ? send(writer, bytes, 0, 0) == 0 : send_raw(bytes, n, false)) {
		link_read(&b, every);
		why = b.broken ? b.broken_why : "good";
	}
	unpair();
	return why;
}

static void a_frame_is_as_long_as_it_says(void)
{
	const uint32_t f = sizeof(struct ipc_frame_head), h = sizeof(struct ipc_head), size = msg_rule[MSG_FLOW_DOWN].size, n = f + h + size;

	CHECK(strcmp(frame(n, n, 1, size), "good") == 0 && heard == 1);
	CHECK(strcmp(frame(f, f, 0, 0), "good") == 0 && heard == 0); /* credit alone */
	CHECK(strcmp(frame(0, 0, 0, 0), "closed") == 0);
	CHECK(strcmp(frame(f - 1, f - 1, 0, 0), "frame cut short") == 0);
	CHECK(strcmp(frame(n, n + 8, 1, size), "frame cut short") == 0 && heard == 0);
	CHECK(strcmp(frame(n, n - 8, 1, size), "frame cut short") == 0 && heard == 0);
	CHECK(strcmp(frame(f + h - 1, f + h - 1, 1, 0), "frame cut short") == 0);
	CHECK(strcmp(frame(n, n, 2, size), "frame cut short") == 0);
	CHECK(strcmp(frame(n, n, 1, size + 8), "message longer than its frame") == 0 && heard == 0);
	CHECK(strcmp(frame(n, n, 1, UINT32_MAX - 7), "message longer than its frame") == 0 && heard == 0);
	CHECK(strcmp(frame(n, n, 0, size), "octets after the last message") == 0 && heard == 0);
	CHECK(strcmp(frame(n + 8, n + 8, 1, size), "octets after the last message") == 0);
}

int main(void)
{
	RUN(each_rule_is_kept_by_the_reader);
	RUN(a_frame_is_as_long_as_it_says);
	return TEST_END;
}
