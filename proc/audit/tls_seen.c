/* SPDX-License-Identifier: ISC */
#include "audit/tls_seen.h"
#include "base/cursor.h"

/* RFC 8446 4.1.2, 5.1 */
enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, APPLICATION_DATA = 23, CLIENT_HELLO = 1, RECORD_MAX = 16384 + 256 };
enum {
	RECORD_HEAD = 5,
	RANDOM_LEN = 32,
	SERVER_NAME = 0,
	ALPN = 16,
	HOST_NAME = 0,
	LABELS_MAX = 16,
	PROTOCOLS_MAX = 16
};

bool tls_is_record(struct span s)
{
	return s.n > RECORD_HEAD && s.p[0] >= CHANGE_CIPHER_SPEC && s.p[0] <= APPLICATION_DATA && s.p[1] == 3 &&
	       s.p[2] <= 4 && (s.p[3] << 8 | s.p[4]) <= RECORD_MAX;
}

static void read_name(struct cursor c, struct tls_seen *out)
{
	uint16_t list, n;
	uint8_t type;

	if (cursor_u16(&c, &list) && cursor_u8(&c, &type) && type == HOST_NAME && cursor_u16(&c, &n))
		(void)cursor_span(&c, n, &out->name);
}

static void read_alpn(struct cursor c, struct tls_seen *out)
{
	uint16_t list;
	uint8_t n;
	struct span one;
	unsigned protocols = 0;
	bool web = false;

	if (!cursor_u16(&c, &list))
		return;
	for (; protocols < PROTOCOLS_MAX && cursor_u8(&c, &n) && cursor_span(&c, n, &one); protocols++) {
		out->alpn_sip |= span_eq(one, SPAN("sip/2"));
		web |= span_eq(one, SPAN("http/1.1"));
	}
	out->alpn_web = web && protocols == 1;
}

bool tls_seen(struct span s, struct tls_seen *out)
{
	struct cursor c = cursor_of(s), one;
	uint8_t type, n8;
	uint16_t n16, extension;
	uint32_t n24;

	*out = (struct tls_seen){.alpn_sip = false};
	if (!tls_is_record(s) || s.p[0] != HANDSHAKE || !cursor_skip(&c, RECORD_HEAD) || !cursor_u8(&c, &type) ||
	    type != CLIENT_HELLO)
		return false;
	if (!cursor_u24(&c, &n24) || !cursor_skip(&c, 2 + RANDOM_LEN) || !cursor_u8(&c, &n8) || !cursor_skip(&c, n8) ||
	    !cursor_u16(&c, &n16) || !cursor_skip(&c, n16) || !cursor_u8(&c, &n8) || !cursor_skip(&c, n8) ||
	    !cursor_u16(&c, &n16))
		return true;
	while (cursor_u16(&c, &extension) && cursor_u16(&c, &n16) && cursor_sub(&c, n16, &one)) {
		if (extension == SERVER_NAME)
			read_name(one, out);
		else if (extension == ALPN)
			read_alpn(one, out);
	}
	return true;
}

bool tls_name_is_sip(struct span name)
{
	for (int i = 0; i < LABELS_MAX && name.n; i++) {
		size_t n = span_find(name, '.');
		struct span label = span_head(name, n);
		if (span_eq_case(label, SPAN("sip")) || span_eq_case(label, SPAN("sips")))
			return true;
		name = span_skip(name, n + 1);
	}
	return false;
}
