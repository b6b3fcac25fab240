/* SPDX-License-Identifier: ISC */
/* The sockets of media: every port of the range on every media address of the site, bound and with the loop from the start. What comes
 * to one that no call uses is dropped, and shuts it until a call uses it; it is not listened to meanwhile. What comes to one of a call that
 * is not answered yet waits for that: a phone speaks as soon as it has answered, and its packets need not go by way of core. */
#ifndef MEDIA_PORT_H
#define MEDIA_PORT_H

#include "table.h"

enum {
	PORT_LATE_MS = 500, /* so long a call's last packets may still come */
	PORT_LEAVES = 500,  /* descriptors for what else media opens */
};

struct port {
	ev_io io;            /* fd -1: the port could not be had */
	ev_io near;          /* near.h; fd -1: none */
	struct addr near_to; /* to whom that one is connected; family 0: to itself */
	bool used, shut;
	bool awaited; /* a call's, and not said yet who sends to it */
	bool fresh;   /* no more, and what came meanwhile is to be read first */
	bool older;   /* the first may hold packets that came before those of the second */
	uint8_t address, side, component;
	uint8_t said; /* packets of the phone's, and to it, that went by the first */
	uint16_t number;
	uint16_t early; /* early.h: its place; 0: none */
	uint32_t row;
	unsigned turn;      /* of the loop, when it was last readable */
	uint64_t closed_ms; /* when a call last left it; 0: none did */
	struct bucket media, keying;
	struct source_pair pair; /* source.h */
};

/* One in use is readable, at this one of its sockets. */
typedef void port_handler(struct port *p, const ev_io *io);

/* Ports that can't be had are counted and refused later, call by call. */
void port_open_all(const struct site *s, port_handler *on_packets);
/* How many different media addresses the site has. */
uint32_t port_addresses(const struct site *s);

/* NULL: not ours, or missing. */
struct port *port_get(const struct addr *local);
/* false: it can't be opened, and is nobody's as before. What came early is for the caller to read. */
bool port_use(struct port *p) __attribute__((warn_unused_result));
/* The nth port of the row, on every address but where it is `but`: nobody's from now on. */
void port_leave_others(uint32_t row, unsigned nth, const struct port *but);
/* That port is the call's, on whichever address. */
void port_await(uint32_t row, unsigned nth);

struct addr port_local(const struct port *p);
/* To anybody. What the kernel refuses is as lost as on the wire; ICMP errors show here too. */
void port_send(const struct port *p, const struct addr *to, struct span packet);

void port_status(struct proc_status *s);

#endif
