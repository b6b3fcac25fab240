/* SPDX-License-Identifier: ISC */
#include "../unit/test.h"
#include "base/clock.h"
#include "client.h"
#include "core_link.h"
#include "edge_house.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct house *h;

#define VIA(branch) "Via: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK" branch ";rport\r\n"
#define FROM "From: \"A <b>\" <sip:101@exchange.test>;tag=f1\r\n"
#define TO "To: <sip:102@exchange.test>\r\n"
#define CONTACT "Contact: <sip:101@127.0.0.1:5061;transport=tls>\r\n"
#define LEN0 "Content-Length: 0\r\n\r\n"
#define SDP                                                                                                   \
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"                          \
	"m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"                                                 \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"

static struct phone *new_phone(uint32_t device, uint64_t *flow)
{
	struct cert_spec spec = {.device = device, .epoch = 1, .from_s = -60, .to_s = 3600};
	struct phone *p = phone_new(h, &spec, NULL);

	if (!phone_shake(h, p))
		return NULL;
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	if (!g)
		return NULL;
	*flow = ((const struct msg_flow_up *)got_payload(g))->flow;
	return p;
}

static void end_phone(struct phone *p)
{
	phone_free(p);
	house_take(h, MSG_FLOW_DOWN, 1000);
	while (house_take(h, MSG_EVENT, 0))
		;
}

static const char *invite(const char *branch, const char *target, const char *extra, const char *body)
{
	static char text[8192];

	snprintf(text, sizeof text,
	    "INVITE sip:%s@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK%s;rport\r\n" FROM
	    "To: <sip:%s@exchange.test>\r\nCall-ID: call-%s\r\nCSeq: 7 INVITE\r\nMax-Forwards: 70\r\n" CONTACT "%s"
	    "%sContent-Length: %zu\r\n\r\n%s",
	    target, branch, target, branch, extra, *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
	return text;
}

static bool is(const struct got *g, struct str s, const char *text)
{
	return span_eq(got_str(g, s), span_str(text));
}

static struct msg_respond *respond(uint64_t txn, uint16_t code)
{
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);

	m->txn = txn;
	m->code = code;
	m->to_tag = ipc_put(&h->core, SPAN("core-tag"));
	return m;
}

static struct msg_send *order(uint64_t ref, uint64_t flow, enum sip_method method)
{
	struct link *l = &h->core;
	struct msg_send *m = ipc_begin(l, MSG_SEND);

	m->ref = ref;
	m->flow = flow;
	m->method = (uint8_t)method;
	m->target = ipc_put(l, SPAN("sip:102@127.0.0.1:5061;transport=tls;ob"));
	m->from_user = ipc_put(l, SPAN("101"));
	m->from_display = ipc_put(l, SPAN("Ann \"A\" B"));
	m->from_tag = ipc_put(l, SPAN("ft"));
	m->to_user = ipc_put(l, SPAN("102"));
	m->call_id = ipc_put(l, SPAN("out-1"));
	m->cseq = 1;
	m->expires = ABSENT;
	return m;
}

static void done(void)
{
	ipc_end(&h->core);
	house_pump(h, 1);
}

/* --- registration --- */

static void registration(void)
{
	uint64_t flow, txn;
	struct phone *p = new_phone(1, &flow);
	const struct msg_request *r;
	const struct got *g;

	CHECK(p);
	phone_say(p, "REGISTER sip:exchange.test SIP/2.0\r\n" VIA("r1") FROM "To: <sip:101@exchange.test>\r\n"
	    "Call-ID: reg-1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nSupported: outbound, path, foo\r\n"
	    "Contact: \"Bob\" <sip:101@127.0.0.1:5061;transport=tls;ob>;+sip.instance=\"<urn:uuid:1-2>\";reg-id=1;expires=600\r\n"
	    "Authorization: Digest username=\"101\", realm=\"exchange.test\", nonce=\"n1\", uri=\"sip:exchange.test\","
	    " response=\"0123456789abcdef0123456789abcdef\", algorithm=SHA-256, cnonce=\"c\", qop=auth, nc=00000007\r\n"
	    "User-Agent: a phone\r\n" LEN0);
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && g->class == CLASS_NEW);
	r = got_payload(g);
	txn = r->txn;
	CHECK(r->flow == flow && r->device == 1 && r->method == SIP_REGISTER && txn >> 56 == 1);
	CHECK(r->target_kind == TARGET_SELF && r->from_kind == FROM_OURS && is(g, r->from_user, "101") && is(g, r->from_tag, "f1"));
	CHECK(r->to_ours && is(g, r->to_user, "101") && r->to_tag.len == 0 && is(g, r->call_id, "reg-1") && r->cseq == 1);
	CHECK(r->contact_form == CONTACT_ONE && is(g, r->contact, "sip:101@127.0.0.1:5061;transport=tls;ob"));
	CHECK(r->contact_expires == 600 && r->expires == ABSENT && r->reg_id == 1 && is(g, r->instance, "<urn:uuid:1-2>"));
	CHECK(r->supported == (SIP_TAG_OUTBOUND | SIP_TAG_PATH) && r->has_auth && r->auth_uri_matches && r->auth_qop);
	CHECK(r->auth_algorithm == DIGEST_SHA256 && r->auth_nc == 7 && is(g, r->auth_nonce, "n1") && is(g, r->auth_user, "101"));

	struct msg_respond *m = respond(txn, 200);
	m->contact = ipc_put(&h->core, SPAN("sip:101@127.0.0.1:5061;transport=tls;ob"));
	m->instance = ipc_put(&h->core, SPAN("<urn:uuid:1-2>"));
	m->reg_id = 1;
	m->expires = 300;
	m->flow_timer = 25;
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	CHECK(strstr(p->text, "SIP/2.0 200 OK\r\n") == p->text);
	CHECK(strstr(p->text, "To: <sip:101@exchange.test>;tag=core-tag\r\n"));
	CHECK(strstr(p->text, "<sip:101@127.0.0.1:5061;transport=tls;ob>") && strstr(p->text, "expires=300"));
	CHECK(strstr(p->text, "+sip.instance=\"<urn:uuid:1-2>\"") && strstr(p->text, "reg-id=1"));
	CHECK(strstr(p->text, "Require: outbound\r\n") && strstr(p->text, "Flow-Timer: 25\r\n"));
	CHECK(!strstr(p->text, "Server:") && !strstr(p->text, "User-Agent") && !strstr(p->text, "Bob"));
	CHECK(house_line(h, "server-transactions")->used == 0);
	end_phone(p);
}

/* RFC 3261 10.2: what a phone takes back beside its binding is not the binding; core has one of each phone. */
static void the_contact_that_stays_is_the_binding(void)
{
	static const struct {
		const char *contacts;
		enum contact_form form;
		uint32_t expires;
	} row[] = {
	    {"Contact: <sip:old@192.0.2.7>;expires=0, <sip:101@127.0.0.1>;expires=600\r\n", CONTACT_ONE, 600},
	    {"Contact: <sip:101@127.0.0.1>\r\nContact: <sip:old@192.0.2.7>;expires=0\r\nExpires: 60\r\n", CONTACT_ONE, ABSENT},
	    {"Contact: <sip:old@192.0.2.7>, <sip:101@127.0.0.1>;expires=5\r\nExpires: 0\r\n", CONTACT_ONE, 5},
	    {"Contact: <sip:101@127.0.0.1>, <sip:second@192.0.2.7>\r\n", CONTACT_ONE, ABSENT},
	    {"Contact: <sip:old@192.0.2.7>;expires=0, <sip:older@127.0.0.1>;expires=0\r\n", CONTACT_SEVERAL, ABSENT},
	    {"Contact: <sip:old@192.0.2.7>;expires=0\r\n", CONTACT_ONE, 0},
	};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char text[800];

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		snprintf(text, sizeof text,
		    "REGISTER sip:exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bKc%zu\r\n" FROM
		    "To: <sip:101@exchange.test>\r\nCall-ID: reg-2\r\nCSeq: %zu REGISTER\r\n%s" LEN0,
		    i, i + 1, row[i].contacts);
		phone_say(p, text);
		const struct got *g = house_take(h, MSG_REQUEST, 1000);
		CHECK(g);
		const struct msg_request *r = got_payload(g);
		CHECK(r->contact_form == row[i].form && r->contact_expires == row[i].expires);
		CHECK(row[i].form != CONTACT_ONE || is(g, r->contact, i < 5 ? "sip:101@127.0.0.1" : "sip:old@192.0.2.7"));
		respond(r->txn, 200);
		done();
		CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	}
	end_phone(p);
}

static void challenge(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;

	phone_say(p, "REGISTER sip:exchange.test SIP/2.0\r\n" VIA("r1") FROM "To: <sip:101@exchange.test>\r\n"
	    "Call-ID: reg-1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: *\r\nExpires: 0\r\n"
	    "Authorization: Digest username=\"101\", realm=\"elsewhere\", nonce=\"n\", uri=\"sip:x\", response=\"00\"\r\n" LEN0);
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	const struct msg_request *r = got_payload(g);
	CHECK(r->contact_form == CONTACT_STAR && r->expires == 0 && !r->has_auth);
	struct msg_respond *m = respond(r->txn, 401);
	m->challenge = CHALLENGE_SHA256;
	m->stale = 1;
	m->nonce = ipc_put(&h->core, SPAN("abc123"));
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	CHECK(strstr(p->text, "SIP/2.0 401 ") == p->text && strstr(p->text, "WWW-Authenticate: Digest "));
	CHECK(strstr(p->text, "realm=\"exchange.test\"") && strstr(p->text, "nonce=\"abc123\""));
	CHECK(strstr(p->text, "algorithm=SHA-256") && strstr(p->text, "stale=true") && strstr(p->text, "qop=\"auth\""));
	end_phone(p);
}

/* --- calls in --- */

static void call_in(void)
{
	uint64_t flow, txn;
	struct phone *p = new_phone(1, &flow);
	const struct msg_request *r;
	const struct got *g;

	phone_say(p, invite("i1", "102",
	    "Supported: 100rel, timer\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\nAllow: INVITE, ACK, UPDATE\r\n", SDP));
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && g->class == CLASS_NEW);
	r = got_payload(g);
	txn = r->txn;
	CHECK(r->method == SIP_INVITE && r->target_kind == TARGET_USER && is(g, r->target_user, "102") && !r->emergency);
	CHECK(r->session_expires == 1800 && r->refresher == REFRESHER_UAC && r->min_se == 90 && r->max_forwards == 70);
	CHECK(r->allow == (1u << SIP_INVITE | 1u << SIP_ACK | 1u << SIP_UPDATE));
	const struct sdp *offer = (const void *)got_str(g, r->sdp).p;
	CHECK(offer && offer->audio.at.port == 4000 && offer->audio.crypto_n == 1 && offer->audio.codec_n == 1);
	struct sdp answer = *offer;
	/* core is silent for a while: 100 */
	CHECK(phone_hear(h, p, "SIP/2.0 100 ", 1000));
	struct msg_respond *m = respond(txn, 180);
	m->leg_token = ipc_put(&h->core, SPAN("leg-77"));
	m->identity_user = ipc_put(&h->core, SPAN("102"));
	m->identity_display = ipc_put(&h->core, SPAN("Bea"));
	m->rseq = 5;
	done();
	CHECK(phone_hear(h, p, "RSeq: 5\r\n", 1000) && strstr(p->text, "Require: 100rel\r\n"));
	CHECK(strstr(p->text, "<sip:leg-77@127.0.0.1:") && strstr(p->text, ";transport=tls>"));
	CHECK(strstr(p->text, "P-Asserted-Identity: \"Bea\" <sip:102@exchange.test>\r\n"));
	phone_forget_text(p);
	m = respond(txn, 200);
	m->leg_token = ipc_put(&h->core, SPAN("leg-77"));
	m->session_expires = 1800;
	m->refresher = REFRESHER_UAC;
	m->required = SIP_TAG_TIMER;
	m->sdp = ipc_put_part(&h->core, &answer, sizeof answer);
	done();
	CHECK(phone_hear(h, p, "a=crypto:1 AES_CM_128_HMAC_SHA1_80", 1000));
	CHECK(strstr(p->text, "Session-Expires: 1800;refresher=uac\r\n") && strstr(p->text, "Require: timer\r\n"));
	CHECK(strstr(p->text, "Content-Type: application/sdp\r\n") && strstr(p->text, "Allow: "));
	/* its ACK is the dialog's */
	phone_say(p, "ACK sip:leg-77@127.0.0.1 SIP/2.0\r\n" VIA("i1a") FROM "To: <sip:102@exchange.test>;tag=core-tag\r\n"
	    "Call-ID: call-i1\r\nCSeq: 7 ACK\r\nMax-Forwards: 70\r\n" LEN0);
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && g->class == CLASS_DIALOG);
	r = got_payload(g);
	CHECK(r->method == SIP_ACK && r->txn == 0 && r->target_kind == TARGET_LEG && is(g, r->target_user, "leg-77"));
	CHECK(is(g, r->to_tag, "core-tag"));
	end_phone(p);
}

/* RFC 3261 17.2.1: a provisional response of core's takes the place of the 100, and nothing else comes by itself. */
static void early_ringing(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	phone_say(p, invite("e1", "102", "", SDP));
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	respond(((const struct msg_request *)got_payload(g))->txn, 180);
	done();
	CHECK(phone_hear(h, p, "SIP/2.0 180 ", 1000));
	phone_forget_text(p);
	CHECK(!phone_hear(h, p, "SIP/2.0 ", 400));
	end_phone(p);
}

static void cancel_in(void)
{
	uint64_t flow, other_flow, txn;
	struct phone *p = new_phone(1, &flow), *other = new_phone(2, &other_flow);
	const struct got *g;
	const char *cancel = "CANCEL sip:102@exchange.test SIP/2.0\r\n" VIA("c1") FROM TO
			     "Call-ID: call-c1\r\nCSeq: 7 CANCEL\r\nMax-Forwards: 70\r\nReason: SIP;cause=200\r\n" LEN0;

	phone_say(p, cancel);
	CHECK(phone_hear(h, p, "SIP/2.0 481 ", 1000));
	phone_say(p, invite("c1", "102", "", SDP));
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	txn = ((const struct msg_request *)got_payload(g))->txn;
	/* R4: another connection cannot cancel it */
	phone_say(other, cancel);
	CHECK(phone_hear(h, other, "SIP/2.0 481 ", 1000));
	CHECK(!house_take(h, MSG_CANCELLED, 50));
	phone_say(p, cancel);
	CHECK(phone_hear(h, p, "SIP/2.0 200 ", 1000));
	g = house_take(h, MSG_CANCELLED, 1000);
	CHECK(g && ((const struct msg_cancelled *)got_payload(g))->txn == txn);
	CHECK(((const struct msg_cancelled *)got_payload(g))->cause == 200);
	phone_say(p, cancel);
	CHECK(!house_take(h, MSG_CANCELLED, 50));
	struct msg_respond *m = respond(txn, 487);
	m->cause = 487;
	m->cause_text = ipc_put(&h->core, SPAN("Request Terminated"));
	done();
	CHECK(phone_hear(h, p, "SIP/2.0 487 ", 1000) && strstr(p->text, "Reason: SIP;cause=487;text=\"Request Terminated\"\r\n"));
	/* and its ACK ends here */
	phone_say(p, "ACK sip:102@exchange.test SIP/2.0\r\n" VIA("c1") FROM "To: <sip:102@exchange.test>;tag=core-tag\r\n"
	    "Call-ID: call-c1\r\nCSeq: 7 ACK\r\nMax-Forwards: 70\r\n" LEN0);
	CHECK(!house_take(h, MSG_REQUEST, 100));
	CHECK(house_line(h, "server-transactions")->used == 0);
	end_phone(p);
	end_phone(other);
}

/* --- calls out --- */

static bool value_of(const char *text, const char *name, char *out, size_t cap)
{
	const char *at = strstr(text, name), *end = at ? strstr(at, "\r\n") : NULL;

	if (!end || (size_t)(end - at) >= cap)
		return false;
	memcpy(out, at, (size_t)(end - at));
	out[end - at] = '\0';
	return true;
}

static const char *answer_tag = "pt";

static void answer(struct phone *p, const char *status, const char *method, const char *extra, const char *body)
{
	char via[256], text[4096];

	if (!value_of(p->text, "Via: ", via, sizeof via))
		return;
	snprintf(text, sizeof text,
	    "SIP/2.0 %s\r\n%s\r\nFrom: <sip:101@exchange.test>;tag=ft\r\nTo: <sip:102@exchange.test>;tag=%s\r\n"
	    "Call-ID: out-1\r\nCSeq: 1 %s\r\n%s%sContent-Length: %zu\r\n\r\n%s",
	    status, via, answer_tag, method, extra, *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
	phone_say(p, text);
}

static const struct msg_response *response(const struct got **g)
{
	*g = house_take(h, MSG_RESPONSE, 1000);
	return *g ? got_payload(*g) : NULL;
}

static void call_out(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	struct link *l = &h->core;
	const struct got *g;
	const struct msg_response *r;
	struct sdp sdp;
	struct sdp_error err;

	CHECK(sdp_parse(SPAN(SDP), &sdp, &err));
	struct msg_send *m = order(501, flow, SIP_INVITE);
	m->leg_token = ipc_put(l, SPAN("leg-9"));
	m->identity_user = ipc_put(l, SPAN("101"));
	m->identity_display = ipc_put(l, SPAN("Ann"));
	m->supported = SIP_TAG_100REL | SIP_TAG_TIMER;
	m->session_expires = 1800;
	m->refresher = REFRESHER_UAC;
	m->max_forwards = 69;
	m->sdp = ipc_put_part(l, &sdp, sizeof sdp);
	done();
	CHECK(phone_hear(h, p, "a=crypto", 1000));
	CHECK(strstr(p->text, "INVITE sip:102@127.0.0.1:5061;transport=tls;ob SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:") == p->text);
	CHECK(strstr(p->text, "From: \"Ann \\\"A\\\" B\" <sip:101@exchange.test>;tag=ft\r\n"));
	CHECK(strstr(p->text, "To: <sip:102@exchange.test>\r\n") && strstr(p->text, "CSeq: 1 INVITE\r\n"));
	CHECK(strstr(p->text, "Max-Forwards: 69\r\n") && strstr(p->text, "Supported: 100rel, timer\r\n"));
	CHECK(strstr(p->text, "P-Asserted-Identity: \"Ann\" <sip:101@exchange.test>\r\n"));
	CHECK(strstr(p->text, "Contact: <sip:leg-9@127.0.0.1:"));
	answer(p, "100 Trying", "INVITE", "", "");
	answer(p, "180 Ringing", "INVITE", "Contact: <sip:102@127.0.0.1:9;transport=tls>\r\nRequire: 100rel\r\nRSeq: 3\r\n", "");
	r = response(&g);
	CHECK(r && r->ref == 501 && r->flow == flow && r->code == 180 && !r->local && r->rseq == 3);
	CHECK(r->required == SIP_TAG_100REL && is(g, r->to_tag, "pt") && is(g, r->contact, "sip:102@127.0.0.1:9;transport=tls"));
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\nRecord-Route: <sip:a;lr>, <sip:b;lr>\r\n", SDP);
	r = response(&g);
	CHECK(r && r->code == 200 && r->sdp.len == sizeof(struct sdp) && is(g, r->route_set, "<sip:b;lr>, <sip:a;lr>"));
	/* its repetition too, RFC 6026; and core's ACK goes out without a transaction */
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	r = response(&g);
	CHECK(r && r->code == 200);
	phone_forget_text(p);
	m = order(0, flow, SIP_ACK);
	m->to_tag = ipc_put(l, SPAN("pt"));
	m->route_set = ipc_put(l, SPAN("<sip:b;lr>, <sip:a;lr>"));
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000) && strstr(p->text, "ACK sip:102@") == p->text);
	CHECK(strstr(p->text, "Route: <sip:b;lr>, <sip:a;lr>\r\n") && strstr(p->text, "To: <sip:102@exchange.test>;tag=pt\r\n"));
	end_phone(p);
}

static void refused_out(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;
	const struct msg_response *r;

	order(502, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	answer(p, "486 Busy Here", "INVITE", "", "");
	r = response(&g);
	CHECK(r && r->ref == 502 && r->code == 486);
	char via[256], expected[300];
	CHECK(value_of(p->text, "Via: ", via, sizeof via));
	phone_forget_text(p);
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000) && strstr(p->text, "ACK sip:102@127.0.0.1:5061;transport=tls;ob SIP/2.0") == p->text);
	snprintf(expected, sizeof expected, "%s\r\n", via);
	CHECK(strstr(p->text, expected) && strstr(p->text, "CSeq: 1 ACK\r\n"));
	CHECK(strstr(p->text, "To: <sip:102@exchange.test>;tag=pt\r\n"));
	CHECK(house_line(h, "client-transactions")->used == 0);
	end_phone(p);
}

/* R14, T11: where a phone's 3xx sends the call, of several addresses the first that could be one of ours. */
static void redirected_out(void)
{
	static const struct {
		const char *status, *contact, *to;
	} row[] = {
	    {"302 Moved Temporarily", "Contact: <sip:103@exchange.test>\r\n", "103"},
	    {"302 Moved Temporarily", "Contact: \"Desk\" <sips:1%303@EXCHANGE.test;user=phone>;q=0.5\r\n", "103"},
	    {"301 Moved Permanently", "Contact: sip:103@127.0.0.1\r\n", "103"},
	    {"300 Multiple Choices", "Contact: <sip:104@elsewhere.test>, <mailto:a@exchange.test>, <sip:103@exchange.test>, <sip:105@exchange.test>\r\n",
	     "103"},
	    {"302 Moved Temporarily", "Contact: <tel:+33-123456789>\r\n", "+33-123456789"},
	    {"302 Moved Temporarily", "Contact: <tel:103;phone-context=exchange.test>\r\n", "103;phone-context=exchange.test"},
	    {"302 Moved Temporarily", "", ""},
	    {"302 Moved Temporarily", "Contact: <sip:exchange.test>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:103@elsewhere.test>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:103@exchange.test;maddr=127.0.0.1>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:103@exchange.test;method=BYE>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:103@exchange.test?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:leg-0123456789abcdef@exchange.test>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:xfer-0123456789abcdef@exchange.test>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <sip:1234567890123456789012345678901234567890123456789012345678901234567890@exchange.test>\r\n", ""},
	    {"302 Moved Temporarily", "Contact: <urn:service:sos>\r\n", ""},
	    {"305 Use Proxy", "Contact: <sip:103@exchange.test>\r\n", ""},
	    {"380 Alternative Service", "Contact: <sip:103@exchange.test>\r\n", ""},
	    {"486 Busy Here", "Contact: <sip:103@exchange.test>\r\n", ""},
	};
	uint64_t flow, ref = 5200;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++, ref++) {
		order(ref, flow, SIP_INVITE);
		done();
		CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
		answer(p, row[i].status, "INVITE", row[i].contact, "");
		const struct msg_response *r = response(&g);
		CHECK(r && r->ref == ref && is(g, r->redirect, row[i].to) && is(g, r->contact, ""));
		phone_forget_text(p);
		CHECK(phone_hear(h, p, "\r\n\r\n", 1000)); /* ACK */
		phone_forget_text(p);
	}
	end_phone(p);
}

/* RFC 3261 9.1: CANCEL waits for the first provisional response. */
static void cancel_out(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;

	order(503, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	struct msg_cancel_sent *m = ipc_begin(&h->core, MSG_CANCEL_SENT);
	m->ref = 503;
	m->cause = 200;
	m->cause_text = ipc_put(&h->core, SPAN("Call completed elsewhere"));
	done();
	CHECK(!phone_hear(h, p, "CSeq: 1 CANCEL", 100));
	answer(p, "180 Ringing", "INVITE", "", "");
	CHECK(phone_hear(h, p, "CSeq: 1 CANCEL\r\n", 1000));
	CHECK(strstr(p->text, "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"));
	CHECK(house_take(h, MSG_RESPONSE, 500));
	answer(p, "200 OK", "CANCEL", "", "");
	answer(p, "487 Request Terminated", "INVITE", "", "");
	const struct msg_response *r = response(&g);
	CHECK(r && r->code == 487);
	CHECK(phone_hear(h, p, "CSeq: 1 ACK\r\n", 1000));
	end_phone(p);
}

/* A response counts only over the connection its request went out on, with the right method (R4). */
static void stray_responses(void)
{
	uint64_t flow, other_flow;
	struct phone *p = new_phone(1, &flow), *other = new_phone(2, &other_flow);
	const struct got *g;

	order(504, flow, SIP_OPTIONS);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	memcpy(other->text, p->text, p->n + 1);
	answer(other, "200 OK", "OPTIONS", "", "");
	answer(p, "200 OK", "INVITE", "", "");
	CHECK(!house_take(h, MSG_RESPONSE, 100));
	answer(p, "200 OK", "OPTIONS", "", "");
	const struct msg_response *r = response(&g);
	CHECK(r && r->ref == 504 && r->code == 200 && r->method == SIP_OPTIONS);
	end_phone(p);
	end_phone(other);
}

static void no_way_to_the_phone(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;
	const struct msg_response *r;

	order(505, flow ^ 1 << 8, SIP_INVITE);
	done();
	r = response(&g);
	CHECK(r && r->ref == 505 && r->local && r->code == 503);
	order(506, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	end_phone(p);
	r = response(&g);
	CHECK(r && r->ref == 506 && r->local && r->code == 503);
	CHECK(house_line(h, "client-transactions")->used == 0);
}

/* RFC 3261 19.1.1, found by the RFC 4475 message regescrt: what a Contact carries behind "?" is no Request-URI's. */
static void contact_with_headers(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	struct msg_send *m = order(507, flow, SIP_OPTIONS);

	m->target = ipc_put(&h->core, SPAN("sip:us?er@127.0.0.1;transport=tls?Route=%3Csip:evil%3E"));
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	CHECK(strstr(p->text, "OPTIONS sip:us?er@127.0.0.1;transport=tls SIP/2.0\r\n") == p->text);
	end_phone(p);
	CHECK(house_take(h, MSG_RESPONSE, 500));
}

/* RFC 7616 3.4: the URI that core has digested, for a trunk, is the one that is sent. */
static void a_target_is_told_as_it_is_sent(void)
{
	static const char *const targets[][2] = {
	    {"sip:102@127.0.0.1:9;transport=tls", "sip:102@127.0.0.1:9;transport=tls"},
	    {"sip:102@127.0.0.1:9?x=y", "sip:102@127.0.0.1:9"},
	    {"sip:us?er@127.0.0.1;transport=tls;ob?Route=%3Csip:evil%3E&Subject=", "sip:us?er@127.0.0.1;transport=tls;ob"},
	};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		char contact[160], start[160];
		snprintf(contact, sizeof contact, "Contact: <%s>\r\n", targets[i][0]);
		snprintf(start, sizeof start, "BYE %s SIP/2.0\r\n", targets[i][1]);
		phone_forget_text(p);
		order(510 + 2 * i, flow, SIP_INVITE);
		done();
		CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
		answer(p, "200 OK", "INVITE", contact, SDP);
		const struct msg_response *r = response(&g);
		CHECK(r && r->code == 200 && is(g, r->contact, targets[i][1]));
		phone_forget_text(p);
		struct msg_send *m = order(511 + 2 * i, flow, SIP_BYE);
		m->target = ipc_put(&h->core, span_str(targets[i][1]));
		done();
		CHECK(phone_hear(h, p, "\r\n\r\n", 1000) && strstr(p->text, start) == p->text);
		answer(p, "200 OK", "BYE", "", "");
		CHECK(response(&g));
	}
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		char text[900], id[8];
		snprintf(id, sizeof id, "t%zu", i);
		snprintf(text, sizeof text, "INVITE sip:102@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK-%s\r\n"
		    FROM TO "Call-ID: %s\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <%s>\r\n" LEN0, id, id, targets[i][0]);
		phone_say(p, text);
		g = house_take(h, MSG_REQUEST, 1000);
		const struct msg_request *r = g ? got_payload(g) : NULL;
		CHECK(r && is(g, r->contact, targets[i][1]));
		if (r)
			respond(r->txn, 486);
		done();
	}
	end_phone(p);
}

/* --- what edge answers by itself --- */

struct refusal {
	const char *what, *status, *holds;
};

#define HEAD(method, uri, branch)                                                                             \
	method " " uri " SIP/2.0\r\n" VIA(branch) FROM TO "Call-ID: x-" branch "\r\nCSeq: 1 " method "\r\n"

static const struct refusal refusals[] = {
    {HEAD("PUBLISH", "sip:102@exchange.test", "a1") "Max-Forwards: 70\r\n" LEN0, "405", "Allow: "},
    {HEAD("FROB", "sip:102@exchange.test", "a2") "Max-Forwards: 70\r\n" LEN0, "405", "Allow: "},
    {HEAD("OPTIONS", "tel:+1234", "a3") "Max-Forwards: 70\r\n" LEN0, "416", "Warning: 399 "},
    {HEAD("INVITE", "sip:102@exchange.test", "a4") "Max-Forwards: 0\r\n" CONTACT LEN0, "483", "Warning: 399 "},
    {HEAD("INVITE", "sip:102@exchange.test", "a5") "Max-Forwards: 9\r\nRequire: frob, timer\r\n" CONTACT LEN0, "420",
	"Unsupported: frob\r\n"},
    {HEAD("INVITE", "sip:102@exchange.test", "a6") "Max-Forwards: 9\r\n" CONTACT
     "Content-Type: text/html\r\nContent-Length: 2\r\n\r\nhi", "415", "Accept: application/sdp, multipart/mixed\r\n"},
    {HEAD("INVITE", "sip:102@exchange.test", "a7") "Max-Forwards: 9\r\n" CONTACT
     "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", "415", "Accept: "},
    {HEAD("INVITE", "sip:102@exchange.test", "a8") "Max-Forwards: 9\r\n" CONTACT
     "Content-Type: application/sdp\r\nContent-Length: 2\r\n\r\nhi", "488", "Warning: 399 "},
    {HEAD("INVITE", "sip:102@exchange.test", "a9") "Max-Forwards: 9\r\n" CONTACT
     "Content-Type: multipart/mixed;boundary=x\r\nContent-Length: 2\r\n\r\nhi", "400", "boundary"},
    {HEAD("INVITE", "sip:102@exchange.test", "b1") "Max-Forwards: 9\r\n" CONTACT "Accept: text/plain\r\n" LEN0, "406", ""},
    {HEAD("INVITE", "sip:102@exchange.test", "b2") "Max-Forwards: 9\r\n" LEN0, "400", "Contact"},
    {HEAD("INVITE", "sip:102@exchange.test", "b2t") "Max-Forwards: 9\r\n" CONTACT "m: <sip:900@192.0.2.66>\r\n" LEN0, "400", "Contact"},
    {HEAD("OPTIONS", "sip:102@exchange.test", "b2l") "Max-Forwards: 9\r\nX: a\nMax-Forwards: 8\r\n" LEN0, "400", "control character"},
    {HEAD("OPTIONS", "sip:102@exchange.test", "b2r") "Max-Forwards: 9\r\nX: a\rY: b\r\n" LEN0, "400", "control character"},
    {HEAD("OPTIONS", "sip:102@exchange.test", "b2f") "Max-Forwards: 9\r\nX: a\r\n \r\n" LEN0, "400", "control character"},
    {HEAD("OPTIONS", "sip:102@exchange.test", "b2i") "Max-Forwards: 9\r\ni: other\r\n" LEN0, "400", "stands twice"},
    {HEAD("MESSAGE", "sip:102@exchange.test", "b3") "Max-Forwards: 9\r\n"
     "Content-Type: application/sdp\r\nContent-Length: 2\r\n\r\nhi", "415", "Accept: text/plain\r\n"},
    {"OPTIONS sip:102@exchange.test SIP/3.0\r\n" VIA("b4") FROM TO "Call-ID: b4\r\nCSeq: 1 OPTIONS\r\n" LEN0, "505", ""},
    {HEAD("OPTIONS", "sip:102@exchange.test", "b5") "CSeq: 2 OPTIONS\r\n" LEN0, "400", "Warning: 399 "},
    {HEAD("OPTIONS", "sip:102@exchange.test", "b6") "Max-Forwards: 300\r\n" LEN0, "400", ""},
    {HEAD("SUBSCRIBE", "sip:102@exchange.test", "a1s") "Max-Forwards: 70\r\nEvent: presence\r\n" LEN0, "489", "Allow-Events: "},
    {HEAD("SUBSCRIBE", "sip:102@exchange.test", "a1r") "Max-Forwards: 70\r\nEvent: refer\r\n" LEN0, "489", "Allow-Events: "},
    {HEAD("NOTIFY", "sip:102@exchange.test", "a1n") "Max-Forwards: 70\r\nEvent: dialog\r\n"
     "Subscription-State: active\r\n" LEN0, "489", "Allow-Events: "},
    {HEAD("NOTIFY", "sip:102@exchange.test", "a1f") "Max-Forwards: 70\r\nEvent: refer\r\nSubscription-State: active\r\n"
     "Content-Type: message/sipfrag\r\nContent-Length: 4\r\n\r\nSIP/", "415", "Accept: message/sipfrag\r\n"},
    {HEAD("INFO", "sip:102@exchange.test", "a1i") "Max-Forwards: 70\r\n"
     "Content-Type: application/dtmf-relay\r\nContent-Length: 9\r\n\r\nSignal=AB", "415", "Accept: application/dtmf-relay"},
    {HEAD("INFO", "sip:102@exchange.test", "a1t") "Max-Forwards: 70\r\n"
     "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\n5", "415", "Accept: application/dtmf-relay"},
    {HEAD("REFER", "sip:102@exchange.test", "a2r") "Max-Forwards: 70\r\nRefer-To: <sip:900@exchange.test?Route=%3Csip:x%3E>\r\n"
     LEN0, "400", "Refer-To"},
    {HEAD("REFER", "sip:102@exchange.test", "a2b") "Max-Forwards: 70\r\nRefer-To: <sip:900@exchange.test?body=x>\r\n" LEN0, "400",
	"Refer-To"},
    {HEAD("REFER", "sip:102@exchange.test", "a2t") "Max-Forwards: 70\r\n"
     "Refer-To: <sip:900@exchange.test?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Contact=%3Csip:x%3E>\r\n" LEN0, "400", "Refer-To"},
    {HEAD("REFER", "sip:102@exchange.test", "a2c") "Max-Forwards: 70\r\n"
     "Refer-To: <sip:900@exchange.test?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2%0D%0AX%3A1>\r\n" LEN0, "400", "in a URI"},
    {HEAD("REFER", "sip:102@exchange.test", "a2m") "Max-Forwards: 70\r\nRefer-To: <sip:900@exchange.test;method=BYE>\r\n" LEN0, "400",
	"Refer-To"},
    {HEAD("REFER", "sip:102@exchange.test", "a2n") "Max-Forwards: 70\r\n" LEN0, "400", "Refer-To"},
    {HEAD("REFER", "sip:102@exchange.test", "a2s") "Max-Forwards: 70\r\nRefer-To: <sip:1@exchange.test>\r\n"
     "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi", "415", ""},
};

/* T12, T14, T15: refused without core, with a reason to act on; the connection lives and the next message counts. */
static void own_answers(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char status[32];

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		phone_forget_text(p);
		phone_say(p, refusals[i].what);
		bool heard = phone_hear(h, p, "\r\n\r\n", 1000);
		snprintf(status, sizeof status, "SIP/2.0 %s ", refusals[i].status);
		if (!heard || strstr(p->text, status) != p->text || !strstr(p->text, refusals[i].holds))
			fprintf(stderr, "%s\n->\n%s\n", refusals[i].what, p->text);
		CHECK(heard && strstr(p->text, status) == p->text && strstr(p->text, refusals[i].holds));
		CHECK(refusals[i].status[0] < '4' || strstr(p->text, "\r\nWarning: 399 exchange.test \""));
	}
	CHECK(!house_take(h, MSG_REQUEST, 50));
	/* the ACK of such an INVITE means nothing */
	char tag[64], ack[1024];
	phone_forget_text(p);
	phone_say(p, refusals[3].what);
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000) && value_of(p->text, "tag=rf-", tag, sizeof tag));
	snprintf(ack, sizeof ack, "ACK sip:102@exchange.test SIP/2.0\r\n" VIA("a4") FROM "To: <sip:102@exchange.test>;%s\r\n"
	    "Call-ID: x-a4\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n" LEN0, tag);
	phone_say(p, ack);
	CHECK(!house_take(h, MSG_REQUEST, 50));
	phone_say(p, HEAD("OPTIONS", "sip:exchange.test", "z") "Max-Forwards: 0\r\n" LEN0);
	CHECK(house_take(h, MSG_REQUEST, 1000));
	end_phone(p);
}

/* --- transfers, digits, events --- */

#define REFER(branch, to) HEAD("REFER", "sip:leg-1@127.0.0.1", branch) "Max-Forwards: 70\r\n" CONTACT "Refer-To: " to "\r\n" LEN0

/* T11, T12: where a transfer leads is decided as a Request-URI's owner is. */
static void refer_in(void)
{
	static const struct {
		const char *what;
		enum refer_kind kind;
		const char *user;
	} list[] = {
	    {REFER("f1", "<sip:103@exchange.test>"), REFER_USER, "103"},
	    {REFER("f2", "sips:%31%30%33@EXCHANGE.test"), REFER_USER, "103"},
	    {REFER("f3", "<tel:+1-914-555;ext=7>"), REFER_USER, "+1-914-555"},
	    {REFER("f4", "<tel:863-1234;phone-context=+1-914>"), REFER_USER, "863-1234;phone-context=+1-914"},
	    {REFER("f5", "<sip:863;phone-context=+1@exchange.test;user=phone>"), REFER_USER, "863;phone-context=+1"},
	    {REFER("f6", "<sip:leg-2@127.0.0.1;transport=tls;method=INVITE>"), REFER_LEG, "leg-2"},
	    {REFER("f7", "<sip:103@evil.example>"), REFER_FOREIGN, "103"},
	    {REFER("f8", "<sip:103@exchange.test;maddr=10.0.0.1>"), REFER_FOREIGN, "103"},
	    {REFER("f9", "<sip:exchange.test>"), REFER_FOREIGN, ""},
	    {REFER("fa", "<sip:xfer-00@exchange.test>"), REFER_FOREIGN, "xfer-00"},
	    {REFER("fb", "<http://evil.example/>"), REFER_FOREIGN, ""},
	    {REFER("fc", "<tel:0123456789012345678901234567890123456789012345678901234567890123456789>"), REFER_FOREIGN, ""},
	};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		phone_say(p, list[i].what);
		const struct got *g = house_take(h, MSG_REQUEST, 1000);
		CHECK(g);
		const struct msg_request *r = got_payload(g);
		if (r->refer_kind != list[i].kind || !is(g, r->refer_user, list[i].user))
			fprintf(stderr, "%s: %u %.*s\n", list[i].what, r->refer_kind, SPAN_ARG(got_str(g, r->refer_user)));
		CHECK(r->method == SIP_REFER && r->refer_kind == list[i].kind && is(g, r->refer_user, list[i].user));
		CHECK(r->replaces_call_id.len == 0 && !r->replaces_early);
	}
	end_phone(p);
}

static void replaces_in(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	phone_say(p, REFER("g1", "<sip:leg-2@127.0.0.1?Replaces=c%402%3Bto-tag%3Dt2%3Bfrom-tag%3Df2%3Bearly-only>"));
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	const struct msg_request *r = got_payload(g);
	CHECK(r->refer_kind == REFER_LEG && is(g, r->replaces_call_id, "c@2") && is(g, r->replaces_to_tag, "t2"));
	CHECK(is(g, r->replaces_from_tag, "f2") && r->replaces_early);
	phone_say(p, invite("g2", "xfer-0f", "Replaces: c@2;from-tag=f2;to-tag=t2\r\n", SDP));
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	r = got_payload(g);
	CHECK(r->target_kind == TARGET_TRANSFER && is(g, r->target_user, "xfer-0f") && r->refer_kind == REFER_NONE);
	CHECK(is(g, r->replaces_call_id, "c@2") && is(g, r->replaces_to_tag, "t2") && !r->replaces_early);
	end_phone(p);
}

/* RFC 3323 4.2, RFC 3325 9.3: what its number is worth outside is core's to decide. */
static void privacy_in(void)
{
	static const struct {
		const char *branch, *line;
		bool asked;
	} list[] = {{"h1", "", false}, {"h2", "Privacy: id\r\n", true}, {"h3", "Privacy: header;user\r\n", true},
	    {"h4", "Privacy: none\r\n", false}};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		phone_say(p, invite(list[i].branch, "102", list[i].line, SDP));
		const struct got *g = house_take(h, MSG_REQUEST, 1000);
		CHECK(g);
		const struct msg_request *r = got_payload(g);
		CHECK(r->privacy == list[i].asked && r->from_kind == FROM_OURS && !r->asserted);
	}
	static char text[8192];
	const char *of = invite("h5", "102", "", SDP), *from = strstr(of, FROM);
	CHECK(from);
	snprintf(text, sizeof text, "%.*sFrom: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=f1\r\n%s", (int)(from - of), of,
	    from + sizeof FROM - 1);
	phone_say(p, text);
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	const struct msg_request *r = got_payload(g);
	CHECK(r->privacy && r->from_kind == FROM_NOBODY && is(g, r->from_tag, "f1"));
	end_phone(p);
}

static void digits_and_events_in(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct msg_request *r;
	const struct got *g;

	phone_say(p, HEAD("INFO", "sip:leg-1@127.0.0.1", "k1") "Content-Type: application/dtmf-relay\r\nContent-Length: 23\r\n\r\n"
	    "Signal=5\r\nDuration=160\r");
	CHECK((g = house_take(h, MSG_REQUEST, 1000)) && (r = got_payload(g))->key == '5' && r->text.len == 0);
	phone_say(p, HEAD("INFO", "sip:leg-1@127.0.0.1", "k2") "Content-Type: application/dtmf\r\nContent-Length: 1\r\n\r\n#");
	CHECK((g = house_take(h, MSG_REQUEST, 1000)) && (r = got_payload(g))->key == '#');
	phone_say(p, HEAD("INFO", "sip:leg-1@127.0.0.1", "k3") LEN0);
	CHECK((g = house_take(h, MSG_REQUEST, 1000)) && (r = got_payload(g))->key == 0);
	phone_say(p, HEAD("NOTIFY", "sip:leg-1@127.0.0.1", "k4") "Event: refer;id=7\r\nSubscription-State: terminated;reason=noresource\r\n"
	    "Content-Type: message/sipfrag;version=2.0\r\nContent-Length: 20\r\n\r\nSIP/2.0 486 Busy X\r\n");
	CHECK((g = house_take(h, MSG_REQUEST, 1000)) && (r = got_payload(g))->package == PACKAGE_REFER);
	CHECK(r->substate == SIP_SUBSTATE_TERMINATED && r->frag == 486 && r->text.len == 0);
	phone_say(p, HEAD("SUBSCRIBE", "sip:101@exchange.test", "k5") CONTACT "Event: message-summary\r\nExpires: 60\r\n" LEN0);
	CHECK((g = house_take(h, MSG_REQUEST, 1000)) && (r = got_payload(g))->package == PACKAGE_MESSAGE_SUMMARY);
	CHECK(r->expires == 60 && r->frag == 0);
	end_phone(p);
}

/* What leaves is one URI in our domain and one identity; the fragment is a line of our own (R4, R5). */
static void refer_out(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	struct link *l = &h->core;
	struct msg_send *m = order(601, flow, SIP_REFER);

	m->leg_token = ipc_put(l, SPAN("leg-9"));
	m->refer_token = ipc_put(l, SPAN("xfer-0123456789abcdef0123456789abcdef"));
	m->referred_by = ipc_put(l, SPAN("101"));
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000) && strstr(p->text, "REFER sip:102@127.0.0.1:5061;transport=tls;ob SIP/2.0\r\n") == p->text);
	CHECK(strstr(p->text, "\r\nRefer-To: <sip:xfer-0123456789abcdef0123456789abcdef@exchange.test>\r\n"));
	CHECK(strstr(p->text, "\r\nReferred-By: <sip:101@exchange.test>\r\n") && strstr(p->text, "Contact: <sip:leg-9@"));
	phone_forget_text(p);
	m = order(602, flow, SIP_NOTIFY);
	m->package = PACKAGE_REFER;
	m->event_id = 7;
	m->substate = SIP_SUBSTATE_ACTIVE;
	m->expires = 60;
	m->frag = 180;
	done();
	CHECK(phone_hear(h, p, "SIP/2.0 180 Ringing\r\n", 1000) && strstr(p->text, "\r\nEvent: refer;id=7\r\n"));
	CHECK(strstr(p->text, "\r\nSubscription-State: active;expires=60\r\n") && !strstr(p->text, "\r\nExpires:"));
	CHECK(strstr(p->text, "\r\nContent-Type: message/sipfrag;version=2.0\r\n"));
	phone_forget_text(p);
	m = order(603, flow, SIP_NOTIFY);
	m->package = PACKAGE_REFER;
	m->substate = SIP_SUBSTATE_TERMINATED;
	m->frag = 603;
	done();
	CHECK(phone_hear(h, p, "SIP/2.0 603 Decline\r\n", 1000) && strstr(p->text, "\r\nEvent: refer\r\n"));
	CHECK(strstr(p->text, "\r\nSubscription-State: terminated;reason=noresource\r\n"));
	end_phone(p);
	for (int i = 0; i < 3; i++)
		CHECK(house_take(h, MSG_RESPONSE, 500));
}

static void summary_out(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	struct msg_send *m = order(611, flow, SIP_NOTIFY);

	m->package = PACKAGE_MESSAGE_SUMMARY;
	m->substate = SIP_SUBSTATE_ACTIVE;
	m->expires = 300;
	m->messages_new = 2;
	m->messages_old = 8;
	done();
	CHECK(phone_hear(h, p, "Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n", 1000));
	CHECK(strstr(p->text, "\r\nEvent: message-summary\r\nSubscription-State: active;expires=300\r\n"));
	CHECK(strstr(p->text, "\r\nContent-Type: application/simple-message-summary\r\n"));
	end_phone(p);
	CHECK(house_take(h, MSG_RESPONSE, 500));
}

/* An INVITE that came by an element with this Via. */
static void say_after(struct phone *p, unsigned n, const char *via)
{
	char text[2048];

	snprintf(text, sizeof text,
	    "INVITE sip:102@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bKl%u\r\nVia: SIP/2.0/TLS %s\r\n" FROM TO
	    "Call-ID: l%u\r\nCSeq: 1 INVITE\r\nMax-Forwards: 7\r\n" CONTACT LEN0, n, via, n);
	phone_say(p, text);
}

static void loop(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char via[200];

	snprintf(via, sizeof via, "127.0.0.1:%u;branch=z9hG4bK0100000000000007", h->port);
	say_after(p, 1, via);
	CHECK(phone_hear(h, p, "SIP/2.0 482 ", 1000));
	/* what merely looks so is none: the branch of another behind our address, and our address elsewhere in it */
	static const struct {
		const char *before, *behind;
	} other[] = {{"", ";branch=z9hG4bK00"},
	    {"", ";branch=z9hG4bK0900000000000007"},
	    {"192.0.2.1;extra=\"", "\";branch=z9hG4bK0100000000000007"}};
	for (unsigned i = 0; i < sizeof other / sizeof *other; i++) {
		snprintf(via, sizeof via, "%s127.0.0.1:%u%s", other[i].before, h->port, other[i].behind);
		say_after(p, 2 + i, via);
		CHECK(house_take(h, MSG_REQUEST, 1000));
	}
	end_phone(p);
}

/* T14: whose a URI is is decided by its host, and never by part of it. */
static void targets(void)
{
	static const struct {
		const char *uri;
		enum target_kind kind;
		const char *user;
	} list[] = {
	    {"sip:102@exchange.test", TARGET_USER, "102"},
	    {"sip:102@EXCHANGE.test", TARGET_USER, "102"},
	    {"sips:%31%30%32@exchange.test;user=phone", TARGET_USER, "102"},
	    {"sip:exchange.test", TARGET_SELF, ""},
	    {"sip:leg-1@127.0.0.1", TARGET_LEG, "leg-1"},
	    {"sip:leg-1@127.0.0.1:1", TARGET_FOREIGN, "leg-1"},
	    {"sip:102@exchange.test.evil", TARGET_FOREIGN, "102"},
	    {"sip:102@evil", TARGET_FOREIGN, "102"},
	    {"sip:102%40exchange.test@evil", TARGET_FOREIGN, "102@exchange.test"},
	    {"sip:102@exchange.test;maddr=10.0.0.1", TARGET_FOREIGN, "102"},
	    {"sip:0123456789012345678901234567890123456789012345678901234567890123456789@exchange.test", TARGET_FOREIGN, ""},
	};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char text[2048];

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		snprintf(text, sizeof text, "OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKt%zu\r\n" FROM TO
		    "Call-ID: t\r\nCSeq: %zu OPTIONS\r\nMax-Forwards: 7\r\n" LEN0, list[i].uri, i, i);
		phone_say(p, text);
		const struct got *g = house_take(h, MSG_REQUEST, 1000);
		CHECK(g);
		const struct msg_request *r = got_payload(g);
		if (r->target_kind != list[i].kind || !is(g, r->target_user, list[i].user))
			fprintf(stderr, "%s: %u\n", list[i].uri, r->target_kind);
		CHECK(r->target_kind == list[i].kind && is(g, r->target_user, list[i].user));
	}
	end_phone(p);
}

/* RFC 3966: a number is one in a tel URI too, for an INVITE of a phone. */
static void a_tel_uri_is_a_number(void)
{
	static const struct {
		const char *uri, *user;
		enum target_kind kind;
	} list[] = {
	    {"tel:+33-1.23(45)6789", "+33-1.23(45)6789", TARGET_USER},
	    {"tel:102;phone-context=exchange.test", "102;phone-context=exchange.test", TARGET_USER},
	    {"tel:863-1234;phone-context=+1-914", "863-1234;phone-context=+1-914", TARGET_USER},
	    {"tel:0123456789012345678901234567890123456789012345678901234567890123456789", "", TARGET_FOREIGN},
	};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char text[2048];

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		snprintf(text, sizeof text, "INVITE %s SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKt%zu\r\n" FROM
		    "To: <%s>\r\nCall-ID: t%zu\r\nCSeq: 1 INVITE\r\nMax-Forwards: 7\r\n" CONTACT LEN0,
		    list[i].uri, i, list[i].uri, i);
		phone_say(p, text);
		const struct got *g = house_take(h, MSG_REQUEST, 1000);
		CHECK(g && g->class == CLASS_NEW);
		const struct msg_request *r = got_payload(g);
		CHECK(r->target_kind == list[i].kind && is(g, r->target_user, list[i].user));
	}
	phone_say(p, HEAD("MESSAGE", "tel:102", "tm") "Max-Forwards: 7\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
	CHECK(phone_hear(h, p, "SIP/2.0 416 ", 1000));
	end_phone(p);
}

/* R16: an emergency is one however it is written, and before anything else is known of it. */
static void spellings_of_emergency(void)
{
	static const struct {
		const char *uri, *number; /* NULL: a tel URI accepts text alone as little as another call does; the rest is 416 */
	} list[] = {
	    {"sip:112@exchange.test", "112"},
	    {"tel:112", "112"},
	    {"tel:9-1.1;phone-context=+1", "911"},
	    {"urn:service:sos", "112"},
	    {"URN:Service:SOS.police", "112"},
	    {"urn:service:sosial", NULL},
	    {"urn:service:counseling", NULL},
	    {"tel:+112", NULL},
	    {"tel:1121", NULL},
	    {"tel:11", NULL},
	};
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char text[2048];

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		snprintf(text, sizeof text, "INVITE %s SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKs%zu\r\n" FROM
		    "To: <%s>\r\nCall-ID: s\r\nCSeq: %zu INVITE\r\nMax-Forwards: 7\r\nAccept: text/plain\r\n" CONTACT LEN0,
		    list[i].uri, i, list[i].uri, i);
		phone_forget_text(p);
		phone_say(p, text);
		if (!list[i].number) {
			CHECK(phone_hear(h, p, list[i].uri[0] == 't' ? "SIP/2.0 406 " : "SIP/2.0 416 ", 1000));
			continue;
		}
		const struct got *g = house_take(h, MSG_REQUEST, 1000);
		if (!g) {
			phone_hear(h, p, "\r\n\r\n", 100);
			fprintf(stderr, "%s\n%s\n", list[i].uri, p->text);
		}
		CHECK(g && g->class == CLASS_EMERGENCY);
		const struct msg_request *r = got_payload(g);
		CHECK(r->emergency && r->target_kind == TARGET_USER && is(g, r->target_user, list[i].number));
	}
	/* another method is no call for help; an unknown extension does not stand in the way of one */
	phone_say(p, HEAD("OPTIONS", "tel:112", "so") "Max-Forwards: 70\r\n" LEN0);
	CHECK(phone_hear(h, p, "SIP/2.0 416 ", 1000));
	phone_say(p, HEAD("INVITE", "tel:112", "sr") "Max-Forwards: 70\r\nRequire: frob\r\n" CONTACT LEN0);
	CHECK(house_take(h, MSG_REQUEST, 1000));
	end_phone(p);
}

/* RFC 3261 8.2.2.2: the same request by two ways rings once; after a refusal it may come again. */
static void merged_request(void)
{
	static const char format[] = "INVITE sip:102@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKm%d\r\n" FROM TO
	    "Call-ID: merged\r\nCSeq: 1 INVITE\r\nMax-Forwards: 7\r\n" CONTACT LEN0;
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char text[2048];

	snprintf(text, sizeof text, format, 1);
	phone_say(p, text);
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g);
	uint64_t txn = ((const struct msg_request *)got_payload(g))->txn;
	snprintf(text, sizeof text, format, 2);
	phone_say(p, text);
	CHECK(phone_hear(h, p, "SIP/2.0 482 ", 1000) && !house_take(h, MSG_REQUEST, 50));
	respond(txn, 486);
	done();
	CHECK(phone_hear(h, p, "SIP/2.0 486 ", 1000));
	snprintf(text, sizeof text, format, 3);
	phone_say(p, text);
	CHECK(house_take(h, MSG_REQUEST, 1000));
	end_phone(p);
}

static void text_message(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	phone_say(p, HEAD("MESSAGE", "sip:102@exchange.test", "m1") "Max-Forwards: 7\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 7\r\n\r\nhi\r\nyou");
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && is(g, ((const struct msg_request *)got_payload(g))->text, "hi\r\nyou"));
	struct msg_send *m = order(601, flow, SIP_MESSAGE);
	m->text = ipc_put(&h->core, SPAN("hi\r\nyou"));
	done();
	CHECK(phone_hear(h, p, " 7\r\n\r\nhi\r\nyou", 1000));
	end_phone(p);
}

/* --- connections --- */

/* T19: what follows a message of impossible length is not executed. */
static void bad_framing(void)
{
	static const char *const lengths[] = {"4294967328", "-1", "99999", "1 1"};

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		uint64_t flow;
		struct phone *p = new_phone(1, &flow);
		char text[2048];
		snprintf(text, sizeof text, HEAD("OPTIONS", "sip:exchange.test", "f1") "Max-Forwards: 7\r\nContent-Length: %s\r\n\r\n"
		    HEAD("OPTIONS", "sip:exchange.test", "f2") "Max-Forwards: 7\r\n" LEN0, lengths[i]);
		phone_say(p, text);
		CHECK(phone_sees_close(h, p, 2000));
		CHECK(!house_take(h, MSG_REQUEST, 20));
		const struct got *g = house_take(h, MSG_FLOW_DOWN, 500);
		CHECK(g && ((const struct msg_flow_down *)got_payload(g))->why == FLOW_BAD_BYTES);
		CHECK(house_take(h, MSG_EVENT, 500));
		phone_free(p);
	}
}

/* T19: nor what its length says is its body. */
static void a_message_within_a_body(void)
{
	static const char within[] = HEAD("INVITE", "sip:900@exchange.test", "w2") "Max-Forwards: 7\r\n" CONTACT LEN0;
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char text[2048];

	for (size_t more = 0; more < 2; more++) { /* all of it, and one octet of what comes next */
		snprintf(text, sizeof text, HEAD("OPTIONS", "sip:exchange.test", "w1") "Max-Forwards: 7\r\nContent-Length: %zu\r\n\r\n%s",
		    sizeof within - 1 + more, within);
		phone_forget_text(p);
		phone_say(p, text);
		if (more) {
			CHECK(!phone_hear(h, p, "\r\n\r\n", 200));
			phone_say(p, "x");
		}
		CHECK(phone_hear(h, p, "\r\n\r\n", 1000) && strstr(p->text, "SIP/2.0 400 ") == p->text);
		CHECK(!house_take(h, MSG_REQUEST, 50) && !strstr(p->text, "w2"));
	}
	phone_say(p, HEAD("OPTIONS", "sip:exchange.test", "w3") "Max-Forwards: 7\r\n" LEN0);
	CHECK(house_take(h, MSG_REQUEST, 1000));
	end_phone(p);
}

static void pipelined(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	phone_say(p, "\r\n" HEAD("OPTIONS", "sip:exchange.test", "p1") "Max-Forwards: 7\r\n" LEN0 "\r\n\r\n"
	    HEAD("OPTIONS", "sip:exchange.test", "p2") "Max-Forwards: 7\r\n" LEN0 "OPTIONS sip:exch");
	CHECK(house_take(h, MSG_REQUEST, 500) && house_take(h, MSG_REQUEST, 500));
	CHECK(phone_hear(h, p, "\r\n", 500));
	CHECK(house_line(h, "unfinished-messages")->used == 1);
	phone_say(p, "ange.test SIP/2.0\r\n" VIA("p3") FROM TO "Call-ID: p3\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 7\r\n" LEN0);
	CHECK(house_take(h, MSG_REQUEST, 500));
	CHECK(house_line(h, "unfinished-messages")->used == 0);
	end_phone(p);
}

/* What closes the connection comes with the rest of an unfinished message, whose buffer is another's from then on (T19, R27). */
static void unfinished_and_closed(void)
{
	uint64_t flow;
	struct phone *two[2];

	for (int i = 0; i < 2; i++) {
		struct phone *p = new_phone(1, &flow);
		phone_say(p, "OPTIONS sip:exch");
		house_pump(h, 50);
		CHECK(house_line(h, "unfinished-messages")->used == 1);
		phone_say(p, "ange.test SIP/2.0\r\n" VIA("u1") FROM TO "Call-ID: u1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 7\r\n" LEN0
		    HEAD("OPTIONS", "sip:exchange.test", "u2") "Max-Forwards: 7\r\nContent-Length: -1\r\n\r\nand what follows");
		CHECK(phone_sees_close(h, p, 2000));
		const struct got *g = house_take(h, MSG_FLOW_DOWN, 500);
		CHECK(g && ((const struct msg_flow_down *)got_payload(g))->why == FLOW_BAD_BYTES);
		CHECK(house_line(h, "unfinished-messages")->used == 0);
		phone_free(p);
	}
	for (int i = 0; i < 2; i++)
		phone_say(two[i] = new_phone(1 + (uint32_t)i, &flow), "OPTIONS sip:exch");
	house_pump(h, 50);
	CHECK(house_line(h, "unfinished-messages")->used == 2);
	for (int i = 0; i < 2; i++) {
		phone_say(two[i], "ange.test SIP/2.0\r\n" VIA("u3") FROM TO "Call-ID: u3\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 7\r\n" LEN0);
		CHECK(house_take(h, MSG_REQUEST, 500));
		end_phone(two[i]);
	}
}

/* T20: one octet a second of a header. */
static void slow_message(void)
{
	uint64_t flow, then = clock_boot_ms();
	struct phone *p = new_phone(1, &flow);

	phone_say(p, "OPTIONS sip:");
	for (int i = 0; i < 6 && !p->closed; i++) {
		phone_say(p, "x");
		phone_sees_close(h, p, 1000);
	}
	CHECK(p->closed && clock_boot_ms() - then < 5500);
	const struct got *g = house_take(h, MSG_FLOW_DOWN, 500);
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->why == FLOW_BAD_BYTES);
	CHECK(house_line(h, "unfinished-messages")->used == 0);
	phone_free(p);
}

/* A phone that does not read is closed when 64 kB wait for it. */
static void slow_reader(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	static const char filler[2000] = {[0 ... 1999] = 'x'};
	const struct got *g = NULL;
	int small = 4096;

	setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	for (int i = 0; i < 4000 && !g; i++) {
		struct msg_send *m = order(0, flow, SIP_ACK);
		m->text = ipc_put(&h->core, span_of(filler, sizeof filler));
		done();
		g = house_take(h, MSG_FLOW_DOWN, 0);
	}
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->why == FLOW_SLOW);
	phone_free(p);
	CHECK(house_line(h, "out-blocks")->used == 0);
}

/* T22: INVITE and then a reset, again and again: nothing is left over. */
static void invite_and_reset(void)
{
	struct linger now = {1, 0};

	for (int i = 0; i < 100; i++) {
		uint64_t flow;
		struct phone *p = new_phone(1, &flow);
		CHECK(p);
		phone_say(p, invite("t22", "102", "", SDP));
		if (i % 2)
			CHECK(house_take(h, MSG_REQUEST, 500));
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		phone_free(p);
		CHECK(house_take(h, MSG_FLOW_DOWN, 1000));
	}
	while (house_take(h, MSG_REQUEST, 20))
		;
	CHECK(house_line(h, "connections")->used == 0);
	CHECK(house_line(h, "server-transactions")->used == 0);
	CHECK(house_line(h, "texts")->used == 0 && house_line(h, "long-texts")->used == 0);
}

/* A device has 8 connections; the oldest makes room. */
static void many_connections(void)
{
	struct phone *p[9];
	uint64_t flow[9];

	for (int i = 0; i < 9; i++)
		CHECK((p[i] = new_phone(7, &flow[i])));
	const struct got *g = house_take(h, MSG_FLOW_DOWN, 500);
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->flow == flow[0]);
	CHECK(phone_sees_close(h, p[0], 1000));
	for (int i = 0; i < 9; i++)
		phone_free(p[i]);
	for (int i = 1; i < 9; i++)
		CHECK(house_take(h, MSG_FLOW_DOWN, 500));
}

static void too_many_bad(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	for (int i = 0; i < 40; i++)
		phone_say(p, "OPTIONS sip:exchange.test SIP/2.0\r\nX : \x01\r\n" LEN0);
	CHECK(phone_sees_close(h, p, 1000));
	end_phone(p);
}

/* --- overload and restarts --- */

/* Core takes nothing in: new work is refused with Retry-After, an emergency call still has its credit. */
static void credit_runs_out(void)
{
	enum { PHONES = 10, EACH = 60, FIRST = 20 };
	uint64_t flow;
	struct phone *p[PHONES];
	char branch[16];

	for (uint32_t i = 0; i < PHONES; i++) {
		house_say_device(h, FIRST + i, DEVICE_VALID, 0, 1);
		CHECK((p[i] = new_phone(FIRST + i, &flow)));
	}
	h->core_open = false; /* nobody reads core's link: what edge may send is bounded by its window */
	for (int i = 0; i < PHONES * EACH; i++) {
		snprintf(branch, sizeof branch, "k%d", i);
		phone_say(p[i % PHONES], invite(branch, "102", "", ""));
	}
	for (int i = 0; i < 50; i++) {
		house_pump(h, 5);
		phone_drain(p[0]);
	}
	phone_say(p[0], invite("last", "102", "", ""));
	CHECK(phone_hear(h, p[0], "SIP/2.0 503 ", 1000) && strstr(p[0]->text, "Retry-After: "));
	h->core_open = true;
	int taken = 0;
	while (house_take(h, MSG_REQUEST, 200))
		taken++;
	CHECK(taken > 0 && taken <= class_window[CLASS_NEW]);
	phone_say(p[0], invite("em", "112", "", ""));
	const struct got *g;
	do
		g = house_take(h, MSG_REQUEST, 3000);
	while (g && g->class == CLASS_NEW);
	CHECK(g && g->class == CLASS_EMERGENCY && ((const struct msg_request *)got_payload(g))->emergency);
	for (int i = 0; i < PHONES; i++)
		end_phone(p[i]);
}

/* One phone cannot fill the table: 64 of its requests may wait, over whichever of its connections, and 8 more when they are
 * emergency calls. */
static void one_phone_floods(void)
{
	uint64_t flow, other_flow;
	struct phone *p[2] = {new_phone(1, &flow), new_phone(1, &flow)}, *other = new_phone(2, &other_flow);
	char branch[16];

	for (int i = 0; i < 200; i++) {
		snprintf(branch, sizeof branch, "o%d", i);
		phone_say(p[i % 2], invite(branch, i < 160 ? "102" : "112", "", ""));
	}
	int ordinary = 0, emergency = 0;
	for (const struct got *g; (g = house_take(h, MSG_REQUEST, 300));)
		*(((const struct msg_request *)got_payload(g))->emergency ? &emergency : &ordinary) += 1;
	CHECK(ordinary == 64 && emergency == 8);
	phone_say(other, invite("oo", "102", "", ""));
	CHECK(house_take(h, MSG_REQUEST, 1000));
	end_phone(p[0]);
	end_phone(p[1]);
	end_phone(other);
}

/* RFC 3261 9.1, DESIGN: core is gone: 500 up, CANCEL down, and flows are announced to the next one. */
static void core_restarts(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	phone_say(p, invite("cr1", "102", "", SDP));
	CHECK(house_take(h, MSG_REQUEST, 1000));
	order(701, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "CSeq: 1 INVITE\r\n", 1000));
	const char *at = strstr(p->text, "INVITE sip:102@127");
	CHECK(at);
	memmove(p->text, at, strlen(at) + 1);
	while (house_take(h, MSG_RESPONSE, 0)) /* of others: one that edge has not read waits for the next core */
		;
	answer(p, "180 Ringing", "INVITE", "", "");
	CHECK(house_take(h, MSG_RESPONSE, 500));
	house_cut_core(h);
	CHECK(phone_hear(h, p, "SIP/2.0 500 ", 1000) && strstr(p->text, "Retry-After: "));
	CHECK(phone_hear(h, p, "CSeq: 1 CANCEL\r\n", 1000));
	phone_forget_text(p);
	/* what is said meanwhile waits for the next one (R16, R28) */
	phone_say(p, HEAD("OPTIONS", "sip:exchange.test", "cr2") "Max-Forwards: 7\r\n" LEN0);
	phone_say(p, invite("cr3", "112", "", SDP));
	CHECK(!phone_hear(h, p, "SIP/2.0 ", 200));
	house_link_core(h, true);
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g && ((const struct msg_flow_up *)got_payload(g))->flow == flow);
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && ((const struct msg_request *)got_payload(g))->method == SIP_OPTIONS);
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && ((const struct msg_request *)got_payload(g))->method == SIP_INVITE && g->class == CLASS_EMERGENCY);
	end_phone(p);
}

/* It may never come back: then phones hear so, also those that spoke before. */
static void core_stays_away(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow), *q = new_phone(2, &flow);

	house_cut_core(h);
	phone_say(p, HEAD("OPTIONS", "sip:exchange.test", "cs1") "Max-Forwards: 7\r\n" LEN0);
	CHECK(!phone_hear(h, p, "SIP/2.0 ", CORE_AWAY_MS / 2));
	CHECK(phone_hear(h, p, "SIP/2.0 503 ", CORE_AWAY_MS));
	phone_say(q, HEAD("OPTIONS", "sip:exchange.test", "cs2") "Max-Forwards: 7\r\n" LEN0);
	CHECK(phone_hear(h, q, "SIP/2.0 503 ", 1000));
	house_link_core(h, true);
	CHECK(house_take(h, MSG_FLOW_UP, 1000) && house_take(h, MSG_FLOW_UP, 1000));
	end_phone(p);
	end_phone(q);
}

static void core_is_another(void)
{
	house_cut_core(h);
	house_link_core(h, true);
	CHECK(house_take(h, MSG_FLOW_UP, 1000));
}

/* An orphan that is answered all the same is hung up. */
static void answered_orphan(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);

	order(702, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	core_is_another();
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	CHECK(phone_hear(h, p, "CSeq: 1 ACK\r\n", 1000) && strstr(p->text, "ACK sip:102@127.0.0.1:9 SIP/2.0\r\n"));
	CHECK(phone_hear(h, p, "CSeq: 4097 BYE\r\n", 1000));
	CHECK(!house_take(h, MSG_RESPONSE, 50));
	end_phone(p);
}

/* The BYE is in a transaction of its own, which its answer ends, and each who answers gets one: again only the ACK. */
static void orphans_answered_twice(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char invite[sizeof p->text];

	order(704, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	memcpy(invite, p->text, sizeof invite);
	core_is_another();
	for (int i = 0; i < ORPHANS_ENDED_MAX + 2; i++) {
		char tag[16], want[32];
		snprintf(tag, sizeof tag, "fork-%d", i);
		snprintf(want, sizeof want, ";tag=fork-%d\r\n", i);
		answer_tag = tag;
		memcpy(p->text, invite, sizeof invite);
		answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
		phone_forget_text(p);
		CHECK(phone_hear(h, p, "CSeq: 4097 BYE\r\n", i < ORPHANS_ENDED_MAX ? 1000 : 50) == (i < ORPHANS_ENDED_MAX));
		if (i >= ORPHANS_ENDED_MAX)
			continue;
		CHECK(strstr(p->text, "CSeq: 1 ACK\r\n") && strstr(p->text, want));
		memmove(p->text, strstr(p->text, "BYE "), strlen(strstr(p->text, "BYE ")) + 1);
		answer(p, "200 OK", "BYE", "", "");
		memcpy(p->text, invite, sizeof invite);
		answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP); /* its ACK was lost */
		phone_forget_text(p);
		CHECK(phone_hear(h, p, "CSeq: 1 ACK\r\n", 1000));
		CHECK(!phone_hear(h, p, "BYE\r\n", 50));
	}
	CHECK(house_line(h, "client-transactions")->used == 1); /* the INVITE, until nobody else may answer */
	CHECK(!house_take(h, MSG_RESPONSE, 0));
	answer_tag = "pt";
	end_phone(p);
}

/* Core has acknowledged that it was answered: the next one goes on with that call. Whoever answers besides is hung up on here. */
static void orphan_that_is_up(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;
	char invite[sizeof p->text];

	order(705, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	memcpy(invite, p->text, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	CHECK(response(&g));
	struct msg_send *m = order(0, flow, SIP_ACK);
	m->to_tag = ipc_put(&h->core, SPAN("pt"));
	done();
	core_is_another();
	memcpy(p->text, invite, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	phone_forget_text(p);
	CHECK(phone_hear(h, p, "CSeq: 1 ACK\r\n", 1000) && !phone_hear(h, p, "BYE\r\n", 50));
	answer_tag = "other";
	memcpy(p->text, invite, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:8>\r\n", SDP);
	phone_forget_text(p);
	CHECK(phone_hear(h, p, "CSeq: 4097 BYE\r\n", 1000) && strstr(p->text, "ACK sip:102@127.0.0.1:8 ") &&
	    strstr(p->text, "BYE sip:102@127.0.0.1:8 ") && !strstr(p->text, ";tag=pt"));
	answer_tag = "pt";
	end_phone(p);
}

/* It heard of the answer and said nothing any more. */
static void orphan_that_killed_core(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;
	char invite[sizeof p->text];

	order(706, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	memcpy(invite, p->text, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	CHECK(response(&g));
	core_is_another();
	memcpy(p->text, invite, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	phone_forget_text(p);
	CHECK(phone_hear(h, p, "CSeq: 4097 BYE\r\n", 1000) && strstr(p->text, "CSeq: 1 ACK\r\n"));
	end_phone(p);
}

/* One inside a dialog: the call goes on with the next core, also where this one had not acknowledged the answer. */
static void orphan_inside(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	char invite[sizeof p->text];

	struct msg_send *m = order(709, flow, SIP_INVITE);
	m->to_tag = ipc_put(&h->core, SPAN("pt"));
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	memcpy(invite, p->text, sizeof invite);
	core_is_another();
	memcpy(p->text, invite, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	phone_forget_text(p);
	CHECK(phone_hear(h, p, "CSeq: 1 ACK\r\n", 1000) && !phone_hear(h, p, "BYE\r\n", 50));
	end_phone(p);
}

/* RFC 3261 13.2.2.4: who else answers the same INVITE, behind a proxy that forks, is core's to hang up on, by the way that it came. */
static void answered_twice(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	const struct got *g;
	char invite[sizeof p->text];

	order(703, flow, SIP_INVITE);
	done();
	CHECK(phone_hear(h, p, "\r\n\r\n", 1000));
	memcpy(invite, p->text, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	CHECK(response(&g));
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP); /* repeated: core says its ACK again */
	CHECK(response(&g));
	answer_tag = "other";
	answer(p, "200 OK", "INVITE",
	    "Contact: <sip:102@127.0.0.1:8>\r\nRecord-Route: <sip:b.test;lr>, <sip:a.test;lr>\r\n", SDP);
	const struct msg_response *other = response(&g);
	CHECK(other && other->code == 200 && span_eq(got_str(g, other->to_tag), SPAN("other")));
	CHECK(span_eq(got_str(g, other->contact), SPAN("sip:102@127.0.0.1:8")));
	CHECK(span_eq(got_str(g, other->route_set), SPAN("<sip:a.test;lr>, <sip:b.test;lr>")));
	answer_tag = "pt";
	memcpy(p->text, invite, sizeof invite);
	answer(p, "200 OK", "INVITE", "Contact: <sip:102@127.0.0.1:9>\r\n", SDP);
	CHECK(response(&g)); /* the first one's is still core's */
	end_phone(p);
}

static void close_flow(void)
{
	uint64_t flow;
	struct phone *p = new_phone(1, &flow);
	struct msg_close_flow *m = ipc_begin(&h->core, MSG_CLOSE_FLOW);

	m->flow = flow;
	m->why = FLOW_REVOKED;
	done();
	CHECK(phone_sees_close(h, p, 1000));
	end_phone(p);
}

/* R4: a phone that core does not name any more after its restart is gone. */
static void forgotten_device(void)
{
	uint64_t flow;
	struct phone *p = new_phone(8, &flow);

	house_cut_core(h);
	house_link_core(h, false);
	house_say_device(h, 1, DEVICE_VALID, 0, 1);
	house_say_done(h);
	CHECK(phone_sees_close(h, p, 1000));
	for (uint32_t i = 2; i <= 8; i++)
		house_say_device(h, i, DEVICE_VALID, 0, 1);
	house_pump(h, 20);
	end_phone(p);
}

int main(void)
{
	struct house_options o = {0};

	h = house_new(&o);
	RUN(registration);
	RUN(the_contact_that_stays_is_the_binding);
	RUN(challenge);
	RUN(call_in);
	RUN(early_ringing);
	RUN(cancel_in);
	RUN(call_out);
	RUN(refused_out);
	RUN(redirected_out);
	RUN(cancel_out);
	RUN(stray_responses);
	RUN(no_way_to_the_phone);
	RUN(contact_with_headers);
	RUN(a_target_is_told_as_it_is_sent);
	RUN(own_answers);
	RUN(refer_in);
	RUN(replaces_in);
	RUN(privacy_in);
	RUN(digits_and_events_in);
	RUN(refer_out);
	RUN(summary_out);
	RUN(loop);
	RUN(targets);
	RUN(a_tel_uri_is_a_number);
	RUN(spellings_of_emergency);
	RUN(merged_request);
	RUN(text_message);
	RUN(bad_framing);
	RUN(a_message_within_a_body);
	RUN(pipelined);
	RUN(unfinished_and_closed);
	RUN(slow_message);
	RUN(slow_reader);
	RUN(invite_and_reset);
	RUN(many_connections);
	RUN(too_many_bad);
	RUN(credit_runs_out);
	RUN(one_phone_floods);
	RUN(core_restarts);
	RUN(core_stays_away);
	RUN(answered_orphan);
	RUN(orphans_answered_twice);
	RUN(orphan_that_is_up);
	RUN(orphan_that_killed_core);
	RUN(orphan_inside);
	RUN(answered_twice);
	RUN(close_flow);
	RUN(forgotten_device);
	house_end(h);
	return TEST_END;
}
