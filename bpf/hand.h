/* SPDX-License-Identifier: ISC */
/* What comes for calls that end here, handed to media without a system call for each packet; without room it goes up to its socket. */
#ifndef BPF_HAND_H
#define BPF_HAND_H

#include "judge.h"
#include "handed.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_OCTETS);
} ring SEC(".maps");

static __always_inline int hand_as(
    void *ctx, load_octets *load, const struct datagram *d, const struct way *f, __u32 slot, const __u32 room)
{
	__u64 last = d->n - 1ull;

	if (last >= room)
		return 0;
	struct ring_packet *r = bpf_ringbuf_reserve(&ring, sizeof *r + room, 0);
	if (!r)
		return 0;
	r->join = f->join;
	r->from = d->from;
	r->slot = (__u16)slot;
	r->check = d->check;
	r->from_port = d->from_port;
	r->n = (__u16)d->n;
	/* of one register, from which the length is made: what is learned of a copy the verifier takes back to it from Linux 6.10 on only */
	asm volatile("" : "+r"(last));
	if (last >= room || load(ctx, d->at, r + 1, (__u32)last + 1)) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return 0;
	}
	/* wakes media when it had read all, and not while it is still reading */
	bpf_ringbuf_submit(r, 0);
	return 1;
}

/* False: it goes up to the socket. */
static __always_inline int hand_up(
    void *ctx, load_octets *load, const struct datagram *d, const struct way *f, __u32 slot, struct flow_tally *t)
{
	if (!(d->n <= RING_SMALL ? hand_as(ctx, load, d, f, slot, RING_SMALL)
				 : hand_as(ctx, load, d, f, slot, RING_LARGE)))
		return 0;
	COUNT(t, handed, 1);
	return 1;
}

#endif
