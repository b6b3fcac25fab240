/* SPDX-License-Identifier: ISC */
#include "ipc/site.h"
#include "audio/tone.h"
#include "base/buf.h"
#include "ipc/relay.h"

static bool text_ok(const char *s, size_t cap, bool (*legal)(char c))
{
	size_t n = strnlen(s, cap);

	if (n == cap)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!legal(s[i]))
			return false;
	return true;
}

static bool domain_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static bool listener_ok(const struct listener *l)
{
	return l->kind > LISTEN_NONE && l->kind < LISTEN_KINDS && l->transport < TRUNK_TRANSPORTS &&
	       addr_ok(&l->bind) && addr_ok(&l->signalling) && addr_ok(&l->media) && addr_ok(&l->advertised_media) &&
	       l->bind.family && l->signalling.family && l->media.family && l->advertised_media.family;
}

static bool sizes_ok(const struct site *s)
{
	return s->max_phones > 0 && s->max_phones <= SITE_PHONES_MOST && s->max_users > 0 &&
	       s->max_users <= SITE_USERS_MOST && s->max_calls > 0 && s->max_calls <= SITE_CALLS_MOST &&
	       s->log_days <= 3650 && s->notice_days <= 36500 && s->park_places <= PARK_PLACES_MAX && s->mail_s >= 5 &&
	       s->mail_s <= 300 && s->mail_days > 0 && s->mail_days <= 365 && s->mail_most > 0 &&
	       s->mail_most <= 1000 && s->mail_on <= 1 && s->mail_after_s <= 600;
}

static bool times_ok(const struct site *s)
{
	return s->register_max_s >= 60 && s->register_max_s <= 7200 && s->flow_timer_s >= 10 &&
	       s->flow_timer_s <= 600 && s->reauth_s >= 60 && s->reauth_s <= 86400 && s->ring_s >= 5 &&
	       s->ring_s <= 600 && s->session_expires_s >= 90 && s->session_expires_s <= 86400 && s->hotdesk_s >= 60 &&
	       s->hotdesk_s <= 86400 && s->park_s >= 10 && s->park_s <= 3600;
}

static bool printable(char c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c && strchr("0123456789._*#+-", c));
}

/* RFC 5321 4.1.2 without quotes: what passes is one word of a header, and no option of a command. */
static bool mail_char(char c)
{
	return (c >= 'A' && c <= 'Z') || name_char(c) || c == '@' || c == '_';
}

static bool alarms_ok(const struct site_alarms *a)
{
	return a->syslog <= 1 && text_ok(a->mail, sizeof a->mail, printable) && (!a->mail[0] || a->mail[0] == '/') &&
	       text_ok(a->to, sizeof a->to, mail_char) && a->to[0] != '-' && !a->mail[0] == !a->to[0] &&
	       text_ok(a->desk, sizeof a->desk, name_char);
}

static bool is_language(struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!(v.p[i] >= 'a' && v.p[i] <= 'z') && !(v.p[i] >= '0' && v.p[i] <= '9') && v.p[i] != '-')
			return false;
	return v.n >= 2 && v.n < SITE_LANGUAGE_MAX;
}

static bool languages_ok(const struct site *s)
{
	int n = 0;

	while (n < SITE_LANGUAGES_MAX && s->languages[n][0])
		n++;
	for (int i = 0; i < SITE_LANGUAGES_MAX; i++) {
		const struct span v = span_of(s->languages[i], strnlen(s->languages[i], SITE_LANGUAGE_MAX));
		if (i < n ? !is_language(v) : v.n > 0)
			return false;
	}
	return strnlen(s->language, SITE_LANGUAGE_MAX) < SITE_LANGUAGE_MAX && site_speaks(s, span_str(s->language));
}

bool site_speaks(const struct site *s, struct span language)
{
	for (int i = 0; i < SITE_LANGUAGES_MAX && s->languages[i][0]; i++)
		if (span_eq(language, span_str(s->languages[i])))
			return true;
	return false;
}

void site_add_language(struct site *s, struct span language)
{
	int n = 0;

	while (n < SITE_LANGUAGES_MAX && s->languages[n][0])
		n++;
	if (n < SITE_LANGUAGES_MAX && is_language(language) && !site_speaks(s, language))
		span_cstr(language, s->languages[n], SITE_LANGUAGE_MAX);
}

const char *site_languages(const struct site *s)
{
	static char text[16 + SITE_LANGUAGES_MAX * (SITE_LANGUAGE_MAX + 2)];
	struct buf b = buf_of(text, sizeof text - 1);

	buf_str(&b, "is none of ");
	for (int i = 0; i < SITE_LANGUAGES_MAX && s->languages[i][0]; i++) {
		buf_str(&b, i ? ", " : "");
		buf_str(&b, s->languages[i]);
	}
	text[b.n] = 0;
	return text;
}

static bool trunks_ok(const struct site *s)
{
	if (s->trunks > SITE_TRUNKS_MAX || s->inbounds > SITE_INBOUND_MAX)
		return false;
	for (int i = 0; i < s->trunks; i++)
		if (!trunk_conf_ok(&s->trunk[i]) || s->trunk[i].listener >= s->listeners)
			return false;
	for (int i = 0; i < s->inbounds; i++)
		if (!inbound_ok(&s->inbound[i]) || s->inbound[i].trunk >= s->trunks)
			return false;
	return true;
}

bool site_ok(const void *site)
{
	const struct site *s = site;

	if (!text_ok(s->domain, sizeof s->domain, domain_char) || !s->domain[0] || s->edges < 1 || s->edges > 8 ||
	    s->listeners < 1 || s->listeners > SITE_LISTENERS_MAX || s->log_privacy >= LOG_PRIVACIES ||
	    s->tones >= TONE_COUNTRIES || !sizes_ok(s) || !times_ok(s))
		return false;
	if (s->media_port_lo % 2 || s->media_port_lo < 1024 || s->media_port_hi < s->media_port_lo + 3)
		return false;
	for (int i = 0; i < s->listeners; i++)
		if (!listener_ok(&s->listener[i]))
			return false;
	return plan_ok(&s->plan) && plan_signers_ok(&s->signers) && alarms_ok(&s->alarms) && languages_ok(s) &&
	       trunks_ok(s);
}

uint32_t site_calls(const struct site *s)
{
	const uint32_t slots = (uint32_t)(s->media_port_hi - s->media_port_lo + 1) / RELAY_PORTS;

	return s->max_calls < slots ? s->max_calls : slots;
}

/* Not both can be bound. */
static bool collide(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && a->family == b->family && (addr_same_ip(a, b) || addr_is_any(a) || addr_is_any(b));
}

bool site_listens_beside(const struct site *s, int listener)
{
	const struct listener *l = &s->listener[listener];

	if (l->transport != TRUNK_UDP || l->bind.port == 0)
		return false;
	for (int i = 0; i < s->listeners; i++)
		if (s->listener[i].transport != TRUNK_UDP && collide(&s->listener[i].bind, &l->bind))
			return false;
	return true;
}

void site_defaults(struct site *s)
{
	*s = (struct site){
	    .domain = "",
	    .node = 1,
	    .edges = 1,
	    .log_privacy = LOG_FULL,
	    .media_port_lo = 20000,
	    .media_port_hi = 23999,
	    .log_days = 180,
	    .notice_days = 3 * 365,
	    .register_max_s = 300,
	    .flow_timer_s = 25,
	    .reauth_s = 3600,
	    .ring_s = 60,
	    .session_expires_s = 1800,
	    .hotdesk_s = 8 * 3600,
	    .park_s = 120,
	    .park_places = 20,
	    .mail_s = 120,
	    .mail_days = 14,
	    .mail_most = 50,
	    .max_phones = 4096,
	    .max_users = 4096,
	    .max_calls = 1000,
	    .alarms = {.syslog = 1},
	    .language = "en",
	    .languages = {"en"},
	};
	plan_defaults(&s->plan);
}

bool site_is_emergency(const struct site *s, struct span user)
{
	return number_emergency(&s->plan, user) != NULL;
}

bool site_sends_help(const struct site *s)
{
	for (uint8_t i = 0; i < s->trunks; i++)
		if (s->trunk[i].emergency)
			return true;
	return false;
}

const struct inbound *site_lost_inbound(const struct site *s)
{
	for (int i = 0; site_sends_help(s) && i < s->inbounds; i++)
		if (site_is_emergency(s, span_str(s->inbound[i].to)))
			return &s->inbound[i];
	return NULL;
}

static bool asks_pin(const struct site *s)
{
	return s->plan.pin;
}

/* No process of the exchange does it yet, and what does not run is not on, whatever is configured. */
static bool runs_nowhere(const struct site *s)
{
	(void)s;
	return false;
}

const char *site_mild_missing(const struct site *s)
{
	static const struct {
		const char *name;
		bool (*is_on)(const struct site *s);
	} guard[] = {
	    {"the outgoing PIN", asks_pin},
	    {"intrusion detection", runs_nowhere},
	    {"the firewall log", runs_nowhere},
	};
	enum { GUARDS = sizeof guard / sizeof *guard };
	static char text[128];
	struct buf b = buf_of(text, sizeof text - 1);
	int missing = 0;

	for (int i = 0; i < GUARDS; i++)
		missing += !guard[i].is_on(s);
	for (int i = 0, n = 0; i < GUARDS; i++) {
		if (guard[i].is_on(s))
			continue;
		buf_str(&b, n == 0 ? "" : n == missing - 1 ? " and " : ", ");
		buf_str(&b, guard[i].name);
		n++;
	}
	text[b.n] = 0;
	return missing ? text : NULL;
}

uint32_t site_log_days(const struct site *s)
{
	enum { MILD_DAYS = 30 };
	bool shorter = s->log_days && s->log_days < MILD_DAYS;

	return s->log_privacy == LOG_MILD && !shorter ? MILD_DAYS : s->log_days;
}
