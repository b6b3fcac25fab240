/* SPDX-License-Identifier: ISC */
#include "wire/pidf.h"
#include "wire/sip_lex.h"
#include <time.h>

/* in the order of the schema (RFC 5139 4) */
static const char *const element[] = {"country", "A1", "A2", "A3", "A4", "A5", "A6", "PRM", "PRD", "RD", "STS", "POD",
    "POM", "RDSEC", "RDBR", "RDSUBBR", "HNO", "HNS", "LMK", "LOC", "FLR", "NAM", "PC", "BLD", "UNIT", "ROOM", "SEAT",
    "PLC", "PCN", "POBOX", "ADDCODE"};

enum { ELEMENTS = sizeof element / sizeof *element };

static bool text_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	/* U+FFFE and U+FFFF are no characters of XML */
	return s.n <= PIDF_VALUE_MAX && lex_utf8(s) && !memmem(s.p, s.n, "\xef\xbf\xbe", 3) &&
	       !memmem(s.p, s.n, "\xef\xbf\xbf", 3);
}

static void put_escaped(struct buf *b, struct span s)
{
	static const char *const escape[128] = {
	    ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&apos;"};

	if (!text_ok(s))
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
	put_escaped(b, p->domain);
}

static int place_of(const char *name)
{
	for (int i = 0; i < ELEMENTS; i++)
		if (strcmp(element[i], name) == 0)
			return i;
	return -1;
}

static bool sort(const struct pidf *p, struct span value[ELEMENTS])
{
	for (size_t i = 0; i < p->fields; i++) {
		int at = place_of(p->field[i].element);
		if (at < 0 || value[at].n)
			return false;
		value[at] = p->field[i].value;
	}
	struct span country = value[0];
	return country.n == 2 && country.p[0] >= 'A' && country.p[0] <= 'Z' && country.p[1] >= 'A' &&
	       country.p[1] <= 'Z';
}

static void put_address(struct buf *b, const struct pidf *p)
{
	struct span value[ELEMENTS] = {0};

	if (!sort(p, value))
		b->full = true;
	BUF_LIT(b, "<ca:civicAddress>");
	for (int i = 0; i < ELEMENTS; i++) {
		if (!value[i].n)
			continue;
		BUF_LIT(b, "<ca:");
		buf_str(b, element[i]);
		BUF_LIT(b, ">");
		put_escaped(b, value[i]);
		BUF_LIT(b, "</ca:");
		buf_str(b, element[i]);
		BUF_LIT(b, ">");
	}
	BUF_LIT(b, "</ca:civicAddress>");
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
	BUF_LIT(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		   "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\""
		   " xmlns:ca=\"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr\" entity=\"");
	put_entity(b, p);
	BUF_LIT(b, "\">\r\n<tuple id=\"place\"><status><gp:geopriv><gp:location-info>");
	put_address(b, p);
	/* no rules: nobody passes it on further than the call needs (RFC 4119 2.2.2) */
	BUF_LIT(b, "</gp:location-info><gp:usage-rules/><gp:method>Manual</gp:method></gp:geopriv></status>");
	if (p->note) {
		BUF_LIT(b, "<note xml:lang=\"en\">");
		put_escaped(b, span_str(p->note));
		BUF_LIT(b, "</note>");
	}
	if (p->wall_ms > 0)
		put_timestamp(b, p->wall_ms);
	BUF_LIT(b, "</tuple>\r\n</presence>\r\n");
}
