/* SPDX-License-Identifier: ISC */
/* ledger in its cage with the test as core, ctl, voice and keeper, on a database of its own, and what it says to them. */
#ifndef TEST_LEDGER_HOUSE_H
#define TEST_LEDGER_HOUSE_H

#include "ledger/store.h"
#include "stage_lies.h"

struct house {
	struct stage s;
	struct link *core, *ctl, *voice, *keeper;
	const char *exe, *uri; /* uri NULL: a file of SQLite */
	char root[64], dir[96], empty[96];
};

extern struct house house;

/* What ledger said last, and how often. */
struct seen {
	uint32_t mails;
	struct msg_mail_found found;
	struct msg_mail_count count;
	struct msg_mail_kept mail_kept;
	bool mail_found, mail_counted, mail_ended, key_forgotten;
	uint64_t forgotten;
	bool done, recorded, verdict_wanted, first_line;
	enum done_result result;
	uint64_t value, recorded_call;
	char text[REASON_MAX + 1];
	uint32_t generation;
	bool whole, refuse, silent;
	uint32_t users, devices, bindings, lines, people, phones, events, readings;
	char user[USER_NAME_MAX + 1], admin[USER_NAME_MAX + 1];
	struct msg_event_line event;
	struct msg_phone_line phone;
	uint32_t binding_device;
	bool binding_allowed;
	uint32_t settings, groups, spent, callbacks, kept, lines_of_settings, notices;
	char setting[SETTING_TEXT_MAX + 1], counters[SPENT_TEXT_MAX + 1];
	struct msg_setting last_setting;
	bool own_done;
	enum done_result own_result;
};

extern struct seen seen;

/* Pieces of a backup, as they come. */
struct pieces {
	bool came, last;
	uint32_t n;
	size_t octets;
	uint8_t piece[EXPORT_MAX];
};

extern struct pieces exported;

/* ledger_said.c: it keeps what ledger says in these, and judges a directory as `seen` has it */
extern ipc_handler *const ledger_on[MSG_N];
void house_judge(uint32_t generation, bool ok);

/* The words of a test: EXECUTABLE [URI]. */
bool house_open(int argc, char **argv);
void house_end(void);

/* As another version, or an administrator with SQL, would: rows are gone, the tables stay. */
bool house_clean(void);
bool house_start(void);
/* Both. */
bool house_begin(void);
struct db *house_open_db(void);
/* It says so, and is ended. */
bool house_is_accused(enum proc who);

/* Requests; what can be asked for again while ledger is busy is. */
bool house_wait_done(void);
void house_say_user(enum user_action action, const char *name);
/* Another change or the whole directory is still on its way: to be asked again. */
bool house_busy(int *tries);
bool house_set_user(enum user_action action, const char *name);
bool house_add_phone(void);
bool house_bind_phone(uint32_t device, const char *user, bool allowed);
bool house_list(enum list_kind kind, uint64_t after, uint32_t most);
void house_begin_log(uint64_t after, uint32_t most, const char *admin);
bool house_read_log(uint64_t after, uint32_t most, const char *admin);
void house_begin_record(uint64_t call, const char *source);
bool house_record(uint64_t call, const char *source);
bool house_want_directory(void);
/* A fresh house in which ledger waits for core to judge a change, and core says nothing. */
bool house_begin_waiting(void);

#endif
