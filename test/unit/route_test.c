/* SPDX-License-Identifier: ISC */
/* media's way of asking the kernel for ways, when it can't be had at once (R28). */
#include "route.h"
#include "test.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int asked, refused; /* how often; the first of them */

/* In the C library's place. */
int socket(int family, int type, int protocol)
{
	if (asked++ < refused) {
		errno = ENFILE;
		return -1;
	}
	return (int)syscall(SYS_socket, family, type, protocol);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void what_is_never_had_is_given_up(void)
{
	struct addr a = {.family = 4};
	struct route way;
	int64_t began = now_ms();

	refused = 1000;
	CHECK(route_open() == -ENFILE && !route_is_open() && asked <= 20 && now_ms() - began < 5000);
	CHECK(route_to(&a, &a, &way) == -ENETUNREACH && !route_changed());
}

static void what_comes_later_is_taken(void)
{
	struct addr lo = {0};
	struct route way;

	asked = 0;
	refused = 3;
	CHECK(route_open() == 0 && route_is_open() && asked == 5);
	CHECK(addr_parse_ip(SPAN("127.0.0.1"), &lo));
	CHECK(route_to(&lo, &lo, &way) == -ENETUNREACH); /* asked, and through the stack */
}

int main(void)
{
	RUN(what_is_never_had_is_given_up);
	RUN(what_comes_later_is_taken);
	return TEST_END;
}
