/* SPDX-License-Identifier: ISC */
/* What systemd is told of a parent that lives (R28): one word that is lost, because nobody there has time to read, is no reason to end it. */
#include "parent/service_manager.h"
#include "test.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WATCHDOG_MS = 10000, PERIOD_MS = WATCHDOG_MS / 3, AGAIN_MS = 500 };

static int manager;
static struct sockaddr_un at = {.sun_family = AF_UNIX};

static void begin(void)
{
	char name[sizeof at.sun_path], us[16];

	snprintf(name, sizeof name, "@ringfence-service-manager-test-%d", (int)getpid());
	strcpy(at.sun_path, name);
	at.sun_path[0] = 0;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	CHECK(manager >= 0 && bind(manager, (struct sockaddr *)&at, n) == 0);
	snprintf(us, sizeof us, "%d", WATCHDOG_MS * 1000);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", us, 1);
	unsetenv("WATCHDOG_PID");
	service_manager_init();
}

static bool hears(const char *word)
{
	char text[64] = "";

	return recv(manager, text, sizeof text - 1, 0) > 0 && strcmp(text, word) == 0;
}

static void a_word_may_be_lost(void)
{
	begin();
	CHECK(service_manager_is_there() && service_manager_next_ms() == 0);
	service_manager_turn(1000);
	CHECK(hears("WATCHDOG=1") && service_manager_next_ms() == 1000 + PERIOD_MS);
	service_manager_turn(1000 + PERIOD_MS - 1);
	CHECK(!hears("WATCHDOG=1"));
}

/* Nobody reads: its queue is full after a few. */
static void what_could_not_be_told_is_told_again(void)
{
	uint64_t now = 100000;
	unsigned told = 0;

	for (;; told++, now += PERIOD_MS) {
		service_manager_turn(now);
		CHECK(told < 10000);
		if (service_manager_next_ms() != now + PERIOD_MS)
			break;
	}
	for (int i = 0; i < 3; i++) {
		CHECK(service_manager_next_ms() == now + AGAIN_MS);
		service_manager_turn(now += AGAIN_MS);
	}
	for (; told; told--)
		CHECK(hears("WATCHDOG=1"));
	CHECK(!hears("WATCHDOG=1"));
	service_manager_turn(now += AGAIN_MS);
	CHECK(hears("WATCHDOG=1") && service_manager_next_ms() == now + PERIOD_MS);
}

int main(void)
{
	RUN(a_word_may_be_lost);
	RUN(what_could_not_be_told_is_told_again);
	close(manager);
	return TEST_END;
}
