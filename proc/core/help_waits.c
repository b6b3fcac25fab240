/* SPDX-License-Identifier: ISC */
#include "help_waits.h"
#include "emergency.h"
#include "kept_request.h"

enum { WAITING_MAX = 16, OF_PHONE_MAX = 4 };

static struct waiting {
	struct timer timer;
	bool used;
	uint32_t device;
	struct kept_request request;
} table[WAITING_MAX];

static void let_go(struct waiting *w)
{
	timer_cancel(&child_wheel, &w->timer);
	w->used = false;
}

static void on_timeout(struct timer *t, uint64_t now_ms)
{
	struct waiting *w = (struct waiting *)(void *)t;
	struct ipc_view v;
	struct request r;

	(void)now_ms;
	if (request_kept(&w->request, &v, &r))
		emergency_refused(r.flow, NOBODY, REQUEST_STR(&r, target_user), "the media relay does not come back");
	reply_refuse(w->request.reply, REFUSE_NO_MEDIA);
	let_go(w);
}

static bool has_room(uint32_t device)
{
	uint32_t n = 0;

	for (const struct waiting *w = table; w < table + WAITING_MAX; w++)
		n += w->used && w->device == device;
	return n < OF_PHONE_MAX;
}

bool help_waits(const struct request *r)
{
	struct waiting *w = table;

	if (!has_room(r->flow->device))
		return false;
	while (w < table + WAITING_MAX && w->used)
		w++;
	if (w == table + WAITING_MAX || !request_keep(&w->request, r))
		return false;
	w->used = true;
	w->device = r->flow->device;
	w->timer = (struct timer){.fire = on_timeout};
	timer_set(&child_wheel, &w->timer, child_now() + HELP_WAITS_MS);
	return true;
}

void help_waits_media_up(void)
{
	struct ipc_view v;
	struct request r;

	for (struct waiting *w = table; w < table + WAITING_MAX; w++) {
		if (!w->used)
			continue;
		if (request_kept(&w->request, &v, &r))
			request_resume(&r);
		let_go(w);
	}
}

bool help_waits_cancel(struct reply invite)
{
	for (struct waiting *w = table; w < table + WAITING_MAX; w++)
		if (w->used && w->request.reply.txn == invite.txn && w->request.reply.edge == invite.edge) {
			reply_refuse(invite, REFUSE_CANCELLED);
			let_go(w);
			return true;
		}
	return false;
}

void help_waits_status(struct proc_status *s)
{
	uint64_t n = 0;

	for (const struct waiting *w = table; w < table + WAITING_MAX; w++)
		n += w->used;
	status_add(s, "help-waits", STATUS_POOL, n, WAITING_MAX, 0, 0);
}
