/* SPDX-License-Identifier: ISC */
#include "vain.h"
#include "accepted.h"
#include "base/clock.h"
#include "base/log.h"
#include "parent.h"
#include "service_manager.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FAST =
	    10, /* so many follow at once where an exchange stood: what it waits for may be back (an address, a database), */
	STOOD_MS = 1000,  /* and then they are so far apart */
	UNKNOWN_MS = 5000 /* where the count cannot be kept */
};

static const char path[] = "run/vain";
static const uint32_t first_ms[] = {1000, 2000, 5000, 10000, 30000};

/* An octet for each start, up to a bound; in run/ they are those since the host started. The last one says how far it came. */
enum { BEGUN = 'b', ENDED = '.' };

/* before: how far the last one had come; again: this is still that one. How many there are with this one; 0: they cannot be counted. */
static uint32_t count_one(char how_far, bool again, char *before)
{
	enum { MOST = 100 };
	struct stat s = {0};
	int fd = openat(self.site_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return 0;
	*before = ENDED;
	bool ok = fstat(fd, &s) == 0 && (s.st_size == 0 || pread(fd, before, 1, s.st_size - 1) == 1);
	off_t at = s.st_size && (s.st_size >= MOST || (again && *before == BEGUN)) ? s.st_size - 1 : s.st_size;
	ok = ok && pwrite(fd, &how_far, 1, at) == 1;
	close(fd);
	return ok ? (uint32_t)(at + 1) : 0;
}

static uint32_t hold_ms(uint32_t n, bool stood)
{
	const uint32_t last = sizeof first_ms / sizeof *first_ms;

	if (stood)
		return n > FAST ? STOOD_MS : 0;
	if (n == 0)
		return UNKNOWN_MS;
	return first_ms[(n < last ? n : last) - 1];
}

/* SIGTERM, SIGINT: 0. SIGHUP: at once, as what was wrong may be mended. */
static int wait_for_signal(int signals, uint64_t until_ms)
{
	struct signalfd_siginfo s;
	struct pollfd p = {.fd = signals, .events = POLLIN};

	for (uint64_t now; (now = clock_boot_ms()) < until_ms;) {
		if (poll(&p, 1, (int)(until_ms - now)) <= 0 || read(signals, &s, sizeof s) != sizeof s)
			continue;
		if (s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT)
			return 0;
		if (s.ssi_signo == SIGHUP)
			return 1;
	}
	return 1;
}

int vain_begin(int signals)
{
	char before = ENDED;
	const uint32_t n = service_manager_is_there() ? count_one(BEGUN, false, &before) : 0;
	const uint32_t ms = n && before == BEGUN ? hold_ms(n - 1, accepted_is_there()) : 0;

	if (ms == 0)
		return VAIN_GO_ON;
	log_error("the start before this one came to no end of its own: this one waits for %u s", ms / 1000);
	(void)flock(self.site_fd, LOCK_UN); /* it is free for who mends it */
	if (!wait_for_signal(signals, clock_boot_ms() + ms)) {
		vain_end();
		return 0;
	}
	self.now_ms = self.started_ms = clock_boot_ms();
	return flock(self.site_fd, LOCK_EX | LOCK_NB) == 0 ? VAIN_GO_ON : 1;
}

void vain_end(void)
{
	char before;

	if (service_manager_is_there() && !self.ready)
		(void)count_one(ENDED, true, &before);
}

int vain_hold(int signals)
{
	char before;

	if (!service_manager_is_there())
		return 1;
	const uint32_t n = count_one(ENDED, true, &before), ms = hold_ms(n, accepted_is_there());
	if (ms == 0)
		return 1;
	place_unlisten();
	close(self.site_fd); /* it is free for who mends it */
	log_info("start %u in vain since one was not: the next one waits for %u s", n, ms / 1000);
	return wait_for_signal(signals, clock_boot_ms() + ms);
}

void vain_over(void)
{
	unlinkat(self.site_fd, path, 0);
}
