/* SPDX-License-Identifier: ISC */
/* The light of voicemail (RFC 3842): who may subscribe, what is told and when, how it ends, how many there may be (R27), and that it
 * outlives core (R28). */
#include "../unit/test.h"
#include "kept.h"
#include "mwi.h"
#include "sim_phone.h"
#include <stdio.h>

static struct phone alice, bob;

/* One subscription as its phone sees it. */
struct lamp {
	struct phone *phone;
	char call_id[32], theirs[40], token[40];
	uint32_t cseq;
};

static struct lamp lamp;

static void begin(void)
{
	sim_defaults();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob}, 2);
	lamp = (struct lamp){.phone = &bob, .call_id = "lamp"};
}

static void finish(void)
{
	sim_pass(60000);
	NEED(sim_status("subscriptions").used == 0);
	sim_need_idle();
}

static struct msg_request *subscribe_begin(struct lamp *l, const char *user, uint32_t expires)
{
	struct phone *p = l->phone;
	struct msg_request *m = phone_begin(p, SIP_SUBSCRIBE);

	m->call_id = phone_put(p, l->call_id);
	m->from_tag = phone_put(p, "tag-of-lamp");
	m->to_tag = phone_put(p, l->theirs);
	m->target_kind = l->token[0] ? TARGET_LEG : TARGET_USER;
	m->target_user = phone_put(p, l->token[0] ? l->token : user);
	m->to_user = phone_put(p, user);
	m->package = PACKAGE_MESSAGE_SUMMARY;
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(p, "<sip:lamp@198.51.100.2:40000;transport=tls>");
	m->expires = expires;
	l->cseq = m->cseq;
	return m;
}

/* The code; for 200 the subscription's dialog is learned. */
static unsigned subscribe(struct lamp *l, const char *user, uint32_t expires)
{
	subscribe_begin(l, user, expires);
	struct heard *h = reply_to(phone_end(l->phone));

	NEED(h);
	if (respond(h)->code == 200) {
		NEED(respond(h)->expires == (expires < 3600 ? expires : 3600));
		snprintf(l->theirs, sizeof l->theirs, "%s", sim_text(h, respond(h)->to_tag));
		snprintf(l->token, sizeof l->token, "%s", sim_text(h, respond(h)->leg_token));
		NEED(l->theirs[0] && l->token[0]);
	}
	return respond(h)->code;
}

static void is_told_and_says(const struct lamp *l, uint32_t fresh, uint32_t old, bool last, unsigned code)
{
	struct heard *h = sent_to(l->phone, SIP_NOTIFY);

	NEED(h && sent(h)->package == PACKAGE_MESSAGE_SUMMARY);
	NEED(sent(h)->substate == (last ? SIP_SUBSTATE_TERMINATED : SIP_SUBSTATE_ACTIVE));
	NEED(last == (sent(h)->expires == ABSENT));
	NEED(sent(h)->messages_new == fresh && sent(h)->messages_old == old);
	NEED(strcmp(sim_text(h, sent(h)->call_id), l->call_id) == 0);
	NEED(strcmp(sim_text(h, sent(h)->from_tag), l->theirs) == 0);
	NEED(strcmp(sim_text(h, sent(h)->to_tag), "tag-of-lamp") == 0);
	phone_answer(l->phone, h, code, NULL);
}

static void is_told(const struct lamp *l, uint32_t fresh, uint32_t old, bool last)
{
	is_told_and_says(l, fresh, old, last, 200);
}

static void ones_own_is_told_at_once_and_on_change(void)
{
	begin();
	ledger_counts(1, 2, 1);
	NEED(subscribe(&lamp, "bob", ABSENT) == 200);
	is_told(&lamp, 2, 1, false);
	ledger_counts(1, 3, 1);
	is_told(&lamp, 3, 1, false);
	ledger_counts(0, 7, 7); /* alice's */
	ledger_counts(UINT32_MAX, 7, 7);
	NEED(!sent_to(&bob, SIP_NOTIFY) && !sent_to(&alice, SIP_NOTIFY));
	NEED(subscribe(&lamp, "bob", 0) == 200); /* unsubscribes */
	is_told(&lamp, 3, 1, true);
	ledger_counts(1, 4, 1);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	finish();
}

static void anothers_is_refused(void)
{
	begin();
	NEED(subscribe(&lamp, "alice", 600) == 403 && subscribe(&lamp, "no-such", 600) == 403);
	NEED(sim_status("subscriptions").used == 0);
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	/* alice's phone has learned all there is to know of bob's */
	struct lamp stolen = lamp;
	stolen.phone = &alice;
	NEED(subscribe(&stolen, "bob", 0) == 481 && sim_status("subscriptions").used == 1);
	NEED(!sent_to(&bob, SIP_NOTIFY) && !sent_to(&alice, SIP_NOTIFY));
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 0, 0, true);
	finish();
}

static void it_expires_unless_it_is_renewed(void)
{
	begin();
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	sim_pass(500000);
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	sim_pass(599000);
	NEED(!sent_to(&bob, SIP_NOTIFY) && sim_status("subscriptions").used == 1);
	sim_pass(2000);
	is_told(&lamp, 0, 0, true);
	NEED(subscribe(&lamp, "bob", 600) == 481);
	finish();
}

static void a_phone_has_one_and_a_newer_one_takes_its_place(void)
{
	struct lamp old;

	begin();
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	old = lamp;
	lamp = (struct lamp){.phone = &bob, .call_id = "lamp-2"};
	NEED(subscribe(&lamp, "bob", 600) == 200 && sim_status("subscriptions").used == 1);
	is_told(&lamp, 0, 0, false);
	NEED(subscribe(&old, "bob", 600) == 481);
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 0, 0, true);
	finish();
}

static void a_phone_that_knows_it_no_more_ends_it(void)
{
	begin();
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told_and_says(&lamp, 0, 0, false, 481);
	NEED(sim_status("subscriptions").used == 0);
	finish();
}

static void a_phone_that_is_gone_is_told_when_it_is_back(void)
{
	begin();
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	phone_down(&bob);
	ledger_counts(1, 1, 0);
	NEED(sim_status("requests").used == 0);
	phone_register(&bob);
	is_told(&lamp, 1, 0, false); /* on its new connection, in the dialog that it has */
	ledger_counts(1, 2, 0);
	is_told(&lamp, 2, 0, false);
	phone_down(&bob);
	phone_register(&bob);
	NEED(!sent_to(&bob, SIP_NOTIFY)); /* it knows all there is to know */
	ledger_counts(1, 3, 0);
	is_told(&lamp, 3, 0, false);
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 3, 0, false);
	phone_down(&bob);
	sim_pass(601000); /* it expires with nobody to tell */
	finish();
}

/* Its connection was dead already, and nobody knew. */
static void a_phone_that_did_not_answer_is_told_when_it_is_back(void)
{
	begin();
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	ledger_counts(1, 1, 0);
	struct heard *h = sent_to(&bob, SIP_NOTIFY);
	NEED(h);
	struct link *edge = sim_far(PROC_EDGE, bob.edge);
	struct msg_response *m = ipc_begin(edge, MSG_RESPONSE);
	m->ref = sent(h)->ref;
	m->flow = bob.flow;
	m->method = SIP_NOTIFY;
	m->code = 408;
	m->local = 1;
	ipc_end(edge);
	sim_turn();
	phone_down(&bob);
	phone_down(&alice);
	phone_register(&alice);
	NEED(!sent_to(&alice, SIP_NOTIFY));
	phone_register(&bob);
	is_told(&lamp, 1, 0, false);
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 1, 0, true);
	finish();
}

static void what_runs_backwards_or_says_no_contact_is_refused(void)
{
	begin();
	subscribe_begin(&lamp, "bob", 600)->contact.len = 0;
	NEED(code_of(phone_end(&bob)) == 400 && sim_status("subscriptions").used == 0);
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 0, 0, false);
	subscribe_begin(&lamp, "bob", 600)->cseq = 1;
	NEED(code_of(phone_end(&bob)) == 500 && sim_status("subscriptions").used == 1);
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 0, 0, true);
	finish();
}

/* A text may be as long as it may be anywhere, all of them together not. */
static void a_phone_that_says_too_much_is_refused(void)
{
	char text[URI_TEXT_MAX + 1] = "";

	begin();
	memset(text, 'a', URI_TEXT_MAX);
	subscribe_begin(&lamp, "bob", 600)->contact = phone_put(&bob, text);
	struct heard *h = reply_to(phone_end(&bob));
	NEED(h && respond(h)->code == 200);
	h = sent_to(&bob, SIP_NOTIFY);
	NEED(h && strcmp(sim_text(h, sent(h)->target), text) == 0);
	phone_answer(&bob, h, 481, NULL);
	struct msg_request *m = subscribe_begin(&lamp, "bob", 600);
	m->contact = phone_put(&bob, text);
	m->route_set = phone_put(&bob, text);
	NEED(code_of(phone_end(&bob)) == 400 && sim_status("subscriptions").used == 0);
	finish();
}

/* A fetch (RFC 6665 4.4.3) */
static void expires_of_nothing_tells_once(void)
{
	begin();
	ledger_counts(1, 1, 0);
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 1, 0, true);
	finish();
}

/* A row for each phone; but one phone may be of several users. */
static void subscriptions_run_out(void)
{
	static struct phone phone[3][SIM_DEVICES_MAX];
	static struct lamp of[3][SIM_DEVICES_MAX];
	uint32_t n = 0, refused = 0;

	sim_defaults();
	sim.site.max_phones = SIM_DEVICES_MAX;
	for (uint32_t u = 0; u < 3; u++)
		for (uint32_t d = 0; d < 4; d++)
			sim.bound[u][d] = true;
	sim_open();
	for (uint32_t u = 0; u < 3; u++)
		for (uint32_t d = 0; d < 4; d++) {
			phone_init(&phone[u][d], d);
			phone[u][d].user = sim.user[u].name;
			phone_register(&phone[u][d]);
			of[u][d] = (struct lamp){.phone = &phone[u][d]};
			snprintf(of[u][d].call_id, sizeof of[u][d].call_id, "lamp-%u-%u", u, d);
			unsigned code = subscribe(&of[u][d], sim.user[u].name, 600);
			NEED(code == (n < SIM_DEVICES_MAX ? 200 : 503));
			n += code == 200;
			refused += code == 503;
			if (code == 200)
				is_told(&of[u][d], 0, 0, false);
		}
	struct status_line l = sim_status("subscriptions");
	NEED(n == SIM_DEVICES_MAX && refused == 4 && l.used == n && l.limit == n && l.refused == refused);
	NEED(subscribe(&of[0][0], "alice", 600) == 200); /* renewed all the same */
	is_told(&of[0][0], 0, 0, false);
	NEED(subscribe(&of[0][0], "alice", 0) == 200);
	is_told(&of[0][0], 0, 0, true);
	NEED(subscribe(&of[2][3], "carol", 600) == 200); /* one is free again */
	is_told(&of[2][3], 0, 0, false);
	sim_pass(601000);
	for (uint32_t u = 0; u < 3; u++)
		for (uint32_t d = 0; d < 4; d++)
			if ((u > 0 || d > 0) && (u < 2 || d == 3))
				is_told(&of[u][d], 0, 0, true);
	finish();
}

/* --- core dies --- */

/* What both lives see. */
struct world {
	struct phone alice, bob;
	struct lamp lamp;
	uint32_t told; /* CSeq of the last NOTIFY */
};
static struct world *world;

static void world_ends(uint32_t told)
{
	*world = (struct world){alice, bob, lamp, told};
	world->lamp.phone = NULL;
}

static void life_with_a_light(void)
{
	begin();
	ledger_counts(1, 2, 1);
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told(&lamp, 2, 1, false);
	ledger_counts(1, 3, 1);
	struct heard *h = sent_to(&bob, SIP_NOTIFY);
	NEED(h);
	phone_answer(&bob, h, 200, NULL);
	world_ends(sent(h)->cseq);
}

/* The connections outlive core: the edges announce them again. */
static void flow_is_there(const struct phone *p)
{
	struct link *edge = sim_far(PROC_EDGE, p->edge);
	struct msg_flow_up *m = ipc_begin(edge, MSG_FLOW_UP);

	m->flow = p->flow;
	m->device = p->device;
	NEED(addr_parse_ip(span_str(p->host), &m->remote));
	ipc_end(edge);
	sim_turn();
}

static void next_life(void)
{
	sim_defaults();
	sim_open();
	alice = world->alice;
	bob = world->bob;
	lamp = world->lamp;
	lamp.phone = &bob;
}

static void dies_after(void (*life)(void))
{
	world = sim_shared(sizeof *world);
	sim_crash_after(life);
	next_life();
}

/* Once, with a CSeq that is higher, and with what ledger says by now. */
static void is_told_anew(uint32_t fresh, uint32_t old)
{
	struct heard *h = sent_to(&bob, SIP_NOTIFY);

	NEED(h && sent(h)->cseq > world->told && sent(h)->expires > 500 && sent(h)->expires <= 600);
	h->taken = false;
	is_told(&lamp, fresh, old, false);
	NEED(!sent_to(&bob, SIP_NOTIFY));
}

static void a_light_outlives_core(void)
{
	dies_after(life_with_a_light);
	NEED(sim_status("subscriptions").used == 1);
	flow_is_there(&alice);
	flow_is_there(&bob);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	ledger_counts(1, 4, 0);
	is_told_anew(4, 0);
	sim_pass(10000);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	struct lamp stolen = lamp;
	stolen.phone = &alice;
	NEED(subscribe(&stolen, "bob", 0) == 481);
	subscribe_begin(&lamp, "bob", 600)->cseq = 1;
	NEED(code_of(phone_end(&bob)) == 500);
	NEED(subscribe(&lamp, "bob", 600) == 200); /* in its dialog */
	is_told(&lamp, 4, 0, false);
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 4, 0, true);
	finish();
}

/* ledger names nobody who has none. */
static void one_that_is_out_by_now_is_told_too(void)
{
	dies_after(life_with_a_light);
	flow_is_there(&bob);
	sim_pass(4000);
	is_told_anew(0, 0);
	sim_pass(597000);
	is_told(&lamp, 0, 0, true); /* its time goes on */
	finish();
}

static void a_connection_that_is_announced_late_is_told_then(void)
{
	dies_after(life_with_a_light);
	ledger_counts(1, 4, 0);
	sim_pass(6000);
	flow_is_there(&bob);
	is_told_anew(4, 0);
	flow_is_there(&alice);
	NEED(!sent_to(&alice, SIP_NOTIFY));
	sim_pass(601000);
	is_told(&lamp, 4, 0, true);
	finish();
}

static void without_ledger_nothing_wrong_is_told(void)
{
	dies_after(life_with_a_light);
	sim_link_down(PROC_LEDGER, 0);
	flow_is_there(&bob);
	sim_pass(20000);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	sim_link_up(PROC_LEDGER, 0);
	ledger_counts(1, 5, 0);
	is_told_anew(5, 0);
	sim_pass(5000);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 5, 0, true);
	finish();
}

static void a_phone_that_is_gone_is_not_told(void)
{
	dies_after(life_with_a_light);
	sim_pass(601000);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	finish();
}

static void life_that_unsubscribes(void)
{
	life_with_a_light();
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 3, 1, true);
}

static void life_that_is_known_no_more(void)
{
	life_with_a_light();
	NEED(subscribe(&lamp, "bob", 600) == 200);
	is_told_and_says(&lamp, 3, 1, false, 481);
}

static void stays_ended_after(void (*life)(void))
{
	dies_after(life);
	NEED(sim_status("subscriptions").used == 0);
	flow_is_there(&bob);
	sim_pass(10000);
	NEED(!sent_to(&bob, SIP_NOTIFY));
	NEED(subscribe(&lamp, "bob", 600) == 481);
	finish();
}

static void what_was_ended_stays_so(void)
{
	stays_ended_after(life_that_unsubscribes);
}

static void what_its_phone_does_not_know_stays_ended(void)
{
	stays_ended_after(life_that_is_known_no_more);
}

static void map_subscriptions(struct arena_table *out)
{
	struct arena_table table[CORE_TABLES];
	struct arena_shape shape[CORE_TABLES];
	struct arena arena;
	bool adopted = false;

	kept_shapes(&sim.site, shape);
	NEED(arena_open(&arena, sim.crash_fd, CORE_LAYOUT, shape, CORE_TABLES, table, &adopted) && adopted);
	*out = table[CORE_SUBSCRIPTIONS];
}

/* What core can't have written, beside one that it did. */
static void life_with_damage(void)
{
	struct subscription_record good, r;
	struct arena_table t;
	uint32_t at = 0;

	life_with_a_light();
	map_subscriptions(&t);
	while (!arena_get(&t, at))
		at++;
	memcpy(&good, arena_get(&t, at), sizeof good);
#define DAMAGE(change)                                                                                        \
	do {                                                                                                  \
		at++;                                                                                         \
		NEED(at < t.count);                                                                           \
		r = good;                                                                                     \
		r.id = (good.id & ~UINT64_C(0xffffffff)) | at;                                                \
		change;                                                                                       \
		arena_put(&t, at, &r);                                                                        \
	} while (0)
	DAMAGE(r.id = good.id);
	DAMAGE(r.user = SITE_USERS_MOST);
	DAMAGE(r.device = SITE_PHONES_MOST + 1);
	DAMAGE(r.until_ms = child_now());
	DAMAGE(r.until_ms = child_now() + 3700 * 1000);
	DAMAGE(r.until_ms = UINT64_MAX);
	DAMAGE(memset(r.tag, 'a', sizeof r.tag));
	DAMAGE(memset(r.token, 'a', sizeof r.token));
	DAMAGE(r.end[MWI_CALL_ID] = UINT16_MAX);
	DAMAGE(r.end[MWI_REMOTE_TAG] = r.end[MWI_CALL_ID] - 1);
	DAMAGE(r.end[MWI_CONTACT] = r.end[MWI_REMOTE_TAG]); /* none */
	DAMAGE(r.end[MWI_ROUTE_SET] = MWI_TEXT_MAX + 1);
	DAMAGE(r.end[MWI_CONTACT] = r.end[MWI_ROUTE_SET] = r.end[MWI_REMOTE_TAG] + URI_TEXT_MAX + 1);
	DAMAGE(arena_mark(&t, at); arena_mark(&t, at));
}

static void what_core_cannot_have_written_is_no_subscription(void)
{
	struct arena_table t;
	uint32_t n = 0;

	dies_after(life_with_damage);
	NEED(sim_status("subscriptions").used == 1);
	map_subscriptions(&t);
	for (uint32_t i = 0; i < t.count; i++)
		n += arena_get(&t, i) != NULL;
	NEED(n == 1);
	flow_is_there(&bob);
	ledger_counts(1, 4, 0);
	is_told_anew(4, 0);
	NEED(subscribe(&lamp, "bob", 0) == 200);
	is_told(&lamp, 4, 0, true);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(ones_own_is_told_at_once_and_on_change);
	SIM(anothers_is_refused);
	SIM(it_expires_unless_it_is_renewed);
	SIM(a_phone_has_one_and_a_newer_one_takes_its_place);
	SIM(a_phone_that_knows_it_no_more_ends_it);
	SIM(a_phone_that_is_gone_is_told_when_it_is_back);
	SIM(a_phone_that_did_not_answer_is_told_when_it_is_back);
	SIM(what_runs_backwards_or_says_no_contact_is_refused);
	SIM(a_phone_that_says_too_much_is_refused);
	SIM(expires_of_nothing_tells_once);
	SIM(subscriptions_run_out);
	SIM(a_light_outlives_core);
	SIM(one_that_is_out_by_now_is_told_too);
	SIM(a_connection_that_is_announced_late_is_told_then);
	SIM(without_ledger_nothing_wrong_is_told);
	SIM(a_phone_that_is_gone_is_not_told);
	SIM(what_was_ended_stays_so);
	SIM(what_its_phone_does_not_know_stays_ended);
	SIM(what_core_cannot_have_written_is_no_subscription);
	(void)test_failed_here;
	return TEST_END;
}
