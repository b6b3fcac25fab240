/* SPDX-License-Identifier: ISC */
#include "txn/txn.h"

/* Timers by their letters, RFC 3261 table 4 and RFC 6026 7.1 */
enum letter { KEEP, STOP, A, B, D, E, F, G, H, I, J, K, L, M, LETTERS };

/* clang-format off */
static const int32_t letter_ms[LETTERS][TXN_HOPS] = {
    /*        UDP            stream         phone */
    [KEEP] = {TXN_KEEP,	     TXN_KEEP,	    TXN_KEEP},
    [STOP] = {TXN_STOP,	     TXN_STOP,	    TXN_STOP},
    [A] =    {TXN_T1_MS,     TXN_STOP,	    TXN_STOP},
    [B] =    {TXN_64T1_MS,   TXN_64T1_MS,   TXN_64T1_MS},
    [D] =    {TXN_64T1_MS,   0,		    0},
    [E] =    {TXN_T1_MS,     TXN_STOP,	    TXN_STOP},
    [F] =    {TXN_64T1_MS,   TXN_64T1_MS,   TXN_64T1_MS},
    [G] =    {TXN_T1_MS,     TXN_STOP,	    TXN_STOP},
    [H] =    {TXN_64T1_MS,   TXN_64T1_MS,   TXN_64T1_MS},
    [I] =    {TXN_T4_MS,     0,		    0},
    [J] =    {TXN_64T1_MS,   0,		    0},
    [K] =    {TXN_T4_MS,     0,		    0},
    [L] =    {TXN_64T1_MS,   TXN_64T1_MS,   TXN_T4_MS},
    [M] =    {TXN_64T1_MS,   TXN_64T1_MS,   TXN_T4_MS},
};
/* clang-format on */

/* What a cell does: where it leads, what goes out, and the two timers. */
/* clang-format off */
enum action {
	never, ignore, end, gone,
	/* INVITE client, RFC 3261 17.1.1 */
	call, recall, ring, ring_on, answered, answered_again, refused, ack_again, call_timeout, call_error, cancel,
	/* client, 17.1.2 */
	try, retry, proceed, proceed_on, poll, done, try_timeout, try_error,
	/* INVITE server, 17.2.1 */
	offered, repeat, provisional, accept, accept_again, pass_ack, refuse, refuse_again, confirm, no_ack, tell_error,
	repeat_refusal, accepted_error, refused_error,
	/* server, 17.2.2 */
	asked, first, more, reply, reply_again, reply_lost,
	ACTIONS
};
/* clang-format on */

struct outcome {
	enum txn_state state; /* TXN_STATES: stay */
	unsigned effects;
	enum letter resend, end;
};

#define STAY TXN_STATES
#define SEND TXN_DO_SEND
#define ACK_ TXN_DO_ACK
#define PASS TXN_DO_PASS
#define TOUT TXN_DO_TIMEOUT
#define FAIL TXN_DO_ERROR

/* clang-format off */
static const struct outcome outcome[ACTIONS] = {
    [never] =	       {STAY,		TXN_DO_NOTHING, KEEP, KEEP},
    [ignore] =	       {STAY,		0,		KEEP, KEEP},
    [end] =	       {TXN_TERMINATED, 0,		STOP, STOP},
    [gone] =	       {TXN_TERMINATED, FAIL,		STOP, STOP},

    [call] =	       {TXN_TRYING,	SEND,		A,    B},
    [recall] =	       {TXN_TRYING,	SEND,		A,    KEEP},
    [ring] =	       {TXN_PROCEEDING, PASS,		STOP, STOP},
    [ring_on] =	       {TXN_PROCEEDING, PASS,		KEEP, KEEP},
    [answered] =       {TXN_ACCEPTED,	PASS,		STOP, M},
    [answered_again] = {TXN_ACCEPTED,	PASS,		KEEP, KEEP},
    [refused] =	       {TXN_COMPLETED,	PASS | ACK_,	STOP, D},
    [ack_again] =      {TXN_COMPLETED,	ACK_,		KEEP, KEEP},
    [call_timeout] =   {TXN_TERMINATED, TOUT,		STOP, STOP},
    [call_error] =     {TXN_TERMINATED, FAIL,		STOP, STOP},
    [cancel] =	       {TXN_PROCEEDING, 0,		KEEP, B},

    [try] =	       {TXN_TRYING,	SEND,		E,    F},
    [retry] =	       {TXN_TRYING,	SEND,		E,    KEEP},
    [proceed] =	       {TXN_PROCEEDING, PASS,		KEEP, KEEP},
    [proceed_on] =     {TXN_PROCEEDING, PASS,		KEEP, KEEP},
    [poll] =	       {TXN_PROCEEDING, SEND,		E,    KEEP},
    [done] =	       {TXN_COMPLETED,	PASS,		STOP, K},
    [try_timeout] =    {TXN_TERMINATED, TOUT,		STOP, STOP},
    [try_error] =      {TXN_TERMINATED, FAIL,		STOP, STOP},

    [offered] =	       {TXN_PROCEEDING, PASS,		STOP, STOP},
    [repeat] =	       {TXN_PROCEEDING, SEND,		KEEP, KEEP},
    [provisional] =    {TXN_PROCEEDING, SEND,		KEEP, KEEP},
    [accept] =	       {TXN_ACCEPTED,	SEND,		STOP, L},
    [accept_again] =   {TXN_ACCEPTED,	SEND,		KEEP, KEEP},
    [pass_ack] =       {TXN_ACCEPTED,	PASS,		KEEP, KEEP},
    [refuse] =	       {TXN_COMPLETED,	SEND,		G,    H},
    [refuse_again] =   {TXN_COMPLETED,	SEND,		G,    KEEP},
    [repeat_refusal] = {TXN_COMPLETED,	SEND,		KEEP, KEEP},
    [confirm] =	       {TXN_CONFIRMED,	0,		STOP, I},
    [no_ack] =	       {TXN_TERMINATED, TOUT,		STOP, STOP},
    [tell_error] =     {TXN_PROCEEDING, FAIL,		KEEP, KEEP},
    [accepted_error] = {TXN_ACCEPTED,	FAIL,		KEEP, KEEP},
    [refused_error] =  {TXN_COMPLETED,	FAIL,		KEEP, KEEP},

    [asked] =	       {TXN_TRYING,	PASS,		STOP, STOP},
    [first] =	       {TXN_PROCEEDING, SEND,		KEEP, KEEP},
    [more] =	       {TXN_PROCEEDING, SEND,		KEEP, KEEP},
    [reply] =	       {TXN_COMPLETED,	SEND,		STOP, J},
    [reply_again] =    {TXN_COMPLETED,	SEND,		KEEP, KEEP},
    [reply_lost] =     {TXN_TERMINATED, FAIL,		STOP, STOP},
};
/* clang-format on */

/* Columns in the order of enum txn_event:
 *   BEGIN REQUEST ACK 1XX 2XX REFUSED RESEND_DUE END_DUE CANCEL SEND_ERROR FLOW_GONE */
/* clang-format off */
static const enum action table[TXN_KINDS][TXN_STATES][TXN_EVENTS] = {
    /* RFC 3261 17.1.1.2 figure 5, RFC 6026 8.4 */
    [TXN_INVITE_CLIENT] = {
	[TXN_NEW] =	   {call, never, never, never, never, never, never, never, never, never, never},
	[TXN_TRYING] =	   {never, never, never, ring, answered, refused, recall, call_timeout, ignore, call_error, gone},
	[TXN_PROCEEDING] = {never, never, never, ring_on, answered, refused, never, call_timeout, cancel, call_error, gone},
	[TXN_COMPLETED] =  {never, never, never, ignore, ignore, ack_again, never, end, ignore, call_error, end},
	[TXN_CONFIRMED] =  {never, never, never, never, never, never, never, never, never, never, never},
	[TXN_ACCEPTED] =   {never, never, never, ignore, answered_again, ignore, never, end, ignore, ignore, end},
	[TXN_TERMINATED] = {never, never, never, ignore, ignore, ignore, never, never, ignore, ignore, ignore},
    },
    /* 17.1.2.2 figure 6 */
    [TXN_CLIENT] = {
	[TXN_NEW] =	   {try, never, never, never, never, never, never, never, never, never, never},
	[TXN_TRYING] =	   {never, never, never, proceed, done, done, retry, try_timeout, never, try_error, gone},
	[TXN_PROCEEDING] = {never, never, never, proceed_on, done, done, poll, try_timeout, never, try_error, gone},
	[TXN_COMPLETED] =  {never, never, never, ignore, ignore, ignore, never, end, never, ignore, end},
	[TXN_CONFIRMED] =  {never, never, never, never, never, never, never, never, never, never, never},
	[TXN_ACCEPTED] =   {never, never, never, never, never, never, never, never, never, never, never},
	[TXN_TERMINATED] = {never, never, never, ignore, ignore, ignore, never, never, never, ignore, ignore},
    },
    /* 17.2.1, RFC 6026 8.5 to 8.7: an error in sending changes no state, the timers end it */
    [TXN_INVITE_SERVER] = {
	[TXN_NEW] =	   {offered, never, never, never, never, never, never, never, never, never, never},
	[TXN_TRYING] =	   {never, never, never, never, never, never, never, never, never, never, never},
	[TXN_PROCEEDING] = {never, repeat, ignore, provisional, accept, refuse, never, never, never, tell_error, gone},
	[TXN_COMPLETED] =  {never, repeat_refusal, confirm, ignore, ignore, ignore, refuse_again, no_ack, never, refused_error, gone},
	[TXN_CONFIRMED] =  {never, ignore, ignore, ignore, ignore, ignore, never, end, never, ignore, end},
	[TXN_ACCEPTED] =   {never, ignore, pass_ack, ignore, accept_again, ignore, never, end, never, accepted_error, end},
	[TXN_TERMINATED] = {never, ignore, ignore, ignore, ignore, ignore, never, never, never, ignore, ignore},
    },
    /* 17.2.2 figure 8 */
    [TXN_SERVER] = {
	[TXN_NEW] =	   {asked, never, never, never, never, never, never, never, never, never, never},
	[TXN_TRYING] =	   {never, ignore, never, first, reply, reply, never, never, never, ignore, gone},
	[TXN_PROCEEDING] = {never, more, never, more, reply, reply, never, never, never, reply_lost, gone},
	[TXN_COMPLETED] =  {never, reply_again, never, ignore, ignore, ignore, never, end, never, reply_lost, end},
	[TXN_CONFIRMED] =  {never, never, never, never, never, never, never, never, never, never, never},
	[TXN_ACCEPTED] =   {never, never, never, never, never, never, never, never, never, never, never},
	[TXN_TERMINATED] = {never, ignore, never, ignore, ignore, ignore, never, never, never, ignore, ignore},
    },
};
/* clang-format on */

/* A doubles without end (17.1.1.2), E and G up to T2; in Proceeding E is T2 (17.1.2.2). */
static int32_t next_interval(enum letter timer, enum txn_state state, uint32_t ms)
{
	uint32_t twice = ms < TXN_64T1_MS ? 2 * ms : TXN_64T1_MS;

	if (timer == A)
		return (int32_t)twice;
	if (timer == E && state == TXN_PROCEEDING)
		return TXN_T2_MS;
	return (int32_t)(twice < TXN_T2_MS ? twice : TXN_T2_MS);
}

struct txn_out txn_step(
    enum txn_kind kind, enum txn_hop hop, enum txn_state state, enum txn_event event, uint32_t resend_ms)
{
	const struct outcome *o = &outcome[table[kind][state][event]];
	struct txn_out out = {
	    .state = o->state == STAY ? state : o->state,
	    .effects = o->effects,
	    .resend_ms = letter_ms[o->resend][hop],
	    .end_ms = letter_ms[o->end][hop],
	};

	if (event == TXN_RESEND_DUE && o->resend > STOP && out.resend_ms != TXN_STOP)
		out.resend_ms = next_interval(o->resend, out.state, resend_ms);
	/* a state whose wait is zero on this transport is over at once */
	if (out.end_ms == 0) {
		out.state = TXN_TERMINATED;
		out.resend_ms = out.end_ms = TXN_STOP;
	}
	return out;
}
