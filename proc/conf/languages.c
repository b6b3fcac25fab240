/* SPDX-License-Identifier: ISC */
#include "languages.h"
#include "audio/pack.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static uint8_t head[PACK_HEADER + PACK_PROMPTS_MAX * PACK_ENTRY]; /* of the pack, as far as it names what there is */
static size_t head_n;
static char own[SITE_LANGUAGES_MAX][SITE_LANGUAGE_MAX];
static int own_n;
static bool seen;

bool languages_seen(void)
{
	return seen;
}

void languages_read_pack(int fd)
{
	ssize_t got = 1;

	seen = true;
	head_n = 0;
	while (fd >= 0 && head_n < sizeof head && (got = read(fd, head + head_n, sizeof head - head_n)) > 0)
		head_n += (size_t)got;
	if (fd >= 0)
		close(fd);
}

static bool has_recording(int dir_fd, const char *language)
{
	int fd = openat(dir_fd, language, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		size_t n = strlen(e->d_name);
		found = n > 4 && e->d_name[0] != '.' && strcmp(e->d_name + n - 4, ".wav") == 0;
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return found;
}

void languages_read_recordings(int dir_fd)
{
	DIR *d = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	struct dirent *e;

	seen = true;
	own_n = 0;
	while (d && own_n < SITE_LANGUAGES_MAX && (e = readdir(d)))
		if (e->d_name[0] != '.' && span_cstr(span_str(e->d_name), own[own_n], sizeof own[own_n]))
			own_n += has_recording(dir_fd, e->d_name);
	if (d)
		closedir(d);
	else if (dir_fd >= 0)
		close(dir_fd);
}

void languages_fill(struct site *s)
{
	struct span language = span_of(NULL, 0);
	uint32_t at = 0;

	while (pack_next_language(span_of(head, head_n), &at, &language))
		site_add_language(s, language);
	for (int i = 0; i < own_n; i++)
		site_add_language(s, span_str(own[i]));
}
