/* SPDX-License-Identifier: ISC */
/* Help that is called for while media is started anew (R16, R28): it waits and goes on; so many, so long, and no longer than its caller. */
#include "../unit/test.h"
#include "help_waits.h"
#include "sim_phone.h"

enum { MORE = 20 };

static struct phone alice, centre, desk;
static struct talk a, b, more[MORE];
static struct sdp offer, answer;

static void begin(void)
{
	sim_defaults();
	sim.device[6].flags = DEVICE_FIXED;
	sim_open();
	phone_init(&alice, 0);
	phone_init(&centre, 4);
	phone_init(&desk, 6);
	desk.user = "anonymous";
	offer = sdp_plain(&alice);
	answer = sdp_plain(&centre);
	phone_register(&alice);
	phone_register(&centre);
	phone_up(&desk);
	sim_link_down(PROC_MEDIA, 0);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
	NEED(sim_status("help-waits").used == 0);
}

static void goes_through(struct talk *t)
{
	talk_rings_at(&b, &centre);
	talk_up(t, &b, &answer);
	call_hang_up(t, &b);
}

static void it_goes_on_when_media_is_there(void)
{
	begin();
	talk_invite(&a, &desk, "112", &offer); /* a phone in its place, without login */
	NEED(!reply_to(a.txn) && sim_status("help-waits").used == 1);
	talk_invite(&more[0], &alice, "bob", &offer);
	NEED(code_of(more[0].txn) == 503); /* an ordinary call is told to come again */
	sim_pass(HELP_WAITS_MS - 1000);
	sim_link_up(PROC_MEDIA, 0);
	goes_through(&a);
	finish();
	/* and one of somebody who is logged in */
	sim_link_down(PROC_MEDIA, 0);
	talk_invite(&a, &alice, "112", &offer);
	sim_link_up(PROC_MEDIA, 0);
	goes_through(&a);
	finish();
}

static void it_waits_no_longer_than_that(void)
{
	begin();
	talk_invite(&a, &desk, "112", &offer);
	sim_pass(HELP_WAITS_MS - 100);
	NEED(!reply_to(a.txn));
	sim_pass(200);
	NEED(code_of(a.txn) == 503);
	sim_link_up(PROC_MEDIA, 0);
	finish();
}

static void its_caller_may_hang_up(void)
{
	begin();
	talk_invite(&a, &desk, "112", &offer);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, desk.edge), MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(sim_far(PROC_EDGE, desk.edge));
	sim_turn();
	NEED(code_of(a.txn) == 487);
	sim_link_up(PROC_MEDIA, 0);
	NEED(!sent_to(&centre, SIP_INVITE));
	finish();
}

static void whose_connection_is_gone_is_forgotten(void)
{
	begin();
	talk_invite(&a, &desk, "112", &offer);
	sim_link_down(PROC_EDGE, desk.edge);
	sim_link_up(PROC_EDGE, desk.edge);
	sim_link_up(PROC_MEDIA, 0);
	NEED(!sent_to(&centre, SIP_INVITE));
	finish();
}

static void so_many_and_no_more(void)
{
	int refused = 0;

	begin();
	for (int i = 0; i < MORE; i++) {
		talk_invite(&more[i], &desk, "112", &offer);
		refused += reply_to(more[i].txn) != NULL;
	}
	NEED(refused == MORE - (int)sim_status("help-waits").used && refused > 0 && refused < MORE);
	sim_pass(HELP_WAITS_MS + 100);
	sim_link_up(PROC_MEDIA, 0);
	finish();
}

/* One phone that calls again and again leaves room for another (R16, R27). */
static void of_one_phone_there_are_few(void)
{
	begin();
	for (int i = 0; i < MORE; i++)
		talk_invite(&more[i], &desk, "112", &offer);
	NEED(sim_status("help-waits").used == 4);
	talk_invite(&a, &alice, "112", &offer);
	NEED(!reply_to(a.txn) && sim_status("help-waits").used == 5);
	sim_clear();
	sim_link_up(PROC_MEDIA, 0);
	sim.quiet = true;
	sim_pass(700000);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(it_goes_on_when_media_is_there);
	SIM(it_waits_no_longer_than_that);
	SIM(its_caller_may_hang_up);
	SIM(whose_connection_is_gone_is_forgotten);
	SIM(so_many_and_no_more);
	SIM(of_one_phone_there_are_few);
	(void)test_failed_here;
	return TEST_END;
}
