/* SPDX-License-Identifier: ISC */
/* Connections, as the edges announce them: each stands for one device and the users logged in on it, or for a trunk. */
#ifndef CORE_FLOW_H
#define CORE_FLOW_H

#include "directory.h"

enum {
	FLOW_USERS_MAX = 8,
	FLOW_DEVICE_MAX = 8, /* connections of one phone, over all edges */
};

struct flow {
	uint64_t id; /* the edge's */
	uint32_t edge, device;
	uint32_t older, newer; /* slots, among its device's */
	uint8_t listener, users;
	uint8_t trunk; /* 0: a phone; else its number, and no device stands behind it */
	bool expired, tls12;
	bool came; /* the trunk made the connection */
	struct addr remote;
	struct flow_login {
		uint32_t user;
		uint64_t until_ms;
		bool over; /* good for the calls that stand and for nothing new */
	} login[FLOW_USERS_MAX];
};

/* For devices up to this number, and more flows than there are devices. */
void flow_init(uint32_t max_flows, uint32_t max_device);

struct flow *flow_get(uint64_t id); /* NULL when it is gone */
/* Whose connection that is, by what this edge said before; 0: nobody's, or another edge's. Who is accused names no phone. */
uint32_t flow_device_at(const struct link *edge, uint64_t id);
struct link *flow_link(const struct flow *f);

/* The flow that has to go before one more of this device may come: its own oldest, when it has enough; in a full table the
 * oldest of the device that has most. NULL: none. So a phone always gets in, and may call for help (R16). */
struct flow *flow_crowd(uint32_t device);

/* The edge said it is up. NULL when the table is full; f->id is the edge's. */
struct flow *flow_add(uint32_t edge, const struct msg_flow_up *m);
void flow_remove(struct flow *f);

bool flow_logged_in(const struct flow *f, uint32_t user, uint64_t now_ms);
/* The oldest login gives way when there are more than FLOW_USERS_MAX. */
void flow_log_in(struct flow *f, uint32_t user, uint64_t until_ms);
void flow_log_out(struct flow *f, uint32_t user);
/* The password that it came of is none any more: calls that this user has here go on, and nothing else does. */
void flow_login_over(struct flow *f, uint32_t user);
bool flow_login_is_over(const struct flow *f, uint32_t user);
bool flow_carries_on(const struct flow *f, uint32_t user, uint64_t now_ms);

/* The one that the phone made last; NULL: it has none. */
struct flow *flow_newest(uint32_t device);

/* Call for every flow; the callback may remove the one that it is given. */
void flow_each(void (*visit)(struct flow *f, void *arg), void *arg);

/* Ask the edge to close it. */
void flow_close(struct flow *f, enum flow_why why);

void flow_status(struct proc_status *s);

#endif
