/* SPDX-License-Identifier: ISC */
/* The verify callback of the handshake decides all (R1): what may come in, and the alert for what may not. */
#ifndef EDGE_VERIFY_H
#define EDGE_VERIFY_H

#include "conn.h"

enum refusal {
	REFUSED_NOT,
	REFUSED_NO_CERTIFICATE,
	REFUSED_CHAIN,
	REFUSED_FORM,
	REFUSED_ISSUER,
	REFUSED_USAGE,
	REFUSED_SERIAL,
	REFUSED_DEVICE,
	REFUSED_REVOKED,
	REFUSED_EPOCH,
	REFUSED_VERSION,
	REFUSED_HANDSHAKE, /* GnuTLS refused it before a certificate came */
	REFUSED_TIMEOUT,
	REFUSED_SIGNER,
	REFUSED_N
};

extern uint64_t refused_n[REFUSED_N];

bool verify_open(uint32_t max_phones);

/* The site's CA, as DER; what the cache knew of another one is void. */
bool verify_set_ca(struct span der);

/* For gnutls_session_set_verify_function(): 0, or GNUTLS_E_CERTIFICATE_ERROR with the reason in the connection. */
int verify_peer(gnutls_session_t session);

/* Is the phone still welcome? Its state may have changed since its certificate was judged. */
enum refusal verify_device(const struct conn *c);

const char *refusal_text(enum refusal r);
gnutls_alert_description_t refusal_alert(enum refusal r);
void verify_status(struct proc_status *s);

#endif
