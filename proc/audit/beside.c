/* SPDX-License-Identifier: ISC */
/* What goes beside the media of a flow: STUN, of which ICE is a part, and RTCP, which says in clear who speaks (its CNAME) where SRTP
 * is kept and SRTCP is not. */
#include "audit/beside.h"
#include "audit/flow.h"
#include "wire/rtp.h"
#include "wire/stun.h"

/* RFC 3550 6.5 */
enum { RTCP_SDES = 202, SDES_END = 0, SDES_CNAME = 1, ITEMS_MAX = 64 };

static bool is_printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

/* The CNAME of the first source that has one: chunks begin at multiples of four octets. */
static bool sdes_cname(struct cursor c, struct span *cname)
{
	const uint8_t *begin = c.p;
	uint32_t ssrc;
	uint8_t type, n;

	if (!cursor_u32(&c, &ssrc))
		return false;
	for (int i = 0; i < ITEMS_MAX; i++) {
		if (!cursor_u8(&c, &type))
			return false;
		if (type == SDES_END) {
			size_t odd = (size_t)(c.p - begin) % 4;
			if (!cursor_skip(&c, odd ? 4 - odd : 0) || !cursor_u32(&c, &ssrc))
				return false;
			continue;
		}
		if (!cursor_u8(&c, &n) || !cursor_span(&c, n, cname))
			return false;
		if (type == SDES_CNAME)
			return is_printable(*cname);
	}
	return false;
}

bool rtcp_cname(struct span datagram, struct span *cname)
{
	struct cursor c = cursor_of(datagram);
	struct rtcp r;

	while (rtcp_is_clear(datagram) && rtcp_next(&c, &r))
		if (r.pt == RTCP_SDES && r.count > 0 && sdes_cname(cursor_of(r.body), cname))
			return true;
	return false;
}

void beside_stun(struct audit *a, struct span datagram)
{
	struct stun s;

	if (!stun_is(datagram))
		return;
	a->count.stun++;
	a->count.ice += stun_parse(datagram, &s) && s.type == STUN_BINDING_REQUEST && s.username.n > 0;
}

void beside_rtcp(struct audit *a, struct flow *f, struct span datagram)
{
	struct span cname;

	a->count.rtcp++;
	if (!rtcp_is_clear(datagram))
		return;
	a->count.rtcp_clear++;
	if (rtcp_cname(datagram, &cname)) {
		audit_text(a, cname, TEXT_CNAME);
		f->cname_clear = true;
	}
}

/* On the ports of the media (RFC 5761), or on the next ones. */
bool beside_names(const struct audit *a, const struct flow *f)
{
	struct flow_key k = f->key;

	k.sport++;
	k.dport++;
	const struct flow *next = flow_find(a, &k);
	return f->cname_clear || (next && next->cname_clear);
}
