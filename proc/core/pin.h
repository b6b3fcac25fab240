/* SPDX-License-Identifier: ISC */
/* Questions to keeper about a user's outgoing PIN and the numbers that they have dialled (R15). Each question that was taken
 * is answered once: by keeper, or, when it is down or silent for 4 s, with PIN_IS_FAILED and pin_unheard. */
#ifndef CORE_PIN_H
#define CORE_PIN_H

#include "ipc/child.h"

enum { PIN_ASKS_MAX = 512, PIN_ASK_MS = 4000 };

enum pin_asker { PIN_FOR_CALL, PIN_FOR_CODE, PIN_FOR_VOICEMAIL, PIN_FOR_MAY, PIN_ASKERS };

/* What keeper says of a user and a number. */
struct pin_memory {
	bool heard, dialled;
	uint8_t pin; /* enum plan_pin */
};

/* Without its word: as if never dialled, and with a PIN that can be asked for, which keeper then judges or not. */
extern const struct pin_memory pin_unheard;

/* owner: the asker's own number, given back. */
struct pin_answers {
	void (*verdict)(uint64_t owner, enum pin_verdict v); /* of pin_ask_check() and pin_ask_change() */
	void (*dialled)(uint64_t owner, const struct pin_memory *m);
};

void pin_init(void);
void pin_on_answer(enum pin_asker who, const struct pin_answers *answers);

/* False when there is no keeper, no room or no such user: nothing is called, and the caller refuses. */
bool pin_ask_check(enum pin_asker who, uint64_t owner, uint32_t user, struct span digits);
bool pin_ask_change(enum pin_asker who, uint64_t owner, uint32_t user, struct span old_pin, struct span new_pin);
bool pin_ask_dialled(enum pin_asker who, uint64_t owner, uint32_t user, struct span number);

/* The number was dialled and permitted: no PIN is asked for it again. Not answered; what keeper does not hear is asked for
 * once more. number: canonical. */
void pin_note_dialled(uint32_t user, struct span number);

void pin_on_verdict(struct link *from, const struct ipc_view *v);
void pin_on_dialled(struct link *from, const struct ipc_view *v);
void pin_keeper_down(void);
void pin_status(struct proc_status *s);

#endif
