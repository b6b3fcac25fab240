/* SPDX-License-Identifier: ISC */
#include "audit/web.h"
#include "audit/audit.h"
#include "base/cursor.h"

/* RFC 6455 5.2 */
enum { FIN = 0x80, RESERVED = 0x70, MASKED = 0x80, LENGTH_16 = 126, LENGTH_64 = 127, MASK_LEN = 4 };
enum { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PONG = 10 };
enum {
	HANDSHAKE_MAX = 8192,
	HANDSHAKE_LINES = 64,
	FRAMES_MAX = 64
}; /* of what is looked at again with every segment */

struct web_frame {
	bool fin, control, first;
	const uint8_t *mask; /* NULL: none */
	uint64_t n;          /* of its payload */
	struct span payload; /* what is there of it */
};

static bool may_begin(uint8_t b)
{
	unsigned opcode = b & 15;

	if (b & RESERVED)
		return false;
	return opcode <= BINARY || (b & FIN && opcode >= CLOSE && opcode <= PONG);
}

bool web_frame_begins(struct span s)
{
	return s.n > 0 && may_begin(s.p[0]);
}

/* False: its head is not whole. */
static bool frame_read(struct cursor *c, struct web_frame *f)
{
	uint8_t head, length;
	uint16_t n16;
	uint32_t hi, lo;

	if (!cursor_u8(c, &head) || !cursor_u8(c, &length))
		return false;
	*f = (struct web_frame){.fin = head & FIN,
	    .control = (head & 15) >= CLOSE,
	    .first = (head & 15) != CONTINUATION,
	    .n = length & 0x7f};
	if (f->n == LENGTH_16) {
		if (!cursor_u16(c, &n16))
			return false;
		f->n = n16;
	} else if (f->n == LENGTH_64) {
		if (!cursor_u32(c, &hi) || !cursor_u32(c, &lo))
			return false;
		f->n = (uint64_t)hi << 32 | lo;
	}
	if (length & MASKED) {
		f->mask = c->p;
		if (!cursor_skip(c, MASK_LEN))
			return false;
	}
	size_t here = f->n < cursor_left(c) ? (size_t)f->n : cursor_left(c);
	return cursor_span(c, here, &f->payload);
}

static size_t unmask(const struct web_frame *f, uint8_t *out, size_t room)
{
	size_t n = f->payload.n < room ? f->payload.n : room;

	for (size_t i = 0; i < n; i++)
		out[i] = f->mask ? f->payload.p[i] ^ f->mask[i % MASK_LEN] : f->payload.p[i];
	return n;
}

static struct span next_line(struct span *rest)
{
	size_t n = span_find(*rest, '\n');
	struct span line = span_head(*rest, n);

	*rest = span_skip(*rest, n + 1);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* "Sec-WebSocket-Protocol: sip", alone or among others */
static bool names_sip(struct span line)
{
	static const struct span name = {(const uint8_t *)"Sec-WebSocket-Protocol:", 23};

	if (!span_starts_case(line, name))
		return false;
	for (struct span rest = span_skip(line, name.n); rest.n;) {
		size_t n = span_find(rest, ',');
		if (span_eq_case(span_trim(span_head(rest, n)), SPAN("sip")))
			return true;
		rest = span_skip(rest, n + 1);
	}
	return false;
}

static bool is_handshake(struct span s)
{
	return span_starts(s, SPAN("GET ")) || span_starts(s, SPAN("HTTP/1.1 101"));
}

bool web_looks_like(struct span s)
{
	struct cursor c = cursor_of(s);
	struct web_frame f;
	uint8_t line[SIP_LINE_LOOK];

	if (is_handshake(s)) {
		struct span rest = span_head(s, HANDSHAKE_MAX);
		for (int i = 0; i < HANDSHAKE_LINES && rest.n; i++)
			if (names_sip(next_line(&rest)))
				return true;
		return false;
	}
	if (!web_frame_begins(s) || !frame_read(&c, &f) || f.control || !f.first || f.n > WEB_ROOM)
		return false;
	return sip_looks_like(span_of(line, unmask(&f, line, sizeof line)));
}

size_t web_handshake(struct span s)
{
	struct span rest = span_head(s, HANDSHAKE_MAX);

	if (!is_handshake(s))
		return 0;
	for (int i = 0; span_find(rest, '\n') < rest.n; i++)
		if (next_line(&rest).n == 0 || i == HANDSHAKE_LINES)
			return (size_t)(rest.p - s.p);
	return 0;
}

/* From the first frame of a message to its last; 0: that is not there yet. Of a message that cannot be: what is stepped over, and not
 * *whole. */
static size_t message_length(struct span s, bool *whole)
{
	struct cursor c = cursor_of(s);
	struct web_frame f;
	bool begun = false;

	*whole = false;
	for (int i = 0; !*whole; i++) {
		if (cursor_left(&c) && !may_begin(*c.p))
			return (size_t)(c.p - s.p) + 1;
		if (!frame_read(&c, &f))
			return 0;
		if (f.n > WEB_ROOM || i == FRAMES_MAX || (!f.control && begun == f.first))
			return (size_t)(c.p - s.p);
		if (f.payload.n < f.n)
			return 0;
		if (f.control && !begun)
			return (size_t)(c.p - s.p);
		begun = true;
		*whole = !f.control && f.fin;
	}
	return (size_t)(c.p - s.p);
}

size_t web_message(struct span s, uint8_t room[WEB_ROOM], struct span *message)
{
	bool whole;
	size_t length = message_length(s, &whole), n = 0;
	struct cursor c = cursor_of(span_head(s, length));
	struct web_frame f;

	while (whole && cursor_left(&c) && frame_read(&c, &f))
		if (!f.control)
			n += unmask(&f, room + n, WEB_ROOM - n);
	*message = span_of(whole ? room : NULL, n);
	return length;
}
