/* SPDX-License-Identifier: ISC */
/* Trunks: which of them can be used, and by what number who is known there. A trunk is named by its number in messages:
 * index into the site + 1; 0 is none. */
#ifndef CORE_TRUNK_H
#define CORE_TRUNK_H

#include "ask.h"
#include "flow.h"
#include "plan/number.h"

/* --- for calls --- */

/* Is it up, and carries calls for help? */
bool trunk_may_help(uint8_t trunk);
/* The trunk for a call of this class: up, with a free line, carrying it, of the lowest priority; of equals the less busy.
 * tried: those that were (1 << trunk). Emergency calls go out over any that may carry them, lines or not (R16). 0: none. */
uint8_t trunk_pick(enum number_class class, bool emergency, uint32_t tried);
/* One in need found none: those that wait before they try again try now. */
void trunk_hurry(void);

const struct trunk_conf *trunk_conf_of(uint8_t trunk);
/* Where a request to it goes, or NULL: it is not there. */
struct flow *trunk_flow(uint8_t trunk);
bool trunk_is_up(uint8_t trunk);
/* Is one that may carry help away, of those that were not asked (1 << trunk)? */
bool trunk_may_come(uint32_t tried);

/* More calls than lines: only help has more. */
bool trunk_is_over(uint8_t trunk);

/* False: all are taken. beyond: for help, or for its call-back, there is one more (R16). */
bool trunk_line_take(uint8_t trunk, bool beyond);
void trunk_line_release(uint8_t trunk);

/* As this trunk spells it (trunk 0: as people do) to the canonical form, and back. */
bool trunk_canon(uint8_t trunk, struct span spelled, struct number *out);
void trunk_spell(uint8_t trunk, struct span canonical, char out[NUMBER_MAX + 1]);
/* Is what the trunk spells so this number, in canonical form or as it was called? Of an empty one nothing is. */
bool trunk_is_number(uint8_t trunk, struct span spelled, struct span number);

/* Is this the name that the trunk registers under? */
bool trunk_is_user(uint8_t trunk, struct span name);

/* Who is meant by a number that was called over this trunk, as the configuration says it; NULL: nobody. */
const char *trunk_map_in(uint8_t trunk, struct span number);
/* The number that a call shows there, in the trunk's spelling: the wanted one (as people write it, or as the trunk does) if it is allowed,
 * else the first; NULL: the trunk shows its own. */
const char *trunk_caller_id(uint8_t trunk, struct span wanted);
/* May media of its calls come from where this says? Who holds by 0.0.0.0 names no place. */
bool trunk_media_from(uint8_t trunk, const struct sdp_audio *said);

/* --- for core_child.c --- */

void trunk_init(void);
void trunk_commit(const struct site *s);
void trunk_link_up(struct link *l);
void trunk_link_down(struct link *l);
void trunk_flow_up(struct flow *f, uint64_t token);
void trunk_flow_down(struct flow *f);
void trunk_on_reached(struct link *from, const struct ipc_view *v);
void trunk_on_failed(struct link *from, const struct ipc_view *v);
void trunk_on_answer(const struct ask *a, const struct msg_response *m, const struct ipc_view *v);
void trunk_on_list(struct link *from, const struct ipc_view *v);
void trunk_status(struct proc_status *s);

#endif
