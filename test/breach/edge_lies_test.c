/* SPDX-License-Identifier: ISC */
/* Every row of the contract that ends at edge, told by each sibling that may say it, each field in turn a lie (R27): edge
 * lives, names the liar where the contract is broken, and in the end serves phones and holds nothing for anyone. */
#include "../unit/test.h"
#include "edge_house.h"
#include "lies.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct house *h;
static struct phone *phone;
static uint64_t flow, next_id = 100;
static enum proc liar;
static uint32_t told, accused, rows;
static bool ok;

/* --- a phone to speak to --- */

static bool phone_is_up(void)
{
	return phone && !phone->closed;
}

static bool connect_phone(void)
{
	struct cert_spec spec = {.device = 1, .epoch = 1, .from_s = -60, .to_s = 3600};

	if (phone)
		phone_free(phone);
	while (house_take(h, MSG_FLOW_UP, 0)) /* of those before */
		;
	phone = phone_new(h, &spec, NULL);
	if (!phone_shake(h, phone))
		return false;
	const struct got *g = house_take(h, MSG_FLOW_UP, 2000);
	flow = g ? ((const struct msg_flow_up *)got_payload(g))->flow : 0;
	return flow != 0;
}

/* A transaction that waits for its answer. */
static uint64_t new_request(void)
{
	char text[400];

	while (house_take(h, MSG_REQUEST, 0))
		;
	snprintf(text, sizeof text,
	    "OPTIONS sip:exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bK%d\r\n"
	    "From: <sip:101@exchange.test>;tag=f\r\nTo: <sip:exchange.test>\r\nCall-ID: q%d\r\nCSeq: 1 OPTIONS\r\n"
	    "Content-Length: 0\r\n\r\n",
	    (int)next_id, (int)next_id);
	next_id++;
	phone_say(phone, text);
	const struct got *g = house_take(h, MSG_REQUEST, 2000);
	return g ? ((const struct msg_request *)got_payload(g))->txn : 0;
}

static struct link *link_of(enum proc who)
{
	return who == PROC_CORE ? &h->core : who == PROC_SIGNER ? &h->signer : &h->dial;
}

static void link_anew(enum proc who)
{
	if (who == PROC_CORE) {
		house_cut_core(h);
		house_link_core(h, true);
	} else if (who == PROC_SIGNER) {
		house_link_signer(h);
	} else {
		house_link_dial(h);
	}
}

/* --- the lies --- */

static void fail(const struct lie *l, const char *why)
{
	fprintf(stderr, "%s says %s, field %s, lie %u: %s\n", proc_name[liar], msg_rule[l->type].name,
	    l->field ? l->field : "(none)", l->number, why);
	ok = false;
}

/* What is not lied about leads to the phone. */
static void set_number(struct lie *l, const char *name, uint64_t value)
{
	for (const struct msg_field *f = msg_rule[l->type].fields(); f->name; f++)
		if (strcmp(f->name, name) == 0 && f->kind == FIELD_NUMBER && (!l->field || strcmp(l->field, name) != 0))
			memcpy(l->payload + f->offset, &value, f->size);
}

static bool aim(struct lie *l)
{
	if (liar != PROC_CORE)
		return true;
	if (!phone_is_up() && !connect_phone())
		return false;
	set_number(l, "flow", flow);
	set_number(l, "ref", ++next_id);
	if (l->type == MSG_RESPOND) {
		uint64_t txn = new_request();
		set_number(l, "txn", txn);
		return txn != 0;
	}
	return true;
}

static bool send_with_socket(struct link *l, const struct lie *lie)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	bool sent = lie_send_fd(l, lie, fd[0]);
	close(fd[0]);
	close(fd[1]);
	return sent;
}

static void tell(const struct lie *given, void *arg)
{
	static struct lie l;
	uint32_t rate = msg_rule[given->type].rate;
	uint32_t *on_link = arg;

	if (!ok)
		return;
	if (rate && ++*on_link >= rate) {
		link_anew(liar);
		*on_link = 1;
	}
	l = *given;
	if (!aim(&l)) {
		fail(&l, "the phone is not served before it");
		return;
	}
	h->accused = false;
	bool sent = msg_rule[l.type].fd ? send_with_socket(link_of(liar), &l) : lie_send(link_of(liar), &l);
	if (!sent || !lie_settled(link_of(liar)) || !house_settle(h)) {
		fail(&l, "no answer");
		return;
	}
	told++;
	if (!house_alive(h))
		fail(&l, "it died");
	else if (lie_is_plain(&l) && !(h->accused && h->accused_peer == liar))
		fail(&l, "not named");
	else if (h->accused && h->accused_peer != liar)
		fail(&l, "another is named");
	phone_drain(phone);
	if (!h->accused)
		return;
	accused++;
	link_anew(liar);
	*on_link = 0;
}

/* Better than what is made up: a message to the phone that is one. */
static void mend(struct link *l, enum msg type, void *payload)
{
	if (type == MSG_SEND) {
		struct msg_send *m = payload;
		m->method = SIP_INVITE;
		m->target = ipc_put(l, SPAN("sip:1@127.0.0.1"));
		m->route_set = (struct str){0, 0};
		m->package = PACKAGE_REFER;
		m->substate = SIP_SUBSTATE_ACTIVE;
		m->frag = 100;
	} else if (type == MSG_RESPOND) {
		struct msg_respond *m = payload;
		m->code = 200;
		m->warning = 0;
		m->contact = (struct str){0, 0};
	} else if (type == MSG_DEVICE_STATE) {
		struct msg_device_state *m = payload;
		m->device = 7; /* not the phone's own, which must stay */
		m->state = DEVICE_VALID;
	}
}

static void lies_of(enum proc who)
{
	static struct lie truth;
	uint32_t on_link = 0;

	liar = who;
	ok = true;
	for (enum msg type = 0; type < MSG_N && ok; type++) {
		if (!lie_is_due(type, who, PROC_EDGE))
			continue;
		void *payload = lie_invent(link_of(who), type);
		CHECK(payload);
		mend(link_of(who), type, payload);
		lie_take_truth(link_of(who), &truth);
		rows++;
		lies_each(&truth, tell, &on_link);
	}
	CHECK(ok);
}

static void begin(void)
{
	struct house_options o = {.trunk = true};

	h = house_new(&o);
	house_link_dial(h);
	told = accused = rows = 0;
	CHECK(connect_phone());
}

/* The liar gone, another in its place: phones come and are answered, and nothing of the lies is left. */
static void end(void)
{
	link_anew(PROC_CORE);
	CHECK(connect_phone() && new_request());
	phone_free(phone);
	phone = NULL;
	house_cut_core(h); /* what it was asked ends with it */
	house_link_core(h, true);
	house_pump(h, 100);
	CHECK(house_line(h, "client-transactions")->used == 0 && house_line(h, "server-transactions")->used == 0);
	house_end(h);
}

static void core_lies(void)
{
	begin();
	lies_of(PROC_CORE);
	CHECK(rows >= 7 && told > 800 && accused > 150);
	end();
}

static void signer_lies(void)
{
	begin();
	lies_of(PROC_SIGNER);
	CHECK(rows == 2 && told > 20 && accused > 5);
	house_renew_server(h); /* a whole chain again */
	end();
}

static void dial_lies(void)
{
	begin();
	lies_of(PROC_DIAL);
	CHECK(rows == 3 && told > 30 && accused > 5);
	end();
}

int main(void)
{
	RUN(core_lies);
	RUN(signer_lies);
	RUN(dial_lies);
	return TEST_END;
}
