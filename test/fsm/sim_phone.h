/* SPDX-License-Identifier: ISC */
/* Phones as an edge shows them to core: connections, requests, dialogs. Plain data, so that a test may keep them in memory
 * that outlives a crash of core. */
#ifndef TEST_SIM_PHONE_H
#define TEST_SIM_PHONE_H

#include "core_sim.h"

struct phone {
	const char *user; /* as it says it is */
	uint32_t device, edge;
	uint64_t flow; /* 0: not connected */
	const char *host;
	bool expired, outbound;
	uint8_t trunk; /* it is no phone but this trunk, device 0 */
	uint32_t cseq;
	const struct pidf_place *place; /* where it says in its next talk_invite() that it is; NULL: it does not */
};

/* One dialog, as its phone sees it. */
struct talk {
	uint32_t interval_s; /* Session-Expires of the next talk_invite(); 0: none */
	struct phone *phone;
	char call_id[64], ours[32], theirs[32];
	char token[64];	     /* user part of core's Contact */
	uint32_t cseq;	     /* of our next request */
	uint64_t txn, ref;   /* our INVITE; core's INVITE */
	uint32_t invite_cseq, core_cseq;
	uint32_t rseq;
	uint32_t allow, supported;
	struct sdp sdp;	     /* what core said last */
};

/* Call once for each: phone n is user n on device n. */
void phone_init(struct phone *p, uint32_t n);
/* The far end of the site's trunk of this number, from 1. */
void phone_init_trunk(struct phone *p, uint8_t trunk);
void phone_up(struct phone *p);
/* The connection outlives core: its edge announces it again. */
void phone_still_up(struct phone *p);
void phone_down(struct phone *p);
/* Connection and login through REGISTER; NEEDs that it works. */
void phone_register(struct phone *p);
/* The phones of the first n users, all of them there before one registers. */
void phones_register(struct phone *const p[], uint32_t n);

/* A request outside any dialog with what most have; change it, then phone_end(). Answers its transaction. */
struct msg_request *phone_begin(struct phone *p, enum sip_method method);
struct msg_request *phone_begin_as(struct phone *p, enum sip_method method, enum msg_class class);
struct str phone_put(struct phone *p, const char *text);
struct str phone_put_sdp(struct phone *p, const struct sdp *sdp);
uint64_t phone_end(struct phone *p);
/* As keeper is asked to judge them. */
void phone_put_credentials(struct phone *p, struct msg_request *m);
/* REGISTER; has_auth: with credentials. */
uint64_t phone_send_register(struct phone *p, uint32_t expires, bool has_auth);

/* Core's next answer to this transaction; NULL: there is none. */
struct heard *reply_to(uint64_t txn);
/* Its code, or 0. */
unsigned code_of(uint64_t txn);
static inline const struct msg_respond *respond(const struct heard *h)
{
	return (const void *)h->payload;
}
/* Core's next request of this method to the phone. */
struct heard *sent_to(const struct phone *p, enum sip_method method);
static inline const struct msg_send *sent(const struct heard *h)
{
	return (const void *)h->payload;
}
/* Answer a request of core's. */
void phone_answer(struct phone *p, const struct heard *h, unsigned code, const struct sdp *sdp);

/* --- dialogs --- */

/* INVITE of a logged in phone; sdp NULL: without. Answers the transaction. */
uint64_t talk_invite(struct talk *t, struct phone *p, const char *number, const struct sdp *sdp);
/* The INVITE that core sent to this phone. */
void talk_rings_at(struct talk *t, struct phone *p);
struct msg_response *talk_begin_answer(struct talk *t, unsigned code);
void talk_end_answer(struct talk *t);
void talk_answer(struct talk *t, unsigned code, const struct sdp *sdp);
/* The caller heard this code, and learned tag and Contact from it. */
void talk_hears(struct talk *t, unsigned code);
void talk_ack(struct talk *t);
/* With an answer to what core offered, under the tag of that suite. NULL: without. */
void talk_ack_with(struct talk *t, const struct sdp *answer);
/* A request inside the dialog; answers its transaction (0 for ACK). */
struct msg_request *talk_begin(struct talk *t, enum sip_method method);
uint64_t talk_end(struct talk *t);
uint64_t talk_send(struct talk *t, enum sip_method method, const struct sdp *sdp);
/* Core's next request of this method inside the dialog: its tags and CSeq must be right. */
struct heard *talk_takes(struct talk *t, enum sip_method method);
void talk_reply(struct talk *t, const struct heard *h, unsigned code, const struct sdp *sdp);

/* The callee answers with this, and both are up. */
void talk_up(struct talk *from, struct talk *to, const struct sdp *answer);
/* A whole call until both are up. */
void call_up(struct talk *a, struct phone *from, struct talk *b, struct phone *to);
/* `a` hangs up, `b` gets its BYE and answers. */
void call_hang_up(struct talk *a, struct talk *b);

/* --- transfers --- */

/* The one-time URI that this phone is sent in a REFER by that user; it answers with this code. */
const char *sent_on(struct talk *t, const char *by, unsigned code);
/* An INVITE to it; with this, NULL: without SDP. */
void invite_token(struct talk *t, struct phone *p, const char *token);
void invite_token_with(struct talk *t, struct phone *p, const char *token, const struct sdp *sdp);
extern uint32_t refer_cseq; /* of the last REFER that names a call: the id of its event */
/* A REFER that names the other party of that dialog: core's answer. */
struct heard *refers_to_call(struct talk *t, const char *call_id, const char *to_tag, const char *from_tag);
struct heard *brings_together(struct talk *first, const struct talk *second);
/* The NOTIFY of it, the last one from 200 on. */
void notified(struct talk *t, unsigned code);

/* --- session descriptions --- */

enum { KEYS_SDES, KEYS_DTLS };

/* `direction` "sendrecv" and so on; `setup` for DTLS. */
struct sdp sdp_of(int keys, const char *host, unsigned port, unsigned version, const char *direction, const char *setup);
/* SDES, sendrecv. */
struct sdp sdp_plain(const struct phone *p);
/* Its key under the tag that core offered that suite with; sdp_plain() so. */
void sdp_fit(const struct talk *to, struct sdp *s);
struct sdp sdp_fits(const struct talk *to);
/* RTP without keys. */
struct sdp sdp_clear(const struct phone *p);
struct sdp sdp_zrtp(const struct phone *p); /* ZRTP alone */

/* --- what an administrator says --- */

/* `ringfence ban` of one address; 0 seconds lifts it. */
enum done_result sim_ban(const char *ip, uint32_t seconds);

/* `ringfence user set --password`, after keeper took it. */
void sim_log_out(const char *user);

/* --- what media heard --- */

/* The newest relay wish; NULL: none since the last take. */
const struct relay_spec *relay_wish(uint64_t *join);
/* How often it was answered on this side's leg since that began. */
static inline uint32_t answers_of(const struct relay_side *s)
{
	return s->learn_epoch & RELAY_EPOCH_ANSWERS;
}
/* SHA-256 of its DTLS certificate: 32 octets of this value. */
void media_says_fingerprint(uint8_t octet);
void media_says_gate(uint64_t join, enum relay_key key);
void media_says_failed(uint64_t join, enum relay_why why);

/* --- what ledger says --- */

/* So many messages the user has that are new, and that were heard. */
void ledger_counts(uint32_t user, uint32_t fresh, uint32_t old);

#endif
