/* SPDX-License-Identifier: ISC */
/* What ledger says to its siblings, kept. */
#include "ledger_house.h"
#include <string.h>

struct seen seen;
struct pieces exported;

static void on_begin(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_begin *m = v->payload;
	(void)from;
	seen.whole = m->whole;
	seen.users = seen.devices = seen.bindings = seen.settings = seen.groups = seen.spent = seen.callbacks = 0;
}

static void on_group(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.groups++;
}

static void on_setting(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.settings++;
	memcpy(&seen.last_setting, v->payload, sizeof seen.last_setting);
	span_cstr(ipc_str(v, seen.last_setting.value), seen.setting, sizeof seen.setting);
}

static void on_spent(struct link *from, const struct ipc_view *v)
{
	const struct msg_spent *m = v->payload;
	(void)from;
	seen.spent++;
	span_cstr(ipc_str(v, m->text), seen.counters, sizeof seen.counters);
}

static void on_callback(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.callbacks++;
}

static void on_kept(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.kept++;
	seen.recorded = true;
}

static void on_own_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_setting_done *m = v->payload;
	(void)from;
	seen.own_done = true;
	seen.own_result = (enum done_result)m->result;
}

static void on_setting_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.lines_of_settings++;
}

static void on_notice_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.notices++;
}

static void on_user(struct link *from, const struct ipc_view *v)
{
	const struct msg_user *m = v->payload;
	(void)from;
	seen.users++;
	span_cstr(ipc_str(v, m->name), seen.user, sizeof seen.user);
}

static void on_device(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.devices++;
}

static void on_binding(struct link *from, const struct ipc_view *v)
{
	const struct msg_binding *m = v->payload;
	(void)from;
	seen.bindings++;
	seen.binding_device = m->device;
	seen.binding_allowed = m->allowed;
}

void house_judge(uint32_t generation, bool ok)
{
	struct msg_directory_verdict *m = ipc_begin(house.core, MSG_DIRECTORY_VERDICT);

	m->generation = generation;
	m->ok = ok;
	m->reason = ipc_put(house.core, ok ? SPAN("") : SPAN("table full"));
	ipc_end(house.core);
}

static void on_commit(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_commit *m = v->payload;
	(void)from;
	seen.generation = m->generation;
	seen.verdict_wanted = true;
	if (!seen.silent)
		house_judge(m->generation, !seen.refuse);
}

static void on_recorded(struct link *from, const struct ipc_view *v)
{
	const struct msg_recorded *m = v->payload;
	(void)from;
	seen.recorded = true;
	seen.recorded_call = m->call;
}

static void on_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_done *m = v->payload;
	(void)from;
	seen.done = true;
	seen.result = (enum done_result)m->result;
	seen.value = m->value;
	span_cstr(ipc_str(v, m->text), seen.text, sizeof seen.text);
}

static void on_user_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_user_line *m = v->payload;
	(void)from;
	seen.people++;
	span_cstr(ipc_str(v, m->name), seen.user, sizeof seen.user);
}

static void on_phone_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.phones++;
	memcpy(&seen.phone, v->payload, sizeof seen.phone);
}

static void on_event_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.events++;
	memcpy(&seen.event, v->payload, sizeof seen.event);
}

static void on_log_line(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.lines++;
	seen.first_line = true;
}

static void on_reading_line(struct link *from, const struct ipc_view *v)
{
	const struct msg_reading_line *m = v->payload;
	(void)from;
	seen.readings++;
	span_cstr(ipc_str(v, m->admin), seen.admin, sizeof seen.admin);
}

static void on_exported(struct link *from, const struct ipc_view *v)
{
	const struct msg_exported *m = v->payload;
	struct span piece = ipc_str(v, m->piece);

	(void)from;
	exported.came = true;
	exported.last = m->last;
	exported.n++;
	exported.octets = piece.n;
	memcpy(exported.piece, piece.p, piece.n);
}

static void on_mail(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	seen.mails++;
}

static void on_mail_found(struct link *from, const struct ipc_view *v)
{
	memcpy(&seen.found, v->payload, sizeof seen.found);
	seen.mail_found = true;
	on_mail(from, v);
}

static void on_mail_count(struct link *from, const struct ipc_view *v)
{
	memcpy(&seen.count, v->payload, sizeof seen.count);
	seen.mail_counted = true;
	on_mail(from, v);
}

static void on_mail_kept(struct link *from, const struct ipc_view *v)
{
	memcpy(&seen.mail_kept, v->payload, sizeof seen.mail_kept);
	seen.mail_ended = true;
	on_mail(from, v);
}

static void on_key_forget(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_key_forget *m = v->payload;

	(void)from;
	seen.key_forgotten = true;
	seen.forgotten = m->message;
}

ipc_handler *const ledger_on[MSG_N] = {
    [MSG_MAIL_FOUND] = on_mail_found,
    [MSG_MAIL_COUNT] = on_mail_count,
    [MSG_MAIL_KEPT] = on_mail_kept,
    [MSG_MAIL_KEY_FORGET] = on_key_forget,
    [MSG_MAIL_PIECE] = on_mail,
    [MSG_EXPORTED] = on_exported,
    [MSG_DIRECTORY_BEGIN] = on_begin,
    [MSG_USER] = on_user,
    [MSG_DEVICE] = on_device,
    [MSG_BINDING] = on_binding,
    [MSG_DIRECTORY_COMMIT] = on_commit,
    [MSG_RECORDED] = on_recorded,
    [MSG_DONE] = on_done,
    [MSG_USER_LINE] = on_user_line,
    [MSG_PHONE_LINE] = on_phone_line,
    [MSG_EVENT_LINE] = on_event_line,
    [MSG_LOG_LINE] = on_log_line,
    [MSG_READING_LINE] = on_reading_line,
    [MSG_GROUP] = on_group,
    [MSG_SETTING] = on_setting,
    [MSG_SPENT] = on_spent,
    [MSG_CALLBACK] = on_callback,
    [MSG_NOTICE_KEPT] = on_kept,
    [MSG_SETTING_DONE] = on_own_done,
    [MSG_SETTING_LINE] = on_setting_line,
    [MSG_NOTICE_LINE] = on_notice_line,
};
