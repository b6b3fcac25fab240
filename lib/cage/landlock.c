/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "cage_int.h"
#include <errno.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What each version of the interface can deny: the lowest so many bits of access to files; Debian's header knows the
 * first of them only. */
static const uint8_t fs_bits[] = {0, 13, 14, 15, 15, 16};

enum { VERSION_NET = 4, NET_BIND_AND_CONNECT = 3 };

struct ruleset { /* struct landlock_ruleset_attr of version 4 */
	uint64_t fs, net;
};

static void allow_beneath(int rules, int dir_fd, uint64_t access)
{
	struct landlock_path_beneath_attr at = {.allowed_access = access, .parent_fd = dir_fd};

	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at, 0) != 0)
		log_fatal("cage: landlock directory: %s", strerror(errno));
}

void cage_landlock(const int *dir_fd, int n, bool may_connect)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version < 1) {
		if (errno != ENOSYS && errno != EOPNOTSUPP) /* it is there, and somebody's filter keeps it from us */
			log_line(LOG_WARN, "cage: landlock is refused here: %s", strerror(errno));
		return;
	}
	if (version > (long)sizeof fs_bits - 1)
		version = (long)sizeof fs_bits - 1;
	struct ruleset r = {.fs = (1ull << fs_bits[version]) - 1};
	size_t size = sizeof r.fs;
	if (version >= VERSION_NET) {
		r.net = may_connect ? 0 : NET_BIND_AND_CONNECT;
		size = sizeof r;
	}
	int rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (rules < 0)
		log_fatal("cage: landlock: %s", strerror(errno));
	for (int i = 0; i < n; i++)
		allow_beneath(rules, dir_fd[i], r.fs & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE);
	if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		log_fatal("cage: landlock: %s", strerror(errno));
	close(rules);
}
