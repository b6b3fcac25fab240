/* SPDX-License-Identifier: ISC */
/* net on a stage of its own: a network with one veth (rfk0, 192.0.2.1), a bpffs as its directory, the test as core, media and ledger. */
#ifndef TEST_NET_HOUSE_H
#define TEST_NET_HOUSE_H

#include "stage_lies.h"

enum { NET_UID = 61900 + PROC_NET };

extern struct stage net_stage;
extern struct link *net_core, *net_media;
extern char net_cwd[];

extern struct net_seen {
	int fd[KERNEL_MAPS];
	struct msg_kernel_map map[KERNEL_MAPS];
	struct msg_kernel_path path;
	bool all; /* both maps came */
	int events;
	char event[REASON_MAX + 1]; /* the last */
} net_seen;

/* 0, or what main() returns: the host cannot give what it takes, or the arguments are none. */
int net_house_open(int argc, char **argv);
void net_house_close(void);

struct addr net_at(const char *ip);
bool net_pins(bool wanted); /* its directory is a bpffs, an empty one */
bool net_start(void);       /* it waits for the site */
bool net_begin(const char *address); /* another life, with the site of that media address */
/* Another exchange on this host, with other ports; its pins are in that directory, which is a bpffs from now on. */
bool net_other(struct stage *other, const char *pins, const char *address);
bool net_has_maps(void);
void net_forget(void);
bool net_says(const char *line); /* of status, with 1 */
bool net_veths_take_xdp(void);   /* the kernel says so of them, since 6.3: before, they have tc */

#endif
