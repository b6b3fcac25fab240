/* SPDX-License-Identifier: ISC */
#include "test.h"
#include "wire/sip_token.h"

static void every_header_is_found(void)
{
	for (unsigned h = SIP_H_NONE + 1; h < SIP_HEADERS_N; h++) {
		struct span name = sip_header_name((enum sip_header)h);
		uint8_t upper[64];
		CHECK(name.n > 1 && name.n < sizeof upper);
		CHECK(sip_header_find(name) == (enum sip_header)h);
		for (size_t i = 0; i < name.n; i++)
			upper[i] =
			    name.p[i] >= 'a' && name.p[i] <= 'z' ? (uint8_t)(name.p[i] - 32) : name.p[i];
		CHECK(sip_header_find(span_of(upper, name.n)) == (enum sip_header)h);
		upper[name.n / 2] ^= 1; /* the same slot, another name */
		CHECK(sip_header_find(span_of(upper, name.n)) == SIP_H_NONE);
	}
}

static void compact_forms(void)
{
	static const char letters[] = "imelcofrbxskTuV";
	static const enum sip_header want[] = {SIP_H_CALL_ID, SIP_H_CONTACT, SIP_H_CONTENT_ENCODING,
	    SIP_H_CONTENT_LENGTH, SIP_H_CONTENT_TYPE, SIP_H_EVENT, SIP_H_FROM, SIP_H_REFER_TO,
	    SIP_H_REFERRED_BY, SIP_H_SESSION_EXPIRES, SIP_H_SUBJECT, SIP_H_SUPPORTED, SIP_H_TO,
	    SIP_H_ALLOW_EVENTS, SIP_H_VIA};
	unsigned known = 0;

	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		CHECK(sip_header_find(span_of(letters + i, 1)) == want[i]);
	for (unsigned c = 0; c < 256; c++) {
		uint8_t octet = (uint8_t)c;
		known += sip_header_find(span_of(&octet, 1)) != SIP_H_NONE;
	}
	CHECK(known == 2 * 16);
	CHECK(sip_header_find(SPAN("")) == SIP_H_NONE && sip_header_find(SPAN("X-Via")) == SIP_H_NONE);
}

static void words(void)
{
	for (unsigned m = SIP_UNKNOWN + 1; m < SIP_METHODS_N; m++)
		CHECK(sip_method_find(sip_method_name((enum sip_method)m)) == (enum sip_method)m);
	CHECK(sip_method_find(SPAN("invite")) == SIP_UNKNOWN && sip_method_find(SPAN("")) == SIP_UNKNOWN);
	for (unsigned t = SIP_TRANSPORT_NONE + 1; t < SIP_TRANSPORT_OTHER; t++)
		CHECK(sip_transport_find(sip_transport_name((enum sip_transport)t)) == (enum sip_transport)t);
	CHECK(sip_transport_find(SPAN("tls")) == SIP_TRANSPORT_TLS &&
	      sip_transport_find(SPAN("x")) == SIP_TRANSPORT_OTHER);
	for (unsigned bit = 0; sip_tag_name(bit).n; bit++)
		CHECK(sip_tag_find(sip_tag_name(bit)) == UINT32_C(1) << bit);
	CHECK(sip_tag_find(SPAN("100REL")) == SIP_TAG_100REL && sip_tag_find(SPAN("timer")) == SIP_TAG_TIMER);
	CHECK(sip_tag_find(SPAN("outbound")) == SIP_TAG_OUTBOUND && sip_tag_find(SPAN("ice")) == SIP_TAG_ICE);
	CHECK(sip_tag_find(SPAN("")) == 0 && sip_tag_find(SPAN("nothing")) == 0);
}

static void phrases(void)
{
	CHECK(span_eq(sip_reason_phrase(100), SPAN("Trying")) &&
	      span_eq(sip_reason_phrase(608), SPAN("Rejected")));
	CHECK(span_eq(sip_reason_phrase(486), SPAN("Busy Here")) &&
	      span_eq(sip_reason_phrase(499), SPAN("Client Error")));
	CHECK(span_eq(sip_reason_phrase(99), SPAN("Unknown")) &&
	      span_eq(sip_reason_phrase(70000), SPAN("Unknown")));
}

int main(void)
{
	RUN(every_header_is_found);
	RUN(compact_forms);
	RUN(words);
	RUN(phrases);
	return TEST_END;
}
