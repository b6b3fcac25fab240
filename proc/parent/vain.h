/* SPDX-License-Identifier: ISC */
/* Starts in vain, one after another. Who started us by a command hears why, and that is all. A service manager starts us again at once and for
 * ever: then parent is held back before it ends, and longer each time. */
#ifndef PARENT_VAIN_H
#define PARENT_VAIN_H

enum { VAIN_GO_ON = -1 };

/* At the beginning: where the start before came to no end of its own (parent crashed, or was killed), this one is held back instead.
 * VAIN_GO_ON, or what to exit with. */
int vain_begin(int signals);
/* It ends, and was told to. */
void vain_end(void);
/* At the end of a start in vain: what to exit with, once its time is over. signals: that of main. */
int vain_hold(int signals);
/* All are ready: the next one that is in vain is the first. */
void vain_over(void);

#endif
