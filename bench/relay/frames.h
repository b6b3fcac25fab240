/* SPDX-License-Identifier: ISC */
/* Frames that an interface gets as from a driver, not from a socket: depart.bpf.c makes them, the kernel sends them. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct frames {
	const char *by; /* the end of a veth whose other end gets them */
	uint8_t from_mac[6], to_mac[6];
	struct in_addr from, to;
	uint16_t from_port, lo; /* host order; a flow to each port from lo on */
	uint32_t flows, size;   /* size: octets of RTP */
};

/* In the network of f->by, as root. False: errno says why. */
bool frames_ready(const struct frames *f);
bool frames_send(uint32_t n, uint32_t burst);

#endif
