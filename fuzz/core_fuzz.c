/* SPDX-License-Identifier: ISC */
/* Everything that siblings may say to core, one message after the other, in virtual time. Whatever was said: core breaks
 * no contract itself, and when all phones have gone nothing is left in any pool. */
#include "base/cursor.h"
#include "fuzz.h"
#include "sim_phone.h"

enum { SEEN_MAX = 32, TEXTS_MAX = 32, TEXT_MAX = 64 };

/* Numbers and texts that core or a phone has used: references, transactions, tokens, tags. */
static uint64_t seen[SEEN_MAX];
static uint32_t seen_n;
static char text[TEXTS_MAX][TEXT_MAX];
static uint32_t text_n;
static struct sdp said; /* core's last description: a phone may say what it was told, keys and all */
static struct phone phone[4];
static struct cursor c;

static uint8_t octet(void)
{
	uint8_t v = 0;
	return cursor_u8(&c, &v) ? v : 0;
}

static uint64_t number(void)
{
	uint8_t how = octet();
	uint64_t v = 0;

	if (how < 64)
		return how;
	if (how < 200)
		return seen[(how - 64) % SEEN_MAX];
	if (how < 240)
		return phone[how % 4].flow;
	if (how < 248)
		return ABSENT;
	for (int i = 0; i < 8; i++)
		v = v << 8 | octet();
	return v;
}

static void remember_text(struct span s)
{
	if (s.n && s.n < TEXT_MAX)
		span_cstr(s, text[text_n++ % TEXTS_MAX], TEXT_MAX);
}

/* Every number that stands first in what core says is one that an answer names; its texts are tags and the like. */
static void look(struct link *l, const struct ipc_view *v)
{
	struct str s;

	(void)l;
	if (v->type == MSG_DEVICE_STATE || v->type == MSG_EVENT)
		return;
	if (msg_rule[v->type].size >= sizeof seen[0])
		memcpy(&seen[seen_n++ % SEEN_MAX], v->payload, sizeof seen[0]);
	for (const struct msg_field *f = msg_rule[v->type].fields(); f->name; f++) {
		memcpy(&s, (const uint8_t *)v->payload + f->offset, sizeof s);
		if (f->kind == FIELD_STRING)
			remember_text(ipc_str(v, s));
		else if (f->kind == FIELD_PART && f->limit == sizeof said && s.len)
			memcpy(&said, ipc_part(v, s), sizeof said);
	}
}

static const char *some_text(void)
{
	static const char *const fixed[] = {"", "alice", "bob", "carol", "112", "<sip:x@198.51.100.1>", "tag", "call"};
	uint8_t how = octet();

	return how < 128 ? fixed[how % 8] : text[how % TEXTS_MAX];
}

static struct sdp echo_of(const char *host, uint8_t which)
{
	struct sdp echo = said;
	struct sdp_audio *a = &echo.audio;

	FUZZ_CHECK(addr_parse_ip(span_str(host), &a->at));
	a->at.port = 40002;
	a->rtcp = (struct addr){0};
	if (a->crypto_n)
		a->crypto[0] = said.audio.crypto[which % a->crypto_n];
	a->crypto_n = a->crypto_n != 0;
	return echo;
}

static struct sdp some_sdp(void)
{
	static const char *const direction[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
	static const char *const setup[] = {"actpass", "active", "passive"};
	uint8_t how = octet(), version = octet();

	if (version >= 224 && said.line_n)
		return echo_of(phone[how >> 2 & 3].host, version);
	return sdp_of(how & 1 ? KEYS_DTLS : KEYS_SDES, how & 2 ? "10.0.0.5" : phone[how >> 2 & 3].host, 40002, version,
	    direction[how >> 4 & 3], setup[(how >> 6) % 3]);
}

static struct passport some_passport(void)
{
	unsigned how = octet();
	struct passport p = {.kind = PASSPORT_OTHER};

	if (how & 1)
		p = (struct passport){.kind = PASSPORT_READ, .attest = how & 2 ? 'A' : 0, .dests = 1, .iat_s = number(),
		    .orig = "33611223344", .dest = {"33140000001"}, .x5u = {(uint8_t)(how >> 2 & 1)}};
	return p;
}

static struct pidf_place some_place(void)
{
	struct pidf_place p = {.shape = PIDF_POINT, .latitude_e7 = octet() * 1000000, .longitude_e7 = octet() * 1000000};

	return p;
}

static struct str some_part(struct link *l, const struct msg_field *f)
{
	const struct sdp sdp = some_sdp();
	const struct passport signed_by = some_passport();

	if (f->limit == sizeof sdp)
		return ipc_put_part(l, &sdp, sizeof sdp);
	if (f->limit == sizeof signed_by)
		return ipc_put_part(l, &signed_by, sizeof signed_by);
	const struct pidf_place place = some_place();
	FUZZ_CHECK(f->limit == sizeof place);
	return ipc_put_part(l, &place, sizeof place);
}

static void fill(struct link *l, uint8_t *payload, const struct msg_field *f)
{
	uint64_t v;
	struct str s = {0, 0};

	switch (f->kind) {
	case FIELD_NUMBER:
		v = number();
		memcpy(payload + f->offset, &v, f->size);
		break;
	case FIELD_ENUM:
		payload[f->offset] = (uint8_t)(octet() % f->limit);
		break;
	case FIELD_STRING:
		s = ipc_put(l, span_head(span_str(some_text()), f->limit));
		memcpy(payload + f->offset, &s, sizeof s);
		break;
	case FIELD_PART:
		if (octet() & 1) {
			s = some_part(l, f);
			memcpy(payload + f->offset, &s, sizeof s);
		}
		break;
	case FIELD_ADDR:
		FUZZ_CHECK(addr_parse_ip(SPAN("198.51.100.7"), (struct addr *)(void *)(payload + f->offset)));
		break;
	case FIELD_BYTES:
		break;
	}
}

static const struct {
	enum proc from;
	enum msg type;
} may[] = {{PROC_EDGE, MSG_REQUEST}, {PROC_EDGE, MSG_RESPONSE}, {PROC_EDGE, MSG_CANCELLED}, {PROC_EDGE, MSG_HELP_REFUSED}, {PROC_EDGE, MSG_FLOW_UP},
    {PROC_EDGE, MSG_FLOW_DOWN}, {PROC_KEEPER, MSG_NONCES}, {PROC_KEEPER, MSG_LOGIN}, {PROC_KEEPER, MSG_SEALED},
    {PROC_LEDGER, MSG_DIRECTORY_BEGIN}, {PROC_LEDGER, MSG_USER}, {PROC_LEDGER, MSG_DEVICE}, {PROC_LEDGER, MSG_BINDING},
    {PROC_LEDGER, MSG_DIRECTORY_COMMIT}, {PROC_LEDGER, MSG_RECORDED}, {PROC_MEDIA, MSG_PORTS},
    {PROC_MEDIA, MSG_RELAY_FAILED}, {PROC_MEDIA, MSG_GATE}, {PROC_MEDIA, MSG_VARYING}, {PROC_MEDIA, MSG_RELAY_COUNTS},
    {PROC_CTL, MSG_CALLS_WANT}, {PROC_CTL, MSG_CTL_BAN}, {PROC_CTL, MSG_LOG_OUT}, {PROC_CTL, MSG_BANS_WANT}, {PROC_CTL, MSG_MAY_WANT}, {PROC_PARENT, MSG_SUSPEND}};

static void say(uint8_t which)
{
	enum proc from = may[which % (sizeof may / sizeof *may)].from;
	enum msg type = may[which % (sizeof may / sizeof *may)].type;
	uint32_t instance = from == PROC_EDGE ? octet() & 1 : 0;

	if (!child_link(from, instance))
		sim_link_up(from, instance);
	struct link *l = sim_far(from, instance);
	uint8_t *payload = ipc_begin(l, type);
	if (!payload)
		return;
	for (const struct msg_field *f = msg_rule[type].fields(); f->name; f++)
		fill(l, payload, f);
	ipc_end(l);
	sim_turn();
}

/* What phones do, so that there is something to lie about. */
static void live(uint8_t what)
{
	struct phone *p = &phone[what & 3];
	struct sdp sdp = sdp_plain(p);
	static struct talk t;

	if (!child_link(PROC_EDGE, p->edge)) {
		sim_link_up(PROC_EDGE, p->edge);
		p->flow = 0;
	}
	if (!p->flow)
		phone_up(p);
	if (what & 4)
		phone_send_register(p, 300, true);
	else if (what & 8)
		talk_invite(&t, p, phone[octet() & 3].user, &sdp);
	seen[seen_n++ % SEEN_MAX] = t.txn;
	remember_text(span_str(t.call_id));
}

static void start(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	sim_defaults();
	sim.site.session_expires_s = 90;
	sim.site.ring_s = 20;
	sim.bound[1][0] = sim.bound[0][1] = true;
	sim.watch = look;
	sim.step_ms = 200;
	sim.quiet = sim.fail_aborts = true;
	sim_open();
	for (uint32_t i = 0; i < 4; i++)
		phone_init(&phone[i], i);
}

static void all_go(void)
{
	static const enum proc again[] = {PROC_KEEPER, PROC_LEDGER, PROC_MEDIA, PROC_CTL, PROC_PARENT};

	for (uint32_t i = 0; i < sim.site.edges; i++) {
		if (child_link(PROC_EDGE, i))
			sim_link_down(PROC_EDGE, i);
		sim_link_up(PROC_EDGE, i);
	}
	for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
		if (child_link(again[i], 0))
			sim_link_down(again[i], 0);
		sim_link_up(again[i], 0);
	}
	for (int i = 0; i < 4; i++)
		phone[i].flow = 0;
	sim_pass(400 * 1000);
	sim.accusations = 0;
	sim_need_idle();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	start();
	c = cursor_of(span_of(data, n));
	for (int i = 0; i < 40 && cursor_left(&c); i++) {
		uint8_t what = octet();
		if (what < 160)
			say(what);
		else if (what < 240)
			live(what);
		else
			sim_pass(1u << (what & 15));
	}
	all_go();
	return 0;
}
