/* SPDX-License-Identifier: ISC */
/* Whole arenas of media, spoiled in many places at once: {table, record, offset (2), length, value} over and over, on rows of calls
 * that pass and that end in media; an octet that is left over says how many ports the next life has. What is taken over is a wish that core may have, on ports of its own, and nothing is sealed again
 * that may have been sealed before. */
#include "apart.h"
#include "end.h"
#include "kept.h"

enum { LO = 20000, ROWS = 4, STEP = 6, SENT = 70000 };

static struct arena_table table[MEDIA_TABLES];
static int fd;

static void open_for(uint32_t rows)
{
	const struct site site = {.media_port_lo = LO, .media_port_hi = (uint16_t)(LO + RELAY_PORTS * rows - 1)};

	kept_open(fd, &site, table);
}

static struct relay_row row_of(uint32_t index)
{
	struct relay_row r = {.join = 1 + index, .spec = {.answered = 1}};

	for (unsigned i = 0; i < 2; i++) {
		struct relay_side *s = &r.spec.side[i];
		*s = (struct relay_side){.present = 1, .end = (uint8_t)(index % RELAY_ENDS), .source = RELAY_SOURCE_LEARN,
		    .direction = RELAY_BOTH, .keyed = 1, .hears = RELAY_HEARS_OTHER, .events = 1, .key = RELAY_KEY_SDES,
		    .tag_len = 10, .suite = SDP_AES_CM_128_HMAC_SHA1_80, .key_ours = {1}, .key_theirs = {2},
		    .fingerprint = {.hash = SDP_SHA_256, .bytes = {3}}, .ice_ufrag = "abcd", .ice_pwd = "0123456789012345678901",
		    .payloads = 1, .payload = {{0, RELAY_FRAME_PCM, SDP_PCMU, 0}}};
		FUZZ_CHECK(addr_parse_ip(SPAN("198.51.100.1"), &s->local) && addr_parse_ip(SPAN("198.51.100.2"), &s->rtp));
		s->local.port = (uint16_t)(LO + RELAY_PORTS * index + 2 * i);
		s->local_rtcp = (uint16_t)(s->local.port + 1);
		s->rtcp = s->rtp;
	}
	return r;
}

static void write_whole(void)
{
	struct end_kept k = {.keyed = 1, .suite = SDP_AES_CM_128_HMAC_SHA1_80, .key_ours = {1}, .key_theirs = {2},
	    .cname = "0123456789abcdef", .sent = {.ssrc = 7, .next = SENT, .rate = 8000}, .reserved = SENT + END_AHEAD,
	    .heard.source = {{9, 0, SENT}}};

	fd = memfd_create("arena", MFD_CLOEXEC);
	open_for(ROWS);
	for (uint32_t i = 0; i < ROWS; i++) {
		const struct relay_row r = row_of(i);
		FUZZ_CHECK(relay_spec_ok(&r.spec));
		arena_put(&table[MEDIA_ROWS], i, &r);
		k.join = r.join;
		k.end = r.spec.side[0].end;
		for (uint32_t side = 0; side < 2 && k.end; side++)
			arena_put(&table[MEDIA_ENDS], 2 * i + side, &k);
	}
}

static void spoil(const uint8_t *step)
{
	struct arena_table *t = &table[step[0] % MEDIA_TABLES];
	const uint8_t *record = arena_get(t, step[1] % t->count);
	uint32_t at = (uint32_t)(step[2] | step[3] << 8) % t->record_size, n = step[4];

	if (record)
		memset(t->base + (record - t->base) + at, step[5], n < t->record_size - at ? n : t->record_size - at);
}

static void next_life(const uint8_t *data, size_t n)
{
	write_whole();
	for (; n >= STEP; data += STEP, n -= STEP)
		spoil(data);
	if (n)
		open_for(1 + data[0] % (2 * ROWS));
	table_open(&table[MEDIA_ROWS], LO);
	end_open(&table[MEDIA_ENDS]);
	for (uint32_t i = 0; i < table_rows(); i++) {
		const struct relay_row *r = table_row(i);
		FUZZ_CHECK(!r || (relay_spec_ok(&r->spec) && table_ports_fit(&r->spec, i) && table_find(r->join) == i));
		for (unsigned side = 0; side < 2 && r; side++) {
			/* what DTLS agrees on anew is engine's to begin */
			if (r->spec.side[side].end == RELAY_ENDED_DTLS)
				continue;
			end_resume(i, side);
			const struct end *e = end_at(i, side);
			FUZZ_CHECK(!e || e->kept.sent.next <= e->kept.reserved);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz_apart(next_life, data, n);
	return 0;
}
