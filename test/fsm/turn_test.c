/* SPDX-License-Identifier: ISC */
/* Every cell of a turn's machine, written here state by state (R15). A cell is "next: what is to be done"; "-" changes nothing. */
#include "turn_fsm.h"
#include "../unit/test.h"

static const char *const state_word[TURN_STATES] = {"speaks", "repeats", "deaf", "open", "waits", "gathers"};
static const char *const effect_word[] = {"again", "hush", "wait-first", "wait-next", "end-said", "end-count"};

static const char *const expected[TURN_STATES][TURN_EVENTS] = {
    [TURN_SPEAKS] = {[TURN_EV_SAID] = "speaks: end-said", [TURN_EV_DIGIT] = "-", [TURN_EV_FULL] = "-", [TURN_EV_END] = "-", [TURN_EV_TIME] = "-"},
    [TURN_REPEATS] = {[TURN_EV_SAID] = "repeats: again", [TURN_EV_DIGIT] = "-", [TURN_EV_FULL] = "-", [TURN_EV_END] = "-", [TURN_EV_TIME] = "-"},
    [TURN_DEAF] = {[TURN_EV_SAID] = "waits: again wait-first", [TURN_EV_DIGIT] = "-", [TURN_EV_FULL] = "-", [TURN_EV_END] = "-", [TURN_EV_TIME] = "-"},
    [TURN_OPEN] = {[TURN_EV_SAID] = "waits: again wait-first", [TURN_EV_DIGIT] = "gathers: hush wait-next", [TURN_EV_FULL] = "gathers: end-count",
	[TURN_EV_END] = "gathers: end-count", [TURN_EV_TIME] = "-"},
    [TURN_WAITS] = {[TURN_EV_SAID] = "waits: again", [TURN_EV_DIGIT] = "gathers: hush wait-next", [TURN_EV_FULL] = "gathers: end-count",
	[TURN_EV_END] = "gathers: end-count", [TURN_EV_TIME] = "waits: end-count"},
    [TURN_GATHERS] = {[TURN_EV_SAID] = "-", [TURN_EV_DIGIT] = "gathers: wait-next", [TURN_EV_FULL] = "gathers: end-count",
	[TURN_EV_END] = "gathers: end-count", [TURN_EV_TIME] = "gathers: end-count"},
};

static void spell(enum turn_state from, struct turn_step to, char *out, size_t cap)
{
	if (to.next == from && to.effects == 0) {
		snprintf(out, cap, "-");
		return;
	}
	size_t n = (size_t)snprintf(out, cap, "%s:", state_word[to.next]);
	for (unsigned i = 0; i < sizeof effect_word / sizeof *effect_word; i++)
		if (to.effects >> i & 1)
			n += (size_t)snprintf(out + n, cap - n, " %s", effect_word[i]);
}

static void each_cell_is_as_written(void)
{
	char is[128];

	for (int s = 0; s < TURN_STATES; s++)
		for (int e = 0; e < TURN_EVENTS; e++) {
			CHECK(expected[s][e]);
			spell((enum turn_state)s, turn_step((enum turn_state)s, (enum turn_event)e), is, sizeof is);
			if (strcmp(is, expected[s][e]) != 0)
				fprintf(stderr, "%s, event %d: %s, not %s\n", state_word[s], e, is, expected[s][e]);
			CHECK(strcmp(is, expected[s][e]) == 0);
		}
}

int main(void)
{
	RUN(each_cell_is_as_written);
	return TEST_END;
}
