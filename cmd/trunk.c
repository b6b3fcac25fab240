/* SPDX-License-Identifier: ISC */
#include "vault/enrol.h"
#include "verbs.h"
#include <errno.h>
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
	int code = ask_run(&a, row, &t);
	bool none = t.rows == 1;
	table_end(&t);
	if (code == EXIT_DONE && none && !c->json)
		printf("There are no trunks: a trunk section of ringfence.conf makes one.\n");
	return code;
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

/* Where conf looks for it, beside the certificate that answers it, unless a file is named. */
static bool write_request(struct cmd *c, const struct request *r, char *path, size_t cap)
{
	const char *out = option_get(c, "out");

	if (out && strcmp(out, "-") == 0)
		return fwrite(r->pem, 1, r->n, stdout) == r->n;
	snprintf(path, cap, "%s/trust", c->site);
	if (!out && mkdir(path, 0755) != 0 && errno != EEXIST) {
		complain(safe(path), strerror(errno), NULL);
		return false;
	}
	snprintf(path, cap, "%s/trust/%s.csr", c->site, c->arg[0]);
	if (out)
		snprintf(path, cap, "%s", out);
	if (!file_write(NULL, path, r->pem, r->n, 0644))
		return false;
	if (c->json)
		printf("{\"kind\":\"trunk-request\"}\n");
	else
		printf("The request is in %s: it holds nothing secret. What the provider's CA makes of it goes into\n"
		       "the directory trust too, and its name into the trunk's section: certificate = \"%s.pem\"\n",
		    safe(path), safe(c->arg[0]));
	return true;
}

static int request(struct cmd *c)
{
	struct request r = {.n = 0};
	char path[4096];
	struct ask a;

	ask_begin(&a, c, "trunk-request");
	ask_field(&a, "name", c->arg[0]);
	int code = ask_run_quiet(&a, take_request, &r);
	if (code != EXIT_DONE)
		return code;
	if (r.n == 0) {
		complain("the request cannot be read", NULL, "is the exchange of the same version?");
		return EXIT_REFUSED;
	}
	return write_request(c, &r, path, sizeof path) ? EXIT_DONE : EXIT_REFUSED;
}

const struct verb verb_trunk_request = {
    .name = "trunk request",
    .run = request,
    .usage = "TRUNK",
    .args_min = 1,
    .args_max = 1,
    .what = "Write a request for a certificate that a provider asks for",
    .help = "The key is made at the first request, stays in signer, and is the same in every later one.",
    .option = {{"out", "FILE", "where to write it (TRUNK.csr in the site's directory trust; - for standard output)"}},
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
