/* SPDX-License-Identifier: ISC */
/* What each verb does, in order. A step that fails ends its verb; where a step undoes the ones before it, it says so. */
#include "ctl/verbs.h"

job_step *const verb_steps[VERBS][JOB_STEPS_MAX + 1] = {
    [VERB_STATUS] = {look_status},
    [VERB_STOP] = {site_stop},
    [VERB_RELOAD] = {site_reload},
    [VERB_CALLS] = {look_calls},
    [VERB_BANS] = {look_bans},
    [VERB_BAN] = {site_ban},
    [VERB_UNBAN] = {site_unban},
    [VERB_EVENTS] = {look_newest_event, look_last_events, look_events, look_more, look_follow},
    [VERB_READINGS] = {look_readings, look_more},
    [VERB_LOG] = {admin_ask, admin_check, admin_session, log_page, log_unseal, log_more},
    [VERB_CLOCK_CONFIRM] = {site_confirm_ledger, site_confirm_keeper},
    [VERB_ADMIN_SET] = {admin_ask, admin_set},
    [VERB_CA] = {phone_ca, phone_say_certificate},
    [VERB_USER_ADD] = {people_add, people_add_secret, people_added},
    [VERB_USER_SET] = {people_find, people_change, people_change_secret, people_changed},
    [VERB_USER_DELETE] = {people_find, people_forget_secret, people_delete, people_deleted},
    [VERB_USER_LIST] = {look_users, look_more},
    [VERB_PHONE_ADD] = {phone_find_user, phone_add, phone_bind_added, phone_code},
    [VERB_PHONE_SIGN] = {phone_parse, phone_find_coded, phone_certify_coded, phone_issued, phone_say_certificate},
    [VERB_PHONE_REQUEST] = {phone_quota, phone_parse, phone_find_user, phone_ask_for, phone_bind_added, phone_say_number},
    [VERB_PHONE_ADMIT] = {phone_find, phone_admit, phone_flags_admitted, phone_certify_stored, phone_issued,
	phone_say_certificate},
    [VERB_PHONE_RENEW] = {phone_find, phone_renew, phone_issued, phone_say_certificate},
    [VERB_PHONE_REVOKE] = {phone_revoke, phone_revoked},
    [VERB_PHONE_SET] = {phone_flags, phone_suspend, phone_changed},
    [VERB_PHONE_BIND] = {phone_bind, phone_changed},
    [VERB_PHONE_UNBIND] = {phone_unbind, phone_changed},
    [VERB_PHONE_LIST] = {look_phones, look_more},
};
