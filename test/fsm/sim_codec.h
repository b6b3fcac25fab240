/* SPDX-License-Identifier: ISC */
/* Calls between a phone and a trunk, whose descriptions have these payload types of speech ("9 8 0" is G.722, PCMA, PCMU), and 101 for
 * events. */
#ifndef TEST_SIM_CODEC_H
#define TEST_SIM_CODEC_H

#include "sim_trunks.h"

struct sdp trunk_says(const char *types, unsigned version);
struct sdp phone_says(const struct talk *of_whom, const char *types, unsigned version, const char *direction);
bool speaks(const struct sdp *s, const char *types);

/* Of the newest wish: all that either side may send goes to the other, as one of these. */
void is_heard(const char *types_of_a, const char *types_of_b);

/* bob answers this to what core asks him when a call comes in; the trunk hears it. */
void comes_in(const char *offered, const char *answered);
/* alice offers these, and the trunk answers so: they talk. */
void is_answered_with(const char *offered, const struct sdp *answer);
/* The trunk so to alice; in an order of its own, too. */
void is_up_with(const char *offered, const char *answered);
/* And she hears that, and each the other. */
void goes_out(const char *offered, const char *answered);

/* A re-INVITE that is answered at once, with these. */
void changes(struct talk *of_whom, const struct sdp *sdp, const char *answered);
/* Core's, that offers these. */
struct heard *is_asked(struct talk *of_whom, const char *types);
/* alice and the trunk are hung up on (R17: silence is not charged). */
void is_over(void);

#endif
