/* SPDX-License-Identifier: ISC */
/* Voicemail through core: who is answered by it, what a message needs, *97 and its PIN, a sibling that dies or says nothing at
 * each step (R14, R15, R27). alice leaves messages for bob. */
#include "../unit/test.h"
#include "sim_voice.h"
#include "voice.h"

static struct phone alice, bob, carol, telco;
static struct talk a, b;
static struct sdp offer;

static void mailbox(void)
{
	set(0, OWNER_USER, 1, SETTING_VOICEMAIL, "15");
}

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	if (settings)
		settings();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob}, 2);
	offer = sdp_plain(&alice);
}

static void finish(void)
{
	sim_pass(60000);
	NEED(sim_status("voice-turns").used == 0 && sim_status("pin-questions").used == 0);
	sim_need_idle();
}

/* --- a message is left --- */

static uint8_t key_of(const struct msg_turn *t)
{
	for (size_t i = 1; i < sizeof t->message_key; i++)
		NEED(t->message_key[i] == t->message_key[0]);
	return t->message_key[0];
}

static void ledger_keeps(uint64_t token, uint64_t message, enum mail_kept kept)
{
	struct msg_mail_kept *m = ipc_begin(sim_far(PROC_LEDGER, 0), MSG_MAIL_KEPT);

	m->token = token;
	m->message = message;
	m->kept = (uint8_t)kept;
	ipc_end(sim_far(PROC_LEDGER, 0));
	sim_turn();
}

static bool marked(uint64_t message, bool gone)
{
	struct heard *h = sim_take(PROC_LEDGER, MSG_MAIL_MARK, NULL, NULL);
	const struct msg_mail_mark *m = h ? (const void *)h->payload : NULL;
	struct heard *f = sim_take(PROC_KEEPER, MSG_MAIL_KEY_FORGET, NULL, NULL);
	const struct msg_mail_key_forget *forget = f ? (const void *)f->payload : NULL;

	return m && m->user == 1 && m->message == message && m->gone == gone && (forget != NULL) == gone &&
	       (!forget || forget->message == message);
}

static bool untouched(void)
{
	return !sim_take(PROC_LEDGER, MSG_MAIL_MARK, NULL, NULL) && !sim_take(PROC_KEEPER, MSG_MAIL_KEY_FORGET, NULL, NULL);
}

/* Greeting and recording turn are heard by this caller, to the end; the exchange hangs up. */
static void leaves_after(struct talk *caller, const char *greeting)
{
	const struct msg_turn *t = turn(greeting);

	NEED(t->record_ms == 0 && t->digits_max == 0 && !t->loop);
	voice_says(t->token, TURN_SAID, "");
	t = turn("voicemail-record-after-tone tone:warning");
	NEED(t->message == 101 && key_of(t) == 101 && t->record_ms == 120000 && t->silence_ms == 10000 && !t->barge);
	uint64_t join = t->join;
	voice_says(t->token, TURN_DIGITS, "");
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL)); /* not before it is on disk */
	ledger_keeps(join, 100, MAIL_KEPT_WHOLE);
	ledger_keeps(join + 1, 101, MAIL_KEPT_WHOLE);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	ledger_keeps(join, 101, MAIL_KEPT_WHOLE);
	t = turn("voicemail-saved");
	NEED(t->record_ms == 0 && t->message == 0);
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(caller);
	NEED(untouched() && sim.mail_begun == 1 && sim.mail_keys == 1);
}

static void leaves(struct talk *caller)
{
	leaves_after(caller, "voicemail-greeting");
}

static void busy(void)
{
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
}

static void busy_is_answered(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	leaves(&a);
	finish();
}

/* R7: the exchange hears it, and the list of calls says so. */
static void the_list_says_who_hears_it(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	struct msg_calls_want *m = ipc_begin(sim_far(PROC_CTL, 0), MSG_CALLS_WANT);
	m->token = 5;
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
	struct heard *h = sim_take(PROC_CTL, MSG_CALL_LINE, NULL, NULL);
	const struct msg_call_line *line = h ? (const void *)h->payload : NULL;
	NEED(line && line->grade == GRADE_EXCHANGE && line->key == RELAY_KEY_SDES);
	NEED(sim_take(PROC_CTL, MSG_DONE, NULL, NULL));
	leaves(&a);
	finish();
}

static void no_answer_is_answered_after_its_own_seconds(void)
{
	begin_with(mailbox);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	sim_pass(14000);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	sim_pass(2000);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	answered(&a);
	leaves(&a);
	finish();
}

static void absence_is_answered(void)
{
	begin_with(NULL);
	set(0, OWNER_USER, 3, SETTING_VOICEMAIL, "15"); /* dave has no phone on */
	sim_push_directory();
	sim_turn();
	talk_invite(&a, &alice, "dave", &offer);
	sim_pass(20000);
	answered(&a);
	leaves(&a);
	finish();
}

static void without_voicemail_nothing_changes(void)
{
	begin_with(NULL);
	busy();
	NEED(code_of(a.txn) == 486);
	talk_invite(&a, &alice, "dave", &offer);
	sim_pass(40000);
	talk_hears(&a, 480);
	NEED(sim.mail_begun == 0 && !sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	finish();
}

static void the_site_gives_it(void)
{
	sim.site.mail_on = 1;
	sim.site.mail_after_s = 15;
	set(0, OWNER_USER, 3, SETTING_VOICEMAIL, "off");
}

static void the_site_gives_it_to_who_has_said_nothing(void)
{
	begin_with(the_site_gives_it);
	talk_invite(&a, &alice, "dave", &offer);
	sim_pass(40000);
	talk_hears(&a, 480);
	talk_invite(&a, &alice, "bob", &offer);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 180, NULL);
	talk_hears(&a, 180);
	sim_pass(14000);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) && sim.mail_begun == 0);
	sim_pass(2000);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	answered(&a);
	leaves(&a);
	sim.site.mail_on = 0; /* a reload */
	busy();
	NEED(code_of(a.txn) == 486 && sim.mail_begun == 1);
	finish();
}

static void own_greeting(void)
{
	mailbox();
	set(1, OWNER_USER, 1, SETTING_GREETING, "bobs-words");
}

static void a_greeting_that_is_not_there_gives_way(void)
{
	begin_with(own_greeting);
	busy();
	answered(&a);
	voice_says(turn("bobs-words")->token, TURN_NO_PROMPT, ""); /* in alice's language, */
	voice_says(turn("bobs-words")->token, TURN_NO_PROMPT, ""); /* and in bob's */
	leaves_after(&a, "voicemail-no-greeting");
	finish();
}

static void mailbox_and_forward(void)
{
	mailbox();
	set(1, OWNER_USER, 1, SETTING_FORWARD_BUSY, "carol");
}

static void a_forward_goes_first(void)
{
	begin_with(mailbox_and_forward);
	phone_init(&carol, 2);
	phone_register(&carol);
	busy();
	talk_rings_at(&b, &carol);
	NEED(sim.mail_begun == 0);
	talk_answer(&b, 486, NULL); /* carol has none */
	answered(&a);
	NEED(sim.mail_begun == 1);
	leaves_after(&a, "voicemail-greeting");
	finish();
}

static void a_caller_who_hangs_up_leaves_nothing(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	const struct msg_turn *t = turn("voicemail-record-after-tone tone:warning");
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	struct heard *stop = sim_take(PROC_VOICE, MSG_TURN_STOP, NULL, NULL);
	NEED(stop && ((const struct msg_turn_stop *)(const void *)stop->payload)->token == t->token);
	NEED(untouched()); /* voice ends it */
	finish();
}

static void told(struct talk *caller)
{
	answered(caller);
	voice_says(turn("not-now")->token, TURN_SAID, "");
	hangs_up_on(caller);
}

/* Not before, and the mailbox is not asked again. */
static void told_after_a_while(struct talk *caller)
{
	uint32_t begun = sim.mail_begun;

	NEED(!reply_to(caller->txn));
	sim_pass(5500);
	told(caller);
	NEED(sim.mail_begun == begun);
}

static void who_hangs_up_at_the_greeting_leaves_neither_row_nor_key(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	NEED(turn("voicemail-greeting") && code_of(talk_send(&a, SIP_BYE, NULL)) == 200 && marked(101, true));
	finish();
}

/* voice never had it, so core itself gives it back. */
static void what_voice_does_not_record_leaves_neither_row_nor_key(void)
{
	static const enum turn_why refused[] = {TURN_NO_SPACE, TURN_NO_PROMPT};

	begin_with(mailbox);
	for (uint32_t i = 0; i < 2; i++) {
		busy();
		answered(&a);
		voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
		voice_says(turn("voicemail-record-after-tone tone:warning")->token, refused[i], "");
		hangs_up_on(&a);
		NEED(marked(101 + i, true) && untouched());
	}
	finish();
}

/* The answer of a ledger that was slow comes when the caller has been told. */
static void room_that_comes_late_is_given_back(void)
{
	begin_with(mailbox);
	sim.conduct.ledger_mute = true;
	busy();
	told_after_a_while(&a);
	NEED(untouched());
	struct msg_mail_found *m = ipc_begin(sim_far(PROC_LEDGER, 0), MSG_MAIL_FOUND);
	m->token = sim.mail_token;
	m->user = 1;
	m->fresh = 1;
	m->message = 55;
	ipc_end(sim_far(PROC_LEDGER, 0));
	sim_turn();
	NEED(marked(55, true) && sim.mail_keys == 0);
	sim.conduct.ledger_mute = false;
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

static uint64_t has_spoken(void)
{
	answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	const struct msg_turn *t = turn("voicemail-record-after-tone tone:warning");
	uint64_t join = t->join;
	voice_says(t->token, TURN_DIGITS, "");
	return join;
}

static void is_told_that_nothing_was_saved(void)
{
	voice_says(turn("voicemail-not-saved")->token, TURN_SAID, "");
	hangs_up_on(&a);
	NEED(untouched());
}

static void what_was_not_saved_is_not_called_saved(void)
{
	static const enum mail_kept bad[] = {MAIL_KEPT_NOT, MAIL_KEPT_IN_PART};

	begin_with(mailbox);
	for (uint32_t i = 0; i < 2; i++) {
		busy();
		ledger_keeps(has_spoken(), 101 + i, bad[i]);
		is_told_that_nothing_was_saved();
	}
	busy(); /* a ledger that says nothing */
	has_spoken();
	sim_pass(5500);
	is_told_that_nothing_was_saved();
	busy(); /* one that died */
	answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	const struct msg_turn *t = turn("voicemail-record-after-tone tone:warning");
	sim_link_down(PROC_LEDGER, 0);
	voice_says(t->token, TURN_DIGITS, "");
	is_told_that_nothing_was_saved();
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

static void ledger_may_be_faster_than_voice(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	const struct msg_turn *t = turn("voicemail-record-after-tone tone:warning");
	ledger_keeps(t->join, 101, MAIL_KEPT_WHOLE);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	voice_says(t->token, TURN_DIGITS, "");
	voice_says(turn("voicemail-saved")->token, TURN_SAID, "");
	hangs_up_on(&a);
	finish();
}

/* --- and where that is not possible --- */

static void no_room_is_said(void)
{
	begin_with(mailbox);
	sim.conduct.mail_full = true;
	busy();
	told(&a);
	NEED(sim.mail_keys == 0);
	finish();
}

/* As many as voice has in hand: the next caller is not answered, and *97 is refused before. */
static void no_room_in_voice_is_as_without_voicemail(void)
{
	uint32_t n = 0;

	begin_with(mailbox);
	while (voice_seat_take(SEAT_MESSAGE, false))
		n++;
	NEED(n == VOICE_MAILS_MAX && sim_status("voice-message-seats").refused == 1);
	busy();
	NEED(code_of(a.txn) == 486 && sim.mail_begun == 0);
	struct sdp own = sdp_plain(&bob);
	talk_invite(&b, &bob, "*97", &own);
	NEED(code_of(b.txn) == 503);
	voice_seat_release(SEAT_MESSAGE);
	busy();
	answered(&a);
	NEED(sim_status("voice-message-seats").used == VOICE_MAILS_MAX);
	leaves(&a);
	while (--n)
		voice_seat_release(SEAT_MESSAGE);
	finish();
	NEED(sim_status("voice-message-seats").used == 0 && sim_status("voice-seats").used == 0);
}

static void a_large_site(void)
{
	mailbox();
	sim.site.max_calls = 160;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 4 * 400 - 1);
}

/* One phone that speaks on mailbox after mailbox leaves voice to others (T23). */
static void one_phone_does_not_keep_others_from_the_mailbox(void)
{
	enum { MOST = VOICE_MAILS_MAX / 8 };
	static struct talk speaks[MOST];

	begin_with(a_large_site);
	for (int i = 0; i < MOST; i++) {
		busy();
		answered(&a);
		speaks[i] = a;
		sim_clear();
	}
	busy();
	NEED(code_of(a.txn) == 486 && sim_status("voice-message-seats").used == MOST);
	phone_init(&carol, 2);
	phone_register(&carol);
	struct sdp hers = sdp_plain(&carol);
	talk_invite(&a, &carol, "bob", &hers);
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	answered(&a);
	talk_send(&a, SIP_BYE, NULL);
	for (int i = 0; i < MOST; i++)
		talk_send(&speaks[i], SIP_BYE, NULL);
	finish();
	NEED(sim_status("voice-message-seats").used == 0);
	busy();
	answered(&a);
	talk_send(&a, SIP_BYE, NULL);
	finish();
}

static void no_key_is_said(void)
{
	begin_with(mailbox);
	sim.conduct.mail_keyless = true;
	busy();
	told(&a);
	NEED(marked(101, true));
	finish();
}

static void a_mute_ledger_ends_it(void)
{
	begin_with(mailbox);
	sim.conduct.ledger_mute = true;
	busy();
	NEED(sim.mail_begun == 1);
	told_after_a_while(&a);
	sim_pass(20000);
	sim.conduct.ledger_mute = false;
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

static void a_mute_keeper_ends_it(void)
{
	begin_with(mailbox);
	sim.conduct.keeper_mute = true;
	busy();
	NEED(sim.mail_begun == 1 && sim.mail_keys == 1);
	told_after_a_while(&a);
	NEED(marked(101, true));
	finish();
}

static void without_a_sibling_it_is_as_without_voicemail(void)
{
	static const enum proc needed[] = {PROC_LEDGER, PROC_KEEPER, PROC_VOICE};

	begin_with(mailbox);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		sim_link_down(needed[i], 0);
		busy();
		NEED(code_of(a.txn) == 486);
		sim_link_up(needed[i], 0);
	}
	NEED(sim.mail_begun == 0);
	finish();
}

static void a_sibling_that_dies_while_it_is_asked(void)
{
	begin_with(mailbox);
	sim.conduct.ledger_mute = true;
	busy();
	sim_link_down(PROC_LEDGER, 0);
	sim.conduct.ledger_mute = false;
	sim_link_up(PROC_LEDGER, 0);
	told_after_a_while(&a);
	sim.conduct.keeper_mute = true;
	busy();
	sim_link_down(PROC_KEEPER, 0);
	told_after_a_while(&a);
	sim.conduct.keeper_mute = false;
	sim_link_up(PROC_KEEPER, 0);
	finish();
}

/* --- voice dies (R28) --- */

static void voice_is_away(void)
{
	sim_link_down(PROC_VOICE, 0);
	sim_pass(1000);
	sim_link_up(PROC_VOICE, 0);
}

static void a_greeting_is_said_again(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	turn("voicemail-greeting");
	voice_is_away();
	leaves_after(&a, "interrupted voicemail-greeting");
	finish();
}

/* A key seals each piece once: there is a new message, with a key of its own, and the caller is asked for it. */
static void an_interrupted_message_is_left_again(void)
{
	begin_with(mailbox);
	busy();
	uint64_t join = answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	NEED(turn("voicemail-record-after-tone tone:warning")->message == 101);
	voice_is_away();
	const struct msg_turn *t = turn("interrupted voicemail-record-after-tone tone:warning");
	NEED(t->message == 102 && key_of(t) == 102 && t->record_ms == 120000 && sim.mail_begun == 2 && sim.mail_keys == 2);
	voice_says(t->token, TURN_DIGITS, "");
	ledger_keeps(join, 101, MAIL_KEPT_IN_PART);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	ledger_keeps(join, 102, MAIL_KEPT_WHOLE);
	turn("voicemail-saved");
	voice_is_away(); /* neither message goes, whatever is said of it */
	voice_says(turn("interrupted voicemail-saved")->token, TURN_SAID, "");
	hangs_up_on(&a);
	NEED(untouched());
	finish();
}

static void records_and_dies(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	turn("voicemail-record-after-tone tone:warning");
	sim_link_down(PROC_VOICE, 0);
	NEED(sim.mail_begun == 2 && sim_status("voice-turns").used == 1 && untouched());
}

/* voice never had the second one: it goes, and what there is of the first stays. */
static void a_caller_who_does_not_wait_for_voice(void)
{
	records_and_dies();
	NEED(code_of(talk_send(&a, SIP_BYE, NULL)) == 200);
	NEED(marked(102, true) && untouched());
	sim_link_up(PROC_VOICE, 0);
	finish();
}

static void a_voice_that_does_not_come_back(void)
{
	records_and_dies();
	sim_pass(VOICE_BACK_MS + 200);
	hangs_up_on(&a);
	NEED(marked(102, true) && untouched());
	finish();
}

static void a_message_that_finds_no_more_room_ends_with_words(void)
{
	begin_with(mailbox);
	busy();
	answered(&a);
	voice_says(turn("voicemail-greeting")->token, TURN_SAID, "");
	turn("voicemail-record-after-tone tone:warning");
	sim.conduct.mail_full = true;
	voice_is_away();
	voice_says(turn("voicemail-not-saved")->token, TURN_SAID, "");
	hangs_up_on(&a);
	NEED(untouched());
	finish();
}

/* --- somebody from outside --- */

static void one_trunk(void)
{
	mailbox();
	sim_add_trunk(0);
	sim.site.inbounds = 1;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "bob"};
	sim.site.plan.unknown_caller = INCOMING_PASS;
}

static void outsider_dials(const char *called)
{
	struct sdp plain = sdp_clear(&telco);
	struct msg_request *m = phone_begin(&telco, SIP_INVITE);

	a = (struct talk){.phone = &telco, .cseq = m->cseq + 1, .invite_cseq = m->cseq, .allow = 1u << SIP_REFER};
	snprintf(a.call_id, sizeof a.call_id, "in-%u", m->cseq);
	snprintf(a.ours, sizeof a.ours, "tag-of-phone");
	m->call_id = phone_put(&telco, a.call_id);
	m->target_user = phone_put(&telco, called);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&telco, "<sip:gw@203.0.113.6>");
	m->sdp = phone_put_sdp(&telco, &plain);
	a.txn = phone_end(&telco);
}

static void an_outsider_leaves_a_message_and_gets_nowhere_else(void)
{
	begin_with(one_trunk);
	phone_init_trunk(&telco, 1);
	telco.user = "+33987654321";
	phone_up(&telco);
	outsider_dials("*97");
	NEED(code_of(a.txn) == 404);
	outsider_dials("bob");
	NEED(code_of(a.txn) == 404);
	outsider_dials("+33140000001");
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	talk_hears(&a, 200);
	talk_ack(&a);
	uint64_t join;
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].present && s->side[0].end == RELAY_ENDED_CLEAR && !s->side[1].present);
	media_says_gate(join, RELAY_KEY_NONE);
	s = relay_wish(NULL);
	NEED(s && s->side[0].hears == RELAY_HEARS_VOICE && !s->side[0].listens); /* no key of his is heard */
	struct msg_request *m = talk_begin(&a, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&telco, "alice");
	NEED(code_of(talk_end(&a)) >= 400);
	leaves(&a);
	NEED(!sent_to(&alice, SIP_INVITE) && !sent_to(&telco, SIP_INVITE) && sim.pins == 0 && sim.mail_wanted == 0);
	finish();
}

static void one_trunk_and_bob_is_away(void)
{
	one_trunk();
	set(8, OWNER_USER, 1, SETTING_DND, "on");
}

/* No phone of bob's rang: *60 means who left the message all the same (R18). */
static void who_came_to_the_mailbox_can_be_blocked(void)
{
	struct talk code;

	begin_with(one_trunk_and_bob_is_away);
	phone_init_trunk(&telco, 1);
	telco.user = "+33987654321";
	phone_up(&telco);
	outsider_dials("+33140000001");
	talk_hears(&a, 200);
	talk_ack(&a);
	uint64_t join;
	NEED(relay_wish(&join) && !sent_to(&bob, SIP_INVITE));
	media_says_gate(join, RELAY_KEY_NONE);
	leaves(&a);
	struct sdp own = sdp_plain(&bob);
	talk_invite(&code, &bob, "*60", &own);
	answered(&code);
	voice_says(turn("blocked")->token, TURN_SAID, "");
	hangs_up_on(&code);
	NEED(sim.changed.kind == SETTING_BLOCKED && sim.changed.index == 1 && strcmp(sim.changed_to, "+33987654321") == 0);
	finish();
}

/* --- *97 --- */

static void dials_97(void)
{
	struct sdp own = sdp_plain(&bob);

	talk_invite(&b, &bob, "*97", &own);
	answered(&b);
	voice_says(turn("silence:200")->token, TURN_SAID, "");
}

static void hears(const char *say)
{
	voice_says(turn(say)->token, TURN_SAID, "");
}

static void hears_last(const char *say)
{
	hears(say);
	hangs_up_on(&b);
}

static void is_played(uint64_t message, const char *key)
{
	const struct msg_turn *t = turn("message voicemail-menu");

	NEED(t->message == message && key_of(t) == message && t->record_ms == 0 && t->digits_max == 1 && t->barge);
	voice_says(t->token, TURN_DIGITS, key);
}

static void messages_are_played_kept_and_deleted(void)
{
	begin_with(mailbox);
	sim.mail[0][0] = 11;
	sim.mail[0][1] = 12;
	sim.mail[0][2] = 13;
	ledger_counts(1, 3, 1);
	dials_97();
	hears("voicemail-you-have digits:3 voicemail-messages");
	is_played(11, "1"); /* again */
	NEED(!marked(11, false));
	is_played(11, "7");
	NEED(marked(11, true));
	hears("voicemail-deleted");
	is_played(12, "2");
	NEED(marked(12, false));
	is_played(13, "");
	NEED(marked(13, false) && sim.mail_wanted == 4 && sim.mail_keys == 3);
	hears_last("goodbye");
	finish();
}

static void what_was_heard_is_played_when_nothing_is_new(void)
{
	begin_with(mailbox);
	dials_97();
	hears_last("voicemail-empty silence:500");
	sim.mail[1][0] = 14;
	ledger_counts(1, 0, 1);
	dials_97();
	hears("voicemail-you-have digits:1 voicemail-message");
	is_played(14, "");
	NEED(marked(14, false));
	hears_last("goodbye");
	finish();
}

static void a_pin_is_asked_where_one_is_set(void)
{
	begin_with(mailbox);
	sim.pin = "2468";
	sim.mail[0][0] = 11;
	ledger_counts(1, 1, 0);
	dials_97();
	const struct msg_turn *t = turn("pin-please");
	NEED(t->digits_min == 4 && t->digits_max == 12 && sim.mail_wanted == 0);
	voice_says(t->token, TURN_DIGITS, "1357");
	voice_says(turn("pin-wrong pin-please")->token, TURN_DIGITS, "2468");
	hears("voicemail-you-have digits:1 voicemail-message");
	is_played(11, "");
	hears_last("goodbye");
	sim.pins = 0;
	dials_97();
	voice_says(turn("pin-please")->token, TURN_DIGITS, "1357");
	for (int i = 0; i < 2; i++)
		voice_says(turn("pin-wrong pin-please")->token, TURN_DIGITS, "1357");
	hears_last("pin-locked");
	NEED(sim.mail_wanted == 2);
	finish();
}

static void ways_to_97(void)
{
	one_trunk();
	sim.site.inbounds = 2;
	sim.site.inbound[1] = (struct inbound){.number = "+33140000097", .to = "*97"};
	set(1, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "*97");
}

static bool no_mailbox_opens(void)
{
	return !sim_take(PROC_VOICE, MSG_TURN, NULL, NULL) && sim.mail_wanted == 0 && sim.pins == 0;
}

/* R14, R15: bob has no PIN. His messages are for who is logged in as him on a phone of his, and for nobody who comes by another way,
 * were it on his account: from outside, by his forward, by his transfer, in his name on another phone. */
static void without_a_pin_a_mailbox_opens_for_its_user_alone(void)
{
	begin_with(ways_to_97);
	phone_init_trunk(&telco, 1);
	telco.user = "+33987654321";
	phone_up(&telco);
	sim.mail[0][0] = 11;
	ledger_counts(1, 1, 0);
	outsider_dials("*97");
	NEED(code_of(a.txn) == 404);
	outsider_dials("+33140000097");
	NEED(code_of(a.txn) == 404);
	talk_invite(&a, &alice, "bob", &offer); /* no forward leads there: his phone rings */
	talk_rings_at(&b, &bob);
	struct sdp answer = sdp_plain(&bob);
	talk_up(&a, &b, &answer);
	struct msg_request *m = talk_begin(&b, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&bob, "*97");
	NEED(code_of(talk_end(&b)) == 403 && !sent_to(&alice, SIP_REFER));
	call_hang_up(&a, &b);
	phone_init(&carol, 2); /* with his name, where he is not logged in */
	carol.user = sim.user[1].name;
	phone_up(&carol);
	talk_invite(&a, &carol, "*97", &offer);
	NEED(code_of(a.txn) == 401);
	NEED(no_mailbox_opens());
	/* alice hears of her own */
	talk_invite(&a, &alice, "*97", &offer);
	answered(&a);
	voice_says(turn("silence:200")->token, TURN_SAID, "");
	voice_says(turn("voicemail-empty silence:500")->token, TURN_SAID, "");
	hangs_up_on(&a);
	NEED(sim.mail_wanted == 0);
	dials_97();
	hears("voicemail-you-have digits:1 voicemail-message");
	is_played(11, "");
	hears_last("goodbye");
	finish();
}

static void a_message_past_its_time_is_passed_over(void)
{
	begin_with(mailbox);
	sim.conduct.mail_keyless = true;
	sim.mail[0][0] = 11;
	sim.mail[0][1] = 12;
	ledger_counts(1, 2, 0);
	dials_97();
	hears("voicemail-you-have digits:2 voicemail-messages");
	NEED(sim.mail_keys == 2 && sim.mail_wanted == 3);
	hears_last("goodbye");
	finish();
}

static void one_message(void)
{
	begin_with(mailbox);
	sim.mail[0][0] = 11;
	ledger_counts(1, 1, 0);
}

static void who_is_mute_or_dead_ends_97_with_words(void)
{
	one_message();
	sim.conduct.keeper_mute = true; /* the PIN */
	dials_97();
	sim_pass(11000);
	hears_last("not-now");
	sim_link_down(PROC_KEEPER, 0);
	dials_97();
	hears_last("not-now");
	sim_link_up(PROC_KEEPER, 0);
	sim.conduct.keeper_mute = false;
	dials_97();
	sim.conduct.keeper_mute = true; /* the key */
	hears("voicemail-you-have digits:1 voicemail-message");
	sim_pass(5500);
	hears_last("not-now");
	sim.conduct.keeper_mute = false;
	dials_97();
	sim_link_down(PROC_KEEPER, 0);
	hears("voicemail-you-have digits:1 voicemail-message");
	hears_last("not-now");
	sim_link_up(PROC_KEEPER, 0);
	dials_97();
	sim.conduct.ledger_mute = true;
	hears("voicemail-you-have digits:1 voicemail-message");
	sim_pass(5500);
	hears_last("not-now");
	dials_97();
	sim_link_down(PROC_LEDGER, 0);
	hears("voicemail-you-have digits:1 voicemail-message");
	hears_last("not-now");
	sim.conduct.ledger_mute = false;
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

static void voice_that_comes_back_says_the_message_again(void)
{
	one_message();
	dials_97();
	hears("voicemail-you-have digits:1 voicemail-message");
	NEED(turn("message voicemail-menu"));
	sim_link_down(PROC_VOICE, 0);
	NEED(!talk_takes(&b, SIP_BYE) && untouched());
	struct sdp own = sdp_plain(&alice);
	talk_invite(&a, &alice, "*97", &own); /* nobody is answered meanwhile */
	NEED(code_of(a.txn) == 503);
	sim_link_up(PROC_VOICE, 0);
	const struct msg_turn *t = turn("interrupted message voicemail-menu");
	NEED(t->message == 11 && key_of(t) == 11 && t->barge);
	voice_says(t->token, TURN_DIGITS, "7");
	NEED(marked(11, true));
	hears("voicemail-deleted");
	hears_last("goodbye");
	finish();
}

static void ledger_finds(uint64_t message)
{
	struct msg_mail_found *m = ipc_begin(sim_far(PROC_LEDGER, 0), MSG_MAIL_FOUND);

	m->token = sim.mail_token;
	m->message = message;
	ipc_end(sim_far(PROC_LEDGER, 0));
	sim_turn();
}

static void a_ledger_that_finds_the_same_again_is_accused(void)
{
	one_message();
	sim.conduct.ledger_mute = true;
	dials_97();
	hears("voicemail-you-have digits:1 voicemail-message");
	ledger_finds(11);
	is_played(11, "");
	ledger_finds(11);
	NEED(sim.accusations == 1 && sim.accused == PROC_LEDGER && sim.mail_keys == 1);
	hears_last("not-now");
	sim.accusations = 0;
	sim.conduct.ledger_mute = false;
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

/* The answers come when nobody waits for them any more. */
static void late_answers_move_nothing(void)
{
	one_message();
	sim.conduct.ledger_mute = true;
	dials_97();
	hears("voicemail-you-have digits:1 voicemail-message");
	sim_pass(5500);
	const struct msg_turn *t = turn("not-now");
	ledger_finds(11);
	NEED(sim.mail_keys == 0);
	voice_says(t->token, TURN_SAID, "");
	hangs_up_on(&b);
	sim.conduct.ledger_mute = false;
	sim_link_down(PROC_LEDGER, 0);
	sim_link_up(PROC_LEDGER, 0);
	finish();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(busy_is_answered);
	SIM(the_list_says_who_hears_it);
	SIM(no_answer_is_answered_after_its_own_seconds);
	SIM(absence_is_answered);
	SIM(without_voicemail_nothing_changes);
	SIM(the_site_gives_it_to_who_has_said_nothing);
	SIM(a_greeting_that_is_not_there_gives_way);
	SIM(a_forward_goes_first);
	SIM(a_caller_who_hangs_up_leaves_nothing);
	SIM(who_hangs_up_at_the_greeting_leaves_neither_row_nor_key);
	SIM(what_voice_does_not_record_leaves_neither_row_nor_key);
	SIM(room_that_comes_late_is_given_back);
	SIM(what_was_not_saved_is_not_called_saved);
	SIM(ledger_may_be_faster_than_voice);
	SIM(no_room_is_said);
	SIM(no_room_in_voice_is_as_without_voicemail);
	SIM(one_phone_does_not_keep_others_from_the_mailbox);
	SIM(no_key_is_said);
	SIM(a_mute_ledger_ends_it);
	SIM(a_mute_keeper_ends_it);
	SIM(without_a_sibling_it_is_as_without_voicemail);
	SIM(a_sibling_that_dies_while_it_is_asked);
	SIM(a_greeting_is_said_again);
	SIM(an_interrupted_message_is_left_again);
	SIM(a_caller_who_does_not_wait_for_voice);
	SIM(a_voice_that_does_not_come_back);
	SIM(a_message_that_finds_no_more_room_ends_with_words);
	SIM(an_outsider_leaves_a_message_and_gets_nowhere_else);
	SIM(who_came_to_the_mailbox_can_be_blocked);
	SIM(messages_are_played_kept_and_deleted);
	SIM(what_was_heard_is_played_when_nothing_is_new);
	SIM(a_pin_is_asked_where_one_is_set);
	SIM(without_a_pin_a_mailbox_opens_for_its_user_alone);
	SIM(a_message_past_its_time_is_passed_over);
	SIM(who_is_mute_or_dead_ends_97_with_words);
	SIM(voice_that_comes_back_says_the_message_again);
	SIM(a_ledger_that_finds_the_same_again_is_accused);
	SIM(late_answers_move_nothing);
	(void)test_failed_here;
	return TEST_END;
}
