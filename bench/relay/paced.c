/* SPDX-License-Identifier: ISC */
#include "paced.h"
#include "arrive.h"
#include "network.h"
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 8, NS = 1000000000, SAMPLES_EACH = 160, ON_ITS_WAY_US = 500000, NAP_NS = 100000 };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / NS), .tv_nsec = (long)(ns % NS)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* The fixed header of RTP (RFC 3550 5.1), PCMU. */
static void stamp(uint8_t *packet, uint32_t flow, uint32_t round, uint64_t now)
{
	struct stamped s = {.rtp = {0x80, 0, (uint8_t)(round >> 8), (uint8_t)round}, .magic = STAMP, .sent_ns = now};

	put32(s.rtp + 4, round * SAMPLES_EACH);
	put32(s.rtp + 8, flow);
	memcpy(packet, &s, sizeof s);
}

void paced_send(struct paced *p)
{
	uint8_t packet[BURST][PACED_SIZE_MAX] = {0};
	struct mmsghdr m[BURST] = {0};
	struct iovec iov[BURST];
	const uint64_t all = (uint64_t)p->flows_n * PACED_PER_S * p->seconds, start = now_ns();
	uint64_t now = start;

	for (uint64_t sent = 0; sent < all;) {
		const uint64_t due = start + sent * (NS / PACED_PER_S) / p->flows_n;
		uint32_t first = (uint32_t)(sent % p->flows_n), n = 0;
		while ((now = now_ns()) < due)
			sleep_until(due + NAP_NS);
		for (; n < BURST && first + n < p->flows_n; n++) {
			stamp(packet[n], p->first + first + n, (uint32_t)(sent / p->flows_n), now);
			iov[n] = (struct iovec){packet[n], p->size};
			m[n].msg_hdr = (struct msghdr){.msg_name = (void *)(uintptr_t)&p->flow[first + n].to,
			    .msg_namelen = sizeof p->flow[first].to,
			    .msg_iov = &iov[n],
			    .msg_iovlen = 1};
		}
		if (sendmmsg(p->flow[first].fd, m, n, 0) != (int)n)
			fail("sendmmsg");
		sent += n;
	}
	p->sent_n = all;
	p->took_ns = now_ns() - start;
}

/* The least that `per_hundred` of all took at most. */
static uint32_t percentile(const uint64_t *n, uint64_t all, uint32_t per_hundred)
{
	uint64_t below = 0;
	uint32_t us = 0;

	for (; us < DELAYS - 1; us++)
		if ((below += n[us]) * 100 >= all * per_hundred)
			break;
	return us;
}

void paced_arrived(struct paced *p, struct bpf_object *far_end)
{
	int fd = bpf_object__find_map_fd_by_name(far_end, "delays");
	uint64_t *n = calloc(DELAYS, sizeof *n);

	usleep(ON_ITS_WAY_US);
	p->received_n = 0;
	for (uint32_t i = 0; n && i < DELAYS; i++)
		if (bpf_map_lookup_elem(fd, &i, &n[i]) == 0)
			p->received_n += n[i];
	if (!n)
		fail("memory");
	p->p50_us = percentile(n, p->received_n, 50);
	p->p99_us = percentile(n, p->received_n, 99);
	free(n);
}

void paced_print(const struct paced *p)
{
	printf("\"flows\": %u, \"sent\": %llu, \"per_s\": %.0f, \"lost\": %lld, \"p50_us\": %u, \"p99_us\": %u}\n", p->flows_n,
	    (unsigned long long)p->sent_n, (double)p->sent_n * NS / (double)p->took_ns, (long long)(p->sent_n - p->received_n), p->p50_us,
	    p->p99_us);
}
