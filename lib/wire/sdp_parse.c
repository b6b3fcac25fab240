/* SPDX-License-Identifier: ISC */
#include "wire/sdp_int.h"
#include "wire/sdp_offer.h"

struct line {
	uint8_t type;
	struct span value;
	uint32_t offset;
};

struct parse {
	struct span text;
	size_t at;
	struct line line; /* the one being looked at; type 0: the end */
	uint32_t line_n;
	const char *reason;
	struct sdp sdp;
	struct sdp_section session, media;
	bool timed;   /* a t= line stood */
	uint8_t rank; /* of the best m=audio line so far; 0: none */
};

static bool refuse(struct parse *p, const char *reason)
{
	p->reason = reason;
	return false;
}

static const char *text_fault(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f)
			return "control octet in a line";
	return NULL;
}

/* Some write one after the last line, some between two (pjproject 666, rtpengine 52 and 1500). */
static void skip_empty_lines(struct parse *p)
{
	while (span_starts(span_skip(p->text, p->at), SPAN("\r\n")) && p->line_n < SDP_LINES_MAX) {
		p->at += 2;
		p->line_n++;
	}
}

/* RFC 8866, 5: <type>=<value> CRLF. Trailing blanks that some phones write carry nothing. */
static bool next_line(struct parse *p)
{
	skip_empty_lines(p);
	struct span rest = span_skip(p->text, p->at);
	size_t n = span_find(rest, '\r');

	p->line = (struct line){.offset = (uint32_t)p->at};
	if (rest.n == 0)
		return true;
	if (n < rest.n && (n + 1 == rest.n || rest.p[n + 1] != '\n'))
		return refuse(p, "CR without LF");
	if (++p->line_n > SDP_LINES_MAX)
		return refuse(p, "too many lines");
	p->at += n < rest.n ? n + 2 : n;
	rest.n = n;
	if (rest.n < 2 || rest.p[0] < 'a' || rest.p[0] > 'z' || rest.p[1] != '=')
		return refuse(p, "line is not of the form x=value");
	p->line.type = rest.p[0];
	p->line.value = span_skip(rest, 2);
	while (p->line.value.n && p->line.value.p[p->line.value.n - 1] == ' ')
		p->line.value.n--;
	p->reason = text_fault(rest);
	return p->reason == NULL;
}

/* Where RFC 8866, 9, has them. Their order there says nothing, and not all keep it (OpenSIPS 1720, pion/sdp 163). */
static bool is_known(uint8_t type, bool media)
{
	return strchr(media ? "icba" : "iuepcbtrza", type) != NULL;
}

/* One bit for each type of line that may stand once. */
static bool stands_first(uint32_t *seen, uint8_t type)
{
	const uint32_t bit = strchr("iucz", type) ? UINT32_C(1) << (type - 'a') : 0;
	const bool first = !(*seen & bit);

	*seen |= bit;
	return first;
}

static bool may_stand(struct parse *p, uint32_t *seen, bool media)
{
	if (p->line.type == 'k')
		return refuse(p, "k= would carry a key in clear");
	if (strchr("vos", p->line.type))
		return refuse(p, "line stands twice");
	if (!is_known(p->line.type, media))
		return refuse(p, "unknown line type");
	return stands_first(seen, p->line.type) || refuse(p, "line stands twice");
}

/* RFC 8866, 5.2: username sess-id sess-version IN addrtype address. Only the two numbers are kept. */
static bool parse_origin(struct parse *p)
{
	struct span rest = p->line.value, user = sdp_word(&rest), id = sdp_word(&rest), version = sdp_word(&rest);
	struct span net = sdp_word(&rest), family = sdp_word(&rest);

	if (user.n == 0 || !span_decimal(id, UINT64_MAX, &p->sdp.id) ||
	    !span_decimal(version, UINT64_MAX, &p->sdp.version) || !span_eq(net, SPAN("IN")) ||
	    !(span_eq(family, SPAN("IP4")) || span_eq(family, SPAN("IP6"))) || rest.n == 0 ||
	    span_find(rest, ' ') < rest.n)
		return refuse(p, "malformed o=");
	return true;
}

static bool parse_time(struct parse *p)
{
	struct span rest = p->line.value;
	uint64_t start, stop;

	if (p->line.type == 'r')
		return p->timed || refuse(p, "r= without t=");
	p->timed = true;
	if (!span_decimal(sdp_word(&rest), UINT32_MAX, &start) || !span_decimal(rest, UINT32_MAX, &stop))
		return refuse(p, "malformed t=");
	return true;
}

const char *sdp_unicast(struct span ip, struct addr *out)
{
	struct addr a;

	if (!addr_parse_ip(ip, &a) || ip.p[0] == '[')
		return "connection address is not an IP address";
	if (!sdp_addr_ok(&a))
		return "connection address is multicast or IPv4-mapped";
	*out = a;
	return NULL;
}

const char *sdp_connection(struct span value, struct addr *out)
{
	struct span rest = value, net = sdp_word(&rest), family = sdp_word(&rest);
	struct addr a;
	const char *fault;

	if (!span_eq(net, SPAN("IN")) || !(span_eq(family, SPAN("IP4")) || span_eq(family, SPAN("IP6"))))
		return "malformed connection address";
	fault = sdp_unicast(rest, &a);
	if (fault)
		return fault;
	if (a.family != family.p[2] - '0')
		return "connection address is of the other family";
	*out = a;
	return NULL;
}

static bool parse_connection(struct parse *p, struct sdp_section *s)
{
	struct addr a;

	p->reason = sdp_connection(p->line.value, &a);
	if (p->reason)
		return false;
	a.port = s->audio.at.port;
	s->audio.at = a;
	return true;
}

/* One line of a section other than m=: what it says goes to s, or nowhere if s is NULL (a line we do not
 * use). */
static bool parse_line(struct parse *p, struct sdp_section *s)
{
	switch (p->line.type) {
	case 'v':
		return span_eq(p->line.value, SPAN("0")) || refuse(p, "version is not 0");
	case 'o':
		return parse_origin(p);
	case 't':
	case 'r':
		return parse_time(p);
	case 'c':
		return !s || parse_connection(p, s);
	case 'a':
		p->reason = s ? sdp_attribute(s, p->line.value) : NULL;
		return p->reason == NULL;
	default:
		return true;
	}
}

/* Up to the next m= or the end. */
static bool parse_section(struct parse *p, struct sdp_section *s, bool media)
{
	uint32_t seen = 0;

	while (p->line.type && p->line.type != 'm')
		if (!may_stand(p, &seen, media) || !parse_line(p, s) || !next_line(p))
			return false;
	return true;
}

static bool parse_session(struct parse *p)
{
	static const uint8_t must[] = {'v', 'o', 's'};

	for (size_t i = 0; i < sizeof must; i++) {
		if (p->line.type != must[i])
			return refuse(p, "v=, o= and s= must come first");
		if (!parse_line(p, NULL) || !next_line(p))
			return false;
	}
	p->session.session = true;
	p->session.audio.direction = SDP_SENDRECV;
	if (!parse_section(p, &p->session, false))
		return false;
	return p->timed || refuse(p, "t= is missing");
}

static bool keep_token(struct span s, char *out, size_t cap, bool slash)
{
	return sdp_token_ok(s, slash) && span_cstr(s, out, cap);
}

static uint8_t proto_of(struct span s)
{
	for (enum sdp_proto i = SDP_RTP_AVP; i < SDP_PROTO_N; i++)
		if (span_eq_case(s, span_str(sdp_proto_name((uint8_t)i))))
			return (uint8_t)i;
	return SDP_PROTO_UNKNOWN;
}

/* Payload types of an m= line whose protocol is one of ours. */
static bool parse_formats(struct parse *p, struct sdp_section *s, struct span rest)
{
	while (rest.n) {
		uint64_t pt;
		if (!span_decimal(sdp_word(&rest), 127, &pt))
			return refuse(p, "payload type out of range");
		if (memchr(s->format, (int)pt, s->format_n))
			continue;
		if (s->format_n == SDP_FORMATS_MAX)
			return refuse(p, "too many formats");
		s->format[s->format_n++] = (uint8_t)pt;
	}
	return true;
}

/* m=<media> <port> <proto> <fmt> ... (RFC 8866, 5.14). */
static bool parse_media_line(struct parse *p, struct sdp_line *l)
{
	struct span rest = p->line.value, media = sdp_word(&rest), port_text = sdp_word(&rest);
	struct span proto = sdp_word(&rest), formats = rest, first = sdp_word(&rest);
	uint64_t port;

	if (!span_decimal(port_text, 65535, &port))
		return refuse(p, "malformed port in m=");
	if (first.n == 0 && port == 0) /* declined, and nothing to say of it */
		first = SPAN("0");
	if (!keep_token(media, l->media, sizeof l->media, false) ||
	    !keep_token(proto, l->proto, sizeof l->proto, true) ||
	    !keep_token(first, l->format, sizeof l->format, false))
		return refuse(p, "malformed m=");
	p->media.audio.proto = proto_of(proto);
	p->media.audio.at.port = (uint16_t)port;
	if (!span_eq(media, SPAN("audio")) || p->media.audio.proto == SDP_PROTO_UNKNOWN)
		return true;
	return parse_formats(p, &p->media, formats);
}

/* RFC 3264, 8.4: c= of all zeroes was once how to hold; with ICE it only means that no address is known yet.
 */
static void settle_hold(struct sdp_audio *a)
{
	if (a->at.port && addr_is_any(&a->at) && !a->ice_ufrag[0])
		a->direction &= SDP_SENDONLY;
}

static const char *settle(struct sdp_section *s)
{
	struct sdp_audio *a = &s->audio;

	sdp_codecs(s);
	if (a->at.family == 0)
		return a->at.port ? "c= is missing" : NULL;
	if (a->rtcp.port && a->rtcp.family == 0) {
		memcpy(a->rtcp.ip, a->at.ip, sizeof a->rtcp.ip);
		a->rtcp.family = a->at.family;
	}
	if ((a->ice_ufrag[0] == 0) != (a->ice_pwd[0] == 0))
		return "ice-ufrag and ice-pwd come together";
	if (!a->ice_ufrag[0]) { /* nobody could check them */
		memset(a->candidate, 0, sizeof a->candidate);
		a->candidate_n = 0;
	}
	settle_hold(a);
	return NULL;
}

/* Two m=audio lines are one call in two dresses (plain and encrypted): take the one we may use. */
static uint8_t rank_of(const struct sdp *sdp)
{
	if (sdp->audio.at.port == 0)
		return 1;
	return sdp_keys(sdp) ? 3 : 2;
}

static bool end_audio(struct parse *p, struct sdp *trial)
{
	p->reason = settle(&p->media);
	if (p->reason)
		return false;
	trial->audio_line = (uint8_t)(p->sdp.line_n - 1);
	trial->audio = p->media.audio;
	if (rank_of(trial) > p->rank) {
		p->rank = rank_of(trial);
		p->sdp.audio_line = trial->audio_line;
		p->sdp.audio = trial->audio;
	}
	return true;
}

static bool parse_media(struct parse *p, struct sdp *trial)
{
	if (p->sdp.line_n == SDP_MEDIA_MAX)
		return refuse(p, "too many media lines");
	struct sdp_line *l = &p->sdp.line[p->sdp.line_n];
	p->media = (struct sdp_section){.audio = p->session.audio};
	if (!parse_media_line(p, l) || !next_line(p))
		return false;
	p->sdp.line_n++;
	bool audio = !strcmp(l->media, "audio");
	if (!parse_section(p, audio ? &p->media : NULL, true))
		return false;
	return !audio || end_audio(p, trial);
}

static bool parse_all(struct parse *p)
{
	struct sdp trial = {0};

	if (p->text.n > SDP_BYTES_MAX)
		return refuse(p, "description too long");
	if (!next_line(p) || !parse_session(p))
		return false;
	while (p->line.type)
		if (!parse_media(p, &trial))
			return false;
	return true;
}

bool sdp_parse(struct span text, struct sdp *out, struct sdp_error *err)
{
	struct parse p = {.text = text, .sdp.audio_line = SDP_NO_AUDIO};

	if (!parse_all(&p) || !sdp_ok(&p.sdp)) {
		*err = (struct sdp_error){p.reason ? p.reason : "malformed description", p.line.offset};
		return false;
	}
	*out = p.sdp;
	return true;
}
