/* SPDX-License-Identifier: ISC */
#include "trust.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct file {
	char name[TRUST_WORD_MAX];
	uint8_t *octets; /* one more than fits says that it is too long */
	size_t n;
} file[TRUST_FILES_MAX];
static unsigned files;
static bool crowded;

static struct file *new_file(const char *name)
{
	struct file *f = files < TRUST_FILES_MAX ? &file[files] : NULL;

	crowded |= !f;
	if (!f || !span_cstr(span_str(name), f->name, sizeof f->name))
		return NULL;
	f->octets = malloc(TRUST_OCTETS_MAX + 1);
	f->n = 0;
	files += f->octets != NULL;
	return f->octets ? f : NULL;
}

void trust_add(const char *name, struct span octets)
{
	struct file *f = octets.n <= TRUST_OCTETS_MAX ? new_file(name) : NULL;

	if (!f)
		return;
	memcpy(f->octets, octets.p, octets.n);
	f->n = octets.n;
}

static void read_file(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct file *f = fd < 0 ? NULL : new_file(name);
	ssize_t got = 1;

	while (f && f->n <= TRUST_OCTETS_MAX && (got = read(fd, f->octets + f->n, TRUST_OCTETS_MAX + 1 - f->n)) > 0)
		f->n += (size_t)got;
	if (f && got < 0) /* a directory, or worse */
		f->n = 0;
	if (fd >= 0)
		close(fd);
}

void trust_read_dir(int dir_fd)
{
	DIR *d = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			read_file(dir_fd, e->d_name);
	if (d)
		closedir(d);
	else if (dir_fd >= 0)
		close(dir_fd);
}

const char *trust_file(const char *name, struct span *octets)
{
	for (unsigned i = 0; i < files; i++) {
		if (strcmp(file[i].name, name) != 0)
			continue;
		*octets = span_of(file[i].octets, file[i].n);
		return file[i].n > TRUST_OCTETS_MAX ? "is longer than 64 kB"
		       : file[i].n                  ? NULL
		                                    : "cannot be read, or is empty";
	}
	return crowded ? "is not among the first 64 files of the directory trust"
	               : "is not in the site's directory trust";
}
