/* SPDX-License-Identifier: ISC */
#include "ours.h"
#include <nettle/sha2.h>

static uint8_t der[CERT_MAX];
static size_t der_n;

void ours_tell(void)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_dtls_ours *m = core && der_n ? ipc_begin(core, MSG_DTLS_OURS) : NULL;
	struct sha256_ctx h;

	if (!m)
		return;
	sha256_init(&h);
	sha256_update(&h, der_n, der);
	sha256_digest(&h, sizeof m->fingerprint, m->fingerprint);
	ipc_end(core);
}

void ours_on_cert(struct link *from, const struct ipc_view *v)
{
	const struct msg_dtls_cert *m = v->payload;
	struct span s = ipc_str(v, m->der);

	if (s.n == 0) {
		child_accuse(from, "gives no certificate", 0, 0);
		return;
	}
	memcpy(der, s.p, s.n);
	der_n = s.n;
	ours_tell();
}
