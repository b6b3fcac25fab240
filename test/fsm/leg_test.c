/* SPDX-License-Identifier: ISC */
/* Every cell of the leg's machine against what RFC 3261 asks for, written here state by state (R5, T12). A cell is
 * "next: what is to be done"; "-" means that the event changes nothing. */
#include "leg_fsm.h"
#include "../unit/test.h"

static const char *const effect_word[] = {"ok", "refuse", "487", "ack", "cancel", "stop-repeat", "bye", "bye-ok", "481",
    "tell-ringing", "tell-accepted", "tell-rejected", "tell-left", "tell-up", "free",
    "owe"};

struct row {
	enum leg_state state;
	const char *cell[LEG_EVENTS];
};

static const struct row expected[LEG_STATES] = {
    {LEG_IN_CALLING,
	{
	    [LEG_RINGS] = "-", [LEG_ACCEPTS] = "-", [LEG_REJECTS] = "-",
	    [LEG_CANCELS] = "gone: 487 tell-left free",			/* 9.2 */
	    [LEG_ACKS] = "-",						/* nothing was answered with 2xx yet */
	    [LEG_BYES] = "gone: 487 bye-ok tell-left free",		/* 15.1.2: pending requests get 487 */
	    [LEG_BYE_ENDS] = "-", [LEG_NO_ACK] = "-",
	    [LEG_ANSWER] = "in-answered: ok",				/* 13.3.1.4 */
	    [LEG_REFUSE] = "gone: refuse free",				/* its transaction handles the ACK */
	    [LEG_HANG_UP] = "gone: refuse free",
	    [LEG_EDGE_LOST] = "gone: tell-left free",			/* the transaction died */
	    [LEG_LOST] = "-", [LEG_BACK] = "-",
	}},
    {LEG_IN_ANSWERED,
	{
	    [LEG_RINGS] = "-", [LEG_ACCEPTS] = "-", [LEG_REJECTS] = "-",
	    [LEG_CANCELS] = "-",					/* 9.2: no effect after the final answer */
	    [LEG_ACKS] = "up: stop-repeat tell-up",
	    [LEG_BYES] = "gone: stop-repeat bye-ok tell-left free",	/* a caller may, before its ACK came */
	    [LEG_BYE_ENDS] = "-",
	    [LEG_NO_ACK] = "leaving: stop-repeat bye tell-left",	/* 13.3.1.4 */
	    [LEG_ANSWER] = "-",
	    [LEG_REFUSE] = "in-closing:",				/* 15: no BYE before the ACK */
	    [LEG_HANG_UP] = "in-closing:",
	    [LEG_EDGE_LOST] = "-",					/* the ACK travels outside the transaction */
	    [LEG_LOST] = "-", [LEG_BACK] = "-",
	}},
    {LEG_IN_CLOSING,
	{
	    [LEG_RINGS] = "-", [LEG_ACCEPTS] = "-", [LEG_REJECTS] = "-", [LEG_CANCELS] = "-",
	    [LEG_ACKS] = "leaving: stop-repeat bye",
	    [LEG_BYES] = "gone: stop-repeat bye-ok free",
	    [LEG_BYE_ENDS] = "-",
	    [LEG_NO_ACK] = "leaving: stop-repeat bye",
	    [LEG_ANSWER] = "-", [LEG_REFUSE] = "-", [LEG_HANG_UP] = "-", [LEG_EDGE_LOST] = "-",
	    [LEG_LOST] = "-", [LEG_BACK] = "-",
	}},
    {LEG_OUT_SENT,
	{
	    [LEG_RINGS] = "out-early: tell-ringing",
	    [LEG_ACCEPTS] = "up: ack tell-accepted",			/* 13.2.2.4 */
	    [LEG_REJECTS] = "gone: tell-rejected free",
	    [LEG_CANCELS] = "-", [LEG_ACKS] = "-",
	    [LEG_BYES] = "- 481",					/* 15: a callee must not, before its answer */
	    [LEG_BYE_ENDS] = "-", [LEG_NO_ACK] = "-", [LEG_ANSWER] = "-",
	    [LEG_REFUSE] = "out-leaving: cancel",			/* the edge holds it until a 1xx came (9.1) */
	    [LEG_HANG_UP] = "out-leaving: cancel",
	    [LEG_EDGE_LOST] = "gone: tell-rejected free",
	    [LEG_LOST] = "gone: tell-rejected free",			/* no dialog yet in which anything could be said */
	    [LEG_BACK] = "-",
	}},
    {LEG_OUT_EARLY,
	{
	    [LEG_RINGS] = "- tell-ringing",
	    [LEG_ACCEPTS] = "up: ack tell-accepted",
	    [LEG_REJECTS] = "gone: tell-rejected free",
	    [LEG_CANCELS] = "-", [LEG_ACKS] = "-", [LEG_BYES] = "- 481", [LEG_BYE_ENDS] = "-", [LEG_NO_ACK] = "-",
	    [LEG_ANSWER] = "-",
	    [LEG_REFUSE] = "out-leaving: cancel",
	    [LEG_HANG_UP] = "out-leaving: cancel",
	    [LEG_EDGE_LOST] = "gone: tell-rejected free",
	    [LEG_LOST] = "owing: tell-rejected owe",			/* 15: it rings on, and BYE ends an early dialog too */
	    [LEG_BACK] = "-",
	}},
    {LEG_OUT_LEAVING,
	{
	    [LEG_RINGS] = "-",
	    [LEG_ACCEPTS] = "leaving: ack bye",				/* the CANCEL crossed the 200: 9.1, 15 */
	    [LEG_REJECTS] = "gone: free",
	    [LEG_CANCELS] = "-", [LEG_ACKS] = "-", [LEG_BYES] = "- 481", [LEG_BYE_ENDS] = "-", [LEG_NO_ACK] = "-",
	    [LEG_ANSWER] = "-", [LEG_REFUSE] = "-", [LEG_HANG_UP] = "-",
	    [LEG_EDGE_LOST] = "gone: free",
	    [LEG_LOST] = "owing: owe",					/* whether the CANCEL came there is not known */
	    [LEG_BACK] = "-",
	}},
    {LEG_UP,
	{
	    [LEG_RINGS] = "-",
	    [LEG_ACCEPTS] = "- ack",					/* 13.2.2.4: each 2xx that comes again */
	    [LEG_REJECTS] = "-", [LEG_CANCELS] = "-",
	    [LEG_ACKS] = "- stop-repeat",				/* of a re-INVITE */
	    [LEG_BYES] = "gone: stop-repeat bye-ok tell-left free",
	    [LEG_BYE_ENDS] = "-",
	    [LEG_NO_ACK] = "leaving: stop-repeat bye tell-left",	/* 14.2 */
	    [LEG_ANSWER] = "-",
	    [LEG_REFUSE] = "leaving: stop-repeat bye",
	    [LEG_HANG_UP] = "leaving: stop-repeat bye",
	    [LEG_EDGE_LOST] = "-",					/* calls outlive connections */
	    [LEG_LOST] = "-", [LEG_BACK] = "-",
	}},
    {LEG_LEAVING,
	{
	    [LEG_RINGS] = "-",
	    [LEG_ACCEPTS] = "- ack",
	    [LEG_REJECTS] = "-", [LEG_CANCELS] = "-",
	    [LEG_ACKS] = "- stop-repeat",
	    [LEG_BYES] = "gone: bye-ok free",				/* both at once: each gets its 200 */
	    [LEG_BYE_ENDS] = "gone: free",				/* 15.1.1 */
	    [LEG_NO_ACK] = "- stop-repeat",
	    [LEG_ANSWER] = "-", [LEG_REFUSE] = "-", [LEG_HANG_UP] = "-",
	    [LEG_EDGE_LOST] = "gone: free",
	    [LEG_LOST] = "owing: owe",
	    [LEG_BACK] = "- bye",
	}},
    {LEG_OWING,
	{
	    [LEG_RINGS] = "-", [LEG_ACCEPTS] = "-", [LEG_REJECTS] = "-", [LEG_CANCELS] = "-", [LEG_ACKS] = "-",
	    [LEG_BYES] = "gone: bye-ok free",
	    [LEG_BYE_ENDS] = "gone: free",
	    [LEG_NO_ACK] = "-", [LEG_ANSWER] = "-", [LEG_REFUSE] = "-", [LEG_HANG_UP] = "-", [LEG_EDGE_LOST] = "-",
	    [LEG_LOST] = "-",
	    [LEG_BACK] = "leaving: bye",
	}},
    {LEG_GONE,
	{
	    [LEG_RINGS] = "-", [LEG_ACCEPTS] = "-", [LEG_REJECTS] = "-", [LEG_CANCELS] = "-", [LEG_ACKS] = "-",
	    [LEG_BYES] = "- 481", [LEG_BYE_ENDS] = "-", [LEG_NO_ACK] = "-", [LEG_ANSWER] = "-", [LEG_REFUSE] = "-",
	    [LEG_HANG_UP] = "-", [LEG_EDGE_LOST] = "-", [LEG_LOST] = "-", [LEG_BACK] = "-",
	}},
};

/* What the machine says, in the words of the table above. */
static void put_cell(char *out, size_t cap, enum leg_state state, enum leg_event event)
{
	struct leg_step step = leg_step(state, event);
	bool stays = step.next == (unsigned char)state;
	size_t n = (size_t)snprintf(out, cap, "%s", stays ? "-" : leg_state_name[step.next]);

	if (!stays)
		n += (size_t)snprintf(out + n, cap - n, ":");
	for (unsigned i = 0; step.effects >> i; i++)
		if (step.effects >> i & 1)
			n += (size_t)snprintf(out + n, cap - n, " %s", i < 16 ? effect_word[i] : "?");
}

static void every_cell_is_as_the_rfc_says(void)
{
	int wrong = 0;
	char is[200];

	for (int s = 0; s < LEG_STATES; s++) {
		CHECK(expected[s].state == (enum leg_state)s);
		for (int e = 0; e < LEG_EVENTS; e++) {
			const char *want = expected[s].cell[e];
			put_cell(is, sizeof is, (enum leg_state)s, (enum leg_event)e);
			if (want && strcmp(is, want) == 0)
				continue;
			fprintf(stderr, "%s, %s: is \"%s\", should be \"%s\"\n", leg_state_name[s], leg_event_name[e], is,
			    want ? want : "(not written)");
			wrong++;
		}
	}
	CHECK(wrong == 0);
}

/* What holds for the machine as a whole, whatever a cell says. */
static void each_leg_is_freed_once_and_only_at_its_end(void)
{
	for (int s = 0; s < LEG_STATES; s++)
		for (int e = 0; e < LEG_EVENTS; e++) {
			struct leg_step step = leg_step((enum leg_state)s, (enum leg_event)e);
			bool free = step.effects & LEG_DO_FREE, ends = step.next == LEG_GONE && s != LEG_GONE;
			CHECK(free == ends);
			CHECK(step.next < LEG_STATES);
		}
}

/* From every state some chain of what a silent phone brings (time-outs and lost edges) frees the leg. */
static void a_leg_that_is_hung_up_ends_without_the_phone(void)
{
	static const enum leg_event silence[] = {LEG_HANG_UP, LEG_NO_ACK, LEG_LOST, LEG_BYE_ENDS};

	for (int s = 0; s < LEG_GONE; s++) {
		enum leg_state at = (enum leg_state)s;
		for (int round = 0; round < 2; round++)
			for (size_t i = 0; i < sizeof silence / sizeof *silence; i++)
				at = (enum leg_state)leg_step(at, silence[i]).next;
		CHECK(at == LEG_GONE);
	}
}

/* RFC 3261 15: from the moment of our BYE on, nothing makes the dialog live again. */
static void a_leaving_leg_never_comes_back(void)
{
	for (int e = 0; e < LEG_EVENTS; e++) {
		for (enum leg_state from = LEG_LEAVING; from <= LEG_OWING; from++) {
			unsigned char next = leg_step(from, (enum leg_event)e).next;
			CHECK(next == LEG_LEAVING || next == LEG_OWING || next == LEG_GONE);
		}
		CHECK(leg_step(LEG_GONE, (enum leg_event)e).next == LEG_GONE);
	}
}

int main(void)
{
	RUN(every_cell_is_as_the_rfc_says);
	RUN(each_leg_is_freed_once_and_only_at_its_end);
	RUN(a_leg_that_is_hung_up_ends_without_the_phone);
	RUN(a_leaving_leg_never_comes_back);
	return TEST_END;
}
