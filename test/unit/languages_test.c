/* SPDX-License-Identifier: ISC */
/* Which languages a configuration may name: those of the packed prompts and those that the site has recordings of (R5, R29). */
#include "audio/pack.h"
#include "conf/conf.h"
#include "conf/languages.h"
#include "test.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE "domain = voice.example\nphones { listen = \"192.0.2.1\" }\n"

static struct conf c;
static const char *built;
static char dir[] = "/tmp/ringfence-languages-XXXXXX";

static bool speaks(const char *language)
{
	char text[128];

	snprintf(text, sizeof text, SITE "language = \"%s\"\n", language);
	bool ok = conf_parse(span_str(text), "f", &c);
	return ok && site_ok(&c.site) && strcmp(c.site.language, language) == 0 && site_speaks(&c.site, SPAN("en"));
}

static bool refused(const char *language, const char *why)
{
	char text[160];

	snprintf(text, sizeof text, SITE "language = \"%s\"\n", language);
	bool ok = conf_parse(span_str(text), "f", &c);
	snprintf(text, sizeof text, "f:3: language = \"%s\" %s", language, why);
	if (ok || strcmp(c.reason, text) != 0)
		fprintf(stderr, "said: %s\n", ok ? "ok" : c.reason);
	return !ok && strcmp(c.reason, text) == 0;
}

/* Who restores a backup has no prompts to look at; whoever starts with it has. */
static void without_prompts_the_name_counts(void)
{
	static const char *const bad[] = {"f", "francais9", "FR", "fr/", "..", "f r", "fr\\n"};

	CHECK(speaks("en") && speaks("fr") && speaks("pt-br"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!speaks(bad[i]));
	CHECK(refused("", "is none of en"));
	CHECK(conf_parse(SPAN(SITE), "f", &c) && strcmp(c.site.language, "en") == 0 && !site_speaks(&c.site, SPAN("fr")));
}

static void put(const char *name, bool folder)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (folder)
		CHECK(mkdir(path, 0700) == 0);
	else
		CHECK(close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == 0);
}

static void those_of_the_pack_are_taken(void)
{
	languages_read_pack(open(built, O_RDONLY | O_CLOEXEC));
	CHECK(speaks("en") && speaks("fr"));
	CHECK(refused("xx", "is none of en, fr") && refused("", "is none of en, fr") && refused("FR", "is none of en, fr"));
	CHECK(conf_parse(SPAN(SITE), "f", &c) && strcmp(c.site.language, "en") == 0 && site_speaks(&c.site, SPAN("fr")));
}

static void those_of_the_sites_recordings_too(void)
{
	static const char *const folders[] = {"de", "it", ".es", "too-long-a-name", "NL"};

	CHECK(mkdtemp(dir));
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		put(folders[i], true);
	put("de/welcome.wav", false);
	put(".es/welcome.wav", false);
	put("NL/welcome.wav", false);
	put("it/readme.txt", false);
	put("pt", false);
	languages_read_recordings(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	CHECK(speaks("de") && speaks("fr") && refused("it", "is none of en, fr, de") && refused("pt", "is none of en, fr, de"));
	languages_read_recordings(-1);
	CHECK(refused("de", "is none of en, fr"));
	languages_read_pack(-1); /* no prompts at all */
	CHECK(refused("fr", "is none of en"));
	char words[128];
	snprintf(words, sizeof words, "rm -r %s", dir);
	CHECK(system(words) == 0);
}

/* Of a file that was cut off, or is none, what can be read of it; each once. */
static void a_pack_is_no_more_than_it_shows(void)
{
	static uint8_t head[PACK_HEADER + 3 * PACK_ENTRY];
	struct span l = span_of(NULL, 0);
	uint32_t at = 0;

	memcpy(head, "RFPROMPT\1\0\0\0\3\0\0", 16);
	memcpy(head + 16, "de/a", 4);
	memcpy(head + 72, "de/b", 4);
	memcpy(head + 128, "en/a", 4);
	CHECK(pack_next_language(span_of(head, sizeof head), &at, &l) && span_eq(l, SPAN("de")));
	CHECK(pack_next_language(span_of(head, sizeof head), &at, &l) && span_eq(l, SPAN("en")));
	CHECK(!pack_next_language(span_of(head, sizeof head), &at, &l));
	for (size_t n = 0; n < sizeof head; n++) {
		uint32_t found = 0;
		for (at = 0, l = span_of(NULL, 0); pack_next_language(span_of(head, n), &at, &l);)
			found++;
		CHECK(found == (n >= 72));
	}
	head[128 + 2] = '.';
	at = 2;
	CHECK(!pack_next_language(span_of(head, sizeof head), &at, &l));
	head[8] = 2;
	at = 0;
	CHECK(!pack_next_language(span_of(head, sizeof head), &at, &l));
}

static void a_site_speaks_what_there_is(void)
{
	struct site s;

	CHECK(conf_parse(SPAN(SITE), "f", &c) && site_ok(&c.site));
	s = c.site;
	memcpy(s.language, "fr", 3);
	CHECK(!site_ok(&s));
	site_add_language(&s, SPAN("fr"));
	CHECK(site_ok(&s));
	memset(s.language, 'f', sizeof s.language);
	CHECK(!site_ok(&s));
	memcpy(s.language, "fr", 3);
	memcpy(s.languages[2], "F", 2);
	CHECK(!site_ok(&s));
	memset(s.languages[2], 0, sizeof s.languages[2]);
	memcpy(s.languages[3], "de", 3); /* behind a gap */
	CHECK(!site_ok(&s));
	memset(s.languages[3], 'd', sizeof s.languages[3]);
	CHECK(!site_ok(&s));
	s = c.site;
	for (int i = 0; i < 2 * SITE_LANGUAGES_MAX; i++) {
		char name[4] = {'x', (char)('a' + i % 26), (char)('a' + i / 26), 0};
		site_add_language(&s, span_str(name));
	}
	CHECK(site_ok(&s) && site_speaks(&s, SPAN("xoa")) && !site_speaks(&s, SPAN("xpa")));
	CHECK(strlen(site_languages(&s)) == strlen("is none of en") + 15 * strlen(", xaa"));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	built = argv[1];
	RUN(without_prompts_the_name_counts);
	RUN(those_of_the_pack_are_taken);
	RUN(those_of_the_sites_recordings_too);
	RUN(a_pack_is_no_more_than_it_shows);
	RUN(a_site_speaks_what_there_is);
	return TEST_END;
}
