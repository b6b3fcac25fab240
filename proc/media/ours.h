/* SPDX-License-Identifier: ISC */
/* The certificate that media shows in DTLS. Its key stays in signer; core puts its fingerprint into SDP. */
#ifndef MEDIA_OURS_H
#define MEDIA_OURS_H

#include "ipc/child.h"

void ours_on_cert(struct link *from, const struct ipc_view *v);

/* core is up, or the certificate came: tell one about the other. */
void ours_tell(void);

#endif
