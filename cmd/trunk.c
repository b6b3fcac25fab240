/* SPDX-License-Identifier: ISC */
#include "vault/enrol.h"
#include "verbs.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static void row(json_t *line, void *arg)
{
	char lines[32];

	if (!line_is(line, "trunk"))
		return;
	snprintf(lines, sizeof lines, "%lld/%lld", (long long)member_number(line, "busy"),
	    (long long)member_number(line, "lines"));
	const char *cells[] = {safe(member(line, "name")), word_plain(word_trunk, TRUNK_STATES, member(line, "state")),
	    show_length((uint64_t)member_number(line, "age_ms")), lines, safe(member(line, "address")),
	    safe(member(line, "reason"))};
	table_add(arg, cells);
}

static int trunks(struct cmd *c)
{
	static const char *const head[] = {"TRUNK", "STATE", "FOR", "LINES", "ADDRESS", "LAST REASON"};
	struct table t;
	struct ask a;

	table_begin(&t, 6, head);
	ask_begin(&a, c, "trunks");
	return ask_table(&a, &t, row, "There are no trunks: a trunk section of ringfence.conf makes one.");
}

static int password(struct cmd *c)
{
	char word[PASSWORD_MAX + 1];
	struct ask a;
	int code = password_read(c, "Password that the provider gave", true, word);

	if (code >= 0)
		return code;
	ask_begin(&a, c, "trunk-password");
	ask_field(&a, "name", c->arg[0]);
	ask_field(&a, "password", word);
	code = ask_run(&a, NULL, NULL);
	password_done(c, word, code == EXIT_DONE);
	if (code == EXIT_DONE && !c->json)
		printf(
		    "The password of %s was set; it answers that trunk's own realm and no other.\n", safe(c->arg[0]));
	return code;
}

struct request {
	char pem[ENROL_PEM_MAX];
	size_t n; /* 0: none came */
};

static void take_request(json_t *line, void *arg)
{
	struct request *r = arg;
	struct buf b = buf_of(r->pem, sizeof r->pem);
	uint8_t der[CERT_MAX];

	if (!line_is(line, "trunk-request"))
		return;
	int n = span_unbase64(span_str(member(line, "request")), der, sizeof der);
	if (n > 0 && enrol_put_request(&b, span_of(der, (size_t)n)) == NULL && !b.full)
		r->n = b.n;
}

/* Of another key, as after a restore: the certificate that the configuration names answers the one that is there, and the exchange
 * must start with it. */
static bool keep_last(const struct request *r, const char *path)
{
	char last[PATH_MAX], text[ENROL_PEM_MAX];
	FILE *f = fopen(path, "re");

	if (!f)
		return errno == ENOENT;
	size_t n = fread(text, 1, sizeof text, f);
	fclose(f);
	if (n == r->n && memcmp(text, r->pem, n) == 0)
		return true;
	return snprintf(last, sizeof last, "%s.old", path) < (int)sizeof last && rename(path, last) == 0;
}

/* Where conf looks for it, beside the certificate that answers it, unless a file is named. */
static bool write_request(struct cmd *c, const struct request *r, bool next, const char *out, char path[PATH_MAX])
{
	path[0] = 0;
	if (out && strcmp(out, "-") == 0)
		return fwrite(r->pem, 1, r->n, stdout) == r->n;
	snprintf(path, PATH_MAX, "%s/trust", c->site);
	if (!out && mkdir(path, 0755) != 0 && errno != EEXIST) {
		complain(safe(path), strerror(errno), NULL);
		return false;
	}
	snprintf(path, PATH_MAX, "%s/trust/%s.csr%s", c->site, c->arg[0], next ? ".new" : "");
	if (out) {
		snprintf(path, PATH_MAX, "%s", out);
	} else if (!next && !keep_last(r, path)) {
		complain(safe(path), strerror(errno), NULL);
		return false;
	}
	return file_write(NULL, path, r->pem, r->n, 0644);
}

static int fetch(struct cmd *c, bool next, const char *out, char path[PATH_MAX])
{
	struct request r = {.n = 0};
	struct ask a;

	ask_begin(&a, c, "trunk-request");
	ask_field(&a, "name", c->arg[0]);
	if (next)
		ask_number(&a, "new-key", 1);
	int code = ask_run_quiet(&a, take_request, &r);
	if (code != EXIT_DONE)
		return code;
	if (r.n == 0) {
		complain("the request cannot be read", NULL, "is the exchange of the same version?");
		return EXIT_REFUSED;
	}
	return write_request(c, &r, next, out, path) ? EXIT_DONE : EXIT_REFUSED;
}

static void tell(const struct cmd *c, const char *path, bool next)
{
	if (c->json) {
		printf("{\"kind\":\"trunk-request\"}\n");
		return;
	}
	printf("The request is in %s: it holds nothing secret. What the provider's CA makes of it goes into\n"
	       "the directory trust too, and its name into the trunk's section: certificate = \"%s.pem\"\n",
	    safe(path), safe(c->arg[0]));
	if (next)
		printf("The key in use stays until the exchange has that certificate, and is destroyed then.\n");
}

static int request(struct cmd *c)
{
	bool next = option_is(c, "new-key");
	char path[PATH_MAX];
	int code = EXIT_DONE;

	if (next) /* conf goes on finding that of the key in use, which may have been the next one once */
		code = fetch(c, false, NULL, path);
	if (code == EXIT_DONE)
		code = fetch(c, next, option_get(c, "out"), path);
	if (code == EXIT_DONE && path[0])
		tell(c, path, next);
	return code;
}

const struct verb verb_trunk_request = {
    .name = "trunk request",
    .run = request,
    .usage = "TRUNK",
    .args_min = 1,
    .args_max = 1,
    .what = "Write a request for a certificate that a provider asks for",
    .help =
	"The key is made at the first request, stays in signer, and is the same in every later one, unless a new one is asked for.",
    .option = {{"out", "FILE", "where to write it (TRUNK.csr in the site's directory trust; - for standard output)"},
	{"new-key", NULL,
	    "for a new key (TRUNK.csr.new), which replaces the one in use when its certificate is put in"}},
};

const struct verb verb_trunks = {
    .name = "trunks",
    .run = trunks,
    .usage = "",
    .what = "Show the trunks: whether they are up, their lines, what was wrong last",
};

const struct verb verb_trunk_password = {
    .name = "trunk password",
    .run = password,
    .usage = "TRUNK",
    .args_min = 1,
    .args_max = 1,
    .what = "Set the password that a provider asks for",
    .help =
	"It is for the login and the realm that ringfence.conf names; when one of them changes it is to be set again.",
    .option = {PASSWORD_OPTIONS},
};
