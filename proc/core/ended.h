/* SPDX-License-Identifier: ISC */
/* What the exchange itself says on a leg that ends in media: keys of its own, codecs that both ends of the call know.
 * A leg is passing or ended before its first answer, and stays so (DESIGN.md, A call). */
#ifndef CORE_ENDED_H
#define CORE_ENDED_H

#include "leg.h"

/* How media could end a leg whose phone said this; RELAY_PASSING: by no method (ZRTP alone ends nowhere but in a phone).
 * clear: the far end is a trunk named plain, or calls for help and has nothing better. */
enum relay_end ended_by(const struct sdp *theirs, bool clear);

/* Help is heard by whoever listens rather than by nobody (R16): a phone whose call for help offers no keys, or such alone as end in
 * no media, may be answered without. */
bool ended_clear_for_help(const struct sdp *offer);

/* The codecs of a description, as 1 << enum sdp_codec_kind. */
uint8_t ended_codecs(const struct sdp *sdp);
/* Of those that a phone offered, the one speech codec (and telephone-event) for a call whose far end is not known yet. */
uint8_t ended_one_codec(const struct sdp *offer, uint8_t allowed);

/* May a leg that ends here offer this? trunk: whose it is, or 0; clear: as above. NULL, or why not (static). */
#define ENDED_FOREIGN_MEDIA "the trunk names an address for media that is not among its own"
const char *ended_check_offer(uint8_t trunk, bool clear, const struct sdp *offer);

/* Our answer to what this leg offered, with the codecs in the mask: into out, and l->r.end. NULL, or why not (static). The
 * address is not in it yet: media_face() writes it. */
const char *ended_answer(struct leg *l, const struct sdp *offer, uint8_t codecs, struct sdp *out);

/* Our offer to this leg by its method (l->r.ends), with the codecs of `like`, their payload types, and either law of G.711 for
 * the other. */
void ended_offer(const struct leg *l, const struct sdp *like, uint8_t codecs, struct sdp *out);

/* The same to a leg of which nothing is known: G.711, which every phone and trunk has. */
void ended_offer_first(const struct leg *l, uint8_t codecs, struct sdp *out);

/* Does the far end's answer fit what we offered it, with keys of its own? NULL, or why not (static). */
const char *ended_check_answer_to(const struct leg *l, const struct sdp *ours, const struct sdp *answer);
const char *ended_check_answer(const struct leg *l, const struct sdp *answer);

/* An answer to an offer in the dialog that says nothing of the keys of the DTLS that stands, and nothing against them: *meant says them.
 * False: it does, or must. */
bool ended_keys_stand(const struct leg *l, const struct sdp *ours, const struct sdp *answer, struct sdp *meant);

/* Offer and answer are both there: of the suites only the one that was answered is left on either side, of what we said the
 * codecs that the other named too. */
void ended_settle(struct leg *l);

/* The codecs that either end of this leg may send to the other. */
uint8_t ended_agreed(const struct leg *l);

/* Our answer to an offer in the dialog: the same method, of the codecs those in the mask, the direction that it asks for; keys
 * are kept unless it brings new ones, which must not be ours. NULL, or why not (static). */
const char *ended_change(struct leg *l, const struct sdp *offer, uint8_t codecs, struct sdp *out);

/* Behind those of *like what this leg named itself, and can be asked for. False: that is no more than they are. */
bool ended_widen(const struct leg *l, struct sdp *like);

/* Our offer to a leg that is up: what stands, with these codecs instead, by the payload types that they have there already or by
 * those of RFC 3551. False: no speech among them. */
bool ended_offer_again(const struct leg *l, uint8_t codecs, struct sdp *out);

#endif
