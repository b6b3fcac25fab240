/* SPDX-License-Identifier: ISC */
/* Whoever called for help a while ago is reached by those who call back, by whichever number they do (R16): one's own, that of a group, or the
 * one that the centre was shown, whomever it leads to. */
#ifndef CORE_CALLBACK_H
#define CORE_CALLBACK_H

#include "arena/arena.h"
#include "call.h"

/* Of a phone that called for help with nobody logged in: where it rings. It outlives core, in the arena (R28). */
struct callback_phone {
	uint64_t until_ms; /* CLOCK_BOOTTIME: of no use after that, and wiped */
	uint32_t device;
	char contact[URI_TEXT_MAX + 1];
};

struct arena_shape callback_shape(void);
void callback_open(struct arena_table *t);

/* A call for help by this leg, whose phone can be rung at its Contact where nobody is registered at it. */
void callback_from(const struct leg *caller);

/* What a call from outside over this flow to this number, which leads there, may have of the reserve of all pools, before there is a call:
 * POOL_BACK where it calls back, also of the trunk's lines. So few at once, and in a minute, that whoever calls that number in a loop takes
 * them from nobody: one more is a call like others. */
enum pool_claim callback_claim(const struct flow *f, struct span called, const struct dest *to);
/* It has a line beyond the trunk's last: an event. */
void callback_note_line(const struct flow *f);

/* A call from outside to this number of ours, before it is judged: is it one that the centre was shown? */
void callback_look(struct call *c, struct span called);

/* It is; or this user called for help, or somebody did from a phone that the user can be rung on. */
bool callback_may_reach(const struct call *c, uint32_t user);
/* The same of the user whom it is for, or of any member of the group. */
bool callback_may_lead_to(const struct call *c);

/* Where the phone itself rings that such a call is for: the bindings there, of whomever; without one, as *nobodys, over the connection that
 * it has. Returns how many. */
int callback_phone(
    const struct call *c, const struct registration *out[REGISTRAR_TARGETS_MAX], struct registration *nobodys);

void callback_status(struct proc_status *s);

#endif
