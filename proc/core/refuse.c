/* SPDX-License-Identifier: ISC */
#include "refuse.h"

/* Warning 399 is the code for any text (RFC 3261 20.43), 304 and 305 speak of media. */
static const struct refusal_row row[REFUSALS] = {
    [REFUSE_LOGIN] = {403, 399, 21, 0, "name, password or phone is not right"},
    [REFUSE_EXPIRED] = {403, 399, 21, 0,
	"the certificate of this phone is out of date: emergency calls only; renew it"},
    [REFUSE_FOREIGN] = {403, 399, 21, 0, "From and To must be of this exchange's domain"},
    [REFUSE_IMPERSONATION] = {403, 399, 21, 0, "From is not the user who logged in"},
    [REFUSE_NO_NUMBER] = {404, 399, 1, 0, "no such number"},
    [REFUSE_NOT_IN_SERVICE] = {404, 399, 1, 0, "this number is not in service"},
    [REFUSE_NOT_ALLOWED] = {403, 399, 21, 0, "this call is not allowed"},
    [REFUSE_OFFLINE] = {480, 399, 20, 0, "no phone of this number is registered"},
    [REFUSE_NO_ANSWER] = {480, 399, 19, 0, "no answer"},
    [REFUSE_BUSY] = {486, 399, 17, 0, "busy"},
    [REFUSE_DECLINED] = {603, 399, 21, 0, "declined"},
    [REFUSE_REDIRECT] = {480, 399, 20, 0, "the phone answered with a redirect, which is not followed"},
    [REFUSE_CALLEE_FAILED] = {480, 399, 41, 0, "the phone could not take the call"},
    [REFUSE_CANCELLED] = {487, 399, 16, 0, "cancelled"},
    [REFUSE_OFFER] = {488, 305, 88, 0, "the SDP offer is not acceptable"},
    [REFUSE_NO_DIALOG] = {481, 399, 101, 0, "no such call on this phone"},
    [REFUSE_OUT_OF_ORDER] = {500, 399, 101, 0, "CSeq runs backwards"},
    [REFUSE_GLARE] = {491, 399, 101, 0, "both sides change the call at once"},
    [REFUSE_PENDING] = {500, 399, 101, 2, "a change of the call is under way"},
    [REFUSE_INTERVAL] = {422, 399, 0, 0, "the session interval is too short"},
    [REFUSE_CONTACT] = {400, 399, 0, 0, "a REGISTER names one Contact, the phone's own"},
    [REFUSE_METHOD] = {405, 399, 79, 0, "this request means nothing here"},
    [REFUSE_EVENT] = {489, 399, 0, 0, "no such event is served"},
    [REFUSE_FULL] = {503, 399, 42, 5, "the exchange is full; see ringfence status"},
    [REFUSE_NO_KEEPER] = {503, 399, 41, 2, "logins can't be checked this moment; keeper is restarting"},
    [REFUSE_NO_MEDIA] = {503, 399, 41, 2, "the media relay is restarting"},
    [REFUSE_NO_PORT] = {503, 399, 34, 5, "all media ports are in use"},
    /* a phone sends nothing more meanwhile, a call for help neither (RFC 3261 21.5.4): so it is short */
    [REFUSE_SHARE] = {503, 399, 42, 2, "one phone has no more of this at once"},
    [REFUSE_TEXTS] = {503, 399, 42, 1, "one phone writes no more texts in so short a time"},
    [REFUSE_PACE] = {503, 399, 42, 1, "one phone begins no more calls in so short a time"},
    [REFUSE_TOO_LONG] = {400, 399, 0, 0, "Call-ID, tag, Contact or Record-Route is too long"},
    [REFUSE_NO_ACK] = {408, 399, 102, 0, "the answer was never acknowledged"},
    [REFUSE_NO_PRACK] = {504, 399, 102, 0, "a reliable provisional answer was never acknowledged"},
    [REFUSE_MEDIA_SHUT] = {488, 399, 88, 0, "no media keys within 10 s of the answer"},
    [REFUSE_CEILING] = {403, 399, 21, 0, "a ceiling of this extension, phone, trunk or site is reached"},
    [REFUSE_PICKED_UP] = {480, 399, 16, 0, "the call rings on this phone now"},
    [REFUSE_NO_VOICE] = {503, 399, 41, 2,
	"prompts can't be heard this moment, or this phone offers no key method that ends here"},
    [REFUSE_PREEMPTED] = {480, 399, 8, 0, "the line was needed for an emergency call"},
    [REFUSE_NO_LINE] = {503, 399, 34, 10, "no trunk for this number has a free line"},
    [REFUSE_NO_EMERGENCY] = {503, 399, 3, 0, "nobody answers for the emergency number here"},
};

const struct refusal_row *refusal_row(enum refusal why)
{
	return &row[why];
}

struct link *reply_link(struct reply r)
{
	return child_link(PROC_EDGE, r.edge);
}

struct msg_respond *reply_begin(struct reply r, uint16_t code)
{
	struct link *l = reply_link(r);
	struct msg_respond *m = l && r.txn ? ipc_begin(l, MSG_RESPOND) : NULL;

	if (m) {
		m->txn = r.txn;
		m->code = code;
	}
	return m;
}

void reply_end(struct reply r)
{
	ipc_end(reply_link(r));
}

void reply_refuse_dialog(struct reply r, enum refusal why, const char *text, struct span to_tag)
{
	const struct refusal_row *w = &row[why];
	struct msg_respond *m = reply_begin(r, w->code);

	if (!m)
		return;
	m->to_tag = ipc_put(reply_link(r), to_tag);
	m->warning = w->warning;
	m->warning_text = ipc_put(reply_link(r), span_head(span_str(text), REASON_MAX));
	m->cause = w->cause;
	m->retry_after = w->retry_after_s;
	if (why == REFUSE_INTERVAL)
		m->min_se = 90;
	reply_end(r);
}

void reply_refuse_because(struct reply r, enum refusal why, const char *text)
{
	reply_refuse_dialog(r, why, text, (struct span){0});
}

void reply_refuse(struct reply r, enum refusal why)
{
	reply_refuse_because(r, why, row[why].text);
}

void reply_code(struct reply r, uint16_t code)
{
	if (reply_begin(r, code))
		reply_end(r);
}
