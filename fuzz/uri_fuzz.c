/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/uri.h"

static bool inside(struct span s, const uint8_t *data, size_t n)
{
	return s.n == 0 || (s.p >= data && s.p + s.n <= data + n);
}

/* What was read equals itself; a sip URI written again from its fields keeps its user, host and port. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t user[1024], text[4096];
	struct uri u, again;
	const char *why;

	if (!uri_parse(span_of(data, n), &u, &why)) {
		FUZZ_CHECK(why != NULL);
		return 0;
	}
	FUZZ_CHECK(inside(u.user, data, n) && inside(u.host, data, n) && inside(u.params, data, n));
	FUZZ_CHECK(inside(u.headers, data, n) && inside(u.gr, data, n) && inside(u.maddr, data, n));
	FUZZ_CHECK(uri_eq(&u, &u));
	int user_n = uri_unescape(u.user, user, sizeof user);
	for (int i = 0; i < user_n; i++)
		FUZZ_CHECK(user[i] >= 0x20 && user[i] != 0x7f);
	if ((u.scheme != URI_SIP && u.scheme != URI_SIPS) || user_n < 0)
		return 0;
	struct buf b = buf_of(text, sizeof text);
	uri_put(&b, &(struct uri_out){.scheme = u.scheme,
			.user = span_of(user, (size_t)user_n),
			.host = u.host_kind == URI_HOST_NAME ? u.host : SPAN(""),
			.addr = u.addr,
			.port = u.port,
			.lr = u.lr,
			.ob = u.ob,
			.user_phone = u.user_phone});
	FUZZ_CHECK(!b.full);
	if (b.n > 768)
		return 0; /* what stood unescaped may have grown past SIP_URI_MAX */
	FUZZ_CHECK(uri_parse(buf_span(&b), &again, &why));
	uint8_t user_again[1024];
	int user_again_n = uri_unescape(again.user, user_again, sizeof user_again);
	FUZZ_CHECK(user_again_n == user_n && memcmp(user, user_again, (size_t)user_n) == 0);
	FUZZ_CHECK(
	    again.port == u.port && again.host_kind == u.host_kind && again.lr == u.lr && again.ob == u.ob);
	FUZZ_CHECK(
	    u.host_kind == URI_HOST_IP ? addr_same_ip(&u.addr, &again.addr) : span_eq(u.host, again.host));
	return 0;
}
