/* SPDX-License-Identifier: ISC */
/* R29: the order of a trunk's servers (RFC 2782), and the addresses that no trunk can have (T47). */
#include "order.h"
#include "resolve.h"
#include "test.h"

static uint32_t seed = 1;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static struct host host_of(char name, uint16_t priority, uint16_t weight)
{
	return (struct host){.name = {name, 0}, .port = 5060, .priority = priority, .weight = weight};
}

static void lower_priorities_come_first(void)
{
	for (int round = 0; round < 1000; round++) {
		struct host h[5] = {host_of('a', 30, 9), host_of('b', 10, 0), host_of('c', 20, 5), host_of('d', 10, 7),
		    host_of('e', 20, 0)};
		bool seen[256] = {false};
		order_hosts(h, 5, below);
		for (int i = 0; i < 5; i++)
			seen[(uint8_t)h[i].name[0]] = true;
		CHECK(seen['a'] && seen['b'] && seen['c'] && seen['d'] && seen['e']);
		CHECK(h[0].priority == 10 && h[1].priority == 10 && h[2].priority == 20 && h[3].priority == 20);
		CHECK(h[4].name[0] == 'a');
	}
}

/* Of three to one in weight, about three in four begin with the heavier. */
static void weights_share_the_load(void)
{
	int heavy = 0, nothing = 0;

	for (int round = 0; round < 4000; round++) {
		struct host h[3] = {host_of('l', 1, 10), host_of('n', 1, 0), host_of('h', 1, 30)};
		order_hosts(h, 3, below);
		heavy += h[0].name[0] == 'h';
		nothing += h[0].name[0] == 'n';
	}
	CHECK(heavy > 2700 && heavy < 3200);
	CHECK(nothing > 0 && nothing < 250); /* a very small chance, but one */
}

static void equals_without_weight_are_all_tried(void)
{
	struct host h[HOSTS_MAX];

	for (uint32_t n = 0; n <= HOSTS_MAX; n++) {
		for (uint32_t i = 0; i < n; i++)
			h[i] = host_of((char)('a' + i), 1, 0);
		order_hosts(h, n, below);
		unsigned mask = 0;
		for (uint32_t i = 0; i < n; i++)
			mask |= 1u << (h[i].name[0] - 'a');
		CHECK(mask == (1u << n) - 1);
	}
}

static bool fits(const char *text)
{
	struct addr a = {.family = 0};

	return addr_parse_ip(span_str(text), &a) && addr_is_hosts(&a);
}

static void nobody_and_ourselves_are_no_trunk(void)
{
	CHECK(fits("203.0.113.9") && fits("10.1.2.3") && fits("2001:db8::1") && fits("fe80::1"));
	CHECK(!fits("0.0.0.0") && !fits("0.1.2.3") && !fits("127.0.0.1") && !fits("127.255.0.9") && !fits("224.0.0.1"));
	CHECK(!fits("255.255.255.255") && !fits("::") && !fits("::1") && !fits("ff02::1"));
}

int main(void)
{
	RUN(lower_priorities_come_first);
	RUN(weights_share_the_load);
	RUN(equals_without_weight_are_all_tried);
	RUN(nobody_and_ourselves_are_no_trunk);
	return TEST_END;
}
