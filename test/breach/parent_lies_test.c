/* SPDX-License-Identifier: ISC */
/* R27: parent reads from every process every message that exists, right and wrong, and stays up. The link code and
 * the handlers are parent's own; the children are one process that sleeps. */
#include "base/clock.h"
#include "base/rand.h"
#include "parent/parent.h"
#include "test.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 40 };

static const enum proc all[] = {
    PROC_KEEPER, PROC_LEDGER, PROC_SIGNER, PROC_WATCH, PROC_MEDIA, PROC_VOICE, PROC_DIAL, PROC_NET, PROC_CORE, PROC_CTL, PROC_EDGE};
static pid_t sleeper;
static int theirs[SLOTS_MAX];

static void put_up(uint32_t at)
{
	struct slot *s = &self.slot[at];
	int fd[2];

	if (s->linked) {
		link_fini(&s->link);
		close(theirs[at]);
	}
	*s = (struct slot){.proc = all[at], .state = SLOT_UP, .pid = sleeper, .since_ms = self.now_ms};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0 ||
	    !link_init(&s->link, fd[0], PROC_PARENT, all[at], 0, PHASE_SETUP))
		return;
	theirs[at] = fd[1];
	s->linked = true;
}

static void set_up(void)
{
	self.slots = sizeof all / sizeof *all;
	self.now_ms = clock_boot_ms();
	self.ready = true;
	self.generation = 1;
	self.stopping = false;
	self.conf.pid = sleeper; /* so no reload begins */
	site_defaults(&self.site);
	for (uint32_t i = 0; i < self.slots; i++)
		put_up(i);
}

static void tear_down(void)
{
	for (uint32_t i = 0; i < self.slots; i++) {
		link_fini(&self.slot[i].link);
		close(theirs[i]);
		self.slot[i].linked = false;
	}
}

/* What a process could write that holds its library's link in its hands. */
static void say(uint32_t at, enum msg type, int round)
{
	static _Alignas(8) uint8_t bytes[IPC_FRAME_MAX];
	struct ipc_frame_head *f = (void *)bytes;
	struct ipc_head *h = (void *)(f + 1);
	uint32_t size = ((msg_rule[type].size + 7) & ~7u) + (uint32_t)(round % 4) * 64;

	memset(bytes, 0, sizeof bytes);
	if (round % 3 == 1)
		memset(h + 1, 0xff, size);
	else if (round % 3 == 2)
		rand_bytes(h + 1, size);
	*f = (struct ipc_frame_head){.size = (uint32_t)(sizeof *f + sizeof *h) + size, .messages = 1};
	*h = (struct ipc_head){.type = (uint16_t)type, .class = (uint16_t)(round % 5 ? CLASS_REPLY : round % CLASS_N), .size = size};
	send(theirs[at], bytes, f->size, MSG_NOSIGNAL);
	link_read(&self.slot[at].link, parent_on);
}

/* Of the others, one falls only by a report of its equal or better. */
static bool others_stand(uint32_t but, enum msg type)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (i != but && self.slot[i].link.broken && type != MSG_ACCUSE)
			return false;
	return true;
}

static void every_message_from_everyone(void)
{
	set_up();
	for (int round = 0; round < ROUNDS; round++)
		for (uint32_t at = 0; at < self.slots; at++)
			for (enum msg type = 0; type < MSG_N; type++) {
				if (type == MSG_CTL_STOP && all[at] == PROC_CTL)
					continue; /* that is its to say */
				say(at, type, round);
				CHECK(others_stand(at, type) && !self.stopping);
				for (uint32_t i = 0; i < self.slots; i++)
					if (self.slot[i].link.broken)
						put_up(i);
			}
	tear_down();
}

static bool accuse_of(uint32_t by, enum proc whom, uint32_t instance, uint32_t device)
{
	static _Alignas(8) uint8_t bytes[512];
	struct ipc_frame_head *f = (void *)bytes;
	struct ipc_head *h = (void *)(f + 1);
	struct msg_accuse *m = (void *)(h + 1);
	uint32_t size = (sizeof *m + 7) & ~7u;

	memset(bytes, 0, sizeof bytes);
	*f = (struct ipc_frame_head){.size = (uint32_t)(sizeof *f + sizeof *h) + size, .messages = 1};
	*h = (struct ipc_head){.type = MSG_ACCUSE, .class = CLASS_REPLY, .size = size};
	m->peer = (uint8_t)whom;
	m->instance = instance;
	m->device = device;
	bool sent = send(theirs[by], bytes, f->size, MSG_NOSIGNAL) == (ssize_t)f->size;
	link_read(&self.slot[by].link, parent_on);
	return sent;
}

static bool accuse(uint32_t by, enum proc whom, uint32_t instance)
{
	return accuse_of(by, whom, instance, 0);
}

/* the whole table of ranks: who falls when by reports whom */
static void ranks_decide(void)
{
	static const uint8_t rank[PROC_N] = {[PROC_PARENT] = 4, [PROC_KEEPER] = 3, [PROC_SIGNER] = 3, [PROC_CORE] = 3,
	    [PROC_LEDGER] = 2, [PROC_MEDIA] = 2, [PROC_CTL] = 1, [PROC_WATCH] = 1, [PROC_VOICE] = 1, [PROC_DIAL] = 1, [PROC_NET] = 2, [PROC_EDGE] = 0};

	for (uint32_t by = 0; by < sizeof all / sizeof *all; by++)
		for (enum proc whom = 0; whom < PROC_N; whom++)
			for (uint32_t instance = 0; instance < 2; instance++) {
				set_up();
				struct slot *accused = instance ? NULL : slot_find(whom, 0);
				bool just = accused && accused != &self.slot[by] && links_allowed(all[by], whom) &&
					    rank[all[by]] >= rank[whom];
				CHECK(accuse(by, whom, instance));
				CHECK(self.slot[by].link.broken == !just);
				CHECK(!accused || accused == &self.slot[by] || accused->link.broken == just);
				tear_down();
			}
}

static void third_false_report_in_a_minute_keeps_down(void)
{
	enum { EDGE = sizeof all / sizeof *all - 1 };

	CHECK(all[EDGE] == PROC_EDGE);
	set_up();
	for (int i = 0; i < 3; i++) {
		uint64_t kept[FALSE_REPORTS];
		memcpy(kept, self.slot[EDGE].false_report_ms, sizeof kept);
		put_up(EDGE);
		memcpy(self.slot[EDGE].false_report_ms, kept, sizeof kept);
		self.now_ms += i == 2 ? 100 : 30000;
		CHECK(accuse(EDGE, PROC_CORE, 0));
		CHECK((self.slot[EDGE].state == SLOT_KEPT_DOWN) == (i == 2));
	}
	tear_down();
	set_up();
	for (int i = 0; i < 6; i++) { /* one in 31 s never adds up */
		uint64_t kept[FALSE_REPORTS];
		memcpy(kept, self.slot[EDGE].false_report_ms, sizeof kept);
		put_up(EDGE);
		memcpy(self.slot[EDGE].false_report_ms, kept, sizeof kept);
		self.now_ms += 31000;
		CHECK(accuse(EDGE, PROC_CORE, 0) && self.slot[EDGE].state != SLOT_KEPT_DOWN);
	}
	tear_down();
}

/* Which device core is told to suspend; 0: none. */
static uint32_t suspended(uint32_t core)
{
	static _Alignas(8) uint8_t bytes[IPC_FRAME_MAX];
	const struct ipc_head *h = (const void *)(bytes + sizeof(struct ipc_frame_head));
	uint32_t device = 0;

	(void)link_flush(&self.slot[core].link);
	while (recv(theirs[core], bytes, sizeof bytes, 0) > 0)
		if (h->type == MSG_SUSPEND)
			device = ((const struct msg_suspend *)(const void *)(h + 1))->device;
	return device;
}

/* R27: bytes of a phone that made an edge lie twice within an hour. Whose they are core alone knows. */
static void twice_in_an_hour_suspends_and_core_alone_says_whom(void)
{
	enum { EDGE = sizeof all / sizeof *all - 1, CORE = EDGE - 2, MEDIA = 4, HOUR_MS = 3600000 };

	CHECK(all[EDGE] == PROC_EDGE && all[CORE] == PROC_CORE && all[MEDIA] == PROC_MEDIA);
	set_up();
	for (int i = 0; i < 4; i++) { /* one in more than an hour never adds up */
		CHECK(accuse_of(CORE, PROC_EDGE, 0, 7) && suspended(CORE) == 0);
		put_up(EDGE);
		self.now_ms += HOUR_MS + 1;
	}
	CHECK(accuse_of(CORE, PROC_EDGE, 0, 8) && suspended(CORE) == 0);
	put_up(EDGE);
	self.now_ms += HOUR_MS / 2;
	CHECK(accuse_of(CORE, PROC_EDGE, 0, 0) && suspended(CORE) == 0);
	put_up(EDGE);
	CHECK(accuse_of(CORE, PROC_EDGE, 0, 8) && suspended(CORE) == 8);
	tear_down();
	set_up();
	for (int i = 0; i < 4; i++) {
		CHECK(accuse_of(MEDIA, PROC_VOICE, 0, 9) && suspended(CORE) == 0);
		put_up(5);
	}
	CHECK(all[5] == PROC_VOICE);
	tear_down();
}

int main(void)
{
	if (!freopen("/dev/null", "w", stderr)) /* thousands of lines say who was killed */
		return 1;
	sleeper = fork();
	if (sleeper == 0) {
		pause();
		_exit(0);
	}
	RUN(every_message_from_everyone);
	RUN(ranks_decide);
	RUN(third_false_report_in_a_minute_keeps_down);
	RUN(twice_in_an_hour_suspends_and_core_alone_says_whom);
	kill(sleeper, SIGKILL);
	waitpid(sleeper, NULL, 0);
	return TEST_END;
}
