/* SPDX-License-Identifier: ISC */
/* A fault is named with its line, whatever comments stand above it; a text without its comments says to libconfuse what it said with them. */
#include "conf/comments.h"
#include "conf/conf.h"
#include "test.h"
#include <confuse.h>
#include <stdlib.h>

#define SITE "domain = voice.example\nphones { listen = \"192.0.2.1\" }\n"

static void faults_are_named_with_their_line(void)
{
	static const struct {
		const char *text;
		int line;
	} each[] = {
	    {"nonsense = 1\n", 1},
	    {"# one\nnonsense = 1\n", 2},
	    {"# one\n# two\n\n// three\nnonsense = 1\n", 5},
	    {"/* one\n two */\nnonsense = 1\n", 3},
	    {"domain = \"a.b\" # one\nedges = 9\n", 2},
	    {"# \"one\ndomain = \"a#b\"\n", 2},
	    {"// don't\nphones { listen = \"192.0.2.1\" } # /*\nedges = 9 # */\n", 3},
	    {SITE "# one\ntrunk a { server = \"b.c\" # two\n# three\nlines = 0 }\n", 6},
	};
	static struct conf c;

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		char at[16];
		snprintf(at, sizeof at, "f:%d: ", each[i].line);
		bool ok = conf_parse(span_str(each[i].text), "f", &c);
		if (ok || strncmp(c.reason, at, strlen(at)) != 0)
			fprintf(stderr, "%zu: %s\n", i, ok ? "ok" : c.reason);
		CHECK(!ok && strncmp(c.reason, at, strlen(at)) == 0);
	}
}

/* --- against libconfuse itself --- */

struct said {
	int result;
	char a[256], b[256];
};

static void be_quiet(cfg_t *cfg, const char *format, va_list args)
{
	(void)cfg;
	(void)format;
	(void)args;
}

static struct said said_by(const char *text)
{
	cfg_opt_t in[] = {CFG_STR("a", "none", CFGF_NONE), CFG_END()};
	cfg_opt_t all[] = {CFG_STR("a", "none", CFGF_NONE), CFG_STR_LIST("b", "{}", CFGF_NONE), CFG_SEC("s", in, CFGF_MULTI), CFG_END()};
	cfg_t *cfg = cfg_init(all, CFGF_NONE);
	struct said out = {0};

	cfg_set_error_function(cfg, be_quiet);
	out.result = cfg_parse_buf(cfg, text);
	if (out.result == CFG_SUCCESS) {
		snprintf(out.a, sizeof out.a, "%s", cfg_getstr(cfg, "a"));
		for (unsigned i = 0; i < cfg_size(cfg, "b"); i++)
			snprintf(out.b + strlen(out.b), sizeof out.b - strlen(out.b), "<%s>", cfg_getnstr(cfg, "b", i));
		for (unsigned i = 0; i < cfg_size(cfg, "s"); i++)
			snprintf(out.b + strlen(out.b), sizeof out.b - strlen(out.b), "[%s]",
			    cfg_getstr(cfg_getnsec(cfg, "s", i), "a"));
	}
	cfg_free(cfg);
	return out;
}

static uint32_t dice(uint32_t n)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % n;
}

static void nothing_else_of_a_text_changes(void)
{
	static const char *const piece[] = {"a = ", "b = {", "}", ", ", "\"", "'", "\\", "#", "//", "/*", "*/", "/", "*", "\n", " ", "x", "y z", "s {",
	    "a = x\n", "a = \"x\"\n", "a = 'y'\n", "# c\n", "// c\n", "/* c */", "b = {x, y}\n", "s { a = z }\n", "\t", "=", "+"};
	enum { PIECES = sizeof piece / sizeof *piece, TIMES = 100000 };
	int good = 0, changed = 0, loosened = 0;

	for (int i = 0; i < TIMES; i++) {
		char text[256] = "", blanked[256];
		for (uint32_t k = 2 + dice(12); k; k--)
			strcat(text, piece[dice(PIECES)]);
		strcpy(blanked, text);
		comments_blank(blanked);
		CHECK(strlen(blanked) == strlen(text));
		struct said x = said_by(text), y = said_by(blanked);
		bool same = x.result == y.result && strcmp(x.a, y.a) == 0 && strcmp(x.b, y.b) == 0;
		loosened += !same;
		if (!same && x.result == CFG_SUCCESS)
			fprintf(stderr, "--- %d <%s> %s\n%s\n--- %d <%s> %s\n%s\n", x.result, x.a, x.b, text, y.result, y.a, y.b, blanked);
		CHECK(same || x.result != CFG_SUCCESS);
		good += x.result == CFG_SUCCESS;
		changed += strcmp(text, blanked) != 0;
	}
	CHECK(good > TIMES / 50 && changed > TIMES / 10);
	CHECK(loosened < TIMES / 50); /* libconfuse refuses a comment between = and the value, or behind { */
}

int main(void)
{
	RUN(faults_are_named_with_their_line);
	RUN(nothing_else_of_a_text_changes);
	return TEST_END;
}
