/* SPDX-License-Identifier: ISC */
#include "draft.h"
#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_SHOWN_MAX = 24 };

/* libconfuse calls back without a pointer of ours. */
static struct draft draft;
static const char *file_name;
static uint32_t seen;
static unsigned list_n; /* values of a list that were taken */
static bool list_closed;

static void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void refuse(const char *format, ...)
{
	char *why = draft.out->reason;
	va_list args;

	if (why[0]) /* the first one counts */
		return;
	va_start(args, format);
	vsnprintf(why, sizeof draft.out->reason, format, args);
	va_end(args);
	for (char *c = why; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			*c = '?';
}

/* What libconfuse quotes may be a piece of a secret whose own quotes were forgotten: only what could be a key is shown. */
static void hide_quoted(char *text)
{
	char *open = strchr(text, '\''), *close = open ? strchr(open + 1, '\'') : NULL;
	size_t n = close ? (size_t)(close - open - 1) : 0;

	if (open && (!close || n > KEY_SHOWN_MAX || strspn(open + 1, "abcdefghijklmnopqrstuvwxyz-") != n))
		*open = 0;
}

static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	char text[CONF_REASON_MAX];

	vsnprintf(text, sizeof text, format, args);
	hide_quoted(text);
	refuse("%s:%d: %s", file_name, cfg->line, text);
}

static int key_of(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *section = cfg_name(cfg);

	for (int i = 0; draft_keys[i].name; i++)
		if (strcmp(draft_keys[i].name, opt->name) == 0 &&
		    strcmp(draft_keys[i].section ? draft_keys[i].section : "root", section) == 0)
			return i;
	return -1;
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	int i = key_of(cfg, opt);
	unsigned n = cfg_opt_size(opt);
	const char *value = n ? cfg_opt_getnstr(opt, n - 1) : NULL, *why = NULL;

	if (i < 0 || !value) {
		refuse("%s:%d: %s is empty", file_name, cfg->line, opt->name);
		return -1;
	}
	const struct draft_key *k = &draft_keys[i];
	if (k->list && !list_closed) {
		list_closed = n == list_n; /* called for each value and once more at the end */
		list_n = n;
		if (list_closed)
			return 0;
	} else if (seen >> i & 1)
		why = "is given twice";
	seen |= 1u << i;
	if (!why)
		why = k->set(&draft, span_str(value));
	if (!why)
		return 0;
	if (k->secret)
		refuse("%s:%d: %s %s", file_name, cfg->line, k->name, why);
	else
		refuse("%s:%d: %s%s%s = \"%.40s\" %s", file_name, cfg->line, k->section ? k->section : "",
		    k->section ? "." : "", k->name, value, why);
	return -1;
}

static int on_phones(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *why = draft_end_phones(&draft);

	(void)opt;
	for (int i = 0; draft_keys[i].name; i++)
		if (draft_keys[i].section && strcmp(draft_keys[i].section, "phones") == 0)
			seen &= ~(1u << i);
	if (why)
		refuse("%s:%d: phones %s", file_name, cfg->line, why);
	return why ? -1 : 0;
}

/* An empty list would leave the defaults standing as if nothing had been said. */
static int on_emergency(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, 0);

	if (!section || cfg_size(section, "numbers"))
		return 0;
	refuse("%s:%d: emergency names no number", file_name, cfg->line);
	return -1;
}

static void watch_values(cfg_t *cfg)
{
	char path[64];

	for (const struct draft_key *k = draft_keys; k->name; k++) {
		snprintf(path, sizeof path, "%s%s%s", k->section ? k->section : "", k->section ? "|" : "", k->name);
		cfg_set_validate_func(cfg, path, on_value);
	}
	cfg_set_validate_func(cfg, "phones", on_phones);
	cfg_set_validate_func(cfg, "emergency", on_emergency);
}

/* What libconfuse would do beyond reading: nothing of it is wanted. */
static bool plain(struct span text)
{
	if (text.n == 0 || text.n > CONF_TEXT_MAX) {
		refuse("%s: is %s", file_name, text.n ? "longer than 64 kB" : "empty");
		return false;
	}
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == 0 || (text.p[i] == '$' && i + 1 < text.n && text.p[i + 1] == '{')) {
			refuse("%s: %s", file_name, text.p[i] ? "${...} is not replaced here" : "holds a NUL");
			return false;
		}
	return true;
}

#define TEXT(name) CFG_STR(name, NULL, CFGF_NODEFAULT)

static void parse(const char *text)
{
	cfg_opt_t phones[] = {TEXT("listen"), TEXT("advertise"), TEXT("media"), TEXT("advertise-media"), CFG_END()};
	cfg_opt_t media[] = {TEXT("ports"), CFG_END()};
	cfg_opt_t log[] = {TEXT("privacy"), TEXT("days"), CFG_END()};
	cfg_opt_t emergency[] = {CFG_STR_LIST("numbers", NULL, CFGF_NODEFAULT), CFG_END()};
	cfg_opt_t registration[] = {TEXT("expires"), TEXT("keepalive"), TEXT("login"), CFG_END()};
	cfg_opt_t calls[] = {TEXT("ring"), TEXT("refresh"), CFG_END()};
	cfg_opt_t limits[] = {TEXT("phones"), TEXT("users"), TEXT("calls"), CFG_END()};
	cfg_opt_t root[] = {TEXT("domain"), TEXT("database"), TEXT("edges"), TEXT("node"),
	    CFG_SEC("phones", phones, CFGF_MULTI), CFG_SEC("media", media, CFGF_NONE), CFG_SEC("log", log, CFGF_NONE),
	    CFG_SEC("emergency", emergency, CFGF_NONE), CFG_SEC("registration", registration, CFGF_NONE),
	    CFG_SEC("calls", calls, CFGF_NONE), CFG_SEC("limits", limits, CFGF_NONE), CFG_END()};
	cfg_t *cfg = cfg_init(root, CFGF_NONE);

	if (!cfg) {
		refuse("%s: no memory", file_name);
		return;
	}
	cfg_set_error_function(cfg, on_error);
	watch_values(cfg);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		refuse("%s: cannot be read", file_name);
	cfg_free(cfg);
}

bool conf_parse(struct span text, const char *file, struct conf *out)
{
	memset(out, 0, sizeof *out);
	site_defaults(&out->site);
	draft = (struct draft){.out = out};
	file_name = file;
	seen = 0;
	list_n = 0;
	list_closed = false;
	char *copy = plain(text) ? malloc(text.n + 1) : NULL;
	if (copy) {
		memcpy(copy, text.p, text.n);
		copy[text.n] = 0;
		parse(copy);
		free(copy);
	}
	const char *why = draft_end(&draft);
	if (why)
		refuse("%s: %s", file_name, why);
	return out->reason[0] == 0;
}
