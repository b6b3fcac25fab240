/* SPDX-License-Identifier: ISC */
/* What ringfence.conf says, as plain bounded values. conf parses the text; every process gets this struct with
 * site_prepare, may refuse it with a reason, and uses it from site_commit on. */
#ifndef IPC_SITE_H
#define IPC_SITE_H

#include "base/addr.h"
#include "ipc/trunk_conf.h"
#include "plan/plan.h"
#include "plan/proof.h"

enum {
	SITE_LISTENERS_MAX = 16,
	SITE_NAME_MAX = 64,
	SITE_NUMBER_MAX = PLAN_EMERGENCY_NUMBER_MAX,
	SITE_COMMAND_MAX = 128,
	SITE_MAIL_MAX = 128,
	SITE_DESK_MAX = 33, /* a user's name and its NUL */
	SITE_LANGUAGE_MAX = 9,
	SITE_LANGUAGES_MAX = 16,
	PARK_PLACES_MAX = 90, /* two digits, from 10 on */
	/* that any site asks for */
	SITE_PHONES_MOST = 65536,
	SITE_USERS_MOST = 65536,
	SITE_CALLS_MOST = 16384,
};

enum listener_kind { LISTEN_NONE, LISTEN_PHONES, LISTEN_TRUNK, LISTEN_KINDS };
enum log_privacy { LOG_FULL, LOG_MILD, LOG_PRIVACIES };

struct listener {
	uint8_t kind;      /* enum listener_kind */
	uint8_t transport; /* enum trunk_transport; of phones always TLS */
	uint8_t zero[2];
	struct addr bind;       /* where connections or datagrams come in */
	struct addr signalling; /* what Contact and Via say; equal to bind unless behind NAT */
	struct addr media; /* where media binds (port 0) and, unless advertised_media says otherwise, what SDP says */
	struct addr advertised_media;
};

/* The ways an alarm goes to a person. */
struct site_alarms {
	uint8_t syslog; /* 0 or 1 */
	uint8_t zero[7];
	char mail[SITE_COMMAND_MAX]; /* a command by its whole path and its words, to be given a mail; empty: none */
	char to[SITE_MAIL_MAX];      /* the address that the mail names */
	char desk[SITE_DESK_MAX];    /* the user whose phones get a text message; empty: none */
	char zero2[7];
};

struct site {
	char domain[SITE_NAME_MAX]; /* SIP domain and digest realm */
	uint8_t node;
	uint8_t edges;       /* edge processes, 1..8 */
	uint8_t listeners;   /* used entries below */
	uint8_t log_privacy; /* enum log_privacy */
	uint8_t tones;       /* whose voice plays: index of tone_country (audio/tone.h) */
	uint8_t zero[3];
	uint16_t media_port_lo, media_port_hi;     /* even lo, inclusive */
	uint32_t log_days;                         /* full log: days a row is kept; 0 = for ever */
	uint32_t register_max_s;                   /* longest registration granted to a phone without RFC 5626 */
	uint32_t flow_timer_s;                     /* RFC 5626 keep-alive interval asked of phones */
	uint32_t reauth_s;                         /* a login counts so long */
	uint32_t ring_s;                           /* unanswered calls end after */
	uint32_t session_expires_s;                /* RFC 4028 */
	uint32_t hotdesk_s;                        /* a guest's login at another's phone ends after */
	uint32_t park_s;                           /* a parked call rings whoever parked it after */
	uint32_t park_places;                      /* calls that may be parked at once */
	uint32_t notice_days;                      /* notices of emergency calls are kept; 0 = for ever */
	uint32_t max_phones, max_users, max_calls; /* sizes of the tables made at start */
	uint32_t mail_s, mail_days, mail_most; /* voicemail: how long a message is, is kept, and how many a user has */
	uint32_t mail_on, mail_after_s; /* for users who say nothing; after 0: when it rang as long as it rings */
	struct listener listener[SITE_LISTENERS_MAX];
	struct plan plan;            /* emergency numbers, what others are and cost, who may call them and when */
	struct plan_signers signers; /* whose signatures of callers count */
	struct site_alarms alarms;
	char language[SITE_LANGUAGE_MAX]; /* in which voice speaks, one of those below */
	/* that there are prompts of; empty: no more. The first is "en" */
	char languages[SITE_LANGUAGES_MAX][SITE_LANGUAGE_MAX];
	char zero2[7];

	/* trunks; in messages the number of one is its index + 1, and 0 says that it is a phone */
	uint16_t trunks, inbounds; /* used entries */
	struct trunk_conf trunk[SITE_TRUNKS_MAX];
	struct inbound inbound[SITE_INBOUND_MAX];
};

/* Every count and enum in range, every text terminated and of legal characters. */
bool site_ok(const void *site);

/* Are there prompts in this language? */
bool site_speaks(const struct site *s, struct span language);
/* One more, in which there are; nothing when there is no room, or no such name: 2 to 8 of a-z 0-9 '-'. */
void site_add_language(struct site *s, struct span language);
/* "is none of en, fr": a static text. */
const char *site_languages(const struct site *s);

/* R22: what the mild log needs beside it and this site does not have, as a text that goes on after "needs"; NULL: nothing is
 * missing. */
const char *site_mild_missing(const struct site *s);

/* How long a row of the call log is kept, in days: a month in the mild log at most; 0: for ever (R21). */
uint32_t site_log_days(const struct site *s);

/* Calls at once: limits.calls, or as many as there are ports for. */
uint32_t site_calls(const struct site *s);

/* Is TCP taken beside the datagrams of this listener (RFC 3261 18.2.1)? Not where another one has connections at that port already. */
bool site_listens_beside(const struct site *s, int listener);

/* The defaults that a missing key takes; the security defaults of the exchange live here. */
void site_defaults(struct site *s);

/* Is this user part an emergency number of the site, in any spelling? Of one that is mistyped (number.h, 12) core knows
 * whether it is an extension. */
bool site_is_emergency(const struct site *s, struct span user);
/* May a call for help leave over a trunk? Then a number for help is no extension's, whatever is called so. */
bool site_sends_help(const struct site *s);
/* An outside number that leads to such an extension, and so to nobody; NULL: there is none. */
const struct inbound *site_lost_inbound(const struct site *s);

#endif
