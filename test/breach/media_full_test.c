/* SPDX-License-Identifier: ISC */
/* The tables of media, filled to the last place: handshakes of DTLS, relays, bans. What is full says no and counts it, an emergency
 * call has its share, what a phone never answers is given up, what is over makes room, and all of it comes back (R16, R27).
 * media_full_test EXECUTABLE */
#include "base/ban_table.h"
#include "base/clock.h"
#include "base/pool.h"
#include "media/end_dtls.h"
#include "media_far.h"
#include "test.h"
#include <stdlib.h>

enum {
	SHARE = END_DTLS_MAX / 16,
	ORDINARY = END_DTLS_MAX - SHARE, /* handshakes of calls that are no emergency */
	CALLS = ORDINARY / 2,
	EMERGENCIES = SHARE / 2,
	LATE = CALLS,           /* rows of what comes when it is full */
	PATIENT = LATE + 1,
	FIRST_EMERGENCY = PATIENT + 1,
	LAST_EMERGENCY = FIRST_EMERGENCY + EMERGENCIES, /* one more than there is room for */
	ROWS = LAST_EMERGENCY + 1,
	FILL_MS = 20000,
	BANS_MS = 10000,
	UNANSWERED_MS = 60000, /* twice what a handshake may take */
};

static struct phone a, b, patient, other;
static struct far far;

static struct status_line line(const char *name)
{
	return house_settle() ? *stage_status_line(&house.s, name) : (struct status_line){0};
}

static bool comes_to(const char *name, uint64_t n, int ms)
{
	for (uint64_t end = clock_boot_ms() + (uint64_t)ms; clock_boot_ms() < end && line(name).used != n;)
		stage_run(&house.s, 50);
	return line(name).used == n;
}

static bool is_refused_more(const char *name, uint64_t than)
{
	for (int i = 0; i < HOUSE_ARRIVAL_MS / 50 && line(name).refused <= than; i++)
		stage_run(&house.s, 50);
	return line(name).refused > than;
}

static uint64_t join_of(uint32_t row)
{
	return 1000 + row;
}

/* A call whose sides both shake hands, media beginning. Nobody answers. */
static void wish_keying(uint32_t row, bool emergency)
{
	house_wish(row, &a, &b);
	house.spec.emergency = emergency;
	for (int i = 0; i < 2; i++) {
		struct relay_side *s = &house.spec.side[i];
		s->end = RELAY_ENDED_DTLS;
		s->dtls_active = 1;
		s->fingerprint.hash = SDP_SHA_256;
		memcpy(s->fingerprint.bytes, far.digest, sizeof s->fingerprint.bytes);
	}
	house_send_wish(join_of(row));
}

static void close_rows(uint32_t first, uint32_t last)
{
	for (uint32_t row = first; row <= last; row++)
		house_close(join_of(row));
}

/* A call of which one side shakes hands with `far`, who begins, or media does. */
static void wish_far(uint32_t row, bool active)
{
	phone_begin(&patient, SDP_AES_CM_128_HMAC_SHA1_80);
	phone_begin(&other, SDP_AEAD_AES_128_GCM);
	patient.port = (uint16_t)(HOUSE_LO + 4 * row);
	other.port = (uint16_t)(patient.port + 2);
	house_wish(row, &patient, &other);
	struct relay_side *s = &house.spec.side[0];
	s->end = RELAY_ENDED_DTLS;
	s->dtls_active = active;
	s->fingerprint.hash = SDP_SHA_256;
	memcpy(s->fingerprint.bytes, far.digest, sizeof s->fingerprint.bytes);
	house_send_wish(join_of(row));
}

static bool far_talks(bool client, int ms)
{
	if (far_handshake(&far, ms) != 0)
		return false;
	return far_sees_our_cert(&far) && far_keys(&far, client) && house_talks(&patient, &other);
}

static bool finish_and_talk(uint32_t row)
{
	wish_far(row, false);
	bool ok = far_begin(&far, true, FAR_MODERN, true) && far_talks(true, 8000);
	far_end(&far);
	return ok;
}

static void handshakes_run_out(void)
{
	struct status_line l = line("dtls");

	CHECK(far_make_cert(&far, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), SDP_SHA_256));
	CHECK(pool_share(END_DTLS_MAX) == SHARE && l.used == 0 && l.limit == END_DTLS_MAX && l.refused == 0);
	for (uint32_t row = 0; row < CALLS; row++)
		wish_keying(row, false);
	CHECK(comes_to("dtls", ORDINARY, FILL_MS));
	l = line("dtls");
	CHECK(l.refused == 0 && l.peak == ORDINARY); /* nobody was refused while there was room */
	wish_keying(LATE, false);
	CHECK(is_refused_more("dtls", 0) && line("dtls").used == ORDINARY);
	/* one who begins himself is not answered beyond his cookie */
	wish_far(PATIENT, false);
	CHECK(far_begin(&far, true, FAR_MODERN, true) && far_handshake(&far, 1000) == GNUTLS_E_AGAIN);
	CHECK(line("dtls").used == ORDINARY);
	/* an emergency has its share, to the last place */
	for (uint32_t row = FIRST_EMERGENCY; row < LAST_EMERGENCY; row++)
		wish_keying(row, true);
	CHECK(comes_to("dtls", END_DTLS_MAX, FILL_MS));
	uint64_t before = line("dtls").refused;
	wish_keying(LAST_EMERGENCY, true);
	CHECK(is_refused_more("dtls", before));
	l = line("dtls");
	CHECK(l.used == END_DTLS_MAX && l.peak == END_DTLS_MAX);
	l = line("relays");
	CHECK(l.used == ROWS && l.limit == ROWS && l.peak == ROWS);
	/* places that come back are an emergency's first */
	house_close(join_of(0));
	CHECK(comes_to("dtls", END_DTLS_MAX, HOUSE_ARRIVAL_MS));
	close_rows(1, CALLS - 1);
	CHECK(far_talks(true, 8000)); /* who waited has one */
	CHECK(comes_to("dtls", SHARE + 2 + 2 + 1, HOUSE_ARRIVAL_MS));
	far_end(&far);
	close_rows(LATE, LAST_EMERGENCY);
	CHECK(comes_to("dtls", 0, HOUSE_ARRIVAL_MS) && comes_to("relays", 0, HOUSE_ARRIVAL_MS));
	uint64_t all = line("dtls").refused;
	stage_run(&house.s, 1000);
	CHECK(line("dtls").refused == all && line("dtls").used == 0);
}

/* A full table once more: nothing leaked. A call that is keyed needs its handshake no longer, and loses nothing with it. */
static void what_is_done_makes_room(void)
{
	uint64_t before = line("dtls").refused;

	CHECK(finish_and_talk(PATIENT) && line("dtls").used == 1);
	for (uint32_t row = 0; row < CALLS; row++)
		wish_keying(row, false);
	CHECK(comes_to("dtls", ORDINARY, FILL_MS) && line("dtls").refused == before);
	CHECK(house_talks(&patient, &other));
	house_close(join_of(PATIENT));
}

/* The table is full of handshakes that nobody answers: they are given up, and the places go round. */
static void who_never_answers_gives_his_place_up(void)
{
	uint64_t failed = house_counter("dtls-failed");

	CHECK(line("dtls").used == ORDINARY);
	wish_far(PATIENT, false);
	CHECK(far_begin(&far, true, FAR_MODERN, true) && far_handshake(&far, 1000) == GNUTLS_E_AGAIN);
	bool talks = false;
	for (uint64_t end = clock_boot_ms() + UNANSWERED_MS; !talks && clock_boot_ms() < end;) {
		far_end(&far); /* a phone that asks anew */
		talks = far_begin(&far, true, FAR_MODERN, true) && far_talks(true, 3000);
	}
	CHECK(talks);
	far_end(&far);
	CHECK(house_counter("dtls-failed") > failed);
	close_rows(0, CALLS - 1);
	house_close(join_of(PATIENT));
	CHECK(comes_to("dtls", 0, HOUSE_ARRIVAL_MS));
}

static void ban(const struct addr *address, uint64_t until_ms)
{
	struct msg_ban *m = ipc_begin(house.core, MSG_BAN);

	for (int i = 0; i < 500 && !m; i++) { /* credit comes back as media reads */
		stage_run(&house.s, 10);
		m = ipc_begin(house.core, MSG_BAN);
	}
	if (!m)
		abort();
	m->address = *address;
	m->until_ms = until_ms;
	ipc_end(house.core);
}

static struct addr stranger(uint32_t i)
{
	struct addr at;

	addr_parse_ip(SPAN("10.9.0.0"), &at);
	at.ip[14] = (uint8_t)(i >> 8);
	at.ip[15] = (uint8_t)i;
	return at;
}

static void ban_strangers(uint32_t n, uint64_t until_ms)
{
	for (uint32_t i = 0; i < n; i++) {
		struct addr at = stranger(i);
		ban(&at, until_ms);
	}
	house_settle();
}

static void bans_run_out(void)
{
	uint64_t later = clock_boot_ms() + 600000;
	struct status_line l = line("bans");

	CHECK(finish_and_talk(PATIENT) && l.used == 0 && l.limit == BAN_TABLE_MAX && l.refused == 0);
	ban_strangers(BAN_TABLE_MAX, later);
	CHECK(comes_to("bans", BAN_TABLE_MAX, BANS_MS));
	l = line("bans");
	CHECK(l.peak == BAN_TABLE_MAX && l.refused == 0);
	ban(&patient.addr, later); /* one too many: it is counted, and takes no other's place */
	CHECK(is_refused_more("bans", 0));
	l = line("bans");
	CHECK(l.used == BAN_TABLE_MAX && l.refused == 1 && house_talks(&patient, &other));
	struct addr first = stranger(0);
	ban(&first, clock_boot_ms() - 1000);
	CHECK(comes_to("bans", BAN_TABLE_MAX - 1, BANS_MS));
	ban(&patient.addr, later);
	CHECK(comes_to("bans", BAN_TABLE_MAX, BANS_MS) && !house_says(&patient, &other, 0x33));
	ban(&patient.addr, clock_boot_ms() - 1000);
	ban_strangers(BAN_TABLE_MAX, clock_boot_ms() - 1000);
	CHECK(comes_to("bans", 0, BANS_MS));
	l = line("bans");
	CHECK(l.peak == BAN_TABLE_MAX && l.refused == 1 && house_talks(&patient, &other));
	house_close(join_of(PATIENT));
}

int main(int argc, char **argv)
{
	house.rows = ROWS;
	if (argc != 2 || !house_open(argv[1])) {
		fprintf(stderr, "media does not start: %s\n", house.s.reason);
		return 1;
	}
	phone_open(&a, "127.0.0.2");
	phone_open(&b, "127.0.0.3");
	phone_open(&patient, "127.0.0.4");
	phone_open(&other, "127.0.0.5");
	phone_begin(&a, SDP_AES_CM_128_HMAC_SHA1_80);
	phone_begin(&b, SDP_AES_CM_128_HMAC_SHA1_80);
	far.p = &patient;
	RUN(handshakes_run_out);
	RUN(what_is_done_makes_room);
	RUN(who_never_answers_gives_his_place_up);
	RUN(bans_run_out);
	gnutls_certificate_free_credentials(far.cert);
	house_end();
	return TEST_END;
}
