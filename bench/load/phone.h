/* SPDX-License-Identifier: ISC */
/* Phones: their table, their connections, and the scenarios connect, register and refresh. */
#ifndef LOAD_PHONE_H
#define LOAD_PHONE_H

#include "run.h"

/* Fill load.phone from the options. Says on standard error what is wrong and answers false. */
bool phones_load(void);
void phones_free(void);

/* Connect every phone afresh. */
void phones_close(void);
bool phone_start_connect(struct run *r);

/* A REGISTER without Authorization first. */
bool phone_start_register(struct run *r);

/* The same on the phone's connection again, with the last challenge answered anew if the options say so. */
bool phone_start_refresh(struct run *r);

/* Handlers of the loop. */
void phone_up(struct conn *c);
void phone_down(struct conn *c, const char *why);
void phone_answer(struct phone *p, const struct text *t);

#endif
