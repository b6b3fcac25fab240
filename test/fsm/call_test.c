/* SPDX-License-Identifier: ISC */
/* Every cell of the call's machine, phase by phase (R5). "-" means that the event changes nothing. */
#include "call_fsm.h"
#include "../unit/test.h"

static const char *const effect_word[] = {"ring", "dial", "connect", "hang-up-others", "refuse", "end", "ask", "tell", "judge", "wait", "return"};
static const char *const event_word[CALL_EVENTS] = {"allowed", "asked", "forwarded", "absent", "rings", "answered", "refused", "told-why",
    "caller-left", "callee-left", "time-out", "phone-back", "media-failed", "failed", "said", "transferred", "returned", "met"};

static const char *const expected[CALL_PHASES][CALL_EVENTS] = {
    [PHASE_LOOKING] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "talking: return", [CALL_MET] = "talking:",
	    [CALL_FORWARDED] = "- judge", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "dialling: dial",	      /* the number was dialled before */
	    [CALL_ASKED] = "asking: ask",	      /* it was not */
	    [CALL_RINGS] = "-",
	    [CALL_ANSWERED] = "- hang-up-others",
	    [CALL_REFUSED] = "over: refuse end",
	    [CALL_TOLD_WHY] = "telling: tell",
	    [CALL_CALLER_LEFT] = "over: end",
	    [CALL_CALLEE_LEFT] = "-",
	    [CALL_TIME_OUT] = "over: refuse end",
	    [CALL_PHONE_BACK] = "-",
	    [CALL_MEDIA_FAILED] = "over: refuse end",
	    [CALL_FAILED] = "over: refuse end",
	    [CALL_SAID] = "-",
	},
    [PHASE_ASKING] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "talking: return", [CALL_MET] = "-",
	    [CALL_FORWARDED] = "looking: judge", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "dialling: dial",	      /* the PIN was right */
	    [CALL_ASKED] = "-",
	    [CALL_RINGS] = "-",
	    [CALL_ANSWERED] = "- hang-up-others",
	    [CALL_REFUSED] = "over: refuse end",
	    [CALL_TOLD_WHY] = "telling: tell",
	    [CALL_CALLER_LEFT] = "over: end",
	    [CALL_CALLEE_LEFT] = "-",
	    [CALL_TIME_OUT] = "over: refuse end",
	    [CALL_PHONE_BACK] = "-",
	    [CALL_MEDIA_FAILED] = "over: refuse end",
	    [CALL_FAILED] = "over: refuse end",
	    [CALL_SAID] = "-",			      /* a prompt among others */
	},
    [PHASE_TELLING] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "-", [CALL_MET] = "-",
	    [CALL_FORWARDED] = "-", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "-", [CALL_ASKED] = "-", [CALL_RINGS] = "-",
	    [CALL_ANSWERED] = "- hang-up-others",
	    [CALL_REFUSED] = "-",		      /* it is being told */
	    [CALL_TOLD_WHY] = "-",
	    [CALL_CALLER_LEFT] = "over: end",
	    [CALL_CALLEE_LEFT] = "-",
	    [CALL_TIME_OUT] = "over: end",	      /* the caller has an answer: BYE */
	    [CALL_PHONE_BACK] = "-",
	    [CALL_MEDIA_FAILED] = "over: end",
	    [CALL_FAILED] = "over: end",
	    [CALL_SAID] = "over: end",
	},
    [PHASE_DIALLING] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "talking: return", [CALL_MET] = "-",
	    [CALL_FORWARDED] = "looking: judge", [CALL_ABSENT] = "waiting: wait",
	    [CALL_ALLOWED] = "-", [CALL_ASKED] = "-", [CALL_SAID] = "-",
	    [CALL_TOLD_WHY] = "telling: tell",
	    [CALL_RINGS] = "ringing: ring",
	    [CALL_ANSWERED] = "talking: connect",     /* a 200 without any 18x */
	    [CALL_REFUSED] = "over: refuse end",
	    [CALL_CALLER_LEFT] = "over: end",	      /* its own leg has the 487 already */
	    [CALL_CALLEE_LEFT] = "-",
	    [CALL_TIME_OUT] = "over: refuse end",
	    [CALL_PHONE_BACK] = "-",		      /* it was asked already, or comes too late for this call */
	    [CALL_MEDIA_FAILED] = "over: refuse end",
	    [CALL_FAILED] = "over: refuse end",
	},
    [PHASE_WAITING] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "talking: return", [CALL_MET] = "talking:",
	    [CALL_FORWARDED] = "looking: judge", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "-", [CALL_ASKED] = "-", [CALL_SAID] = "-",
	    [CALL_TOLD_WHY] = "telling: tell",
	    [CALL_RINGS] = "ringing: ring",
	    [CALL_ANSWERED] = "talking: connect",
	    [CALL_REFUSED] = "-",		      /* it waits for a phone that is not there yet */
	    [CALL_CALLER_LEFT] = "over: end",
	    [CALL_CALLEE_LEFT] = "-",
	    [CALL_TIME_OUT] = "over: refuse end",
	    [CALL_PHONE_BACK] = "dialling: dial",
	    [CALL_MEDIA_FAILED] = "over: refuse end",
	    [CALL_FAILED] = "over: refuse end",
	},
    [PHASE_RINGING] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "talking: return", [CALL_MET] = "-",
	    [CALL_FORWARDED] = "looking: judge", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "-", [CALL_ASKED] = "-", [CALL_SAID] = "-",
	    [CALL_TOLD_WHY] = "telling: tell",
	    [CALL_RINGS] = "-",			      /* the caller hears one 180, however many phones ring */
	    [CALL_ANSWERED] = "talking: connect",
	    [CALL_REFUSED] = "over: refuse end",
	    [CALL_CALLER_LEFT] = "over: end",
	    [CALL_CALLEE_LEFT] = "-",
	    [CALL_TIME_OUT] = "over: refuse end",
	    [CALL_PHONE_BACK] = "-",
	    [CALL_MEDIA_FAILED] = "over: refuse end",
	    [CALL_FAILED] = "over: refuse end",
	},
    [PHASE_TALKING] =
	{
	    [CALL_TRANSFERRED] = "looking: judge", [CALL_MET] = "-",
	    [CALL_RETURNED] = "- return",	      /* who answered can't be joined to */
	    [CALL_FORWARDED] = "-", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "-", [CALL_ASKED] = "-", [CALL_SAID] = "-",
	    [CALL_TOLD_WHY] = "-",
	    [CALL_RINGS] = "-",
	    [CALL_ANSWERED] = "- hang-up-others",     /* two phones answered at once: the first has won */
	    [CALL_REFUSED] = "-",		      /* the cancelled ones */
	    [CALL_CALLER_LEFT] = "over: end",
	    [CALL_CALLEE_LEFT] = "over: end",
	    [CALL_TIME_OUT] = "-",
	    [CALL_PHONE_BACK] = "-",
	    [CALL_MEDIA_FAILED] = "over: end",	      /* too late to refuse: BYE to both */
	    [CALL_FAILED] = "over: end",
	},
    [PHASE_OVER] =
	{
	    [CALL_TRANSFERRED] = "-", [CALL_RETURNED] = "-", [CALL_MET] = "-",
	    [CALL_FORWARDED] = "-", [CALL_ABSENT] = "-",
	    [CALL_ALLOWED] = "-", [CALL_ASKED] = "-", [CALL_TOLD_WHY] = "-", [CALL_SAID] = "-",
	    [CALL_RINGS] = "-", [CALL_ANSWERED] = "- hang-up-others", [CALL_REFUSED] = "-", [CALL_CALLER_LEFT] = "-",
	    [CALL_CALLEE_LEFT] = "-", [CALL_TIME_OUT] = "-", [CALL_PHONE_BACK] = "-", [CALL_MEDIA_FAILED] = "-", [CALL_FAILED] = "-",
	},
};

static void put_cell(char *out, size_t cap, enum call_phase phase, enum call_event event)
{
	struct call_step step = call_step(phase, event);
	bool stays = step.next == (unsigned char)phase;
	size_t n = (size_t)snprintf(out, cap, "%s%s", stays ? "-" : call_phase_name[step.next], stays ? "" : ":");

	for (unsigned i = 0; step.effects >> i; i++)
		if (step.effects >> i & 1)
			n += (size_t)snprintf(out + n, cap - n, " %s", i < 11 ? effect_word[i] : "?");
}

static void every_cell_is_as_it_should_be(void)
{
	int wrong = 0;
	char is[200];

	for (int p = 0; p < CALL_PHASES; p++)
		for (int e = 0; e < CALL_EVENTS; e++) {
			const char *want = expected[p][e];
			put_cell(is, sizeof is, (enum call_phase)p, (enum call_event)e);
			if (want && strcmp(is, want) == 0)
				continue;
			fprintf(stderr, "%s, %s: is \"%s\", should be \"%s\"\n", call_phase_name[p], event_word[e], is,
			    want ? want : "(not written)");
			wrong++;
		}
	CHECK(wrong == 0);
}

/* A record is written, ports rest and legs end exactly once: on the way into `over`. */
static void each_call_ends_exactly_once(void)
{
	for (int p = 0; p < CALL_PHASES; p++)
		for (int e = 0; e < CALL_EVENTS; e++) {
			struct call_step step = call_step((enum call_phase)p, (enum call_event)e);
			CHECK(!!(step.effects & CALL_DO_END) == (step.next == PHASE_OVER && p != PHASE_OVER));
			CHECK(!(step.effects & CALL_DO_REFUSE) || step.effects & CALL_DO_END);
			CHECK(!(step.effects & CALL_DO_CONNECT) || step.next == PHASE_TALKING);
		}
}

int main(void)
{
	RUN(every_cell_is_as_it_should_be);
	RUN(each_call_ends_exactly_once);
	return TEST_END;
}
