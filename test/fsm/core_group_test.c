/* SPDX-License-Identifier: ISC */
/* Ring groups among other people: who declines does it for himself, who is of the pickup group may take such a call; and what was one
 * person's is not the next one's of the same index. */
#include "../unit/test.h"
#include "directory.h"
#include "settings.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

static struct phone carol, dave;
static struct talk c, d;

static bool is_invite(const struct heard *h, const void *arg)
{
	(void)arg;
	return sent(h)->method == SIP_INVITE;
}

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
	talk_up(&a, &d, &answer);
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

/* She calls bob herself; beside that another calls, who is meant, although hers is the older. */
static void nobody_picks_up_their_own_call(void)
{
	struct talk hers = {.phone = NULL}, at_bob;
	struct sdp own;

	begin_with(group);
	phone_init(&carol, 2);
	phone_register(&carol);
	own = sdp_plain(&carol);
	talk_invite(&hers, &carol, "101", &own);
	talk_rings_at(&at_bob, &bob);
	talk_answer(&at_bob, 180, NULL);
	sim_pass(500);
	talk_invite(&c, &carol, "*8", &own);
	sim_pass(500);
	NEED(!sent_to(&carol, SIP_INVITE));
	talk_invite(&a, &alice, "101", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	sim_clear();
	talk_invite(&c, &carol, "*8", &own);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 200, &own);
	NEED(talk_takes(&c, SIP_ACK));
	talk_hears(&a, 200);
}

/* --- more phones than one person may have --- */

enum { PEOPLE = 3, THEIRS = 7 };

static struct phone theirs[PEOPLE][THEIRS];

static void three_with_many_phones(void)
{
	sim.user[1].name = "101";
	sim.user[2].name = "102";
	sim.user[3].name = "103";
	sim.group[0] = (struct sim_group){"200", "101, 102, 103"};
	set(1, OWNER_USER, 3, SETTING_PICKUP_GROUP, "ward");
	sim.user[4].name = "104";
	set(2, OWNER_USER, 4, SETTING_PICKUP_GROUP, "ward");
	for (int u = 0; u < PEOPLE; u++)
		for (int k = 0; k < THEIRS; k++)
			sim.bound[u + 1][k + 1] = true;
}

static void all_log_in(void)
{
	begin_with(three_with_many_phones);
	for (uint32_t u = 0; u < PEOPLE; u++)
		for (uint32_t k = 0; k < THEIRS; k++) {
			phone_init(&theirs[u][k], k + 1);
			theirs[u][k].user = sim.user[u + 1].name;
			phone_register(&theirs[u][k]);
		}
}

static int ring(void)
{
	int n = 0;

	while (sim_take(PROC_EDGE, MSG_SEND, is_invite, NULL))
		n++;
	return n;
}

static void every_phone_of_a_large_group_rings(void)
{
	all_log_in();
	talk_invite(&a, &alice, "200", &offer);
	NEED(ring() == PEOPLE * THEIRS && sim_status("calls-left-some-out").used == 0);
}

static void a_large_group_s_call_is_picked_up(void)
{
	struct sdp own;
	struct phone erin;

	all_log_in();
	phone_init(&erin, 4);
	phone_register(&erin);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &theirs[0][0]);
	talk_answer(&b, 180, NULL);
	NEED(ring() == PEOPLE * THEIRS - 1);
	own = sdp_plain(&erin);
	talk_invite(&c, &erin, "*8", &own);
	NEED(code_of(c.txn) >= 400);
	talk_rings_at(&c, &erin);
}

/* Its caller can still begin other calls. */
static void a_second_call_beside_it(void)
{
	all_log_in();
	talk_invite(&a, &alice, "200", &offer);
	talk_invite(&d, &alice, "200", &offer);
	NEED(ring() >= PEOPLE * THEIRS + 16);
	talk_invite(&c, &alice, "101", &offer);
	NEED(ring() == THEIRS);
}

/* Of a site that is made for so few calls all phones ring too: what they need is there beside the legs of the calls. */
enum { CROWD = SIM_USERS_MAX - 1 };

static void a_crowd(uint32_t calls)
{
	static char name[CROWD][4];

	for (uint32_t u = 1; u <= CROWD; u++) {
		snprintf(name[u - 1], sizeof name[0], "10%u", u);
		sim.user[u].name = name[u - 1];
		sim.user[u].enabled = true;
		for (uint32_t k = 0; k < SIM_DEVICES_MAX; k++) {
			sim.bound[u][k] = true;
			sim.device[k].state = DEVICE_VALID;
		}
	}
	sim.group[0] = (struct sim_group){"200", "101, 102, 103, 104, 105, 106, 107"};
	sim.site.max_calls = calls;
	sim.site.max_phones = 64;
}

static void the_smallest_site(void)
{
	a_crowd(1);
}

static void a_small_site(void)
{
	a_crowd(10);
}

static void a_site_that_is_larger(void)
{
	a_crowd(30);
}

static void crowd_logs_in(void (*settings)(void))
{
	static struct phone crowd[CROWD][SIM_DEVICES_MAX];

	begin_with(settings);
	for (uint32_t u = 0; u < CROWD; u++)
		for (uint32_t k = 0; k < SIM_DEVICES_MAX; k++) {
			if (!sim.bound[u + 1][k])
				continue;
			phone_init(&crowd[u][k], k);
			crowd[u][k].user = sim.user[u + 1].name;
			phone_register(&crowd[u][k]);
			sim_clear();
		}
}

static void all_ring(void (*settings)(void))
{
	crowd_logs_in(settings);
	talk_invite(&a, &alice, "200", &offer);
	NEED(ring() == CROWD * SIM_DEVICES_MAX && sim_status("calls-left-some-out").used == 0);
}

static void all_phones_ring_where_there_is_one_call(void)
{
	all_ring(the_smallest_site);
}

static void where_there_are_ten(void)
{
	all_ring(a_small_site);
}

static void and_where_there_are_thirty(void)
{
	all_ring(a_site_that_is_larger);
}

static void a_small_site_whose_number_is_a_group_s(void)
{
	a_crowd(10);
	for (uint32_t k = 1; k < SIM_DEVICES_MAX; k++)
		sim.bound[CROWD][k] = false;
	snprintf(sim.site.inbound[0].to, sizeof sim.site.inbound[0].to, "200");
	sim.site.plan.unknown_caller = INCOMING_PASS;
}

/* From outside as well; and what rings is no other call's: all of them can still begin. */
static void nobody_else_loses_by_it(void)
{
	crowd_logs_in(a_small_site_whose_number_is_a_group_s);
	invite_from(&t, "+33123456789", "+33140000001", false);
	NEED(ring() == (CROWD - 1) * SIM_DEVICES_MAX + 1);
	for (int i = 0; i < 5; i++) { /* as many as one phone of such a site may begin */
		talk_invite(&a, &alice, "107", &offer);
		NEED(ring() == 1);
	}
}

/* --- when none of them takes it --- */

static void then_carol(void)
{
	group();
	set(3, OWNER_GROUP, 0, SETTING_FORWARD_NO_ANSWER, "carol");
}

static void then_a_mobile(void)
{
	group();
	set(3, OWNER_GROUP, 0, SETTING_FORWARD_NO_ANSWER, "+33123456789");
}

static void nobody_takes_it(void (*settings)(void))
{
	begin_with(settings);
	phone_init(&carol, 2);
	phone_init(&dave, 3);
	phone_register(&carol);
	phone_register(&dave);
	talk_invite(&a, &alice, "200", &offer);
	talk_rings_at(&b, &bob);
	talk_rings_at(&d, &dave);
	sim_clear();
	talk_answer(&b, 486, NULL);
	NEED(!sent_to(&carol, SIP_INVITE) && code_of(a.txn) == 0);
	talk_answer(&d, 486, NULL);
}

static void it_goes_where_the_group_says(void)
{
	nobody_takes_it(then_carol);
	talk_rings_at(&c, &carol);
	talk_answer(&c, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

/* R14: on nobody's account. */
static void it_never_leaves(void)
{
	nobody_takes_it(then_a_mobile);
	NEED(code_of(a.txn) == 486 && !sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	finish();
}

/* As `ringfence group set` has it set; core's word on it. */
static const char *set_forward(const char *number)
{
	static char why[REASON_MAX + 1];
	struct link *l = sim_far(PROC_LEDGER, 0);
	struct msg_directory_begin *begins = ipc_begin(l, MSG_DIRECTORY_BEGIN);

	begins->generation = ++sim.generation;
	ipc_end(l);
	struct msg_setting *m = ipc_begin(l, MSG_SETTING);
	m->owner = OWNER_GROUP;
	m->kind = SETTING_FORWARD_NO_ANSWER;
	m->value = ipc_put(l, span_str(number));
	ipc_end(l);
	struct msg_directory_commit *commit = ipc_begin(l, MSG_DIRECTORY_COMMIT);
	commit->generation = sim.generation;
	ipc_end(l);
	sim_clear();
	sim_turn();
	struct heard *h = sim_take(PROC_LEDGER, MSG_DIRECTORY_VERDICT, NULL, NULL);
	const struct msg_directory_verdict *v = h ? (const void *)h->payload : NULL;
	NEED(v && (v->ok != 0) == !sim_text(h, v->reason)[0]);
	snprintf(why, sizeof why, "%s", sim_text(h, v->reason));
	return why;
}

static void nor_is_it_set_to(void)
{
	static const char *const outside[] = {"+33123456789", "0612345678", "0081312345678", "112", "*72101"};
	static const char *const inside[] = {"carol", "101", "200", "0140000001", "", "4711"};

	begin_with(then_carol);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		NEED(strstr(set_forward(outside[i]), "people and groups here alone"));
		NEED(strcmp(settings_of_group(0)->forward, "carol") == 0);
	}
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		NEED(!set_forward(inside[i])[0]);
		NEED(strcmp(settings_of_group(0)->forward, inside[i]) == 0);
	}
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
	SIM(nobody_picks_up_their_own_call);
	SIM(of_another_ward_nobody_picks_up);
	SIM(every_phone_of_a_large_group_rings);
	SIM(a_large_group_s_call_is_picked_up);
	SIM(a_second_call_beside_it);
	SIM(all_phones_ring_where_there_is_one_call);
	SIM(where_there_are_ten);
	SIM(and_where_there_are_thirty);
	SIM(nobody_else_loses_by_it);
	SIM(it_goes_where_the_group_says);
	SIM(it_never_leaves);
	SIM(nor_is_it_set_to);
	SIM(the_next_one_of_an_index_begins_anew);
	(void)test_failed_here;
	return TEST_END;
}
