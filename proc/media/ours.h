/* SPDX-License-Identifier: ISC */
/* The certificate that media shows in DTLS. Its key stays in signer; core puts its fingerprint into SDP. */
#ifndef MEDIA_OURS_H
#define MEDIA_OURS_H

#include "farkey/farkey.h"

void ours_open(void);
void ours_on_cert(struct link *from, const struct ipc_view *v);

/* core is up, or the certificate came: tell one about the other. */
void ours_tell(void);

/* Is there a certificate, and a signer that answers? */
bool ours_ready(void);
/* NULL while there are none. Not inside a handler: GnuTLS tries the key at once. */
gnutls_certificate_credentials_t ours_credentials(void);

#endif
