/* SPDX-License-Identifier: ISC */
/* parent without descriptors, asked for the site's recordings (R27): it answers that it could not look, and never that there are none. */
#include "parent/parent.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPARE = 6 }; /* enough for one question */

static char dir[] = "/tmp/recordings_test_XXXXXX";
static struct link ours, voice;

static struct {
	bool given, over, cut;
	char name[RECORDING_NAME_MAX + 1];
} said;

static void on_give(struct link *from, const struct ipc_view *v)
{
	const struct msg_give_recording *m = v->payload;

	(void)from;
	close(v->fd);
	said.given = span_cstr(ipc_str(v, m->name), said.name, sizeof said.name);
}

static void on_end(struct link *from, const struct ipc_view *v)
{
	const struct msg_recordings_end *m = v->payload;

	(void)from;
	said.over = true;
	said.cut = m->cut;
}

static ipc_handler *const on[MSG_N] = {[MSG_GIVE_RECORDING] = on_give, [MSG_RECORDINGS_END] = on_end};

static void put(const char *name)
{
	char path[200];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	close(fd);
}

static void set_up(void)
{
	static const char *const at[] = {"", "/prompts", "/prompts/en", "/prompts/fr"};
	char path[200];
	int fd[2];

	if (!mkdtemp(dir) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
	for (size_t i = 1; i < sizeof at / sizeof *at; i++) {
		snprintf(path, sizeof path, "%s%s", dir, at[i]);
		if (mkdir(path, 0700) != 0)
			abort();
	}
	put("prompts/en/welcome.wav");
	put("prompts/fr/welcome.wav");
	put("prompts/no-language");
	self.site_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self.site_fd < 0 || !link_init(&ours, fd[0], PROC_PARENT, PROC_VOICE, 0, PHASE_SETUP) ||
	    !link_init(&voice, fd[1], PROC_VOICE, PROC_PARENT, 0, PHASE_SETUP))
		abort();
}

/* With so many descriptors to spare. */
static void ask(const char *after, int spare)
{
	struct rlimit all, few;
	int first = dup(self.site_fd);

	close(first);
	getrlimit(RLIMIT_NOFILE, &all);
	few = (struct rlimit){.rlim_cur = (rlim_t)(first + spare), .rlim_max = all.rlim_max};
	memset(&said, 0, sizeof said);
	struct msg_recording_want *m = ipc_begin(&voice, MSG_RECORDING_WANT);
	m->after = ipc_put(&voice, span_str(after));
	ipc_end(&voice);
	link_flush(&voice);
	if (setrlimit(RLIMIT_NOFILE, &few) != 0)
		abort();
	link_read(&ours, parent_on);
	if (setrlimit(RLIMIT_NOFILE, &all) != 0)
		abort();
	link_flush(&ours);
	link_read(&voice, on);
}

static void with_all_it_needs_each_is_given(void)
{
	ask("", SPARE);
	CHECK(said.given && strcmp(said.name, "en/welcome.wav") == 0);
	ask("en/welcome.wav", SPARE);
	CHECK(said.given && strcmp(said.name, "fr/welcome.wav") == 0);
	ask("fr/welcome.wav", SPARE);
	CHECK(said.over && !said.cut);
}

static void with_less_it_says_so(void)
{
	static const char *const after[] = {"", "en/welcome.wav", "fr/welcome.wav"};
	static const char *const next[] = {"en/welcome.wav", "fr/welcome.wav", NULL};
	unsigned cut = 0;

	for (size_t i = 0; i < sizeof after / sizeof *after; i++)
		for (int spare = 0; spare <= SPARE; spare++) {
			ask(after[i], spare);
			CHECK(said.given || said.over);
			if (said.given)
				CHECK(next[i] && strcmp(said.name, next[i]) == 0);
			else
				CHECK(said.cut || !next[i]);
			cut += said.over && said.cut;
		}
	CHECK(cut >= 6);
}

static void tear_down(void)
{
	static const char *const at[] = {"prompts/en/welcome.wav", "prompts/fr/welcome.wav", "prompts/no-language",
	    "prompts/en", "prompts/fr", "prompts", ""};
	char path[200];

	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, at[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
}

int main(void)
{
	set_up();
	RUN(with_all_it_needs_each_is_given);
	RUN(with_less_it_says_so);
	tear_down();
	return TEST_END;
}
