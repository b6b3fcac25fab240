/* SPDX-License-Identifier: ISC */
/* A trunk and a listener stand in the arena by their number of the site of then, and beside it a mark of which one that was: the site may have
 * its sections in another order when core starts again (R28). */
#ifndef CORE_MARK_H
#define CORE_MARK_H

#include "ipc/child.h"

/* Those of this site, for as long as core runs: neither comes, goes or moves meanwhile. */
void mark_open(const struct site *s);

/* Of a trunk its name, of a listener its addresses of media. Never 0, but for no trunk. */
uint16_t mark_of_trunk(uint8_t trunk);
uint16_t mark_of_media(uint8_t listener);

/* Which one it is today; mark 0: written by a build that knew none, the same number. False: the site has it no more. */
bool mark_find_trunk(uint16_t mark, uint8_t *trunk) __attribute__((warn_unused_result));
bool mark_find_media(uint16_t mark, uint8_t *listener) __attribute__((warn_unused_result));

#endif
