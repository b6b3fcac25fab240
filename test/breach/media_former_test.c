/* SPDX-License-Identifier: ISC */
/* media takes over the arena that the build before left (R28): one that a build of layout 3 wrote, with a call that talks, one whose
 * gate stayed shut, and one whose encryption ends here, of which one phone has spoken as sixteen sources.
 * media_former_test EXECUTABLE SAVED */
#include "../unit/blocks.h"
#include "base/clock.h"
#include "media/kept.h"
#include "media_house.h"
#include "test.h"
#include <stdlib.h>
#include <sys/socket.h>

enum {
	ROW = 3,
	JOIN = 11,
	JOIN_SHUT = 77,
	JOIN_ENDED = 5,
	LAYOUT_AT = 8,
	PAYLOAD = 170,
	PACKET = 12 + PAYLOAD,
	PHONES_PORT = 30922,
	SSRC_C = 0x1001, /* the first of sixteen in a row */
	SSRC_D = 0x2001,
};

static const char *exe, *path;
static struct phone a, b, c, d;

static int load(void)
{
	uint64_t size = 0;
	int fd = blocks_load(path, &size);

	if (fd < 0)
		abort();
	return fd;
}

static uint32_t layout_of(int fd)
{
	uint32_t n = 0;

	return pread(fd, &n, sizeof n, LAYOUT_AT) == sizeof n ? n : 0;
}

/* Where it was when the arena was saved. */
static void phone_back(struct phone *p, const char *ip, uint16_t port)
{
	struct sockaddr_storage sa;

	*p = (struct phone){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	addr_parse_ip(span_str(ip), &p->addr);
	p->addr.port = port;
	socklen_t n = addr_to_sockaddr(&p->addr, &sa);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&sa, n) != 0)
		abort();
	p->port = HOUSE_LO + 4 * ROW;
}

static void fill_key(uint8_t *key, unsigned from)
{
	for (size_t i = 0; i < srtp_key_len(SDP_AEAD_AES_128_GCM); i++)
		key[i] = (uint8_t)(from + i);
}

/* Its keys, and the number after the last that it sent. */
static void speaks_again(struct phone *p, unsigned ours, unsigned theirs, uint32_t ssrc, uint16_t port)
{
	fill_key(p->ours, ours);
	fill_key(p->theirs, theirs);
	p->suite = SDP_AEAD_AES_128_GCM;
	srtp_set(&p->out, p->suite, p->ours);
	srtp_set(&p->in, p->suite, p->theirs);
	p->ssrc = ssrc;
	p->index = 102;
	p->port = port;
}

static const uint8_t packet[PACKET] = {0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3};

static bool says(const struct phone *from, struct phone *to)
{
	uint8_t got[2 * PACKET];

	phone_send(from, packet, sizeof packet);
	return phone_receive(to, got, sizeof got, HOUSE_ARRIVAL_MS) == PACKET && memcmp(packet, got, PACKET) == 0;
}

static bool talk(void)
{
	return says(&a, &b) && says(&b, &a);
}

static uint64_t relays(void)
{
	return house_settle() ? stage_status_line(&house.s, "relays")->used : UINT64_MAX;
}

static void the_rehearsal_takes_it(void)
{
	int fd = load();

	CHECK(layout_of(fd) == media_former.layout && kept_judge(fd, &house.s.site) == NULL);
	CHECK(layout_of(fd) == media_former.layout);
	close(fd);
}

static void a_call_of_the_build_before_talks_on(void)
{
	CHECK(layout_of(house.arena) == MEDIA_LAYOUT);
	CHECK(talk()); /* without a word from core */
	CHECK(talk());
}

/* It is the same row: its gate was wished for long ago, so that its patience is over. */
static void a_gate_that_stayed_shut_is_told(void)
{
	for (int i = 0; i < HOUSE_ARRIVAL_MS / 50 && house.failed == 0; i++)
		stage_run(&house.s, 50);
	CHECK(house.failed >= 1 && house.failed_join == JOIN_SHUT && house.failed_why == RELAY_GATE_SHUT);
	house_close(JOIN_SHUT);
}

static bool is_heard_as(uint32_t ssrc, uint64_t index)
{
	c.ssrc = ssrc;
	c.index = index;
	phone_say(&c, 0, 0x44, 160);
	return phone_hears_within(&d, HOUSE_SILENCE_MS);
}

/* What it had said is not played again, a seventeenth source is heard, and the one that made room for it no more. */
static void what_ended_here_goes_on(void)
{
	CHECK(relays() == 2 && house_says(&c, &d, 1) && house_says(&d, &c, 2));
	CHECK(!is_heard_as(SSRC_C, 101) && !is_heard_as(SSRC_C + 15, 100) && house_counts("dropped-replay", 2));
	CHECK(is_heard_as(SSRC_C, 103) && is_heard_as(SSRC_C + 15, 101));
	CHECK(is_heard_as(SSRC_C + 16, 7) && is_heard_as(SSRC_C, 104));
	CHECK(!is_heard_as(SSRC_C + 1, 200) && house_counts("dropped-crowded", 1));
	CHECK(is_heard_as(SSRC_C + 2, 200));
}

/* What was taken over is of today's layout, and outlives the next death as it is. */
static void it_is_taken_over_once(void)
{
	stage_kill(&house.s);
	CHECK(kept_judge(house.arena, &house.s.site) == NULL && layout_of(house.arena) == MEDIA_LAYOUT);
	CHECK(house_start() && relays() == 2 && talk());
	CHECK(is_heard_as(SSRC_C + 16, 8) && !is_heard_as(SSRC_C + 1, 201));
	house_close(JOIN_ENDED);
	house_close(JOIN);
	CHECK(relays() == 0);
}

static void start_empty_with(int fd)
{
	stage_kill(&house.s);
	close(house.arena);
	house.arena = fd;
	CHECK(strstr(kept_judge(fd, &house.s.site), "layout"));
	CHECK(house_start() && relays() == 0 && layout_of(fd) == MEDIA_LAYOUT);
}

/* 1 is too old, 5 of a build to come. */
static void one_older_or_newer_is_refused_and_media_starts_empty(void)
{
	for (uint32_t layout = 1; layout <= MEDIA_LAYOUT + 1; layout += MEDIA_LAYOUT) {
		int fd = load();
		CHECK(pwrite(fd, &layout, sizeof layout, LAYOUT_AT) == sizeof layout);
		start_empty_with(fd);
	}
}

static void one_of_other_ports_is_not_refused(void)
{
	struct site more = house.s.site;
	int fd = load();

	more.media_port_hi = (uint16_t)(more.media_port_hi + 4);
	CHECK(kept_judge(fd, &more) == NULL && layout_of(fd) == media_former.layout);
	close(fd);
}

/* Whatever stands in the records, media starts and bears what the phones send: each block that is not zero is filled with ones, one after the other. */
static void damaged_records_end_no_media(void)
{
	uint8_t ones[BLOCK], block[BLOCK];
	uint64_t size = 0;
	uint32_t tried = 0;

	memset(ones, 0xff, sizeof ones);
	close(blocks_load(path, &size));
	for (off_t at = 2 * BLOCK; at < (off_t)size; at += BLOCK) {
		int fd = load();
		CHECK(pread(fd, block, BLOCK, at) == BLOCK);
		if (block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0) {
			close(fd);
			continue;
		}
		CHECK(pwrite(fd, ones, BLOCK, at) == BLOCK);
		stage_kill(&house.s);
		close(house.arena);
		house.arena = fd;
		CHECK(house_start());
		phone_send(&a, packet, sizeof packet);
		phone_send(&b, packet, sizeof packet);
		CHECK(relays() <= 3);
		tried++;
	}
	CHECK(tried > 20);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	exe = argv[1];
	path = argv[2];
	house.host = "127.0.0.8"; /* as it was when the arena was saved */
	house.arena = load();
	phone_back(&a, "127.0.0.2", PHONES_PORT);
	phone_back(&b, "127.0.0.3", PHONES_PORT + 1);
	b.port = (uint16_t)(a.port + 2);
	phone_back(&c, "127.0.0.4", PHONES_PORT + 2);
	phone_back(&d, "127.0.0.5", PHONES_PORT + 3);
	speaks_again(&c, 1, 60, SSRC_C, HOUSE_LO);
	speaks_again(&d, 120, 180, SSRC_D, HOUSE_LO + 2);
	if (!house_open(exe)) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	RUN(the_rehearsal_takes_it);
	RUN(a_call_of_the_build_before_talks_on);
	RUN(a_gate_that_stayed_shut_is_told);
	RUN(what_ended_here_goes_on);
	RUN(it_is_taken_over_once);
	RUN(one_older_or_newer_is_refused_and_media_starts_empty);
	RUN(one_of_other_ports_is_not_refused);
	RUN(damaged_records_end_no_media);
	house_end();
	return TEST_END;
}
