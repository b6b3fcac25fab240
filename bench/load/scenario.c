/* SPDX-License-Identifier: ISC */
#include "scenario.h"
#include "base/clock.h"
#include "call.h"
#include "phone.h"
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECOND_NS = 1000000000, CONNECT_WINDOW = 32, NAME_CAP = 16, REST_S = 2 };

static uint64_t memory_kb(uint32_t *guessed)
{
	struct proctree t;

	*guessed = 0;
	return load.opt.pid > 0 && proctree_find(load.opt.pid, &t) ? proctree_memory_kb(&t, guessed) : 0;
}

static void memory_each(struct run *r, uint64_t before_kb, uint64_t before_n)
{
	uint64_t now_kb = memory_kb(&r->guessed);

	r->total_kb = now_kb;
	if (r->done_n > before_n)
		r->kb_each = ((double)now_kb - (double)before_kb) / (double)(r->done_n - before_n);
}

/* The first tenth warms the server up; what the rest adds is what counts as memory of each. */
static uint32_t tenth(uint32_t n)
{
	return n < 10 ? 1 : n / 10;
}

/* A round whose result is only that n phones, from that one on, are connected or logged in. */
static void prepare(bool (*start)(struct run *r), uint32_t first, uint32_t n)
{
	struct run r = {.name = "prepare",
	    .start = start,
	    .window = CONNECT_WINDOW,
	    .next = first,
	    .max_n = n,
	    .duration_ns = 60ull * SECOND_NS};

	run_round(&r);
	if (r.failed_n > 0)
		fprintf(stderr, "%llu of %u phones failed: %s\n", (unsigned long long)r.failed_n, n,
		    r.why ? r.why : "refused");
	run_settle();
}

static void reconnect(void)
{
	phones_close();
	run_settle();
	prepare(phone_start_connect, 0, load.phones_n);
}

static void log_in(void)
{
	if (load.up_n == 0)
		reconnect();
	prepare(phone_start_register, 0, load.phones_n);
}

static uint64_t measured_round(struct run *r, bool *restarted)
{
	struct cost c;

	cost_start(&c);
	run_round(r);
	run_settle();
	return cost_take_ns(&c, restarted);
}

static void connect_run(struct run *r)
{
	bool restarted = false;
	uint64_t cpu_ns;

	phones_close();
	run_settle();
	r->max_n = load.phones_n;
	if (r->rate <= 0)
		r->window = CONNECT_WINDOW;
	cpu_ns = measured_round(r, &restarted);
	run_report(r, cpu_ns, restarted);
}

static void register_run(struct run *r)
{
	bool restarted = false;
	uint64_t cpu_ns = 0;

	r->max_n = load.phones_n;
	for (uint32_t i = 0; i < load.opt.rounds; i++) {
		reconnect();
		cpu_ns += measured_round(r, &restarted);
	}
	run_report(r, cpu_ns, restarted);
}

/* CPU that the server takes while nothing happens. */
static double rest_us_per_s(void)
{
	uint64_t end = clock_boot_ns() + (uint64_t)REST_S * SECOND_NS;
	struct cost c;
	bool restarted = false;

	cost_start(&c);
	while (clock_boot_ns() < end)
		loop_turn(&load.loop, SECOND_NS / 10);
	return (double)cost_take_ns(&c, &restarted) / 1000 / REST_S;
}

static void idle_run(struct run *r)
{
	uint64_t before_kb, before_n;
	uint32_t warm = tenth(load.phones_n);

	phones_close();
	run_settle();
	r->duration_ns = 60ull * SECOND_NS;
	prepare(phone_start_connect, 0, warm);
	r->max_n = warm;
	run_round(r);
	run_settle();
	before_kb = memory_kb(&r->guessed);
	before_n = r->done_n;
	prepare(phone_start_connect, warm, load.phones_n - warm);
	r->max_n = load.phones_n - warm;
	run_round(r);
	run_settle();
	memory_each(r, before_kb, before_n);
	r->rest_us_per_s = rest_us_per_s();
	run_report(r, 0, false);
}

static void steady_run(struct run *r)
{
	bool restarted = false;
	uint64_t cpu_ns;

	if (load.up_n == 0)
		log_in();
	cpu_ns = measured_round(r, &restarted);
	calls_forget();
	run_report(r, cpu_ns, restarted);
}

/* Run the command, answering what the server asks meanwhile. */
static void while_held(const char *command)
{
	const char *const words[] = {"sh", "-c", command, NULL};
	pid_t pid;
	int status;

	fflush(stdout);
	if (posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)(uintptr_t)words, environ) != 0) {
		fprintf(stderr, "%s: not started\n", command);
		return;
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		loop_turn(&load.loop, SECOND_NS / 100);
}

static void hold_run(struct run *r)
{
	bool restarted = false;
	uint64_t before_kb, before_n, cpu_ns, end;

	if (load.up_n == 0)
		log_in();
	r->max_n = tenth(load.opt.held_n);
	cpu_ns = measured_round(r, &restarted);
	before_kb = memory_kb(&r->guessed);
	before_n = r->done_n;
	r->max_n = load.opt.held_n - r->max_n;
	cpu_ns += measured_round(r, &restarted);
	memory_each(r, before_kb, before_n);
	if (load.opt.flows != NULL && !calls_write_flows(load.opt.flows))
		perror(load.opt.flows);
	if (load.opt.called_flows != NULL && !callee_write_flows(load.opt.called_flows))
		perror(load.opt.called_flows);
	if (load.opt.while_held != NULL)
		while_held(load.opt.while_held);
	calls_hang_up();
	for (end = clock_boot_ns() + 2ull * SECOND_NS; calls_under_way() > 0 && clock_boot_ns() < end;)
		loop_turn(&load.loop, SECOND_NS / 100);
	if (calls_under_way() > 0)
		fprintf(stderr, "%u held calls could not be hung up\n", calls_under_way());
	calls_forget();
	run_report(r, cpu_ns, restarted);
}

static const struct kind {
	const char *name;
	void (*run)(struct run *r);
	bool (*start)(struct run *r);
	void (*turn)(void);
} kinds[] = {
    {"connect", connect_run, phone_start_connect, NULL},
    {"idle", idle_run, phone_start_register, NULL},
    {"register", register_run, phone_start_register, NULL},
    {"refresh", steady_run, phone_start_refresh, NULL},
    {"call", steady_run, call_start, calls_turn},
    {"hold", hold_run, call_start_held, NULL},
};

int scenario_run(const char *spec)
{
	char name[NAME_CAP];
	struct span s = span_str(spec);
	size_t at = span_find(s, '@');
	struct run r = {.max_n = OPS_MAX, .duration_ns = (uint64_t)(load.opt.seconds * SECOND_NS)};
	const struct kind *k = NULL;
	uint64_t rate = 0;

	if (!span_cstr(span_head(s, at), name, sizeof(name)) ||
	    (at < s.n && !span_decimal(span_skip(s, at + 1), 1000000, &rate)))
		return 2;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			k = &kinds[i];
	if (k == NULL || !stats_init(&r.latency, OPS_MAX))
		return 2;
	r.name = k->name;
	r.start = k->start;
	r.turn = k->turn;
	r.rate = (double)rate;
	r.window = rate > 0 ? CALLS_MAX : load.opt.window;
	k->run(&r);
	stats_fini(&r.latency);
	return r.done_n > 0 ? 0 : 1;
}
