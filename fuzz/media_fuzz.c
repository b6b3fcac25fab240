/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "gate.h"
#include "ice.h"
#include "police.h"
#include "source.h"

static const char *const host[] = {"198.51.100.1", "198.51.100.2", "203.0.113.9"};

static struct addr at(unsigned which, uint16_t port)
{
	struct addr a;

	FUZZ_CHECK(addr_parse_ip(span_str(host[which % 3]), &a));
	a.port = port;
	return a;
}

static void side_init(struct relay_side *s, unsigned i, uint8_t choice)
{
	*s = (struct relay_side){.present = 1,
	    .hears = RELAY_HEARS_OTHER,
	    .events = 1,
	    .source = choice % RELAY_SOURCES,
	    .direction = RELAY_BOTH,
	    .tag_len = choice & 0x10 ? 10 : choice & 0x20 ? 16 : 0,
	    .rtp = at(i, choice & 0x40 ? 5000 : 0),
	    .rtcp = at(i, 5001),
	    .ice_ufrag = "ours",
	    .ice_pwd = "0123456789012345678901",
	    .payloads = 4,
	    .payload = {{0, RELAY_FRAME_PCM}, {9, RELAY_FRAME_PCM}, {111, RELAY_FRAME_OPUS}, {101, RELAY_FRAME_EVENT}}};
	s->local = at(2, (uint16_t)(20000 + 2 * i));
	s->local_rtcp = (uint16_t)(s->local.port + (choice >> 7));
}

static void wish(struct relay_row *r, uint8_t key, uint8_t more, uint64_t now_ms)
{
	for (int s = 0; s < 2; s++) {
		r->spec.side[s].key = key % RELAY_KEYS;
		r->spec.side[s].keyed = r->spec.side[s].key == RELAY_KEY_SDES && more & 1;
		r->spec.side[s].learn_epoch += more >> 1 & 1;
	}
	r->spec.answered |= more & 1;
	struct relay_side another = r->spec.side[0];
	another.ice_pwd[0] ^= more >> 2 & 1;
	source_forget(r, 0, &another);
	r->spec.side[0] = another;
	FUZZ_CHECK(relay_spec_ok(&r->spec));
	gate_set(r, now_ms);
	source_set(r, 0, now_ms);
	source_set(r, 1, now_ms);
}

/* What passes as media has not the shape of anything clear, and its gate is open. */
static void packet(struct relay_row *r, uint8_t how, struct span d, uint64_t now_ms)
{
	unsigned side = how & 1, component = how >> 1 & 1;
	struct addr from = at(how >> 2, (uint16_t)(5000 + (how >> 4)));
	bool learned;

	if (!source_ok(r, side, component, &from, now_ms, &learned)) {
		uint8_t room[STUN_ANSWER_MAX];
		struct buf answer = buf_of(room, sizeof room);
		static struct source_pair pair[2][COMPONENTS];
		struct source_check check = {.pair = &pair[side][component], .now_ms = now_ms, .passed = how};
		if (ice_check(&r->spec.side[side], &from, d, &answer, &check.nominates) == ICE_PROVED)
			source_proved(r, side, component, &from, &check);
		FUZZ_CHECK(!answer.full);
		return;
	}
	FUZZ_CHECK(addr_eq(&r->source[side].addr[component], &from));
	struct gate_verdict v = gate_judge(r, side, component, d, now_ms);
	if (v.drop || v.kind == GATE_KEYING)
		return;
	uint64_t opens = r->gate.opens_ms[component][side];
	FUZZ_CHECK(opens && opens <= now_ms && r->gate.key != RELAY_KEY_NONE);
	struct rtp rtp;
	if (wire_classify(d) == WIRE_RTCP)
		FUZZ_CHECK(!rtcp_is_clear(d));
	else
		FUZZ_CHECK(rtp_parse(d, &rtp) && (rtp.pt != 0 || rtp.payload_len % RTP_SHAPE_UNIT != 0));
}

/* A wish, then {what, length (2), datagram} or new wishes and time over and over. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cursor c = cursor_of(span_of(data, n));
	struct relay_row row = {.join = 1};
	struct bucket bucket = {0};
	uint64_t now_ms = 1000000;
	uint8_t a, b, key, how;
	struct span d;
	uint16_t len;

	if (!cursor_u8(&c, &a) || !cursor_u8(&c, &b) || !cursor_u8(&c, &key))
		return 0;
	side_init(&row.spec.side[0], 0, a);
	side_init(&row.spec.side[1], 1, b);
	wish(&row, key, key >> 4, now_ms);
	while (cursor_u8(&c, &how) && cursor_u16(&c, &len)) {
		if (how >= 0xf0) {
			wish(&row, how & 0xf, (uint8_t)len, now_ms);
			now_ms += len;
			police_ok(&bucket, POLICE_MEDIA_A_SECOND, now_ms);
			FUZZ_CHECK(bucket.thousandths <= POLICE_MEDIA_A_SECOND * 1000);
			continue;
		}
		if (!cursor_span(&c, len, &d))
			cursor_span(&c, cursor_left(&c), &d);
		packet(&row, how, d, now_ms);
		now_ms += 20;
	}
	return 0;
}
