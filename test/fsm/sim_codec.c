/* SPDX-License-Identifier: ISC */
#include "sim_codec.h"
#include "wire/sdp_offer.h"

/* The description with these payload types of speech ("9 8 0") and 101 for events. */
static struct sdp of(struct sdp s, const char *types)
{
	static const struct sdp_codec known[] = {{.pt = 0, .codec = SDP_PCMU, .channels = 1, .clock = 8000},
	    {.pt = 8, .codec = SDP_PCMA, .channels = 1, .clock = 8000}, {.pt = 9, .codec = SDP_G722, .channels = 1, .clock = 8000}};

	s.audio.codec_n = 0;
	for (const char *type = types; *type; type++)
		for (int i = 0; i < 3; i++)
			if (*type == '0' + known[i].pt)
				s.audio.codec[s.audio.codec_n++] = known[i];
	s.audio.codec[s.audio.codec_n++] = (struct sdp_codec){.pt = 101, .codec = SDP_TELEPHONE_EVENT, .channels = 1, .clock = 8000};
	return s;
}

struct sdp trunk_says(const char *types, unsigned version)
{
	struct sdp s = of(plain, types);

	s.version = version;
	return s;
}

struct sdp phone_says(const struct talk *of_whom, const char *types, unsigned version, const char *direction)
{
	struct sdp s = of(sdp_of(KEYS_SDES, of_whom->phone->host, 40002, version, direction, NULL), types);

	s.audio.crypto[0].key[0] = (uint8_t)(1 + of_whom->phone->device);
	for (uint8_t i = 0; i < of_whom->sdp.audio.crypto_n; i++)
		if (of_whom->sdp.audio.crypto[i].suite == s.audio.crypto[0].suite)
			s.audio.crypto[0].tag = of_whom->sdp.audio.crypto[i].tag;
	return s;
}

bool speaks(const struct sdp *s, const char *types)
{
	char had[SDP_CODECS_MAX + 1] = "";
	int n = 0;

	for (uint8_t i = 0; i < s->audio.codec_n; i++)
		if (s->audio.codec[i].codec != SDP_TELEPHONE_EVENT)
			had[n++] = (char)('0' + s->audio.codec[i].pt);
	return strcmp(had, types) == 0;
}

/* Of the newest wish: all that either side may send goes to the other, as one of these. */
void is_heard(const char *types_of_a, const char *types_of_b)
{
	const struct relay_spec *w = relay_wish(NULL);

	NEED(w && w->side[0].present && w->side[1].present);
	for (int side = 0; side < 2; side++) {
		const char *types = side ? types_of_b : types_of_a;
		size_t n = 0;
		for (int i = 0; i < w->side[side].payloads; i++) {
			const struct relay_payload *p = &w->side[side].payload[i];
			NEED(p->to != RELAY_TO_NONE);
			if (p->codec != SDP_TELEPHONE_EVENT)
				NEED(n < strlen(types) && p->type == types[n++] - '0');
		}
		NEED(n == strlen(types));
	}
}

void changes(struct talk *of_whom, const struct sdp *sdp, const char *answered)
{
	struct heard *h = reply_to(talk_send(of_whom, SIP_INVITE, sdp));
	const struct sdp *said = h ? sim_part(h, respond(h)->sdp) : NULL;

	NEED(said && respond(h)->code == 200 && speaks(said, answered));
	talk_ack(of_whom);
}

/* bob answers this to what core asks him when a call comes in; the trunk hears it. */
void comes_in(const char *offered, const char *answered)
{
	begin_with(NULL);
	const struct sdp o = trunk_says(offered, 1);
	invite_with(&t, "+33123456789", "+33140000001", false, &o);
	talk_rings_at(&b, &bob);
	const struct sdp s = phone_says(&b, answered, 1, "sendrecv");
	talk_answer(&b, 200, &s);
	NEED(talk_takes(&b, SIP_ACK));
	talk_hears(&t, 200);
	talk_ack(&t);
	NEED(speaks(&t.sdp, answered));
	is_heard(answered, answered);
}

void is_answered_with(const char *offered, const struct sdp *answer)
{
	a.phone = &alice;
	const struct sdp o = phone_says(&a, offered, 1, "sendrecv");
	talk_invite(&a, &alice, "0123456789", &o);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, answer);
	NEED(talk_takes(&t, SIP_ACK));
	talk_hears(&a, 200);
	talk_ack(&a);
}

void is_up_with(const char *offered, const char *answered)
{
	begin_with(NULL);
	const struct sdp s = trunk_says(answered, 1);
	is_answered_with(offered, &s);
}

void goes_out(const char *offered, const char *answered)
{
	is_up_with(offered, answered);
	NEED(speaks(&a.sdp, answered));
	is_heard(answered, answered);
}

struct heard *is_asked(struct talk *of_whom, const char *types)
{
	struct heard *h = talk_takes(of_whom, SIP_INVITE);

	NEED(h && speaks(&of_whom->sdp, types));
	return h;
}

void is_over(void)
{
	struct heard *h = talk_takes(&a, SIP_BYE);

	NEED(h);
	talk_reply(&a, h, 200, NULL);
	h = talk_takes(&t, SIP_BYE);
	NEED(h);
	talk_reply(&t, h, 200, NULL);
	finish();
}
