/* SPDX-License-Identifier: ISC */
/* Certificates in the site's files that end soon: an alarm 30 days and 3 days before, once each (R18, R6). */
#include "../unit/test.h"
#include "base/clock.h"
#include "expiry.h"
#include "sim_phone.h"

enum { DAY_S = 86400, NOW_S = 1800000000 };

static uint32_t told; /* alarms that were counted */

static void begin(int64_t anchor_s, int64_t signer_s, int64_t trunk_s)
{
	sim_defaults();
	struct trunk_conf *t = sim_add_trunk(0);
	sim.site.signers.n = sim.site.signers.anchors = 1;
	sim.site.signers.anchor[0] = (struct plan_anchor){.until_s = anchor_s, .id = {1}};
	sim.site.signers.signer[0] =
	    (struct plan_signer){.x5u = {7}, .point = {2}, .until_s = signer_s, .ranges = 1, .range = {{33600000000, 33699999999}}};
	if (trunk_s) {
		t->transport = TRUNK_TLS;
		snprintf(t->certificate, sizeof t->certificate, "ours.pem");
		t->point[0] = 3;
		t->until_s = trunk_s;
	}
	sim_open();
	told = 0;
}

/* Since the last look. */
static uint32_t alarms(void)
{
	uint32_t n = sim.events[EVENT_CERTIFICATE] - told;

	NEED(n == 0 || sim.event_severity == SEVERITY_ALARM);
	told += n;
	return n;
}

static uint32_t look(int64_t wall_s)
{
	expiry_look(wall_s);
	sim_turn();
	return alarms();
}

static void thirty_days_and_three_days_before(void)
{
	begin(NOW_S + 100 * (int64_t)DAY_S, NOW_S + 40 * DAY_S, 0);
	NEED(look(NOW_S) == 0);
	NEED(look(NOW_S + 10 * DAY_S - 1) == 0);
	NEED(look(NOW_S + 10 * DAY_S) == 1);
	NEED(strcmp(sim.event_text, "certificate no. 1 of signed-callers, or one above it, ends in 30 days") == 0);
	for (int d = 11; d < 37; d++)
		NEED(look(NOW_S + d * (int64_t)DAY_S - 1) == 0);
	NEED(look(NOW_S + 37 * DAY_S) == 1);
	NEED(strcmp(sim.event_text, "certificate no. 1 of signed-callers, or one above it, ends in 3 days") == 0);
	NEED(look(NOW_S + 41 * DAY_S) == 0);
	NEED(look(NOW_S + 70 * DAY_S) == 1);
	NEED(strcmp(sim.event_text, "certificate no. 1 in the ca of signed-callers ends in 30 days") == 0);
	NEED(look(NOW_S + 71 * DAY_S) == 0 && look(NOW_S + 10 * DAY_S) == 0); /* a clock that is set back says nothing again */
	NEED(look(NOW_S + 98 * (int64_t)DAY_S) == 1);
}

static void one_that_has_three_days_left_is_told_of_once(void)
{
	begin(NOW_S + 2 * DAY_S, NOW_S - 1, NOW_S + 300 * DAY_S);
	NEED(look(NOW_S) == 2);
	NEED(strcmp(sim.event_text, "certificate no. 1 of signed-callers, or one above it, has ended") == 0);
	NEED(look(NOW_S + 1) == 0);
}

static void a_trunks_certificate_too(void)
{
	begin(NOW_S + 300 * DAY_S, NOW_S + 300 * DAY_S, NOW_S + 20 * DAY_S);
	NEED(look(NOW_S) == 1 && strcmp(sim.event_text, "the certificate for trunk telco0 ends in 20 days") == 0);
}

/* After a reload the same one is known; another, also with the same key, is a new one. */
static void a_renewed_one_is_another(void)
{
	begin(NOW_S + 300 * DAY_S, NOW_S + 20 * DAY_S, 0);
	NEED(look(NOW_S) == 1 && look(NOW_S) == 0);
	struct site *now = (struct site *)(uintptr_t)child_site();
	now->signers.signer[0].until_s = NOW_S + 29 * DAY_S;
	NEED(look(NOW_S) == 1 && look(NOW_S) == 0);
	now->signers.n = now->signers.anchors = 0;
	NEED(look(NOW_S + 400 * DAY_S) == 0);
}

static void it_looks_by_itself(void)
{
	int64_t now_s = clock_wall_ms() / 1000;

	begin(now_s + 300 * DAY_S, now_s + 20 * DAY_S, 0);
	sim_pass(9000);
	NEED(alarms() == 0);
	sim_pass(2000);
	NEED(alarms() == 1);
	sim_pass(3 * 3600 * 1000);
	NEED(alarms() == 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(thirty_days_and_three_days_before);
	SIM(one_that_has_three_days_left_is_told_of_once);
	SIM(a_trunks_certificate_too);
	SIM(a_renewed_one_is_another);
	SIM(it_looks_by_itself);
	(void)test_failed_here;
	return TEST_END;
}
