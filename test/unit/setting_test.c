/* SPDX-License-Identifier: ISC */
/* What may be set, and by whom (R5, R16, R17, R29): every kind with what it takes and what it does not. */
#include "ipc/civic.h"
#include "ipc/contract.h"
#include "test.h"

static const struct {
	enum setting_owner owner;
	const char *name, *good[5], *bad[7];
} each[] = {
    {OWNER_USER, "classes", {"local", "toll-free local national mobile", "fr ch night"}, {"locl", "unknown", "local;premium"}},
    {OWNER_USER, "ceilings", {"money=20", "money=0.50 minutes=300 calls=2 hourly=10 destinations=5 abroad=1"}, {"money", "money=x", "gold=1", "calls=-1"}},
    {OWNER_USER, "forward-always", {"102", "+15551234567", "0033123456789", "reception", "*97"}, {"", "1 2", "a@b", "102,103", "leg-1", "Anna"}},
    {OWNER_USER, "forward-busy", {"102"}, {"\x01"}},
    {OWNER_USER, "forward-no-answer", {"102"}, {"\xc3\xa9"}},
    {OWNER_USER, "forward-offline", {"102"}, {"123456789012345678901234567890123"}},
    {OWNER_USER, "ring-seconds", {"5", "20", "600"}, {"4", "601", "x", "20s", "-5"}},
    {OWNER_USER, "dnd", {"on"}, {"off", "yes", "1", "ON"}},
    {OWNER_USER, "reject-anonymous", {"on"}, {"no"}},
    {OWNER_USER, "blocked", {"+15551234567", "102, +15551234567 ,103"}, {",", "102,", ",102", "102;103", "a b"}},
    {OWNER_USER, "known", {"102"}, {"102,,103"}},
    {OWNER_USER, "screen", {"pass", "slow", "screen", "refuse"}, {"maybe", "Pass"}},
    {OWNER_USER, "outside-number", {"+4930123456", "030123456"}, {"anna", "+", "+49 30", "1234567890123456", "+12345678901234567"}},
    {OWNER_USER, "pickup-group", {"sales", "floor-2"}, {"a b", "A", "a,b"}},
    {OWNER_USER, "voicemail", {"on", "off", "25"}, {"Off", "1", "601", "x"}},
    {OWNER_USER, "language", {"en", "fr", "pt-br"}, {"f", "French", "fr/x", "../x", "francais9", "fr,en"}},
    {OWNER_USER, "greeting", {"summer-1"}, {"../x", "a/b", "a.wav"}},
    {OWNER_DEVICE, "location", {"country=GB", "country=FR, city=Aÿ, street=rue de l'Église"},
     {"city=London", "country=gb", "country=GB, country=FR", "country=GB, planet=earth", "country=GB, city=", "country=GB city", "country=GB, city=a=b"}},
    {OWNER_DEVICE, "location-confirmed", {"1795639588000"}, {"yesterday", "-1", "99999999999999999999"}},
    {OWNER_DEVICE, "subnet", {"10.1.2.0/24", "0.0.0.0/0", "2001:db8::/32, 10.0.0.1/32", "10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16"},
     {"10.1.2.3/24", "10.1.2.0", "10.1.2.0/33", "/24", "[2001:db8::]/32", "10.1.0.0/16,10.2.0.0/16,10.3.0.0/16,10.4.0.0/16,10.5.0.0/16", "a/8"}},
    {OWNER_DEVICE, "join", {"ended", "passing"}, {"on"}},
    {OWNER_DEVICE, "remote", {"on"}, {"off"}},
    {OWNER_GROUP, "members", {"101", "101,102,anna"}, {"101,", "Anna", "1 2"}},
    {OWNER_GROUP, "strategy", {"all", "in-turn"}, {"random"}},
    {OWNER_GROUP, "ring-seconds", {"15"}, {"1"}},
    {OWNER_GROUP, "forward-no-answer", {"101"}, {"12;3"}},
    {OWNER_SITE, "night", {"on", "off"}, {"auto", "maybe"}},
    {OWNER_SITE, "front-desk", {"101"}, {"101,102", "+ 1"}},
};

static void every_kind_is_judged(void)
{
	bool seen[SETTINGS] = {false};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		enum setting_kind kind = setting_find(span_str(each[i].name));
		CHECK(kind < SETTINGS);
		seen[kind] = true;
		CHECK(setting_check(each[i].owner, kind, SPAN("")) == NULL);
		for (int k = 0; k < 5 && each[i].good[k]; k++)
			if (setting_check(each[i].owner, kind, span_str(each[i].good[k])) != NULL) {
				fprintf(stderr, "%s = \"%s\"\n", each[i].name, each[i].good[k]);
				CHECK(false);
			}
		for (int k = 0; k < 7 && each[i].bad[k]; k++)
			if (each[i].bad[k][0] && setting_check(each[i].owner, kind, span_str(each[i].bad[k])) == NULL) {
				fprintf(stderr, "%s = \"%s\" was taken\n", each[i].name, each[i].bad[k]);
				CHECK(false);
			}
	}
	for (int i = 0; i < SETTINGS; i++)
		CHECK(seen[i] && strlen(setting_rule[i].name) <= 32 && setting_rule[i].owners);
}

static void what_is_not_theirs_is_refused(void)
{
	CHECK(setting_check(OWNER_DEVICE, SETTING_DND, SPAN("on")) != NULL);
	CHECK(setting_check(OWNER_USER, SETTING_LOCATION, SPAN("country=GB")) != NULL);
	CHECK(setting_check(OWNER_SITE, SETTING_DND, SPAN("")) != NULL);
	CHECK(setting_find(SPAN("no-such")) == SETTINGS && setting_find(SPAN("")) == SETTINGS);
	/* what costs money, or says where help is sent, is an administrator's */
	static const enum setting_kind admins[] = {SETTING_CLASSES, SETTING_CEILINGS, SETTING_OUTSIDE_NUMBER, SETTING_LOCATION,
	    SETTING_SUBNET, SETTING_JOIN, SETTING_REMOTE, SETTING_MEMBERS, SETTING_NIGHT, SETTING_FRONT_DESK};
	for (size_t i = 0; i < sizeof admins / sizeof *admins; i++)
		CHECK(setting_rule[admins[i]].setter == SETTER_ADMIN);
}

static void long_values_are_refused(void)
{
	char text[SETTING_TEXT_MAX + 2];

	memset(text, '1', sizeof text);
	for (size_t i = 3; i < sizeof text; i += 4)
		text[i] = ',';
	text[SETTING_TEXT_MAX - 1] = '1';
	CHECK(setting_check(OWNER_USER, SETTING_BLOCKED, span_of(text, SETTING_TEXT_MAX)) == NULL);
	text[SETTING_TEXT_MAX - 1] = ',';
	CHECK(setting_check(OWNER_USER, SETTING_BLOCKED, span_of(text, SETTING_TEXT_MAX + 1)) != NULL);
}

static void addresses_are_read(void)
{
	struct civic c;

	CHECK(civic_parse(SPAN(" country = US ,state=NY, city=New York, street=Broadway, house=1, floor=3, room=12,postcode=10001"), &c) == NULL);
	CHECK(span_eq(c.part[CIVIC_COUNTRY], SPAN("US")) && span_eq(c.part[CIVIC_CITY], SPAN("New York")));
	CHECK(span_eq(c.part[CIVIC_POSTCODE], SPAN("10001")) && span_eq(c.part[CIVIC_STATE], SPAN("NY")));
	CHECK(civic_parse(SPAN("country=US, city=a\x1b[2J"), &c) != NULL && civic_parse(SPAN("country=US, city=\xff"), &c) != NULL);
	CHECK(civic_parse(SPAN(""), &c) != NULL && civic_parse(SPAN("country=US,"), &c) != NULL);
}

static void networks_hold_addresses(void)
{
	static const struct {
		const char *net, *in, *out;
	} t[] = {{"10.1.2.0/24", "10.1.2.255", "10.1.3.0"}, {"10.1.2.128/25", "10.1.2.128", "10.1.2.127"},
	    {"0.0.0.0/0", "203.0.113.1", "::1"}, {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
	    {"::/0", "2001:db8::1", "192.0.2.1"}, {"192.0.2.7/32", "192.0.2.7", "192.0.2.6"}};
	struct subnet s;
	struct addr a;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		CHECK(subnet_parse(span_str(t[i].net), &s));
		CHECK(addr_parse_ip(span_str(t[i].in), &a) && subnet_has(&s, &a));
		CHECK(addr_parse_ip(span_str(t[i].out), &a) && !subnet_has(&s, &a));
	}
}

static void lists_are_walked(void)
{
	struct span list = SPAN("101 , 102,,x,"), item;
	const char *want[] = {"101", "102", "", "x", ""};
	size_t n = 0;

	while (setting_next(&list, &item)) {
		CHECK(n < 5 && span_eq(item, span_str(want[n])));
		n++;
	}
	CHECK(n == 5 && setting_list_has(SPAN("101, 102"), SPAN("102")) && !setting_list_has(SPAN("101"), SPAN("10")));
	list = SPAN("");
	CHECK(!setting_next(&list, &item) && !setting_list_has(SPAN(""), SPAN("")));
}

int main(void)
{
	RUN(every_kind_is_judged);
	RUN(what_is_not_theirs_is_refused);
	RUN(long_values_are_refused);
	RUN(addresses_are_read);
	RUN(networks_hold_addresses);
	RUN(lists_are_walked);
	return TEST_END;
}
