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

static struct span trim_lws(struct span s)
{
	static const struct span lws = {(const uint8_t *)" \t\r\n", 4};

	while (s.n && span_find(lws, s.p[0]) < lws.n)
		s = span_skip(s, 1);
	while (s.n && span_find(lws, s.p[s.n - 1]) < lws.n)
		s.n--;
	return s;
}

/* One header line with its folds: is it a Content-Length, the only one, and a number within the limit? */
static bool line_ok(struct sip_framer *f, struct span line, struct sip_error *err)
{
	size_t colon = span_find(line, ':');
	uint64_t length;

	if (sip_header_find(span_trim(span_head(line, colon))) != SIP_H_CONTENT_LENGTH)
		return true;
	if (f->has_length)
		fatal(err, 400, "two Content-Length", f->line);
	else if (!span_decimal(trim_lws(span_skip(line, colon + 1)), UINT32_MAX, &length))
		fatal(err, 400, "bad Content-Length", f->line);
	else if (length > SIP_BODY_MAX)
		fatal(err, 413, "body too large", f->line);
	else {
		f->has_length = true;
		f->body_n = (uint32_t)length;
		return true;
	}
	return false;
}

/* Names that may be a Content-Length begin so; the rest need no second look. */
static bool may_be_length(uint8_t first)
{
	return first == 'C' || first == 'c' || first == 'L' || first == 'l';
}

/* Line by line to the blank one. A line ends at CR LF not followed by white space, as in sip_parse(). */
static enum sip_frame read_head(struct sip_framer *f, struct span s, struct sip_error *err)
{
	for (;;) {
		size_t lf = f->scanned + span_find(span_skip(s, f->scanned), '\n');
		if (lf >= s.n) {
			f->scanned = s.n;
			return SIP_FRAME_MORE;
		}
		f->scanned = lf;
		if (lf == f->line + 1 && s.p[f->line] == '\r') {
			f->total_n = lf + 1 + f->body_n;
			return SIP_FRAME_MESSAGE;
		}
		if (lf + 1 == s.n)
			return SIP_FRAME_MORE;
		f->scanned = lf + 1;
		if (lf == f->line || s.p[lf - 1] != '\r' || s.p[lf + 1] == ' ' || s.p[lf + 1] == '\t')
			continue;
		if (f->line && may_be_length(s.p[f->line]) &&
		    !line_ok(f, span_of(s.p + f->line, lf + 1 - f->line), err))
			return SIP_FRAME_FATAL;
		f->line = lf + 1;
	}
}

static enum sip_frame frame_head(struct sip_framer *f, struct span s, struct sip_error *err)
{
	enum sip_frame verdict = read_head(f, s, err);
	size_t head_n = verdict == SIP_FRAME_MESSAGE ? f->total_n - f->body_n : s.n;

	if (verdict == SIP_FRAME_FATAL)
		return verdict;
	if (head_n > SIP_HEAD_MAX)
		return fatal(err, 513, "headers too large", head_n);
	if (verdict == SIP_FRAME_MESSAGE && !f->has_length)
		return fatal(err, 400, "no Content-Length on a stream", head_n);
	return verdict;
}

enum sip_frame sip_frame(struct sip_framer *f, struct span waiting, size_t *n, struct sip_error *err)
{
	enum sip_frame verdict;

	if (f->total_n == 0) {
		if (f->scanned == 0 && (waiting.n == 0 || (waiting.n == 1 && waiting.p[0] == '\r')))
			return SIP_FRAME_MORE;
		if (at_crlf(waiting))
			return frame_crlf(f, waiting, n);
		f->half_ping = false;
		verdict = frame_head(f, waiting, err);
		if (verdict != SIP_FRAME_MESSAGE)
			return verdict;
	}
	if (waiting.n < f->total_n)
		return SIP_FRAME_MORE;
	*n = f->total_n;
	*f = (struct sip_framer){0};
	return SIP_FRAME_MESSAGE;
}
