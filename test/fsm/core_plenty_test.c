/* SPDX-License-Identifier: ISC */
/* The front desk is a group of 21 phones, and the exchange has little left of each pool: its calls take nothing of what calls for help may
 * need, and give way to them (R16, R28). alice's phone calls for help, help answers. */
#include "../unit/test.h"
#include "desk.h"
#include "media.h"
#include "sim_voice.h"
#include "voice.h"

enum { PEOPLE = 3, THEIRS = 7, CALLS = 16, SLOTS = 16 };

static struct phone alice, help, theirs[PEOPLE][THEIRS];
static struct talk a[CALLS], at_help[CALLS], other[CALLS], b;
static struct sdp offer;

static void begin_with(uint32_t calls, uint32_t slots)
{
	static const char *const name[] = {"100", "101", "102", "103", "112"};

	sim_defaults();
	for (uint32_t u = 0; u < sizeof name / sizeof *name; u++)
		sim.user[u].name = name[u];
	for (int u = 0; u < PEOPLE; u++)
		for (int k = 0; k < THEIRS; k++)
			sim.bound[u + 1][k + 1] = true;
	sim.device[0].flags |= DEVICE_FIXED;
	sim.site.max_calls = calls;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * slots - 1);
	sim.group[0] = (struct sim_group){"200", "101, 102, 103"};
	set(0, OWNER_SITE, 0, SETTING_FRONT_DESK, "200");
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, house=12");
	sim_open();
	phone_init(&alice, 0);
	phone_init(&help, 4);
	phone_register(&alice);
	phone_register(&help);
	for (uint32_t u = 0; u < PEOPLE; u++)
		for (uint32_t k = 0; k < THEIRS; k++) {
			phone_init(&theirs[u][k], k + 1);
			theirs[u][k].user = sim.user[u + 1].name;
			phone_register(&theirs[u][k]);
		}
	offer = sdp_plain(&alice);
	sim_clear();
}

static uint64_t used(const char *pool)
{
	return sim_status(pool).used;
}

static void alice_calls_for_help(int nth)
{
	talk_invite(&a[nth], &alice, "112", &offer);
	talk_rings_at(&at_help[nth], &help);
}

/* Each as from a phone of its own, since one phone has one call to the desk until somebody listens. */
static void calls_for_help(int nth)
{
	const struct dest outside = {.kind = DEST_OUTSIDE};

	alice_calls_for_help(nth);
	if (nth)
		desk_wanted(SIM_DEVICES_MAX + (uint32_t)nth, NOBODY, &outside, &(struct desk_doubt){0});
}

static void help_is_busy(int n)
{
	for (int i = 0; i < n; i++) {
		talk_answer(&at_help[i], 486, NULL);
		NEED(code_of(a[i].txn) == 486);
	}
}

static bool is_invite(const struct heard *h, const void *arg)
{
	(void)arg;
	return sent(h)->method == SIP_INVITE;
}

static unsigned rings(void)
{
	unsigned n = 0;

	while (sim_take(PROC_EDGE, MSG_SEND, is_invite, NULL))
		n++;
	return n;
}

/* The desk's phones say nothing at all, and hold their legs as long as those may be held. */
static void finish(void)
{
	sim.step_ms = 1000;
	sim.quiet = true;
	sim_pass(DESK_KEEP_MS + 2u * DESK_AGAIN_MS + 100000);
	sim_need_idle();
}

/* As many as there may be calls at all, one after the other; the desk is called for each meanwhile. */
static void all_for_help(uint32_t calls, uint32_t slots)
{
	begin_with(calls, slots);
	const struct status_line legs = sim_status("legs");
	unsigned rang = 0;
	for (int i = 0; i < CALLS; i++) {
		calls_for_help(i);
		sim_pass(DESK_AFTER_MS + 50);
		NEED(used("legs") - 2u * (unsigned)(i + 1) <= legs.limit - legs.limit / 4);
		rang += rings();
		sim_clear();
	}
	NEED(rang > 0 && used("desk-calls-waiting") == DESK_CALLS_MAX && used("desk-calls-gave-way") > 0);
	NEED(used("calls") <= calls && sim_status("legs").refused == 0);
	help_is_busy(CALLS);
	sim_pass(DESK_AGAIN_MS + 1000); /* what gave way comes again */
	NEED(rings() > 0);
	finish();
}

static void of_all_calls_each_may_be_for_help(void)
{
	all_for_help(CALLS, 64);
}

static void of_all_ports_each_may_be_for_help(void)
{
	all_for_help(64, SLOTS);
}

/* Eight at once ring all phones of a group while half of the legs is free, sixteen each while a quarter is, and none of the rest. */
static void a_quarter_of_the_legs_is_left(void)
{
	begin_with(48, 64);
	const uint64_t limit = sim_status("legs").limit;
	for (int i = 0; i < DESK_CALLS_MAX; i++)
		calls_for_help(i);
	sim_clear();
	sim_pass(DESK_AFTER_MS + 50);
	const uint64_t rang = rings(), help_has = 2u * DESK_CALLS_MAX;
	NEED(rang == used("legs") - help_has && rang > limit / 2 && rang < DESK_CALLS_MAX * PEOPLE * THEIRS);
	NEED(used("legs") <= limit - limit / 4 && used("calls-left-some-out") > 0);
	help_is_busy(DESK_CALLS_MAX);
	finish();
}

static void ordinary_calls(int n)
{
	for (int i = 0; i < n; i++) {
		struct phone *from = &theirs[i % PEOPLE][i % THEIRS];
		struct sdp sdp = sdp_plain(from);
		talk_invite(&other[i], from, "100", &sdp);
		talk_rings_at(&other[i + n], &alice);
	}
}

/* With nothing but the reserve left, the desk has to wait; whoever calls for help does not. */
static void nothing_of_the_reserve(uint32_t calls, uint32_t slots)
{
	enum { N = CALLS / 2 };
	const char *pool = calls < slots ? "calls" : "media-ports";

	begin_with(calls, slots);
	ordinary_calls(N);
	NEED(used(pool) == sim_status(pool).limit - 1); /* of so few one is kept */
	calls_for_help(0);
	sim_clear();
	sim_pass(3u * DESK_AGAIN_MS);
	NEED(rings() == 0 && used("desk-calls-waiting") == 1 && used("desk-calls-gave-way") == 0);
	for (int i = 0; i < N; i++)
		talk_answer(&other[i + N], 486, NULL);
	unsigned rang = 0;
	for (uint64_t end = child_now() + MEDIA_PORTS_REST_MS + DESK_AGAIN_MS; !rang && child_now() < end; rang = rings())
		sim_pass(1000);
	NEED(rang == PEOPLE * THEIRS);
	help_is_busy(1);
	finish();
}

static void no_slot_of_the_reserve(void)
{
	nothing_of_the_reserve(CALLS / 2 + 1, 64);
}

static void no_port_of_the_reserve(void)
{
	nothing_of_the_reserve(64, CALLS / 2 + 1);
}

static uint64_t desk_hears(struct talk *t)
{
	struct sdp answer = sdp_plain(&theirs[0][0]);
	uint64_t join;

	talk_rings_at(t, &theirs[0][0]);
	answer.audio.crypto[0].tag = 2;
	relay_wish(NULL);
	talk_answer(t, 200, &answer);
	NEED(talk_takes(t, SIP_ACK) && relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(h);
	return ((const struct msg_turn *)(const void *)h->payload)->token;
}

static void no_port_is_left(void)
{
	while (media_take_ports(true) != MEDIA_NO_PORTS)
		;
}

/* What is being said is the last to be broken off, an alarm's call the first to end. */
static void who_listens_gives_way_last(void)
{
	struct dest desk;

	begin_with(64, 64);
	calls_for_help(0);
	calls_for_help(1);
	sim_pass(DESK_AFTER_MS + 50);
	const uint64_t turn = desk_hears(&b);
	NEED(route_find(SPAN("101"), SPAN(""), &desk) && desk_alarm(&desk, 7));
	sim_pass(DESK_AFTER_MS + 50);
	NEED(used("calls") == 5 && used("desk-calls-waiting") == 3);
	no_port_is_left();
	alice_calls_for_help(2);
	NEED(used("desk-calls-gave-way") == 1 && used("desk-calls-given-up") == 1 && used("desk-calls-waiting") == 3);
	alice_calls_for_help(3);
	NEED(used("desk-calls-gave-way") == 2 && used("desk-calls-given-up") == 1);
	sim_clear();
	voice_says(turn, TURN_SAID, "");
	hangs_up_on(&b);
	NEED(used("desk-calls") == 1);
	calls_for_help(4);
}

/* Whose call for help failed is told so, whoever listens elsewhere. */
static void of_all_seats_each_may_be_for_help(void)
{
	begin_with(64, 64);
	calls_for_help(0);
	sim_pass(DESK_AFTER_MS + 50);
	(void)desk_hears(&b);
	while (voice_seat_take(SEAT_SPOKEN_TO, true))
		;
	calls_for_help(1);
	talk_answer(&at_help[1], 500, NULL);
	talk_hears(&a[1], 200);
	talk_ack(&a[1]);
	NEED(used("desk-calls-gave-way") == 1);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(of_all_calls_each_may_be_for_help);
	SIM(of_all_ports_each_may_be_for_help);
	SIM(a_quarter_of_the_legs_is_left);
	SIM(no_slot_of_the_reserve);
	SIM(no_port_of_the_reserve);
	SIM(who_listens_gives_way_last);
	SIM(of_all_seats_each_may_be_for_help);
	(void)test_failed_here;
	return TEST_END;
}
