/* SPDX-License-Identifier: ISC */
/* One file for all of a site. ringfence-backup does it, which alone holds the passphrase beyond this. */
#include "verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* "" for an option that was not given. */
static void copy_option(struct cmd *c, const char *name, char out[4096])
{
	snprintf(out, 4096, "%s", option_is(c, name) ? option_get(c, name) : "");
}

/* The passphrase waits in the pipe that becomes its standard input. */
static int become(struct cmd *c, char *what, char passphrase[PASSWORD_MAX + 1])
{
	char program[4096], site[4096], file[4096], conf[4096], key[4096], name[] = "ringfence-backup";
	char *argv[] = {name, what, site, file, conf, key, NULL};
	size_t n = strlen(passphrase);
	int fd[2];

	snprintf(site, sizeof site, "%s", c->site);
	snprintf(file, sizeof file, "%s", c->arg[0]);
	copy_option(c, "config", conf);
	copy_option(c, "boot-key", key);
	if (!program_find("backup", name, program, sizeof program)) {
		complain("ringfence-backup is not installed", LIBEXEC, NULL);
		return EXIT_REFUSED;
	}
	bool ready = pipe2(fd, O_CLOEXEC) == 0 && write(fd[1], passphrase, n) == (ssize_t)n &&
	             write(fd[1], "\n", 1) == 1 && dup2(fd[0], STDIN_FILENO) == STDIN_FILENO;
	explicit_bzero(passphrase, PASSWORD_MAX + 1);
	if (c->json && ready) { /* what it says is for people */
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
		ready = nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) == STDOUT_FILENO;
	}
	fflush(stdout);
	if (ready)
		execv(program, argv);
	complain(safe(program), strerror(errno), NULL);
	return EXIT_REFUSED;
}

static int backup(struct cmd *c)
{
	char passphrase[PASSWORD_MAX + 1], what[] = "make";
	int code = password_read(c, "Passphrase of the backup", true, passphrase);

	return code >= 0 ? code : become(c, what, passphrase);
}

static int restore(struct cmd *c)
{
	char passphrase[PASSWORD_MAX + 1], what[] = "restore";
	int code = password_read(c, "Passphrase of the backup", false, passphrase);

	return code >= 0 ? code : become(c, what, passphrase);
}

const struct verb verb_backup = {
    .name = "backup",
    .run = backup,
    .usage = "FILE",
    .args_min = 1,
    .args_max = 1,
    .what = "Write all of the exchange into one file, sealed to a passphrase",
    .help =
	"The exchange goes on meanwhile. It holds the configuration, people, phones, settings, the CA and passwords, the call\n"
	"log without its sources, and the events; not who called whom, nor codes for new phones. The passphrase has at least\n"
	"12 characters; without it the file opens nothing. The boot key is found in the directory, or where systemd gives it to\n"
	"the running service as a credential; --boot-key names another file with it.",
    .option = {{"boot-key", "FILE", "the boot key of the exchange"}, PASSWORD_OPTIONS},
};

const struct verb verb_restore = {
    .name = "restore",
    .run = restore,
    .usage = "FILE",
    .args_min = 1,
    .args_max = 1,
    .what = "Make an exchange out of a backup, in an empty directory",
    .help =
	"--site names the directory, which may be new. A file that is damaged or of another passphrase changes nothing.\n"
	"Phones keep their certificates. With --config FILE that configuration takes the place of the one in the backup, so that\n"
	"another computer has its own addresses, and the rows can move between SQLite and PostgreSQL. A boot key is made unless\n"
	"one is there. Where systemd gives it to the service as a credential, --boot-key FILE names that one, opened; it is not\n"
	"copied.",
    .option = {{"config", "FILE", "the configuration of the restored exchange"},
	{"boot-key", "FILE", "the boot key that the exchange will be started with"}, PASSWORD_OPTIONS},
};
