/* SPDX-License-Identifier: ISC */
#include "wire/sdp_int.h"

static void put_ip(struct buf *b, const struct addr *a)
{
	buf_str(b, a->family == 6 ? "IN IP6 " : "IN IP4 ");
	if (a->family)
		addr_put_ip(b, a);
	else
		BUF_LIT(b, "0.0.0.0");
}

static void put_name(struct buf *b, const char *name)
{
	BUF_LIT(b, "a=");
	buf_str(b, name);
}

static void put_number(struct buf *b, const char *name, uint64_t v)
{
	put_name(b, name);
	buf_u8(b, ':');
	buf_decimal(b, v);
	BUF_LIT(b, "\r\n");
}

static void put_text(struct buf *b, const char *name, const char *value)
{
	put_name(b, name);
	buf_u8(b, ':');
	buf_str(b, value);
	BUF_LIT(b, "\r\n");
}

static void put_flag(struct buf *b, bool yes, const char *name)
{
	if (yes) {
		put_name(b, name);
		BUF_LIT(b, "\r\n");
	}
}

static void put_session(struct buf *b, const struct sdp *sdp)
{
	BUF_LIT(b, "v=0\r\no=- ");
	buf_decimal(b, sdp->id);
	buf_u8(b, ' ');
	buf_decimal(b, sdp->version);
	buf_u8(b, ' ');
	put_ip(b, &sdp->audio.at);
	BUF_LIT(b, "\r\ns=-\r\nc=");
	put_ip(b, &sdp->audio.at);
	BUF_LIT(b, "\r\nt=0 0\r\n");
	put_flag(b, sdp->audio.ice_lite, "ice-lite");
}

static void put_opus_number(struct buf *b, const char *name, uint32_t v)
{
	if (v) {
		buf_u8(b, ';');
		buf_str(b, name);
		buf_u8(b, '=');
		buf_decimal(b, v);
	}
}

/* RFC 6562, 3: constant rate, whatever the phone said; useinbandfec does not change the length of a packet
 * then. */
static void put_opus(struct buf *b, const struct sdp_codec *c)
{
	BUF_LIT(b, "cbr=1");
	buf_str(b, c->opus_flags & SDP_OPUS_FEC ? ";useinbandfec=1" : "");
	buf_str(b, c->opus_flags & SDP_OPUS_STEREO ? ";stereo=1" : "");
	buf_str(b, c->opus_flags & SDP_OPUS_SPROP_STEREO ? ";sprop-stereo=1" : "");
	put_opus_number(b, "maxaveragebitrate", c->opus_max_average_bitrate);
	put_opus_number(b, "maxplaybackrate", c->opus_max_playback_rate);
	put_opus_number(b, "sprop-maxcapturerate", c->opus_max_capture_rate);
}

static void put_fmtp(struct buf *b, const struct sdp_codec *c)
{
	if (c->codec != SDP_OPUS && c->codec != SDP_TELEPHONE_EVENT)
		return;
	BUF_LIT(b, "a=fmtp:");
	buf_decimal(b, c->pt);
	buf_u8(b, ' ');
	if (c->codec == SDP_OPUS)
		put_opus(b, c);
	else
		BUF_LIT(b, "0-15");
	BUF_LIT(b, "\r\n");
}

static void put_codec(struct buf *b, const struct sdp_codec *c)
{
	BUF_LIT(b, "a=rtpmap:");
	buf_decimal(b, c->pt);
	buf_u8(b, ' ');
	buf_str(b, sdp_codec_name(c->codec));
	buf_u8(b, '/');
	buf_decimal(b, c->clock);
	if (c->channels > 1) {
		buf_u8(b, '/');
		buf_decimal(b, c->channels);
	}
	BUF_LIT(b, "\r\n");
	put_fmtp(b, c);
}

static void put_crypto(struct buf *b, const struct sdp_crypto *c)
{
	BUF_LIT(b, "a=crypto:");
	buf_decimal(b, c->tag);
	buf_u8(b, ' ');
	buf_str(b, sdp_suite_name(c->suite));
	BUF_LIT(b, " inline:");
	buf_base64(b, c->key, c->key_len);
	if (c->lifetime_log2) {
		BUF_LIT(b, "|2^");
		buf_decimal(b, c->lifetime_log2);
	}
	BUF_LIT(b, "\r\n");
}

static void put_fingerprint(struct buf *b, const struct sdp_fingerprint *f)
{
	static const char digit[] = "0123456789ABCDEF";
	uint8_t n = sdp_hash_len(f->hash);

	BUF_LIT(b, "a=fingerprint:");
	buf_str(b, sdp_hash_name(f->hash));
	for (uint8_t i = 0; i < n; i++) {
		buf_u8(b, i ? ':' : ' ');
		buf_u8(b, (uint8_t)digit[f->bytes[i] >> 4]);
		buf_u8(b, (uint8_t)digit[f->bytes[i] & 15]);
	}
	BUF_LIT(b, "\r\n");
}

static void put_dtls(struct buf *b, const struct sdp_audio *a)
{
	bool any = false;

	for (uint8_t i = 0; i < a->fingerprint_n; i++)
		if (a->fingerprint[i].hash != SDP_SHA_1) {
			put_fingerprint(b, &a->fingerprint[i]);
			any = true;
		}
	if (any && a->setup)
		put_text(b, "setup", sdp_setup_name(a->setup));
}

static void put_zrtp(struct buf *b, const struct sdp_audio *a)
{
	BUF_LIT(b, "a=zrtp-hash:");
	buf_str(b, a->zrtp_version);
	buf_u8(b, ' ');
	buf_hex(b, a->zrtp_hash, sizeof a->zrtp_hash);
	BUF_LIT(b, "\r\n");
}

static void put_candidate(struct buf *b, const struct sdp_candidate *c)
{
	BUF_LIT(b, "a=candidate:");
	buf_str(b, c->foundation);
	buf_u8(b, ' ');
	buf_decimal(b, c->component);
	BUF_LIT(b, " UDP ");
	buf_decimal(b, c->priority);
	buf_u8(b, ' ');
	addr_put_ip(b, &c->addr);
	buf_u8(b, ' ');
	buf_decimal(b, c->addr.port);
	BUF_LIT(b, " typ ");
	buf_str(b, sdp_candidate_type_name(c->type));
	if (c->type != SDP_HOST) /* RFC 8839, 5.1: must stand there, and may say nothing */
		buf_str(b, c->addr.family == 6 ? " raddr :: rport 9" : " raddr 0.0.0.0 rport 9");
	BUF_LIT(b, "\r\n");
}

static void put_ice(struct buf *b, const struct sdp_audio *a)
{
	if (!a->ice_ufrag[0])
		return;
	put_text(b, "ice-ufrag", a->ice_ufrag);
	put_text(b, "ice-pwd", a->ice_pwd);
	if (a->ice_trickle)
		put_text(b, "ice-options", "trickle");
	for (uint8_t i = 0; i < a->candidate_n; i++)
		put_candidate(b, &a->candidate[i]);
	put_flag(b, a->ice_end, "end-of-candidates");
}

static void put_rtcp(struct buf *b, const struct sdp_audio *a)
{
	if (a->rtcp.family) {
		BUF_LIT(b, "a=rtcp:");
		buf_decimal(b, a->rtcp.port);
		if (!addr_same_ip(&a->rtcp, &a->at)) {
			buf_u8(b, ' ');
			put_ip(b, &a->rtcp);
		}
		BUF_LIT(b, "\r\n");
	}
	put_flag(b, a->rtcp_mux, "rtcp-mux");
}

static void put_media_line(struct buf *b, const char *media, uint16_t port, const char *proto)
{
	BUF_LIT(b, "m=");
	buf_str(b, media);
	buf_u8(b, ' ');
	buf_decimal(b, port);
	buf_u8(b, ' ');
	buf_str(b, proto);
}

static void put_declined(struct buf *b, const struct sdp_line *l)
{
	put_media_line(b, l->media, 0, l->proto);
	buf_u8(b, ' ');
	buf_str(b, l->format);
	BUF_LIT(b, "\r\n");
}

static void put_audio(struct buf *b, const struct sdp_audio *a)
{
	put_media_line(b, "audio", a->at.port, sdp_proto_name(a->proto));
	for (uint8_t i = 0; i < a->codec_n; i++) {
		buf_u8(b, ' ');
		buf_decimal(b, a->codec[i].pt);
	}
	BUF_LIT(b, "\r\n");
	for (uint8_t i = 0; i < a->codec_n; i++)
		put_codec(b, &a->codec[i]);
	if (a->ptime_ms)
		put_number(b, "ptime", a->ptime_ms);
	if (a->maxptime_ms)
		put_number(b, "maxptime", a->maxptime_ms);
	put_rtcp(b, a);
	for (uint8_t i = 0; i < a->crypto_n; i++)
		put_crypto(b, &a->crypto[i]);
	put_dtls(b, a);
	if (a->zrtp)
		put_zrtp(b, a);
	put_ice(b, a);
	put_flag(b, true, sdp_direction_name(a->direction));
}

bool sdp_write(struct buf *b, const struct sdp *sdp)
{
	if (!sdp_ok(sdp))
		return false;
	put_session(b, sdp);
	for (uint8_t i = 0; i < sdp->line_n; i++) {
		const struct sdp_audio *a = &sdp->audio;
		if (i == sdp->audio_line && a->at.port && a->codec_n && a->proto)
			put_audio(b, a);
		else
			put_declined(b, &sdp->line[i]);
	}
	return !b->full;
}
