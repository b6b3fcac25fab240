/* SPDX-License-Identifier: ISC */
#include "base/addr.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool addr_parse_ip(struct span s, struct addr *out)
{
	struct addr a = {.family = 4};
	char text[ADDR_TEXT_MAX];

	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
		s = span_of(s.p + 1, s.n - 2);
		a.family = 6;
	}
	if (!span_cstr(s, text, sizeof text))
		return false;
	if (span_find(s, ':') < s.n)
		a.family = 6;
	if (a.family == 6) {
		if (inet_pton(AF_INET6, text, a.ip) != 1)
			return false;
	} else {
		memcpy(a.ip, mapped, sizeof mapped);
		if (inet_pton(AF_INET, text, a.ip + 12) != 1)
			return false;
	}
	*out = a;
	return true;
}

void addr_put_ip(struct buf *b, const struct addr *a)
{
	char text[INET6_ADDRSTRLEN];

	for (int i = 12; i < 16 && a->family == 4; i++) {
		if (i > 12)
			buf_u8(b, '.');
		buf_decimal(b, a->ip[i]);
	}
	if (a->family == 6)
		buf_str(b, inet_ntop(AF_INET6, a->ip, text, sizeof text));
	else if (a->family != 4)
		buf_u8(b, '-');
}

void addr_put_host(struct buf *b, const struct addr *a)
{
	if (a->family == 6)
		buf_u8(b, '[');
	addr_put_ip(b, a);
	if (a->family == 6)
		buf_u8(b, ']');
}

void addr_put(struct buf *b, const struct addr *a)
{
	addr_put_host(b, a);
	buf_u8(b, ':');
	buf_decimal(b, a->port);
}

bool addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && addr_same_ip(a, b);
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];
	if (a->family == 4)
		return memcmp(a->ip + 12, zero, 4) == 0;
	return memcmp(a->ip, zero, sizeof zero) == 0;
}

bool addr_is_hosts(const struct addr *a)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (addr_is_any(a))
		return false;
	if (a->family == 4)
		return a->ip[12] != 127 && a->ip[12] != 0 && a->ip[12] < 224;
	return a->ip[0] != 0xff && memcmp(a->ip, loopback, sizeof loopback) != 0;
}

struct addr addr_of_ip(const uint8_t ip[16])
{
	struct addr a = {.family = memcmp(ip, mapped, sizeof mapped) == 0 ? 4 : 6};

	memcpy(a.ip, ip, sizeof a.ip);
	return a;
}

bool addr_ok(const struct addr *a)
{
	if (a->family == 4)
		return memcmp(a->ip, mapped, sizeof mapped) == 0;
	return a->family == 0 || a->family == 6;
}

socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (a->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip + 12, 4);
		return sizeof *in;
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	memcpy(&in6->sin6_addr, a->ip, 16);
	return sizeof *in6;
}

bool addr_from_sockaddr(const struct sockaddr *sa, struct addr *out)
{
	struct addr a = {0};

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof in);
		a.family = 4;
		a.port = ntohs(in.sin_port);
		memcpy(a.ip, mapped, sizeof mapped);
		memcpy(a.ip + 12, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof in6);
		a.family = memcmp(&in6.sin6_addr, mapped, sizeof mapped) == 0 ? 4 : 6;
		a.port = ntohs(in6.sin6_port);
		memcpy(a.ip, &in6.sin6_addr, 16);
	} else {
		return false;
	}
	*out = a;
	return true;
}
