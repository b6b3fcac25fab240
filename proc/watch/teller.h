/* SPDX-License-Identifier: ISC */
/* ringfence-tell, the helper that reaches out for watch: it sends to syslog and runs the one mail command of the site, each
 * with octets that watch wrote. watch starts it before its own cage closes; the command and its words are fixed then. */
#ifndef WATCH_TELLER_H
#define WATCH_TELLER_H

#include "base/span.h"
#include "ipc/site.h"
#include "watch/alarms.h"

enum { TELL_TEXT_MAX = 8000, TELL_MAIL_MS = 20000, TELL_WORDS_MAX = 16 };

enum tell_result { TELL_OK, TELL_CANNOT, TELL_FAILED, TELL_HUNG, TELL_RESULTS };

struct tell_head {
	uint8_t way; /* WAY_SYSLOG or WAY_MAIL; the text follows */
	uint8_t zero[7];
};

struct tell_answer {
	uint8_t way, result; /* of a mail: once, when its command has ended */
	uint8_t zero[6];
};

/* told() hears how each went. */
void teller_start(const struct site_alarms *s, void (*told)(enum alarm_way w, enum tell_result r));
/* In the cage. */
void teller_serve(void);
/* False when the helper does not take it now. */
bool teller_say(enum alarm_way w, struct span text);

#endif
