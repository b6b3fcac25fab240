/* SPDX-License-Identifier: ISC */
#include "wire/sip_lex.h"
#include "wire/uri.h"

static void put_escaped(struct buf *b, struct span s, unsigned classes)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 0x20 || s.p[i] == 0x7f) {
			b->full = true;
		} else if (lex_is(s.p[i], classes)) {
			buf_u8(b, s.p[i]);
		} else {
			buf_u8(b, '%');
			buf_hex(b, &s.p[i], 1);
		}
	}
}

static void put_host(struct buf *b, const struct uri_out *u)
{
	if (u->host.n) {
		if (!lex_hostname(u->host))
			b->full = true;
		buf_add(b, u->host);
	} else {
		if (u->addr.family != 4 && u->addr.family != 6)
			b->full = true;
		addr_put_host(b, &u->addr);
	}
	if (u->port) {
		buf_u8(b, ':');
		buf_decimal(b, u->port);
	}
}

void uri_put(struct buf *b, const struct uri_out *u)
{
	if (u->scheme != URI_SIP && u->scheme != URI_SIPS)
		b->full = true;
	buf_str(b, u->scheme == URI_SIPS ? "sips:" : "sip:");
	if (u->user.n) {
		put_escaped(b, u->user, LEX_USER);
		buf_u8(b, '@');
	}
	put_host(b, u);
	if (u->transport != SIP_TRANSPORT_NONE) {
		struct span name = sip_transport_name(u->transport);
		if (name.n == 0)
			b->full = true;
		BUF_LIT(b, ";transport=");
		for (size_t i = 0; i < name.n; i++)
			buf_u8(b, ascii_lower(name.p[i]));
	}
	if (u->user_phone)
		BUF_LIT(b, ";user=phone");
	if (u->lr)
		BUF_LIT(b, ";lr");
	if (u->ob)
		BUF_LIT(b, ";ob");
	if (u->gr.n) {
		BUF_LIT(b, ";gr=");
		put_escaped(b, u->gr, LEX_PARAM);
	}
}
