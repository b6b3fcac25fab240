/* SPDX-License-Identifier: ISC */
/* R27: what the contract forbids is refused by the reader; credit bounds what a stalled sibling can be owed. */
#include "ipc/ipc.h"
#include "test.h"
#include <dirent.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct link a, b; /* edge, core */
static int requests, descriptors;
static char seen_user[64];

static void on_request(struct link *from, const struct ipc_view *v)
{
	const struct msg_request *m = v->payload;
	struct span user = ipc_str(v, m->from_user);
	(void)from;
	requests++;
	span_cstr(user, seen_user, sizeof seen_user);
}

static ino_t given;

static void on_give_link(struct link *from, const struct ipc_view *v)
{
	struct stat is;

	(void)from;
	descriptors++;
	given = fstat(v->fd, &is) == 0 ? is.st_ino : 0;
	close(v->fd);
}

static ipc_handler *const on[MSG_N] = {[MSG_REQUEST] = on_request, [MSG_GIVE_LINK] = on_give_link};

static void pair(enum proc left, enum proc right)
{
	int fd[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		return;
	link_init(&a, fd[0], left, right, 0, PHASE_RUN);
	link_init(&b, fd[1], right, left, 0, PHASE_RUN);
	requests = descriptors = 0;
}

static void unpair(void)
{
	link_fini(&a);
	link_fini(&b);
}

static bool say_request(struct span user)
{
	struct msg_request *m = ipc_begin_as(&a, MSG_REQUEST, CLASS_NEW);
	if (!m)
		return false;
	m->method = SIP_REGISTER;
	m->from_user = ipc_put(&a, user);
	ipc_end(&a);
	return true;
}

static void messages_arrive_whole_and_batched(void)
{
	pair(PROC_EDGE, PROC_CORE);
	for (int i = 0; i < 100; i++)
		CHECK(say_request(SPAN("101")));
	CHECK(link_flush(&a));
	link_read(&b, on);
	CHECK(requests == 100 && strcmp(seen_user, "101") == 0 && !b.broken);
	unpair();
}

static void credit_runs_out_and_comes_back(void)
{
	int n = 0;

	pair(PROC_EDGE, PROC_CORE);
	while (n < 10000 && say_request(SPAN("101")))
		n++;
	CHECK(n == class_window[CLASS_NEW]);
	while (!link_flush(&a) || requests < n) {
		link_read(&b, on);
		CHECK(!b.broken);
	}
	CHECK(!say_request(SPAN("101")));
	link_flush(&b);
	link_read(&a, on);
	CHECK(!a.broken && say_request(SPAN("101")));
	unpair();
}

static bool say_wordy(enum msg type, enum msg_class class)
{
	static uint8_t words[MESSAGE_TEXT_MAX];
	struct msg_request *q;
	struct msg_response *r;

	memset(words, 'a', sizeof words);
	if (type == MSG_REQUEST) {
		q = ipc_begin_as(&a, type, class);
		if (!q)
			return false;
		q->text = ipc_put(&a, span_of(words, sizeof words));
	} else {
		r = ipc_begin(&a, type);
		if (!r)
			return false;
		r->contact = ipc_put(&a, span_of(words, URI_TEXT_MAX));
	}
	ipc_end(&a);
	return true;
}

/* A sibling that does not read for a while costs new work first, then what belongs to dialogs; answers always have room. */
static void new_work_leaves_room_for_answers(void)
{
	int n = 0;

	pair(PROC_EDGE, PROC_CORE);
	while (say_wordy(MSG_REQUEST, CLASS_NEW))
		n++;
	CHECK(n > 100 && n < class_window[CLASS_NEW]);
	CHECK(say_wordy(MSG_REQUEST, CLASS_DIALOG));
	while (say_wordy(MSG_REQUEST, CLASS_DIALOG))
		n++;
	CHECK(say_wordy(MSG_REQUEST, CLASS_EMERGENCY));
	while (say_wordy(MSG_REQUEST, CLASS_EMERGENCY))
		n++;
	for (int i = 0; i < 500; i++)
		CHECK(say_wordy(MSG_RESPONSE, CLASS_REPLY));
	CHECK(!a.broken);
	unpair();
}

static void what_may_wait_does_not_hold_up_the_rest(void)
{
	struct msg_event *m;

	pair(PROC_EDGE, PROC_LEDGER);
	CHECK(!link_is_lazy(&a));
	m = ipc_begin(&a, MSG_EVENT);
	CHECK(m);
	ipc_end(&a);
	CHECK(link_is_lazy(&a));
	CHECK(link_flush(&a) && !link_is_lazy(&a));
	unpair();
	pair(PROC_EDGE, PROC_CORE);
	CHECK(say_request(SPAN("101")) && !link_is_lazy(&a));
	CHECK(link_flush(&a));
	unpair();
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void a_descriptor_travels(void)
{
	unsigned before = open_descriptors();
	struct stat is = {0};
	int end[2];

	CHECK(pipe(end) == 0 && fstat(end[0], &is) == 0);
	pair(PROC_PARENT, PROC_CORE);
	struct msg_give_link *m = ipc_begin_fd(&a, MSG_GIVE_LINK, end[0]);
	CHECK(m);
	m->peer = PROC_EDGE;
	ipc_end(&a);
	link_flush(&a);
	link_read(&b, on);
	CHECK(descriptors == 1 && !b.broken && given == is.st_ino);
	close(end[1]);
	CHECK(open_descriptors() == before + 2); /* it is the reader's, and nobody else's */
	unpair();
}

/* A frame of no message, or one of a request, with n descriptors. */
static const char *smuggle(bool request, unsigned n)
{
	static const char *why;
	struct ipc_frame_head empty = {.size = sizeof empty};
	struct iovec io = {&empty, sizeof empty};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(4 * sizeof(int))];
	} control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int))}};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(n * sizeof(int))};

	memset(CMSG_DATA(&control.head), 0, n * sizeof(int));
	pair(PROC_EDGE, PROC_CORE);
	if (request) {
		struct ipc_frame *f = &a.ring[a.first];
		say_request(SPAN("101"));
		((struct ipc_frame_head *)(void *)f->bytes)->size = f->n;
		io = (struct iovec){f->bytes, f->n};
	}
	why = "not sent";
	if (sendmsg(a.fd, &m, 0) == (ssize_t)io.iov_len) {
		link_read(&b, on);
		why = b.broken ? b.broken_why : NULL;
	}
	unpair();
	return why;
}

static void descriptors_that_nobody_wants_do_not_stay(void)
{
	unsigned before = open_descriptors();

	for (int i = 0; i < 100; i++)
		for (unsigned n = 1; n <= 4; n++)
			CHECK(smuggle(false, n) && smuggle(true, n) && strcmp(smuggle(false, n), "not sent") != 0);
	CHECK(smuggle(false, 2) && strcmp(smuggle(false, 2), "more than one descriptor") == 0 && requests == 0);
	CHECK(open_descriptors() == before);
}

/* what a lying sibling could write, by changing a good frame in one place */
static const char *lie(size_t at, uint8_t value)
{
	struct ipc_frame *f = &a.ring[a.first];
	static const char *why;

	pair(PROC_EDGE, PROC_CORE);
	f = &a.ring[a.first];
	say_request(SPAN("101"));
	((struct ipc_frame_head *)(void *)f->bytes)->size = f->n;
	f->bytes[at] = value;
	why = "not sent";
	if (send(b.fd, "", 0, 0) == 0 && send(a.fd, f->bytes, f->n, 0) > 0) {
		link_read(&b, on);
		why = b.broken ? b.broken_why : NULL;
	}
	unpair();
	return why;
}

static void lies_are_seen(void)
{
	size_t head = sizeof(struct ipc_frame_head), payload = head + sizeof(struct ipc_head);

	CHECK(lie(0, 1) != NULL);                                              /* frame size */
	CHECK(lie(head, MSG_NONE) != NULL);                                    /* type */
	CHECK(lie(head, MSG_RESPOND) != NULL);                                 /* core's to say */
	CHECK(lie(head + 2, CLASS_BULK) != NULL);                              /* class */
	CHECK(lie(head + 5, 0xff) != NULL);                                    /* message size */
	CHECK(lie(payload + offsetof(struct msg_request, method), 0xff) != NULL); /* enum */
	CHECK(lie(payload + offsetof(struct msg_request, from_user) + 3, 0x7f) != NULL); /* offset */
	CHECK(lie(payload + offsetof(struct msg_request, from_user) + 6, 0x7f) != NULL); /* length */
	CHECK(lie(payload + sizeof(struct msg_request), '\n') != NULL);        /* control in a string */
	CHECK(lie(8, 1) != NULL);                                              /* credit never used */
}

/* R27: a sibling that reads nothing holds so many frames of ours, and is given up with the next. */
static void a_queue_has_an_end(void)
{
	int n = 0;

	pair(PROC_EDGE, PROC_CORE);
	while (n < 100000 && say_wordy(MSG_RESPONSE, CLASS_REPLY))
		n++;
	CHECK(a.broken && strcmp(a.broken_why, "reads nothing") == 0 && a.queued == IPC_QUEUE_FRAMES - 1);
	CHECK(!say_wordy(MSG_RESPONSE, CLASS_REPLY) && !say_request(SPAN("101"))); /* nothing more is written */
	unpair();
}

/* Nothing that was to go to a sibling, and did not, stays open or to be read (R15, R27). */
static void what_was_not_sent_is_gone_too(void)
{
	unsigned before = open_descriptors();

	pair(PROC_PARENT, PROC_CORE);
	for (int i = 0; i < 8; i++) {
		struct msg_give_link *m = ipc_begin_fd(&a, MSG_GIVE_LINK, dup(0));
		CHECK(m);
		if (m)
			ipc_end(&a);
	}
	CHECK(open_descriptors() == before + 2 + 8);
	link_close(&a);
	CHECK(open_descriptors() == before + 1);
	link_close(&a); /* again, as when it ends: none of another's is closed */
	CHECK(open_descriptors() == before + 1);
	unpair();
	CHECK(open_descriptors() == before);
}

static void on_accused(struct link *from, const struct ipc_view *v)
{
	(void)v;
	requests++;
	from->broken = true;
}

static void on_closing(struct link *from, const struct ipc_view *v)
{
	(void)v;
	requests++;
	link_close(from);
}

/* Of one who was accused nothing more is heard, though it came in the same frame. */
static void who_is_accused_is_not_heard_out(void)
{
	ipc_handler *const by[] = {on_accused, on_closing};

	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		ipc_handler *one[MSG_N] = {[MSG_REQUEST] = by[i]};
		pair(PROC_EDGE, PROC_CORE);
		CHECK(say_request(SPAN("101")) && say_request(SPAN("102")) && link_flush(&a));
		CHECK(say_request(SPAN("103")) && link_flush(&a));
		link_read(&b, one);
		CHECK(requests == 1 && b.broken && b.to_grant[CLASS_NEW] <= 1);
		unpair();
	}
}

static bool answer_wordy(struct link *l)
{
	static uint8_t words[URI_TEXT_MAX];
	struct msg_respond *m = ipc_begin(l, MSG_RESPOND);

	memset(words, 'a', sizeof words);
	if (!m)
		return false;
	m->contact = ipc_put(l, span_of(words, sizeof words));
	ipc_end(l);
	return true;
}

static void on_nothing(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

/* Credit that could not be given back at once, as the sibling's queue was full, is not lost (R28). */
static void credit_outlives_a_full_socket(void)
{
	static ipc_handler *const respond[MSG_N] = {[MSG_RESPOND] = on_nothing};

	pair(PROC_EDGE, PROC_CORE);
	for (int round = 0; round < 3; round++) {
		bool blocked = false;
		for (int i = 0; i < 64; i++)
			CHECK(say_request(SPAN("101")));
		CHECK(link_flush(&a));
		for (int i = 0; i < 5000 && !blocked; i++)
			blocked = answer_wordy(&b) && !link_flush(&b); /* its first frames are gone, and bring no credit */
		CHECK(blocked && !b.broken);
		link_read(&b, on);
		CHECK(b.to_grant[CLASS_NEW] == 64 && b.window[CLASS_NEW] == class_window[CLASS_NEW] - 64);
		CHECK(!link_flush(&b));
		CHECK(b.to_grant[CLASS_NEW] == 64 && b.window[CLASS_NEW] == class_window[CLASS_NEW] - 64);
		for (int i = 0; i < 1000 && !link_flush(&b); i++)
			link_read(&a, respond);
		for (int i = 0; i < 100; i++)
			link_read(&a, respond);
		CHECK(!a.broken && a.credit[CLASS_NEW] == class_window[CLASS_NEW]);
		CHECK(b.to_grant[CLASS_NEW] == 0 && b.window[CLASS_NEW] == class_window[CLASS_NEW]);
	}
	unpair();
}

static void a_good_frame_is_no_lie(void)
{
	CHECK(lie(sizeof(struct ipc_frame_head) + sizeof(struct ipc_head) + sizeof(struct msg_request), '2') == NULL);
	CHECK(strcmp(seen_user, "201") == 0);
}

/* A begun message always has room for its row at its longest. */
static void the_longest_of_every_row_fits(void)
{
	for (int t = 0; t < MSG_N; t++) {
		if (!msg_rule[t].fields)
			continue;
		size_t n = sizeof(struct ipc_head) + msg_rule[t].size;
		for (const struct msg_field *f = msg_rule[t].fields(); f->name; f++)
			if (f->kind == FIELD_STRING || f->kind == FIELD_PART)
				n += (f->limit + 7) / 8 * 8;
		size_t most = t == MSG_SITE_PREPARE || t == MSG_SITE_PARSED ? IPC_SITE_MAX : IPC_MESSAGE_MAX;
		if (n > most)
			fprintf(stderr, "%s: %zu\n", msg_rule[t].name, n);
		CHECK(n <= most);
	}
}

static bool holds(const struct link *l, const char *text)
{
	return memmem(l->ring, (IPC_QUEUE_FRAMES + 4) * sizeof *l->ring, text, strlen(text)) != NULL;
}

static char pressed[TURN_DIGITS_MAX + 1];

static void on_turned(struct link *from, const struct ipc_view *v)
{
	const struct msg_turned *m = v->payload;

	(void)from;
	span_cstr(ipc_str(v, m->digits), pressed, sizeof pressed);
}

/* Digits are nowhere in a link once they were written, and once they were handled (R15). */
static void what_is_secret_is_wiped(void)
{
	static ipc_handler *const turned[MSG_N] = {[MSG_TURNED] = on_turned};

	pair(PROC_VOICE, PROC_CORE);
	struct msg_turned *m = ipc_begin(&a, MSG_TURNED);
	m->digits = ipc_put(&a, SPAN("8675309"));
	ipc_end(&a);
	CHECK(holds(&a, "8675309"));
	CHECK(link_flush(&a) && !holds(&a, "8675309"));
	link_read(&b, turned);
	CHECK(strcmp(pressed, "8675309") == 0 && !holds(&b, "8675309"));
	unpair();
	/* others stay as they were, which costs nothing */
	pair(PROC_EDGE, PROC_CORE);
	CHECK(say_request(SPAN("31415926")) && link_flush(&a) && holds(&a, "31415926"));
	unpair();
}

int main(void)
{
	RUN(the_longest_of_every_row_fits);
	RUN(messages_arrive_whole_and_batched);
	RUN(credit_runs_out_and_comes_back);
	RUN(new_work_leaves_room_for_answers);
	RUN(what_may_wait_does_not_hold_up_the_rest);
	RUN(a_descriptor_travels);
	RUN(descriptors_that_nobody_wants_do_not_stay);
	RUN(lies_are_seen);
	RUN(a_queue_has_an_end);
	RUN(what_was_not_sent_is_gone_too);
	RUN(who_is_accused_is_not_heard_out);
	RUN(credit_outlives_a_full_socket);
	RUN(a_good_frame_is_no_lie);
	RUN(what_is_secret_is_wiped);
	return TEST_END;
}
