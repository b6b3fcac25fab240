/* SPDX-License-Identifier: ISC */
/* A transport address as plain bytes, the same in messages, arenas and tables. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/buf.h"
#include <sys/socket.h>

struct addr {
	uint8_t ip[16]; /* network order; IPv4 stands in the v4-mapped form ::ffff:a.b.c.d */
	uint16_t port;  /* host order */
	uint8_t family; /* 0 (none), 4 or 6 */
	uint8_t zero;
};

enum { ADDR_TEXT_MAX = 64 };

/* "192.0.2.1" or "2001:db8::1" or "[2001:db8::1]"; nothing else (no zone, no name). The port is left 0. */
bool addr_parse_ip(struct span s, struct addr *out);

void addr_put_ip(struct buf *b, const struct addr *a);   /* 192.0.2.1 or 2001:db8::1 */
void addr_put_host(struct buf *b, const struct addr *a); /* the same, IPv6 in brackets */
void addr_put(struct buf *b, const struct addr *a);      /* host:port */

bool addr_same_ip(const struct addr *a, const struct addr *b);
bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_is_any(const struct addr *a);
bool addr_is_hosts(
    const struct addr *a); /* a single other host may have it: no loopback, multicast, any or reserved one */
struct addr addr_of_ip(const uint8_t ip[16]); /* port 0; what is v4-mapped is IPv4, however it was written */
bool addr_ok(const struct addr *a);           /* family is 0, 4 or 6, and an IPv4 is v4-mapped */

socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *out);
bool addr_from_sockaddr(const struct sockaddr *sa, struct addr *out);

#endif
