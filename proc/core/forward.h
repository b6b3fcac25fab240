/* SPDX-License-Identifier: ISC */
/* Where else a call goes by the callee's own settings: always, busy, no answer, no phone there; and do not disturb; or as their phone says. */
#ifndef CORE_FORWARD_H
#define CORE_FORWARD_H

#include "call.h"

enum forwarded { FORWARD_NOT, FORWARD_GONE, FORWARD_REFUSED }; /* GONE: the call is elsewhere, or over */

/* Did a setting of somebody's, or their phone, send the call on that goes there by this route? */
bool forward_is(enum plan_route route);
/* Before this user's phones are asked. REFUSED: c->best says why. */
enum forwarded forward_before(struct call *c, uint32_t user);
/* This phone of theirs said where else, with a 3xx: inside the call goes there at once, wherever else it rings, as by a forward of theirs; of
 * a group's member, that alone is rung instead. False: it does not. */
bool forward_redirect(struct call *c, const struct leg *from);
/* When none of them took the call, for the reason in c->best. */
enum forwarded forward_after(struct call *c, uint32_t user);
/* Where none of a group's phones did. */
enum forwarded forward_group(struct call *c, uint32_t group);
/* NULL: a ring group's forward may be set to this number, or leads nowhere (yet); otherwise a static reason. */
const char *forward_no_group(struct span number);
/* Nor did the last of those to whom forwards inside led, and nobody there takes a message: the mailbox of whom it was first for does. */
bool forward_first(struct call *c);
/* The call plan, or the ceiling of each trunk, refused the leg that this call's forward leads to: the call is where it came from, and
 * goes on there as if that forward were not set. False: it is not on a forward. why: static. */
bool forward_refused(struct call *c, const char *why);

#endif
