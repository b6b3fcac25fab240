/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "wire/sip_refer.h"

static bool plain(struct span s, const uint8_t *mem)
{
	if (s.p < mem || s.p + s.n > mem + SIP_REPLACES_MAX || s.n == 0 || s.n > SIP_TOKEN_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] == 0x7f || s.p[i] == ';' || s.p[i] == ',')
			return false;
	return true;
}

/* The first octet says which of the readers gets the rest; what one takes is bounded, plain and the same when it is read
 * again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t mem[SIP_REPLACES_MAX];
	struct sip_replaces r, again;

	if (n == 0)
		return 0;
	struct span s = span_of(data + 1, n - 1);
	if (data[0] % 4 == 0 && s.n && !sip_refer_headers(s, mem, &r)) {
		FUZZ_CHECK(plain(r.call_id, mem) && plain(r.to_tag, mem) && plain(r.from_tag, mem));
		FUZZ_CHECK(span_find(s, '&') == s.n);
	}
	if (data[0] % 4 == 1 && sip_replaces_parse(s, &r)) {
		FUZZ_CHECK(r.call_id.n && r.to_tag.n && r.from_tag.n);
		FUZZ_CHECK(sip_replaces_parse(s, &again) && span_eq(r.to_tag, again.to_tag));
	}
	if (data[0] % 4 == 2) {
		unsigned code = sip_frag_status(s);
		FUZZ_CHECK(code == 0 || (code >= 100 && code <= 699));
	}
	if (data[0] % 4 == 3) {
		unsigned key = sip_info_key(data[0] & 4 ? SIP_MEDIA_DTMF : SIP_MEDIA_DTMF_RELAY, s);
		FUZZ_CHECK(key == 0 || (key >= '0' && key <= '9') || key == '*' || key == '#');
	}
	return 0;
}
