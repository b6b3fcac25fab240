/* SPDX-License-Identifier: ISC */
/* ringfence-relay-stand: the media process in its cage, with this program as core, and rows of SRTP that passes, or that end SRTP on
 * one side and send clear RTP on the other. Writes `address port key` of each to FLOWS, says the process's id, and stays until its input ends.
 * With the interface between our address and the phones', the program of bpf/ is there and media has its ring.
 * ringfence-relay-stand ended|passing MEDIA FLOWS NUMBER FROM TO [OURS THEIRS [INTERFACE]] */
#include "base/clock.h"
#include "base/rand.h"
#include "kernel_house.h"
#include "stage.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PORTS_LO = 32000, FLOWS_MAX = 4000, KEY = 30, SRTP_TAG = 10 };

static struct stage s;
static struct link *core;
static struct addr ours, theirs;
static bool passing;

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_PORTS] = ignore,
    [MSG_GATE] = ignore,
    [MSG_RELAY_COUNTS] = ignore,
    [MSG_RELAY_FAILED] = ignore,
    [MSG_EVENT] = ignore,
};

static void side_init(struct relay_side *side, uint16_t port, enum relay_end end, uint16_t far)
{
	*side = (struct relay_side){.present = 1,
	    .keyed = 1,
	    .events = 1,
	    .end = (uint8_t)end,
	    .hears = RELAY_HEARS_OTHER,
	    .source = RELAY_SOURCE_NAMED,
	    .direction = RELAY_BOTH,
	    .payloads = 1,
	    .payload = {{0, RELAY_FRAME_PCM, SDP_PCMU, 0}},
	    .suite = SDP_AES_CM_128_HMAC_SHA1_80};
	side->local = ours;
	side->rtp = theirs;
	side->local.port = side->local_rtcp = port;
	side->rtp.port = far;
	side->rtcp = side->rtp;
}

static void wish(FILE *flows, uint32_t i, uint16_t from, uint16_t to)
{
	struct relay_spec spec = {.answered = 1, .deadline_ms = clock_boot_ms() + 3600000};
	uint16_t port = (uint16_t)(PORTS_LO + 4 * i);
	char text[2 * KEY + 1], ip[48];

	side_init(&spec.side[0], port, passing ? RELAY_PASSING : RELAY_ENDED_SDES, from);
	side_init(&spec.side[1], (uint16_t)(port + 2), passing ? RELAY_PASSING : RELAY_ENDED_CLEAR, to);
	for (int k = 0; passing && k < 2; k++) {
		spec.side[k].key = RELAY_KEY_SDES;
		spec.side[k].tag_len = SRTP_TAG;
	}
	rand_bytes(spec.side[0].key_ours, KEY);
	rand_bytes(spec.side[0].key_theirs, KEY);
	for (int k = 0; k < KEY; k++)
		snprintf(text + 2 * k, 3, "%02x", spec.side[0].key_theirs[k]);
	struct buf b = buf_of(ip, sizeof ip - 1);
	addr_put_ip(&b, &ours);
	ip[b.n] = 0;
	fprintf(flows, "%s %u %s\n", ip, port, passing ? "" : text);
	struct msg_relay *m = ipc_begin_as(core, MSG_RELAY, CLASS_DIALOG);
	if (!m)
		abort();
	m->join = i + 1;
	m->spec = ipc_put_part(core, &spec, sizeof spec);
	ipc_end(core);
	stage_run(&s, 1);
}

static bool start(const char *media, uint32_t n)
{
	static char cwd[] = "/tmp/ringfence-stand-XXXXXX";

	if (!mkdtemp(cwd) || !stage_start(&s, media, PROC_MEDIA, cwd, on))
		return false;
	rmdir(cwd);
	s.site.listener[0].media = s.site.listener[0].advertised_media = ours;
	s.site.media_port_lo = PORTS_LO;
	s.site.media_port_hi = (uint16_t)(PORTS_LO + 4 * n - 1);
	if (!stage_give_file(&s, FILE_ARENA, memfd_create("arena", MFD_CLOEXEC)))
		return false;
	core = stage_sibling(&s, PROC_CORE, 0);
	stage_sibling(&s, PROC_LEDGER, 0);
	return stage_go(&s);
}

/* By which way packets went, for who doubts it. */
static void say_ways(void)
{
	static const char *const name[] = {
	    "passed", "sent-near", "kernel-handed", "ring-taken", "ring-odd", "sent-together", "kernel-sent", "sends-refused"};

	s.parent.rate_second = 0;
	if (!stage_want_status(&s))
		return;
	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		fprintf(stderr, "%s %llu%s", name[i], (unsigned long long)stage_status_line(&s, name[i])->used,
		    i + 1 < sizeof name / sizeof *name ? ", " : "\n");
}

int main(int argc, char **argv)
{
	bool kernel = argc == 10, placed = argc == 9 || kernel;
	uint32_t n = argc == 7 || placed ? (uint32_t)atoi(argv[4]) : 0;
	FILE *flows = n ? fopen(argv[3], "we") : NULL;
	char octet;

	passing = argc > 1 && strcmp(argv[1], "passing") == 0;
	if (n == 0 || n > FLOWS_MAX || !flows || (!passing && strcmp(argv[1], "ended") != 0) ||
	    !addr_parse_ip(span_str(placed ? argv[7] : "127.0.0.1"), &ours) ||
	    !addr_parse_ip(span_str(placed ? argv[8] : "127.0.0.1"), &theirs)) {
		fprintf(stderr, "usage: ringfence-relay-stand ended|passing MEDIA FLOWS NUMBER FROM TO [OURS THEIRS [INTERFACE]]\n");
		return 2;
	}
	if (!start(argv[2], n)) {
		fprintf(stderr, "ringfence-relay-stand: media does not start: %s\n", s.reason);
		return 1;
	}
	if (kernel) {
		const char *why = kernel_house_open(&ours, argv[9], PORTS_LO, 4 * n);
		if (why) {
			fprintf(stderr, "ringfence-relay-stand: %s\n", why);
			return 1;
		}
		kernel_house_give(&s);
	}
	for (uint32_t i = 0; i < n; i++)
		wish(flows, i, (uint16_t)atoi(argv[5]), (uint16_t)atoi(argv[6]));
	fclose(flows);
	stage_run(&s, 500);
	printf("%d\n", (int)s.pid);
	fflush(stdout);
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	while (read(STDIN_FILENO, &octet, 1) != 0)
		stage_run(&s, 100);
	say_ways();
	stage_end(&s);
	kernel_house_close();
	return 0;
}
