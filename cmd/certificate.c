/* SPDX-License-Identifier: ISC */
/* Certificates that the exchange makes for phones: the bundle that one is brought in, its CA's fingerprint, how long it is good for. */
#include "verbs.h"
#include "vault/enrol.h"
#include "vault/key_print.h"
#include <string.h>

struct certificate {
	const char *path;
	bool there, written;
};

static bool put_pem(struct buf *out, const json_t *line, const char *name)
{
	static uint8_t der[CERT_MAX + 64];
	int n = span_unbase64(span_str(member(line, name)), der, sizeof der);

	return n >= 0 && enrol_put_certificate(out, span_of(der, (size_t)n)) == NULL && !out->full;
}

bool bundle_write(const json_t *line, const char *path)
{
	static char text[ENROL_PEM_MAX * 2 + 512];
	struct buf b = buf_of(text, sizeof text);

	/* what stands before the first -----BEGIN is ours alone; every reader of PEM passes over it */
	buf_str(&b, "domain: ");
	buf_str(&b, safe(member(line, "domain")));
	buf_str(&b, "\nserver: ");
	buf_str(&b, safe(member(line, "server")));
	buf_str(&b, "\n");
	if (member(line, "user")[0]) {
		buf_str(&b, "user: ");
		buf_str(&b, safe(member(line, "user")));
		buf_str(&b, "\n");
	}
	if (!put_pem(&b, line, "certificate") || !put_pem(&b, line, "ca")) {
		complain("the certificate cannot be read", NULL, "is the exchange of the same version?");
		return false;
	}
	if (strcmp(path, "-") == 0)
		return fwrite(text, 1, b.n, stdout) == b.n;
	return file_write(NULL, path, text, b.n, 0644);
}

static void take_certificate(json_t *line, void *arg)
{
	struct certificate *got = arg;

	if (!line_is(line, "certificate"))
		return;
	got->there = true;
	got->written = bundle_write(line, got->path);
}

void ca_fingerprint(const char *pem, size_t n)
{
	char text[KEY_PRINT_TEXT];
	uint8_t sha[32];

	if (enrol_fingerprint(span_of(pem, n), sha) != NULL)
		return;
	sha_print(sha, text);
	printf("CA fingerprint (SHA-256): %s\n", text);
}

int bundle_get(struct cmd *c, struct ask *a, const char *path)
{
	struct certificate got = {.path = path};
	int code = ask_run_quiet(a, take_certificate, &got);

	if (code != EXIT_DONE)
		return code;
	if (got.there && !got.written) /* it stands in the directory: the code that was used is not needed again */
		complain("the certificate was made and could not be written", NULL,
		    "`ringfence phone renew PHONE --out FILE` writes it");
	if (!got.there || !got.written)
		return EXIT_REFUSED;
	if (strcmp(path, "-") == 0)
		return EXIT_DONE;
	if (c->json)
		printf("{\"kind\":\"bundle\"}\n");
	else
		printf(
		    "The certificate and the CA are in %s. Bring it to the phone's computer, beside the key, and there:\n"
		    "  ringfence phone enrol --finish DIR --bundle %s\n",
		    safe(path), safe(path));
	return EXIT_DONE;
}

bool put_valid(struct cmd *c, struct ask *a)
{
	const char *text = option_get(c, "valid");
	uint64_t s = text ? length_of_time(text) : 0;

	if (text && s == 0)
		complain("that is no length of time", safe(text), "write it as 12h or 90d, a year at most");
	else if (text)
		ask_number(a, "valid", s);
	return !text || s;
}

static void take_ca(json_t *line, void *arg)
{
	static char text[ENROL_PEM_MAX];
	struct buf b = buf_of(text, sizeof text);

	if (!line_is(line, "certificate") || !put_pem(&b, line, "ca"))
		return;
	if (option_is(arg, "fingerprint"))
		ca_fingerprint(text, b.n);
	else
		fwrite(text, 1, b.n, stdout);
}

static int ca(struct cmd *c)
{
	struct ask a;

	ask_begin(&a, c, "ca");
	return ask_run(&a, take_ca, c);
}

const struct verb verb_ca = {
    .name = "ca",
    .run = ca,
    .usage = "",
    .what = "Print the certificate of the exchange's own CA",
    .option = {{"fingerprint", NULL, "its SHA-256 alone, to compare with what `phone enrol` printed"}},
};
