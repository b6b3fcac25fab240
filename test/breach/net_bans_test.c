/* SPDX-License-Identifier: ISC */
/* Bans where net puts them (R13): in the map of the programs and in a table of nftables, looked at with nft, which ends with a stop, outlives
 * a kill, is taken up by the next life and made anew when somebody took it away; a host without one of the two has the other.
 * net_bans_test EXECUTABLE */
#include "flow.h"
#include "net_house.h"
#include "test.h"
#include <bpf/bpf.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 512 * 1024, LOOK_TRIES = 200 };

static char text[TEXT_MAX];

static const char *output(const char *command)
{
	FILE *f = popen(command, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		pclose(f);
	return text;
}

/* All of nftables that is ours. */
static const char *listed(void)
{
	return output("nft list ruleset");
}

static uint64_t boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void say_ban_of(const struct addr *a, uint64_t left_ms)
{
	struct msg_ban *m = ipc_begin(net_core, MSG_BAN);

	for (int i = 0; !m && i < LOOK_TRIES; i++) { /* no credit now */
		stage_run(&net_stage, 20);
		m = ipc_begin(net_core, MSG_BAN);
	}
	if (!m)
		abort();
	m->address = *a;
	m->until_ms = left_ms ? boot_ms() + left_ms : 0;
	ipc_end(net_core);
}

static void say_ban(const char *ip, uint64_t left_ms)
{
	struct addr a = net_at(ip);

	say_ban_of(&a, left_ms);
	stage_run(&net_stage, 100);
}

static bool in_map(const char *ip, uint64_t *left_s)
{
	char path[128];
	struct addr a = net_at(ip);
	struct flow_ban ban = {0};
	struct timespec t;

	snprintf(path, sizeof path, "%s/banned-%d", net_cwd, FLOW_LAYOUT);
	int fd = bpf_obj_get(path);
	bool is = fd >= 0 && bpf_map_lookup_elem(fd, a.ip, &ban) == 0;
	close(fd);
	clock_gettime(CLOCK_BOOTTIME, &t);
	*left_s = ban.until_ns / 1000000000 - (uint64_t)t.tv_sec;
	return is;
}

/* As nft says it: the address and its whole time. */
static bool in_nftables(const char *said)
{
	return strstr(listed(), said) != NULL;
}

/* It looks every 5 s. */
static bool wait_nftables(const char *said, bool wanted)
{
	for (int i = 0; i < LOOK_TRIES && in_nftables(said) != wanted; i++)
		stage_run(&net_stage, 100);
	return in_nftables(said) == wanted;
}

static bool wait_made_anew(uint64_t times)
{
	for (int i = 0; i < LOOK_TRIES; i++) {
		if (stage_want_status(&net_stage) && stage_status_line(&net_stage, "nftables-made-anew")->used == times)
			return true;
		stage_run(&net_stage, 100);
	}
	return false;
}

static bool wait_events(int n)
{
	for (int i = 0; i < LOOK_TRIES && net_seen.events < n; i++)
		stage_run(&net_stage, 100);
	return net_seen.events == n;
}

static uint64_t status_of(const char *line)
{
	const struct status_line *l = stage_want_status(&net_stage) ? stage_status_line(&net_stage, line) : NULL;

	return l ? l->used : 0;
}

/* --- tests --- */

static void a_ban_is_where_packets_come(void)
{
	uint64_t left_s;

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(in_nftables("table inet ringfence-") && in_nftables("hook prerouting priority raw - 10; policy accept;"));
	CHECK(in_nftables("iiftype loopback accept") && in_nftables("ip saddr @banned4 counter name \"dropped\" drop") &&
	      in_nftables("ip6 saddr @banned6 counter name \"dropped\" drop"));
	CHECK(!in_nftables("elements"));
	say_ban("198.51.100.9", 60000);
	say_ban("2001:db8::9", 7200000);
	say_ban("::ffff:198.51.100.8", 600000);
	CHECK(in_map("198.51.100.9", &left_s) && left_s >= 57 && left_s <= 62);
	CHECK(in_nftables("198.51.100.9 timeout ") && in_nftables("2001:db8::9 timeout ") && in_nftables("198.51.100.8 timeout "));
	CHECK(in_nftables(" expires 1h59m5") && in_nftables(" expires 9m5") && in_nftables(" expires 5"));
	CHECK(status_of("bans-in-nftables") == 3);
	/* another time, a longer and a shorter one */
	say_ban("198.51.100.9", 3600000);
	say_ban("2001:db8::9", 3000);
	CHECK(in_map("198.51.100.9", &left_s) && left_s >= 3597 && in_nftables(" expires 59m5") && !in_nftables(" expires 1h59m5"));
	CHECK(wait_nftables("2001:db8::9", false)); /* over by itself */
	say_ban("198.51.100.9", 0);
	say_ban("198.51.100.7", 0); /* which stood never */
	CHECK(!in_map("198.51.100.9", &left_s) && !in_nftables("198.51.100.9 ") && in_nftables("198.51.100.8 timeout "));
	CHECK(status_of("nftables-made-anew") == 0);
	CHECK(stage_end(&net_stage) == 0 && !in_nftables("ringfence"));
}

static void another_life_takes_them_up(void)
{
	uint64_t left_s;

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(system("nft add table inet ringfence-00000001") == 0); /* of another exchange */
	say_ban("198.51.100.10", 60000);
	say_ban("198.51.100.11", 600000);
	stage_kill(&net_stage);
	CHECK(in_nftables("198.51.100.10 timeout ") && in_nftables("198.51.100.11 timeout "));
	CHECK(net_begin("192.0.2.1") && net_has_maps());
	CHECK(in_map("198.51.100.10", &left_s) && in_nftables("198.51.100.10 timeout ") && in_nftables("198.51.100.11 timeout "));
	/* what core does not tell anew was lifted meanwhile */
	say_ban("198.51.100.11", 600000);
	CHECK(wait_nftables("198.51.100.10", false) && !in_map("198.51.100.10", &left_s));
	CHECK(in_map("198.51.100.11", &left_s) && in_nftables("198.51.100.11 timeout "));
	CHECK(stage_end(&net_stage) == 0 && !in_nftables("banned4") && in_nftables("ringfence-00000001"));
	CHECK(system("nft delete table inet ringfence-00000001") == 0);
}

static bool add_element(const char *element)
{
	char command[256];

	snprintf(command, sizeof command, "t=$(nft list tables | sed 's/table //'); nft delete element $t banned4 '{ 198.51.100.17 }'; nft add element $t banned4 '{ %s }'", element);
	return system(command) == 0;
}

/* net looks every 5 s: in the moment between the two it may have mended it. */
static bool stands_longer(const char *element, const char *said)
{
	for (int i = 0; i < 3; i++)
		if (add_element(element) && in_nftables(said))
			return true;
	return false;
}

/* As it is after the machine slept, when the times of nftables have stood still. */
static void nothing_stands_longer_than_it_should(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	say_ban("198.51.100.17", 600000);
	CHECK(stands_longer("198.51.100.17 timeout 2h, 198.51.100.18 timeout 1h", " expires 1h59m"));
	CHECK(wait_nftables("198.51.100.18 ", false) && in_nftables("198.51.100.17 timeout ") && !in_nftables(" expires 1h59m") && in_nftables(" expires 9m"));
	CHECK(status_of("nftables-made-anew") == 0 && status_of("bans-in-nftables") == 1 && net_seen.events == 0);
	CHECK(stage_end(&net_stage) == 0);
}

/* As an upgrade ends it: all stays where it is, so that the next life has it before it is asked. */
static void who_follows_takes_them_up(void)
{
	uint64_t left_s;

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	say_ban("198.51.100.16", 600000);
	say_ban("2001:db8::16", 600000);
	CHECK(stage_end_followed(&net_stage) == 0);
	CHECK(in_map("198.51.100.16", &left_s) && in_nftables("198.51.100.16 timeout ") && in_nftables("2001:db8::16 timeout "));
	CHECK(system("tc filter show dev rfk0 ingress | grep -q relay_tc") == 0);
	CHECK(net_begin("192.0.2.1") && net_has_maps());
	CHECK(in_map("198.51.100.16", &left_s) && left_s > 580 && in_map("2001:db8::16", &left_s) && in_nftables("198.51.100.16 timeout "));
	/* the programs come later than the table, or its map was lost */
	CHECK(stage_end_followed(&net_stage) == 0 && net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	CHECK(in_map("198.51.100.16", &left_s) && left_s > 580 && in_map("2001:db8::16", &left_s) && in_nftables("2001:db8::16 timeout "));
	say_ban("198.51.100.16", 600000);
	CHECK(wait_nftables("2001:db8::16", false) && !in_map("2001:db8::16", &left_s) && in_nftables("198.51.100.16 timeout "));
	CHECK(stage_end(&net_stage) == 0 && !in_nftables("ringfence"));
	CHECK(system("tc filter show dev rfk0 ingress | grep -q relay_tc") != 0);
}

static void what_is_taken_away_comes_back(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	say_ban("198.51.100.12", 600000);
	say_ban("2001:db8::12", 600000);
	CHECK(system("nft flush ruleset") == 0 && wait_made_anew(1));
	CHECK(in_nftables("198.51.100.12 timeout ") && in_nftables("2001:db8::12 timeout ") && in_nftables("ip6 saddr @banned6"));
	CHECK(wait_events(1) && strstr(net_seen.event, "nftables"));
	CHECK(system("nft flush set $(nft list tables | sed 's/table //') banned6") == 0 && wait_made_anew(2));
	CHECK(in_nftables("198.51.100.12 timeout ") && in_nftables("2001:db8::12 timeout "));
	/* and where a ban comes before the look */
	CHECK(system("nft flush ruleset") == 0);
	say_ban("198.51.100.13", 600000);
	CHECK(in_nftables("198.51.100.13 timeout ") && in_nftables("198.51.100.12 timeout ") && wait_made_anew(3));
	CHECK(stage_end(&net_stage) == 0);
}

static void without_the_programs_nftables_has_them(void)
{
	CHECK(net_pins(false) && net_begin("192.0.2.1") && net_says("sockets-relay-no-bpffs"));
	say_ban("198.51.100.14", 600000);
	CHECK(in_nftables("198.51.100.14 timeout ") && status_of("bans-in-nftables") == 1);
	stage_kill(&net_stage);
	CHECK(in_nftables("198.51.100.14 timeout ") && net_begin("192.0.2.1") && in_nftables("198.51.100.14 timeout "));
	say_ban("198.51.100.14", 0);
	CHECK(!in_nftables("198.51.100.14") && stage_end(&net_stage) == 0 && !in_nftables("ringfence"));
}

static void this_host_is_never_banned(void)
{
	static const char *const here[] = {"127.0.0.1", "::1", "192.0.2.1", "224.0.0.1", "ff02::1", "0.0.0.0", "::ffff:127.0.0.1"};
	uint64_t left_s;

	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
		say_ban(here[i], 60000);
		CHECK(!in_map(here[i], &left_s));
	}
	CHECK(!in_nftables("elements") && status_of("bans-refused") == sizeof here / sizeof *here);
	/* an address that comes to this host later */
	say_ban("192.0.2.99", 600000);
	CHECK(in_nftables("192.0.2.99 timeout ") && system("ip addr add 192.0.2.99/32 dev rfk0") == 0);
	CHECK(wait_nftables("192.0.2.99", false) && system("ip addr del 192.0.2.99/32 dev rfk0") == 0);
	CHECK(stage_end(&net_stage) == 0);
}

static uint32_t elements(void)
{
	uint32_t n = 0;

	for (const char *at = listed(); (at = strstr(at, " expires ")); at++)
		n++;
	return n;
}

static void all_bans_find_room(void)
{
	CHECK(net_pins(true) && net_begin("192.0.2.1") && net_has_maps());
	for (uint32_t round = 0; round < 2; round++) /* the second time each has another time */
		for (uint32_t i = 0; i < FLOW_BANS_MAX; i++) {
			struct addr a = net_at(i % 2 ? "2001:db8:1::1" : "198.51.100.1");
			a.ip[14] = (uint8_t)(i >> 8);
			a.ip[15] = (uint8_t)i;
			say_ban_of(&a, 600000 + 60000 * round);
			if (i % 32 == 0)
				stage_run(&net_stage, 5);
		}
	for (int i = 0; i < 100 && elements() < FLOW_BANS_MAX; i++)
		stage_run(&net_stage, 50);
	CHECK(elements() == FLOW_BANS_MAX && status_of("bans-in-nftables") == FLOW_BANS_MAX && status_of("nftables-made-anew") == 0);
	say_ban("203.0.113.1", 60000);
	CHECK(!in_nftables("203.0.113.1 ") && status_of("bans-refused") == 1);
	stage_kill(&net_stage);
	CHECK(elements() == FLOW_BANS_MAX);
	CHECK(net_begin("192.0.2.1") && net_has_maps());
	CHECK(elements() == FLOW_BANS_MAX);
	CHECK(stage_end(&net_stage) == 0);
}

/* The last: this process gives the capability up, and so do all that it starts. */
static void a_host_that_forbids_it_is_served(void)
{
	CHECK(prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN) == 0);
	CHECK(net_pins(true) && net_begin("192.0.2.1"));
	CHECK(net_says("no-nftables-forbidden") && status_of("sockets-relay-no-capability") == 1);
	say_ban("198.51.100.15", 60000);
	CHECK(wait_events(1) && strstr(net_seen.event, "nftables"));
	CHECK(net_says("no-nftables-forbidden") && stage_end(&net_stage) == 0);
}

int main(int argc, char **argv)
{
	int r = net_house_open(argc, argv);

	if (r != 0)
		return r;
	if (system("nft list tables") != 0) {
		printf("skipped: no nftables here\n");
		net_house_close();
		return 77;
	}
	RUN(a_ban_is_where_packets_come);
	RUN(another_life_takes_them_up);
	RUN(who_follows_takes_them_up);
	RUN(nothing_stands_longer_than_it_should);
	RUN(what_is_taken_away_comes_back);
	RUN(without_the_programs_nftables_has_them);
	RUN(this_host_is_never_banned);
	RUN(all_bans_find_room);
	RUN(a_host_that_forbids_it_is_served);
	net_house_close();
	return TEST_END;
}
