/* SPDX-License-Identifier: ISC */
/* What people, phones, ring groups and the site have set, parsed once when the directory brings it. Every lookup answers;
 * who has set nothing has the defaults. */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "ipc/child.h"
#include "plan/ceiling.h"

enum { GROUPS_MAX = 256 };

enum voicemail { VOICEMAIL_SITE, VOICEMAIL_OFF, VOICEMAIL_ON };

enum forward { FORWARD_ALWAYS, FORWARD_BUSY, FORWARD_NO_ANSWER, FORWARD_OFFLINE, FORWARDS };

/* Texts are as they were set, and empty when they were not; numbers in them are not yet canonical. */
struct user_settings {
	bool dnd, reject_anonymous;
	uint8_t voicemail;    /* enum voicemail */
	uint16_t voicemail_s; /* 0: when it rang as long as it rings */
	uint16_t ring_s;      /* 0: as the site says */
	uint8_t screen;       /* enum screen */
	char forward[FORWARDS][SETTING_NUMBER_MAX + 1];
	char outside_number[SETTING_NUMBER_MAX + 1];
	char pickup_group[SETTING_NUMBER_MAX + 1];
	char greeting[SETTING_NUMBER_MAX + 1];
	char language[SITE_LANGUAGE_MAX]; /* in which they are spoken to; empty: the site's */
	bool has_classes;
	struct plan_classes classes; /* with has_classes; otherwise the site's count */
	char ceilings[SETTING_TEXT_MAX + 1];
	char blocked[SETTING_TEXT_MAX + 1], known[SETTING_TEXT_MAX + 1]; /* setting_next() walks them */
};

struct device_settings {
	bool ended, remote;
	uint8_t subnets;
	int64_t location_confirmed_ms; /* wall; 0: never */
	struct subnet subnet[SETTING_SUBNETS_MAX];
	char location[SETTING_TEXT_MAX + 1]; /* civic_parse() */
};

struct group_settings {
	uint8_t strategy; /* enum strategy */
	uint16_t ring_s;
	char forward[SETTING_NUMBER_MAX + 1]; /* when none of them takes the call */
	char members[SETTING_TEXT_MAX + 1];
};

struct site_settings {
	uint8_t night; /* enum plan_night_mode */
	char front_desk[SETTING_NUMBER_MAX + 1];
};

void settings_init(uint32_t max_users, uint32_t max_phones);
void settings_change_init(void);

const struct user_settings *settings_of_user(uint32_t user);
const struct device_settings *settings_of_device(uint32_t device);
const struct group_settings *settings_of_group(uint32_t group);
const struct site_settings *settings_of_site(void);

/* Has this user a mailbox, and after how many seconds does it take the call? 0: when it rang as long as it rings. */
bool settings_voicemail(const struct site *s, uint32_t user, uint32_t *after_s);
/* The ceilings of an extension: those of the site, with what the user's setting says otherwise. */
struct ceiling_limit settings_limit_of_user(const struct plan *p, uint32_t user);

/* May the phone be elsewhere than where its place is stored: somebody said that it travels, or it is in none of the networks
 * where it belongs, if any are set (R16)? at: NULL, not known. */
bool settings_device_away(uint32_t device, const struct addr *at);
/* And not in another network of the site either, which are those that its fixed phones are stored with: no help would find it. */
bool settings_device_remote(uint32_t device, const struct addr *at);

/* For directory.c: is the owner one that there can be, and the value good? NULL or why not. Then, with the generation: */
const char *settings_judge(const struct msg_setting *m, struct span value);
void settings_apply(enum setting_owner owner, uint32_t index, enum setting_kind kind, struct span value);
void settings_forget_all(void);

/* --- changes by a user, from their own phone --- */

enum settings_asker { SETTINGS_FOR_CODE, SETTINGS_ASKERS };
typedef void settings_changed(uint64_t owner, bool ok);

struct settings_wish {
	enum settings_asker who;
	uint64_t owner; /* comes back to `changed` */
	uint32_t by;    /* on whose account (share.h): what waits for ledger is everybody's */
	enum setting_owner whose;
	uint32_t index;
	enum setting_kind kind;
};

/* ledger judges, keeps it and gives it back with the directory, and then `changed` of that asker is called, once, also when
 * ledger is down, silent or busy for too long. False when it cannot be asked now, and then nothing is called. */
void settings_on_change(enum settings_asker who, settings_changed *changed);
bool settings_change(const struct settings_wish *w, struct span value);
void settings_on_done(struct link *from, const struct ipc_view *v);
void settings_ledger_down(void);
void settings_status(struct proc_status *s);

#endif
