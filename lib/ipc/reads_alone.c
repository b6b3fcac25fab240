/* SPDX-License-Identifier: ISC */
#include "reads_alone.h"
#include "base/log.h"
#include "ipc/child.h"
#include "ipc/child_event.h"
#include <stdio.h>

enum { AGAIN_MS = 600000 };

static bool alone;
static struct timer again;

static void begin_anew(void)
{
	child_begin_anew("its disk may take writes again");
}

static void on_again(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	begin_anew();
}

void reads_alone_serve(const char *why)
{
	char text[REASON_MAX + 1];

	alone = true;
	snprintf(text, sizeof text, "%s keeps nothing, and says what can be read: %.100s", proc_name[child_me()], why);
	log_error("%s", text);
	child_alarm(EVENT_FULL, text);
	again.fire = on_again;
	timer_set(&child_wheel, &again, child_now() + AGAIN_MS);
}

void reads_alone_commit(void)
{
	if (alone)
		begin_anew();
}

void reads_alone_status(struct proc_status *s)
{
	status_counter(s, "reads-alone", alone);
}
