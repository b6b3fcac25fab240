/* SPDX-License-Identifier: ISC */
#include "gate.h"

static void open_all(struct relay_gate *g, uint64_t at_ms)
{
	for (int c = 0; c < COMPONENTS; c++)
		for (int from = 0; from < 2; from++)
			if (!g->opens_ms[c][from])
				g->opens_ms[c][from] = at_ms;
}

void gate_set(struct relay_row *r, uint64_t now_ms)
{
	struct relay_gate *g = &r->gate;
	static const uint8_t none[32];

	if (r->spec.side[0].key != g->key) {
		*g = (struct relay_gate){.key = r->spec.side[0].key};
		r->told_open = 0;
		r->answered_ms = 0; /* the patience begins anew with the keys */
		for (int s = 0; s < 2; s++) {
			g->zrtp.has_hash[s] = memcmp(r->spec.side[s].zrtp_hash, none, sizeof none) != 0;
			memcpy(g->zrtp.hash[s], r->spec.side[s].zrtp_hash, sizeof g->zrtp.hash[s]);
		}
	}
	if (g->key == RELAY_KEY_SDES && r->spec.side[0].keyed && r->spec.side[1].keyed)
		open_all(g, now_ms);
	if (r->spec.answered && !r->answered_ms)
		r->answered_ms = now_ms;
}

bool gate_is_open(const struct relay_row *r, uint64_t now_ms)
{
	const uint64_t *at = r->gate.opens_ms[COMPONENT_RTP];
	return at[0] && at[1] && at[0] <= now_ms && at[1] <= now_ms;
}

static struct gate_verdict keying(struct gate_verdict v)
{
	v.kind = GATE_KEYING;
	return v;
}

static struct gate_verdict judge_dtls(
    struct relay_row *r, unsigned side, unsigned component, struct span packet, uint64_t now_ms)
{
	struct relay_gate *g = &r->gate;

	if (g->key != RELAY_KEY_DTLS)
		return (struct gate_verdict){.drop = DROP_SHUT};
	struct dtls_watch before = g->dtls[component];
	uint8_t keyed = dtls_watch_feed(&g->dtls[component], side, packet);
	for (unsigned end = 0; end < 2; end++)
		if (keyed >> end & 1)
			g->opens_ms[component][end] = now_ms + GATE_SETTLE_MS;
	/* zeroed and copied as a whole */
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	return keying((struct gate_verdict){.changed = memcmp(&before, &g->dtls[component], sizeof before) != 0});
}

static struct gate_verdict judge_zrtp(
    struct relay_row *r, unsigned side, unsigned component, struct span packet, uint64_t now_ms)
{
	struct relay_gate *g = &r->gate;

	/* ZRTP may also run inside a call keyed otherwise; what it agrees on then is the phones' own affair */
	if (component != COMPONENT_RTP || (g->key != RELAY_KEY_ZRTP && g->key != RELAY_KEY_SDES))
		return (struct gate_verdict){.drop = DROP_SHUT};
	struct zrtp_watch before = g->zrtp;
	uint8_t what = zrtp_watch_feed(&g->zrtp, side, packet);
	if (what & ZRTP_OPENED)
		open_all(g, now_ms);
	return keying((struct gate_verdict){.drop = what & ZRTP_RELAY ? DROP_NONE : DROP_SHAPE,
	    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	    .changed = memcmp(&before, &g->zrtp, sizeof before) != 0,
	    .forged = g->zrtp.forged && !before.forged});
}

uint8_t gate_tag_len(const struct relay_row *r, unsigned side, unsigned component)
{
	if (r->gate.key == RELAY_KEY_DTLS)
		return dtls_watch_tag_len(&r->gate.dtls[component]);
	if (r->gate.key == RELAY_KEY_ZRTP)
		return zrtp_watch_tag_len(&r->gate.zrtp);
	return r->spec.side[side].tag_len;
}

/* The codec that stands for a frame rule in rtp_shape_ok(); -1: payload type not agreed. */
static int codec_of(const struct relay_side *s, uint8_t pt)
{
	static const int8_t codec[RELAY_FRAMES] = {
	    [RELAY_FRAME_NONE] = -1,
	    [RELAY_FRAME_PCM] = SDP_PCMU,
	    [RELAY_FRAME_OPUS] = SDP_OPUS,
	    [RELAY_FRAME_EVENT] = SDP_TELEPHONE_EVENT,
	};

	for (int i = 0; i < s->payloads; i++)
		if (s->payload[i].type == pt)
			return codec[s->payload[i].frame];
	return -1;
}

void gate_watch_opus(struct relay_row *r, unsigned side, uint16_t len)
{
	bool changed = r->opus_len[side] && r->opus_len[side] != len;

	r->opus_len[side] = len;
	if (changed && r->opus_changes[side] < OPUS_CHANGES_MAX)
		r->opus_changes[side]++;
}

static struct gate_verdict judge_rtp(struct relay_row *r, unsigned side, unsigned component, struct span packet)
{
	struct gate_verdict v = {.kind = GATE_MEDIA, .drop = DROP_SHAPE};
	struct rtp rtp;

	if (component != COMPONENT_RTP || !rtp_parse(packet, &rtp))
		return v;
	int codec = codec_of(&r->spec.side[side], rtp.pt);
	if (codec < 0 || !rtp_shape_ok(rtp.payload_len, (uint8_t)codec, gate_tag_len(r, side, component)))
		return v;
	v.drop = DROP_NONE;
	if (codec == SDP_OPUS)
		gate_watch_opus(r, side, rtp.payload_len);
	return v;
}

static struct gate_verdict judge_rtcp(struct relay_row *r, unsigned side, unsigned component, struct span packet)
{
	bool mux = r->spec.side[side].local_rtcp == r->spec.side[side].local.port;
	bool ok =
	    component == (mux ? COMPONENT_RTP : COMPONENT_RTCP) && packet.n >= SRTCP_LEAST && !rtcp_is_clear(packet);

	return (struct gate_verdict){.kind = GATE_MEDIA, .drop = ok ? DROP_NONE : DROP_SHAPE};
}

struct gate_verdict gate_judge(
    struct relay_row *r, unsigned side, unsigned component, struct span packet, uint64_t now_ms)
{
	enum wire_kind kind = wire_classify(packet);
	uint64_t opens = r->gate.opens_ms[component][side];

	if (kind == WIRE_DTLS)
		return judge_dtls(r, side, component, packet, now_ms);
	if (kind == WIRE_ZRTP)
		return judge_zrtp(r, side, component, packet, now_ms);
	if (kind != WIRE_RTP && kind != WIRE_RTCP)
		return (struct gate_verdict){.kind = GATE_MEDIA, .drop = DROP_SHAPE};
	if (!opens || opens > now_ms)
		return (struct gate_verdict){.kind = GATE_MEDIA, .drop = DROP_SHUT};
	return kind == WIRE_RTP ? judge_rtp(r, side, component, packet) : judge_rtcp(r, side, component, packet);
}
