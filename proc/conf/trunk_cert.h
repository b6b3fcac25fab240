/* SPDX-License-Identifier: ISC */
/* The certificate that we show to a trunk: what a provider's CA made of the request in trust/NAME.csr, or in trust/NAME.csr.new,
 * where that of the next key is, or in trust/NAME.csr.old, of the key before. */
#ifndef CONF_TRUNK_CERT_H
#define CONF_TRUNK_CERT_H

#include "ipc/trunk_conf.h"

#define TRUNK_REQUEST_FILE "%s.csr"  /* of a trunk's name */
#define TRUNK_NEXT_FILE "%s.csr.new" /* no trunk's request can be called so */
#define TRUNK_LAST_FILE "%s.csr.old"

/* Sets point and until_s. NULL, or a static reason that goes on after the name of the trunk. Dates are taken, not judged: an
 * exchange must start on the day after one ended. */
const char *trunk_cert_read(struct trunk_conf *t);

#endif
