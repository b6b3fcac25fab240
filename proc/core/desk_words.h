/* SPDX-License-Identifier: ISC */
/* What the front desk hears of a call for help, as a row of prompts. */
#ifndef CORE_DESK_WORDS_H
#define CORE_DESK_WORDS_H

#include "desk.h"

/* Who called and from where, as far as that can be spoken: a place of too many words is in the notice; that the phone may be elsewhere is
 * always said. */
void desk_words(const struct desk_record *r, char say[TURN_SAY_MAX + 1]);

#endif
