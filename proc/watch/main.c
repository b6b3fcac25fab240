/* SPDX-License-Identifier: ISC */
/* watch: alarms reach a person. Every process tells it of its own, past the database, so that an alarm needs nobody but the
 * process that raises it and this one. */
#include "base/log.h"
#include "ipc/child.h"
#include "watch/alarms.h"
#include "watch/notice.h"
#include "watch/teller.h"

enum { DESK_MS = 20000 }; /* as long as the mail command has */

static struct alarms alarms;
static struct site_alarms told_at_start;
static struct timer timer, desk_timer;
static uint64_t desk_asked, desk_asks; /* the token that core has not answered, or 0 */
static uint64_t heard;
static bool failing[WAYS];

static const char *const failure[WAYS] = {
    [WAY_SYSLOG] = "alarms do not reach syslog",
    [WAY_MAIL] = "alarms do not reach the mail command, or it fails",
    [WAY_DESK] = "alarms do not reach the front desk",
};

static void look(void);

/* Said once, until it went well again. */
static void went(enum alarm_way w, bool ok)
{
	alarms_told(&alarms, w, child_now(), ok);
	if (!ok && !failing[w]) {
		log_warn("%s", failure[w]);
		child_event(EVENT_CONFIG, SEVERITY_WARNING, 0, 0, NULL, failure[w]);
	}
	failing[w] = !ok;
}

static void on_told(enum alarm_way w, enum tell_result r)
{
	went(w, r == TELL_OK);
	look();
}

/* --- the ways --- */

static bool tell_syslog(const struct alarm_notice *n)
{
	for (uint32_t i = 0; i < n->lines; i++) {
		uint8_t mem[NOTICE_SYSLOG_MAX];
		struct buf b = buf_of(mem, sizeof mem);
		notice_syslog(&b, n, i);
		if (!teller_say(WAY_SYSLOG, buf_span(&b)))
			return false;
	}
	/* an empty one is answered, so that one answer ends them all */
	return teller_say(WAY_SYSLOG, SPAN(""));
}

static bool tell_mail(const struct alarm_notice *n)
{
	static uint8_t mem[NOTICE_MAIL_MAX];
	struct buf b = buf_of(mem, sizeof mem);

	notice_mail(&b, n, child_site()->domain, child_site()->alarms.to);
	return teller_say(WAY_MAIL, buf_span(&b));
}

static bool tell_desk(const struct alarm_notice *n)
{
	struct link *core = child_link(PROC_CORE, 0);
	struct msg_notify_desk *m = core ? ipc_begin(core, MSG_NOTIFY_DESK) : NULL;
	uint8_t mem[REASON_MAX];
	struct buf b = buf_of(mem, sizeof mem);

	if (!m)
		return false;
	notice_desk(&b, n);
	m->token = desk_asked = ++desk_asks;
	timer_set(&child_wheel, &desk_timer, child_now() + DESK_MS);
	m->text = ipc_put(core, buf_span(&b));
	ipc_end(core);
	return true;
}

static bool (*const tell[WAYS])(const struct alarm_notice *n) = {
    [WAY_SYSLOG] = tell_syslog,
    [WAY_MAIL] = tell_mail,
    [WAY_DESK] = tell_desk,
};

static void look(void)
{
	for (enum alarm_way w = 0; w < WAYS; w++) {
		const struct alarm_notice *n = alarms_due(&alarms, w, child_now());
		if (!n)
			continue;
		if (!tell[w](n)) /* what is taken is answered later */
			went(w, false);
	}
	uint64_t next = alarms_next_ms(&alarms);
	if (next != UINT64_MAX)
		timer_set(&child_wheel, &timer, next > child_now() ? next : child_now() + 1);
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	look();
}

/* --- what core says of the desk --- */

static void desk_went(bool told)
{
	timer_cancel(&child_wheel, &desk_timer);
	desk_asked = 0;
	went(WAY_DESK, told);
	look();
}

static void on_desk_silent(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	desk_went(false);
}

static void on_desk_told(struct link *from, const struct ipc_view *v)
{
	const struct msg_desk_told *m = v->payload;

	(void)from;
	if (desk_asked && m->token == desk_asked) /* another one comes too late */
		desk_went(m->told);
}

static void on_link_down(struct link *l)
{
	if (l->peer == PROC_CORE && desk_asked)
		desk_went(false);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	const struct msg_event *m = v->payload;
	struct alarm a = {.kind = (enum event_kind)m->kind,
	    .proc = from->peer,
	    .device = m->device,
	    .user = m->user,
	    .wall_ms = m->wall_ms};

	if (m->severity != SEVERITY_ALARM) {
		child_accuse(from, "tells watch what is no alarm", 0, 0);
		return;
	}
	heard++;
	alarms_add(&alarms, child_now(), &a, ipc_str(v, m->detail));
	look();
}

/* --- life --- */

static void on_open(void)
{
	const struct site_alarms *s = &child_site()->alarms;
	const bool on[WAYS] = {s->syslog != 0, s->mail[0] != 0, s->desk[0] != 0};

	told_at_start = *s;
	alarms_init(&alarms, on);
	timer.fire = on_timer;
	desk_timer.fire = on_desk_silent;
	desk_asks = child_now(); /* a core that was asked by the watch before answers that one's numbers */
	teller_start(s, on_told);
}

/* The helper's command is fixed when it starts: other alarms are a new watch, which parent starts with the site that now
 * stands. */
static void on_commit(const struct site *s)
{
	if (timer.fire && memcmp(&s->alarms, &told_at_start, sizeof told_at_start) != 0)
		child_begin_anew("the ways of alarms have changed");
}

static void on_status(struct proc_status *s)
{
	static const char *const name[WAYS][3] = {
	    {"syslog-told", "syslog-failed", "syslog-given-up"},
	    {"mail-told", "mail-failed", "mail-given-up"},
	    {"desk-told", "desk-failed", "desk-given-up"},
	};

	status_counter(s, "alarms", heard);
	for (int w = 0; w < WAYS; w++) {
		status_counter(s, name[w][0], alarms.queue[w].told);
		status_counter(s, name[w][1], alarms.queue[w].failed);
		status_counter(s, name[w][2], alarms.queue[w].dropped);
	}
}

static ipc_handler *const on[MSG_N] = {[MSG_EVENT] = on_event, [MSG_DESK_TOLD] = on_desk_told};
static const struct cage cage = {.name = "watch", .files = 48, .memory_mb = 64};

int main(int argc, char **argv)
{
	static const struct child watch = {
	    .me = PROC_WATCH,
	    .cage = &cage,
	    .on = on,
	    .open = on_open,
	    .commit = on_commit,
	    .serve = teller_serve,
	    .link_down = on_link_down,
	    .status = on_status,
	};

	return child_main(&watch, argc, argv);
}
