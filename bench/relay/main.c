/* SPDX-License-Identifier: ISC */
/* ringfence-relay-load: RTP of many flows through a relay, and the CPU that each packet costs it. Every flow
 * leaves from one port and must arrive at the other, so that a burst of one system call covers several flows.
 */
#include "base/clock.h"
#include "base/rand.h"
#include "base/span.h"
#include "load/proctree.h"
#include "load/stats.h"
#include "srtp/srtp.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BURST = 8,
	RECEIVE = 64,
	FLOWS_MAX = 16384,
	PACKET_MAX = 1400,
	PACKET_MIN = 40,
	BUFFER_OCTETS = 16 << 20,
	SAMPLES_MAX = 4000000,
	REST_S = 2,
	WARM_PACKETS = 50, /* of each flow: the first second of a call, in which a relay learns and sets up what it goes on with */
	WARM_MAX_S = 10,
	ALSO_MAX = 16,
	SECOND_NS = 1000000000,
};

/* What the generator writes behind the RTP header, to know its packets again. */
struct mark {
	uint64_t sent_ns;
	uint32_t flow, round;
};

static struct relay_load {
	const char *flows_path;
	uint16_t from, to;
	uint16_t run; /* of its SSRCs: under the same keys no run may repeat the numbers of the one before */
	uint32_t size, rate, seconds;
	pid_t pid, also[ALSO_MAX]; /* the relay; what works for it beside */
	uint32_t also_n;
	struct in_addr address; /* ours */
	uint64_t send_ns;       /* of this thread, in sending and in what that sets off */
	int out, in;
	uint32_t flows_n, next, round;
	struct sockaddr_in flow[FLOWS_MAX]; /* where the relay wants each flow's packets */
	struct srtp *key[FLOWS_MAX];        /* NULL: it goes as it is */
	uint64_t sent_n, received_n, foreign_n;
	struct stats latency;
} relay = {.from = 20000, .to = 20001, .size = 172, .rate = 50000, .seconds = 5};

/* The fixed header of RTP (RFC 3550 5.1), PCMU. */
static void packet_write(uint8_t *p, uint64_t now)
{
	struct mark m = {now, relay.next, relay.round};
	uint32_t sequence = relay.round & 0xffff, stamp = relay.round * 160;
	const uint8_t header[12] = {0x80, 0, (uint8_t)(sequence >> 8), (uint8_t)sequence,
	    (uint8_t)(stamp >> 24), (uint8_t)(stamp >> 16), (uint8_t)(stamp >> 8), (uint8_t)stamp,
	    (uint8_t)(relay.run >> 8), (uint8_t)relay.run, (uint8_t)(relay.next >> 8), (uint8_t)relay.next};

	memcpy(p, header, sizeof(header));
	memcpy(p + sizeof(header), &m, sizeof(m));
}

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void burst_send(void)
{
	static uint8_t packet[BURST][PACKET_MAX + SRTP_GROWS];
	struct iovec iov[BURST];
	struct mmsghdr message[BURST];
	uint64_t now = clock_boot_ns();
	int n;

	memset(message, 0, sizeof(message));
	for (uint32_t i = 0; i < BURST; i++) {
		size_t octets = relay.size;
		packet_write(packet[i], now);
		if (relay.key[relay.next] && srtp_seal(relay.key[relay.next], packet[i], &octets) != SRTP_OK)
			abort();
		iov[i] = (struct iovec){packet[i], octets};
		message[i].msg_hdr = (struct msghdr){.msg_name = &relay.flow[relay.next],
		    .msg_iov = &iov[i],
		    .msg_iovlen = 1,
		    .msg_namelen = sizeof(relay.flow[0])};
		if (++relay.next == relay.flows_n) {
			relay.next = 0;
			relay.round++;
		}
	}
	uint64_t before = thread_ns();
	n = sendmmsg(relay.out, message, BURST, 0);
	relay.send_ns += thread_ns() - before;
	relay.sent_n += n > 0 ? (uint64_t)n : 0;
}

static void packet_read(const uint8_t *p, size_t n, uint64_t now)
{
	struct mark m;

	if (n != relay.size) {
		relay.foreign_n++;
		return;
	}
	memcpy(&m, p + 12, sizeof(m));
	if (m.flow >= relay.flows_n || m.sent_ns > now) {
		relay.foreign_n++;
		return;
	}
	relay.received_n++;
	stats_add(&relay.latency, now - m.sent_ns);
}

static void drain(void)
{
	static uint8_t packet[RECEIVE][PACKET_MAX];
	struct iovec iov[RECEIVE];
	struct mmsghdr message[RECEIVE];
	int n;

	do {
		memset(message, 0, sizeof(message));
		for (uint32_t i = 0; i < RECEIVE; i++) {
			iov[i] = (struct iovec){packet[i], PACKET_MAX};
			message[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		}
		n = recvmmsg(relay.in, message, RECEIVE, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			packet_read(packet[i], message[i].msg_len, clock_boot_ns());
	} while (n == RECEIVE);
}

/* Bursts at the rate for so long, then whatever is still on its way. */
static void traffic(uint64_t duration_ns)
{
	uint64_t begin = clock_boot_ns(), now = begin, sent = 0;

	while (now - begin < duration_ns) {
		uint64_t due = (now - begin) / 1000 * relay.rate / 1000000;
		while (sent + BURST <= due) {
			burst_send();
			sent += BURST;
			drain();
		}
		drain();
		now = clock_boot_ns();
	}
	for (now += SECOND_NS / 5; clock_boot_ns() < now;)
		drain();
}

static int socket_open(uint16_t port)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = relay.address};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), octets = BUFFER_OCTETS;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		perror("socket");
		exit(1);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	return fd;
}

/* AES_CM_128_HMAC_SHA1_80, key and salt in hex. */
static bool key_read(struct srtp **out, const char *text)
{
	uint8_t key[SDP_KEY_MAX];

	if (span_unhex(span_str(text), key, sizeof(key)) != (int)srtp_key_len(SDP_AES_CM_128_HMAC_SHA1_80))
		return false;
	*out = calloc(1, sizeof(**out));
	if (*out != NULL)
		srtp_set(*out, SDP_AES_CM_128_HMAC_SHA1_80, key);
	return *out != NULL;
}

/* Lines `address port` or `address port key`: where the sending side of each flow was told to send. */
static bool flows_read(const char *path)
{
	char host[64], key[128], line[256];
	unsigned port;
	FILE *f = fopen(path, "re");
	int n;

	while (f != NULL && relay.flows_n < FLOWS_MAX && fgets(line, sizeof(line), f) != NULL &&
	       (n = sscanf(line, "%63s %u %127s", host, &port, key)) >= 2) {
		if (n == 3 && !key_read(&relay.key[relay.flows_n], key))
			relay.flows_n = FLOWS_MAX + 1;
		if (relay.flows_n > FLOWS_MAX)
			break;
		struct sockaddr_in *a = &relay.flow[relay.flows_n++];
		*a = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
		if (port > 65535 || inet_pton(AF_INET, host, &a->sin_addr) != 1)
			relay.flows_n = FLOWS_MAX + 1;
	}
	if (f != NULL)
		fclose(f);
	if (relay.flows_n == 0 || relay.flows_n > FLOWS_MAX)
		fprintf(stderr, "ringfence-relay-load: %s names no flows\n", path);
	return relay.flows_n > 0 && relay.flows_n <= FLOWS_MAX;
}

static uint64_t cpu_ns(void)
{
	struct proctree t;

	uint64_t ns = proctree_find(relay.pid, &t) ? proctree_cpu_ns(&t) : 0;
	for (uint32_t i = 0; i < relay.also_n; i++)
		ns += proctree_find(relay.also[i], &t) ? proctree_cpu_ns(&t) : 0;
	return ns;
}

static int measure(void)
{
	uint64_t rest, before, spent;
	double extra;

	uint64_t warm_ns = (uint64_t)relay.flows_n * WARM_PACKETS * SECOND_NS / (relay.rate ? relay.rate : 1);
	traffic(warm_ns < (uint64_t)WARM_MAX_S * SECOND_NS ? warm_ns : (uint64_t)WARM_MAX_S * SECOND_NS);
	uint64_t warming = relay.sent_n;
	rest = cpu_ns();
	sleep(REST_S);
	before = cpu_ns();
	rest = (before - rest) / REST_S;
	relay.sent_n = relay.received_n = relay.foreign_n = 0;
	relay.latency.n = 0;
	relay.send_ns = 0;
	traffic((uint64_t)relay.seconds * SECOND_NS);
	spent = cpu_ns() - before;
	extra = (double)spent - (double)rest * relay.seconds;
	printf(
	    "{\"flows\": %u, \"wanted_per_s\": %u, \"sent\": %llu, \"received\": %llu, \"foreign\": %llu, ",
	    relay.flows_n, relay.rate, (unsigned long long)relay.sent_n, (unsigned long long)relay.received_n,
	    (unsigned long long)relay.foreign_n);
	printf("\"warming\": %llu, \"cpu_ns\": %.0f, ", (unsigned long long)warming, extra);
	printf("\"send_ns_per_packet\": %.0f, ", relay.sent_n ? (double)relay.send_ns / (double)relay.sent_n : 0);
	printf("\"cpu_ns_per_packet\": %.0f, \"rest_us_per_s\": %.0f, \"cpu_share\": %.3f, \"p50_us\": %.1f, "
	       "\"p99_us\": %.1f}\n",
	    relay.received_n > 0 ? extra / (double)relay.received_n : 0, (double)rest / 1000,
	    (double)spent / SECOND_NS / relay.seconds, stats_percentile_us(&relay.latency, 50),
	    stats_percentile_us(&relay.latency, 99));
	return relay.sent_n > 0 ? 0 : 1;
}

static uint32_t number(const char *text, uint32_t max)
{
	uint64_t n;

	if (span_decimal(span_str(text), max, &n))
		return (uint32_t)n;
	fprintf(stderr, "ringfence-relay-load: %s is not a number up to %u\n", text, max);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"from", required_argument, NULL, 'f'},
	    {"to", required_argument, NULL, 't'}, {"flows", required_argument, NULL, 'F'},
	    {"pid", required_argument, NULL, 'p'}, {"rate", required_argument, NULL, 'r'},
	    {"size", required_argument, NULL, 's'}, {"seconds", required_argument, NULL, 'd'},
	    {"also", required_argument, NULL, 'a'}, {"address", required_argument, NULL, 'A'}, {0}};
	int letter, result;

	relay.address.s_addr = htonl(INADDR_LOOPBACK);
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (letter) {
		case 'f':
			relay.from = (uint16_t)number(optarg, 65535);
			break;
		case 't':
			relay.to = (uint16_t)number(optarg, 65535);
			break;
		case 'F':
			relay.flows_path = optarg;
			break;
		case 'p':
			relay.pid = (pid_t)number(optarg, INT32_MAX);
			break;
		case 'r':
			relay.rate = number(optarg, 1000000);
			break;
		case 's':
			relay.size = number(optarg, PACKET_MAX);
			break;
		case 'a':
			if (relay.also_n == ALSO_MAX)
				return 2;
			relay.also[relay.also_n++] = (pid_t)number(optarg, INT32_MAX);
			break;
		case 'A':
			if (inet_pton(AF_INET, optarg, &relay.address) != 1)
				return 2;
			break;
		case 'd':
			relay.seconds = number(optarg, 60);
			break;
		default:
			return 2;
		}
	}
	if (relay.flows_path == NULL || relay.pid <= 0 || relay.size < PACKET_MIN || relay.seconds == 0) {
		fprintf(stderr,
		    "usage: ringfence-relay-load --flows FILE (lines `address port [key]`) --pid PID [--from PORT] "
		    "[--to PORT] [--address OURS] [--also PID]... [--rate PACKETS/S] [--size OCTETS] [--seconds S]\n");
		return 2;
	}
	if (!flows_read(relay.flows_path) || !stats_init(&relay.latency, SAMPLES_MAX))
		return 1;
	relay.run = (uint16_t)rand_u32();
	relay.out = socket_open(relay.from);
	relay.in = socket_open(relay.to);
	result = measure();
	stats_fini(&relay.latency);
	return result;
}
