/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "vault/store_file.h"

enum { FILE_CAP = 1 << 16 };

static uint8_t file[FILE_CAP];

struct seen {
	size_t n;
	uint8_t last_op;
};

static bool visit(void *arg, const struct store_record *r)
{
	struct seen *s = arg;

	FUZZ_CHECK(r->key.n <= STORE_KEY_MAX && r->value.n <= STORE_VALUE_MAX);
	FUZZ_CHECK(r->op == STORE_PUT || r->op == STORE_DEL || r->op == STORE_ADD);
	FUZZ_CHECK(r->op != STORE_DEL || r->value.n == 0 || (r->key.n && r->value.n % r->key.n == 0));
	for (size_t i = 0; i < r->key.n; i++)
		s->last_op ^= r->key.p[i];
	for (size_t i = 0; i < r->value.n; i++)
		s->last_op ^= r->value.p[i];
	return ++s->n < 1000;
}

/* Sealed records with any octets in them, as a broken writer with the right key would leave. */
static size_t seal_pieces(struct store_box *b, const uint8_t *data, size_t n, size_t *pieces)
{
	size_t at = STORE_HEADER;

	store_box_begin(b, "fuzz", 1);
	memcpy(file, b->header, STORE_HEADER);
	for (; n > 0; ++*pieces) {
		size_t len = data[0];
		data++, n--;
		if (len > n)
			len = n;
		memcpy(b->plain, data, len);
		struct span s = store_box_seal_plain(b, len);
		if (at + s.n > FILE_CAP)
			break;
		memcpy(file + at, s.p, s.n);
		at += s.n;
		data += len;
		n -= len;
	}
	return at;
}

/* First octet: 0 the rest is a file; otherwise the rest are pieces {length, octets} that are sealed, and the file is cut
 * by that many octets less one. No bytes that were not sealed are ever taken for a store. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t key[STORE_BOOT_KEY] = {1};
	static struct store_box box;
	struct seen seen = {0};
	size_t pieces = 0;

	if (n == 0)
		return 0;
	store_box_root(&box, "fuzz", key);
	if (data[0] == 0) {
		struct store_found f = store_read(&box, "fuzz", span_of(data + 1, n - 1), visit, &seen);
		FUZZ_CHECK(f.state != STORE_WHOLE && seen.n == 0);
		return 0;
	}
	size_t len = seal_pieces(&box, data + 1, n - 1, &pieces), cut = data[0] - 1u;
	struct store_found f = store_read(&box, "fuzz", span_of(file, cut < len ? len - cut : 0), visit, &seen);
	FUZZ_CHECK(seen.n <= pieces && f.generation <= 1);
	return 0;
}
