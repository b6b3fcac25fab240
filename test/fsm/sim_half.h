/* SPDX-License-Identifier: ISC */
/* Two phones in a call, of which core or edge dies in the middle of a change: the lives before, and who is asked in those after. A test
 * is two lives of core on one arena, or three, as in core_adopt_test.c. */
#ifndef TEST_SIM_HALF_H
#define TEST_SIM_HALF_H

#include "../unit/test.h"
#include "sim_phone.h"

enum { TAKES_UPDATE = 1 << SIP_INVITE | 1 << SIP_ACK | 1 << SIP_BYE | 1 << SIP_UPDATE, ASKED_MS = 6000 };

struct world {
	struct phone alice, bob;
	struct talk a, b;
	uint64_t offered; /* the version of what bob was offered last in the life before */
};

static struct world *w;
static enum sip_method hold_by = SIP_INVITE;

static inline struct sdp says(const struct talk *t, const char *direction)
{
	struct sdp s = sdp_of(KEYS_SDES, t->phone->host, 40002, 2, direction, NULL);

	sdp_fit(t, &s);
	return s;
}

static inline void says_200(struct talk *t, const struct heard *asked, const char *direction)
{
	const struct sdp said = says(t, direction);

	talk_reply(t, asked, 200, &said);
}

static inline void wishes_are_heard(void)
{
	while (relay_wish(NULL))
		;
}

static inline void open_life(void)
{
	sim_defaults();
	sim_open();
}

static inline void phones_come(void)
{
	phone_init(&w->alice, 0);
	phone_init(&w->bob, 1);
	w->alice.outbound = w->bob.outbound = true;
	phone_register(&w->alice);
	phone_register(&w->bob);
}

static inline void next_life(void)
{
	open_life();
	phone_still_up(&w->alice);
	phone_still_up(&w->bob);
	wishes_are_heard();
}

static inline void life_in_a_call(void)
{
	open_life();
	phones_come();
	w->a.allow = w->b.allow = TAKES_UPDATE;
	call_up(&w->a, &w->alice, &w->b, &w->bob);
	sim_pass(10000);
}

static inline struct heard *hold_is_passed_on(uint64_t *txn)
{
	const struct sdp offer = sdp_of(KEYS_SDES, w->alice.host, 40002, 2, "sendonly", NULL);
	struct heard *h;

	*txn = talk_send(&w->a, hold_by, &offer);
	h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && w->b.sdp.audio.direction == SDP_SENDONLY);
	w->offered = w->b.sdp.version;
	return h;
}

static inline void life_with_a_hold_passed_on(void)
{
	uint64_t txn;

	life_in_a_call();
	hold_is_passed_on(&txn);
	NEED(code_of(txn) == 0);
}

/* All but the ACK; for an UPDATE there is none. */
static inline void life_with_a_hold_said(void)
{
	uint64_t txn;

	life_in_a_call();
	says_200(&w->b, hold_is_passed_on(&txn), "recvonly");
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
}

static inline void life_with_a_hold(void)
{
	life_with_a_hold_said();
	talk_ack(&w->a);
	sim_pass(100);
}

static inline void life_with_a_hold_refused(void)
{
	uint64_t txn;

	life_in_a_call();
	talk_reply(&w->b, hold_is_passed_on(&txn), 488, NULL);
	NEED(code_of(txn) == 488);
}

/* alice asks for bob's offer, and has it when core dies: both may have another session. */
static inline void life_with_an_offer_asked_for(void)
{
	life_in_a_call();
	const uint64_t txn = talk_send(&w->a, SIP_INVITE, NULL);
	struct heard *h = talk_takes(&w->b, SIP_INVITE);
	NEED(h && !sent(h)->sdp.len);
	says_200(&w->b, h, "sendonly");
	NEED(code_of(txn) == 200);
}

static inline void life_after(void (*life)(void))
{
	w = sim_shared(sizeof *w);
	sim_crash_after(life);
	next_life();
}

/* By a re-INVITE with what stands, newer than all that it was offered. */
static inline struct heard *is_asked(struct talk *t, uint8_t direction)
{
	sim_pass(ASKED_MS);
	struct heard *h = talk_takes(t, SIP_INVITE);
	NEED(h && sent(h)->sdp.len && t->sdp.audio.direction == direction && t->sdp.version > w->offered);
	return h;
}

static inline bool asked_of_nothing(struct talk *t)
{
	return !talk_takes(t, SIP_INVITE) && !talk_takes(t, SIP_UPDATE) && !talk_takes(t, SIP_BYE);
}

static inline void nobody_is_asked(void)
{
	sim_pass(60000);
	NEED(asked_of_nothing(&w->a) && asked_of_nothing(&w->b));
}

/* What becomes of a call in which all is said: it can be changed, and is ended. */
static inline void goes_on(void)
{
	uint64_t txn;

	wishes_are_heard();
	says_200(&w->b, hold_is_passed_on(&txn), "recvonly");
	NEED(talk_takes(&w->b, SIP_ACK) && code_of(txn) == 200);
	if (hold_by == SIP_INVITE)
		talk_ack(&w->a);
	const struct relay_spec *spec = relay_wish(NULL);
	NEED(spec && spec->side[0].direction == RELAY_SENDS);
	call_hang_up(&w->a, &w->b);
	sim_pass(60000);
	sim_need_idle();
}

static inline void ends(void)
{
	call_hang_up(&w->b, &w->a);
	sim_pass(60000);
	sim_need_idle();
}

#endif
