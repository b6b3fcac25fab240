/* SPDX-License-Identifier: ISC */
/* A call: the leg of the caller, the legs that ring, and once one has answered, their join. */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include "account.h"
#include "call_fsm.h"
#include "leg.h"
#include "route.h"

struct pidf_place;
struct pin_memory;

enum {
	CALL_TARGETS_MAX = 64,
	CALL_PICKERS_MAX = 4, /* of them, kept for who is not of those that are called, and takes it or needed help */
	CALL_KEPT_MAX = 2 * TURN_DIGITS_MAX + 1
};

/* What a call has to do with help; it stays so until the call is over, whoever it is given on to. */
enum help {
	HELP_ASKED = 1,  /* by a phone here */
	HELP_TALKED = 2, /* and it was answered */
	HELP_BACK = 4,   /* it may be the centre that calls back */
	HELP_ALL = 7
};

/* By whom, and with which number. */
struct help_asked {
	uint32_t device, person;
	char number[PLAN_EMERGENCY_NUMBER_MAX];
};

/* What outlives core, in the arena. */
struct call_record {
	uint64_t id, caller, callee; /* ids of legs */
	uint64_t answered_ms;        /* CLOCK_BOOTTIME; 0 while no far end has */
	uint64_t started_ms;
	int64_t start_wall_ms;
	uint32_t ports; /* index of the port slot */
	uint16_t port;  /* its first port: the range may be another when core starts again */
	uint8_t state;  /* enum call_phase */
	uint8_t grade, key, emergency;
	uint8_t varying;           /* bit for each side whose Opus varies */
	uint8_t ended;             /* the legs end in media */
	uint8_t spoken;            /* the caller was answered by the exchange, before any far end */
	uint8_t hears[2];          /* enum relay_hears, by side */
	uint8_t listens;           /* bit for each side whose audio voice gets too */
	uint8_t who;               /* enum plan_who: the caller, as the permission function sees it */
	uint8_t warned;            /* that its ceiling comes near */
	struct account_of account; /* on whom the part that leaves the exchange is charged */
	struct ceiling_call ceiling;
	char from[2 * USER_NAME_MAX + 1], to[2 * USER_NAME_MAX + 1];
	struct help_asked asked; /* with HELP_ASKED: here and in `spare` builds before had what is none of today's */
	uint8_t spare[80 - sizeof(struct help_asked)];
	uint64_t parked_until_ms;
	uint32_t parked_by; /* user */
	uint8_t parked;     /* 1 + the place where it waits; 0: it does not */
	uint8_t help;       /* enum help; builds before left 0 */
	uint16_t trunk_is;  /* mark.h: of `account.trunk`; 0: by its number */
};

/* A change of the session under way: one side's offer that the other is asked (RFC 3261 14, RFC 3311). What each leg's
 * description would be is its leg_next(). */
struct change {
	bool active, is_update;
	bool asks_offer; /* it offers nothing itself: the other phone does, and it answers that in its ACK */
	bool unasked;    /* no phone asked: the other one said something new, and this one is to hear of it */
	bool told;       /* so it got the other's offer; the other waits for its ACK */
	uint8_t from_side;
	uint8_t marked; /* 1 << side: may have another session than what stands because of it, and of nothing before */
	struct reply reply;
	uint32_t session_s; /* of the one who asks, before it asked: a refused change changes nothing */
	uint8_t refresher_us;
};

/* Whose forward the call follows, and what was known there: one that the call plan refuses is as none (forward.h). */
struct forwarded_from {
	struct dest dest;
	uint8_t which;      /* enum forward; FORWARDS: none of theirs, but their phone's */
	uint8_t refused;    /* of the same person, until then */
	bool known, missed; /* missed: their phones rang, or were not there */
	bool paid;          /* a line that was there before, and is on somebody's account still */
	uint8_t best;
	const char *best_text;
};

struct call {
	struct timer ring, renew, cut;
	struct timer patience; /* the other phone's, with a change */
	struct call_record r;
	uint64_t target[CALL_TARGETS_MAX]; /* legs that were asked and have not refused */
	uint8_t targets;
	struct dest dest; /* where it goes now */
	struct forwarded_from forwarded;
	struct dest first;        /* where the forwards that it follows began; DEST_NONE: it follows none */
	uint8_t forwards_refused; /* 1 << forwarded_from.which, of dest: not followed any more */
	uint64_t transfer;        /* refer.h: the one that it is the outcome of; 0: none, or settled */
	uint64_t late;            /* leg, late.h; 0: nobody is on the way so */
	uint8_t late_of;          /* enum late_of */
	uint8_t best;             /* enum refusal: the best so far (RFC 3261 16.7) */
	const char *best_text;
	struct change change;
	uint64_t packets[2], dropped[2], expected[2], lost[2];
	uint64_t heard_ms[2]; /* when packets[] was another number last */
	uint32_t jitter_ns[2];
	struct number outside;                   /* incoming: who it says it is; empty for nobody */
	uint8_t incoming, claims_inside, slowed; /* from a trunk; incoming 0 again once the caller is judged */
	uint8_t proof, proof_waits;              /* enum incoming_proof; signer is asked */
	uint8_t calls_back;                      /* callback_claim(): the reserve is for it too */
	uint8_t back;          /* callback.h: to the number that the centre was shown by who called for help, */
	uint32_t back_user;    /* who rings too, NOBODY where none was logged in, */
	uint32_t back_device;  /* as does that phone */
	uint16_t looked_up;    /* callees of whom keeper was asked whether they know the caller */
	uint32_t trunks_tried; /* 1 << trunk */
	uint16_t turns;        /* members of a group that rings in turn who had theirs */
	uint8_t redirects;     /* that members' phones made, and that were followed */
	uint8_t help_rings;    /* for help: a trunk has said something */
	uint8_t help_rounds;   /* in which all were asked, and none did */
	uint64_t asked_ms;     /* for help: when a trunk was asked last */
	uint8_t preempted;     /* the trunk on which another call has ended for this one */
	uint64_t preempted_ms; /* when */
	uint64_t hoped_ms;     /* since when it waits for a trunk that is away; 0: not yet */
	uint32_t placeless;    /* 1 << trunk: these take no INVITE with a place, */
	uint32_t unknown_to;   /* and these know not the number for help that they were asked for first */
	uint8_t withheld;      /* its phone asked that nobody outside be told who calls */
	uint8_t keeps_keys;    /* more phones than one may ring: none is told the caller's SDES keys any more */
	uint8_t keys_out;      /* this phone was told them */
	uint32_t keys_at;
	const char *shown;                         /* instead of the caller's own display name; static */
	uint8_t looked, dialled_before, pin_given; /* what is known of the payer and the number */
	uint8_t pin;                               /* enum plan_pin: the payer's, once looked */
	uint8_t desk;                              /* desk.h: 1 + which call to the front desk this is; 0: none */
	bool recorded;   /* an earlier life wrote its record, and did not forget the call any more */
	bool untold;     /* to a media that came up since */
	uint8_t answers; /* bit for each side that is answered as soon as media relays by the wish of this number, */
	uint32_t wish;
	uint64_t answer_by_ms; /* or then */
	uint8_t keyed;         /* media can be heard on every side that is there */
	uint32_t park_device;  /* 1 + that of whoever parked it; 0: an earlier life of core knew */
	uint8_t park_rounds;   /* so often whoever parked it did not take it back */
	/* the dialogue with the caller */
	uint8_t script, step, tries, silences; /* script: enum script */
	uint8_t seats;                         /* 1 << enum voice_seat: those that it keeps */
	uint32_t seat_by[2];                   /* by enum voice_seat: on whose account (share.h) */
	const char *say;                       /* what it is told before the end */
	uint64_t turn[2];                      /* of voice, by side; 0: none */
	char kept[CALL_KEPT_MAX + 1];          /* keys that were pressed */
	/* voicemail: whose, which message and its key, of those heard before, what is waited for, what is said */
	uint32_t mail_user;
	uint64_t mail_message;
	uint8_t mail_key[MAIL_KEY], mail_heard, mail_asks, mail_kept;
	bool mail_open; /* ledger has begun it, and voice does not record it yet */
	char mail_say[96];
};

struct arena_shape call_shape(const struct site *s);
void call_open(struct arena_table *t);
/* After legs and calls were adopted: drop what is half, tell media of the rest. */
void call_adopted(void);

struct call *call_get(uint64_t id);
/* Is its session being changed? */
bool call_changes(uint64_t id);

/* A slot for a call and its ports, for this holder (share.h); POOL_HELP: it is for help, and on nobody's account; who is NOBODY:
 * a test of it, for which none ends. NULL: `why` says what there is none of. */
struct call *call_new(uint32_t who, enum pool_claim claim, enum refusal *why);
/* What it may have of the reserve of all that it needs (R16). */
enum pool_claim call_claim(const struct call *c);
/* It is this leg's, to there, and nothing is done for it yet. */
void call_is_of(struct call *c, const struct leg *caller, const struct dest *to);
/* The same, and what follows is the machine's. */
void call_start(struct call *c, struct leg *caller, const struct dest *to);
/* All that it held is given back, and nothing of it is in the arena; nobody is told: it never began, or who is there is told next. */
void call_drop(struct call *c);
uint32_t call_room(void); /* how many may still begin */
/* Feed the machine and do what it says; l: the leg that it is about, or NULL. The call may be gone afterwards. */
void call_event(struct call *c, enum call_event event, struct leg *l);

/* From the legs. */
void call_leg_rings(struct leg *l);
void call_leg_accepted(struct leg *l);
void call_leg_rejected(struct leg *l);
void call_leg_left(struct leg *l);
void call_leg_up(struct leg *l);
void call_leg_not_refreshed(struct leg *l);
void call_leg_silent(struct leg *l);  /* its session timer ran out, or the phone knows no such dialog */
void call_leg_unheard(struct leg *l); /* the caller sent no PRACK in time */
bool call_may_refresh(struct leg *l);

/* Its destination from now on, of which nothing is known or tried yet. */
void call_lead_to(struct call *c, const struct dest *to);
/* The same, and it goes there now, wherever it rang: it is judged anew. */
void call_go_to(struct call *c, const struct dest *to);
/* It goes to another number, on this user's account. False: no further. */
bool call_forward(struct call *c, struct span number, uint32_t payer, enum plan_route how);

/* From elsewhere. */
void call_on_dialled(uint64_t call, const struct pin_memory *m);
void call_on_proof(uint64_t call, uint8_t proof); /* enum incoming_proof */
void call_phone_back(uint32_t user);
void call_media_failed(uint64_t call, enum relay_why why);
void call_relayed(uint64_t call, uint32_t wish);
void call_gate_open(uint64_t call, enum relay_key key);
enum grade call_grade(const struct call *c); /* who could hear it as it stands */
void call_forged(uint64_t call, unsigned side, enum relay_key key);
void call_varying(uint64_t call, unsigned side);
void call_counts(const struct msg_relay_counts *m);
void call_tell_media(void);

/* Where the caller of an emergency call is, as SETTING_LOCATION says; empty for every other call (R16). */
struct span call_place(const struct leg *l);
bool call_doubts_place(const struct leg *l);                   /* the phone may be elsewhere */
const struct pidf_place *call_place_said(const struct leg *l); /* where it says itself that it is; NULL: it does not */
struct leg *call_other(struct call *c, struct leg *l);
void call_save(struct call *c);
void call_write_record(struct call *c); /* of the part that was talked until now */
/* Tell media what this call is now; again soon when it can't be told this moment. */
void call_relay(struct call *c);
/* So, and once it relays by that this leg is answered: who hears an answer may speak at once, and media may be killed then. */
void call_relay_and_answer(struct call *c, struct leg *l, const struct sdp *answer);
/* Ends it, with this reason to whoever is there. What fails in media while a transfer is under way ends that alone. */
void call_fail(struct call *c, enum refusal why, const char *text);
void call_fail_media(struct call *c, enum refusal why, const char *text);
void call_each(void (*visit)(struct call *c, void *arg), void *arg);

void call_status(struct proc_status *s);

#endif
