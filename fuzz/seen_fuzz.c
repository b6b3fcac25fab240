/* SPDX-License-Identifier: ISC */
/* SIP and session descriptions as the audit reads them: whatever they are, what is found lies inside them. */
#include "audit/audit.h"
#include "audit/sdp_seen.h"
#include "audit/sip_seen.h"
#include "fuzz.h"

static void inside(struct span whole, struct span s)
{
	FUZZ_CHECK(s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span all = span_of(data, n);
	struct sip_seen m;
	struct sdp_seen d;

	sip_looks_like(all);
	size_t length = sip_whole(all);
	FUZZ_CHECK(length <= n + UINT16_MAX);
	if (sip_seen(all, &m)) {
		struct span found[] = {m.call_id, m.device, m.body, m.session, m.from.user, m.from.name, m.from.tag, m.to.user,
		    m.to.name, m.to.tag, m.login};
		for (size_t i = 0; i < sizeof found / sizeof *found; i++)
			inside(all, found[i]);
		FUZZ_CHECK(m.alg <= DIGEST_OTHER);
		all = m.body;
	}
	sdp_seen(all, &d);
	FUZZ_CHECK(d.media_n <= SEEN_MEDIA && d.key_n <= SEEN_KEYS && d.candidate_n <= SEEN_CANDIDATES && d.codec < SEEN_CODECS);
	for (unsigned i = 0; i < d.key_n; i++)
		FUZZ_CHECK(d.key[i].n == seen_suite_key_len(d.key[i].suite) && d.key[i].n <= SDP_KEY_MAX);
	return 0;
}
