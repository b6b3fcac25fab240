/* SPDX-License-Identifier: ISC */
#include "wire/sip.h"

static enum sip_frame fatal(struct sip_error *err, unsigned code, const char *reason, size_t offset)
{
	*err = (struct sip_error){(uint16_t)code, (uint32_t)offset, reason};
	return SIP_FRAME_FATAL;
}

static bool at_crlf(struct span s)
{
	return s.n >= 2 && s.p[0] == '\r' && s.p[1] == '\n';
}

/* Keep-alives of RFC 5626 3.5.1 between messages: CRLF CRLF is a ping, also when it comes in two parts; one
 * CRLF is a pong. */
static enum sip_frame frame_crlf(struct sip_framer *f, struct span s, size_t *n)
{
	bool second = f->half_ping || (s.n >= 4 && at_crlf(span_skip(s, 2)));

	*n = second && !f->half_ping ? 4 : 2;
	f->half_ping = !second;
	return second ? SIP_FRAME_PING : SIP_FRAME_PONG;
}

/* The next line of the head with its folds; *s moves past it. */
static struct span take_line(struct span *s)
{
	struct span line;
	size_t n = 0;

	while (n < s->n) {
		n += span_find(span_skip(*s, n), '\n') + 1;
		if (n >= 2 && n < s->n && s->p[n - 2] == '\r' && s->p[n] != ' ' && s->p[n] != '\t')
			break;
	}
	line = span_head(*s, n);
	*s = span_skip(*s, n);
	return line;
}

static struct span trim_lws(struct span s)
{
	static const struct span lws = {(const uint8_t *)" \t\r\n", 4};

	while (s.n && span_find(lws, s.p[0]) < lws.n)
		s = span_skip(s, 1);
	while (s.n && span_find(lws, s.p[s.n - 1]) < lws.n)
		s.n--;
	return s;
}

/* Where this line is a Content-Length, its value. */
static bool length_line(struct span line, struct span *value)
{
	size_t colon = span_find(line, ':');

	if (sip_header_find(span_trim(span_head(line, colon))) != SIP_H_CONTENT_LENGTH)
		return false;
	*value = trim_lws(span_skip(line, colon + 1));
	return true;
}

static enum sip_frame read_head(struct sip_framer *f, struct span head, struct sip_error *err)
{
	struct span value, all = head;
	uint64_t length = 0;
	bool found = false;

	take_line(&head);
	while (head.n) {
		size_t offset = all.n - head.n;
		if (!length_line(take_line(&head), &value))
			continue;
		if (found)
			return fatal(err, 400, "two Content-Length", offset);
		if (!span_decimal(value, UINT32_MAX, &length))
			return fatal(err, 400, "bad Content-Length", offset);
		if (length > SIP_BODY_MAX)
			return fatal(err, 413, "body too large", offset);
		found = true;
	}
	if (!found)
		return fatal(err, 400, "no Content-Length on a stream", all.n);
	f->head_n = all.n;
	f->total_n = all.n + (size_t)length;
	return SIP_FRAME_MESSAGE;
}

static bool find_head(struct sip_framer *f, struct span s, size_t *head_n)
{
	size_t from = f->scanned > 3 ? f->scanned - 3 : 0;
	const uint8_t *end = memmem(s.p + from, s.n - from, "\r\n\r\n", 4);

	f->scanned = s.n;
	if (!end)
		return false;
	*head_n = (size_t)(end - s.p) + 4;
	return true;
}

enum sip_frame sip_frame(struct sip_framer *f, struct span waiting, size_t *n, struct sip_error *err)
{
	enum sip_frame verdict;
	size_t head_n;

	if (f->total_n == 0) {
		if (waiting.n == 0 || (waiting.n == 1 && waiting.p[0] == '\r'))
			return SIP_FRAME_MORE;
		if (at_crlf(waiting))
			return frame_crlf(f, waiting, n);
		f->half_ping = false;
		if (!find_head(f, waiting, &head_n))
			return waiting.n > SIP_HEAD_MAX ? fatal(err, 513, "headers too large", waiting.n)
							: SIP_FRAME_MORE;
		if (head_n > SIP_HEAD_MAX)
			return fatal(err, 513, "headers too large", head_n);
		verdict = read_head(f, span_head(waiting, head_n), err);
		if (verdict != SIP_FRAME_MESSAGE)
			return verdict;
	}
	if (waiting.n < f->total_n)
		return SIP_FRAME_MORE;
	*n = f->total_n;
	*f = (struct sip_framer){0};
	return SIP_FRAME_MESSAGE;
}
