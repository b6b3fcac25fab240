/* SPDX-License-Identifier: ISC */
/* Digits in RTP (RFC 4733): many packets of one key press make one digit, in any order and with any lost but one. */
#ifndef WIRE_TELEPHONE_EVENT_H
#define WIRE_TELEPHONE_EVENT_H

#include "base/span.h"

enum {
	EVENT_PAYLOAD = 4,    /* octets of one event; several may follow each other (2.5.1.5) */
	EVENT_DIGIT_MAX = 11, /* 0-9, 10 '*', 11 '#'; A to D, flash and the tones are no digits here */
	EVENT_REMEMBERED = 4,
	EVENT_LATE = 240000, /* timestamp units: 5 s at 48 kHz; what is older than that is a new stream */
	EVENT_PRESSES_MAX = 4,
};

/* Each as the key that people press, and back; negative: no digit. */
extern const char event_key[EVENT_DIGIT_MAX + 2];
int event_of_key(unsigned key);

/* What was heard of one stream. All zero at first. */
struct event_reader {
	uint32_t begun[EVENT_REMEMBERED]; /* timestamps of presses, the newest first */
	uint8_t known;                    /* of them */
	uint8_t event;                    /* of the newest */
	bool ended;                       /* it was seen to end */
	uint32_t next;                    /* timestamp of its next segment, if it goes on (2.5.1.3) */
};

/* One payload. Writes the digits that begin with it, in order of time, and answers how many: mostly 0 or 1, as all further packets
 * of a press say nothing new. A payload that is no list of events answers 0. */
size_t event_read(
    struct event_reader *r, uint32_t timestamp, bool marker, struct span payload, uint8_t digit[EVENT_PRESSES_MAX]);

/* The key that is told with this timestamp is held still, as far as was heard. */
static inline bool event_is_held(const struct event_reader *r, uint32_t timestamp)
{
	return r->known && r->begun[0] == timestamp && !r->ended;
}

#endif
