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

static bool unwiped; /* a key went, and is still in the file */
static bool counted;
static uint32_t kept;

static struct span key_of(const uint64_t *message)
{
	return span_of(message, sizeof *message);
}

static uint32_t today(void)
{
	return (uint32_t)(wall_now(&keeper.wall, clock_wall_ms()) / WALL_DAY_MS);
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

static const char *drop(uint64_t message)
{
	uint32_t before = count();
	const char *why = store_del(&keeper.store, KEEP_MAIL, key_of(&message));

	unwiped = true;
	kept = why ? before : before - 1;
	return why;
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
	const char *why = drop(w->message);
	if (why)
		log_error("%s", why);
}

/* user empty: those of this day and before. */
static bool find(struct span user, uint32_t day, uint64_t *message)
{
	struct span key, v;
	uint32_t at = 0;
	struct kept_mail k;

	while (store_each(&keeper.store, KEEP_MAIL, &at, &key, &v)) {
		if (key.n != sizeof *message || v.n != sizeof k)
			continue;
		memcpy(&k, v.p, sizeof k);
		memcpy(message, key.p, sizeof *message);
		bool hit = user.n ? span_eq(user, span_of(k.user, strnlen(k.user, sizeof k.user))) : k.day <= day;
		secret_wipe(&k, sizeof k);
		if (hit)
			return true;
	}
	return false;
}

static const char *forget(struct span user, uint32_t day)
{
	const char *why = NULL;
	uint64_t message;

	while (!why && find(user, day, &message))
		why = drop(message);
	if (why || !unwiped)
		return why;
	why = store_rewrite(&keeper.store);
	unwiped = why != NULL;
	return why;
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
