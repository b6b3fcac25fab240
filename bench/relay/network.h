/* SPDX-License-Identifier: ISC */
/* Networks of our own, joined to this one by veth. What the kernel refuses ends the program, and they end with it. Root. */
#ifndef BENCH_NETWORK_H
#define BENCH_NETWORK_H

#include <bpf/libbpf.h>
#include <stdint.h>
#include <sys/types.h>

_Noreturn void fail(const char *what);
void run(const char *command);

/* The i-th: its end of the veth is `p` with 10.9.i.2, ours rfm<i> with 10.9.i.1. The process that keeps it. */
pid_t make_network(int i);
int enter(pid_t network); /* for leave() */
void leave(int home);

void attach_tc(int interface, int program, enum bpf_tc_attach_point where);
void detach_tc(int interface); /* all that is there, of whomever */
void read_mac(const char *dev, uint8_t mac[6]);
void plain_frames(const char *dev); /* its frames carry their checksum, as from a wire */

#endif
