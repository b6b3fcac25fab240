/* SPDX-License-Identifier: ISC */
/* Turns: what core asked for, step by step until its answer. */
#ifndef VOICE_TURN_H
#define VOICE_TURN_H

#include "session.h"

void turn_on_turn(struct link *from, const struct ipc_view *v);
void turn_on_stop(struct link *from, const struct ipc_view *v);
void turn_on_key(struct link *from, const struct ipc_view *v);
void turn_on_heard(struct link *from, const struct ipc_view *v);

/* What is said came to its end. */
void turn_said(struct session *s);

void turn_status(struct proc_status *s);

#endif
