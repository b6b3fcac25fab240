/* SPDX-License-Identifier: ISC */
/* R14, T42: what people dial and what attackers write, in the countries of the examples. The table of each country stands beside
 * its rules; a number without text is refused. */
#include "plan/country.h"
#include "plan/e164.h"
#include "test.h"

struct row {
	const char *spelled, *text;
	enum number_class class;
	const char *country;
};

static struct plan p;

static void site(const char *country, const char *area, const char *outside)
{
	plan_defaults(&p);
	memcpy(p.emergency_test, "933", sizeof "933");
	snprintf(p.country, sizeof p.country, "%s", country);
	snprintf(p.area, sizeof p.area, "%s", area);
	snprintf(p.outside, sizeof p.outside, "%s", outside);
}

/* Extensions of the site: 101, 102, 1234 and anna. */
static bool is_extension(struct span spelled)
{
	static const char *const all[] = {"101", "102", "1234", "anna"};
	char text[NUMBER_SPELLED_MAX + 1];

	if (!number_strip(spelled, text))
		return false;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(all[i], text) == 0)
			return true;
	return false;
}

static bool read(const char *spelled, struct number *n)
{
	return number_canon(&p, span_str(spelled), SPAN(""), is_extension(span_str(spelled)), n);
}

static int wrong(const struct row *r)
{
	struct number n;
	bool ok = read(r->spelled, &n);
	bool right = r->text ? ok && strcmp(n.text, r->text) == 0 && n.class == r->class &&
	                           (!r->country || strcmp(n.country, r->country) == 0)
	                     : !ok && n.class == NUMBER_UNKNOWN && !n.text[0];
	if (!right)
		fprintf(stderr, "%s: \"%s\" became %s %s %s\n", p.country, r->spelled, number_class_name[n.class], n.text, n.country);
	return !right;
}

#define ALL_RIGHT(rows)                                               \
	do {                                                          \
		int bad = 0;                                          \
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) \
			bad += wrong(&rows[i]);                       \
		CHECK(bad == 0);                                      \
	} while (0)

#define LONG_ "0123456789012345678901234567890123456789012345678901234567890123456789"

/* Whatever the country, none of these is a number. */
static const struct row hostile[] = {
    {""}, {" "}, {"+"}, {"++33144123456"}, {"+0033144123456"}, {"+33144123456;"}, {"+33144123456;ext=5"},
    {"+33144123456;isub=1"}, {"+33144123456;phone-context=+33;phone-context=+33"}, {"+33144123456;rn=+33899123456"},
    {"+33144123456;phone-context="}, {"+33144123456;phone-context=evil.example"}, {"+33144123456,,5"}, {"+33144123456p5"},
    {"+33144123456w5"}, {"+33144123456@evil.example"}, {"+3314412345%36"}, {"+33144123456'--"}, {"+331441234\n56"},
    {"+33\xc2\xa0" "144123456"}, {"\xef\xbc\x8b" "33144123456"}, {"+33*144123456"}, {"#33144123456"}, {"*67144123456"},
    {"*31#0144123456"}, {"0144123456#"}, {LONG_}, {"+" LONG_}, {"+1234567890123456"}, {"+123"}, {"+999123456789"},
    {"+210123456789"}, {"sip:101"}, {"tel:+33144123456"}, {"-"}, {"()"}, {"nobody"}, {"+33144123456/../"}, {"0x7b"}, {"1e9"},
};

static const struct row anywhere[] = {
    {"101", "101", NUMBER_INTERNAL}, {"anna", "anna", NUMBER_INTERNAL}, {" 1-0-1 ", "101", NUMBER_INTERNAL},
    {"112", "112", NUMBER_EMERGENCY}, {"911", "911", NUMBER_EMERGENCY}, {"9-1-1", "911", NUMBER_EMERGENCY},
    {"(1)(1)(2)", "112", NUMBER_EMERGENCY}, {"911;phone-context=+1", "911", NUMBER_EMERGENCY},
    {"911;anything=at-all", "911", NUMBER_EMERGENCY}, {"933", "933", NUMBER_EMERGENCY}, {"+112"}, {"+911"},
    {"*72", "*72", NUMBER_SERVICE}, {"*720033144123456", "*720033144123456", NUMBER_SERVICE}, {"*97", "*97", NUMBER_SERVICE},
    {"*8", "*8", NUMBER_SERVICE}, {"*8101", "*8101", NUMBER_SERVICE}, {"*8701", "*8701", NUMBER_SERVICE},
    {"*87", "*87", NUMBER_SERVICE}, {"*97#", "*97#", NUMBER_SERVICE}, {"*8101#", "*8101#", NUMBER_SERVICE},
    {"*11230#4711#", "*11230#4711#", NUMBER_SERVICE}, {"*971"}, {"*971#"}, {"*97##"}, {"*8anna"}, {"*72=1"}, {"*5"}, {"*99"}, {"##"},
    {"+870773123456", "+870773123456", NUMBER_SATELLITE, "870"}, {"+881612345678", "+881612345678", NUMBER_SATELLITE, "881"},
    {"+882161234567", "+882161234567", NUMBER_SATELLITE, "882"}, {"+883510012345", "+883510012345", NUMBER_SATELLITE, "883"},
    {"+979123456789", "+979123456789", NUMBER_PREMIUM, "979"}, {"+80012345678", "+80012345678", NUMBER_TOLL_FREE, "800"},
    {"+8782012345678", "+8782012345678", NUMBER_PREMIUM, "878"}, {"+2222123456", "+2222123456", NUMBER_INTERNATIONAL, "mr"},
    {"+8613812345678", "+8613812345678", NUMBER_INTERNATIONAL, "cn"}, {"+77012345678", "+77012345678", NUMBER_INTERNATIONAL, "kz"},
    {"+74951234567", "+74951234567", NUMBER_INTERNATIONAL, "ru"}, {"+2529012345", "+2529012345", NUMBER_INTERNATIONAL, "so"},
    {"+351 (0)21 1234567", "+351211234567", NUMBER_INTERNATIONAL, "pt"},
    {"+18765551234", "+18765551234", NUMBER_INTERNATIONAL, "jm"}, {"+18095551234", "+18095551234", NUMBER_INTERNATIONAL, "do"},
    {"+12845551234", "+12845551234", NUMBER_INTERNATIONAL, "vg"}, {"+19005551234", "+19005551234", NUMBER_PREMIUM},
    {"+12129765555", "+12129765555", NUMBER_PREMIUM, "us"}, {"+12125551212", "+12125551212", NUMBER_PREMIUM, "us"},
    {"+12119995555"}, {"+12121115555"}, {"+12120115555"}, {"+1212911555"}, {"+1212555123"}, {"+121255512345"},
    {"+15005551234", "+15005551234", NUMBER_PREMIUM}, {"+17005551234", "+17005551234", NUMBER_PREMIUM},
};

static const struct row in_france[] = {
    {"0033144123456", "+33144123456", NUMBER_LOCAL, "fr"}, {"+33144123456", "+33144123456", NUMBER_LOCAL, "fr"},
    {"0144123456", "+33144123456", NUMBER_LOCAL, "fr"}, {"01 44 12 34 56", "+33144123456", NUMBER_LOCAL, "fr"},
    {"01.44.12.34.56", "+33144123456", NUMBER_LOCAL, "fr"}, {"+33 (0)1 44 12 34 56", "+33144123456", NUMBER_LOCAL, "fr"},
    {"+330144123456", "+33144123456", NUMBER_LOCAL, "fr"}, {"0033 (0)144123456", "+33144123456", NUMBER_LOCAL, "fr"},
    {"44123456", "+33144123456", NUMBER_LOCAL, "fr"}, {"(0)144123456", "+33144123456", NUMBER_LOCAL, "fr"},
    {"144123456;phone-context=+33", "+33144123456", NUMBER_LOCAL, "fr"},
    {"0478123456", "+33478123456", NUMBER_NATIONAL, "fr"}, {"0298123456", "+33298123456", NUMBER_NATIONAL, "fr"},
    {"0388123456", "+33388123456", NUMBER_NATIONAL, "fr"}, {"0556123456", "+33556123456", NUMBER_NATIONAL, "fr"},
    {"0972123456", "+33972123456", NUMBER_NATIONAL, "fr"}, {"0612345678", "+33612345678", NUMBER_MOBILE, "fr"},
    {"0751234567", "+33751234567", NUMBER_MOBILE, "fr"}, {"0033612345678", "+33612345678", NUMBER_MOBILE, "fr"},
    {"0800123456", "+33800123456", NUMBER_TOLL_FREE, "fr"}, {"0805123456", "+33805123456", NUMBER_TOLL_FREE, "fr"},
    {"0806123456", "+33806123456", NUMBER_SHARED, "fr"}, {"0810123456", "+33810123456", NUMBER_SHARED, "fr"},
    {"0825123456", "+33825123456", NUMBER_SHARED, "fr"}, {"0890123456", "+33890123456", NUMBER_PREMIUM, "fr"},
    {"0891123456", "+33891123456", NUMBER_PREMIUM, "fr"}, {"0892123456", "+33892123456", NUMBER_PREMIUM, "fr"},
    {"0899123456", "+33899123456", NUMBER_PREMIUM, "fr"}, {"+33 8 99 12 34 56", "+33899123456", NUMBER_PREMIUM, "fr"},
    {"0033 0899123456", "+33899123456", NUMBER_PREMIUM, "fr"}, {"0836123456", "+33836123456", NUMBER_PREMIUM, "fr"},
    {"0700123456", "+33700123456", NUMBER_PREMIUM, "fr"}, {"07001234567890", "+337001234567890", NUMBER_PREMIUM, "fr"},
    {"0262123456", "+262262123456", NUMBER_INTERNATIONAL, "re"}, {"+33262123456", "+262262123456", NUMBER_INTERNATIONAL, "re"},
    {"00262262123456", "+262262123456", NUMBER_INTERNATIONAL, "re"}, {"0692123456", "+262692123456", NUMBER_INTERNATIONAL, "re"},
    {"0639123456", "+262639123456", NUMBER_INTERNATIONAL, "yt"}, {"0696123456", "+596696123456", NUMBER_INTERNATIONAL, "mq"},
    {"0690123456", "+590690123456", NUMBER_INTERNATIONAL, "gp"}, {"0594123456", "+594594123456", NUMBER_INTERNATIONAL, "gf"},
    {"00442079460000", "+442079460000", NUMBER_INTERNATIONAL, "gb"}, {"00493012345678", "+493012345678", NUMBER_INTERNATIONAL, "de"},
    {"0012125551234", "+12125551234", NUMBER_INTERNATIONAL, "us"}, {"0014165551234", "+14165551234", NUMBER_INTERNATIONAL, "ca"},
    {"00496001234", "+496001234", NUMBER_INTERNATIONAL, "de"}, {"00498001234567", "+498001234567", NUMBER_INTERNATIONAL, "de"},
    {"00491801234567", "+491801234567", NUMBER_PREMIUM, "de"}, {"004490112345678"}, {"00449012345678", "+449012345678", NUMBER_PREMIUM, "gb"},
    {"00377991234", "+377991234", NUMBER_INTERNATIONAL, "mc"}, {"3949", "3949", NUMBER_PREMIUM, "fr"}, {"3020", "3020", NUMBER_TOLL_FREE, "fr"},
    {"118218", "118218", NUMBER_PREMIUM, "fr"}, {"116117", "116117", NUMBER_TOLL_FREE, "fr"}, {"115", "115", NUMBER_TOLL_FREE, "fr"},
    {"014412345"}, {"01441234567"}, {"144123456"}, {"1644123456"}, {"0944"}, {"01144207946"}, {"0000144123456"}, {"00"}, {"0"},
    {"+33044"}, {"+3314412345678"}, {"00330033144123456"}, {"8"}, {"1613"},
};

static const struct row in_usa[] = {
    {"5551234", "+12125551234", NUMBER_LOCAL, "us"}, {"555-1234", "+12125551234", NUMBER_LOCAL, "us"},
    {"2125551234", "+12125551234", NUMBER_LOCAL, "us"}, {"12125551234", "+12125551234", NUMBER_LOCAL, "us"},
    {"1-212-555-1234", "+12125551234", NUMBER_LOCAL, "us"}, {"(212) 555-1234", "+12125551234", NUMBER_LOCAL, "us"},
    {"+1 (212) 555-1234", "+12125551234", NUMBER_LOCAL, "us"}, {"01112125551234", "+12125551234", NUMBER_LOCAL, "us"},
    {"0012125551234", "+12125551234", NUMBER_LOCAL, "us"}, {"5551234;phone-context=+1-212", "+12125551234", NUMBER_LOCAL, "us"},
    {"4155551234", "+14155551234", NUMBER_NATIONAL, "us"}, {"14155551234", "+14155551234", NUMBER_NATIONAL, "us"},
    {"+14155551234", "+14155551234", NUMBER_NATIONAL, "us"}, {"9175551234", "+19175551234", NUMBER_NATIONAL, "us"},
    {"3055551234", "+13055551234", NUMBER_NATIONAL, "us"}, {"8085551234", "+18085551234", NUMBER_NATIONAL, "us"},
    {"9075551234", "+19075551234", NUMBER_NATIONAL, "us"},
    {"8005551234", "+18005551234", NUMBER_TOLL_FREE}, {"18885551234", "+18885551234", NUMBER_TOLL_FREE},
    {"8335551234", "+18335551234", NUMBER_TOLL_FREE}, {"8775551234", "+18775551234", NUMBER_TOLL_FREE},
    {"8665551234", "+18665551234", NUMBER_TOLL_FREE}, {"8555551234", "+18555551234", NUMBER_TOLL_FREE},
    {"19005551234", "+19005551234", NUMBER_PREMIUM}, {"9005551234", "+19005551234", NUMBER_PREMIUM},
    {"2129761234", "+12129761234", NUMBER_PREMIUM}, {"9761234", "+12129761234", NUMBER_PREMIUM},
    {"5551212", "+12125551212", NUMBER_PREMIUM}, {"4155551212", "+14155551212", NUMBER_PREMIUM},
    {"8225551234", "+18225551234", NUMBER_PREMIUM}, {"6225551234", "+16225551234", NUMBER_PREMIUM},
    {"5005551234", "+15005551234", NUMBER_PREMIUM}, {"7105551234", "+17105551234", NUMBER_PREMIUM},
    {"4165551234", "+14165551234", NUMBER_INTERNATIONAL, "ca"}, {"16045551234", "+16045551234", NUMBER_INTERNATIONAL, "ca"},
    {"18765551234", "+18765551234", NUMBER_INTERNATIONAL, "jm"}, {"8765551234", "+18765551234", NUMBER_INTERNATIONAL, "jm"},
    {"16585551234", "+16585551234", NUMBER_INTERNATIONAL, "jm"}, {"18095551234", "+18095551234", NUMBER_INTERNATIONAL, "do"},
    {"2845551234", "+12845551234", NUMBER_INTERNATIONAL, "vg"}, {"4735551234", "+14735551234", NUMBER_INTERNATIONAL, "gd"},
    {"7845551234", "+17845551234", NUMBER_INTERNATIONAL, "vc"}, {"2425551234", "+12425551234", NUMBER_INTERNATIONAL, "bs"},
    {"6495551234", "+16495551234", NUMBER_INTERNATIONAL, "tc"}, {"7875551234", "+17875551234", NUMBER_INTERNATIONAL, "pr"},
    {"6715551234", "+16715551234", NUMBER_INTERNATIONAL, "gu"}, {"8685551234", "+18685551234", NUMBER_INTERNATIONAL, "tt"},
    {"011442079460000", "+442079460000", NUMBER_INTERNATIONAL, "gb"}, {"00442079460000", "+442079460000", NUMBER_INTERNATIONAL, "gb"},
    {"011 44 (0)20 7946 0000", "+442079460000", NUMBER_INTERNATIONAL, "gb"}, {"01133899123456", "+33899123456", NUMBER_PREMIUM, "fr"},
    {"011870773123456", "+870773123456", NUMBER_SATELLITE, "870"}, {"0115352123456", "+5352123456", NUMBER_INTERNATIONAL, "cu"},
    {"411", "411", NUMBER_PREMIUM}, {"311", "311", NUMBER_TOLL_FREE}, {"988", "988", NUMBER_TOLL_FREE},
    {"1015551234567"}, {"10288011442079460000"}, {"0"}, {"00"}, {"011"}, {"1"}, {"15551234"}, {"555123"}, {"55512345"},
    {"1212555123"}, {"121255512345"}, {"112125551234"}, {"2121551234"}, {"1112345678"}, {"2129115555", NULL}, {"0 212 555 1234"},
};

static const struct row in_britain[] = {
    {"02079460000", "+442079460000", NUMBER_LOCAL, "gb"}, {"79460000", "+442079460000", NUMBER_LOCAL, "gb"},
    {"+442079460000", "+442079460000", NUMBER_LOCAL, "gb"}, {"00442079460000", "+442079460000", NUMBER_LOCAL, "gb"},
    {"+44 (0)20 7946 0000", "+442079460000", NUMBER_LOCAL, "gb"}, {"+4402079460000", "+442079460000", NUMBER_LOCAL, "gb"},
    {"020 7946 0000", "+442079460000", NUMBER_LOCAL, "gb"}, {"(020) 7946-0000", "+442079460000", NUMBER_LOCAL, "gb"},
    {"7946 0000;phone-context=+4420", "+442079460000", NUMBER_LOCAL, "gb"},
    {"01614960000", "+441614960000", NUMBER_NATIONAL, "gb"}, {"01632960000", "+441632960000", NUMBER_NATIONAL, "gb"},
    {"0169772123", "+44169772123", NUMBER_NATIONAL, "gb"}, {"03001234567", "+443001234567", NUMBER_NATIONAL, "gb"},
    {"03331234567", "+443331234567", NUMBER_NATIONAL, "gb"}, {"07400123456", "+447400123456", NUMBER_MOBILE, "gb"},
    {"07700900123", "+447700900123", NUMBER_INTERNATIONAL, "je"}, {"07911712345", "+447911712345", NUMBER_INTERNATIONAL, "gg"},
    {"07999123456", "+447999123456", NUMBER_MOBILE, "gb"}, {"07012345678", "+447012345678", NUMBER_PREMIUM, "gb"},
    {"07612345678", "+447612345678", NUMBER_PREMIUM, "gb"}, {"07624123456", "+447624123456", NUMBER_INTERNATIONAL, "im"},
    {"07781123456", "+447781123456", NUMBER_INTERNATIONAL, "gg"}, {"07797123456", "+447797123456", NUMBER_INTERNATIONAL, "je"},
    {"01481123456", "+441481123456", NUMBER_INTERNATIONAL, "gg"}, {"01534123456", "+441534123456", NUMBER_INTERNATIONAL, "je"},
    {"01624123456", "+441624123456", NUMBER_INTERNATIONAL, "im"}, {"0800123456", "+44800123456", NUMBER_TOLL_FREE, "gb"},
    {"08001234567", "+448001234567", NUMBER_TOLL_FREE, "gb"}, {"08081234567", "+448081234567", NUMBER_TOLL_FREE, "gb"},
    {"08001111", "+448001111", NUMBER_TOLL_FREE, "gb"}, {"08451234567", "+448451234567", NUMBER_SHARED, "gb"},
    {"08701234567", "+448701234567", NUMBER_SHARED, "gb"}, {"08719876543", "+448719876543", NUMBER_SHARED, "gb"},
    {"09012345678", "+449012345678", NUMBER_PREMIUM, "gb"}, {"09098765432", "+449098765432", NUMBER_PREMIUM, "gb"},
    {"+449112345678", "+449112345678", NUMBER_PREMIUM, "gb"}, {"0044 (0)9012345678", "+449012345678", NUMBER_PREMIUM, "gb"},
    {"08951234567", "+448951234567", NUMBER_PREMIUM, "gb"}, {"05601234567", "+445601234567", NUMBER_SHARED, "gb"},
    {"0033144123456", "+33144123456", NUMBER_INTERNATIONAL, "fr"}, {"00353861234567", "+353861234567", NUMBER_INTERNATIONAL, "ie"},
    {"00881612345678", "+881612345678", NUMBER_SATELLITE, "881"}, {"0018765551234", "+18765551234", NUMBER_INTERNATIONAL, "jm"},
    {"118500", "118500", NUMBER_PREMIUM, "gb"}, {"111", "111", NUMBER_TOLL_FREE, "gb"}, {"105", "105", NUMBER_TOLL_FREE, "gb"},
    {"116123", "116123", NUMBER_TOLL_FREE, "gb"}, {"0207946000"}, {"020794600000"}, {"0740012345"}, {"09012345"}, {"0800111"},
    {"10000"}, {"01"}, {"00"}, {"+440"}, {"+44000000000"}, {"00 00 44 20 7946 0000"}, {"1470 02079460000"},
};

static const struct row in_germany[] = {
    {"03012345678", "+493012345678", NUMBER_LOCAL, "de"}, {"22345678", "+493022345678", NUMBER_LOCAL, "de"},
    {"+493012345678", "+493012345678", NUMBER_LOCAL, "de"}, {"00493012345678", "+493012345678", NUMBER_LOCAL, "de"},
    {"+49 (0)30 12345678", "+493012345678", NUMBER_LOCAL, "de"}, {"+49-30-12345678", "+493012345678", NUMBER_LOCAL, "de"},
    {"(030) 123 456 78", "+493012345678", NUMBER_LOCAL, "de"}, {"+4903012345678", "+493012345678", NUMBER_LOCAL, "de"},
    {"08912345678", "+498912345678", NUMBER_NATIONAL, "de"}, {"0221123456", "+49221123456", NUMBER_NATIONAL, "de"},
    {"033203123", "+4933203123", NUMBER_NATIONAL, "de"}, {"098521234", "+4998521234", NUMBER_NATIONAL, "de"},
    {"03221123456789"}, {"0322112345678", "+49322112345678", NUMBER_NATIONAL, "de"},
    {"015112345678", "+4915112345678", NUMBER_MOBILE, "de"}, {"01701234567", "+491701234567", NUMBER_MOBILE, "de"},
    {"016212345678", "+4916212345678", NUMBER_MOBILE, "de"}, {"01761234567", "+491761234567", NUMBER_MOBILE, "de"},
    {"01631234567", "+491631234567", NUMBER_MOBILE, "de"}, {"01641234567", "+491641234567", NUMBER_PREMIUM, "de"},
    {"01681234567", "+491681234567", NUMBER_PREMIUM, "de"}, {"08001234567", "+498001234567", NUMBER_TOLL_FREE, "de"},
    {"018051234567", "+4918051234567", NUMBER_SHARED, "de"}, {"01801234567", "+491801234567", NUMBER_SHARED, "de"},
    {"070012345678", "+4970012345678", NUMBER_SHARED, "de"}, {"09001234567", "+499001234567", NUMBER_PREMIUM, "de"},
    {"0900 1 234567", "+499001234567", NUMBER_PREMIUM, "de"}, {"+49 900 1234567", "+499001234567", NUMBER_PREMIUM, "de"},
    {"0137123456", "+49137123456", NUMBER_PREMIUM, "de"}, {"0190123456", "+49190123456", NUMBER_PREMIUM, "de"},
    {"0191123456", "+49191123456", NUMBER_PREMIUM, "de"}, {"0181123456", "+49181123456", NUMBER_PREMIUM, "de"},
    {"012012345", "+4912012345", NUMBER_PREMIUM, "de"}, {"031123", "+4931123", NUMBER_PREMIUM, "de"},
    {"0033144123456", "+33144123456", NUMBER_INTERNATIONAL, "fr"}, {"0041441234567", "+41441234567", NUMBER_INTERNATIONAL, "ch"},
    {"0043112345678", "+43112345678", NUMBER_INTERNATIONAL, "at"}, {"0088123456789", "+88123456789", NUMBER_SATELLITE, "881"},
    {"0012845551234", "+12845551234", NUMBER_INTERNATIONAL, "vg"}, {"0037112345678", "+37112345678", NUMBER_INTERNATIONAL, "lv"},
    {"11833", "11833", NUMBER_PREMIUM, "de"}, {"118000", "118000", NUMBER_PREMIUM, "de"}, {"115", "115", NUMBER_SHARED, "de"},
    {"116117", "116117", NUMBER_TOLL_FREE, "de"}, {"0101300441234567"}, {"01033"}, {"010330044123456789"}, {"0110"}, {"0119"},
    {"1033004412345"}, {"12345678"}, {"0"}, {"00"}, {"090012"}, {"0800"}, {"+4930"}, {"+490"}, {"00490"}, {"03012345678901234"},
};

static const struct row in_switzerland[] = {
    {"0441234567", "+41441234567", NUMBER_LOCAL, "ch"}, {"0311234567", "+41311234567", NUMBER_NATIONAL, "ch"},
    {"0791234567", "+41791234567", NUMBER_MOBILE, "ch"}, {"0761234567", "+41761234567", NUMBER_MOBILE, "ch"},
    {"0741234567", "+41741234567", NUMBER_PREMIUM, "ch"}, {"0800123456", "+41800123456", NUMBER_TOLL_FREE, "ch"},
    {"0848123456", "+41848123456", NUMBER_SHARED, "ch"}, {"0900123456", "+41900123456", NUMBER_PREMIUM, "ch"},
    {"0901123456", "+41901123456", NUMBER_PREMIUM, "ch"}, {"0906123456", "+41906123456", NUMBER_PREMIUM, "ch"},
    {"0581234567", "+41581234567", NUMBER_NATIONAL, "ch"}, {"004232345678", "+4232345678", NUMBER_INTERNATIONAL, "li"},
    {"145", "145", NUMBER_TOLL_FREE}, {"1811", "1811", NUMBER_PREMIUM}, {"2345678", "+41442345678", NUMBER_LOCAL, "ch"},
    {"10741"}, {"044123456"}, {"04412345678"},
};

static const struct row in_austria[] = {
    {"0112345678", "+43112345678", NUMBER_LOCAL, "at"}, {"0662123456", "+43662123456", NUMBER_NATIONAL, "at"},
    {"06641234567", "+436641234567", NUMBER_MOBILE, "at"}, {"067612345678", "+4367612345678", NUMBER_MOBILE, "at"},
    {"0800123456", "+43800123456", NUMBER_TOLL_FREE, "at"}, {"0810123456", "+43810123456", NUMBER_SHARED, "at"},
    {"0900123456", "+43900123456", NUMBER_PREMIUM, "at"}, {"0930123456", "+43930123456", NUMBER_PREMIUM, "at"},
    {"0316123456", "+43316123456", NUMBER_NATIONAL, "at"}, {"118877", "118877", NUMBER_PREMIUM}, {"0104512345"}, {"01234"},
};

static const struct row in_belgium[] = {
    {"021234567", "+3221234567", NUMBER_LOCAL, "be"}, {"042123456", "+3242123456", NUMBER_NATIONAL, "be"},
    {"0470123456", "+32470123456", NUMBER_MOBILE, "be"}, {"0491234567", "+32491234567", NUMBER_MOBILE, "be"},
    {"080012345", "+3280012345", NUMBER_TOLL_FREE, "be"}, {"078123456", "+3278123456", NUMBER_SHARED, "be"},
    {"090012345", "+3290012345", NUMBER_PREMIUM, "be"}, {"092123456", "+3292123456", NUMBER_NATIONAL, "be"},
    {"0440123456", "+32440123456", NUMBER_PREMIUM, "be"}, {"02123456"}, {"04701234567"},
};

static const struct row in_the_netherlands[] = {
    {"0201234567", "+31201234567", NUMBER_LOCAL, "nl"}, {"0101234567", "+31101234567", NUMBER_NATIONAL, "nl"},
    {"0612345678", "+31612345678", NUMBER_MOBILE, "nl"}, {"0661234567", "+31661234567", NUMBER_PREMIUM, "nl"},
    {"08001234", "+318001234", NUMBER_TOLL_FREE, "nl"}, {"08001234567", "+318001234567", NUMBER_TOLL_FREE, "nl"},
    {"0881234567", "+31881234567", NUMBER_NATIONAL, "nl"}, {"0841234567", "+31841234567", NUMBER_SHARED, "nl"},
    {"09001234", "+319001234", NUMBER_PREMIUM, "nl"}, {"0906123456", "+31906123456", NUMBER_PREMIUM, "nl"}, {"09061234", "+319061234", NUMBER_PREMIUM, "nl"},
    {"14020", "14020", NUMBER_SHARED}, {"097012345678", "+3197012345678", NUMBER_PREMIUM, "nl"}, {"020123456"},
};

static const struct row in_italy[] = {
    {"0612345678", "+390612345678", NUMBER_LOCAL, "it"}, {"+39 06 1234 5678", "+390612345678", NUMBER_LOCAL, "it"},
    {"+39 (0)6 12345678", "+390612345678", NUMBER_LOCAL, "it"}, {"0039 (0)6 12345678", "+390612345678", NUMBER_LOCAL, "it"},
    {"0212345678", "+390212345678", NUMBER_NATIONAL, "it"}, {"3331234567", "+393331234567", NUMBER_MOBILE, "it"},
    {"800123456", "+39800123456", NUMBER_TOLL_FREE, "it"}, {"840123456", "+39840123456", NUMBER_SHARED, "it"},
    {"199123456", "+39199123456", NUMBER_SHARED, "it"}, {"899123456", "+39899123456", NUMBER_PREMIUM, "it"},
    {"892123", "+39892123", NUMBER_PREMIUM, "it"}, {"00442079460000", "+442079460000", NUMBER_INTERNATIONAL, "gb"},
    {"1254", "1254", NUMBER_PREMIUM}, {"10331234567"}, {"0000"}, {"06"},
};

static const struct row in_spain[] = {
    {"912345678", "+34912345678", NUMBER_LOCAL, "es"}, {"932345678", "+34932345678", NUMBER_NATIONAL, "es"},
    {"612345678", "+34612345678", NUMBER_MOBILE, "es"}, {"712345678", "+34712345678", NUMBER_MOBILE, "es"},
    {"701234567", "+34701234567", NUMBER_PREMIUM, "es"}, {"900123456", "+34900123456", NUMBER_TOLL_FREE, "es"},
    {"800123456", "+34800123456", NUMBER_TOLL_FREE, "es"}, {"901123456", "+34901123456", NUMBER_SHARED, "es"},
    {"806123456", "+34806123456", NUMBER_PREMIUM, "es"}, {"905123456", "+34905123456", NUMBER_PREMIUM, "es"},
    {"0034912345678", "+34912345678", NUMBER_LOCAL, "es"}, {"11888", "11888", NUMBER_PREMIUM}, {"016", "016", NUMBER_TOLL_FREE},
    {"91234567"}, {"0912345678"}, {"1033912345"},
};

static const struct row in_ireland[] = {
    {"012345678", "+35312345678", NUMBER_LOCAL, "ie"}, {"0214123456", "+353214123456", NUMBER_NATIONAL, "ie"},
    {"0861234567", "+353861234567", NUMBER_MOBILE, "ie"}, {"1800123456", "+3531800123456", NUMBER_TOLL_FREE, "ie"},
    {"018001234", "+35318001234", NUMBER_LOCAL, "ie"}, {"015201234", "+35315201234", NUMBER_LOCAL, "ie"},
    {"1520123456", "+3531520123456", NUMBER_PREMIUM, "ie"}, {"1550123456", "+3531550123456", NUMBER_PREMIUM, "ie"},
    {"0818123456", "+353818123456", NUMBER_SHARED, "ie"}, {"0820123456", "+353820123456", NUMBER_PREMIUM, "ie"},
    {"1890123456", "+3531890123456", NUMBER_SHARED, "ie"}, {"11850", "11850", NUMBER_PREMIUM}, {"0131234567"}, {"01234567"},
};

static const struct row in_australia[] = {
    {"0291234567", "+61291234567", NUMBER_LOCAL, "au"}, {"91234567", "+61291234567", NUMBER_LOCAL, "au"},
    {"0391234567", "+61391234567", NUMBER_NATIONAL, "au"}, {"0412345678", "+61412345678", NUMBER_MOBILE, "au"},
    {"1800123456", "+611800123456", NUMBER_TOLL_FREE, "au"}, {"1801234", "+611801234", NUMBER_TOLL_FREE, "au"},
    {"1300123456", "+611300123456", NUMBER_SHARED, "au"}, {"131234", "+61131234", NUMBER_SHARED, "au"},
    {"1900123456", "+611900123456", NUMBER_PREMIUM, "au"}, {"0147123456", "+61147123456", NUMBER_SATELLITE, "au"}, {"01471234567"},
    {"001144207946 0000", "+442079460000", NUMBER_INTERNATIONAL, "gb"}, {"0011870773123456", "+870773123456", NUMBER_SATELLITE, "870"},
    {"1223", "1223", NUMBER_TOLL_FREE}, {"12456", "12456", NUMBER_PREMIUM}, {"00442079460000"}, {"00212345678"}, {"029123456"},
};

static const struct row in_japan[] = {
    {"0312345678", "+81312345678", NUMBER_LOCAL, "jp"}, {"0612345678", "+81612345678", NUMBER_NATIONAL, "jp"},
    {"09012345678", "+819012345678", NUMBER_MOBILE, "jp"}, {"08012345678", "+818012345678", NUMBER_MOBILE, "jp"},
    {"07012345678", "+817012345678", NUMBER_MOBILE, "jp"}, {"05012345678", "+815012345678", NUMBER_NATIONAL, "jp"},
    {"0120123456", "+81120123456", NUMBER_TOLL_FREE, "jp"}, {"08001234567", "+818001234567", NUMBER_TOLL_FREE, "jp"},
    {"0570123456", "+81570123456", NUMBER_SHARED, "jp"}, {"0990123456", "+81990123456", NUMBER_PREMIUM, "jp"},
    {"010442079460000", "+442079460000", NUMBER_INTERNATIONAL, "gb"}, {"104", "104", NUMBER_PREMIUM}, {"0033010442079"}, {"031234567"},
};

#define COUNTRY_TEST(name, rows, country, area)    \
	static void name(void)                     \
	{                                          \
		site(country, area, "");           \
		ALL_RIGHT(rows);                   \
		ALL_RIGHT(anywhere);               \
		ALL_RIGHT(hostile);                \
	}

COUNTRY_TEST(france, in_france, "fr", "1")
COUNTRY_TEST(usa, in_usa, "us", "212")
COUNTRY_TEST(britain, in_britain, "gb", "20")
COUNTRY_TEST(germany, in_germany, "de", "30")
COUNTRY_TEST(switzerland, in_switzerland, "ch", "44")
COUNTRY_TEST(austria, in_austria, "at", "1")
COUNTRY_TEST(belgium, in_belgium, "be", "2")
COUNTRY_TEST(the_netherlands, in_the_netherlands, "nl", "20")
COUNTRY_TEST(italy, in_italy, "it", "06")
COUNTRY_TEST(spain, in_spain, "es", "91")
COUNTRY_TEST(ireland, in_ireland, "ie", "1")
COUNTRY_TEST(australia, in_australia, "au", "2")
COUNTRY_TEST(japan, in_japan, "jp", "3")

/* No country: only + is understood, and what is inside. */
static void nowhere(void)
{
	static const struct row rows[] = {
	    {"+33144123456", "+33144123456", NUMBER_INTERNATIONAL, "fr"}, {"+33899123456", "+33899123456", NUMBER_PREMIUM, "fr"},
	    {"+33800123456", "+33800123456", NUMBER_INTERNATIONAL, "fr"}, {"+18005551234", "+18005551234", NUMBER_INTERNATIONAL},
	    {"0033144123456"}, {"0144123456"}, {"2125551234"}, {"011442079460000"}, {"3949"},
	};

	site("", "", "");
	ALL_RIGHT(rows);
	ALL_RIGHT(anywhere);
	ALL_RIGHT(hostile);
}

/* Who is used to a prefix dials it in need, where there is none too; no other number gets shorter by that. */
static void help_behind_a_prefix_that_is_not_there(void)
{
	static const struct row none[] = {{"9911", "911", NUMBER_EMERGENCY}, {"9-911", "911", NUMBER_EMERGENCY}, {"911", "911", NUMBER_EMERGENCY}, {"99911"}, {"9933"}};

	site("us", "212", "");
	ALL_RIGHT(none);
}

/* The end key that the exchange's own words teach, and the 0 that stands before every other number: of what is nothing else. */
static void help_that_is_mistyped(void)
{
	static const struct row zero[] = {{"112#", "112", NUMBER_EMERGENCY}, {"0112", "112", NUMBER_EMERGENCY}, {"0112#", "112", NUMBER_EMERGENCY},
	    {"0-112", "112", NUMBER_EMERGENCY}, {"933#", "933", NUMBER_EMERGENCY}, {"0911", "911", NUMBER_EMERGENCY}, {"112##"}, {"00112"},
	    {"#112"}, {"112#1"}, {"1121"}, {"0"}, {"#"}, {"0#"}, {"03012345678", "+493012345678", NUMBER_LOCAL}};
	static const struct row prefixed[] = {{"0112#", "112", NUMBER_EMERGENCY}, {"112#", "112", NUMBER_EMERGENCY}, {"00112"}};
	static const struct row nanp[] = {{"911#", "911", NUMBER_EMERGENCY}, {"9911#", "911", NUMBER_EMERGENCY}, {"0911"}, {"1911"}};
	static const struct row nowhere[] = {{"112#", "112", NUMBER_EMERGENCY}, {"0112"}};
	struct number n;

	site("de", "30", "");
	ALL_RIGHT(zero);
	CHECK(number_emergency(&p, SPAN("0112")) && strcmp(number_emergency(&p, SPAN("112#")), "112") == 0);
	CHECK(!number_emergency(&p, SPAN("00112")) && !number_emergency(&p, SPAN("03012345678")));
	/* an extension is dialled by all of its digits, and a number of the site's own too */
	CHECK(number_canon(&p, SPAN("0112"), SPAN(""), true, &n) && n.class == NUMBER_INTERNAL && strcmp(n.text, "0112") == 0);
	CHECK(number_canon(&p, SPAN("112#"), SPAN(""), true, &n) && n.class == NUMBER_INTERNAL);
	CHECK(number_canon(&p, SPAN("112"), SPAN(""), true, &n) && n.class == NUMBER_EMERGENCY);
	CHECK(!number_canon(&p, SPAN("112#"), SPAN("+49"), false, &n) && !number_canon(&p, SPAN("112#;phone-context=+49"), SPAN(""), false, &n));
	p.rules = 1;
	p.rule[0] = (struct plan_rule){.prefix = "0112", .class = NUMBER_TOLL_FREE};
	CHECK(number_canon(&p, SPAN("0112"), SPAN(""), false, &n) && n.class == NUMBER_TOLL_FREE && !number_emergency(&p, SPAN("0112")));
	site("de", "30", "0");
	ALL_RIGHT(prefixed);
	site("us", "212", "");
	ALL_RIGHT(nanp);
	site("", "", "");
	ALL_RIGHT(nowhere);
}

/* The prefix must be there; emergency calls need none and may have one. */
static void behind_an_outside_prefix(void)
{
	static const struct row nine[] = {
	    {"9911", "911", NUMBER_EMERGENCY}, {"9-112", "112", NUMBER_EMERGENCY}, {"9933", "933", NUMBER_EMERGENCY},
	    {"911", "911", NUMBER_EMERGENCY}, {"912125551234", "+12125551234", NUMBER_LOCAL}, {"92125551234", "+12125551234", NUMBER_LOCAL},
	    {"95551234", "+12125551234", NUMBER_LOCAL}, {"9011442079460000", "+442079460000", NUMBER_INTERNATIONAL},
	    {"9 1 (876) 555-1234", "+18765551234", NUMBER_INTERNATIONAL}, {"+12125551234", "+12125551234", NUMBER_LOCAL},
	    {"9+12125551234", "+12125551234", NUMBER_LOCAL}, {"9411", "411", NUMBER_PREMIUM}, {"101", "101", NUMBER_INTERNAL},
	    {"9"}, {"411"}, {"12125551234"}, {"5551234"}, {"011442079460000"}, {"99911"},
	};
	static const struct row zero[] = {
	    {"0112", "112", NUMBER_EMERGENCY}, {"0 110"}, {"003012345678", "+493012345678", NUMBER_LOCAL}, {"+493012345678", "+493012345678", NUMBER_LOCAL},
	    {"0 00 33 144123456", "+33144123456", NUMBER_INTERNATIONAL}, {"0 22345678", "+493022345678", NUMBER_LOCAL},
	    {"22345678"}, {"0"}, {"00"}, {"000"}, {"0033144123456", "+4933144123456", NUMBER_NATIONAL},
	};

	site("us", "212", "9");
	ALL_RIGHT(nine);
	site("de", "30", "0");
	ALL_RIGHT(zero);
}

/* An extension wins only by all of its digits; an emergency number over it. */
static void overlap_with_extensions(void)
{
	struct number n;

	site("us", "212", "");
	CHECK(number_canon(&p, SPAN("5551234"), SPAN(""), true, &n) && n.class == NUMBER_INTERNAL);
	CHECK(number_canon(&p, SPAN("5551234"), SPAN("+1-212"), true, &n) && strcmp(n.text, "+12125551234") == 0);
	CHECK(number_canon(&p, SPAN("911"), SPAN(""), true, &n) && n.class == NUMBER_EMERGENCY);
	CHECK(number_canon(&p, SPAN("*97"), SPAN(""), true, &n) && n.class == NUMBER_SERVICE);
	CHECK(number_canon(&p, SPAN("411"), SPAN(""), true, &n) && n.class == NUMBER_INTERNAL);
	CHECK(read("1234", &n) && n.class == NUMBER_INTERNAL);
	CHECK(!read("12345", &n) && !read("123", &n) && !read("1010", &n));
	CHECK(number_canon(&p, SPAN("a-name-as-long-as-may-be-1234567"), SPAN(""), true, &n) && n.class == NUMBER_INTERNAL);
	CHECK(!number_canon(&p, SPAN("a-name-that-is-longer-than-it-may-be"), SPAN(""), true, &n) && n.class == NUMBER_UNKNOWN);
}

static void add_rule(const char *prefix, enum number_class class)
{
	struct plan_rule *r = &p.rule[p.rules++];

	snprintf(r->prefix, sizeof r->prefix, "%s", prefix);
	r->class = (uint8_t)class;
}

static void a_site_has_rules_of_its_own(void)
{
	static const struct row rows[] = {
	    {"0144123456", "+33144123456", NUMBER_TOLL_FREE}, {"0145123456", "+33145123456", NUMBER_PREMIUM},
	    {"0146123456", "+33146123456", NUMBER_LOCAL}, {"0899123456", "+33899123456", NUMBER_NATIONAL},
	    {"3949", "3949", NUMBER_TOLL_FREE}, {"39490", NULL}, {"7777", "7777", NUMBER_SHARED},
	    {"00442079460000", "+442079460000", NUMBER_SATELLITE},
	};

	site("fr", "1", "");
	add_rule("+331", NUMBER_LOCAL);
	add_rule("+33145", NUMBER_PREMIUM);
	add_rule("+33144123456", NUMBER_TOLL_FREE);
	add_rule("+33899", NUMBER_NATIONAL);
	add_rule("+4420", NUMBER_SATELLITE);
	add_rule("3949", NUMBER_TOLL_FREE);
	add_rule("7777", NUMBER_SHARED);
	CHECK(plan_ok(&p));
	ALL_RIGHT(rows);
}

/* R17: in whatever order they stand; and a rule that says a price alone takes no number out of its class. */
static void the_longest_rule_counts(void)
{
	struct number n;

	for (int turned = 0; turned < 2; turned++) {
		site("fr", "1", "");
		add_rule(turned ? "+33145" : "+331", turned ? NUMBER_PREMIUM : NUMBER_LOCAL);
		add_rule(turned ? "+331" : "+33145", turned ? NUMBER_LOCAL : NUMBER_PREMIUM);
		add_rule("+331451", NUMBER_UNKNOWN);
		for (int i = 0; i < 2; i++) {
			p.rule[i].has_rate = 1;
			p.rule[i].rate_e4 = p.rule[i].class == NUMBER_PREMIUM ? 5000 : 50;
		}
		p.rule[2].has_setup = 1;
		p.rule[2].setup_e4 = 3;
		CHECK(plan_ok(&p));
		CHECK(read("0145123456", &n) && n.class == NUMBER_PREMIUM && plan_rate_of(&p, &n).rate_e4 == 5000);
		CHECK(plan_rate_of(&p, &n).setup_e4 == 3);
		CHECK(read("0146123456", &n) && n.class == NUMBER_LOCAL && plan_rate_of(&p, &n).rate_e4 == 50);
	}
	/* a short number is no beginning of another */
	site("fr", "1", "");
	add_rule("394", NUMBER_SHARED);
	p.rule[0].has_rate = 1;
	p.rule[0].rate_e4 = 1;
	add_rule("3949", NUMBER_SHARED);
	CHECK(plan_ok(&p) && read("3949", &n) && plan_rate_of(&p, &n).rate_e4 == p.class_rate_e4[NUMBER_SHARED]);
}

/* T14: what reads digits takes nothing else, whoever asks. */
static void only_digits_are_digits(void)
{
	static const char *const no[] = {"", "33611a23344", "3361122334:", "3361122334/", "33 611223344", "33%3611223344", "\xff"};
	struct number n;

	site("fr", "1", "");
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		const struct span s = span_str(no[i]), national = s.n > 2 ? span_skip(s, 2) : s;
		CHECK(!e164_read(&p, s, &n) && !e164_national(&p, country_of_site(&p), s, &n));
		CHECK(!e164_national(&p, country_of_site(&p), national, &n) && !e164_local(&p, country_of_site(&p), national, &n));
	}
	CHECK(e164_read(&p, SPAN("33611223344"), &n) && !e164_read(&p, SPAN("033611223344"), &n));
}

static void rates_by_the_longest_prefix(void)
{
	struct number n;

	site("fr", "1", "");
	p.setup_e4 = 7;
	p.country_rate[p.country_rates++] = (struct plan_country_rate){"ch", 400};
	p.rule[p.rules++] = (struct plan_rule){.prefix = "+417", .has_rate = 1, .has_setup = 1, .rate_e4 = 3000, .setup_e4 = 9};
	p.rule[p.rules++] = (struct plan_rule){.prefix = "3949", .class = NUMBER_SHARED, .has_rate = 1, .rate_e4 = 1};
	p.rule[p.rules++] = (struct plan_rule){.prefix = "+41441", .has_setup = 1, .setup_e4 = 5};
	p.rule[p.rules++] = (struct plan_rule){.prefix = "+33899", .has_setup = 1, .setup_e4 = 100};
	CHECK(plan_ok(&p));
	CHECK(read("0041221234567", &n) && plan_rate_of(&p, &n).rate_e4 == 400 && plan_rate_of(&p, &n).setup_e4 == 7);
	CHECK(read("0041791234567", &n) && plan_rate_of(&p, &n).rate_e4 == 3000 && plan_rate_of(&p, &n).setup_e4 == 9);
	CHECK(read("0041900123456", &n) && plan_rate_of(&p, &n).rate_e4 == p.class_rate_e4[NUMBER_PREMIUM]);
	CHECK(read("00493012345678", &n) && plan_rate_of(&p, &n).rate_e4 == p.class_rate_e4[NUMBER_INTERNATIONAL]);
	CHECK(read("3949", &n) && plan_rate_of(&p, &n).rate_e4 == 1 && plan_rate_of(&p, &n).setup_e4 == 7);
	/* what a prefix says of one price says nothing of the other */
	CHECK(read("0041441234567", &n) && plan_rate_of(&p, &n).rate_e4 == 400 && plan_rate_of(&p, &n).setup_e4 == 5);
	CHECK(read("0899123456", &n) && plan_rate_of(&p, &n).rate_e4 == p.class_rate_e4[NUMBER_PREMIUM] && plan_rate_of(&p, &n).setup_e4 == 100);
	CHECK(read("0800123456", &n) && plan_rate_of(&p, &n).rate_e4 == 0 && plan_rate_of(&p, &n).setup_e4 == 0);
	CHECK(read("101", &n) && plan_rate_of(&p, &n).rate_e4 == 0 && plan_rate_of(&p, &n).setup_e4 == 0);
}

static void callers_from_outside(void)
{
	static const struct row rows[] = {
	    {"+33144123456", "+33144123456"}, {"0144123456", "+33144123456"}, {"0033144123456", "+33144123456"},
	    {"44123456", "+33144123456"}, {"33144123456", "+33144123456"}, {"493012345678", "+493012345678"},
	    {"4412345"}, {"441234567"}, {"33000000000"}, {"99912345678"}, {"*33144123456"}, {"101"}, {"112"}, {"*72"}, {"anonymous"}, {""}, {"+331;ext=1"}, {"3949"},
	    {"+33144123456;cpc=ordinary", "+33144123456"}, {"+33144123456;npdi;rn=+33199", "+33144123456"}, {"0144123456;isup-oli=00", "+33144123456"},
	    {"44123456;phone-context=+33"}, {"+33144123456;cpc=x;Phone-Context=+44"}, {";cpc=ordinary"}, {"anonymous;cpc=ordinary"}, {"+33144123456;", "+33144123456"},
	};
	struct number n;

	site("fr", "1", "");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool ok = number_canon_outside(&p, SPELLED_PLUS, span_str(rows[i].spelled), &n);
		if (ok != !!rows[i].text || (ok && strcmp(n.text, rows[i].text) != 0))
			fprintf(stderr, "%s\n", rows[i].spelled);
		CHECK(ok == !!rows[i].text && (!ok || strcmp(n.text, rows[i].text) == 0));
	}
}

/* Ten digits may be a number of Grenada or of Norway: only the trunk's own spelling says which. */
static void callers_of_a_trunk_without_a_plus(void)
{
	struct number n;

	site("us", "212", "");
	CHECK(number_canon_outside(&p, SPELLED_PLUS, SPAN("4732345678"), &n) && strcmp(n.text, "+14732345678") == 0);
	CHECK(number_canon_outside(&p, SPELLED_DIGITS, SPAN("4732345678"), &n) && strcmp(n.text, "+4732345678") == 0);
	CHECK(number_canon_outside(&p, SPELLED_DIGITS, SPAN("12125551234"), &n) && strcmp(n.text, "+12125551234") == 0);
	CHECK(number_canon_outside(&p, SPELLED_DIGITS, SPAN("+12125551234"), &n) && strcmp(n.text, "+12125551234") == 0);
	CHECK(!number_canon_outside(&p, SPELLED_DIGITS, SPAN("112"), &n) && n.text[0] == 0);
}

static void spelled_for_a_trunk(void)
{
	static const struct {
		const char *country, *text, *as[NUMBER_SPELLINGS];
	} rows[] = {
	    {"fr", "+33144123456", {"+33144123456", "33144123456", "0033144123456", "0144123456"}},
	    {"fr", "+493012345678", {"+493012345678", "493012345678", "00493012345678", "00493012345678"}},
	    {"us", "+12125551234", {"+12125551234", "12125551234", "01112125551234", "12125551234"}},
	    {"it", "+390612345678", {"+390612345678", "390612345678", "00390612345678", "0612345678"}},
	    {"fr", "3949", {"3949", "3949", "3949", "3949"}},
	    {"fr", "112", {"112", "112", "112", "112"}},
	    {"", "+33144123456", {"+33144123456", "33144123456", "+33144123456", "+33144123456"}},
	};
	char out[NUMBER_MAX + 1];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int how = 0; how < NUMBER_SPELLINGS; how++) {
			site(rows[i].country, "", "");
			number_spell(&p, (enum number_spelling)how, rows[i].text, out);
			if (strcmp(out, rows[i].as[how]) != 0)
				fprintf(stderr, "%s %s %d: %s\n", rows[i].country, rows[i].text, how, out);
			CHECK(strcmp(out, rows[i].as[how]) == 0);
		}
}

/* Every table of ranges is whole: prefixes are digits, lengths fit E.164, classes are of outside numbers. */
static void tables_are_whole(void)
{
	static const char *const all[] = {"us", "ca", "gb", "fr", "de", "ch", "at", "be", "nl", "it", "es", "ie", "au", "jp"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct country *c = country_named(all[i]);
		CHECK(c && country_of_code(span_str(c->code)));
		for (const struct country_range *r = c->ranges; r->prefix; r++) {
			CHECK(strspn(r->prefix, "0123456789") == strlen(r->prefix) && r->min <= r->max);
			CHECK(r->class == NUMBER_UNKNOWN ? r->max == 0 : r->min >= 3 && strlen(c->code) + r->max <= NUMBER_E164_MAX + 1);
			CHECK(r->class == NUMBER_UNKNOWN || r->class >= NUMBER_TOLL_FREE);
			CHECK(!r->country || country_is(span_str(r->country)));
			CHECK((r->class == NUMBER_INTERNATIONAL) == (r->country || r->code));
		}
		for (const struct country_short *s = c->shorts; s->prefix; s++)
			CHECK(strlen(s->prefix) <= s->min && s->min <= s->max && s->max <= 8 && s->class >= NUMBER_TOLL_FREE);
	}
	CHECK(!country_named("xx") && !country_is(SPAN("xx")) && country_is(SPAN("jm")) && country_is(SPAN("870")));
}

int main(void)
{
	RUN(france);
	RUN(usa);
	RUN(britain);
	RUN(germany);
	RUN(switzerland);
	RUN(austria);
	RUN(belgium);
	RUN(the_netherlands);
	RUN(italy);
	RUN(spain);
	RUN(ireland);
	RUN(australia);
	RUN(japan);
	RUN(nowhere);
	RUN(help_behind_a_prefix_that_is_not_there);
	RUN(help_that_is_mistyped);
	RUN(behind_an_outside_prefix);
	RUN(overlap_with_extensions);
	RUN(a_site_has_rules_of_its_own);
	RUN(the_longest_rule_counts);
	RUN(only_digits_are_digits);
	RUN(rates_by_the_longest_prefix);
	RUN(callers_from_outside);
	RUN(callers_of_a_trunk_without_a_plus);
	RUN(spelled_for_a_trunk);
	RUN(tables_are_whole);
	return TEST_END;
}
