/* SPDX-License-Identifier: ISC */
/* Who is believed when one process says that another broke its contract. */
#include "base/log.h"
#include "parent.h"

enum { ACCUSED_DEVICES = 64, ACCUSED_MS = 3600000 };

/* the words of the higher count against the lower; a report upwards tells of its reporter */
static const uint8_t rank[PROC_N] = {
    [PROC_PARENT] = 4,
    [PROC_KEEPER] = 3,
    [PROC_SIGNER] = 3,
    [PROC_CORE] = 3,
    [PROC_LEDGER] = 2,
    [PROC_MEDIA] = 2,
    [PROC_NET] = 2,
    [PROC_CTL] = 1,
    [PROC_WATCH] = 1,
    [PROC_VOICE] = 1,
    [PROC_DIAL] = 1,
    [PROC_EDGE] = 0,
    [PROC_CONF] = 0,
};

static struct {
	uint32_t device, times;
	uint64_t last_ms;
} accused[ACCUSED_DEVICES];

/* How often bytes of this device made a process lie, with less than ACCUSED_MS in between; the longest quiet one makes room. */
static uint32_t count_device(uint32_t device)
{
	size_t at = 0;

	for (size_t i = 0; i < ACCUSED_DEVICES; i++) {
		if (accused[i].device == device) {
			at = i;
			break;
		}
		if (accused[i].last_ms < accused[at].last_ms)
			at = i;
	}
	if (accused[at].device != device || self.now_ms - accused[at].last_ms > ACCUSED_MS) {
		accused[at].device = device;
		accused[at].times = 0;
	}
	accused[at].last_ms = self.now_ms;
	return ++accused[at].times;
}

static void suspend(uint32_t device)
{
	struct slot *core = slot_find(PROC_CORE, 0);
	struct msg_suspend *m = core && core->state == SLOT_UP ? ipc_begin(&core->link, MSG_SUSPEND) : NULL;

	if (!m)
		return;
	m->device = device;
	ipc_end(&core->link);
	log_error("device %u is suspended", device);
}

static void against_reporter(struct slot *s)
{
	uint64_t *t = s->false_report_ms;

	life_kill(s, "reported a process of higher rank");
	event(EVENT_ACCUSED, SEVERITY_ALARM, 0, "reported a process of higher rank", s);
	for (int i = FALSE_REPORTS - 1; i > 0; i--)
		t[i] = t[i - 1];
	t[0] = self.now_ms;
	if (t[FALSE_REPORTS - 1] == 0 || t[0] - t[FALSE_REPORTS - 1] > FALSE_REPORTS_MS)
		return;
	s->state = SLOT_KEPT_DOWN;
	log_error("%s/%u stays down: %d false reports in a minute; `ringfence reload` starts it again",
	    proc_name[s->proc], s->instance, FALSE_REPORTS);
	event(EVENT_ACCUSED, SEVERITY_ALARM, 0, "kept down after false reports", s);
}

void on_accuse(struct link *from, const struct ipc_view *v)
{
	const struct msg_accuse *m = v->payload;
	struct slot *by = slot_of(from), *of = slot_find((enum proc)m->peer, m->instance);

	if (by->state != SLOT_UP && by->state != SLOT_STARTING)
		return;
	if (!of || of == by || !links_allowed(by->proc, of->proc) || rank[of->proc] > rank[by->proc]) {
		against_reporter(by);
		return;
	}
	if (of->state != SLOT_UP && of->state != SLOT_STARTING)
		return; /* it fell already */
	life_kill(of, "a sibling reports that it broke the contract");
	/* core alone knows whose connection is whose */
	const uint32_t device = by->proc == PROC_CORE ? m->device : 0;
	event(EVENT_ACCUSED, SEVERITY_ALARM, device, "broke the contract", of);
	if (device && count_device(device) >= 2)
		suspend(device);
}
