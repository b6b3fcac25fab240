/* SPDX-License-Identifier: ISC */
/* What lib/srtp spends on one packet of G.711: srtp_cost SUITE STREAMS PACKETS [REPEATS] prints the CPU nanoseconds of sealing and
 * of opening, the least of the repeats. Streams take turns, so with many of them each finds its context cold. */
#include "base/rand.h"
#include "srtp/srtp.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAYLOAD = 160, PACKET = 12 + PAYLOAD, REPEATS = 7 };

static const char *const name[SDP_SUITE_N] = {"cm128", "cm256", "gcm128", "gcm256"};

static struct srtp *out, *in;
static uint8_t (*packet)[PACKET + SRTP_GROWS];
static size_t *length;

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void make(uint32_t i, uint16_t seq)
{
	memset(packet[i], 0x5a, PACKET);
	memcpy(packet[i], "\x80\x00", 2);
	packet[i][2] = (uint8_t)(seq >> 8);
	packet[i][3] = (uint8_t)seq;
	memcpy(packet[i] + 8, "ssrc", 4);
	length[i] = PACKET;
}

/* Not inlined: the names that callgrind counts by. */
__attribute__((noinline)) static void seal_all(uint32_t streams)
{
	for (uint32_t i = 0; i < streams; i++)
		if (srtp_seal(&out[i], packet[i], &length[i]) != SRTP_OK)
			abort();
}

__attribute__((noinline)) static void open_all(uint32_t streams)
{
	for (uint32_t i = 0; i < streams; i++)
		if (srtp_open(&in[i], packet[i], &length[i], 0) != SRTP_OK)
			abort();
}

static void measure(uint32_t streams, uint32_t rounds, uint16_t *seq, double *seal, double *open)
{
	*seal = *open = 0;
	for (uint32_t r = 0; r < rounds; r++) {
		for (uint32_t i = 0; i < streams; i++)
			make(i, *seq);
		++*seq;
		double a = cpu_ns();
		seal_all(streams);
		double b = cpu_ns();
		open_all(streams);
		*seal += b - a;
		*open += cpu_ns() - b;
	}
}

int main(int argc, char **argv)
{
	int suite = 0, repeats = argc > 4 ? atoi(argv[4]) : REPEATS;
	uint32_t streams = argc > 2 ? (uint32_t)atoi(argv[2]) : 0, packets = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
	double seal, open, least_seal = 1e18, least_open = 1e18;
	uint8_t key[SDP_KEY_MAX];
	uint16_t seq = 0;

	while (suite < SDP_SUITE_N && argc > 1 && strcmp(argv[1], name[suite]) != 0)
		suite++;
	if (suite == SDP_SUITE_N || !streams || packets < streams) {
		fprintf(stderr, "usage: srtp_cost cm128|cm256|gcm128|gcm256 STREAMS PACKETS [REPEATS]\n");
		return 2;
	}
	out = calloc(streams, sizeof *out);
	in = calloc(streams, sizeof *in);
	packet = calloc(streams, sizeof *packet);
	length = calloc(streams, sizeof *length);
	for (uint32_t i = 0; i < streams; i++) {
		rand_bytes(key, sizeof key);
		srtp_set(&out[i], (enum sdp_suite)suite, key);
		srtp_set(&in[i], (enum sdp_suite)suite, key);
	}
	for (int r = 0; r < repeats; r++) {
		measure(streams, packets / streams, &seq, &seal, &open);
		least_seal = seal < least_seal ? seal : least_seal;
		least_open = open < least_open ? open : least_open;
	}
	double n = (double)(packets / streams) * streams;
	printf("%s streams=%u seal_ns=%.0f open_ns=%.0f context_bytes=%zu\n", name[suite], streams, least_seal / n, least_open / n,
	    sizeof *out);
	return 0;
}
