/* SPDX-License-Identifier: ISC */
/* What core has voice say to one side of a call, and the digits that come back. */
#ifndef CORE_VOICE_H
#define CORE_VOICE_H

#include "ipc/child.h"

/* Who asked, so that the answer finds its way back; each has one callback. */
enum voice_owner { VOICE_CALL, VOICE_OWNERS };

struct voice_turn {
	uint64_t join;
	uint8_t side;     /* 0 or 1 */
	uint8_t codec;    /* enum sdp_codec_kind, one of audio */
	uint8_t ptime_ms; /* 0: 20 */
	bool emergency, loop, barge;
	bool at_once;         /* of use this moment alone: it ends when voice dies */
	bool seated;          /* who asks has SEAT_SPOKEN_TO already; a turn takes its own otherwise */
	const char *say;      /* contract_fields.h, FIELDS_TURN; at most TURN_SAY_MAX octets */
	const char *language; /* at most TURN_LANGUAGE_MAX octets; NULL: English */
	uint8_t digits_min, digits_max;
	char end_key; /* '#', '*' or 0 */
	uint32_t first_ms, gap_ms;
	uint64_t message; /* that is recorded, or is what `say` calls message; 0: none */
	uint8_t message_key[MAIL_KEY];
	uint32_t record_ms, silence_ms; /* 0: it is said */
	enum voice_owner owner;
	uint64_t owner_id; /* of the call, say: comes back as it is */
};

/* digits: gone when the callback returns; empty for most. It may begin the next turn. */
typedef void voice_turned(uint64_t owner_id, uint64_t token, enum turn_why why, struct span digits);

void voice_init(uint32_t max_calls, voice_turned *const turned[VOICE_OWNERS]);

/* Is there somebody to speak? */
bool voice_ready(void);

/* Voice speaks to so many sides, and has so many messages in hand, at once; core alone begins turns, so it can count them. A call that
 * is to hear something keeps its seats from before it is answered, so that no caller is answered and then left without words. */
enum voice_seat { SEAT_SPOKEN_TO, SEAT_MESSAGE, VOICE_SEATS };
bool voice_seat_take(enum voice_seat which, bool emergency); /* false: all are taken */
void voice_seat_release(enum voice_seat which);
uint32_t voice_seats(enum voice_seat which); /* how many there are */

/* A voice that died is waited for so long. Meanwhile turns may begin, and those that ran are said from their beginning when it is back;
 * those that loop wait as long as their call wants. Keys that were pressed are gone with voice. A recording can't be said again: it ends
 * as TURN_STOPPED when voice dies, and so does what was begun three times. */
enum { VOICE_BACK_MS = 10000 };
bool voice_awaited(void); /* there, or waited for */

/* The token of the turn, which ends with exactly one call of `turned`; or 0 when voice is down and not waited for, has no credit, or
 * every seat is taken, and then nothing follows. The turn that runs for this side, if any, ends as TURN_STOPPED. */
uint64_t voice_turn(const struct voice_turn *t);
bool voice_waits(uint64_t token); /* voice does not have it yet */
/* It goes on in this codec, from its beginning where it was another; its token from then on. What is said once is said anew as if voice
 * had died meanwhile: not for ever, and no recording. */
uint64_t voice_go_on_in(uint64_t token, uint8_t codec);
/* Ends it without a call of `turned`; tokens that ended are ignored. */
void voice_stop(uint64_t token);
/* The same for every turn of this join, which is about to go. */
void voice_stop_join(uint64_t join);
/* A digit that came by SIP INFO. digit: 0-9, DIGIT_STAR, DIGIT_POUND */
void voice_key(uint64_t join, unsigned side, unsigned digit);

void voice_on_turned(struct link *from, const struct ipc_view *v);
void voice_down(void);
void voice_up(void);

void voice_status(struct proc_status *s);

#endif
