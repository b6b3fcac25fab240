/* SPDX-License-Identifier: ISC */
/* Each question and its answer. What keeper is asked has fixed sizes and was checked on opening; what cannot be right
 * all the same is a lie of the asker's, and the asker is named. */
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "ipc/done.h"
#include "keeper/keeper.h"
#include "vault/code.h"

static int64_t wall_now_ms(void)
{
	return wall_now(&keeper.wall, clock_wall_ms(), clock_boot_ms());
}

void keeper_say_done(struct link *to, uint64_t token, enum done_result result, uint64_t value, const char *text)
{
	done_say(to, token, result, value, span_str(text ? text : ""));
}

void keeper_say_stored(struct link *to, uint64_t token, const char *why)
{
	if (why)
		log_error("%s", why);
	keeper_say_done(to, token, why ? DONE_FAILED : DONE_OK, 0, why);
}

/* --- core: logins and seals --- */

static void on_nonces_want(struct link *from, const struct ipc_view *v)
{
	struct msg_nonces *m = ipc_begin(from, MSG_NONCES);

	(void)v;
	if (!m)
		return;
	nonces_give(&keeper.logins.nonces, child_now(), m->key, m->blocks);
	ipc_end(from);
}

static void on_login_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_login_want *w = v->payload;
	bool lock_began;

	if (w->flow == 0 || w->device == 0) {
		child_accuse(from, "asks for a login of no connection or device", w->flow, 0);
		return;
	}
	struct login_claim c = {
	    .flow = w->flow,
	    .device = w->device,
	    .nc = w->nc,
	    .needs_md5 = w->md5,
	    .algorithm = (enum digest_alg)w->algorithm,
	    .user = ipc_str(v, w->user),
	    .method = sip_method_name((enum sip_method)w->method),
	    .uri = ipc_str(v, w->uri),
	    .nonce = ipc_str(v, w->nonce),
	    .cnonce = ipc_str(v, w->cnonce),
	    .response = ipc_str(v, w->response),
	};
	enum login_verdict verdict = login_judge(&keeper.logins, child_now(), &c, &lock_began);
	if (lock_began)
		child_event(EVENT_LOGIN_LOCKED, SEVERITY_ALARM, w->device, w->who, NULL, "too many wrong passwords");
	struct msg_login *m = ipc_begin(from, MSG_LOGIN);
	if (!m)
		return;
	m->token = w->token;
	m->verdict = (uint8_t)verdict;
	ipc_end(from);
}

static void on_seal_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_seal_want *w = v->payload;
	uint8_t mem[DAYS_BLOB];
	struct buf blob = buf_of(mem, sizeof mem);
	uint32_t day;

	if (!days_seal(&keeper.days, wall_now_ms(), w->wall_ms, ipc_str(v, w->source), &day, &blob))
		return; /* core keeps the source and asks again */
	struct msg_sealed *m = ipc_begin(from, MSG_SEALED);
	if (!m)
		return;
	m->token = w->token;
	m->day = day;
	m->blob = ipc_put(from, buf_span(&blob));
	ipc_end(from);
}

/* --- certificates --- */

static struct cert_times leaf_times(void)
{
	int64_t now_s = wall_now_ms() / 1000, end_s = now_s + CERT_LEAF_DAYS * INT64_C(86400);
	int64_t ca_end_s = cert_ca_not_after_s(keeper.ca);

	return (struct cert_times){now_s - CERT_BACKDATE_S, end_s < ca_end_s ? end_s : ca_end_s};
}

/* A phone's may end sooner. */
static struct cert_times device_times(uint32_t valid_s)
{
	struct cert_times t = leaf_times();
	int64_t end_s = wall_now_ms() / 1000 + valid_s;

	if (valid_s && end_s < t.not_after_s)
		t.not_after_s = end_s;
	return t;
}

static void on_server_cert_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_server_cert_want *w = v->payload;
	struct cert_times t = leaf_times();
	uint8_t mem[CERT_DER_MAX];
	struct buf leaf = buf_of(mem, sizeof mem);
	uint8_t site[32];

	if (!p256_point_ok(w->point)) {
		child_accuse(from, "asks for a certificate of what is no key", 0, 0);
		return;
	}
	cert_site_digest(child_site(), site);
	if (memcmp(site, w->site, sizeof site) != 0) /* one of the two has not heard of the change yet */
		return;
	const char *why = cert_write_server(keeper.ca, w->point, child_site(), t, &leaf);
	if (why) {
		log_error("%s", why);
		return;
	}
	struct msg_server_cert *m = ipc_begin(from, MSG_SERVER_CERT);
	if (!m)
		return;
	m->token = w->token;
	m->not_after_ms = t.not_after_s * 1000;
	m->leaf = ipc_put(from, buf_span(&leaf));
	m->ca = ipc_put(from, keeper.ca_span);
	ipc_end(from);
	keeper.certificates++;
}

static void say_cert(struct link *to, uint64_t token, uint32_t device, int64_t not_after_s, struct span leaf)
{
	struct msg_cert *m = ipc_begin(to, MSG_CERT);

	if (!m)
		return;
	m->token = token;
	m->device = device;
	m->not_after_ms = not_after_s * 1000;
	m->leaf = ipc_put(to, leaf);
	m->ca = ipc_put(to, keeper.ca_span);
	ipc_end(to);
}

/* An empty code is an administrator's own word, which ctl vouches for. */
static const char *write_device(const struct ipc_view *v, struct cert_times t, struct buf *leaf)
{
	const struct msg_cert_want *w = v->payload;
	struct span code = ipc_str(v, w->code);
	uint8_t mem[CERT_DER_MAX];
	struct buf b = buf_of(mem, sizeof mem);

	if (w->device == 0)
		return "there is no phone 0";
	if (!p256_point_ok(w->point))
		return "the request holds no key";
	const char *why = code.n ? codes_use(&keeper.codes, wall_now_ms(), w->device, code) : NULL;
	if (!why)
		why = cert_write_device(keeper.ca, w->point, w->device, w->epoch, t, &b);
	if (!why)
		buf_add(leaf, buf_span(&b));
	return why;
}

static void on_cert_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_cert_want *w = v->payload;
	struct cert_times t = device_times(w->valid_s);
	uint8_t mem[CERT_DER_MAX];
	struct buf leaf = buf_of(mem, sizeof mem);

	if (w->kind == CERT_SERVER) {
		child_accuse(from, "asks for the server's certificate", 0, 0);
		return;
	}
	if (w->kind == CERT_CA) {
		say_cert(from, w->token, 0, cert_ca_not_after_s(keeper.ca), SPAN(""));
		return;
	}
	const char *why = write_device(v, t, &leaf);
	if (why) {
		child_event(EVENT_PHONE, SEVERITY_WARNING, w->device, 0, NULL, "no certificate was written");
		keeper_say_done(from, w->token, DONE_REFUSED, 0, why);
		return;
	}
	keeper.certificates++;
	say_cert(from, w->token, w->device, t.not_after_s, buf_span(&leaf));
}

static void on_code_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_code_want *w = v->payload;
	uint8_t mem[CODE_TEXT_MAX];
	struct buf text = buf_of(mem, sizeof mem);

	if (w->device == 0) {
		keeper_say_done(from, w->token, DONE_REFUSED, 0, "there is no phone 0");
		return;
	}
	const char *why = codes_make(&keeper.codes, wall_now_ms(), w->device, &text);
	if (why) {
		keeper_say_stored(from, w->token, why);
		return;
	}
	struct msg_code *m = ipc_begin(from, MSG_CODE);
	if (m) {
		m->token = w->token;
		m->code = ipc_put(from, buf_span(&text));
		ipc_end(from);
	}
	secret_wipe(mem, sizeof mem);
}

/* --- ctl: secrets, administrators, the log --- */

static void on_secret_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_secret_set *w = v->payload;
	struct span user = ipc_str(v, w->user);

	if (user.n == 0)
		keeper_say_done(from, w->token, DONE_REFUSED, 0, "a user needs a name");
	else
		keeper_say_stored(
		    from, w->token, login_set_secret(&keeper.logins, user, ipc_str(v, w->password), w->md5));
}

static void on_admin_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_want *w = v->payload;
	struct admin_params p;

	admins_find(&keeper.admins, ipc_str(v, w->name), &p);
	struct msg_admin_salt *m = ipc_begin(from, MSG_ADMIN_SALT);
	if (!m)
		return;
	m->token = w->token;
	m->passes = p.passes;
	m->memory_kb = p.memory_kb;
	memcpy(m->salt, p.salt, sizeof m->salt);
	ipc_end(from);
}

static void on_admin_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_set *w = v->payload;
	struct admin_params p = {.passes = w->passes, .memory_kb = w->memory_kb};
	const char *why;

	if (!utf8_text_ok(ipc_str(v, w->name), USER_NAME_MAX)) {
		keeper_say_done(from, w->token, DONE_REFUSED, 0, "the name holds what is not plain text");
		return;
	}
	memcpy(p.salt, w->salt, sizeof p.salt);
	enum done_result result = admins_set(&keeper.admins, ipc_str(v, w->name), &p, w->hash, &why);
	if (result == DONE_OK)
		child_event(EVENT_ADMIN, SEVERITY_WARNING, 0, 0, NULL, "an administrator's password was set");
	keeper_say_done(from, w->token, result, 0, why);
}

static void on_admin_remove(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_remove *w = v->payload;
	const char *why;

	enum done_result result = admins_remove(&keeper.admins, ipc_str(v, w->name), &why);
	if (result == DONE_OK)
		child_event(EVENT_ADMIN, SEVERITY_WARNING, 0, 0, NULL, "an administrator was removed");
	keeper_say_done(from, w->token, result, 0, why);
}

static void on_admins_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_admins_want *w = v->payload;
	struct span name;
	uint32_t at = 0;

	while (admins_each(&keeper.admins, &at, &name)) {
		struct msg_admin_line *m = ipc_begin(from, MSG_ADMIN_LINE);
		if (!m)
			return;
		m->token = w->token;
		m->name = ipc_put(from, name);
		ipc_end(from);
	}
	keeper_say_done(from, w->token, DONE_OK, 0, NULL);
}

static void on_admin_check(struct link *from, const struct ipc_view *v)
{
	static const char *const text[DONE_RESULTS] = {
	    [DONE_REFUSED] = "wrong name or password",
	    [DONE_BUSY] = "too many wrong passwords: wait and try again",
	};
	const struct msg_admin_check *w = v->payload;
	uint64_t session = 0;
	bool lock_began;

	enum done_result r =
	    admins_check(&keeper.admins, child_now(), ipc_str(v, w->name), w->hash, &session, &lock_began);
	if (r != DONE_OK)
		child_event(EVENT_ADMIN, lock_began ? SEVERITY_ALARM : SEVERITY_WARNING, 0, 0, NULL,
		    lock_began ? "administrator locked: too many wrong passwords" : "wrong administrator password");
	keeper_say_done(from, w->token, r, session, text[r]);
}

static void on_unseal_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_unseal_want *w = v->payload;
	uint8_t mem[DAYS_SOURCE];
	struct buf source = buf_of(mem, sizeof mem);

	if (!admins_session_ok(&keeper.admins, child_now(), w->session)) {
		keeper_say_done(from, w->token, DONE_REFUSED, 0, "the administrator's session is over");
		return;
	}
	enum days_verdict verdict = days_unseal(&keeper.days, w->day, ipc_str(v, w->blob), &source);
	if (verdict == DAYS_BAD) {
		keeper_say_done(from, w->token, DONE_FAILED, 0, "the sealed source is damaged");
		return;
	}
	struct msg_unsealed *m = ipc_begin(from, MSG_UNSEALED);
	if (!m)
		return;
	m->token = w->token;
	m->gone = verdict == DAYS_GONE;
	m->source = ipc_put(from, buf_span(&source));
	ipc_end(from);
}

static void on_clock_confirm(struct link *from, const struct ipc_view *v)
{
	const struct msg_clock_confirm *w = v->payload;
	const char *why = wall_confirm(&keeper.wall, clock_wall_ms(), clock_boot_ms());

	if (!why) {
		keeper_look_at_clock();
		child_event(EVENT_ADMIN, SEVERITY_WARNING, 0, 0, NULL, "the clock was confirmed");
	}
	keeper_say_stored(from, w->token, why);
}

ipc_handler *const keeper_on[MSG_N] = {
    [MSG_NONCES_WANT] = on_nonces_want,
    [MSG_LOGIN_WANT] = on_login_want,
    [MSG_SEAL_WANT] = on_seal_want,
    [MSG_SERVER_CERT_WANT] = on_server_cert_want,
    [MSG_CERT_WANT] = on_cert_want,
    [MSG_CODE_WANT] = on_code_want,
    [MSG_SECRET_SET] = on_secret_set,
    [MSG_TRUNK_SECRET_SET] = keeper_on_trunk_secret_set,
    [MSG_TRUNK_DIGEST_WANT] = keeper_on_trunk_digest_want,
    [MSG_ADMIN_WANT] = on_admin_want,
    [MSG_ADMIN_SET] = on_admin_set,
    [MSG_ADMIN_REMOVE] = on_admin_remove,
    [MSG_ADMINS_WANT] = on_admins_want,
    [MSG_ADMIN_CHECK] = on_admin_check,
    [MSG_UNSEAL_WANT] = on_unseal_want,
    [MSG_CLOCK_CONFIRM] = on_clock_confirm,
    [MSG_PIN_SET] = keeper_on_pin_set,
    [MSG_PIN_CHECK] = keeper_on_pin_check,
    [MSG_DIALLED_WANT] = keeper_on_dialled_want,
    [MSG_DIALLED_ADD] = keeper_on_dialled_add,
    [MSG_SECRETS_WANT] = keeper_on_secrets_want,
    [MSG_SECRETS_FORGET] = keeper_on_secrets_forget,
    [MSG_MAIL_KEY_WANT] = keeper_on_mail_key_want,
    [MSG_MAIL_KEY_FORGET] = keeper_on_mail_key_forget,
};
