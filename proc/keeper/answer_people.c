/* SPDX-License-Identifier: ISC */
/* Questions about PINs and dialled numbers: core's on behalf of a user on the phone, ctl's on behalf of an administrator. */
#include "base/log.h"
#include "keeper/keeper.h"

static void say_verdict(struct link *to, uint64_t token, enum pin_verdict verdict)
{
	struct msg_pin_verdict *m = ipc_begin(to, MSG_PIN_VERDICT);

	if (!m)
		return;
	m->token = token;
	m->verdict = (uint8_t)verdict;
	ipc_end(to);
}

static void tell_lock(uint32_t who)
{
	child_event(EVENT_PIN, SEVERITY_ALARM, 0, who, NULL,
	    "locked: three wrong PINs; `ringfence user pin USER --unlock` opens it again");
}

/* --- core --- */

void keeper_on_pin_check(struct link *from, const struct ipc_view *v)
{
	const struct msg_pin_check *w = v->payload;
	bool lock_began;
	enum pin_verdict verdict = pins_check(&keeper.pins, ipc_str(v, w->user), ipc_str(v, w->digits), &lock_began);

	if (lock_began)
		tell_lock(w->who);
	else if (verdict == PIN_IS_WRONG && w->digits.len)
		child_event(EVENT_PIN, SEVERITY_WARNING, 0, w->who, NULL, "a wrong PIN");
	say_verdict(from, w->token, verdict);
}

void keeper_on_dialled_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_dialled_want *w = v->payload;
	struct span user = ipc_str(v, w->user);
	bool known = dialled_knows(&keeper.dialled, user, ipc_str(v, w->number));
	uint32_t wrong;
	enum plan_pin pin = pins_state(&keeper.pins, user, &wrong);
	struct msg_dialled *m = ipc_begin(from, MSG_DIALLED);

	if (!m)
		return;
	m->token = w->token;
	m->known = known;
	m->pin = (uint8_t)pin;
	ipc_end(from);
}

void keeper_on_dialled_add(struct link *from, const struct ipc_view *v)
{
	const struct msg_dialled_add *w = v->payload;
	const char *why = dialled_add(&keeper.dialled, ipc_str(v, w->user), ipc_str(v, w->number));

	(void)from;
	if (why) /* the PIN will be asked for again */
		log_warn("a dialled number is not remembered: %s", why);
}

/* --- ctl, and core for a user who gives the old one --- */

static void set_by_user(struct link *from, const struct ipc_view *v)
{
	const struct msg_pin_set *w = v->payload;
	bool lock_began;

	if (w->old.len == 0) {
		child_accuse(from, "sets a PIN without the old one", 0, 0);
		return;
	}
	enum pin_verdict verdict =
	    pins_change(&keeper.pins, ipc_str(v, w->user), ipc_str(v, w->old), ipc_str(v, w->new), &lock_began);
	if (lock_began)
		tell_lock(w->who);
	else if (verdict == PIN_IS_RIGHT)
		child_event(EVENT_PIN, SEVERITY_INFO, 0, w->who, NULL, "changed by its user");
	say_verdict(from, w->token, verdict);
}

void keeper_on_pin_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_pin_set *w = v->payload;

	if (from->peer != PROC_CTL) {
		set_by_user(from, v);
		return;
	}
	switch (pins_set(&keeper.pins, ipc_str(v, w->user), ipc_str(v, w->new))) {
	case PIN_IS_RIGHT:
		child_event(EVENT_USER, SEVERITY_INFO, 0, w->who, NULL, "PIN set");
		keeper_say_done(from, w->token, DONE_OK, 0, NULL);
		break;
	case PIN_IS_REFUSED:
		keeper_say_done(from, w->token, DONE_REFUSED, 0,
		    "a PIN has 4 to 12 digits, no simple row of them and not the user's own number");
		break;
	case PIN_IS_WRONG:
	case PIN_IS_LOCKED:
	case PIN_IS_NONE:
	case PIN_IS_FAILED:
	case PIN_VERDICTS:
		keeper_say_stored(from, w->token, "cannot write the sealed store");
		break;
	}
}

void keeper_on_secrets_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_secrets_want *w = v->payload;
	struct span user = ipc_str(v, w->user);
	uint32_t wrong, dialled = dialled_count(&keeper.dialled, user);
	bool md5, password = login_has_secret(&keeper.logins, user, &md5);
	enum plan_pin pin = pins_state(&keeper.pins, user, &wrong);
	uint64_t locked_ms = tries_locked_ms(&keeper.logins.tries, child_now(), user);
	struct msg_secrets *m = ipc_begin(from, MSG_SECRETS);

	if (!m)
		return;
	m->token = w->token;
	m->password = password;
	m->md5 = md5;
	m->pin = (uint8_t)pin;
	m->wrong = wrong;
	m->dialled = dialled;
	m->locked_s = (uint32_t)((locked_ms + 999) / 1000);
	ipc_end(from);
}

static const char *forget_all(struct span user)
{
	const char *why = login_set_secret(&keeper.logins, user, SPAN(""), false);

	if (!why)
		why = pins_remove(&keeper.pins, user);
	if (!why)
		why = keeper_mails_forget(user);
	return why ? why : dialled_forget(&keeper.dialled, user);
}

static void say_removed(struct span user)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_pin_removed *m = core ? ipc_begin(core, MSG_PIN_REMOVED) : NULL;

	if (!m)
		return;
	m->user = ipc_put(core, user);
	ipc_end(core);
}

void keeper_on_secrets_forget(struct link *from, const struct ipc_view *v)
{
	const struct msg_secrets_forget *w = v->payload;
	static const struct {
		enum event_kind kind;
		const char *text;
	} said[FORGETS] = {[FORGET_PIN_LOCK] = {EVENT_USER, "PIN unlocked"},
	    [FORGET_PIN] = {EVENT_USER, "PIN removed"},
	    [FORGET_DIALLED] = {EVENT_USER, "dialled numbers forgotten"},
	    [FORGET_LOGIN_LOCK] = {EVENT_USER, "wrong passwords forgotten"}}; /* of the rest ctl tells */
	struct span user = ipc_str(v, w->user);
	const char *why = NULL;

	switch ((enum forget)w->what) {
	case FORGET_PIN_LOCK:
		why = pins_unlock(&keeper.pins, user);
		break;
	case FORGET_PIN:
		why = pins_remove(&keeper.pins, user);
		if (!why)
			say_removed(user);
		break;
	case FORGET_DIALLED:
		why = dialled_forget(&keeper.dialled, user);
		break;
	case FORGET_MESSAGES:
		why = keeper_mails_forget(user);
		break;
	case FORGET_LOGIN_LOCK:
		tries_forget(&keeper.logins.tries, user);
		break;
	case FORGET_ALL:
		why = forget_all(user);
		break;
	case FORGETS: /* refused by the contract */
		return;
	}
	if (!why && said[w->what].text)
		child_event(said[w->what].kind, SEVERITY_INFO, 0, w->who, NULL, said[w->what].text);
	keeper_say_stored(from, w->token, why);
}
