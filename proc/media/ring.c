/* SPDX-License-Identifier: ISC */
#include "ring.h"
#include <linux/bpf.h>
#include <string.h>

enum { ALIGNED = 8 };

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

void ring_begin(struct ring *r)
{
	r->next = r->last = load(r->read);
}

void ring_release(struct ring *r, bool wakes)
{
	__atomic_store_n(r->read, wakes ? r->next : r->last, __ATOMIC_SEQ_CST);
}

static void pass(struct ring *r, uint64_t to)
{
	r->last = r->next;
	r->next = to;
}

/* The octets of a record, its header apart, from its length. */
static bool copied(const uint8_t *at, uint32_t n, struct ring_packet *head, uint8_t *octets)
{
	if (n < sizeof *head)
		return false;
	memcpy(head, at, sizeof *head); /* once: what is checked is what is used */
	if (head->n == 0 || head->n > RING_LARGE || head->n > n - sizeof *head)
		return false;
	memcpy(octets, at + sizeof *head, head->n);
	return true;
}

enum ring_result ring_take(struct ring *r, struct ring_packet *head, uint8_t octets[RING_LARGE])
{
	uint64_t read = r->next, written = load(r->written), left = written - read;

	if (left == 0)
		return RING_EMPTY;
	const uint8_t *at = r->data + (read & (r->octets - 1));
	if (left > r->octets || left < BPF_RINGBUF_HDR_SZ || read % ALIGNED) {
		pass(r, written); /* no positions that a kernel has */
		return RING_PASSED_OVER;
	}
	uint32_t word = __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);
	if (word & BPF_RINGBUF_BUSY_BIT) /* still being written: its waking comes after */
		return RING_EMPTY;
	uint32_t n = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	uint64_t whole = ((uint64_t)n + BPF_RINGBUF_HDR_SZ + ALIGNED - 1) & ~(uint64_t)(ALIGNED - 1);
	if (whole > left) {
		pass(r, written);
		return RING_PASSED_OVER;
	}
	bool is = !(word & BPF_RINGBUF_DISCARD_BIT) && copied(at + BPF_RINGBUF_HDR_SZ, n, head, octets);
	pass(r, read + whole);
	return is ? RING_TAKEN : RING_PASSED_OVER;
}
