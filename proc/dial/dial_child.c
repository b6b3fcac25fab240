/* SPDX-License-Identifier: ISC */
/* dial: names of trunks to addresses, and connections to them. It is the one process that connects outward; what comes over
 * the connections it never reads. */
#include "dial_child.h"
#include "attempt.h"
#include "beside.h"
#include "dns.h"
#include "reach.h"
#include "resolve.h"

/* The name servers are those of resolv.conf, read here for the last time. */
static void open_all(void)
{
	dns_open();
	resolve_open();
	attempt_open();
	reach_open();
	beside_open();
}

static void link_up(struct link *l)
{
	if (l->peer == PROC_EDGE && l->instance == DIAL_EDGE)
		reach_edge_up();
}

static void status(struct proc_status *s)
{
	reach_status(s);
	beside_status(s);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_REACH_WANT] = reach_on_want,
    [MSG_STREAM_WANT] = beside_on_want,
};

static const char *const calls[] = {
    "socket", "bind", "connect", "getsockopt", "setsockopt", "getsockname", "getpeername", "sendto", "recvfrom", NULL};
static const struct cage cage = {.name = "dial", .calls = calls, .files = 128, .memory_mb = 64};

const struct child dial_child = {
    .me = PROC_DIAL,
    .cage = &cage,
    .on = on,
    .open = open_all,
    .link_up = link_up,
    .status = status,
};
