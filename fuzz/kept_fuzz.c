/* SPDX-License-Identifier: ISC */
/* Whole arenas of core, spoiled in many places at once: {table, record, offset (2), length, value} over and over, on what
 * sim_kept_life() left. Whatever stands there, core takes over what it can, breaks no contract, and is rid of what waits. Each in a
 * process of its own, since core takes over once. */
#include "fuzz.h"
#include "sim_kept.h"
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP = 6, WAITS_MS = 130000 /* ledger is told again each minute */ };

static uint8_t *whole; /* the arena as that life left it */
static size_t whole_n;

static void prepare(void)
{
	struct stat st;

	sim_crash_after(sim_kept_life);
	FUZZ_CHECK(fstat(sim.crash_fd, &st) == 0);
	whole_n = (size_t)st.st_size;
	whole = malloc(whole_n);
	FUZZ_CHECK(whole && pread(sim.crash_fd, whole, whole_n, 0) == (ssize_t)whole_n);
}

static void spoil(struct arena_table table[CORE_TABLES], const uint8_t *step)
{
	struct arena_table *t = &table[step[0] % CORE_TABLES];
	uint8_t *record = sim_kept_at(t, step[1] % 4);
	uint32_t at = (uint32_t)(step[2] | step[3] << 8) % t->record_size, n = step[4];

	if (record)
		memset(record + at, step[5], n < t->record_size - at ? n : t->record_size - at);
}

static void next_life(const uint8_t *data, size_t n)
{
	struct arena_table table[CORE_TABLES];

	sim_defaults();
	sim_kept_map(table);
	for (; n >= STEP; data += STEP, n -= STEP)
		spoil(table, data);
	sim.step_ms = 200;
	sim.quiet = sim.fail_aborts = true;
	sim_kept_again();
	sim.conduct.ledger_mute = sim.conduct.seal_mute = false;
	sim_pass(WAITS_MS);
	NEED(sim.accusations == 0 && sim_status("records-waiting").used == 0 && sim_status("notices-waiting").used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int status = 0;

	if (!whole)
		prepare();
	FUZZ_CHECK(pwrite(sim.crash_fd, whole, whole_n, 0) == (ssize_t)whole_n);
	const uint64_t began_ms = *sim.now;
	pid_t pid = fork();
	if (pid == 0) {
		next_life(data, n);
		_exit(0);
	}
	FUZZ_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	*sim.now = began_ms;
	FUZZ_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}
