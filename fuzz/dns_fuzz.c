/* SPDX-License-Identifier: ISC */
/* What name servers answer about a trunk, through c-ares to the list of addresses that dial would try: bounded, fit to
 * connect to, each with a port, and told once. */
#include "fuzz.h"
#include "dns.h"
#include "resolve.h"
#include <string.h>

struct wheel child_wheel;
static struct site site;
static struct {
	dns_answer *answer;
	void *arg;
} asked;
static uint32_t answers, questions;

uint64_t child_now(void)
{
	return 1000;
}
const struct site *child_site(void)
{
	return &site;
}

void dns_ask(uint8_t trunk, const char *name, enum dns_type type, dns_answer *answer, void *arg)
{
	(void)trunk;
	(void)type;
	FUZZ_CHECK(strlen(name) < HOST_MAX);
	asked.answer = answer;
	asked.arg = arg;
	questions++;
}

void dns_cancel(uint8_t trunk)
{
	(void)trunk;
	asked.answer = NULL;
}

static void on_resolved(uint8_t trunk, const struct targets *t)
{
	FUZZ_CHECK(trunk == 0 && t->n <= TARGETS_MAX && answers++ == 0);
	for (uint32_t i = 0; i < t->n; i++)
		FUZZ_CHECK(addr_ok(&t->at[i]) && addr_is_hosts(&t->at[i]) && t->at[i].port);
}

static void begin(uint8_t choice)
{
	struct trunk_conf *t = &site.trunk[0];

	if (!site.trunks) {
		site_defaults(&site);
		wheel_init(&child_wheel, 1000);
		resolve_open();
	}
	site.trunks = 1;
	strcpy(t->server, "telco.test");
	t->transport = choice % TRUNK_TRANSPORTS;
	t->port = choice & 0x40 ? 5070 : 0;
	addr_parse_ip(choice & 0x80 ? SPAN("2001:db8::1") : SPAN("192.0.2.1"), &site.listener[0].bind);
	answers = questions = 0;
	resolve_begin(0, on_resolved);
}

/* One octet of choice; then answers, each behind its length in two octets. What is missing is no answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	begin(data[0]);
	data++;
	n--;
	while (asked.answer) {
		dns_answer *tell = asked.answer;
		size_t size = n >= 2 ? (size_t)data[0] << 8 | data[1] : 0;
		const uint8_t *answer = n >= 2 ? data + 2 : NULL;

		n = n >= 2 ? n - 2 : 0;
		if (size > n)
			size = n;
		asked.answer = NULL;
		tell(asked.arg, answer, (int)size);
		data = answer ? answer + size : data;
		n -= size;
	}
	FUZZ_CHECK(answers == 1 && questions <= 2 + HOSTS_MAX);
	return 0;
}
