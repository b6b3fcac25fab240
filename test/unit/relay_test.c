/* SPDX-License-Identifier: ISC */
/* Which wishes for a relay are none (R7): the truth table of relay_spec_ok(). */
#include "base/pool.h"
#include "ipc/relay.h"
#include "test.h"

static struct relay_spec spec;

static void side_init(struct relay_side *s, enum relay_end end, uint16_t port)
{
	*s = (struct relay_side){.present = 1, .end = (uint8_t)end, .hears = RELAY_HEARS_OTHER, .events = 1, .keyed = 1};
	addr_parse_ip(SPAN("192.0.2.1"), &s->local);
	s->local.port = s->local_rtcp = port;
	s->fingerprint.hash = SDP_SHA_256;
	memset(s->fingerprint.bytes, 7, 32);
	memset(s->key_ours, (int)port, 30);
	memset(s->key_theirs, (int)port + 1, 30);
}

static void begin(enum relay_end a, enum relay_end b)
{
	memset(&spec, 0, sizeof spec);
	side_init(&spec.side[0], a, 20000);
	side_init(&spec.side[1], b, 20002);
}

static void passing_sides_come_in_pairs(void)
{
	for (int a = 0; a < RELAY_ENDS; a++)
		for (int b = 0; b < RELAY_ENDS; b++) {
			begin((enum relay_end)a, (enum relay_end)b);
			CHECK(relay_spec_ok(&spec) == ((a == RELAY_PASSING) == (b == RELAY_PASSING)));
		}
}

static void one_side_alone_is_ended(void)
{
	for (int end = 0; end < RELAY_ENDS; end++)
		for (int missing = 0; missing < 2; missing++) {
			begin((enum relay_end)end, (enum relay_end)end);
			spec.side[missing].present = 0;
			CHECK(relay_spec_ok(&spec) == (end != RELAY_PASSING));
			spec.side[missing].end = RELAY_PASSING; /* of a side that is not there */
			spec.side[missing].events = 0;
			CHECK(relay_spec_ok(&spec) == (end != RELAY_PASSING));
			spec.side[!missing].present = 0;
			CHECK(!relay_spec_ok(&spec));
		}
}

static void voice_never_hears_or_speaks_on_a_passing_side(void)
{
	begin(RELAY_PASSING, RELAY_PASSING);
	spec.side[0].listens = 1;
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_PASSING, RELAY_PASSING);
	spec.side[0].hears = RELAY_HEARS_VOICE;
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_PASSING, RELAY_PASSING);
	spec.side[1].events = 0;
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_SDES, RELAY_ENDED_DTLS);
	spec.side[0].listens = 1;
	spec.side[0].hears = RELAY_HEARS_VOICE;
	spec.side[1].hears = RELAY_HEARS_NOTHING;
	spec.side[1].events = 0;
	CHECK(relay_spec_ok(&spec));
}

static void keyed_sides_have_keys(void)
{
	struct relay_side *s = &spec.side[0];

	begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
	memset(s->key_theirs, 0, sizeof s->key_theirs);
	CHECK(!relay_spec_ok(&spec));
	s->keyed = 0;
	CHECK(relay_spec_ok(&spec));
	begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
	memset(s->key_ours, 0, sizeof s->key_ours);
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
	memcpy(s->key_theirs, s->key_ours, sizeof s->key_ours); /* our key comes back as theirs */
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_DTLS, RELAY_ENDED_SDES);
	s->fingerprint.hash = SDP_SHA_1;
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_DTLS, RELAY_ENDED_SDES);
	memset(s->fingerprint.bytes, 0, sizeof s->fingerprint.bytes);
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_CLEAR, RELAY_ENDED_SDES); /* to a trunk in clear there are none */
	memset(&s->fingerprint, 0, sizeof s->fingerprint);
	memset(s->key_theirs, 0, sizeof s->key_theirs);
	CHECK(relay_spec_ok(&spec));
}

static void numbers_are_in_range(void)
{
	struct relay_side *s = &spec.side[1];
	struct relay_payload *p = &s->payload[0];
	struct {
		uint8_t *field, last; /* the greatest good value */
	} row[] = {{&s->present, 1}, {&s->source, RELAY_SOURCES - 1}, {&s->direction, RELAY_DIRECTIONS - 1},
	    {&s->payloads, RELAY_PAYLOADS_MAX}, {&s->keyed, 1}, {&s->hears, RELAY_HEARS_KINDS - 1}, {&s->listens, 1},
	    {&s->events, 1}, {&s->key, RELAY_KEYS - 1}, {&s->tag_len, 16}, {&s->suite, SDP_SUITE_N - 1}, {&s->dtls_active, 1},
	    {&s->fingerprint.hash, SDP_HASH_N - 1}, {&p->type, 127}, {&p->frame, RELAY_FRAMES - 1},
	    {&p->codec, SDP_CODEC_N - 1}, {&p->to, 127}, {&s->end, RELAY_ENDED_CLEAR}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
		s->payloads = 1;
		*row[i].field = row[i].last;
		CHECK(relay_spec_ok(&spec));
		*row[i].field = (uint8_t)(row[i].last + 1);
		CHECK(!relay_spec_ok(&spec));
	}
	p->to = RELAY_TO_NONE;
	s->end = RELAY_ENDED_SDES;
	CHECK(relay_spec_ok(&spec));
}

/* Where a side is and where its packets go: what it binds has an address and both ports; where they go may not be known yet. */
static void addresses_are_whole(void)
{
	struct relay_side *s = &spec.side[1];
	struct addr *const each[] = {&s->local, &s->rtp, &s->rtcp};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
		CHECK(addr_parse_ip(SPAN("2001:db8::1"), each[i]));
		each[i]->port = 20002;
		CHECK(relay_spec_ok(&spec));
		each[i]->family = 3;
		CHECK(!relay_spec_ok(&spec));
	}
	begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
	s->local = (struct addr){0};
	CHECK(!relay_spec_ok(&spec));
	s->local.port = 20002;
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
	s->local.port = 0;
	CHECK(!relay_spec_ok(&spec));
	begin(RELAY_ENDED_SDES, RELAY_ENDED_SDES);
	s->local_rtcp = 0;
	CHECK(!relay_spec_ok(&spec));
}

/* It is compared and written into answers: the characters of RFC 8839, each at its first and its last. */
static void ice_is_of_ice_characters(void)
{
	static const char good[] = "azAZ09+/", bad[] = "`{@[:.,-= \x7f\n\x80";
	struct relay_side *s = &spec.side[0];
	const struct {
		char *text;
		size_t cap;
	} each[] = {{s->ice_ufrag, sizeof s->ice_ufrag}, {s->ice_pwd, sizeof s->ice_pwd}, {s->ice_theirs, sizeof s->ice_theirs}};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		begin(RELAY_PASSING, RELAY_PASSING);
		memcpy(each[i].text, good, each[i].cap < sizeof good ? each[i].cap : sizeof good);
		CHECK(relay_spec_ok(&spec));
		for (size_t at = 0; at + 1 < sizeof bad; at++)
			for (size_t where = 0; where < 4; where += 3) {
				begin(RELAY_PASSING, RELAY_PASSING);
				memset(each[i].text, 'a', 4);
				each[i].text[where] = bad[at];
				CHECK(!relay_spec_ok(&spec));
			}
	}
	begin(RELAY_PASSING, RELAY_PASSING);
	memset(s->ice_pwd, 'a', RELAY_PWD_MAX);
	CHECK(relay_spec_ok(&spec));
	memset(s->ice_pwd, 'a', sizeof s->ice_pwd);
	CHECK(!relay_spec_ok(&spec)); /* without a NUL */
}

static void what_it_is_kept_for_is_known(void)
{
	for (unsigned claim = 0; claim <= POOL_CLAIMS; claim++) {
		begin(RELAY_PASSING, RELAY_PASSING);
		spec.emergency = (uint8_t)claim;
		CHECK(relay_spec_ok(&spec) == (claim < POOL_CLAIMS));
	}
	begin(RELAY_PASSING, RELAY_PASSING);
	spec.answered = 1;
	CHECK(relay_spec_ok(&spec));
	spec.answered = 2;
	CHECK(!relay_spec_ok(&spec));
}

static void each_call_has_ports_of_its_own(void)
{
	CHECK(relay_ports_from(20000, 0) == 20000 && relay_ports_from(20000, 3) == 20000 - 3 * RELAY_PORTS);
	CHECK(relay_ports_from(20001, 0) == 0);
	CHECK(relay_ports_from(1024, 0) == 1024 && relay_ports_from(1022, 0) == 0);
	CHECK(relay_ports_from(1024 + RELAY_PORTS, 1) == 1024 && relay_ports_from(1024 + RELAY_PORTS - 2, 1) == 0);
	CHECK(relay_ports_from(65534, 1u << 30) == 0); /* times RELAY_PORTS it would be nothing again */
}

int main(void)
{
	RUN(addresses_are_whole);
	RUN(ice_is_of_ice_characters);
	RUN(what_it_is_kept_for_is_known);
	RUN(each_call_has_ports_of_its_own);
	RUN(passing_sides_come_in_pairs);
	RUN(one_side_alone_is_ended);
	RUN(voice_never_hears_or_speaks_on_a_passing_side);
	RUN(keyed_sides_have_keys);
	RUN(numbers_are_in_range);
	return TEST_END;
}
