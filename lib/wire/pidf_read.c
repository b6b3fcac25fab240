/* SPDX-License-Identifier: ISC */
#include "wire/pidf_int.h"
#include "wire/xml.h"
#include <time.h>

/* What a shape says; -1 in has_*: it was said and not understood, or twice. */
struct drawn {
	int has_position, has_radius, numbers;
	int64_t at[3], radius_cm;
};

/* entry: what the tuple, device or person in hand says, of which the first that says something is the place. */
struct reader {
	struct xml x;
	struct pidf_place entry, found;
	bool has_geopriv, has_found;
	struct drawn drawn;
};

/* What stands in an element: by whom it is read, from behind its beginning to behind its end. The rest is passed over. */
struct child {
	const char *space, *local;
	bool (*read)(struct reader *r);
};

static bool read_children(struct reader *r, const struct child *table, size_t n)
{
	for (;;) {
		enum xml_event e = xml_next(&r->x);
		bool (*read)(struct reader * r) = NULL;
		if (e == XML_CLOSE)
			return true;
		if (e != XML_OPEN && e != XML_TEXT)
			return false;
		for (size_t i = 0; e == XML_OPEN && i < n; i++)
			if (span_eq(r->x.name.space, span_str(table[i].space)) &&
			    span_eq(r->x.name.local, span_str(table[i].local)))
				read = table[i].read;
		if (e == XML_OPEN && !(read ? read(r) : xml_skip(&r->x)))
			return false;
	}
}

#define CHILDREN(r, table) read_children((r), (table), sizeof(table) / sizeof *(table))

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static struct span trimmed(struct span s)
{
	while (s.n && is_white(s.p[0]))
		s = span_skip(s, 1);
	while (s.n && is_white(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Of a value that has to be short; longer is empty. False: bad XML. */
static bool read_word(struct reader *r, uint8_t *mem, size_t cap, struct span *out)
{
	struct buf b = buf_of(mem, cap);

	if (!xml_text(&r->x, &b))
		return false;
	*out = b.full ? span_of(mem, 0) : trimmed(buf_span(&b));
	return true;
}

/* --- numbers --- */

static bool all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

/* A decimal, times 10^places, to the nearest; no exponent. False: none, or beyond +-most. */
static bool fixed(struct span s, unsigned places, int64_t most, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	struct span number = span_skip(s, s.n && (minus || s.p[0] == '+'));
	struct span whole = span_head(number, span_find(number, '.')), part = span_skip(number, whole.n + 1);
	int64_t v = 0;

	if (whole.n + part.n == 0 || !all_digits(whole) || !all_digits(part))
		return false;
	for (size_t i = 0; i < whole.n + places; i++) {
		size_t k = i - whole.n; /* behind the dot */
		v = v * 10 + ((i < whole.n ? whole.p[i] : k < part.n ? part.p[k] : '0') - '0');
		if (v > most)
			return false;
	}
	v += part.n > places && part.p[places] >= '5';
	*out = minus ? -v : v;
	return v <= most;
}

static struct span next_word(struct span *s)
{
	size_t n = 0;

	*s = trimmed(*s);
	while (n < s->n && !is_white(s->p[n]))
		n++;
	struct span word = span_head(*s, n);
	*s = span_skip(*s, n);
	return word;
}

/* --- shapes --- */

static int dimensions(const struct xml *x)
{
	struct span name;

	if (!xml_attribute(x, "srsName", &name))
		return 0;
	return span_eq(name, SPAN(PIDF_CRS_2D)) ? 2 : span_eq(name, SPAN(PIDF_CRS_3D)) ? 3 : 0;
}

static bool read_position(struct reader *r)
{
	static const struct {
		unsigned places;
		int64_t most;
	} number[3] = {{7, 900000000}, {7, 1800000000}, {2, INT32_MAX}};
	uint8_t mem[256];
	struct span text;
	bool first = r->drawn.has_position == 0;

	if (!read_word(r, mem, sizeof mem, &text))
		return false;
	r->drawn.has_position = -1;
	r->drawn.numbers = 0;
	for (int i = 0; i < 3 && trimmed(text).n; i++, r->drawn.numbers++)
		if (!fixed(next_word(&text), number[i].places, number[i].most, &r->drawn.at[i]))
			return true;
	if (first && !trimmed(text).n)
		r->drawn.has_position = 1;
	return true;
}

static bool read_radius(struct reader *r)
{
	uint8_t mem[64];
	struct span uom, text;
	bool metres = xml_attribute(&r->x, "uom", &uom) && span_eq(uom, SPAN(PIDF_METRE)),
	     first = r->drawn.has_radius == 0;

	if (!read_word(r, mem, sizeof mem, &text))
		return false;
	bool good =
	    first && metres && fixed(text, 2, PIDF_RADIUS_MAX_CM, &r->drawn.radius_cm) && r->drawn.radius_cm > 0;
	r->drawn.has_radius = good ? 1 : -1;
	return true;
}

/* Into the entry, unless it has one already. */
static void take_shape(struct reader *r, enum pidf_shape shape, int numbers)
{
	struct pidf_place with = r->entry;

	if (with.shape || numbers < 2 || r->drawn.has_position != 1 || r->drawn.numbers != numbers ||
	    r->drawn.has_radius != (shape == PIDF_CIRCLE))
		return;
	with.shape = (uint8_t)shape;
	with.latitude_e7 = (int32_t)r->drawn.at[0];
	with.longitude_e7 = (int32_t)r->drawn.at[1];
	with.has_altitude = numbers == 3;
	with.altitude_cm = with.has_altitude ? (int32_t)r->drawn.at[2] : 0;
	with.radius_cm = shape == PIDF_CIRCLE ? (uint32_t)r->drawn.radius_cm : 0;
	if (pidf_place_ok(&with))
		r->entry = with;
}

static bool read_point(struct reader *r)
{
	static const struct child in[] = {{PIDF_NS_GML, "pos", read_position}};
	int numbers = dimensions(&r->x);

	r->drawn = (struct drawn){0};
	if (!CHILDREN(r, in))
		return false;
	take_shape(r, PIDF_POINT, numbers);
	return true;
}

/* RFC 5491 5.2.3: in two dimensions */
static bool read_circle(struct reader *r)
{
	static const struct child in[] = {{PIDF_NS_GML, "pos", read_position}, {PIDF_NS_SHAPE, "radius", read_radius}};
	int numbers = dimensions(&r->x);

	r->drawn = (struct drawn){0};
	if (!CHILDREN(r, in))
		return false;
	take_shape(r, PIDF_CIRCLE, numbers == 2 ? 2 : 0);
	return true;
}

/* --- the address --- */

/* As people write it, in one line: white space at the ends says nothing, within it is one space. */
static struct span in_one_line(uint8_t *p, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_white(p[i]))
			p[k++] = p[i];
		else if (k && p[k - 1] != ' ')
			p[k++] = ' ';
	}
	return span_of(p, k && p[k - 1] == ' ' ? k - 1 : k);
}

/* An element that is known; *good: may the address still count? */
static bool read_element(struct reader *r, enum pidf_element e, struct pidf_place *with, bool *good)
{
	uint8_t mem[PIDF_VALUE_MAX + 64];
	struct buf b = buf_of(mem, sizeof mem);

	if (!xml_text(&r->x, &b))
		return false;
	struct span value = in_one_line(b.p, b.n);
	for (size_t i = 0; e == PIDF_COUNTRY && i < value.n; i++)
		if (mem[i] >= 'a' && mem[i] <= 'z')
			mem[i] = (uint8_t)(mem[i] - 'a' + 'A');
	*good &= !b.full && pidf_set(with, e, value);
	return true;
}

static bool read_address(struct reader *r)
{
	struct pidf_place with = r->entry;
	bool good = with.end[PIDF_ELEMENTS - 1] == 0;

	for (;;) {
		enum xml_event event = xml_next(&r->x);
		if (event == XML_CLOSE)
			break;
		if (event == XML_TEXT)
			continue;
		if (event != XML_OPEN)
			return false;
		int e = span_eq(r->x.name.space, SPAN(PIDF_NS_CIVIC)) ? pidf_element_find(r->x.name.local) : -1;
		if (!(e < 0 ? xml_skip(&r->x) : read_element(r, (enum pidf_element)e, &with, &good)))
			return false;
	}
	if (good)
		r->entry = with;
	return true;
}

/* --- what is around it --- */

static bool read_method(struct reader *r)
{
	uint8_t mem[32];
	struct span name;

	if (!read_word(r, mem, sizeof mem, &name))
		return false;
	for (int i = PIDF_METHOD_UNKNOWN + 1; i < PIDF_METHODS; i++)
		if (span_eq(name, span_str(pidf_method_name[i])))
			r->entry.method = (uint8_t)i;
	return true;
}

static bool read_info(struct reader *r)
{
	static const struct child in[] = {{PIDF_NS_GML, "Point", read_point}, {PIDF_NS_SHAPE, "Circle", read_circle},
	    {PIDF_NS_CIVIC, "civicAddress", read_address}};

	return CHILDREN(r, in);
}

/* RFC 5491 3.2: one of an entry */
static bool read_geopriv(struct reader *r)
{
	static const struct child in[] = {
	    {PIDF_NS_GEOPRIV, "location-info", read_info}, {PIDF_NS_GEOPRIV, "method", read_method}};

	if (r->has_geopriv)
		return xml_skip(&r->x);
	r->has_geopriv = true;
	return CHILDREN(r, in);
}

static bool read_status(struct reader *r)
{
	static const struct child in[] = {{PIDF_NS_GEOPRIV, "geopriv", read_geopriv}};

	return CHILDREN(r, in);
}

static bool two(struct span s, size_t at, int most, int *out)
{
	uint64_t v;

	if (at + 2 > s.n || !span_decimal(span_head(span_skip(s, at), 2), (uint64_t)most, &v))
		return false;
	*out = (int)v;
	return true;
}

/* "Z" or "+hh:mm" (RFC 3339 5.6), in minutes */
static bool offset(struct span s, int *min)
{
	int h, m;

	*min = 0;
	if (span_eq_case(s, SPAN("Z")))
		return true;
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' || !two(s, 1, 23, &h) || !two(s, 4, 59, &m))
		return false;
	*min = (h * 60 + m) * (s.p[0] == '-' ? -1 : 1);
	return true;
}

/* 0: none that is understood */
static int64_t moment(struct span s)
{
	static const char shape[] = "####-##-##T##:##:##";
	int century, year, month, day, h, m, sec, min;
	struct tm tm = {0};

	for (size_t i = 0; i < sizeof shape - 1; i++)
		if (i >= s.n || (shape[i] == '#' ? !is_digit(s.p[i]) : s.p[i] != (uint8_t)shape[i]))
			return 0;
	if (!two(s, 0, 99, &century) || !two(s, 2, 99, &year) || !two(s, 5, 12, &month) || !two(s, 8, 31, &day) ||
	    !two(s, 11, 23, &h) || !two(s, 14, 59, &m) || !two(s, 17, 59, &sec))
		return 0;
	struct span rest = span_skip(s, sizeof shape - 1);
	if (rest.n > 1 && rest.p[0] == '.' && is_digit(rest.p[1]))
		for (rest = span_skip(rest, 1); rest.n && is_digit(rest.p[0]); rest = span_skip(rest, 1))
			;
	if (!offset(rest, &min) || !month || !day)
		return 0;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = h;
	tm.tm_min = m;
	tm.tm_sec = sec;
	time_t t = timegm(&tm) - (time_t)min * 60;
	return t <= 0 || tm.tm_mday != day ? 0 : (int64_t)t * 1000; /* the 30th of February has become another day */
}

static bool read_timestamp(struct reader *r)
{
	uint8_t mem[64];
	struct span text;

	if (!read_word(r, mem, sizeof mem, &text))
		return false;
	r->entry.wall_ms = moment(text);
	return true;
}

static bool read_entry(struct reader *r)
{
	static const struct child in[] = {{PIDF_NS, "status", read_status}, {PIDF_NS_GEOPRIV, "geopriv", read_geopriv},
	    {PIDF_NS, "timestamp", read_timestamp}, {PIDF_NS_MODEL, "timestamp", read_timestamp}};

	r->entry = (struct pidf_place){0};
	r->has_geopriv = false;
	if (!CHILDREN(r, in))
		return false;
	if (!r->has_found && pidf_place_ok(&r->entry)) {
		r->found = r->entry;
		r->has_found = true;
	}
	return true;
}

static bool read_presence(struct reader *r)
{
	static const struct child in[] = {{PIDF_NS, "tuple", read_entry}, {PIDF_NS_MODEL, "device", read_entry},
	    {PIDF_NS_MODEL, "person", read_entry}};

	return CHILDREN(r, in);
}

bool pidf_read(struct span document, struct pidf_place *out, const char **why)
{
	struct reader r = {.x = xml_of(document)};

	if (xml_next(&r.x) == XML_OPEN &&
	    !(span_eq(r.x.name.space, SPAN(PIDF_NS)) && span_eq(r.x.name.local, SPAN("presence")))) {
		*why = "it is no PIDF document";
		return false;
	}
	if (r.x.why || !read_presence(&r) || xml_next(&r.x) != XML_DONE) {
		*why = r.x.why;
		return false;
	}
	if (!r.has_found) {
		*why = "no place in it is understood";
		return false;
	}
	*out = r.found;
	return true;
}
