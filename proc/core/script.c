/* SPDX-License-Identifier: ISC */
#include "script.h"
#include "hotdesk.h"
#include "mail.h"
#include "pin.h"

enum {
	EXTENSION_MOST = 16,
	PIN_LEAST = 4,
	PIN_MOST = 12,
	SCREEN_KEY = '4',
	SCREEN_TRIES = 3,
	LOGIN_TRIES = 3,
	CHANGE_TRIES = 3
};

static int tell(struct call *c, const char *say)
{
	c->best = REFUSE_NOT_ALLOWED;
	c->say = say;
	return SCRIPT_TELL;
}

static void keep(struct call *c, struct span digits)
{
	span_cstr(digits, c->kept, sizeof c->kept);
}

/* --- before a number that was never dialled (R15) --- */

enum { PIN_ASK, PIN_ASK_AGAIN };

static int outgoing_pin(struct call *c, struct span digits)
{
	if (pin_ask_check(PIN_FOR_CALL, c->r.id, c->dest.payer, digits))
		return SCRIPT_WAIT;
	return tell(c, "not-now");
}

static const struct step outgoing[] = {
    [PIN_ASK] = {"pin-please", PIN_LEAST, PIN_MOST, outgoing_pin},
    [PIN_ASK_AGAIN] = {"pin-wrong pin-please", PIN_LEAST, PIN_MOST, outgoing_pin},
};

static int outgoing_verdict(struct call *c, enum pin_verdict v)
{
	switch (v) {
	case PIN_IS_RIGHT:
		c->pin_given = 1;
		return SCRIPT_JUDGE;
	case PIN_IS_WRONG:
		return PIN_ASK_AGAIN;
	case PIN_IS_LOCKED:
		return tell(c, "pin-locked");
	case PIN_IS_NONE:
		return tell(c, "pin-absent");
	case PIN_IS_REFUSED:
	case PIN_IS_FAILED:
	case PIN_VERDICTS:
		break;
	}
	return tell(c, "not-now");
}

/* --- a new PIN: the old one, then the new one twice; who has none gets the first from an administrator (R15) --- */

enum {
	CHANGE_HELLO,
	CHANGE_OLD,
	CHANGE_OLD_AGAIN,
	CHANGE_NEW,
	CHANGE_NEW_AGAIN,
	CHANGE_MISMATCH,
	CHANGE_WEAK,
	CHANGE_DONE
};

static int change_old(struct call *c, struct span digits)
{
	keep(c, digits);
	return pin_ask_check(PIN_FOR_CALL, c->r.id, c->dest.payer, digits) ? SCRIPT_WAIT : tell(c, "not-now");
}

/* Nothing typed asks whether there is a PIN, and is no try. */
static int change_hello(struct call *c, struct span digits)
{
	(void)digits;
	c->tries = 0;
	return change_old(c, SPAN(""));
}

/* both stand in kept: the old one, a blank, the new one */
static int change_new(struct call *c, struct span digits)
{
	size_t n = strcspn(c->kept, " ");

	c->kept[n] = ' ';
	span_cstr(digits, c->kept + n + 1, sizeof c->kept - n - 1);
	return CHANGE_NEW_AGAIN;
}

static int change_again(struct call *c, struct span digits)
{
	struct span old = span_head(span_str(c->kept), strcspn(c->kept, " "));
	struct span again = span_str(c->kept + old.n + 1);

	if (!span_eq(again, digits))
		return ++c->tries < CHANGE_TRIES ? CHANGE_MISMATCH : tell(c, "pin-mismatch");
	if (pin_ask_change(PIN_FOR_CALL, c->r.id, c->dest.payer, old, digits))
		return SCRIPT_WAIT;
	return tell(c, "not-now");
}

static int said(struct call *c, struct span digits)
{
	(void)digits;
	return tell(c, "goodbye");
}

static const struct step change[] = {
    [CHANGE_HELLO] = {"silence:200", 0, 0, change_hello},
    [CHANGE_OLD] = {"pin-please", PIN_LEAST, PIN_MOST, change_old},
    [CHANGE_OLD_AGAIN] = {"pin-wrong pin-please", PIN_LEAST, PIN_MOST, change_old},
    [CHANGE_NEW] = {"pin-new", PIN_LEAST, PIN_MOST, change_new},
    [CHANGE_NEW_AGAIN] = {"pin-repeat", PIN_LEAST, PIN_MOST, change_again},
    [CHANGE_MISMATCH] = {"pin-mismatch pin-new", PIN_LEAST, PIN_MOST, change_new},
    [CHANGE_WEAK] = {"pin-weak pin-new", PIN_LEAST, PIN_MOST, change_new},
    [CHANGE_DONE] = {"pin-set", 0, 0, said},
};

static int change_verdict(struct call *c, enum pin_verdict v)
{
	switch (v) {
	case PIN_IS_RIGHT:
		return c->step <= CHANGE_OLD_AGAIN ? CHANGE_NEW : CHANGE_DONE;
	case PIN_IS_WRONG: /* keeper counts, and locks it after three */
		return c->step == CHANGE_HELLO ? CHANGE_OLD : CHANGE_OLD_AGAIN;
	case PIN_IS_LOCKED:
		return tell(c, "pin-locked");
	case PIN_IS_NONE:
		return tell(c, "pin-none");
	case PIN_IS_REFUSED:
		return ++c->tries < CHANGE_TRIES ? CHANGE_WEAK : tell(c, "pin-weak");
	case PIN_IS_FAILED:
	case PIN_VERDICTS:
		break;
	}
	return tell(c, "not-now");
}

/* --- a guest at this phone: extension, then PIN (R2) --- */

enum { LOGIN_EXTENSION, LOGIN_PIN, LOGIN_AGAIN };

static int login_extension(struct call *c, struct span digits)
{
	keep(c, digits);
	return LOGIN_PIN;
}

/* Who is not known, who is not allowed here and whose PIN is wrong hear the same. */
static int login_wrong(struct call *c)
{
	return ++c->tries < LOGIN_TRIES ? LOGIN_AGAIN : tell(c, "login-wrong");
}

/* keeper is asked only about one who is allowed on this phone: nobody else's PIN can be guessed at, or locked, from it. */
static int login_pin(struct call *c, struct span digits)
{
	const struct leg *caller = leg_get(c->r.caller);
	uint32_t guest = directory_find(span_str(c->kept));

	if (!caller || !hotdesk_may(caller->r.user, guest, caller->r.device)) {
		child_event(EVENT_BINDING_REFUSED, SEVERITY_WARNING, caller ? caller->r.device : 0, guest, NULL,
		    "hot desk: a user who is not allowed on this phone");
		return login_wrong(c);
	}
	return pin_ask_check(PIN_FOR_CALL, c->r.id, guest, digits) ? SCRIPT_WAIT : tell(c, "not-now");
}

static const struct step login[] = {
    [LOGIN_EXTENSION] = {"extension-please", 1, EXTENSION_MOST, login_extension},
    [LOGIN_PIN] = {"pin-please", PIN_LEAST, PIN_MOST, login_pin},
    [LOGIN_AGAIN] = {"login-wrong extension-please", 1, EXTENSION_MOST, login_extension},
};

static int login_verdict(struct call *c, enum pin_verdict v)
{
	const struct leg *caller = leg_get(c->r.caller);

	if (v == PIN_IS_WRONG || v == PIN_IS_NONE)
		return login_wrong(c);
	if (v != PIN_IS_RIGHT || !caller)
		return tell(c, v == PIN_IS_LOCKED ? "pin-locked" : "not-now");
	hotdesk_log_in(caller->r.user, directory_find(span_str(c->kept)), caller->r.device);
	c->say = "welcome logged-in";
	return SCRIPT_TELL;
}

/* --- an unknown caller from outside (R18) --- */

static int screened(struct call *c, struct span digits)
{
	if (digits.n == 1 && digits.p[0] == SCREEN_KEY)
		return SCRIPT_ALLOWED;
	if (++c->tries < SCREEN_TRIES)
		return 0;
	return tell(c, "screening-failed");
}

static const struct step screen[] = {{"screening", 1, 1, screened}};

/* --- all of them --- */

static const struct {
	const struct step *step;
	uint8_t steps;
	int (*verdict)(struct call *c, enum pin_verdict v);
} script[SCRIPTS] = {
#define SCRIPT(s, verdict)                       \
	{                                        \
		s, sizeof s / sizeof *s, verdict \
	}
    [SCRIPT_OUTGOING_PIN] = SCRIPT(outgoing, outgoing_verdict),
    [SCRIPT_CHANGE_PIN] = SCRIPT(change, change_verdict),
    [SCRIPT_LOGIN] = SCRIPT(login, login_verdict),
    [SCRIPT_SCREEN] = SCRIPT(screen, NULL),
#undef SCRIPT
    [SCRIPT_LEAVE] = {mail_leave_step, MAIL_LEAVE_STEPS, NULL},
    [SCRIPT_MAILBOX] = {mail_box_step, MAIL_BOX_STEPS, mail_box_verdict},
};

const struct step *script_step(uint8_t which, uint8_t step)
{
	return which < SCRIPTS && step < script[which].steps ? &script[which].step[step] : NULL;
}

uint8_t script_first(const struct call *c)
{
	return c->script == SCRIPT_LOGIN && c->kept[0] ? LOGIN_PIN : 0;
}

static void on_verdict(uint64_t owner, enum pin_verdict v)
{
	struct call *c = call_get(owner);

	if (c && script[c->script].verdict)
		dialogue_go(c, script[c->script].verdict(c, v));
}

void script_init(void)
{
	static const struct pin_answers answers = {.verdict = on_verdict, .dialled = call_on_dialled};

	pin_on_answer(PIN_FOR_CALL, &answers);
}
