/* SPDX-License-Identifier: ISC */
/* What the configuration names and root put beside it, trust/ and prompts/, into a backup and back. */
#include "backup.h"
#include "base/sync.h"
#include "cmd.h"
#include "conf/trust.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- out of a site --- */

struct putting {
	struct run *r;
	files_put_piece *put;
	unsigned n;
};

static bool refuse(const struct run *r, const char *path, const char *why)
{
	char what[PATH_MAX];

	snprintf(what, sizeof what, "%s/%s", r->site, path);
	return !fail(safe(what), why);
}

static bool put_octets(struct putting *p, int fd, const char *path)
{
	struct buf head = buf_of(p->r->s->plain, sizeof p->r->s->plain);
	bool first = true;
	ssize_t n;

	buf_u8(&head, (uint8_t)strlen(path));
	buf_str(&head, path);
	while ((n = read(fd, head.p + head.n, head.cap - head.n)) > 0 || (n == 0 && first)) {
		if (!p->put(p->r, false, span_of(head.p, head.n + (size_t)n)))
			return !fail(p->r->file, NULL);
		first = false;
	}
	return n == 0 || refuse(p->r, path, NULL);
}

/* What the readers of these directories pass over is passed over here too. */
static bool put_file(struct putting *p, int dir, const char *name, const char *path)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP || refuse(p->r, path, NULL);
	bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode), ok = true;
	if (file && !files_path_ok(span_str(path)))
		ok = refuse(p->r, path, "has too long a name for a backup");
	else if (file && ++p->n > FILES_MOST)
		ok = refuse(p->r, path, "is one file more than a backup holds");
	else if (file)
		ok = put_octets(p, fd, path);
	close(fd);
	return ok;
}

typedef bool each_name(struct putting *p, int dir, const char *name, const char *path);

static bool each(struct putting *p, int at, const char *name, const char *path, each_name *f)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool ok = true;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || refuse(p->r, path, NULL);
	while (ok && (e = readdir(d))) {
		char below[2 * PATH_MAX];
		snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		ok = e->d_name[0] == '.' || f(p, fd, e->d_name, below);
	}
	closedir(d);
	return ok;
}

static bool put_language(struct putting *p, int dir, const char *name, const char *path)
{
	return each(p, dir, name, path, put_file);
}

bool files_put(struct run *r, files_put_piece *put)
{
	struct putting p = {.r = r, .put = put};

	return each(&p, r->site_fd, FILES_TRUST, FILES_TRUST, put_file) &&
	       each(&p, r->site_fd, FILES_PROMPTS, FILES_PROMPTS, put_language) &&
	       (put(r, true, span_of(r->s->plain, 0)) || !fail(r->file, NULL));
}

/* --- into one --- */

static struct {
	char path[FILES_PATH_MAX]; /* the one that comes in */
	int fd;
	unsigned n;
	uint8_t trust[TRUST_OCTETS_MAX + 1]; /* it, for the configuration that names it */
	size_t trust_n;
} in = {.fd = -1};

static const char *end_file(void)
{
	const size_t head = sizeof FILES_TRUST; /* and its slash */
	bool ok = in.fd < 0 || fsync(in.fd) == 0;

	if (in.fd >= 0)
		close(in.fd);
	else if (strncmp(in.path, FILES_TRUST "/", head) == 0)
		trust_add(in.path + head, span_of(in.trust, in.trust_n));
	in.fd = -1;
	in.path[0] = 0;
	in.trust_n = 0;
	return ok ? NULL : strerror(errno);
}

static bool has_files(int site_fd, const char *name)
{
	int fd = openat(site_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e = NULL;

	while (d && (e = readdir(d)) && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0))
		;
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return e != NULL;
}

/* restore.new/trust, restore.new/prompts/en; that they are ours says a file beside them, should this be interrupted. */
static bool make_directories(struct run *r)
{
	char path[FILES_PATH_MAX + 16], own[64];
	int fd;

	snprintf(path, sizeof path, "restore.new/%s", in.path);
	snprintf(own, sizeof own, "restore.new/%.*s.own", (int)strcspn(in.path, "/"), in.path);
	fd = openat(r->site_fd, own, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	close(fd);
	for (char *slash = path + sizeof "restore.new"; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		bool made = mkdirat(r->site_fd, path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
		if (!made)
			return false;
	}
	return true;
}

static const char *begin_file(struct run *r, bool build, struct span path)
{
	char to[FILES_PATH_MAX + 16];

	span_cstr(path, in.path, sizeof in.path);
	if (++in.n > FILES_MOST)
		return "it holds more files than there may be";
	if (!build) {
		bool trust = strncmp(in.path, FILES_TRUST "/", sizeof FILES_TRUST) == 0;
		if (has_files(r->site_fd, trust ? FILES_TRUST : FILES_PROMPTS))
			return trust ? "the directory trust is there already: move it away first"
			             : "the directory prompts is there already: move it away first";
		return NULL;
	}
	snprintf(to, sizeof to, "restore.new/%s", in.path);
	if (make_directories(r))
		in.fd = openat(r->site_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return in.fd >= 0 ? NULL : strerror(errno);
}

static const char *take_octets(struct span s, bool build)
{
	if (!build) {
		size_t room = sizeof in.trust - in.trust_n, n = s.n < room ? s.n : room;
		memcpy(in.trust + in.trust_n, s.n ? s.p : (const uint8_t *)"", n);
		in.trust_n += n;
		return NULL;
	}
	while (s.n) {
		ssize_t n = write(in.fd, s.p, s.n);
		if (n <= 0 && errno != EINTR)
			return strerror(errno);
		s = span_skip(s, n > 0 ? (size_t)n : 0);
	}
	return NULL;
}

const char *files_take(struct run *r, bool build, struct span plain, bool last)
{
	struct span path, octets;
	const char *why = files_parse(plain, &path, &octets);
	bool same = span_eq(path, span_str(in.path));

	if (!why && !same && in.path[0])
		why = end_file();
	if (!why && !same && path.n)
		why = begin_file(r, build, path);
	if (!why)
		why = take_octets(octets, build);
	if (!why && last && in.path[0])
		why = end_file();
	if (last || why)
		in.n = 0;
	return why;
}

void files_look(struct run *r)
{
	trust_read_dir(openat(r->site_fd, FILES_TRUST, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* Of what is being built, two levels at most. */
static void clear_tree(int at, const char *name, int levels)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0 && levels > 0)
			clear_tree(fd, e->d_name, levels - 1);
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

void files_clear(struct run *r)
{
	clear_tree(r->site_fd, "restore.new/" FILES_TRUST, 0);
	clear_tree(r->site_fd, "restore.new/" FILES_PROMPTS, 1);
	(void)unlinkat(r->site_fd, "restore.new/" FILES_TRUST ".own", 0);
	(void)unlinkat(r->site_fd, "restore.new/" FILES_PROMPTS ".own", 0);
}

void files_take_back(struct run *r)
{
	static const char *const what[] = {FILES_TRUST, FILES_PROMPTS};
	char built[64], own[64];

	for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
		snprintf(built, sizeof built, "restore.new/%s", what[i]);
		snprintf(own, sizeof own, "restore.new/%s.own", what[i]);
		if (faccessat(r->site_fd, own, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
		    faccessat(r->site_fd, built, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
			(void)renameat(r->site_fd, what[i], r->site_fd, built);
	}
}
