/* SPDX-License-Identifier: ISC */
/* What a phone says to our own refresh, which offered what stands: the same, the same at another place, or something new. */
#include "change_int.h"
#include "ended.h"
#include "session.h"
#include "wire/sdp_offer.h"

static const struct sdp_crypto *chosen(const struct sdp_audio *ours, const struct sdp_audio *theirs)
{
	for (uint8_t i = 0; i < theirs->crypto_n; i++)
		for (uint8_t j = 0; j < ours->crypto_n; j++)
			if (theirs->crypto[i].tag == ours->crypto[j].tag &&
			    theirs->crypto[i].suite == ours->crypto[j].suite)
				return &theirs->crypto[i];
	return NULL;
}

static bool same_keys(const struct sdp_audio *ours, const struct sdp_audio *a, const struct sdp_audio *b)
{
	const struct sdp_crypto *one = chosen(ours, a), *other = chosen(ours, b);

	if (!one != !other ||
	    (one && (one->suite != other->suite || memcmp(one->key, other->key, sizeof one->key) != 0)))
		return false;
	return a->fingerprint_n == b->fingerprint_n &&
	       memcmp(a->fingerprint, b->fingerprint, sizeof a->fingerprint) == 0 &&
	       memcmp(a->zrtp_hash, b->zrtp_hash, sizeof a->zrtp_hash) == 0;
}

/* What it had said may have been an offer, of which only what we chose counts. */
static bool answers_what_stands(const struct leg *l, const struct sdp *answer)
{
	struct sdp ours, had;

	leg_local(l, &ours);
	leg_remote(l, &had);
	const uint8_t codecs = ended_codecs(&ours), direction = ours.audio.direction;
	return sdp_direction_answer(direction, answer->audio.direction) ==
	           sdp_direction_answer(direction, had.audio.direction) &&
	       answer->audio.rtcp_mux == (had.audio.rtcp_mux && ours.audio.rtcp_mux) &&
	       (ended_codecs(answer) & codecs) == (ended_codecs(&had) & codecs) &&
	       same_keys(&ours.audio, &had.audio, &answer->audio) && change_role_stands(l, answer->audio.setup);
}

static bool is_at_its_place(const struct leg *l, const struct sdp *answer)
{
	struct sdp had;

	leg_remote(l, &had);
	const struct sdp_audio *a = &had.audio, *b = &answer->audio;
	return addr_eq(&a->at, &b->at) && (b->rtcp_mux || addr_eq(&a->rtcp, &b->rtcp)) &&
	       strcmp(a->ice_ufrag, b->ice_ufrag) == 0 && strcmp(a->ice_pwd, b->ice_pwd) == 0;
}

/* The other phone must hear of it, and may answer with something new itself: so this one offers once more, and has the other's
 * answer in its ACK, as if the other had asked for an offer. */
static void have_it_offered(struct call *c, struct leg *l)
{
	struct leg *other = call_other(c, l);

	if (!other || other->r.state != LEG_UP || c->change.active || other->refreshing) {
		session_ask_again(l);
		return;
	}
	c->change = (struct change){.active = true,
	    .unasked = true,
	    .asks_offer = true,
	    .from_side = other->r.side,
	    .session_s = other->r.session_s,
	    .refresher_us = other->r.refresher_us};
	leg_be_unsure(l, true);
	if (!change_pass_on(c, l, NULL)) {
		change_refused(c, other);
		session_ask_again(l);
	}
}

void change_on_refreshed(struct leg *l, const struct sdp *answer)
{
	struct call *c = call_get(l->r.call);
	struct sdp ours, meant;

	if (c && leg_owes_answer(l)) { /* core died before the ACK, or of it */
		change_answered_first(c, l, answer);
		return;
	}
	if (!c || !answer)
		return;
	if (l->r.ends == RELAY_PASSING)
		change_meant_by_same(l, answer, &meant);
	else
		meant = *answer;
	const bool stands = answers_what_stands(l, &meant);
	if (stands && is_at_its_place(l, answer)) {
		leg_be_unsure(l, false);
		return;
	}
	leg_local(l, &ours);
	if (l->r.ends != RELAY_PASSING) {
		l->unsure = false;
		change_take_answer(c, l, &ours, answer);
		return;
	}
	enum sdp_refusal bad = sdp_check_answer(&ours, &meant);
	if (bad) {
		call_fail_media(c, REFUSE_OFFER, sdp_refusal_text(bad));
	} else if (stands) {
		change_moved(c, l, &meant);
		l->unsure = false;
		leg_save(l);
	} else {
		have_it_offered(c, l);
	}
}
