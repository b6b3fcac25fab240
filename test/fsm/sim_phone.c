/* SPDX-License-Identifier: ISC */
#include "sim_phone.h"
#include <stdio.h>

static uint64_t next_flow = 100, next_txn = 1000;

static struct link *edge_of(const struct phone *p)
{
	return sim_far(PROC_EDGE, p->edge);
}

void phone_init(struct phone *p, uint32_t n)
{
	static const char *const host[] = {"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5",
	    "198.51.100.6", "198.51.100.7", "198.51.100.8"};

	*p = (struct phone){.user = sim.user[n].name, .device = n, .edge = n % sim.site.edges, .host = host[n], .cseq = 1};
}

void phone_init_trunk(struct phone *p, uint8_t trunk)
{
	static const char *const host[] = {"203.0.113.6", "203.0.113.7"};

	phone_init(p, 5u + trunk);
	p->user = "+33123456789";
	p->device = p->edge = 0;
	p->host = host[trunk - 1];
	p->trunk = trunk;
}

void phone_still_up(struct phone *p)
{
	struct msg_flow_up *m = ipc_begin(edge_of(p), MSG_FLOW_UP);

	m->flow = p->flow;
	m->device = p->device;
	m->trunk = p->trunk;
	m->expired = p->expired;
	NEED(addr_parse_ip(span_str(p->host), &m->remote));
	m->remote.port = 40000;
	ipc_end(edge_of(p));
	sim_turn();
}

void phone_up(struct phone *p)
{
	p->flow = (child_now() << 16) + next_flow++;
	phone_still_up(p);
}

void phone_down(struct phone *p)
{
	struct msg_flow_down *m = ipc_begin(edge_of(p), MSG_FLOW_DOWN);

	m->flow = p->flow;
	m->why = FLOW_CLOSED;
	ipc_end(edge_of(p));
	p->flow = 0;
	sim_turn();
}

struct msg_request *phone_begin_as(struct phone *p, enum sip_method method, enum msg_class class)
{
	struct msg_request *m = ipc_begin_as(edge_of(p), MSG_REQUEST, class);

	NEED(m);
	m->txn = method == SIP_ACK ? 0 : (child_now() << 20) + next_txn++;
	m->flow = p->flow;
	m->device = p->device;
	m->method = (uint8_t)method;
	m->target_kind = TARGET_USER;
	m->from_kind = FROM_OURS;
	m->to_ours = 1;
	m->from_user = phone_put(p, p->user);
	m->from_tag = phone_put(p, "tag-of-phone");
	m->cseq = p->cseq++;
	m->max_forwards = 70;
	m->contact_expires = m->expires = m->session_expires = m->min_se = ABSENT;
	m->allow = 1u << SIP_INVITE | 1u << SIP_ACK | 1u << SIP_BYE | 1u << SIP_CANCEL;
	return m;
}

struct msg_request *phone_begin(struct phone *p, enum sip_method method)
{
	return phone_begin_as(p, method, CLASS_NEW);
}

struct str phone_put(struct phone *p, const char *text)
{
	return ipc_put(edge_of(p), span_str(text));
}

struct str phone_put_sdp(struct phone *p, const struct sdp *sdp)
{
	return ipc_put_part(edge_of(p), sdp, sizeof *sdp);
}

uint64_t phone_end(struct phone *p)
{
	const struct msg_request *m = (const void *)(edge_of(p)->open + 1);
	uint64_t txn = m->txn;

	ipc_end(edge_of(p));
	sim_turn();
	return txn;
}

static void put_contact(struct phone *p, struct msg_request *m)
{
	char contact[100];

	snprintf(contact, sizeof contact, "<sip:%s@%s:40000;transport=tls>", p->user, p->host);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(p, contact);
}

void phone_put_credentials(struct phone *p, struct msg_request *m)
{
	m->has_auth = m->auth_uri_matches = m->auth_qop = 1;
	m->auth_algorithm = sim.device[p->device].flags & DEVICE_MD5 ? DIGEST_MD5 : DIGEST_SHA256;
	m->auth_nc = 1;
	m->auth_user = phone_put(p, p->user);
	m->auth_nonce = phone_put(p, "bm9uY2U");
	m->auth_uri = phone_put(p, "sip:example.org");
	m->auth_response = phone_put(p, "00");
	m->auth_cnonce = phone_put(p, "c");
}

uint64_t phone_send_register(struct phone *p, uint32_t expires, bool has_auth)
{
	struct msg_request *m = phone_begin(p, SIP_REGISTER);
	char call_id[40];

	snprintf(call_id, sizeof call_id, "register-%u", p->device);
	m->call_id = phone_put(p, call_id);
	m->target_kind = TARGET_SELF;
	m->to_user = phone_put(p, p->user);
	put_contact(p, m);
	m->expires = expires;
	if (p->outbound) {
		m->supported |= SIP_TAG_OUTBOUND;
		m->reg_id = 1;
		m->instance = phone_put(p, "\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"");
	}
	if (has_auth)
		phone_put_credentials(p, m);
	return phone_end(p);
}

void phone_register(struct phone *p)
{
	if (!p->flow)
		phone_up(p);
	NEED(code_of(phone_send_register(p, ABSENT, false)) == 401);
	NEED(code_of(phone_send_register(p, ABSENT, true)) == 200);
}

void phones_register(struct phone *const p[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		phone_init(p[i], i);
	for (uint32_t i = 0; i < n; i++)
		phone_register(p[i]);
}

/* --- what core says --- */

static bool is_reply(const struct heard *h, const void *txn)
{
	return respond(h)->txn == *(const uint64_t *)txn;
}

struct heard *reply_to(uint64_t txn)
{
	return sim_take(PROC_EDGE, MSG_RESPOND, is_reply, &txn);
}

unsigned code_of(uint64_t txn)
{
	const struct heard *h = reply_to(txn);
	return h ? respond(h)->code : 0;
}

struct wanted {
	uint64_t flow;
	enum sip_method method;
};

static bool is_sent(const struct heard *h, const void *arg)
{
	const struct wanted *w = arg;
	return sent(h)->flow == w->flow && sent(h)->method == w->method;
}

struct heard *sent_to(const struct phone *p, enum sip_method method)
{
	struct wanted w = {p->flow, method};
	return sim_take(PROC_EDGE, MSG_SEND, is_sent, &w);
}

static struct msg_response *begin_response(struct phone *p, uint64_t ref, enum sip_method method, unsigned code)
{
	struct msg_response *m = ipc_begin(edge_of(p), MSG_RESPONSE);

	NEED(m);
	m->ref = ref;
	m->flow = p->flow;
	m->method = (uint8_t)method;
	m->code = (uint16_t)code;
	m->session_expires = m->min_se = ABSENT;
	return m;
}

void phone_answer(struct phone *p, const struct heard *h, unsigned code, const struct sdp *sdp)
{
	struct msg_response *m = begin_response(p, sent(h)->ref, (enum sip_method)sent(h)->method, code);

	m->to_tag = phone_put(p, sim_text(h, sent(h)->to_tag)[0] ? sim_text(h, sent(h)->to_tag) : "phone-tag");
	m->cseq = sent(h)->cseq;
	m->sdp = phone_put_sdp(p, sdp);
	ipc_end(edge_of(p));
	sim_turn();
}

/* --- dialogs --- */

uint64_t talk_invite(struct talk *t, struct phone *p, const char *number, const struct sdp *sdp)
{
	bool emergency = site_is_emergency(&sim.site, span_str(number));
	struct msg_request *m = phone_begin_as(p, SIP_INVITE, emergency ? CLASS_EMERGENCY : CLASS_NEW);
	static unsigned n;
	uint32_t allow = t->allow, supported = t->supported, interval_s = t->interval_s;

	*t = (struct talk){.phone = p, .cseq = m->cseq + 1, .invite_cseq = m->cseq, .allow = allow, .supported = supported};
	if (interval_s)
		m->session_expires = interval_s;
	snprintf(t->call_id, sizeof t->call_id, "call-%u-%lu", n++, (unsigned long)child_now());
	snprintf(t->ours, sizeof t->ours, "tag-of-phone");
	m->call_id = phone_put(p, t->call_id);
	m->target_user = phone_put(p, number);
	m->to_user = phone_put(p, number);
	m->emergency = emergency;
	m->allow |= allow;
	m->supported |= supported;
	put_contact(p, m);
	m->sdp = phone_put_sdp(p, sdp);
	if (p->place)
		m->place = ipc_put_part(edge_of(p), p->place, sizeof *p->place);
	p->place = NULL;
	t->txn = phone_end(p);
	return t->txn;
}

void talk_rings_at(struct talk *t, struct phone *p)
{
	struct heard *h = sent_to(p, SIP_INVITE);

	NEED(h && sent(h)->ref);
	*t = (struct talk){.phone = p, .ref = sent(h)->ref, .core_cseq = sent(h)->cseq, .cseq = 1};
	snprintf(t->call_id, sizeof t->call_id, "%s", sim_text(h, sent(h)->call_id));
	snprintf(t->theirs, sizeof t->theirs, "%s", sim_text(h, sent(h)->from_tag));
	snprintf(t->token, sizeof t->token, "%s", sim_text(h, sent(h)->leg_token));
	snprintf(t->ours, sizeof t->ours, "answer-%u", p->device);
	NEED(strncmp(t->token, "leg-", 4) == 0 && t->theirs[0] && t->call_id[0]);
	const struct sdp *sdp = sim_part(h, sent(h)->sdp);
	NEED(sdp);
	t->sdp = *sdp;
}

struct msg_response *talk_begin_answer(struct talk *t, unsigned code)
{
	struct msg_response *m = begin_response(t->phone, t->ref, SIP_INVITE, code);
	char contact[100];

	m->to_tag = phone_put(t->phone, t->ours);
	m->cseq = t->core_cseq;
	if (code < 300) {
		snprintf(contact, sizeof contact, "<sip:in-call@%s:40000;transport=tls>", t->phone->host);
		m->contact = phone_put(t->phone, contact);
	}
	m->allow = t->allow;
	return m;
}

void talk_end_answer(struct talk *t)
{
	ipc_end(edge_of(t->phone));
	sim_turn();
}

/* Under the tag of its suite in the offer (RFC 4568 5.1.2). */
static void take_tag(struct sdp *answer, const struct sdp *offered)
{
	for (uint8_t i = 0; i < offered->audio.crypto_n && answer->audio.crypto_n == 1; i++)
		if (offered->audio.crypto[i].suite == answer->audio.crypto[0].suite) {
			answer->audio.crypto[0].tag = offered->audio.crypto[i].tag;
			return;
		}
}

void talk_answer(struct talk *t, unsigned code, const struct sdp *sdp)
{
	struct msg_response *m = talk_begin_answer(t, code);
	struct sdp answer;

	if (sdp) {
		answer = *sdp;
		take_tag(&answer, &t->sdp);
	}
	m->sdp = phone_put_sdp(t->phone, sdp ? &answer : NULL);
	talk_end_answer(t);
}

void talk_hears(struct talk *t, unsigned code)
{
	struct heard *h = reply_to(t->txn);

	NEED(h && respond(h)->code == code);
	const char *tag = sim_text(h, respond(h)->to_tag);
	if (code < 300)
		NEED(tag[0]);
	/* RFC 3261 8.2.6.2: all answers to one request carry the same tag */
	if (t->theirs[0])
		NEED(strcmp(tag, t->theirs) == 0);
	snprintf(t->theirs, sizeof t->theirs, "%s", tag);
	snprintf(t->token, sizeof t->token, "%s", sim_text(h, respond(h)->leg_token));
	t->rseq = respond(h)->rseq;
	const struct sdp *sdp = sim_part(h, respond(h)->sdp);
	if (sdp)
		t->sdp = *sdp;
}

struct msg_request *talk_begin(struct talk *t, enum sip_method method)
{
	struct phone *p = t->phone;
	struct msg_request *m = phone_begin_as(p, method, CLASS_DIALOG);

	m->target_kind = TARGET_LEG;
	m->target_user = phone_put(p, t->token);
	m->from_tag = phone_put(p, t->ours);
	m->to_tag = phone_put(p, t->theirs);
	m->call_id = phone_put(p, t->call_id);
	m->cseq = method == SIP_ACK ? t->invite_cseq : t->cseq++;
	if (method == SIP_INVITE)
		t->invite_cseq = m->cseq;
	m->allow |= t->allow;
	m->supported |= t->supported;
	return m;
}

uint64_t talk_end(struct talk *t)
{
	return phone_end(t->phone);
}

uint64_t talk_send(struct talk *t, enum sip_method method, const struct sdp *sdp)
{
	struct msg_request *m = talk_begin(t, method);

	if (method == SIP_INVITE || method == SIP_UPDATE)
		put_contact(t->phone, m);
	m->sdp = phone_put_sdp(t->phone, sdp);
	return talk_end(t);
}

void talk_ack(struct talk *t)
{
	talk_send(t, SIP_ACK, NULL);
}

void sdp_fit(const struct talk *to, struct sdp *s)
{
	for (uint8_t i = 0; i < to->sdp.audio.crypto_n; i++)
		if (s->audio.crypto_n && to->sdp.audio.crypto[i].suite == s->audio.crypto[0].suite)
			s->audio.crypto[0].tag = to->sdp.audio.crypto[i].tag;
}

struct sdp sdp_fits(const struct talk *to)
{
	struct sdp s = sdp_plain(to->phone);

	sdp_fit(to, &s);
	return s;
}

void talk_ack_with(struct talk *t, const struct sdp *said)
{
	struct msg_request *m = talk_begin(t, SIP_ACK);
	struct sdp answer;

	m->cseq = t->invite_cseq;
	if (said) {
		answer = *said;
		sdp_fit(t, &answer);
		m->sdp = phone_put_sdp(t->phone, &answer);
	}
	talk_end(t);
}

struct heard *talk_takes(struct talk *t, enum sip_method method)
{
	struct heard *h = sent_to(t->phone, method);

	if (!h)
		return NULL;
	NEED(strcmp(sim_text(h, sent(h)->call_id), t->call_id) == 0);
	NEED(strcmp(sim_text(h, sent(h)->from_tag), t->theirs) == 0);
	NEED(strcmp(sim_text(h, sent(h)->to_tag), t->ours) == 0);
	if (method != SIP_ACK) {
		NEED(sent(h)->ref && sent(h)->cseq > t->core_cseq);
		t->core_cseq = sent(h)->cseq;
	} else {
		NEED(!sent(h)->ref && sent(h)->cseq <= t->core_cseq);
	}
	const struct sdp *sdp = sim_part(h, sent(h)->sdp);
	if (sdp)
		t->sdp = *sdp;
	return h;
}

void talk_reply(struct talk *t, const struct heard *h, unsigned code, const struct sdp *sdp)
{
	phone_answer(t->phone, h, code, sdp);
}

void talk_up(struct talk *from, struct talk *to, const struct sdp *answer)
{
	talk_answer(to, 200, answer);
	NEED(talk_takes(to, SIP_ACK));
	talk_hears(from, 200);
	talk_ack(from);
}

void call_up(struct talk *a, struct phone *from, struct talk *b, struct phone *to)
{
	struct sdp offer = sdp_plain(from), answer = sdp_plain(to);
	uint32_t allow = b->allow;

	talk_invite(a, from, to->user, &offer);
	talk_rings_at(b, to);
	b->allow = allow;
	talk_answer(b, 180, NULL);
	talk_hears(a, 180);
	talk_up(a, b, &answer);
}

void call_hang_up(struct talk *a, struct talk *b)
{
	NEED(code_of(talk_send(a, SIP_BYE, NULL)) == 200);
	struct heard *bye = talk_takes(b, SIP_BYE);
	NEED(bye);
	talk_reply(b, bye, 200, NULL);
}

/* --- session descriptions --- */

struct sdp sdp_of(int keys, const char *host, unsigned port, unsigned version, const char *direction, const char *setup)
{
	char text[2000], key[300];
	struct sdp sdp;
	struct sdp_error why;

	if (keys == KEYS_SDES)
		snprintf(key, sizeof key, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n",
		    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5");
	else
		snprintf(key, sizeof key,
		    "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:%s\r\n",
		    setup);
	snprintf(text, sizeof text,
	    "v=0\r\no=- 77 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %u %s 0 8 101\r\n"
	    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n%sa=%s\r\na=rtcp-mux\r\n",
	    version, host, host, port, keys == KEYS_SDES ? "RTP/SAVP" : "UDP/TLS/RTP/SAVP", key, direction);
	if (!sdp_parse(span_str(text), &sdp, &why))
		sim_fail(__FILE__, __LINE__, why.reason);
	return sdp;
}

struct sdp sdp_plain(const struct phone *p)
{
	return sdp_of(KEYS_SDES, p->host, 40002, 1, "sendrecv", NULL);
}

struct sdp sdp_clear(const struct phone *p)
{
	struct sdp s = sdp_plain(p);

	s.audio.crypto_n = 0;
	s.audio.proto = SDP_RTP_AVP;
	return s;
}

struct sdp sdp_zrtp(const struct phone *p)
{
	struct sdp s = sdp_clear(p);

	s.audio.zrtp = 1;
	memcpy(s.audio.zrtp_version, "1.10", 5);
	memset(s.audio.zrtp_hash, 7, sizeof s.audio.zrtp_hash);
	return s;
}

/* --- media --- */

const struct relay_spec *relay_wish(uint64_t *join)
{
	struct heard *h, *last = NULL;

	while ((h = sim_take(PROC_MEDIA, MSG_RELAY, NULL, NULL)))
		last = h;
	if (!last)
		return NULL;
	const struct msg_relay *m = (const void *)last->payload;
	if (join)
		*join = m->join;
	return sim_part(last, m->spec);
}

void media_says_gate(uint64_t join, enum relay_key key)
{
	struct msg_gate *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_GATE);

	m->join = join;
	m->key = (uint8_t)key;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

void media_says_failed(uint64_t join, enum relay_why why)
{
	struct msg_relay_failed *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_RELAY_FAILED);

	m->join = join;
	m->why = (uint8_t)why;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

void media_says_fingerprint(uint8_t octet)
{
	struct msg_dtls_ours *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_DTLS_OURS);

	memset(m->fingerprint, octet, sizeof m->fingerprint);
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

/* --- transfers --- */

const char *sent_on(struct talk *t, const char *by, unsigned code)
{
	static char token[4][64];
	static int at;
	struct heard *h = talk_takes(t, SIP_REFER);

	NEED(h && strcmp(sim_text(h, sent(h)->referred_by), by) == 0);
	char *kept = token[at++ % 4];
	snprintf(kept, sizeof token[0], "%s", sim_text(h, sent(h)->refer_token));
	NEED(strncmp(kept, "xfer-", 5) == 0 && strlen(kept) == 5 + 32);
	talk_reply(t, h, code, NULL);
	return kept;
}

void invite_token(struct talk *t, struct phone *p, const char *token)
{
	struct sdp own = sdp_plain(p);

	invite_token_with(t, p, token, &own);
}

void invite_token_with(struct talk *t, struct phone *p, const char *token, const struct sdp *sdp)
{
	struct msg_request *m;
	uint32_t allow = t->allow;

	m = phone_begin(p, SIP_INVITE);
	*t = (struct talk){.phone = p, .cseq = m->cseq + 1, .invite_cseq = m->cseq, .allow = allow};
	snprintf(t->call_id, sizeof t->call_id, "fresh-%u-%lu", p->device, (unsigned long)child_now());
	snprintf(t->ours, sizeof t->ours, "tag-of-phone");
	m->call_id = phone_put(p, t->call_id);
	m->target_kind = TARGET_TRANSFER;
	m->target_user = m->to_user = phone_put(p, token);
	m->contact_form = CONTACT_ONE;
	m->contact = phone_put(p, "<sip:fresh@192.0.2.9:40000;transport=tls>");
	m->allow |= allow;
	if (sdp)
		m->sdp = phone_put_sdp(p, sdp);
	t->txn = phone_end(p);
}

uint32_t refer_cseq;

struct heard *refers_to_call(struct talk *t, const char *call_id, const char *to_tag, const char *from_tag)
{
	struct msg_request *m = talk_begin(t, SIP_REFER);

	refer_cseq = m->cseq;
	m->refer_kind = REFER_LEG;
	m->refer_user = phone_put(t->phone, "leg-00");
	m->replaces_call_id = phone_put(t->phone, call_id);
	m->replaces_to_tag = phone_put(t->phone, to_tag);
	m->replaces_from_tag = phone_put(t->phone, from_tag);
	return reply_to(talk_end(t));
}

struct heard *brings_together(struct talk *first, const struct talk *second)
{
	return refers_to_call(first, second->call_id, second->theirs, second->ours);
}

void notified(struct talk *t, unsigned code)
{
	struct heard *h = talk_takes(t, SIP_NOTIFY);

	NEED(h && sent(h)->package == PACKAGE_REFER && sent(h)->frag == code && sent(h)->event_id == refer_cseq);
	NEED(sent(h)->substate == (code < 200 ? SIP_SUBSTATE_ACTIVE : SIP_SUBSTATE_TERMINATED));
	talk_reply(t, h, 200, NULL);
}

/* --- what an administrator says --- */

void sim_log_out(const char *user)
{
	struct link *ctl = sim_far(PROC_CTL, 0);
	struct msg_log_out *m = ipc_begin(ctl, MSG_LOG_OUT);

	NEED(m);
	m->token = 4;
	m->user = ipc_put(ctl, span_str(user));
	ipc_end(ctl);
	sim_turn();
	const struct heard *h = sim_take(PROC_CTL, MSG_DONE, NULL, NULL);
	NEED(h && ((const struct msg_done *)(const void *)h->payload)->result == DONE_OK);
}

enum done_result sim_ban(const char *ip, uint32_t seconds)
{
	struct msg_ctl_ban *m = ipc_begin(sim_far(PROC_CTL, 0), MSG_CTL_BAN);

	NEED(m);
	m->token = 3;
	NEED(addr_parse_ip(span_str(ip), &m->address));
	m->seconds = seconds;
	ipc_end(sim_far(PROC_CTL, 0));
	sim_turn();
	const struct heard *h = sim_take(PROC_CTL, MSG_DONE, NULL, NULL);
	NEED(h);
	return (enum done_result)((const struct msg_done *)(const void *)h->payload)->result;
}

void ledger_counts(uint32_t user, uint32_t fresh, uint32_t old)
{
	struct msg_mail_count *m = ipc_begin(sim_far(PROC_LEDGER, 0), MSG_MAIL_COUNT);

	m->user = user;
	m->fresh = fresh;
	m->old = old;
	ipc_end(sim_far(PROC_LEDGER, 0));
	sim_turn();
}
