/* SPDX-License-Identifier: ISC */
/* The keys of voicemail, one for each message: when it goes, what ledger still has of the message can be read by nobody. */
#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "keeper/keeper.h"

struct kept_mail {
	uint8_t key[MAIL_KEY];
	uint32_t day;
	char user[USER_NAME_MAX];
};

enum { BATCH = STORE_DEL_MOST(sizeof(uint64_t)) };

/* Keys that go in one change of the store, since each change waits for the disk. */
struct batch {
	uint64_t message[BATCH];
	uint32_t n;
};

static struct batch going; /* what this turn of the loop was told to forget */
static ev_prepare before_wait;

static bool unwiped; /* a key went, and is still in the file */
static bool counted;
static uint32_t kept;

static struct span key_of(const uint64_t *message)
{
	return span_of(message, sizeof *message);
}

static uint32_t today(void)
{
	return (uint32_t)(wall_now(&keeper.wall, clock_wall_ms(), clock_boot_ms()) / WALL_DAY_MS);
}

static bool get(uint64_t message, struct span user, struct kept_mail *k)
{
	struct kept_mail want = {.day = 0};
	struct span v;

	if (user.n == 0 || user.n > USER_NAME_MAX || !store_get(&keeper.store, KEEP_MAIL, key_of(&message), &v) ||
	    v.n != sizeof *k)
		return false;
	memcpy(k, v.p, sizeof *k);
	memcpy(want.user, user.p, user.n);
	return memcmp(want.user, k->user, sizeof want.user) == 0;
}

/* Of all users; the store is walked once. */
static uint32_t count(void)
{
	struct span key, v;
	uint32_t at = 0;

	while (!counted && store_each(&keeper.store, KEEP_MAIL, &at, &key, &v))
		kept++;
	counted = true;
	return kept;
}

static const char *drop(struct batch *b)
{
	uint32_t before = count(), used = keeper.store.used;

	if (b->n == 0)
		return NULL;
	const char *why = store_del_many(
	    &keeper.store, KEEP_MAIL, span_of(b->message, b->n * sizeof b->message[0]), sizeof b->message[0]);
	b->n = 0;
	unwiped = true;
	kept = before - (used - keeper.store.used);
	return why;
}

static void drop_going(void)
{
	const char *why = drop(&going);

	if (why)
		log_error("%s", why);
}

static bool make(uint64_t message, struct span user, struct kept_mail *k)
{
	struct span had;

	if (user.n == 0 || user.n > USER_NAME_MAX || count() >= MAIL_MOST)
		return false;
	bool anew = store_get(&keeper.store, KEEP_MAIL, key_of(&message), &had);
	*k = (struct kept_mail){.day = today()};
	memcpy(k->user, user.p, user.n);
	rand_bytes(k->key, sizeof k->key);
	if (store_put(&keeper.store, KEEP_MAIL, key_of(&message), span_of(k, sizeof *k)))
		return false;
	kept += !anew;
	return true;
}

void keeper_on_mail_key_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_key_want *w = v->payload;
	struct span user = ipc_str(v, w->user);
	struct kept_mail k;

	drop_going();
	bool found = w->fresh ? make(w->message, user, &k) : get(w->message, user, &k);
	struct msg_mail_key *m = ipc_begin(from, MSG_MAIL_KEY);

	if (m) {
		m->token = w->token;
		m->found = found;
		if (found)
			memcpy(m->key, k.key, sizeof k.key);
		ipc_end(from);
	}
	secret_wipe(&k, sizeof k);
}

void keeper_on_mail_key_forget(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_key_forget *w = v->payload;
	struct span had;

	(void)from;
	if (!store_get(&keeper.store, KEEP_MAIL, key_of(&w->message), &had))
		return;
	going.message[going.n++] = w->message;
	if (going.n == BATCH)
		drop_going();
}

/* user empty: those of this day and before. */
static bool is_meant(struct span key, struct span v, struct span user, uint32_t day)
{
	struct kept_mail k;

	if (key.n != sizeof(uint64_t) || v.n != sizeof k)
		return false;
	memcpy(&k, v.p, sizeof k);
	bool hit = user.n ? span_eq(user, span_of(k.user, strnlen(k.user, sizeof k.user))) : k.day <= day;
	secret_wipe(&k, sizeof k);
	return hit;
}

/* The next that are meant, from the place of the walk on, which a deletion does not move. */
static bool find(struct span user, uint32_t day, uint32_t *at, struct batch *b)
{
	struct span key, v;

	b->n = 0;
	while (b->n < BATCH && store_each(&keeper.store, KEEP_MAIL, at, &key, &v))
		if (is_meant(key, v, user, day))
			memcpy(&b->message[b->n++], key.p, sizeof b->message[0]);
	return b->n > 0;
}

static const char *forget(struct span user, uint32_t day)
{
	const char *why = NULL;
	struct batch b;
	uint32_t at = 0;

	drop_going();
	while (!why && find(user, day, &at, &b))
		why = drop(&b);
	if (why || !unwiped)
		return why;
	why = store_rewrite(&keeper.store);
	unwiped = why != NULL;
	return why;
}

static void on_before_wait(struct ev_loop *loop, ev_prepare *w, int what)
{
	(void)loop;
	(void)w;
	(void)what;
	drop_going();
}

void keeper_mails_serve(void)
{
	ev_prepare_init(&before_wait, on_before_wait);
	ev_prepare_start(child_loop(), &before_wait);
}

const char *keeper_mails_turn(int64_t now_wall_ms)
{
	int64_t last = now_wall_ms / WALL_DAY_MS - child_site()->mail_days - 1;

	return last < 0 ? NULL : forget(span_of(NULL, 0), (uint32_t)last);
}

const char *keeper_mails_forget(struct span user)
{
	return user.n ? forget(user, 0) : NULL;
}
