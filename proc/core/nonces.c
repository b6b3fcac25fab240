/* SPDX-License-Identifier: ISC */
#include "nonces.h"
#include "base/secret.h"

enum {
	LOW = NONCE_SHEET / 2, /* so many left: the next sheet is asked for, in company of what keeper is asked next */
	ASK_AGAIN_MS = 1000,
};

struct sheet {
	uint8_t key[NONCE_KEY], block[NONCE_SHEET][NONCE_BLOCK];
	uint32_t left;
	uint64_t until_ms;
};

/* The one in use and the next: numbers of nonces rise, for keeper takes no older one of a connection and user. */
static struct sheet *sheet;
static uint32_t asked; /* that keeper has not answered */
static uint64_t asked_ms;
static bool in_company; /* the last of them, which may not be on its way yet */

enum { SHEETS = 2 };

void nonces_init(void)
{
	sheet = secret_new(SHEETS * sizeof *sheet);
}

static bool is_fresh(const struct sheet *s)
{
	return s->left && child_now() < s->until_ms;
}

static struct sheet *in_use(void)
{
	if (is_fresh(&sheet[0]))
		return &sheet[0];
	if (!is_fresh(&sheet[1]))
		return NULL;
	sheet[0] = sheet[1];
	secret_wipe(&sheet[1], sizeof sheet[1]);
	return &sheet[0];
}

static bool ask(enum msg_class class, void (*end)(struct link *))
{
	struct link *keeper = child_link(PROC_KEEPER, 0);

	if (!keeper || !ipc_begin_as(keeper, MSG_NONCES_WANT, class))
		return false;
	end(keeper);
	asked++;
	asked_ms = child_now();
	in_company = end == ipc_end_late;
	return true;
}

static bool is_asked(void)
{
	return asked && child_now() < asked_ms + ASK_AGAIN_MS;
}

bool nonces_ask(enum msg_class class)
{
	return (is_asked() && !in_company && class != CLASS_EMERGENCY) || ask(class, ipc_end);
}

bool nonces_put(struct buf *b, uint64_t flow, struct span user)
{
	struct sheet *s = in_use();

	if (!s)
		return false;
	nonce_put(b, s->key, s->block[NONCE_SHEET - s->left], flow, user);
	s->left--;
	if (s->left <= LOW && !is_fresh(&sheet[1]) && !is_asked())
		(void)ask(CLASS_NEW, ipc_end_late);
	return true;
}

bool nonces_take(const struct msg_nonces *m)
{
	struct sheet *s = &sheet[in_use() != NULL];

	if (asked == 0)
		return false;
	asked--;
	memcpy(s->key, m->key, sizeof s->key);
	memcpy(s->block, m->blocks, sizeof s->block);
	s->left = NONCE_SHEET;
	s->until_ms = child_now() + NONCE_SHEET_MS;
	return true;
}

void nonces_keeper_down(void)
{
	secret_wipe(sheet, SHEETS * sizeof *sheet);
	asked = 0;
}
