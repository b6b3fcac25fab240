/* SPDX-License-Identifier: ISC */
/* R5, R22: what ringfence.conf may say, the defaults of what it leaves out, and where and why it is refused. */
#include "conf/conf.h"
#include "test.h"

#define SITE "domain = voice.example\nphones { listen = \"192.0.2.1\" }\n"

#define LABELS " (labels of lower-case letters, digits and inner '-', with '.' between them)"

static struct conf c;
static const char *example = "dist/ringfence.conf";

static bool good(const char *text)
{
	bool ok = conf_parse(span_str(text), "f", &c);
	if (!ok)
		fprintf(stderr, "%s\n", c.reason);
	return ok && site_ok(&c.site);
}

static bool refused(const char *text, const char *why)
{
	bool ok = conf_parse(span_str(text), "f", &c);
	if (ok || strcmp(c.reason, why) != 0)
		fprintf(stderr, "said: %s\n", ok ? "ok" : c.reason);
	return !ok && strcmp(c.reason, why) == 0;
}

static const char *text_of(const struct addr *a)
{
	static char text[ADDR_TEXT_MAX];
	struct buf b = buf_of(text, sizeof text);
	addr_put(&b, a);
	return buf_cstr(&b);
}

static void a_small_file_takes_the_defaults(void)
{
	struct site d;

	site_defaults(&d);
	CHECK(good(SITE));
	CHECK(strcmp(c.site.domain, "voice.example") == 0 && c.database[0] == 0);
	CHECK(c.site.listeners == 1 && c.site.listener[0].kind == LISTEN_PHONES);
	CHECK(strcmp(text_of(&c.site.listener[0].bind), "192.0.2.1:5061") == 0);
	CHECK(strcmp(text_of(&c.site.listener[0].signalling), "192.0.2.1:5061") == 0);
	CHECK(strcmp(text_of(&c.site.listener[0].media), "192.0.2.1:0") == 0);
	CHECK(strcmp(text_of(&c.site.listener[0].advertised_media), "192.0.2.1:0") == 0);
	CHECK(c.site.log_privacy == LOG_FULL && c.site.max_calls == d.max_calls && c.site.edges == d.edges);
	CHECK(site_is_emergency(&c.site, SPAN("112")) && site_is_emergency(&c.site, SPAN("911")));
}

static void every_key_counts(void)
{
	CHECK(good("# all of them\ndomain = \"a.b\"\ndatabase = \"postgresql://rf@/rf\"\nedges = 2\nnode = 3\n"
		   "phones { listen = \"0.0.0.0:6000\" advertise = \"203.0.113.5\" media = \"192.0.2.1\"\n"
		   "advertise-media = \"203.0.113.6\" }\nphones { listen = \"[2001:db8::1]:5062\" }\n"
		   "media { ports = \"30000-30099\" }\nlog { privacy = full days = 30 }\n"
		   "emergency { numbers = {\"118\"} }\nregistration { expires = 120 keepalive = 20 login = 600 }\n"
		   "calls { ring = 30 refresh = 900 }\nlimits { phones = 10 users = 11 calls = 12 }\n"));
	const struct site *s = &c.site;
	CHECK(strcmp(c.database, "postgresql://rf@/rf") == 0 && s->edges == 2 && s->node == 3 && s->listeners == 2);
	CHECK(strcmp(text_of(&s->listener[0].signalling), "203.0.113.5:6000") == 0);
	CHECK(strcmp(text_of(&s->listener[0].media), "192.0.2.1:0") == 0);
	CHECK(strcmp(text_of(&s->listener[0].advertised_media), "203.0.113.6:0") == 0);
	CHECK(strcmp(text_of(&s->listener[1].bind), "[2001:db8::1]:5062") == 0);
	CHECK(s->media_port_lo == 30000 && s->media_port_hi == 30099 && s->log_days == 30);
	CHECK(s->plan.emergencies == 1 && site_is_emergency(s, SPAN("118")) && !site_is_emergency(s, SPAN("112")));
	CHECK(s->register_max_s == 120 && s->flow_timer_s == 20 && s->reauth_s == 600);
	CHECK(s->ring_s == 30 && s->session_expires_s == 900);
	CHECK(s->max_phones == 10 && s->max_users == 11 && s->max_calls == 12);
}

static void sqlite_can_be_named(void)
{
	CHECK(good(SITE "database = sqlite\n") && c.database[0] == 0);
}

static void behind_nat_media_follows_signalling(void)
{
	CHECK(good("domain = a\nphones { listen = \"192.0.2.1\" advertise = \"203.0.113.5:443\" }\n"));
	CHECK(strcmp(text_of(&c.site.listener[0].signalling), "203.0.113.5:443") == 0);
	CHECK(strcmp(text_of(&c.site.listener[0].advertised_media), "203.0.113.5:0") == 0);
	CHECK(strcmp(text_of(&c.site.listener[0].media), "192.0.2.1:0") == 0);
}

static void mild_is_refused_and_names_what_is_missing(void)
{
	CHECK(refused(SITE "log { privacy = mild }\n", "f:3: log.privacy = \"mild\" needs the outgoing PIN, intrusion "
						       "detection and the firewall log, none of which this version has; use full"));
}

static void refusals_name_line_key_and_reason(void)
{
	CHECK(refused("", "f: is empty"));
	CHECK(refused("domain = a\n", "f: no phones section says where to listen"));
	CHECK(refused("phones { listen = \"::1\" }\n", "f: domain is missing"));
	CHECK(refused(SITE "secure = no\n", "f:3: no such option 'secure'"));
	CHECK(refused(SITE "media {\n port = 1 }\n", "f:4: no such option 'port'"));
	CHECK(refused(SITE "include(\"/etc/shadow\")\n", "f:3: no such option 'include'"));
	CHECK(refused("domain = \"${HOME}\"\n", "f: ${...} is not replaced here"));
	CHECK(refused(SITE "domain = b\n", "f:3: domain = \"b\" is given twice"));
	CHECK(refused("domain = B\n", "f:1: domain = \"B\" is no domain" LABELS));
	CHECK(refused(SITE "edges = 9\n", "f:3: edges = \"9\" is no number from 1 to 8"));
	CHECK(refused(SITE "edges = 0x2\n", "f:3: edges = \"0x2\" is no number from 1 to 8"));
	CHECK(refused(SITE "database = \"mysql://x\"\n",
	    "f:3: database is neither \"sqlite\" nor a postgresql:// address"));
	CHECK(refused(SITE "phones { listen = \"192.0.2.1:5061\" }\n", "f:3: phones listens where another section does"));
	CHECK(refused(SITE "phones { advertise = \"192.0.2.1\" }\n", "f:3: phones has no listen"));
	CHECK(refused(SITE "phones { listen = \"::\" }\n",
	    "f:3: phones listens on all addresses and so must name advertise and media"));
	CHECK(refused(SITE "phones { listen = \"::1\" media = \"192.0.2.1\" }\n",
	    "f:3: phones mixes IPv4 and IPv6; give each its own section"));
	CHECK(refused(SITE "phones { listen = \"sip.example\" }\n",
	    "f:3: phones.listen = \"sip.example\" is no address (a number, not a name; IPv6 with port in brackets)"));
	CHECK(refused(SITE "phones { listen = \"192.0.2.2:0\" }\n",
	    "f:3: phones.listen = \"192.0.2.2:0\" has no port from 1 to 65535 after its last colon"));
	CHECK(refused(SITE "media { ports = \"20001-20100\" }\n",
	    "f:3: media.ports = \"20001-20100\" must begin with an even port of at least 1024 and hold at least 4"));
	CHECK(refused(SITE "media { ports = \"20000\" }\n",
	    "f:3: media.ports = \"20000\" is no range of ports like 20000-23999"));
	CHECK(refused(SITE "emergency { numbers = {\"112\", \"one\"} }\n",
	    "f:3: emergency.numbers = \"one\" is no number (digits, *, #, +)"));
	CHECK(refused(SITE "limits { calls = 99999 }\n", "f:3: limits.calls = \"99999\" is no number from 1 to 16384"));
}

static bool hides(const char *text)
{
	bool ok = !conf_parse(span_str(text), "f", &c) && !strstr(c.reason, "secretpw");
	if (!ok)
		fprintf(stderr, "said: %s\n", c.reason);
	return ok;
}

/* R27 */
static void a_secret_is_never_in_the_reason(void)
{
	CHECK(refused(SITE "database = \"postgresql://u:secretpw@h/db x\"\n",
	    "f:3: database holds a blank or a control character"));
	CHECK(hides(SITE "database = \"secretpw\"\n"));
	CHECK(hides(SITE "database = \"postgresql://u:secretpw@h/a\"\ndatabase = \"postgresql://u:secretpw@h/b\"\n"));
	CHECK(hides(SITE "database = postgresql:// u:secretpw@h/db\n"));
	CHECK(hides(SITE "database = \"postgresql:\" u:secretpw@h/db\n"));
	CHECK(hides(SITE "database = sqlite u:secretpw@h/db\n"));
	CHECK(hides(SITE "database = sqlite \"u:secretpw@h/db\"\n"));
	CHECK(hides(SITE "database = \"postgresql://u:secretpw@h/db\n"));
	CHECK(hides(SITE "database { \"u:secretpw@h/db\" }\n"));
}

static void a_domain_is_of_labels(void)
{
	static const char *const bad[] = {"a..b", "-", ".", "a.", ".a", "a.-b", "a-.b", "a_b"};
	char text[128], why[256];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "domain = \"%s\"\n", bad[i]);
		snprintf(why, sizeof why, "f:1: domain = \"%s\" is no domain" LABELS, bad[i]);
		CHECK(refused(text, why));
	}
	CHECK(refused("domain = \"1.2.3.4\"\n",
	    "f:1: domain = \"1.2.3.4\" is no domain (its last label is a number, as in an address)"));
	CHECK(good("domain = \"3com.a-b.x1\"\nphones { listen = \"192.0.2.1\" }\n"));
}

static void what_could_not_run_is_refused(void)
{
	CHECK(refused(SITE "media { ports = \"20000-20002\" }\n",
	    "f:3: media.ports = \"20000-20002\" must begin with an even port of at least 1024 and hold at least 4"));
	CHECK(good(SITE "media { ports = \"20000-20003\" }\n"));
	c.site.media_port_hi--;
	CHECK(!site_ok(&c.site));
	CHECK(refused(SITE "emergency { numbers = {} }\n", "f:3: emergency names no number"));
	CHECK(refused(SITE "emergency { }\n", "f:3: emergency names no number"));
}

static void a_reason_is_one_short_line(void)
{
	char text[4096];

	snprintf(text, sizeof text, "domain = \"%0300d\001\n\"\n", 7);
	CHECK(!conf_parse(span_str(text), "f", &c));
	CHECK(strlen(c.reason) <= CONF_REASON_MAX);
	for (const char *p = c.reason; *p; p++)
		CHECK(*p >= 0x20 && *p < 0x7f);
}

/* dist/ringfence.conf says that it shows the defaults */
static void the_example_shows_the_defaults(void)
{
	static char text[16384];
	FILE *f = fopen(example, "re");
	CHECK(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	CHECK(good(text));
	struct site d;
	site_defaults(&d);
	memcpy(d.domain, c.site.domain, sizeof d.domain);
	memcpy(d.listener, c.site.listener, sizeof d.listener);
	d.listeners = c.site.listeners;
	CHECK(memcmp(&d, &c.site, sizeof d) == 0 && c.database[0] == 0);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		example = argv[1];
	RUN(a_small_file_takes_the_defaults);
	RUN(every_key_counts);
	RUN(sqlite_can_be_named);
	RUN(behind_nat_media_follows_signalling);
	RUN(mild_is_refused_and_names_what_is_missing);
	RUN(refusals_name_line_key_and_reason);
	RUN(a_secret_is_never_in_the_reason);
	RUN(a_domain_is_of_labels);
	RUN(what_could_not_run_is_refused);
	RUN(a_reason_is_one_short_line);
	RUN(the_example_shows_the_defaults);
	return TEST_END;
}
