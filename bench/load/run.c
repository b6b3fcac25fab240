/* SPDX-License-Identifier: ISC */
#include "run.h"
#include "base/clock.h"

enum { SECOND_NS = 1000000000, TURN_NS = 5000000, QUIET_NS = 50000000, QUIET_CPU_NS = 1000000 };

void cost_start(struct cost *c)
{
	c->tree.n = 0;
	c->cpu_ns = 0;
	if (load.opt.pid > 0 && proctree_find(load.opt.pid, &c->tree))
		c->cpu_ns = proctree_cpu_ns(&c->tree);
}

uint64_t cost_take_ns(struct cost *c, bool *restarted)
{
	struct cost before = *c;

	cost_start(c);
	if (c->tree.n != before.tree.n ||
	    memcmp(c->tree.pid, before.tree.pid, c->tree.n * sizeof(pid_t)) != 0) {
		*restarted = true;
		return 0;
	}
	return c->cpu_ns - before.cpu_ns;
}

void run_settle(void)
{
	uint64_t end = clock_boot_ns() + 3ull * SECOND_NS, quiet_end = 0;
	struct cost c;
	bool restarted = false;

	cost_start(&c);
	while (clock_boot_ns() < end) {
		quiet_end = clock_boot_ns() + QUIET_NS;
		while (clock_boot_ns() < quiet_end)
			loop_turn(&load.loop, TURN_NS);
		if (cost_take_ns(&c, &restarted) < QUIET_CPU_NS)
			return;
	}
}

static void turn(const struct run *r, uint64_t wait_ns)
{
	loop_turn(&load.loop, wait_ns < TURN_NS ? wait_ns : TURN_NS);
	if (r->turn != NULL)
		r->turn();
}

static uint64_t under_way(const struct run *r)
{
	return r->started_n - r->done_n - r->failed_n;
}

/* How many may have been started by now. */
static uint64_t allowed(const struct run *r, uint64_t begin_n, uint64_t begin_ns, uint64_t now)
{
	uint64_t most = begin_n + r->max_n;
	double due;

	if (r->rate <= 0)
		return most;
	due = (double)(now - begin_ns) * r->rate / SECOND_NS;
	return due < (double)r->max_n ? begin_n + (uint64_t)due : most;
}

void run_round(struct run *r)
{
	uint64_t begin_n = r->started_n, begin_ns = clock_boot_ns(), now = begin_ns,
		 end = begin_ns + r->duration_ns;
	uint64_t tick = r->rate > 0 ? (uint64_t)(SECOND_NS / r->rate) : TURN_NS;

	load.run = r;
	while (now < end && r->started_n - begin_n < r->max_n) {
		uint64_t most = allowed(r, begin_n, begin_ns, now);
		while (r->started_n < most && under_way(r) < r->window && r->start(r))
			;
		turn(r, tick);
		now = clock_boot_ns();
	}
	end = clock_boot_ns() + (uint64_t)RUN_GRACE_S * SECOND_NS;
	while (under_way(r) > 0 && clock_boot_ns() < end)
		turn(r, TURN_NS);
	if (under_way(r) > 0)
		r->why = "no answer";
	r->failed_n += under_way(r);
	r->spent_ns += clock_boot_ns() - begin_ns;
	load.run = NULL;
}

void run_done(uint64_t started_ns, bool ok)
{
	struct run *r = load.run;

	if (r == NULL)
		return;
	if (ok) {
		r->done_n++;
		stats_add(&r->latency, clock_boot_ns() - started_ns);
	} else {
		r->failed_n++;
	}
}

void run_refused(uint64_t started_ns, uint32_t status)
{
	if (load.run != NULL && status < STATUS_MAX)
		load.run->refused[status]++;
	run_done(started_ns, false);
}

void run_report(struct run *r, uint64_t cpu_ns, bool restarted)
{
	double seconds = (double)r->spent_ns / SECOND_NS;
	const char *comma = "";

	printf("{\"scenario\": \"%s\", \"wanted_per_s\": %.0f, \"ok\": %llu, \"failed\": %llu, "
	       "\"challenged\": %llu, ",
	    r->name, r->rate, (unsigned long long)r->done_n, (unsigned long long)r->failed_n,
	    (unsigned long long)r->challenged_n);
	printf("\"per_s\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, ",
	    seconds > 0 ? (double)r->done_n / seconds : 0, stats_percentile_us(&r->latency, 50),
	    stats_percentile_us(&r->latency, 99));
	printf("\"cpu_us_per_op\": %.2f, \"cpu_share\": %.3f, \"restarted\": %s, \"refused\": {",
	    r->done_n > 0 && !restarted ? (double)cpu_ns / 1000 / (double)r->done_n : 0,
	    seconds > 0 ? (double)cpu_ns / (double)SECOND_NS / seconds : 0, restarted ? "true" : "false");
	for (uint32_t i = 0; i < STATUS_MAX; i++)
		if (r->refused[i] > 0) {
			printf("%s\"%u\": %u", comma, i, r->refused[i]);
			comma = ", ";
		}
	printf("}, \"why\": \"%s\"", r->why ? r->why : "");
	if (r->total_kb > 0)
		printf(", \"kb_each\": %.2f, \"server_kb\": %llu, \"memory_guessed\": %u, \"rest_us_per_s\": "
		       "%.0f",
		    r->kb_each, (unsigned long long)r->total_kb, r->guessed, r->rest_us_per_s);
	printf("}\n");
	fflush(stdout);
}
