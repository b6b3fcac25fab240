/* SPDX-License-Identifier: ISC */
#include "backup.h"
#include "base/secret.h"
#include <argon2.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int fail(const char *what, const char *why)
{
	fprintf(stderr, "ringfence: %s: %s\n", what, why ? why : strerror(errno));
	return 1;
}

bool stretch(struct run *r)
{
	struct span salt = backup_salt(&r->header);

	return argon2id_hash_raw(r->header.passes, r->header.memory_kb, 1, r->s->passphrase, strlen(r->s->passphrase),
		   salt.p, salt.n, r->s->master, BACKUP_KEY) == ARGON2_OK ||
	       !fail("passphrase", "there is no memory to stretch it");
}

/* One line of standard input, without a copy in a buffer. */
static bool read_passphrase(char out[PASSPHRASE_MAX + 2])
{
	setvbuf(stdin, NULL, _IONBF, 0);
	if (!fgets(out, PASSPHRASE_MAX + 2, stdin))
		return false;
	size_t n = strcspn(out, "\n");
	bool whole = out[n] == '\n' || feof(stdin);
	out[n] = 0;
	return whole && n <= PASSPHRASE_MAX;
}

static int run(const char *what, struct run *r)
{
	if (!read_passphrase(r->s->passphrase))
		return fail("passphrase", "not given, or longer than 128 characters");
	if (strcmp(what, "restore") == 0)
		return restore_backup(r);
	if (strlen(r->s->passphrase) < PASSPHRASE_MIN)
		return fail("passphrase", "must have at least 12 characters");
	r->site_fd = open(r->site, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return r->site_fd < 0 ? fail(r->site, NULL) : make_backup(r);
}

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};

	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return fail("limits", NULL);
	bool restores = argc >= 2 && strcmp(argv[1], "restore") == 0, makes = argc >= 2 && strcmp(argv[1], "make") == 0;
	if ((!makes && !restores) || argc != 6) {
		fputs(
		    "ringfence-backup is started by `ringfence backup` and `ringfence restore`, not by hand\n", stderr);
		return 2;
	}
	struct run r = {.site = argv[2],
	    .file = argv[3],
	    .conf = argv[4][0] ? argv[4] : NULL,
	    .boot_key = argv[5][0] ? argv[5] : NULL,
	    .s = secret_new(sizeof *r.s)};
	int code = run(argv[1], &r);
	if (code == 0 && makes)
		printf("The backup is in %s.\n", r.file);
	else if (code == 0)
		printf(
		    "The exchange is restored. If its addresses are others here, change them first in %s/ringfence.conf; then\n"
		    "start it, and look at the clock: ringfence clock confirm\n",
		    r.site);
	secret_free(r.s, sizeof *r.s);
	return code;
}
