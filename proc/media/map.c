/* SPDX-License-Identifier: ISC */
#include "map.h"
#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *a)
{
	return syscall(SYS_bpf, command, a, sizeof *a);
}

bool map_is(int fd, const struct map_shape *shape)
{
	struct bpf_map_info info;
	union bpf_attr a;

	memset(&a, 0, sizeof a);
	memset(&info, 0, sizeof info);
	a.info.bpf_fd = (uint32_t)fd;
	a.info.info_len = sizeof info;
	a.info.info = (uint64_t)(uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &a) != 0)
		return false;
	errno = EINVAL;
	return info.type == shape->type && info.key_size == shape->key_size && info.value_size == shape->value_size &&
	       (shape->entries == 0 || info.max_entries == shape->entries) &&
	       (info.map_flags & shape->flags) == shape->flags;
}

long map_elem(int fd, int command, const void *key, void *value)
{
	union bpf_attr a;

	memset(&a, 0, sizeof a);
	a.map_fd = (uint32_t)fd;
	a.key = (uint64_t)(uintptr_t)key;
	a.value = (uint64_t)(uintptr_t)value;
	/* what was noted of the writing before is seen before anything of this one (bpf/datagram.h) */
	atomic_thread_fence(memory_order_seq_cst);
	return bpf(command, &a);
}
