/* SPDX-License-Identifier: ISC */
/* The TNAuthList of a certificate (RFC 8226 9): whose numbers its key may speak for. */
#ifndef CONF_TN_AUTH_H
#define CONF_TN_AUTH_H

#include "plan/proof.h"

#define TN_AUTH_OID "1.3.6.1.5.5.7.1.26" /* id-pe-TNAuthList */

/* der: the value of the extension. Sets any, ranges and range; a number that is none of E.164 stands for nothing here. NULL, or
 * a static reason why it cannot be used, and then nothing is set. */
const char *tn_auth_read(struct span der, struct plan_signer *out);

#endif
