/* SPDX-License-Identifier: ISC */
#include "base/clock.h"
#include "base/log.h"
#include "ipc/reads_alone.h"
#include "signer/signer.h"
#include "signer/trunk_keys.h"
#include "vault/store_given.h"

enum { LOOK_EVERY_S = 3 };

static ev_timer look;

static void on_open(void)
{
	signer_open(child_site());
}

/* A certificate that no key fits is refused at a reload; at the start nothing is open yet, and signer_open() says it. */
static const char *on_prepare(const struct site *s)
{
	return signer.key[SIGN_SERVER] ? trunk_keys_judge(s) : signer_look_at_store();
}

static void on_commit(const struct site *s)
{
	if (signer.key[SIGN_SERVER]) { /* not the first, which comes before open */
		reads_alone_commit();
		signer_set_site(s);
		/* another site is another question, at once; and who put the clock right may wait for it */
		signer.asked_ms = signer.ahead_ms = 0;
		signer_look(clock_wall_ms());
	}
}

static void on_look(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	signer_look(clock_wall_ms());
	if (signer.store.unwiped && !store_wipe(&signer.store))
		log_info("the old sealed store is erased");
}

static void on_serve(void)
{
	if (signer.store.reads_alone)
		reads_alone_serve("its disk is read-only");
	ev_timer_init(&look, on_look, LOOK_EVERY_S, LOOK_EVERY_S);
	ev_timer_start(child_loop(), &look);
}

static void on_link_up(struct link *l)
{
	if (l->peer == PROC_EDGE) {
		signer_tell(l);
	} else if (l->peer == PROC_MEDIA) {
		signer_tell_media(l);
	} else if (l->peer == PROC_KEEPER) {
		signer.waiting = false; /* another keeper has not heard the question */
		signer_look(clock_wall_ms());
	}
}

static void on_status(struct proc_status *s)
{
	status_counter(s, "signatures", signer.signatures);
	status_counter(s, "proofs", signer.proofs);
	status_counter(s, "rewrites", signer.store.rewrites);
	reads_alone_status(s);
}

/* The two files of the store stay open from before the cage; inside it nothing is opened any more. */
static const struct cage cage = {.name = "signer", .files = 32, .memory_mb = 64, .may_write_files = 1};

int main(int argc, char **argv)
{
	static const struct child signer_child = {
	    .me = PROC_SIGNER,
	    .cage = &cage,
	    .on = signer_on,
	    .file = store_given,
	    .open = on_open,
	    .prepare = on_prepare,
	    .commit = on_commit,
	    .serve = on_serve,
	    .link_up = on_link_up,
	    .status = on_status,
	};
	return child_main(&signer_child, argc, argv);
}
