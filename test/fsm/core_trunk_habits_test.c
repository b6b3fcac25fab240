/* SPDX-License-Identifier: ISC */
/* What providers do: they call at the registered Contact, write words of networks behind a number, answer nothing inside a dialog, and
 * play why there is no way before they say that there is none (R4, R6, R18). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

/* --- at whom a call comes --- */

static void registers(void)
{
	memcpy(sim.site.trunk[0].user, "u4930", sizeof "u4930");
}

static void account_is_a_number(void)
{
	memcpy(sim.site.trunk[0].user, "0140000009", sizeof "0140000009");
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "+33140000009", .to = "alice"};
}

static void account_is_mapped(void)
{
	registers();
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.named = 1, .to = "alice"};
}

/* Whose phone rings; 0 and *code: nobody's. */
static const struct phone *rings_stated(const char *target, const char *to, const char *stated, unsigned *code)
{
	struct msg_request *m = phone_begin(&telco[0], SIP_INVITE);
	char id[16];

	t = (struct talk){.phone = &telco[0], .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	snprintf(id, sizeof id, "in-%u", m->cseq);
	memcpy(t.call_id, id, sizeof id);
	snprintf(t.ours, sizeof t.ours, "tag-of-phone");
	m->call_id = phone_put(&telco[0], id);
	m->target_user = phone_put(&telco[0], target);
	m->to_user = phone_put(&telco[0], to);
	m->called_user = phone_put(&telco[0], stated);
	m->from_user = phone_put(&telco[0], "+33123456789");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&telco[0], "<sip:gw@203.0.113.6>");
	m->sdp = phone_put_sdp(&telco[0], &plain);
	t.txn = phone_end(&telco[0]);
	struct phone *who = NULL;
	struct heard *h = NULL;
	for (int i = 0; !h && i < 2; i++) {
		who = i == 0 ? &bob : &alice;
		h = sent_to(who, SIP_INVITE);
	}
	if (h) {
		h->taken = false;
		talk_rings_at(&b, who);
		talk_answer(&b, 486, NULL);
	}
	*code = code_of(t.txn);
	return h ? who : NULL;
}

static const struct phone *rings(const char *target, const char *to, unsigned *code)
{
	return rings_stated(target, to, "", code);
}

static void called_at_the_contact_it_is_for_whom_to_says(void)
{
	unsigned code;

	begin_with(registers);
	NEED(rings("u4930", "+33140000001", &code) == &bob && code == 486);
	NEED(rings("u4930", "0140000001;npdi", &code) == &bob);
	NEED(!rings("u4930", "+33140000002", &code) && code == 404);
	NEED(!rings("u4930", "u4930", &code) && code == 404);
	NEED(!rings("u4931", "+33140000001", &code) && code == 404); /* nobody's name: To decides nothing */
	NEED(rings("+33140000001", "+33140000002", &code) == &bob); /* nor where the number stands where it belongs */
	finish();
}

static void two_numbers(void)
{
	account_is_mapped();
	sim.site.inbounds = 3;
	sim.site.inbound[2] = (struct inbound){.number = "+33140000002", .to = "alice"};
}

/* RFC 7315 5.2: what stood in the Request-URI before it was our Contact; To may be of somebody whose calls go on to us. */
static void or_for_whom_the_network_states(void)
{
	unsigned code;

	begin_with(two_numbers);
	NEED(rings_stated("u4930", "+33140000002", "+33140000001", &code) == &bob);
	NEED(rings_stated("u4930", "+33155555555", "0140000001;npdi", &code) == &bob);
	NEED(rings_stated("u4930", "+33140000001", "+33140000002", &code) == &alice);
	NEED(rings_stated("u4930", "+33140000001", "somebody", &code) == &bob); /* who is nobody here */
	NEED(rings_stated("u4930", "anybody", "somebody", &code) == &alice);
	NEED(rings_stated("+33140000002", "+33140000001", "+33140000001", &code) == &alice); /* a number is one already */
	NEED(rings_stated("a-route", "anybody", "+33140000001", &code) == &bob);
	NEED(!rings_stated("a-route", "anybody", "+33155555555", &code) && code == 404);
	finish();
}

static void an_account_that_is_a_number_has_its_own_calls_too(void)
{
	unsigned code;

	begin_with(account_is_a_number);
	NEED(rings("0140000009", "+33140000001", &code) == &bob);
	NEED(rings("0140000009", "0140000009", &code) == &alice);
	NEED(rings("+33140000009", "anybody", &code) == &alice);
	finish();
}

static void an_account_that_is_no_number_can_be_led_to_somebody(void)
{
	unsigned code;

	begin_with(account_is_mapped);
	NEED(rings("u4930", "+33140000001", &code) == &bob);
	NEED(rings("u4930", "u4930", &code) == &alice);
	NEED(rings("u4930", "+33140000002", &code) == &alice);
	NEED(!rings("u4931", "u4930", &code) && code == 404);
	finish();
}

/* --- words behind numbers --- */

static void bob_blocks(void)
{
	set(0, OWNER_USER, 1, SETTING_BLOCKED, "+33123456789");
}

static void words_behind_a_number_hide_nobody(void)
{
	static const char *const from[] = {"+33123456789", "+33123456789;cpc=ordinary", "0123456789;isup-oli=62"};

	begin_with(bob_blocks);
	for (int i = 0; i < 3; i++) {
		invite_from(&t, from[i], "+33140000001;npdi;rn=+33199", false);
		NEED(!sent_to(&bob, SIP_INVITE) && code_of(t.txn) == 603);
	}
	finish();
}

static void who_is_known_is_known_with_words_behind_too(void)
{
	begin_with(NULL);
	invite_from(&t, "+33123456789;cpc=ordinary", "+33140000001;npdi;rn=+33199", false);
	struct heard *h = sent_to(&bob, SIP_INVITE);
	NEED(h && strstr(sim_text(h, sent(h)->from_user), "123456789") && !strstr(sim_text(h, sent(h)->from_user), "cpc"));
	h->taken = false;
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	finish();
}

/* --- who says nothing --- */

static void media_say(uint64_t join, uint64_t of_caller, uint64_t of_trunk)
{
	struct msg_relay_counts *m = ipc_begin_as(sim_far(PROC_MEDIA, 0), MSG_RELAY_COUNTS, CLASS_BULK);

	m->join = join;
	m->packets_a = of_caller;
	m->packets_b = of_trunk;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

/* True: it was hung up on within so many minutes, in which the phones answer each question and the trunk none. Packets by side of the relay,
 * each minute. */
static bool is_hung_up_on(uint64_t join, uint64_t one, uint64_t other, int minutes)
{
	for (int i = 1; i <= minutes; i++) {
		media_say(join, one * (uint64_t)i, other * (uint64_t)i);
		sim_pass(60000);
		struct heard *h;
		while ((h = sent_to(&alice, SIP_OPTIONS)))
			phone_answer(&alice, h, 200, NULL);
		while ((h = sent_to(&bob, SIP_OPTIONS)))
			phone_answer(&bob, h, 200, NULL);
		if (sent_to(&telco[0], SIP_BYE))
			return true;
		sim_clear();
	}
	return false;
}

static void asks_each_five_minutes(void)
{
	sim.site.session_expires_s = 600;
}

static void who_sends_is_there_whatever_it_answers(void)
{
	uint64_t join;

	begin_with(asks_each_five_minutes);
	up_at(&a, &t, "0123456789", &telco[0]);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	NEED(!is_hung_up_on(join, 1000, 500, 40));
	NEED(is_hung_up_on(join, 1000, 0, 21)); /* no more packets of it: its own count stands still */
}

static unsigned gives_to(struct talk *who, const char *user)
{
	struct msg_request *m = talk_begin(who, SIP_REFER);

	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(who->phone, user);
	return code_of(talk_end(who));
}

/* alice gives it to bob: the trunk is the caller now, on the side of the relay that it had. */
static uint64_t up_with_bob(void)
{
	uint64_t join = 0;

	a.allow = 1u << SIP_REFER;
	up_at(&a, &t, "0123456789", &telco[0]);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	sim_pass(5000);
	NEED(gives_to(&a, "bob") == 202);
	talk_rings_at(&b, &bob);
	struct sdp answer = sdp_fits(&b);
	talk_answer(&b, 200, &answer);
	NEED(talk_takes(&b, SIP_ACK));
	while (relay_wish(&join))
		;
	media_says_gate(join, RELAY_KEY_SDES);
	sim_pass(1500);
	struct heard *h = sent_to(&alice, SIP_BYE);
	if (h)
		phone_answer(&alice, h, 200, NULL);
	sim_clear();
	return join;
}

static void so_it_is_after_a_transfer(void)
{
	begin_with(asks_each_five_minutes);
	NEED(!is_hung_up_on(up_with_bob(), 0, 500, 40));
}

static void and_who_sends_nothing_then_is_not(void)
{
	begin_with(asks_each_five_minutes);
	NEED(is_hung_up_on(up_with_bob(), 1000, 0, 21));
}

/* --- who plays why --- */

static void hears(struct talk *at, unsigned code)
{
	talk_rings_at(at, &telco[0]);
	talk_answer(at, 183, &plain);
	talk_hears(&a, 183);
	talk_answer(at, code, NULL);
}

static void what_the_caller_heard_is_the_answer(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "+33123456789", &offer);
	hears(&t, 503);
	NEED(!sent_to(&telco[1], SIP_INVITE) && code_of(a.txn) >= 480);
	finish();
}

static void emergency_trunks(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

static void help_is_asked_for_elsewhere_whatever_was_played(void)
{
	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	hears(&t, 503);
	talk_rings_at(&b, &telco[1]);
	talk_answer(&b, 200, &plain);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &b);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(called_at_the_contact_it_is_for_whom_to_says);
	SIM(or_for_whom_the_network_states);
	SIM(an_account_that_is_a_number_has_its_own_calls_too);
	SIM(an_account_that_is_no_number_can_be_led_to_somebody);
	SIM(words_behind_a_number_hide_nobody);
	SIM(who_is_known_is_known_with_words_behind_too);
	SIM(who_sends_is_there_whatever_it_answers);
	SIM(so_it_is_after_a_transfer);
	SIM(and_who_sends_nothing_then_is_not);
	SIM(what_the_caller_heard_is_the_answer);
	SIM(help_is_asked_for_elsewhere_whatever_was_played);
	(void)test_failed_here;
	return TEST_END;
}
