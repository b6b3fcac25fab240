/* SPDX-License-Identifier: ISC */
#include "service_manager.h"
#include "base/log.h"
#include "base/span.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	int fd; /* -1 without a service manager */
	struct sockaddr_un to;
	socklen_t to_n;
	uint64_t period_ms, next_ms;
	bool untold; /* that we live, and the log says so */
} manager = {.fd = -1, .next_ms = UINT64_MAX};

enum { AGAIN_MS = 500 };

static bool send_word(const char *what)
{
	return sendto(manager.fd, what, strlen(what), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&manager.to,
		   manager.to_n) >= 0;
}

static void say_untold(const char *what)
{
	log_warn("cannot tell the service manager %s: %s", what, strerror(errno));
}

static void tell(const char *what)
{
	if (manager.fd >= 0 && !send_word(what))
		say_untold(what);
}

/* The watchdog may be meant for another process of the unit. */
static uint64_t watchdog_ms(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t n, of;

	if (!us || !span_decimal(span_str(us), UINT64_MAX / 2, &n))
		return 0;
	if (pid && (!span_decimal(span_str(pid), INT32_MAX, &of) || of != (uint64_t)getpid()))
		return 0;
	return n / 1000;
}

void service_manager_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n >= sizeof manager.to.sun_path)
		return;
	manager.to.sun_family = AF_UNIX;
	memcpy(manager.to.sun_path, path, n);
	if (path[0] == '@')
		manager.to.sun_path[0] = 0;
	manager.to_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager.fd < 0)
		log_warn("cannot tell the service manager anything: %s", strerror(errno));
	manager.period_ms = watchdog_ms() / 3;
	if (manager.period_ms && manager.fd >= 0)
		manager.next_ms = 0;
}

bool service_manager_is_there(void)
{
	return manager.fd >= 0;
}

void service_manager_ready(void)
{
	tell("READY=1");
}

void service_manager_stopping(void)
{
	tell("STOPPING=1");
}

void service_manager_turn(uint64_t now_ms)
{
	static const char alive[] = "WATCHDOG=1";

	if (now_ms < manager.next_ms)
		return;
	const bool untold = !send_word(alive);
	if (untold && !manager.untold)
		say_untold(alive);
	manager.untold = untold;
	manager.next_ms = now_ms + (untold && manager.period_ms > AGAIN_MS ? AGAIN_MS : manager.period_ms);
}

uint64_t service_manager_next_ms(void)
{
	return manager.next_ms;
}
