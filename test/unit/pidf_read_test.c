/* SPDX-License-Identifier: ISC */
/* R16, T18: where a phone says that it is: what of a document is understood, what is refused, and that what we write is read. */
#include "test.h"
#include "wire/pidf.h"
#include "wire/xml.h"
#include <stdlib.h>

static struct pidf_place place;
static const char *why;
static uint8_t *data;

/* Its exact size: a read past the end is seen. */
static struct span copied(const void *p, size_t n)
{
	free(data);
	data = malloc(n ? n : 1);
	if (!data)
		abort();
	memcpy(data, p, n);
	return span_of(data, n);
}

static bool reads(const char *text)
{
	struct pidf_place before = place;

	why = NULL;
	bool ok = pidf_read(copied(text, strlen(text)), &place, &why);
	return ok ? pidf_place_ok(&place) : (why && memcmp(&before, &place, sizeof place) == 0) ? false : (abort(), false);
}

static bool refused(const char *text, const char *reason)
{
	if (!reads(text) && strcmp(why, reason) == 0)
		return true;
	fprintf(stderr, "%s\n-- %s\n", text, why ? why : "was read");
	return false;
}

#define NS                                                                                                           \
	"xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\" "                   \
	"xmlns:cl=\"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr\" xmlns:gml=\"http://www.opengis.net/gml\" "         \
	"xmlns:gs=\"http://www.opengis.net/pidflo/1.0\""
#define DOC(tuples) "<presence " NS " entity=\"pres:a@b\">" tuples "</presence>"
#define TUPLE(info, more)                                                                                            \
	"<tuple id=\"t\"><status><gp:geopriv><gp:location-info>" info "</gp:location-info><gp:usage-rules/>" more            \
	"</gp:geopriv></status></tuple>"
#define INFO(info) DOC(TUPLE(info, ""))
#define CRS2 "srsName=\"urn:ogc:def:crs:EPSG::4326\""
#define CRS3 "srsName=\"urn:ogc:def:crs:EPSG::4979\""
#define POINT(crs, pos) INFO("<gml:Point " crs "><gml:pos>" pos "</gml:pos></gml:Point>")
#define CIRCLE(pos, radius)                                                                                          \
	INFO("<gs:Circle " CRS2 "><gml:pos>" pos "</gml:pos><gs:radius uom=\"urn:ogc:def:uom:EPSG::9001\">" radius        \
	     "</gs:radius></gs:Circle>")
#define CIVIC(elements) INFO("<cl:civicAddress xml:lang=\"en\">" elements "</cl:civicAddress>")

static const char nothing[] = "no place in it is understood";

static void a_point(void)
{
	static const struct {
		const char *text;
		int32_t latitude, longitude, altitude;
	} good[] = {
	    {POINT(CRS2, "-34.407242 150.882518"), -344072420, 1508825180, 0},
	    {POINT(CRS2, "\r\n\t42.5463   -73.2512\n"), 425463000, -732512000, 0},
	    {POINT(CRS2, "90 -180"), 900000000, -1800000000, 0},
	    {POINT(CRS2, "+1. -.5"), 10000000, -5000000, 0},
	    {POINT(CRS2, "0.00000004999999 0.00000005"), 0, 1, 0},
	    {POINT(CRS2, "00000000000000000000000000000001 &#50;"), 10000000, 20000000, 0},
	    {POINT(CRS2, "0 179.99999999"), 0, 1800000000, 0},
	    {POINT(CRS3, "1 2 -3.456"), 10000000, 20000000, -346},
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK(reads(good[i].text) && place.shape == PIDF_POINT && !place.radius_cm);
		CHECK(place.latitude_e7 == good[i].latitude && place.longitude_e7 == good[i].longitude);
		CHECK(place.has_altitude == (i == 7) && place.altitude_cm == good[i].altitude);
	}
}

static void no_point(void)
{
	static const char *const bad[] = {POINT(CRS2, ""), POINT("", ""), POINT("", "1 2"), POINT(CRS2, "1"), POINT(CRS2, "1 2 3"),
	    POINT(CRS3, "1 2"), POINT(CRS3, "1 2 3 4"), POINT("srsName=\"EPSG:4326\"", "1 2"), POINT(CRS2, "90.0000001 0"),
	    POINT(CRS2, "0 180.0000001"), POINT(CRS2, "0 -181"), POINT(CRS2, "1e1 2"), POINT(CRS2, "NaN 2"), POINT(CRS2, "1,5 2"),
	    POINT(CRS2, "--1 2"), POINT(CRS2, "1 ."), POINT(CRS2, "1 -"), POINT(CRS2, "1.2.3 4"), POINT(CRS2, "0x1 2"),
	    POINT(CRS2, "99999999999999999999999999999999 1"), POINT(CRS3, "1 2 100000.01"), POINT(CRS3, "1 2 99999999999999"),
	    INFO("<gml:Point " CRS2 "/>"),
	    INFO("<gml:Point " CRS2 "><gml:pos>1 2</gml:pos><gml:pos>1 2</gml:pos></gml:Point>"),
	    INFO("<gml:Point " CRS2 "><gs:pos>1 2</gs:pos></gml:Point>"), INFO("<gs:Point " CRS2 "><gml:pos>1 2</gml:pos></gs:Point>"),
	    INFO("<gml:Polygon " CRS2 "><gml:pos>1 2</gml:pos></gml:Polygon>")};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(refused(bad[i], nothing));
}

static void a_circle(void)
{
	CHECK(reads(CIRCLE("42.5463 -73.2512", "850.24")) && place.shape == PIDF_CIRCLE && place.radius_cm == 85024);
	CHECK(place.latitude_e7 == 425463000 && place.longitude_e7 == -732512000 && !place.has_altitude);
	CHECK(reads(CIRCLE("0 0", "20037508.34")) && place.radius_cm == PIDF_RADIUS_MAX_CM);
	static const char *const bad[] = {CIRCLE("1 2", "0"), CIRCLE("1 2", "0.001"), CIRCLE("1 2", "-5"), CIRCLE("1 2", "20037508.35"),
	    CIRCLE("1 2 3", "5"), CIRCLE("1 2", ""), INFO("<gs:Circle " CRS2 "><gml:pos>1 2</gml:pos></gs:Circle>"),
	    INFO("<gs:Circle " CRS2 "><gml:pos>1 2</gml:pos><gs:radius>5</gs:radius></gs:Circle>"),
	    INFO("<gs:Circle " CRS2 "><gml:pos>1 2</gml:pos><gs:radius uom=\"urn:ogc:def:uom:EPSG::9002\">5</gs:radius></gs:Circle>"),
	    INFO("<gs:Circle " CRS3 "><gml:pos>1 2 3</gml:pos><gs:radius uom=\"urn:ogc:def:uom:EPSG::9001\">5</gs:radius></gs:Circle>")};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(refused(bad[i], nothing));
}

static bool says(enum pidf_element e, const char *value)
{
	return span_eq(pidf_value(&place, e), span_str(value));
}

static void an_address(void)
{
	CHECK(reads(CIVIC("<cl:PC>NW1&#x20;6XE</cl:PC><cl:country>gb</cl:country><!-- of whom? --><cl:A3>\n London &amp; \n East </cl:A3>"
			  "<cl:RD>Stra\xc3\x9f" "e</cl:RD><cl:A9>what?</cl:A9><x xmlns=\"urn:x\"><y/>z</x><cl:FLR/><cl:HNO>&#xe9;&lt;&#x1F3E0;</cl:HNO>")));
	CHECK(place.shape == PIDF_NOWHERE && says(PIDF_COUNTRY, "GB") && says(PIDF_A3, "London & East") && says(PIDF_PC, "NW1 6XE"));
	CHECK(says(PIDF_RD, "Stra\xc3\x9f" "e") && says(PIDF_FLR, "") && says(PIDF_HNO, "\xc3\xa9<\xf0\x9f\x8f\xa0"));
	CHECK(reads(CIVIC("<cl:A3>Nowhere</cl:A3>")) && says(PIDF_COUNTRY, ""));
	static const char *const bad[] = {CIVIC(""), CIVIC("<cl:A3/>"), CIVIC("<A3>x</A3>"), CIVIC("<cl:country>GBR</cl:country>"),
	    CIVIC("<cl:country>G1</cl:country><cl:A3>x</cl:A3>"), CIVIC("<cl:A3>x</cl:A3><cl:A3>y</cl:A3>"),
	    CIVIC("<cl:A3>a&#x202e;b</cl:A3>"), CIVIC("<cl:A3>a&#x7f;b</cl:A3>"), CIVIC("<cl:RD>x</cl:RD><cl:A3>a&#x85;b</cl:A3>")};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(refused(bad[i], nothing));
}

static void values_are_bounded(void)
{
	static char text[8192], value[1200];

	for (int n = PIDF_VALUE_MAX; n <= PIDF_VALUE_MAX + 1; n++) {
		snprintf(text, sizeof text, CIVIC("<cl:country>DE</cl:country><cl:RD>%0*d</cl:RD>"), n, 7);
		CHECK(reads(text) == (n == PIDF_VALUE_MAX));
	}
	for (int n = PIDF_VALUE_MAX; n <= PIDF_VALUE_MAX + 1; n++) {
		snprintf(value, sizeof value, "<cl:A1>%0256d</cl:A1><cl:A2>%0256d</cl:A2><cl:A3>%0256d</cl:A3><cl:A4>%0*d</cl:A4>", 1, 2, 3,
		    n - 1, 4);
		snprintf(text, sizeof text, CIVIC("%s<cl:A5>5</cl:A5>"), value);
		CHECK(reads(text) == (n == PIDF_VALUE_MAX));
	}
}

/* RFC 5491 3: of several the first that says anything; of one place both its forms */
static void which_of_several(void)
{
#define P(pos) "<gml:Point " CRS2 "><gml:pos>" pos "</gml:pos></gml:Point>"
#define A(text) "<cl:civicAddress><cl:A3>" text "</cl:A3></cl:civicAddress>"
	CHECK(reads(DOC(TUPLE(P("1 2") A("x"), "<gp:method>GPS</gp:method>") TUPLE(P("3 4"), "<gp:method>Cell</gp:method>"))));
	CHECK(place.latitude_e7 == 10000000 && says(PIDF_A3, "x") && place.method == PIDF_GPS);
	CHECK(reads(DOC(TUPLE(P("1"), "<gp:method>GPS</gp:method>") TUPLE(P("3 4"), "<gp:method>magic</gp:method>"))));
	CHECK(place.latitude_e7 == 30000000 && place.method == PIDF_METHOD_UNKNOWN);
	CHECK(reads(INFO(P("1 2") P("3 4") A("x") A("y"))) && place.latitude_e7 == 10000000 && says(PIDF_A3, "x"));
	CHECK(reads(INFO(P("91 2") P("3 4"))) && place.latitude_e7 == 30000000);
	CHECK(reads(INFO(P("1 2") "<cl:civicAddress><cl:country>x</cl:country></cl:civicAddress>")) && says(PIDF_COUNTRY, ""));
	CHECK(reads(DOC("<d:person xmlns:d=\"urn:ietf:params:xml:ns:pidf:data-model\" id=\"p\"><gp:geopriv><gp:location-info>" P(
	    "1 2") "</gp:location-info></gp:geopriv></d:person>")));
	CHECK(refused(DOC("<status><gp:geopriv><gp:location-info>" P("1 2") "</gp:location-info></gp:geopriv></status>"), nothing));
	CHECK(refused(DOC(""), nothing));
#undef P
#undef A
}

static void moments(void)
{
#define WHEN(t)                                                                                                      \
	DOC("<tuple id=\"t\"><status><gp:geopriv><gp:location-info><gml:Point " CRS2                                      \
	    "><gml:pos>1 2</gml:pos></gml:Point></gp:location-info></gp:geopriv></status><timestamp>" t                  \
	    "</timestamp></tuple>")
	static const struct {
		const char *text;
		int64_t ms;
	} table[] = {
	    {WHEN("2023-11-14T22:13:20Z"), 1700000000000},
	    {WHEN(" 2023-11-15T00:13:20.987+02:00\n"), 1700000000000},
	    {WHEN("2023-11-14T16:43:20-05:30"), 1700000000000},
	    {WHEN("2024-02-29T00:00:00Z"), 1709164800000},
	    {WHEN("2023-02-29T00:00:00Z"), 0},
	    {WHEN("2023-11-14T22:13:20"), 0},
	    {WHEN("2023-11-14T24:13:20Z"), 0},
	    {WHEN("2023-13-14T22:13:20Z"), 0},
	    {WHEN("2023-00-14T22:13:20Z"), 0},
	    {WHEN("2023-11-00T22:13:20Z"), 0},
	    {WHEN("2023-11-14T22:13:20.Z"), 0},
	    {WHEN("2023-11-14 22:13:20Z"), 0},
	    {WHEN("1969-11-14T22:13:20Z"), 0},
	    {WHEN("2023-11-14T22:13:20+0200"), 0},
	    {WHEN("yesterday"), 0},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		CHECK(reads(table[i].text) && place.wall_ms == table[i].ms);
#undef WHEN
}

/* T18: nothing comes from elsewhere and nothing grows */
static void what_is_no_document(void)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
	    {"", "ends too early"},
	    {"x", "text around the document"},
	    {"<a/>", "it is no PIDF document"},
	    {"<presence/>", "it is no PIDF document"},
	    {"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">", "ends too early"},
	    {DOC("") "<a/>", "two documents"},
	    {DOC("") "x", "text around the document"},
	    {"<!DOCTYPE a [<!ENTITY b \"c\">]>" DOC("&b;"), "a DTD, CDATA or a processing instruction"},
	    {"<!DOCTYPE a SYSTEM \"http://x.example/\">" DOC(""), "a DTD, CDATA or a processing instruction"},
	    {DOC("<!ENTITY b \"c\">"), "a DTD, CDATA or a processing instruction"},
	    {DOC("<![CDATA[x]]>"), "a DTD, CDATA or a processing instruction"},
	    {DOC("<?php x?>"), "a DTD, CDATA or a processing instruction"},
	    {DOC("&b;"), "]]> or an unknown entity in text"},
	    {DOC("&"), "]]> or an unknown entity in text"},
	    {DOC("&;"), "]]> or an unknown entity in text"},
	    {DOC("&#;"), "]]> or an unknown entity in text"},
	    {DOC("&#x;"), "]]> or an unknown entity in text"},
	    {DOC("&#0;"), "]]> or an unknown entity in text"},
	    {DOC("&#xd800;"), "]]> or an unknown entity in text"},
	    {DOC("&#xffff;"), "]]> or an unknown entity in text"},
	    {DOC("&#x110000;"), "]]> or an unknown entity in text"},
	    {DOC("&#99999999999999999999;"), "]]> or an unknown entity in text"},
	    {DOC("&#X41;"), "]]> or an unknown entity in text"},
	    {DOC("&#4A;"), "]]> or an unknown entity in text"},
	    {DOC("]]>"), "]]> or an unknown entity in text"},
	    {DOC("<a></b>"), "an end that is not that of its element"},
	    {DOC("<a x=\"1\" x=\"2\"/>"), "an attribute stands twice"},
	    {DOC("<a xmlns:p=\"urn:p\" xmlns:q=\"urn:p\" p:x=\"1\" q:x=\"2\"/>"), "an attribute stands twice"},
	    {DOC("<a xmlns:p=\"urn:p\" xmlns:p=\"urn:q\"/>"), "an attribute stands twice"},
	    {DOC("<a xmlns:p=\"\"/>"), "a namespace that can't be"},
	    {DOC("<a xmlns:xmlns=\"urn:x\"/>"), "a namespace that can't be"},
	    {DOC("<a xmlns=\"urn:&amp;\"/>"), "a namespace that can't be"},
	    {DOC("<q:a/>"), "a prefix of no namespace"},
	    {DOC("<a xmlns:q=\"urn:q\"/><q:a/>"), "a prefix of no namespace"},
	    {DOC("<a q:b=\"\"/>"), "a prefix of no namespace"},
	    {DOC("<a b=c/>"), "an attribute without quotes"},
	    {DOC("<a b/>"), "an attribute without a value"},
	    {DOC("<a b=\"<\"/>"), "a < or an unknown entity in an attribute"},
	    {DOC("<a b=\"&c;\"/>"), "a < or an unknown entity in an attribute"},
	    {DOC("<a b=\"1\"c=\"2\"/>"), "a tag that does not end"},
	    {DOC("< a/>"), "a name is missing"},
	    {DOC("<1/>"), "a name is missing"},
	    {DOC("<gp:/>"), "a name is missing"},
	    {DOC("<!-- a -- b -->"), "a comment with -- in it"},
	    {DOC("<!-- a"), "ends too early"},
	    {DOC("\x01"), "not UTF-8, or a character that XML does not have"},
	    {DOC("\xff"), "not UTF-8, or a character that XML does not have"},
	    {DOC("\xc0\x80"), "not UTF-8, or a character that XML does not have"},
	    {DOC("\xed\xa0\x80"), "not UTF-8, or a character that XML does not have"},
	    {DOC("\xef\xbf\xbf"), "not UTF-8, or a character that XML does not have"},
	    {"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" DOC(""), "another encoding than UTF-8"},
	    {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" DOC(""), "another encoding than UTF-8"},
	    {" <?xml version=\"1.0\"?>" DOC(""), "a DTD, CDATA or a processing instruction"},
	    {INFO("<cl:civicAddress><cl:A3>a<b/></cl:A3></cl:civicAddress>"), "an element where text should be"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(refused(bad[i].text, bad[i].why));
	CHECK(reads("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' ?>\n<!-- - --> \n" POINT(CRS2, "1 2") "<!---->\r\n"));
	CHECK(reads("<p:presence xmlns:p='urn:ietf:params:xml:ns:pidf' xmlns:g='urn:ietf:params:xml:ns:pidf:geopriv10'><p:tuple id='&quot;'>"
		    "<p:status ><g:geopriv><g:location-info><Point xmlns='http://www.opengis.net/gml' " CRS2
		    "><pos >1 2</pos\n></Point></g:location-info></g:geopriv></p:status></p:tuple></p:presence >"));
	CHECK(!pidf_read(copied(DOC("") "\0", sizeof DOC("")), &place, &why));
}

static void depth_and_numbers_are_bounded(void)
{
	static char text[65536];
	struct buf b;

	for (int deep = XML_DEPTH_MAX; deep <= XML_DEPTH_MAX + 1; deep++) {
		b = buf_of(text, sizeof text - 1);
		BUF_LIT(&b, "<presence " NS ">");
		for (int i = 1; i < deep; i++)
			BUF_LIT(&b, "<a>");
		for (int i = 1; i < deep; i++)
			BUF_LIT(&b, "</a>");
		buf_str(&b, TUPLE("<cl:civicAddress><cl:A3>x</cl:A3></cl:civicAddress>", "") "</presence>");
		text[b.n] = 0;
		CHECK(deep == XML_DEPTH_MAX ? reads(text) : refused(text, "too deep"));
	}
	for (int many = XML_ATTRIBUTES_MAX; many <= XML_ATTRIBUTES_MAX + 1; many++) {
		b = buf_of(text, sizeof text - 1);
		BUF_LIT(&b, "<a");
		for (int i = 0; i < many; i++) {
			BUF_LIT(&b, " b");
			buf_decimal(&b, (uint64_t)i);
			BUF_LIT(&b, "=''");
		}
		BUF_LIT(&b, "/>");
		text[b.n] = 0;
		CHECK(refused(text, many == XML_ATTRIBUTES_MAX ? "it is no PIDF document" : "too many attributes"));
	}
	for (int many = XML_SPACES_MAX / 4; many <= XML_SPACES_MAX / 4 + 1; many++) {
		b = buf_of(text, sizeof text - 1);
		for (int i = 0; i < many; i++)
			BUF_LIT(&b, "<a xmlns:a='a' xmlns:b='b' xmlns:c='c' xmlns:d='d'>");
		for (int i = 0; i < many; i++)
			BUF_LIT(&b, "</a>");
		text[b.n] = 0;
		struct xml x = xml_of(span_str(text));
		while (xml_next(&x) != XML_BAD && !(x.depth == 0 && x.rooted))
			;
		CHECK(many == XML_SPACES_MAX / 4 ? xml_next(&x) == XML_DONE && !x.spaces
						 : x.why && strcmp(x.why, "too many namespaces") == 0);
	}
}

/* --- what is written is read --- */

static uint32_t state = 1;

static uint32_t dice(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/* False: there is no room for it. */
static bool some_value(struct pidf_place *p, enum pidf_element e)
{
	static const char *const piece[] = {"a", "<", "&", ">", "]]>", "\"", "'", "&amp;", "\xc3\xa9", "\xe6\x97\xa5", "\xf0\x9f\x8f\xa0", "-", "0", "Z"};
	uint8_t text[PIDF_VALUE_MAX + 8];
	struct buf b = buf_of(text, sizeof text);

	for (uint32_t n = dice(dice(8) ? 8 : 200) + 1; n; n--)
		buf_str(&b, piece[dice(sizeof piece / sizeof *piece)]);
	return pidf_set(p, e, e == PIDF_COUNTRY ? SPAN("FR") : buf_span(&b));
}

static struct pidf_place some_place(void)
{
	struct pidf_place p = {.shape = (uint8_t)dice(PIDF_SHAPES), .method = (uint8_t)dice(PIDF_METHODS)};

	if (p.shape) {
		p.latitude_e7 = (int32_t)dice(1800000001) - 900000000;
		p.longitude_e7 = (int32_t)((int64_t)dice(3600000001) - 1800000000);
	}
	p.has_altitude = p.shape == PIDF_POINT && dice(2);
	p.altitude_cm = p.has_altitude ? (int32_t)dice(12000001) - 2000000 : 0;
	p.radius_cm = p.shape == PIDF_CIRCLE ? 1 + dice(PIDF_RADIUS_MAX_CM) : 0;
	p.wall_ms = dice(2) ? (int64_t)dice(UINT32_MAX) * 1000 : 0;
	bool room = true;
	for (int e = PIDF_ELEMENTS - 1; e >= 0 && room; e--)
		room = dice(p.shape ? 4 : 2) || some_value(&p, (enum pidf_element)e);
	if (!p.shape && !p.end[PIDF_ELEMENTS - 1])
		p.shape = PIDF_POINT;
	return p;
}

static bool same(const struct pidf_place *a, const struct pidf_place *b)
{
	return a->shape == b->shape && a->method == b->method && a->has_altitude == b->has_altitude &&
	       a->latitude_e7 == b->latitude_e7 && a->longitude_e7 == b->longitude_e7 && a->altitude_cm == b->altitude_cm &&
	       a->radius_cm == b->radius_cm && a->wall_ms == b->wall_ms && memcmp(a->end, b->end, sizeof a->end) == 0 &&
	       memcmp(a->text, b->text, a->end[PIDF_ELEMENTS - 1]) == 0;
}

static void what_is_written_is_read(void)
{
	static uint8_t text[PIDF_MAX];

	for (int i = 0; i < 20000; i++) {
		struct pidf_place p = some_place();
		struct buf b = buf_of(text, sizeof text);
		CHECK(pidf_place_ok(&p));
		pidf_write(&b, &(struct pidf){.user = SPAN("1\"<&"), .domain = SPAN("x.example"), .place = &p, .note = dice(2) ? "a & b" : NULL});
		CHECK(!b.full && pidf_read(copied(text, b.n), &place, &why) && same(&p, &place));
	}
}

/* The longest that there is has its document. */
static void the_largest_place_fits(void)
{
	static uint8_t text[PIDF_MAX], value[PIDF_VALUE_MAX];
	struct pidf_place p = {.shape = PIDF_CIRCLE, .radius_cm = PIDF_RADIUS_MAX_CM, .latitude_e7 = -899999999, .longitude_e7 = -1799999999,
	    .wall_ms = 253402300799000, .method = PIDF_TRIANGULATION};
	struct buf b = buf_of(text, sizeof text);
	size_t left = PIDF_TEXT_MAX;

	memset(value, '&', sizeof value);
	for (int e = PIDF_A1; e < PIDF_ELEMENTS; e++) {
		size_t n = left - (size_t)(PIDF_ELEMENTS - 1 - e);
		n = n > PIDF_VALUE_MAX ? PIDF_VALUE_MAX : n;
		CHECK(pidf_set(&p, (enum pidf_element)e, span_of(value, n)));
		left -= n;
	}
	CHECK(left == 0 && !pidf_set(&p, PIDF_COUNTRY, SPAN("DE")));
	memset(value, '#', 64);
	pidf_write(&b, &(struct pidf){.user = span_of(value, 64), .domain = span_of("x.example", 9), .place = &p,
			   .note = "a word that is longer than any word that we say ourselves to whoever sends help to such a place, by a half"});
	CHECK(!b.full && pidf_read(copied(text, b.n), &place, &why) && same(&p, &place));
}

static void what_may_not_be_is_not_ok(void)
{
	static const struct pidf_place good = {.shape = PIDF_POINT, .has_altitude = 1};
	struct pidf_place p;

#define BAD(change)                                                                                                  \
	do {                                                                                                         \
		p = good;                                                                                            \
		CHECK(pidf_place_ok(&p));                                                                            \
		change;                                                                                              \
		CHECK(!pidf_place_ok(&p));                                                                           \
	} while (0)
	BAD(p.shape = PIDF_SHAPES);
	BAD(p.shape = PIDF_NOWHERE);
	BAD(p.shape = PIDF_CIRCLE);
	BAD(p.has_altitude = 2);
	BAD(p.method = PIDF_METHODS);
	BAD(p.latitude_e7 = 900000001);
	BAD(p.latitude_e7 = INT32_MIN);
	BAD(p.longitude_e7 = 1800000001);
	BAD(p.longitude_e7 = INT32_MIN);
	BAD(p.altitude_cm = INT32_MAX);
	BAD(p.radius_cm = 1);
	BAD(p.wall_ms = -1);
	BAD(p.wall_ms = INT64_MAX);
	BAD(p.end[3] = 1);                               /* and the next ends before it */
	BAD(p.end[PIDF_ELEMENTS - 1] = PIDF_TEXT_MAX + 1);
	BAD(p.end[PIDF_ELEMENTS - 1] = 1);               /* a NUL */
	BAD(for (int e = 0; e < PIDF_ELEMENTS; e++) p.end[e] = 2; memcpy(p.text, "de", 2));
	p = (struct pidf_place){0};
	CHECK(!pidf_place_ok(&p) && !pidf_set(&p, PIDF_A3, SPAN("\xef\xbf\xbf")) && pidf_set(&p, PIDF_A3, SPAN("")));
	struct buf b = buf_of((uint8_t[64]){0}, 64);
	pidf_write(&b, &(struct pidf){.domain = SPAN("x.example"), .place = &p});
	CHECK(b.full && b.n == 0);
#undef BAD
}

int main(void)
{
	RUN(a_point);
	RUN(no_point);
	RUN(a_circle);
	RUN(an_address);
	RUN(values_are_bounded);
	RUN(which_of_several);
	RUN(moments);
	RUN(what_is_no_document);
	RUN(depth_and_numbers_are_bounded);
	RUN(what_is_written_is_read);
	RUN(the_largest_place_fits);
	RUN(what_may_not_be_is_not_ok);
	free(data);
	return TEST_END;
}
