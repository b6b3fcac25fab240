/* SPDX-License-Identifier: ISC */
#include "ipc/trunk_conf.h"
#include "base/siphash.h"
#include "plan/number.h"
#include "wire/uri.h"

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':';
}

static bool file_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static bool plain_char(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static bool realm_char(char c)
{
	return c == ' ' || plain_char(c);
}

static bool number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '+';
}

static bool text_ok(const char *s, size_t cap, bool (*legal)(char c))
{
	size_t n = strnlen(s, cap);

	for (size_t i = 0; i < n; i++)
		if (!legal(s[i]))
			return false;
	return n < cap;
}

#define TEXT_OK(field, legal) text_ok(field, sizeof field, legal)

static bool texts_ok(const struct trunk_conf *t)
{
	return t->name[0] && t->server[0] && t->domain[0] && TEXT_OK(t->name, file_char) &&
	       TEXT_OK(t->server, host_char) && TEXT_OK(t->domain, host_char) && TEXT_OK(t->user, plain_char) &&
	       TEXT_OK(t->login, plain_char) && TEXT_OK(t->realm, realm_char) && TEXT_OK(t->ca, file_char) &&
	       t->ca[0] != '.' && TEXT_OK(t->certificate, file_char) && t->certificate[0] != '.';
}

static bool counts_ok(const struct trunk_conf *t)
{
	return t->peers <= TRUNK_PEERS_MAX && t->media_nets <= TRUNK_NETS_MAX && t->callers <= TRUNK_CALLERS_MAX &&
	       t->lines > 0 && t->lines <= 1000 && t->expires_s >= 60 && t->expires_s <= 7200 &&
	       (t->keepalive_s == 0 || t->keepalive_s >= 5);
}

static bool enums_ok(const struct trunk_conf *t)
{
	return t->transport < TRUNK_TRANSPORTS && t->media < TRUNK_MEDIAS && t->listens <= 1 && t->plain <= 1 &&
	       t->md5 <= 1 && t->emergency <= 1 && t->spelling < NUMBER_SPELLINGS;
}

/* R6: what is not protected was named so. */
static bool plainness_ok(const struct trunk_conf *t)
{
	if (t->certificate[0] && t->transport != TRUNK_TLS)
		return false;
	return t->plain || (t->transport == TRUNK_TLS && t->media == TRUNK_SRTP);
}

static bool net_ok(const struct trunk_net *n)
{
	return addr_ok(&n->net) && n->net.family && n->bits <= (n->net.family == 4 ? 32 : 128);
}

bool trunk_conf_ok(const struct trunk_conf *t)
{
	if (!texts_ok(t) || !counts_ok(t) || !enums_ok(t) || !plainness_ok(t) || !addr_ok(&t->server_addr))
		return false;
	for (int i = 0; i < t->peers; i++)
		if (!addr_ok(&t->peer[i]) || !t->peer[i].family)
			return false;
	for (int i = 0; i < t->media_nets; i++)
		if (!net_ok(&t->media_net[i]))
			return false;
	for (int i = 0; i < t->callers; i++)
		if (!t->caller[i][0] || !TEXT_OK(t->caller[i], number_char))
			return false;
	return true;
}

/* Nobody who would gain by a collision writes the configuration. */
uint32_t trunk_conf_mark(const struct trunk_conf *t)
{
	static const uint8_t key[16];

	return TRUNK_MARK_LEAST + (uint32_t)(siphash(key, span_str(t->name)) % (UINT32_MAX - TRUNK_MARK_LEAST));
}

bool inbound_ok(const struct inbound *n)
{
	return n->named == (n->number[0] ? 0 : 1) && n->to[0] && TEXT_OK(n->number, number_char) &&
	       TEXT_OK(n->to, plain_char);
}

bool trunk_net_holds(const struct trunk_net *n, const struct addr *a)
{
	unsigned bits = n->bits + (n->net.family == 4 ? 96u : 0u), whole = bits / 8;

	if (a->family != n->net.family || memcmp(a->ip, n->net.ip, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a->ip[whole] ^ n->net.ip[whole]) >> (8 - bits % 8)) == 0;
}

void trunk_put_uri(struct buf *b, const struct trunk_conf *t, struct span number)
{
	struct uri_out u = {.scheme = URI_SIP, .user = number, .host = span_str(t->domain)};
	struct addr a;

	if (addr_parse_ip(u.host, &a)) {
		u.host.n = 0;
		u.addr = a;
	}
	uri_put(b, &u);
}
