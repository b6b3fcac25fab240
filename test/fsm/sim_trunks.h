/* SPDX-License-Identifier: ISC */
/* A site with two trunks, telco 1 before telco 2, and two phones that are logged in. */
#ifndef TEST_SIM_TRUNKS_H
#define TEST_SIM_TRUNKS_H

#include "sim_phone.h"

extern struct phone alice, bob, telco[2];
extern struct talk a, b, t;
extern struct sdp offer, plain; /* of alice; of a trunk */

void begin_with(void (*settings)(void));
/* Everything is over, and nothing is kept. */
void finish(void);
/* alice talks to this number at that trunk. */
void up_at(struct talk *from, struct talk *to, const char *number, struct phone *at);
/* call->allow: what it takes besides. */
/* sdp NULL: without. */
void invite_with(struct talk *call, const char *caller, const char *called, bool withheld, const struct sdp *sdp);
void invite_over(struct phone *trunk, struct talk *call, const char *caller, const char *called, bool withheld, const struct sdp *sdp);
void invite_from(struct talk *call, const char *caller, const char *called, bool withheld);
/* Who calls from outside, over telco[0], talks with this phone of ours. */
void outside_talks_to(struct talk *from, struct talk *to, struct phone *at);
/* The last that alice was answered to her INVITE, whatever came before, has this code. */
void hears_last(unsigned code);
/* The caller hears these words, once it is answered. */
void is_told(struct talk *caller, enum relay_key key, const char *say);

#endif
