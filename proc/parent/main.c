/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "base/log.h"
#include "cage/cage.h"
#include "handover.h"
#include "parent.h"
#include "service_manager.h"
#include "upgrade.h"
#include "vain.h"
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef LIBEXEC
#error "the build says where the other executables are installed"
#endif

static const char usage[] =
    "usage: ringfenced [--site DIR] [--libexec DIR] [--uid-base N] [--edges N]\n"
    "                  [--insecure-run]\n"
    "Starts the exchange whose site directory is DIR and watches over its processes.\n"
    "  --site DIR      ringfence.conf, keys and stores (default /var/lib/ringfence)\n"
    "  --libexec DIR   where the other executables are (default " LIBEXEC ")\n"
    "  --uid-base N    processes run as uid N + 1 to N + 12 (default 61900)\n"
    "  --edges N       signalling processes, 1 to 8, instead of what ringfence.conf says\n"
    "  --insecure-run  start even when DIR/run is no ramfs, so that keys of calls may reach the disk\n"
    "SIGHUP or `ringfence reload` reads ringfence.conf again, SIGTERM or `ringfence stop` ends it.\n";

static _Noreturn void usage_error(const char *option)
{
	fprintf(stderr, "ringfenced: bad value for %s\n%s", option, usage);
	exit(2);
}

static uint32_t number(const char *text, uint64_t max, const char *option)
{
	uint64_t n;

	if (!span_decimal(span_str(text), max, &n) || n == 0)
		usage_error(option);
	return (uint32_t)n;
}

static int handover_fd = -1;
static const char *programs;

static void resolve(const char *dir, char out[PATH_MAX])
{
	if (realpath(dir, out))
		return;
	fprintf(stderr, "ringfenced: %s: %s\n", dir, strerror(errno));
	exit(1);
}

static void read_options(int argc, char **argv)
{
	static const struct option options[] = {{"site", required_argument, NULL, 's'},
	    {"libexec", required_argument, NULL, 'l'}, {"uid-base", required_argument, NULL, 'u'},
	    {"edges", required_argument, NULL, 'e'}, {"insecure-run", no_argument, NULL, 'i'},
	    {"upgraded", required_argument, NULL, 'U'}, {"rehearse", no_argument, NULL, 'R'},
	    {"programs", required_argument, NULL, 'P'}, {"back", no_argument, NULL, 'B'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static char site[PATH_MAX], libexec[PATH_MAX];
	const char *site_dir = "/var/lib/ringfence", *libexec_dir = LIBEXEC;

	self.uid_base = UID_BASE;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 's':
			site_dir = optarg;
			break;
		case 'l':
			libexec_dir = optarg;
			break;
		case 'u':
			self.uid_base = number(optarg, INT32_MAX, "--uid-base");
			break;
		case 'e':
			self.edges = number(optarg, 8, "--edges");
			break;
		case 'i':
			self.insecure_run = true;
			break;
		case 'U': /* these four are of a parent to its next one */
			handover_fd = (int)number(optarg, INT32_MAX, "--upgraded");
			break;
		case 'R':
			self.rehearsal = true;
			break;
		case 'P':
			programs = optarg;
			break;
		case 'B':
			self.back = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	if (optind != argc)
		usage_error(argv[optind]);
	resolve(site_dir, site);
	if (!programs || snprintf(libexec, sizeof libexec, "%s", libexec_dir) >= PATH_MAX)
		resolve(libexec_dir, libexec); /* else it may be away: what it had in it is open */
	self.site_dir = site;
	self.libexec = libexec;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool told_to_end;

static void read_signals(int fd)
{
	struct signalfd_siginfo s;

	while (read(fd, &s, sizeof s) == sizeof s)
		switch (s.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			told_to_end = true;
			life_stop(0);
			break;
		case SIGHUP:
			reload_wish();
			break;
		default:
			break;
		}
	life_reap();
}

static int wait_ms(void)
{
	uint64_t next = life_next_ms(),
		 others[] = {reload_next_ms(), ask_next_ms(), upgrade_next_ms(), service_manager_next_ms()};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i] < next)
			next = others[i];
	if (next == UINT64_MAX)
		return -1;
	if (next <= self.now_ms)
		return 0;
	return next - self.now_ms > 10000 ? 10000 : (int)(next - self.now_ms);
}

static void turn(int signals)
{
	struct pollfd p[SLOTS_MAX + 2] = {{.fd = signals, .events = POLLIN}};
	struct slot *of[SLOTS_MAX + 2] = {NULL};
	nfds_t n = 1;

	for (uint32_t i = 0; i <= self.slots; i++) {
		struct slot *s = i < self.slots ? &self.slot[i] : &self.conf;
		if (!s->linked || s->link.broken)
			continue;
		bool all = link_flush(&s->link);
		of[n] = s;
		p[n++] = (struct pollfd){.fd = s->link.fd, .events = (short)(POLLIN | (all ? 0 : POLLOUT))};
	}
	int wait = wait_ms(), ready = poll(p, n, wait);
	uint64_t expected = self.now_ms + (uint64_t)(wait < 0 ? 0 : wait);
	self.now_ms = clock_boot_ms();
	if (wait >= 0 && self.now_ms > expected + SLEPT_MS)
		life_slept();
	for (nfds_t i = 1; ready > 0 && i < n; i++)
		if (p[i].revents)
			link_read(&of[i]->link, parent_on);
	if (ready > 0 && p[0].revents)
		read_signals(signals);
	life_turn();
	reload_turn();
	ask_turn();
	upgrade_turn();
	service_manager_turn(self.now_ms);
}

/* What the parent before left, if one did, is taken or the start refused. */
static bool take_over(void)
{
	const char *why = handover_fd < 0 ? NULL : handover_read(handover_fd);

	if (!why && programs && !programs_take(programs))
		why = "its executables are not open, or not those of this build";
	if (!why)
		return true;
	log_error("what the parent before left is refused: %s", why);
	if (self.rehearsal)
		printf("the new ringfenced refuses what it would get: %s\n", why);
	return false;
}

static bool prepare(void)
{
	return self.rehearsal ? place_look() : place_prepare();
}

/* A successor that cannot go on: whoever started the one before starts it anew, and it takes up the calls. */
static int exit_vain(int signals)
{
	return self.upgrades && !self.rehearsal ? EXIT_AGAIN : vain_hold(signals);
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	upgrade_init(handover_fd < 0 ? NULL : argv[0]);
	log_init(self.rehearsal ? "rehearsal" : "parent", 0);
	umask(077);
	signal(SIGPIPE, SIG_IGN); /* whoever read the log may be gone; the others begin with it */
	int signals = open_signals();
	if (signals < 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
		log_fatal("no signals");
	self.now_ms = self.started_ms = clock_boot_ms();
	if (!take_over())
		return self.rehearsal ? 1 : EXIT_AGAIN;
	if (!self.rehearsal) {
		service_manager_init();
		cage_deny(); /* who rehearses has inherited it */
	}
	if (!place_open())
		return exit_vain(signals);
	const int held = self.rehearsal || self.upgrades ? VAIN_GO_ON : vain_begin(signals);
	if (held != VAIN_GO_ON)
		return held;
	if (!prepare())
		return exit_vain(signals);
	programs_open();
	reload_begin(0, false);
	while (!self.stopping || life_left())
		turn(signals);
	if (self.upgrading)
		return upgrade_exec();
	if (!self.rehearsal)
		place_close();
	if (self.exit_code == 1 && !told_to_end)
		return vain_hold(signals);
	if (!self.rehearsal)
		vain_end();
	return self.exit_code;
}
