/* SPDX-License-Identifier: ISC */
#include "base/json.h"
#include "base/utf8.h"

static void put_escape(struct buf *b, uint8_t c)
{
	BUF_LIT(b, "\\u00");
	buf_hex(b, &c, 1);
}

static void put_string(struct buf *b, struct span s)
{
	buf_u8(b, '"');
	while (s.n) {
		size_t n = utf8_step(s.p, s.n);
		uint8_t c = s.p[0];
		if (n == 0) {
			BUF_LIT(b, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			buf_u8(b, '\\');
			buf_u8(b, c);
		} else if (c < 0x20 || c == 0x7f) {
			put_escape(b, c);
		} else if (c == 0xc2 && s.p[1] < 0xa0) { /* C1 controls */
			put_escape(b, s.p[1]);
		} else {
			buf_put(b, s.p, n);
		}
		s = span_skip(s, n);
	}
	buf_u8(b, '"');
}

static void put_name(struct buf *b, const char *name)
{
	if (b->n && b->p[b->n - 1] != '{')
		buf_u8(b, ',');
	put_string(b, span_str(name));
	buf_u8(b, ':');
}

void json_begin(struct buf *b, const char *kind)
{
	buf_u8(b, '{');
	json_word(b, "kind", kind);
}

void json_text(struct buf *b, const char *name, struct span value)
{
	put_name(b, name);
	put_string(b, value);
}

void json_word(struct buf *b, const char *name, const char *value)
{
	json_text(b, name, span_str(value));
}

void json_number(struct buf *b, const char *name, uint64_t value)
{
	put_name(b, name);
	buf_decimal(b, value);
}

void json_signed(struct buf *b, const char *name, int64_t value)
{
	put_name(b, name);
	if (value < 0)
		buf_u8(b, '-');
	buf_decimal(b, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
}

void json_flag(struct buf *b, const char *name, bool value)
{
	put_name(b, name);
	buf_str(b, value ? "true" : "false");
}

void json_end(struct buf *b)
{
	BUF_LIT(b, "}\n");
}

void json_items(struct buf *b, const char *name)
{
	put_name(b, name);
	buf_u8(b, '[');
}

void json_item(struct buf *b, bool first)
{
	if (!first)
		buf_u8(b, ',');
	buf_u8(b, '{');
}

void json_item_end(struct buf *b)
{
	buf_u8(b, '}');
}

void json_items_end(struct buf *b)
{
	buf_u8(b, ']');
}
