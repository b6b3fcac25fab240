/* SPDX-License-Identifier: ISC */
/* Ring groups among other people: who declines does it for himself, who is of the pickup group may take such a call; and what was one
 * person's is not the next one's of the same index. */
#include "../unit/test.h"
#include "directory.h"
#include "sim_trunks.h"
#include "sim_voice.h"

static struct phone carol, dave;
static struct talk c, d;

static void group(void)
{
	sim.user[1].name = "101";
	sim.user[3].name = "103";
	sim.group[0] = (struct sim_group){"200", "101, 103"};
	set(1, OWNER_USER, 1, SETTING_PICKUP_GROUP, "ward");
	set(2, OWNER_USER, 2, SETTING_PICKUP_GROUP, "ward");
}

static void begin(void)
{
	begin_with(group);
	phone_init(&carol, 2);
	phone_init(&dave, 3);
	phone_register(&carol);
	phone_register(&dave);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&d, &dave);
	talk_answer(&b, 180, NULL);
	talk_answer(&d, 180, NULL);
	sim_clear();
}

static void who_declines_does_it_for_himself(void)
{
	struct sdp answer;

	begin();
	talk_answer(&b, 603, NULL);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	answer = sdp_plain(&dave);
	talk_answer(&d, 200, &answer);
	NEED(talk_takes(&d, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
	call_hang_up(&a, &d);
	finish();
}

static void when_all_decline_that_is_told(void)
{
	begin();
	talk_answer(&b, 603, NULL);
	talk_answer(&d, 603, NULL);
	NEED(code_of(a.txn) == 603);
	finish();
}

static void picks_up(const char *code)
{
	struct sdp own;

	begin();
	own = sdp_plain(&carol);
	talk_invite(&c, &carol, code, &own);
	NEED(code_of(c.txn) >= 400); /* its phone rings instead */
	talk_rings_at(&c, &carol);
	talk_answer(&c, 200, &own);
	NEED(talk_takes(&c, SIP_ACK));
	talk_hears(&a, 200);
}

static void a_group_s_call_is_picked_up(void)
{
	picks_up("*8");
}

static void of_one_who_rings_too(void)
{
	picks_up("*8101");
}

static void of_another_ward_nobody_picks_up(void)
{
	struct sdp own;

	begin();
	own = sdp_plain(&carol);
	talk_invite(&c, &carol, "*8103", &own);
	sim_pass(500);
	NEED(!sent_to(&carol, SIP_INVITE));
}

static void little(void)
{
	set(1, OWNER_USER, 0, SETTING_CEILINGS, "minutes=2");
}

/* R17: a new colleague begins with nothing used, and with nobody's last caller. */
static void the_next_one_of_an_index_begins_anew(void)
{
	begin_with(little);
	up_at(&a, &t, "+33123456789", &telco[0]);
	sim_pass(115000);
	call_hang_up(&a, &t);
	talk_invite(&a, &alice, "+33123456789", &offer);
	NEED(!sent_to(&telco[0], SIP_INVITE)); /* what is left is no call */
	sim.user[0].enabled = false;
	sim.user[0].name = "";
	sim_push_directory();
	sim_pass(10000);
	sim_clear();
	sim.user[0].name = "zoe";
	sim.user[0].enabled = true;
	sim_push_directory();
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	sim_pass(20000);
	for (struct heard *h; (h = sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL));) {
		const struct msg_spent_set *m = (const void *)h->payload;
		NEED(m->scope != CEILING_EXTENSION || m->index != 0);
	}
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(who_declines_does_it_for_himself);
	SIM(when_all_decline_that_is_told);
	SIM(a_group_s_call_is_picked_up);
	SIM(of_one_who_rings_too);
	SIM(of_another_ward_nobody_picks_up);
	SIM(the_next_one_of_an_index_begins_anew);
	(void)test_failed_here;
	return TEST_END;
}
