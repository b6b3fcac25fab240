/* SPDX-License-Identifier: ISC */
/* From a trunk's name to its addresses, with the test as its name server (RFC 2782, RFC 3263 4). */
#include "dns.h"
#include "resolve.h"
#include "test.h"
#include <stdio.h>
#include <string.h>

struct wheel child_wheel;
static struct site site;
static struct {
	char name[HOST_MAX];
	enum dns_type type;
	dns_answer *answer;
	void *arg;
} asked;
static struct targets found;
static uint32_t answers;

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
	snprintf(asked.name, sizeof asked.name, "%s", name);
	asked.type = type;
	asked.answer = answer;
	asked.arg = arg;
}
void dns_cancel(uint8_t trunk)
{
	(void)trunk;
	asked.answer = NULL;
}

static void on_resolved(uint8_t trunk, const struct targets *t)
{
	(void)trunk;
	found = *t;
	answers++;
}

/* --- answers --- */

static uint8_t message[512];
static size_t n;

static void put16(unsigned v)
{
	message[n++] = (uint8_t)(v >> 8);
	message[n++] = (uint8_t)v;
}

static void put_name(const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		message[n++] = (uint8_t)len;
		memcpy(message + n, name, len);
		n += len;
		name += len + (name[len] == '.');
	}
	message[n++] = 0;
}

static void put_string(const char *s)
{
	message[n++] = (uint8_t)strlen(s);
	memcpy(message + n, s, strlen(s));
	n += strlen(s);
}

static void begin_answer(unsigned records)
{
	n = 0;
	put16(7);
	put16(0x8180);
	put16(1);
	put16(records);
	put16(0);
	put16(0);
	put_name(asked.name);
	put16(asked.type);
	put16(1);
}

/* The head of a record; the place of its length. */
static size_t begin_record(void)
{
	put_name(asked.name);
	put16(asked.type);
	put16(1);
	put16(0);
	put16(60);
	put16(0);
	return n;
}

static void end_record(size_t at)
{
	message[at - 2] = (uint8_t)((n - at) >> 8);
	message[at - 1] = (uint8_t)(n - at);
}

static void put_srv(unsigned priority, unsigned port, const char *host)
{
	size_t at = begin_record();

	put16(priority);
	put16(0);
	put16(port);
	put_name(host);
	end_record(at);
}

static void put_naptr(unsigned order, const char *service, const char *to)
{
	size_t at = begin_record();

	put16(order);
	put16(10);
	put_string("s");
	put_string(service);
	put_string("");
	put_name(to);
	end_record(at);
}

static void put_a(uint8_t last)
{
	size_t at = begin_record();

	memcpy(message + n, (uint8_t[]){192, 0, 2, last}, 4);
	n += 4;
	end_record(at);
}

static void tell(void)
{
	dns_answer *answer = asked.answer;

	asked.answer = NULL;
	if (answer)
		answer(asked.arg, message, (int)n);
}

static void tell_nothing(void)
{
	n = 0;
	tell();
}

static bool asks(const char *name, enum dns_type type)
{
	return asked.answer && asked.type == type && strcmp(asked.name, name) == 0;
}

static void begin(enum trunk_transport transport)
{
	struct trunk_conf *t = &site.trunk[0];

	site_defaults(&site);
	wheel_init(&child_wheel, 1000);
	resolve_open();
	site.trunks = 1;
	strcpy(t->server, "telco.test");
	t->transport = (uint8_t)transport;
	addr_parse_ip(SPAN("192.0.2.1"), &site.listener[0].bind);
	answers = 0;
	asked.answer = NULL;
	resolve_begin(0, on_resolved);
}

/* --- tests --- */

static void naptr_leads_to_srv_and_srv_to_hosts(void)
{
	begin(TRUNK_UDP);
	CHECK(asks("telco.test", DNS_NAPTR));
	begin_answer(3);
	put_naptr(30, "SIP+D2U", "_sip._udp.far.test");
	put_naptr(20, "SIP+D2U", "_sip._udp.near.test");
	put_naptr(10, "SIP+D2T", "_sip._tcp.near.test"); /* another transport than the section's */
	tell();
	CHECK(asks("_sip._udp.near.test", DNS_SRV));
	begin_answer(2);
	put_srv(20, 5060, "b.test");
	put_srv(10, 5070, "a.test");
	tell();
	CHECK(asks("a.test", DNS_A));
	begin_answer(2);
	put_a(5);
	put_a(6);
	tell();
	CHECK(asks("b.test", DNS_A) && answers == 0);
	begin_answer(1);
	put_a(7);
	tell();
	CHECK(answers == 1 && found.n == 3 && found.at[0].port == 5070 && found.at[2].port == 5060);
}

static void without_records_the_name_itself(void)
{
	begin(TRUNK_TLS);
	tell_nothing();
	CHECK(asks("_sips._tcp.telco.test", DNS_SRV));
	tell_nothing();
	CHECK(asks("telco.test", DNS_A));
	begin_answer(1);
	put_a(9);
	tell();
	CHECK(answers == 1 && found.n == 1 && found.at[0].port == 5061);
}

/* RFC 2782: one record with the target "." says that there is no such service there, whatever else lives at that name. */
static void a_service_that_is_not_there(void)
{
	begin(TRUNK_UDP);
	tell_nothing();
	CHECK(asks("_sip._udp.telco.test", DNS_SRV));
	begin_answer(1);
	put_srv(0, 0, "");
	tell();
	CHECK(!asked.answer && answers == 1 && found.n == 0);
}

int main(void)
{
	RUN(naptr_leads_to_srv_and_srv_to_hosts);
	RUN(without_records_the_name_itself);
	RUN(a_service_that_is_not_there);
	return TEST_END;
}
