/* SPDX-License-Identifier: ISC */
/* CPU of the real voice process for each session that it speaks to or listens to, the bench as core and media.
 * ringfence-voice-bench EXECUTABLE PROMPTS [SECONDS] */
#include "base/clock.h"
#include "stage.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SESSIONS = 200, CALLS = 256, TICK_MS = 20 };

static struct stage s;
static struct link *core, *media;
static uint64_t frames;

static void on_spoken(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	frames++;
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const on[MSG_N] = {[MSG_SPOKEN] = on_spoken, [MSG_TURNED] = ignore, [MSG_EVENT] = ignore};

static double cpu_us(void)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(s.pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		abort();
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void begin(uint64_t join, uint8_t codec, const char *say, uint8_t digits)
{
	struct msg_turn *m = ipc_begin_as(core, MSG_TURN, CLASS_DIALOG);

	if (!m)
		abort();
	m->token = m->join = join;
	m->codec = codec;
	m->say = ipc_put(core, span_str(say));
	m->loop = 1;
	m->digits_max = digits;
	m->first_ms = 300000;
	ipc_end(core);
}

static void end_all(void)
{
	for (uint64_t i = 1; i <= SESSIONS; i++) {
		struct msg_turn_stop *m = ipc_begin(core, MSG_TURN_STOP);
		m->token = i;
		ipc_end(core);
	}
	stage_run(&s, 200);
}

/* A frame of G.711 to each session, as media hands it on: voice looks at telephone-events only. */
static void hear(uint8_t codec, uint32_t at)
{
	static const uint8_t payload[160];

	for (uint64_t i = 1; i <= SESSIONS; i++) {
		struct msg_heard *m = ipc_begin_as(media, MSG_HEARD, CLASS_DIALOG);
		if (!m)
			continue;
		m->join = i;
		m->codec = codec;
		m->timestamp = at;
		m->payload = ipc_put(media, span_of(payload, codec == SDP_TELEPHONE_EVENT ? 4 : sizeof payload));
		ipc_end(media);
	}
}

static void measure(const char *what, uint8_t codec, const char *say, int heard, int seconds)
{
	for (uint64_t i = 1; i <= SESSIONS; i++)
		begin(i, codec, say, heard >= 0 ? 4 : 0);
	stage_run(&s, 1000);
	double cpu = cpu_us();
	uint64_t before = frames, began_ms = clock_boot_ms(), end_ms = began_ms + (uint64_t)seconds * 1000;
	for (uint32_t at = 0; clock_boot_ms() < end_ms; at += 160) {
		if (heard >= 0)
			hear((uint8_t)heard, at);
		stage_run(&s, TICK_MS);
	}
	double took_s = (double)(clock_boot_ms() - began_ms) / 1000;
	cpu = cpu_us() - cpu;
	printf("| %s | %.1f | %.2f | %.0f |\n", what, cpu / (double)(frames - before), cpu / took_s / SESSIONS / 1e4,
	    (double)(frames - before) / took_s / SESSIONS);
	fflush(stdout);
	end_all();
}

int main(int argc, char **argv)
{
	char cwd[] = "/tmp/voice_bench_XXXXXX";
	int seconds = argc > 3 ? atoi(argv[3]) : 5;

	if (argc < 3 || seconds < 1 || !mkdtemp(cwd) || !stage_start(&s, argv[1], PROC_VOICE, cwd, on)) {
		fprintf(stderr, "usage: ringfence-voice-bench EXECUTABLE PROMPTS [SECONDS]\n");
		return 2;
	}
	s.site.max_calls = CALLS;
	stage_give_file(&s, FILE_PROMPTS, open(argv[2], O_RDONLY | O_CLOEXEC));
	core = stage_sibling(&s, PROC_CORE, 0);
	media = stage_sibling(&s, PROC_MEDIA, 0);
	if (!stage_go(&s))
		return 1;
	printf("| %d sessions | us CPU a frame of 20 ms | %% of a core each | frames/s each |\n|---|---|---|---|\n", SESSIONS);
	measure("G.711, music", SDP_PCMU, "music", -1, seconds);
	measure("G.711, ringback", SDP_PCMU, "tone:ringback", -1, seconds);
	measure("G.722, music", SDP_G722, "music", -1, seconds);
	measure("Opus 32 kbit/s, music", SDP_OPUS, "music", -1, seconds);
	measure("Opus 32 kbit/s, speech", SDP_OPUS, "emergency-remote", -1, seconds);
	measure("Opus 32 kbit/s, silence", SDP_OPUS, "silence:60000", -1, seconds);
	measure("G.711, silence, hears G.711", SDP_PCMU, "silence:60000", SDP_PCMU, seconds);
	measure("G.711, silence, hears events", SDP_PCMU, "silence:60000", SDP_TELEPHONE_EVENT, seconds);
	stage_end(&s);
	rmdir(cwd);
	return 0;
}
