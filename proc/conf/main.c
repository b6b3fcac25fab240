/* SPDX-License-Identifier: ISC */
/* conf reads ringfence.conf in a cage of its own, tells parent what it says, and ends. */
#include "conf.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/child.h"
#include "languages.h"
#include "signers.h"
#include "trust.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int conf_fd = -1, trust_fd = -1, pack_fd = -1, recordings_fd = -1;
static uint8_t text[CONF_TEXT_MAX + 1];
static struct conf conf;

/* Commands and a database's password stand in it. */
static void warn_of_writers(int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & (S_IWGRP | S_IWOTH))
		log_warn("%s: others than its owner may write it (chmod go-w)", name);
}

/* conf, or conf.reason. */
static bool read_conf(int fd, const char *name)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < sizeof text && (got = read(fd, text + n, sizeof text - n)) > 0)
		n += (size_t)got;
	warn_of_writers(fd, name);
	if (got >= 0)
		return conf_parse(span_of(text, n), name, &conf);
	snprintf(conf.reason, sizeof conf.reason, "%s: %s", name, fd < 0 ? "cannot be opened" : strerror(errno));
	return false;
}

static void on_file(enum file_kind what, int fd)
{
	if (what == FILE_CONF)
		conf_fd = fd;
	else if (what == FILE_TRUST)
		trust_fd = fd;
	else if (what == FILE_PROMPTS)
		pack_fd = fd;
	else if (what == FILE_RECORDINGS)
		recordings_fd = fd;
	else
		close(fd);
}

static void on_open(void)
{
	trust_read_dir(trust_fd);
	languages_read_pack(pack_fd);
	languages_read_recordings(recordings_fd);
}

/* The exchange starts all the same: such a caller is unverified. */
static void warn_of_ended(const struct plan_signers *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->signer[i].until_s < clock_wall_ms() / 1000)
			log_warn("signed-callers: certificate no. %d, or one above it, has expired", i + 1);
}

/* The same for a trunk that asks who we are; check-config refuses it, since then there is time to have another made. */
static const char *ended_certificate(const struct site *s)
{
	static char why[64 + TRUNK_NAME_MAX + TRUNK_FILE_MAX];

	for (int i = 0; i < s->trunks; i++) {
		const struct trunk_conf *t = &s->trunk[i];
		if (!t->certificate[0] || t->until_s >= clock_wall_ms() / 1000)
			continue;
		snprintf(why, sizeof why, "trunk %s: its certificate, trust/%s, has expired", t->name, t->certificate);
		return why;
	}
	return NULL;
}

/* The same for an outside number that rings nobody. */
static const char *lost_number(const struct site *s)
{
	static char why[160 + TRUNK_NAME_MAX];
	const struct inbound *in = site_lost_inbound(s);

	if (!in)
		return NULL;
	snprintf(why, sizeof why,
	    "trunk %s: a number of it leads to %s, which is a number for help and leaves over a trunk: nobody here rings",
	    s->trunk[in->trunk].name, in->to);
	return why;
}

static const char *would_fail(const struct site *s)
{
	const char *why = ended_certificate(s);

	return why ? why : lost_number(s);
}

static void tell(struct link *parent)
{
	if (read_conf(conf_fd, "ringfence.conf")) {
		struct msg_site_parsed *m = ipc_begin(parent, MSG_SITE_PARSED);
		if (!m)
			return;
		m->site = ipc_put_part(parent, &conf.site, sizeof conf.site);
		m->database = ipc_put(parent, span_str(conf.database));
		warn_of_ended(&conf.site.signers);
		if (conf.warning[0])
			log_warn("%s", conf.warning);
		const char *fails = would_fail(&conf.site);
		if (fails)
			log_warn("%s", fails);
	} else {
		struct msg_site_refused *m = ipc_begin(parent, MSG_SITE_REFUSED);
		if (!m)
			return;
		m->reason = ipc_put(parent, span_str(conf.reason));
	}
	ipc_end(parent);
}

static void on_serve(void)
{
	struct link *parent = child_link(PROC_PARENT, 0);

	if (parent)
		tell(parent);
}

/* Beside the file; -1: there is none. */
static int open_beside(const char *path, const char *name, int how)
{
	const char *slash = strrchr(path, '/');
	char beside[4096];

	snprintf(beside, sizeof beside, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name);
	return open(beside, O_RDONLY | how | O_CLOEXEC);
}

/* Beside this executable, or in a build tree beside voice's. */
static int open_pack(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	path[n < 0 ? 0 : n] = 0;
	int fd = open_beside(path, "prompts.pack", 0);
	return fd < 0 ? open_beside(path, "../voice/prompts.pack", 0) : fd;
}

/* conf, or conf.reason; false: the file cannot be opened, as was said. */
static bool read_file(const char *path, bool *good)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	trust_read_dir(open_beside(path, "trust", O_DIRECTORY));
	languages_read_pack(open_pack());
	languages_read_recordings(open_beside(path, "prompts", O_DIRECTORY));
	*good = read_conf(fd, path);
	close(fd);
	return true;
}

/* parent hands them out, and would not start without; how long they are, and what is in them, edge sees. */
static const char *lost_ca(const struct site *s, const char *path)
{
	static char why[64 + TRUNK_NAME_MAX + TRUNK_FILE_MAX];
	int dir = open_beside(path, "trust", O_DIRECTORY);

	why[0] = 0;
	for (int i = 0; i < s->trunks && !why[0]; i++) {
		const struct trunk_conf *t = &s->trunk[i];
		int fd = t->ca[0] && dir >= 0 ? openat(dir, t->ca, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
		if (t->ca[0] && fd < 0)
			snprintf(why, sizeof why, "trunk %s: its ca, trust/%s: %s", t->name, t->ca, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (dir >= 0)
		close(dir);
	return why[0] ? why : NULL;
}

/* It may be installed later: no fault, but alarms would reach nobody until then. */
static void warn_of_mail(const struct site_alarms *a)
{
	char program[SITE_COMMAND_MAX];

	snprintf(program, sizeof program, "%.*s", (int)strcspn(a->mail, " "), a->mail);
	if (program[0] && access(program, X_OK) != 0)
		log_warn("alarms.mail: %s: %s: no alarm is mailed until it is there", program, strerror(errno));
}

static int check(const char *path)
{
	bool good;

	if (!read_file(path, &good))
		return 1;
	const char *why = good ? would_fail(&conf.site) : conf.reason;
	if (good && !why)
		why = lost_ca(&conf.site, path);
	if (!why)
		warn_of_mail(&conf.site.alarms);
	if (!why)
		warn_of_ended(&conf.site.signers);
	if (!why && conf.warning[0])
		log_warn("%s", conf.warning);
	puts(why ? why : "ok");
	return why != NULL;
}

/* --- what the store holds, for the command --- */

static void list_numbers(const struct plan_signer *s)
{
	if (s->any)
		printf("any of its provider's");
	for (int i = 0; i < s->ranges; i++) {
		printf("%s+%llu", i || s->any ? ", " : "", (unsigned long long)s->range[i].first);
		if (s->range[i].last != s->range[i].first)
			printf("-+%llu", (unsigned long long)s->range[i].last);
	}
}

/* A line for each: kind, end in seconds, numbers, subject, with tabs between. */
static int list(const char *path)
{
	const struct plan_signers *s = &conf.site.signers;
	bool ok;

	if (!read_file(path, &ok))
		return 1;
	if (!ok)
		fprintf(stderr, "%s\n", conf.reason);
	for (unsigned i = 0; ok && i < s->anchors; i++)
		printf("anchor\t%lld\t\t%s\n", (long long)s->anchor[i].until_s, signers_anchor_subject(i));
	for (unsigned i = 0; ok && i < s->n; i++) {
		printf("signer\t%lld\t", (long long)s->signer[i].until_s);
		list_numbers(&s->signer[i]);
		printf("\t%s\n", signers_subject(i));
	}
	return !ok;
}

static const struct cage cage = {.name = "conf", .files = 16, .memory_mb = 64};
static const struct child self = {.me = PROC_CONF, .cage = &cage, .file = on_file, .open = on_open, .serve = on_serve};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--signers") == 0)
		return list(argv[2]);
	return child_main(&self, argc, argv);
}
