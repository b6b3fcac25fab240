/* SPDX-License-Identifier: ISC */
/* core crashes and another takes over what its arena holds: registrations and calls are kept, half-made calls are not, the
 * log is right (R28). Each test is two lives of core on one arena; phones and dialogs live in memory that both see. */
#include "../unit/test.h"
#include "base/id.h"
#include "call.h"
#include "kept.h"
#include "record.h"
#include "sim_phone.h"

struct world {
	struct phone alice, bob, carol;
	struct talk a, b, c, d;
	uint64_t join, started_ms;
	bool long_lived; /* registrations of an hour */
};
static struct world *w;

static void open_life(void)
{
	sim_defaults();
	sim_open();
}

static void first_life(void)
{
	open_life();
	phone_init(&w->alice, 0);
	phone_init(&w->bob, 1);
	phone_init(&w->carol, 2);
	w->alice.outbound = w->bob.outbound = w->long_lived;
	phone_register(&w->alice);
	phone_register(&w->bob);
}

static void second_life(void)
{
	open_life();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
}

static void finish(void)
{
	sim_pass(60000);
	sim_need_idle();
}

static void life_in_a_call(void)
{
	first_life();
	call_up(&w->a, &w->alice, &w->b, &w->bob);
	relay_wish(&w->join);
	media_says_gate(w->join, RELAY_KEY_SDES);
	w->started_ms = call_get(w->join)->r.started_ms;
	sim_pass(10000);
}

static void a_call_goes_on_and_its_record_is_right(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	second_life();
	NEED(sim_status("calls").used == 1 && sim_status("legs").used == 2 && sim_status("media-ports").used == 1);
	NEED(sim_status("registrations").used == 2);
	uint64_t join = 0;
	const struct relay_spec *spec = relay_wish(&join);
	NEED(spec && join == w->join && spec->side[0].key == RELAY_KEY_SDES && spec->answered);
	NEED(w->started_ms && call_get(join)->r.started_ms == w->started_ms);
	sim_pass(10000);
	call_hang_up(&w->a, &w->b);
	finish();
	NEED(sim.records == 1 && sim.record.duration_ms >= 20000 && sim.record.duration_ms <= 20500);
	NEED(strcmp(sim.record_from, "alice") == 0 && strcmp(sim.record_to, "bob") == 0);
}

static uint32_t wishes, wishes_before_done;

static void count_wishes(struct link *l, const struct ipc_view *v)
{
	(void)l;
	wishes += v->type == MSG_RELAY;
	if (v->type == MSG_RELAYS_DONE)
		wishes_before_done = wishes;
}

/* What media relays besides is over with the core that knew of it. */
static void media_is_told_all_that_was_adopted(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	sim_defaults();
	sim.watch = count_wishes;
	sim_open();
	NEED(wishes_before_done == 1 && wishes == 1);
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	call_hang_up(&w->a, &w->b);
	finish();
}

/* What core sent since the last save is not known to the next one: its CSeq must be higher all the same. */
static void life_with_unsaved_requests(void)
{
	life_in_a_call();
	sim_pass(sim.site.session_expires_s * 500ull + 1000);
	struct heard *h = talk_takes(&w->a, SIP_OPTIONS);
	NEED(h && talk_takes(&w->b, SIP_OPTIONS));
	talk_reply(&w->a, h, 200, NULL);
}

static void cseq_rises_over_restarts(void)
{
	w = sim_shared(sizeof *w);
	w->long_lived = true;
	sim_crash_after(life_with_unsaved_requests);
	second_life();
	call_hang_up(&w->a, &w->b); /* talk_takes() looks at CSeq */
	finish();
}

/* what came before this life of core nobody counted in it */
static void a_call_that_was_taken_over_is_not_called_silent(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	second_life();
	struct msg_calls_want *m = ipc_begin(sim_far(PROC_CTL, 0), MSG_CALLS_WANT);
	m->token = 5;
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
	struct heard *h = sim_take(PROC_CTL, MSG_CALL_LINE, NULL, NULL);
	const struct msg_call_line *line = h ? (const void *)h->payload : NULL;
	NEED(line && line->state == CALL_UP && line->age_ms > 1000 && line->silent_a < 1000 && line->silent_b < 1000);
}

static void a_call_can_change_after_a_restart(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	second_life();
	relay_wish(NULL);
	struct sdp offer = sdp_of(KEYS_SDES, w->alice.host, 40002, 2, "sendonly", NULL);
	struct sdp answer = sdp_of(KEYS_SDES, w->bob.host, 40002, 2, "recvonly", NULL);
	uint64_t txn = talk_send(&w->a, SIP_INVITE, &offer);
	talk_reply(&w->b, talk_takes(&w->b, SIP_INVITE), 200, &answer);
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
	talk_ack(&w->a);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_SENDS);
	/* a stranger still may not */
	phone_register(&w->carol);
	struct talk forged = w->a;
	forged.phone = &w->carol;
	NEED(code_of(talk_send(&forged, SIP_BYE, NULL)) == 481);
	call_hang_up(&w->b, &w->a);
	finish();
}

static void life_before_the_ack(void)
{
	struct sdp offer, answer;

	first_life();
	offer = sdp_plain(&w->alice);
	answer = sdp_plain(&w->bob);
	talk_invite(&w->a, &w->alice, "bob", &offer);
	talk_rings_at(&w->b, &w->bob);
	talk_answer(&w->b, 200, &answer);
	talk_takes(&w->b, SIP_ACK);
	talk_hears(&w->a, 200);
}

static void a_call_that_waits_for_its_ack_is_kept(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_before_the_ack);
	second_life();
	talk_ack(&w->a);
	sim_pass(40000);
	NEED(sim_status("calls").used == 1);
	call_hang_up(&w->a, &w->b);
	finish();
	NEED(sim.records == 1);
}

static void life_that_rings(void)
{
	struct sdp offer;

	first_life();
	offer = sdp_plain(&w->alice);
	talk_invite(&w->a, &w->alice, "bob", &offer);
	talk_rings_at(&w->b, &w->bob);
	talk_answer(&w->b, 180, NULL);
	talk_hears(&w->a, 180);
}

static void a_half_made_call_is_dropped_with_all_it_held(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_rings);
	second_life();
	NEED(sim_status("calls").used == 0 && sim_status("media-ports").used == 0);
	/* the edges ended their transactions, if they live still; what still comes of them is nobody's */
	NEED(code_of(talk_send(&w->a, SIP_BYE, NULL)) == 481);
	talk_reply(&w->b, talk_takes(&w->b, SIP_BYE), 481, NULL);
	NEED(sim_status("legs").used == 0);
	struct talk a = {0}, b = {0};
	call_up(&a, &w->alice, &b, &w->bob);
	call_hang_up(&a, &b);
	finish();
}

static void life_that_gave_up_ringing(void)
{
	life_that_rings();
	NEED(code_of(talk_send(&w->a, SIP_BYE, NULL)) == 200);
}

/* Edges died with core: nobody cancelled what rings, and its phone hears that nobody calls any more when it is back. */
static void a_phone_that_rings_when_all_die_is_told(void (*life)(void))
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life);
	open_life();
	NEED(sim_status("calls").used == 0 && sim_status("hang-ups-owed").used == 1);
	w->bob.flow = 0;
	phone_register(&w->bob);
	talk_reply(&w->b, talk_takes(&w->b, SIP_BYE), 200, NULL);
	NEED(sim_status("legs").used == 0 && sim_status("hang-ups-owed").used == 0);
	finish();
}

static void who_rings_when_all_die_stops_ringing(void)
{
	a_phone_that_rings_when_all_die_is_told(life_that_rings);
}

static void who_is_being_cancelled_when_all_die_stops_ringing(void)
{
	a_phone_that_rings_when_all_die_is_told(life_that_gave_up_ringing);
}

static void life_that_is_idle(void)
{
	first_life();
	sim_pass(50000);
}

static void registrations_are_kept_and_run_out_in_time(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_is_idle);
	second_life();
	NEED(sim_status("registrations").used == 2);
	/* the login is kept too: nobody is challenged */
	NEED(code_of(phone_send_register(&w->alice, ABSENT, false)) == 200 && sim.nonces == 0);
	struct talk a = {0}, b = {0};
	call_up(&a, &w->alice, &b, &w->bob);
	call_hang_up(&a, &b);
	sim_pass(248000);
	NEED(sim_status("registrations").used == 2);
	sim_pass(4000);
	NEED(sim_status("registrations").used == 1); /* bob did not refresh */
	finish();
}

/* The flow's number is all that proves the login: on another device's flow of that number it does not count. */
static void a_flow_of_another_phone_inherits_no_login(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_is_idle);
	open_life();
	struct phone thief = w->carol;
	thief.flow = w->alice.flow;
	thief.edge = w->alice.edge;
	phone_still_up(&thief);
	thief.user = "alice";
	NEED(code_of(phone_send_register(&thief, ABSENT, false)) == 401);
	finish();
}

static void a_phone_that_lost_its_connection_meanwhile_is_reached_when_it_returns(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	open_life();
	phone_still_up(&w->alice);
	NEED(sim_status("calls").used == 1);
	w->bob.flow = 0;
	phone_register(&w->bob);
	call_hang_up(&w->a, &w->b);
	finish();
}

/* bob is revoked while core is down: the first directory says so. */
static void what_changed_meanwhile_counts(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	sim_defaults();
	sim.device[1].state = DEVICE_REVOKED;
	sim.bound[1][1] = false;
	sim_open();
	NEED(sim_status("registrations").used == 1);
	phone_still_up(&w->alice);
	finish();
	NEED(sim.records == 1);
}

static void life_with_a_record_unsealed(void)
{
	life_in_a_call();
	sim.conduct.seal_mute = true;
	call_hang_up(&w->a, &w->b);
	NEED(sim_status("records-waiting").used == 1);
}

static void life_with_a_record_unconfirmed(void)
{
	life_in_a_call();
	sim.conduct.ledger_mute = true;
	call_hang_up(&w->a, &w->b);
	NEED(sim_status("records-waiting").used == 1);
}

static void a_record_on_its_way_is_written_by_the_next_core(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_with_a_record_unsealed);
	second_life();
	NEED(sim.records == 1 && sim.seals == 1 && strcmp(sim.record_from, "alice") == 0);
	finish();
	NEED(sim.records == 1);
}

static void a_sealed_record_is_not_sealed_again(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_with_a_record_unconfirmed);
	second_life();
	NEED(sim.records == 1 && sim.seals == 0 && strcmp(sim.record_from, "alice") == 0);
	finish();
}

static void life_with_a_call_recorded_and_not_forgotten(void)
{
	life_in_a_call();
	sim.conduct.seal_mute = true;
	call_write_record(call_get(w->join));
}

static void a_call_is_written_once(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_with_a_call_recorded_and_not_forgotten);
	second_life();
	sim_pass(1000);
	NEED(sim_status("calls").used == 1);
	call_hang_up(&w->a, &w->b);
	finish();
	NEED(sim.records == 1 && strcmp(sim.record_from, "alice") == 0);
}

/* --- marks: a request that kills core twice costs its leg, not the exchange (DESIGN.md, Arenas) --- */

/* The arena as kept.c lays it out. */
static void map_arena(struct arena_table table[CORE_TABLES])
{
	struct arena_shape shape[CORE_TABLES];
	struct arena arena;
	bool adopted = false;

	kept_shapes(&sim.site, shape);
	NEED(arena_open(&arena, sim.crash_fd, CORE_LAYOUT, shape, CORE_TABLES, table, &adopted) && adopted);
}

/* bob's phone was away when alice hung up; carol's has its BYE, and has not answered. */
static void life_that_owes(void)
{
	struct arena_table table[CORE_TABLES];
	int legs = 0;

	life_in_a_call();
	phone_register(&w->carol);
	call_up(&w->c, &w->carol, &w->d, &w->alice);
	NEED(code_of(talk_send(&w->d, SIP_BYE, NULL)) == 200 && talk_takes(&w->c, SIP_BYE));
	phone_down(&w->bob);
	NEED(code_of(talk_send(&w->a, SIP_BYE, NULL)) == 200);
	sim_pass(20);
	NEED(sim_status("hang-ups-owed").used == 1 && sim_status("legs").used == 2);
	map_arena(table);
	for (uint32_t i = 0; i < table[CORE_LEGS].count; i++) {
		const struct leg_record *r = arena_get(&table[CORE_LEGS], i);
		legs += r != NULL;
		/* of the call nothing but its dialog is kept, and no key */
		NEED(!r || (!r->has_local && !r->has_remote && r->end[LEG_REMOTE] == r->end[LEG_REMOTE_USER]));
	}
	NEED(legs == 2);
}

static void hears_bye(struct talk *t)
{
	struct heard *bye = talk_takes(t, SIP_BYE);

	NEED(bye);
	talk_reply(t, bye, 200, NULL);
}

static void a_hang_up_that_is_owed_outlives_core(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_owes);
	open_life();
	phone_still_up(&w->alice);
	NEED(sim_status("calls").used == 0 && sim_status("hang-ups-owed").used == 2);
	phone_still_up(&w->carol);
	hears_bye(&w->c);
	sim_pass(60000);
	phone_register(&w->bob);
	hears_bye(&w->b);
	NEED(sim_status("legs").used == 0);
	finish();
}

/* bob answered, and hung up before the callers had sent their ACK; one of them is away now. */
static void life_that_waits_for_an_ack(void)
{
	struct talk *from[] = {&w->a, &w->c}, *to[] = {&w->b, &w->d};
	struct phone *caller[] = {&w->alice, &w->carol};

	first_life();
	phone_register(&w->carol);
	for (int i = 0; i < 2; i++) {
		struct sdp offer = sdp_plain(caller[i]), answer = sdp_plain(&w->bob);
		talk_invite(from[i], caller[i], "bob", &offer);
		talk_rings_at(to[i], &w->bob);
		talk_answer(to[i], 200, &answer);
		NEED(talk_takes(to[i], SIP_ACK));
		talk_hears(from[i], 200);
		NEED(code_of(talk_send(to[i], SIP_BYE, NULL)) == 200);
		NEED(!talk_takes(from[i], SIP_BYE)); /* RFC 3261 15: not before the ACK */
	}
	NEED(sim_status("legs").used == 2 && sim_status("calls").used == 0);
	phone_down(&w->carol);
}

static void a_hang_up_that_waits_for_its_ack_outlives_core(void)
{
	struct arena_table table[CORE_TABLES];

	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_waits_for_an_ack);
	open_life();
	map_arena(table);
	for (uint32_t i = 0; i < table[CORE_LEGS].count; i++) {
		const struct leg_record *r = arena_get(&table[CORE_LEGS], i);
		NEED(!r || (r->state == LEG_OWING && !r->has_local && !r->has_remote));
	}
	NEED(sim_status("calls").used == 0 && sim_status("hang-ups-owed").used == 2);
	phone_still_up(&w->alice);
	hears_bye(&w->a);
	sim_pass(60000);
	phone_register(&w->carol);
	hears_bye(&w->c);
	NEED(sim_status("legs").used == 0);
	finish();
}

static void life_that_dies_in_a_request(void)
{
	struct arena_table table[CORE_TABLES];

	life_in_a_call();
	map_arena(table);
	for (uint32_t i = 0; i < table[CORE_LEGS].count; i++) {
		const struct leg_record *r = arena_get(&table[CORE_LEGS], i);
		if (!r || r->side != 0)
			continue;
		for (int n = 0; n < ARENA_MARKS_MAX; n++)
			arena_mark(&table[CORE_LEGS], i);
	}
}

static void a_leg_that_killed_core_twice_is_dropped_and_the_other_phone_hears_bye(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_dies_in_a_request);
	second_life();
	NEED(sim_status("legs").used == 1);
	sim_pass(2000);
	NEED(!talk_takes(&w->b, SIP_BYE)); /* edges may need a moment to be back */
	sim_pass(2000);
	struct heard *bye = talk_takes(&w->b, SIP_BYE);
	NEED(bye);
	talk_reply(&w->b, bye, 200, NULL);
	NEED(code_of(talk_send(&w->a, SIP_BYE, NULL)) == 481);
	finish();
	NEED(sim.records == 1 && sim.record.duration_ms >= 10000);
}

/* A request or an answer that is being handled is marked; one that was handled to its end leaves none. */
static void what_was_handled_leaves_no_mark(void)
{
	struct arena_table table[CORE_TABLES];
	struct talk a = {0}, b = {0};

	w = sim_shared(sizeof *w);
	first_life();
	call_up(&a, &w->alice, &b, &w->bob);
	NEED(code_of(talk_send(&a, SIP_OPTIONS, NULL)) == 200);
	NEED(code_of(talk_send(&b, SIP_REFER, NULL)) == 403);
	map_arena(table);
	for (uint32_t i = 0; i < table[CORE_LEGS].count; i++)
		NEED(arena_marks(&table[CORE_LEGS], i) == 0);
	call_hang_up(&a, &b);
	for (uint32_t i = 0; i < table[CORE_LEGS].count; i++)
		NEED(arena_marks(&table[CORE_LEGS], i) == 0 && !arena_get(&table[CORE_LEGS], i));
	finish();
}

/* Its duration is that up to core's return, and someone hears of it. */
static void need_lost_and_logged(void)
{
	NEED(sim.records == 1 && sim.record.duration_ms >= 10000 && sim.record.duration_ms <= 10500);
	NEED(strcmp(sim.record_from, "alice") == 0 && strcmp(sim.record_to, "bob") == 0);
	NEED(sim_status("calls-lost").used == 1 && sim_status("records-damaged").used == 0);
	NEED(sim.events[EVENT_STARTED] == 1 && strcmp(sim.event_text, "calls that core kept over the restart, and that could not go on: 1") == 0);
}

/* The operator makes the port range smaller between two lives: a call on ports that are gone can't be kept, and core and
 * media do not quarrel about it. */
static void a_call_on_ports_that_are_no_more_is_dropped(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_in_a_call);
	sim_defaults();
	sim.site.media_port_lo += 4;
	sim.site.media_port_hi = sim.site.media_port_lo + 3;
	sim_open();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	sim_pass(100000);
	NEED(sim.accusations == 0);
	sim_need_idle();
	need_lost_and_logged();
}

static void life_that_dies_of_its_call(void)
{
	struct arena_table table[CORE_TABLES];

	life_in_a_call();
	map_arena(table);
	for (int n = 0; n < ARENA_MARKS_MAX; n++)
		arena_mark(&table[CORE_CALLS], id_index(w->join));
}

static void a_call_that_killed_core_twice_is_logged(void)
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life_that_dies_of_its_call);
	second_life();
	finish();
	need_lost_and_logged();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_call_goes_on_and_its_record_is_right);
	SIM(media_is_told_all_that_was_adopted);
	SIM(cseq_rises_over_restarts);
	SIM(a_call_that_was_taken_over_is_not_called_silent);
	SIM(a_call_can_change_after_a_restart);
	SIM(a_call_that_waits_for_its_ack_is_kept);
	SIM(a_half_made_call_is_dropped_with_all_it_held);
	SIM(who_rings_when_all_die_stops_ringing);
	SIM(who_is_being_cancelled_when_all_die_stops_ringing);
	SIM(registrations_are_kept_and_run_out_in_time);
	SIM(a_flow_of_another_phone_inherits_no_login);
	SIM(a_phone_that_lost_its_connection_meanwhile_is_reached_when_it_returns);
	SIM(what_changed_meanwhile_counts);
	SIM(a_record_on_its_way_is_written_by_the_next_core);
	SIM(a_sealed_record_is_not_sealed_again);
	SIM(a_call_is_written_once);
	SIM(a_hang_up_that_is_owed_outlives_core);
	SIM(a_hang_up_that_waits_for_its_ack_outlives_core);
	SIM(a_leg_that_killed_core_twice_is_dropped_and_the_other_phone_hears_bye);
	SIM(what_was_handled_leaves_no_mark);
	SIM(a_call_on_ports_that_are_no_more_is_dropped);
	SIM(a_call_that_killed_core_twice_is_logged);
	(void)test_failed_here;
	return TEST_END;
}
