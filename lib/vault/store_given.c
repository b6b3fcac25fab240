/* SPDX-License-Identifier: ISC */
#include "vault/store_given.h"
#include "base/log.h"
#include "base/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int dir_fd = -1, look_fd = -1, boot_key_fd = -1;

void store_given(enum file_kind what, int fd)
{
	if (what == FILE_STORE_DIR && dir_fd < 0)
		dir_fd = fd;
	else if (what == FILE_STORE_LOOK && look_fd < 0)
		look_fd = fd;
	else if (what == FILE_BOOT_KEY && boot_key_fd < 0)
		boot_key_fd = fd;
	else
		close(fd);
}

void store_open_given(struct store *s, const char *process, uint32_t entries_max, uint32_t bytes_max)
{
	uint8_t *key = secret_new(STORE_BOOT_KEY);

	if (dir_fd < 0 || boot_key_fd < 0)
		log_fatal("parent gave no store or no boot key");
	if (pread(boot_key_fd, key, STORE_BOOT_KEY, 0) != STORE_BOOT_KEY)
		log_fatal("the boot key is not %d octets", STORE_BOOT_KEY);
	const char *why = store_open(s, dir_fd, process, key, entries_max, bytes_max);
	secret_free(key, STORE_BOOT_KEY);
	if (why)
		log_fatal("%s", why);
	close(boot_key_fd);
	close(dir_fd);
}

static const char *look(const char *process, uint32_t entries_max, uint32_t bytes_max)
{
	static const char *const name[] = {"store.a", "store.b"};
	static char line[REASON_MAX];
	uint8_t *key = secret_new(STORE_BOOT_KEY);
	const char *why = "the boot key is not readable";
	struct store s;

	for (int i = 0; i < 2; i++) {
		int fd = openat(look_fd, name[i], O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0) {
			snprintf(line, sizeof line, "%s/%s: %s", process, name[i], strerror(errno));
			secret_free(key, STORE_BOOT_KEY);
			return line;
		}
		close(fd);
	}
	if (boot_key_fd >= 0 && pread(boot_key_fd, key, STORE_BOOT_KEY, 0) == STORE_BOOT_KEY)
		why = store_look_in(&s, look_fd, process, key, entries_max, bytes_max);
	secret_free(key, STORE_BOOT_KEY);
	if (!why) {
		store_close(&s);
		return NULL;
	}
	snprintf(line, sizeof line, "%s/store.a, %s/store.b: %s", process, process, why);
	return line;
}

const char *store_look_given(const char *process, uint32_t entries_max, uint32_t bytes_max)
{
	return look_fd < 0 ? NULL : look(process, entries_max, bytes_max);
}
