/* SPDX-License-Identifier: ISC */
#include "audit/live.h"
#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32, FRAME = 65536, TURN_MS = 200 };

static volatile sig_atomic_t stopped;
static uint8_t *frames;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

bool live_prepare(void)
{
	struct sigaction act = {.sa_handler = on_signal};

	frames = malloc((size_t)BATCH * FRAME);
	return frames && sigaction(SIGINT, &act, NULL) == 0 && sigaction(SIGTERM, &act, NULL) == 0;
}

static uint64_t now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* All that waits, at most a batch; -1: the device is gone. */
static int read_batch(struct audit *a, const struct live *l)
{
	struct mmsghdr m[BATCH] = {0};
	struct sockaddr_ll from[BATCH];
	struct iovec io[BATCH];

	for (size_t i = 0; i < BATCH; i++) {
		io[i] = (struct iovec){frames + i * FRAME, FRAME};
		m[i].msg_hdr = (struct msghdr){
		    .msg_iov = &io[i], .msg_iovlen = 1, .msg_name = &from[i], .msg_namelen = sizeof from[i]};
	}
	int n = recvmmsg((int)l->fd, m, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;
	uint64_t now = now_us(CLOCK_REALTIME);
	for (int i = 0; i < n; i++) {
		struct frame f = {.time_us = now,
		    .data = span_of(io[i].iov_base, m[i].msg_len),
		    .wire_len = m[i].msg_len,
		    .link = (uint16_t)l->link};
		if (!l->loopback || from[i].sll_pkttype != PACKET_OUTGOING)
			audit_frame(a, &f);
	}
	return n;
}

bool live_read(struct audit *a, const struct live *l)
{
	struct pollfd wait = {.fd = (int)l->fd, .events = POLLIN};
	uint64_t end = now_us(CLOCK_MONOTONIC) + l->seconds * 1000000;

	while (!stopped && (l->seconds == 0 || now_us(CLOCK_MONOTONIC) < end)) {
		int n = read_batch(a, l);
		if (n < 0)
			return false;
		if (n == 0)
			(void)poll(&wait, 1, TURN_MS);
	}
	return true;
}
