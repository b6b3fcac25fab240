/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "plan/plan.h"

static const struct {
	const char *country, *area, *outside;
} site[] = {{"us", "212", "9"}, {"us", "", ""}, {"ca", "416", ""}, {"gb", "20", ""}, {"fr", "1", "0"}, {"de", "30", ""},
    {"ch", "44", "0"}, {"at", "1", ""}, {"be", "2", ""}, {"nl", "20", "9"}, {"it", "06", ""}, {"es", "91", ""}, {"ie", "1", ""},
    {"au", "2", "0"}, {"jp", "3", ""}, {"", "", ""}};

/* The first octet names a site, a line feed divides the spelling from its phone-context. What is understood is digits, and is
 * itself when it is read again; an emergency number is one in any context, unless it is mistyped. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct plan p;
	struct number a, b;

	if (n == 0)
		return 0;
	plan_defaults(&p);
	memcpy(p.country, site[data[0] % 16].country, strlen(site[data[0] % 16].country));
	memcpy(p.area, site[data[0] % 16].area, strlen(site[data[0] % 16].area));
	memcpy(p.outside, site[data[0] % 16].outside, strlen(site[data[0] % 16].outside));
	struct span all = span_of(data + 1, n - 1), spelled = span_head(all, span_find(all, '\n'));
	bool ok = number_canon(&p, spelled, span_skip(all, spelled.n + 1), data[0] & 0x80, &a);
	FUZZ_CHECK(ok == (a.class != NUMBER_UNKNOWN) && a.class < NUMBER_CLASSES && ok == (a.text[0] != 0));
	FUZZ_CHECK(memchr(a.text, 0, sizeof a.text) && memchr(a.country, 0, sizeof a.country));
	bool help = number_emergency(&p, spelled) != NULL;
	FUZZ_CHECK(help || a.class != NUMBER_EMERGENCY); /* an extension may be spelled as a mistyped one */
	FUZZ_CHECK(number_canon(&p, spelled, SPAN(""), false, &b) == (b.text[0] != 0) && help == (b.class == NUMBER_EMERGENCY));
	if (!ok || a.class == NUMBER_INTERNAL)
		return 0;
	FUZZ_CHECK(strspn(a.text, "+0123456789*#") == strlen(a.text));
	FUZZ_CHECK(!strchr(a.text + 1, '+') || a.class == NUMBER_SERVICE); /* of which a forward to + is one */
	if (a.text[0] == '+')
		FUZZ_CHECK(number_canon(&p, span_str(a.text), SPAN(""), false, &b) && memcmp(&a, &b, sizeof a) == 0);
	char said[NUMBER_MAX + 1];
	for (int how = 0; how < NUMBER_SPELLINGS && number_is_outside(&a) && a.text[0] == '+'; how++) {
		number_spell(&p, (enum number_spelling)how, a.text, said);
		FUZZ_CHECK(number_canon_outside(&p, (enum number_spelling)how, span_str(said), &b) && strcmp(a.text, b.text) == 0);
	}
	number_canon_outside(&p, SPELLED_PLUS, spelled, &b);
	number_canon_outside(&p, SPELLED_DIGITS, spelled, &b);
	return 0;
}
