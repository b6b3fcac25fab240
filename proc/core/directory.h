/* SPDX-License-Identifier: ISC */
/* What core knows of people and phones: a cache that ledger fills in whole generations. One refused item keeps the old
 * generation. */
#ifndef CORE_DIRECTORY_H
#define CORE_DIRECTORY_H

#include "ipc/child.h"

enum { USER_DEVICES_MAX = 16, NOBODY = UINT32_MAX };

struct user {
	bool used, enabled;
	uint8_t devices;
	uint32_t device[USER_DEVICES_MAX]; /* phones that may be logged in by this user */
	char name[USER_NAME_MAX + 1], display[DISPLAY_MAX + 1];
};

struct device {
	uint8_t state; /* enum device_state */
	bool known;    /* it was something once: edges hear of it even when it is gone */
	uint32_t flags, epoch;
	char label[LABEL_MAX + 1];
};

/* Called after a generation was committed, for each device that is no longer valid and each user that is gone. */
struct directory_watch {
	void (*device_lost)(uint32_t device);
	void (*user_lost)(uint32_t user);
	void (*user_gone)(uint32_t user);        /* deleted: its place is nobody's, or somebody else's */
	void (*device_changed)(uint32_t device); /* state, flags or epoch: edges want to know */
};

struct group { /* a ring group: a number that rings its members */
	bool used;
	char name[USER_NAME_MAX + 1], display[DISPLAY_MAX + 1];
};

void directory_init(uint32_t max_users, uint32_t max_phones, const struct directory_watch *watch);

const struct user *directory_user(uint32_t index);      /* NULL when there is none */
const struct device *directory_device(uint32_t index);  /* NULL when there is none */
uint32_t directory_find(struct span name);              /* an enabled user, or NOBODY */
const struct group *directory_group_at(uint32_t index); /* NULL when there is none */
uint32_t directory_group(struct span name);             /* a ring group, or NOBODY */
bool directory_needs_md5(uint32_t user);                /* one of their phones knows no better digest */
bool directory_allows(uint32_t user, uint32_t device);
bool directory_valid(uint32_t device); /* its certificate is good */
uint32_t directory_generation(void);   /* 0 until the first commit */

/* Suspend a phone until the next whole generation, by itself and without ledger (an accused device). */
void directory_suspend(uint32_t device);

/* All valid devices to one edge, then DEVICES_DONE. */
void directory_tell(struct link *edge);
void directory_tell_device(struct link *edge, uint32_t device);

void directory_on_begin(struct link *from, const struct ipc_view *v);
void directory_on_user(struct link *from, const struct ipc_view *v);
void directory_on_device(struct link *from, const struct ipc_view *v);
void directory_on_binding(struct link *from, const struct ipc_view *v);
void directory_on_group(struct link *from, const struct ipc_view *v);
void directory_on_setting(struct link *from, const struct ipc_view *v);
void directory_on_commit(struct link *from, const struct ipc_view *v);

void directory_status(struct proc_status *s);

#endif
