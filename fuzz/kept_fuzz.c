/* SPDX-License-Identifier: ISC */
/* Whole arenas of core, spoiled in many places at once: {table, record, offset (2), length, value} over and over, on what
 * sim_kept_life() left; an octet that is left over says what limits the next life has. Whatever stands there, core takes over what it can, breaks no contract, and is rid of what waits. Each in a
 * process of its own, since core takes over once. */
#include "apart.h"
#include "sim_kept.h"
#include <sys/stat.h>

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

/* At least as many people and phones as there are. */
static void other_limits(uint8_t octet)
{
	sim.site.max_calls = 1 + octet % 64;
	sim.site.max_users = SIM_USERS_MAX + octet % 16;
	sim.site.max_phones = SIM_DEVICES_MAX + octet / 16;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * (1 + octet % 8) - 1);
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
	sim_kept_open_life();
	sim.conduct.seal_mute = true;
	if (n)
		other_limits(data[0]);
	sim_open();
	sim.conduct.ledger_mute = sim.conduct.seal_mute = false;
	sim_pass(WAITS_MS);
	NEED(sim.accusations == 0 && sim_status("records-waiting").used == 0 && sim_status("notices-waiting").used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!whole)
		prepare();
	FUZZ_CHECK(ftruncate(sim.crash_fd, 0) == 0 && pwrite(sim.crash_fd, whole, whole_n, 0) == (ssize_t)whole_n);
	const uint64_t began_ms = *sim.now;
	fuzz_apart(next_life, data, n);
	*sim.now = began_ms;
	return 0;
}
