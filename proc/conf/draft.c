/* SPDX-License-Identifier: ISC */
#include "draft.h"
#include "audio/tone.h"
#include "languages.h"
#include <stdio.h>

enum { SIPS_PORT = 5061, PHONES_MAX = SITE_LISTENERS_MAX - SITE_TRUNKS_MAX };

const char *draft_number(struct span v, uint32_t lo, uint32_t hi, uint32_t *out)
{
	static char why[64];
	uint64_t n;

	if (span_decimal(v, hi, &n) && n >= lo) {
		*out = (uint32_t)n;
		return NULL;
	}
	snprintf(why, sizeof why, "is no number from %u to %u", lo, hi);
	return why;
}

const char *draft_address(struct span v, uint16_t port, struct addr *out)
{
	size_t colon = v.n;
	uint64_t n = port;
	struct addr a;

	while (colon > 0 && v.p[colon - 1] != ':' && v.p[colon - 1] != ']')
		colon--;
	bool one_colon = colon > 0 && v.p[colon - 1] == ':' && span_find(v, ':') == colon - 1;
	bool bracket_colon = colon > 1 && v.p[colon - 1] == ':' && v.p[colon - 2] == ']';
	if (one_colon || bracket_colon) {
		if (!span_decimal(span_skip(v, colon), 65535, &n) || n == 0)
			return "has no port from 1 to 65535 after its last colon";
		v = span_head(v, colon - 1);
	}
	if (!addr_parse_ip(v, &a))
		return "is no address (a number, not a name; IPv6 with port in brackets)";
	a.port = (uint16_t)n;
	*out = a;
	return NULL;
}

const char *draft_bare_address(struct span v, struct addr *out)
{
	struct addr a;

	if (!addr_parse_ip(v, &a))
		return "is no address without port";
	if (addr_is_any(&a))
		return "must be one address, not all of them";
	*out = a;
	return NULL;
}

/* RFC 1123 2.1: letters, digits and inner hyphens; the last label is no number, so that no IPv4 address passes. */
static bool is_label(struct span v)
{
	for (size_t i = 0; i < v.n; i++) {
		bool letter = v.p[i] >= 'a' && v.p[i] <= 'z', digit = v.p[i] >= '0' && v.p[i] <= '9';
		if (!letter && !digit && (v.p[i] != '-' || i == 0 || i == v.n - 1))
			return false;
	}
	return v.n > 0;
}

static bool is_digits(struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	return true;
}

const char *draft_domain(struct span v, char *out, size_t room)
{
	struct span label, rest = v;
	bool more;

	if (v.n == 0 || v.n >= room)
		return room == SITE_NAME_MAX ? "must have 1 to 63 characters" : "must have 1 to 127 characters";
	do {
		size_t dot = span_find(rest, '.');
		more = dot < rest.n;
		label = span_head(rest, dot);
		rest = span_skip(rest, dot + 1);
		if (!is_label(label))
			return "is no domain (labels of lower-case letters, digits and inner '-', with '.' between them)";
	} while (more);
	if (is_digits(label))
		return "is no domain (its last label is a number, as in an address)";
	return span_cstr(v, out, room) ? NULL : "holds a NUL";
}

static const char *set_domain(struct draft *d, struct span v)
{
	return draft_domain(v, d->out->site.domain, sizeof d->out->site.domain);
}

static const char *set_database(struct draft *d, struct span v)
{
	if (span_eq(v, SPAN("sqlite")))
		v.n = 0;
	else if (!span_starts(v, SPAN("postgresql://")))
		return "is neither \"sqlite\" nor a postgresql:// address";
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x21 || v.p[i] > 0x7e)
			return "holds a blank or a control character";
	return span_cstr(v, d->out->database, sizeof d->out->database) ? NULL : "is longer than 511 characters";
}

static const char *set_edges(struct draft *d, struct span v)
{
	uint32_t n = 0;
	const char *why = draft_number(v, 1, 8, &n);

	d->out->site.edges = (uint8_t)n;
	return why;
}

static const char *set_node(struct draft *d, struct span v)
{
	uint32_t n = 0;
	const char *why = draft_number(v, 1, 255, &n);

	d->out->site.node = (uint8_t)n;
	return why;
}

static const char *set_listen(struct draft *d, struct span v)
{
	return draft_address(v, SIPS_PORT, &d->listener.bind);
}

static const char *set_advertise(struct draft *d, struct span v)
{
	const char *why = draft_address(v, 0, &d->listener.signalling);

	return !why && addr_is_any(&d->listener.signalling) ? "must be one address, not all of them" : why;
}

static const char *set_media(struct draft *d, struct span v)
{
	return draft_bare_address(v, &d->listener.media);
}

static const char *set_advertise_media(struct draft *d, struct span v)
{
	return draft_bare_address(v, &d->listener.advertised_media);
}

static const char *set_ports(struct draft *d, struct span v)
{
	size_t dash = span_find(v, '-');
	uint64_t lo, hi;

	if (!span_decimal(span_trim(span_head(v, dash)), 65535, &lo) || dash == v.n ||
	    !span_decimal(span_trim(span_skip(v, dash + 1)), 65535, &hi))
		return "is no range of ports like 20000-23999";
	if (lo < 1024 || lo % 2 || hi < lo + 3)
		return "must begin with an even port of at least 1024 and hold at least 4";
	d->out->site.media_port_lo = (uint16_t)lo;
	d->out->site.media_port_hi = (uint16_t)hi;
	return NULL;
}

static const char *set_privacy(struct draft *d, struct span v)
{
	bool mild = span_eq(v, SPAN("mild"));

	d->out->site.log_privacy = mild ? LOG_MILD : LOG_FULL;
	return mild || span_eq(v, SPAN("full")) ? NULL : "is neither full nor mild";
}

static const char *set_numbers(struct draft *d, struct span v)
{
	struct plan *p = &d->out->site.plan;

	if (!d->numbers_given)
		p->emergencies = 0;
	d->numbers_given = true;
	if (p->emergencies == PLAN_EMERGENCY_NAMED_MAX)
		return "is one number too many (16 are allowed)";
	for (size_t i = 0; i < v.n; i++)
		if (!((v.p[i] >= '0' && v.p[i] <= '9') || v.p[i] == '*' || v.p[i] == '#' || v.p[i] == '+'))
			return "is no number (digits, *, #, +)";
	if (v.n == 0 || !span_cstr(v, p->emergency[p->emergencies], PLAN_EMERGENCY_NUMBER_MAX))
		return "must have 1 to 15 digits";
	p->emergencies++;
	return NULL;
}

static const char *set_syslog(struct draft *d, struct span v)
{
	d->out->site.alarms.syslog = span_eq(v, SPAN("on"));
	return d->out->site.alarms.syslog || span_eq(v, SPAN("off")) ? NULL : "is neither on nor off";
}

static const char *set_mail(struct draft *d, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x20 || v.p[i] > 0x7e)
			return "holds a control or a letter that is not ASCII";
	if (v.n == 0 || v.p[0] != '/')
		return "is no command by its whole path, such as \"/usr/bin/msmtp -t\"";
	return span_cstr(v, d->out->site.alarms.mail, SITE_COMMAND_MAX) ? NULL : "is longer than 127 characters";
}

static const char *set_to(struct draft *d, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!(v.p[i] >= 'a' && v.p[i] <= 'z') && !(v.p[i] >= 'A' && v.p[i] <= 'Z') &&
		    !strchr("0123456789._*#+-@", v.p[i] ? v.p[i] : ' '))
			return "is no mail address of letters, digits and . _ + - @";
	if (v.n == 0 || v.p[0] == '-')
		return "is no mail address";
	return span_cstr(v, d->out->site.alarms.to, SITE_MAIL_MAX) ? NULL : "is longer than 127 characters";
}

static const char *set_desk(struct draft *d, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!(v.p[i] >= 'a' && v.p[i] <= 'z') && !strchr("0123456789._*#+-", v.p[i] ? v.p[i] : ' '))
			return "is no user's name (lower-case letters, digits and . _ * # + -)";
	return v.n && span_cstr(v, d->out->site.alarms.desk, SITE_DESK_MAX) ? NULL : "must have 1 to 32 characters";
}

static const char *set_tones(struct draft *d, struct span v)
{
	int country = tone_find_country(v);

	if (country < 0)
		return "is none of us, gb, fr, de, ch, at, be, nl, it, es, au, jp";
	d->out->site.tones = (uint8_t)country;
	return NULL;
}

static const char *set_language(struct draft *d, struct span v)
{
	struct site *s = &d->out->site;

	if (!languages_seen())
		site_add_language(s, v);
	return site_speaks(s, v) && span_cstr(v, s->language, sizeof s->language) ? NULL : site_languages(s);
}

/* As a user's own setting says it. */
static const char *set_mail_default(struct draft *d, struct span v)
{
	struct site *s = &d->out->site;

	s->mail_on = !span_eq(v, SPAN("off"));
	s->mail_after_s = 0;
	if (!s->mail_on || span_eq(v, SPAN("on")))
		return NULL;
	return draft_number(v, 5, 600, &s->mail_after_s) ? "is neither on, nor off, nor 5 to 600 seconds" : NULL;
}

#define SET_NUMBER(field, lo, hi)                                      \
	static const char *set_##field(struct draft *d, struct span v) \
	{                                                              \
		return draft_number(v, lo, hi, &d->out->site.field);   \
	}

SET_NUMBER(log_days, 0, 3650)
SET_NUMBER(register_max_s, 60, 7200)
SET_NUMBER(flow_timer_s, 10, 600)
SET_NUMBER(reauth_s, 60, 86400)
SET_NUMBER(ring_s, 5, 600)
SET_NUMBER(session_expires_s, 90, 86400)
SET_NUMBER(hotdesk_s, 60, 86400)
SET_NUMBER(park_s, 10, 3600)
SET_NUMBER(park_places, 0, PARK_PLACES_MAX)
SET_NUMBER(mail_s, 5, 300)
SET_NUMBER(mail_days, 1, 365)
SET_NUMBER(mail_most, 1, 1000)
SET_NUMBER(max_phones, 1, SITE_PHONES_MOST)
SET_NUMBER(max_users, 1, SITE_USERS_MOST)
SET_NUMBER(max_calls, 1, SITE_CALLS_MOST)

const struct draft_key draft_keys[] = {
    {NULL, "domain", false, false, set_domain},
    {NULL, "database", false, true, set_database},
    {NULL, "edges", false, false, set_edges},
    {NULL, "node", false, false, set_node},
    {NULL, "tones", false, false, set_tones},
    {NULL, "language", false, false, set_language},
    {"phones", "listen", false, false, set_listen},
    {"phones", "advertise", false, false, set_advertise},
    {"phones", "media", false, false, set_media},
    {"phones", "advertise-media", false, false, set_advertise_media},
    {"media", "ports", false, false, set_ports},
    {"log", "privacy", false, false, set_privacy},
    {"log", "days", false, false, set_log_days},
    {"emergency", "numbers", true, false, set_numbers},
    {"registration", "expires", false, false, set_register_max_s},
    {"registration", "keepalive", false, false, set_flow_timer_s},
    {"registration", "login", false, false, set_reauth_s},
    {"calls", "ring", false, false, set_ring_s},
    {"calls", "refresh", false, false, set_session_expires_s},
    {"calls", "hot-desk", false, false, set_hotdesk_s},
    {"calls", "park", false, false, set_park_s},
    {"calls", "park-places", false, false, set_park_places},
    {"voicemail", "default", false, false, set_mail_default},
    {"voicemail", "seconds", false, false, set_mail_s},
    {"voicemail", "days", false, false, set_mail_days},
    {"voicemail", "per-user", false, false, set_mail_most},
    {"limits", "phones", false, false, set_max_phones},
    {"limits", "users", false, false, set_max_users},
    {"limits", "calls", false, false, set_max_calls},
    {"alarms", "syslog", false, false, set_syslog},
    {"alarms", "mail", false, false, set_mail},
    {"alarms", "to", false, false, set_to},
    {"alarms", "desk", false, false, set_desk},
    {NULL, NULL, false, false, NULL},
};

void draft_complete_listener(struct listener *l)
{
	bool advertised = l->signalling.family != 0;

	if (!advertised)
		l->signalling = l->bind;
	if (l->signalling.port == 0)
		l->signalling.port = l->bind.port;
	if (!l->media.family)
		l->media = l->bind;
	if (!l->advertised_media.family)
		l->advertised_media = advertised ? l->signalling : l->media;
	l->media.port = l->advertised_media.port = 0;
}

const char *draft_end_phones(struct draft *d)
{
	struct site *s = &d->out->site;
	struct listener l = d->listener;

	memset(&d->listener, 0, sizeof d->listener);
	if (s->listeners == PHONES_MAX)
		return "is one section too many (8 are allowed)";
	if (!l.bind.family)
		return "has no listen";
	if (addr_is_any(&l.bind) && (!l.signalling.family || !l.media.family))
		return "listens on all addresses and so must name advertise and media";
	draft_complete_listener(&l);
	if (l.signalling.family != l.bind.family || l.media.family != l.bind.family ||
	    l.advertised_media.family != l.bind.family)
		return "mixes IPv4 and IPv6; give each its own section";
	for (int i = 0; i < s->listeners; i++)
		if (addr_eq(&s->listener[i].bind, &l.bind))
			return "listens where another section does";
	l.kind = LISTEN_PHONES;
	s->listener[s->listeners++] = l;
	return NULL;
}

/* R22: the mild log is allowed only beside what replaces its deterrence. */
static const char *check_privacy(const struct site *s)
{
	static char why[CONF_REASON_MAX];
	const char *missing = s->log_privacy == LOG_MILD ? site_mild_missing(s) : NULL;

	snprintf(why, sizeof why, "log.privacy = \"mild\" needs %s, which %s not on; use full", missing ? missing : "",
	    missing && strstr(missing, " and ") ? "are" : "is");
	return missing ? why : NULL;
}

const char *draft_end(struct draft *d)
{
	struct site *s = &d->out->site;

	if (!s->domain[0])
		return "domain is missing";
	if (s->listeners == 0)
		return "no phones section says where to listen";
	if (!s->alarms.mail[0] != !s->alarms.to[0])
		return s->alarms.to[0] ? "alarms.to needs alarms.mail" : "alarms.mail needs alarms.to";
	const char *why = draft_end_trunks(d);
	if (!why)
		why = draft_end_plan(d);
	if (!why)
		why = draft_end_service(d);
	if (!why)
		why = check_privacy(s);
	if (why)
		return why;
	return site_ok(s) ? NULL : "the values do not fit together";
}
