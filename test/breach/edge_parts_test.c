/* SPDX-License-Identifier: ISC */
/* R16, T18: a call whose body has several parts, at the whole edge: what of it reaches core, what is refused, and the place that
 * leaves with a call for help. */
#include "../unit/test.h"
#include "edge_house.h"
#include "wire/sip_multipart.h"

static struct house *h;
static struct phone *p;
static uint64_t flow;

#define FROM "From: <sip:101@exchange.test>;tag=f1\r\n"
#define CONTACT "Contact: <sip:101@127.0.0.1:5061;transport=tls>\r\n"
#define SDP                                                                                                   \
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"                          \
	"m=audio 4000 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"                                                 \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=\"b 1\"\r\n"
#define SDP_PART "--b 1\r\nContent-Type: application/sdp\r\n\r\n" SDP "\r\n"
#define PIDF                                                                                                  \
	"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:g=\"urn:ietf:params:xml:ns:pidf:geopriv10\""  \
	" xmlns:gml=\"http://www.opengis.net/gml\" entity=\"pres:mallory@exchange.test\"><tuple id=\"t\"><status>" \
	"<g:geopriv><g:location-info><gml:Point srsName=\"urn:ogc:def:crs:EPSG::4326\"><gml:pos>51.5237 -0.1585"  \
	"</gml:pos></gml:Point></g:location-info><g:usage-rules/><g:method>GPS</g:method></g:geopriv></status>"    \
	"</tuple><secret/></presence>"
#define PIDF_PART "--b 1\r\nContent-Type: application/pidf+xml\r\nContent-ID: <p@x>\r\n\r\n" PIDF "\r\n"
#define END "--b 1--\r\n"

static void say_invite(const char *target, const char *extra, const char *body)
{
	static char text[65536];
	static unsigned n;

	n++;
	snprintf(text, sizeof text,
	    "INVITE sip:%s@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKp%u;rport\r\n" FROM
	    "To: <sip:%s@exchange.test>\r\nCall-ID: parts-%u\r\nCSeq: 7 INVITE\r\nMax-Forwards: 70\r\n" CONTACT
	    "%sContent-Length: %zu\r\n\r\n%s",
	    target, n, target, n, extra, strlen(body), body);
	phone_forget_text(p);
	phone_say(p, text);
}

static const struct got *request_of(const char *target, const char *extra, const char *body)
{
	say_invite(target, extra, body);
	return house_take(h, MSG_REQUEST, 1000);
}

static bool refused(const char *target, const char *extra, const char *body, const char *status, const char *holds)
{
	say_invite(target, extra, body);
	/* a 100 to an earlier call may come in between */
	bool ok = phone_hear(h, p, status, 1000) && phone_hear(h, p, *holds ? holds : "\r\n\r\n", 1000);

	if (!ok)
		fprintf(stderr, "%s\n->\n%s\n", body, p->text);
	return ok && !house_take(h, MSG_REQUEST, 20);
}

static void a_phone_comes(void)
{
	struct cert_spec spec = {.device = 1, .epoch = 1, .from_s = -60, .to_s = 3600};

	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g);
	flow = ((const struct msg_flow_up *)got_payload(g))->flow;
}

static bool says(const struct got *g, const char *word)
{
	return memmem(g->bytes, g->payload_n + g->tail_n, word, strlen(word));
}

/* As typed fields: nothing of the document itself. */
static bool is_the_place(const struct got *g, const struct msg_request *r)
{
	struct pidf_place place;

	if (r->place.len != sizeof place || says(g, "presence") || says(g, "mallory") || says(g, "secret"))
		return false;
	memcpy(&place, got_str(g, r->place).p, sizeof place);
	return pidf_place_ok(&place) && place.shape == PIDF_POINT && place.method == PIDF_GPS &&
	       place.latitude_e7 == 515237000 && place.longitude_e7 == -1585000;
}

static void the_place_of_a_call_for_help_reaches_core(void)
{
	const struct got *g = request_of("112", MIXED, SDP_PART PIDF_PART END);

	CHECK(g && g->class == CLASS_EMERGENCY);
	const struct msg_request *r = got_payload(g);
	CHECK(r->emergency && r->sdp.len == sizeof(struct sdp) && is_the_place(g, r));
	g = request_of("112", MIXED "Require: geolocation, frob\r\nProxy-Require: frob\r\n", PIDF_PART SDP_PART END);
	CHECK(g && g->class == CLASS_EMERGENCY);
	r = got_payload(g);
	CHECK(r->sdp.len == sizeof(struct sdp) && is_the_place(g, r));
}

/* T18: what is not understood of a place is no reason to refuse help, and goes nowhere */
static void a_place_that_is_not_understood_holds_nothing_up(void)
{
	static const char *const bad[] = {"<!DOCTYPE p [<!ENTITY a \"presence\">]><p>&a;</p>", "<presence/>", "", "\xff",
	    "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">"};
	char part[512];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(part, sizeof part, SDP_PART "--b 1\r\nContent-Type: application/pidf+xml\r\n\r\n%s\r\n" END, bad[i]);
		const struct got *g = request_of("112", MIXED, part);
		CHECK(g && g->class == CLASS_EMERGENCY);
		const struct msg_request *r = got_payload(g);
		CHECK(r->sdp.len == sizeof(struct sdp) && !r->place.len && !says(g, "presence"));
	}
	CHECK(house_count(h, "places-refused") == sizeof bad / sizeof *bad - 1);
}

/* R8: where somebody is goes on with no other call */
static void the_place_of_any_other_call_does_not(void)
{
	const struct got *g = request_of("102", MIXED, SDP_PART PIDF_PART END);

	CHECK(g && g->class == CLASS_NEW);
	const struct msg_request *r = got_payload(g);
	CHECK(r->sdp.len == sizeof(struct sdp) && r->place.len == 0 && !says(g, "presence"));
	CHECK(refused("102", MIXED "Require: geolocation, frob\r\n", SDP_PART END, "SIP/2.0 420 ", "Unsupported: geolocation, frob\r\n"));
}

static void nested(char *out, size_t size)
{
	struct buf b = buf_of(out, size - 1);

	for (unsigned i = 0; i < 100; i++) {
		BUF_LIT(&b, "--b 1");
		BUF_LIT(&b, "\r\nContent-Type: multipart/mixed;boundary=\"b 1\"\r\n\r\n");
	}
	buf_str(&b, SDP_PART END);
	out[b.n] = 0;
}

static void what_is_no_multipart_is_refused(void)
{
	static char deep[16384];

	nested(deep, sizeof deep);
	for (int i = 0; i < 2; i++) {
		const char *to = i ? "112" : "102";
		CHECK(refused(to, MIXED, deep, "SIP/2.0 415 ", "Accept: application/sdp, multipart/mixed\r\n"));
		CHECK(refused(to, MIXED, SDP_PART, "SIP/2.0 400 ", "no closing boundary"));
		CHECK(refused(to, MIXED, "hi", "SIP/2.0 400 ", "a multipart without its boundary"));
		CHECK(refused(to, MIXED, SDP_PART SDP_PART END, "SIP/2.0 400 ", "two session descriptions"));
		CHECK(refused(to, MIXED, PIDF_PART END, "SIP/2.0 400 ", "no session description"));
		CHECK(refused(to, "Content-Type: multipart/mixed\r\n", SDP_PART END, "SIP/2.0 400 ", "multipart without a boundary"));
		CHECK(refused(to, "Content-Type: multipart/alternative;boundary=\"b 1\"\r\n", SDP_PART END, "SIP/2.0 415 ", ""));
		CHECK(refused(to, "Content-Type: multipart/mixed;boundary=123456789012345678901234567890123456789012345678901234567890"
				  "12345678901\r\n", "hi", "SIP/2.0 400 ", "boundary of no or over 70 characters"));
		CHECK(refused(to, MIXED, "--b 1\r\nContent-Type: application/sdp\r\n\r\nv=1\r\n" END, "SIP/2.0 488 ", "Warning: 399 "));
	}
	const struct got *g = house_take(h, MSG_HELP_REFUSED, 500); /* core is told of who needs help (R16) */
	CHECK(g && ((const struct msg_help_refused *)got_payload(g))->code == 415);
	CHECK(request_of("102", MIXED, SDP_PART END)); /* the connection lives */
}

static struct msg_send *order(uint64_t ref)
{
	struct link *l = &h->core;
	struct sdp sdp;
	struct sdp_error err;

	if (!sdp_parse(SPAN(SDP), &sdp, &err))
		return NULL;
	struct msg_send *m = ipc_begin(l, MSG_SEND);
	m->ref = ref;
	m->flow = flow;
	m->method = SIP_INVITE;
	m->target = ipc_put(l, SPAN("sip:112@127.0.0.1:5061;transport=tls"));
	m->from_user = ipc_put(l, SPAN("101"));
	m->from_tag = ipc_put(l, SPAN("ft"));
	m->to_user = ipc_put(l, SPAN("112"));
	m->call_id = ipc_put(l, SPAN("out-1"));
	m->cseq = 1;
	m->expires = ABSENT;
	m->leg_token = ipc_put(l, SPAN("leg-9"));
	m->sdp = ipc_put_part(l, &sdp, sizeof sdp);
	return m;
}

/* What the phone read, as we read it. */
static bool heard(struct sip_msg *m, struct sip_multipart *parts)
{
	static uint8_t text[65536];
	struct sip_error err = {0};

	ipc_end(&h->core);
	if (!phone_hear(h, p, "--\r\n", 1000))
		return false;
	const char *from = strstr(p->text, "INVITE sip:112@127.0.0.1");
	size_t n = from ? p->n - (size_t)(from - p->text) : 0;
	memcpy(text, from ? from : "", n);
	return n && sip_parse(text, n, m, &err) == SIP_OK && m->content == SIP_MEDIA_MULTIPART &&
	       sip_multipart_read(m->body, m->boundary, parts, &err);
}

#define STORED "<ca:RD>Baker &amp; Sons</ca:RD><ca:HNO>221B</ca:HNO>"
#define SAID_SO "<ca:NAM>&lt;here&gt;</ca:NAM>"

/* Both of them, in that order, or the one that there is; the header names them in the same order, and who knows of it. */
static bool leaves_as(bool civic, bool doubt, bool said, const char *first, const char *second)
{
	static const struct pidf_place empty;
	struct pidf_place place = empty;
	struct sip_multipart parts;
	struct sip_msg m;
	struct msg_send *o;

	phone_forget_text(p);
	static unsigned ref = 600;
	o = order(ref++);
	if (!o || !pidf_set(&place, PIDF_NAM, SPAN("<here>")))
		return false;
	o->doubt = doubt;
	if (civic)
		o->civic = ipc_put(&h->core, SPAN("country=GB, city=London, street=Baker & Sons, house=221B"));
	if (said)
		o->place = ipc_put_part(&h->core, &place, sizeof place);
	if (!heard(&m, &parts) || !span_starts(parts.sdp, SPAN("v=0\r\n")))
		return false;
	const char *at = strstr(p->text, first), *then = second ? strstr(p->text, second) : NULL;
	return at && (!second || (then && at < then)) && strstr(p->text, "Geolocation-Routing: yes\r\n");
}

/* The cid: of a place, by its number in the header: its part is that far down. */
static bool is_named(int number, bool ours)
{
	char *line = strstr(p->text, "Geolocation: "), id[160], header[256];

	for (int i = 1; line && i < number; i++)
		line = strstr(line + 1, ", <cid:");
	if (!line || !(line = strstr(line, "<cid:")) || sscanf(line, "<cid:%150[^>]>", id) != 1 || !strstr(id, "@exchange.test"))
		return false;
	snprintf(header, sizeof header, "Content-Type: application/pidf+xml\r\nContent-ID: <%s>\r\n\r\n<?xml ", id);
	const char *after = strchr(line, '>') + 1;
	return strstr(p->text, header) && (strncmp(after, ";loc-src=exchange.test", 22) == 0) == ours;
}

static bool has(const char *text)
{
	return strstr(p->text, text) != NULL;
}

static void a_call_for_help_leaves_with_its_place(void)
{
	/* what an administrator entered counts for more than what the phone says, unless the phone may be elsewhere */
	CHECK(leaves_as(true, false, true, STORED, SAID_SO) && is_named(1, true) && is_named(2, false) && !is_named(3, false));
	CHECK(!has("may have been moved") && has("<gp:method>Manual</gp:method>"));
	CHECK(leaves_as(true, true, true, SAID_SO, STORED) && is_named(1, false) && is_named(2, true));
	/* a doubt is of what was entered, and is said in the address too; a phone's own word is never more than that */
	CHECK(has("<ca:LOC>NOT VERIFIED: the phone may have been moved<") && has("<note xml:lang=\"en\">Not verified: this is where the phone is registered"));
	CHECK(has("<ca:LOC>NOT VERIFIED: the phone itself says so<") && has("<note xml:lang=\"en\">Not verified: the phone itself says"));
	CHECK(leaves_as(true, true, false, STORED, NULL) && is_named(1, true) && !is_named(2, true) && !has("itself says"));
	CHECK(leaves_as(true, false, false, STORED, NULL) && !has("Not verified"));
	CHECK(leaves_as(false, false, true, SAID_SO, NULL) && is_named(1, false) && !has("Manual") && has("itself says"));
}

static void no_place_no_parts(void)
{
	phone_forget_text(p);
	CHECK(order(610));
	ipc_end(&h->core);
	CHECK(phone_hear(h, p, "a=crypto", 1000) && strstr(p->text, "Content-Type: application/sdp\r\n"));
	CHECK(!strstr(p->text, "Geolocation"));
}

int main(void)
{
	struct house_options o = {0};

	h = house_new(&o);
	RUN(a_phone_comes);
	RUN(the_place_of_a_call_for_help_reaches_core);
	RUN(a_place_that_is_not_understood_holds_nothing_up);
	RUN(the_place_of_any_other_call_does_not);
	RUN(what_is_no_multipart_is_refused);
	RUN(a_call_for_help_leaves_with_its_place);
	RUN(no_place_no_parts);
	phone_free(p);
	house_end(h);
	return TEST_END;
}
