/* SPDX-License-Identifier: ISC */
/* All streams of calls at once: 50 packets of RTP a second of each, with the time in it, and how long ago that was where they arrive
 * (arrive.bpf.c). */
#ifndef BENCH_PACED_H
#define BENCH_PACED_H

#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <stdint.h>

enum { PACED_PER_S = 50, PACED_SIZE_MAX = 256 };

struct paced_flow {
	int fd; /* it leaves by this socket */
	struct sockaddr_in to;
};

struct paced {
	const struct paced_flow *flow;
	uint32_t flows_n, seconds;
	uint32_t first; /* their number among all */
	uint32_t size;	/* octets of RTP */

	uint64_t sent_n, took_ns, received_n;
	uint32_t p50_us, p99_us; /* of what arrived; DELAYS - 1 is that and all above */
};

/* As fast as it can where it is late; where it is early it sleeps, so that others have the CPU. Flows that leave by one socket. */
void paced_send(struct paced *p);

/* Waits for what is on its way, of whomever, and reads the far end's map. */
void paced_arrived(struct paced *p, struct bpf_object *far_end);

/* The members of a JSON object, its end and the end of the line. */
void paced_print(const struct paced *p);

#endif
