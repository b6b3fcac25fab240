/* SPDX-License-Identifier: ISC */
/* One side of one join that voice speaks to: the stream that it sends there, and what it remembers of the keys pressed. It is taken for
 * the first turn and stays for a while after the last, so that timestamps go on and a key that is still held is not a new digit. */
#ifndef VOICE_SESSION_H
#define VOICE_SESSION_H

#include "codec.h"
#include "ipc/child.h"
#include "press.h"
#include "say.h"
#include "turn_fsm.h"
#include "wire/telephone_event.h"

enum { SESSION_LINGER_MS = 10000 };

struct session_key {
	uint64_t join, side;
};

struct session {
	struct timer timer; /* first: of the turn's digits, and of what lingers */
	uint64_t id;
	struct session_key key;
	bool running; /* a turn is */
	bool emergency;

	/* the turn */
	uint64_t token;
	enum turn_state state;
	bool loop, speaking;
	uint8_t digits_min, digits_max, digits_n;
	char end_key;
	char digits[TURN_DIGITS_MAX + 1];
	uint32_t first_ms, gap_ms;
	struct say say;
	struct mail *mail; /* that is recorded or said */
	bool records;

	/* the stream */
	struct encoder *encoder;
	uint64_t next_ms; /* when its next frame is due */
	uint32_t timestamp;
	bool marker;
	uint32_t running_at; /* its place among those that run */

	struct event_reader events;
	uint64_t pressed_ms; /* when the last digit was */
	struct press press;
};

void session_init(uint32_t max);

/* The session of this side, if there is one. */
struct session *session_get(uint64_t join, unsigned side);
/* The same, or a new one; when all are in use, that of the oldest which lingers. NULL: all run. */
struct session *session_take(uint64_t join, unsigned side, bool emergency);
/* By the token of its running turn; NULL: it ended. */
struct session *session_of_token(uint64_t token);

/* Its turn begins, or ended: it is then kept for a while. */
void session_run(struct session *s);
void session_linger(struct session *s);

/* Those that run, in no order. */
uint32_t session_running(void);
struct session *session_running_at(uint32_t i);

/* Does one of those that run say this? */
bool session_says(const struct sound *sound);

/* core died: nothing that it began goes on. */
void session_forget_all(void);

void session_status(struct proc_status *s);

#endif
