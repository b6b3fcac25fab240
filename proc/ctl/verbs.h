/* SPDX-License-Identifier: ISC */
/* The steps that verbs.c puts together, and who hears which answer. */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include "ctl/job.h"

/* look.c: what can be looked at */
void look_list(struct job *j, enum list_kind kind, uint32_t most); /* a page after j->after */
job_step look_status, look_calls, look_bans, look_users, look_phones, look_readings, look_more, look_newest_event,
    look_last_events, look_events, look_follow;
void look_on_process(struct link *from, const struct ipc_view *v);
void look_on_call(struct link *from, const struct ipc_view *v);
void look_on_ban(struct link *from, const struct ipc_view *v);
void look_on_user(struct link *from, const struct ipc_view *v);
void look_on_phone(struct link *from, const struct ipc_view *v);
void look_on_event(struct link *from, const struct ipc_view *v);
void look_on_reading(struct link *from, const struct ipc_view *v);

/* may.c */
job_step may_ask;
void may_on_line(struct link *from, const struct ipc_view *v);

/* site.c: what changes the exchange as a whole */
job_step site_stop, site_reload, site_upgrade, site_ban, site_unban, site_confirm_core, site_confirm_ledger,
    site_confirm_keeper;

/* trunks.c */
job_step trunks_look, trunks_password, trunks_again, trunks_request;
void trunks_on_line(struct link *from, const struct ipc_view *v);
void trunks_on_request(struct link *from, const struct ipc_view *v);

/* people.c */
job_step people_add, people_add_secret, people_added, people_find, people_change, people_change_secret, people_log_out,
    people_unlock, people_changed, people_delete, people_forget_secret, people_deleted, people_show,
    people_show_secrets, people_pin, people_forget, people_forget_messages, people_forgot_messages;
void people_on_secrets(struct link *from, const struct ipc_view *v);

/* settings.c: settings, ring groups, emergency calls */
job_step settings_put_user, settings_put_phone, settings_put_site, settings_changed_site, settings_show_user,
    settings_show_phone, settings_show_site, group_add, group_set, group_delete, group_changed, look_groups,
    look_notices, notice_take, notice_taken;
void settings_on_line(struct link *from, const struct ipc_view *v);
void look_on_group(struct link *from, const struct ipc_view *v);
void look_on_notice(struct link *from, const struct ipc_view *v);

/* phones.c */
job_step phone_find_user, phone_add, phone_bind_added, phone_code, phone_quota, phone_parse, phone_ask_for,
    phone_say_number, phone_find, phone_find_coded, phone_certify_coded, phone_certify_stored, phone_issued,
    phone_say_certificate, phone_admit, phone_flags_admitted, phone_renew, phone_ca, phone_revoke, phone_revoked,
    phone_flags, phone_suspend, phone_changed, phone_bind, phone_unbind;
bool phone_has_key(const struct job *j); /* the row that was looked at */
void phone_on_code(struct link *from, const struct ipc_view *v);
void phone_on_cert(struct link *from, const struct ipc_view *v);

/* admin.c: administrators and the log */
job_step admin_ask, admin_set, admin_remove, admin_list, admin_check, admin_session, log_page, log_unseal, log_more;
void admin_on_salt(struct link *from, const struct ipc_view *v);
void admin_on_line(struct link *from, const struct ipc_view *v);
void admin_on_log(struct link *from, const struct ipc_view *v);
void admin_on_unsealed(struct link *from, const struct ipc_view *v);

/* export.c: ledger's part of a backup */
job_step export_begin, export_piece;
void export_on_piece(struct link *from, const struct ipc_view *v);

#endif
