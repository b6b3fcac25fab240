/* SPDX-License-Identifier: ISC */
#include "sim_voice.h"
#include <stdio.h>

void set(int at, unsigned owner, uint32_t index, unsigned kind, const char *value)
{
	sim.setting[at] = (struct sim_setting){(uint8_t)owner, (uint8_t)kind, index, value};
}

const struct msg_turn *turn(const char *say)
{
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	const struct msg_turn *t = h ? (const void *)h->payload : NULL;

	if (t && strcmp(sim_text(h, t->say), say) != 0)
		fprintf(stderr, "  said: %s\n", sim_text(h, t->say));
	NEED(t && strcmp(sim_text(h, t->say), say) == 0);
	return t;
}

void voice_says(uint64_t token, enum turn_why why, const char *digits)
{
	struct msg_turned *m = ipc_begin(sim_far(PROC_VOICE, 0), MSG_TURNED);

	m->token = token;
	m->why = (uint8_t)why;
	m->digits = ipc_put(sim_far(PROC_VOICE, 0), span_str(digits));
	ipc_end(sim_far(PROC_VOICE, 0));
	sim_turn();
}

uint64_t answered(struct talk *t)
{
	uint64_t join;

	talk_hears(t, 200);
	talk_ack(t);
	const struct relay_spec *s = relay_wish(&join);
	NEED(s && s->side[0].present && !s->side[1].present && s->side[0].end == RELAY_ENDED_SDES);
	media_says_gate(join, RELAY_KEY_SDES);
	return join;
}

void hangs_up_on(struct talk *t)
{
	struct heard *bye = talk_takes(t, SIP_BYE);

	NEED(bye);
	talk_reply(t, bye, 200, NULL);
}

void hangs_up_on_both_of(struct phone *p)
{
	for (int i = 0; i < 2; i++) {
		struct heard *h = sent_to(p, SIP_BYE);
		NEED(h);
		phone_answer(p, h, 200, NULL);
	}
}
