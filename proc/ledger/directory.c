/* SPDX-License-Identifier: ISC */
/* People, phones and which of them belong together. */
#include "base/utf8.h"
#include "ledger/store_int.h"
#include <stdio.h>
#include <stdlib.h>

/* --- reading rows --- */

static void read_person(struct stmt *q, void *to)
{
	struct person *p = to;

	*p = (struct person){.id = (uint32_t)db_int(q, 0), .enabled = db_int(q, 1) != 0};
	store_copy_text(q, 2, p->name, sizeof p->name);
	store_copy_text(q, 3, p->display, sizeof p->display);
}

static void read_phone(struct stmt *q, void *to)
{
	struct phone *p = to;

	int64_t state = db_int(q, 1);
	struct span point = db_octets(q, 6);

	*p = (struct phone){.id = (uint32_t)db_int(q, 0),
	    .state = state > DEVICE_NONE && state < DEVICE_STATES ? (enum device_state)state : DEVICE_REVOKED,
	    .flags = (uint32_t)db_int(q, 2) & DEVICE_FLAGS,
	    .epoch = (uint32_t)db_int(q, 3),
	    .not_after_ms = db_int(q, 4)};
	store_copy_text(q, 5, p->label, sizeof p->label);
	p->has_point = point.n == sizeof p->point;
	if (p->has_point)
		memcpy(p->point, point.p, sizeof p->point);
}

bool store_person_get(struct store *s, struct span name, struct person *out)
{
	struct stmt *q = s->q[Q_PERSON_BY_NAME];

	db_bind_text(q, 1, name);
	if (db_step(q) != DB_ROW)
		return false;
	read_person(q, out);
	db_reset(q);
	return true;
}

bool store_person_at(struct store *s, uint32_t id, struct person *out)
{
	struct stmt *q = s->q[Q_PERSON_BY_ID];

	db_bind_int(q, 1, id);
	if (db_step(q) != DB_ROW)
		return false;
	read_person(q, out);
	db_reset(q);
	return true;
}

bool store_person_has_md5(struct store *s, uint32_t id)
{
	struct stmt *q = s->q[Q_MD5_OF_PERSON];
	int64_t n = 0;

	_Static_assert(DEVICE_MD5 == 1, "the query looks at the lowest bit");
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, DEVICE_REVOKED);
	return store_one(q, &n) && n > 0;
}

bool store_phone_get(struct store *s, uint32_t id, struct phone *out)
{
	struct stmt *q = s->q[Q_PHONE_BY_ID];

	db_bind_int(q, 1, id);
	if (db_step(q) != DB_ROW)
		return false;
	read_phone(q, out);
	db_reset(q);
	return true;
}

int store_people(struct store *s, uint32_t after, struct person *out, int most)
{
	struct stmt *q = s->q[Q_PEOPLE_AFTER];

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, most);
	return store_page(q, read_person, out, sizeof *out, most);
}

int store_phones(struct store *s, uint32_t after, struct phone *out, int most)
{
	struct stmt *q = s->q[Q_PHONES_AFTER];

	db_bind_int(q, 1, after);
	db_bind_int(q, 2, most);
	return store_page(q, read_phone, out, sizeof *out, most);
}

static void read_binding(struct stmt *q, void *to)
{
	struct binding *b = to;

	*b = (struct binding){(uint32_t)db_int(q, 0), (uint32_t)db_int(q, 1)};
}

int store_bindings(struct store *s, struct binding after, struct binding *out, int most)
{
	struct stmt *q = s->q[Q_BINDINGS_AFTER];

	db_bind_int(q, 1, after.person);
	db_bind_int(q, 2, after.phone);
	db_bind_int(q, 3, most);
	return store_page(q, read_binding, out, sizeof *out, most);
}

/* "a,b,c", or "a,b..." when there is no room for all */
static void list_add(char *out, struct span item)
{
	size_t n = strlen(out);

	if (n >= 3 && memcmp(out + n - 3, "...", 3) == 0)
		return;
	if (n + 1 + item.n + 3 > STORE_NAMES_MAX) {
		memcpy(out + n, "...", 4);
		return;
	}
	if (n)
		out[n++] = ',';
	memcpy(out + n, item.p, item.n);
	out[n + item.n] = 0;
}

void store_phones_of(struct store *s, uint32_t person, char out[static STORE_NAMES_MAX + 1])
{
	struct stmt *q = s->q[Q_BINDINGS_OF_PERSON];
	char number[24];

	out[0] = 0;
	db_bind_int(q, 1, person);
	while (db_step(q) == DB_ROW) {
		snprintf(number, sizeof number, "%lld", (long long)db_int(q, 0));
		list_add(out, span_str(number));
	}
}

void store_names_of(struct store *s, uint32_t phone, char out[static STORE_NAMES_MAX + 1])
{
	struct stmt *q = s->q[Q_NAMES_OF_PHONE];

	out[0] = 0;
	db_bind_int(q, 1, phone);
	while (db_step(q) == DB_ROW)
		list_add(out, db_octets(q, 0));
}

/* --- people --- */

/* Numbers of people are handed out upwards; only when the last was used is a gap filled. */
static bool free_person_id(struct store *s, uint32_t *id)
{
	int64_t next = 1, first;

	store_meta_get(s, "next_person", &next);
	if (next < s->max_people) {
		*id = (uint32_t)next;
		return store_meta_set(s, "next_person", next + 1);
	}
	db_bind_int(s->q[Q_PERSON_EXISTS], 1, 1);
	if (!store_one(s->q[Q_PERSON_EXISTS], &first))
		next = 1;
	else if (!store_one(s->q[Q_PERSON_FREE], &next))
		return false;
	*id = (uint32_t)next;
	return next < s->max_people;
}

enum done_result store_person_add(
    struct store *s, struct span name, struct span display, bool enabled, struct person *out, const char **why)
{
	struct stmt *q = s->q[Q_PERSON_INSERT];
	struct person p = {.enabled = enabled};

	if (!store_name_ok(name) || !span_cstr(name, p.name, sizeof p.name))
		return store_refuse(
		    DONE_REFUSED, "a user name is 1 to 32 of a-z 0-9 . _ * # + - and does not begin with leg-", why);
	if (!utf8_text_ok(display, DISPLAY_MAX) || !span_cstr(display, p.display, sizeof p.display))
		return store_refuse(DONE_REFUSED, "the display name holds what is not plain text", why);
	if (store_person_get(s, name, out))
		return store_refuse(DONE_EXISTS, "there is a user of this name", why);
	if (store_group_get(s, name, &(struct group){0}))
		return store_refuse(DONE_EXISTS, "there is a ring group of this number", why);
	if (!free_person_id(s, &p.id))
		return store_refuse(DONE_REFUSED, "there are as many users as `max_users` allows", why);
	db_bind_int(q, 1, p.id);
	db_bind_text(q, 2, name);
	db_bind_text(q, 3, display);
	db_bind_int(q, 4, enabled);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = p;
	return DONE_OK;
}

enum done_result store_person_change(
    struct store *s, struct span name, struct span display, bool enabled, struct person *out, const char **why)
{
	struct stmt *q = s->q[Q_PERSON_UPDATE];
	struct person p;

	if (!utf8_text_ok(display, DISPLAY_MAX))
		return store_refuse(DONE_REFUSED, "the display name holds what is not plain text", why);
	if (!store_person_get(s, name, &p))
		return store_refuse(DONE_NOT_FOUND, "there is no user of this name", why);
	if (!enabled && store_is_front_desk(s, name))
		return store_refuse(DONE_REFUSED, store_desk_stays, why);
	p.enabled = enabled;
	if (display.n)
		span_cstr(display, p.display, sizeof p.display);
	db_bind_int(q, 1, p.id);
	db_bind_text(q, 2, span_str(p.display));
	db_bind_int(q, 3, enabled);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = p;
	return DONE_OK;
}

enum done_result store_person_delete(struct store *s, struct span name, const char **why)
{
	struct person p;

	if (!store_person_get(s, name, &p))
		return store_refuse(DONE_NOT_FOUND, "there is no user of this name", why);
	if (store_is_front_desk(s, name))
		return store_refuse(DONE_REFUSED, store_desk_stays, why);
	db_bind_int(s->q[Q_PERSON_DELETE], 1, p.id);
	bool gone = store_run(s->q[Q_PERSON_DELETE]) && store_mail_forget_of(s, p.id) &&
	            store_settings_forget(s, OWNER_USER, p.id) && store_spent_forget_of(s, CEILING_EXTENSION, p.id);
	return gone ? DONE_OK : store_refuse(DONE_FAILED, store_db_failed, why);
}

/* --- phones --- */

static bool too_many_requests(struct store *s)
{
	int64_t n = 0;

	db_bind_int(s->q[Q_PHONES_COUNT], 1, DEVICE_REQUESTED);
	return !store_one(s->q[Q_PHONES_COUNT], &n) || n >= STORE_REQUESTS_MAX;
}

/* A phone is named by its number or its label, so a label is no number and stands for one phone that counts. */
static const char *label_refused(struct store *s, struct span label)
{
	struct stmt *q = s->q[Q_PHONE_LABELLED];
	int64_t other;
	size_t digits = 0;

	if (!utf8_text_ok(label, LABEL_MAX) || label.n == 0)
		return "a label is 1 to 48 octets of plain text";
	while (digits < label.n && label.p[digits] >= '0' && label.p[digits] <= '9')
		digits++;
	if (digits == label.n)
		return "a label is no number, which would name the phone of that number";
	db_bind_text(q, 1, label);
	db_bind_int(q, 2, DEVICE_REVOKED);
	return store_one(q, &other) ? "another phone has this label" : NULL;
}

enum done_result store_phone_add(struct store *s, struct span label, enum device_state state, uint32_t flags,
    const uint8_t *point, struct phone *out, const char **why)
{
	struct stmt *q = s->q[Q_PHONE_INSERT];
	struct phone p = {.state = state, .flags = flags, .has_point = point != NULL};
	int64_t last = 0;

	const char *bad_label = label_refused(s, label);
	if (bad_label || !span_cstr(label, p.label, sizeof p.label))
		return store_refuse(DONE_REFUSED, bad_label ? bad_label : "a label holds a NUL", why);
	if (flags & ~(uint32_t)DEVICE_FLAGS)
		return store_refuse(DONE_REFUSED, "an unknown flag", why);
	if (state == DEVICE_REQUESTED && too_many_requests(s))
		return store_refuse(DONE_REFUSED, "too many requests wait for an administrator", why);
	if (!store_one(s->q[Q_PHONE_LAST], &last))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	if (last + 1 >= s->max_phones)
		return store_refuse(DONE_REFUSED, "there are as many phones as `max_phones` allows", why);
	p.id = (uint32_t)last + 1;
	if (point)
		memcpy(p.point, point, sizeof p.point);
	db_bind_int(q, 1, p.id);
	db_bind_text(q, 2, label);
	db_bind_int(q, 3, state);
	db_bind_int(q, 4, flags);
	db_bind_octets(q, 5, point ? span_of(point, 64) : span_of(NULL, 0));
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = p;
	return DONE_OK;
}

/* Which state may follow which: what is revoked stays so, and only a certificate makes a phone valid. */
static const uint8_t may_become[DEVICE_STATES] = {
    [DEVICE_REQUESTED] = 1 << DEVICE_ADDED | 1 << DEVICE_REVOKED,
    [DEVICE_ADDED] = 1 << DEVICE_ADDED | 1 << DEVICE_REVOKED,
    [DEVICE_VALID] = 1 << DEVICE_VALID | 1 << DEVICE_SUSPENDED | 1 << DEVICE_REVOKED,
    [DEVICE_SUSPENDED] = 1 << DEVICE_VALID | 1 << DEVICE_SUSPENDED | 1 << DEVICE_REVOKED,
    [DEVICE_REVOKED] = 1 << DEVICE_REVOKED,
};

enum done_result store_phone_state(
    struct store *s, uint32_t id, enum device_state state, struct phone *out, const char **why)
{
	struct stmt *q = s->q[Q_PHONE_STATE];
	struct phone p;

	if (!store_phone_get(s, id, &p))
		return store_refuse(DONE_NOT_FOUND, "there is no phone of this number", why);
	if (!(may_become[p.state] >> state & 1))
		return store_refuse(DONE_REFUSED, "a phone in its state cannot become that", why);
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, state);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	p.state = state;
	*out = p;
	return DONE_OK;
}

enum done_result store_phone_flags(
    struct store *s, uint32_t id, uint32_t flags, uint32_t mask, struct phone *out, const char **why)
{
	struct stmt *q = s->q[Q_PHONE_FLAGS];
	struct phone p;

	if ((flags | mask) & ~(uint32_t)DEVICE_FLAGS)
		return store_refuse(DONE_REFUSED, "an unknown flag", why);
	if (!store_phone_get(s, id, &p))
		return store_refuse(DONE_NOT_FOUND, "there is no phone of this number", why);
	p.flags = (p.flags & ~mask) | (flags & mask);
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, p.flags);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = p;
	return DONE_OK;
}

enum done_result store_phone_issued(struct store *s, uint32_t id, uint32_t epoch, int64_t not_after_ms,
    const uint8_t point[static 64], struct phone *out, const char **why)
{
	struct stmt *q = s->q[Q_PHONE_ISSUED];
	struct phone p;

	if (!store_phone_get(s, id, &p))
		return store_refuse(DONE_NOT_FOUND, "there is no phone of this number", why);
	if (p.state == DEVICE_REVOKED || p.state == DEVICE_REQUESTED)
		return store_refuse(DONE_REFUSED, "a phone that is revoked or not admitted gets no certificate", why);
	bool same_key = p.has_point && memcmp(p.point, point, 64) == 0;
	if (epoch < p.epoch || epoch == 0 || (!same_key && epoch == p.epoch))
		return store_refuse(DONE_REFUSED, "a new key needs a new epoch", why);
	p.state = p.state == DEVICE_SUSPENDED ? DEVICE_SUSPENDED : DEVICE_VALID;
	p.epoch = epoch;
	p.not_after_ms = not_after_ms;
	p.has_point = true;
	memcpy(p.point, point, sizeof p.point);
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, p.state);
	db_bind_int(q, 3, epoch);
	db_bind_int(q, 4, not_after_ms);
	db_bind_octets(q, 5, span_of(p.point, sizeof p.point));
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = p;
	return DONE_OK;
}

enum done_result store_bind(
    struct store *s, struct span name, uint32_t phone, bool allowed, struct binding *out, const char **why)
{
	struct stmt *q = s->q[allowed ? Q_BINDING_ADD : Q_BINDING_DROP];
	struct person p;
	struct phone d;

	if (!store_person_get(s, name, &p))
		return store_refuse(DONE_NOT_FOUND, "there is no user of this name", why);
	if (!store_phone_get(s, phone, &d))
		return store_refuse(DONE_NOT_FOUND, "there is no phone of this number", why);
	if (allowed && d.state == DEVICE_REVOKED)
		return store_refuse(DONE_REFUSED, "the phone is revoked", why);
	db_bind_int(q, 1, p.id);
	db_bind_int(q, 2, phone);
	if (!store_run(q))
		return store_refuse(DONE_FAILED, store_db_failed, why);
	*out = (struct binding){p.id, phone};
	return DONE_OK;
}
