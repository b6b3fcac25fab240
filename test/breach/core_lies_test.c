/* SPDX-License-Identifier: ISC */
/* Each sibling of core in turn lies (R27): in the midst of calls, logins, changes, texts and records every field of every
 * message that it may say takes every telling value. core never crashes, never breaks the contract itself, and whatever it
 * was told, once the phones are gone nothing of it is left in any pool. Each lie is told in a process of its own. */
#include "../fsm/sim_phone.h"
#include "../unit/test.h"
#include "base/clock.h"
#include "lies.h"
#include "notice.h"
#include "pin.h"
#include "settings.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct phone alice, bob, carol, dave, late, telco;
static struct talk a, b, c, d;
static struct heard *change, *text;
static bool nonces_wanted;
static uint64_t held_token, seal_token, record_id, join_id, held_txn, ring_txn;
static uint64_t pin_token, dialled_token, change_token, notice_token, proof_token;
static uint32_t share = 1, told, accused, failures;
static enum proc liar;
static uint32_t liar_instance;

/* --- the midst of things --- */

/* What core writes to its arena from here on is this process's own. */
static void own_memory(void)
{
	static uint64_t own_now;
	char line[512];
	unsigned long from, to;
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "memfd:arena") && sscanf(line, "%lx-%lx", &from, &to) == 2)
			NEED(mmap((void *)from, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, sim.crash_fd, 0) !=
			     MAP_FAILED);
	if (maps)
		fclose(maps);
	own_now = *sim.now;
	sim.now = &own_now;
}

static void on_wanted(struct link *l, const struct ipc_view *v)
{
	(void)l;
	if (v->type == MSG_LOGIN_WANT)
		held_token = ((const struct msg_login_want *)v->payload)->token;
	if (v->type == MSG_NONCES_WANT)
		nonces_wanted = sim.conduct.keeper_mute;
	if (v->type == MSG_SEAL_WANT)
		seal_token = ((const struct msg_seal_want *)v->payload)->token;
	if (v->type == MSG_PIN_CHECK)
		pin_token = ((const struct msg_pin_check *)v->payload)->token;
	if (v->type == MSG_DIALLED_WANT)
		dialled_token = ((const struct msg_dialled_want *)v->payload)->token;
	if (v->type == MSG_PROOF_WANT)
		proof_token = ((const struct msg_proof_want *)v->payload)->token;
	if (v->type == MSG_SETTING_SET)
		change_token = ((const struct msg_setting_set *)v->payload)->token;
	if (v->type == MSG_NOTICE_ADD)
		notice_token = ((const struct msg_notice_add *)v->payload)->token;
	if (v->type == MSG_RECORD)
		record_id = ((const struct msg_record *)v->payload)->call;
}

static void reliable_183(void)
{
	struct msg_response *m = talk_begin_answer(&d, 183);

	m->required = SIP_TAG_100REL;
	m->rseq = 5;
	talk_end_answer(&d);
}

static void trunk_and_store(void)
{
	struct trunk_conf *t = &sim.site.trunk[0];

	snprintf(t->name, sizeof t->name, "telco");
	snprintf(t->server, sizeof t->server, "telco.example");
	snprintf(t->domain, sizeof t->domain, "telco.example");
	t->lines = 2;
	t->media = TRUNK_RTP;
	t->plain = t->media_nets = 1;
	NEED(addr_parse_ip(SPAN("203.0.113.0"), &t->media_net[0].net));
	t->media_net[0].bits = 24;
	sim.site.trunks = sim.site.inbounds = 1;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "bob"};
	sim.site.signers.n = 1;
	sim.site.signers.signer[0] = (struct plan_signer){.x5u = {7}, .until_s = INT64_MAX, .any = 1};
}

/* A caller from outside that is signed for. */
static void begin_signed(uint8_t hash)
{
	struct sdp plain = sdp_clear(&telco);
	const struct passport p = {.kind = PASSPORT_READ, .attest = 'A', .dests = 1, .orig = "33611223344",
	    .iat_s = (uint64_t)(clock_wall_ms() / 1000 + 2), .dest = {"33140000001"}, .x5u = {7}, .hash = {hash}};
	struct msg_request *m = phone_begin(&telco, SIP_INVITE);

	m->call_id = phone_put(&telco, "signed");
	m->target_user = m->to_user = phone_put(&telco, "+33140000001");
	m->from_user = phone_put(&telco, "+33611223344");
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&telco, "<sip:gw@203.0.113.6>");
	m->sdp = phone_put_sdp(&telco, &plain);
	m->passport = ipc_put_part(sim_far(PROC_EDGE, telco.edge), &p, sizeof p);
}

static void into_the_midst(void)
{
	struct sdp offer;
	struct talk past = {0}, past_b = {0};

	sim_defaults();
	sim.watch = on_wanted;
	trunk_and_store();
	snprintf(sim.site.alarms.desk, sizeof sim.site.alarms.desk, "bob");
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_init(&carol, 2);
	phone_init(&dave, 3);
	phone_init(&late, 4);
	phone_register(&alice);
	phone_register(&bob);
	phone_register(&carol);
	phone_register(&dave);
	call_up(&past, &alice, &past_b, &bob); /* a record that ledger does not confirm */
	sim.conduct.ledger_mute = true;
	call_hang_up(&past, &past_b);
	call_up(&past, &alice, &past_b, &bob); /* and one that keeper does not seal */
	sim.conduct.seal_mute = true;
	call_hang_up(&past, &past_b);
	call_up(&a, &alice, &b, &bob);
	relay_wish(&join_id);
	offer = sdp_of(KEYS_SDES, alice.host, 40002, 2, "sendonly", NULL);
	talk_send(&a, SIP_INVITE, &offer);
	change = talk_takes(&b, SIP_INVITE);
	offer = sdp_plain(&carol);
	ring_txn = talk_invite(&c, &carol, "dave", &offer);
	talk_rings_at(&d, &dave);
	reliable_183();
	struct msg_request *m = phone_begin(&alice, SIP_MESSAGE);
	m->target_user = phone_put(&alice, "bob");
	m->text = phone_put(&alice, "lunch?");
	phone_end(&alice);
	text = sent_to(&bob, SIP_MESSAGE);
	sim.conduct.keeper_mute = sim.conduct.signer_mute = true;
	phone_init_trunk(&telco, 1);
	telco.user = "+33611223344";
	phone_up(&telco);
	begin_signed(1);
	phone_end(&telco);
	phone_up(&late);
	for (int i = 0; i < NONCE_SHEET; i++) /* the last ones wait for a sheet */
		phone_send_register(&late, ABSENT, false);
	held_txn = phone_send_register(&late, ABSENT, true);
	NEED(pin_ask_check(PIN_FOR_VOICEMAIL, 1, 1, SPAN("1234")) && pin_ask_dialled(PIN_FOR_VOICEMAIL, 1, 1, SPAN("+331")));
	const struct settings_wish w = {.owner = 1, .by = 1, .whose = OWNER_USER, .index = 1, .kind = SETTING_DND};
	NEED(settings_change(&w, SPAN("on")));
	notice_add(NOTICE_CALL, 1, 1, SPAN("112"));
	sim_turn();
	NEED(pin_token && dialled_token && change_token && notice_token);
	NEED(proof_token && change && text && held_token && nonces_wanted && seal_token && record_id && join_id);
	own_memory();
}

/* Everyone goes; everything that core holds must go too. */
static void all_is_given_back(void)
{
	sim.quiet = true;
	sim.conduct = (struct conduct){0};
	for (uint32_t i = 0; i < sim.site.edges; i++)
		if (child_link(PROC_EDGE, i))
			sim_link_down(PROC_EDGE, i);
	static const enum proc again[] = {PROC_KEEPER, PROC_SIGNER, PROC_LEDGER, PROC_MEDIA, PROC_CTL, PROC_PARENT};
	for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
		if (child_link(again[i], 0))
			sim_link_down(again[i], 0);
		sim_link_up(again[i], 0);
	}
	sim_pass(4000 * 1000); /* sessions of half an hour run out */
	sim.accusations = 0;
	sim_need_idle();
}

/* --- one lie --- */

static void tell_one(const struct lie *l)
{
	struct link *far = sim_far(liar, liar_instance);

	sim.accusations = 0;
	NEED(lie_send(far, l));
	sim_turn();
	if (lie_is_plain(l))
		NEED(sim.accusations && sim.accused == liar);
	bool broke = !child_link(liar, liar_instance);
	if (broke)
		sim_link_up(liar, liar_instance);
	sim_pass(1000);
	all_is_given_back();
	_exit(broke ? 3 : 0);
}

static void tell(const struct lie *l, void *arg)
{
	static uint32_t n;
	int status = 0;

	(void)arg;
	if (n++ % share)
		return;
	pid_t pid = fork();
	if (pid == 0)
		tell_one(l);
	told++;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 3)) {
		failures++;
		fprintf(stderr, "%s says %s, field %s, lie %u: core did not bear it\n", proc_name[liar], msg_rule[l->type].name,
		    l->field ? l->field : "(none)", l->number);
		return;
	}
	accused += WEXITSTATUS(status) == 3;
}

/* The message that is open on this link, and every lie about it. */
static void lie_about_open(struct link *l)
{
	static struct lie truth;

	lie_take_truth(l, &truth);
	lies_each(&truth, tell, NULL);
}

/* --- edge --- */

static struct link *edge(const struct phone *p)
{
	liar = PROC_EDGE;
	liar_instance = p->edge;
	return sim_far(PROC_EDGE, p->edge);
}

static void flows(void)
{
	struct msg_flow_up *up = ipc_begin(edge(&late), MSG_FLOW_UP);
	up->flow = late.flow + 1;
	up->device = 4;
	NEED(addr_parse_ip(SPAN("198.51.100.5"), &up->remote));
	lie_about_open(edge(&late));
	struct msg_flow_down *down = ipc_begin(edge(&alice), MSG_FLOW_DOWN);
	down->flow = alice.flow;
	lie_about_open(edge(&alice));
	struct msg_cancelled *cancelled = ipc_begin(edge(&carol), MSG_CANCELLED);
	cancelled->txn = ring_txn;
	lie_about_open(edge(&carol));
	cancelled = ipc_begin(edge(&late), MSG_CANCELLED);
	cancelled->txn = held_txn;
	lie_about_open(edge(&late));
}

static void request_inside(struct talk *t, enum sip_method method, const struct sdp *sdp)
{
	struct msg_request *m = talk_begin(t, method);

	m->contact = phone_put(t->phone, "<sip:x@198.51.100.1>");
	m->rack_rseq = 1;
	m->rack_cseq = 1;
	m->rack_method = SIP_INVITE;
	m->session_expires = 600;
	m->sdp = phone_put_sdp(t->phone, sdp);
	lie_about_open(edge(t->phone));
}

static void requests_inside(void)
{
	struct sdp offer = sdp_of(KEYS_SDES, bob.host, 40004, 3, "sendonly", NULL);
	static const enum sip_method method[] = {SIP_BYE, SIP_UPDATE, SIP_PRACK};

	for (size_t i = 0; i < sizeof method / sizeof *method; i++)
		request_inside(i == 2 ? &c : &b, method[i], &offer);
}

static void invites(void)
{
	struct sdp offer = sdp_plain(&alice);
	struct msg_request *m = phone_begin(&alice, SIP_INVITE);

	m->call_id = phone_put(&alice, "lie");
	m->target_user = m->to_user = phone_put(&alice, "dave");
	m->contact = phone_put(&alice, "<sip:alice@198.51.100.1>");
	m->contact_form = CONTACT_ONE;
	m->supported = SIP_TAG_TIMER | SIP_TAG_100REL;
	m->required = SIP_TAG_100REL;
	m->session_expires = 600;
	m->has_auth = m->auth_qop = m->auth_uri_matches = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_user = phone_put(&alice, "alice");
	m->sdp = phone_put_sdp(&alice, &offer);
	lie_about_open(edge(&alice));
}

static void signed_invites(void)
{
	begin_signed(2);
	lie_about_open(edge(&telco));
}

static void registers(void)
{
	struct msg_request *m = phone_begin(&bob, SIP_REGISTER);

	m->call_id = phone_put(&bob, "register-1");
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(&bob, "bob");
	m->contact = phone_put(&bob, "<sip:bob@198.51.100.2>");
	m->contact_form = CONTACT_ONE;
	m->instance = phone_put(&bob, "i");
	m->reg_id = 1;
	m->supported = SIP_TAG_OUTBOUND;
	m->expires = 60;
	lie_about_open(edge(&bob));
}

static void response(struct phone *p, uint64_t ref, enum sip_method method, uint16_t code, bool with_sdp)
{
	struct sdp sdp = sdp_of(KEYS_SDES, p->host, 40002, 2, "recvonly", NULL);
	struct msg_response *m = ipc_begin(edge(p), MSG_RESPONSE);

	m->ref = ref;
	m->flow = p->flow;
	m->method = (uint8_t)method;
	m->code = code;
	m->to_tag = phone_put(p, "answer-3");
	m->contact = phone_put(p, "<sip:x@198.51.100.4>");
	m->session_expires = 600;
	m->refresher = REFRESHER_UAC;
	m->min_se = 90;
	if (with_sdp)
		m->sdp = phone_put_sdp(p, &sdp);
	lie_about_open(edge(p));
}

static void responses(void)
{
	response(&bob, sent(change)->ref, SIP_INVITE, 200, true);
	response(&bob, b.ref, SIP_INVITE, 200, true); /* of the call that is up */
	response(&bob, sent(text)->ref, SIP_MESSAGE, 200, false);
	response(&dave, d.ref, SIP_INVITE, 200, true);
	response(&dave, d.ref, SIP_INVITE, 422, false);
}

/* A REFER of the called one, and what it tells of a transfer. */
static void transfers(void)
{
	struct msg_request *m = talk_begin(&b, SIP_REFER);

	m->refer_kind = 1;
	m->refer_user = phone_put(&bob, "carol");
	lie_about_open(edge(&bob));
	m = talk_begin(&b, SIP_NOTIFY);
	m->package = PACKAGE_REFER;
	m->substate = SIP_SUBSTATE_ACTIVE;
	m->frag = 180;
	lie_about_open(edge(&bob));
	m = talk_begin(&b, SIP_ACK);
	lie_about_open(edge(&bob));
}

static void an_edge_lies(void)
{
	into_the_midst();
	flows();
	requests_inside();
	invites();
	signed_invites();
	registers();
	responses();
	transfers();
}

/* --- trunks --- */

static struct phone telco;
static uint64_t digest_token, reach_token, turn_token;

static void on_trunk_wanted(struct link *l, const struct ipc_view *v)
{
	on_wanted(l, v);
	if (v->type == MSG_TRUNK_DIGEST_WANT)
		digest_token = ((const struct msg_trunk_digest_want *)v->payload)->token;
	if (v->type == MSG_REACH_WANT)
		reach_token = ((const struct msg_reach_want *)v->payload)->token;
	if (v->type == MSG_TURN)
		turn_token = ((const struct msg_turn *)v->payload)->token;
}

static void add_trunk(int i, const char *user)
{
	struct trunk_conf *t = sim_add_trunk(i);

	snprintf(t->user, sizeof t->user, "%s", user);
	snprintf(t->login, sizeof t->login, "us");
	snprintf(t->realm, sizeof t->realm, "telco%d.example", i);
	t->expires_s = 600;
	t->keepalive_s = user[0] ? 30 : 0;
}

static void challenge(struct talk *t)
{
	struct msg_response *m = talk_begin_answer(t, 407);

	m->has_challenge = 1;
	m->auth_proxy = 1;
	m->auth_qop = 1;
	m->auth_algorithm = DIGEST_SHA256;
	m->auth_realm = phone_put(&telco, "telco0.example");
	m->auth_nonce = phone_put(&telco, "n");
}

/* A call out over a trunk that challenges it, one that is up, one that waits for a PIN, a second trunk that is being reached. */
static void among_trunks(void)
{
	struct sdp offer;
	struct talk out = {0}, up = {0};

	sim_defaults();
	sim.watch = on_trunk_wanted;
	add_trunk(0, "");
	add_trunk(1, "us");
	memcpy(sim.site.plan.country, "fr", 3);
	sim.site.inbounds = 1;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "bob"};
	for (uint32_t i = 0; i < 3; i++)
		sim.setting[i] = (struct sim_setting){OWNER_USER, SETTING_CLASSES, i, "national mobile"};
	sim.pin = "1234";
	sim.dialled[0] = "+33123456789";
	sim_open();
	sim_link_up(PROC_DIAL, 0);
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	phone_register(&alice);
	phone_register(&bob);
	phone_init(&carol, 2);
	phone_register(&carol);
	phone_init_trunk(&telco, 1);
	phone_up(&telco);
	offer = sdp_plain(&alice);
	talk_invite(&a, &alice, "0123456789", &offer);
	talk_rings_at(&up, &telco);
	offer = sdp_clear(&telco);
	talk_answer(&up, 200, &offer);
	talk_takes(&up, SIP_ACK);
	talk_hears(&a, 200);
	talk_ack(&a);
	relay_wish(&join_id);
	offer = sdp_plain(&bob);
	talk_invite(&c, &bob, "0123456789", &offer);
	talk_rings_at(&out, &telco);
	d = out;
	offer = sdp_plain(&carol);
	talk_invite(&b, &carol, "0199999999", &offer);
	talk_hears(&b, 200);
	talk_ack(&b);
	relay_wish(&join_id);
	media_says_gate(join_id, RELAY_KEY_SDES);
	sim.conduct.keeper_mute = true;
	challenge(&out);
	talk_end_answer(&out);
	sim_turn();
	NEED(digest_token && reach_token && turn_token);
	own_memory();
}

static void trunk_says_of_itself(void)
{
	struct msg_flow_up *flow = ipc_begin(edge(&telco), MSG_FLOW_UP);

	flow->flow = telco.flow + 1;
	flow->trunk = 2;
	flow->token = reach_token;
	NEED(addr_parse_ip(SPAN("203.0.113.7"), &flow->remote));
	lie_about_open(edge(&telco));
	struct msg_trunk_failed *failed = ipc_begin(edge(&telco), MSG_TRUNK_FAILED);
	failed->token = reach_token;
	failed->trunk = 1;
	failed->why = TRUNK_BAD_CERT;
	lie_about_open(edge(&telco));
	struct msg_flow_down *down = ipc_begin(edge(&telco), MSG_FLOW_DOWN);
	down->flow = telco.flow;
	lie_about_open(edge(&telco));
}

/* A call that comes in, with all that a provider may say of its caller. */
static void trunk_calls(void)
{
	struct sdp offer = sdp_clear(&telco);
	struct msg_request *m = phone_begin(&telco, SIP_INVITE);

	m->call_id = phone_put(&telco, "in");
	m->target_user = m->to_user = phone_put(&telco, "+33140000001");
	m->contact = phone_put(&telco, "<sip:telco@203.0.113.6>");
	m->contact_form = CONTACT_ONE;
	m->from_display = phone_put(&telco, "Somebody");
	m->asserted = 1;
	m->asserted_user = phone_put(&telco, "+33199999999");
	m->sdp = phone_put_sdp(&telco, &offer);
	lie_about_open(edge(&telco));
}

static void trunk_challenges(void)
{
	challenge(&d);
	lie_about_open(edge(&telco));
	response(&telco, d.ref, SIP_INVITE, 183, true);
	response(&telco, d.ref, SIP_INVITE, 503, false);
}

static void a_trunks_edge_lies(void)
{
	among_trunks();
	trunk_says_of_itself();
	trunk_calls();
	trunk_challenges();
}

/* --- the others --- */

static struct link *other(enum proc who)
{
	liar = who;
	liar_instance = 0;
	return sim_far(who, 0);
}

static void keeper_lies(void)
{
	into_the_midst();
	struct link *l = other(PROC_KEEPER);
	static const bool wrong[] = {false, true};
	for (size_t i = 0; i < 2; i++) { /* the second time about the other's token */
		struct msg_nonces *n = ipc_begin(l, MSG_NONCES);
		memset(n->blocks, 7, sizeof n->blocks);
		lie_about_open(l);
		struct msg_login *v = ipc_begin(l, MSG_LOGIN);
		v->token = wrong[i] ? held_token - 1 : held_token;
		lie_about_open(l);
	}
	struct msg_sealed *m = ipc_begin(l, MSG_SEALED);
	m->token = seal_token;
	m->day = 3;
	m->blob = ipc_put(l, SPAN("sealed"));
	lie_about_open(l);
	for (size_t i = 0; i < 2; i++) {
		struct msg_pin_verdict *p = ipc_begin(l, MSG_PIN_VERDICT);
		p->token = wrong[i] ? dialled_token : pin_token;
		lie_about_open(l);
		struct msg_dialled *known = ipc_begin(l, MSG_DIALLED);
		known->token = wrong[i] ? pin_token : dialled_token;
		lie_about_open(l);
	}
}

static void keeper_lies_about_a_trunk(void)
{
	among_trunks();
	struct link *l = other(PROC_KEEPER);
	struct msg_trunk_digest *m = ipc_begin(l, MSG_TRUNK_DIGEST);
	m->token = digest_token;
	m->response = ipc_put(l, SPAN("0123456789abcdef0123456789abcdef"));
	lie_about_open(l);
}

static void dial_lies(void)
{
	among_trunks();
	struct link *l = other(PROC_DIAL);
	for (size_t i = 0; i < 2; i++) {
		struct msg_reached *m = ipc_begin(l, MSG_REACHED);
		m->token = reach_token;
		m->trunk = 1;
		m->why = i ? REACH_NO_NAME : REACH_OK;
		m->left = 1;
		NEED(addr_parse_ip(SPAN("203.0.113.7"), &m->remote));
		lie_about_open(l);
	}
}

static void voice_lies(void)
{
	among_trunks();
	struct link *l = other(PROC_VOICE);
	struct msg_turned *m = ipc_begin(l, MSG_TURNED);
	m->token = turn_token;
	m->digits = ipc_put(l, SPAN("1234"));
	lie_about_open(l);
}

static void signer_lies(void)
{
	into_the_midst();
	struct link *l = other(PROC_SIGNER);
	struct msg_proof *m = ipc_begin(l, MSG_PROOF);
	m->token = proof_token;
	m->good = 1;
	lie_about_open(l);
}

static void ledger_lies(void)
{
	into_the_midst();
	struct link *l = other(PROC_LEDGER);
	struct msg_directory_begin *begin = ipc_begin(l, MSG_DIRECTORY_BEGIN);
	begin->generation = 5;
	begin->whole = 1;
	lie_about_open(l);
	struct msg_directory_commit *commit = ipc_begin(l, MSG_DIRECTORY_COMMIT);
	commit->generation = 1;
	lie_about_open(l);
	struct msg_recorded *recorded = ipc_begin(l, MSG_RECORDED);
	recorded->call = record_id;
	lie_about_open(l);
	recorded = ipc_begin(l, MSG_RECORDED);
	recorded->call = seal_token; /* not its to confirm */
	lie_about_open(l);
	struct msg_setting_done *done = ipc_begin(l, MSG_SETTING_DONE);
	done->token = change_token;
	lie_about_open(l);
	struct msg_notice_kept *kept = ipc_begin(l, MSG_NOTICE_KEPT);
	kept->token = notice_token;
	lie_about_open(l);
	struct msg_callback *callback = ipc_begin(l, MSG_CALLBACK);
	callback->device = 1;
	callback->wall_ms = 1;
	lie_about_open(l);
	struct msg_spent *spent = ipc_begin(l, MSG_SPENT);
	spent->index = 1;
	spent->text = ipc_put(l, SPAN("day=1 hour=24 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"));
	lie_about_open(l);
}

/* Inside a generation that is then committed. */
static void say_item(enum msg type)
{
	struct link *l = sim_far(PROC_LEDGER, 0);

	if (type == MSG_USER) {
		struct msg_user *u = ipc_begin(l, type);
		u->index = 1;
		u->enabled = 1;
		u->name = ipc_put(l, SPAN("bob"));
		u->display = ipc_put(l, SPAN("Bob"));
	} else if (type == MSG_DEVICE) {
		struct msg_device *m = ipc_begin(l, type);
		m->index = 1;
		m->state = DEVICE_VALID;
		m->label = ipc_put(l, SPAN("desk"));
	} else if (type == MSG_GROUP) {
		struct msg_group *g = ipc_begin(l, type);
		g->index = 1;
		g->name = ipc_put(l, SPAN("200"));
	} else if (type == MSG_SETTING) {
		struct msg_setting *m = ipc_begin(l, type);
		m->index = 1;
		m->kind = SETTING_FORWARD_ALWAYS;
		m->value = ipc_put(l, SPAN("carol"));
	} else {
		struct msg_binding *m = ipc_begin(l, type);
		m->user = 1;
		m->device = 1;
		m->allowed = 1;
	}
}

static void tell_and_commit(const struct lie *l, void *arg)
{
	struct link *far = sim_far(PROC_LEDGER, 0);

	(void)arg;
	pid_t pid = fork();
	int status = 0;
	if (pid == 0) {
		struct msg_directory_begin *begin = ipc_begin(far, MSG_DIRECTORY_BEGIN);
		begin->generation = 9;
		begin->whole = l->number & 1;
		ipc_end(far);
		link_flush(far);
		NEED(lie_send(far, l));
		struct msg_directory_commit *commit = ipc_begin(far, MSG_DIRECTORY_COMMIT);
		commit->generation = 9;
		ipc_end(far);
		sim_turn();
		if (!child_link(PROC_LEDGER, 0))
			sim_link_up(PROC_LEDGER, 0);
		sim_pass(1000);
		all_is_given_back();
		_exit(0);
	}
	told++;
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	failures++;
	fprintf(stderr, "ledger says %s, field %s, lie %u: core did not bear it\n", msg_rule[l->type].name,
	    l->field ? l->field : "(none)", l->number);
}

static void ledger_lies_in_a_generation(void)
{
	static const enum msg item[] = {MSG_USER, MSG_DEVICE, MSG_BINDING, MSG_GROUP, MSG_SETTING};
	static struct lie truth;

	into_the_midst();
	for (size_t i = 0; i < sizeof item / sizeof *item; i++) {
		say_item(item[i]);
		lie_take_truth(sim_far(PROC_LEDGER, 0), &truth);
		lies_each(&truth, tell_and_commit, NULL);
	}
}

static void media_lies(void)
{
	into_the_midst();
	struct link *l = other(PROC_MEDIA);
	struct msg_ports *ports = ipc_begin(l, MSG_PORTS);
	ports->lo = sim.site.media_port_lo;
	ports->hi = sim.site.media_port_hi;
	lie_about_open(l);
	ipc_begin(l, MSG_DTLS_OURS);
	lie_about_open(l);
	struct msg_relay_failed *failed = ipc_begin(l, MSG_RELAY_FAILED);
	failed->join = join_id;
	lie_about_open(l);
	struct msg_gate *gate = ipc_begin(l, MSG_GATE);
	gate->join = join_id;
	gate->key = RELAY_KEY_SDES;
	lie_about_open(l);
	struct msg_forged *forged = ipc_begin(l, MSG_FORGED);
	forged->join = join_id;
	forged->key = RELAY_KEY_DTLS;
	lie_about_open(l);
	struct msg_varying *varying = ipc_begin(l, MSG_VARYING);
	varying->join = join_id;
	lie_about_open(l);
	struct msg_relay_counts *counts = ipc_begin(l, MSG_RELAY_COUNTS);
	counts->join = join_id;
	lie_about_open(l);
}

static void ctl_lies(void)
{
	into_the_midst();
	struct link *l = other(PROC_CTL);
	ipc_begin(l, MSG_CALLS_WANT);
	lie_about_open(l);
	struct msg_ctl_ban *ban = ipc_begin(l, MSG_CTL_BAN);
	NEED(addr_parse_ip(SPAN("203.0.113.9"), &ban->address));
	ban->seconds = 60;
	lie_about_open(l);
	ipc_begin(l, MSG_BANS_WANT);
	lie_about_open(l);
	struct msg_may_want *may = ipc_begin(l, MSG_MAY_WANT);
	may->route = ROUTE_FRESH;
	may->who = WHO_USER;
	may->user = ipc_put(l, SPAN("101"));
	may->number = ipc_put(l, SPAN("+33144123456"));
	lie_about_open(l);
	ipc_begin(l, MSG_TRUNKS_WANT);
	lie_about_open(l);
}

static void watch_lies(void)
{
	into_the_midst();
	sim_link_up(PROC_WATCH, 0);
	struct msg_notify_desk *m = ipc_begin(other(PROC_WATCH), MSG_NOTIFY_DESK);
	m->text = ipc_put(other(PROC_WATCH), SPAN("Ringfence ALARM"));
	lie_about_open(other(PROC_WATCH));
}

/* Messages that are not its to say, from everyone: all zeroes and all ones. */
static void everyone_says_what_is_not_theirs(void)
{
	static const enum proc who[] = {PROC_EDGE, PROC_KEEPER, PROC_SIGNER, PROC_LEDGER, PROC_MEDIA, PROC_CTL, PROC_VOICE, PROC_DIAL};
	static struct lie lie;

	into_the_midst();
	sim_link_up(PROC_DIAL, 0);
	for (size_t i = 0; i < sizeof who / sizeof *who; i++)
		for (int type = 0; type <= MSG_N; type++) {
			const struct msg_rule *r = type < MSG_N ? &msg_rule[type] : NULL;
			if (r && r->name && r->from >> who[i] & 1 && r->to >> PROC_CORE & 1)
				continue;
			lie = (struct lie){.type = (enum msg)type,
			    .class = r && r->classes ? (enum msg_class)__builtin_ctz(r->classes) : CLASS_REPLY,
			    .payload_n = r ? r->size : 8};
			if (lie.payload_n > sizeof lie.payload)
				continue;
			pid_t pid = fork();
			int status = 0;
			if (pid == 0) {
				sim.accusations = 0;
				NEED(lie_send(sim_far(who[i], 0), &lie));
				sim_turn();
				NEED(sim.accusations == 1 && sim.accused == who[i] && !child_link(who[i], 0));
				_exit(0);
			}
			told++;
			if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
				accused++;
				continue;
			}
			failures++;
			fprintf(stderr, "%s says %s: not refused\n", proc_name[who[i]], r && r->name ? r->name : "?");
		}
}

static void run(const char *name, void (*test)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		test();
		printf("%s: %u lies, %u accused, %u not borne\n", name, told, accused, failures);
		fflush(stdout);
		_exit(failures || told == 0);
	}
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		test_passed_n++;
	else
		test_failed_n++;
}

/* core_lies_test [SHARE]: one lie in so many; 1 for all of them */
int main(int argc, char **argv)
{
	if (argc > 1)
		share = (uint32_t)atoi(argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	run("an edge", an_edge_lies);
	run("an edge with trunks", a_trunks_edge_lies);
	run("keeper", keeper_lies);
	run("keeper about a trunk", keeper_lies_about_a_trunk);
	run("dial", dial_lies);
	run("voice", voice_lies);
	run("signer", signer_lies);
	run("ledger", ledger_lies);
	run("ledger in a generation", ledger_lies_in_a_generation);
	run("media", media_lies);
	run("ctl", ctl_lies);
	run("watch", watch_lies);
	run("what is not theirs", everyone_says_what_is_not_theirs);
	(void)test_failed_here;
	return TEST_END;
}
