/* SPDX-License-Identifier: ISC */
#include "audit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLS_SHOWN = 30 };

static const struct word grades[] = {
    {"open", "open: whoever is on the wire can hear"},
    {"unknown", "unknown: the capture does not show how they were spoken"},
    {"server", "servers: no one on the wire can hear, a server on the way could"},
    {"nobody", "nobody: no one but the two can hear"},
};

static const struct word whys[] = {
    {"clear", "speech in clear"},
    {"keys-declined", "keys were offered and answered in clear"},
    {"sdes-readable", "its key stands in readable signalling (proved)"},
    {"sdes-in-clear-signalling", "its key stands in readable signalling"},
    {"clear-before-keys", "begins in clear"},
    {"clear-after-keys", "goes on in clear"},
    {"null-cipher", "a cipher that does not encrypt"},
    {"agreed-clear", "agreed on in clear"},
    {"keys-at-server", "a server has the key"},
    {"keys-not-seen", "keys agreed on out of sight: a server may have them"},
    {"fingerprint-unsigned", "active: fingerprints can be replaced on the way"},
    {"zrtp-to-compare", "active: safe only if both compared ZRTP's words"},
    {"lengths-vary", "packet lengths tell what is said"},
    {"silence-not-sent", "pauses show who speaks when"},
    {"digits-readable", "keys pressed can be read"},
    {"tag-32", "tags of 32 bits"},
    {"rtcp-clear", "reports beside encrypted speech (RTCP) name who speaks"},
};

static const struct word others[] = {
    {"sip-tls", "SIP over TLS: connections that cannot be read"},
    {"wss", "WSS (web phones): connections that cannot be read"},
    {"tls", "TLS: other connections"},
    {"mgcp", "MGCP"},
    {"h323", "H.323"},
    {"sccp", "SCCP (Skinny)"},
    {"iax2", "IAX2"},
    {"esp", "IPsec"},
    {"teams", "Microsoft Teams"},
    {"multicast", "multicast (paging, television)"},
};

const struct word audit_beside[AUDIT_BESIDE] = {
    {"stun", "STUN messages"},
    {"ice_checks", "of them checks of ICE, which name paths between the two"},
    {"rtcp", "reports on the speech (RTCP)"},
    {"rtcp_clear", "of them in clear"},
    {"cnames", "names of those who speak in them"},
};

#define PLAIN(table, key) word_plain(table, (int)(sizeof(table) / sizeof *(table)), key)

static void paint(const struct audit_view *v, const char *colour)
{
	if (v->colour)
		fputs(colour, stdout);
}

const char *audit_whys(json_t *line, char *out, size_t cap)
{
	json_t *list = json_object_get(line, "why"), *one;
	size_t i, n = 0;

	out[0] = 0;
	json_array_foreach(list, i, one) if (n < cap) n +=
	    (size_t)snprintf(out + n, cap - n, "%s%s", n ? "; " : "", safe(PLAIN(whys, member(one, "is"))));
	return out;
}

const char *audit_remarks(const json_t *line, char *out, size_t cap)
{
	static const struct word remarks[] = {
	    {"attempts", "Attempts that nobody answered"},
	    {"cut_packets", "Packets cut short (capture with -s 0)"},
	    {"unknown_link", "Packets of a kind of network that is not known here"},
	    {"left_out", "Left out for want of room, so that there may be more calls (take a shorter capture)"},
	};
	size_t n = 0;

	out[0] = 0;
	for (size_t i = 0; i < sizeof remarks / sizeof *remarks && n < cap; i++)
		if (member_number(line, remarks[i].key))
			n += (size_t)snprintf(out + n, cap - n, " %s: %lld.", remarks[i].plain,
			    (long long)member_number(line, remarks[i].key));
	return out;
}

const char *audit_capture(const struct cmd *c, int64_t i)
{
	static char name[32];

	if (i < 0 || i >= c->args)
		return "";
	if (!option_is(c, "anonymise"))
		return c->arg[i];
	snprintf(name, sizeof name, "capture %lld", (long long)i + 1);
	return name;
}

const char *audit_other_plain(const char *key)
{
	return PLAIN(others, key);
}

const char *audit_grade_plain(const char *key)
{
	return PLAIN(grades, key);
}

const char *audit_grade_known(const char *key)
{
	for (size_t i = 0; i < sizeof grades / sizeof *grades; i++)
		if (strcmp(grades[i].key, key) == 0)
			return grades[i].key;
	return "unknown";
}

void audit_show_begin(struct audit_view *v, const struct cmd *c)
{
	*v = (struct audit_view){.cmd = c, .all = option_is(c, "all")};
	v->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

static void end_section(struct audit_view *v)
{
	if (v->table.cell)
		table_end(&v->table);
	if (v->unshown)
		printf("... and %lld more: --all shows them\n", (long long)v->unshown);
	v->unshown = 0;
}

/* True: this line is the first of its kind. */
static bool section(struct audit_view *v, const char *name, const char *title)
{
	if (v->section && strcmp(v->section, name) == 0)
		return false;
	end_section(v);
	v->section = name;
	if (title) {
		paint(v, "\033[1m");
		printf("\n%s\n", title);
		paint(v, "\033[0m");
	}
	return true;
}

static void summary(struct audit_view *v, const json_t *line)
{
	int64_t n = member_number(line, "calls"), open = member_number(line, "open");
	char remarks[AUDIT_REMARKS_MAX];

	section(v, "audit", NULL);
	paint(v, open ? "\033[1;31m" : "\033[1;32m");
	printf("%lld of %lld calls are open to eavesdropping", (long long)open, (long long)n);
	paint(v, "\033[0m");
	putchar('\n');
	for (size_t i = 0; i < sizeof grades / sizeof *grades; i++)
		if (member_number(line, grades[i].key))
			printf("%6lld  %s\n", (long long)member_number(line, grades[i].key), grades[i].plain);
	printf("%lld packets in %s.%s\n", (long long)member_number(line, "packets"),
	    show_length((uint64_t)member_number(line, "duration_ms")), audit_remarks(line, remarks, sizeof remarks));
}

const char *audit_party(json_t *line, const char *name, const char *address)
{
	json_t *leg = json_array_get(json_object_get(line, "legs"), 0);
	const char *number = member(line, name);

	return number[0] ? number : member(leg, address);
}

static void call(struct audit_view *v, json_t *line)
{
	static const char *const head[] = {"ID", "FROM", "TO", "START", "FOR", "WHO CAN HEAR", "WHY"};
	char why[640], id[24];

	if (!v->all && strcmp(member(line, "grade"), "open") != 0)
		return;
	if (section(v, "call", v->all ? "Calls" : "Open calls"))
		table_begin(&v->table, 7, head);
	if (!v->all && v->calls_n == CALLS_SHOWN) {
		v->unshown++;
		return;
	}
	v->calls_n++;
	const char *grade = safe(PLAIN(grades, member(line, "grade")));
	char brief[32];
	snprintf(brief, sizeof brief, "%.*s", (int)strcspn(grade, ":"), grade);
	snprintf(id, sizeof id, "%lld", (long long)member_number(line, "id"));
	const char *cells[] = {id, safe(audit_party(line, "from", "caller")), safe(audit_party(line, "to", "called")),
	    show_when(member_number(line, "start_ms")), show_length((uint64_t)member_number(line, "duration_ms")),
	    brief, audit_whys(line, why, sizeof why)};
	table_add(&v->table, cells);
}

static void phone(struct audit_view *v, json_t *line)
{
	char why[640];

	section(v, "phone", "Phones to fix first");
	printf("%s%s%s%s%s  %lld of %lld calls open: %s\n", safe(member(line, "address")),
	    member(line, "number")[0] ? "  " : "", safe(member(line, "number")), member(line, "device")[0] ? "  " : "",
	    safe(member(line, "device")), (long long)member_number(line, "open"),
	    (long long)member_number(line, "calls"), audit_whys(line, why, sizeof why));
	printf("    %s\n", safe(member(line, "remedy")));
}

static void count(const json_t *line, const char *name, const char *plain)
{
	if (member_number(line, name))
		printf("%6lld  %s\n", (long long)member_number(line, name), plain);
}

static void signalling(struct audit_view *v, const json_t *line)
{
	section(v, "signalling", "What the signalling gives away");
	if (member_number(line, "messages") == 0) {
		printf("Nothing: no SIP could be read.\n");
		return;
	}
	count(line, "messages", "SIP messages that anyone on the wire can read");
	count(line, "numbers", "numbers of callers and called");
	count(line, "names", "names");
	count(line, "who_calls_whom", "pairs of who calls whom (--graph draws them)");
	count(line, "devices", "makes and versions of devices");
	count(line, "inside_addresses", "addresses of inside networks");
	count(line, "digests", "password proofs that can be guessed at offline");
	if (member_number(line, "digests"))
		printf("        of %lld logins, the weakest under %s\n",
		    (long long)member_number(line, "digest_logins"), safe(member(line, "digest_weakest")));
}

static void beside(struct audit_view *v, const json_t *line)
{
	for (unsigned i = 0; i < AUDIT_BESIDE; i++) {
		if (!member_number(line, audit_beside[i].key))
			continue;
		section(v, "beside", "What went beside the speech");
		count(line, audit_beside[i].key, audit_beside[i].plain);
	}
}

static void other(struct audit_view *v, const json_t *line)
{
	section(v, "other", "What else was there, and is not read");
	printf("%6lld  %s\n", (long long)member_number(line, "packets"), safe(audit_other_plain(member(line, "what"))));
}

static void trend(struct audit_view *v, const json_t *line)
{
	section(v, "trend", "By capture");
	printf("%6lld of %lld open  %s\n", (long long)member_number(line, "open"),
	    (long long)member_number(line, "calls"), safe(audit_capture(v->cmd, member_number(line, "file"))));
}

static void edge(struct audit_view *v, const json_t *line)
{
	static const char *const head[] = {"FROM", "TO", "CALLS"};
	char n[24];

	if (section(v, "edge", "Who calls whom"))
		table_begin(&v->table, 3, head);
	snprintf(n, sizeof n, "%lld", (long long)member_number(line, "calls"));
	const char *cells[] = {safe(member(line, "from")), safe(member(line, "to")), n};
	table_add(&v->table, cells);
}

void audit_show(struct audit_view *v, json_t *line)
{
	if (line_is(line, "audit"))
		summary(v, line);
	else if (line_is(line, "call"))
		call(v, line);
	else if (line_is(line, "phone"))
		phone(v, line);
	else if (line_is(line, "signalling"))
		signalling(v, line);
	else if (line_is(line, "beside"))
		beside(v, line);
	else if (line_is(line, "other"))
		other(v, line);
	else if (line_is(line, "trend"))
		trend(v, line);
	else if (line_is(line, "edge"))
		edge(v, line);
}

void audit_show_end(struct audit_view *v)
{
	end_section(v);
}
