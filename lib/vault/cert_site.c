/* SPDX-License-Identifier: ISC */
#include "vault/cert.h"
#include <nettle/sha2.h>

void cert_site_digest(const struct site *site, uint8_t digest[32])
{
	struct sha256_ctx h;

	sha256_init(&h);
	sha256_update(&h, sizeof site->domain, (const uint8_t *)site->domain);
	for (int i = 0; i < site->listeners; i++)
		sha256_update(&h, sizeof site->listener[i].signalling.ip, site->listener[i].signalling.ip);
	sha256_digest(&h, 32, digest);
}
