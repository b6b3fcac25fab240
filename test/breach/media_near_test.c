/* SPDX-License-Identifier: ISC */
/* Phones that have said enough get a socket of their own beside the port's: the same may send as before, the next call of the port
 * hears nothing of the last, and nobody else can have the port (R7, T24). 
 * media_near_test EXECUTABLE [few | MEDIA-ADDRESS PHONES'-ADDRESS] */
#include "media/near.h"
#include "media_house.h"
#include "test.h"
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROW = 2, PORTS = 4, FORGED = 400 };

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
	uint64_t sent = house_counter("sent-near");
	CHECK(talk_long(&a, &b) && house_counts("phones-near", 2));
	CHECK(house_counter("sent-near") >= sent + 2 * NEAR_AFTER);
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

static uint16_t sum_of(const void *octets, size_t n)
{
	const uint8_t *p = octets;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Somebody says to media that its packet from this port did not come to b. */
static void forge(int raw, uint16_t port, uint8_t code)
{
	const struct addr *ours = &house.s.site.listener[0].media;
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		struct udphdr udp;
	} m = {.icmp = {.type = ICMP_DEST_UNREACH, .code = code},
	    .ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP},
	    .udp = {.source = htons(port), .dest = htons(b.addr.port)}};
	struct sockaddr_in to = {.sin_family = AF_INET};

	memcpy(&m.ip.saddr, ours->ip + 12, 4);
	memcpy(&m.ip.daddr, b.addr.ip + 12, 4);
	memcpy(&to.sin_addr, ours->ip + 12, 4);
	m.ip.tot_len = htons(sizeof m.ip + sizeof m.udp + 160);
	m.ip.check = sum_of(&m.ip, sizeof m.ip);
	m.icmp.checksum = sum_of(&m, sizeof m);
	CHECK(sendto(raw, &m, sizeof m, 0, (struct sockaddr *)&to, sizeof to) == sizeof m);
}

/* The error waits for media before it has the packet, or comes just behind it. */
static void an_icmp_error_costs_no_packet(void)
{
	static const uint8_t code[] = {ICMP_PORT_UNREACH, ICMP_PROT_UNREACH, ICMP_PKT_FILTERED, ICMP_NET_UNKNOWN};
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (raw < 0) {
		printf("  not as root: no errors were forged\n");
		return;
	}
	for (uint8_t i = 0; i < 2 * sizeof code; i++) {
		CHECK(kill(house.s.pid, SIGSTOP) == 0);
		if (i % 2)
			forge(raw, b.port, code[i / 2]);
		phone_say(&a, 0, i, 160);
		if (i % 2 == 0)
			forge(raw, b.port, code[i / 2]);
		CHECK(kill(house.s.pid, SIGCONT) == 0);
		CHECK(phone_hears_within(&b, HOUSE_ARRIVAL_MS) && b.payload[0] == i);
	}
	close(raw);
	CHECK(house_talks(&a, &b) && house_counts("phones-near", 2));
}

static uint64_t wakes(void)
{
	char path[64], line[256];
	uint64_t n = 0;

	snprintf(path, sizeof path, "/proc/%d/status", (int)house.s.pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
			n = strtoull(line + 24, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

/* An idle port's second socket is connected to itself, and so is the first of a port that was shut. */
static void nor_does_it_wake_an_idle_port(void)
{
	const uint16_t idle[] = {HOUSE_LO, HOUSE_LO + PORTS};
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	struct addr before = b.addr;

	if (raw < 0)
		return;
	b.addr = house.s.site.listener[0].media;
	c.port = idle[1];
	phone_say(&c, 0, 1, 160); /* which shuts it */
	CHECK(house_settle());
	stage_run(&house.s, HOUSE_SILENCE_MS);
	for (int k = 0; k < 2; k++) {
		b.addr.port = idle[k];
		uint64_t woken = wakes();
		for (int i = 0; i < FORGED; i++)
			forge(raw, idle[k], ICMP_PORT_UNREACH), usleep(200); /* each may wake it */
		CHECK(woken > 0 && wakes() - woken < FORGED / 4);
	}
	b.addr = before;
	close(raw);
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

static bool hears_in_order(struct phone *p, unsigned n)
{
	unsigned got = 0;

	while (got < n && phone_hears_within(p, HOUSE_ARRIVAL_MS) && p->payload[0] == got)
		got++;
	if (got < n)
		printf("  packet %u of %u came out of turn, or was lost\n", got, n);
	return got == n;
}

/* What waits for the first socket while the second is taken, and what comes by the second meanwhile. */
static void packets_stay_in_order_when_it_comes_near(void)
{
	enum { WAITING = 80, ALL = 2 * WAITING /* fewer than a socket holds */ };

	for (uint64_t join = 3; join < 13; join++) {
		call(join, &a, &b);
		CHECK(house_gate(join) && house_talks(&a, &b));
		CHECK(kill(house.s.pid, SIGSTOP) == 0);
		for (uint8_t i = 0; i < WAITING; i++)
			phone_say(&a, 0, i, 160);
		CHECK(kill(house.s.pid, SIGCONT) == 0);
		for (uint8_t i = WAITING; i < ALL; i++)
			phone_say(&a, 0, i, 160);
		CHECK(hears_in_order(&b, ALL));
		house_close(join);
		CHECK(house_counts("phones-near", 0));
	}
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
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){PORTS * HOUSE_ROWS + PORT_LEAVES, PORTS * HOUSE_ROWS + PORT_LEAVES});
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
	if (!house.host) {
		RUN(an_icmp_error_costs_no_packet);
		RUN(nor_does_it_wake_an_idle_port);
	}
	RUN(one_that_moves_is_followed);
	RUN(nobody_else_has_the_port);
	RUN(the_next_call_hears_nothing_of_it);
	RUN(packets_stay_in_order_when_it_comes_near);
	house_end();
	return TEST_END;
}
