/* SPDX-License-Identifier: ISC */
#include "vault/store_given.h"
#include "base/log.h"
#include "base/secret.h"
#include <unistd.h>

static int dir_fd = -1, boot_key_fd = -1;

void store_given(enum file_kind what, int fd)
{
	if (what == FILE_STORE_DIR && dir_fd < 0)
		dir_fd = fd;
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
