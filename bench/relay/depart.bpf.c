/* SPDX-License-Identifier: ISC */
/* The near end of bench/relay/kernel.c under XDP: frames as a driver has them, made in the kernel, one for each flow in turn. */
#include "depart.h"
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct depart);
} departs SEC(".maps");

SEC("xdp")
int depart_xdp(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u32 zero = 0;
	struct depart *d = bpf_map_lookup_elem(&departs, &zero);

	if (!d || data + DEPART_HEAD > (__u8 *)(long)ctx->data_end)
		return XDP_ABORTED;
	/* the frame is one that was relayed before */
	__builtin_memcpy(data, d->head, DEPART_HEAD);
	__u32 sum = (__u32)d->sum + d->next + d->round;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__be16 *)(data + DEPART_PORT_AT) = bpf_htons((__u16)(d->lo + d->next));
	*(__be16 *)(data + DEPART_SEQUENCE_AT) = bpf_htons(d->round);
	*(__be16 *)(data + DEPART_CHECK_AT) = bpf_htons((__u16)~sum);
	if (++d->next == d->flows) {
		d->next = 0;
		d->round++;
	}
	return (int)bpf_redirect(d->interface, 0);
}

char licence[] SEC("license") = "Dual BSD/GPL";
