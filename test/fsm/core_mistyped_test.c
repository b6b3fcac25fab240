/* SPDX-License-Identifier: ISC */
/* Calls for help that are mistyped reach it, and an extension that is spelled so is that extension and nothing more (R16, R2). */
#include "../unit/test.h"
#include "sim_trunks.h"
#include "sim_voice.h"

enum { DAVE = 3, OTHER = 4 };

static struct phone dave, other;

static void helpful(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = sim.device[DAVE].flags = DEVICE_FIXED;
}

static void an_extension_looks_like_it(void)
{
	helpful();
	sim.user[OTHER].name = "0112";
}

static bool helps(struct phone *p, const char *number)
{
	struct sdp sdp = sdp_plain(p);

	talk_invite(&a, p, number, &sdp);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	return h && sent(h)->emergency && strcmp(sim_text(h, sent(h)->to_user), "112") == 0 && sim.notice_kind == NOTICE_CALL;
}

static void mistyped(const char *number)
{
	begin_with(helpful);
	NEED(helps(&alice, number) && sim.notices == 1 && sim.events[EVENT_EMERGENCY] == 1);
}

static void with_the_end_key(void)
{
	mistyped("112#");
}

static void with_the_zero_of_other_numbers(void)
{
	mistyped("0112");
}

static void with_both(void)
{
	mistyped("0112#");
}

static void with_nobody_logged_in(void)
{
	begin_with(helpful);
	phone_init(&dave, DAVE);
	phone_up(&dave);
	NEED(helps(&dave, "112#"));
}

static void what_is_not_quite_that_is_nothing(void)
{
	static const char *const no[] = {"112##", "00112", "1120", "#112"};

	begin_with(helpful);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		NEED(!helps(&alice, no[i]));
		NEED(code_of(a.txn) == 404);
	}
	NEED(sim.notices == 0);
}

static void an_extension_is_itself(void)
{
	begin_with(an_extension_looks_like_it);
	phone_init(&other, OTHER);
	other.user = "0112";
	phone_register(&other);
	NEED(!helps(&alice, "0112") && sim.notices == 0);
	talk_rings_at(&b, &other);
	NEED(helps(&alice, "112"));
}

/* Nor does it open a way past the login. */
static void and_asks_for_a_login(void)
{
	begin_with(an_extension_looks_like_it);
	phone_init(&dave, DAVE);
	phone_up(&dave);
	NEED(!helps(&dave, "0112"));
	NEED(code_of(a.txn) == 401 && sim.notices == 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(with_the_end_key);
	SIM(with_the_zero_of_other_numbers);
	SIM(with_both);
	SIM(with_nobody_logged_in);
	SIM(what_is_not_quite_that_is_nothing);
	SIM(an_extension_is_itself);
	SIM(and_asks_for_a_login);
	(void)test_failed_here;
	return TEST_END;
}
