/* SPDX-License-Identifier: ISC */
/* What the exchange says to one side of a call, and what it asks: scripts of prompts and keys, one turn of voice after the
 * other. Keys that were pressed are wiped when their step is done (R15). */
#ifndef CORE_DIALOGUE_H
#define CORE_DIALOGUE_H

#include "call.h"

enum script {
	SCRIPT_NONE,
	SCRIPT_OUTGOING_PIN, /* before a number that was never dialled */
	SCRIPT_CHANGE_PIN,
	SCRIPT_LOGIN,   /* hot desk */
	SCRIPT_SCREEN,  /* an unknown caller presses a key to be connected (R18) */
	SCRIPT_LEAVE,   /* a message */
	SCRIPT_MAILBOX, /* hear those that were left */
	SCRIPTS
};

void dialogue_init(void);

/* Answer the caller and begin; with CALL_DO_ASK. The script ends with CALL_ALLOWED, CALL_REFUSED or CALL_TOLD_WHY. */
void dialogue_begin(struct call *c);
/* Say c->say to the caller, answering it first if need be, then CALL_SAID; with CALL_DO_TELL. */
void dialogue_tell(struct call *c);
/* Can this caller hear anything: is there voice, has it room, and does the leg end in media or may it? The room is kept for it from then
 * on, until it talks or ends. */
bool dialogue_can(struct call *c);
/* The same for room in voice for a message. */
bool dialogue_can_message(struct call *c);
/* How this leg's phone or gateway may say keys, by what it offers: BY_INFO it takes such requests, and may send them. */
enum dialogue_keys { KEYS_IN_RTP, KEYS_BY_INFO, KEYS_NONE };
enum dialogue_keys dialogue_keys(const struct leg *l);
/* In which that person is spoken to; NOBODY: who is outside. */
const char *dialogue_language(uint32_t person);
/* For a call without a caller yet. */
bool dialogue_take_seat(struct call *c);
void dialogue_leave_seats(struct call *c);
/* Why it can't: what the caller is refused with in signalling. */
void dialogue_cannot(struct call *c);

/* A tone or music until dialogue_quiet(). */
void dialogue_loop(struct call *c, unsigned side, const char *say);
void dialogue_quiet(struct call *c, unsigned side);

/* What it hears so goes on in the codec that it has by now. */
void dialogue_follow(struct call *c, const struct leg *l);

/* The caller is told that its ceiling comes near, in the midst of the call. */
bool dialogue_warn(struct call *c);
/* The phone at this leg put the other one on hold, or took it off: music there, or the talk again. */
void dialogue_hold(struct call *c, const struct leg *by);
/* A talk that goes on, after core started again, a transfer, or one that failed: whoever is on hold hears music. */
void dialogue_holds(struct call *c);

/* Media has the keys: what waits to be said can be heard. */
void dialogue_heard(struct call *c);
/* A key that came by SIP INFO. */
void dialogue_key(struct leg *l, unsigned digit);
void dialogue_end(struct call *c);

#endif
