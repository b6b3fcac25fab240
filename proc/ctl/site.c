/* SPDX-License-Identifier: ISC */
/* What changes the exchange as a whole. */
#include "ctl/verbs.h"

static void ask_parent(struct job *j, enum msg type)
{
	struct link *l;
	uint64_t token;
	void *m = job_ask(j, PROC_PARENT, type, &l, &token);

	if (!m)
		return;
	_Static_assert(sizeof(struct msg_ctl_stop) == sizeof(struct msg_ctl_reload) &&
			   sizeof(struct msg_ctl_stop) == sizeof(struct msg_ctl_upgrade),
	    "they hold the token alone");
	((struct msg_ctl_stop *)m)->token = token;
	job_asked(j, l);
}

void site_stop(struct job *j)
{
	ask_parent(j, MSG_CTL_STOP);
}

void site_reload(struct job *j)
{
	ask_parent(j, MSG_CTL_RELOAD);
}

void site_upgrade(struct job *j)
{
	ask_parent(j, MSG_CTL_UPGRADE);
}

static void say_ban(struct job *j, uint32_t seconds)
{
	struct addr address;
	struct link *l;
	uint64_t token;

	if (!addr_parse_ip(j->req.text[FIELD_ADDRESS], &address)) {
		job_fail(j, DONE_REFUSED, "that is no address", "give one such as 192.0.2.1 or 2001:db8::1");
		return;
	}
	struct msg_ctl_ban *m = job_ask(j, PROC_CORE, MSG_CTL_BAN, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->address = address;
	m->seconds = seconds;
	job_asked(j, l);
}

void site_ban(struct job *j)
{
	uint64_t seconds = j->req.number[FIELD_SECONDS];

	say_ban(j, seconds ? (uint32_t)seconds : 1);
}

/* A ban of no time ends the one there is. */
void site_unban(struct job *j)
{
	say_ban(j, 0);
}

static void confirm(struct job *j, enum proc who)
{
	struct link *l;
	uint64_t token;
	struct msg_clock_confirm *m = job_ask(j, who, MSG_CLOCK_CONFIRM, &l, &token);

	if (!m)
		return;
	m->token = token;
	job_asked(j, l);
}

void site_confirm_core(struct job *j)
{
	confirm(j, PROC_CORE);
}

void site_confirm_ledger(struct job *j)
{
	confirm(j, PROC_LEDGER);
}

void site_confirm_keeper(struct job *j)
{
	confirm(j, PROC_KEEPER);
}
