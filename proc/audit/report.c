/* SPDX-License-Identifier: ISC */
#include "audit/report.h"
#include "base/json.h"
#include "base/siphash.h"
#include <errno.h>
#include <unistd.h>

static const char *const grade_word[AUDIT_GRADES] = {"none", "nobody", "server", "unknown", "open"};

static const char *const why_word[WHY_N] = {"clear", "keys-declined", "sdes-readable", "sdes-in-clear-signalling",
    "clear-before-keys", "clear-after-keys", "null-cipher", "agreed-clear", "keys-at-server", "keys-not-seen",
    "fingerprint-unsigned", "zrtp-to-compare", "lengths-vary", "silence-not-sent", "digits-readable", "tag-32",
    "rtcp-clear"};

static const char *const over_word[] = {"udp", "tcp", "ws"};

static const char *const other_word[OTHER_KINDS] = {
    "sip-tls", "wss", "tls", "mgcp", "h323", "sccp", "iax2", "esp", "teams", "multicast"};

void report_line(struct report *r)
{
	size_t done = 0;

	json_end(&r->line);
	r->failed |= r->line.full;
	while (!r->failed && done < r->line.n) {
		ssize_t n = write(r->fd, r->line.p + done, r->line.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		r->failed |= n <= 0;
		done += n > 0 ? (size_t)n : 0;
	}
	r->line = buf_of(r->room, sizeof r->room);
}

static struct buf *begin(struct report *r, const char *kind)
{
	r->line = buf_of(r->room, sizeof r->room);
	json_begin(&r->line, kind);
	return &r->line;
}

/* The same for the same within this report, and for nobody outside it. */
static void token(struct report *r, const char *name, const char *kind, struct span s)
{
	uint8_t text[24];
	struct buf b = buf_of(text, sizeof text);
	uint64_t h = siphash(r->secret, s);

	buf_str(&b, kind);
	buf_hex(&b, &h, 5);
	json_text(&r->line, name, buf_span(&b));
}

void report_address(struct report *r, const char *name, const uint8_t ip[16])
{
	uint8_t text[ADDR_TEXT_MAX];
	struct buf b = buf_of(text, sizeof text);
	struct addr a = {.family = 6};
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (r->anonymise) {
		token(r, name, "a-", span_of(ip, 16));
		return;
	}
	memcpy(a.ip, ip, sizeof a.ip);
	if (memcmp(ip, mapped, sizeof mapped) == 0)
		a.family = 4;
	addr_put_ip(&b, &a);
	json_text(&r->line, name, buf_span(&b));
}

static void text_or_token(struct report *r, const char *name, const char *kind, const struct audit *a, uint32_t text)
{
	if (text == NONE)
		json_word(&r->line, name, "");
	else if (r->anonymise)
		token(r, name, kind, audit_text_of(a, text));
	else
		json_text(&r->line, name, audit_text_of(a, text));
}

void report_person(struct report *r, const char *name, const struct audit *a, uint32_t text)
{
	text_or_token(r, name, "n-", a, text);
}

void report_device(struct report *r, const char *name, const struct audit *a, uint32_t text)
{
	text_or_token(r, name, "d-", a, text);
}

void report_whys(struct report *r, uint32_t why)
{
	bool first = true;

	json_items(&r->line, "why");
	for (unsigned i = 0; i < WHY_N; i++) {
		if (!(why >> i & 1))
			continue;
		json_item(&r->line, first);
		json_word(&r->line, "is", why_word[i]);
		json_item_end(&r->line);
		first = false;
	}
	json_items_end(&r->line);
}

/* --- calls --- */

static const char *keys_of(const struct verdict *v)
{
	return v->sdes ? "sdes" : v->zrtp ? "zrtp" : v->dtls ? "dtls" : v->why & WHY_KEYS_UNSEEN ? "unseen" : "none";
}

static void leg(struct report *r, const struct audit *a, const struct calls *c, uint32_t node, bool first)
{
	const struct verdict *v = &c->node[node].v;
	struct buf *b = &r->line;

	json_item(b, first);
	if (node <= a->legs.n) {
		const struct leg *l = &a->leg[node];
		report_address(r, "caller", a->host[l->host[0]].ip);
		report_address(r, "called", a->host[l->host[1]].ip);
		json_word(b, "signalling", over_word[l->over]);
	} else {
		const struct flow *f = &a->flow[node - a->legs.n];
		report_address(r, "caller", f->key.src);
		report_address(r, "called", f->key.dst);
		json_word(b, "signalling", "unseen");
	}
	json_word(b, "grade", grade_word[v->grade]);
	json_word(b, "keys", keys_of(v));
	json_word(b, "codec", seen_codec_name((enum seen_codec)v->codec));
	json_number(b, "packets", v->packets);
	json_number(b, "clear_packets", v->clear_packets);
	report_whys(r, v->why);
	json_item_end(b);
}

struct extent {
	uint32_t first, last;
};

static void extend(struct extent *e, uint32_t first, uint32_t last)
{
	e->first = e->first == 0 || first < e->first ? first : e->first;
	e->last = last > e->last ? last : e->last;
}

/* From the first INVITE or packet to the last. */
static struct extent extent_of(const struct audit *a, const struct calls *c, uint32_t root)
{
	struct extent e = {0};

	for (uint32_t i = root; i != NONE; i = c->node[i].next) {
		if (i <= a->legs.n)
			extend(&e, a->leg[i].invite_ms, a->leg[i].last_ms);
		else
			extend(&e, a->flow[i - a->legs.n].first_ms, a->flow[i - a->legs.n].last_ms);
	}
	return e;
}

static void call(struct report *r, const struct audit *a, const struct calls *c, uint32_t root)
{
	struct buf *b = begin(r, "call");
	struct extent e = extent_of(a, c, root);
	const struct leg *l = root <= a->legs.n ? &a->leg[root] : &a->leg[NONE];
	uint32_t why = 0, n = 0;

	json_number(b, "id", c->node[root].id);
	json_word(b, "grade", grade_word[c->node[root].worst]);
	report_person(r, "from", a, l->from);
	report_person(r, "to", a, l->to);
	json_signed(b, "start_ms", audit_wall_ms(a, e.first));
	json_number(b, "duration_ms", e.last - e.first);
	for (uint32_t i = root; i != NONE; i = c->node[i].next)
		why |= c->node[i].v.why;
	report_whys(r, why);
	json_items(b, "legs");
	for (uint32_t i = root; i != NONE && n < REPORT_LEGS; i = c->node[i].next)
		if (c->node[i].v.grade != AUDIT_NONE)
			leg(r, a, c, i, n++ == 0);
	json_items_end(b);
	report_line(r);
}

static void calls(struct report *r, const struct audit *a, const struct calls *c, enum audit_grade grade)
{
	for (uint32_t i = 1; i <= a->legs.n + a->flows.n && !r->failed; i++)
		if (c->node[i].id && c->node[i].worst == grade)
			call(r, a, c, i);
}

/* --- what was read, and what signalling gives away --- */

static void summary(struct report *r, const struct audit *a, const struct calls *c)
{
	struct buf *b = begin(r, "audit");

	json_number(b, "version", 1);
	json_number(b, "calls", c->n);
	json_number(b, "open", c->by_grade[AUDIT_OPEN]);
	json_number(b, "server", c->by_grade[AUDIT_SERVER]);
	json_number(b, "nobody", c->by_grade[AUDIT_NOBODY]);
	json_number(b, "unknown", c->by_grade[AUDIT_UNKNOWN]);
	json_number(b, "attempts", c->attempts);
	json_number(b, "packets", a->count.frames);
	json_number(b, "octets", a->count.octets);
	json_signed(b, "start_ms", (int64_t)(a->first_us / 1000));
	json_number(b, "duration_ms", (a->last_us - a->first_us) / 1000);
	json_number(b, "cut_packets", a->count.cut);
	json_number(b, "malformed_packets", a->count.malformed);
	json_number(b, "unknown_link", a->count.unknown_link);
	json_number(b, "tcp_gaps", a->tcp.lost);
	json_number(b, "left_out",
	    a->count.legs_left + a->count.flows_left + a->count.streams_left + a->count.keys_left +
		a->count.endpoints_left + a->count.texts_left + a->count.edges_left + a->count.tls_left);
	report_line(r);
}

static uint32_t texts_of(const struct audit *a, unsigned kind)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i <= a->texts.n; i++)
		n += (a->text[i].kinds & kind) != 0;
	return n;
}

static const char *weakest(const struct audit *a)
{
	static const char *const names[] = {"MD5", "other", "SHA-256", "SHA-512-256"};
	static const enum digest_alg order[] = {DIGEST_MD5, DIGEST_OTHER, DIGEST_SHA256, DIGEST_SHA512_256};

	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		if (a->count.digest[order[i]])
			return names[i];
	return "";
}

static void signalling(struct report *r, const struct audit *a)
{
	struct buf *b = begin(r, "signalling");
	uint64_t digests = 0, inside = 0;

	for (unsigned i = 0; i <= DIGEST_OTHER; i++)
		digests += a->count.digest[i];
	for (uint32_t i = 1; i <= a->hosts.n; i++)
		inside += (a->host[i].flags & HOST_INSIDE_NAMED) != 0;
	json_number(b, "messages", a->count.sip);
	json_number(b, "unreadable", a->count.sip_bad);
	json_number(b, "websockets", a->count.websockets);
	json_number(b, "registrations", a->count.registers);
	json_number(b, "numbers", texts_of(a, TEXT_NUMBER));
	json_number(b, "names", texts_of(a, TEXT_NAME));
	json_number(b, "devices", texts_of(a, TEXT_DEVICE));
	json_number(b, "inside_addresses", inside);
	json_number(b, "who_calls_whom", a->edges.n);
	json_number(b, "digests", digests);
	json_number(b, "digest_logins", texts_of(a, TEXT_LOGIN));
	json_word(b, "digest_weakest", weakest(a));
	report_line(r);
}

/* What goes beside the media. */
static void beside(struct report *r, const struct audit *a)
{
	struct buf *b = begin(r, "beside");

	json_number(b, "stun", a->count.stun);
	json_number(b, "ice_checks", a->count.ice);
	json_number(b, "rtcp", a->count.rtcp);
	json_number(b, "rtcp_clear", a->count.rtcp_clear);
	json_number(b, "cnames", texts_of(a, TEXT_CNAME));
	report_line(r);
}

static void others(struct report *r, const struct audit *a)
{
	for (unsigned i = 0; i < OTHER_KINDS; i++) {
		if (!a->count.other[i])
			continue;
		struct buf *b = begin(r, "other");
		json_word(b, "what", other_word[i]);
		json_number(b, "packets", a->count.other[i]);
		report_line(r);
	}
}

static void trend(struct report *r, const struct audit *a, const struct calls *c)
{
	for (unsigned i = 0; a->files > 1 && i < a->files; i++) {
		struct buf *b = begin(r, "trend");
		json_number(b, "file", i);
		json_number(b, "calls", c->by_file[i][0]);
		json_number(b, "open", c->by_file[i][1]);
		report_line(r);
	}
}

static void graph(struct report *r, const struct audit *a)
{
	for (uint32_t i = 1; r->graph && i <= a->edges.n && !r->failed; i++) {
		struct buf *b = begin(r, "edge");
		report_person(r, "from", a, a->edge[i].from);
		report_person(r, "to", a, a->edge[i].to);
		json_number(b, "calls", a->edge[i].calls);
		report_line(r);
	}
}

void report_progress(struct report *r, const struct audit *a, uint64_t octets)
{
	struct buf *b = begin(r, "progress");

	json_number(b, "file", a->file);
	json_number(b, "octets", octets);
	json_number(b, "packets", a->count.frames);
	report_line(r);
}

void report_file(struct report *r, uint32_t file, const char *why)
{
	struct buf *b = begin(r, "file");

	json_number(b, "file", file);
	json_word(b, "why", why);
	report_line(r);
}

void report_sound(struct report *r, uint32_t call_id, const char *why)
{
	struct buf *b = begin(r, "sound");

	json_number(b, "call", call_id);
	json_flag(b, "written", why == NULL);
	if (why)
		json_word(b, "why", why);
	report_line(r);
}

void report_write(struct report *r, struct audit *a, struct calls *c)
{
	static const enum audit_grade order[] = {AUDIT_OPEN, AUDIT_UNKNOWN, AUDIT_SERVER, AUDIT_NOBODY};

	phones_count(a, c);
	summary(r, a, c);
	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		calls(r, a, c, order[i]);
	phones_report(r, a);
	signalling(r, a);
	beside(r, a);
	others(r, a);
	trend(r, a, c);
	graph(r, a);
}
