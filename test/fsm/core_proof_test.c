/* SPDX-License-Identifier: ISC */
/* Callers from outside that are signed for, through core: what is shown, what it opens and what an error never opens
 * (R18, T41). */
#include "../unit/test.h"
#include "base/clock.h"
#include "sim_phone.h"

static struct phone bob, telco;
static struct talk t, b;
static struct sdp plain;
static struct passport good;

static void trunk_and_store(void)
{
	sim_add_trunk(0)->lines = 100;
	sim.site.inbounds = 1;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "bob"};
	sim.site.signers.n = 1;
	sim.site.signers.signer[0] = (struct plan_signer){
	    .x5u = {7}, .until_s = INT64_MAX, .ranges = 1, .range = {{33600000000, 33699999999}}};
}

static void begin_with(void (*settings)(void))
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim.site.plan.unknown_caller = sim.site.plan.anonymous_caller = sim.site.plan.failed_caller = INCOMING_PASS;
	trunk_and_store();
	if (settings)
		settings();
	sim_open();
	phone_init(&bob, 1);
	phone_register(&bob);
	phone_init_trunk(&telco, 1);
	phone_up(&telco);
	plain = sdp_clear(&telco);
	good = (struct passport){.kind = PASSPORT_READ,
	    .attest = 'A',
	    .dests = 1,
	    .iat_s = (uint64_t)(clock_wall_ms() / 1000 + 2), /* core has just begun */
	    .orig = "33611223344",
	    .dest = {"33140000001"},
	    .x5u = {7},
	    .signature = {1}};
}

static void invite(struct talk *call, const char *caller, const struct passport *p)
{
	struct msg_request *m = phone_begin(&telco, SIP_INVITE);

	*call = (struct talk){.phone = &telco, .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	snprintf(call->call_id, sizeof call->call_id, "in-%u", m->cseq);
	snprintf(call->ours, sizeof call->ours, "tag-of-phone");
	m->call_id = phone_put(&telco, call->call_id);
	m->target_user = m->to_user = phone_put(&telco, "+33140000001");
	m->from_user = phone_put(&telco, caller);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(&telco, "<sip:gw@203.0.113.6>");
	m->sdp = phone_put_sdp(&telco, &plain);
	if (p)
		m->passport = ipc_put_part(sim_far(PROC_EDGE, telco.edge), p, sizeof *p);
	call->txn = phone_end(&telco);
}

/* Bob rings and sees that; then the caller is gone. */
static void rings_with(const char *shown)
{
	struct heard *h = sent_to(&bob, SIP_INVITE);

	NEED(h);
	NEED(strcmp(sim_text(h, ((const struct msg_send *)(const void *)h->payload)->from_display), shown) == 0);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, telco.edge), MSG_CANCELLED);
	m->txn = t.txn;
	ipc_end(sim_far(PROC_EDGE, telco.edge));
	sim_turn();
	sim_pass(40000);
	sim_clear();
	NEED(code_of(phone_send_register(&bob, ABSENT, false)) == 200); /* for another five minutes */
	NEED(sim_status("calls").used == 0 && sim_status("proof-questions").used == 0);
}

/* Another signature, over other words. */
static struct passport *fresh(void)
{
	good.hash[0]++;
	return &good;
}

static void a_signature_shows_once(void)
{
	begin_with(NULL);
	invite(&t, "+33611223344", fresh());
	rings_with("outside, verified");
	NEED(sim.proofs == 1 && sim_status("callers-verified").used == 1);
	/* the same again, and the same with the other signature that ECDSA has over it */
	invite(&t, "+33611223344", &good);
	rings_with("outside, signature wrong");
	good.signature[40] = 9;
	invite(&t, "+33611223344", &good);
	rings_with("outside, signature wrong");
	NEED(sim.events[EVENT_IMPERSONATION] == 2 && sim_status("callers-failed").used == 2);
	invite(&t, "+33611223344", NULL);
	rings_with("outside, unverified");
}

static void what_is_wrong_is_never_verified(void)
{
	begin_with(NULL);
	struct passport p = *fresh();
	p.signature[0] = 2; /* signer says no */
	invite(&t, "+33611223344", &p);
	rings_with("outside, signature wrong");
	invite(&t, "+33611223344", &good); /* a forged one spends nothing */
	rings_with("outside, verified");
	static const struct {
		const char *caller, *shown;
		uint64_t older_s;
		char attest, orig_end, dest_end;
		uint8_t x5u, kind;
	} row[] = {
	    {"+33611223345", "outside, signature wrong", 0, 'A', '4', '1', 7, PASSPORT_READ},
	    {"+33611223344", "outside, signature wrong", 0, 'A', '5', '1', 7, PASSPORT_READ},
	    {"+33611223344", "outside, signature wrong", 0, 'A', '4', '2', 7, PASSPORT_READ},
	    {"+33611223344", "outside, unverified", 100, 'A', '4', '1', 7, PASSPORT_READ}, /* late */
	    {"+33611223344", "outside, signature wrong", 100, 'A', '5', '1', 7, PASSPORT_READ},
	    {"+33611223344", "outside, unverified", 20, 'A', '4', '1', 7, PASSPORT_READ}, /* before core began */
	    {"+33611223344", "outside, unverified", 0, 'B', '4', '1', 7, PASSPORT_READ},
	    {"+33611223344", "outside, unverified", 0, 'C', '4', '1', 7, PASSPORT_READ},
	    {"+33611223344", "outside, unverified", 0, 'A', '4', '1', 8, PASSPORT_READ},
	    {"+33611223344", "outside, unverified", 0, 0, 0, 0, 0, PASSPORT_OTHER},
	    {"+33611223344", "outside, signature wrong", 0, 0, 0, 0, 0, PASSPORT_BAD},
	    {"anonymous", "outside, number withheld", 0, 'A', '4', '1', 7, PASSPORT_READ},
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		p = *fresh();
		if (row[i].kind == PASSPORT_READ) {
			p.attest = (uint8_t)row[i].attest;
			p.iat_s -= row[i].older_s;
			p.orig[10] = row[i].orig_end;
			p.dest[0][10] = row[i].dest_end;
			p.x5u[0] = row[i].x5u;
		} else {
			p = (struct passport){.kind = row[i].kind};
		}
		invite(&t, row[i].caller, &p);
		rings_with(row[i].shown);
	}
	NEED(sim.proofs == 2 && sim_status("callers-verified").used == 1);
	/* a certificate that ended */
	sim.site.signers.signer[0].until_s = 1;
	invite(&t, "+33611223344", fresh());
	rings_with("outside, unverified");
}

static void without_signer_nobody_is_verified(void)
{
	begin_with(NULL);
	sim.conduct.signer_mute = true;
	invite(&t, "+33611223344", fresh());
	NEED(!sent_to(&bob, SIP_INVITE)); /* the question is open */
	sim_pass(1100);
	rings_with("outside, unverified");
	/* it dies while it thinks */
	invite(&t, "+33611223344", fresh());
	NEED(!sent_to(&bob, SIP_INVITE));
	sim_link_down(PROC_SIGNER, 0);
	rings_with("outside, unverified");
	/* it is not there */
	invite(&t, "+33611223344", fresh());
	rings_with("outside, unverified");
	NEED(sim_status("callers-verified").used == 0 && sim_status("proofs-unheard").used == 2);
	sim.conduct.signer_mute = false;
	sim_link_up(PROC_SIGNER, 0);
	invite(&t, "+33611223344", fresh());
	rings_with("outside, verified");
}

/* A caller that left while signer was asked is not there any more when the answer comes. */
static void an_answer_too_late(void)
{
	begin_with(NULL);
	sim.conduct.signer_mute = true;
	invite(&t, "+33611223344", fresh());
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, telco.edge), MSG_CANCELLED);
	m->txn = t.txn;
	ipc_end(sim_far(PROC_EDGE, telco.edge));
	sim_turn();
	NEED(code_of(t.txn) == 487);
	struct link *l = sim_far(PROC_SIGNER, 0);
	struct msg_proof *p = ipc_begin(l, MSG_PROOF);
	p->token = 12345; /* that nobody asked */
	p->good = 1;
	ipc_end(l);
	sim_turn();
	sim_pass(40000);
	NEED(!sent_to(&bob, SIP_INVITE) && sim.accusations == 0);
	NEED(sim_status("callers-verified").used == 0 && sim_status("calls").used == 0);
}

static void many_lines(void)
{
	sim.site.plan.failed_caller = INCOMING_REFUSE;
	sim.site.trunk[0].lines = 400;
	sim.site.max_calls = 400;
	sim.site.media_port_hi = (uint16_t)(sim.site.media_port_lo + 2399);
}

/* More questions than there is room for, or than signer's time allows: the rest are as if not signed for. */
static void full_tables_verify_nobody(void)
{
	begin_with(many_lines);
	sim.conduct.signer_mute = true;
	uint32_t first = sim.proofs, rang = 0;
	for (int i = 0; i < 70; i++) {
		invite(&t, "+33611223344", fresh());
		while (sent_to(&bob, SIP_INVITE))
			rang++;
	}
	NEED(sim.proofs - first == 64 && rang == 6 && sim_status("callers-verified").used == 0);
	sim_pass(1100);
	NEED(sim_status("proof-questions").used == 0 && sim_status("callers-verified").used == 0);
	sim.conduct.signer_mute = false;
	first = sim.proofs;
	sim_clear();
	for (int i = 0; i < 210; i++) {
		invite(&t, "+33611223344", fresh());
		sim_clear();
	}
	NEED(sim.proofs - first == 200 && sim_status("callers-verified").used == 200);
}

static void a_wrong_signature_is_refused_where_the_site_says_so(void)
{
	begin_with(many_lines);
	sim.dialled[0] = "+33611223344"; /* whom bob knows: but this is not them */
	struct passport p = *fresh();
	p.signature[0] = 0;
	invite(&t, "+33611223344", &p);
	NEED(code_of(t.txn) == 603 && !sent_to(&bob, SIP_INVITE));
	invite(&t, "+33611223344", fresh());
	rings_with("outside, verified");
}

static void bob_forwards_out(void)
{
	sim.setting[0] = (struct sim_setting){OWNER_USER, SETTING_FORWARD_ALWAYS, 1, "+33123456789"};
	sim.setting[1] = (struct sim_setting){OWNER_USER, SETTING_CLASSES, 1, "national"};
	sim.dialled[0] = "+33123456789";
}

/* As if bob's phone were forwarded nowhere. */
static void rings_here(void)
{
	talk_rings_at(&b, &bob);
	talk_answer(&b, 486, NULL);
	NEED(code_of(t.txn) == 486);
}

/* T41: on bob's account a caller that is verified is forwarded to his mobile; nobody else, whatever they send. */
static void only_the_verified_are_forwarded_out(void)
{
	static const uint8_t kinds[] = {PASSPORT_OTHER, PASSPORT_BAD};
	begin_with(bob_forwards_out);
	struct passport p;

	invite(&t, "+33611223344", NULL);
	rings_here();
	for (size_t i = 0; i < sizeof kinds; i++) {
		p = (struct passport){.kind = kinds[i]};
		invite(&t, "+33611223344", &p);
		rings_here();
	}
	p = *fresh();
	p.signature[0] = 0;
	invite(&t, "+33611223344", &p);
	rings_here();
	sim.conduct.signer_mute = true;
	invite(&t, "+33611223344", fresh());
	sim_pass(1100);
	rings_here();
	sim.conduct.signer_mute = false;
	invite(&t, "anonymous", fresh());
	rings_here();
	NEED(!sent_to(&telco, SIP_INVITE));
	invite(&t, "+33611223344", fresh());
	NEED(sent_to(&telco, SIP_INVITE));
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_signature_shows_once);
	SIM(what_is_wrong_is_never_verified);
	SIM(without_signer_nobody_is_verified);
	SIM(an_answer_too_late);
	SIM(full_tables_verify_nobody);
	SIM(a_wrong_signature_is_refused_where_the_site_says_so);
	SIM(only_the_verified_are_forwarded_out);
	(void)test_failed_here;
	return TEST_END;
}
