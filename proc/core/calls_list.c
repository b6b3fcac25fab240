/* SPDX-License-Identifier: ISC */
#include "calls_list.h"
#include "call.h"
#include "ipc/done.h"
#include "wire/sdp_offer.h"

/* As many as the queue of a link holds with room to spare. */
enum { LINES_MAX = 4000 };

struct listing {
	struct link *to;
	uint64_t token;
	uint32_t n;
};

static bool holds(const struct leg *l)
{
	struct sdp remote;

	if (!l || !l->r.has_remote)
		return false;
	leg_remote(l, &remote);
	return sdp_holds(&remote);
}

static const char *codec_of(const struct leg *l)
{
	struct sdp remote;

	if (!l || !l->r.has_remote)
		return "";
	leg_remote(l, &remote);
	return remote.audio.codec_n ? sdp_codec_name(remote.audio.codec[0].codec) : "";
}

static enum call_state state_of(const struct call *c)
{
	static const uint8_t state[CALL_PHASES] = {
	    [PHASE_LOOKING] = CALL_STARTING,
	    [PHASE_ASKING] = CALL_STARTING,
	    [PHASE_DIALLING] = CALL_STARTING,
	    [PHASE_WAITING] = CALL_QUEUED,
	    [PHASE_RINGING] = CALL_RINGING,
	    [PHASE_TALKING] = CALL_UP,
	    [PHASE_TELLING] = CALL_ENDING,
	    [PHASE_OVER] = CALL_ENDING,
	};
	if (c->r.state == PHASE_TALKING && (holds(leg_get(c->r.caller)) || holds(leg_get(c->r.callee))))
		return CALL_HELD;
	if (c->r.state == PHASE_WAITING && c->dest.kind == DEST_PARK)
		return CALL_PARKED;
	return (enum call_state)state[c->r.state];
}

static struct span label_of(const struct leg *l)
{
	const struct device *d = l ? directory_device(l->r.device) : NULL;
	return span_str(d ? d->label : "");
}

/* The keys of a call that ends here are each leg's own: shown where they are of one kind. */
static enum relay_key key_of(const struct call *c, const struct leg *caller, const struct leg *callee)
{
	static const uint8_t key[RELAY_ENDS] = {
	    [RELAY_ENDED_SDES] = RELAY_KEY_SDES, [RELAY_ENDED_DTLS] = RELAY_KEY_DTLS};
	const struct leg *one = caller ? caller : callee, *other = callee ? callee : caller;

	if (!c->r.ended || !c->keyed || !one)
		return (enum relay_key)c->r.key;
	return key[one->r.ends] == key[other->r.ends] ? (enum relay_key)key[one->r.ends] : RELAY_KEY_NONE;
}

bool calls_talks(const struct call *c)
{
	return state_of(c) == CALL_UP && c->r.answered_ms && leg_get(c->r.caller) && leg_get(c->r.callee);
}

static uint64_t silent_ms(const struct call *c, unsigned side)
{
	const uint64_t since = c->heard_ms[side] > c->r.answered_ms ? c->heard_ms[side] : c->r.answered_ms;

	return calls_talks(c) ? child_now() - since : 0;
}

static void put_line(struct call *c, void *arg)
{
	struct listing *list = arg;
	struct msg_call_line *m = list->n++ < LINES_MAX ? ipc_begin(list->to, MSG_CALL_LINE) : NULL;
	struct leg *caller = leg_get(c->r.caller), *callee = leg_get(c->r.callee);

	if (!m)
		return;
	m->token = list->token;
	m->call = c->r.id;
	m->state = (uint8_t)state_of(c);
	m->grade = (uint8_t)call_grade(c);
	m->key = (uint8_t)key_of(c, caller, callee);
	m->who = c->r.who;
	m->varying = c->r.varying != 0;
	m->emergency = c->r.emergency || c->r.help & HELP_ASKED;
	m->age_ms = child_now() - c->r.started_ms;
	m->packets_a = c->packets[0];
	m->packets_b = c->packets[1];
	m->dropped_a = c->dropped[0];
	m->dropped_b = c->dropped[1];
	m->expected_a = c->expected[0];
	m->expected_b = c->expected[1];
	m->lost_a = c->lost[0];
	m->lost_b = c->lost[1];
	m->jitter_a = c->jitter_ns[0];
	m->jitter_b = c->jitter_ns[1];
	m->silent_a = silent_ms(c, 0);
	m->silent_b = silent_ms(c, 1);
	m->from = ipc_put(list->to, span_str(c->r.from));
	m->to = ipc_put(list->to, span_str(c->r.to));
	m->codec = ipc_put(list->to, span_str(codec_of(callee)));
	m->from_phone = ipc_put(list->to, label_of(caller));
	m->to_phone = ipc_put(list->to, label_of(callee));
	ipc_end(list->to);
}

void calls_on_list(struct link *from, const struct ipc_view *v)
{
	const struct msg_calls_want *m = v->payload;
	struct listing list = {from, m->token, 0};

	call_each(put_line, &list);
	done_say(from, m->token, DONE_OK, list.n, SPAN(""));
}
