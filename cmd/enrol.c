/* SPDX-License-Identifier: ISC */
/* On the phone's own computer: the key is made here and stays here; the request goes to the exchange, the bundle comes
 * back, and the phone's files are written. */
#include "base/secret.h"
#include "verbs.h"
#include "vault/enrol.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTING_MAX = 256, SAID_MAX = 4 * SETTING_MAX, BUNDLE_MAX = 3 * ENROL_PEM_MAX };

static const char *const kinds[] = {"plain", "baresip", "linphone"};

static bool kind_ok(const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	complain("there is no such kind of phone", safe(kind), "it is one of plain, baresip, linphone");
	return false;
}

/* --- what was said at the first step is there at the second --- */

static bool settings_write(struct cmd *c, const char *dir)
{
	static const char *const name[] = {"kind", "server", "domain", "user"};
	char text[SAID_MAX];
	struct buf b = buf_of(text, sizeof text);

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		if (option_is(c, name[i])) {
			buf_str(&b, name[i]);
			buf_str(&b, ": ");
			buf_str(&b, safe(option_get(c, name[i])));
			buf_str(&b, "\n");
		}
	return !b.full && file_write(dir, "enrol.txt", text, b.n, 0600);
}

/* "name: value" on a line of its own before the first -----BEGIN; false when there is none. */
static bool setting(const char *text, const char *name, char out[SETTING_MAX])
{
	size_t n = strlen(name);

	for (const char *p = text; *p && strncmp(p, "-----", 5) != 0;
	     p += strcspn(p, "\n") + (strchr(p, '\n') != NULL)) {
		size_t len = strcspn(p, "\n");
		if (strncmp(p, name, n) == 0 && strncmp(p + n, ": ", 2) == 0 && len - n - 2 < SETTING_MAX &&
		    len > n + 2) {
			memcpy(out, p + n + 2, len - n - 2);
			out[len - n - 2] = 0;
			return true;
		}
	}
	return false;
}

/* From the option, from what was said at the first step, or from the bundle, in this order. */
static const char *known(struct cmd *c, const char *name, const char *said, const char *bundle, char mem[SETTING_MAX])
{
	const char *given = option_get(c, name);

	if (given)
		return given;
	return (said && setting(said, name, mem)) || setting(bundle, name, mem) ? mem : NULL;
}

/* --- the key and its request --- */

static bool make_key(const char *dir)
{
	uint8_t *mem = secret_new(ENROL_PEM_MAX);
	struct buf key = buf_of(mem, ENROL_PEM_MAX);
	char text[ENROL_PEM_MAX];
	struct buf request = buf_of(text, sizeof text);
	const char *why = enrol_make_key(&key);

	if (!why)
		why = enrol_make_request(buf_span(&key), &request);
	if (why)
		complain("no key could be made", why, NULL);
	bool ok = !why && file_write(dir, "phone.key", (const char *)key.p, key.n, 0600) &&
	          file_write(dir, "request.pem", text, request.n, 0644);
	secret_free(mem, ENROL_PEM_MAX);
	return ok;
}

/* Every directory of the path that is not there yet. */
static bool make_dirs(const char *dir)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof path, "%s", dir) >= sizeof path)
		return false;
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = 0;
			if (mkdir(path, 0755) != 0 && errno != EEXIST)
				return false;
			*p = '/';
		}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The path stands in the files of programs, each with separators of its own. */
static bool path_fits(const char *absolute)
{
	if (!absolute[strcspn(absolute, " \t\r\n;,\"<>")])
		return true;
	complain(safe(absolute), "the phone's files cannot name a directory with a blank or ; , \" < > in its path",
	    "choose another one");
	return false;
}

/* Before a code is used up: such a phone's files could not be written there. */
static bool dir_fits(struct cmd *c, const char *dir)
{
	const char *kind = option_get(c, "kind");
	char absolute[PATH_MAX];

	if (!kind || strcmp(kind, "plain") == 0 || !realpath(dir, absolute))
		return true;
	return path_fits(absolute);
}

void enrol_undo(const char *dir)
{
	static const char *const made[] = {"phone.key", "request.pem", "enrol.txt"};
	char path[4096];

	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		if (snprintf(path, sizeof path, "%s/%s", dir, made[i]) < (int)sizeof path)
			unlink(path);
}

int enrol_make(struct cmd *c, const char *dir)
{
	char path[4096];

	if (option_is(c, "kind") && !kind_ok(option_get(c, "kind")))
		return EXIT_USAGE;
	snprintf(path, sizeof path, "%s/phone.key", dir);
	if (access(path, F_OK) == 0) {
		complain("there is a key already", safe(path),
		    "choose another --out DIR, or remove it if it was never used");
		return EXIT_REFUSED;
	}
	if (!make_dirs(dir)) {
		complain(safe(dir), strerror(errno), NULL);
		return EXIT_REFUSED;
	}
	if (!dir_fits(c, dir)) {
		rmdir(dir);
		return EXIT_REFUSED;
	}
	return make_key(dir) && settings_write(c, dir) ? EXIT_DONE : EXIT_REFUSED;
}

/* --- the bundle and the phone's files --- */

/* The nth -----BEGIN ... END----- of the text. */
static struct span pem_block(const char *text, int nth)
{
	const char *begin = text, *end = text;

	for (int i = 0; i <= nth; i++) {
		begin = strstr(end, "-----BEGIN");
		end = begin ? strstr(begin, "-----END") : NULL;
		end = end ? strchr(end, '\n') : NULL;
		if (!end)
			return span_of(NULL, 0);
		end++;
	}
	return span_of(begin, (size_t)(end - begin));
}

static bool write_files(const char *dir, struct span key, struct span leaf, struct span ca)
{
	size_t n = leaf.n + key.n;
	char *both = secret_new(n);
	struct buf b = buf_of(both, n);

	buf_add(&b, leaf);
	buf_add(&b, key);
	bool ok = file_write(dir, "ca.crt", (const char *)ca.p, ca.n, 0644) &&
	          file_write(dir, "phone.crt", (const char *)leaf.p, leaf.n, 0644) &&
	          file_write(dir, "phone.pem", both, n, 0600);
	secret_free(both, n);
	return ok;
}

bool enrol_wants_password(struct cmd *c)
{
	return option_is(c, "password") || option_is(c, "password-file") || option_is(c, "password-stdin");
}

int enrol_take_password(struct cmd *c, char out[PASSWORD_MAX + 1])
{
	return out[0] || !enrol_wants_password(c) ? -1 : password_read(c, "Password of the user", false, out);
}

static bool only(const char *text, const char *set)
{
	return !text[strspn(text, set)];
}

/* They came with a bundle that others carried. */
static bool place_fits(const struct place *p)
{
#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789"
	if (only(p->user, SMALL "._*#+-") && only(p->domain, SMALL ".-") && only(p->server, SMALL ".-:[]"))
		return path_fits(p->dir);
	complain("the phone's files cannot be written", "the user, server or domain holds what they cannot hold",
	    "give --user, --server HOST:PORT and --domain");
	return false;
}

/* The phone program's own files; with the password in them only if that was wished. */
static int write_template(struct cmd *c, const struct place *given, const char *kind, char password[PASSWORD_MAX + 1])
{
	char dir[PATH_MAX];
	struct place p = *given;

	if (strcmp(kind, "plain") == 0)
		return EXIT_DONE;
	if (!p.user || !p.server || !p.domain) {
		complain("the phone's files cannot be written", "its user, server or domain is not known",
		    "give --user, --server HOST:PORT and --domain");
		return EXIT_USAGE;
	}
	if (!realpath(p.dir, dir)) {
		complain(safe(p.dir), strerror(errno), NULL);
		return EXIT_REFUSED;
	}
	p.dir = dir;
	if (!place_fits(&p))
		return EXIT_REFUSED;
	int code = enrol_take_password(c, password);
	if (code >= 0)
		return code;
	p.password = password[0] ? password : NULL;
	bool ok = strcmp(kind, "baresip") == 0 ? template_baresip(&p) : template_linphone(&p);
	return ok ? EXIT_DONE : EXIT_REFUSED;
}

static void say_finished(struct cmd *c, const char *dir, const char *kind, const struct place *p, struct span ca)
{
	if (c->json) {
		printf("{\"kind\":\"enrolled\"}\n");
		return;
	}
	printf("The phone is enrolled. In %s: phone.key, phone.crt, ca.crt, and phone.pem (certificate and key).\n",
	    safe(dir));
	ca_fingerprint((const char *)ca.p, ca.n);
	if (strcmp(kind, "baresip") == 0)
		printf("Start: baresip -f %s\n", safe(dir));
	else if (strcmp(kind, "linphone") == 0)
		printf("Start: HOME=%s linphonec -c %s/linphonerc   (%s must resolve to the exchange)\n", safe(dir),
		    safe(dir), safe(p->domain));
	else if (p->server)
		printf("The exchange is %s, domain %s, TLS.\n", safe(p->server), safe(p->domain ? p->domain : "?"));
	if (strcmp(kind, "plain") != 0 && !enrol_wants_password(c))
		printf("The user's password is to be filled in where it says PASSWORD.\n");
}

int enrol_finish(struct cmd *c, const char *dir, const char *bundle_path, char password[PASSWORD_MAX + 1])
{
	char key_path[4096], said_path[4096], mem[4][SETTING_MAX];
	size_t key_n = 0, bundle_n = 0, said_n = 0;

	snprintf(key_path, sizeof key_path, "%s/phone.key", dir);
	snprintf(said_path, sizeof said_path, "%s/enrol.txt", dir);
	char *key = file_read(key_path, ENROL_PEM_MAX, &key_n);
	char *bundle = key ? file_read(bundle_path, BUNDLE_MAX, &bundle_n) : NULL;
	char *said = access(said_path, R_OK) == 0 ? file_read(said_path, SAID_MAX, &said_n) : NULL;
	int code = EXIT_USAGE;
	if (!key || !bundle)
		goto out;
	struct span leaf = pem_block(bundle, 0), ca = pem_block(bundle, 1);
	const char *why =
	    leaf.n && ca.n ? enrol_check_bundle(span_of(key, key_n), leaf, ca) : "it holds no two certificates";
	code = EXIT_REFUSED;
	if (why) {
		complain("the bundle does not fit this phone's key", why, "was another phone's bundle taken?");
		goto out;
	}
	const char *kind = known(c, "kind", said, bundle, mem[0]);
	struct place p = {.dir = dir,
	    .server = known(c, "server", said, bundle, mem[1]),
	    .domain = known(c, "domain", said, bundle, mem[2]),
	    .user = known(c, "user", said, bundle, mem[3])};
	kind = kind ? kind : "plain";
	if (!kind_ok(kind) || !write_files(dir, span_of(key, key_n), leaf, ca))
		goto out;
	code = write_template(c, &p, kind, password);
	if (code == EXIT_DONE)
		say_finished(c, dir, kind, &p, ca);
out:
	if (key)
		explicit_bzero(key, key_n);
	free(key);
	free(bundle);
	free(said);
	return code;
}
