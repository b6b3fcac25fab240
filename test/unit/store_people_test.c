/* SPDX-License-Identifier: ISC */
/* R15-R17, R29: settings, ring groups, what was spent and emergency notices, on SQLite and, given a URI, on PostgreSQL; and a
 * database of the first schema, which is taken over whole. */
#include "ledger/store.h"
#include "schema_1.sql.h"
#include "test.h"
#include <stdlib.h>
#include <unistd.h>

static char where[512];
static bool on_postgresql;
static struct store s;
static const char *why;

static struct db *open_db(void)
{
	char reason[DB_WHY_MAX];
	struct db *db = on_postgresql ? db_open_postgresql(where, reason) : db_open_sqlite(where, reason);

	if (!db)
		fprintf(stderr, "%s\n", reason);
	return db;
}

static bool reopen(void)
{
	char reason[DB_WHY_MAX];

	if (s.db)
		store_close(&s);
	struct db *db = open_db();
	if (db && store_open(&s, db, reason))
		return true;
	fprintf(stderr, "%s\n", db ? reason : "no database");
	return false;
}

static bool empty(void)
{
	struct person p;

	return reopen() &&
	       db_exec(s.db, "DELETE FROM settings; DELETE FROM ring_groups; DELETE FROM spent; DELETE FROM notices;"
			     "DELETE FROM bindings; DELETE FROM people; DELETE FROM phones; DELETE FROM meta;") &&
	       reopen() && store_begin(&s) && store_person_add(&s, SPAN("101"), SPAN("Anna"), true, &p, &why) == DONE_OK &&
	       store_person_add(&s, SPAN("102"), SPAN("Ben"), true, &p, &why) == DONE_OK;
}

static enum done_result put(enum setting_owner owner, uint32_t index, enum setting_kind kind, const char *value)
{
	return store_setting_put(&s, owner, index, kind, span_str(value), &why);
}

static int of(enum setting_owner owner, uint32_t index, struct setting *out)
{
	return store_settings_of(&s, owner, index, out, SETTINGS);
}

/* --- settings --- */

static void settings_are_kept(void)
{
	struct setting row[SETTINGS];

	CHECK(empty());
	CHECK(put(OWNER_USER, 1, SETTING_DND, "on") == DONE_OK && put(OWNER_USER, 1, SETTING_FORWARD_BUSY, "102") == DONE_OK);
	CHECK(put(OWNER_USER, 2, SETTING_DND, "on") == DONE_OK && put(OWNER_DEVICE, 1, SETTING_REMOTE, "on") == DONE_OK);
	CHECK(put(OWNER_SITE, 0, SETTING_NIGHT, "off") == DONE_OK);
	CHECK(store_commit(&s) && reopen() && store_begin(&s));
	CHECK(of(OWNER_USER, 1, row) == 2 && row[0].kind == SETTING_DND && strcmp(row[1].value, "102") == 0);
	CHECK(put(OWNER_USER, 1, SETTING_FORWARD_BUSY, "0033123456789") == DONE_OK);
	CHECK(put(OWNER_USER, 1, SETTING_DND, "") == DONE_OK && put(OWNER_USER, 1, SETTING_DND, "") == DONE_OK);
	CHECK(of(OWNER_USER, 1, row) == 1 && strcmp(row[0].value, "0033123456789") == 0);
	CHECK(of(OWNER_USER, 2, row) == 1 && of(OWNER_DEVICE, 1, row) == 1 && of(OWNER_SITE, 0, row) == 1);
	CHECK(row[0].kind == SETTING_NIGHT && strcmp(row[0].value, "off") == 0);
}

static void bad_ones_name_themselves(void)
{
	struct setting row[SETTINGS];

	CHECK(empty());
	CHECK(put(OWNER_USER, 1, SETTING_RING_SECONDS, "4") == DONE_REFUSED && strstr(why, "ring-seconds is"));
	CHECK(put(OWNER_DEVICE, 1, SETTING_LOCATION, "city=London") == DONE_REFUSED && strstr(why, "country"));
	CHECK(put(OWNER_DEVICE, 1, SETTING_DND, "on") == DONE_REFUSED && strstr(why, "dnd"));
	CHECK(put(OWNER_SITE, 0, SETTING_FRONT_DESK, "999") == DONE_REFUSED && strstr(why, "front-desk"));
	CHECK(put(OWNER_SITE, 0, SETTING_FRONT_DESK, "102") == DONE_OK);
	CHECK(put(OWNER_USER, 1, SETTING_GREETING, "x'; DROP TABLE settings; --") == DONE_REFUSED);
	CHECK(of(OWNER_USER, 1, row) == 0);
}

static void all_come_in_order_and_pages(void)
{
	struct setting page[4] = {{.owner = OWNER_USER}};
	int n, all = 0;

	CHECK(empty());
	for (uint32_t i = 1; i <= 9; i++) {
		CHECK(put(OWNER_USER, i, SETTING_DND, "on") == DONE_OK && put(OWNER_USER, i, SETTING_SCREEN, "slow") == DONE_OK);
		CHECK(put(OWNER_DEVICE, i, SETTING_JOIN, "ended") == DONE_OK);
	}
	CHECK(put(OWNER_SITE, 0, SETTING_NIGHT, "on") == DONE_OK);
	struct setting last = {.owner = OWNER_USER};
	while ((n = store_settings(&s, &last, page, 4)) > 0) {
		all += n;
		CHECK(all <= 28);
		last = page[n - 1];
	}
	CHECK(n == 0 && all == 28 && last.owner == OWNER_SITE);
}

/* What another build wrote must not keep the directory from core. */
static void what_is_not_understood_is_marked(void)
{
	struct setting row[SETTINGS];

	CHECK(empty() && put(OWNER_USER, 1, SETTING_DND, "on") == DONE_OK);
	CHECK(db_exec(s.db, "INSERT INTO settings (owner, id, kind, value) VALUES (0, 1, 'aura', 'blue'), "
			    "(0, 1, 'screen', 'perhaps'), (1, 1, 'dnd', 'on')"));
	CHECK(of(OWNER_USER, 1, row) == 3);
	CHECK(row[0].kind == SETTINGS && strcmp(row[0].name, "aura") == 0 && row[1].kind == SETTING_DND);
	CHECK(row[2].kind == SETTINGS && of(OWNER_DEVICE, 1, row) == 1 && row[0].kind == SETTINGS);
}

static void a_person_takes_everything_along(void)
{
	struct setting row[SETTINGS];
	struct spent none = {.scope = CEILING_EXTENSION}, spent = {CEILING_EXTENSION, 1, "day=20418 hour=490045 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"};

	CHECK(empty() && put(OWNER_USER, 1, SETTING_DND, "on") == DONE_OK && put(OWNER_DEVICE, 1, SETTING_REMOTE, "on") == DONE_OK);
	CHECK(store_spent_put(&s, &spent) && store_spent(&s, &none, &spent, 1) == 1);
	CHECK(store_person_delete(&s, SPAN("101"), &why) == DONE_OK && of(OWNER_USER, 1, row) == 0);
	CHECK(of(OWNER_DEVICE, 1, row) == 1 && store_spent(&s, &none, &spent, 1) == 0);
}

/* T50: one of a day to come stays until core says what it is today, and then goes when that is over. */
static void what_was_spent_on_a_day_to_come(void)
{
	struct spent none = {.scope = CEILING_EXTENSION}, row,
		     later = {CEILING_EXTENSION, 1, "day=20783 hour=498800 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"},
		     today = {CEILING_EXTENSION, 1, "day=20418 hour=490045 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"};

	CHECK(empty() && store_spent_put(&s, &later) && store_spent_forget(&s, 20421) && store_spent(&s, &none, &row, 1) == 1);
	CHECK(store_spent_put(&s, &today) && store_spent(&s, &none, &row, 1) == 1 && strcmp(row.text, today.text) == 0);
	CHECK(store_spent_forget(&s, 20418) && store_spent(&s, &none, &row, 1) == 1);
	CHECK(store_spent_forget(&s, 20421) && store_spent(&s, &none, &row, 1) == 0);
}

/* R16: whoever hears of emergency calls stays until another does. */
static void the_front_desk_stays(void)
{
	struct person p;
	struct group g;

	CHECK(empty() && store_group_add(&s, SPAN("200"), SPAN(""), &g, &why) == DONE_OK);
	CHECK(put(OWNER_SITE, 0, SETTING_FRONT_DESK, "102") == DONE_OK);
	CHECK(store_person_delete(&s, SPAN("102"), &why) == DONE_REFUSED && strstr(why, "front desk"));
	CHECK(store_person_change(&s, SPAN("102"), SPAN(""), false, &p, &why) == DONE_REFUSED && strstr(why, "front desk"));
	CHECK(store_person_change(&s, SPAN("102"), SPAN("Ben B"), true, &p, &why) == DONE_OK);
	CHECK(store_group_delete(&s, SPAN("200"), &why) == DONE_OK);
	CHECK(store_group_add(&s, SPAN("200"), SPAN(""), &g, &why) == DONE_OK);
	CHECK(put(OWNER_SITE, 0, SETTING_FRONT_DESK, "200") == DONE_OK);
	CHECK(store_group_delete(&s, SPAN("200"), &why) == DONE_REFUSED && strstr(why, "front desk"));
	CHECK(store_person_change(&s, SPAN("102"), SPAN(""), false, &p, &why) == DONE_OK);
	CHECK(put(OWNER_SITE, 0, SETTING_FRONT_DESK, "102") == DONE_REFUSED); /* who is disabled hears nothing */
	CHECK(put(OWNER_SITE, 0, SETTING_FRONT_DESK, "") == DONE_OK);
	CHECK(store_group_delete(&s, SPAN("200"), &why) == DONE_OK && store_person_delete(&s, SPAN("102"), &why) == DONE_OK);
}

/* --- ring groups --- */

static void groups_are_numbers_of_their_own(void)
{
	struct group g, all[4];
	struct person p;
	struct setting row[SETTINGS];

	CHECK(empty());
	CHECK(store_group_add(&s, SPAN("200"), SPAN("Sales"), &g, &why) == DONE_OK && g.id == 1);
	CHECK(store_group_add(&s, SPAN("200"), SPAN(""), &g, &why) == DONE_EXISTS);
	CHECK(store_group_add(&s, SPAN("101"), SPAN(""), &g, &why) == DONE_EXISTS);
	CHECK(store_person_add(&s, SPAN("200"), SPAN(""), true, &p, &why) == DONE_EXISTS);
	CHECK(store_group_add(&s, SPAN("Bad name"), SPAN(""), &g, &why) == DONE_REFUSED);
	CHECK(store_group_add(&s, SPAN("201"), SPAN("\x1b[2J"), &g, &why) == DONE_REFUSED);
	CHECK(put(OWNER_GROUP, 1, SETTING_MEMBERS, "101, 102") == DONE_OK);
	CHECK(put(OWNER_GROUP, 1, SETTING_MEMBERS, "101,103") == DONE_REFUSED && strstr(why, "members"));
	CHECK(store_group_change(&s, SPAN("200"), SPAN(""), &g, &why) == DONE_OK && strcmp(g.display, "Sales") == 0);
	CHECK(store_group_change(&s, SPAN("200"), SPAN("Shop"), &g, &why) == DONE_OK);
	CHECK(store_group_add(&s, SPAN("201"), SPAN(""), &g, &why) == DONE_OK && g.id == 2);
	CHECK(store_commit(&s) && reopen() && store_begin(&s) && store_groups(&s, 0, all, 4) == 2);
	CHECK(strcmp(all[0].display, "Shop") == 0 && store_group_get(&s, SPAN("201"), &g) && g.id == 2);
	CHECK(store_group_delete(&s, SPAN("200"), &why) == DONE_OK && of(OWNER_GROUP, 1, row) == 0);
	CHECK(store_group_delete(&s, SPAN("200"), &why) == DONE_NOT_FOUND && store_groups(&s, 0, all, 4) == 1);
	CHECK(store_group_add(&s, SPAN("202"), SPAN(""), &g, &why) == DONE_OK && g.id == 1); /* with nothing of the old one */
}

static void groups_are_bounded(void)
{
	struct group g;
	char name[16];

	CHECK(empty());
	for (int i = 1; i <= STORE_GROUPS_MAX; i++) {
		snprintf(name, sizeof name, "g%d", i);
		CHECK(store_group_add(&s, span_str(name), SPAN(""), &g, &why) == DONE_OK && g.id == (uint32_t)i);
	}
	CHECK(store_group_add(&s, SPAN("more"), SPAN(""), &g, &why) == DONE_REFUSED);
}

/* --- what was spent --- */

static void counters_are_the_last_word(void)
{
	struct spent a = {CEILING_EXTENSION, 1, "day=20418 hour=490045 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"}, row[4];
	struct spent site = {CEILING_SITE, 0, "day=20416 hour=489990 money=7 ms=2 hourly=3 destinations=1 half=0 full=0"}, none = {.scope = CEILING_EXTENSION};

	CHECK(empty() && store_spent_put(&s, &a) && store_spent_put(&s, &site));
	strcpy(a.text, "day=20418 hour=490046 money=9 ms=9 hourly=1 destinations=2 half=0 full=0");
	CHECK(store_spent_put(&s, &a) && store_commit(&s) && reopen() && store_begin(&s));
	CHECK(store_spent(&s, &none, row, 4) == 2 && row[0].index == 1 && strcmp(row[0].text, a.text) == 0);
	CHECK(row[1].scope == CEILING_SITE && strcmp(row[1].text, site.text) == 0);
	CHECK(store_spent(&s, &row[0], row, 4) == 1 && row[0].scope == CEILING_SITE);
	CHECK(store_spent_forget(&s, 20417) && store_spent(&s, &none, row, 4) == 1 && row[0].scope == CEILING_EXTENSION);
	strcpy(a.text, "not counters");
	CHECK(store_spent_put(&s, &a) && store_spent(&s, &none, row, 4) == 1 && strstr(row[0].text, "money=9"));
}

static bool is_spent_by(uint32_t mark, const char *text)
{
	struct spent none = {.scope = CEILING_TRUNK}, row[4];
	int n = store_spent(&s, &none, row, 4);

	for (int i = 0; i < n; i++)
		if (row[i].scope == CEILING_TRUNK && row[i].index == mark)
			return strcmp(row[i].text, text) == 0;
	return false;
}

/* A build before kept them by their place in the file. */
static void trunks_are_known_by_name(void)
{
	const struct trunk_conf trunk[2] = {{.name = "one"}, {.name = "two"}};
	const uint32_t one = trunk_conf_mark(&trunk[0]), two = trunk_conf_mark(&trunk[1]);
	struct spent old[] = {{CEILING_TRUNK, 1, "day=20418 hour=490045 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"},
	    {CEILING_TRUNK, 2, "day=20418 hour=490045 money=2 ms=2 hourly=3 destinations=1 half=0 full=0"},
	    {CEILING_TRUNK, 3, "day=20418 hour=490045 money=3 ms=2 hourly=3 destinations=1 half=0 full=0"},
	    {CEILING_SITE, 0, "day=20418 hour=490045 money=4 ms=2 hourly=3 destinations=1 half=0 full=0"}};
	struct spent named = {CEILING_TRUNK, two, "day=20417 hour=490021 money=9 ms=2 hourly=3 destinations=1 half=0 full=0"}, row[4];
	struct spent none = {.scope = CEILING_EXTENSION};

	CHECK(one != two && one > SITE_TRUNKS_MAX && two > SITE_TRUNKS_MAX && empty() && store_spent_put(&s, &named));
	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		CHECK(store_spent_put(&s, &old[i]));
	CHECK(store_commit(&s) && store_spent_of_trunks(&s, trunk, 2) && reopen());
	/* what the build before wrote is the newer; of the third there is no trunk */
	CHECK(store_spent(&s, &none, row, 4) == 3 && is_spent_by(one, old[0].text) && is_spent_by(two, old[1].text));
	/* and they may change their places */
	const struct trunk_conf moved[2] = {trunk[1], trunk[0]};
	CHECK(store_spent_of_trunks(&s, moved, 2) && is_spent_by(one, old[0].text) && is_spent_by(two, old[1].text));
	CHECK(store_spent_of_trunks(&s, moved, 0) && is_spent_by(one, old[0].text) && is_spent_by(two, old[1].text));
}

/* --- emergency calls --- */

static struct notice_row seen;
static char seen_location[SETTING_TEXT_MAX + 1], seen_by[USER_NAME_MAX + 1];
static int notices;

static void see(void *arg, const struct notice_row *n)
{
	(void)arg;
	notices++;
	seen = *n;
	span_cstr(n->location, seen_location, sizeof seen_location);
	span_cstr(n->taken_by, seen_by, sizeof seen_by);
}

static bool note(int64_t wall_ms, uint32_t device, enum notice_kind kind)
{
	struct notice_row n = {.wall_ms = wall_ms,
	    .device = device,
	    .user = 2,
	    .kind = kind,
	    .number = SPAN("112"),
	    .location = SPAN("country=GB, city=London")};

	return store_notice(&s, &n);
}

static void notices_are_kept(void)
{
	CHECK(empty() && note(1000, 1, NOTICE_CALL) && note(1000, 1, NOTICE_CALL)); /* said twice, kept once */
	CHECK(note(1001, 2, NOTICE_REFUSED) && note(1002, 3, NOTICE_DOUBT) && note(1003, 3, NOTICE_TEST));
	CHECK(store_commit(&s) && reopen() && store_begin(&s));
	CHECK(store_notices(&s, 0, 10, see, NULL) == 4 && seen.id == 4 && seen.kind == NOTICE_TEST && seen.user == 2);
	CHECK(strcmp(seen_location, "country=GB, city=London") == 0 && seen.taken_ms == 0);
	CHECK(store_notices(&s, 2, 1, see, NULL) == 1 && seen.id == 3);
	CHECK(store_notice_take(&s, 2, 5000, SPAN("anna"), &why) == DONE_OK);
	CHECK(store_notice_take(&s, 2, 6000, SPAN("ben"), &why) == DONE_NOT_FOUND); /* the first one stands */
	CHECK(store_notice_take(&s, 9, 6000, SPAN("ben"), &why) == DONE_NOT_FOUND);
	CHECK(store_notice_take(&s, 3, 6000, SPAN("A\x1b"), &why) == DONE_REFUSED);
	CHECK(store_notices(&s, 1, 1, see, NULL) == 1 && seen.taken_ms == 5000 && strcmp(seen_by, "anna") == 0);
	CHECK(note(1004, 4, NOTICE_CALL) && store_notices(&s, 4, 9, see, NULL) == 1 && seen.id == 5);
}

static void who_called_for_help_is_known(void)
{
	CHECK(empty() && note(1000, 1, NOTICE_CALL) && note(2000, 2, NOTICE_REFUSED) && note(3000, 3, NOTICE_DOUBT));
	CHECK(note(4000, 4, NOTICE_TEST));
	notices = 0;
	CHECK(store_notices_since(&s, 0, 1000, 9, see, NULL) == 2 && seen.device == 3);
	CHECK(store_notices_since(&s, 0, 1001, 9, see, NULL) == 1 && store_notices_since(&s, 3, 0, 9, see, NULL) == 0);
	CHECK(store_notices_forget(&s, 3000) && store_notices(&s, 0, 9, see, NULL) == 2);
}

/* --- the layout of before --- */

static const char old_rows[] =
    "INSERT INTO meta (name, value) VALUES ('schema', 1), ('opened', 3), ('generation', 9), ('next_person', 3);"
    "INSERT INTO people (id, name, display, enabled) VALUES (1, '101', 'Anna', 1), (2, '102', 'Ben', 0);"
    "INSERT INTO phones (id, label, state, flags, epoch, not_after) VALUES (1, 'desk', 3, 5, 2, 99);"
    "INSERT INTO bindings (person, phone) VALUES (1, 1), (2, 1);"
    "INSERT INTO calls (id, day, destination, start, duration) VALUES (1, 20000, '102', 900, 5);"
    "INSERT INTO events (id, wall, proc, kind, severity, phone, person, detail) VALUES (1, 5, 1, 2, 1, 1, 1, 'x');"
    "INSERT INTO readings (id, wall, admin, from_wall, to_wall) VALUES (1, 5, 'head', 0, 9);";

static void count(void *arg, const struct event_row *e)
{
	(void)e;
	++*(int *)arg;
}

static void count_call(void *arg, const struct call_row *c)
{
	*(int *)arg += span_eq(c->destination, SPAN("102")) && c->start_ms == 900;
}

static void count_reading(void *arg, const struct reading_row *r)
{
	*(int *)arg += span_eq(r->admin, SPAN("head"));
}

static void the_first_layout_is_taken_over_whole(void)
{
	int events = 0, calls = 0, readings = 0;
	struct person p[4];
	struct phone d[4];
	struct binding b[4];
	struct setting row[SETTINGS];

	CHECK(empty() && store_commit(&s));
	CHECK(db_exec(s.db, "DROP TABLE bindings; DROP TABLE people; DROP TABLE phones; DROP TABLE calls; DROP TABLE events;"
			    "DROP TABLE readings; DROP TABLE meta; DROP TABLE settings; DROP TABLE ring_groups;"
			    "DROP TABLE spent; DROP TABLE notices;"));
	store_close(&s);
	struct db *db = open_db();
	CHECK(db && db_exec(db, schema_sql) && db_exec(db, old_rows) && store_is_former(db));
	db_close(db);
	for (int again = 0; again < 2; again++) {
		CHECK(reopen() && s.generation == 9 && store_people(&s, 0, p, 4) == 2 && strcmp(p[0].display, "Anna") == 0);
		CHECK(!p[1].enabled && store_phones(&s, 0, d, 4) == 1 && d[0].flags == 5 && d[0].epoch == 2);
		CHECK(store_bindings(&s, (struct binding){0, 0}, b, 4) == 2 && store_person_has_md5(&s, 1));
		CHECK(store_events(&s, 0, 9, count, &events) == 1 && store_readings(&s, 0, 9, count_reading, &readings) == 1);
		CHECK(store_calls(&s, 0, 0, INT64_MAX, 9, count_call, &calls) == 1);
	}
	CHECK(events == 2 && calls == 2 && readings == 2 && !store_is_former(s.db));
	CHECK(store_begin(&s) && put(OWNER_USER, 1, SETTING_DND, "on") == DONE_OK && of(OWNER_USER, 1, row) == 1);
	CHECK(store_commit(&s) && note(1000, 1, NOTICE_CALL));
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/ringfence-store-XXXXXX";

	on_postgresql = argc == 2;
	if (!on_postgresql && !mkdtemp(dir))
		return 1;
	snprintf(where, sizeof where, "%s%s", on_postgresql ? argv[1] : dir, on_postgresql ? "" : "/ledger.db");
	RUN(settings_are_kept);
	RUN(bad_ones_name_themselves);
	RUN(all_come_in_order_and_pages);
	RUN(what_is_not_understood_is_marked);
	RUN(a_person_takes_everything_along);
	RUN(what_was_spent_on_a_day_to_come);
	RUN(the_front_desk_stays);
	RUN(groups_are_numbers_of_their_own);
	RUN(groups_are_bounded);
	RUN(counters_are_the_last_word);
	RUN(trunks_are_known_by_name);
	RUN(notices_are_kept);
	RUN(who_called_for_help_is_known);
	RUN(the_first_layout_is_taken_over_whole);
	store_close(&s);
	if (!on_postgresql) {
		unlink(where);
		rmdir(dir);
	}
	return TEST_END;
}
