/* SPDX-License-Identifier: ISC */
/* Every cell of a trunk's machine, written here state by state (R29). A cell is "next: what is to be done"; "-" means that
 * the event changes nothing. */
#include "trunk_fsm.h"
#include "../unit/test.h"

static const char *const state_word[TRUNK_STATES] = {"down", "resolving", "connecting", "registering", "up", "next", "waits"};
static const char *const effect_word[] = {"reach", "next", "speak", "close", "tell-up", "tell-down", "count"};

struct row {
	enum trunk_state state;
	const char *cell[TRUNK_EVENTS];
};

static const struct row expected[TRUNK_STATES] = {
    {TRUNK_DOWN,
	{
	    [TRUNK_BEGIN] = "resolving: reach",
	    [TRUNK_REACHED] = "-", [TRUNK_UNREACHED] = "-",
	    [TRUNK_FLOW] = "registering: speak",	/* an edge outlived core and says what there is */
	    [TRUNK_NO_FLOW] = "-", [TRUNK_FLOW_GONE] = "-", [TRUNK_GRANTED] = "-", [TRUNK_REFUSED] = "-",
	    [TRUNK_SILENT] = "-", [TRUNK_DUE] = "-", [TRUNK_LOST] = "-", [TRUNK_STOP] = "-",
	}},
    {TRUNK_RESOLVING,
	{
	    [TRUNK_BEGIN] = "-",
	    [TRUNK_REACHED] = "connecting:",
	    [TRUNK_UNREACHED] = "waits: close count",
	    [TRUNK_FLOW] = "registering: speak",	/* edge was quicker than dial's word to core */
	    [TRUNK_NO_FLOW] = "next: next close",
	    [TRUNK_FLOW_GONE] = "-", [TRUNK_GRANTED] = "-", [TRUNK_REFUSED] = "-", [TRUNK_SILENT] = "-",
	    [TRUNK_DUE] = "waits: close count",
	    [TRUNK_LOST] = "waits: close count",
	    [TRUNK_STOP] = "down: close",
	}},
    {TRUNK_CONNECTING,
	{
	    [TRUNK_BEGIN] = "-", [TRUNK_REACHED] = "-", [TRUNK_UNREACHED] = "-",
	    [TRUNK_FLOW] = "registering: speak",
	    [TRUNK_NO_FLOW] = "next: next close",	/* RFC 3263 4.3 */
	    [TRUNK_FLOW_GONE] = "-", [TRUNK_GRANTED] = "-", [TRUNK_REFUSED] = "-", [TRUNK_SILENT] = "-",
	    [TRUNK_DUE] = "next: next close",
	    [TRUNK_LOST] = "-",				/* dial did its part */
	    [TRUNK_STOP] = "down: close",
	}},
    {TRUNK_REGISTERING,
	{
	    [TRUNK_BEGIN] = "-", [TRUNK_REACHED] = "-", [TRUNK_UNREACHED] = "-",
	    [TRUNK_FLOW] = "registering: speak",	/* another connection took its place */
	    [TRUNK_NO_FLOW] = "-",
	    [TRUNK_FLOW_GONE] = "next: next close",
	    [TRUNK_GRANTED] = "up: tell-up",
	    [TRUNK_REFUSED] = "waits: close count",	/* the next address has the same password */
	    [TRUNK_SILENT] = "next: next close",
	    [TRUNK_DUE] = "next: next close",
	    [TRUNK_LOST] = "-",
	    [TRUNK_STOP] = "down: close",
	}},
    {TRUNK_UP,
	{
	    [TRUNK_BEGIN] = "-", [TRUNK_REACHED] = "-", [TRUNK_UNREACHED] = "-",
	    [TRUNK_FLOW] = "up: speak",
	    [TRUNK_NO_FLOW] = "-",
	    [TRUNK_FLOW_GONE] = "resolving: reach tell-down",
	    [TRUNK_GRANTED] = "up:",
	    [TRUNK_REFUSED] = "waits: close tell-down count",
	    [TRUNK_SILENT] = "next: next close tell-down",
	    [TRUNK_DUE] = "up: speak",
	    [TRUNK_LOST] = "-",				/* a trunk that is up needs no dial */
	    [TRUNK_STOP] = "down: close tell-down",
	}},
    {TRUNK_NEXT,
	{
	    [TRUNK_BEGIN] = "-",
	    [TRUNK_REACHED] = "connecting:",
	    [TRUNK_UNREACHED] = "waits: close count",	/* the list is at its end */
	    [TRUNK_FLOW] = "registering: speak",
	    [TRUNK_NO_FLOW] = "next: next close",
	    [TRUNK_FLOW_GONE] = "-", [TRUNK_GRANTED] = "-", [TRUNK_REFUSED] = "-", [TRUNK_SILENT] = "-",
	    [TRUNK_DUE] = "waits: close count",
	    [TRUNK_LOST] = "waits: close count",
	    [TRUNK_STOP] = "down: close",
	}},
    {TRUNK_WAITS,
	{
	    [TRUNK_BEGIN] = "resolving: reach",		/* somebody needs it now */
	    [TRUNK_REACHED] = "-", [TRUNK_UNREACHED] = "-",
	    [TRUNK_FLOW] = "registering: speak",
	    [TRUNK_NO_FLOW] = "-", [TRUNK_FLOW_GONE] = "-", [TRUNK_GRANTED] = "-", [TRUNK_REFUSED] = "-",
	    [TRUNK_SILENT] = "-",
	    [TRUNK_DUE] = "resolving: reach",
	    [TRUNK_LOST] = "-",
	    [TRUNK_STOP] = "down: close",
	}},
};

static const char *words_of(struct trunk_out o, enum trunk_state was)
{
	static char text[160];

	if (o.effects & TRUNK_DO_NOTHING)
		return o.state == was && o.timer_ms == TRUNK_KEEP ? "-" : "nothing, yet something";
	size_t n = (size_t)snprintf(text, sizeof text, "%s:", state_word[o.state]);
	for (size_t i = 0; i < sizeof effect_word / sizeof *effect_word; i++)
		if (o.effects >> i & 1)
			n += (size_t)snprintf(text + n, sizeof text - n, " %s", effect_word[i]);
	return text;
}

static void every_cell(void)
{
	for (int s = 0; s < TRUNK_STATES; s++)
		for (int e = 0; e < TRUNK_EVENTS; e++) {
			const char *want = expected[s].cell[e];
			const char *is = words_of(trunk_step((enum trunk_state)s, (enum trunk_event)e), (enum trunk_state)s);
			if (!want || strcmp(want, is) != 0)
				fprintf(stderr, "%s, event %d: %s, not %s\n", state_word[s], e, is, want ? want : "?");
			CHECK(want && strcmp(want, is) == 0);
		}
}

/* Whatever happens, a trunk that is neither down nor up waits for something with an end. */
static void no_state_waits_for_ever(void)
{
	for (int s = 0; s < TRUNK_STATES; s++)
		for (int e = 0; e < TRUNK_EVENTS; e++) {
			struct trunk_out o = trunk_step((enum trunk_state)s, (enum trunk_event)e);
			bool moves = o.state != (enum trunk_state)s;
			if (moves && o.state != TRUNK_DOWN)
				CHECK(o.timer_ms > 0 || o.timer_ms == TRUNK_BACK_OFF || o.timer_ms == TRUNK_LATER);
			if (o.effects & TRUNK_DO_SPEAK)
				CHECK(o.timer_ms == TRUNK_ANSWER_MS);
		}
}

/* Up and down are told in turn, each once. */
static void up_is_told_once(void)
{
	for (int s = 0; s < TRUNK_STATES; s++)
		for (int e = 0; e < TRUNK_EVENTS; e++) {
			struct trunk_out o = trunk_step((enum trunk_state)s, (enum trunk_event)e);
			CHECK(!(o.effects & TRUNK_DO_TELL_UP) == !(s != TRUNK_UP && o.state == TRUNK_UP));
			CHECK(!(o.effects & TRUNK_DO_TELL_DOWN) == !(s == TRUNK_UP && o.state != TRUNK_UP));
		}
}

int main(void)
{
	RUN(every_cell);
	RUN(no_state_waits_for_ever);
	RUN(up_is_told_once);
	return TEST_END;
}
