/* SPDX-License-Identifier: ISC */
/* Calls over trunks through core: out with early media, failover and ceilings, in by number, callers that are not what they
 * say, calls for help (R4, R14, R16, R17, R18). */
#include "../unit/test.h"
#include "account.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "spent.h"
#include "voice.h"

/* --- out --- */

static bool withheld_in(const struct heard *h)
{
	return h && sent(h)->privacy && !sent(h)->from_user.len && !sent(h)->identity_user.len;
}

static void no_caller_id(void)
{
	sim.site.trunk[0].callers = 0;
}

/* RFC 3261 12.2.1.1, 13.2.2.4: From is one and the same from the INVITE on, and a withheld number stays so. */
static void a_withheld_number_is_withheld_to_the_end(void)
{
	static const enum sip_method by[] = {SIP_UPDATE, SIP_INVITE};

	for (int i = 0; i < 2; i++) {
		if (i == 0)
			begin_with(no_caller_id);
		talk_invite(&a, &alice, "0123456789", &offer);
		struct heard *h = sent_to(&telco[0], SIP_INVITE);
		NEED(withheld_in(h));
		h->taken = false;
		talk_rings_at(&t, &telco[0]);
		t.allow = i == 0 ? 1u << SIP_UPDATE : 1u << SIP_BYE;
		struct msg_response *m = talk_begin_answer(&t, 183);
		m->required = SIP_TAG_100REL;
		m->rseq = 7;
		m->sdp = phone_put_sdp(&telco[0], &plain);
		talk_end_answer(&t);
		h = talk_takes(&t, SIP_PRACK);
		NEED(withheld_in(h));
		talk_reply(&t, h, 200, NULL);
		m = talk_begin_answer(&t, 200);
		m->session_expires = 120;
		m->refresher = REFRESHER_UAC;
		talk_end_answer(&t);
		NEED(withheld_in(talk_takes(&t, SIP_ACK)));
		(void)reply_to(a.txn);
		talk_hears(&a, 200);
		talk_ack(&a);
		uint64_t join;
		NEED(relay_wish(&join));
		media_says_gate(join, RELAY_KEY_SDES);
		sim_pass(61000);
		h = talk_takes(&t, by[i]);
		NEED(withheld_in(h));
		talk_reply(&t, h, 200, by[i] == SIP_INVITE ? &plain : NULL);
		NEED(by[i] != SIP_INVITE || withheld_in(talk_takes(&t, SIP_ACK)));
		NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
		h = talk_takes(&t, SIP_BYE);
		NEED(withheld_in(h));
		talk_reply(&t, h, 200, NULL);
	}
	finish();
}

static void helps(void)
{
	sim.site.trunk[0].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

static uint64_t invite_in_private(const char *number, bool help)
{
	struct msg_request *m = phone_begin_as(&alice, SIP_INVITE, help ? CLASS_EMERGENCY : CLASS_NEW);

	m->call_id = phone_put(&alice, "private");
	m->target_user = m->to_user = phone_put(&alice, number);
	m->emergency = help;
	m->privacy = 1;
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:a@192.0.2.1>");
	m->sdp = phone_put_sdp(&alice, &offer);
	return phone_end(&alice);
}

/* RFC 3323 4.2; inside, a caller has a name, and a call for help shows whom to call back (R16). */
static void a_phone_that_asks_for_privacy_has_it_outside(void)
{
	begin_with(helps);
	invite_in_private("0123456789", false);
	NEED(withheld_in(sent_to(&telco[0], SIP_INVITE)));
	invite_in_private("bob", false);
	struct heard *h = sent_to(&bob, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "alice") == 0 && sent(h)->identity_user.len);
	invite_in_private("112", true);
	h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && !sent(h)->privacy && strcmp(sim_text(h, sent(h)->from_user), "+33140000000") == 0);
}

/* An INVITE whose From says nobody; user: of its credentials, NULL for none. */
static uint64_t invite_as_nobody(const char *number, const char *user, bool help)
{
	struct msg_request *m = phone_begin_as(&alice, SIP_INVITE, help ? CLASS_EMERGENCY : CLASS_NEW);

	m->call_id = phone_put(&alice, "nobody");
	m->target_user = m->to_user = phone_put(&alice, number);
	m->emergency = help;
	m->from_kind = FROM_NOBODY;
	m->privacy = 1;
	m->from_user = phone_put(&alice, "anonymous");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:a@192.0.2.1>");
	m->sdp = phone_put_sdp(&alice, &offer);
	if (user) {
		m->has_auth = m->auth_uri_matches = m->auth_qop = 1;
		m->auth_algorithm = DIGEST_SHA256;
		m->auth_user = phone_put(&alice, user);
	}
	return phone_end(&alice);
}

static void carol_too(void)
{
	helps();
	sim.bound[2][0] = true;
}

/* RFC 3323 4.1.1.3, R4: who shows no name is who logged in, in everything. */
static void a_from_that_says_nobody_is_who_logged_in(void)
{
	struct phone carol;

	begin_with(carol_too);
	NEED(code_of(invite_as_nobody("0123456789", NULL, false)) == 0);
	NEED(withheld_in(sent_to(&telco[0], SIP_INVITE)));
	/* inside it has its name, and it is judged by alice's rights */
	invite_as_nobody("bob", NULL, false);
	struct heard *h = sent_to(&bob, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "alice") == 0 && sent(h)->identity_user.len);
	phone_answer(&bob, h, 486, NULL);
	set(0, OWNER_USER, 0, SETTING_CLASSES, "");
	sim_push_directory();
	sim_turn();
	invite_as_nobody("0123456789", NULL, false);
	NEED(!sent_to(&telco[0], SIP_INVITE));
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim_push_directory();
	sim_turn();
	/* the login is as old as any: it is asked for anew */
	sim_pass(sim.site.reauth_s * UINT64_C(1000) + 1000);
	NEED(code_of(phone_send_register(&bob, ABSENT, true)) == 200);
	NEED(code_of(invite_as_nobody("bob", NULL, false)) == 401);
	NEED(code_of(invite_as_nobody("bob", "alice", false)) == 0 && sent_to(&bob, SIP_INVITE));
	/* two of one connection: it is not guessed who calls, but who logs in is known */
	carol = alice;
	carol.user = "carol";
	NEED(code_of(phone_send_register(&carol, ABSENT, true)) == 200);
	NEED(code_of(invite_as_nobody("bob", NULL, false)) == 403);
	invite_as_nobody("bob", "carol", false);
	h = sent_to(&bob, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "carol") == 0);
	NEED(code_of(invite_as_nobody("bob", "bob", false)) == 403); /* who may not be there */
	/* help is not asked who it is (R16) */
	invite_as_nobody("112", NULL, true);
	NEED(sent_to(&telco[0], SIP_INVITE));
	/* a binding is somebody's by name */
	struct msg_request *m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&alice, "alice");
	m->from_kind = FROM_NOBODY;
	NEED(code_of(phone_end(&alice)) == 403);
}

static void spells_nationally(void)
{
	sim.site.trunk[0].spelling = SPELLED_NATIONAL;
	sim.site.inbound[0] = (struct inbound){.number = "0140000001", .to = "bob"};
	sim.site.plan.unknown_caller = INCOMING_PASS;
	set(3, OWNER_USER, 1, SETTING_BLOCKED, "+33611223355");
}

static void numbers_are_spelled_as_the_trunk_does(void)
{
	static struct talk in;

	begin_with(spells_nationally);
	talk_invite(&a, &alice, "+33123456789", &offer);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->number), "0123456789") == 0);
	h->taken = false;
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	finish();
	NEED(strcmp(sim.record_to, "+33123456789") == 0);
	invite_from(&in, "0687654321", "0140000001", false);
	h = sent_to(&bob, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "+33687654321") == 0);
}

/* E.164 without its plus, as many a provider writes it, is a number, and who is turned away by it is (R18). */
static void a_caller_without_a_plus_is_known(void)
{
	static const char *const blocked[] = {"+33611223355", "33611223355", "0611223355", "0033611223355"};
	static struct talk in;

	begin_with(spells_nationally);
	for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++) {
		invite_from(&in, blocked[i], "33140000001", false);
		NEED(!sent_to(&bob, SIP_INVITE));
		sim_pass(60000);
		sim_clear();
	}
	invite_from(&in, "33687654321", "33140000001", false);
	struct heard *h = sent_to(&bob, SIP_INVITE);
	NEED(h && strcmp(sim_text(h, sent(h)->from_user), "+33687654321") == 0);
	NEED(strcmp(sim_text(h, sent(h)->from_display), "outside, unverified") == 0);
}

static void a_known_number_goes_out_and_is_charged(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	NEED(t.sdp.audio.proto == SDP_RTP_AVP && t.sdp.audio.crypto_n == 0 && t.sdp.audio.fingerprint_n == 0);
	talk_answer(&t, 183, &plain); /* early media */
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 183);
	const struct sdp *early = sim_part(h, respond(h)->sdp);
	NEED(early && early->audio.crypto_n == 1);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && !s->answered && s->side[0].end == RELAY_ENDED_SDES && s->side[1].end == RELAY_ENDED_CLEAR);
	NEED(s->side[0].hears == RELAY_HEARS_OTHER && s->side[1].source == RELAY_SOURCE_NAMED);
	talk_answer(&t, 200, &plain);
	h = talk_takes(&t, SIP_ACK);
	NEED(h && !sent(h)->privacy && strcmp(sim_text(h, sent(h)->from_user), "+33140000000") == 0);
	talk_hears(&a, 200);
	talk_ack(&a);
	media_says_gate(join, RELAY_KEY_SDES);
	sim_pass(61000);
	call_hang_up(&a, &t);
	finish();
	NEED(sim.records == 1 && strcmp(sim.record_to, "+33123456789") == 0 && strcmp(sim.record_from, "alice") == 0);
	/* four accounts moved: extension, phone, trunk, site */
	bool scope[CEILING_SCOPES] = {0};
	while ((h = sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL)))
		scope[((const struct msg_spent_set *)(const void *)h->payload)->scope] = true;
	for (int i = 0; i < CEILING_SCOPES; i++)
		NEED(scope[i]);
}

/* --- ceilings that were counted under a clock that ran ahead (T47, T50) --- */

enum { A_YEAR = 365 };

/* ledger gives back what was spent in a year's time. */
static void ledger_has_spent_ahead(enum ceiling_scope scope, uint32_t index)
{
	const struct ceiling_when w = account_now();
	const struct ceiling_count n = {.day = w.day + A_YEAR, .hour = w.hour + 24 * A_YEAR, .hourly = 100000};
	struct link *ledger = sim_far(PROC_LEDGER, 0);
	char mem[SPENT_TEXT_MAX];
	struct buf text = buf_of(mem, sizeof mem);
	struct msg_spent *m = ipc_begin(ledger, MSG_SPENT);

	ceiling_put(&text, &n);
	m->scope = (uint8_t)scope;
	m->index = index;
	m->text = ipc_put(ledger, buf_span(&text));
	ipc_end(ledger);
	sim_turn();
}

static void is_ahead_until_the_clock_is_confirmed(enum ceiling_scope scope, uint32_t index)
{
	begin_with(NULL);
	ledger_has_spent_ahead(scope, index);
	talk_invite(&a, &alice, "0123456789", &offer);
	NEED(code_of(a.txn) >= 400);
	sim_pass(120000);
	NEED(sim.events[EVENT_CEILING] == 1 && sim.event_severity == SEVERITY_ALARM && strstr(sim.event_text, "clock"));
	NEED(sim_status("counters-ahead").used == 1);
	sim_clear();
	struct msg_clock_confirm *m = ipc_begin(sim_far(PROC_CTL, 0), MSG_CLOCK_CONFIRM);
	m->token = 5;
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
	struct heard *h = sim_take(PROC_CTL, MSG_DONE, NULL, NULL);
	NEED(h && ((const struct msg_done *)(const void *)h->payload)->result == DONE_OK);
	NEED(sim_status("counters-ahead").used == 0);
	sim_pass(SPENT_EVERY_MS + 1000);
	/* ledger's copy too is of today, and nothing of it was given back */
	struct ceiling_count kept;
	h = sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL);
	NEED(h);
	const struct msg_spent_set *put = (const void *)h->payload;
	NEED(put->scope == scope && put->index == index && ceiling_parse(span_str(sim_text(h, put->text)), &kept));
	NEED(kept.day <= account_now().day && kept.hour <= account_now().hour && kept.hourly == 100000);
	sim_pass(61000);
	NEED(sim.events[EVENT_CEILING] == 1);
	finish();
}

static void what_was_counted_ahead_is_of_today_when_the_clock_is_confirmed(void)
{
	is_ahead_until_the_clock_is_confirmed(CEILING_EXTENSION, 0);
}

static void so_is_that_of_a_phone(void)
{
	is_ahead_until_the_clock_is_confirmed(CEILING_DEVICE, 0);
}

static void so_is_that_of_the_site(void)
{
	is_ahead_until_the_clock_is_confirmed(CEILING_SITE, 0);
}

static void what_was_counted_ahead_begins_anew_after_a_real_day(void)
{
	begin_with(NULL);
	sim.step_ms = 1000;
	ledger_has_spent_ahead(CEILING_EXTENSION, 0);
	sim_pass(3600000);
	talk_invite(&a, &alice, "0123456789", &offer);
	NEED(code_of(a.txn) >= 400);
	sim_pass(120000);
	phone_register(&alice);
	talk_invite(&a, &alice, "0123456789", &offer);
	NEED(sent_to(&telco[0], SIP_INVITE));
	sim_pass(86400000 - 3600000);
	NEED(sim_status("counters-ahead").used == 0);
	sim_clear();
}

static void srtp_trunk(void)
{
	sim.site.trunk[0].media = TRUNK_SRTP;
	sim.site.trunk[0].plain = 0;
}

/* SDES towards the provider, with keys of ours: nothing that the phone says of its own goes there (R6, R7). */
static void a_trunk_with_srtp_has_keys_of_its_own(void)
{
	uint64_t join;

	begin_with(srtp_trunk);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	NEED(t.sdp.audio.proto == SDP_RTP_SAVP && t.sdp.audio.crypto_n > 0);
	struct sdp sdes = sdp_of(KEYS_SDES, telco[0].host, 40002, 1, "sendrecv", NULL);
	for (uint8_t i = 0; i < t.sdp.audio.crypto_n; i++) {
		NEED(memcmp(t.sdp.audio.crypto[i].key, offer.audio.crypto[0].key, 30) != 0);
		if (t.sdp.audio.crypto[i].suite == sdes.audio.crypto[0].suite)
			sdes.audio.crypto[0].tag = t.sdp.audio.crypto[i].tag;
	}
	talk_up(&a, &t, &sdes);
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->answered && s->side[0].end == RELAY_ENDED_SDES && s->side[1].end == RELAY_ENDED_SDES);
	media_says_gate(join, RELAY_KEY_SDES);
	call_hang_up(&a, &t);
	finish();
}

static void a_trunk_that_fails_is_followed_by_the_next(void)
{
	begin_with(NULL);
	talk_invite(&a, &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 503, NULL);
	talk_rings_at(&t, &telco[1]);
	talk_answer(&t, 486, NULL); /* the callee's own word */
	NEED(code_of(a.txn) == 486);
	finish();
}

/* A line that nobody talks on any more costs, and is not left so because the trunk was away when its caller hung up. */
static void a_trunk_that_was_away_is_hung_up_on_when_it_is_back(void)
{
	begin_with(NULL);
	up_at(&a, &t, "+33123456789", &telco[0]);
	phone_down(&telco[0]);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	sim_pass(20);
	NEED(sim_status("hang-ups-owed").used == 1 && !sent_to(&telco[0], SIP_BYE));
	phone_up(&telco[0]);
	struct heard *bye = talk_takes(&t, SIP_BYE);
	NEED(bye);
	talk_reply(&t, bye, 200, NULL);
	NEED(sim_status("legs").used == 0);
	/* one that is there and says nothing is forgotten with its line */
	up_at(&a, &t, "+33123456789", &telco[0]);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(talk_takes(&t, SIP_BYE));
	finish();
}

/* It is reached anew at once, and then as often as dial's contract bears, however soon it hangs up again (T23). */
static void a_trunk_that_hangs_up_again_and_again_is_not_reached_without_end(void)
{
	uint32_t n = 0;

	begin_with(NULL);
	sim_link_up(PROC_DIAL, 0);
	sim_clear();
	for (int i = 0; i < 100; i++) {
		if (telco[0].flow)
			phone_down(&telco[0]);
		while (sim_take(PROC_DIAL, MSG_REACH_WANT, NULL, NULL))
			n++;
		NEED(i > 0 || n == 1);
		phone_up(&telco[0]);
		struct heard *h = sent_to(&telco[0], SIP_OPTIONS);
		if (h)
			phone_answer(&telco[0], h, 200, NULL);
		sim_pass(10);
	}
	NEED(n <= 3);
	phone_down(&telco[0]);
	sim_pass(600);
	NEED(sim_take(PROC_DIAL, MSG_REACH_WANT, NULL, NULL));
}

static void asked_every_five_seconds(void)
{
	sim.site.trunk[0].keepalive_s = 5;
}

/* R29: one that wants no registration is asked by OPTIONS, as often as its section says and no more. */
static void a_static_peer_is_asked_now_and_then(void)
{
	struct heard *h;
	unsigned asked = 0;

	begin_with(asked_every_five_seconds);
	for (int tick = 0; tick < 600; tick++) {
		while ((h = sent_to(&telco[0], SIP_OPTIONS))) {
			asked++;
			phone_answer(&telco[0], h, 200, NULL);
		}
		sim_pass(100);
	}
	NEED(asked >= 11 && asked <= 13);
	NEED(!sent_to(&telco[0], SIP_REGISTER) && !sent_to(&telco[1], SIP_OPTIONS));
	finish();
}

static void media_of_a_trunk_come_from_its_own_nets(void)
{
	begin_with(NULL);
	struct sdp elsewhere = plain;
	(void)addr_parse_ip(SPAN("198.51.100.99"), &elsewhere.audio.at);
	elsewhere.audio.at.port = 40000;
	talk_invite(&a, &alice, "+33123456789", &offer);
	for (int i = 0; i < 2; i++) {
		talk_rings_at(&t, &telco[i]);
		talk_answer(&t, 200, &elsewhere);
		NEED(talk_takes(&t, SIP_ACK) && talk_takes(&t, SIP_BYE));
	}
	NEED(code_of(a.txn) == 488);
	finish();
}

static void few_minutes(void)
{
	set(1, OWNER_USER, 0, SETTING_CEILINGS, "minutes=2");
}

static void money_for_one_minute(void)
{
	set(1, OWNER_USER, 0, SETTING_CEILINGS, "money=0.10");
}

/* R17: the provider bills each minute that was begun, and the next one can't be paid. */
static void a_minute_that_cannot_be_paid_does_not_begin(void)
{
	struct ceiling_count spent = {0};

	begin_with(money_for_one_minute);
	for (int odd = 0; odd < 3; odd++) /* whenever in a second it was */
		sim_pass(237);
	talk_invite(&a, &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	sim_pass(3411);
	talk_answer(&t, 200, &plain);
	talk_takes(&t, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(59000);
	NEED(!talk_takes(&a, SIP_BYE));
	sim_pass(900);
	NEED(talk_takes(&t, SIP_BYE) && talk_takes(&a, SIP_BYE));
	for (struct heard *h; (h = sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL));) {
		const struct msg_spent_set *m = (const void *)h->payload;
		if (m->scope == CEILING_EXTENSION)
			NEED(ceiling_parse(span_str(sim_text(h, m->text)), &spent));
	}
	NEED(spent.money_e4_ms == UINT64_C(1000) * 60000);
}

/* Who is on hold at that moment hears it after the music. */
static void the_word_of_warning_waits_for_the_music(void)
{
	struct sdp held, back;
	uint64_t join;

	begin_with(few_minutes);
	up_at(&a, &t, "+33123456789", &telco[0]);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	held = back = plain;
	held.version = 2;
	back.version = 3;
	held.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&t, SIP_INVITE, &held)) == 200);
	talk_ack(&t);
	NEED(turn("music")->loop);
	sim_pass(70000);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	NEED(code_of(talk_send(&t, SIP_INVITE, &back)) == 200);
	talk_ack(&t);
	sim_pass(2000);
	NEED(turn("one-minute-left"));
	sim_pass(60000);
	NEED(talk_takes(&t, SIP_BYE) && talk_takes(&a, SIP_BYE));
}

static void a_ceiling_cuts_a_running_call(void)
{
	begin_with(few_minutes);
	talk_invite(&a, &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &plain);
	talk_takes(&t, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	sim_pass(63000);
	/* a word of warning before */
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(h && strcmp(sim_text(h, ((const struct msg_turn *)(const void *)h->payload)->say), "one-minute-left") == 0);
	sim_pass(60000);
	NEED(talk_takes(&t, SIP_BYE) && talk_takes(&a, SIP_BYE));
	NEED(sim.events[EVENT_CEILING] > 0);
	/* and no further call that day */
	talk_invite(&b, &alice, "+33123456789", &offer);
	talk_hears(&b, 200); /* it is told so */
	uint64_t join;
	relay_wish(&join);
	media_says_gate(join, RELAY_KEY_SDES);
	h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(h && strcmp(sim_text(h, ((const struct msg_turn *)(const void *)h->payload)->say), "ceiling-reached") == 0);
	NEED(!sent_to(&telco[0], SIP_INVITE));
}

/* A warning that can't be given, or is interrupted, takes nothing from the talk. */
static void without_voice_the_talk_goes_on(void)
{
	begin_with(few_minutes);
	for (int i = 0; i < 2; i++) {
		talk_invite(&a, &alice, "+33123456789", &offer);
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, 200, &plain);
		talk_takes(&t, SIP_ACK);
		talk_hears(&a, 200);
		talk_ack(&a);
		if (i == 0)
			sim_link_down(PROC_VOICE, 0);
		sim_pass(i ? 3000 : 63000);
		if (i == 1) {
			NEED(sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
			sim_link_down(PROC_VOICE, 0);
		}
		const struct relay_spec *s = relay_wish(NULL), *last = s;
		for (; s; s = relay_wish(NULL))
			last = s;
		NEED(last && last->side[0].hears == RELAY_HEARS_OTHER && last->side[1].hears == RELAY_HEARS_OTHER);
		NEED(sim_status("voice-turns").used == 0);
		sim_link_up(PROC_VOICE, 0);
		NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
		call_hang_up(&a, &t);
	}
	finish();
}

static void one_line_each(void)
{
	sim.site.trunk[0].lines = sim.site.trunk[1].lines = 1;
	set(1, OWNER_USER, 0, SETTING_CEILINGS, "calls=10");
	sim.site.plan.ceiling[CEILING_DEVICE].most[CEILING_CALLS] = 10;
}

static void lines_are_counted(void)
{
	static struct talk many[3];

	begin_with(one_line_each);
	for (int i = 0; i < 2; i++) {
		talk_invite(&many[i], &alice, "+33123456789", &offer);
		talk_rings_at(&t, &telco[i]);
	}
	talk_invite(&many[2], &alice, "+33123456789", &offer);
	NEED(code_of(many[2].txn) == 503);
	talk_answer(&t, 486, NULL); /* one is free again */
	NEED(code_of(many[1].txn) == 486);
	talk_invite(&many[2], &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[1]);
}

/* --- in --- */

static void a_caller_from_outside_rings_and_is_shown_unverified(void)
{
	begin_with(NULL);
	invite_from(&t, "+33987654321", "+33140000001", false);
	talk_hears(&t, 180);
	NEED(!sent_to(&bob, SIP_INVITE)); /* nobody knows the caller: held up a little */
	sim_pass(4100);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.crypto_n > 0); /* never clear towards a phone */
	struct sdp answer = sdp_plain(&bob);
	answer.audio.crypto[0].tag = 2; /* of our suites the one it has */
	talk_up(&t, &b, &answer);
	const struct relay_spec *s = relay_wish(NULL);
	NEED(s && s->side[0].end == RELAY_ENDED_CLEAR && s->side[1].end == RELAY_ENDED_SDES);
	call_hang_up(&b, &t);
	finish();
	NEED(strcmp(sim.record_from, "+33987654321") == 0);
}

/* It declines SDES by a 200 with a fingerprint (baresip does): it is hung up on, and rings again with what it takes. */
static void a_phone_that_takes_dtls_alone_rings_again(void)
{
	begin_with(NULL);
	media_says_fingerprint(0x5a);
	invite_from(&t, "+33987654321", "+33140000001", false);
	sim_pass(4100);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.crypto_n > 0);
	struct talk first = b;
	struct sdp dtls = sdp_of(KEYS_DTLS, bob.host, 40012, 1, "sendrecv", "active");
	talk_answer(&b, 200, &dtls);
	NEED(talk_takes(&first, SIP_ACK));
	struct heard *bye = talk_takes(&first, SIP_BYE);
	NEED(bye);
	talk_reply(&first, bye, 200, NULL);
	talk_rings_at(&b, &bob);
	NEED(b.sdp.audio.crypto_n == 0 && b.sdp.audio.fingerprint_n == 1);
	talk_answer(&b, 200, &dtls);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&t, 180);
	talk_hears(&t, 200);
	talk_ack(&t);
	call_hang_up(&b, &t);
	finish();
}

static void with_a_group(void)
{
	sim.group[0] = (struct sim_group){"600", "bob"};
}

static void nobody_outside_is_one_of_us(void)
{
	begin_with(with_a_group);
	invite_from(&t, "alice", "+33140000001", false);
	NEED(code_of(t.txn) == 403);
	invite_from(&t, "+33140000001", "+33140000001", false); /* our own number */
	NEED(code_of(t.txn) == 403);
	invite_from(&t, "0140000000", "+33140000001", false); /* what our trunks show */
	NEED(code_of(t.txn) == 403);
	invite_from(&t, "600", "+33140000001", false); /* a ring group */
	NEED(code_of(t.txn) == 403);
	NEED(!sent_to(&bob, SIP_INVITE));
	/* nor reaches a number that is not one of ours */
	invite_from(&t, "+33987654321", "+33123456789", false);
	NEED(code_of(t.txn) == 404);
	invite_from(&t, "+33987654321", "alice", false);
	NEED(code_of(t.txn) == 404);
	finish();
}

static void bob_forwards_out(void)
{
	set(1, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "+33123456789");
	set(2, OWNER_USER, 1, SETTING_CLASSES, "national");
}

/* R14, T41: not by a forward either, whoever pays */
static void an_outsider_never_reaches_a_trunk(void)
{
	begin_with(bob_forwards_out);
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = INCOMING_PASS;
	for (int withheld = 0; withheld < 2; withheld++) {
		invite_from(&t, withheld ? "anonymous" : "+33987654321", "+33140000001", withheld);
		talk_rings_at(&b, &bob);
		talk_answer(&b, 486, NULL);
		NEED(code_of(t.txn) == 486);
	}
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	finish();
}

/* --- parked --- */

static void bob_forwards_what_he_misses(void)
{
	set(1, OWNER_USER, 1, SETTING_FORWARD_BUSY, "+33123456789");
	set(2, OWNER_USER, 1, SETTING_FORWARD_OFFLINE, "+33123456789");
	set(3, OWNER_USER, 1, SETTING_CLASSES, "national");
	sim.site.plan.unknown_caller = INCOMING_PASS;
	sim.site.park_s = 30;
}

/* T41: nor by being parked: it leads back to bob, and not where bob's other calls go */
static void a_parked_outsider_never_reaches_a_trunk(void)
{
	struct talk code;

	begin_with(bob_forwards_what_he_misses);
	invite_from(&t, "+33987654321", "+33140000001", false);
	talk_rings_at(&b, &bob);
	struct sdp answer = sdp_plain(&bob), own = answer;
	answer.audio.crypto[0].tag = 2;
	talk_up(&t, &b, &answer);
	sim_pass(5000);
	relay_wish(NULL);
	talk_invite(&code, &bob, "*68", &own);
	const struct msg_turn *m = turn("music");
	NEED(m->loop && m->side == 0);
	hangs_up_on(&b);
	answered(&code);
	voice_says(turn("parked-at digits:10 silence:600 digits:10 silence:300")->token, TURN_SAID, "");
	hangs_up_on(&code);
	for (int i = 0; i < 16; i++) { /* each half minute, until it is given up */
		if (i)
			NEED(code_of(phone_send_register(&bob, ABSENT, false)) == 200);
		sim_pass(31000);
		talk_rings_at(&b, &bob);
		talk_answer(&b, 486, NULL);
		NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
	}
	voice_says(turn("number-busy")->token, TURN_SAID, "");
	hangs_up_on(&t);
	finish();
}

/* --- somebody else's phone and PIN (T43) --- */

static unsigned alarms;

static void count_alarms(struct link *l, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;

	(void)l;
	alarms += v->type == MSG_EVENT && m->severity == SEVERITY_ALARM;
}

static void may_go_abroad(void)
{
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national international");
	sim.dialled[1] = "+25261000000";
	sim.pin = "2468";
	alarms = 0;
	sim.watch = count_alarms;
}

/* One call with the right PIN, hung up as soon as it is on its way; was it? Or is the caller told that a ceiling is reached? */
static bool goes_out(const char *number)
{
	uint64_t join;

	talk_invite(&a, &alice, number, &offer);
	talk_hears(&a, 200);
	talk_ack(&a);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	const struct msg_turn *m = h ? (const void *)h->payload : NULL;
	NEED(m);
	if (strcmp(sim_text(h, m->say), "ceiling-reached") == 0) {
		voice_says(m->token, TURN_SAID, "");
		hangs_up_on(&a);
		return false;
	}
	NEED(strcmp(sim_text(h, m->say), "pin-please") == 0);
	sim.pins = 0;
	voice_says(m->token, TURN_DIGITS, "2468");
	/* from now on it is known */
	struct heard *add = sim_take(PROC_KEEPER, MSG_DIALLED_ADD, NULL, NULL);
	NEED(add);
	const struct msg_dialled_add *d = (const void *)add->payload;
	NEED(number[0] != '+' || strcmp(sim_text(add, d->number), number) == 0);
	talk_rings_at(&t, &telco[0]);
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&t, 487, NULL);
	sim_pass(1000);
	return true;
}

/* The i-th that nobody dialled before. */
static const char *abroad(int i)
{
	static char number[32];

	snprintf(number, sizeof number, "+252610000%02d", i);
	return number;
}

static void two_new_numbers_abroad_and_no_third(void)
{
	unsigned out = 0;

	begin_with(may_go_abroad);
	for (int i = 1; i <= 30; i++) {
		out += goes_out(abroad(i));
		NEED(alarms >= (i >= 2)); /* the second is an alarm: the ceiling is reached */
	}
	NEED(out == 2 && alarms >= 2 && alarms <= 6); /* extension and phone, half and whole; and that it goes on */
	sim_pass(4000); /* nobody begins more calls than that at once */
	/* what was dialled before, and what is no foreign country, goes on */
	up_at(&a, &t, "+25261000000", &telco[0]);
	call_hang_up(&a, &t);
	up_at(&a, &t, "0123456789", &telco[0]);
	call_hang_up(&a, &t);
	NEED(goes_out("0123456780"));
	finish();
}

static void may_go_far(void)
{
	may_go_abroad();
	set(1, OWNER_USER, 0, SETTING_CEILINGS, "abroad=5");
}

/* Who was given more may use it at their one phone. */
static void more_numbers_abroad_of_their_own(void)
{
	unsigned out = 0;

	begin_with(may_go_far);
	for (int i = 1; i <= 8; i++)
		out += goes_out(abroad(i));
	NEED(out == 5);
	finish();
}

static void without_a_pin(void)
{
	may_go_abroad();
	sim.site.plan.pin = 0;
}

/* Whoever is called is busy, and known from then on; or the caller is told that a ceiling is reached. */
static void is_busy_or_told(const char *number, bool told)
{
	talk_invite(&a, &alice, number, &offer);
	if (told) {
		is_told(&a, RELAY_KEY_SDES, "ceiling-reached");
		return;
	}
	NEED(sim_take(PROC_KEEPER, MSG_DIALLED_ADD, NULL, NULL));
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	NEED(code_of(a.txn) == 486);
}

/* Without PINs too what was dialled before is known: one number often is one number. */
static void without_pins_a_number_is_new_once(void)
{
	begin_with(without_a_pin);
	for (int i = 0; i < 3; i++) {
		up_at(&a, &t, "+25261000000", &telco[0]);
		call_hang_up(&a, &t);
	}
	for (int i = 1; i <= 3; i++)
		is_busy_or_told(abroad(i), i == 3);
	finish();
}

/* A call that never goes out makes no number known: else each is dialled twice, and no ceiling of new ones holds (T43). */
static void what_never_went_out_is_still_new(void)
{
	begin_with(without_a_pin);
	struct sdp zrtp = sdp_zrtp(&alice);
	for (int i = 1; i <= 3; i++) {
		talk_invite(&a, &alice, abroad(i), &zrtp);
		NEED(code_of(a.txn) == (i < 3 ? 488 : 403));
		NEED(!sim_take(PROC_KEEPER, MSG_DIALLED_ADD, NULL, NULL));
		is_busy_or_told(abroad(i), i == 3);
	}
	finish();
}

/* Refused by class, night, calls at once: the third within a minute is an alarm, one in ten minutes. */
static void refused_again_and_again_is_an_alarm(void)
{
	static const char dear[] = "0899123456";

	begin_with(may_go_abroad);
	for (int i = 0; i < 2; i++) {
		talk_invite(&a, &alice, dear, &offer);
		NEED(code_of(a.txn) == 403);
		sim_pass(31000);
	}
	talk_invite(&a, &alice, dear, &offer);
	NEED(code_of(a.txn) == 403 && alarms == 0); /* the first was a minute ago */
	for (int i = 0; i < 9; i++) {
		talk_invite(&a, &alice, dear, &offer);
		NEED(code_of(a.txn) == 403 && alarms == 1);
	}
	/* somebody else's refusals are their own */
	talk_invite(&b, &bob, dear, &offer);
	NEED(code_of(b.txn) == 403 && alarms == 1);
	sim_pass(600000);
	for (int i = 0; i < 3; i++) {
		NEED(alarms == 1);
		talk_invite(&a, &alice, dear, &offer);
		NEED(code_of(a.txn) == 403);
	}
	NEED(alarms == 2);
	finish();
}

static void one_call_an_hour_over_each(void)
{
	may_go_abroad();
	sim.site.plan.ceiling[CEILING_TRUNK].most[CEILING_HOURLY] = 1;
}

/* The trunk's ceiling is known only when a line is looked for; who runs against it counts as one who is refused. */
static void a_trunks_ceiling_that_is_hammered_is_an_alarm(void)
{
	begin_with(one_call_an_hour_over_each);
	for (int i = 0; i < 2; i++) {
		up_at(&a, &t, "+33123456789", &telco[i]);
		call_hang_up(&a, &t);
	}
	const unsigned had = alarms; /* that the ceilings are reached */
	for (unsigned i = 1; i <= 5; i++) {
		talk_invite(&a, &alice, "+33123456789", &offer);
		NEED(code_of(a.txn) == 403 && !sent_to(&telco[0], SIP_INVITE) && !sent_to(&telco[1], SIP_INVITE));
		NEED(alarms == had + (i >= 3));
	}
	finish();
}

/* New numbers, from a phone to which no prompt can be said: it is refused, and counts as refused. */
static void a_pin_that_nobody_can_ask_for_is_a_refusal(void)
{
	begin_with(may_go_abroad);
	sim_link_down(PROC_VOICE, 0);
	for (unsigned i = 1; i <= 5; i++) {
		talk_invite(&a, &alice, "+25261000009", &offer);
		NEED(code_of(a.txn) == 503 && alarms == (i >= 3));
	}
	finish();
}

static void two_minutes(void)
{
	set(1, OWNER_USER, 0, SETTING_CEILINGS, "minutes=2");
}

/* R17: who parked a call over an outside line pays on, also while another talks, until the ceiling cuts it */
static void a_parked_line_costs_on(void)
{
	struct talk code, taken;

	begin_with(two_minutes);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	sim_pass(20000);
	relay_wish(NULL);
	talk_invite(&code, &alice, "*68", &offer);
	turn("music");
	hangs_up_on(&a);
	answered(&code);
	voice_says(turn("parked-at digits:10 silence:600 digits:10 silence:300")->token, TURN_SAID, "");
	hangs_up_on(&code);
	NEED(strcmp(sim.record_from, "alice") == 0);
	sim_pass(40000);
	struct sdp own = sdp_plain(&bob);
	talk_invite(&taken, &bob, "*6910", &own);
	talk_hears(&taken, 200);
	talk_ack(&taken);
	NEED(sim_status("lines-telco0").used == 1);
	sim_pass(55000);
	NEED(code_of(talk_send(&taken, SIP_OPTIONS, NULL)) == 200);
	sim_pass(10000); /* two minutes since the far end answered */
	hangs_up_on(&taken);
	hangs_up_on(&t);
	NEED(sim.events[EVENT_CEILING] > 0);
	finish();
	NEED(strcmp(sim.record_from, "+33123456789") == 0 && strcmp(sim.record_to, "bob") == 0);
}

static void bob_is_strict(void)
{
	set(1, OWNER_USER, 1, SETTING_REJECT_ANONYMOUS, "on");
	set(2, OWNER_USER, 1, SETTING_BLOCKED, "0987654321");
	set(3, OWNER_USER, 1, SETTING_SCREEN, "screen");
}

/* What voice is told of an INFO with this key, in this call of the trunk's. */
static const struct msg_key *key_by_info(struct talk *call, char key)
{
	talk_begin(call, SIP_INFO)->key = (uint8_t)key;
	NEED(code_of(talk_end(call)) == 200);
	struct heard *h = sim_take(PROC_VOICE, MSG_KEY, NULL, NULL);
	return h ? (const void *)h->payload : NULL;
}

/* R18: a gateway that says keys by INFO is as good as one that says them in the stream; to whom nobody listens they mean nothing. */
static void keys_of_an_info_over_a_trunk_are_told_to_voice(void)
{
	begin_with(bob_is_strict);
	phone_begin(&telco[0], SIP_INFO)->key = '4';
	NEED(code_of(phone_end(&telco[0])) == 481);
	phone_begin(&telco[0], SIP_BYE);
	NEED(code_of(phone_end(&telco[0])) == 481);
	invite_from(&t, "+33611223344", "+33140000001", false);
	talk_hears(&t, 200);
	talk_ack(&t);
	uint64_t join;
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_NONE);
	const struct msg_turn *asked = turn("screening");
	const struct msg_key *k = key_by_info(&t, '4');
	NEED(k && k->join == asked->join && k->join == join && k->side == asked->side && k->digit == 4);
	k = key_by_info(&t, '#');
	NEED(k && k->digit == 11);
	NEED(!key_by_info(&t, 0));
	/* another trunk's, in the same dialog */
	t.phone = &telco[1];
	talk_begin(&t, SIP_INFO)->key = '4';
	NEED(code_of(talk_end(&t)) == 481 && !sim_take(PROC_VOICE, MSG_KEY, NULL, NULL));
	t.phone = &telco[0];
	voice_says(asked->token, TURN_DIGITS, "4");
	talk_rings_at(&b, &bob);
	struct sdp answer = sdp_plain(&bob);
	answer.audio.crypto[0].tag = 2;
	talk_answer(&b, 200, &answer);
	NEED(talk_takes(&b, SIP_ACK));
	/* they talk: nobody listens for keys */
	NEED(!key_by_info(&t, '5') && !sent_to(&bob, SIP_INFO));
	call_hang_up(&b, &t);
	finish();
}

static void unknown_callers_press_a_key_and_some_are_refused(void)
{
	begin_with(bob_is_strict);
	invite_from(&t, "anonymous", "+33140000001", true);
	is_told(&t, RELAY_KEY_NONE, "anonymous-refused");
	sim_link_down(PROC_VOICE, 0);
	invite_from(&t, "anonymous", "+33140000001", true);
	NEED(code_of(t.txn) == 603);
	sim_link_up(PROC_VOICE, 0);
	invite_from(&t, "+33987654321", "+33140000001", false);
	NEED(code_of(t.txn) == 603);
	invite_from(&t, "+33611223344", "+33140000001", false);
	talk_hears(&t, 200);
	talk_ack(&t);
	uint64_t join;
	relay_wish(&join);
	media_says_gate(join, RELAY_KEY_NONE);
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	const struct msg_turn *m = h ? (const void *)h->payload : NULL;
	NEED(m && strcmp(sim_text(h, m->say), "screening") == 0);
	NEED(!sent_to(&bob, SIP_INVITE));
	struct msg_turned *said = ipc_begin(sim_far(PROC_VOICE, 0), MSG_TURNED);
	said->token = m->token;
	said->why = TURN_DIGITS;
	said->digits = ipc_put(sim_far(PROC_VOICE, 0), SPAN("4"));
	ipc_end(sim_far(PROC_VOICE, 0));
	sim_turn();
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(h && strcmp(sim_text(h, ((const struct msg_turn *)(const void *)h->payload)->say), "tone:ringback") == 0);
	talk_answer(&b, 486, NULL);
	h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(h && strcmp(sim_text(h, ((const struct msg_turn *)(const void *)h->payload)->say), "number-busy") == 0);
	/* one whom bob has called passes */
	sim.dialled[1] = "+33611223355";
	invite_from(&t, "+33611223355", "+33140000001", false);
	talk_rings_at(&b, &bob);
}

static void pin_of_alice(void)
{
	sim.pin = "2468";
}

/* A number that nobody has is called that, and is not the fault of the lines. */
static void a_number_that_is_not_in_service(void)
{
	begin_with(pin_of_alice);
	talk_invite(&a, &alice, "+33123456789", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 404, NULL);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 404 && respond(h)->cause == 1);
	static const struct {
		unsigned code;
		const char *say;
	} said[] = {{404, "not-in-service"}, {410, "not-in-service"}, {604, "not-in-service"}, {484, "number-unknown"}, {486, "number-busy"},
	    {603, "call-declined"}, {480, "no-answer"}};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		uint64_t join;
		sim.dialled[0] = NULL;
		sim.pins = 0;
		talk_invite(&a, &alice, "+33123456781", &offer);
		talk_hears(&a, 200);
		talk_ack(&a);
		NEED(relay_wish(&join));
		media_says_gate(join, RELAY_KEY_SDES);
		voice_says(turn("pin-please")->token, TURN_DIGITS, "2468");
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, said[i].code, NULL);
		voice_says(turn(said[i].say)->token, TURN_SAID, "");
		hangs_up_on(&a);
	}
	finish();
}

static void as_many_trunks_as_may_be(void)
{
	for (int i = 2; i < SITE_TRUNKS_MAX; i++)
		sim_add_trunk(i);
}

static void each_trunk_has_its_line_in_the_status(void)
{
	begin_with(as_many_trunks_as_may_be);
	NEED(sim_status("lines-telco7").limit == 2 && sim_status("legs").limit > 0);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_withheld_number_is_withheld_to_the_end);
	SIM(a_phone_that_asks_for_privacy_has_it_outside);
	SIM(a_from_that_says_nobody_is_who_logged_in);
	SIM(numbers_are_spelled_as_the_trunk_does);
	SIM(a_caller_without_a_plus_is_known);
	SIM(a_number_that_is_not_in_service);
	SIM(a_known_number_goes_out_and_is_charged);
	SIM(what_was_counted_ahead_is_of_today_when_the_clock_is_confirmed);
	SIM(so_is_that_of_a_phone);
	SIM(so_is_that_of_the_site);
	SIM(what_was_counted_ahead_begins_anew_after_a_real_day);
	SIM(a_trunk_with_srtp_has_keys_of_its_own);
	SIM(a_trunk_that_fails_is_followed_by_the_next);
	SIM(a_trunk_that_was_away_is_hung_up_on_when_it_is_back);
	SIM(a_trunk_that_hangs_up_again_and_again_is_not_reached_without_end);
	SIM(a_static_peer_is_asked_now_and_then);
	SIM(media_of_a_trunk_come_from_its_own_nets);
	SIM(a_ceiling_cuts_a_running_call);
	SIM(a_minute_that_cannot_be_paid_does_not_begin);
	SIM(the_word_of_warning_waits_for_the_music);
	SIM(without_voice_the_talk_goes_on);
	SIM(lines_are_counted);
	SIM(a_caller_from_outside_rings_and_is_shown_unverified);
	SIM(a_phone_that_takes_dtls_alone_rings_again);
	SIM(nobody_outside_is_one_of_us);
	SIM(an_outsider_never_reaches_a_trunk);
	SIM(a_parked_outsider_never_reaches_a_trunk);
	SIM(a_parked_line_costs_on);
	SIM(two_new_numbers_abroad_and_no_third);
	SIM(without_pins_a_number_is_new_once);
	SIM(what_never_went_out_is_still_new);
	SIM(more_numbers_abroad_of_their_own);
	SIM(refused_again_and_again_is_an_alarm);
	SIM(a_trunks_ceiling_that_is_hammered_is_an_alarm);
	SIM(a_pin_that_nobody_can_ask_for_is_a_refusal);
	SIM(keys_of_an_info_over_a_trunk_are_told_to_voice);
	SIM(each_trunk_has_its_line_in_the_status);
	SIM(unknown_callers_press_a_key_and_some_are_refused);
	(void)test_failed_here;
	return TEST_END;
}
