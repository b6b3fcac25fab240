/* SPDX-License-Identifier: ISC */
#include "ice.h"

enum ice_result ice_check(
    const struct relay_side *side, const struct addr *from, struct span packet, struct buf *answer, uint32_t *nominates)
{
	struct span pwd = span_str(side->ice_pwd);
	struct stun msg;

	if (!side->ice_ufrag[0] || !stun_is(packet) || !stun_parse(packet, &msg))
		return ICE_STRANGER;
	enum stun_verdict v = stun_check(packet, &msg, RELAY_TEXT(side->ice_ufrag), pwd, RELAY_TEXT(side->ice_theirs));
	if (v == STUN_PROVED) {
		*nominates = msg.use_candidate ? msg.priority + !msg.priority : 0;
		return stun_write_success(answer, &msg, from, pwd) ? ICE_PROVED : ICE_IGNORE;
	}
	if (v == STUN_IGNORE)
		return ICE_IGNORE;
	/* errors that need our password go only to those who have it; the others hear nothing (T24, T35) */
	if ((v == STUN_UNKNOWN || v == STUN_ROLE_CONFLICT) && stun_write_error(answer, &msg, v, pwd))
		return ICE_IGNORE;
	return ICE_STRANGER;
}
