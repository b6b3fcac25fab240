/* SPDX-License-Identifier: ISC */
/* What every process stands on: tables, bounds, addresses, and the hash against the vector of its paper. */
#include "base/ban_table.h"
#include "base/cursor.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/siphash.h"
#include "base/sock.h"
#include "base/utf8.h"
#include "base/wheel.h"
#include "test.h"
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* SipHash-2-4, appendix A of the paper: key 00..0f, message 00..0e. */
static void siphash_gives_the_value_of_its_paper(void)
{
	uint8_t key[16], text[15];

	for (uint8_t i = 0; i < 16; i++)
		key[i] = i;
	memcpy(text, key, sizeof text);
	CHECK(siphash(key, span_of(text, sizeof text)) == UINT64_C(0xa129ca6149be45e5));
	CHECK(siphash(key, span_of(text, 0)) != siphash(key, span_of("", 1)));
	CHECK(siphash(key, span_of(text, 8)) != siphash(key, span_of(text, 7)));
	key[15]++;
	CHECK(siphash(key, span_of(text, sizeof text)) != UINT64_C(0xa129ca6149be45e5));
}

/* The map beside a list that is searched from end to end: few cells, so that runs wrap around and holes close in them. */
enum { CAP = 10, KEYS = 14 };

static uint8_t key_of_slot[CAP];

static bool key_matches(const void *owner, uint32_t slot, struct span key)
{
	const uint8_t *keys = owner;
	return keys[slot] == key.p[0];
}

static bool map_is_what_it_should_be(const struct map *m, const bool *in)
{
	for (uint8_t k = 0; k < KEYS; k++) {
		uint32_t at = 0, slot, seen = 0, want = 0;
		while (map_each(m, span_of(&k, 1), &at, &slot)) {
			if (seen & 1u << slot)
				return false;
			seen |= 1u << slot;
		}
		for (uint32_t i = 0; i < CAP; i++)
			if (in[i] && key_of_slot[i] == k)
				want |= 1u << i;
		if (seen != want || map_get(m, span_of(&k, 1), &slot) != (want != 0))
			return false;
	}
	return true;
}

static void map_is_the_same_as_a_list(void)
{
	struct map m;
	bool in[CAP] = {false};
	uint32_t used = 0;

	CHECK(map_init(&m, CAP, key_matches, key_of_slot));
	CHECK(m.mask == 15);
	for (int step = 0; step < 20000; step++) {
		uint32_t slot = rand_u32() % CAP;
		uint8_t key = (uint8_t)(rand_u32() % KEYS);
		if (in[slot]) {
			CHECK(map_del(&m, span_of(&key_of_slot[slot], 1), slot));
			CHECK(!map_del(&m, span_of(&key_of_slot[slot], 1), slot));
			used--;
		} else {
			key_of_slot[slot] = key;
			CHECK(map_put(&m, span_of(&key, 1), slot));
			used++;
		}
		in[slot] = !in[slot];
		CHECK(m.used == used && map_is_what_it_should_be(&m, in));
	}
	map_fini(&m);
	map_fini(&m);
}

static void map_says_when_it_is_full(void)
{
	struct map m;
	uint32_t slot;

	CHECK(map_init(&m, CAP, key_matches, key_of_slot));
	for (uint8_t i = 0; i < CAP; i++) {
		key_of_slot[i] = i;
		CHECK(map_put(&m, span_of(&i, 1), i));
	}
	uint8_t more = CAP;
	CHECK(!map_put(&m, span_of(&more, 1), 0) && !map_get(&m, span_of(&more, 1), &slot));
	CHECK(map_del(&m, span_of(&key_of_slot[3], 1), 3));
	key_of_slot[3] = more;
	CHECK(map_put(&m, span_of(&more, 1), 3) && map_get(&m, span_of(&more, 1), &slot) && slot == 3);
	map_fini(&m);
}

/* Generations are 24 bits and never 0, for no id may be ID_NONE. */
static void pool_generations_pass_over_zero(void)
{
	struct pool p;

	CHECK(pool_init(&p, 0, 1, 0));
	uint64_t first = id_make(0, 0xffffff, 0);
	CHECK(pool_adopt(&p, first) && pool_index(&p, first) == 0 && pool_release(&p, first));
	uint64_t id = pool_take(&p, false);
	CHECK(id != ID_NONE && id_generation(id) == 1 && pool_index(&p, first) == -1);
	CHECK(!pool_release(&p, first) && pool_release(&p, id) && pool_id_at(&p, 0) == ID_NONE);
	CHECK(!pool_adopt(&p, id_make(0, 0, 0)));
	pool_fini(&p);
}

static void pool_takes_ids_of_its_node_only(void)
{
	struct pool p;

	CHECK(!pool_init(&p, 1, 0, 0));
	CHECK(pool_init(&p, 7, 4, 0));
	uint64_t id = pool_take(&p, false);
	uint64_t other = id_make(8, id_generation(id), id_index(id));
	CHECK(pool_index(&p, other) == -1 && !pool_release(&p, other) && pool_id_at(&p, id_index(id)) == id);
	CHECK(pool_index(&p, id_make(7, 1, 4)) == -1 && pool_id_at(&p, 4) == ID_NONE);
	pool_fini(&p);
}

static void pool_keeps_its_share_for_emergencies(void)
{
	struct pool p;

	CHECK(pool_share(1) == 0 && pool_share(2) == 1 && pool_share(31) == 1 && pool_share(320) == 20);
	CHECK(pool_init(&p, 1, 3, 1));
	uint64_t one = pool_take(&p, true);
	CHECK(one && pool_take(&p, false) && !pool_take(&p, false) && p.refused == 1);
	CHECK(pool_take(&p, true) && !pool_take(&p, true) && p.peak == 3 && p.refused == 2);
	CHECK(pool_release(&p, one) && !pool_take(&p, false) && pool_take(&p, true));
	pool_fini(&p);
}

static struct wheel wheel;
static struct timer timer[4];
static int order[8], fired;

static void note(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	order[fired++ % 8] = (int)(t - timer);
}

static void start_timers(uint64_t now_ms)
{
	memset(timer, 0, sizeof timer);
	fired = 0;
	wheel_init(&wheel, now_ms);
	for (int i = 0; i < 4; i++)
		timer[i].fire = note;
}

static void wheel_fires_in_order_and_never_early(void)
{
	start_timers(1000);
	timer_set(&wheel, &timer[0], 1300);
	timer_set(&wheel, &timer[1], 1100);
	timer_set(&wheel, &timer[2], 1101);
	timer_set(&wheel, &timer[3], 1300 + (uint64_t)WHEEL_SLOTS * WHEEL_TICK_MS); /* the slot of the first */
	wheel_turn(&wheel, 1099);
	CHECK(fired == 0);
	wheel_turn(&wheel, 1100);
	CHECK(fired == 1 && order[0] == 1);
	wheel_turn(&wheel, 1109);
	CHECK(fired == 1);
	wheel_turn(&wheel, 1400);
	CHECK(fired == 3 && order[1] == 2 && order[2] == 0 && wheel.used == 1 && timer_is_set(&timer[3]));
}

static void cancel_two_and_set_again(struct timer *t, uint64_t now_ms)
{
	note(t, now_ms);
	timer_cancel(&wheel, &timer[1]);
	timer_cancel(&wheel, &timer[2]);
	if (fired == 1)
		timer_set(&wheel, t, now_ms); /* in the past: the next turn, not this one without end */
}

static void wheel_allows_cancel_and_set_within_fire(void)
{
	start_timers(0);
	timer[0].fire = cancel_two_and_set_again;
	for (int i = 0; i < 3; i++)
		timer_set(&wheel, &timer[i], 50);
	timer_set(&wheel, &timer[3], 60);
	wheel_turn(&wheel, 50);
	CHECK(fired == 1 && order[0] == 0 && !timer_is_set(&timer[1]) && !timer_is_set(&timer[2]));
	CHECK(timer_is_set(&timer[0]) && wheel.used == 2);
	wheel_turn(&wheel, 70);
	CHECK(fired == 3 && wheel.used == 0 && wheel_next_ms(&wheel) == UINT64_MAX);
}

static void wheel_survives_a_stall_of_many_rounds(void)
{
	uint64_t round = (uint64_t)WHEEL_SLOTS * WHEEL_TICK_MS;

	start_timers(0);
	for (unsigned i = 0; i < 3; i++)
		timer_set(&wheel, &timer[i], 10 + i * round + i * 7770);
	timer_set(&wheel, &timer[3], 12 * round);
	wheel_turn(&wheel, 9 * round + 3330);
	CHECK(fired == 3 && wheel.used == 1 && timer_is_set(&timer[3]));
	timer_set(&wheel, &timer[0], 5); /* long past */
	wheel_turn(&wheel, 9 * round + 3350);
	CHECK(fired == 4 && order[3] == 0);
	wheel_turn(&wheel, 12 * round);
	CHECK(fired == 5 && order[4] == 3);
}

static bool reads_back_as(const char *text, const char *want)
{
	char mem[ADDR_TEXT_MAX];
	struct buf b = buf_of(mem, sizeof mem);
	struct addr a = {.port = 9};

	if (!addr_parse_ip(span_str(text), &a) || a.port != 0 || !addr_ok(&a))
		return false;
	a.port = 5061;
	addr_put(&b, &a);
	return span_eq(buf_span(&b), span_str(want));
}

static void addresses_of_both_kinds(void)
{
	static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", " 1.2.3.4", "1.2.3.4 ", "[1.2.3.4]",
	    "[::1", "::1]", "[]", "[[::1]]", "fe80::1%eth0", "::1::2", "12345::", "localhost", "1.2.3.4:5",
	    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
	struct addr a = {.family = 77};

	CHECK(reads_back_as("192.0.2.1", "192.0.2.1:5061"));
	CHECK(reads_back_as("2001:DB8:0::1", "[2001:db8::1]:5061") && reads_back_as("[2001:db8::1]", "[2001:db8::1]:5061"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!addr_parse_ip(span_str(bad[i]), &a) && a.family == 77);
	CHECK(!addr_parse_ip(span_of("1.2.3.4\0x", 9), &a));
}

static void a_mapped_address_from_the_kernel_is_ipv4(void)
{
	struct sockaddr_storage ss;
	struct addr four, six, back;

	CHECK(addr_parse_ip(SPAN("192.0.2.1"), &four) && addr_parse_ip(SPAN("::ffff:192.0.2.1"), &six));
	six.port = four.port = 5061;
	CHECK(!addr_eq(&four, &six)); /* written as IPv6 it stays one until the kernel says it */
	CHECK(addr_to_sockaddr(&six, &ss) && addr_from_sockaddr((struct sockaddr *)&ss, &back) && addr_eq(&back, &four));
	CHECK(addr_to_sockaddr(&four, &ss) && addr_from_sockaddr((struct sockaddr *)&ss, &back) && addr_eq(&back, &four));
	back.port++;
	CHECK(!addr_eq(&back, &four) && addr_same_ip(&back, &four));
	ss.ss_family = AF_UNIX;
	CHECK(!addr_from_sockaddr((struct sockaddr *)&ss, &back));
	back.ip[0] = 1;
	CHECK(!addr_ok(&back));
	CHECK(addr_parse_ip(SPAN("0.0.0.0"), &four) && addr_is_any(&four) && addr_parse_ip(SPAN("::"), &six) && addr_is_any(&six));
	CHECK(addr_parse_ip(SPAN("0.0.0.1"), &four) && !addr_is_any(&four) && addr_parse_ip(SPAN("::1"), &six) && !addr_is_any(&six));
}

static void buf_writes_all_or_nothing(void)
{
	char mem[8] = "#######";
	struct buf b = buf_of(mem, 4);

	buf_u16(&b, 0x4142);
	CHECK(b.n == 2 && buf_cstr(&b) && strcmp(mem, "AB") == 0);
	buf_str(&b, "xyz");
	CHECK(b.full && b.n == 2 && buf_cstr(&b) == NULL);
	buf_u8(&b, 'C');
	CHECK(b.n == 2); /* what was too long lets nothing in after it */
	b = buf_of(mem, 4);
	buf_u32(&b, 0x61626364);
	CHECK(!b.full && b.n == 4 && buf_cstr(&b) == NULL && mem[4] == '#');
	b = buf_of(mem, 3);
	buf_hex(&b, "\xab\xcd", 2);
	CHECK(b.full && b.n == 0);
	b = buf_of(mem, 2);
	buf_decimal(&b, 100);
	CHECK(b.full && b.n == 0);
}

static void buf_numbers_and_base64(void)
{
	char mem[64];
	struct buf b = buf_of(mem, sizeof mem);

	buf_decimal(&b, 0);
	buf_u8(&b, ' ');
	buf_decimal(&b, UINT64_MAX);
	buf_u8(&b, ' ');
	buf_hex(&b, "\x0f\xa0", 2);
	for (size_t n = 0; n <= 4; n++) { /* RFC 4648 10 */
		buf_u8(&b, ' ');
		buf_base64(&b, "foob", n);
	}
	CHECK(span_eq(buf_span(&b), SPAN("0 18446744073709551615 0fa0  Zg== Zm8= Zm9v Zm9vYg==")));
}

static void spans_stay_within_their_bounds(void)
{
	static const char *const bad[] = {"", "+1", "-1", "1 ", "0x1", "256", "18446744073709551616", "000000000000000000001"};
	struct span s = SPAN("abc");
	uint64_t v = 5;
	uint8_t out[2];
	char text[4] = "old";

	CHECK(span_head(s, 9).n == 3 && span_skip(s, 9).n == 0 && span_skip(s, 2).p[0] == 'c' && span_find(s, 'z') == 3);
	CHECK(span_starts(s, SPAN("ab")) && !span_starts(s, SPAN("abcd")) && !span_starts(s, SPAN("aB")) &&
	      span_starts_case(s, SPAN("aB")) && !span_eq_case(SPAN("["), SPAN("{")));
	CHECK(span_trim(SPAN(" \t ")).n == 0 && span_eq(span_trim(SPAN("\t a b ")), SPAN("a b")));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!span_decimal(span_str(bad[i]), 255, &v) && v == 5);
	CHECK(span_decimal(SPAN("255"), 255, &v) && v == 255 && !span_decimal(SPAN("9"), 8, &v));
	CHECK(span_decimal(SPAN("18446744073709551615"), UINT64_MAX, &v) && v == UINT64_MAX);
	CHECK(!span_decimal(SPAN("18446744073709551616"), UINT64_MAX, &v));
	CHECK(span_unhex(SPAN("aF01"), out, 2) == 2 && out[0] == 0xaf && out[1] == 1);
	CHECK(span_unhex(SPAN("aF0"), out, 2) == -1 && span_unhex(SPAN("aF0102"), out, 2) == -1 && span_unhex(SPAN("0g"), out, 2) == -1);
	CHECK(!span_cstr(SPAN("abcd"), text, 4) && !span_cstr(SPAN("a\0b"), text, 4) && strcmp(text, "old") == 0);
	CHECK(span_cstr(s, text, 4) && strcmp(text, "abc") == 0);
}

static bool decodes(const char *text, const char *to)
{
	uint8_t out[6];
	int n = span_unbase64(span_str(text), out, sizeof out);
	return n == (int)strlen(to) && memcmp(out, to, (size_t)n) == 0;
}

static void base64_is_read_and_nothing_else(void)
{
	static const char *const bad[] = {"A", "=", "==", "A===", "A=", "AA=", "AAA==", "AAAA=", "AAAA==", "AAAA====", "====", "AA=A",
	    "AA==AA==", "AAA=AAAA", "AA A", "AAA\n", "A-_A", "AB==", "AB", "AAB=", "AAAAAAAAAA"};
	uint8_t out[6];

	CHECK(decodes("", "") && decodes("Zg==", "f") && decodes("Zm8=", "fo") && decodes("Zm9v", "foo")); /* RFC 4648 10 */
	CHECK(decodes("Zm9vYmFy", "foobar") && decodes("Zm9vYmE", "fooba") && decodes("Zg", "f"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(span_unbase64(span_str(bad[i]), out, sizeof out) == -1);
	CHECK(span_unbase64(SPAN("Zm9vYmE="), out, 4) == -1);
}

static void a_cursor_stays_where_it_was_when_short(void)
{
	const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
	struct cursor c = cursor_of(span_of(bytes, sizeof bytes)), sub;
	struct span s;
	uint8_t a;
	uint16_t b;
	uint32_t d;

	CHECK(cursor_sub(&c, 3, &sub) && cursor_u16(&sub, &b) && b == 0x0102);
	CHECK(!cursor_u16(&sub, &b) && cursor_left(&sub) == 1 && cursor_u8(&sub, &a) && a == 3 && !cursor_u8(&sub, &a));
	CHECK(cursor_u24(&c, &d) && d == 0x040506 && cursor_left(&c) == 1);
	CHECK(!cursor_u24(&c, &d) && !cursor_u32(&c, &d) && !cursor_span(&c, 2, &s) && !cursor_skip(&c, SIZE_MAX) &&
	      !cursor_sub(&c, SIZE_MAX, &sub) && cursor_left(&c) == 1);
	CHECK(cursor_span(&c, 1, &s) && s.p == bytes + 6 && cursor_left(&c) == 0 && cursor_skip(&c, 0));
	c = cursor_of(span_of(bytes, 4));
	CHECK(cursor_u32(&c, &d) && d == 0x01020304);
}

static struct addr host(uint32_t n)
{
	struct addr a = {.family = 4, .ip = {[10] = 0xff, [11] = 0xff, [12] = 10}};

	a.ip[14] = (uint8_t)(n >> 8);
	a.ip[15] = (uint8_t)n;
	return a;
}

static void bans_end_and_give_their_place(void)
{
	static struct ban_table t;
	struct addr a = host(1), other_port = host(1), more = host(BAN_TABLE_MAX);

	CHECK(ban_table_init(&t) && !ban_table_has(&t, &a, 0));
	other_port.port = 7;
	CHECK(ban_table_set(&t, &a, 1000, 0) && ban_table_has(&t, &other_port, 999) && !ban_table_has(&t, &a, 1000));
	CHECK(ban_table_set(&t, &a, 0, 500) && !ban_table_has(&t, &a, 500));
	for (uint32_t i = 0; i < BAN_TABLE_MAX; i++) {
		struct addr b = host(i);
		CHECK(ban_table_set(&t, &b, 2000 + i, 500));
	}
	CHECK(!ban_table_set(&t, &more, 9000, 1999) && !ban_table_has(&t, &more, 1999));
	CHECK(ban_table_set(&t, &a, 2500, 1999)); /* one that is in it can still be changed */
	CHECK(ban_table_set(&t, &more, 9000, 2000) && ban_table_has(&t, &more, 8999));
	struct addr ended = host(0);
	CHECK(!ban_table_has(&t, &ended, 0) && ban_table_has(&t, &a, 2499) && t.used == BAN_TABLE_MAX);
	map_fini(&t.map);
}

static void secrets_compare_and_are_wiped(void)
{
	uint8_t a[32], b[32];
	uint8_t *p = secret_new(100);

	rand_bytes(a, sizeof a);
	memcpy(b, a, sizeof a);
	CHECK(secret_eq(a, b, sizeof a) && secret_eq(a, b, 0));
	for (unsigned bit = 0; bit < 8 * sizeof a; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK(!secret_eq(a, b, sizeof a));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (int i = 0; i < 100; i++)
		CHECK(p[i] == 0);
	memset(p, 1, 100);
	secret_wipe(p, 99);
	CHECK(p[0] == 0 && p[98] == 0 && p[99] == 1);
	secret_free(p, 100);
	secret_free(NULL, 0);
}

static void random_hex_is_of_its_length(void)
{
	char one[65], two[65];

	rand_hex(one, 32);
	rand_hex(two, 32);
	CHECK(strlen(one) == 64 && strspn(one, "0123456789abcdef") == 64 && strcmp(one, two) != 0);
}

static bool is_turned_away(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char octet;

	return poll(&p, 1, 2000) == 1 && read(fd, &octet, 1) <= 0;
}

/* With no descriptor left: each who knocks is told so, and to look where nobody knocks costs nothing. */
static void who_finds_no_descriptor_is_turned_away(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct rlimit was, tight;
	int knocks[3], listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), spare = sock_spare();

	snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "base-test-%d", (int)getpid());
	CHECK(spare >= 0 && bind(listening, (struct sockaddr *)&at, sizeof at) == 0 && listen(listening, 8) == 0);
	for (int i = 0; i < 3; i++)
		CHECK((knocks[i] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
	tight = (struct rlimit){(rlim_t)knocks[2] + 1, was.rlim_max};
	CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(connect(knocks[i], (struct sockaddr *)&at, sizeof at) == 0);
		CHECK(accept(listening, NULL, NULL) < 0 && sock_turn_away(listening, &spare) && is_turned_away(knocks[i]));
		CHECK(accept(listening, NULL, NULL) < 0 && !sock_turn_away(listening, &spare) && spare >= 0);
	}
	CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
	for (int i = 0; i < 3; i++)
		close(knocks[i]);
	close(listening);
	close(spare);
}

/* RFC 3629 3 and 4: of all octets there can be, as many sequences are well-formed as there are characters of that length. */
static void utf8_has_one_form_for_each_character(void)
{
	static const char cut[] = "\xf0\x90\x80\x80";
	uint32_t two = 0, three = 0, other = 0;

	for (uint32_t a = 0x80; a <= 0xff; a++)
		for (uint32_t bc = 0; bc <= 0xffff; bc++) {
			const size_t n = utf8_step((const uint8_t[]){(uint8_t)a, (uint8_t)(bc >> 8), (uint8_t)bc}, 3);
			two += n == 2;
			three += n == 3;
			other += n != 0 && n != 2 && n != 3;
		}
	CHECK(two == (0x800 - 0x80) * 256 && three == 0x10000 - 0x800 - 0x800 && other == 0);
	for (uint8_t c = 0; c < 0x80; c++)
		CHECK(utf8_step(&c, 1) == 1);
	for (size_t left = 1; left < 4; left++)
		CHECK(utf8_step((const uint8_t *)cut, left) == 0);
	CHECK(utf8_step((const uint8_t *)cut, 4) == 4);
	CHECK(utf8_step((const uint8_t *)"\xf0\x8f\xbf\xbf", 4) == 0 && utf8_step((const uint8_t *)"\xf4\x90\x80\x80", 4) == 0);
	CHECK(utf8_step((const uint8_t *)"\xf4\x8f\xbf\xbf", 4) == 4 && utf8_step((const uint8_t *)"\xf5\x80\x80\x80", 4) == 0);
	CHECK(utf8_step((const uint8_t *)"\xf1\x80\x80\xc0", 4) == 0 && utf8_step((const uint8_t *)"\xf1\x80\x7f\x80", 4) == 0);
}

int main(void)
{
	RUN(utf8_has_one_form_for_each_character);
	RUN(who_finds_no_descriptor_is_turned_away);
	RUN(siphash_gives_the_value_of_its_paper);
	RUN(map_is_the_same_as_a_list);
	RUN(map_says_when_it_is_full);
	RUN(pool_generations_pass_over_zero);
	RUN(pool_takes_ids_of_its_node_only);
	RUN(pool_keeps_its_share_for_emergencies);
	RUN(wheel_fires_in_order_and_never_early);
	RUN(wheel_allows_cancel_and_set_within_fire);
	RUN(wheel_survives_a_stall_of_many_rounds);
	RUN(addresses_of_both_kinds);
	RUN(a_mapped_address_from_the_kernel_is_ipv4);
	RUN(buf_writes_all_or_nothing);
	RUN(buf_numbers_and_base64);
	RUN(spans_stay_within_their_bounds);
	RUN(base64_is_read_and_nothing_else);
	RUN(a_cursor_stays_where_it_was_when_short);
	RUN(bans_end_and_give_their_place);
	RUN(secrets_compare_and_are_wiped);
	RUN(random_hex_is_of_its_length);
	return TEST_END;
}
