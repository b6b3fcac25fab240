/* SPDX-License-Identifier: ISC */
/* Local clients of the control socket: one request each, answered in JSON lines. Bounded in number, octets and time. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "base/buf.h"
#include "base/wheel.h"
#include "ctl/request.h"
#include <ev.h>

enum {
	CLIENTS_MAX = 16,
	CLIENTS_OF_OTHERS_MAX = 6,    /* of users who may not administer */
	CLIENT_OUT_MAX = 1024 * 1024, /* some 2,500 calls, which come all at once */
	CLIENT_REQUEST_MS = 5000,     /* to say the request */
	CLIENT_DRAIN_MS = 30000,      /* to take the answer when it goes no further */
};

struct job;

struct client {
	int fd; /* or that the slot is free, or that the client left and its job goes on */
	uint32_t uid;
	enum role role;
	uint32_t in_n;
	uint8_t in[REQUEST_MAX]; /* holds a password: wiped */
	uint8_t *out;            /* codes and rows of the log pass through it: what was sent or dropped is wiped */
	uint32_t out_n, sent;
	bool ending; /* nothing more will be said: close when all went */
	struct job *job;
	ev_io read, write;
	struct timer timer;
};

/* What is needed from before the cage. */
void clients_open(void);
/* The listening socket; op is the uid that may administer besides root. */
void clients_init(int listen_fd, uint32_t op);

/* A writer over what is left of the output; client_said() takes what was written, unless it did not fit (false). */
struct buf client_room(struct client *c);
bool client_said(struct client *c, const struct buf *b);
/* Octets that the client has not taken yet. */
uint32_t client_backlog(const struct client *c);
void client_end(struct client *c);
/* Clients of this uid with such a request at work. */
uint32_t clients_asking(uint32_t uid, enum verb v);
/* Hand over what can be handed over at once: this process ends. */
void clients_flush(void);

struct proc_status;
void clients_status(struct proc_status *s);

#endif
