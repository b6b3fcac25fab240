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

static bool arrives(bool v6, const char *from)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("rfn1")};
	uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, v6 ? 0x86 : 0x08, v6 ? 0xdd : 0x00}, *ip = frame + 14;
	size_t n = 14 + (v6 ? 40u : 20u) + 8;
	struct nft_ban who = ban(from, 0);
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (v6) {
		ip[0] = 0x60;
		ip[5] = 8;
		ip[6] = 17;
		ip[7] = 64;
		memcpy(ip + 8, who.ip, 16);
		memcpy(ip + 24, ban("2001:db8:9::1", 0).ip, 16);
	} else {
		uint32_t sum = 0;
		ip[0] = 0x45;
		ip[3] = 28;
		ip[8] = 64;
		ip[9] = 17;
		memcpy(ip + 12, who.ip + 12, 4);
		memcpy(ip + 16, ban("192.0.2.1", 0).ip + 12, 4);
		for (int i = 0; i < 20; i += 2)
			sum += (uint32_t)ip[i] << 8 | ip[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		ip[10] = (uint8_t)(~sum >> 8);
		ip[11] = (uint8_t)~sum;
	}
	frame[n - 4 + 1] = 8;
	uint64_t before = dropped();
	bool sent = sendto(fd, frame, n, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)n;
	close(fd);
	for (int i = 0; i < 100 && sent && dropped() == before; i++)
		usleep(2000);
	return sent && dropped() == before;
}

static void only_who_is_banned_is_dropped(void)
{
	const struct nft_ban some[] = {ban("198.51.100.1", 600000), ban("2001:db8::1", 600000), ban("192.0.2.1", 600000)};
	const struct nft_ban none[] = {ban("198.51.100.1", 0), ban("2001:db8::1", 0)};

	CHECK(made(some, 3, 0));
	CHECK(!arrives(false, "198.51.100.1") && !arrives(true, "2001:db8::1") && dropped() == 2);
	CHECK(arrives(false, "198.51.100.2") && arrives(true, "2001:db8::2"));
	/* nor is this host by itself, whoever was banned */
	CHECK(system("ping -q -c 1 -W 5 192.0.2.1 > /dev/null") == 0 && dropped() == 2);
	CHECK(changed(none, 2) && arrives(false, "198.51.100.1") && arrives(true, "2001:db8::1"));
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
	    system("ip link add rfn0 type veth peer name rfn1 && ip link set lo up && ip link set rfn0 up && ip link set rfn1 up && "
		   "ip addr add 192.0.2.1/24 dev rfn0") != 0) {
		printf("skipped: no nftables or no veth here\n");
		return SKIPPED;
	}
	RUN(a_table_is_as_it_was_written);
	RUN(changes_are_made_whatever_stands);
	RUN(what_others_take_away_is_missed);
	RUN(only_who_is_banned_is_dropped);
	return TEST_END;
}
