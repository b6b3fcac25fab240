/* SPDX-License-Identifier: ISC */
/* A trunk that wants the password for a request inside a call: the BYE, the PRACK, the re-INVITE with other codecs or the refresh
 * (re-INVITE, UPDATE) goes out once more with keeper's answer (RFC 3261 22.2). The others that a leg sends either count as answered whatever is said to them, or
 * are never sent to a trunk. */
#ifndef CORE_TRUNK_DIALOG_H
#define CORE_TRUNK_DIALOG_H

#include "leg.h"

/* True: this answer to a request of the dialog is a challenge that is being answered. Then leg_bye_again(),
 * leg_prack_again(), renegotiate_again() or session_refresh_again() is called once: with l->credentials, to send it anew, or without, when there is no
 * answer to it. What was sent anew is challenged in vain. */
bool trunk_dialog_challenged(
    struct leg *l, const struct ask *a, const struct msg_response *m, const struct ipc_view *v);

#endif
