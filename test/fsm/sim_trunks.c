/* SPDX-License-Identifier: ISC */
#include "sim_trunks.h"
#include "sim_voice.h"
#include <stdio.h>

struct phone alice, bob, telco[2];
struct talk a, b, t;
struct sdp offer, plain;

void begin_with(void (*settings)(void))
{
	sim_defaults();
	memcpy(sim.site.plan.country, "fr", 3);
	sim_add_trunk(0);
	sim_add_trunk(1)->priority = 1;
	sim.site.inbounds = 1;
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "bob"};
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national mobile premium");
	sim.dialled[0] = "+33123456789";
	if (settings)
		settings();
	sim_open();
	phones_register((struct phone *[]){&alice, &bob}, 2);
	for (int i = 0; i < 2; i++) {
		phone_init_trunk(&telco[i], (uint8_t)(i + 1));
		phone_up(&telco[i]);
	}
	offer = sdp_plain(&alice);
	plain = sdp_clear(&telco[0]);
}

void finish(void)
{
	sim_pass(60000);
	NEED(sim_status("legs").used == 0 && sim_status("calls").used == 0 && sim_status("media-ports").used == 0);
}

void up_at(struct talk *from, struct talk *to, const char *number, struct phone *at)
{
	talk_invite(from, &alice, number, &offer);
	talk_rings_at(to, at);
	talk_up(from, to, &plain);
}

void invite_over(struct phone *trunk, struct talk *call, const char *caller, const char *called, bool withheld, const struct sdp *sdp)
{
	struct msg_request *m = phone_begin(trunk, SIP_INVITE);

	m->allow |= call->allow;
	*call = (struct talk){.phone = trunk, .allow = call->allow, .cseq = m->cseq + 1, .invite_cseq = m->cseq};
	snprintf(call->call_id, sizeof call->call_id, "in-%u", m->cseq);
	snprintf(call->ours, sizeof call->ours, "tag-of-phone");
	m->call_id = phone_put(trunk, call->call_id);
	m->target_user = phone_put(trunk, called);
	m->from_user = phone_put(trunk, caller);
	m->privacy = withheld;
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(trunk, "<sip:gw@203.0.113.6>");
	m->sdp = phone_put_sdp(trunk, sdp);
	call->txn = phone_end(trunk);
}

void invite_with(struct talk *call, const char *caller, const char *called, bool withheld, const struct sdp *sdp)
{
	invite_over(&telco[0], call, caller, called, withheld, sdp);
}

void invite_from(struct talk *call, const char *caller, const char *called, bool withheld)
{
	invite_with(call, caller, called, withheld, &plain);
}

void hears_last(unsigned code)
{
	struct heard *h, *last = NULL;

	while ((h = reply_to(a.txn)))
		last = h;
	NEED(last && respond(last)->code == code);
	last->taken = false;
	talk_hears(&a, code);
}

/* Answered by the exchange, told this and nothing else, and hung up on. */
void outside_talks_to(struct talk *from, struct talk *to, struct phone *at)
{
	const uint32_t allow = to->allow;

	invite_from(from, "+33987654321", "+33140000001", false);
	talk_rings_at(to, at);
	to->allow = allow;
	const struct sdp answer = sdp_fits(to);
	talk_up(from, to, &answer);
}

void is_told(struct talk *caller, enum relay_key key, const char *say)
{
	uint64_t join;

	talk_hears(caller, 200);
	talk_ack(caller);
	NEED(relay_wish(&join));
	media_says_gate(join, key);
	voice_says(turn(say)->token, TURN_SAID, "");
	hangs_up_on(caller);
}
