/* SPDX-License-Identifier: ISC */
/* A configuration as a reader that was taken may send it: an honest one with octets changed, {place (2), value} over and over; behind the
 * last whole three a NUL and a number that is dialled under it. It is refused, or all that processes ask of it is answered, within it. */
#include "base/buf.h"
#include "fuzz.h"
#include "ipc/site.h"
#include "plan/incoming.h"
#include "plan/permit.h"

static void honest(struct site *s)
{
	struct addr a;

	site_defaults(s);
	FUZZ_CHECK(addr_parse_ip(SPAN("192.0.2.1"), &a));
	a.port = 5061;
	strcpy(s->domain, "exchange.test");
	s->listeners = 2;
	s->listener[0] = (struct listener){.kind = LISTEN_PHONES, .bind = a, .signalling = a, .media = a, .advertised_media = a};
	s->listener[1] = s->listener[0];
	s->listener[1].kind = LISTEN_TRUNK;
	strcpy(s->plan.country, "fr");
	strcpy(s->plan.area, "1");
	strcpy(s->plan.outside, "0");
	strcpy(s->plan.rule[0].prefix, "+3389");
	s->plan.rule[0].class = NUMBER_PREMIUM;
	s->plan.rules = 1;
	s->plan.night[0] = (struct plan_night){.from_min = 22 * 60, .to_min = 6 * 60, .days = 0x7f, .classes = s->plan.classes};
	s->plan.nights = 1;
	strcpy(s->plan.allow[0], "+33140");
	s->plan.allowed = 1;
	strcpy(s->plan.block[0], "+339");
	s->plan.blocked = 1;
	struct trunk_conf *t = &s->trunk[0];
	strcpy(t->name, "telco");
	strcpy(t->server, "telco.test");
	strcpy(t->domain, "telco.test");
	t->transport = TRUNK_UDP;
	t->plain = 1;
	t->lines = 4;
	t->expires_s = 600;
	t->listener = 1;
	s->trunks = 1;
}

static bool is_text(const char *s, size_t cap)
{
	return memchr(s, 0, cap) != NULL;
}

static void ask_plan(const struct plan *p, struct span dialled, uint8_t how)
{
	struct plan_question q = {.who = how % WHOS, .route = how / 2 % ROUTES, .payer = how / 3 % PAYERS, .pin = how % PLAN_PINS,
	    .night = how % 3, .week_min = (uint16_t)(how * 39), .classes = p->classes};
	struct incoming_question in = {.has_number = true};
	struct span argument;

	number_canon(p, dialled, SPAN(""), how & 1, &q.number);
	FUZZ_CHECK(q.number.class < NUMBER_CLASSES && is_text(q.number.text, sizeof q.number.text));
	struct plan_answer answer = plan_permit(p, &q);
	FUZZ_CHECK(answer.verdict < PLAN_VERDICTS && answer.reason < REASONS && answer.text);
	/* R14: whatever the plan says */
	FUZZ_CHECK(answer.verdict != PLAN_ALLOW || q.who != WHO_ANONYMOUS || !number_is_outside(&q.number));
	in.caller = q.number;
	FUZZ_CHECK(plan_incoming(p, &in).reason < INCOMING_REASONS);
	(void)plan_service(p, dialled, &argument);
	(void)plan_shown(p, dialled);
	(void)number_help_general(p);
	for (int again = 0; again < 2 && q.number.class == NUMBER_EMERGENCY; again++)
		(void)number_help_sent(p, q.number.text, again);
	for (int k = 0; k < NUMBER_SPELLINGS && q.number.text[0] == '+'; k++) {
		char said[NUMBER_MAX + 1];
		number_spell(p, (enum number_spelling)k, q.number.text, said);
		FUZZ_CHECK(is_text(said, sizeof said));
	}
}

static void ask_site(const struct site *s, struct span dialled)
{
	static uint8_t text[4096];

	FUZZ_CHECK(site_calls(s) <= SITE_CALLS_MOST && is_text(site_languages(s), SITE_LANGUAGES_MAX * (SITE_LANGUAGE_MAX + 2)));
	(void)site_mild_missing(s);
	(void)site_log_days(s);
	(void)site_is_emergency(s, dialled);
	(void)site_sends_help(s);
	(void)site_lost_inbound(s);
	for (int i = 0; i < s->listeners; i++)
		(void)site_listens_beside(s, i);
	for (int i = 0; i < s->trunks; i++) {
		struct buf b = buf_of(text, sizeof text);
		FUZZ_CHECK(trunk_conf_mark(&s->trunk[i]) >= TRUNK_MARK_LEAST);
		trunk_put_uri(&b, &s->trunk[i], SPAN("+33140000000"));
		for (size_t k = 0; k < b.n; k++)
			FUZZ_CHECK(b.p[k] > 0x20 && b.p[k] < 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct site *s = calloc(1, sizeof *s); /* at its exact size, so that one octet read past its end is seen */
	struct span all = span_of(data, n);

	if (!s)
		abort();
	honest(s);
	FUZZ_CHECK(site_ok(s));
	for (; all.n >= 3 && (all.p[0] || all.p[1] || all.p[2]); all = span_skip(all, 3))
		((uint8_t *)s)[((size_t)all.p[0] << 8 | all.p[1]) % sizeof *s] = all.p[2];
	struct span dialled = span_skip(all, 3);
	if (site_ok(s)) {
		ask_site(s, dialled);
		ask_plan(&s->plan, dialled, n ? data[n - 1] : 0);
	}
	free(s);
	return 0;
}
