/* SPDX-License-Identifier: ISC */
/* One phone that begins all the calls it can shuts nobody out but itself, and itself never from help (R16, R27, T23). */
#include "../unit/test.h"
#include "base/pool.h"
#include "leg.h"
#include "media.h"
#include "share.h"
#include "sim_phone.h"
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 200, MIN_MS = 60000 };

static struct phone alice, bob, carol, centre;
static struct talk a[MOST], b[MOST], c, h, at_centre;
static struct sdp offer, answer;

static void phones(void)
{
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_init(&centre, 4);
	offer = sdp_plain(&alice);
	answer = sdp_plain(&bob);
}

static void begin_with(uint32_t calls, uint32_t slots)
{
	sim_defaults();
	sim.site.max_calls = calls;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * slots - 1);
	sim_open();
	phones();
	phone_register(&alice);
	phone_register(&bob);
	phone_register(&carol);
	phone_register(&centre);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static void others_can_call(void)
{
	struct sdp hers = sdp_plain(&carol);

	sim_clear();
	talk_invite(&c, &carol, "bob", &hers);
	talk_rings_at(&b[MOST - 1], &bob);
	talk_answer(&b[MOST - 1], 486, NULL);
	NEED(code_of(c.txn) == 486);
}

static void help_is_there_for(struct phone *p)
{
	struct sdp theirs = sdp_plain(p);

	sim_clear();
	talk_invite(&h, p, "112", &theirs);
	talk_rings_at(&at_centre, &centre);
	talk_answer(&at_centre, 486, NULL);
	NEED(code_of(h.txn) == 486);
}

/* Until one is refused; how many ring. */
static int calls_of_alice(struct heard **refused)
{
	for (int n = 0; n < MOST - 1; n++) {
		talk_invite(&a[n], &alice, "bob", &offer);
		if ((*refused = reply_to(a[n].txn)))
			return n;
		talk_rings_at(&b[n], &bob);
		sim_clear();
	}
	return MOST;
}

static void bob_is_busy(int n)
{
	for (int i = 0; i < n; i++) {
		talk_answer(&b[i], 486, NULL);
		NEED(code_of(a[i].txn) == 486);
	}
}

static void is_short_503(const struct heard *refused)
{
	NEED(refused && respond(refused)->code == 503);
	NEED(respond(refused)->retry_after >= 1 && respond(refused)->retry_after <= 2);
}

static void has_so_many(uint32_t calls, uint32_t slots, int most)
{
	struct heard *refused = NULL;

	begin_with(calls, slots);
	NEED(calls_of_alice(&refused) == most);
	is_short_503(refused);
	NEED(sim_status("beyond-share").used == 1 && sim.events[EVENT_CALL_REFUSED] == 1);
	others_can_call();
	help_is_there_for(&alice);
	bob_is_busy(most);
	for (int i = 0; i < 3; i++) { /* all of it comes back, and is no more than before */
		sim_pass(20000);
		NEED(calls_of_alice(&refused) == most);
		bob_is_busy(most);
	}
	finish();
}

static void a_few_of_few(void)
{
	has_so_many(8, 64, 4);
}

static void eight_at_least(void)
{
	has_so_many(32, 64, 8);
}

static void of_the_smaller_pool(void)
{
	has_so_many(64, 24, 8);
}

static void an_eighth_of_many(void)
{
	has_so_many(160, 400, 20);
}

/* INVITEs every 20 ms for half a minute; how many were not refused for their number. */
static int floods(void (*one)(struct talk *t))
{
	int served = 0;

	for (int n = 0; n < 1500; n++) {
		one(&a[0]);
		served += code_of(a[0].txn) != 503;
		sim_pass(20);
		if (n % 100 == 99) {
			others_can_call();
			help_is_there_for(&alice);
		}
		sim_clear();
	}
	return served;
}

static void to_nobody(struct talk *t)
{
	talk_invite(t, &alice, "dave", &offer);
}

/* No call is up and none ever was: neither ports nor the log are full of it, and the event is one a minute. */
static void a_flood_to_a_phone_that_is_not_there(void)
{
	begin_with(64, 64);
	const int served = floods(to_nobody);
	NEED(served >= 100 && served <= 150); /* 30, and 30 more in each 8 s */
	NEED(sim_status("calls-too-fast").used == 1500 - (uint64_t)served && sim.records <= (uint32_t)served + 100);
	NEED(sim.events[EVENT_CALL_REFUSED] <= 2 && sim_status("media-ports").refused == 0);
	sim_pass(MIN_MS);
	to_nobody(&a[0]);
	NEED(code_of(a[0].txn) == 480);
	finish();
}

static void and_gives_up(struct talk *t)
{
	talk_invite(t, &alice, "bob", &offer);
	struct heard *rings = sent_to(&bob, SIP_INVITE);
	if (!rings)
		return;
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, 0), MSG_CANCELLED);
	m->txn = t->txn;
	ipc_end(sim_far(PROC_EDGE, 0));
	sim_turn();
	phone_answer(&bob, rings, 487, NULL);
}

/* The same with ports that were told, which rest. */
static void a_flood_that_rings_and_gives_up(void)
{
	begin_with(64, 64);
	NEED(floods(and_gives_up) <= 150);
	finish();
}

static void nobody_was_told_of(uint32_t slot)
{
	NEED(media_take_ports(false) == slot);
	media_release_ports(slot);
}

/* A slot whose ports nobody knows needs no rest: it is the next again, and the one that was told is not. */
static void only_ports_that_were_told_rest(void)
{
	begin_with(64, 8);
	for (int i = 0; i < 3; i++) {
		to_nobody(&a[0]);
		NEED(code_of(a[0].txn) == 480);
	}
	for (uint32_t i = 3; i < 8; i++)
		nobody_was_told_of(i); /* all were touched */
	nobody_was_told_of(7);
	nobody_was_told_of(7);
	finish();
}

/* Phones that say nothing hold their legs for long: on the account of who rang them. */
static void legs_of_phones_that_say_nothing(void)
{
	unsigned code = 0;

	begin_with(8, 1000);
	for (int n = 0; n < 100 && code != 503; n++) {
		talk_invite(&a[0], &alice, "bob", &offer);
		struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, 0), MSG_CANCELLED);
		m->txn = a[0].txn;
		ipc_end(sim_far(PROC_EDGE, 0));
		sim_turn();
		code = code_of(a[0].txn);
		sim_clear();
	}
	NEED(code == 503 && sim_status("legs").used <= sim_status("legs").limit - 2 * sim.site.max_calls);
	others_can_call();
	help_is_there_for(&alice);
	finish();
	and_gives_up(&a[0]);
	NEED(code_of(a[0].txn) == 487);
	finish();
}

static uint64_t writes(struct phone *from, struct phone *to)
{
	struct msg_request *m = phone_begin(from, SIP_MESSAGE);

	m->target_user = phone_put(from, to->user);
	m->text = phone_put(from, "x");
	return phone_end(from);
}

/* bob's phone says nothing; she does not write faster than one may. */
static void texts_leave_room_for_those_of_others(void)
{
	uint32_t n = 0;
	uint64_t txn;
	struct heard *refused;

	begin_with(128, 256);
	while (!(refused = reply_to(txn = writes(&alice, &bob))) && n < 600) {
		n++;
		sim_pass(n < 20 ? 1 : 501);
	}
	is_short_503(refused);
	NEED(n == share_most(512, 8));
	sim_clear();
	txn = writes(&carol, &bob);
	phone_answer(&bob, sent_to(&bob, SIP_MESSAGE), 200, NULL);
	NEED(code_of(txn) == 200);
	sim.quiet = true;
	sim_pass(60000);
	sim.quiet = false;
	txn = writes(&alice, &bob);
	phone_answer(&bob, sent_to(&bob, SIP_MESSAGE), 200, NULL);
	NEED(code_of(txn) == 200);
	finish();
}

/* Each is answered at once, so that no share is ever full. */
static void texts_have_a_pace(void)
{
	int n = 0;
	unsigned code = 0;

	begin_with(32, 64);
	for (; n < 600 && code != 503; n++) {
		const uint64_t txn = writes(&alice, &bob);
		struct heard *text = sent_to(&bob, SIP_MESSAGE);
		if (text)
			phone_answer(&bob, text, 200, NULL);
		code = code_of(txn);
	}
	NEED(n == 21 && sim_status("texts-too-fast").used == 1 && sim_status("beyond-share").used == 0);
	NEED(sim.events[EVENT_CALL_REFUSED] == 1);
	const uint64_t txn = writes(&carol, &bob);
	phone_answer(&bob, sent_to(&bob, SIP_MESSAGE), 200, NULL);
	NEED(code_of(txn) == 200);
	others_can_call();
	help_is_there_for(&alice);
	sim_pass(501);
	phone_answer(&bob, (writes(&alice, &bob), sent_to(&bob, SIP_MESSAGE)), 200, NULL);
	is_short_503(reply_to(writes(&alice, &bob)));
	sim_pass(30000);
	for (n = 0; n < 20; n++) {
		phone_answer(&bob, (writes(&alice, &bob), sent_to(&bob, SIP_MESSAGE)), 200, NULL);
		sim_clear();
	}
	finish();
}

static unsigned transfers(struct talk *t, struct phone *p)
{
	struct msg_request *m = talk_begin(t, SIP_REFER);

	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(p, "carol");
	return code_of(talk_end(t));
}

static void so_do_transfers(void)
{
	begin_with(32, 64);
	for (int i = 0; i < 5; i++) {
		a[i].allow = b[i].allow = 1u << SIP_REFER;
		call_up(&a[i], &alice, &b[i], &bob);
		NEED(transfers(&a[i], &alice) == (i < 4 ? 202 : 503));
		sim_clear();
	}
	c.allow = b[5].allow = 1u << SIP_REFER;
	call_up(&c, &carol, &b[5], &bob);
	NEED(transfers(&c, &carol) == 202);
	for (int i = 0; i < 5; i++)
		talk_send(&a[i], SIP_BYE, NULL);
	talk_send(&c, SIP_BYE, NULL);
	sim.quiet = true;
	finish();
}

static struct phone *kept;

static void life_with_calls(void)
{
	begin_with(32, 64);
	for (int i = 0; i < 6; i++)
		call_up(&a[i], &alice, &b[i], &bob);
	kept[0] = alice;
	kept[1] = bob;
}

/* What a no was said to is held by nobody: it would never be given back (R27, R28). */
static void a_share_is_what_it_is(void)
{
	struct share s;

	begin_with(16, 16);
	share_init(&s, 64, 8);
	const struct {
		uint32_t who, most;
	} of[] = {{0, 8}, {1, 8}, {sim.site.max_phones - 1u, 8}, {sim.site.max_phones + 1u, 48},
	    {sim.site.max_phones + SITE_TRUNKS_MAX, 48}, {share_of_back(), s.back_most}};
	NEED(s.back_most > 0 && s.back_most == pool_share(64) / 2);
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		for (int round = 0; round < 2; round++) {
			for (uint32_t n = 0; n < of[i].most; n++)
				NEED(share_left(&s, of[i].who) == of[i].most - n && share_take(&s, of[i].who));
			for (int n = 0; n < 3; n++)
				NEED(!share_take(&s, of[i].who) && !share_has_room(&s, of[i].who) && share_left(&s, of[i].who) == 0);
			share_add(&s, of[i].who); /* one that is there already is counted, and none is left for it */
			NEED(share_left(&s, of[i].who) == 0 && !share_take(&s, of[i].who));
			for (uint32_t n = 0; n <= of[i].most; n++)
				share_release(&s, of[i].who);
		}
		NEED(share_left(&s, of[i].who) == of[i].most);
	}
	NEED(share_take(&s, NOBODY) && share_left(&s, NOBODY) == UINT32_MAX);
	free(s.held);
	finish();
}

/* Each line of a trunk is on its trunk's account, whatever phone it rings at. */
static void whose_a_share_is(void)
{
	const struct flow phone = {.device = 3}, line = {.device = 3, .trunk = 2};
	struct leg l = {.r.device = 3};

	begin_with(16, 16);
	NEED(share_of_flow(&phone) == 3 && share_of_leg(&l) == 3);
	l.r.trunk = 2;
	NEED(share_of_flow(&line) == sim.site.max_phones + 2u && share_of_leg(&l) == share_of_flow(&line));
	finish();
}

/* What a phone had it still has when core is another. */
static void a_share_outlives_core(void)
{
	struct heard *refused = NULL;

	kept = sim_shared(2 * sizeof *kept);
	sim_crash_after(life_with_calls);
	sim_defaults();
	sim_open();
	phones();
	alice = kept[0];
	bob = kept[1];
	phone_still_up(&alice);
	phone_still_up(&bob);
	NEED(sim_status("calls").used == 6);
	NEED(calls_of_alice(&refused) == 2);
	is_short_503(refused);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_few_of_few);
	SIM(eight_at_least);
	SIM(of_the_smaller_pool);
	SIM(an_eighth_of_many);
	SIM(a_flood_to_a_phone_that_is_not_there);
	SIM(a_flood_that_rings_and_gives_up);
	SIM(only_ports_that_were_told_rest);
	SIM(legs_of_phones_that_say_nothing);
	SIM(texts_leave_room_for_those_of_others);
	SIM(texts_have_a_pace);
	SIM(so_do_transfers);
	SIM(a_share_is_what_it_is);
	SIM(whose_a_share_is);
	SIM(a_share_outlives_core);
	(void)test_failed_here;
	return TEST_END;
}
