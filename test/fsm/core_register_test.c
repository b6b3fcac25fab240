/* SPDX-License-Identifier: ISC */
/* REGISTER through core: challenge, verdicts, expiry, removal (R2, R3, R4, T1-T4, T6, T10). */
#include "../unit/test.h"
#include "registrar.h"
#include "sim_phone.h"

static struct phone alice, bob;

static void begin(void)
{
	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_up(&alice);
	phone_up(&bob);
}

static uint64_t registrations(void)
{
	return sim_status("registrations").used;
}

/* The i-th of a sheet of the sim's, bound to this phone's connection and user. */
static const char *nonce_of(unsigned sheet, unsigned i, const struct phone *p)
{
	static char text[NONCE_TEXT + 1];
	struct buf b = buf_of(text, sizeof text);
	uint8_t key[NONCE_KEY], block[NONCE_BLOCK];

	memset(key, (int)sheet, sizeof key);
	memset(block, (int)i, sizeof block);
	nonce_put(&b, key, block, p->flow, span_str(p->user));
	return buf_cstr(&b);
}

static bool challenged_with(uint64_t txn, unsigned sheet, unsigned i, const struct phone *p)
{
	struct heard *h = reply_to(txn);

	return h && respond(h)->code == 401 && strcmp(sim_text(h, respond(h)->nonce), nonce_of(sheet, i, p)) == 0;
}

static void a_first_register_is_challenged_and_a_right_answer_binds(void)
{
	begin();
	struct heard *h = reply_to(phone_send_register(&alice, ABSENT, false));
	NEED(h && respond(h)->code == 401 && respond(h)->challenge == CHALLENGE_SHA256 && !respond(h)->stale);
	NEED(strcmp(sim_text(h, respond(h)->nonce), nonce_of(1, 0, &alice)) == 0);
	NEED(registrations() == 0 && sim.logins == 0);
	h = reply_to(phone_send_register(&alice, ABSENT, true));
	NEED(h && respond(h)->code == 200);
	NEED(respond(h)->expires == sim.site.register_max_s && !(respond(h)->required & SIP_TAG_OUTBOUND));
	NEED(strstr(sim_text(h, respond(h)->contact), "alice@"));
	NEED(registrations() == 1 && sim.logins == 1);
	/* inside the re-authentication time nothing more is asked, even where credentials come along */
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 200 && sim.logins == 1);
	sim_need_idle();
}

static void md5_only_for_the_phone_that_says_so(void)
{
	sim_defaults();
	sim.device[1].flags = DEVICE_MD5;
	sim_open();
	phone_init(&bob, 1);
	phone_up(&bob);
	struct heard *h = reply_to(phone_send_register(&bob, ABSENT, false));
	NEED(h && respond(h)->challenge == CHALLENGE_MD5);
	/* credentials of another algorithm are none at all (T6) */
	sim.device[1].flags = 0;
	NEED(code_of(phone_send_register(&bob, ABSENT, true)) == 401 && sim.logins == 0);
	sim.device[1].flags = DEVICE_MD5;
	NEED(code_of(phone_send_register(&bob, ABSENT, true)) == 200 && sim.logins == 1);
	sim_need_idle();
}

static void every_wrong_login_hears_the_same(void)
{
	begin();
	static const enum login_verdict no[] = {LOGIN_WRONG, LOGIN_LOCKED};
	for (size_t i = 0; i < 2; i++) {
		sim.conduct.verdict = no[i];
		struct heard *h = reply_to(phone_send_register(&alice, ABSENT, true));
		NEED(h && respond(h)->code == 403);
		NEED(strcmp(sim_text(h, respond(h)->warning_text), "name, password or phone is not right") == 0);
	}
	NEED(sim.events[EVENT_LOGIN_WRONG] == 2);
	/* keeper's alarm names whose it is, and nobody for a name that is not there */
	NEED(code_of(phone_send_register(&bob, ABSENT, true)) == 403 && sim.login_who == 1);
	/* a user that does not exist, though keeper were to say yes */
	alice.user = "nobody";
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 403 && sim.login_who == 0);
	NEED(strcmp(sim.event_text, "login refused, there is no such user") == 0);
	sim.conduct.verdict = LOGIN_OK;
	struct heard *h = reply_to(phone_send_register(&alice, ABSENT, true));
	NEED(h && respond(h)->code == 403 && sim.login_who == 0);
	NEED(strcmp(sim_text(h, respond(h)->warning_text), "name, password or phone is not right") == 0);
	/* the right password on another's phone (T4) */
	alice.user = "bob";
	h = reply_to(phone_send_register(&alice, ABSENT, true));
	NEED(h && respond(h)->code == 403);
	NEED(strcmp(sim_text(h, respond(h)->warning_text), "name, password or phone is not right") == 0);
	NEED(sim.events[EVENT_BINDING_REFUSED] >= 1);
	NEED(registrations() == 0);
	sim_need_idle();
}

/* keeper is asked once for many (R2, R27): the next sheet is there before this one is used up. */
static void nonces_come_a_sheet_at_a_time(void)
{
	begin();
	for (unsigned i = 0; i < 3 * NONCE_SHEET; i++) {
		struct phone *p = i % 2 ? &bob : &alice;
		NEED(challenged_with(
		    phone_send_register(p, ABSENT, false), 1 + i / NONCE_SHEET, i % NONCE_SHEET, p));
		if (i % NONCE_SHEET == NONCE_SHEET - 1) /* what is asked for in time goes in company, or in a while */
			sim_turn();
	}
	NEED(sim.nonces >= 3 && sim.nonces <= 4);
	/* what lies too long is left, and whoever comes waits for a new sheet */
	const uint32_t asked = sim.nonces;
	sim_pass(NONCE_SHEET_MS);
	NEED(challenged_with(phone_send_register(&alice, ABSENT, false), asked + 1, 0, &alice) && sim.nonces == asked + 1);
	/* nor does another keeper know any of it */
	sim_link_down(PROC_KEEPER, 0);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 503);
	sim_link_up(PROC_KEEPER, 0);
	NEED(challenged_with(phone_send_register(&alice, ABSENT, false), asked + 2, 0, &alice));
	sim_need_idle();
}

static void keeper_gives_nonces(unsigned sheet)
{
	struct link *l = sim_far(PROC_KEEPER, 0);
	struct msg_nonces *m = ipc_begin(l, MSG_NONCES);

	memset(m->key, (int)sheet, sizeof m->key);
	for (size_t i = 0; i < NONCE_SHEET; i++)
		memset(m->blocks + i * NONCE_BLOCK, (int)i, NONCE_BLOCK);
	ipc_end(l);
	sim_turn();
}

/* More wait than a sheet has: one question for all, and one in the class of calls for help for who needs help, whom the first sheet serves. */
static void many_wait_for_one_sheet(void)
{
	uint64_t txn[NONCE_SHEET + 2];
	struct talk help;

	begin();
	const struct sdp offer = sdp_plain(&bob);
	sim.conduct.keeper_mute = true;
	for (unsigned i = 0; i < NONCE_SHEET + 2; i++)
		txn[i] = phone_send_register(&alice, ABSENT, false);
	NEED(sim.nonces == 1);
	talk_invite(&help, &bob, "112", &offer);
	NEED(sim.nonces == 2);
	keeper_gives_nonces(9);
	NEED(challenged_with(help.txn, 9, 0, &bob) && sim.nonces == 2);
	for (unsigned i = 0; i + 1 < NONCE_SHEET; i++)
		NEED(challenged_with(txn[i], 9, i + 1, &alice));
	NEED(code_of(txn[NONCE_SHEET - 1]) == 0);
	keeper_gives_nonces(10);
	for (unsigned i = 0; i < 3; i++)
		NEED(challenged_with(txn[NONCE_SHEET - 1 + i], 10, i, &alice));
	NEED(sim.accusations == 0);
	keeper_gives_nonces(11); /* two were asked for */
	NEED(sim.accusations == 1 && sim.accused == PROC_KEEPER);
}

static void a_stale_nonce_is_challenged_anew(void)
{
	begin();
	sim.conduct.verdict = LOGIN_STALE;
	struct heard *h = reply_to(phone_send_register(&alice, ABSENT, true));
	NEED(h && respond(h)->code == 401 && respond(h)->stale);
	NEED(registrations() == 0);
	sim_need_idle();
}

static void credentials_of_one_and_name_of_another_are_impersonation(void)
{
	begin();
	struct msg_request *m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&alice, "bob");
	m->has_auth = m->auth_uri_matches = m->auth_qop = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_user = phone_put(&alice, "alice");
	NEED(code_of(phone_end(&alice)) == 403);
	NEED(sim.events[EVENT_IMPERSONATION] == 1 && sim.logins == 0);
	/* logged in as alice, REGISTER for alice with From of bob */
	phone_register(&alice);
	m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&alice, "alice");
	m->from_user = phone_put(&alice, "bob");
	NEED(code_of(phone_end(&alice)) == 403 && sim.events[EVENT_IMPERSONATION] == 2);
	/* one login does not speak for another user on the same connection */
	alice.user = "bob";
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 401);
	NEED(registrations() == 1);
	sim_need_idle();
}

static void outbound_is_kept_an_hour_and_others_five_minutes(void)
{
	begin();
	alice.outbound = true;
	phone_send_register(&alice, ABSENT, false);
	sim_clear();
	struct heard *h = reply_to(phone_send_register(&alice, 7200, true));
	NEED(h && respond(h)->code == 200 && respond(h)->expires == 3600);
	NEED(respond(h)->required & SIP_TAG_OUTBOUND && respond(h)->flow_timer == sim.site.flow_timer_s);
	NEED(respond(h)->reg_id == 1 && strstr(sim_text(h, respond(h)->instance), "urn:uuid"));
	phone_send_register(&bob, ABSENT, false);
	sim_clear();
	h = reply_to(phone_send_register(&bob, 7200, true));
	NEED(h && respond(h)->code == 200 && respond(h)->expires == 300 && respond(h)->flow_timer == 0);
	/* less than the most is granted as asked */
	h = reply_to(phone_send_register(&bob, 120, false));
	NEED(h && respond(h)->code == 200 && respond(h)->expires == 120);
	/* RFC 3261 10.3 step 8: Contact's own expires goes before the header */
	struct msg_request *m = phone_begin(&bob, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&bob, "bob");
	m->call_id = phone_put(&bob, "register-1");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&bob, "<sip:bob@198.51.100.2>");
	m->contact_expires = 90;
	m->expires = 200;
	h = reply_to(phone_end(&bob));
	NEED(h && respond(h)->code == 200 && respond(h)->expires == 90);
	sim_need_idle();
}

static void a_binding_runs_out_to_the_second(void)
{
	begin();
	phone_register(&alice);
	sim_pass(299 * 1000);
	NEED(registrations() == 1);
	sim_pass(1100);
	NEED(registrations() == 0);
	sim_need_idle();
}

static void a_user_removes_his_own_binding_only(void)
{
	begin();
	phone_register(&alice);
	phone_register(&bob);
	NEED(code_of(phone_send_register(&alice, 0, false)) == 200 && registrations() == 1);
	/* removing what is not there is no error */
	NEED(code_of(phone_send_register(&alice, 0, true)) == 200);
	/* "*" needs Expires: 0 (RFC 3261 10.2.2) */
	for (uint32_t expires = 60;; expires = 0) {
		struct msg_request *m = phone_begin(&bob, SIP_REGISTER);
		m->target_kind = TARGET_SELF;
		m->to_user = phone_put(&bob, "bob");
		m->contact_form = CONTACT_STAR;
		m->expires = expires;
		NEED(code_of(phone_end(&bob)) == (expires ? 400u : 200u));
		if (!expires)
			break;
		NEED(registrations() == 1);
	}
	NEED(registrations() == 0);
	sim_need_idle();
}

static struct msg_request *begin_removal(const char *contact)
{
	struct msg_request *m = phone_begin(&alice, SIP_REGISTER);

	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&alice, "alice");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, contact);
	m->contact_expires = 0;
	return m;
}

/* RFC 3261 10.3: a phone that clears away the Contact of its former address keeps the one that it has. */
static void removing_another_contact_leaves_the_bound_one(void)
{
	begin();
	alice.outbound = true;
	phone_register(&alice);
	begin_removal("sip:old@192.0.2.77:40000;transport=tls");
	struct heard *h = reply_to(phone_end(&alice));
	NEED(h && respond(h)->code == 200 && respond(h)->expires && strstr(sim_text(h, respond(h)->contact), "alice@"));
	NEED(registrations() == 1);
	/* the instance that is bound, whatever its address (RFC 5626 6) */
	struct msg_request *m = begin_removal("sip:new@192.0.2.78:40000;transport=tls");
	m->reg_id = 1;
	m->instance = phone_put(&alice, "\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"");
	NEED(code_of(phone_end(&alice)) == 200 && registrations() == 0);
	/* the same URI in another spelling (RFC 3261 19.1.4) */
	m = begin_removal("sip:alice@phone.example.org;transport=tls");
	m->contact_expires = 60;
	NEED(code_of(phone_end(&alice)) == 200 && registrations() == 1);
	begin_removal("sip:Alice@phone.example.org;transport=tls");
	NEED(code_of(phone_end(&alice)) == 200 && registrations() == 1);
	begin_removal("sip:%61lice@Phone.Example.ORG;transport=TLS");
	h = reply_to(phone_end(&alice));
	NEED(h && respond(h)->code == 200 && !respond(h)->contact.len && registrations() == 0);
	sim_need_idle();
}

static void a_query_answers_the_binding_and_changes_nothing(void)
{
	begin();
	phone_register(&alice);
	sim_pass(10000);
	struct msg_request *m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&alice, "alice");
	struct heard *h = reply_to(phone_end(&alice));
	NEED(h && respond(h)->code == 200 && respond(h)->expires == 290);
	NEED(strstr(sim_text(h, respond(h)->contact), "alice@"));
	m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&alice, "alice");
	m->contact_form = CONTACT_SEVERAL;
	NEED(code_of(phone_end(&alice)) == 400);
	sim_need_idle();
}

/* RFC 3261 10.3 step 7 */
static void an_overtaken_register_is_refused(void)
{
	begin();
	phone_register(&alice);
	alice.cseq -= 1;
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 500);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	sim_need_idle();
}

static void what_is_not_of_this_domain_is_refused(void)
{
	begin();
	phone_register(&alice);
	struct msg_request *m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_FOREIGN;
	m->to_user = phone_put(&alice, "alice");
	NEED(code_of(phone_end(&alice)) == 403);
	m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->from_kind = FROM_FOREIGN;
	m->to_user = phone_put(&alice, "alice");
	NEED(code_of(phone_end(&alice)) == 403);
	m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->to_ours = 0;
	m->to_user = phone_put(&alice, "alice");
	NEED(code_of(phone_end(&alice)) == 403);
	sim_need_idle();
}

/* Once, and nothing comes of it. */
static void is_refused_once(uint64_t txn)
{
	NEED(code_of(txn) == 403 && code_of(txn) == 0 && registrations() == 0 && sim.logins == 0 && sim.nonces == 0);
}

static void an_expired_certificate_may_not_register(void)
{
	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	alice.expired = true;
	phone_up(&alice);
	is_refused_once(phone_send_register(&alice, ABSENT, true));
	sim_need_idle();
}

static void a_binding_of_another_domain_is_none(void)
{
	begin();
	struct msg_request *m = phone_begin(&alice, SIP_REGISTER);
	m->target_kind = TARGET_SELF;
	m->from_kind = FROM_FOREIGN;
	m->to_user = phone_put(&alice, "alice");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1:40000;transport=tls>");
	phone_put_credentials(&alice, m);
	is_refused_once(phone_end(&alice));
	sim_need_idle();
}

static struct phone *kept;

static void life_with_a_login(void)
{
	begin();
	phone_register(&alice);
	*kept = alice;
}

/* R1: nor does the login that it had help it, where its certificate has run out while core was away. */
static void an_expired_certificate_has_no_login(void)
{
	kept = sim_shared(sizeof *kept);
	sim_crash_after(life_with_a_login);
	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	alice = *kept;
	NEED(registrations() == 1);
	alice.expired = true;
	phone_still_up(&alice);
	struct msg_request *m = phone_begin(&alice, SIP_OPTIONS);
	m->target_kind = TARGET_SELF;
	NEED(code_of(phone_end(&alice)) == 403);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 403 && sim.logins == 0);
}

static unsigned asked_well;
static bool by_md5;

static void on_said(struct link *from, const struct ipc_view *v)
{
	const struct msg_login_want *w = v->payload;

	(void)from;
	if (v->type != MSG_LOGIN_WANT)
		return;
	NEED(w->token && w->flow == bob.flow && w->device == bob.device && w->who == 1 && w->md5 == by_md5);
	NEED(w->method == SIP_OPTIONS && w->algorithm == (by_md5 ? DIGEST_MD5 : DIGEST_SHA256) && w->nc == 1);
	NEED(span_eq(ipc_str(v, w->user), SPAN("bob")) && span_eq(ipc_str(v, w->nonce), SPAN("bm9uY2U")));
	NEED(span_eq(ipc_str(v, w->uri), SPAN("sip:example.org")) && span_eq(ipc_str(v, w->cnonce), SPAN("c")));
	NEED(span_eq(ipc_str(v, w->response), SPAN("00")));
	asked_well++;
}

/* T3, T6: keeper judges what the phone said, of the connection, phone and user that it came from. */
static void asks_keeper(void)
{
	sim_defaults();
	sim.device[1].flags = by_md5 ? DEVICE_MD5 : 0;
	sim.watch = on_said;
	sim_open();
	phone_init(&bob, 1);
	phone_up(&bob);
	struct msg_request *m = phone_begin(&bob, SIP_OPTIONS);
	m->target_kind = TARGET_SELF;
	phone_put_credentials(&bob, m);
	NEED(code_of(phone_end(&bob)) == 200 && asked_well == 1);
	sim_need_idle();
}

static void keeper_is_asked_of_whom_it_is(void)
{
	asks_keeper();
}

static void and_by_which_digest(void)
{
	by_md5 = true;
	asks_keeper();
}

static void gives_up(const struct phone *p, uint64_t txn)
{
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, p->edge), MSG_CANCELLED);

	m->txn = txn;
	ipc_end(sim_far(PROC_EDGE, p->edge));
	sim_turn();
}

/* R4: who gives up while keeper is asked gives up its own call and nobody else's, also of the same number at another edge. */
static void who_gives_up_is_no_other(void)
{
	static struct talk a, b;
	struct sdp offer;

	begin();
	NEED(alice.edge != bob.edge);
	sim.conduct.keeper_mute = true;
	offer = sdp_plain(&alice);
	talk_invite(&a, &alice, "bob", &offer);
	talk_invite(&b, &bob, "alice", &offer);
	NEED(code_of(a.txn) == 0 && code_of(b.txn) == 0 && sim_status("logins").used == 2);
	gives_up(&alice, b.txn);
	gives_up(&alice, a.txn + 1000);
	NEED(code_of(a.txn) == 0 && code_of(b.txn) == 0 && sim_status("logins").used == 2);
	gives_up(&bob, b.txn);
	NEED(code_of(b.txn) == 487 && code_of(a.txn) == 0 && sim_status("logins").used == 1);
	gives_up(&alice, a.txn);
	NEED(code_of(a.txn) == 487 && sim_status("logins").used == 0);
}

/* T6: without qop, or for another URI, they are none at all: keeper is not even asked. */
static void credentials_without_qop_or_for_another_uri_are_none(void)
{
	begin();
	for (int i = 0; i < 4; i++) {
		struct msg_request *m = phone_begin(&alice, SIP_OPTIONS);
		m->target_kind = TARGET_SELF;
		phone_put_credentials(&alice, m);
		m->auth_qop &= i != 0;
		m->auth_uri_matches &= i != 1;
		m->has_auth &= i != 2;
		NEED(code_of(phone_end(&alice)) == (i < 3 ? 401 : 200) && sim.logins == (i < 3 ? 0 : 1));
	}
	sim_need_idle();
}

static void without_keeper_a_login_is_503_and_nobody_waits_for_ever(void)
{
	begin();
	sim.conduct.keeper_mute = true;
	uint64_t txn = phone_send_register(&alice, ABSENT, true);
	NEED(code_of(txn) == 0);
	sim_pass(4100);
	NEED(code_of(txn) == 503);
	txn = phone_send_register(&alice, ABSENT, true);
	sim_link_down(PROC_KEEPER, 0);
	struct heard *h = reply_to(txn);
	NEED(h && respond(h)->code == 503 && respond(h)->retry_after);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 503);
	sim.conduct.keeper_mute = false;
	sim_link_up(PROC_KEEPER, 0);
	phone_register(&alice);
	sim_need_idle();
}

/* A login counts for reauth_s; then the next request is challenged again. */
static void a_login_wears_off(void)
{
	begin();
	phone_register(&alice);
	for (uint32_t s = 0; s < sim.site.reauth_s - 200; s += 200) {
		NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
		sim_pass(200 * 1000);
	}
	sim_pass(250 * 1000);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 401);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 200 && sim.logins == 2);
	sim_need_idle();
}

/* Who knew the old password alone is out, on this phone or another, and rings no more (R2). */
static void a_new_password_ends_every_login_of_its_user(void)
{
	begin();
	phone_register(&alice);
	phone_register(&bob);
	sim_log_out("nobody");
	sim_log_out("bob");
	NEED(registrations() == 1 && code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	sim_log_out("alice");
	NEED(registrations() == 0 && code_of(phone_send_register(&alice, ABSENT, false)) == 401);
	struct msg_request *m = phone_begin(&bob, SIP_OPTIONS);
	m->target_kind = TARGET_SELF;
	NEED(code_of(phone_end(&bob)) == 401);
	sim.conduct.verdict = LOGIN_WRONG;
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 403 && registrations() == 0);
	sim.conduct.verdict = LOGIN_OK;
	phone_register(&alice);
	NEED(registrations() == 1 && code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	sim_need_idle();
}

static void keeper_says(enum login_verdict verdict)
{
	struct link *l = sim_far(PROC_KEEPER, 0);
	struct msg_login *m = ipc_begin(l, MSG_LOGIN);

	m->token = sim.login_token;
	m->verdict = (uint8_t)verdict;
	ipc_end(l);
	sim_turn();
}

/* keeper said yes to the old password, and core hears of the new one first. */
static void a_verdict_on_the_old_password_comes_too_late(void)
{
	begin();
	sim.conduct.keeper_mute = true;
	uint64_t txn = phone_send_register(&alice, ABSENT, true);
	NEED(code_of(txn) == 0);
	sim_log_out("alice");
	sim.conduct.keeper_mute = false;
	keeper_says(LOGIN_OK);
	struct heard *h = reply_to(txn);
	NEED(h && respond(h)->code == 401 && respond(h)->stale && registrations() == 0);
	phone_register(&alice);
	sim_need_idle();
}

static void a_login_ends_with_its_connection(void)
{
	begin();
	phone_register(&alice);
	phone_down(&alice);
	phone_up(&alice);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 401);
	sim_need_idle();
}

static void two_users_share_a_phone(void)
{
	sim_defaults();
	sim.bound[1][0] = true;
	sim_open();
	phone_init(&alice, 0);
	phone_register(&alice);
	alice.user = "bob";
	phone_register(&alice);
	NEED(registrations() == 2);
	alice.user = "alice";
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	sim_need_idle();
}

static void a_phone_taken_from_its_user_loses_binding_and_login(void)
{
	begin();
	phone_register(&alice);
	sim.bound[0][0] = false;
	sim_push_directory();
	sim_turn();
	NEED(registrations() == 0);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 401);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 403);
	sim_need_idle();
}

static void a_disabled_user_is_gone_at_once(void)
{
	begin();
	phone_register(&alice);
	sim.user[0].enabled = false;
	sim_push_directory();
	sim_turn();
	NEED(registrations() == 0);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 403);
	sim_need_idle();
}

/* R2: whoever is enabled again says the password again, on a connection that stood all the time. */
static void an_enabled_user_logs_in_anew(void)
{
	begin();
	phone_register(&alice);
	for (int i = 0; i < 2; i++) {
		sim.user[0].enabled = i;
		sim_push_directory();
		sim_turn();
	}
	NEED(registrations() == 0 && code_of(phone_send_register(&alice, ABSENT, false)) == 401);
	NEED(code_of(phone_send_register(&alice, ABSENT, true)) == 200);
	sim_need_idle();
}

/* R2: of two at one phone each has the time of the own login, and none when it is over. */
static void each_login_has_its_own_time(void)
{
	sim_defaults();
	sim.bound[1][0] = true;
	sim.site.register_max_s = 3 * sim.site.reauth_s;
	sim_open();
	phone_init(&alice, 0);
	struct phone both = alice;
	both.user = "bob";
	phone_register(&alice);
	sim_pass(60000);
	both.flow = alice.flow;
	NEED(code_of(phone_send_register(&both, ABSENT, true)) == 200);
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
	const struct registration *a = registrar_get(0, 0), *b = registrar_get(1, 0);
	NEED(a && b && a->login_until_ms + 60000 <= b->login_until_ms && b->login_until_ms < a->login_until_ms + 62000);
	NEED(registrar_logged_in(0, 0) && registrar_logged_in(1, 0) && !registrar_logged_in(0, 1));
	sim_pass(a->login_until_ms - child_now() + 1000);
	NEED(registrar_get(0, 0) && !registrar_logged_in(0, 0) && registrar_logged_in(1, 0));
}

static void a_revoked_phone_loses_everything_at_once(void)
{
	begin();
	phone_register(&alice);
	sim.device[0].state = DEVICE_REVOKED;
	sim_push_directory();
	sim_turn();
	NEED(registrations() == 0);
	struct heard *h = sim_take(PROC_EDGE, MSG_CLOSE_FLOW, NULL, NULL);
	NEED(h && ((const struct msg_close_flow *)(const void *)h->payload)->flow == alice.flow);
	phone_down(&alice);
	sim_need_idle();
}

/* parent: what this phone sent made a process break its contract twice */
/* R1: and nobody else anything. */
static void the_others_of_a_revoked_phone_stay(void)
{
	begin();
	phone_register(&alice);
	phone_register(&bob);
	sim.device[0].state = DEVICE_REVOKED;
	sim_push_directory();
	sim_turn();
	NEED(registrations() == 1 && registrar_get(1, 1) && registrar_get(1, 1)->flow == bob.flow);
	NEED(code_of(phone_send_register(&bob, ABSENT, false)) == 200);
}

/* R28: a phone that came back by another connection is there, whenever the one before is found dead. */
static void the_end_of_an_old_connection_ends_no_binding(void)
{
	begin();
	phone_register(&alice);
	struct phone before = alice;
	alice.flow = 0;
	phone_register(&alice);
	NEED(registrar_get(0, 0)->flow == alice.flow);
	phone_down(&before);
	NEED(registrations() == 1 && registrar_get(0, 0)->flow == alice.flow);
	phone_down(&alice);
	NEED(registrations() == 1 && registrar_get(0, 0)->flow == 0);
}

static void a_phone_that_parent_suspends_loses_everything(void)
{
	begin();
	phone_register(&alice);
	phone_register(&bob);
	struct msg_suspend *m = ipc_begin(sim_far(PROC_PARENT, 0), MSG_SUSPEND);
	m->device = 0;
	ipc_end(sim_far(PROC_PARENT, 0));
	sim_turn();
	NEED(sim_take(PROC_EDGE, MSG_CLOSE_FLOW, NULL, NULL));
	NEED(registrations() == 1 && registrar_get(1, 1) && registrar_get(1, 1)->flow == bob.flow); /* another's stays */
	NEED(code_of(phone_send_register(&bob, ABSENT, false)) == 200);
	/* an index that is nobody's does no harm */
	m = ipc_begin(sim_far(PROC_PARENT, 0), MSG_SUSPEND);
	m->device = UINT32_MAX;
	ipc_end(sim_far(PROC_PARENT, 0));
	sim_turn();
	sim_need_idle();
}

/* --- an edge that lies: it is accused, and cannot name whose bytes made it lie (R27) --- */

/* That bob's connection is carol's. */
static void whose_a_request_is_core_knows(void)
{
	begin();
	struct msg_request *m = phone_begin(&bob, SIP_OPTIONS);
	m->device = 2;
	phone_end(&bob);
	NEED(sim.accusations == 1 && sim.accused == PROC_EDGE && sim.accused_device == 1);
}

static void a_request_on_another_edges_connection_is_nobodys(void)
{
	begin();
	struct phone carol;
	phone_init(&carol, 2);
	NEED(carol.edge != bob.edge);
	phone_up(&carol);
	struct msg_request *m = phone_begin(&carol, SIP_OPTIONS);
	m->flow = bob.flow;
	m->device = 1;
	phone_end(&carol);
	NEED(sim.accusations == 1 && sim.accused == PROC_EDGE && sim.accused_device == 0);
}

static void a_connection_that_cannot_be_is_nobodys(void)
{
	begin();
	struct msg_flow_up *m = ipc_begin(sim_far(PROC_EDGE, bob.edge), MSG_FLOW_UP);
	m->flow = 77;
	m->device = 1;
	m->listener = (uint8_t)sim.site.listeners;
	NEED(addr_parse_ip(span_str(bob.host), &m->remote));
	ipc_end(sim_far(PROC_EDGE, bob.edge));
	sim_turn();
	NEED(sim.accusations == 1 && sim.accused == PROC_EDGE && sim.accused_device == 0);
}

static void one_that_is_up_already_is_whose_it_was(void)
{
	begin();
	bob.device = 2;
	phone_still_up(&bob);
	NEED(sim.accusations == 1 && sim.accused == PROC_EDGE && sim.accused_device == 1);
}

static uint64_t closed_flow(void)
{
	const struct heard *h = sim_take(PROC_EDGE, MSG_CLOSE_FLOW, NULL, NULL);
	return h ? ((const struct msg_close_flow *)(const void *)h->payload)->flow : 0;
}

/* One phone has 8 connections over all edges: the oldest makes room. */
static void a_phone_with_many_connections_leaves_the_oldest(void)
{
	begin();
	uint64_t oldest = bob.flow, next = 0;
	for (uint32_t i = 1; i < 8; i++) {
		bob.edge = i % sim.site.edges;
		phone_up(&bob);
		next = next ? next : bob.flow;
	}
	NEED(!closed_flow() && sim_status("flows").used == 9);
	phone_up(&bob);
	NEED(closed_flow() == oldest && sim_status("flows").used == 9);
	phone_up(&bob);
	NEED(closed_flow() == next && !closed_flow());
	phone_register(&bob); /* the last one works */
	NEED(registrations() == 1);
	sim_need_idle();
}

/* R16: in a full table a connection that somebody has beside another makes room, so that everyone can call for help. */
static void a_full_table_lets_a_phone_in(void)
{
	static struct phone other;
	static const uint32_t flows[] = {0, 0, 5, 7, 6, 7, 5}; /* of the devices 2 to 6; alice and bob have one each */
	uint64_t oldest = 0, limit;

	begin();
	limit = sim_status("flows").limit;
	for (uint32_t device = 2; device <= 6; device++)
		for (uint32_t i = 0; i < flows[device]; i++) {
			phone_init(&other, 2);
			other.device = device;
			phone_up(&other);
			if (device == 3 && i == 0)
				oldest = other.flow;
		}
	NEED(sim_status("flows").used == limit && !closed_flow());
	phone_init(&other, 2);
	other.device = 7;
	phone_up(&other);
	NEED(closed_flow() == oldest && !closed_flow() && sim_status("flows").used == limit);
	struct msg_request *m = phone_begin_as(&other, SIP_OPTIONS, CLASS_NEW);
	m->target_kind = TARGET_SELF;
	NEED(code_of(phone_end(&other)) == 401); /* it is heard */
}

static void options_say_nothing_before_login(void)
{
	begin();
	struct msg_request *m = phone_begin(&alice, SIP_OPTIONS);
	m->target_kind = TARGET_SELF;
	NEED(code_of(phone_end(&alice)) == 401);
	phone_register(&alice);
	m = phone_begin(&alice, SIP_OPTIONS);
	m->target_kind = TARGET_SELF;
	NEED(code_of(phone_end(&alice)) == 200);
	sim_need_idle();
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_first_register_is_challenged_and_a_right_answer_binds);
	SIM(md5_only_for_the_phone_that_says_so);
	SIM(every_wrong_login_hears_the_same);
	SIM(nonces_come_a_sheet_at_a_time);
	SIM(many_wait_for_one_sheet);
	SIM(a_stale_nonce_is_challenged_anew);
	SIM(credentials_of_one_and_name_of_another_are_impersonation);
	SIM(outbound_is_kept_an_hour_and_others_five_minutes);
	SIM(a_binding_runs_out_to_the_second);
	SIM(a_user_removes_his_own_binding_only);
	SIM(removing_another_contact_leaves_the_bound_one);
	SIM(a_query_answers_the_binding_and_changes_nothing);
	SIM(an_overtaken_register_is_refused);
	SIM(what_is_not_of_this_domain_is_refused);
	SIM(an_expired_certificate_may_not_register);
	SIM(a_binding_of_another_domain_is_none);
	SIM(an_expired_certificate_has_no_login);
	SIM(credentials_without_qop_or_for_another_uri_are_none);
	SIM(keeper_is_asked_of_whom_it_is);
	SIM(and_by_which_digest);
	SIM(who_gives_up_is_no_other);
	SIM(without_keeper_a_login_is_503_and_nobody_waits_for_ever);
	SIM(a_login_wears_off);
	SIM(a_new_password_ends_every_login_of_its_user);
	SIM(a_verdict_on_the_old_password_comes_too_late);
	SIM(a_login_ends_with_its_connection);
	SIM(two_users_share_a_phone);
	SIM(a_phone_taken_from_its_user_loses_binding_and_login);
	SIM(a_disabled_user_is_gone_at_once);
	SIM(an_enabled_user_logs_in_anew);
	SIM(each_login_has_its_own_time);
	SIM(a_revoked_phone_loses_everything_at_once);
	SIM(the_others_of_a_revoked_phone_stay);
	SIM(the_end_of_an_old_connection_ends_no_binding);
	SIM(a_phone_that_parent_suspends_loses_everything);
	SIM(whose_a_request_is_core_knows);
	SIM(a_request_on_another_edges_connection_is_nobodys);
	SIM(a_connection_that_cannot_be_is_nobodys);
	SIM(one_that_is_up_already_is_whose_it_was);
	SIM(a_phone_with_many_connections_leaves_the_oldest);
	SIM(a_full_table_lets_a_phone_in);
	SIM(options_say_nothing_before_login);
	(void)test_failed_here;
	return TEST_END;
}
