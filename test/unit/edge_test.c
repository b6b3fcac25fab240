/* SPDX-License-Identifier: ISC */
#include "source.h"
#include "test.h"

static uint32_t instance;

uint32_t child_instance(void)
{
	return instance;
}
uint8_t child_node(void)
{
	return 7;
}
uint64_t child_now(void)
{
	return 1000;
}
void child_event(enum event_kind kind, enum severity severity, uint32_t device, uint32_t user, const struct addr *remote,
    const char *detail)
{
	(void)kind;
	(void)severity;
	(void)device;
	(void)user;
	(void)remote;
	(void)detail;
}

/* No two edges say the same id, and none names a slot of another. */
static void ids_of_two_edges(void)
{
	struct pool a, b;

	instance = 0;
	CHECK(edge_pool_init(&a, 4, 0));
	uint64_t x = edge_pool_take(&a, false);
	CHECK(x >> 56 == 7 && edge_pool_index(&a, x) == 0);
	instance = 5;
	CHECK(edge_pool_init(&b, 4, 0));
	uint64_t y = edge_pool_take(&b, false);
	CHECK(x != y && (x & 0xf0000000) == 0 && (y & 0xf0000000) == 0x50000000);
	CHECK(edge_pool_index(&b, y) == 0 && edge_pool_index(&b, x) == -1);
	CHECK(!edge_pool_release(&b, x) && edge_pool_release(&b, y) && !edge_pool_release(&b, y));
	pool_fini(&a);
	pool_fini(&b);
}

/* A restarted edge begins at other generations: of 64 slots at most a few say an id again. */
static void ids_after_a_restart(void)
{
	struct pool p;
	uint64_t before[64];
	int same = 0;

	instance = 1;
	for (int round = 0; round < 2; round++) {
		CHECK(edge_pool_init(&p, 64, 0));
		for (int i = 0; i < 64; i++) {
			uint64_t id = edge_pool_take(&p, false);
			same += round == 1 && before[i] == id;
			before[i] = id;
		}
		pool_fini(&p);
	}
	CHECK(same <= 1);
}

static void idle_limits(void)
{
	CHECK(edge_idle_limit_ms(0, 25) == IDLE_MS);
	CHECK(edge_idle_limit_ms(20000, 25) == 100000);
	CHECK(edge_idle_limit_ms(60000, 25) == 240000);
	CHECK(edge_idle_limit_ms(UINT32_MAX, 25) == IDLE_MS);
	CHECK(edge_idle_limit_ms(1, 600) == IDLE_MS);
}

static struct addr ip(const char *text)
{
	struct addr a = {0};

	addr_parse_ip(span_str(text), &a);
	return a;
}

/* T20: who begins many ends the oldest of his own; in IPv6 a neighbour in the same network is not he. */
static void a_crowd_ends_its_own(void)
{
	enum { CONNS = 2 * HANDSHAKES_MAX };
	struct addr one = ip("192.0.2.1"), two = ip("192.0.2.2"), host = ip("2001:db8::1"), next = ip("2001:db8::2");
	uint32_t n = 0;

	CHECK(source_open(CONNS));
	for (int i = 0; i < HANDSHAKES_PER_HOST; i++) {
		CHECK(source_crowd(&one) == NO_SLOT);
		source_enter(n++, &one);
	}
	CHECK(source_crowd(&one) == 0 && source_crowd(&two) == NO_SLOT);
	source_leave(0);
	CHECK(source_crowd(&one) == NO_SLOT);
	source_enter(n++, &one);
	CHECK(source_crowd(&one) == 1);
	uint32_t first = n;
	for (int i = 0; i < HANDSHAKES_PER_HOST; i++)
		source_enter(n++, &host);
	CHECK(source_crowd(&host) == first && source_crowd(&next) == NO_SLOT);
	/* one who takes address after address from the network */
	for (int i = HANDSHAKES_PER_HOST; i < HANDSHAKES_PER_NET; i++) {
		struct addr other = ip("2001:db8::5:0");
		CHECK(source_crowd(&other) == NO_SLOT);
		other.ip[15] = (uint8_t)i;
		source_enter(n++, &other);
	}
	CHECK(source_crowd(&next) == first);
	struct addr outside = ip("2001:db8:0:1::2");
	CHECK(source_crowd(&outside) == NO_SLOT);
	while (n > 0)
		source_leave(--n);
	CHECK(source_crowd(&one) == NO_SLOT && source_crowd(&next) == NO_SLOT);
}

/* Core hears of calls for help that are refused here as often as its contract with the edge allows, however many phones send them. */
static void refused_help_is_told_within_bounds(void)
{
	uint64_t told_ms[HELP_TOLD_PER_SECOND + 1] = {0};

	CHECK(edge_may_tell_help(&told_ms[0]) && told_ms[0] == child_now());
	CHECK(!edge_may_tell_help(&told_ms[0])); /* the same connection again */
	for (int i = 1; i < HELP_TOLD_PER_SECOND; i++)
		CHECK(edge_may_tell_help(&told_ms[i]));
	CHECK(!edge_may_tell_help(&told_ms[HELP_TOLD_PER_SECOND]));
	CHECK(HELP_TOLD_PER_SECOND < msg_rule[MSG_HELP_REFUSED].rate);
}

int main(void)
{
	RUN(ids_of_two_edges);
	RUN(ids_after_a_restart);
	RUN(idle_limits);
	RUN(refused_help_is_told_within_bounds);
	RUN(a_crowd_ends_its_own);
	return TEST_END;
}
