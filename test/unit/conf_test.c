/* SPDX-License-Identifier: ISC */
/* R5, R22: what ringfence.conf may say, the defaults of what it leaves out, and where and why it is refused. */
#include "conf/conf.h"
#include "test.h"

#define SITE "domain = voice.example\nphones { listen = \"192.0.2.1\" }\n"

#define LABELS " (labels of lower-case letters, digits and inner '-', with '.' between them)"

static struct conf c;
static const char *example = "dist/ringfence.conf", *examples[8];
static int examples_n;

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
	CHECK(good("# all of them\ndomain = \"a.b\"\ndatabase = \"postgresql://rf@/rf\"\nedges = 2\nnode = 3\ntones = \"ch\"\nlanguage = \"fr\"\n"
		   "phones { listen = \"0.0.0.0:6000\" advertise = \"203.0.113.5\" media = \"192.0.2.1\"\n"
		   "advertise-media = \"203.0.113.6\" }\nphones { listen = \"[2001:db8::1]:5062\" }\n"
		   "media { ports = \"30000-30099\" }\nlog { privacy = full days = 30 }\n"
		   "emergency { numbers = {\"118\"} }\nregistration { expires = 120 keepalive = 20 login = 600 }\n"
		   "calls { ring = 30 refresh = 900 hot-desk = 3600 park = 45 park-places = 90 }\nlimits { phones = 10 users = 11 calls = 12 }\n"
		   "voicemail { default = 25 seconds = 60 days = 7 per-user = 20 }\n"
		   "alarms { syslog = off mail = \"/usr/bin/msmtp -t\" to = \"Head@example.org\" desk = \"100\" }\n"));
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
	CHECK(s->hotdesk_s == 3600 && s->park_s == 45 && s->park_places == 90);
	CHECK(s->mail_on == 1 && s->mail_after_s == 25 && s->mail_s == 60 && s->mail_days == 7 && s->mail_most == 20);
	CHECK(strcmp(s->language, "fr") == 0 && site_speaks(s, SPAN("fr")));
	CHECK(s->max_phones == 10 && s->max_users == 11 && s->max_calls == 12);
	CHECK(s->alarms.syslog == 0 && strcmp(s->alarms.mail, "/usr/bin/msmtp -t") == 0);
	CHECK(strcmp(s->alarms.to, "Head@example.org") == 0 && strcmp(s->alarms.desk, "100") == 0);
}

static void alarms_are_whole_or_refused(void)
{
	static const char *const bad[] = {"syslog = yes", "mail = \"msmtp\"", "mail = \"/usr/bin/msmtp\"", "to = \"a@b\"",
	    "mail = \"/m\" to = \"-oX\"", "mail = \"/m\" to = \"a b\"", "desk = \"Anna\"", "desk = \"\"",
	    "desk = \"012345678901234567890123456789012\""};
	char text[200];

	CHECK(good(SITE) && c.site.alarms.syslog == 1 && !c.site.alarms.mail[0] && !c.site.alarms.desk[0]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, SITE "alarms { %s }\n", bad[i]);
		CHECK(!good(text) && strstr(c.reason, "alarms"));
	}
}

static void voicemail_is_off_unless_said(void)
{
	static const char *const bad[] = {"yes", "4", "601", "\"\"", "none", "-1"};
	char text[200];

	CHECK(good(SITE) && !c.site.mail_on && c.site.mail_after_s == 0);
	CHECK(good(SITE "voicemail { default = on }\n") && c.site.mail_on && c.site.mail_after_s == 0);
	CHECK(good(SITE "voicemail { default = off }\n") && !c.site.mail_on);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, SITE "voicemail { default = %s }\n", bad[i]);
		CHECK(!good(text) && strstr(c.reason, "f:3: voicemail.default") && strstr(c.reason, "5 to 600"));
	}
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

/* R31: what a forgotten brace swallowed would count as said in the section above it. */
static void a_section_that_is_not_closed_is_refused(void)
{
	CHECK(refused(SITE "limits { calls = 100\n", "f: ends within a section: a closing } is missing"));
	CHECK(refused(SITE "limits { calls = 100", "f: ends within a section: a closing } is missing"));
	CHECK(refused(SITE "trunk t { server = a.example media-from = {\"192.0.2.0/24\"}\nnumber \"+33123456789\" { to = 101 }\n\n",
	    "f: ends within a section: a closing } is missing"));
	CHECK(refused(SITE "numbers { country = fr # }\n", "f: ends within a section: a closing } is missing"));
	CHECK(good(SITE "numbers { country = fr } # }"));
	CHECK(good(SITE "limits { calls = 100 } # {"));
	CHECK(!conf_parse(SPAN(SITE "limits { calls = 100 } }\n"), "f", &c));
}

static void mild_is_refused_and_names_what_is_missing(void)
{
	CHECK(refused(SITE "log { privacy = mild }\n",
	    "f: log.privacy = \"mild\" needs intrusion detection and the firewall log, which are not on; use full"));
	CHECK(refused(SITE "pin = off\nlog { privacy = mild }\n", "f: log.privacy = \"mild\" needs the outgoing PIN, intrusion "
								  "detection and the firewall log, which are not on; use full"));
	CHECK(refused(SITE "log { privacy = meek }\n", "f:3: log.privacy = \"meek\" is neither full nor mild"));
}

static void refusals_name_line_key_and_reason(void)
{
	/* a guest is logged out within a day; places have two digits */
	CHECK(refused(SITE "calls { hot-desk = 86401 }\n", "f:3: calls.hot-desk = \"86401\" is no number from 60 to 86400"));
	CHECK(refused(SITE "calls { park-places = 91 }\n", "f:3: calls.park-places = \"91\" is no number from 0 to 90"));
	CHECK(refused("", "f: is empty"));
	CHECK(refused("domain = a\n", "f: no phones section says where to listen"));
	CHECK(refused("phones { listen = \"::1\" }\n", "f: domain is missing"));
	CHECK(refused(SITE "secure = no\n", "f:3: no such option 'secure'"));
	CHECK(refused(SITE "media {\n port = 1 }\n", "f:4: no such option 'port'"));
	CHECK(refused(SITE "include(\"/etc/shadow\")\n", "f:3: no such option 'include'"));
	CHECK(refused("domain = \"${HOME}\"\n", "f:1: ${...} is not replaced here"));
	CHECK(refused("domain = \"a.example\"\n# one\n/* two\n\n", "f:3: the comment that begins here does not end"));
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

/* R14-R18: the call plan */
static void the_call_plan_counts(void)
{
	CHECK(good(SITE "numbers { country = \"fr\" area = \"1\" outside-prefix = \"0\" currency = \"CHF\" }\n"
			"prefix \"+33899\" { class = premium rate = 80 setup = 150 }\nprefix \"3949\" { class = toll-free }\n"
			"prefix \"+331\" { rate = \"0.85\" }\ncountry \"ch\" { rate = 4 }\ncountry \"870\" { rate = 900 }\n"
			"rates { mobile = 12 premium = 300 setup = 5 billing = 6 }\nclasses = {\"national\", \"mobile\", \"ch\"}\n"
			"night { from = \"20:00\" to = \"7:30\" days = \"fri-mon\" classes = {\"national\"} }\n"
			"night { from = \"0:00\" to = \"24:00\" days = \"sat,sun\" }\npin = off\n"
			"ceilings { extension = \"money=5.50 calls=1\" site = \"minutes=1000\" }\n"
			"incoming { unknown = screen anonymous = refuse failed = pass allow = {\"+33144\", \"+41\"} block = {\"+33899\"} }\n"
			"emergency { test = \"\" remote = last-location callback = 10 }\nservice { forward = \"*21\" pin = \"\" }\n"));
	const struct plan *p = &c.site.plan;
	CHECK(strcmp(p->country, "fr") == 0 && strcmp(p->area, "1") == 0 && strcmp(p->outside, "0") == 0);
	CHECK(strcmp(p->currency, "CHF") == 0 && p->rules == 3 && p->country_rates == 2 && p->nights == 2);
	CHECK(strcmp(p->rule[0].prefix, "+33899") == 0 && p->rule[0].class == NUMBER_PREMIUM && p->rule[0].has_rate);
	CHECK(p->rule[0].rate_e4 == 8000 && p->rule[0].setup_e4 == 15000 && !p->rule[1].has_rate);
	CHECK(p->rule[2].class == NUMBER_UNKNOWN && p->rule[2].rate_e4 == 85);
	CHECK(strcmp(p->country_rate[0].country, "ch") == 0 && p->country_rate[0].rate_e4 == 400);
	CHECK(p->class_rate_e4[NUMBER_MOBILE] == 1200 && p->class_rate_e4[NUMBER_LOCAL] == 500 && p->setup_e4 == 500);
	CHECK(p->billing_s == 6 && plan_rate_of(p, &(struct number){.class = NUMBER_MOBILE}).step_s == 6);
	const struct number ch = {.class = NUMBER_INTERNATIONAL, .country = "ch"}, de = {NUMBER_INTERNATIONAL, "", "de"};
	const struct number mobile = {.class = NUMBER_MOBILE}, premium = {.class = NUMBER_PREMIUM};
	CHECK(plan_classes_have(&p->classes, &ch) && !plan_classes_have(&p->classes, &de));
	CHECK(plan_classes_have(&p->classes, &mobile) && !plan_classes_have(&p->classes, &premium));
	CHECK(p->night[0].from_min == 1200 && p->night[0].to_min == 450 && p->night[0].days == 0x71);
	CHECK(p->night[1].from_min == 0 && p->night[1].to_min == 1440 && p->night[1].days == 0x60 && !p->pin);
	CHECK(!plan_classes_have(&p->night[0].classes, &mobile) && p->night[1].classes.mask == plan_classes_least().mask);
	CHECK(p->ceiling[CEILING_EXTENSION].most[CEILING_MONEY] == 55000 && p->ceiling[CEILING_EXTENSION].most[CEILING_CALLS] == 1);
	CHECK(p->ceiling[CEILING_SITE].most[CEILING_MINUTES] == 1000 && p->ceiling[CEILING_TRUNK].most[CEILING_CALLS] == 30);
	CHECK(p->unknown_caller == INCOMING_SCREEN && p->anonymous_caller == INCOMING_REFUSE && p->failed_caller == INCOMING_PASS);
	CHECK(p->allowed == 2 && strcmp(p->allow[1], "+41") == 0 && p->blocked == 1);
	CHECK(!p->emergency_test[0] && p->emergency_remote == REMOTE_LAST_LOCATION && p->callback_min == 10);
	CHECK(strcmp(p->code[SERVICE_FORWARD], "*21") == 0 && !p->code[SERVICE_PIN][0] && strcmp(p->code[SERVICE_DND], "*78") == 0);
	CHECK(site_is_emergency(&c.site, SPAN("15")) && site_is_emergency(&c.site, SPAN("112")) && site_is_emergency(&c.site, SPAN("0112")));
	CHECK(!site_is_emergency(&c.site, SPAN("110")));
}

/* --- help --- */

static const struct {
	const char *country, *general, *own[4];
	bool has_test;
} help[] = {{"us", "911", {NULL}, true}, {"ca", "911", {NULL}, true}, {"gb", "112", {"999"}, false},
    {"fr", "112", {"15", "17", "18", "114"}, false}, {"de", "112", {"110"}, false},
    {"ch", "112", {"117", "118", "144"}, false}, {"at", "112", {"122", "133", "144"}, false},
    {"be", "112", {"100", "101"}, false}, {"nl", "112", {NULL}, false}, {"it", "112", {"113", "115", "118"}, false},
    {"es", "112", {"061", "091"}, false}, {"ie", "112", {"999"}, false}, {"au", "000", {"106"}, false},
    {"jp", "119", {"110", "118"}, false}};

enum { COUNTRIES = sizeof help / sizeof *help };

/* Of the site that was read last. */
static bool help_is_whole(void)
{
	const struct plan *p = &c.site.plan;

	for (int i = 0; i < COUNTRIES; i++) {
		bool ok = strcmp(help[i].country, p->country) == 0 && strcmp(number_help_general(p), help[i].general) == 0 &&
		          site_is_emergency(&c.site, span_str(help[i].general));
		for (int k = 0; ok && k < 4 && help[i].own[k]; k++)
			ok = site_is_emergency(&c.site, span_str(help[i].own[k]));
		if (ok)
			return true;
	}
	fprintf(stderr, "not all numbers for help of %s\n", p->country);
	return false;
}

static char file_text[65536];

static bool read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(file_text, 1, sizeof file_text - 1, f) : 0;

	file_text[n] = 0;
	return f && fclose(f) == 0 && n > 0;
}

/* Whatever a file names: who copies the sample, or names a number of the house, has those of the country no less. */
static void the_numbers_of_the_country_always_count(void)
{
	static char text[sizeof file_text + 64];

	CHECK(read_file(example));
	char *country = strstr(file_text, "# country = \"fr\"");
	CHECK(country);
	for (int i = 0; country && i < COUNTRIES; i++) {
		*country = 0;
		snprintf(text, sizeof text, "%scountry = \"%s\" #%s", file_text, help[i].country, country + 1);
		*country = '#';
		CHECK(good(text) && help_is_whole());
		CHECK(strcmp(c.site.plan.emergency_test, help[i].has_test ? "933" : "") == 0);
		snprintf(text, sizeof text, SITE "numbers { country = \"%s\" }\nemergency { numbers = {\"4711\"} }\n", help[i].country);
		CHECK(good(text) && help_is_whole() && site_is_emergency(&c.site, SPAN("4711")));
	}
	for (int i = 0; i < examples_n; i++)
		CHECK(read_file(examples[i]) && good(file_text) && help_is_whole());
}

static void as_many_as_may_be_named_leave_room_for_them(void)
{
	CHECK(good(SITE "numbers { country = \"fr\" }\nemergency { numbers = {\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", "
	           "\"9\", \"10\", \"11\", \"12\", \"13\", \"14\", \"95\", \"96\"} }\n") && help_is_whole());
}

#define TELCO "trunk telco { server = \"sip.acme.example\" media-from = {\"203.0.113.0/24\"} "

/* Such a call would come in for nobody: what the extension is called leaves over a trunk. */
static void an_outside_number_leads_to_no_number_for_help(void)
{
	CHECK(good(SITE "numbers { country = \"ch\" }\n" TELCO "number \"+41445556677\" { to = \"118\" } }\n"));
	CHECK(site_lost_inbound(&c.site) == &c.site.inbound[0]);
	CHECK(good(SITE "numbers { country = \"ch\" }\n" TELCO "number \"+41445556677\" { to = \"119\" } }\n") && !site_lost_inbound(&c.site));
	CHECK(good(SITE "numbers { country = \"ch\" }\n" TELCO "emergency = no number \"+41445556677\" { to = \"118\" } }\n"));
	CHECK(!site_lost_inbound(&c.site));
}

static void the_test_number_is_named_or_the_continents(void)
{
	CHECK(good(SITE) && !c.site.plan.emergency_test[0]);
	CHECK(good(SITE "numbers { country = \"us\" }\nemergency { test = \"\" }\n") && !c.site.plan.emergency_test[0]);
	CHECK(good(SITE "numbers { country = \"fr\" }\nemergency { test = \"933\" }\n") && strcmp(c.site.plan.emergency_test, "933") == 0);
}

static void the_call_plan_is_refused_with_its_line(void)
{
	CHECK(refused(SITE "numbers { country = \"xx\" }\n",
	    "f:3: numbers.country = \"xx\" is none of us ca gb fr de ch at be nl it es ie au jp"));
	CHECK(refused(SITE "numbers { area = \"1\" }\n", "f: numbers.area needs numbers.country"));
	CHECK(refused(SITE "prefix \"0890\" { }\n", "f:3: prefix has neither class nor rate"));
	CHECK(refused(SITE "prefix \"+33-1\" { rate = 1 }\n",
	    "f:3: prefix is no prefix (+ and digits of E.164; or digits alone, a short number)"));
	CHECK(refused(SITE "rates { billing = 0 }\n", "f:3: rates.billing = \"0\" is no number from 1 to 60"));
	CHECK(refused(SITE "prefix \"+1\" { class = internal }\n",
	    "f:3: prefix.class = \"internal\" is no class of outside numbers (toll-free local national mobile shared "
	    "international premium satellite)"));
	CHECK(refused(SITE "prefix \"+1\" { rate = 1.234 }\n",
	    "f:3: prefix.rate = \"1.234\" is no amount in hundredths of the currency, such as 3 or 0.85"));
	CHECK(refused(SITE "country \"zz\" { rate = 1 }\n", "f:3: country is no country (two letters, such as fr)"));
	CHECK(refused(SITE "country \"fr\" { }\n", "f:3: country has no rate"));
	CHECK(refused(SITE "classes = {\"national\", \"everything\"}\n",
	    "f:3: classes = \"everything\" is no class of numbers and no country"));
	CHECK(refused(SITE "classes = {\"unknown\"}\n", "f:3: classes = \"unknown\" unknown numbers are never called"));
	CHECK(refused(SITE "night { from = \"20:00\" }\n", "f:3: night has no to"));
	CHECK(refused(SITE "night { from = \"24:00\" to = \"1:00\" }\n", "f:3: night.from = \"24:00\" is no time such as 20:00"));
	CHECK(refused(SITE "night { from = \"20:00\" to = \"1:00\" days = \"mo\" }\n",
	    "f:3: night.days = \"mo\" is no row of days such as \"mon-fri\" or \"sat,sun\""));
	CHECK(refused(SITE "ceilings { site = \"cash=1\" }\n", "f:3: ceilings.site = \"cash=1\" names something else than money, "
							    "minutes, calls, hourly, destinations, abroad"));
	CHECK(refused(SITE "incoming { unknown = maybe }\n",
	    "f:3: incoming.unknown = \"maybe\" is none of pass slow screen refuse"));
	CHECK(refused(SITE "incoming { allow = {\"33\"} }\n",
	    "f:3: incoming.allow = \"33\" is no number or prefix of E.164 such as +33144"));
	CHECK(refused(SITE "service { dnd = \"78\" }\n",
	    "f:3: service.dnd = \"78\" is no code (* or #, then digits; nothing at all for none)"));
	CHECK(refused(SITE "service { dnd = \"*79\" }\n", "f: two services have the same code"));
	CHECK(refused(SITE "service { dial = \"*79\" }\n", "f:3: no such option 'dial'"));
	CHECK(refused(SITE "emergency { remote = yes }\n", "f:3: emergency.remote = \"yes\" is neither deny nor last-location"));
	CHECK(refused(SITE "trunk t { server = \"a.example:5070\" }\n",
	    "f:3: trunk.server = \"a.example:5070\" holds a port, which has a key of its own: port = 5061"));
	CHECK(refused(SITE "classes = \"local mobile\"\n", "f:3: classes = \"local mobile\" is several: write {\"local\", \"national\"}"));
	CHECK(refused(SITE "pin = maybe\n", "f:3: pin = \"maybe\" is neither on nor off"));
	CHECK(refused(SITE "prefix \"+1\" { rate = 1 }\nprefix \"+1\" { rate = 1 }\n", "f:4: found duplicate title "));
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
	CHECK(refused(SITE "emergency { numbers = {} remote = deny }\n", "f:3: emergency names no number"));
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

#define TRUNK(more) SITE "trunk acme { server = \"sip.acme.example\" media-from = {\"203.0.113.0/24\"} " more " }\n"

static void a_trunk_is_tls_and_srtp_unless_it_says_plain(void)
{
	CHECK(good(TRUNK("")));
	const struct trunk_conf *t = &c.site.trunk[0];
	CHECK(c.site.trunks == 1 && strcmp(t->name, "acme") == 0 && strcmp(t->domain, "sip.acme.example") == 0);
	CHECK(t->transport == TRUNK_TLS && t->media == TRUNK_SRTP && !t->plain && t->emergency && !t->listens);
	CHECK(t->lines == 8 && t->keepalive_s == 30 && t->priority == 10 && t->classes == UINT32_MAX);
	CHECK(c.site.listeners == 2 && t->listener == 1 && c.site.listener[1].kind == LISTEN_TRUNK);
	CHECK(c.site.listener[1].bind.port == 0); /* it only goes out */
	CHECK(refused(TRUNK("transport = tcp"),
	    "f:3: trunk has a transport that anyone on the way can read and so needs plain = yes"));
	CHECK(refused(TRUNK("media = rtp"), "f:3: trunk has media that anyone on the way can hear and so needs plain = yes"));
	CHECK(refused(TRUNK("plain = yes"), "f:3: trunk is plain but nothing of it is"));
	CHECK(good(TRUNK("transport = udp media = rtp plain = yes listen = \"192.0.2.1:5070\"")));
	CHECK(c.site.listener[1].transport == TRUNK_UDP && c.site.listener[1].bind.port == 5070);
}

static void trunks_are_refused_with_their_reason(void)
{
	CHECK(refused(SITE "trunk acme { server = \"a.b\" }\n",
	    "f:3: trunk names no media-from, the nets that its media come from"));
	CHECK(refused(SITE "trunk acme { }\n", "f:3: trunk has no server"));
	CHECK(refused(TRUNK("user = u"), "f:3: trunk has a user and so needs the realm that its password is for"));
	CHECK(refused(TRUNK("ca = \"../x\""),
	    "f:3: trunk.ca = \"../x\" is no name (lower-case letters, digits, inner '-', '_' and '.')"));
	CHECK(refused(TRUNK("peers = {\"0.0.0.0\"}"), "f:3: trunk.peers = \"0.0.0.0\" must be one address, not all of them"));
	CHECK(refused(SITE "trunk a { server = \"b.c\" media-from = {\"203.0.113.1/24\"} }\n",
	    "f:3: trunk.media-from = \"203.0.113.1/24\" has bits set behind its prefix"));
	CHECK(refused(SITE "trunk a { server = \"b.c\" media-from = {\"::/129\"} }\n",
	    "f:3: trunk.media-from = \"::/129\" has no number of bits after its /"));
	CHECK(refused(TRUNK("classes = {internal}"),
	    "f:3: trunk.classes = \"internal\" is no class of numbers that a trunk carries (toll-free, local, national, ...)"));
	CHECK(refused(TRUNK("spelling = e164"),
	    "f:3: trunk.spelling = \"e164\" is none of plus, digits, international and national"));
	CHECK(refused(TRUNK("spelling = national"), "f: a trunk's spelling needs numbers.country"));
	CHECK(good(TRUNK("spelling = digits")) && c.site.trunk[0].spelling == SPELLED_DIGITS);
	CHECK(good(TRUNK("spelling = national") "numbers { country = fr }\n") && c.site.trunk[0].spelling == SPELLED_NATIONAL);
	CHECK(refused(TRUNK("server = \"x.y\""), "f:3: trunk.server = \"x.y\" is given twice"));
	CHECK(refused(TRUNK("transport = udp media = rtp plain = yes"), "f:3: trunk speaks UDP and so needs a listen"));
	CHECK(refused(TRUNK("listen = \"192.0.2.1:5061\""), "f: trunk acme listens where another section does, and otherwise"));
	CHECK(refused(TRUNK("number \"12a\" { to = 101 }"),
	    "f:3: number is no number (digits, with a leading + when it is international)"));
	CHECK(refused(TRUNK("number \"+33\" { }"), "f:3: number does not say to whom"));
}

static bool warned(const char *text, const char *why)
{
	bool ok = good(text) && strcmp(c.warning, why) == 0;

	if (!ok)
		fprintf(stderr, "said: %s\n", c.warning);
	return ok;
}

/* R29: the last one's callers would hear "full" where the section promises a line. */
static void more_lines_than_calls_are_told(void)
{
	static const char other[] = "trunk b {\nserver = \"b.c\" media-from = {\"203.0.113.7\"}\nlines = 21\n}\n";
	char text[1024];

	CHECK(warned(TRUNK("lines = 1000"), ""));
	CHECK(warned(TRUNK("lines = 41") "limits { calls = 40 }\n",
	    "f:3: trunk acme: its 41 lines are more than the 40 calls that there may be at once (limits.calls)"));
	CHECK(warned(TRUNK("lines = 41") "media { ports = \"20000-20159\" }\n",
	    "f:3: trunk acme: its 41 lines are more than the 40 calls that there may be at once (media.ports, four each)"));
	snprintf(text, sizeof text, "%s%slimits { calls = 40 }\n", TRUNK("lines = 20"), other);
	CHECK(warned(text, "f:7: trunk b: its 21 lines and those of the trunks above it are more than the 40 calls that there may "
			   "be at once (limits.calls)"));
	snprintf(text, sizeof text, "%s%slimits { calls = 41 }\n", TRUNK("lines = 20"), other);
	CHECK(warned(text, ""));
	CHECK(refused(TRUNK("lines = 9") "limits { calls = 8 }\nnonsense = 1\n", "f:5: no such option 'nonsense'"));
	CHECK(!c.warning[0]);
}

/* RFC 3261 18.2.1, but not where others have connections at that port, or at it on every address. */
static void tcp_stands_beside_datagrams(void)
{
#define UDP(at) "trunk u { server = \"b.c\" media-from = {\"203.0.113.7\"} transport = udp media = rtp plain = yes listen = \"" at "\" }\n"
#define TCP(at) "trunk t { server = \"d.e\" media-from = {\"203.0.113.7\"} transport = tcp media = rtp plain = yes listen = \"" at "\" }\n"
#define ALL(l) l "\" advertise = \"192.0.2.1\" address = \"192.0.2.1"
	CHECK(good(SITE UDP("192.0.2.1:5070")) && site_listens_beside(&c.site, 1) && !site_listens_beside(&c.site, 0));
	CHECK(good(SITE UDP("192.0.2.1:5061")) && !site_listens_beside(&c.site, 1)); /* of the phones */
	CHECK(good(SITE UDP("192.0.2.1:5070") TCP("192.0.2.1:5070")));
	CHECK(!site_listens_beside(&c.site, 1) && !site_listens_beside(&c.site, 2));
	CHECK(good(SITE UDP("192.0.2.1:5070") TCP("192.0.2.2:5070")) && site_listens_beside(&c.site, 1));
	CHECK(good(SITE UDP("192.0.2.1:5070") TCP(ALL("0.0.0.0:5070"))) && !site_listens_beside(&c.site, 1));
	CHECK(good(SITE UDP(ALL("0.0.0.0:5070")) TCP("192.0.2.1:5070")) && !site_listens_beside(&c.site, 1));
	CHECK(good(SITE UDP(ALL("0.0.0.0:5070")) TCP("192.0.2.1:5071")) && site_listens_beside(&c.site, 1));
	CHECK(good(SITE TCP("192.0.2.1:5070")) && !site_listens_beside(&c.site, 1));
	CHECK(good(TRUNK("")) && !site_listens_beside(&c.site, 1)); /* no port of its own */
}

static void numbers_belong_to_their_trunk(void)
{
	CHECK(good(TRUNK("number \"+3311\" { to = 101 } number \"+3312\" { to = 102 }")
	    "trunk b { server = \"b.c\" media-from = {\"2001:db8::/32\", \"203.0.113.7\"} caller-id = {\"+331\", \"+332\"}\n"
	    "number \"+3311\" { to = 103 } }\n"));
	const struct site *s = &c.site;
	CHECK(s->trunks == 2 && s->inbounds == 3 && s->inbound[0].trunk == 0 && s->inbound[2].trunk == 1);
	CHECK(strcmp(s->inbound[1].number, "+3312") == 0 && strcmp(s->inbound[2].to, "103") == 0);
	CHECK(s->trunk[1].callers == 2 && s->trunk[1].media_nets == 2 && s->trunk[1].media_net[1].bits == 32);
	CHECK(s->trunk[0].listener == s->trunk[1].listener); /* both only go out, from the same address */
}

/* The name of an account, said above it, stands in place of a number. */
static void calls_of_an_account_are_its_own(void)
{
#define ACCOUNT(name, number) TRUNK("user = \"" name "\" realm = \"acme.example\" number \"" number "\" { to = 101 }")
	CHECK(good(ACCOUNT("1234567e0", "1234567e0")) && c.site.inbounds == 1 && c.site.inbound[0].named && !c.site.inbound[0].number[0]);
	CHECK(good(ACCOUNT("1234567", "1234567")) && !c.site.inbound[0].named && strcmp(c.site.inbound[0].number, "1234567") == 0);
	CHECK(refused(ACCOUNT("1234567e0", "1234567e1"), "f:3: number is no number (digits, with a leading + when it is international)"));
	CHECK(refused(TRUNK("number \"e0\" { to = 101 } user = \"e0\" realm = \"a\""), "f:3: number is no number (digits, with a leading + when it is international)"));
	CHECK(refused(TRUNK("number \"\" { to = 101 }"), "f:3: number is no number"));
}

static void nets_hold_their_addresses(void)
{
	static const struct {
		const char *net, *address;
		uint8_t bits;
		bool holds;
	} row[] = {{"203.0.113.0", "203.0.113.255", 24, true}, {"203.0.113.0", "203.0.114.0", 24, false},
	    {"10.0.0.0", "10.127.255.1", 9, true}, {"10.0.0.0", "10.128.0.0", 9, false}, {"0.0.0.0", "198.51.100.1", 0, true},
	    {"0.0.0.0", "2001:db8::1", 0, false}, {"2001:db8::", "2001:db8:ffff::1", 32, true},
	    {"2001:db8::", "2001:db9::1", 32, false}, {"2001:db8::1", "2001:db8::1", 128, true},
	    {"203.0.113.7", "203.0.113.6", 32, false}};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct trunk_net n = {.bits = row[i].bits};
		struct addr a;
		CHECK(addr_parse_ip(span_str(row[i].net), &n.net) && addr_parse_ip(span_str(row[i].address), &a));
		CHECK(trunk_net_holds(&n, &a) == row[i].holds);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		example = argv[1];
	while (examples_n + 2 < argc && examples_n < 8) {
		examples[examples_n] = argv[examples_n + 2];
		examples_n++;
	}
	RUN(a_small_file_takes_the_defaults);
	RUN(every_key_counts);
	RUN(alarms_are_whole_or_refused);
	RUN(voicemail_is_off_unless_said);
	RUN(sqlite_can_be_named);
	RUN(behind_nat_media_follows_signalling);
	RUN(a_section_that_is_not_closed_is_refused);
	RUN(mild_is_refused_and_names_what_is_missing);
	RUN(refusals_name_line_key_and_reason);
	RUN(the_call_plan_counts);
	RUN(the_numbers_of_the_country_always_count);
	RUN(as_many_as_may_be_named_leave_room_for_them);
	RUN(an_outside_number_leads_to_no_number_for_help);
	RUN(the_test_number_is_named_or_the_continents);
	RUN(the_call_plan_is_refused_with_its_line);
	RUN(a_secret_is_never_in_the_reason);
	RUN(a_domain_is_of_labels);
	RUN(what_could_not_run_is_refused);
	RUN(a_reason_is_one_short_line);
	RUN(the_example_shows_the_defaults);
	RUN(a_trunk_is_tls_and_srtp_unless_it_says_plain);
	RUN(trunks_are_refused_with_their_reason);
	RUN(more_lines_than_calls_are_told);
	RUN(tcp_stands_beside_datagrams);
	RUN(numbers_belong_to_their_trunk);
	RUN(calls_of_an_account_are_its_own);
	RUN(nets_hold_their_addresses);
	return TEST_END;
}
