/* SPDX-License-Identifier: ISC */
/* The programs of bpf/ as net brings them, for a media process on a stage: in the network of this process, at one interface. */
#ifndef TEST_KERNEL_HOUSE_H
#define TEST_KERNEL_HOUSE_H

#include "stage.h"

enum { KERNEL_HOUSE_SKIPPED = 77 };

/* This process in a network of its own, and another beside it, with ours and theirs at the ends of `rfm0`. False: not allowed here. */
bool kernel_house_networks(const char *ours, const char *theirs);
/* A socket of UDP in the other network. */
int kernel_house_socket(void);
/* A raw one there, for whole datagrams of UDP. */
int kernel_house_raw(void);
/* What that costs is not the phones' network's: it goes. */
void kernel_house_leave(void);

/* Load, attach to `interface`, make the pair of devices. NULL, or why not. */
const char *kernel_house_open(const struct addr *ours, const char *interface, uint16_t lo, uint32_t ports);
/* Tell a media process that has just begun. */
void kernel_house_give(struct stage *s);
/* Packets that the ring has not given yet are none of a stopped media's: how often each way was taken in all ports' lives. */
uint64_t kernel_house_handed(uint32_t slot);
void kernel_house_close(void);

#endif
