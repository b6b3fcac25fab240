/* SPDX-License-Identifier: ISC */
/* In the manner of the PROTOS suite c07-sip (T15): one field after another of an INVITE with a session description holds each of the
 * values that have brought other servers down. What is taken says what the others say, and nothing that was put into a field comes
 * out of it: not in what is read, and not in the answer. */
#include "../unit/test.h"
#include "wire/sdp_offer.h"
#include "wire/sip_write.h"
#include <stdlib.h>

enum field {
	METHOD,
	URI_SCHEME,
	URI_USER,
	URI_HOST,
	VERSION,
	VIA_PROTOCOL,
	VIA_HOST,
	VIA_PORT,
	VIA_BRANCH,
	FROM_NAME,
	FROM_URI,
	FROM_TAG,
	TO_NAME,
	TO_URI,
	TO_PARAMS,
	CONTACT,
	CALL_ID,
	CSEQ,
	CSEQ_METHOD,
	MAX_FORWARDS,
	EXPIRES,
	HEADER,
	HEADER_VALUE,
	CONTENT_TYPE,
	CONTENT_LENGTH,
	DESC_V,
	DESC_USER,
	DESC_ID,
	DESC_VERSION,
	DESC_FAMILY,
	DESC_HOST,
	DESC_S,
	DESC_C_FAMILY,
	DESC_C,
	DESC_START,
	DESC_STOP,
	DESC_MEDIA,
	DESC_PORT,
	DESC_PROTO,
	DESC_FORMAT,
	DESC_NAME,
	DESC_VALUE,
	FIELDS
};

/* What stands before each field, and what it holds. */
static const char *const part[FIELDS][2] = {
    [METHOD] = {"", "INVITE"},
    [URI_SCHEME] = {" ", "sip"},
    [URI_USER] = {":", "102"},
    [URI_HOST] = {"@", "h.example"},
    [VERSION] = {" ", "SIP/2.0"},
    [VIA_PROTOCOL] = {"\r\nVia: ", "SIP/2.0/UDP"},
    [VIA_HOST] = {" ", "192.0.2.9"},
    [VIA_PORT] = {":", "5070"},
    [VIA_BRANCH] = {";branch=", "z9hG4bK1"},
    [FROM_NAME] = {"\r\nFrom: ", "\"Cal\""},
    [FROM_URI] = {" <", "sip:101@h.example"},
    [FROM_TAG] = {">;tag=", "f1"},
    [TO_NAME] = {"\r\nTo: ", "Rec"},
    [TO_URI] = {" <", "sip:102@h.example"},
    [TO_PARAMS] = {">", ";x=y"},
    [CONTACT] = {"\r\nContact: ", "<sip:101@192.0.2.9>"},
    [CALL_ID] = {"\r\nCall-ID: ", "c1@h.example"},
    [CSEQ] = {"\r\nCSeq: ", "7"},
    [CSEQ_METHOD] = {" ", "INVITE"},
    [MAX_FORWARDS] = {"\r\nMax-Forwards: ", "70"},
    [EXPIRES] = {"\r\nExpires: ", "60"},
    [HEADER] = {"\r\n", "X-Name"},
    [HEADER_VALUE] = {": ", "v"},
    [CONTENT_TYPE] = {"\r\nContent-Type: ", "application/sdp"},
    [CONTENT_LENGTH] = {"\r\nContent-Length: ", NULL}, /* as long as it is */
    [DESC_V] = {"\r\n\r\nv=", "0"},
    [DESC_USER] = {"\r\no=", "-"},
    [DESC_ID] = {" ", "1"},
    [DESC_VERSION] = {" ", "2"},
    [DESC_FAMILY] = {" IN ", "IP4"},
    [DESC_HOST] = {" ", "192.0.2.9"},
    [DESC_S] = {"\r\ns=", "-"},
    [DESC_C_FAMILY] = {"\r\nc=IN ", "IP4"},
    [DESC_C] = {" ", "192.0.2.9"},
    [DESC_START] = {"\r\nt=", "0"},
    [DESC_STOP] = {" ", "0"},
    [DESC_MEDIA] = {"\r\nm=", "audio"},
    [DESC_PORT] = {" ", "5000"},
    [DESC_PROTO] = {" ", "RTP/AVP"},
    [DESC_FORMAT] = {" ", "0"},
    [DESC_NAME] = {"\r\na=", "rtpmap"},
    [DESC_VALUE] = {":", "0 PCMU/8000"},
};

#define REPEATED(text, ...) \
	{                               \
		text, {__VA_ARGS__}     \
	}

/* A text, and how often each time; 0 ends. */
static const struct {
	const char *text;
	size_t times[24];
} repeated[] = {
    REPEATED("a", 16, 32, 64, 127, 128, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 4095, 4096, 4097, 8191, 16383, 32767, 65535),
    REPEATED("1", 16, 64, 256, 1024, 4096, 65535),
    REPEATED("%s%n", 1, 4, 64, 1024),
    REPEATED(" ", 1, 2, 64, 1024),
    REPEATED("\t", 1, 64),
    REPEATED("(", 1, 100),
    REPEATED(")", 1, 100),
    REPEATED("<", 1, 100),
    REPEATED(">", 1, 100),
    REPEATED("\"", 1, 3, 100),
    REPEATED(";", 1, 100),
    REPEATED(":", 1, 100),
    REPEATED(",", 1, 100),
    REPEATED("@", 1, 100),
    REPEATED("/", 1, 100),
    REPEATED("=", 1, 100),
    REPEATED("%", 1, 100),
    REPEATED("\\", 1, 100),
    REPEATED("[", 1, 100),
    REPEATED("]", 1, 100),
    REPEATED("&", 1, 100),
    REPEATED("?", 1, 100),
    REPEATED("*", 1, 100),
    REPEATED(".", 1, 100),
    REPEATED("\xc0\xaf", 1, 100),
    REPEATED("\xff", 1, 100),
    REPEATED(";a=b", 40, 400),
    REPEATED(" <sip:a@b>,", 40, 400),
};

#define TEXT(literal)                            \
	{                                        \
		(literal), sizeof(literal) - 1 \
	}

static const struct {
	const char *text;
	size_t n;
} single[] = {TEXT(""), TEXT("-1"), TEXT("0"), TEXT("-0"), TEXT("00"), TEXT("+1"), TEXT("1"), TEXT("127"), TEXT("128"), TEXT("255"),
    TEXT("256"), TEXT("32767"), TEXT("32768"), TEXT("65535"), TEXT("65536"), TEXT("2147483647"), TEXT("2147483648"),
    TEXT("4294967295"), TEXT("4294967296"), TEXT("9223372036854775807"), TEXT("18446744073709551615"), TEXT("18446744073709551616"),
    TEXT("-2147483648"), TEXT("0x10"), TEXT("1e9"), TEXT("1.5"), TEXT("010"), TEXT("\r"), TEXT("\n"), TEXT("\r\n"), TEXT("\n\r"),
    TEXT("\r\n\r\n"), TEXT("\r\n "), TEXT("a\r\nSubject: in"), TEXT("a\nSubject: in"), TEXT("a\rSubject: in"),
    TEXT("a\r\n Subject: in"), TEXT("a\r\nCall-ID: in"), TEXT("a\r\ni: in"), TEXT("a\r\nMax-Forwards: 9"), TEXT("a\r\na=sendonly"),
    TEXT("\r\n\r\nINVITE sip:900@h.example SIP/2.0\r\n"), TEXT("\xed\xa0\x80"), TEXT("\xf4\x90\x80\x80"), TEXT("\xc3"),
    TEXT("\xe2\x82"), TEXT("\x1b[2J"), TEXT("\x07"), TEXT("\x7f"), TEXT("\0"), TEXT("a\0b"), TEXT("%00"), TEXT("%0d%0aSubject: in"),
    TEXT("sip:"), TEXT("sip:@h.example"), TEXT("sip:a:b@h.example"), TEXT("sips:a@h.example?b=c"), TEXT("tel:1"), TEXT("sip:a@[::1]"),
    TEXT("sip:a@1.2.3.4.5"), TEXT("sip:%00@h.example"), TEXT("sip:a@h.example;lr;lr"), TEXT("999.999.999.999"),
    TEXT("::ffff:127.0.0.1"), TEXT("[::1"), TEXT("a..b"), TEXT("-a"), TEXT("INVITE"), TEXT("SIP/9999999999.0"),
    TEXT("AC"), TEXT("../../../etc/passwd"), TEXT("'; DROP TABLE people; --")};

static uint8_t *message;
static size_t message_n;
static struct sip_msg m;
static unsigned cases, taken, described;

static void put(struct buf *b, enum field f, enum field odd, struct span value)
{
	char length[12];

	buf_str(b, part[f][0]);
	if (f == odd) {
		buf_add(b, value);
	} else if (f == CONTENT_LENGTH) {
		struct buf body = buf_of(malloc(100000), 100000);
		for (enum field k = DESC_V; body.p && k < FIELDS; k++) {
			buf_str(&body, k == DESC_V ? "v=" : part[k][0]);
			buf_add(&body, k == odd ? value : span_str(part[k][1]));
		}
		snprintf(length, sizeof length, "%zu", body.n + 2);
		buf_str(b, length);
		free(body.p);
	} else {
		buf_str(b, part[f][1]);
	}
}

/* At its exact size on the heap, so that a read past its end is seen. */
static void make(enum field odd, struct span value)
{
	static uint8_t room[200000];
	struct buf b = buf_of(room, sizeof room);

	for (enum field f = 0; f < FIELDS; f++)
		put(&b, f, odd, value);
	buf_str(&b, "\r\n");
	free(message);
	message = malloc(b.n);
	if (b.full || !message)
		abort();
	memcpy(message, room, b.n);
	message_n = b.n;
}

static bool within(enum field f, enum field from, enum field to)
{
	return f >= from && f <= to;
}

/* What was not touched is as it was. */
static bool others_hold(enum field odd)
{
	return (odd == METHOD || m.method == SIP_INVITE) &&
	       (within(odd, METHOD, VERSION) || span_eq(m.uri.text, SPAN("sip:102@h.example"))) &&
	       (within(odd, VIA_PROTOCOL, VIA_BRANCH) || (m.via_n == 1 && span_eq(m.via.branch, SPAN("z9hG4bK1")) && m.via.port == 5070)) &&
	       (within(odd, FROM_NAME, FROM_TAG) ||
		   (span_eq(m.from.tag, SPAN("f1")) && span_eq(m.from.uri.text, SPAN("sip:101@h.example")))) &&
	       (within(odd, TO_NAME, TO_PARAMS) || (m.to.tag.n == 0 && span_eq(m.to.uri.text, SPAN("sip:102@h.example")))) &&
	       (odd == CONTACT || (m.contact_n == 1 && span_eq(m.contact[0].addr.uri.text, SPAN("sip:101@192.0.2.9")))) &&
	       (odd == CALL_ID || span_eq(m.call_id, SPAN("c1@h.example"))) && (within(odd, CSEQ, CSEQ_METHOD) || m.cseq == 7) &&
	       (odd == MAX_FORWARDS || m.max_forwards == 70) && (odd == EXPIRES || m.expires_s == 60);
}

/* A number is one, and within what it may be. */
static bool number_holds(enum field odd, struct span value)
{
	static const struct {
		enum field field;
		uint64_t most;
	} numbers[] = {{VIA_PORT, 65535}, {CSEQ, SIP_CSEQ_MAX}, {MAX_FORWARDS, SIP_MAX_FORWARDS_MAX}, {EXPIRES, UINT32_MAX},
	    {CONTENT_LENGTH, SIP_BODY_MAX}};
	const uint64_t read[] = {m.via.port, m.cseq, m.max_forwards, m.expires_s, m.content_length};
	struct span text = value;
	uint64_t v;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (numbers[i].field != odd)
			continue;
		/* white space and parameters around it, of any form, and headers behind it say nothing about it */
		text = span_head(text, span_find(text, ';'));
		text = span_trim(span_head(text, span_find(text, '\r')));
		if (text.n && (!span_decimal(text, numbers[i].most, &v) || v != read[i]))
			return false;
	}
	return true;
}

static bool is_clean(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool fields_are_clean(void)
{
	const struct span read[] = {m.uri.text, m.via.text, m.from.text, m.to.text, m.call_id, m.cseq_text, m.from.display, m.to.display,
	    m.from.tag, m.user_agent, m.content_type, m.contact_n ? m.contact[0].addr.text : span_of(NULL, 0)};

	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		if (!is_clean(read[i]))
			return false;
	return true;
}

/* Every line of the answer is one that we write, once but for Via. */
static bool answer_is_whole(void)
{
	static const char *const lines[] = {"SIP/2.0 400 ", "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: ", "Content-Length: 0"};
	static uint8_t room[4 * SIP_MESSAGE_MAX];
	struct buf b = buf_of(room, sizeof room);
	struct addr source = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 7}, .port = 5061, .family = 4};
	unsigned seen = 0;

	sip_put_response(&b, &m, 400, NULL, SPAN("t"), &source);
	sip_put_no_body(&b);
	for (struct span rest = buf_span(&b); !b.full && rest.n;) {
		size_t n = span_find(rest, '\r'), i = 0;
		struct span line = span_head(rest, n);
		rest = span_skip(rest, n);
		if (!span_starts(rest, SPAN("\r\n")) || !is_clean(line))
			return false;
		rest = span_skip(rest, 2);
		if (line.n == 0)
			return rest.n == 0;
		while (i < sizeof lines / sizeof *lines && !span_starts(line, span_str(lines[i])))
			i++;
		if (i == sizeof lines / sizeof *lines || (seen >> i & 1 && i != 1))
			return false;
		seen |= 1u << i;
	}
	return false;
}

/* The numbers of the description, too. */
static bool description_holds(enum field odd)
{
	struct sdp sdp;
	struct sdp_error err;

	if (!sdp_parse(m.body, &sdp, &err))
		return err.reason && err.offset <= m.body.n;
	described++;
	return sdp_ok(&sdp) && (odd == DESC_ID || odd == CONTENT_LENGTH || sdp.id == 1) &&
	       (within(odd, DESC_MEDIA, DESC_PROTO) || odd == CONTENT_LENGTH || sdp.audio.at.port == 5000);
}

static bool frames_alike(enum sip_verdict v)
{
	struct sip_framer framer = {0};
	struct sip_error err = {0};
	size_t n = 0;
	enum sip_frame f = sip_frame(&framer, span_of(message, message_n), &n, &err);

	if (f == SIP_FRAME_FATAL)
		return err.reason && err.code >= 400;
	return f != SIP_FRAME_MESSAGE || v != SIP_OK || n == m.head.n + m.body.n;
}

static bool survives(enum field odd, struct span value)
{
	struct sip_error err = {0};

	make(odd, value);
	bool ok;
	uint8_t *copy = malloc(message_n);
	if (!copy)
		abort();
	memcpy(copy, message, message_n);
	enum sip_verdict v = sip_parse(copy, message_n, &m, &err);
	cases++;
	taken += v == SIP_OK;
	if (v != SIP_OK)
		ok = err.reason && err.code >= 400 && err.offset <= message_n;
	else
		ok = others_hold(odd) && number_holds(odd, value) && fields_are_clean() && description_holds(odd);
	if (v == SIP_ANSWER || (v == SIP_OK && m.via_n == 1))
		ok = ok && answer_is_whole();
	ok = ok && frames_alike(v);
	if (!ok)
		fprintf(stderr, "field %d, value of %zu octets: %.*s: verdict %d, %s\n", (int)odd, value.n, (int)(value.n < 40 ? value.n : 40),
		    (const char *)value.p, (int)v, err.reason ? err.reason : "-");
	free(copy);
	return ok;
}

static void every_field_holds_every_value(void)
{
	static char text[300000];
	unsigned bad = 0;

	for (enum field f = 0; f < FIELDS; f++) {
		for (size_t i = 0; i < sizeof single / sizeof *single; i++)
			bad += !survives(f, span_of(single[i].text, single[i].n));
		for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++)
			for (const size_t *t = repeated[i].times; *t; t++) {
				size_t n = strlen(repeated[i].text);
				for (size_t k = 0; k < *t; k++)
					memcpy(text + k * n, repeated[i].text, n);
				bad += !survives(f, span_of(text, *t * n));
			}
	}
	CHECK(bad == 0);
	CHECK(cases >= 4500 && taken >= cases / 10 && described >= cases / 20);
}

static void as_it_should_be(void)
{
	CHECK(survives(METHOD, SPAN("INVITE")) && taken == 1 && described == 1);
}

int main(void)
{
	RUN(as_it_should_be);
	RUN(every_field_holds_every_value);
	fprintf(stderr, "%u cases, %u taken, %u described\n", cases, taken, described);
	free(message);
	return TEST_END;
}
