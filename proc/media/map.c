/* SPDX-License-Identifier: ISC */
#include "map.h"
#include "base/log.h"
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
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

void *map_entries(int fd, size_t octets, uint32_t n)
{
	void *at = mmap(NULL, n * octets, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (at != MAP_FAILED)
		return at;
	log_error("what the kernel shares can't be mapped: %s", strerror(errno));
	return NULL;
}
