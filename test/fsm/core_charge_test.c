/* SPDX-License-Identifier: ISC */
/* What a call over a trunk costs when core dies in it: each second once (R17, R28). */
#include "../unit/test.h"
#include "account.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "spent.h"

enum { BEFORE_MS = 240000, TALKED_MS = 60000, SECOND_MS = 1000 };

struct world {
	struct phone alice, bob, telco;
	struct talk a, t;
};
static struct world *w;

static void alice_pays(void)
{
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim.site.plan.ceiling[CEILING_EXTENSION].most[CEILING_MINUTES] = 100;
}

static void talks_for_a_while(void)
{
	begin_with(alice_pays);
	up_at(&a, &t, "+33123456789", &telco[0]);
	sim_pass(BEFORE_MS);
	*w = (struct world){alice, bob, telco[0], a, t};
}

static void next_life(void)
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim_add_trunk(0);
	sim_add_trunk(1)->priority = 1;
	alice_pays();
	sim_open();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	phone_still_up(&w->telco);
	w->a.phone = &w->alice;
	w->t.phone = &w->telco;
}

/* What ledger was told last of this account. */
static uint64_t paid_ms(enum ceiling_scope scope)
{
	struct ceiling_count n = {0};

	for (struct heard *h; (h = sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL));) {
		const struct msg_spent_set *m = (const void *)h->payload;
		if (m->scope == scope)
			NEED(ceiling_parse(span_str(sim_text(h, m->text)), &n));
	}
	return n.ms;
}

static void is_paid_once(enum ceiling_scope scope, uint64_t talked_ms)
{
	const uint64_t paid = paid_ms(scope);

	if (paid + SECOND_MS < talked_ms || paid > talked_ms + 2 * SECOND_MS)
		fprintf(stderr, "of %llu ms %llu were charged\n", (unsigned long long)talked_ms, (unsigned long long)paid);
	NEED(paid + SECOND_MS >= talked_ms && paid <= talked_ms + 2 * SECOND_MS);
}

static void a_restart_charges_no_second_again(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(talks_for_a_while);
	next_life();
	NEED(sim_status("calls").used == 1);
	sim_pass(TALKED_MS);
	call_hang_up(&w->a, &w->t);
	sim_pass(SPENT_EVERY_MS + SECOND_MS);
	is_paid_once(CEILING_EXTENSION, BEFORE_MS + TALKED_MS);
	finish();
}

/* Longer than ledger is told of a counter each time, which is away for some of it. */
static void talks_on(void)
{
	next_life();
	NEED(sim_status("calls").used == 1);
	sim_pass(SPENT_EVERY_MS);
	sim_link_down(PROC_LEDGER, 0);
	sim_pass(2 * SPENT_EVERY_MS);
	sim_link_up(PROC_LEDGER, 0);
	sim_pass(BEFORE_MS);
}

static void nor_does_a_second_one(void)
{
	enum { LIVES = 4 };

	w = sim_shared(sizeof *w);
	sim_crash_after(talks_for_a_while);
	for (int i = 0; i < LIVES; i++)
		sim_crash_again(talks_on);
	next_life();
	sim_pass(TALKED_MS);
	call_hang_up(&w->a, &w->t);
	sim_pass(SPENT_EVERY_MS + SECOND_MS);
	const uint64_t talked_ms = BEFORE_MS + LIVES * (BEFORE_MS + 3 * SPENT_EVERY_MS) + TALKED_MS;
	is_paid_once(CEILING_EXTENSION, talked_ms);
	NEED(sim.records == 1 && sim.record.duration_ms >= talked_ms && sim.record.duration_ms <= talked_ms + 2 * SECOND_MS);
	finish();
}

/* bob, whom the line is offered, rings; it is paid all the while, and alice has it back in the next life. */
static void gives_it_on(void)
{
	talks_for_a_while();
	struct msg_request *m = talk_begin(&a, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&alice, "bob");
	NEED(code_of(talk_end(&a)) == 202);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_pass(10000);
	w->a = a;
}

static void nor_in_the_midst_of_a_transfer(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(gives_it_on);
	next_life();
	NEED(sim_status("calls").used == 1);
	sim_pass(SPENT_EVERY_MS + SECOND_MS);
	is_paid_once(CEILING_EXTENSION, BEFORE_MS + 10000 + SPENT_EVERY_MS);
}

/* Answered, and not heard of again: its ACK is on the way. */
static void dies_before_the_ack(void)
{
	begin_with(alice_pays);
	talk_invite(&a, &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	*w = (struct world){alice, bob, telco[0], a, t};
}

static void what_was_just_answered_is_charged(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(dies_before_the_ack);
	next_life();
	talk_ack(&w->a);
	sim_pass(TALKED_MS);
	call_hang_up(&w->a, &w->t);
	sim_pass(SPENT_EVERY_MS + SECOND_MS);
	is_paid_once(CEILING_EXTENSION, TALKED_MS);
	finish();
}

static void bob_is_out(void)
{
	alice_pays();
	set(1, OWNER_USER, 1, SETTING_CLASSES, "national");
	set(2, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "+33198765432");
}

/* R17: whom the line is given to has a forward to the outside, which is not for lines: it is paid all the same. */
static void a_forward_that_is_refused_ends_no_charge(void)
{
	begin_with(bob_is_out);
	up_at(&a, &t, "+33123456789", &telco[0]);
	sim_pass(BEFORE_MS);
	struct msg_request *m = talk_begin(&a, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&alice, "bob");
	NEED(code_of(talk_end(&a)) == 202);
	talk_rings_at(&b, &bob);
	struct sdp own = sdp_plain(&bob);
	talk_answer(&b, 200, &own);
	NEED(talk_takes(&b, SIP_ACK));
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	sim_pass(TALKED_MS);
	call_hang_up(&b, &t);
	sim_pass(SPENT_EVERY_MS + SECOND_MS);
	is_paid_once(CEILING_EXTENSION, BEFORE_MS + TALKED_MS);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_restart_charges_no_second_again);
	SIM(nor_does_a_second_one);
	SIM(nor_in_the_midst_of_a_transfer);
	SIM(what_was_just_answered_is_charged);
	SIM(a_forward_that_is_refused_ends_no_charge);
	(void)test_failed_here;
	return TEST_END;
}
