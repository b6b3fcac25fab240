/* SPDX-License-Identifier: ISC */
/* Whose signatures of callers count. */
#include "draft.h"
#include "signers.h"
#include "trust.h"
#include <stdio.h>

static char why_text[96 + TRUNK_FILE_MAX];

static const char *of_file(const char *name, const char *what)
{
	snprintf(why_text, sizeof why_text, "trust/%s %s", name, what);
	return why_text;
}

static const char *set_ca(struct draft *d, struct span v)
{
	char name[TRUNK_FILE_MAX];
	struct span pem;
	const char *why = draft_file_name(v, name, sizeof name);

	if (why)
		return why;
	why = trust_file(name, &pem);
	return why ? why : signers_roots(pem, &d->out->site.signers);
}

static const char *set_file(struct draft *d, struct span v)
{
	return draft_file_name(v, d->signer_file, sizeof d->signer_file);
}

const char *draft_end_signer(struct draft *d, struct span url)
{
	struct plan_signers *s = &d->out->site.signers;
	struct plan_signer one = {0};
	struct span pem;
	char name[TRUNK_FILE_MAX];

	memcpy(name, d->signer_file, sizeof name);
	d->signer_file[0] = 0;
	if (!passport_url_ok(url))
		return "is not named by the https URL under which callers' signatures know it";
	if (!name[0])
		return "names no file";
	if (s->n == SIGNERS_MAX)
		return "is one section too many (16 are allowed)";
	const char *why = trust_file(name, &pem);
	if (!why)
		why = signers_read(pem, s->n, &one);
	if (why)
		return of_file(name, why);
	passport_url_hash(url, one.x5u);
	s->signer[s->n++] = one;
	return NULL;
}

const struct draft_key draft_signer_keys[] = {
    {"signed-callers", "ca", false, false, set_ca},
    {"certificate", "file", false, false, set_file},
    {NULL, NULL, false, false, NULL},
};
