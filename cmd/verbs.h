/* SPDX-License-Identifier: ISC */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include "cmd.h"

extern const struct verb verb_user_add, verb_user_set, verb_user_delete, verb_user_list, verb_user_show, verb_user_pin,
    verb_user_forget_dialled, verb_user_forget_messages;
extern const struct verb verb_group_add, verb_group_set, verb_group_delete, verb_group_list;
extern const struct verb verb_site_set, verb_site_show, verb_notices, verb_notice_take;
extern const struct verb verb_phone_add, verb_phone_enrol, verb_phone_sign, verb_phone_request, verb_phone_admit,
    verb_phone_renew, verb_phone_revoke, verb_phone_set, verb_phone_bind, verb_phone_unbind, verb_phone_show,
    verb_phone_list;
extern const struct verb verb_trunks, verb_trunk_password, verb_trunk_request, verb_signers;
extern const struct verb verb_may, verb_audit, verb_calls, verb_status, verb_events, verb_log, verb_readings;
extern const struct verb verb_ban, verb_unban, verb_bans, verb_admin_set, verb_admin_delete, verb_admin_list, verb_ca,
    verb_clock_confirm;
extern const struct verb verb_backup, verb_restore, verb_check_config, verb_reload, verb_upgrade, verb_stop;

#endif
