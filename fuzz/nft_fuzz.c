/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "nft.h"
#include <string.h>

static void found(const struct nft_ban *ban, void *arg)
{
	uint32_t *n = arg;

	FUZZ_CHECK(ban->left_ms != 0);
	++*n;
}

/* One message of the kernel's, of whatever type its header says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct nft_count count;
	uint32_t rules, elements = 0;

	if (n < sizeof(struct nlmsghdr))
		return 0;
	struct nlmsghdr *h = malloc(n); /* its end is where the sanitizer looks */
	if (!h)
		abort();
	memcpy(h, data, n);
	h->nlmsg_len = (uint32_t)n;
	int is = nft_read_chain(h, &rules) + nft_read_count(h, &count) + nft_read_elements(h, found, &elements);
	FUZZ_CHECK(is <= 1 && elements <= n / sizeof(struct nlattr));
	free(h);
	return 0;
}
