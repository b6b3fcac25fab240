/* SPDX-License-Identifier: ISC */
/* Where phones say that they are when they call for help (R16, R27): of more than can be remembered, it is what one phone says over and
 * over that is lost, of its youngest call, and no word of another's. alice's phone says most, bob's some, carol's is the next. */
#include "../unit/test.h"
#include "call.h"
#include "emergency.h"
#include "sim_phone.h"

enum { PLACES = EMERGENCY_PLACES_MAX, SOME = 3 };

static struct phone alice, bob, carol, centre;
static struct talk help[PLACES + 4], rung[PLACES + 4];
static struct pidf_place here = {.shape = PIDF_POINT};
static const struct call *call[PLACES + 4];
static int n;

static void begin(void)
{
	sim_defaults();
	for (int i = 0; i < SIM_DEVICES_MAX; i++)
		sim.device[i].flags = DEVICE_FIXED;
	sim.site.max_calls = 4 * PLACES;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 16 * PLACES - 1);
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_init(&centre, 4);
	struct phone *const all[] = {&alice, &bob, &carol, &centre};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		phone_register(all[i]);
}

static void see_newest(struct call *c, void *newest)
{
	const struct call **found = newest;

	if (!*found || c->r.started_ms > (*found)->r.started_ms)
		*found = c;
}

/* The call's number in the order of their beginnings, a second apart. */
static int calls_for_help(struct phone *p)
{
	struct sdp o = sdp_plain(p);

	sim_pass(1000);
	p->place = &here;
	talk_invite(&help[n], p, "112", &o);
	talk_rings_at(&rung[n], &centre);
	call_each(see_newest, &call[n]);
	NEED(call[n]);
	sim_clear();
	return n++;
}

static bool says_where(int i)
{
	return emergency_place(call[i]) != NULL;
}

static void gives_up(int i)
{
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, help[i].phone->edge), MSG_CANCELLED);

	m->txn = help[i].txn;
	ipc_end(sim_far(PROC_EDGE, help[i].phone->edge));
	sim_turn();
	NEED(code_of(help[i].txn) == 487 && !says_where(i));
}

static void the_youngest_of_whoever_says_most_is_lost(void)
{
	begin();
	for (int i = 0; i < SOME; i++)
		calls_for_help(&bob);
	while (n < PLACES)
		calls_for_help(&alice);
	for (int i = 0; i < PLACES; i++)
		NEED(says_where(i));
	const int next = calls_for_help(&carol);
	NEED(says_where(next) && !says_where(PLACES - 1) && says_where(PLACES - 2));
	/* alice's next one brings no other's word to an end, nor one of her own: it is the youngest itself */
	const int again = calls_for_help(&alice);
	NEED(!says_where(again) && says_where(next) && says_where(PLACES - 2));
	const int second = calls_for_help(&bob);
	NEED(says_where(second) && !says_where(PLACES - 2) && says_where(PLACES - 3));
	for (int i = 0; i < PLACES - 2; i++)
		NEED(says_where(i));
	NEED(sim_status("emergency-places").refused == 3);
}

/* Also where it stands before those of older ones. */
static void the_place_of_one_that_is_over_is_free(void)
{
	begin();
	while (n < PLACES)
		calls_for_help(&alice);
	gives_up(SOME);
	gives_up(2 * SOME);
	calls_for_help(&alice);
	const int youngest = calls_for_help(&alice);
	for (int i = 0; i < n; i++)
		NEED(says_where(i) == (i != SOME && i != 2 * SOME));
	const int next = calls_for_help(&bob);
	for (int i = 0; i <= next; i++)
		NEED(says_where(i) == (i != SOME && i != 2 * SOME && i != youngest));
}

/* It is who says most, not whose call is the youngest of all: bob's are, and stand before alice's. */
static void one_who_says_less_loses_nothing(void)
{
	begin();
	while (n < PLACES)
		calls_for_help(&alice);
	for (int i = 0; i < SOME; i++)
		gives_up(i);
	for (int i = 0; i < SOME; i++)
		calls_for_help(&bob);
	const int next = calls_for_help(&carol);
	for (int i = 0; i <= next; i++)
		NEED(says_where(i) == (i >= SOME && i != PLACES - 1));
}

/* Two more of them are more; where each has said about as much, the word of the next is lost. */
static void nobody_loses_it_for_one_who_says_as_much(void)
{
	begin();
	while (n < PLACES)
		calls_for_help(n % 2 || n == 0 ? &alice : &bob);
	const int next = calls_for_help(&bob), again = calls_for_help(&bob);
	NEED(says_where(next) && !says_where(again));
	for (int i = 0; i < PLACES; i++)
		NEED(says_where(i) == (i != PLACES - 1));
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(the_youngest_of_whoever_says_most_is_lost);
	SIM(the_place_of_one_that_is_over_is_free);
	SIM(one_who_says_less_loses_nothing);
	SIM(nobody_loses_it_for_one_who_says_as_much);
	(void)test_failed_here;
	return TEST_END;
}
