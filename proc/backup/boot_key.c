/* SPDX-License-Identifier: ISC */
/* Which boot key opens the site, and which a restored one is sealed under. parent takes a credential of the service manager before any
 * file of the site (proc/parent/place.c); of one that was sealed to a TPM there is no other copy. */
#include "backup.h"
#include "base/secret.h"
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNIT "ringfence.service"
#define UNIT_SITE "/var/lib/ringfence" /* its --site */

static const char *const in_site[] = {"run/boot.key", "boot.key"};

enum { IN_SITE = sizeof in_site / sizeof *in_site };

static bool read_key(struct run *r, int fd)
{
	uint8_t *more = secret_new(BOOT_KEY + 1);
	ssize_t n = 0, got = 1;

	while (fd >= 0 && got > 0 && n <= BOOT_KEY && (got = read(fd, more + n, (size_t)(BOOT_KEY + 1 - n))) > 0)
		n += got;
	if (fd >= 0)
		close(fd);
	bool ok = n == BOOT_KEY && got == 0;
	if (ok)
		memcpy(r->s->boot, more, BOOT_KEY);
	secret_free(more, BOOT_KEY + 1);
	return ok;
}

static bool read_credential(struct run *r, const char *dir)
{
	char path[PATH_MAX];

	return dir && (size_t)snprintf(path, sizeof path, "%s/boot.key", dir) < sizeof path &&
	       read_key(r, open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

static bool read_of_site(struct run *r, int i)
{
	return read_key(r, openat(r->site_fd, in_site[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

/* Root may look at what the running unit was given. */
bool boot_key_at(struct run *r, enum boot_key_place at)
{
	if (r->boot_key)
		return at == BOOT_KEY_NAMED && read_key(r, open(r->boot_key, O_RDONLY | O_CLOEXEC));
	switch (at) {
	case BOOT_KEY_CREDENTIAL:
		return read_credential(r, getenv("CREDENTIALS_DIRECTORY"));
	case BOOT_KEY_UNIT:
		return read_credential(r, "/run/credentials/" UNIT);
	case BOOT_KEY_OPENED:
		return read_of_site(r, 0);
	case BOOT_KEY_FILE:
		return read_of_site(r, 1);
	case BOOT_KEY_NAMED:
	case BOOT_KEY_PLACES:
		break;
	}
	return false;
}

bool boot_key_of_site(struct run *r)
{
	for (int i = 0; i < IN_SITE; i++)
		if (read_of_site(r, i))
			return true;
	return false;
}

/* --- the unit --- */

/* LoadCredential, SetCredential, ImportCredential, of an encrypted one too */
static bool gives_key(const char *line)
{
	static const char *const verb[] = {"Load", "Set", "Import"};

	line += strspn(line, " \t");
	for (size_t i = 0; i < sizeof verb / sizeof *verb; i++) {
		size_t n = strlen(verb[i]);
		if (strncmp(line, verb[i], n) != 0 || strncmp(line + n, "Credential", 10) != 0)
			continue;
		line += n + 10;
		line += strncmp(line, "Encrypted", 9) == 0 ? 9 : 0;
		line += strspn(line, " \t");
		line += *line == '=';
		line += strspn(line, " \t");
		return strncmp(line, "boot.key", 8) == 0 && strchr(":\r\n \t", line[8]);
	}
	return false;
}

static bool file_gives_key(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[4096];
	bool gives = false;

	while (f && !gives && fgets(line, sizeof line, f))
		gives = gives_key(line);
	if (f)
		fclose(f);
	return gives;
}

static bool unit_gives_key(void)
{
	static const char *const files[] = {
	    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/lib/systemd/system"};
	bool gives = false;

	for (size_t i = 0; i < sizeof files / sizeof *files && !gives; i++) {
		char path[PATH_MAX];
		glob_t found;
		snprintf(path, sizeof path, "%s/" UNIT, files[i]);
		gives = file_gives_key(path);
		snprintf(path, sizeof path, "%s/" UNIT ".d/*.conf", files[i]);
		if (glob(path, 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc && !gives; k++)
			gives = file_gives_key(found.gl_pathv[k]);
		globfree(&found);
	}
	return gives;
}

static bool is_site_of_unit(const struct run *r)
{
	char *real = realpath(r->site, NULL);
	bool is = real && strcmp(real, UNIT_SITE) == 0;

	free(real);
	return is;
}

/* --- a restored site --- */

static bool same_in_site(struct run *r)
{
	uint8_t *given = secret_new(BOOT_KEY);
	bool same = true;

	memcpy(given, r->s->boot, BOOT_KEY);
	for (int i = 0; i < IN_SITE && same; i++)
		same = !read_of_site(r, i) || secret_eq(r->s->boot, given, BOOT_KEY);
	memcpy(r->s->boot, given, BOOT_KEY);
	secret_free(given, BOOT_KEY);
	return same || !fail("boot.key", "is there, and is another one: move it away first");
}

bool boot_key_choose(struct run *r, bool *make)
{
	*make = false;
	if (boot_key_at(r, BOOT_KEY_NAMED) || boot_key_at(r, BOOT_KEY_CREDENTIAL))
		return same_in_site(r);
	if (r->boot_key)
		return !fail(r->boot_key, "is no boot key, which is a file of 32 octets");
	if (is_site_of_unit(r) && unit_gives_key())
		return !fail("boot.key",
		    UNIT " is given it as a credential: name that one, opened by `systemd-creds decrypt "
			 "--name=boot.key`, with --boot-key FILE, or take it out of the unit first");
	*make = !boot_key_of_site(r);
	return true;
}
