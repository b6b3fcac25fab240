/* SPDX-License-Identifier: ISC */
/* The second socket of an RTP port. Once a call has gone on for a while it is connected to the phone: the kernel then looks
 * for no route for each packet, and the first socket goes on hearing whoever else sends. It is connected to itself otherwise,
 * and not listened to: an ICMP error would wake us. What the first took in before is read before what the second has. */
#ifndef MEDIA_NEAR_H
#define MEDIA_NEAR_H

#include "port.h"

enum { NEAR_AFTER = 25 }; /* packets */

/* Beside the port's first, which is bound. What can't be had is done without. */
void near_open(struct port *p);
/* A packet comes from the port's phone, or goes to where it is known to be. */
void near_follow(struct port *p, const struct addr *phone);
/* false: nothing was sent. It leads elsewhere or to nobody; or an ICMP error waited, which anybody can send. */
bool near_send(const struct port *p, const struct addr *to, struct span packet) __attribute__((warn_unused_result));
/* From now on it hears nobody. */
void near_leave(struct port *p);

void near_status(struct proc_status *s);

#endif
