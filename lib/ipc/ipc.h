/* SPDX-License-Identifier: ISC */
/* How two processes talk: a non-blocking SOCK_SEQPACKET pair; a datagram is a frame of many messages; a message is a
 * fixed payload struct, checked field by field on opening, and a tail that its strings and parts point into.
 * What may be said by whom is data: contract.def. */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include "base/addr.h"
#include "base/span.h"
#include "ipc/contract.h"

enum {
	IPC_FRAME_MAX = 32768,   /* one by one costs 0.97 us a message; a full frame hides it */
	IPC_MESSAGE_MAX = 14592, /* payload and tail of all but those that carry the site */
	IPC_SITE_MAX = 32704,    /* one that carries the site has a frame of its own */
	IPC_QUEUE_FRAMES = 64,   /* frames that wait for a slow sibling; then it counts as stuck */
	IPC_FRAMES_PER_TURN = 16,
};

struct ipc_head {
	uint16_t type;  /* enum msg */
	uint16_t class; /* enum msg_class */
	uint32_t size;  /* payload + tail, a multiple of 8 */
};

struct ipc_frame_head {
	uint32_t size; /* the whole frame */
	uint16_t messages;
	uint16_t zero;
	uint16_t grant[8]; /* by class: credit given back to the reader */
};

/* One received message. Valid inside the handler only. */
struct ipc_view {
	enum msg type;
	enum msg_class class;
	const void *payload; /* struct msg_NAME of its type */
	struct span tail;
	int fd; /* -1, or a descriptor that the handler owns and must close or keep */
};

struct ipc_frame {
	int fd; /* to be passed with it, or -1 */
	uint32_t n;
	bool secret; /* a message in it is (msg_is_secret) */
	_Alignas(8) uint8_t bytes[IPC_FRAME_MAX];
};

struct link {
	int fd;
	enum proc me, peer;
	uint32_t instance; /* which of several of the peer's kind */
	enum msg_phase phase;
	bool broken; /* closed by the peer, or by us for a bad message or a full queue */
	const char *broken_why;
	uint16_t credit[CLASS_N];   /* what we may still send */
	uint16_t to_grant[CLASS_N]; /* what we owe the peer */
	uint16_t window[CLASS_N];   /* what the peer may still send */
	uint64_t sent, received, out_of_credit;
	uint32_t rate_left[MSG_N]; /* this second's messages of each type that the contract still allows */
	uint64_t rate_second;
	bool urgent;            /* something is queued that may not wait */
	struct ipc_head *open;  /* the message that is being written */
	uint32_t first, queued; /* ring of frames; the one at first + queued is being filled */
	struct ipc_frame *ring; /* IPC_QUEUE_FRAMES, touched only as used */
};

typedef void ipc_handler(struct link *from, const struct ipc_view *v);

/* False when there is no memory. */
bool link_init(struct link *l, int fd, enum proc me, enum proc peer, uint32_t instance, enum msg_phase phase);
void link_fini(struct link *l);
/* Closed, and kept for the next: link_again() needs no memory, and cannot fail. */
void link_close(struct link *l);
void link_again(struct link *l, int fd, enum proc me, enum proc peer, uint32_t instance, enum msg_phase phase);

/* Begin a message: the zeroed payload to fill, or NULL when credit for its class or room is out (the caller then
 * refuses the work that it stands for). Nothing is sent before ipc_end(). At most one message is open at a time. */
void *ipc_begin(struct link *l, enum msg type);
/* For a type that may travel in several classes. */
void *ipc_begin_as(struct link *l, enum msg type, enum msg_class class);
/* The same, with a descriptor that is passed on and then closed here (also when this fails). */
void *ipc_begin_fd(struct link *l, enum msg type, int fd);
/* Append to the tail of the open message. What is longer than the contract allows is a bug of ours and aborts. */
struct str ipc_put(struct link *l, struct span s);
struct str ipc_put_part(struct link *l, const void *part, size_t n);
void ipc_end(struct link *l);
/* This one may wait for company, though others of its type may not. */
void ipc_end_late(struct link *l);

/* Write out what is queued; true when all of it went. Also gives back credit. */
bool link_flush(struct link *l);

/* What is queued, if anything, may wait for more of its kind (msg_may_wait). */
bool link_is_lazy(const struct link *l);

/* Read and dispatch at most IPC_FRAMES_PER_TURN frames. A message that breaks the contract marks the link broken. */
void link_read(struct link *l, ipc_handler *const on[MSG_N]);
void link_read_one(struct link *l, ipc_handler *const on[MSG_N]); /* frame */

/* Whether the next frame carries a descriptor, which whoever reads it must have room for; nothing is read. */
bool link_brings_descriptor(const struct link *l);

/* For a caller that must wait (edge asking signer): flush, then dispatch until *done or the time is over. */
bool link_wait(struct link *l, ipc_handler *const on[MSG_N], const bool *done, int timeout_ms);

static inline struct span ipc_str(const struct ipc_view *v, struct str s)
{
	return span_of(s.len ? v->tail.p + s.off : NULL, s.len);
}

/* An optional part, checked on opening; NULL when absent. */
static inline const void *ipc_part(const struct ipc_view *v, struct str s)
{
	return s.len ? v->tail.p + s.off : NULL;
}

/* The check that every received message passes, public for fuzzers and breach tests: the reason, or NULL when good. */
const char *ipc_check(enum msg type, const void *payload, struct span tail);

#endif
