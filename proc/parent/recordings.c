/* SPDX-License-Identifier: ISC */
/* A site's recordings for a voice that runs and can open no file: one descriptor at a time, in the order of their names, as voice
 * asks. Nothing is remembered between two questions, and nothing of a file is read here. */
#include "base/log.h"
#include "parent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct search {
	const char *after;
	bool cut;                          /* something could not be looked at that may be there */
	char next[RECORDING_NAME_MAX + 1]; /* empty: none yet */
};

/* fd is what such a call answered. */
static int looked(int fd, bool *cut)
{
	*cut |= fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
	return fd;
}

static int open_dir_at(int dir, const char *name, bool *cut)
{
	return looked(openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), cut);
}

static void look(struct search *s, const char *language, const char *file)
{
	char name[RECORDING_NAME_MAX + 1];
	int n = snprintf(name, sizeof name, "%s/%s", language, file);

	if (n < 5 || n >= (int)sizeof name || strcmp(name + n - 4, ".wav") != 0)
		return;
	if (strcmp(name, s->after) > 0 && (!s->next[0] || strcmp(name, s->next) < 0))
		memcpy(s->next, name, sizeof s->next);
}

/* visit() each entry of a directory that is no dot file; fd is closed. */
static void each(int fd, struct search *s, const char *language, int prompts)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d && fd >= 0) {
		s->cut = true;
		close(fd);
	}
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (language)
			look(s, language, e->d_name);
		else
			each(open_dir_at(prompts, e->d_name, &s->cut), s, e->d_name, prompts);
	}
	if (d)
		closedir(d);
}

static int open_recording(int prompts, const char *name, bool *cut)
{
	char language[RECORDING_NAME_MAX + 1];
	size_t n = strcspn(name, "/");

	memcpy(language, name, n);
	language[n] = 0;
	int dir = open_dir_at(prompts, language, cut);
	int fd = dir < 0 ? -1 : looked(openat(dir, name + n + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), cut);
	if (fd < 0)
		log_warn("prompts/%s cannot be opened: %s", name, strerror(errno));
	if (dir >= 0)
		close(dir);
	return fd;
}

/* The first one behind it that can be opened, or -1. */
static int next_recording(int prompts, const char *after, char name[RECORDING_NAME_MAX + 1], bool *cut)
{
	int fd = -1;

	snprintf(name, RECORDING_NAME_MAX + 1, "%s", after);
	while (prompts >= 0 && fd < 0 && !*cut) {
		struct search s = {.after = name};
		each(looked(fcntl(prompts, F_DUPFD_CLOEXEC, 0), &s.cut), &s, NULL, prompts);
		lseek(prompts, 0, SEEK_SET); /* the copy shares its place */
		*cut |= s.cut;
		if (!s.next[0] || *cut)
			break;
		memcpy(name, s.next, sizeof s.next);
		fd = open_recording(prompts, name, cut);
	}
	return fd;
}

static void say_end(struct link *to, bool cut)
{
	struct msg_recordings_end *m = ipc_begin(to, MSG_RECORDINGS_END);

	if (!m)
		return;
	m->cut = cut;
	ipc_end(to);
}

void on_recording_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_recording_want *m = v->payload;
	char after[RECORDING_NAME_MAX + 1] = "", name[RECORDING_NAME_MAX + 1];
	bool cut = false;

	span_cstr(ipc_str(v, m->after), after, sizeof after);
	int prompts = open_dir_at(self.site_fd, "prompts", &cut);
	int fd = next_recording(prompts, after, name, &cut);
	if (prompts >= 0)
		close(prompts);
	if (fd < 0) {
		say_end(from, cut);
		return;
	}
	struct msg_give_recording *out = ipc_begin_fd(from, MSG_GIVE_RECORDING, fd);
	if (!out) {
		say_end(from, true);
		return;
	}
	out->name = ipc_put(from, span_str(name));
	ipc_end(from);
}
