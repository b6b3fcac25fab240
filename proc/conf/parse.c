/* SPDX-License-Identifier: ISC */
#include "comments.h"
#include "draft.h"
#include "languages.h"
#include "signers.h"
#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SHOWN_MAX = 24, KEYS_MAX = 128 };

/* libconfuse calls back without a pointer of ours. */
static struct draft draft;
static const char *file_name;
static const struct draft_key *const tables[] = {
    draft_keys, draft_trunk_keys, draft_plan_keys, draft_service_keys, draft_signer_keys, NULL};
static bool seen[KEYS_MAX]; /* the keys of all tables, counted through */
static struct {
	const cfg_opt_t *opt;
	unsigned n; /* values that were taken */
	bool closed;
} list;

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

/* Call for each key, with its number, until one says true. */
static const struct draft_key *each_key(bool (*is_it)(const struct draft_key *k, unsigned n, void *arg), void *arg)
{
	unsigned n = 0;

	for (const struct draft_key *const *t = tables; *t; t++)
		for (const struct draft_key *k = *t; k->name; k++, n++)
			if (n == KEYS_MAX || is_it(k, n, arg))
				return k;
	return NULL;
}

struct wanted {
	const char *section, *name;
	unsigned n; /* where it stands */
};

static bool is_wanted(const struct draft_key *k, unsigned n, void *arg)
{
	struct wanted *w = arg;

	w->n = n;
	return strcmp(k->name, w->name) == 0 && strcmp(k->section ? k->section : "root", w->section) == 0;
}

/* A list calls for each value and once more at its end: true when this is no further value. */
static bool list_ends(const cfg_opt_t *opt, unsigned n)
{
	if (list.opt != opt) {
		list.opt = opt;
		list.n = 0;
		list.closed = false;
	}
	bool ends = !list.closed && n == list.n;
	list.closed |= ends;
	list.n = n;
	return ends;
}

static void refuse_value(cfg_t *cfg, const struct draft_key *k, const char *value, const char *why)
{
	if (k->secret)
		refuse("%s:%d: %s %s", file_name, cfg->line, k->name, why);
	else
		refuse("%s:%d: %s%s%s = \"%.40s\" %s", file_name, cfg->line, k->section ? k->section : "",
		    k->section ? "." : "", k->name, value, why);
}

static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	struct wanted w = {.section = cfg_name(cfg), .name = opt->name};
	const struct draft_key *k = each_key(is_wanted, &w);
	unsigned n = cfg_opt_size(opt);
	const char *value = n ? cfg_opt_getnstr(opt, n - 1) : NULL, *why = NULL;

	if (!k || !value) {
		refuse("%s:%d: %s is empty", file_name, cfg->line, opt->name);
		return -1;
	}
	if (k->list && list_ends(opt, n))
		return 0;
	if (k->list ? list.closed : seen[w.n])
		why = "is given twice";
	seen[w.n] = true;
	if (!why)
		why = k->set(&draft, span_str(value));
	if (why)
		refuse_value(cfg, k, value, why);
	return why ? -1 : 0;
}

static bool forget(const struct draft_key *k, unsigned n, void *section)
{
	if (k->section && strcmp(k->section, section) == 0)
		seen[n] = false;
	return false;
}

/* A section that may stand several times closed. */
static int end_section(cfg_t *cfg, cfg_opt_t *opt, const char *why)
{
	char name[16];

	snprintf(name, sizeof name, "%s", opt->name);
	each_key(forget, name);
	if (why)
		refuse("%s:%d: %s %s", file_name, cfg->line, opt->name, why);
	return why ? -1 : 0;
}

static struct span title_of(cfg_opt_t *opt)
{
	const char *title = cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));

	return span_str(title ? title : "");
}

static int on_phones(cfg_t *cfg, cfg_opt_t *opt)
{
	return end_section(cfg, opt, draft_end_phones(&draft));
}

static int on_trunk(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *why = draft_end_trunk(&draft, title_of(opt));

	if (!why)
		draft.trunk_line[draft.out->site.trunks - 1] = cfg->line;
	return end_section(cfg, opt, why);
}

static int on_number(cfg_t *cfg, cfg_opt_t *opt)
{
	return end_section(cfg, opt, draft_end_number(&draft, title_of(opt)));
}

static int on_prefix(cfg_t *cfg, cfg_opt_t *opt)
{
	return end_section(cfg, opt, draft_end_prefix(&draft, title_of(opt)));
}

static int on_country(cfg_t *cfg, cfg_opt_t *opt)
{
	return end_section(cfg, opt, draft_end_country(&draft, title_of(opt)));
}

static int on_certificate(cfg_t *cfg, cfg_opt_t *opt)
{
	return end_section(cfg, opt, draft_end_signer(&draft, title_of(opt)));
}

static int on_night(cfg_t *cfg, cfg_opt_t *opt)
{
	return end_section(cfg, opt, draft_end_night(&draft));
}

/* An empty list would leave the defaults standing as if nothing had been said. */
static int on_emergency(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, 0);
	cfg_opt_t *numbers = section ? cfg_getopt(section, "numbers") : NULL;

	if (!numbers || cfg_opt_size(numbers) || !(numbers->flags & CFGF_MODIFIED))
		return 0;
	refuse("%s:%d: emergency names no number", file_name, cfg->line);
	return -1;
}

#define NAMED (CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

/* A section that stands in another comes before it. */
static const struct section {
	const char *name;
	cfg_flag_t flags;
	cfg_validate_callback_t end;
	const char *within; /* NULL: nothing */
} sections[] = {
    {"phones", CFGF_MULTI, on_phones, NULL},
    {"media", CFGF_NONE, NULL, NULL},
    {"log", CFGF_NONE, NULL, NULL},
    {"emergency", CFGF_NONE, on_emergency, NULL},
    {"registration", CFGF_NONE, NULL, NULL},
    {"calls", CFGF_NONE, NULL, NULL},
    {"limits", CFGF_NONE, NULL, NULL},
    {"voicemail", CFGF_NONE, NULL, NULL},
    {"number", NAMED, on_number, "trunk"},
    {"trunk", NAMED, on_trunk, NULL},
    {"numbers", CFGF_NONE, NULL, NULL},
    {"prefix", NAMED, on_prefix, NULL},
    {"country", NAMED, on_country, NULL},
    {"rates", CFGF_NONE, NULL, NULL},
    {"night", CFGF_MULTI, on_night, NULL},
    {"ceilings", CFGF_NONE, NULL, NULL},
    {"incoming", CFGF_NONE, NULL, NULL},
    {"service", CFGF_NONE, NULL, NULL},
    {"alarms", CFGF_NONE, NULL, NULL},
    {"certificate", NAMED, on_certificate, "signed-callers"},
    {"signed-callers", CFGF_NONE, NULL, NULL},
};

enum { SECTIONS = sizeof sections / sizeof *sections, OPTIONS_MAX = 40 };

static cfg_opt_t option[SECTIONS + 1][OPTIONS_MAX]; /* the last is what stands outside of any */

struct filling {
	const char *section; /* NULL: outside of any */
	cfg_opt_t *at, *end;
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool add_key(const struct draft_key *k, unsigned n, void *arg)
{
	struct filling *f = arg;

	(void)n;
	if (same(k->section, f->section) && f->at < f->end)
		*f->at++ = k->list ? (cfg_opt_t)CFG_STR_LIST(k->name, NULL, CFGF_NODEFAULT)
		                   : (cfg_opt_t)CFG_STR(k->name, NULL, CFGF_NODEFAULT);
	return false;
}

static cfg_opt_t *options_of(int i)
{
	struct filling f = {
	    .section = i < SECTIONS ? sections[i].name : NULL, .at = option[i], .end = option[i] + OPTIONS_MAX - 1};

	each_key(add_key, &f);
	for (int k = 0; k < SECTIONS && f.at < f.end; k++)
		if (same(sections[k].within, f.section))
			*f.at++ = (cfg_opt_t)CFG_SEC(sections[k].name, option[k], sections[k].flags);
	*f.at = (cfg_opt_t)CFG_END();
	return option[i];
}

static const struct section *section_named(const char *name)
{
	for (int i = 0; i < SECTIONS; i++)
		if (same(sections[i].name, name))
			return &sections[i];
	return NULL;
}

static bool watch(const struct draft_key *k, unsigned n, void *cfg)
{
	const struct section *in = section_named(k->section);
	bool nested = in && in->within;
	char path[64];

	(void)n;
	snprintf(path, sizeof path, "%s%s%s%s%s", nested ? in->within : "", nested ? "|" : "", in ? in->name : "",
	    in ? "|" : "", k->name);
	cfg_set_validate_func(cfg, path, on_value);
	return false;
}

static void watch_values(cfg_t *cfg)
{
	char path[64];

	each_key(watch, cfg);
	for (int i = 0; i < SECTIONS; i++) {
		const struct section *c = &sections[i];
		snprintf(path, sizeof path, "%s%s%s", c->within ? c->within : "", c->within ? "|" : "", c->name);
		if (c->end)
			cfg_set_validate_func(cfg, path, c->end);
	}
}

static unsigned line_at(struct span before)
{
	unsigned n = 1;

	for (size_t i = 0; i < before.n; i++)
		n += before.p[i] == '\n';
	return n;
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
			refuse("%s:%u: %s", file_name, line_at(span_head(text, i)),
			    text.p[i] ? "${...} is not replaced here" : "holds a NUL");
			return false;
		}
	return true;
}

static bool comments_end(char *text)
{
	const char *open = comments_blank(text);

	if (open)
		refuse("%s:%u: the comment that begins here does not end", file_name,
		    line_at(span_of(text, (size_t)(open - text))));
	return !open;
}

static void on_no_error(cfg_t *cfg, const char *format, va_list args)
{
	(void)cfg;
	(void)format;
	(void)args;
}

/* The end of the text ends every section for libconfuse: what a forgotten brace swallowed would be taken as said in there. One more
 * brace is a fault where all are closed. */
static bool is_open(const char *text)
{
	size_t n = strlen(text);
	char *more = malloc(n + 3);
	cfg_t *cfg = more ? cfg_init(option[SECTIONS], CFGF_NONE) : NULL;
	bool open = false;

	if (cfg) {
		memcpy(more, text, n);
		memcpy(more + n, "\n}", 3);
		cfg_set_error_function(cfg, on_no_error);
		open = cfg_parse_buf(cfg, more) == CFG_SUCCESS;
		cfg_free(cfg);
	}
	if (more)
		explicit_bzero(more, n + 3);
	free(more);
	return open;
}

static void parse(const char *text)
{
	for (int i = 0; i < SECTIONS; i++)
		options_of(i);
	cfg_t *cfg = cfg_init(options_of(SECTIONS), CFGF_NONE);

	if (!cfg) {
		refuse("%s: no memory", file_name);
		return;
	}
	cfg_set_error_function(cfg, on_error);
	watch_values(cfg);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		refuse("%s: cannot be read", file_name);
	else if (is_open(text))
		refuse("%s: ends within a section: a closing } is missing", file_name);
	cfg_free(cfg);
}

/* Trunks that stand in for each other may well have more lines together than there are calls: no fault, but to be known. */
static void warn_of_lines(void)
{
	struct conf *out = draft.out;
	const struct site *s = &out->site;
	const uint32_t calls = site_calls(s);
	uint32_t lines = 0, before = 0;
	int i = 0;

	for (; i < s->trunks && lines <= calls; i++) {
		before = lines;
		lines += s->trunk[i].lines;
	}
	if (lines <= calls)
		return;
	snprintf(out->warning, sizeof out->warning,
	    "%s:%d: trunk %s: its %u lines%s are more than the %u calls that there may be at once (%s)", file_name,
	    draft.trunk_line[i - 1], s->trunk[i - 1].name, s->trunk[i - 1].lines,
	    before ? " and those of the trunks above it" : "", calls,
	    calls < s->max_calls ? "media.ports, four each" : "limits.calls");
}

bool conf_parse(struct span text, const char *file, struct conf *out)
{
	memset(out, 0, sizeof *out);
	site_defaults(&out->site);
	languages_fill(&out->site);
	draft = (struct draft){.out = out};
	signers_begin();
	file_name = file;
	memset(seen, 0, sizeof seen);
	memset(&list, 0, sizeof list);
	char *copy = plain(text) ? malloc(text.n + 1) : NULL;
	if (copy) {
		memcpy(copy, text.p, text.n);
		copy[text.n] = 0;
		if (comments_end(copy))
			parse(copy);
		free(copy);
	}
	const char *why = draft_end(&draft);
	if (why)
		refuse("%s: %s", file_name, why);
	else if (!out->reason[0])
		warn_of_lines();
	return out->reason[0] == 0;
}
