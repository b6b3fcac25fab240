/* SPDX-License-Identifier: ISC */
/* A description that is kept is the same when it is taken out again, whatever of it is used. */
#include "base/rand.h"
#include "test.h"
#include "wire/sdp.h"

enum { TRIES = 20000 };

static uint8_t below(uint32_t n)
{
	return (uint8_t)(rand_u32() % n);
}

static void word(char *out, size_t size)
{
	size_t n = 1 + rand_u32() % (size - 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)('a' + below(26));
}

static struct addr place(void)
{
	struct addr a = {.port = (uint16_t)(1 + rand_u32() % 65535), .family = below(2) ? 4 : 6};

	rand_bytes(a.ip, sizeof a.ip);
	if (a.family == 4)
		memcpy(a.ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0", 13);
	else
		memcpy(a.ip, "\x20\x01\x0d\xb8", 4);
	return a;
}

static void lines(struct sdp *s)
{
	s->line_n = below(SDP_MEDIA_MAX + 1);
	s->audio_line = s->line_n ? below(s->line_n) : SDP_NO_AUDIO;
	for (int i = 0; i < s->line_n; i++) {
		word(s->line[i].media, sizeof s->line[i].media);
		word(s->line[i].proto, sizeof s->line[i].proto);
		word(s->line[i].format, sizeof s->line[i].format);
	}
}

static void keys(struct sdp_audio *a)
{
	a->crypto_n = below(SDP_CRYPTO_MAX + 1);
	for (uint32_t i = 0; i < a->crypto_n; i++) {
		a->crypto[i].tag = i;
		a->crypto[i].suite = below(SDP_SUITE_N);
		a->crypto[i].key_len = sdp_suite_key_len(a->crypto[i].suite);
		rand_bytes(a->crypto[i].key, a->crypto[i].key_len);
	}
	a->fingerprint_n = below(SDP_FINGERPRINTS_MAX + 1);
	for (int i = 0; i < a->fingerprint_n; i++) {
		a->fingerprint[i].hash = below(SDP_HASH_N);
		rand_bytes(a->fingerprint[i].bytes, sdp_hash_len(a->fingerprint[i].hash));
	}
	a->zrtp = below(2);
	if (a->zrtp) {
		memcpy(a->zrtp_version, "1.10", 5);
		rand_bytes(a->zrtp_hash, sizeof a->zrtp_hash);
	}
}

static void ice(struct sdp_audio *a)
{
	a->candidate_n = below(SDP_CANDIDATES_MAX + 1);
	for (int i = 0; i < a->candidate_n; i++) {
		a->candidate[i] = (struct sdp_candidate){
		    .addr = place(), .priority = 1, .component = 1, .type = below(SDP_CANDIDATE_TYPE_N)};
		word(a->candidate[i].foundation, sizeof a->candidate[i].foundation);
	}
	if (below(2)) {
		memset(a->ice_ufrag, 'u', 4 + below(SDP_UFRAG_MAX - 3));
		memset(a->ice_pwd, 'p', 22 + below(SDP_PWD_MAX - 21));
	}
}

static void codecs(struct sdp_audio *a)
{
	a->codec_n = below(SDP_CODECS_MAX + 1);
	for (uint32_t i = 0; i < a->codec_n; i++) {
		a->codec[i] = (struct sdp_codec){
		    .pt = (uint8_t)(96 + i), .codec = SDP_OPUS, .channels = 2, .clock = 48000};
		a->codec[i].opus_flags = below(SDP_OPUS_FLAGS + 1);
		a->codec[i].opus_max_average_bitrate = rand_u32() % 510000;
	}
}

static void any(struct sdp *s)
{
	memset(s, 0, sizeof *s);
	s->id = rand_u32();
	s->version = rand_u32();
	lines(s);
	s->audio.at = place();
	s->audio.direction = below(SDP_DIRECTION_N);
	s->audio.setup = below(SDP_SETUP_N);
	s->audio.rtcp_mux = below(2);
	codecs(&s->audio);
	keys(&s->audio);
	ice(&s->audio);
}

static void what_is_kept_comes_back(void)
{
	uint8_t packed[SDP_PACKED_MAX + 1] = {0};
	struct sdp s, again;

	for (int i = 0; i < TRIES; i++) {
		any(&s);
		size_t n = sdp_pack(&s, packed);
		CHECK(sdp_ok(&s) && n <= SDP_PACKED_MAX);
		memset(&again, 0xa5, sizeof again);
		CHECK(sdp_unpack(span_of(packed, n), &again) && !memcmp(&s, &again, sizeof s));
		size_t cut = rand_u32() % n;
		CHECK(!sdp_unpack(span_of(packed, cut), &again));
		packed[n] = 0;
		CHECK(!sdp_unpack(span_of(packed, n + 1), &again));
	}
}

/* What stands behind the used part of an array is not part of the description. */
static void the_unused_is_not_kept(void)
{
	uint8_t packed[SDP_PACKED_MAX];
	struct sdp s, dirty, again;

	for (int i = 0; i < TRIES / 10; i++) {
		any(&s);
		dirty = s;
		for (int k = s.audio.crypto_n; k < SDP_CRYPTO_MAX; k++)
			memset(&dirty.audio.crypto[k], 0x5a, sizeof dirty.audio.crypto[k]);
		for (int k = s.line_n; k < SDP_MEDIA_MAX; k++)
			memset(&dirty.line[k], 'x', sizeof dirty.line[k]);
		dirty.version++;
		CHECK(sdp_same_session(&s, &dirty));
		CHECK(sdp_unpack(span_of(packed, sdp_pack(&dirty, packed)), &again));
		again.version = s.version;
		CHECK(!memcmp(&s, &again, sizeof s));
		dirty.audio.at.port ^= 1;
		CHECK(!sdp_same_session(&s, &dirty));
	}
}

static void counts_beyond_the_arrays_are_refused(void)
{
	uint8_t packed[SDP_PACKED_MAX], wrong[SDP_PACKED_MAX];
	struct sdp s, again;

	any(&s);
	size_t n = sdp_pack(&s, packed);

	for (size_t i = 0; i < n; i++)
		for (int v = 0; v < 256; v++) {
			memcpy(wrong, packed, n);
			wrong[i] = (uint8_t)v;
			if (sdp_unpack(span_of(wrong, n), &again))
				CHECK(again.line_n <= SDP_MEDIA_MAX && again.audio.codec_n <= SDP_CODECS_MAX &&
				      again.audio.crypto_n <= SDP_CRYPTO_MAX && again.audio.candidate_n <= SDP_CANDIDATES_MAX);
		}
}

/* Nor where there is no line before them. */
static void counts_of_a_description_without_lines(void)
{
	static uint8_t packed[32768];
	static struct {
		struct sdp sdp;
		uint8_t behind[65536];
	} out;
	struct sdp s = {.audio_line = SDP_NO_AUDIO};
	size_t n = sdp_pack(&s, packed);

	for (size_t i = 0; i < n; i++) {
		memset(&out, 0, sizeof out);
		memset(packed, 0xa5, sizeof packed);
		sdp_pack(&s, packed);
		packed[i] = 255;
		CHECK(!sdp_unpack(span_of(packed, sizeof packed), &out.sdp));
		for (size_t k = 0; k < sizeof out.behind; k++)
			CHECK(out.behind[k] == 0);
	}
}

int main(void)
{
	RUN(what_is_kept_comes_back);
	RUN(the_unused_is_not_kept);
	RUN(counts_beyond_the_arrays_are_refused);
	RUN(counts_of_a_description_without_lines);
	return TEST_END;
}
