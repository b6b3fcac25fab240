/* SPDX-License-Identifier: ISC */
/* Siblings of the edge that lie (R27): what they say is refused, the edge names them to parent, drops the link and goes
 * on serving; nothing that they say reaches a phone as anything but one well-formed message. */
#include "../unit/test.h"
#include "edge_house.h"
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static struct house *h;
static uint64_t flow;
static struct phone *phone;

static struct phone *new_phone(void)
{
	struct cert_spec spec = {.device = 1, .epoch = 1, .from_s = -60, .to_s = 3600};
	struct phone *p = phone_new(h, &spec, NULL);

	if (!phone_shake(h, p))
		return NULL;
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	flow = g ? ((const struct msg_flow_up *)got_payload(g))->flow : 0;
	return p;
}

static void begin(void)
{
	struct house_options o = {0};

	h = house_new(&o);
	phone = new_phone();
}

static void end(void)
{
	phone_free(phone);
	house_end(h);
}

/* After the lie: accused, the link is cut, a new core is served, SIP goes on. */
static bool survived(enum proc liar)
{
	for (int i = 0; i < 50 && !h->accused; i++)
		house_pump(h, 10);
	if (!h->accused || h->accused_peer != liar || !house_alive(h))
		return false;
	phone_say(phone, "\r\n\r\n");
	if (liar == PROC_CORE) { /* till there is another, phones wait */
		house_cut_core(h);
		house_link_core(h, true);
		if (!house_take(h, MSG_FLOW_UP, 1000))
			return false;
	}
	return phone_hear(h, phone, "\r\n", 1000);
}

static struct msg_respond *respond_to_a_request(uint16_t code)
{
	phone_say(phone, "OPTIONS sip:exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKq\r\n"
			 "From: <sip:101@exchange.test>;tag=f\r\nTo: <sip:exchange.test>\r\nCall-ID: q\r\nCSeq: 1 OPTIONS\r\n"
			 "Content-Length: 0\r\n\r\n");
	const struct got *g = house_take(h, MSG_REQUEST, 1000);
	if (!g)
		return NULL;
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);
	m->txn = ((const struct msg_request *)got_payload(g))->txn;
	m->code = code;
	return m;
}

/* The frames below are written past ipc_put()'s checks, as a taken process would. */
static void send_raw(struct link *l, uint16_t type, uint16_t class, const void *payload, size_t n, const void *tail, size_t tail_n)
{
	static _Alignas(8) uint8_t frame[IPC_FRAME_MAX];
	struct ipc_frame_head fh = {.messages = 1};
	struct ipc_head mh = {.type = type, .class = class, .size = (uint32_t)((n + tail_n + 7) & ~(size_t)7)};

	link_flush(l);
	memset(frame, 0, sizeof frame);
	fh.size = (uint32_t)(sizeof fh + sizeof mh + mh.size);
	memcpy(frame, &fh, sizeof fh);
	memcpy(frame + sizeof fh, &mh, sizeof mh);
	memcpy(frame + sizeof fh + sizeof mh, payload, n);
	if (tail_n)
		memcpy(frame + sizeof fh + sizeof mh + n, tail, tail_n);
	if (write(l->fd, frame, fh.size) < 0)
		perror("write");
}

static void impossible_code(void)
{
	static const uint16_t codes[] = {0, 99, 700, 65535};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		begin();
		CHECK(respond_to_a_request(codes[i]));
		ipc_end(&h->core);
		CHECK(survived(PROC_CORE));
		end();
	}
}

static void control_octets_in_text(void)
{
	static const char tail[] = "x\r\nContact: <sip:evil>";
	struct msg_respond m = {.code = 200, .to_tag = {0, sizeof tail - 1}};

	begin();
	send_raw(&h->core, MSG_RESPOND, CLASS_REPLY, &m, sizeof m, tail, sizeof tail - 1);
	CHECK(survived(PROC_CORE));
	CHECK(!memmem(phone->text, phone->n, "evil", 4));
	end();
}

static void string_outside(void)
{
	struct msg_send m = {.ref = 1, .flow = 2, .method = SIP_INVITE, .target = {4000, 500}};

	begin();
	send_raw(&h->core, MSG_SEND, CLASS_NEW, &m, sizeof m, NULL, 0);
	CHECK(survived(PROC_CORE));
	end();
}

static struct msg_send *order(uint64_t ref, enum sip_method method)
{
	struct msg_send *m = ipc_begin(&h->core, MSG_SEND);

	m->ref = ref;
	m->flow = flow;
	m->method = (uint8_t)method;
	return m;
}

/* A NOTIFY of no event, of no state, of a code that no status line has. */
static void events_never_told(void)
{
	static const struct {
		uint8_t package, substate;
		uint16_t frag;
	} lies[] = {{PACKAGE_NONE, SIP_SUBSTATE_ACTIVE, 100}, {PACKAGE_REFER, SIP_SUBSTATE_NONE, 100},
	    {PACKAGE_REFER, SIP_SUBSTATE_OTHER, 100}, {PACKAGE_REFER, SIP_SUBSTATE_ACTIVE, 0},
	    {PACKAGE_REFER, SIP_SUBSTATE_ACTIVE, 700}};

	begin();
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct msg_send *m = order(1, SIP_NOTIFY);
		m->package = lies[i].package;
		m->substate = lies[i].substate;
		m->frag = lies[i].frag;
		ipc_end(&h->core);
		CHECK(survived(PROC_CORE));
		h->accused = false;
	}
	end();
}

static void requests_never_made(void)
{
	static const enum sip_method methods[] = {SIP_UNKNOWN, SIP_CANCEL, SIP_REGISTER};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		begin();
		order(1, methods[i]);
		ipc_end(&h->core);
		CHECK(survived(PROC_CORE));
		end();
	}
	begin();
	order(0, SIP_INVITE);
	ipc_end(&h->core);
	CHECK(survived(PROC_CORE));
	end();
	begin();
	order(1, SIP_REFER);
	ipc_end(&h->core);
	CHECK(survived(PROC_CORE));
	end();
}

static void one_reference_twice(void)
{
	begin();
	for (int i = 0; i < 2; i++) {
		struct msg_send *m = order(9, SIP_INVITE);
		m->target = ipc_put(&h->core, SPAN("sip:1@127.0.0.1"));
		m->from_tag = ipc_put(&h->core, SPAN("t"));
		m->call_id = ipc_put(&h->core, SPAN("c"));
		m->cseq = 1;
		ipc_end(&h->core);
	}
	CHECK(survived(PROC_CORE));
	end();
}

static void impossible_device(void)
{
	begin();
	house_say_device(h, 5000000, DEVICE_VALID, 0, 1);
	CHECK(survived(PROC_CORE));
	end();
	begin();
	house_say_device(h, 1, DEVICE_VALID, 0xffff, 1);
	CHECK(survived(PROC_CORE));
	end();
}

/* Ids of nobody are no lie: what they named is gone, as a rule. */
static void ids_of_nobody(void)
{
	begin();
	for (uint64_t id = 1; id; id <<= 4) {
		struct msg_respond *r = ipc_begin(&h->core, MSG_RESPOND);
		r->txn = id;
		r->code = 200;
		ipc_end(&h->core);
		struct msg_cancel_sent *c = ipc_begin(&h->core, MSG_CANCEL_SENT);
		c->ref = id;
		ipc_end(&h->core);
		struct msg_close_flow *f = ipc_begin(&h->core, MSG_CLOSE_FLOW);
		f->flow = id;
		ipc_end(&h->core);
	}
	house_pump(h, 100);
	CHECK(!h->accused && house_alive(h));
	CHECK(house_count(h, "strays") >= 16);
	phone_say(phone, "\r\n\r\n");
	CHECK(phone_hear(h, phone, "\r\n", 1000));
	end();
}

/* Text that passes the contract and still is no SIP: the phone gets a 500 or nothing, never a torn message. */
static void text_that_is_no_sip(void)
{
	static const char *const bad[] = {"a b", "<>", "\"", "a;b=c", "sip:", "\xff\xfe", "http://x/", ";", ","};

	begin();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		phone_forget_text(phone);
		struct msg_respond *r = respond_to_a_request(200);
		CHECK(r);
		r->to_tag = ipc_put(&h->core, span_str(bad[i]));
		r->leg_token = ipc_put(&h->core, span_str(bad[i]));
		r->contact = ipc_put(&h->core, span_str(bad[i]));
		r->identity_user = ipc_put(&h->core, span_str(bad[i]));
		ipc_end(&h->core);
		CHECK(phone_hear(h, phone, "\r\n\r\n", 1000));
		CHECK(strstr(phone->text, "SIP/2.0 500 ") == phone->text || strstr(phone->text, "SIP/2.0 200 ") == phone->text);
		struct msg_send *m = order(100 + i, SIP_MESSAGE);
		m->target = ipc_put(&h->core, span_str(bad[i]));
		m->from_tag = ipc_put(&h->core, span_str(bad[i]));
		m->call_id = ipc_put(&h->core, span_str(bad[i]));
		ipc_end(&h->core);
		const struct got *g = house_take(h, MSG_RESPONSE, 1000);
		CHECK(g && ((const struct msg_response *)got_payload(g))->local && ((const struct msg_response *)got_payload(g))->code == 503);
	}
	CHECK(house_alive(h) && house_line(h, "client-transactions")->used == 0);
	end();
}

/* A parted message of the wrong kind, class, or without credit; what is not core's to say. */
static void not_its_to_say(void)
{
	static const uint16_t types[] = {MSG_REQUEST, MSG_SIGNED, MSG_CERT_CHAIN, MSG_STOP, MSG_GO, MSG_HELLO, MSG_N, 0, 9999};
	uint8_t nothing[512] = {0};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		begin();
		send_raw(&h->core, types[i], CLASS_REPLY, nothing, sizeof nothing, NULL, 0);
		CHECK(survived(PROC_CORE));
		end();
	}
}

static void signer_lies(void)
{
	struct cert_spec spec = {.device = 2, .epoch = 1, .from_s = -60, .to_s = 3600};

	/* a signature of garbage ends that handshake only */
	begin();
	h->signer_mute = true;
	struct phone *p = phone_new(h, &spec, NULL);
	gnutls_handshake(p->tls);
	poll(NULL, 0, 10);
	for (uint64_t token = 1; token < 4; token++) {
		struct msg_signed *m = ipc_begin(&h->signer, MSG_SIGNED);
		m->token = token;
		m->signature = ipc_put(&h->signer, SPAN("garbage"));
		ipc_end(&h->signer);
	}
	CHECK(!phone_shake(h, p));
	phone_free(p);
	h->signer_mute = false;
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	phone_free(p);
	/* half a chain */
	ipc_begin(&h->signer, MSG_CERT_CHAIN);
	ipc_end(&h->signer);
	CHECK(survived(PROC_SIGNER));
	end();
	/* a chain of garbage leaves the old one in its place */
	begin();
	struct msg_cert_chain *m = ipc_begin(&h->signer, MSG_CERT_CHAIN);
	m->leaf = ipc_put(&h->signer, SPAN("garbage"));
	m->ca = ipc_put(&h->signer, SPAN("garbage"));
	ipc_end(&h->signer);
	house_pump(h, 100);
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	phone_free(p);
	end();
}

int main(void)
{
	RUN(impossible_code);
	RUN(control_octets_in_text);
	RUN(string_outside);
	RUN(requests_never_made);
	RUN(events_never_told);
	RUN(one_reference_twice);
	RUN(impossible_device);
	RUN(ids_of_nobody);
	RUN(text_that_is_no_sip);
	RUN(not_its_to_say);
	RUN(signer_lies);
	return TEST_END;
}
