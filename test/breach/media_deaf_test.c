/* SPDX-License-Identifier: ISC */
/* Sockets that the kernel will not shut or open: a stranger's packet ends neither media nor a call, and a call whose port can't be
 * had fails alone (R27, R28). This program is media as well, with a connect() that fails at some ports. */
#include "media/media_child.h"
#include "media_house.h"
#include "test.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEAF = 0, DEAD = 1, GOOD = 2, FILES = 1024, PORTS = 4 /* of a row */ };

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
	static int row_of[FILES]; /* and one more; 0: it was never shut */
	int row = to->sa_family == AF_INET
	              ? (ntohs(((const struct sockaddr_in *)(const void *)to)->sin_port) - HOUSE_LO) / PORTS
	              : row_of[fd] - 1;

	if (to->sa_family == AF_INET && row == DEAF) {
		errno = ENOBUFS;
		return -1;
	}
	if (to->sa_family == AF_INET) {
		row_of[fd] = row + 1;
	} else if (row == DEAD) {
		row_of[fd] = 0; /* once */
		errno = ENOBUFS;
		return -1;
	}
	return (int)syscall(SYS_connect, fd, to, n);
}

static struct phone a, b, c, d;

static void call(uint32_t row, uint64_t join, struct phone *one, struct phone *other)
{
	phone_begin(one, SDP_AEAD_AES_128_GCM);
	phone_begin(other, SDP_AEAD_AES_128_GCM);
	one->port = (uint16_t)(HOUSE_LO + PORTS * row);
	other->port = (uint16_t)(one->port + 2);
	house_wish(row, one, other);
	house_send_wish(join);
}

static void one_that_cannot_be_shut_is_not_heard(void)
{
	uint64_t strays = house_counter("strays");

	call(GOOD, 3, &c, &d);
	CHECK(house_talks(&c, &d));
	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	a.port = HOUSE_LO + PORTS * DEAF;
	phone_say(&a, 0, 1, 160);
	CHECK(house_counts("ports-not-shut", 1) && house_counts("strays", strays + 1));
	for (int i = 0; i < 500; i++)
		phone_say(&a, 0, 1, 160);
	CHECK(house_talks(&c, &d) && house_counts("ports-not-shut", 1) && house_counts("strays", strays + 1));
	/* a call has it, and hears nothing of what came before */
	call(DEAF, 4, &a, &b);
	CHECK(house_gate(4) && !phone_hears_within(&b, HOUSE_SILENCE_MS) && house_talks(&a, &b) && house_talks(&c, &d));
	CHECK(house_counter("dropped-bad-tag") == 0);
	house_close(4);
	stage_run(&house.s, 1000); /* longer than the last packets of a call may come */
	phone_say(&a, 0, 1, 160);
	CHECK(house_counts("ports-not-shut", 2));
	call(DEAF, 5, &a, &b);
	CHECK(house_talks(&a, &b));
	house_close(5);
}

static void one_that_cannot_be_opened_fails_its_call(void)
{
	uint64_t strays = house_counter("strays");

	phone_begin(&a, SDP_AEAD_AES_128_GCM);
	a.port = HOUSE_LO + PORTS * DEAD;
	phone_say(&a, 0, 1, 160);
	CHECK(house_counts("strays", strays + 1));
	uint64_t in_use = house_counter("ports-in-use");
	call(DEAD, 6, &a, &b);
	CHECK(house_counts("ports-not-opened", 1));
	CHECK(house.failed == 1 && house.failed_join == 6 && house.failed_why == RELAY_NO_PORT);
	CHECK(house_counter("relays") == 1 && house_counter("ports-in-use") == in_use && house_talks(&c, &d));
	house_close(6); /* as core does; there is nothing */
	call(DEAD, 7, &a, &b);
	CHECK(house_talks(&a, &b) && house.failed == 1);
	house_close(7);
	house_close(3);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child_main(&media_child, argc, argv);
	if (!house_open(argv[0])) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	phone_open(&a, "127.0.0.2");
	phone_open(&b, "127.0.0.3");
	phone_open(&c, "127.0.0.4");
	phone_open(&d, "127.0.0.5");
	RUN(one_that_cannot_be_shut_is_not_heard);
	RUN(one_that_cannot_be_opened_fails_its_call);
	house_end();
	return TEST_END;
}
