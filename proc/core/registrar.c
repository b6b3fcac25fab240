/* SPDX-License-Identifier: ISC */
#include "registrar.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include "away.h"
#include "hotdesk.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "mwi.h"
#include "notice.h"
#include "owed.h"
#include "session.h"
#include "wire/uri.h"
#include <stdlib.h>

enum { OUTBOUND_EXPIRES_S = 3600 };

/* The registration itself stands in the arena; here is what dies with the process. */
struct entry {
	struct timer timer;
	struct registration r;
};

static struct pool pool;
static struct map by_pair, by_user, by_device;
static struct entry *table;
static struct arena_table *store;
static void (*tell_phone_back)(uint32_t user);

static bool pair_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(&table[slot].r.user, key.p, 8) == 0; /* user, device */
}

static bool user_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(&table[slot].r.user, key.p, 4) == 0;
}

static bool device_matches(const void *owner, uint32_t slot, struct span key)
{
	(void)owner;
	return memcmp(&table[slot].r.device, key.p, 4) == 0;
}

static struct span pair_key(const struct registration *r)
{
	return span_of(&r->user, 8);
}

static struct span user_key(const struct registration *r)
{
	return span_of(&r->user, 4);
}

static struct span device_key(const struct registration *r)
{
	return span_of(&r->device, 4);
}

_Static_assert(offsetof(struct registration, device) == offsetof(struct registration, user) + 4, "pair is one key");

struct arena_shape registrar_shape(const struct site *s)
{
	return (struct arena_shape){sizeof(struct registration), s->max_phones + s->max_users};
}

static uint32_t slot_of(const struct entry *e)
{
	return (uint32_t)(e - table);
}

static void save(struct entry *e)
{
	arena_put(store, slot_of(e), &e->r);
}

/* The login stays: it has a time of its own, and a call may still have to be hung up. */
static void drop(struct entry *e)
{
	uint32_t slot = slot_of(e);

	timer_cancel(&child_wheel, &e->timer);
	map_del(&by_pair, pair_key(&e->r), slot);
	map_del(&by_user, user_key(&e->r), slot);
	map_del(&by_device, device_key(&e->r), slot);
	arena_clear(store, slot);
	pool_release(&pool, pool_id_at(&pool, slot));
}

static void drop_with_login(struct entry *e)
{
	struct flow *f = flow_get(e->r.flow);

	if (f)
		flow_log_out(f, e->r.user);
	drop(e);
}

static void on_expiry(struct timer *t, uint64_t now_ms)
{
	(void)now_ms;
	drop((struct entry *)(void *)t);
}

static void enter(struct entry *e)
{
	e->timer = (struct timer){.fire = on_expiry};
	map_put(&by_pair, pair_key(&e->r), slot_of(e));
	map_put(&by_user, user_key(&e->r), slot_of(e));
	map_put(&by_device, device_key(&e->r), slot_of(e));
	timer_set(&child_wheel, &e->timer, e->r.expires_ms);
}

static void adopt(void)
{
	uint32_t other;

	for (uint32_t i = 0; i < store->count; i++) {
		const struct registration *r = arena_get(store, i);
		if (!r)
			continue;
		if (!kept_registration_ok(r) || map_get(&by_pair, pair_key(r), &other)) {
			left_out_damaged(store, i);
			continue;
		}
		if (!kept_fits(r->user, r->device)) {
			left_out_unfit(store, i);
			continue;
		}
		if (r->expires_ms <= child_now() || arena_marks(store, i) >= ARENA_MARKS_MAX ||
		    !pool_adopt(&pool, id_make(child_node(), 1, i))) {
			arena_clear(store, i);
			continue;
		}
		table[i].r = *r;
		table[i].r.flow = 0; /* until the edge says that it is still there */
		enter(&table[i]);
	}
}

void registrar_open(struct arena_table *t, void (*phone_back)(uint32_t user))
{
	store = t;
	tell_phone_back = phone_back;
	table = calloc(t->count, sizeof *table);
	if (!table || !pool_init(&pool, child_node(), t->count, 0) ||
	    !map_init(&by_pair, t->count, pair_matches, NULL) || !map_init(&by_user, t->count, user_matches, NULL) ||
	    !map_init(&by_device, t->count, device_matches, NULL))
		log_fatal("no memory for registrations");
	adopt();
}

static struct entry *find(uint32_t user, uint32_t device)
{
	uint32_t key[2] = {user, device}, slot;
	return map_get(&by_pair, span_of(key, sizeof key), &slot) ? &table[slot] : NULL;
}

const struct registration *registrar_get(uint32_t user, uint32_t device)
{
	struct entry *e = find(user, device);
	return e ? &e->r : NULL;
}

/* While a guest works at it a phone does not ring for its own user, unless help may be calling back (R16). */
static bool answers_for(uint32_t user, uint32_t device)
{
	return hotdesk_person(user, device) == user || notice_may_call_back(device, user);
}

/* The binding of the line at which this user is a guest. */
static const struct registration *as_guest(uint32_t user)
{
	const struct user *u = directory_user(user);
	uint32_t line;

	for (int i = 0; u && i < u->devices; i++)
		if ((line = hotdesk_line(user, u->device[i])) != NOBODY)
			return directory_allows(line, u->device[i]) ? registrar_get(line, u->device[i]) : NULL;
	return NULL;
}

int registrar_targets(uint32_t user, const struct registration *out[REGISTRAR_TARGETS_MAX])
{
	uint32_t at = 0, slot;
	int n = 0;

	while (n < REGISTRAR_TARGETS_MAX && map_each(&by_user, span_of(&user, 4), &at, &slot))
		if (flow_get(table[slot].r.flow) && directory_allows(user, table[slot].r.device) &&
		    answers_for(user, table[slot].r.device))
			out[n++] = &table[slot].r;
	const struct registration *desk = as_guest(user);
	if (desk && flow_get(desk->flow) && n < REGISTRAR_TARGETS_MAX)
		out[n++] = desk;
	return n;
}

int registrar_at_phone(uint32_t device, const struct registration *out[REGISTRAR_TARGETS_MAX])
{
	uint32_t at = 0, slot;
	int n = 0;

	while (n < REGISTRAR_TARGETS_MAX && map_each(&by_device, span_of(&device, 4), &at, &slot))
		if (flow_get(table[slot].r.flow) && directory_allows(table[slot].r.user, device))
			out[n++] = &table[slot].r;
	return n;
}

static bool broke(const struct registration *r)
{
	return !flow_get(r->flow) && child_now() < r->broken_ms + REGISTRAR_BROKEN_MS;
}

bool registrar_worth_waiting(uint32_t user)
{
	const struct registration *desk = as_guest(user);
	uint32_t at = 0, slot;

	while (map_each(&by_user, span_of(&user, 4), &at, &slot))
		if (answers_for(user, table[slot].r.device) && broke(&table[slot].r))
			return true;
	return desk && broke(desk);
}

bool registrar_logged_in(uint32_t user, uint32_t device)
{
	struct entry *e = find(user, device);
	return e && e->r.login_until_ms > child_now() && directory_allows(user, device);
}

/* --- REGISTER --- */

static uint32_t granted_s(const struct msg_request *m, bool outbound)
{
	uint32_t longest = outbound ? OUTBOUND_EXPIRES_S : child_site()->register_max_s;
	uint32_t asked = m->contact_expires != ABSENT ? m->contact_expires
	                 : m->expires != ABSENT       ? m->expires
	                                              : longest;

	return asked < longest ? asked : longest;
}

static void answer(struct request *r, const struct registration *reg)
{
	struct msg_respond *m = reply_begin(r->reply, 200);
	struct link *l = reply_link(r->reply);

	if (!m)
		return;
	if (reg) {
		m->expires = (uint32_t)((reg->expires_ms - child_now() + 999) / 1000);
		m->contact = ipc_put(l, span_str(reg->contact));
		m->instance = ipc_put(l, span_str(reg->instance));
		m->reg_id = reg->reg_id;
		if (reg->outbound) {
			m->required = SIP_TAG_OUTBOUND;
			m->flow_timer = child_site()->flow_timer_s;
		}
	}
	reply_end(r->reply);
}

static bool fill(struct registration *reg, const struct request *r)
{
	const struct msg_request *m = r->m;

	reg->reg_id = m->reg_id;
	reg->cseq = m->cseq;
	reg->outbound = m->supported & SIP_TAG_OUTBOUND && m->reg_id != 0 && m->reg_id != ABSENT && m->instance.len;
	return span_cstr(REQUEST_STR(r, call_id), reg->call_id, sizeof reg->call_id) &&
	       span_cstr(REQUEST_STR(r, contact), reg->contact, sizeof reg->contact) &&
	       span_cstr(REQUEST_STR(r, instance), reg->instance, sizeof reg->instance);
}

static uint64_t login_until(const struct flow *f, uint32_t user)
{
	for (int i = 0; i < f->users; i++)
		if (f->login[i].user == user)
			return f->login[i].until_ms;
	return 0;
}

/* RFC 3261 10.3: by its URI; RFC 5626 6: or by its instance. */
static bool is_bound(const struct registration *had, const struct registration *named)
{
	struct uri a, b;
	const char *why;

	if (had->instance[0] && had->reg_id == named->reg_id && strcmp(had->instance, named->instance) == 0)
		return true;
	return strcmp(had->contact, named->contact) == 0 ||
	       (uri_parse(span_str(had->contact), &a, &why) && uri_parse(span_str(named->contact), &b, &why) &&
		   uri_eq(&a, &b));
}

/* One that a phone had elsewhere or before is not there, and its removal no error. */
static void unbind_contact(struct request *r, struct entry *e, const struct registration *named)
{
	if (e && is_bound(&e->r, named)) {
		drop(e);
		e = NULL;
	}
	answer(r, e ? &e->r : NULL);
}

static void bind_contact(struct request *r)
{
	struct entry *e = find(r->user, r->flow->device);
	struct registration reg = {.user = r->user, .device = r->flow->device, .flow = r->flow->id};

	if (!fill(&reg, r)) {
		reply_refuse(r->reply, REFUSE_TOO_LONG);
		return;
	}
	/* an old REGISTER that overtook a newer one of the same phone (RFC 3261 10.3) */
	if (e && strcmp(e->r.call_id, reg.call_id) == 0 && r->m->cseq <= e->r.cseq && e->r.flow == reg.flow) {
		reply_refuse(r->reply, REFUSE_OUT_OF_ORDER);
		return;
	}
	uint32_t expires = granted_s(r->m, reg.outbound);
	if (expires == 0) {
		unbind_contact(r, e, &reg);
		return;
	}
	reg.expires_ms = child_now() + (uint64_t)expires * 1000;
	reg.login_until_ms = login_until(r->flow, r->user);
	const bool is_new = !e || e->r.flow != reg.flow;
	if (!e) {
		uint64_t id = pool_take(&pool, false);
		if (id == ID_NONE) {
			reply_refuse(r->reply, REFUSE_FULL);
			return;
		}
		e = &table[id_index(id)];
		e->r = reg;
		enter(e);
	} else {
		e->r = reg;
		timer_set(&child_wheel, &e->timer, reg.expires_ms);
	}
	save(e);
	answer(r, &e->r);
	away_registered(r->flow);
	if (is_new) { /* before anything new rings there */
		owed_phone_back(r->user, r->flow);
		session_phone_back(r->user, r->flow->device);
	}
	tell_phone_back(hotdesk_person(r->user, r->flow->device));
	if (is_new)
		mwi_phone_back(r->user, r->flow->device);
}

static void unbind_all(struct request *r)
{
	struct entry *e = find(r->user, r->flow->device);

	if (r->m->expires != 0) {
		reply_refuse(r->reply, REFUSE_CONTACT);
		return;
	}
	if (e)
		drop(e);
	answer(r, NULL);
}

void registrar_on_register(struct request *r)
{
	const struct msg_request *m = r->m;

	if (!login_gate(r, REQUEST_STR(r, to_user)))
		return;
	if (m->target_kind != TARGET_SELF || !m->to_ours) {
		reply_refuse(r->reply, REFUSE_FOREIGN);
		return;
	}
	if (!span_eq(REQUEST_STR(r, from_user), REQUEST_STR(r, to_user))) {
		child_event(EVENT_IMPERSONATION, SEVERITY_WARNING, r->flow->device, r->user, &r->flow->remote,
		    "REGISTER for one user, From of another");
		reply_refuse(r->reply, REFUSE_IMPERSONATION);
		return;
	}
	static void (*const by_form[CONTACT_FORMS])(struct request *) = {
	    [CONTACT_ONE] = bind_contact, [CONTACT_STAR] = unbind_all};
	if (m->contact_form == CONTACT_NONE)
		answer(r, registrar_get(r->user, r->flow->device));
	else if (by_form[m->contact_form])
		by_form[m->contact_form](r);
	else
		reply_refuse(r->reply, REFUSE_CONTACT);
}

/* --- what happens elsewhere --- */

void registrar_flow_up(struct flow *f)
{
	uint32_t at = 0, slot;

	while (map_each(&by_device, span_of(&f->device, 4), &at, &slot)) {
		const struct registration *saved = arena_get(store, slot);
		if (!saved || saved->flow != f->id)
			continue;
		table[slot].r.flow = f->id;
		flow_log_in(f, saved->user, saved->login_until_ms);
		owed_phone_back(saved->user, f);
	}
}

void registrar_flow_down(const struct flow *f)
{
	uint32_t at = 0, slot;

	while (map_each(&by_device, span_of(&f->device, 4), &at, &slot)) {
		struct registration *r = &table[slot].r;
		if (r->flow != f->id)
			continue;
		r->flow = 0;
		r->broken_ms = child_now();
		save(&table[slot]);
	}
}

void registrar_device_lost(uint32_t device)
{
	for (uint32_t i = 0; i < store->count; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.device == device)
			drop_with_login(&table[i]);
}

void registrar_user_lost(uint32_t user)
{
	for (uint32_t i = 0; i < store->count; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.user == user)
			drop_with_login(&table[i]);
}

void registrar_login_over(uint32_t user)
{
	for (uint32_t i = 0; i < store->count; i++)
		if (pool_id_at(&pool, i) != ID_NONE && table[i].r.user == user)
			drop(&table[i]);
}

void registrar_check(void)
{
	for (uint32_t i = 0; i < store->count; i++)
		if (pool_id_at(&pool, i) != ID_NONE &&
		    !(directory_valid(table[i].r.device) && directory_allows(table[i].r.user, table[i].r.device)))
			drop_with_login(&table[i]);
}

void registrar_status(struct proc_status *s)
{
	status_pool(s, "registrations", &pool);
}
