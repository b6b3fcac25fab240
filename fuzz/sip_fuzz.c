/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/sip_write.h"

static uint8_t text[4 * SIP_MESSAGE_MAX];
static const uint8_t *copy; /* of the input, at its exact size, since parsing writes to it */
static size_t copy_n;

/* No text that left the parser can break a line of what we write. */
static void check_clean(struct span s)
{
	FUZZ_CHECK(s.n == 0 || (s.p >= copy && s.p + s.n <= copy + copy_n));
	for (size_t i = 0; i < s.n; i++)
		FUZZ_CHECK((s.p[i] >= 0x20 || s.p[i] == '\t') && s.p[i] != 0x7f);
}

static void check_fields(const struct sip_msg *m)
{
	const struct span texts[] = {m->from.text, m->to.text, m->call_id, m->cseq_text, m->via.text,
	    m->via.branch, m->from.tag, m->to.tag, m->from.display, m->timestamp, m->user_agent, m->event,
	    m->content_type};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_clean(texts[i]);
	for (unsigned i = 0; i < m->via_n; i++) {
		struct sip_via via;
		check_clean(m->via_text[i]);
		FUZZ_CHECK(sip_via_of(m->via_text[i], &via) && span_eq(via.text, m->via_text[i]));
		FUZZ_CHECK(i > 0 || span_eq(via.branch, m->via.branch));
	}
	for (unsigned i = 0; i < m->record_route_n; i++)
		check_clean(m->record_route[i]);
	for (unsigned i = 0; i < m->contact_n; i++)
		check_clean(m->contact[i].addr.text);
	FUZZ_CHECK(m->body.n <= SIP_BODY_MAX && m->cseq <= SIP_CSEQ_MAX);
}

/* The answer to a request is itself read as a response with the same identifiers. */
static void check_answer(const struct sip_msg *m)
{
	struct buf b = buf_of(text, sizeof text);
	struct addr source = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 7}, .port = 5061, .family = 4};
	static struct sip_msg r;
	struct sip_error err;

	sip_put_response(&b, m, 486, NULL, SPAN("t1"), &source);
	sip_put_no_body(&b);
	FUZZ_CHECK(!b.full);
	if (m->via_n > 1 || b.n > SIP_HEAD_MAX)
		return;
	FUZZ_CHECK(sip_parse(text, b.n, &r, &err) == SIP_OK);
	FUZZ_CHECK(r.status == 486 && span_eq(r.call_id, m->call_id) && r.cseq == m->cseq);
	FUZZ_CHECK(span_eq(r.via.branch, m->via.branch) && span_eq(r.from.tag, m->from.tag) && r.to.tag.n);
	FUZZ_CHECK(uri_eq(&r.from.uri, &m->from.uri) && r.via.rport == m->via.rport);
}

/* A stream that comes in two parts is cut where the whole would be. */
static void check_split(struct span s, enum sip_frame whole, size_t whole_n)
{
	struct sip_framer f = {0};
	struct sip_error err;
	size_t n = 0;
	enum sip_frame part = sip_frame(&f, span_head(s, s.n / 2), &n, &err);

	if (part == SIP_FRAME_MORE)
		part = sip_frame(&f, s, &n, &err);
	else if (part == SIP_FRAME_PONG && whole == SIP_FRAME_PING)
		return;
	FUZZ_CHECK(part == whole);
	FUZZ_CHECK(whole == SIP_FRAME_MORE || whole == SIP_FRAME_FATAL || n == whole_n);
}

static void check_message(uint8_t *data, size_t n)
{
	static struct sip_msg m, again;
	struct sip_framer f = {0};
	struct sip_error err = {0};
	size_t framed = 0;
	enum sip_frame frame = sip_frame(&f, span_of(data, n), &framed, &err);

	FUZZ_CHECK(frame != SIP_FRAME_FATAL || (err.reason && err.code >= 400));
	FUZZ_CHECK(frame != SIP_FRAME_MESSAGE || framed <= n);
	check_split(span_of(data, n), frame, framed);
	enum sip_verdict verdict = sip_parse(data, frame == SIP_FRAME_MESSAGE ? framed : n, &m, &err);
	if (verdict != SIP_OK) {
		FUZZ_CHECK(err.reason && err.code >= 400 && err.offset <= n);
		FUZZ_CHECK(verdict == SIP_DISCARD || (m.via_n && m.is_request && m.method != SIP_ACK));
		return;
	}
	check_fields(&m);
	if (frame == SIP_FRAME_MESSAGE)
		FUZZ_CHECK(m.head.n + m.body.n == framed);
	/* joining folds twice changes nothing */
	FUZZ_CHECK(sip_parse(data, m.head.n + m.body.n, &again, &err) == SIP_OK && again.has == m.has);
	if (m.is_request)
		check_answer(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *own = malloc(n ? n : 1);

	if (!own)
		abort();
	memcpy(own, data, n);
	copy = own;
	copy_n = n;
	check_message(own, n);
	free(own);
	return 0;
}
