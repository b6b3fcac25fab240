/* SPDX-License-Identifier: ISC */
/* A host without nf_tables (R13), whether netfilter's netlink is missing or that subsystem of it: net goes on, says so once, asks ever
 * more seldom, and has every ban in nftables as soon as there is one.
 * net_nftless_test EXECUTABLE LIBNFTLESS */
#include "net_house.h"
#include "nftless.h"
#include "test.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 5000, LOOKS = 4 };

static char path[] = "/tmp/ringfence-nftless-XXXXXX", said[] = "/tmp/ringfence-said-XXXXXX";
static char library[PATH_MAX];
static struct nftless *host;

static uint32_t lines(const char *what)
{
	char line[512];
	uint32_t n = 0;
	FILE *f = fopen(said, "re");

	while (f && fgets(line, sizeof line, f))
		n += strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return n;
}

static void say(const char *ip, uint64_t until_ms)
{
	struct msg_ban *m = ipc_begin(net_core, MSG_BAN);

	if (!m)
		abort();
	m->address = net_at(ip);
	m->until_ms = until_ms;
	ipc_end(net_core);
	stage_run(&net_stage, 100);
}

static void say_ban(const char *ip)
{
	say(ip, UINT64_MAX / 2000000);
}

static bool stands(const char *ip)
{
	char command[128];

	snprintf(command, sizeof command, "nft list ruleset | grep -q '%s '", ip);
	return system(command) == 0;
}

static uint64_t status_of(const char *line)
{
	const struct status_line *l = stage_want_status(&net_stage) ? stage_status_line(&net_stage, line) : NULL;

	return l ? l->used : 0;
}

/* What net itself says on its standard error goes to a file. */
static bool begin(uint32_t lacks)
{
	int out = open(said, O_WRONLY | O_TRUNC | O_APPEND | O_CLOEXEC), kept = dup(STDERR_FILENO);

	host->lacks = lacks;
	host->asked = 0;
	if (out < 0 || kept < 0 || dup2(out, STDERR_FILENO) < 0)
		return false;
	setenv("LD_PRELOAD", library, 1); /* not into nft */
	bool begun = net_pins(true) && net_begin("192.0.2.1") && net_has_maps();
	unsetenv("LD_PRELOAD");
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(out);
	return begun;
}

static void it_goes_on_without(uint32_t lacks)
{
	CHECK(begin(lacks) && net_says("no-nftables-not-had") && status_of("bans-in-nftables") == 0);
	uint32_t at_start = host->asked;
	CHECK(at_start > 0 && at_start <= 4);
	for (int i = 1; i <= 9; i++) {
		char ip[32];
		snprintf(ip, sizeof ip, "198.51.100.%d", i);
		say_ban(ip);
	}
	CHECK(host->asked == at_start); /* not for each of them */
	stage_run(&net_stage, LOOKS * LOOK_MS);
	CHECK(host->asked - at_start == 2); /* after 5 s and after 15 s */
	CHECK(lines("bans are not in nftables") == 1 && net_seen.events == 1 && strstr(net_seen.event, "nftables"));
	CHECK(net_says("no-nftables-not-had") && status_of("bans-in-nftables") == 0 && !stands("198.51.100.1"));
	/* it is there, with the next try */
	host->lacks = LACKS_NOTHING;
	for (int i = 0; i < 2 * LOOKS * LOOK_MS / 100 && !stands("198.51.100.9"); i++)
		stage_run(&net_stage, 100);
	CHECK(stands("198.51.100.1") && stands("198.51.100.9") && status_of("bans-in-nftables") == 9);
	CHECK(status_of("no-nftables-not-had") == 0 && status_of("nftables-made-anew") == 0 && net_seen.events == 1);
	/* and gone again, which is an event of its own */
	CHECK(system("nft flush ruleset") == 0);
	host->lacks = lacks;
	for (int i = 0; i < 3 * LOOK_MS / 100 && net_seen.events < 2; i++)
		stage_run(&net_stage, 100);
	CHECK(net_seen.events == 2 && strstr(net_seen.event, "takes none") && net_says("no-nftables-not-had"));
	CHECK(status_of("nftables-made-anew") == 0 && lines("bans are not in nftables") == 2);
	CHECK(stage_end(&net_stage) == 0);
}

static void without_the_protocol(void)
{
	it_goes_on_without(LACKS_NETFILTER);
}

static void without_the_subsystem(void)
{
	it_goes_on_without(LACKS_NF_TABLES);
}

/* What stands goes on through a need that passes, and what came meanwhile follows with the next look. */
static void what_stands_outlives_a_need(void)
{
	CHECK(begin(LACKS_NOTHING));
	say_ban("198.51.100.1");
	CHECK(net_says("bans-in-nftables") && stands("198.51.100.1"));
	host->lacks = LACKS_DESCRIPTORS;
	stage_run(&net_stage, 2 * LOOK_MS + LOOK_MS / 2);
	say_ban("198.51.100.2");
	stage_run(&net_stage, LOOK_MS);
	CHECK(net_says("no-nftables-refused") && stands("198.51.100.1") && !stands("198.51.100.2"));
	CHECK(lines("bans are not in nftables") == 1);
	host->lacks = LACKS_NOTHING;
	stage_run(&net_stage, LOOK_MS + LOOK_MS / 2);
	CHECK(status_of("bans-in-nftables") == 2 && stands("198.51.100.1") && stands("198.51.100.2"));
	CHECK(stage_end(&net_stage) == 0);
}

/* What was lifted while nothing could be said is not forgotten: the table goes as soon as at least that can be said. */
static void what_was_lifted_meanwhile_stands_no_longer(uint32_t lacks)
{
	CHECK(begin(LACKS_NOTHING));
	say_ban("198.51.100.1");
	say_ban("198.51.100.2");
	host->lacks = lacks;
	stage_run(&net_stage, LOOK_MS + LOOK_MS / 2);
	say("198.51.100.1", 0);
	CHECK(stands("198.51.100.1") && stands("198.51.100.2"));
	host->lacks = LACKS_MEMORY;
	for (int i = 0; i < LOOKS * LOOK_MS / 500 && stands("198.51.100.1"); i++)
		stage_run(&net_stage, 500);
	CHECK(net_says("no-nftables-refused") && !stands("198.51.100.1"));
	/* and the pause is over with it: what core tells is tried at once */
	host->lacks = LACKS_NOTHING;
	say_ban("198.51.100.3");
	CHECK(!stands("198.51.100.1") && stands("198.51.100.2") && stands("198.51.100.3") && status_of("bans-in-nftables") == 2);
	CHECK(stage_end(&net_stage) == 0);
}

static void what_was_lifted_in_a_pause_stands_no_longer(void)
{
	what_was_lifted_meanwhile_stands_no_longer(LACKS_NETFILTER);
}

static void what_was_lifted_in_need_stands_no_longer(void)
{
	what_was_lifted_meanwhile_stands_no_longer(LACKS_DESCRIPTORS);
}

static bool share(void)
{
	int fd = mkstemp(path), other = mkstemp(said);

	if (fd < 0 || other < 0 || ftruncate(fd, 4096) != 0)
		return false;
	host = mmap(NULL, sizeof *host, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	close(other);
	return host != MAP_FAILED;
}

int main(int argc, char **argv)
{
	if (argc != 3 || !realpath(argv[2], library) || !share())
		return 2;
	int r = net_house_open(argc - 1, argv);
	if (r == 0 && system("nft list tables") != 0) {
		printf("skipped: no nftables here\n");
		r = 77;
	}
	if (r == 0) {
		setenv("NFTLESS", path, 1);
		setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
		RUN(without_the_protocol);
		RUN(without_the_subsystem);
		RUN(what_stands_outlives_a_need);
		RUN(what_was_lifted_in_a_pause_stands_no_longer);
		RUN(what_was_lifted_in_need_stands_no_longer);
	}
	net_house_close();
	unlink(path);
	unlink(said);
	return r ? r : TEST_END;
}
