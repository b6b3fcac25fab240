/* SPDX-License-Identifier: ISC */
/* Phones that have said enough get a socket of their own beside the port's: the same may send as before, the next call of the port
 * hears nothing of the last, and nobody else can have the port (R7, T24). 
 * media_near_test EXECUTABLE [few | MEDIA-ADDRESS PHONES'-ADDRESS] */
#include "media/near.h"
#include "media_house.h"
#include "test.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROW = 2, PORTS = 4 };

static struct phone a, b, c, d;

static void call(uint64_t join, struct phone *one, struct phone *other)
{
	phone_begin(one, SDP_AEAD_AES_128_GCM);
	phone_begin(other, SDP_AEAD_AES_128_GCM);
	one->port = HOUSE_LO + PORTS * ROW;
	other->port = (uint16_t)(one->port + 2);
	house_wish(ROW, one, other);
	house_send_wish(join);
}

static bool talk_long(struct phone *one, struct phone *other)
{
	for (int i = 0; i <= NEAR_AFTER; i++)
		if (!house_talks(one, other))
			return false;
	return true;
}

static void both_come_near(void)
{
	call(1, &a, &b);
	CHECK(house_gate(1) && house_talks(&a, &b) && house_counter("phones-near") == 0);
	CHECK(talk_long(&a, &b) && house_counts("phones-near", 2));
	CHECK(talk_long(&a, &b) && house_counts("phones-near", 2));
}

static void a_stranger_is_one_as_before(void)
{
	uint64_t dropped = house_counter("dropped-stranger");

	phone_begin(&c, SDP_AEAD_AES_128_GCM);
	c.port = a.port;
	phone_say(&c, 0, 1, 160);
	CHECK(house_counts("dropped-stranger", dropped + 1) && !phone_hears_within(&b, HOUSE_SILENCE_MS));
	CHECK(house_talks(&a, &b));
}

static void an_icmp_error_costs_no_packet(void)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&b.addr, &sa);

	close(b.fd);
	phone_say(&a, 0, 1, 160);
	stage_run(&house.s, HOUSE_SILENCE_MS); /* nobody is there: the kernel says so to the socket */
	b.fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CHECK(bind(b.fd, (struct sockaddr *)&sa, n) == 0);
	CHECK(house_says(&a, &b, 7) && house_talks(&a, &b) && house_counts("phones-near", 2));
}

static void one_that_moves_is_followed(void)
{
	uint64_t dropped = house_counter("dropped-stranger");
	struct phone old = a;

	a.fd = c.fd;
	a.addr = c.addr;
	house_wish(ROW, &a, &b);
	house_send_wish(1);
	CHECK(house_talks(&a, &b));
	old.index = a.index;
	phone_say(&old, 0, 1, 160);
	CHECK(house_counts("dropped-stranger", dropped + 1) && !phone_hears_within(&b, HOUSE_SILENCE_MS));
	CHECK(talk_long(&a, &b) && house_counts("phones-near", 2));
	phone_say(&old, 0, 1, 160);
	CHECK(house_counts("dropped-stranger", dropped + 2) && !phone_hears_within(&b, HOUSE_SILENCE_MS));
	a.fd = old.fd;
	a.addr = old.addr;
	house_wish(ROW, &a, &b);
	house_send_wish(1);
	CHECK(talk_long(&a, &b) && house_counts("phones-near", 2));
}

static void nobody_else_has_the_port(void)
{
	struct addr local = {0};
	struct sockaddr_storage sa;
	int one = 1;

	addr_parse_ip(span_str(house.host ? house.host : "0.0.0.0"), &local);
	local.port = a.port;
	socklen_t n = addr_to_sockaddr(&local, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
	CHECK(bind(fd, (struct sockaddr *)&sa, n) != 0 && errno == EADDRINUSE);
	close(fd);
}

static void the_next_call_hears_nothing_of_it(void)
{
	struct phone old = a;

	house_close(1);
	CHECK(house_counts("phones-near", 0));
	for (int i = 0; i < 5; i++)
		phone_say(&old, 0, 1, 160);
	call(2, &c, &d);
	CHECK(house_gate(2) && !phone_hears_within(&d, HOUSE_SILENCE_MS));
	CHECK(talk_long(&c, &d) && house_counts("phones-near", 2));
	CHECK(house_counter("dropped-bad-tag") == 0);
	house_close(2);
}

static void few_descriptors_are_the_ports_own(void)
{
	CHECK(stage_want_status(&house.s));
	CHECK(stage_status_line(&house.s, "phones-near")->limit < HOUSE_ROWS);
	CHECK(stage_status_line(&house.s, "ports-missing")->used == 0);
	call(1, &a, &b);
	CHECK(house_gate(1) && talk_long(&a, &b));
	house_close(1);
}

int main(int argc, char **argv)
{
	const char *far = argc > 3 ? argv[3] : "127.0.0.2";

	bool few = argc == 3 && strcmp(argv[2], "few") == 0;

	house.host = argc > 3 ? argv[2] : NULL;
	if (few)
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){PORTS * HOUSE_ROWS + NEAR_LEAVES, PORTS * HOUSE_ROWS + NEAR_LEAVES});
	if (argc < 2 || !house_open(argv[1])) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	phone_open(&a, far);
	phone_open(&b, far);
	phone_open(&c, far);
	phone_open(&d, far);
	if (few) {
		RUN(few_descriptors_are_the_ports_own);
		house_end();
		return TEST_END;
	}
	RUN(both_come_near);
	RUN(a_stranger_is_one_as_before);
	RUN(an_icmp_error_costs_no_packet);
	RUN(one_that_moves_is_followed);
	RUN(nobody_else_has_the_port);
	RUN(the_next_call_hears_nothing_of_it);
	house_end();
	return TEST_END;
}
