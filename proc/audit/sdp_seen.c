/* SPDX-License-Identifier: ISC */
#include "audit/sdp_seen.h"
#include "audit/audit.h"

enum { LINES_MAX = 600, PT_MAX = 127 };

static const struct {
	struct span name;
	uint8_t pt;
} codecs[SEEN_CODECS] = {
    [SEEN_OTHER] = {{(const uint8_t *)"other", 5}, 255},
    [SEEN_PCMU] = {{(const uint8_t *)"PCMU", 4}, 0},
    [SEEN_PCMA] = {{(const uint8_t *)"PCMA", 4}, 8},
    [SEEN_G722] = {{(const uint8_t *)"G722", 4}, 9},
    [SEEN_GSM] = {{(const uint8_t *)"GSM", 3}, 3},
    [SEEN_G723] = {{(const uint8_t *)"G723", 4}, 4},
    [SEEN_G729] = {{(const uint8_t *)"G729", 4}, 18},
    [SEEN_ILBC] = {{(const uint8_t *)"iLBC", 4}, 255},
    [SEEN_OPUS] = {{(const uint8_t *)"opus", 4}, 255},
};

static const struct {
	struct span name;
	uint8_t key_len;
} suites[SEEN_SUITES] = {
    [SEEN_CM_128_80] = {{(const uint8_t *)"AES_CM_128_HMAC_SHA1_80", 23}, 30},
    [SEEN_CM_256_80] = {{(const uint8_t *)"AES_256_CM_HMAC_SHA1_80", 23}, 46},
    [SEEN_GCM_128] = {{(const uint8_t *)"AEAD_AES_128_GCM", 16}, 28},
    [SEEN_GCM_256] = {{(const uint8_t *)"AEAD_AES_256_GCM", 16}, 44},
    [SEEN_CM_128_32] = {{(const uint8_t *)"AES_CM_128_HMAC_SHA1_32", 23}, 30},
};

/* What is being read of one m= line. */
struct reading {
	struct sdp_seen *out;
	struct addr session; /* c= above the first m= */
	bool in_media, audio, keyed, zrtp;
	bool session_dtls;
};

size_t seen_suite_key_len(enum seen_suite s)
{
	return suites[s].key_len;
}

enum seen_codec seen_codec_of_pt(uint8_t pt)
{
	for (unsigned i = SEEN_OTHER + 1; i < SEEN_CODECS; i++)
		if (codecs[i].pt == pt)
			return (enum seen_codec)i;
	return SEEN_OTHER;
}

const char *seen_codec_name(enum seen_codec c)
{
	return (const char *)codecs[c].name.p;
}

static struct span word(struct span *rest)
{
	*rest = span_trim(*rest);
	size_t n = span_find(*rest, ' ');
	struct span w = span_head(*rest, n);
	*rest = span_skip(*rest, n);
	return w;
}

/* The line before is whole: was it clear? */
static void end_media(struct reading *r)
{
	if (r->audio && !r->keyed && !r->session_dtls)
		r->out->flags |= SIDE_CLEAR;
	if (r->audio && r->session_dtls)
		r->out->flags |= SIDE_DTLS;
}

static void read_connection(struct reading *r, struct span v)
{
	struct addr a = {0};
	struct sdp_seen *o = r->out;

	word(&v); /* IN */
	word(&v); /* IP4, IP6 */
	struct span ip = word(&v);
	if (!addr_parse_ip(span_head(ip, span_find(ip, '/')), &a))
		return;
	if (!r->in_media) {
		r->session = a;
	} else if (r->audio && o->media_n) {
		a.port = o->media[o->media_n - 1].port;
		o->media[o->media_n - 1] = a;
	}
}

static void read_media(struct reading *r, struct span v)
{
	struct sdp_seen *o = r->out;
	uint64_t port = 0, pt = 0;

	end_media(r);
	r->in_media = true;
	r->keyed = false;
	r->audio = span_eq_case(word(&v), SPAN("audio"));
	struct span p = word(&v);
	if (!span_decimal(span_head(p, span_find(p, '/')), UINT16_MAX, &port) || port == 0)
		r->audio = false;
	if (!r->audio)
		return;
	word(&v); /* a profile promises nothing: keys do */
	o->flags |= SIDE_AUDIO;
	if (o->media_n < SEEN_MEDIA) {
		o->media[o->media_n] = r->session;
		o->media[o->media_n++].port = (uint16_t)port;
	}
	if (o->codec == SEEN_OTHER && span_decimal(word(&v), PT_MAX, &pt)) {
		o->pt = (uint8_t)pt;
		o->codec = (uint8_t)seen_codec_of_pt(o->pt);
	}
}

static void read_key(struct reading *r, struct span inline_key, enum seen_suite suite)
{
	struct sdp_seen *o = r->out;
	uint8_t key[SDP_KEY_MAX + 2];

	if (o->key_n == SEEN_KEYS)
		return;
	int n = span_unbase64(span_head(inline_key, span_find(inline_key, '|')), key, sizeof key);
	if (n != suites[suite].key_len)
		return;
	o->key[o->key_n].suite = (uint8_t)suite;
	o->key[o->key_n].n = (uint8_t)n;
	memcpy(o->key[o->key_n++].key, key, (size_t)n);
}

/* a=crypto:1 SUITE inline:KEY|2^31|1:1 [parameters] (RFC 4568 9.1) */
static void read_crypto(struct reading *r, struct span v)
{
	word(&v);
	struct span suite = word(&v), key = word(&v);

	if (!r->audio)
		return;
	if (span_starts_case(suite, SPAN("NULL")) || span_find(v, 'U') + 11 < v.n) /* UNENCRYPTED_SRTP */
		r->out->flags |= SIDE_NULL;
	r->keyed = true;
	r->out->flags |= SIDE_SDES;
	for (unsigned i = 0; i < SEEN_SUITES; i++) {
		if (!span_eq_case(suite, suites[i].name))
			continue;
		if (i == SEEN_CM_128_32)
			r->out->flags |= SIDE_TAG_32;
		if (span_starts_case(key, SPAN("inline:")))
			read_key(r, span_skip(key, 7), (enum seen_suite)i);
	}
}

/* a=rtpmap:111 opus/48000/2 */
static void read_map(struct reading *r, struct span v)
{
	struct sdp_seen *o = r->out;
	uint64_t pt;

	if (!r->audio || !span_decimal(word(&v), PT_MAX, &pt))
		return;
	struct span name = span_trim(v);
	name = span_head(name, span_find(name, '/'));
	if (span_eq_case(name, SPAN("telephone-event")))
		o->event_pt = (uint8_t)pt;
	for (unsigned i = SEEN_OTHER + 1; pt == o->pt && i < SEEN_CODECS; i++)
		if (span_eq_case(name, codecs[i].name))
			o->codec = (uint8_t)i;
}

/* a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host */
static void read_candidate(struct reading *r, struct span v)
{
	struct sdp_seen *o = r->out;
	struct addr a = {0};
	uint64_t port;

	for (int i = 0; i < 4; i++)
		word(&v);
	if (!r->audio || o->candidate_n == SEEN_CANDIDATES || !addr_parse_ip(word(&v), &a) ||
	    !span_decimal(word(&v), UINT16_MAX, &port))
		return;
	a.port = (uint16_t)port;
	o->candidate[o->candidate_n++] = a;
}

static void read_attribute(struct reading *r, struct span v)
{
	size_t n = span_find(v, ':');
	struct span name = span_head(v, n), value = span_skip(v, n + 1);

	if (span_eq_case(name, SPAN("rtpmap"))) {
		read_map(r, value);
	} else if (span_eq_case(name, SPAN("crypto"))) {
		read_crypto(r, value);
	} else if (span_eq_case(name, SPAN("candidate"))) {
		read_candidate(r, value);
	} else if (span_eq_case(name, SPAN("zrtp-hash"))) {
		r->out->flags |= SIDE_ZRTP;
	} else if (span_eq_case(name, SPAN("fingerprint"))) {
		r->session_dtls |= !r->in_media;
		r->keyed |= r->in_media;
		if (r->audio)
			r->out->flags |= SIDE_DTLS;
	}
}

void sdp_seen(struct span body, struct sdp_seen *out)
{
	struct reading r = {.out = out};

	*out = (struct sdp_seen){.flags = SIDE_SDP};
	for (int i = 0; i < LINES_MAX && body.n; i++) {
		size_t n = span_find(body, '\n');
		struct span line = span_head(body, n);
		body = span_skip(body, n + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n < 2 || line.p[1] != '=')
			continue;
		struct span v = span_skip(line, 2);
		if (line.p[0] == 'm')
			read_media(&r, v);
		else if (line.p[0] == 'c')
			read_connection(&r, v);
		else if (line.p[0] == 'a')
			read_attribute(&r, v);
	}
	end_media(&r);
}
