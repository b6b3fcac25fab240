/* SPDX-License-Identifier: ISC */
/* A leg: the dialog with one phone as typed fields (RFC 3261 12). Call-ID, tags, Contact and route set of the phone
 * are echo tokens: they go back to that phone only. */
#ifndef CORE_LEG_H
#define CORE_LEG_H

#include "arena/arena.h"
#include "ask.h"
#include "leg_fsm.h"
#include "registrar.h"

enum {
	LOCAL_TAG_MAX = 16,
	LEG_TOKEN_MAX = 28,
	LEG_NAME_MAX = 2 * USER_NAME_MAX,
	LEG_PATIENCE_MS = 40000, /* for the end of a transaction at the edge, which gives up after 64*T1 */
	EDGES_ARE_BACK_MS = 3000,
	LEG_FORKS_MAX = 4,
};

/* The parts of a leg that vary in length. */
enum leg_part {
	LEG_CALL_ID,
	LEG_REMOTE_TAG,
	LEG_TARGET,
	LEG_ROUTE_SET,
	LEG_LOCAL_USER,
	LEG_REMOTE_USER,
	LEG_LOCAL, /* descriptions as sdp_pack() leaves them */
	LEG_REMOTE,
	LEG_NEXT, /* of a change under way, or while it rings what it was offered before its early media settled that: does not outlive core,
	             but that there was one does, by its end (leg_save()) */
	LEG_PARTS
};

/* What outlives core, in the arena, and with it as many octets of the parts as `end` says. */
struct leg_record {
	uint64_t id, call, flow;
	uint32_t user,
	    device; /* whose login owns it; user: NOBODY for an emergency call without; both NOBODY for a trunk's */
	uint32_t person; /* who talks, and pays: the user, or the guest at their phone (hotdesk.h) */
	uint8_t state;   /* enum leg_state */
	uint8_t side;    /* of its call's relay */
	uint8_t claim;   /* enum pool_claim: what it may have of the reserve */
	uint8_t listener;
	uint8_t trunk; /* 0: a phone */
	uint8_t ends;  /* enum relay_end: passing, or how media ends it */
	uint8_t clear; /* a trunk named plain, or a phone's call for help: plain RTP is allowed */
	uint8_t line;  /* it holds a line of its trunk */
	uint8_t ice;   /* we speak ICE-lite with it */
	uint8_t refresher_us;
	uint8_t has_remote, has_local;
	uint32_t local_cseq, remote_cseq, invite_cseq;
	uint32_t allow, session_s; /* session_s 0: the phone has no session timer */
	uint32_t learn_epoch;
	struct addr seen; /* host of its signalling connection */
	char local_tag[LOCAL_TAG_MAX + 1];
	char token[LEG_TOKEN_MAX + 1]; /* user part of our Contact */
	uint16_t end[LEG_PARTS];       /* of each part, in the order of the enum */
	uint16_t trunk_is,
	    media_is; /* mark.h: of `trunk` and `listener`; 0: the build before had octets of no use here */
};

enum { LEG_BODY_MAX = CALL_ID_MAX + TAG_MAX + URI_TEXT_MAX + ROUTE_SET_MAX + 2 * LEG_NAME_MAX + 2 * SDP_PACKED_MAX };

struct trunk_answer;

/* Another dialog that our INVITE made (leg_fork.h). */
struct leg_fork {
	uint64_t tag;   /* a keyed hash */
	uint64_t leg;   /* that ends it, because it answered too late; 0: it did not */
	uint64_t prack; /* core's PRACK to it; while that has no answer there is no other (RFC 3262 3) */
	uint32_t rseq;  /* of the last reliable 18x that was acknowledged; 0: none */
};

struct leg {
	struct timer repeat, later, session;
	struct leg_record r;
	uint8_t *body; /* leg_text.c's */
	uint32_t room;
	uint32_t by;          /* share.h: on whose account it is, the caller's; NOBODY: on none any more */
	bool begins;          /* and so is the call that it began */
	struct reply invite;  /* its INVITE or re-INVITE that we are to answer or did answer */
	struct reply request; /* the request in hand */
	uint64_t invite_ref;  /* our INVITE */
	uint64_t bye_flow;    /* over which our last BYE went; 0: none did */
	uint64_t change_ref;  /* our last re-INVITE that passed the other phone's change on */
	uint64_t refresh_ref; /* our last session refresh */
	uint64_t prack_ref;   /* our PRACK that has no answer yet; 0: none */
	uint32_t prack_rseq;  /* of our last PRACK; what came since, up to rseq, is acknowledged after it */
	uint8_t prack_waits;  /* for the credentials that it was challenged for */
	uint8_t refreshing;   /* by a re-INVITE that has no final answer yet */
	uint8_t unanswered;   /* refreshes and questions that the phone did not answer, one after the other */
	bool came_back;       /* its connection broke, and whether it hung up meanwhile is asked */
	uint8_t refused;      /* refreshes that it refused, one after the other */
	uint64_t heard_then;  /* packets that had come of it when it was last asked */
	uint8_t longer;       /* it was asked again with the longer session interval that it wants */
	uint8_t change_cancelled;
	bool unsure;    /* a change that was passed on to it, or its 200, has not ended: its session may not be `r`'s */
	uint8_t silent; /* it did not answer what it was asked, or without speech: renegotiate.c waits for it no more */
	uint8_t glares; /* how often it said 491 to what we asked, one after the other */
	uint8_t stays;  /* it refused what the other side alone has */
	uint8_t restores;    /* how often it was offered what stood, since it named no speech; 0: it does */
	uint8_t offers;      /* our 200 to its re-INVITE carries leg_next(), whose answer comes in the ACK */
	uint8_t later_event; /* of `later` */
	uint8_t reliable;    /* caller: it requires 100rel */
	uint16_t ringing;    /* last provisional code that we sent reliably and that waits for PRACK */
	uint16_t ring_next;  /* the one that goes out after it (RFC 3262 3) */
	uint16_t rang;       /* caller: the last provisional code that it was sent; 0: none yet */
	bool reminds;        /* and it was told before */
	uint8_t answers;     /* and then the 200 */
	uint8_t challenged;  /* how often its trunk asked for the password of this call */
	uint16_t repeated;   /* 1 << enum ask_kind: the last request of this kind went out with credentials */
	const struct trunk_answer *credentials; /* for the request that is being written */
	uint16_t rejected;                      /* code of its final answer */
	char redirect[2 * USER_NAME_MAX + 1];   /* and where its phone sends the call with it; empty: nowhere */
	uint32_t rseq;
	uint8_t agreed;  /* it rings, and answered our offer reliably (RFC 3262 5): it may offer something itself */
	uint8_t updated; /* and did: what it says to the INVITE is not about media any more */
	uint8_t forks;   /* of `fork` in use */
	struct leg_fork fork[LEG_FORKS_MAX];
	uint32_t repeat_ms;
	uint64_t repeat_end_ms;
	uint64_t session_end_ms; /* by then it is to be refreshed */
	uint8_t refusal;         /* enum refusal, for LEG_DO_REFUSE and the Reason of BYE and CANCEL */
	const char *refusal_text;
	uint8_t early; /* caller: what it was answered goes out with its 183 already */
	uint8_t wide;  /* callee: it was offered what its caller would have to be asked for */
	uint8_t tried; /* 1 << enum relay_end: what its phone was offered and did not take */
	uint8_t hops;  /* redirects of members' phones on the way to it (dial_instead()) */
};

void leg_text_init(uint32_t legs);
/* Good until a part of this leg is set. */
struct span leg_text(const struct leg *l, enum leg_part which);
/* False, and nothing changed: longer than this text may be. */
bool leg_set_text(struct leg *l, enum leg_part which, struct span text);

/* What we said to it, what it said. Without has_local, has_remote: all zero. */
void leg_local(const struct leg *l, struct sdp *out);
void leg_remote(const struct leg *l, struct sdp *out);
void leg_set_local(struct leg *l, const struct sdp *sdp);
void leg_set_remote(struct leg *l, const struct sdp *sdp);
/* Of a change under way: the offer of the one who asks, and what the other was asked. NULL: it is over. */
void leg_next(const struct leg *l, struct sdp *out);
void leg_set_next(struct leg *l, const struct sdp *sdp);
/* Its INVITE came without an offer, so our 200 makes it (RFC 3261 13.2.1), and its ACK has not answered yet. */
static inline bool leg_owes_answer(const struct leg *l)
{
	return !l->r.has_remote && l->r.ends != RELAY_PASSING &&
	       (l->r.state == LEG_IN_CALLING || l->r.state == LEG_IN_ANSWERED || l->r.state == LEG_UP);
}
/* Both: its call is over, and the keys in them are nobody's business any more. */
void leg_forget_media(struct leg *l);
/* From here on the arena has the dialog alone, without a trace of the keys. */
void leg_keep_dialog(struct leg *l);

/* For the arena: the parts that outlive core, and back; false: not what leg_body() was. */
struct span leg_body(const struct leg *l);
bool leg_adopt_body(struct leg *l, const uint8_t *body) __attribute__((warn_unused_result));
void leg_text_free(struct leg *l);
void leg_text_status(struct proc_status *s);

struct arena_shape leg_shape(const struct site *s);
void leg_open(struct arena_table *t);

struct leg *leg_get(uint64_t id);
/* The leg that is visited may end meanwhile. */
void leg_each(void (*visit)(struct leg *l, void *arg), void *arg);
/* The dialog of this Call-ID and these tags, ours and the phone's; NULL. */
struct leg *leg_find(struct span call_id, struct span ours, struct span theirs);

/* A leg for an INVITE that came in, or for one that goes out to a registration. NULL: full, or (in) a token too long. */
struct leg *leg_new_in(struct request *r, uint64_t call);
struct leg *leg_new_out(
    const struct registration *to, uint64_t call, enum pool_claim claim, const char *from_user, const char *to_user);
/* A leg over a trunk, to that number; from: what it shows there, empty for nothing. NULL: full, or the trunk is not there. */
struct leg *leg_new_trunk(uint8_t trunk, uint64_t call, bool emergency, struct span from, struct span number);
/* One more dialog of this leg's INVITE, that nobody wants: it waits for the 2xx, to be ended by. NULL: full, or a text too long. */
struct leg *leg_new_beside(const struct leg *l, const struct msg_response *m, const struct ipc_view *v);
/* The user of a leg as others see it: the extension, or phone-N. */
const char *leg_name(const struct leg *l, char buf[USER_NAME_MAX + 1]);

/* Has this holder (share.h) a call left that it may begin? */
bool leg_may_begin(uint32_t who);
/* May a call of this caller ring one more phone beyond REGISTRAR_TARGETS_MAX: are there legs for its other calls, and two for each that
 * others may still begin? */
bool leg_has_plenty(const struct leg *caller);
/* May a call that is nobody's ring one more phone, beside so many: is a quarter of the legs left to others, of more than
 * REGISTRAR_TARGETS_MAX half? */
bool leg_has_spare(uint32_t nth);
/* The caller of a call that was adopted; may be NULL. */
void leg_begins_again(struct leg *l);
/* What is over is on nobody's account. */
void leg_leaves_share(struct leg *l);

/* Feed the state machine and do what it says. The leg may be gone afterwards. */
void leg_event(struct leg *l, enum leg_event event);
void leg_event_later(struct leg *l, enum leg_event event, uint32_t ms);

/* What the call wants of a leg. Texts are static. */
void leg_invite(struct leg *l, const struct sdp *offer, const char *display);
void leg_ring(struct leg *l, uint16_t code);
void leg_answer(struct leg *l, const struct sdp *answer);
void leg_refuse(struct leg *l, enum refusal why, const char *text);
void leg_hang_up(struct leg *l, enum refusal why);

/* The connection over which the phone can be reached now, or NULL. */
struct flow *leg_flow(const struct leg *l);

/* Write the record to the arena, if the leg is one that core would adopt. */
void leg_save(struct leg *l);
/* Before a change goes out to it, and when it has ended: a core that adopts the leg meanwhile asks it what it has (session.h). */
void leg_be_unsure(struct leg *l, bool unsure);

void leg_on_request(struct request *r); /* with a To tag, or an ACK */
void leg_cancel(struct reply invite);   /* the phone cancelled this INVITE */
void leg_on_invite_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void leg_on_bye_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void leg_on_prack_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void leg_edge_lost(uint32_t edge);
void leg_device_lost(uint32_t device);
void leg_user_lost(uint32_t user);
/* The directory changed: legs of phones that are not valid, or not their user's, any more end. */
void leg_check(void);
/* Around the handling of what a phone sent: a leg for which core dies twice in between is not adopted again. */
void leg_mark(uint64_t id);
void leg_unmark(uint64_t id);
/* adopted legs whose call was not */
void leg_drop_orphans(void);

void leg_status(struct proc_status *s);

#endif
