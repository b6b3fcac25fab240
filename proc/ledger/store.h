/* SPDX-License-Identifier: ISC */
/* What ledger keeps, as operations on rows: the directory, settings, the call log, events, readings of the log, what was spent,
 * emergency calls. Knows nothing of processes. Writes stand between store_begin() and store_commit(); several may share one commit. */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "ipc/contract.h"
#include "ledger/db.h"

enum {
	STORE_SCHEMA = 2, /* settings, groups, counters and notices came with it: schema.sql makes what is missing */
	STORE_EVENTS_MAX = 50000, /* of each share */
	STORE_EVENTS_OF_PHONE_MAX = 5000,
	STORE_EVENT_DAYS = 365,
	STORE_FORGET_MOST = 10000, /* calls at once: others wait meanwhile, and parent */
	STORE_REQUESTS_MAX = 32,   /* phones that were asked for and wait for an administrator */
	STORE_MILD_MIN_MS = 15000, /* R20 */
	STORE_GROUPS_MAX = 255,
	STORE_KIND_MAX = 32,   /* the name of a setting */
	STORE_NAMES_MAX = 200, /* octets of "101,102" beside a phone, and of "1,2" beside a person */
};

/* Whose doing an event is: each share forgets its own oldest, so that none is pushed out by what others can heap up (R13, R23). */
enum event_share {
	SHARE_STRANGERS, /* of anyone who reaches a port */
	SHARE_ADMIN,     /* the directory, the configuration, administrators, the processes */
	SHARE_GRAVE,     /* the other warnings and alarms, and every call for help */
	SHARE_PHONES,    /* what an enrolled phone may do, or be refused, as often as it likes */
	EVENT_SHARES
};

enum query {
#define QUERY(NAME, sql) Q_##NAME,
#include "ledger/queries.def"
#undef QUERY
	QUERIES
};

/* Of what is done to forget events, each of which goes through all of them: by age, by phone, by share. */
enum { STORE_EVENT_STEPS = 1 + 2 + EVENT_SHARES };

struct store {
	struct db *db;
	struct stmt *q[QUERIES];
	bool open;           /* between begin and commit */
	uint32_t generation; /* of the directory; rises with each change */
	int64_t last_event, last_reading, last_notice;
	uint32_t max_people, max_phones;
	uint32_t max_events;          /* of each share */
	uint32_t max_events_of_phone; /* in a share of phones' doing: one floods only its own */
};

struct person {
	uint32_t id;
	bool enabled;
	char name[USER_NAME_MAX + 1], display[DISPLAY_MAX + 1];
};

struct phone {
	uint32_t id, flags, epoch;
	enum device_state state;
	int64_t not_after_ms;
	bool has_point;
	uint8_t point[64];
	char label[LABEL_MAX + 1];
};

struct binding {
	uint32_t person, phone;
};

struct group {
	uint32_t id;
	char name[USER_NAME_MAX + 1], display[DISPLAY_MAX + 1];
};

struct setting {
	enum setting_owner owner;
	uint32_t index;
	enum setting_kind kind; /* SETTINGS: one that this build does not know, or a value that it does not take */
	char name[STORE_KIND_MAX + 1];
	char value[SETTING_TEXT_MAX + 1];
};

struct spent {
	enum ceiling_scope scope;
	uint32_t index;
	char text[SPENT_TEXT_MAX + 1];
};

struct notice_row {
	int64_t id, wall_ms, taken_ms;
	uint32_t device, user;
	enum notice_kind kind;
	struct span number, location, taken_by; /* of a row that was read: good until the next step */
};

struct call_row {
	int64_t id;
	uint32_t day;
	int64_t start_ms;
	uint64_t duration_ms;
	struct span source, destination; /* of a row that was read: good until the next step */
};

struct event_row {
	int64_t id, wall_ms;
	enum proc proc;
	enum event_kind kind;
	enum severity severity;
	uint32_t device, user;
	struct addr remote;
	struct span detail;
};

struct reading_row {
	int64_t id, wall_ms, from_ms, to_ms;
	struct span admin;
};

/* Takes the connection over. Makes or checks the schema and prepares every query; false with the reason in why. */
bool store_open(struct store *s, struct db *db, char why[static DB_WHY_MAX]);
/* The same of a connection that only reads: a database of this schema, as it stands. What would be written fails. */
bool store_open_to_read(struct store *s, struct db *db, char why[static DB_WHY_MAX]);
/* Would store_open() take this database, or make its tables in it? Reads alone. */
bool store_could_open(struct db *db, char why[static DB_WHY_MAX]);
/* Is it of an earlier schema, which store_open() upgrades? */
bool store_is_former(struct db *db);
void store_close(struct store *s);

bool store_begin(struct store *s) __attribute__((warn_unused_result));  /* true at once when begun already */
bool store_commit(struct store *s) __attribute__((warn_unused_result)); /* on failure all is rolled back */
void store_rollback(struct store *s);

/* --- the directory. Changes answer DONE_OK, or why not with the words in *why; then the caller rolls back. --- */

enum done_result store_person_add(
    struct store *s, struct span name, struct span display, bool enabled, struct person *out, const char **why);
/* An empty display leaves it as it is. */
enum done_result store_person_change(
    struct store *s, struct span name, struct span display, bool enabled, struct person *out, const char **why);
enum done_result store_person_delete(struct store *s, struct span name, const char **why);

/* DEVICE_ADDED without a point, or DEVICE_REQUESTED with one. A phone's number is never given again. */
enum done_result store_phone_add(struct store *s, struct span label, enum device_state state, uint32_t flags,
    const uint8_t *point, struct phone *out, const char **why);
enum done_result store_phone_state(
    struct store *s, uint32_t id, enum device_state state, struct phone *out, const char **why);
enum done_result store_phone_flags(
    struct store *s, uint32_t id, uint32_t flags, uint32_t mask, struct phone *out, const char **why);
/* A certificate was written for this key. The epoch never falls, and rises when the key changes. */
enum done_result store_phone_issued(struct store *s, uint32_t id, uint32_t epoch, int64_t not_after_ms,
    const uint8_t point[static 64], struct phone *out, const char **why);
enum done_result store_bind(
    struct store *s, struct span name, uint32_t phone, bool allowed, struct binding *out, const char **why);

/* A directory change is part of this commit. */
bool store_next_generation(struct store *s) __attribute__((warn_unused_result));

/* Up to `most` rows with a greater id, in order; the number read, -1 when the database failed. */
int store_people(struct store *s, uint32_t after, struct person *out, int most);
int store_phones(struct store *s, uint32_t after, struct phone *out, int most);
int store_bindings(struct store *s, struct binding after, struct binding *out, int most);
bool store_person_get(struct store *s, struct span name, struct person *out);
bool store_person_at(struct store *s, uint32_t id, struct person *out);
bool store_phone_get(struct store *s, uint32_t id, struct phone *out);
bool store_person_has_md5(struct store *s, uint32_t id); /* a phone of theirs needs it */
/* "1,2": the phones of a person; "101,102": the people of a phone. What does not fit ends in "...". */
void store_phones_of(struct store *s, uint32_t person, char out[static STORE_NAMES_MAX + 1]);
void store_names_of(struct store *s, uint32_t phone, char out[static STORE_NAMES_MAX + 1]);

/* --- records --- */

/* In the mild log a call under 15 s leaves nothing and answers true. A row that is there already is the same record sent
 * again; should another call have its number, it takes the next free one. */
bool store_call(struct store *s, enum log_privacy privacy, const struct call_row *c)
    __attribute__((warn_unused_result));
bool store_event(struct store *s, const struct event_row *e) __attribute__((warn_unused_result));
bool store_reading(struct store *s, const struct reading_row *r) __attribute__((warn_unused_result));

/* Walk rows. The number walked, -1 when the database failed. */
int store_calls(struct store *s, int64_t after, int64_t from_ms, int64_t to_ms, uint32_t most,
    void (*each)(void *arg, const struct call_row *c), void *arg);
int store_events(
    struct store *s, int64_t after, uint32_t most, void (*each)(void *arg, const struct event_row *e), void *arg);
int store_readings(
    struct store *s, int64_t after, uint32_t most, void (*each)(void *arg, const struct reading_row *r), void *arg);

/* Calls, events and messages of a moment that is not yet, since the clock ran ahead, are of this one. */
bool store_date_rows(struct store *s, int64_t after_ms, int64_t wall_ms) __attribute__((warn_unused_result));
/* Calls begun before this moment, the oldest first; more: there may be others. Events older than this or beyond their numbers, by one
 * of the steps. */
bool store_forget_calls(struct store *s, int64_t before_ms, bool *more) __attribute__((warn_unused_result));
bool store_forget_events(struct store *s, int64_t before_ms, int step) __attribute__((warn_unused_result));

/* --- settings and ring groups; changes as those of the directory. *why may name the setting, and then stands until the next. --- */

enum done_result store_setting_put(struct store *s, enum setting_owner owner, uint32_t index, enum setting_kind kind,
    struct span value, const char **why);
/* Rows that follow `after` in the order of owner, index, name. */
int store_settings(struct store *s, const struct setting *after, struct setting *out, int most);
int store_settings_of(struct store *s, enum setting_owner owner, uint32_t index, struct setting *out, int most);
/* How many forwards, of people and ring groups, lead there. */
int store_forwards_to(struct store *s, struct span name);
bool store_settings_forget(struct store *s, enum setting_owner owner, uint32_t index)
    __attribute__((warn_unused_result));

enum done_result store_group_add(
    struct store *s, struct span name, struct span display, struct group *out, const char **why);
/* An empty display leaves it as it is. */
enum done_result store_group_change(
    struct store *s, struct span name, struct span display, struct group *out, const char **why);
enum done_result store_group_delete(struct store *s, struct span name, const char **why);
bool store_group_get(struct store *s, struct span name, struct group *out);
int store_groups(struct store *s, uint32_t after, struct group *out, int most);

/* --- what was spent, and emergency calls --- */

bool store_spent_put(struct store *s, const struct spent *row) __attribute__((warn_unused_result));
int store_spent(struct store *s, const struct spent *after, struct spent *out, int most);
bool store_spent_forget(struct store *s, uint32_t before_day) __attribute__((warn_unused_result));
bool store_spent_forget_of(struct store *s, enum ceiling_scope scope, uint32_t index)
    __attribute__((warn_unused_result));
/* A build before kept what a trunk spent by its place, from 1: that is of the trunk that stands there now, by its mark. */
bool store_spent_of_trunks(struct store *s, const struct trunk_conf *trunk, uint32_t trunks)
    __attribute__((warn_unused_result));

/* One that is there already (same moment, phone and kind) stays as it is. */
bool store_notice(struct store *s, const struct notice_row *n) __attribute__((warn_unused_result));
enum done_result store_notice_take(struct store *s, uint64_t id, int64_t wall_ms, struct span who, const char **why);
int store_notices(
    struct store *s, int64_t after, uint32_t most, void (*each)(void *arg, const struct notice_row *n), void *arg);
/* The calls for help that were placed since. */
int store_notices_since(struct store *s, int64_t after, int64_t wall_ms, uint32_t most,
    void (*each)(void *arg, const struct notice_row *n), void *arg);
bool store_notices_forget(struct store *s, int64_t before_ms) __attribute__((warn_unused_result));

bool store_meta_get(struct store *s, const char *name, int64_t *value);
bool store_meta_set(struct store *s, const char *name, int64_t value) __attribute__((warn_unused_result));

/* What a user may be called: 1-32 of [a-z0-9._*#+-], not beginning with "leg-". */
bool store_name_ok(struct span name);
/* A sibling's text as it may stand in a database: what is no UTF-8 would make PostgreSQL refuse it, and all that is written
 * with it, for ever. */
void store_take_text(uint8_t *to, struct span text);

/* --- voicemail (mail.c) --- */

struct mail_row {
	int64_t id, wall_ms;
	uint32_t length_ms;
};

/* A message that is being recorded: its number, or 0 when there is no room. */
int64_t store_mail_begin(struct store *s, uint32_t person, int64_t wall_ms, uint32_t most);
/* Only while it is being recorded. */
bool store_mail_put(struct store *s, int64_t message, uint32_t at, struct span piece);
/* Good until the next call; empty: there is none. */
struct span store_mail_get(struct store *s, int64_t message, uint32_t at);
bool store_mail_owner(struct store *s, int64_t message, uint32_t *person);
/* Told of each message that goes by itself. */
typedef void mail_gone(int64_t message);
/* Its recording ended. Length 0, or not one piece: it goes. */
bool store_mail_done(struct store *s, int64_t message, uint32_t length_ms, mail_gone *gone, enum mail_kept *kept);
bool store_mail_mark(struct store *s, uint32_t person, int64_t message, bool gone);
bool store_mail_next(struct store *s, uint32_t person, bool heard, int64_t after, struct mail_row *out);
void store_mail_count(struct store *s, uint32_t person, uint32_t *fresh, uint32_t *old);
/* Those that are older; one whose recording began before stale_ms stands as it is. */
bool store_mail_forget(struct store *s, int64_t before_ms, int64_t stale_ms, mail_gone *gone);
bool store_mail_forget_of(struct store *s, uint32_t person);
int store_mail_owners(struct store *s, int64_t after, uint32_t *out, int most);

#endif
