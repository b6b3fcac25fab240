/* SPDX-License-Identifier: ISC */
/* Who called for help is reached by the centre that calls the number it was shown, however that is spelled and whoever is logged in
 * where (R16). bob has that number, and wants nobody to disturb him. */
#include "../unit/test.h"
#include "base/clock.h"
#include "callback.h"
#include "notice.h"
#include "sim_kept.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

enum { DAVE = 3, SHOWN_N = 2 };

static struct phone dave;
static struct talk in, d;

static void shows(const char *first, const char *second)
{
	for (int i = 0; i < 2; i++) {
		struct trunk_conf *c = &sim.site.trunk[i];
		snprintf(c->caller[0], sizeof c->caller[0], "%s", first);
		snprintf(c->caller[1], sizeof c->caller[1], "%s", second);
		c->callers = SHOWN_N;
		c->emergency = 1;
	}
}

static void the_number_shown_is_bobs(void)
{
	shows("+33140000000", "+33140000009");
	sim.device[0].flags = sim.device[DAVE].flags = DEVICE_FIXED;
	sim.site.plan.unknown_caller = INCOMING_REFUSE;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000000", .to = "bob"};
	set(1, OWNER_USER, 1, SETTING_DND, "on");
}

static void spelled_as_at_home(void)
{
	the_number_shown_is_bobs();
	shows("0140000000", "0140000009");
}

static void alice_has_the_second(void)
{
	spelled_as_at_home();
	set(2, OWNER_USER, 0, SETTING_OUTSIDE_NUMBER, "+33140000009");
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "0140000009", .to = "bob"};
}

static void trunk_of_digits(void)
{
	the_number_shown_is_bobs();
	shows("33140000000", "33140000009");
	sim.site.trunk[0].spelling = sim.site.trunk[1].spelling = SPELLED_DIGITS;
}

static void calls_for_help(struct phone *p)
{
	struct sdp sdp = sdp_plain(p);

	talk_invite(&a, p, "112", &sdp);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
}

static void centre_calls(const char *number)
{
	invite_from(&in, "+33612345678", number, false);
}

static void it_rings_at_both(struct phone *p)
{
	talk_rings_at(&b, &bob);
	talk_rings_at(&d, p);
	NEED(!sent_to(&bob, SIP_INVITE) && !sent_to(p, SIP_INVITE));
	talk_answer(&b, 486, NULL);
	struct sdp answer = sdp_plain(p);
	answer.audio.crypto[0].tag = d.sdp.audio.crypto_n ? 2 : 1;
	talk_up(&in, &d, &answer);
	call_hang_up(&d, &in);
	finish();
}

static void reaches(void (*settings)(void), const char *number)
{
	begin_with(settings);
	centre_calls(number);
	NEED(code_of(in.txn) == 603);
	calls_for_help(&alice);
	centre_calls(number);
	it_rings_at_both(&alice);
}

static void a_number_in_the_trunks_spelling_leads_back(void)
{
	reaches(spelled_as_at_home, "0140000000");
}

static void called_in_another_spelling_it_does_too(void)
{
	reaches(spelled_as_at_home, "+33140000000");
}

static void so_does_one_of_digits_alone(void)
{
	reaches(trunk_of_digits, "33140000000");
}

static void the_number_of_the_caller_is_shown_in_the_trunks_spelling(void)
{
	begin_with(alice_has_the_second);
	talk_invite(&a, &alice, "112", &offer);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "0140000009") == 0);
}

static void and_that_one_leads_back(void)
{
	reaches(alice_has_the_second, "0140000009");
}

static void the_other_one_does_not(void)
{
	begin_with(alice_has_the_second);
	calls_for_help(&alice);
	centre_calls("0140000000");
	NEED(code_of(in.txn) == 603);
	finish();
}

/* --- a phone at which nobody was logged in --- */

static void begin_with_dave(void)
{
	begin_with(the_number_shown_is_bobs);
	phone_init(&dave, DAVE);
	phone_up(&dave);
	calls_for_help(&dave);
}

static void a_phone_without_a_login_rings(void)
{
	begin_with_dave();
	centre_calls("+33140000000");
	it_rings_at_both(&dave);
}

static void over_the_connection_that_it_has_now(void)
{
	begin_with_dave();
	phone_down(&dave);
	phone_up(&dave);
	centre_calls("+33140000000");
	it_rings_at_both(&dave);
}

static void registered_meanwhile_it_rings_once(void)
{
	begin_with_dave();
	phone_register(&dave);
	centre_calls("+33140000000");
	it_rings_at_both(&dave);
}

static void one_that_is_gone_rings_nowhere(void)
{
	begin_with_dave();
	phone_down(&dave);
	centre_calls("+33140000000");
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(in.txn) == 486);
	finish();
}

static void nobody_else_rings_it(void)
{
	begin_with_dave();
	sim_pass(31u * 60 * 1000);
	centre_calls("+33140000000");
	NEED(code_of(in.txn) == 603 && !sent_to(&dave, SIP_INVITE));
	NEED(sim_status("call-back-phones").used == 0); /* where it was is wiped */
	finish();
}

/* --- core dies meanwhile (R28) --- */

enum { MIN_MS = 60000 };

static void life_in_which_dave_calls(void)
{
	begin_with_dave();
	NEED(sim_status("call-back-phones").used == 1);
}

/* Everybody connects anew, and ledger says who may be called back. */
static void next_life(uint32_t minutes_later)
{
	sim_crash_after(life_in_which_dave_calls);
	*sim.now += (uint64_t)minutes_later * MIN_MS;
	begin_with(the_number_shown_is_bobs);
	phone_init(&dave, DAVE);
	phone_up(&dave);
	struct msg_callback *m = ipc_begin(sim_far(PROC_LEDGER, 0), MSG_CALLBACK);
	m->wall_ms = clock_wall_ms() - (int64_t)minutes_later * MIN_MS;
	m->device = DAVE;
	ipc_end(sim_far(PROC_LEDGER, 0));
	sim_turn();
	NEED(sim_status("records-damaged").used == 0);
}

static void it_rings_in_the_next_life(void)
{
	next_life(0);
	centre_calls("+33140000000");
	it_rings_at_both(&dave);
}

static void for_as_long_as_the_centre_may_call_back(void)
{
	next_life(29);
	NEED(sim_status("call-back-phones").used == 1);
	centre_calls("+33140000000");
	it_rings_at_both(&dave);
	sim_pass(2 * MIN_MS);
	NEED(sim_status("call-back-phones").used == 0);
	sim_need_idle();
}

static void and_no_longer(void)
{
	next_life(31);
	NEED(sim_status("call-back-phones").used == 0);
	centre_calls("+33140000000");
	NEED(code_of(in.txn) == 603 && !sent_to(&dave, SIP_INVITE));
	finish();
}

enum { OTHERS = 20 };

static void with_many_phones(void)
{
	the_number_shown_is_bobs();
	sim.site.max_phones = OTHERS + CALLBACKS_MAX;
}

static void life_in_which_all_others_called(void)
{
	struct arena_table table[CORE_TABLES];

	begin_with(with_many_phones);
	sim_kept_map(table);
	for (uint32_t i = 0; i < CALLBACKS_MAX; i++) {
		const struct callback_phone p = {.until_ms = child_now() + 10 * MIN_MS + (i + 7) % CALLBACKS_MAX,
		    .device = OTHERS + i, .contact = "<sip:hall@198.51.100.9>"};
		arena_put(&table[CORE_CALLBACKS], i, &p);
	}
}

static const struct callback_phone *kept_of(struct arena_table *kept, uint32_t device)
{
	for (uint32_t i = 0; i < kept->count; i++) {
		const struct callback_phone *p = arena_get(kept, i);
		if (p && p->device == device)
			return p;
	}
	return NULL;
}

static void of_too_many_phones_the_one_that_is_over_first_makes_room(void)
{
	struct arena_table table[CORE_TABLES];
	const uint32_t first = OTHERS + CALLBACKS_MAX - 7;

	sim_crash_after(life_in_which_all_others_called);
	begin_with(with_many_phones);
	phone_init(&dave, DAVE);
	phone_up(&dave);
	sim_kept_map(table);
	NEED(sim_status("call-back-phones").used == CALLBACKS_MAX && kept_of(&table[CORE_CALLBACKS], first));
	calls_for_help(&dave);
	NEED(sim_status("call-back-phones").used == CALLBACKS_MAX && !kept_of(&table[CORE_CALLBACKS], first));
	NEED(kept_of(&table[CORE_CALLBACKS], DAVE));
	centre_calls("+33140000000");
	it_rings_at_both(&dave);
	sim_pass(12 * MIN_MS);
	NEED(sim_status("call-back-phones").used == 1); /* dave's */
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_number_in_the_trunks_spelling_leads_back);
	SIM(called_in_another_spelling_it_does_too);
	SIM(so_does_one_of_digits_alone);
	SIM(the_number_of_the_caller_is_shown_in_the_trunks_spelling);
	SIM(and_that_one_leads_back);
	SIM(the_other_one_does_not);
	SIM(a_phone_without_a_login_rings);
	SIM(over_the_connection_that_it_has_now);
	SIM(registered_meanwhile_it_rings_once);
	SIM(one_that_is_gone_rings_nowhere);
	SIM(nobody_else_rings_it);
	SIM(it_rings_in_the_next_life);
	SIM(for_as_long_as_the_centre_may_call_back);
	SIM(and_no_longer);
	SIM(of_too_many_phones_the_one_that_is_over_first_makes_room);
	(void)test_failed_here;
	return TEST_END;
}
