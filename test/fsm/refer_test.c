/* SPDX-License-Identifier: ISC */
/* Every cell of the transfer's machine, state by state (R5, R29). "-" means that the event changes nothing. */
#include "refer_fsm.h"
#include "../unit/test.h"

static const char *const effect_word[] = {"meet", "ringing", "ok", "failed", "turn-away", "wait", "part", "free"};

static const char *const expected[REFER_STATES][REFER_EVENTS] = {
    [REFER_ASKING] =
	{
	    [REFER_COMES] = "dialling:",
	    [REFER_MEETS] = "half:",
	    [REFER_RINGS] = "-",
	    [REFER_ANSWERED] = "-",
	    [REFER_FAILS] = "over: failed free",
	    [REFER_DECLINED] = "over: failed free",
	    [REFER_VISITOR_LEFT] = "-",
	    [REFER_TIME_OUT] = "over: failed free",
	},
    [REFER_HALF] =
	{
	    [REFER_COMES] = "-",
	    [REFER_MEETS] = "dialling: meet",
	    [REFER_RINGS] = "-",
	    [REFER_ANSWERED] = "-",
	    [REFER_FAILS] = "over: failed turn-away free",
	    [REFER_DECLINED] = "over: failed turn-away free",
	    [REFER_VISITOR_LEFT] = "over: failed free", /* its URI was good once */
	    [REFER_TIME_OUT] = "over: failed turn-away free",
	},
    [REFER_DIALLING] =
	{
	    [REFER_COMES] = "-",
	    [REFER_MEETS] = "-",
	    [REFER_RINGS] = "dialling: ringing",
	    [REFER_ANSWERED] = "done: ok wait",
	    [REFER_FAILS] = "over: failed free",
	    [REFER_DECLINED] = "-",
	    [REFER_VISITOR_LEFT] = "over: failed free", /* before its ACK has answered our offer */
	    [REFER_TIME_OUT] = "-",
	},
    [REFER_DONE] =
	{
	    [REFER_COMES] = "-",
	    [REFER_MEETS] = "-",
	    [REFER_RINGS] = "-",
	    [REFER_ANSWERED] = "-",
	    [REFER_FAILS] = "-",
	    [REFER_DECLINED] = "-",
	    [REFER_VISITOR_LEFT] = "-",
	    [REFER_TIME_OUT] = "over: part free",
	},
    [REFER_OVER] =
	{
	    [REFER_COMES] = "-", [REFER_MEETS] = "-", [REFER_RINGS] = "-", [REFER_ANSWERED] = "-", [REFER_FAILS] = "-",
	    [REFER_DECLINED] = "-", [REFER_VISITOR_LEFT] = "-", [REFER_TIME_OUT] = "-",
	},
};

static void say(enum refer_state from, struct refer_step s, char *out, size_t cap)
{
	size_t n = (size_t)snprintf(out, cap, "%s:", refer_state_name[s.next]);

	for (unsigned i = 0; s.effects >> i; i++)
		if (s.effects >> i & 1)
			n += (size_t)snprintf(out + n, cap - n, " %s", effect_word[i]);
	if (s.next == from && s.effects == 0)
		snprintf(out, cap, "-");
}

static void every_cell(void)
{
	char got[128];

	for (int state = 0; state < REFER_STATES; state++)
		for (int event = 0; event < REFER_EVENTS; event++) {
			say((enum refer_state)state, refer_step((enum refer_state)state, (enum refer_event)event), got,
			    sizeof got);
			if (!expected[state][event] || strcmp(got, expected[state][event]) != 0)
				fprintf(stderr, "%s, event %d: %s\n", refer_state_name[state], event, got);
			CHECK(expected[state][event] && strcmp(got, expected[state][event]) == 0);
		}
}

/* Whatever happens, the last NOTIFY goes out once, and memory is given back at the end alone. */
static void each_ends_once(void)
{
	for (int state = 0; state < REFER_STATES; state++)
		for (int event = 0; event < REFER_EVENTS; event++) {
			struct refer_step s = refer_step((enum refer_state)state, (enum refer_event)event);
			bool last = s.effects & (REFER_TELL_OK | REFER_TELL_FAILED);
			CHECK(!last || (state != REFER_DONE && s.next >= REFER_DONE));
			CHECK(!(s.effects & REFER_DO_FREE) == !(s.next == REFER_OVER && state != REFER_OVER));
		}
}

int main(void)
{
	RUN(every_cell);
	RUN(each_ends_once);
	return TEST_END;
}
