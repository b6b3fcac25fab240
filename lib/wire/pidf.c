/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"
#include "wire/pidf_int.h"
#include "wire/sip_lex.h"
#include <time.h>

const char *const pidf_method_name[PIDF_METHODS] = {
    [PIDF_MANUAL] = "Manual",
    [PIDF_GPS] = "GPS",
    [PIDF_A_GPS] = "A-GPS",
    [PIDF_DHCP] = "DHCP",
    [PIDF_LLDP_MED] = "LLDP-MED",
    [PIDF_802_11] = "802.11",
    [PIDF_CELL] = "Cell",
    [PIDF_TRIANGULATION] = "Triangulation",
    [PIDF_DERIVED] = "Derived",
};

static void put_escaped(struct buf *b, struct span s)
{
	static const char *const escape[128] = {['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;"};

	if (!utf8_text_ok(s, PIDF_VALUE_MAX))
		b->full = true;
	for (size_t i = 0; i < s.n && !b->full; i++) {
		if (s.p[i] < 128 && escape[s.p[i]])
			buf_str(b, escape[s.p[i]]);
		else
			buf_u8(b, s.p[i]);
	}
}

/* pres:user@domain (RFC 3859), the user's octets that a URI may not hold escaped */
static void put_entity(struct buf *b, const struct pidf *p)
{
	BUF_LIT(b, "pres:");
	for (size_t i = 0; i < p->user.n; i++) {
		if (lex_is(p->user.p[i], LEX_ALNUM) || (p->user.p[i] && strchr("-_.~*+", p->user.p[i]))) {
			buf_u8(b, p->user.p[i]);
			continue;
		}
		BUF_LIT(b, "%");
		buf_hex(b, &p->user.p[i], 1);
	}
	BUF_LIT(b, "@");
	for (size_t i = 0; i < p->domain.n; i++)
		if (!lex_is(p->domain.p[i], LEX_VALUE))
			b->full = true;
	buf_add(b, p->domain);
}

static void put_address(struct buf *b, const struct pidf_place *p)
{
	if (!p->end[PIDF_ELEMENTS - 1])
		return;
	BUF_LIT(b, "<ca:civicAddress>");
	for (int i = 0; i < PIDF_ELEMENTS; i++) {
		struct span value = pidf_value(p, (enum pidf_element)i);
		if (!value.n)
			continue;
		BUF_LIT(b, "<ca:");
		buf_str(b, pidf_element_name[i]);
		BUF_LIT(b, ">");
		put_escaped(b, value);
		BUF_LIT(b, "</ca:");
		buf_str(b, pidf_element_name[i]);
		BUF_LIT(b, ">");
	}
	BUF_LIT(b, "</ca:civicAddress>");
}

/* v / 10^places, without zeros at its end */
static void put_fixed(struct buf *b, int64_t v, unsigned places)
{
	uint64_t size = v < 0 ? (uint64_t)-v : (uint64_t)v, unit = 1;

	for (unsigned i = 0; i < places; i++)
		unit *= 10;
	if (v < 0)
		BUF_LIT(b, "-");
	buf_decimal(b, size / unit);
	if (size % unit)
		BUF_LIT(b, ".");
	for (uint64_t left = size % unit; left; left %= unit) {
		unit /= 10;
		buf_u8(b, (uint8_t)('0' + left / unit));
	}
}

/* RFC 5491 5: latitude first */
static void put_position(struct buf *b, const struct pidf_place *p)
{
	BUF_LIT(b, "<gml:pos>");
	put_fixed(b, p->latitude_e7, 7);
	BUF_LIT(b, " ");
	put_fixed(b, p->longitude_e7, 7);
	if (p->has_altitude) {
		BUF_LIT(b, " ");
		put_fixed(b, p->altitude_cm, 2);
	}
	BUF_LIT(b, "</gml:pos>");
}

static void put_shape(struct buf *b, const struct pidf_place *p)
{
	if (p->shape == PIDF_POINT) {
		buf_str(b, p->has_altitude ? "<gml:Point srsName=\"" PIDF_CRS_3D "\">"
					   : "<gml:Point srsName=\"" PIDF_CRS_2D "\">");
		put_position(b, p);
		BUF_LIT(b, "</gml:Point>");
	} else if (p->shape == PIDF_CIRCLE) {
		BUF_LIT(b, "<gs:Circle srsName=\"" PIDF_CRS_2D "\">");
		put_position(b, p);
		BUF_LIT(b, "<gs:radius uom=\"" PIDF_METRE "\">");
		put_fixed(b, p->radius_cm, 2);
		BUF_LIT(b, "</gs:radius></gs:Circle>");
	}
}

static void put_method(struct buf *b, const struct pidf_place *p)
{
	if (p->method == PIDF_METHOD_UNKNOWN)
		return;
	BUF_LIT(b, "<gp:method>");
	buf_str(b, pidf_method_name[p->method]);
	BUF_LIT(b, "</gp:method>");
}

static void put_timestamp(struct buf *b, int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		b->full = true;
		return;
	}
	BUF_LIT(b, "<timestamp>");
	buf_str(b, text);
	BUF_LIT(b, "</timestamp>");
}

void pidf_write(struct buf *b, const struct pidf *p)
{
	if (!pidf_place_ok(p->place)) {
		b->full = true;
		return;
	}
	BUF_LIT(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		   "<presence xmlns=\"" PIDF_NS "\" xmlns:gp=\"" PIDF_NS_GEOPRIV "\" xmlns:ca=\"" PIDF_NS_CIVIC
		   "\" xmlns:gml=\"" PIDF_NS_GML "\" xmlns:gs=\"" PIDF_NS_SHAPE "\" entity=\"");
	put_entity(b, p);
	BUF_LIT(b, "\">\r\n<tuple id=\"place\"><status><gp:geopriv><gp:location-info>");
	/* RFC 5491 3.3: of one place, what is on the map first */
	put_shape(b, p->place);
	put_address(b, p->place);
	/* no rules: nobody passes it on further than the call needs (RFC 4119 2.2.2) */
	BUF_LIT(b, "</gp:location-info><gp:usage-rules/>");
	put_method(b, p->place);
	BUF_LIT(b, "</gp:geopriv></status>");
	if (p->note) {
		BUF_LIT(b, "<note xml:lang=\"en\">");
		put_escaped(b, span_str(p->note));
		BUF_LIT(b, "</note>");
	}
	if (p->place->wall_ms > 0)
		put_timestamp(b, p->place->wall_ms);
	BUF_LIT(b, "</tuple>\r\n</presence>\r\n");
}
