/* SPDX-License-Identifier: ISC */
/* The directory on its way to core: whole when core asks, one change at a time after that. */
#include "base/log.h"
#include "ledger/ledger.h"

enum {
	PAGE = 64,
	FRAMES_AHEAD = 8, /* core may lag behind by so many frames before the rest waits */
	AGAIN_MS = 10,
	READ_AGAIN_MS = 1000, /* after the database failed */
	VERDICT_MS = 3000,
};

enum stage { IDLE, PEOPLE, PHONES, BINDINGS, GROUPS, SETTINGS_SET, SPENT, CALLBACKS, COMMIT, VERDICT };

static struct {
	enum stage stage;
	bool synced; /* core accepted a whole directory on this link */
	bool whole;
	uint32_t generation, after;
	struct binding after_binding;
	struct push_at at;
	struct timer timer;
} push;

static void end_push(enum change_end end, struct span why)
{
	push.stage = IDLE;
	timer_cancel(&child_wheel, &push.timer);
	if (change_pending())
		change_verdict(end, why);
}

static bool say_begin(struct link *core)
{
	struct msg_directory_begin *m = ipc_begin(core, MSG_DIRECTORY_BEGIN);

	if (!m)
		return false;
	m->generation = push.generation;
	m->whole = push.whole;
	ipc_end(core);
	return true;
}

static bool say_user(struct link *core, const struct person *p)
{
	struct msg_user *m = ipc_begin(core, MSG_USER);

	if (!m)
		return false;
	m->index = p->id;
	m->enabled = p->enabled;
	m->name = ledger_put(core, span_str(p->name), USER_NAME_MAX);
	m->display = ledger_put(core, span_str(p->display), DISPLAY_MAX);
	ipc_end(core);
	return true;
}

static bool say_device(struct link *core, const struct phone *d)
{
	struct msg_device *m = ipc_begin(core, MSG_DEVICE);

	if (!m)
		return false;
	m->index = d->id;
	m->state = (uint8_t)d->state;
	m->flags = d->flags;
	m->epoch = d->epoch;
	m->label = ledger_put(core, span_str(d->label), LABEL_MAX);
	ipc_end(core);
	return true;
}

static bool say_binding(struct link *core, const struct binding *b, bool allowed)
{
	struct msg_binding *m = ipc_begin(core, MSG_BINDING);

	if (!m)
		return false;
	m->user = b->person;
	m->device = b->phone;
	m->allowed = allowed;
	ipc_end(core);
	return true;
}

static bool say_commit(struct link *core)
{
	struct msg_directory_commit *m = ipc_begin(core, MSG_DIRECTORY_COMMIT);

	if (!m)
		return false;
	m->generation = push.generation;
	ipc_end(core);
	push.stage = VERDICT;
	timer_set(&child_wheel, &push.timer, child_now() + VERDICT_MS);
	return true;
}

/* A page of the stage at hand: 1 went, 0 no room now, -1 the database failed. A short page ends the stage. */
static int say_people(struct link *core)
{
	static struct person page[PAGE];
	int n = store_people(&ledger_store, push.after, page, PAGE);

	for (int i = 0; i < n; i++) {
		if (!say_user(core, &page[i]))
			return 0;
		push.after = page[i].id;
	}
	if (n >= 0 && n < PAGE) {
		push.stage = PHONES;
		push.after = 0;
	}
	return n < 0 ? -1 : 1;
}

static int say_phones(struct link *core)
{
	static struct phone page[PAGE];
	int n = store_phones(&ledger_store, push.after, page, PAGE);

	for (int i = 0; i < n; i++) {
		if (!say_device(core, &page[i]))
			return 0;
		push.after = page[i].id;
	}
	if (n >= 0 && n < PAGE)
		push.stage = BINDINGS;
	return n < 0 ? -1 : 1;
}

static int say_bindings(struct link *core)
{
	static struct binding page[PAGE];
	int n = store_bindings(&ledger_store, push.after_binding, page, PAGE);

	for (int i = 0; i < n; i++) {
		if (!say_binding(core, &page[i], true))
			return 0;
		push.after_binding = page[i];
	}
	if (n >= 0 && n < PAGE)
		push.stage = GROUPS;
	return n < 0 ? -1 : 1;
}

/* The stages of push_people.c, one after the other. */
static int say_rest(struct link *core)
{
	static push_stage *const stage[] = {
	    [GROUPS] = push_groups, [SETTINGS_SET] = push_settings, [SPENT] = push_spent, [CALLBACKS] = push_callbacks};
	enum push_went went = stage[push.stage](core, &push.at);

	if (went == PUSH_ALL)
		push.stage++;
	return went == PUSH_FAILED ? -1 : went != PUSH_NO_ROOM;
}

static int step(struct link *core)
{
	switch (push.stage) {
	case PEOPLE:
		return say_people(core);
	case PHONES:
		return say_phones(core);
	case BINDINGS:
		return say_bindings(core);
	case GROUPS:
	case SETTINGS_SET:
	case SPENT:
	case CALLBACKS:
		return say_rest(core);
	case COMMIT:
		return say_commit(core) ? 1 : 0;
	case IDLE:
	case VERDICT:
		break;
	}
	return 0;
}

static void pump(void)
{
	struct link *core = child_link(PROC_CORE, 0);
	int went = 1;

	while (core && went > 0 && push.stage != IDLE && push.stage != VERDICT && core->queued < FRAMES_AHEAD)
		went = step(core);
	if (went < 0) {
		log_error("cannot read the directory: %s", db_why(ledger_store.db));
		push.synced = false;
		end_push(CHANGE_REFUSED, SPAN("the database failed"));
		timer_set(&child_wheel, &push.timer, child_now() + READ_AGAIN_MS);
	} else if (push.stage != IDLE && push.stage != VERDICT) {
		timer_set(&child_wheel, &push.timer, child_now() + AGAIN_MS);
	}
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	if (push.stage == VERDICT) {
		log_warn("core says nothing of directory %u", push.generation);
		push.synced = false;
		end_push(CHANGE_SILENCE, SPAN(""));
	} else if (push.stage == IDLE && !push.synced) {
		push_anew();
	} else {
		pump();
	}
}

static bool start(uint32_t generation, bool whole)
{
	struct link *core = child_link(PROC_CORE, 0);

	push.stage = IDLE;
	push.whole = whole;
	push.generation = generation;
	push.after = 0;
	push.after_binding = (struct binding){0, 0};
	push.at = (struct push_at){0};
	push.timer.fire = on_timer;
	if (!core || !say_begin(core))
		return false;
	push.stage = whole ? PEOPLE : COMMIT;
	return true;
}

void push_anew(void)
{
	push.synced = false;
	timer_cancel(&child_wheel, &push.timer);
	if (start(ledger_store.generation, true))
		pump();
}

void push_want(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	if (change_pending()) /* core began anew in the middle of a change */
		end_push(CHANGE_REFUSED, SPAN("core began anew; try again"));
	push_anew();
}

void push_verdict(struct link *from, const struct ipc_view *v)
{
	const struct msg_directory_verdict *m = v->payload;

	if (m->generation != push.generation) {
		child_accuse(from, "judges a directory that it was not given", 0, 0);
		return;
	}
	if (push.stage != VERDICT) {
		/* one that came after its time says nothing any more; core and disk are made equal again */
		if (push.stage == IDLE && !push.synced)
			push_want(from, v);
		return;
	}
	if (push.whole) /* a change that is refused leaves what core had */
		push.synced = m->ok || change_pending();
	if (push.whole && m->ok)
		mailbox_tell_all();
	if (!m->ok)
		log_error("core refuses directory %u", push.generation);
	end_push(m->ok ? CHANGE_ACCEPTED : CHANGE_REFUSED, ipc_str(v, m->reason));
}

void push_core_down(void)
{
	push.synced = false;
	end_push(CHANGE_CORE_GONE, SPAN(""));
}

bool push_idle(void)
{
	return push.stage == IDLE;
}

static bool say_items(struct link *core, const struct change_items *c)
{
	bool went = (!c->person || say_user(core, c->person)) && (!c->phone || say_device(core, c->phone)) &&
	            (!c->binding || say_binding(core, c->binding, c->allowed)) &&
	            (!c->group || push_group(core, c->group));

	for (int i = 0; went && i < c->settings; i++)
		went = push_setting(core, &c->setting[i]);
	return went;
}

bool push_change(uint32_t generation, const struct change_items *c)
{
	struct link *core = child_link(PROC_CORE, 0);

	if (!core || !push.synced || !start(generation, c->whole))
		return false;
	if (!say_items(core, c)) {
		push.stage = IDLE; /* the link is broken, which ends the change on disk alone */
		return false;
	}
	pump();
	return true;
}
