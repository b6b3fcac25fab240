/* SPDX-License-Identifier: ISC */
/* The keys of trunk and number sections. */
#include "draft.h"
#include "plan/number.h"

static const char too_long[] = "is too long";

static const char *yes_no(struct span v, uint8_t *out)
{
	*out = span_eq(v, SPAN("yes"));
	return *out || span_eq(v, SPAN("no")) ? NULL : "is neither yes nor no";
}

static const char *word(struct span v, const char *const *words, const char *why, uint8_t *out)
{
	for (uint8_t i = 0; words[i]; i++)
		if (span_eq(v, span_str(words[i]))) {
			*out = i;
			return NULL;
		}
	return why;
}

/* Printable, without what would have to be escaped in a header. */
static const char *name(struct span v, bool blanks, char *out, size_t room)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < (blanks ? 0x20 : 0x21) || v.p[i] > 0x7e || v.p[i] == '"' || v.p[i] == '\\')
			return blanks ? "holds a quote, a backslash or a control character"
			              : "holds a blank, a quote, a backslash or a control character";
	if (v.n == 0)
		return "is empty";
	return span_cstr(v, out, room) ? NULL : too_long;
}

/* Of a trunk or of a file of it: one word that is also a name in a directory. */
const char *draft_file_name(struct span v, char *out, size_t room)
{
	for (size_t i = 0; i < v.n; i++)
		if (!((v.p[i] >= 'a' && v.p[i] <= 'z') || (v.p[i] >= '0' && v.p[i] <= '9') ||
			(i > 0 && (v.p[i] == '-' || v.p[i] == '_' || v.p[i] == '.'))))
			return "is no name (lower-case letters, digits, inner '-', '_' and '.')";
	if (v.n == 0)
		return "is empty";
	return span_cstr(v, out, room) ? NULL : too_long;
}

const char *draft_e164(struct span v, char *out)
{
	for (size_t i = 0; i < v.n; i++)
		if (!((v.p[i] >= '0' && v.p[i] <= '9') || (i == 0 && v.p[i] == '+' && v.n > 1)))
			return "is no number (digits, with a leading + when it is international)";
	if (v.n == 0)
		return "is no number";
	return span_cstr(v, out, TRUNK_NUMBER_MAX) ? NULL : "has more than 16 characters";
}

static const char *host(struct span v, char *out, struct addr *addr)
{
	if (!addr_parse_ip(v, addr))
		return draft_domain(v, out, TRUNK_HOST_MAX);
	return span_cstr(v, out, TRUNK_HOST_MAX) ? NULL : too_long;
}

/* --- the keys --- */

static const char *set_server(struct draft *d, struct span v)
{
	struct addr a;
	size_t colon = span_find(v, ':');

	if (colon < v.n && !addr_parse_ip(v, &a) && span_find(span_skip(v, colon + 1), ':') == v.n - colon - 1)
		return "holds a port, which has a key of its own: port = 5061";
	return host(v, d->trunk.server, &d->trunk.server_addr);
}

static const char *set_domain(struct draft *d, struct span v)
{
	struct addr a;

	return host(v, d->trunk.domain, &a);
}

static const char *set_port(struct draft *d, struct span v)
{
	uint32_t n = 0;
	const char *why = draft_number(v, 1, 65535, &n);

	d->trunk.port = (uint16_t)n;
	return why;
}

static const char *set_transport(struct draft *d, struct span v)
{
	static const char *const words[] = {"tls", "tcp", "udp", NULL};

	return word(v, words, "is neither tls nor tcp nor udp", &d->trunk.transport);
}

static const char *set_media(struct draft *d, struct span v)
{
	static const char *const words[] = {"srtp", "rtp", NULL};

	return word(v, words, "is neither srtp nor rtp", &d->trunk.media);
}

static const char *set_listen(struct draft *d, struct span v)
{
	d->trunk.listens = 1;
	return draft_address(v, 0, &d->trunk_listener.bind);
}

static const char *set_address(struct draft *d, struct span v)
{
	return draft_bare_address(v, &d->trunk_listener.media);
}

static const char *set_advertise(struct draft *d, struct span v)
{
	const char *why = draft_address(v, 0, &d->trunk_listener.signalling);

	return !why && addr_is_any(&d->trunk_listener.signalling) ? "must be one address, not all of them" : why;
}

static const char *set_advertise_media(struct draft *d, struct span v)
{
	return draft_bare_address(v, &d->trunk_listener.advertised_media);
}

static const char *set_user(struct draft *d, struct span v)
{
	return name(v, false, d->trunk.user, TRUNK_USER_MAX);
}

static const char *set_login(struct draft *d, struct span v)
{
	return name(v, false, d->trunk.login, TRUNK_USER_MAX);
}

static const char *set_realm(struct draft *d, struct span v)
{
	return name(v, true, d->trunk.realm, TRUNK_USER_MAX);
}

static const char *set_ca(struct draft *d, struct span v)
{
	if (span_eq(v, SPAN("system")))
		return NULL;
	return draft_file_name(v, d->trunk.ca, TRUNK_FILE_MAX);
}

static const char *set_certificate(struct draft *d, struct span v)
{
	return draft_file_name(v, d->trunk.certificate, TRUNK_FILE_MAX);
}

static const char *set_peer(struct draft *d, struct span v)
{
	struct trunk_conf *t = &d->trunk;

	if (t->peers == TRUNK_PEERS_MAX)
		return "is one address too many (4 are allowed)";
	const char *why = draft_bare_address(v, &t->peer[t->peers]);
	if (!why)
		t->peers++;
	return why;
}

/* RFC 4632 3.1; nothing may be set in the host part. */
static const char *set_media_from(struct draft *d, struct span v)
{
	struct trunk_conf *t = &d->trunk;
	size_t slash = span_find(v, '/');
	struct trunk_net n = {.bits = 0};
	uint64_t bits;

	if (t->media_nets == TRUNK_NETS_MAX)
		return "is one net too many (8 are allowed)";
	if (!addr_parse_ip(span_head(v, slash), &n.net))
		return "is no net like 192.0.2.0/24";
	uint64_t most = n.net.family == 4 ? 32 : 128;
	if (slash == v.n)
		bits = most;
	else if (!span_decimal(span_skip(v, slash + 1), most, &bits))
		return "has no number of bits after its /";
	n.bits = (uint8_t)bits;
	for (uint64_t i = bits; i < most; i++) {
		uint64_t at = i + 128 - most;
		if (n.net.ip[at / 8] >> (7 - at % 8) & 1)
			return "has bits set behind its prefix";
	}
	t->media_net[t->media_nets++] = n;
	return NULL;
}

static const char *set_caller(struct draft *d, struct span v)
{
	struct trunk_conf *t = &d->trunk;

	if (t->callers == TRUNK_CALLERS_MAX)
		return "is one number too many (8 are allowed)";
	const char *why = draft_e164(v, t->caller[t->callers]);
	if (!why)
		t->callers++;
	return why;
}

static const char *set_spelling(struct draft *d, struct span v)
{
	static const char *const words[] = {[SPELLED_PLUS] = "plus",
	    [SPELLED_DIGITS] = "digits",
	    [SPELLED_INTERNATIONAL] = "international",
	    [SPELLED_NATIONAL] = "national",
	    [NUMBER_SPELLINGS] = NULL};

	return word(v, words, "is none of plus, digits, international and national", &d->trunk.spelling);
}

static const char *set_class(struct draft *d, struct span v)
{
	enum number_class c = number_class_named(v);

	if (c < NUMBER_TOLL_FREE || c >= NUMBER_CLASSES)
		return "is no class of numbers that a trunk carries (toll-free, local, national, ...)";
	d->trunk.classes |= 1u << c;
	return NULL;
}

static const char *set_emergency(struct draft *d, struct span v)
{
	uint8_t yes = 0;
	const char *why = yes_no(v, &yes);

	d->no_emergency = !yes;
	return why;
}

static const char *set_to(struct draft *d, struct span v)
{
	return name(v, false, d->inbound.to, TRUNK_TO_MAX);
}

#define SET_YES_NO(field)                                              \
	static const char *set_##field(struct draft *d, struct span v) \
	{                                                              \
		return yes_no(v, &d->trunk.field);                     \
	}

SET_YES_NO(plain)
SET_YES_NO(md5)

#define SET_NUMBER(field, type, lo, hi)                                \
	static const char *set_##field(struct draft *d, struct span v) \
	{                                                              \
		uint32_t n = 0;                                        \
		const char *why = draft_number(v, lo, hi, &n);         \
		d->trunk.field = (type)n;                              \
		return why;                                            \
	}

SET_NUMBER(expires_s, uint32_t, 60, 7200)
SET_NUMBER(lines, uint16_t, 1, 1000)
SET_NUMBER(priority, uint8_t, 1, 255)

static const char *set_keepalive(struct draft *d, struct span v)
{
	uint32_t n = 0;
	const char *why = span_eq(v, SPAN("0")) ? NULL : draft_number(v, 5, 3600, &n);

	d->trunk.keepalive_s = (uint16_t)n;
	d->no_keepalive = n == 0;
	return why ? "is neither 0 nor a number from 5 to 3600" : NULL;
}

const struct draft_key draft_trunk_keys[] = {
    {"trunk", "server", false, false, set_server},
    {"trunk", "port", false, false, set_port},
    {"trunk", "transport", false, false, set_transport},
    {"trunk", "media", false, false, set_media},
    {"trunk", "plain", false, false, set_plain},
    {"trunk", "listen", false, false, set_listen},
    {"trunk", "address", false, false, set_address},
    {"trunk", "advertise", false, false, set_advertise},
    {"trunk", "advertise-media", false, false, set_advertise_media},
    {"trunk", "domain", false, false, set_domain},
    {"trunk", "user", false, false, set_user},
    {"trunk", "login", false, false, set_login},
    {"trunk", "realm", false, false, set_realm},
    {"trunk", "md5", false, false, set_md5},
    {"trunk", "expires", false, false, set_expires_s},
    {"trunk", "ca", false, false, set_ca},
    {"trunk", "certificate", false, false, set_certificate},
    {"trunk", "peers", true, false, set_peer},
    {"trunk", "media-from", true, false, set_media_from},
    {"trunk", "caller-id", true, false, set_caller},
    {"trunk", "spelling", false, false, set_spelling},
    {"trunk", "classes", true, false, set_class},
    {"trunk", "lines", false, false, set_lines},
    {"trunk", "keepalive", false, false, set_keepalive},
    {"trunk", "priority", false, false, set_priority},
    {"trunk", "emergency", false, false, set_emergency},
    {"number", "to", false, false, set_to},
    {NULL, NULL, false, false, NULL},
};
