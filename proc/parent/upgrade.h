/* SPDX-License-Identifier: ISC */
/* The new executables take the place of the old ones, this process included. First they rehearse (rehearse.h), and one refusal changes
 * nothing. Then all but media end as at a stop, and this process becomes the new parent by exec; media relays on until the new one is
 * about to start. */
#pragma once
#include "parent.h"

/* At start: what lies at the path of this process's executable may change later. path: as the parent before knew it, or NULL */
void upgrade_init(const char *path);
void upgrade_begin(uint64_t token);
bool upgrade_running(void);
/* Was it the rehearsal that ended so? */
bool upgrade_reaped(pid_t pid, int status);
void upgrade_lost(const struct slot *s); /* this one died */
void upgrade_turn(void);
uint64_t upgrade_next_ms(void);
/* All but media has ended: this process becomes the next parent. Returns, with the exit status, only when that fails. */
int upgrade_exec(void);
