/* SPDX-License-Identifier: ISC */
/* Trunk sections that closed: what they leave out, what of them makes no sense, and what they share with the site. What is not
 * protected must be named so (R6): plain = yes. */
#include "draft.h"
#include "trunk_cert.h"
#include <stdio.h>

enum { SIP_PORT = 5060, SIPS_PORT = 5061, LINES = 8, EXPIRES_S = 600, KEEPALIVE_S = 30, PRIORITY = 10 };

static void take_defaults(struct draft *d)
{
	struct trunk_conf *t = &d->trunk;

	if (!t->lines)
		t->lines = LINES;
	if (!t->expires_s)
		t->expires_s = EXPIRES_S;
	if (!t->priority)
		t->priority = PRIORITY;
	if (!t->keepalive_s && !d->no_keepalive)
		t->keepalive_s = KEEPALIVE_S;
	if (!t->classes)
		t->classes = UINT32_MAX;
	t->emergency = !d->no_emergency; /* whoever needs help gets any line there is (R16) */
	if (!t->domain[0])
		memcpy(t->domain, t->server, sizeof t->domain);
	if (!t->login[0])
		memcpy(t->login, t->user, sizeof t->login);
}

static const char *check_plain(const struct trunk_conf *t)
{
	if (t->plain)
		return t->transport == TRUNK_TLS && t->media == TRUNK_SRTP ? "is plain but nothing of it is" : NULL;
	if (t->transport != TRUNK_TLS)
		return "has a transport that anyone on the way can read and so needs plain = yes";
	return t->media == TRUNK_SRTP ? NULL : "has media that anyone on the way can hear and so needs plain = yes";
}

static const char *check_sense(const struct trunk_conf *t)
{
	if (!t->server[0])
		return "has no server";
	if (t->transport == TRUNK_UDP && !t->listens)
		return "speaks UDP and so needs a listen";
	if (t->login[0] && !t->realm[0])
		return "has a user and so needs the realm that its password is for";
	if (t->transport != TRUNK_TLS && t->ca[0])
		return "names a ca but does not use TLS";
	if (t->transport != TRUNK_TLS && t->certificate[0])
		return "names a certificate but does not use TLS";
	if (t->media_nets == 0)
		return "names no media-from, the nets that its media come from";
	return check_plain(t);
}

const char *draft_end_trunk(struct draft *d, struct span title)
{
	struct site *s = &d->out->site;
	struct trunk_conf *t = &d->trunk;

	if (s->trunks == SITE_TRUNKS_MAX)
		return "is one section too many (8 are allowed)";
	const char *why = draft_file_name(title, t->name, TRUNK_NAME_MAX);
	if (why)
		return "has no name of at most 23 lower-case letters, digits, '-', '_' and '.'";
	take_defaults(d);
	why = check_sense(t);
	if (!why && t->certificate[0])
		why = trunk_cert_read(t);
	if (why)
		return why;
	if (d->trunk_listener.bind.family && addr_is_any(&d->trunk_listener.bind) &&
	    (!d->trunk_listener.signalling.family || !d->trunk_listener.media.family))
		return "listens on all addresses and so must name advertise and address";
	d->trunk_at[s->trunks] = d->trunk_listener;
	s->trunk[s->trunks++] = *t;
	memset(t, 0, sizeof *t);
	memset(&d->trunk_listener, 0, sizeof d->trunk_listener);
	d->no_emergency = d->no_keepalive = false;
	return NULL;
}

const char *draft_end_number(struct draft *d, struct span number)
{
	struct site *s = &d->out->site;
	struct inbound n = d->inbound;

	memset(&d->inbound, 0, sizeof d->inbound);
	n.trunk = (uint8_t)s->trunks; /* of the section that is open */
	if (s->inbounds == SITE_INBOUND_MAX)
		return "is one section too many (128 are allowed)";
	const char *why = draft_e164(number, n.number);
	n.named = why && number.n && span_eq(number, span_str(d->trunk.user));
	if (why && !n.named)
		return why;
	if (!n.to[0])
		return "does not say to whom";
	s->inbound[s->inbounds++] = n;
	return NULL;
}

/* --- what a trunk shares with the site --- */

static struct listener complete(const struct listener *given, const struct trunk_conf *t, const struct listener *phones)
{
	struct listener l = *given;

	l.kind = LISTEN_TRUNK;
	l.transport = t->transport;
	if (!t->listens) { /* it only goes out; port 0: nothing is bound */
		l.bind = l.media.family ? l.media : phones->media;
		l.bind.port = 0;
	} else if (l.bind.port == 0) {
		l.bind.port = t->transport == TRUNK_TLS ? SIPS_PORT : SIP_PORT;
	}
	draft_complete_listener(&l);
	return l;
}

static bool same_family(const struct listener *l)
{
	return l->signalling.family == l->bind.family && l->media.family == l->bind.family &&
	       l->advertised_media.family == l->bind.family;
}

/* Datagrams and connections do not meet. */
static bool meets(const struct listener *a, const struct listener *b)
{
	return a->bind.port && addr_eq(&a->bind, &b->bind) &&
	       (a->transport == TRUNK_UDP) == (b->transport == TRUNK_UDP);
}

/* Trunks may share an address as long as they agree on all of it. */
static const char *place(struct site *s, struct trunk_conf *t, const struct listener *l)
{
	int at = 0;

	if (!same_family(l))
		return "mixes IPv4 and IPv6";
	while (at < s->listeners && memcmp(&s->listener[at], l, sizeof *l) != 0) {
		if (meets(&s->listener[at], l))
			return "listens where another section does, and otherwise";
		at++;
	}
	if (at == SITE_LISTENERS_MAX)
		return "is one address too many";
	if (at == s->listeners)
		s->listener[s->listeners++] = *l;
	t->listener = (uint8_t)at;
	return NULL;
}

const char *draft_end_trunks(struct draft *d)
{
	static char why[64 + TRUNK_NAME_MAX];
	struct site *s = &d->out->site;

	for (int i = 0; i < s->trunks; i++) {
		struct listener l = complete(&d->trunk_at[i], &s->trunk[i], &s->listener[0]);
		const char *what = place(s, &s->trunk[i], &l);
		if (what) {
			snprintf(why, sizeof why, "trunk %s %s", s->trunk[i].name, what);
			return why;
		}
	}
	return NULL;
}
