/* SPDX-License-Identifier: ISC */
/* The far end of paced.c: drops what it sent and notes how long ago it wrote the time into it. All else goes on: phones speak SIP there. */
#include "arrive.h"
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DELAYS);
	__type(key, __u32);
	__type(value, __u64);
} delays SEC(".maps");

static __always_inline int note(void *data, void *end)
{
	struct stamped *p = data + sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr);

	if ((void *)(p + 1) > end || p->rtp[0] != 0x80 || p->magic != STAMP)
		return 0;
	__u64 us = (bpf_ktime_get_ns() - p->sent_ns) / 1000;
	__u32 at = us < DELAYS ? (__u32)us : DELAYS - 1;
	__u64 *n = bpf_map_lookup_elem(&delays, &at);
	if (n)
		__sync_fetch_and_add(n, 1);
	return 1;
}

SEC("xdp")
int arrive_xdp(struct xdp_md *ctx)
{
	return note((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int arrive_tc(struct __sk_buff *skb)
{
	bpf_skb_pull_data(skb, skb->len < 80 ? skb->len : 80);
	return note((void *)(long)skb->data, (void *)(long)skb->data_end) ? TC_ACT_SHOT : TC_ACT_OK;
}

char licence[] SEC("license") = "Dual BSD/GPL";
