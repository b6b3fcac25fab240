/* SPDX-License-Identifier: ISC */
/* The table of bans in nftables (R13), in a network of its own: what is written is what nft shows, drops what it names and nothing else, is
 * read back as it stands, and no answer that is cut off or of another kind is believed. */
#include "nft.h"
#include "test.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SKIPPED = 77, ATTRIBUTE = sizeof(struct nlattr), HEAD = NLMSG_LENGTH(sizeof(struct nfgenmsg)) };

#define TABLE "ringfence-test"
#define HERE4 "192.0.2.1"
#define HERE6 "2001:db8:9::1"

static struct nft_batch batch;
static struct nft_ban found[8];
static uint32_t found_n;

static struct nft_ban ban(const char *ip, uint64_t left_ms)
{
	struct nft_ban b = {.ip = {[10] = 0xff, [11] = 0xff}, .left_ms = left_ms};

	if (inet_pton(AF_INET, ip, b.ip + 12) != 1 && inet_pton(AF_INET6, ip, b.ip) != 1)
		abort();
	return b;
}

static bool made(const struct nft_ban *bans, uint32_t n, uint64_t packets)
{
	nft_write_table(&batch, TABLE, bans, n, (struct nft_count){packets, 28 * packets});
	return nft_commit(&batch) == 0;
}

static bool changed(const struct nft_ban *bans, uint32_t n)
{
	nft_write_changes(&batch, TABLE, bans, n);
	return nft_commit(&batch) == 0;
}

static void note(const struct nft_ban *b, void *arg)
{
	(void)arg;
	if (found_n < sizeof found / sizeof *found)
		found[found_n++] = *b;
}

/* How long still; 0: it does not stand. */
static uint64_t stands(const char *ip)
{
	struct nft_ban b = ban(ip, 0);

	found_n = 0;
	if (nft_each(TABLE, note, NULL) != 0)
		return 0;
	for (uint32_t i = 0; i < found_n; i++)
		if (memcmp(found[i].ip, b.ip, sizeof b.ip) == 0)
			return found[i].left_ms;
	return 0;
}

static bool lists(const char *said)
{
	static char text[16384];
	FILE *f = popen("nft list ruleset", "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		pclose(f);
	return strstr(text, said) != NULL;
}

static uint64_t dropped(void)
{
	struct nft_count c = {0};

	return nft_count(TABLE, &c) == 0 ? c.packets : UINT64_MAX;
}

/* --- the table --- */

static void a_table_is_as_it_was_written(void)
{
	const struct nft_ban bans[] = {ban("198.51.100.1", 60000), ban("2001:db8::1", 600000), ban("198.51.100.2", 0)};

	CHECK(nft_chain_stands(TABLE) == -ENOENT && nft_each(TABLE, note, NULL) == -ENOENT && dropped() == UINT64_MAX);
	CHECK(made(bans, 3, 7) && nft_chain_stands(TABLE) == 0 && dropped() == 7);
	CHECK(lists("table inet " TABLE) && lists("198.51.100.1 timeout 1m") && lists("2001:db8::1 timeout 10m"));
	CHECK(lists("counter dropped {\n\t\tpackets 7 bytes 196") && lists("size 1024") && lists("type ipv6_addr"));
	uint64_t left = stands("198.51.100.1");
	CHECK(left > 55000 && left <= 60000 && stands("2001:db8::1") > 590000 && stands("198.51.100.2") == 0 && found_n == 2);
	/* again: another table by that name, with other bans */
	CHECK(made(bans + 1, 1, 9) && stands("198.51.100.1") == 0 && stands("2001:db8::1") != 0 && dropped() == 9);
	nft_write_end(&batch, TABLE);
	CHECK(nft_commit(&batch) == 0 && !lists("ringfence"));
	nft_write_end(&batch, TABLE);
	CHECK(nft_commit(&batch) == 0);
}

static void changes_are_made_whatever_stands(void)
{
	const struct nft_ban some[] = {ban("198.51.100.1", 60000), ban("2001:db8::1", 600000)};
	const struct nft_ban others[] = {ban("198.51.100.1", 3600000), ban("2001:db8::1", 0), ban("198.51.100.3", 0), ban("2001:db8::4", 5000)};

	CHECK(!changed(some, 2)); /* there is no table */
	CHECK(made(NULL, 0, 0) && changed(some, 2) && stands("198.51.100.1") && stands("2001:db8::1"));
	CHECK(changed(some, 0) && changed(others, 4));
	CHECK(stands("198.51.100.1") > 3500000 && !stands("2001:db8::1") && !stands("198.51.100.3") && stands("2001:db8::4"));
	CHECK(found_n == 2 && nft_chain_stands(TABLE) == 0);
}

static int lowest_free(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

/* One socket serves exchange after exchange; one that ended badly has it closed, with whatever came too late for it. */
static void a_socket_is_kept_while_all_goes_well(void)
{
	CHECK(nft_chain_stands("absent") == -ENOENT);
	const int was = lowest_free();
	CHECK(made(NULL, 0, 0) && lowest_free() == was + 1);
	CHECK(nft_chain_stands(TABLE) == 0 && nft_each(TABLE, note, NULL) == 0 && dropped() == 0);
	CHECK(lowest_free() == was + 1);
	CHECK(nft_each("absent", note, NULL) == -ENOENT && lowest_free() == was);
	CHECK(nft_chain_stands(TABLE) == 0 && dropped() == 0 && lowest_free() == was + 1);
}

static void what_others_take_away_is_missed(void)
{
	const struct nft_ban some[] = {ban("198.51.100.1", 60000), ban("2001:db8::1", 600000)};

	CHECK(made(some, 2, 0) && system("nft delete element inet " TABLE " banned4 '{ 198.51.100.1 }'") == 0);
	CHECK(nft_chain_stands(TABLE) == 0 && !stands("198.51.100.1") && stands("2001:db8::1"));
	CHECK(made(some, 2, 0) && system("nft flush chain inet " TABLE " banned") == 0 && nft_chain_stands(TABLE) == -ENOENT);
	CHECK(made(some, 2, 0) && system("nft add rule inet " TABLE " banned accept") == 0 && nft_chain_stands(TABLE) == -ENOENT);
	CHECK(made(some, 2, 0) && system("nft flush ruleset") == 0 && nft_chain_stands(TABLE) == -ENOENT);
	/* one that somebody added, for ever, is no ban of ours */
	CHECK(made(some, 2, 0) && system("nft add element inet " TABLE " banned4 '{ 198.51.100.77 }'") == 0);
	CHECK(stands("198.51.100.1") && !stands("198.51.100.77"));
}

/* --- packets --- */

enum { PORT = 4000, UDP = 17, UDP_HEAD = 8 };
enum fate { ARRIVED, DROPPED, LOST };

static int socket4 = -1, socket6 = -1; /* of this host, at PORT */

static bool listen_at_both(void)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};

	inet_pton(AF_INET, HERE4, &a4.sin_addr);
	inet_pton(AF_INET6, HERE6, &a6.sin6_addr);
	socket4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socket6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return bind(socket4, (struct sockaddr *)&a4, sizeof a4) == 0 && bind(socket6, (struct sockaddr *)&a6, sizeof a6) == 0;
}

static uint32_t sum_of(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

static size_t put_ip4(uint8_t *ip, const char *from)
{
	const uint8_t head[] = {[0] = 0x45, [3] = 20 + UDP_HEAD, [8] = 64, [9] = UDP};

	memcpy(ip, head, sizeof head);
	memcpy(ip + 12, ban(from, 0).ip + 12, 4);
	memcpy(ip + 16, ban(HERE4, 0).ip + 12, 4);
	put_sum(ip + 10, sum_of(ip, 20));
	return 20;
}

static size_t put_ip6(uint8_t *ip, const char *from)
{
	const uint8_t head[] = {[0] = 0x60, [5] = UDP_HEAD, [6] = UDP, [7] = 64};

	memcpy(ip, head, sizeof head);
	memcpy(ip + 8, ban(from, 0).ip, 16);
	memcpy(ip + 24, ban(HERE6, 0).ip, 16);
	return 40;
}

/* A datagram on the wire to this host: it is heard, or counted as dropped by the table, or neither. */
static enum fate fate_of(bool v6, const char *from)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("rfn1")};
	uint8_t frame[64] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, v6 ? 0x86 : 0x08, v6 ? 0xdd : 0x00}, octet;
	size_t ip_n = v6 ? put_ip6(frame + 14, from) : put_ip4(frame + 14, from);
	uint8_t *udp = frame + 14 + ip_n;
	const uint8_t head[UDP_HEAD] = {PORT >> 8, PORT & 0xff, PORT >> 8, PORT & 0xff, 0, UDP_HEAD};
	size_t n = 14 + ip_n + UDP_HEAD;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	memcpy(udp, head, sizeof head);
	if (v6) /* of addresses, length, protocol and what it heads */
		put_sum(udp + 6, sum_of(frame + 14 + 8, 32 + UDP_HEAD) + UDP_HEAD + UDP);
	uint64_t before = dropped();
	bool sent = sendto(fd, frame, n, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)n;
	close(fd);
	for (int i = 0; i < 500 && sent; i++) {
		if (recv(v6 ? socket6 : socket4, &octet, sizeof octet, 0) == 0)
			return dropped() == before ? ARRIVED : LOST;
		if (dropped() != before)
			return DROPPED;
		usleep(2000);
	}
	return LOST;
}

static void only_who_is_banned_is_dropped(void)
{
	const struct nft_ban some[] = {ban("198.51.100.1", 600000), ban("2001:db8::1", 600000), ban("192.0.2.1", 600000)};
	const struct nft_ban none[] = {ban("198.51.100.1", 0), ban("2001:db8::1", 0)};

	CHECK(made(some, 3, 0));
	CHECK(fate_of(false, "198.51.100.1") == DROPPED && fate_of(true, "2001:db8::1") == DROPPED && dropped() == 2);
	CHECK(fate_of(false, "198.51.100.2") == ARRIVED && fate_of(true, "2001:db8::2") == ARRIVED);
	/* nor is this host by itself, whoever was banned */
	CHECK(system("ping -q -c 1 -W 5 192.0.2.1 > /dev/null") == 0 && dropped() == 2);
	CHECK(changed(none, 2) && fate_of(false, "198.51.100.1") == ARRIVED && fate_of(true, "2001:db8::1") == ARRIVED);
}

/* --- answers --- */

static union {
	struct nlmsghdr head;
	uint8_t octets[512];
} said;

static void begin(uint16_t type)
{
	memset(&said, 0, sizeof said);
	said.head.nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	said.head.nlmsg_len = HEAD;
}

static size_t put(uint16_t type, const void *data, uint16_t n)
{
	size_t at = said.head.nlmsg_len;
	struct nlattr a = {.nla_len = (uint16_t)(ATTRIBUTE + n), .nla_type = type};

	memcpy(said.octets + at, &a, sizeof a);
	if (n)
		memcpy(said.octets + at + ATTRIBUTE, data, n);
	said.head.nlmsg_len += (uint32_t)NLMSG_ALIGN((uint32_t)ATTRIBUTE + n);
	return at;
}

static void end(size_t nest)
{
	uint16_t n = (uint16_t)(said.head.nlmsg_len - nest);

	memcpy(said.octets + nest, &n, sizeof n);
}

static void an_element(uint16_t key_n, bool timed)
{
	static const uint8_t key[32] = {198, 51, 100, 5}, left[8] = {0, 0, 0, 0, 0, 0, 4, 0};

	begin(NFT_MSG_NEWSETELEM);
	size_t list = put(NFTA_SET_ELEM_LIST_ELEMENTS, NULL, 0), element = put(NFTA_LIST_ELEM, NULL, 0), k = put(NFTA_SET_ELEM_KEY, NULL, 0);
	put(NFTA_DATA_VALUE, key, key_n);
	end(k);
	if (timed)
		put(NFTA_SET_ELEM_EXPIRATION, left, sizeof left);
	end(element);
	end(list);
}

static bool is_element(void)
{
	found_n = 0;
	return nft_read_elements(&said.head, note, NULL);
}

static void answers_are_read_whole_or_not(void)
{
	struct nft_count c = {5, 5};
	uint32_t rules = 77;

	an_element(4, true);
	CHECK(is_element() && found_n == 1 && found[0].left_ms == 1024 && memcmp(found[0].ip, ban("198.51.100.5", 0).ip, 16) == 0);
	an_element(16, true);
	CHECK(is_element() && found_n == 1 && found[0].ip[0] == 198);
	an_element(4, false);
	CHECK(is_element() && found_n == 0);
	for (uint16_t n = 0; n <= 32; n++) {
		an_element(n, true);
		CHECK(is_element() == (n == 4 || n == 16));
	}
	an_element(4, true);
	said.head.nlmsg_type++;
	CHECK(!is_element() && !nft_read_chain(&said.head, &rules) && !nft_read_count(&said.head, &c));
	/* cut off anywhere, or with a length that leads beyond its end */
	an_element(4, true);
	uint32_t whole = said.head.nlmsg_len;
	for (uint32_t n = NLMSG_LENGTH(0); n < whole; n++) {
		said.head.nlmsg_len = n;
		CHECK(is_element() == (n == HEAD) && found_n == 0); /* all of it, or none */
	}
	said.head.nlmsg_len = whole;
	for (uint32_t i = HEAD; i < whole; i += 4) {
		uint8_t was = said.octets[i];
		said.octets[i] = 255;
		(void)is_element();
		said.octets[i] = was;
	}
	begin(NFT_MSG_NEWCHAIN);
	put(NFTA_CHAIN_USE, &(uint32_t){htonl(3)}, 4);
	CHECK(!nft_read_chain(&said.head, &rules) && rules == 77); /* hooked nowhere */
	put(NFTA_CHAIN_HOOK, NULL, 0);
	CHECK(nft_read_chain(&said.head, &rules) && rules == 3);
	begin(NFT_MSG_NEWOBJ);
	CHECK(!nft_read_count(&said.head, &c));
	size_t data = put(NFTA_OBJ_DATA, NULL, 0);
	put(NFTA_COUNTER_PACKETS, (const uint8_t[8]){0, 0, 0, 1}, 8);
	put(NFTA_COUNTER_BYTES, (const uint8_t[4]){1}, 4);
	end(data);
	CHECK(!nft_read_count(&said.head, &c) && c.packets == 5);
}

int main(void)
{
	RUN(answers_are_read_whole_or_not);
	if (getuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("skipped: needs root and a network of its own\n");
		return SKIPPED;
	}
	if (system("nft list tables") != 0 ||
	    system("ip link add rfn0 address 02:00:00:00:00:01 type veth peer name rfn1 && ip link set lo up && ip link set rfn0 up && "
		   "ip link set rfn1 up && ip addr add " HERE4 "/24 dev rfn0 && ip addr add " HERE6 "/64 dev rfn0 nodad && "
		   "ip route add default dev rfn0 && ip -6 route add default dev rfn0") != 0 ||
	    !listen_at_both()) {
		printf("skipped: no nftables or no veth here\n");
		return SKIPPED;
	}
	RUN(a_table_is_as_it_was_written);
	RUN(changes_are_made_whatever_stands);
	RUN(a_socket_is_kept_while_all_goes_well);
	RUN(what_others_take_away_is_missed);
	RUN(only_who_is_banned_is_dropped);
	return TEST_END;
}
