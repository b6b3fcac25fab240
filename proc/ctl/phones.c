/* SPDX-License-Identifier: ISC */
/* Phones: the row in ledger, the code and the certificate from keeper, the key's point from the confined reader. */
#include "ctl/helper.h"
#include "ctl/quota.h"
#include "ctl/verbs.h"
#include "vault/code.h"
#include "vault/key_print.h"

/* --- questions --- */

static struct msg_phone_set *begin_set(struct job *j, enum phone_action action, uint32_t device, struct link **l)
{
	uint64_t token;
	struct msg_phone_set *m = job_ask(j, PROC_LEDGER, MSG_PHONE_SET, l, &token);

	if (!m)
		return NULL;
	m->token = token;
	m->action = (uint8_t)action;
	m->device = device;
	return m;
}

static void set_state(struct job *j, uint32_t device, enum device_state state)
{
	struct link *l;
	struct msg_phone_set *m = begin_set(j, PHONE_STATE, device, &l);

	if (!m)
		return;
	m->state = (uint8_t)state;
	job_asked(j, l);
}

static void set_flags(struct job *j, uint32_t device)
{
	struct link *l;
	struct msg_phone_set *m = begin_set(j, PHONE_FLAGS, device, &l);

	if (!m)
		return;
	m->flags = (uint32_t)j->req.number[FIELD_FLAGS];
	m->mask = request_has(&j->req, FIELD_MASK) ? (uint32_t)j->req.number[FIELD_MASK] : DEVICE_FLAGS;
	job_asked(j, l);
}

static void set_binding(struct job *j, uint32_t device, bool allowed)
{
	struct link *l;
	uint64_t token;
	struct msg_phone_bind *m = job_ask(j, PROC_LEDGER, MSG_PHONE_BIND, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->device = device;
	m->allowed = allowed;
	m->user = ipc_put(l, j->req.text[FIELD_USER]);
	job_asked(j, l);
}

static void ask_cert(struct job *j, enum cert_kind kind, uint32_t epoch, struct span code)
{
	struct link *l;
	uint64_t token;
	struct msg_cert_want *m = job_ask(j, PROC_KEEPER, MSG_CERT_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->kind = (uint8_t)kind;
	m->device = j->device;
	m->epoch = epoch;
	m->valid_s = (uint32_t)j->req.number[FIELD_VALID];
	memcpy(m->point, j->point, sizeof m->point);
	m->code = ipc_put(l, code);
	j->phone.epoch = epoch;
	job_asked(j, l);
}

/* --- adding --- */

/* Before anything is written: is there such a user? */
void phone_find_user(struct job *j)
{
	if (request_has(&j->req, FIELD_USER))
		people_find(j);
	else
		job_next(j);
}

void phone_add(struct job *j)
{
	struct link *l;
	struct msg_phone_set *m = begin_set(j, PHONE_ADD, 0, &l);

	if (!m)
		return;
	m->flags = (uint32_t)j->req.number[FIELD_FLAGS];
	m->label = ipc_put(l, j->req.text[FIELD_LABEL]);
	job_asked(j, l);
}

static void take_back(struct job *j)
{
	j->left = "the phone stands in the list without a code: `ringfence phone revoke` or `phone renew --new-key`";
	set_state(j, j->device, DEVICE_REVOKED);
}

void phone_bind_added(struct job *j)
{
	j->device = (uint32_t)j->answer.value;
	j->undo = take_back;
	if (request_has(&j->req, FIELD_USER))
		set_binding(j, j->device, true);
	else
		job_next(j);
}

void phone_code(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_code_want *m = job_ask(j, PROC_KEEPER, MSG_CODE_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	m->device = j->device;
	job_asked(j, l);
}

void phone_on_code(struct link *from, const struct ipc_view *v)
{
	const struct msg_code *m = v->payload;
	struct job *j = job_answered(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "code");
	json_number(&b, "phone", j->device);
	json_text(&b, "code", ipc_str(v, m->code));
	job_line_end(j, &b);
	j->undo = NULL;
	child_event(EVENT_PHONE, SEVERITY_INFO, j->device, 0, NULL, "an enrolment code was made");
	job_next(j);
}

/* --- a user asks for one (R5) --- */

/* Counts what is being asked for at this moment too: several may be at work for one user. */
void phone_quota(struct job *j)
{
	const struct client *c = j->client;

	if (c->role != ROLE_ADMIN && quota_used(c->uid) + clients_asking(c->uid, VERB_PHONE_REQUEST) > QUOTA_OF_UID)
		job_fail(j, DONE_REFUSED, "as many of your requests wait for an administrator as one user may have",
		    "ask an administrator to admit or revoke them");
	else
		job_next(j);
}

void phone_parse(struct job *j)
{
	const char *why = helper_parse(j->req.body, j->point);

	if (why)
		job_fail(j, DONE_REFUSED, why, "make a new request with `ringfence phone enrol`");
	else
		job_next(j);
}

void phone_ask_for(struct job *j)
{
	struct link *l;
	struct msg_phone_set *m = begin_set(j, PHONE_REQUEST, 0, &l);

	if (!m)
		return;
	memcpy(m->point, j->point, sizeof m->point);
	m->label = ipc_put(l, j->req.text[FIELD_LABEL]);
	job_asked(j, l);
}

void phone_say_number(struct job *j)
{
	j->undo = NULL;
	quota_take(j->client->uid, j->device);
	char print[KEY_PRINT_TEXT];
	struct buf b = job_line(j, "requested");
	json_number(&b, "phone", j->device);
	key_print(j->point, print);
	json_word(&b, "key", print);
	job_line_end(j, &b);
	child_event(EVENT_PHONE, SEVERITY_INFO, j->device, 0, NULL, "a user asks for a phone");
	job_next(j);
}

/* --- certificates --- */

static void ask_phone(struct job *j, uint32_t device)
{
	struct link *l;
	uint64_t token;
	struct msg_list_want *m;

	if (device == 0) {
		job_fail(j, DONE_NOT_FOUND, "there is no phone of this number", NULL);
		return;
	}
	m = job_ask(j, PROC_LEDGER, MSG_LIST_WANT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->list = LIST_PHONES;
	m->after = device - 1;
	m->most = 1;
	j->device = device;
	j->quiet = true;
	job_asked(j, l);
}

void phone_find(struct job *j)
{
	ask_phone(j, (uint32_t)j->req.number[FIELD_PHONE]);
}

void phone_find_coded(struct job *j)
{
	uint8_t bits[CODE_BITS];
	uint32_t device;

	if (code_parse(j->req.text[FIELD_CODE], &device, bits))
		ask_phone(j, device);
	else
		job_fail(j, DONE_REFUSED, "that is no enrolment code", "copy it from `ringfence phone add`, all of it");
}

/* The row is there and in one of these states. */
static bool in_state(struct job *j, uint32_t states, const char *why, const char *what_to_do)
{
	if (!j->phone.found || j->phone.device != j->device) {
		job_fail(j, DONE_NOT_FOUND, "there is no phone of this number", "see `ringfence phone list`");
		return false;
	}
	if (!(states >> j->phone.state & 1)) {
		job_fail(j, DONE_REFUSED, why, what_to_do);
		return false;
	}
	return true;
}

bool phone_has_key(const struct job *j)
{
	static const uint8_t none[64];

	return memcmp(j->phone.point, none, sizeof none) != 0;
}

/* The same key keeps its epoch; a new one moves it on, and the certificates of the old key end with it. */
void phone_certify_coded(struct job *j)
{
	bool same = j->phone.epoch > 0 && memcmp(j->phone.point, j->point, sizeof j->point) == 0;

	if (in_state(j, 1u << DEVICE_ADDED | 1u << DEVICE_VALID | 1u << DEVICE_SUSPENDED,
		"the phone is revoked, or was asked for and not admitted", "`ringfence phone add` makes a new one"))
		ask_cert(j, CERT_DEVICE, same ? j->phone.epoch : j->phone.epoch + 1, j->req.text[FIELD_CODE]);
}

void phone_admit(struct job *j)
{
	if (!in_state(j, 1u << DEVICE_REQUESTED | 1u << DEVICE_ADDED, "nobody asked for this phone",
		"see `ringfence phone list`"))
		return;
	if (!phone_has_key(j)) {
		job_fail(j, DONE_REFUSED, "this phone was added, not asked for", "it is enrolled with its code");
		return;
	}
	set_state(j, j->device, DEVICE_ADDED);
}

void phone_flags_admitted(struct job *j)
{
	quota_return(j->device);
	if (request_has(&j->req, FIELD_FLAGS))
		set_flags(j, j->device);
	else
		job_next(j);
}

void phone_certify_stored(struct job *j)
{
	memcpy(j->point, j->phone.point, sizeof j->point);
	ask_cert(j, CERT_DEVICE, j->phone.epoch ? j->phone.epoch : 1, SPAN(""));
}

/* A new code for a new key, or at once a new certificate for the key that it has. */
void phone_renew(struct job *j)
{
	bool new_key = j->req.number[FIELD_NEW_KEY] != 0;

	if (!in_state(j, 1u << DEVICE_VALID | 1u << DEVICE_SUSPENDED | (new_key ? 1u << DEVICE_ADDED : 0),
		"only a phone that was enrolled and not revoked is renewed", "`ringfence phone add` makes a new one"))
		return;
	if (new_key)
		phone_code(j);
	else
		phone_certify_stored(j);
}

/* Kept until ledger knows of it: no certificate goes out that the directory has not heard of. */
void phone_on_cert(struct link *from, const struct ipc_view *v)
{
	const struct msg_cert *m = v->payload;
	struct job *j = job_answered(from, m->token);
	struct span leaf = ipc_str(v, m->leaf), ca = ipc_str(v, m->ca);

	if (!j)
		return;
	j->not_after_ms = m->not_after_ms;
	j->leaf = buf_of(j->leaf_der, sizeof j->leaf_der);
	j->ca = buf_of(j->ca_der, sizeof j->ca_der);
	buf_add(&j->leaf, leaf);
	buf_add(&j->ca, ca);
	job_next(j);
}

/* Where the phone connects to: the first listener for phones. */
static void put_place(struct buf *b)
{
	const struct site *s = child_site();
	uint8_t mem[ADDR_TEXT_MAX];
	struct buf text = buf_of(mem, sizeof mem);

	json_word(b, "domain", s->domain);
	for (int i = 0; i < s->listeners && text.n == 0; i++)
		if (s->listener[i].kind == LISTEN_PHONES)
			addr_put(&text, &s->listener[i].signalling);
	json_text(b, "server", buf_span(&text));
}

void phone_say_certificate(struct job *j)
{
	uint8_t mem[CERT_MAX * 2];
	struct buf b, base64 = buf_of(mem, sizeof mem);

	if (request_has(&j->req, FIELD_NEW_KEY) && j->req.number[FIELD_NEW_KEY]) {
		job_next(j);
		return;
	}
	b = job_line(j, "certificate");
	if (j->leaf.n) {
		json_number(&b, "phone", j->device);
		json_signed(&b, "not_after_ms", j->not_after_ms);
		buf_base64(&base64, j->leaf.p, j->leaf.n);
		json_text(&b, "certificate", buf_span(&base64));
		json_text(&b, "user", span_str(j->phone.user));
		child_event(EVENT_PHONE, SEVERITY_INFO, j->device, 0, NULL, "a certificate was written");
	}
	put_place(&b);
	base64.n = 0;
	buf_base64(&base64, j->ca.p, j->ca.n);
	json_text(&b, "ca", buf_span(&base64));
	job_line_end(j, &b);
	job_next(j);
}

void phone_issued(struct job *j)
{
	struct link *l;
	struct msg_phone_set *m;

	if (request_has(&j->req, FIELD_NEW_KEY) && j->req.number[FIELD_NEW_KEY]) {
		job_next(j);
		return;
	}
	m = begin_set(j, PHONE_ISSUED, j->device, &l);
	if (!m)
		return;
	j->left = "the certificate that was written is not in the directory: `ringfence phone renew` writes another";
	m->epoch = j->phone.epoch;
	m->not_after_ms = j->not_after_ms;
	memcpy(m->point, j->point, sizeof m->point);
	job_asked(j, l);
}

void phone_ca(struct job *j)
{
	ask_cert(j, CERT_CA, 0, SPAN(""));
}

/* --- the rest --- */

void phone_revoke(struct job *j)
{
	set_state(j, (uint32_t)j->req.number[FIELD_PHONE], DEVICE_REVOKED);
}

void phone_revoked(struct job *j)
{
	quota_return((uint32_t)j->req.number[FIELD_PHONE]);
	child_event(EVENT_PHONE, SEVERITY_WARNING, (uint32_t)j->req.number[FIELD_PHONE], 0, NULL, "revoked");
	job_next(j);
}

void phone_flags(struct job *j)
{
	if (request_has(&j->req, FIELD_FLAGS))
		set_flags(j, (uint32_t)j->req.number[FIELD_PHONE]);
	else
		job_next(j);
}

void phone_suspend(struct job *j)
{
	if (request_has(&j->req, FIELD_SUSPENDED))
		set_state(j, (uint32_t)j->req.number[FIELD_PHONE],
		    j->req.number[FIELD_SUSPENDED] ? DEVICE_SUSPENDED : DEVICE_VALID);
	else
		job_next(j);
}

void phone_changed(struct job *j)
{
	child_event(EVENT_PHONE, SEVERITY_INFO, (uint32_t)j->req.number[FIELD_PHONE], 0, NULL, "changed");
	job_next(j);
}

void phone_bind(struct job *j)
{
	set_binding(j, (uint32_t)j->req.number[FIELD_PHONE], true);
}

void phone_unbind(struct job *j)
{
	set_binding(j, (uint32_t)j->req.number[FIELD_PHONE], false);
}
