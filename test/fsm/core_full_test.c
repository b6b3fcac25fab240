/* SPDX-License-Identifier: ISC */
/* Every pool of core that `ringfence status` shows is filled to the brim by a test: here, or where the table says. Full is an
 * answer, an emergency call still goes through, and all of it comes back (R16, R27). */
#include "../unit/test.h"
#include "ask.h"
#include "core_child.h"
#include "emergency.h"
#include "notice.h"
#include "settings.h"
#include "sim_phone.h"
#include "voice.h"

static struct phone alice, bob, carol, desk, centre;
static struct talk a, b;
static struct sdp offer;

static void begin_with_calls(uint32_t calls, uint32_t ports)
{
	sim_defaults();
	sim.device[3].flags = DEVICE_FIXED;
	for (int i = 0; i < SIM_DEVICES_MAX; i++)
		sim.bound[0][i] = true;
	sim.site.max_calls = calls;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * ports - 1);
	sim.site.trunks = 1;
	struct trunk_conf *t = &sim.site.trunk[0];
	snprintf(t->name, sizeof t->name, "a-name-of-23-characters");
	snprintf(t->server, sizeof t->server, "telco.example");
	snprintf(t->domain, sizeof t->domain, "telco.example");
	t->lines = 2;
	t->expires_s = 600;
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_init(&desk, 3);
	phone_init(&centre, 4);
	phone_register(&alice);
	phone_register(&bob);
	phone_register(&centre);
	phone_up(&desk);
	offer = sdp_plain(&alice);
	a.allow = b.allow = 1u << SIP_REFER;
}

static void begin(void)
{
	begin_with_calls(8, 64);
}

static void emergency_goes_through(void)
{
	struct talk help = {0}, answers = {0};
	struct sdp o = sdp_plain(&desk), s = sdp_plain(&centre);

	talk_invite(&help, &desk, "112", &o);
	talk_rings_at(&answers, &centre);
	talk_up(&help, &answers, &s);
	call_hang_up(&help, &answers);
}

static void finish(void)
{
	sim_clear();
	sim.quiet = true;
	sim_pass(100000);
	sim_need_idle();
}

static bool is_full(const char *pool)
{
	struct status_line l = sim_status(pool);
	return l.used == l.limit || (l.refused && l.used >= l.limit - l.limit / 8);
}

/* One that said nothing is replaced, and told all again. */
static void new_ledger(void)
{
	sim.conduct.ledger_mute = false;
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	sim_pass(12000);
}

/* --- questions to phones --- */

static void requests(void)
{
	uint32_t n = 0;

	begin();
	while (ask_new(ASK_ALIVE, 0, alice.edge, false))
		NEED(++n < 100000);
	NEED(is_full("requests"));
	talk_invite(&a, &alice, "bob", &offer);
	sim_pass(1000);
	NEED(code_of(a.txn) >= 480);
	emergency_goes_through();
	sim_pass(60000); /* who never answered is forgotten */
	NEED(sim_status("requests").used == 0);
	call_up(&a, &alice, &b, &bob);
	call_hang_up(&a, &b);
	finish();
}

/* --- what ledger does not take --- */

static void notices_waiting(void)
{
	begin();
	sim.conduct.ledger_mute = true;
	for (int i = 0; i < NOTICES_MAX; i++)
		notice_add(NOTICE_CALL, 1 + (uint32_t)i % 4, 1, SPAN("112")); /* of one phone sixteen */
	NEED(is_full("notices-waiting") && sim.events[EVENT_FULL] == 0);
	notice_add(NOTICE_CALL, 5, 1, SPAN("112"));
	NEED(sim.events[EVENT_FULL] == 1 && sim_status("notices-waiting").refused == 1);
	emergency_goes_through(); /* a full log never holds one up */
	new_ledger();
	NEED(sim_status("notices-waiting").used == 0);
	finish();
}

/* --- where phones say that they are --- */

static void emergency_places(void)
{
	static struct talk help[EMERGENCY_PLACES_MAX + 1];
	static struct pidf_place here = {.shape = PIDF_POINT};

	begin_with_calls(2 * (EMERGENCY_PLACES_MAX + 1), 2 * (EMERGENCY_PLACES_MAX + 1));
	struct sdp o = sdp_plain(&desk);
	for (int i = 0; i <= EMERGENCY_PLACES_MAX; i++) {
		desk.place = &here;
		talk_invite(&help[i], &desk, "112", &o);
		NEED(sent_to(&centre, SIP_INVITE)); /* the word of one too many is lost, not its call */
		sim_clear();
	}
	NEED(is_full("emergency-places") && sim_status("emergency-places").refused == 1);
	emergency_goes_through();
	sim.quiet = true;
	sim_pass(700000); /* help may ring for ten minutes */
	finish();
	NEED(sim_status("emergency-places").used == 0);
}

static void setting_changes(void)
{
	const struct settings_wish w = {.owner = 1, .by = NOBODY, .whose = OWNER_USER, .index = 1, .kind = SETTING_DND};
	uint32_t n = 0;

	begin();
	sim.conduct.ledger_mute = true;
	while (settings_change(&w, SPAN("on")))
		NEED(++n < 1000);
	NEED(is_full("setting-changes") && n == sim_status("setting-changes").limit);
	emergency_goes_through();
	sim_pass(12000);
	NEED(sim_status("setting-changes").used == 0);
	new_ledger();
	NEED(settings_change(&w, SPAN("on")));
	finish();
}

/* --- what voice says --- */

static void voice_turns(void)
{
	struct voice_turn t = {.say = "pin-please", .seated = true, .join = 1, .owner = VOICE_CALL};
	uint32_t n = 0;
	uint64_t token;

	begin();
	while ((token = voice_turn(&t))) {
		NEED(++n < 1000);
		sim_turn(); /* credit comes back */
	}
	NEED(is_full("voice-turns"));
	t.emergency = true;
	NEED((token = voice_turn(&t)));
	voice_stop(token);
	for (uint32_t i = 0; i < 2; i++) { /* all are said again, as credit comes back */
		sim_link_down(PROC_VOICE, 0);
		sim_link_up(PROC_VOICE, 0);
		sim_pass(2000);
		NEED(sim_status("voice-turns").used == n && sim_status("voice-turns-begun-again").used == (i + 1) * n);
	}
	sim_link_down(PROC_VOICE, 0); /* once too often: all are answered */
	NEED(sim_status("voice-turns").used == 0);
	NEED((token = voice_turn(&t)) && voice_waits(token));
	sim_pass(VOICE_BACK_MS + 200);
	NEED(sim_status("voice-turns").used == 0 && !voice_turn(&t));
	sim_link_up(PROC_VOICE, 0);
	t.emergency = false;
	NEED((token = voice_turn(&t)));
	voice_stop(token);
	finish();
}

/* --- bans --- */

static enum done_result ban(uint32_t host, uint32_t seconds)
{
	struct link *ctl = sim_far(PROC_CTL, 0);
	struct msg_ctl_ban *m = ipc_begin(ctl, MSG_CTL_BAN);
	char text[20];

	NEED(m);
	snprintf(text, sizeof text, "10.0.%u.%u", host >> 8, host & 255);
	NEED(addr_parse_ip(span_str(text), &m->address));
	m->seconds = seconds;
	ipc_end(ctl);
	sim_turn();
	struct heard *h = sim_take(PROC_CTL, MSG_DONE, NULL, NULL);
	NEED(h);
	return (enum done_result)((const struct msg_done *)(const void *)h->payload)->result;
}

static void bans(void)
{
	begin();
	uint32_t most = (uint32_t)sim_status("bans").limit;
	for (uint32_t i = 0; i < most; i++) {
		NEED(ban(1 + i, 60) == DONE_OK);
		sim_clear();
		if (i % 40 == 39)
			sim_pass(1000); /* as fast as ctl may ask */
	}
	NEED(is_full("bans") && ban(1 + most, 60) == DONE_REFUSED);
	NEED(ban(1, 120) == DONE_OK); /* the same one longer */
	emergency_goes_through();
	sim_pass(61000);
	NEED(ban(1 + most, 60) == DONE_OK && sim_status("bans").used == 2);
	finish();
}

/* --- transfers --- */

enum { CALLS = 40 };

static void transfers(void)
{
	static struct talk up[CALLS], down[CALLS];
	static struct phone many[SIM_DEVICES_MAX];
	unsigned code = 0;
	int n = 0;

	begin_with_calls(64, 256);
	phone_register(&carol);
	for (; n < CALLS && code != 503; n++) {
		up[n].allow = down[n].allow = 1u << SIP_REFER;
		struct phone *one = &many[n % SIM_DEVICES_MAX]; /* one phone has no more than its share */
		if (!one->user) {
			*one = alice;
			one->device = (uint32_t)n;
			one->flow = 0;
			phone_register(one);
		}
		call_up(&up[n], one, &down[n], &bob);
		struct msg_request *m = talk_begin(&up[n], SIP_REFER);
		m->refer_kind = REFER_USER;
		m->refer_user = phone_put(one, "carol");
		struct heard *h = reply_to(talk_end(&up[n]));
		NEED(h);
		code = respond(h)->code;
		NEED(code == 202 || code == 503);
		sim_clear();
	}
	NEED(code == 503 && is_full("transfers"));
	emergency_goes_through();
	for (int i = 0; i < n; i++) /* nobody answers for them; the calls end */
		talk_send(&up[i], SIP_BYE, NULL);
	finish();
	NEED(sim_status("transfers").used == 0);
}

/* --- what waits for a change of its call --- */

static void change_waits(void)
{
	static struct talk up[CALLS], down[CALLS];
	static struct phone many[SIM_DEVICES_MAX];
	unsigned code = 0;
	int n = 0;

	begin_with_calls(64, 256);
	const struct sdp hold = sdp_of(KEYS_SDES, bob.host, 40002, 2, "sendonly", NULL);
	for (; n < CALLS && !code; n++) {
		struct phone *one = &many[n % SIM_DEVICES_MAX];
		if (!one->user) {
			*one = alice;
			one->device = (uint32_t)n;
			one->flow = 0;
			phone_register(one);
		}
		call_up(&up[n], one, &down[n], &bob);
		talk_send(&down[n], SIP_INVITE, &hold);
		struct msg_request *m = talk_begin(&up[n], SIP_REFER);
		m->refer_kind = REFER_USER;
		m->refer_user = phone_put(one, "bob");
		const uint64_t txn = talk_end(&up[n]);
		code = code_of(txn);
		sim_clear();
	}
	NEED(code == 500 && is_full("change-waits"));
	emergency_goes_through();
	for (int i = 0; i < n; i++)
		talk_send(&up[i], SIP_BYE, NULL);
	finish();
	NEED(sim_status("change-waits").used == 0);
}

/* --- all of them --- */

static const struct {
	const char *pool;
	void (*fill)(void); /* NULL: where the file says */
	const char *file;
} filled[] = {
    {"bans", bans, NULL},
    {"call-back-phones", NULL, "core_callback_test: of_too_many_phones_the_one_that_is_over_first_makes_room"},
    {"change-waits", change_waits, NULL},
    {"calls", NULL, "core_loss_test: calls_run_out"},
    {"desk-calls-waiting", NULL, "core_desk_test: they_are_bounded"},
    {"emergency-places", emergency_places, NULL},
    {"flows", NULL, "core_loss_test: flows_run_out"},
    {"help-waits", NULL, "core_help_waits_test: so_many_and_no_more"},
    {"hot-desks", NULL, "core_hotdesk_test: a row for each phone, so it is never full"},
    {"legs", NULL, "core_loss_test: legs_run_out"},
    {"lines-", NULL, "core_trunk_test: lines are two, then one, then none"},
    {"logins", NULL, "core_loss_test: logins_run_out"},
    {"media-ports", NULL, "core_loss_test: ports_run_out"},
    {"messages", NULL, "core_loss_test: messages_run_out"},
    {"notices-waiting", notices_waiting, NULL},
    {"parked", NULL, "core_park_test: places_are_counted"},
    {"phones", NULL, "core_loss_test: a_refused_directory_changes_nothing"},
    {"pin-questions", NULL, "core_people_test: a_dead_keeper_is_no"},
    {"proof-questions", NULL, "core_proof_test: full_tables_verify_nobody"},
    {"records-waiting", NULL, "core_loss_test: records_run_out"},
    {"registrations", NULL, "core_register_test: a_full_table_lets_a_phone_in"},
    {"requests", requests, NULL},
    {"setting-changes", setting_changes, NULL},
    {"subscriptions", NULL, "core_mwi_test: subscriptions_run_out"},
    {"transfers", transfers, NULL},
    {"users", NULL, "core_loss_test: a_refused_directory_changes_nothing"},
    {"voice-message-seats", NULL, "core_mail_test: no_room_in_voice_is_as_without_voicemail"},
    {"voice-seats", NULL, "core_plan_test: a_full_voice_answers_nobody"},
    {"voice-turns", voice_turns, NULL},
};

static bool is_filled(const char *pool)
{
	for (size_t i = 0; i < sizeof filled / sizeof *filled; i++)
		if (strncmp(pool, filled[i].pool, strlen(filled[i].pool)) == 0)
			return true;
	return strstr(pool, "texts") != NULL;
}

/* A pool that is new needs a test that fills it. */
static void no_pool_is_forgotten(void)
{
	static struct proc_status s;
	uint32_t pools = 0;

	begin();
	core_child.status(&s);
	for (uint32_t i = 0; i < s.lines; i++) {
		if (s.line[i].kind != STATUS_POOL)
			continue;
		pools++;
		if (!is_filled(s.line[i].name))
			fprintf(stderr, "  no test fills %s\n", s.line[i].name);
		NEED(is_filled(s.line[i].name) && s.line[i].limit > 0);
	}
	NEED(pools >= 18);
}

int main(void)
{
	for (size_t i = 0; i < sizeof filled / sizeof *filled; i++)
		if (filled[i].fill)
			sim_run(filled[i].pool, filled[i].fill) ? test_passed_n++ : test_failed_n++;
	sim_run("no_pool_is_forgotten", no_pool_is_forgotten) ? test_passed_n++ : test_failed_n++;
	(void)test_failed_here;
	return TEST_END;
}
