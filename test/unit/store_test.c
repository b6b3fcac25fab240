/* SPDX-License-Identifier: ISC */
/* R20, R23, R32, T45: the same tests on SQLite and, given a URI, on PostgreSQL. */
#include "ledger/dump.h"
#include "ledger/store.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char where[512];
static bool on_postgresql;
static struct store s;
static const char *why;
static struct person person;
static struct phone phone;
static struct binding binding;

static bool reopen(void)
{
	char reason[DB_WHY_MAX];
	struct db *db;

	if (s.db)
		store_close(&s);
	db = on_postgresql ? db_open_postgresql(where, reason) : db_open_sqlite(where, reason);
	if (!db || !store_open(&s, db, reason)) {
		fprintf(stderr, "%s\n", reason);
		return false;
	}
	return true;
}

static bool empty(void)
{
	return reopen() && db_exec(s.db, "DELETE FROM bindings; DELETE FROM people; DELETE FROM phones; DELETE FROM calls;"
					 "DELETE FROM events; DELETE FROM readings; DELETE FROM ring_groups; DELETE FROM settings;"
					 "DELETE FROM spent; DELETE FROM notices; DELETE FROM meta;") &&
	       reopen() && store_begin(&s);
}

static enum done_result add(const char *name)
{
	return store_person_add(&s, span_str(name), SPAN("Anna \xc3\x85"), true, &person, &why);
}

static void people_are_kept(void)
{
	struct person all[4];

	CHECK(empty());
	CHECK(add("101") == DONE_OK && person.id == 1);
	CHECK(add("102") == DONE_OK && person.id == 2);
	CHECK(add("101") == DONE_EXISTS);
	CHECK(store_next_generation(&s) && store_commit(&s));
	CHECK(reopen() && s.generation == 1 && store_begin(&s));
	CHECK(store_people(&s, 0, all, 4) == 2 && strcmp(all[0].name, "101") == 0 && all[0].enabled);
	CHECK(strcmp(all[1].display, "Anna \xc3\x85") == 0);
	CHECK(store_person_change(&s, SPAN("102"), SPAN(""), false, &person, &why) == DONE_OK && !person.enabled);
	CHECK(strcmp(person.display, "Anna \xc3\x85") == 0);
	CHECK(store_person_delete(&s, SPAN("101"), &why) == DONE_OK);
	CHECK(store_person_delete(&s, SPAN("101"), &why) == DONE_NOT_FOUND);
	CHECK(add("103") == DONE_OK && person.id == 3); /* 1 is not given again */
	CHECK(store_people(&s, 2, all, 4) == 1 && all[0].id == 3);
}

static void numbers_come_again_only_when_all_were_used(void)
{
	CHECK(empty());
	s.max_people = 4;
	CHECK(add("a") == DONE_OK && add("b") == DONE_OK && add("c") == DONE_OK && person.id == 3);
	CHECK(add("d") == DONE_REFUSED);
	CHECK(store_person_delete(&s, SPAN("b"), &why) == DONE_OK && add("d") == DONE_OK && person.id == 2);
	CHECK(store_person_delete(&s, SPAN("a"), &why) == DONE_OK && add("e") == DONE_OK && person.id == 1);
	CHECK(add("f") == DONE_REFUSED);
}

static void names_are_checked(void)
{
	static const char *const bad[] = {"", "Anna", "a b", "leg-1", "a\n", "../x", "a'b", "\xc3\xa9",
	    "123456789012345678901234567890123"};
	static const char *const bad_text[] = {"\x1b[2J", "a\r\nb", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xc2\x85", "a\x7f",
	    "101\xe2\x80\xae" "201", "a\xe2\x80\xa8" "b"};

	CHECK(empty());
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(add(bad[i]) == DONE_REFUSED);
	CHECK(add("a.b_c*d#e+f-1") == DONE_OK);
	for (size_t i = 0; i < sizeof bad_text / sizeof *bad_text; i++)
		CHECK(store_person_add(&s, SPAN("9"), span_str(bad_text[i]), true, &person, &why) == DONE_REFUSED);
}

/* T39: what looks like SQL is text */
static void text_is_never_sql(void)
{
	CHECK(empty());
	CHECK(store_person_add(&s, SPAN("1"), SPAN("'); DROP TABLE people; --"), true, &person, &why) == DONE_OK);
	CHECK(store_person_get(&s, SPAN("1"), &person) && strcmp(person.display, "'); DROP TABLE people; --") == 0);
	CHECK(!store_person_get(&s, SPAN("1' OR '1'='1"), &person));
}

static void phones_go_from_state_to_state(void)
{
	uint8_t key[64] = {1}, other[64] = {2};

	CHECK(empty());
	CHECK(store_phone_add(&s, SPAN("desk"), DEVICE_ADDED, DEVICE_FIXED, NULL, &phone, &why) == DONE_OK);
	CHECK(phone.id == 1);
	CHECK(store_phone_state(&s, 1, DEVICE_VALID, &phone, &why) == DONE_REFUSED); /* only a certificate does that */
	CHECK(store_phone_issued(&s, 1, 1, 99, key, &phone, &why) == DONE_OK && phone.state == DEVICE_VALID);
	CHECK(store_phone_issued(&s, 1, 1, 100, key, &phone, &why) == DONE_OK);
	CHECK(store_phone_issued(&s, 1, 1, 100, other, &phone, &why) == DONE_REFUSED); /* a new key, an old epoch */
	CHECK(store_phone_issued(&s, 1, 2, 100, other, &phone, &why) == DONE_OK);
	CHECK(store_phone_issued(&s, 1, 1, 100, other, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_flags(&s, 1, DEVICE_MD5, DEVICE_MD5 | DEVICE_FIXED, &phone, &why) == DONE_OK);
	CHECK(phone.flags == DEVICE_MD5);
	CHECK(store_phone_flags(&s, 1, 64, 64, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_state(&s, 1, DEVICE_REVOKED, &phone, &why) == DONE_OK);
	CHECK(store_phone_state(&s, 1, DEVICE_VALID, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_issued(&s, 1, 3, 100, key, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_get(&s, 1, &phone) && phone.epoch == 2 && phone.not_after_ms == 100 && phone.has_point);
	CHECK(memcmp(phone.point, other, 64) == 0 && phone.state == DEVICE_REVOKED);
}

/* R5: anyone may ask for a phone, so the asking is bounded */
static void requests_are_bounded(void)
{
	uint8_t key[64] = {1};
	char label[16];

	CHECK(empty());
	for (int i = 0; i < STORE_REQUESTS_MAX; i++) {
		snprintf(label, sizeof label, "mine %d", i);
		CHECK(store_phone_add(&s, span_str(label), DEVICE_REQUESTED, 0, key, &phone, &why) == DONE_OK);
	}
	CHECK(store_phone_add(&s, SPAN("me"), DEVICE_REQUESTED, 0, key, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_issued(&s, 1, 1, 100, key, &phone, &why) == DONE_REFUSED); /* not admitted */
	CHECK(store_phone_state(&s, 1, DEVICE_ADDED, &phone, &why) == DONE_OK);
	CHECK(store_phone_issued(&s, 1, 1, 100, key, &phone, &why) == DONE_OK);
	CHECK(store_phone_add(&s, SPAN("me"), DEVICE_REQUESTED, 0, key, &phone, &why) == DONE_OK);
}

/* A phone is named by number or label: neither may be taken for that of another. */
static void a_label_names_one_phone(void)
{
	uint8_t key[64] = {1};

	CHECK(empty());
	CHECK(store_phone_add(&s, SPAN("desk"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_OK);
	CHECK(store_phone_add(&s, SPAN("1"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_REFUSED);
	CHECK(strstr(why, "is no number"));
	CHECK(store_phone_add(&s, SPAN("00018446744073709551615"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_add(&s, SPAN("99999999999999999999999"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_add(&s, SPAN("1st"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_OK);
	CHECK(store_phone_add(&s, SPAN("desk"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_REFUSED);
	CHECK(strstr(why, "another phone"));
	CHECK(store_phone_add(&s, SPAN("desk"), DEVICE_REQUESTED, 0, key, &phone, &why) == DONE_REFUSED);
	CHECK(store_phone_state(&s, 1, DEVICE_REVOKED, &phone, &why) == DONE_OK);
	CHECK(store_phone_add(&s, SPAN("desk"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_OK);
}

static void bindings_belong_to_both(void)
{
	struct binding all[4];
	char names[STORE_NAMES_MAX + 1];

	CHECK(empty());
	CHECK(add("101") == DONE_OK && add("102") == DONE_OK);
	CHECK(store_phone_add(&s, SPAN("desk"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_OK);
	CHECK(store_phone_add(&s, SPAN("hall"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_OK);
	CHECK(store_bind(&s, SPAN("101"), 1, true, &binding, &why) == DONE_OK);
	CHECK(store_bind(&s, SPAN("101"), 1, true, &binding, &why) == DONE_OK);
	CHECK(store_bind(&s, SPAN("102"), 1, true, &binding, &why) == DONE_OK && binding.person == 2);
	CHECK(store_bind(&s, SPAN("101"), 2, true, &binding, &why) == DONE_OK);
	CHECK(store_bind(&s, SPAN("101"), 3, true, &binding, &why) == DONE_NOT_FOUND);
	CHECK(store_bind(&s, SPAN("103"), 1, true, &binding, &why) == DONE_NOT_FOUND);
	CHECK(store_bindings(&s, (struct binding){0, 0}, all, 2) == 2 && all[1].person == 1 && all[1].phone == 2);
	CHECK(store_bindings(&s, all[1], all, 2) == 1 && all[0].person == 2 && all[0].phone == 1);
	store_names_of(&s, 1, names);
	CHECK(strcmp(names, "101,102") == 0);
	store_phones_of(&s, 1, names);
	CHECK(strcmp(names, "1,2") == 0);
	CHECK(store_person_delete(&s, SPAN("101"), &why) == DONE_OK);
	store_names_of(&s, 1, names);
	CHECK(strcmp(names, "102") == 0); /* what was bound to who is gone, is gone */
	CHECK(store_bind(&s, SPAN("102"), 1, false, &binding, &why) == DONE_OK);
	CHECK(store_bindings(&s, (struct binding){0, 0}, all, 4) == 0);
}

static void long_lists_say_so(void)
{
	char name[40], names[STORE_NAMES_MAX + 1];

	CHECK(empty());
	CHECK(store_phone_add(&s, SPAN("hall"), DEVICE_ADDED, 0, NULL, &phone, &why) == DONE_OK);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "long-user-name-%02d", i);
		CHECK(add(name) == DONE_OK && store_bind(&s, span_str(name), 1, true, &binding, &why) == DONE_OK);
	}
	store_names_of(&s, 1, names);
	CHECK(strlen(names) <= STORE_NAMES_MAX && strcmp(names + strlen(names) - 3, "...") == 0);
}

static void undone_changes_leave_nothing(void)
{
	struct person all[4];

	CHECK(empty() && add("101") == DONE_OK && store_next_generation(&s) && store_commit(&s));
	CHECK(store_begin(&s) && add("102") == DONE_OK && store_next_generation(&s) && s.generation == 2);
	store_rollback(&s);
	CHECK(s.generation == 1 && store_people(&s, 0, all, 4) == 1);
	CHECK(store_begin(&s) && add("103") == DONE_OK && person.id == 2);
}

/* --- the log --- */

static int seen;
static struct call_row seen_call[8];
static char seen_destination[8][64], seen_source[8][64];

static void see_call(void *arg, const struct call_row *c)
{
	(void)arg;
	if (seen == 8)
		return;
	seen_call[seen] = *c;
	span_cstr(c->destination, seen_destination[seen], 64);
	span_cstr(c->source, seen_source[seen], 64);
	seen++;
}

static int read_calls(int64_t after, int64_t from, int64_t to, uint32_t most)
{
	seen = 0;
	return store_calls(&s, after, from, to, most, see_call, NULL);
}

static int64_t number;

static bool record_again(enum log_privacy privacy, const char *source, int64_t start, uint64_t duration)
{
	struct call_row c = {.id = number,
	    .source = span_str(source),
	    .day = 20000,
	    .destination = SPAN("102"),
	    .start_ms = start,
	    .duration_ms = duration};
	return store_call(&s, privacy, &c);
}

static bool record(enum log_privacy privacy, const char *source, int64_t start, uint64_t duration)
{
	number += 7;
	return record_again(privacy, source, start, duration);
}

static void calls_are_four_facts(void)
{
	CHECK(empty());
	CHECK(record(LOG_FULL, "sealed1", 1000, 0) && record(LOG_FULL, "sealed2", 2000, 5000) && store_commit(&s));
	CHECK(reopen() && store_begin(&s) && record(LOG_FULL, "sealed3", 3000, 1));
	CHECK(read_calls(0, 0, INT64_MAX, 8) == 3);
	CHECK(strcmp(seen_source[1], "sealed2") == 0 && strcmp(seen_destination[1], "102") == 0);
	CHECK(seen_call[1].start_ms == 2000 && seen_call[1].duration_ms == 5000 && seen_call[1].day == 20000);
	CHECK(read_calls(0, 2000, 3000, 8) == 1 && seen_call[0].start_ms == 2000);
	CHECK(read_calls(0, 0, INT64_MAX, 2) == 2 && read_calls(seen_call[1].id, 0, INT64_MAX, 2) == 1);
	CHECK(seen_call[0].start_ms == 3000);
}

/* Calls end, and are numbered, in another order than they begin; some begin at once, and the last row read may be gone. */
static void a_log_is_read_in_pages(void)
{
	static const int64_t start[] = {3000, 1000, 2000, 2000, 500, 2000};
	static const int64_t want[] = {500, 1000, 2000, 2000, 2000, 3000};
	int64_t after = 0, last = 0;
	bool more;

	CHECK(empty());
	for (int i = 0; i < 6; i++)
		CHECK(record(LOG_FULL, "sealed", start[i], 20000));
	for (int i = 0; i < 6; i++) {
		CHECK(read_calls(after, 500, 3001, 1) == 1 && seen_call[0].start_ms == want[i]);
		CHECK(want[i] != 2000 || want[i - 1] != 2000 || seen_call[0].id > last);
		after = last = seen_call[0].id;
		if (i == 1)
			CHECK(store_forget_calls(&s, 1001, &more));
	}
	CHECK(read_calls(after, 500, 3001, 1) == 0 && read_calls(0, 501, 3000, 8) == 3);
}

/* R28: what a page costs is no matter of how many calls there are: the index of their beginning leads to it, and no more than those
 * that began at once are sorted. */
static void a_page_of_a_large_log_is_found(void)
{
	static const char all[] =
#define QUERY(NAME, sql) sql "\0"
#include "ledger/queries.def"
#undef QUERY
	    ;
	char text[600] = "EXPLAIN QUERY PLAN ";
	const char *at = all;
	bool indexed = false, sorted = false;

	if (on_postgresql)
		return; /* its plan follows what is in the table */
	for (int i = 0; i < Q_CALLS_AFTER; i++)
		at += strlen(at) + 1;
	CHECK(empty() && span_cstr(span_str(at), text + strlen(text), sizeof text - strlen(text)));
	struct stmt *q = db_prepare(s.db, text);
	CHECK(q != NULL);
	while (q && db_step(q) == DB_ROW) {
		char line[200] = "";
		span_cstr(db_octets(q, 3), line, sizeof line);
		indexed |= strstr(line, "calls_start") != NULL;
		sorted |= strstr(line, "TEMP B-TREE FOR ORDER BY") != NULL;
	}
	CHECK(indexed && !sorted);
}

/* a core that saw no confirmation says it again */
static void the_same_record_twice_is_one_row(void)
{
	CHECK(empty());
	CHECK(record(LOG_FULL, "sealed1", 1000, 20000) && store_commit(&s));
	CHECK(reopen() && store_begin(&s) && record_again(LOG_FULL, "sealed1", 1000, 20000));
	CHECK(read_calls(0, 0, INT64_MAX, 8) == 1);
	CHECK(record(LOG_FULL, "", 1000, 20000) && record_again(LOG_FULL, "", 1000, 20000));
	CHECK(read_calls(0, 0, INT64_MAX, 8) == 2);
	CHECK(record(LOG_FULL, "", 1000, 20000) && read_calls(0, 0, INT64_MAX, 8) == 3);
}

/* the wall clock went back, and core's arena was lost: no call is */
static void a_number_of_another_call_loses_none(void)
{
	CHECK(empty());
	CHECK(record(LOG_FULL, "sealed1", 1000, 20000) && record_again(LOG_FULL, "sealed2", 1001, 20000));
	CHECK(record(LOG_FULL, "sealed3", 1002, 20000) && read_calls(0, 0, INT64_MAX, 8) == 3);
	CHECK(strcmp(seen_source[0], "sealed1") == 0 && strcmp(seen_source[1], "sealed2") == 0);
}

/* as the first schema was, with a call in it */
static void a_database_of_the_first_schema_is_taken_over(void)
{
	CHECK(empty() && store_commit(&s));
	CHECK(db_exec(s.db, "DROP TABLE calls; UPDATE meta SET value = 1 WHERE name = 'schema';"
			    "CREATE TABLE calls (id BIGINT PRIMARY KEY, source BYTEA UNIQUE, day BIGINT NOT NULL,"
			    "destination TEXT NOT NULL, start BIGINT NOT NULL, duration BIGINT NOT NULL);"
			    "CREATE INDEX calls_start ON calls (start);"
			    "INSERT INTO calls (id, day, destination, start, duration) VALUES (1, 20000, '102', 900, 5);"));
	number = 1000;
	for (int i = 0; i < 2; i++) {
		CHECK(reopen() && store_begin(&s) && record_again(LOG_FULL, "sealed1", 1000, 20000));
		CHECK(read_calls(0, 0, INT64_MAX, 8) == 2 && seen_call[0].id == 1 && seen_call[0].start_ms == 900);
		CHECK(strcmp(seen_destination[0], "102") == 0 && seen_call[1].id == 1000 && store_commit(&s));
	}
}

/* T45 */
static void the_mild_log_knows_no_short_call(void)
{
	CHECK(empty());
	CHECK(record(LOG_MILD, "short", 1000, 14999) && record(LOG_MILD, "zero", 1000, 0));
	CHECK(read_calls(0, 0, INT64_MAX, 8) == 0);
	CHECK(record(LOG_MILD, "long", 1000, 15000) && read_calls(0, 0, INT64_MAX, 8) == 1);
	CHECK(strcmp(seen_source[0], "long") == 0);
	CHECK(record(LOG_FULL, "full", 1000, 14999) && read_calls(0, 0, INT64_MAX, 8) == 2);
}

/* R20, T45: not in the file, its log or a free page */
static bool on_disk(const char *suffix, const char *needle)
{
	char path[600];
	static char bytes[1 << 22];

	snprintf(path, sizeof path, "%s%s", where, suffix);
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return memmem(bytes, n, needle, strlen(needle)) != NULL;
}

static void a_short_call_is_nowhere_on_disk(void)
{
	if (on_postgresql)
		return; /* its files are the server's */
	CHECK(empty());
	CHECK(record(LOG_MILD, "NEEDLE-SHORT", 1000, 14999) && record(LOG_MILD, "NEEDLE-LONG", 1000, 15000));
	CHECK(store_commit(&s));
	CHECK(!on_disk("", "NEEDLE-SHORT") && !on_disk("-wal", "NEEDLE-SHORT"));
	CHECK(on_disk("", "NEEDLE-LONG") || on_disk("-wal", "NEEDLE-LONG"));
}

static void old_calls_are_forgotten(void)
{
	bool more;

	CHECK(empty());
	CHECK(record(LOG_FULL, "NEEDLE-OLD", 1000, 1) && record(LOG_FULL, "b", 2000, 1) && store_commit(&s));
	CHECK(store_begin(&s) && store_forget_calls(&s, 2000, &more) && !more && store_commit(&s));
	CHECK(read_calls(0, 0, INT64_MAX, 8) == 1 && seen_call[0].start_ms == 2000);
	if (on_postgresql)
		return;
	CHECK(db_exec(s.db, "PRAGMA wal_checkpoint(TRUNCATE)"));
	CHECK(!on_disk("", "NEEDLE-OLD") && !on_disk("-wal", "NEEDLE-OLD"));
}

/* --- events and readings --- */

static bool forget_events(int64_t before_ms)
{
	bool ok = true;

	for (int step = 0; ok && step < STORE_EVENT_STEPS; step++)
		ok = store_forget_events(&s, before_ms, step);
	return ok;
}

static struct event_row seen_event;

static void see_event(void *arg, const struct event_row *e)
{
	seen++;
	seen_event = *e;
	*(bool *)arg = span_eq(e->detail, SPAN("wrong password"));
}

static void events_are_kept_and_bounded(void)
{
	struct event_row e = {.wall_ms = 5000, .proc = PROC_CORE, .kind = EVENT_LOGIN_WRONG, .severity = SEVERITY_WARNING,
	    .device = 7, .user = 3, .detail = SPAN("wrong password")};
	bool detail = false;

	CHECK(empty() && addr_parse_ip(SPAN("2001:db8::1"), &e.remote) && store_event(&s, &e));
	seen = 0;
	CHECK(store_events(&s, 0, 10, see_event, &detail) == 1 && seen == 1 && detail);
	CHECK(seen_event.proc == PROC_CORE && seen_event.kind == EVENT_LOGIN_WRONG && seen_event.device == 7);
	CHECK(addr_eq(&seen_event.remote, &e.remote));
	e.remote = (struct addr){0};
	e.wall_ms = 6000;
	CHECK(store_event(&s, &e) && store_events(&s, 1, 10, see_event, &detail) == 1 && seen_event.remote.family == 0);
	CHECK(forget_events(6000) && store_events(&s, 0, 10, see_event, &detail) == 1 && seen_event.id == 2);
	CHECK(s.max_events == STORE_EVENTS_MAX);
	s.max_events = 3;
	for (int i = 0; i < 3; i++)
		CHECK(forget_events(0) && store_event(&s, &e)); /* 2 to 5 */
	CHECK(store_events(&s, 0, 10, see_event, &detail) == 4 && forget_events(0));
	CHECK(store_events(&s, 0, 10, see_event, &detail) == 3 && store_events(&s, 2, 10, see_event, &detail) == 3);
}

/* What one event of each share is, and what else is of it. */
static const struct {
	enum proc proc;
	enum event_kind kind;
	enum severity severity;
} flood[EVENT_SHARES][3] = {
    [SHARE_STRANGERS] = {{PROC_EDGE, EVENT_HANDSHAKE_REFUSED, SEVERITY_WARNING},
	{PROC_EDGE, EVENT_BAD_BYTES, SEVERITY_WARNING}, {PROC_MEDIA, EVENT_MEDIA_STRANGER, SEVERITY_WARNING}},
    [SHARE_ADMIN] = {{PROC_KEEPER, EVENT_USER, SEVERITY_INFO}, {PROC_CTL, EVENT_PHONE, SEVERITY_INFO},
	{PROC_KEEPER, EVENT_ADMIN, SEVERITY_WARNING}},
    [SHARE_GRAVE] = {{PROC_CORE, EVENT_FORGED_DIALOG, SEVERITY_ALARM}, {PROC_CORE, EVENT_EMERGENCY, SEVERITY_INFO},
	{PROC_KEEPER, EVENT_PIN, SEVERITY_WARNING}},
    [SHARE_PHONES] = {{PROC_CORE, EVENT_CALL_REFUSED, SEVERITY_INFO}, {PROC_CORE, EVENT_PHONE, SEVERITY_INFO},
	{PROC_KEEPER, EVENT_PIN, SEVERITY_INFO}},
};

static bool one_of(enum event_share share, int i)
{
	struct event_row e = {.wall_ms = 5000, .proc = flood[share][i % 3].proc, .kind = flood[share][i % 3].kind,
	    .severity = flood[share][i % 3].severity, .detail = SPAN("wrong password")};

	return store_event(&s, &e);
}

/* R13, R23: a scanner that nobody invited, and a phone that has its calls refused all night, push out none but their own kind. */
static void no_share_of_the_events_pushes_out_another(void)
{
	bool detail = false;

	for (int share = 0; share < EVENT_SHARES; share++) {
		CHECK(empty());
		s.max_events = 6;
		for (int other = 0; other < EVENT_SHARES; other++)
			for (int i = 0; other != share && i < 3; i++)
				CHECK(one_of((enum event_share)other, i)); /* 1 to 9 */
		for (int i = 0; i < 30; i++)
			CHECK(one_of((enum event_share)share, i) && forget_events(0));
		CHECK(store_events(&s, 0, 99, see_event, &detail) == 9 + 6);
		CHECK(store_events(&s, 8, 1, see_event, &detail) == 1 && seen_event.id == 9);
		CHECK(store_events(&s, 33, 99, see_event, &detail) == 6); /* the newest */
	}
}

/* nor does a phone that raises alarms all night push out those of another, or what no phone is named in */
static void no_phone_pushes_out_the_events_of_another(void)
{
	struct event_row e = {.wall_ms = 5000, .proc = PROC_CORE, .kind = EVENT_FORGED_DIALOG, .severity = SEVERITY_ALARM,
	    .device = 7, .detail = SPAN("wrong password")};
	bool detail = false;

	CHECK(empty() && s.max_events_of_phone == STORE_EVENTS_OF_PHONE_MAX);
	s.max_events = 10;
	s.max_events_of_phone = 4;
	CHECK(store_event(&s, &e));
	e.device = 0;
	for (int i = 0; i < 5; i++)
		CHECK(store_event(&s, &e)); /* 2 to 6 */
	e.device = 8;
	for (int i = 0; i < 30; i++)
		CHECK(store_event(&s, &e) && forget_events(0));
	CHECK(store_events(&s, 0, 99, see_event, &detail) == 10);
	CHECK(store_events(&s, 0, 1, see_event, &detail) == 1 && seen_event.id == 1 && seen_event.device == 7);
	CHECK(store_events(&s, 32, 99, see_event, &detail) == 4); /* its newest */
}

static struct reading_row seen_reading;

static void see_reading(void *arg, const struct reading_row *r)
{
	*(bool *)arg = span_eq(r->admin, SPAN("berta"));
	seen_reading = *r;
}

static void readings_are_kept(void)
{
	struct reading_row r = {.wall_ms = 9, .from_ms = 1, .to_ms = 2, .admin = SPAN("berta")};
	bool berta = false;

	CHECK(empty() && store_reading(&s, &r) && store_commit(&s) && reopen());
	CHECK(store_readings(&s, 0, 10, see_reading, &berta) == 1 && berta);
	CHECK(seen_reading.wall_ms == 9 && seen_reading.from_ms == 1 && seen_reading.to_ms == 2);
}

/* --- backups --- */

enum { PIECE = 8192, PIECES_MAX = 400 };

static uint8_t dumped[2][PIECES_MAX * PIECE];
static size_t dumped_n[2], piece_n[PIECES_MAX];
static int pieces;

static const char *dump_all(int to)
{
	struct dump d = {0};

	dumped_n[to] = 0;
	dump_begin(&d, &s);
	for (pieces = 0; !d.ended; pieces++) {
		struct buf b = buf_of(dumped[to] + dumped_n[to], PIECE);
		const char *wrong = pieces == PIECES_MAX ? "it does not end" : dump_next(&d, &b);
		if (wrong)
			return wrong;
		dumped_n[to] += piece_n[pieces] = b.n;
	}
	return NULL;
}

static const char *load_all(void)
{
	const char *wrong = NULL;
	struct load l;

	load_begin(&l, &s);
	for (int i = 0, at = 0; !wrong && i < pieces; at += (int)piece_n[i++])
		wrong = load_piece(&l, span_of(dumped[0] + at, piece_n[i]));
	return wrong;
}

static bool fill_all(void)
{
	char name[16];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "u%d", i);
		if (add(name) != DONE_OK || store_phone_add(&s, span_str(name), DEVICE_ADDED, 1, NULL, &phone, &why) != DONE_OK ||
		    store_bind(&s, span_str(name), phone.id, true, &binding, &why) != DONE_OK ||
		    !record(LOG_FULL, "NEEDLE-SOURCE", 1000 + i, 500))
			return false;
	}
	for (int i = 0; i < 700; i++)
		if (!store_event(&s, &(struct event_row){.wall_ms = i, .proc = PROC_CORE, .detail = SPAN("what happened")}))
			return false;
	return db_exec(s.db, "INSERT INTO settings (owner, id, kind, value) VALUES (1, 2, 'forward', '+33'), (1, 3, 'forward', '')") &&
	       db_exec(s.db, "INSERT INTO spent (scope, id, day, counters) VALUES (0, 1, 20000, '1 2 3')") && store_next_generation(&s);
}

/* R31: every row of every table, but for who called (R21). */
static void what_is_dumped_comes_back(void)
{
	CHECK(empty() && load_is_empty(s.db) && fill_all() && store_commit(&s) && !load_is_empty(s.db));
	CHECK(!dump_all(0) && pieces > 5 && dumped_n[0] > 50000);
	CHECK(!memmem(dumped[0], dumped_n[0], "NEEDLE", 6) && memmem(dumped[0], dumped_n[0], "what happened", 13));
	uint32_t generation = s.generation;
	CHECK(empty() && !load_all() && store_commit(&s) && reopen() && s.generation == generation);
	CHECK(db_exec(s.db, "UPDATE meta SET value = value - 1 WHERE name = 'opened'"));
	CHECK(!dump_all(1) && dumped_n[1] == dumped_n[0] && memcmp(dumped[0], dumped[1], dumped_n[0]) == 0);
	CHECK(read_calls(0, 0, INT64_MAX, 400) == 300 && store_bindings(&s, (struct binding){0, 0}, &binding, 1) == 1);
	/* a second time there is something in the way */
	CHECK(store_begin(&s) && load_all());
	store_rollback(&s);
}

static void a_directory_that_changes_spoils_a_dump(void)
{
	struct dump d = {0};
	const char *wrong = NULL;

	CHECK(empty() && fill_all() && store_commit(&s));
	dump_begin(&d, &s);
	for (int i = 0; !wrong && !d.ended && i < PIECES_MAX; i++) {
		struct buf b = buf_of(dumped[1], PIECE);
		wrong = dump_next(&d, &b);
		if (i == 2)
			CHECK(store_begin(&s) && store_next_generation(&s) && store_commit(&s));
	}
	CHECK(wrong && strstr(wrong, "changed"));
}

static void bent_pieces_are_refused(void)
{
	struct load l;

	CHECK(empty() && fill_all() && store_commit(&s) && !dump_all(0));
	load_begin(&l, NULL);
	CHECK(!load_piece(&l, span_of(dumped[0], piece_n[0])) && l.rows > 10);
	for (size_t n = 0; n < 16; n++) {
		load_begin(&l, NULL);
		CHECK(n == 0 || load_piece(&l, span_of(dumped[0], n)));
	}
	load_begin(&l, NULL);
	CHECK(load_piece(&l, span_of(dumped[0] + 17, piece_n[0] - 17))); /* rows without their head */
	dumped[0][12] ^= 1;
	load_begin(&l, NULL);
	why = load_piece(&l, span_of(dumped[0], piece_n[0]));
	CHECK(why && strstr(why, "another version"));
}

static void a_newer_schema_is_refused(void)
{
	CHECK(empty() && store_meta_set(&s, "schema", STORE_SCHEMA + 1) && store_commit(&s));
	CHECK(!reopen());
	s.db = NULL;
	char reason[DB_WHY_MAX];
	struct db *db = on_postgresql ? db_open_postgresql(where, reason) : db_open_sqlite(where, reason);
	CHECK(db && db_exec(db, "DELETE FROM meta"));
	db_close(db);
	CHECK(empty());
}

/* Of a process of its own, as in a rehearsal: while this one has the database open. */
static bool look(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		char reason[DB_WHY_MAX];
		struct db *db = on_postgresql ? db_open_postgresql(where, reason) : db_look_sqlite(where, reason);
		bool could = db && store_could_open(db, reason);
		_exit(could ? 0 : db && strstr(reason, "another version") ? 1 : 2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		fprintf(stderr, "the look ended with %#x\n", (unsigned)status);
	return status == 0;
}

static bool schema_is(int64_t schema)
{
	return store_begin(&s) && store_meta_set(&s, "schema", schema) && store_commit(&s);
}

static void one_without_tables_could_be_opened(void)
{
	if (!on_postgresql)
		close(open(where, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK(look());
}

static void a_look_says_what_an_opening_would(void)
{
	int64_t schema = 0;

	CHECK(empty() && store_commit(&s) && look());
	for (int64_t n = 1; n <= STORE_SCHEMA; n++)
		CHECK(schema_is(n) && look());
	CHECK(schema_is(STORE_SCHEMA + 1) && !look());
	CHECK(schema_is(0) && !look());
	CHECK(store_meta_get(&s, "schema", &schema) && schema == 0);
	CHECK(schema_is(STORE_SCHEMA) && look() && reopen());
}

/* R28: a reading in between failed (it took too long, or memory was short): what is confirmed is in the database all the same, or is
 * not confirmed. */
static void what_failed_before_is_not_committed(void)
{
	CHECK(empty() && add("101") == DONE_OK && !db_exec(s.db, "SELECT id FROM nowhere"));
	bool kept = store_commit(&s);
	CHECK(kept != on_postgresql && (kept || db_why(s.db)[0]));
	CHECK(reopen() && store_person_get(&s, SPAN("101"), &person) == kept);
	CHECK(store_begin(&s) && add("102") == DONE_OK && store_commit(&s));
}

/* R32: two exchanges on one database would neither hear of each other's changes (a phone that is revoked at one of them goes on at the
 * other) nor have the keys of each other's sources. */
static void a_database_has_one_owner(void)
{
	char reason[DB_WHY_MAX] = "";
	struct store other;

	CHECK(empty() && store_commit(&s));
	struct db *db = on_postgresql ? db_open_postgresql(where, reason) : db_open_sqlite(where, reason);
	CHECK((!db || !store_open(&other, db, reason)) && reason[0]);
	CHECK(!on_postgresql || strstr(reason, "another exchange"));
	CHECK(reopen());
	if (!on_postgresql)
		return;
	/* in a schema of its own there is room for another, and a look asks for nothing */
	db = db_open_postgresql(where, reason);
	CHECK(db && store_could_open(db, reason) && db_exec(db, "CREATE SCHEMA other; SET search_path = other"));
	CHECK(db && store_open(&other, db, reason) && db_exec(db, "DROP SCHEMA other CASCADE"));
	store_close(&other);
}

/* One name that the server has no letter for would keep all that waits for the same commit from ever being written. */
static void a_database_takes_any_text(void)
{
	static const char make[] = "CREATE DATABASE narrow ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
	char reason[DB_WHY_MAX] = "", uri[sizeof where];
	struct event_row e = {.kind = EVENT_USER, .detail = SPAN("\xc5\x81\xc3\xb3" "d\xc5\xba \xf0\x9f\x93\x9e")};

	CHECK(empty() && store_event(&s, &e) && store_commit(&s));
	const char *name = strstr(where, "/postgres?");
	if (!on_postgresql || !name)
		return;
	CHECK(db_exec(s.db, make));
	snprintf(uri, sizeof uri, "%.*s/narrow?%s", (int)(name - where), where, name + strlen("/postgres?"));
	CHECK(!db_open_postgresql(uri, reason) && strstr(reason, "UTF8"));
	CHECK(db_exec(s.db, "DROP DATABASE narrow"));
}

static void a_database_that_is_not_there_says_why(void)
{
	char reason[DB_WHY_MAX] = "";

	CHECK(!db_open_sqlite("/nonexistent/ledger.db", reason) && reason[0]);
	CHECK(!db_open_postgresql("postgresql://user:secret@/x?host=/nonexistent", reason) && !strstr(reason, "secret"));
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/ringfence-store-XXXXXX";

	on_postgresql = argc == 2;
	if (!on_postgresql && !mkdtemp(dir))
		return 1;
	snprintf(where, sizeof where, "%s%s", on_postgresql ? argv[1] : dir, on_postgresql ? "" : "/ledger.db");
	RUN(one_without_tables_could_be_opened);
	RUN(people_are_kept);
	RUN(numbers_come_again_only_when_all_were_used);
	RUN(names_are_checked);
	RUN(text_is_never_sql);
	RUN(phones_go_from_state_to_state);
	RUN(requests_are_bounded);
	RUN(a_label_names_one_phone);
	RUN(bindings_belong_to_both);
	RUN(long_lists_say_so);
	RUN(undone_changes_leave_nothing);
	RUN(calls_are_four_facts);
	RUN(a_log_is_read_in_pages);
	RUN(a_page_of_a_large_log_is_found);
	RUN(the_same_record_twice_is_one_row);
	RUN(a_number_of_another_call_loses_none);
	RUN(a_database_of_the_first_schema_is_taken_over);
	RUN(the_mild_log_knows_no_short_call);
	RUN(a_short_call_is_nowhere_on_disk);
	RUN(old_calls_are_forgotten);
	RUN(events_are_kept_and_bounded);
	RUN(no_share_of_the_events_pushes_out_another);
	RUN(no_phone_pushes_out_the_events_of_another);
	RUN(readings_are_kept);
	RUN(what_is_dumped_comes_back);
	RUN(a_directory_that_changes_spoils_a_dump);
	RUN(bent_pieces_are_refused);
	RUN(a_newer_schema_is_refused);
	RUN(a_look_says_what_an_opening_would);
	RUN(what_failed_before_is_not_committed);
	RUN(a_database_has_one_owner);
	RUN(a_database_takes_any_text);
	RUN(a_database_that_is_not_there_says_why);
	store_close(&s);
	if (!on_postgresql) {
		unlink(where);
		rmdir(dir);
	}
	return TEST_END;
}
