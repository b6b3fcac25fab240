/* SPDX-License-Identifier: ISC */
#include "frames.h"
#include "depart.h"
#include "depart_bpf.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>

enum { FRAME_MAX = 1500 };

static uint8_t frame[FRAME_MAX];
static uint32_t frame_len;
static int program;

/* One's complement sum of whole words, not folded. */
static uint32_t sum_of(const void *from, uint32_t n)
{
	const uint8_t *p = from;
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t folded(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* What the sum of its UDP datagram comes to. */
static uint16_t write_frame(const struct frames *f)
{
	const uint16_t udp_len = (uint16_t)(sizeof(struct udphdr) + f->size);
	struct ethhdr ethernet = {.h_proto = htons(ETH_P_IP)};
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .saddr = f->from.s_addr, .daddr = f->to.s_addr};
	struct udphdr udp = {.source = htons(f->from_port), .dest = htons(f->lo), .len = htons(udp_len)};
	uint8_t *at = frame;

	memcpy(ethernet.h_source, f->from_mac, sizeof f->from_mac);
	memcpy(ethernet.h_dest, f->to_mac, sizeof f->to_mac);
	ip.tot_len = htons((uint16_t)(sizeof ip + udp_len));
	ip.check = htons((uint16_t)~folded(sum_of(&ip, sizeof ip)));
	memcpy(at, &ethernet, sizeof ethernet);
	memcpy(at += sizeof ethernet, &ip, sizeof ip);
	memcpy(at += sizeof ip, &udp, sizeof udp);
	at += sizeof udp;
	at[0] = 0x80;
	frame_len = (uint32_t)(at - frame) + f->size;
	return folded(sum_of(&ip.saddr, 8) + IPPROTO_UDP + udp_len + sum_of(&udp, sizeof udp) + sum_of(at, f->size));
}

bool frames_ready(const struct frames *f)
{
	struct depart d = {.lo = f->lo, .flows = f->flows, .interface = if_nametoindex(f->by)};
	struct bpf_object *object = bpf_object__open_mem(depart_bpf, sizeof depart_bpf, NULL);
	uint32_t zero = 0;

	if (!d.interface || !object || f->size % 2 || f->size + DEPART_HEAD > FRAME_MAX || bpf_object__load(object) != 0)
		return false;
	d.sum = write_frame(f);
	memcpy(d.head, frame, sizeof d.head);
	program = bpf_program__fd(bpf_object__find_program_by_name(object, "depart_xdp"));
	return program >= 0 && bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "departs"), &zero, &d, BPF_ANY) == 0;
}

bool frames_send(uint32_t n, uint32_t burst)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = frame_len, .repeat = (int)n, .batch_size = burst,
	    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	return bpf_prog_test_run_opts(program, &run) == 0;
}
