/* SPDX-License-Identifier: ISC */
/* SIP and session descriptions as the audit reads them, in a WebSocket too, and what TLS says in clear: whatever they are, what is
 * found lies inside them. */
#include "audit/audit.h"
#include "audit/beside.h"
#include "audit/sdp_seen.h"
#include "audit/sip_seen.h"
#include "audit/tls_seen.h"
#include "audit/web.h"
#include "fuzz.h"

static void inside(struct span whole, struct span s)
{
	FUZZ_CHECK(s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n));
}

static void web(struct span all)
{
	static uint8_t room[WEB_ROOM];
	struct span message;

	web_looks_like(all);
	FUZZ_CHECK(web_handshake(all) <= all.n);
	for (size_t taken = 1; all.n && taken; all = span_skip(all, taken)) {
		taken = web_message(all, room, &message);
		FUZZ_CHECK(taken <= all.n && (taken || message.n == 0));
		FUZZ_CHECK(message.n == 0 || (message.p == room && message.n <= WEB_ROOM));
	}
}

static void reports(struct span all)
{
	struct span cname;

	if (rtcp_cname(all, &cname)) {
		FUZZ_CHECK(cname.n > 0 && cname.n <= UINT8_MAX);
		inside(all, cname);
	}
}

static void tls(struct span all)
{
	struct tls_seen t;

	if (!tls_seen(all, &t))
		return;
	inside(all, t.name);
	tls_name_is_sip(t.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span all = span_of(data, n);
	struct sip_seen m;
	struct sdp_seen d;

	web(all);
	tls(all);
	reports(all);
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
