/* SPDX-License-Identifier: ISC */
/* A look at the files of a store that its process holds. */
#include "vault/store.h"
#include "vault/store_disk.h"
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 20, PAUSE_MS = 50 };

static bool read_file(int dir_fd, const char *name, struct span *out)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool whole = fd >= 0 && store_disk_read(fd, out);

	if (fd >= 0)
		close(fd);
	return whole;
}

/* A rewrite that goes on meanwhile can spoil what was read: then once more. */
const char *store_look_in(struct store *s, int dir_fd, const char *process, const uint8_t boot_key[STORE_BOOT_KEY],
    uint32_t entries_max, uint32_t bytes_max)
{
	const char *why = "cannot read the sealed store";

	for (int i = 0; why && i < TRIES; i++) {
		struct span file[2] = {{NULL, 0}, {NULL, 0}};
		if (read_file(dir_fd, "store.a", &file[0]) && read_file(dir_fd, "store.b", &file[1]))
			why = store_look(s, file, process, boot_key, entries_max, bytes_max);
		free((void *)(uintptr_t)file[0].p);
		free((void *)(uintptr_t)file[1].p);
		if (why)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
	}
	return why;
}
