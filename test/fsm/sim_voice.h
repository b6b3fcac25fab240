/* SPDX-License-Identifier: ISC */
/* What voice hears from core and answers, and calls that the exchange itself answers. */
#ifndef TEST_SIM_VOICE_H
#define TEST_SIM_VOICE_H

#include "sim_phone.h"

/* The oldest turn that nobody took; NEEDs that it says this. */
const struct msg_turn *turn(const char *say);
void voice_says(uint64_t token, enum turn_why why, const char *digits);
/* The caller is answered by the exchange, and media has the keys; the join. */
uint64_t answered(struct talk *t);
/* core sends BYE, and the phone answers. */
void hangs_up_on(struct talk *t);
/* Of two calls that the phone has. */
void hangs_up_on_both_of(struct phone *p);
/* Row `at` of what the directory says. */
void set(int at, unsigned owner, uint32_t index, unsigned kind, const char *value);

#endif
