/* SPDX-License-Identifier: ISC */
/* R2, R14-R17: each reason of the permission function, one row each, from a call that is allowed; then what the incoming policy
 * says of callers. */
#include "plan/incoming.h"
#include "plan/permit.h"
#include "test.h"

static struct plan p;

/* 101, logged in on a fixed phone, calls a mobile number that they have dialled before, on a Monday at noon. */
static struct plan_question ordinary(void)
{
	struct plan_question q = {.who = WHO_USER,
	    .route = ROUTE_FRESH,
	    .payer = PAYER_SELF,
	    .pin = PLAN_PIN_SET,
	    .device_fixed = true,
	    .dialled_before = true,
	    .has_classes = true,
	    .classes = plan_classes_least(),
	    .week_min = 12 * 60,
	    .number = {.class = NUMBER_MOBILE, .text = "+33612345678", .country = "fr"}};

	q.classes.mask |= 1 << NUMBER_MOBILE;
	return q;
}

static bool says(const struct plan_question *q, enum plan_verdict v, enum plan_reason r)
{
	struct plan_answer a = plan_permit(&p, q);
	bool right = a.verdict == v && a.reason == r && a.text == plan_reason_text(r) && a.text[0];

	if (!right)
		fprintf(stderr, "said %d %s\n", a.verdict, plan_reason_word((enum plan_reason)a.reason));
	return right;
}

static void set_number(struct plan_question *q, enum number_class class, const char *text)
{
	q->number = (struct number){.class = (uint8_t)class};
	snprintf(q->number.text, sizeof q->number.text, "%s", text);
}

static void an_ordinary_call_is_allowed(void)
{
	struct plan_question q = ordinary();

	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	CHECK(plan_permit(&p, &q).rate.rate_e4 == p.class_rate_e4[NUMBER_MOBILE]);
}

/* A field that was forgotten allows nothing. */
static void an_empty_question_is_refused(void)
{
	struct plan_question q = {0};

	CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
	q = ordinary();
	q.who = WHO_NOBODY;
	CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
	q = ordinary();
	q.route = ROUTE_NONE;
	CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
	q = ordinary();
	q.payer = PAYER_NOBODY;
	CHECK(says(&q, PLAN_REFUSE, REASON_NO_PAYER));
	q = ordinary();
	q.number.class = NUMBER_UNKNOWN;
	CHECK(says(&q, PLAN_REFUSE, REASON_NOT_UNDERSTOOD));
	q = ordinary();
	q.has_classes = false;
	CHECK(says(&q, PLAN_REFUSE, REASON_CLASS));
}

static void values_out_of_range_are_refused(void)
{
	for (int i = 0; i < 6; i++) {
		struct plan_question q = ordinary();
		uint8_t *const field[] = {&q.who, &q.route, &q.payer, &q.pin, &q.night, &q.number.class};
		*field[i] = 200;
		CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
	}
	struct plan_question q = ordinary();
	q.limits = (struct ceiling_state){.full = 1, .kind = 200};
	CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
}

/* The first value that means nothing is as far out of range as any. */
static void values_end_where_they_end(void)
{
	static const uint8_t end[] = {WHOS, ROUTES, PAYERS, PLAN_PINS, NIGHT_MODES, NUMBER_CLASSES};

	for (size_t i = 0; i < sizeof end; i++) {
		struct plan_question q = ordinary();
		uint8_t *const field[] = {&q.who, &q.route, &q.payer, &q.pin, &q.night, &q.number.class};
		*field[i] = end[i];
		CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
	}
	struct plan_question q = ordinary();
	q.limits = (struct ceiling_state){.full = 1, .kind = CEILING_KINDS};
	CHECK(says(&q, PLAN_REFUSE, REASON_QUESTION));
}

static void default_deny(void)
{
	for (int class = NUMBER_UNKNOWN; class < NUMBER_CLASSES; class++) {
		struct plan_question q = ordinary();
		q.has_classes = false;
		set_number(&q, (enum number_class)class, class == NUMBER_SERVICE ? "*97" : "+33612345678");
		bool may = class == NUMBER_INTERNAL || class == NUMBER_EMERGENCY || class == NUMBER_SERVICE;
		CHECK((plan_permit(&p, &q).verdict == PLAN_ALLOW) == may);
	}
}

static void classes_countries_and_nights(void)
{
	struct plan_question q = ordinary();

	set_number(&q, NUMBER_INTERNATIONAL, "+41441234567");
	snprintf(q.number.country, sizeof q.number.country, "ch");
	CHECK(says(&q, PLAN_REFUSE, REASON_CLASS));
	CHECK(!plan_classes_add(&q.classes, SPAN("de")) && says(&q, PLAN_REFUSE, REASON_CLASS));
	CHECK(!plan_classes_add(&q.classes, SPAN("ch")) && says(&q, PLAN_ALLOW, REASON_ALLOWED));
	q.number.class = NUMBER_PREMIUM; /* a country is not its premium numbers */
	CHECK(says(&q, PLAN_REFUSE, REASON_CLASS));

	p.nights = 1;
	p.night[0] = (struct plan_night){.from_min = 22 * 60, .to_min = 6 * 60, .days = 0x1f, .classes = plan_classes_least()};
	static const struct {
		uint16_t day, hour;
		bool night;
	} at[] = {{0, 0, false}, {0, 5, false}, {0, 22, true}, {1, 5, true}, {1, 6, false}, {4, 23, true}, {5, 5, true}, {5, 6, false},
	    {5, 23, false}, {6, 23, false}};
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		q = ordinary();
		q.week_min = (uint16_t)(at[i].day * 24 * 60 + at[i].hour * 60);
		CHECK(says(&q, at[i].night ? PLAN_REFUSE : PLAN_ALLOW, at[i].night ? REASON_NIGHT : REASON_ALLOWED));
		q.classes.at_night = 1;
		CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	}
	q = ordinary();
	q.night = NIGHT_NOW;
	CHECK(says(&q, PLAN_REFUSE, REASON_NIGHT));
	q.week_min = 23 * 60;
	q.night = NIGHT_NEVER;
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	p.nights = 0;
	q.night = NIGHT_NOW;
	CHECK(says(&q, PLAN_REFUSE, REASON_NIGHT));
}

/* R17: hours of one day, as of a holiday's morning, and of each minute whether it counts. */
static void a_night_within_a_day(void)
{
	const struct plan_night night = {.from_min = 9 * 60, .to_min = 12 * 60, .days = 1 << 2, .classes = plan_classes_least()};

	p.nights = 2;
	p.night[0] = p.night[1] = night;
	p.night[1].days = 1 << 6;
	p.night[1].classes.mask |= 1 << NUMBER_MOBILE; /* such as one calls on Sundays too */
	for (uint16_t min = 0; min < WEEK_MINUTES; min++) {
		struct plan_question q = ordinary();
		const uint16_t day = min / (24 * 60), of_day = min % (24 * 60);
		const bool hours = of_day >= 9 * 60 && of_day < 12 * 60, shut = hours && day == 2;
		q.week_min = min;
		if (plan_permit(&p, &q).reason != (shut ? REASON_NIGHT : REASON_ALLOWED) ||
		    plan_is_night(&p, NIGHT_BY_HOURS, min) != (hours && (day == 2 || day == 6))) {
			CHECK(min == WEEK_MINUTES);
			break;
		}
	}
	CHECK(plan_is_night(&p, NIGHT_NOW, 0) && !plan_is_night(&p, NIGHT_NEVER, 2 * 24 * 60 + 10 * 60));
	/* whoever says that it is night now means what the nights of the configuration allow */
	struct plan_question q = ordinary();
	q.night = NIGHT_NOW;
	CHECK(says(&q, PLAN_REFUSE, REASON_NIGHT));
	p.night[0] = p.night[1];
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	p.nights = 0;
	CHECK(plan_is_night(&p, NIGHT_NOW, 0) && !plan_is_night(&p, NIGHT_BY_HOURS, 0));
}

/* R5: a service that is off has no code, and of two codes the longer one is meant, whichever stands first. */
static void what_is_off_is_reached_by_no_code(void)
{
	const struct plan before = p;
	struct span argument;

	memset(p.code, 0, sizeof p.code);
	for (int i = 0; i < SERVICES; i++)
		CHECK(plan_service(&p, span_str(before.code[i]), &argument) == SERVICES);
	snprintf(p.code[SERVICE_PICKUP], sizeof p.code[0], "*8");
	snprintf(p.code[SERVICE_FORWARD], sizeof p.code[0], "*81");
	snprintf(p.code[SERVICE_RETRIEVE], sizeof p.code[0], "*812");
	CHECK(plan_service(&p, SPAN("*8103"), &argument) == SERVICE_FORWARD && span_eq(argument, SPAN("03")));
	CHECK(plan_service(&p, SPAN("*81204"), &argument) == SERVICE_RETRIEVE && span_eq(argument, SPAN("04")));
	CHECK(plan_service(&p, SPAN("*8203"), &argument) == SERVICE_PICKUP && span_eq(argument, SPAN("203")));
	CHECK(plan_service(&p, SPAN("*9"), &argument) == SERVICES);
	p = before;
}

static void ceilings_have_their_words(void)
{
	for (int kind = 0; kind < CEILING_KINDS; kind++) {
		struct plan_question q = ordinary();
		q.limits = (struct ceiling_state){.full = 1, .kind = (uint8_t)kind};
		CHECK(says(&q, PLAN_REFUSE, (enum plan_reason)(REASON_MONEY + kind)));
		CHECK(strcmp(plan_reason_word((enum plan_reason)(REASON_MONEY + kind)), ceiling_kind_name[kind]) == 0);
	}
}

static void the_pin(void)
{
	struct plan_question q = ordinary();

	q.dialled_before = false;
	CHECK(says(&q, PLAN_ASK_PIN, REASON_PIN_ASKED));
	q.pin_given = true;
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	q.pin_given = false;
	q.pin = PLAN_PIN_NONE;
	CHECK(says(&q, PLAN_REFUSE, REASON_NO_PIN));
	q.pin = PLAN_PIN_LOCKED;
	CHECK(says(&q, PLAN_REFUSE, REASON_PIN_LOCKED));
	q.dialled_before = true;
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	q.dialled_before = false;
	q.pin = PLAN_PIN_SET;
	q.payer = PAYER_OTHER;
	q.route = ROUTE_FORWARD;
	CHECK(says(&q, PLAN_REFUSE, REASON_PIN_ABSENT));
	q.payer = PAYER_SELF;
	q.route = ROUTE_TRANSFER;
	CHECK(says(&q, PLAN_REFUSE, REASON_PIN_ABSENT));
	/* who is not on the phone is not asked, whatever their PIN; and who is hears nothing of another's */
	for (int pin = 0; pin < PLAN_PINS; pin++) {
		q.pin = (uint8_t)pin;
		CHECK(says(&q, PLAN_REFUSE, REASON_PIN_ABSENT));
	}
	p.pin = 0;
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	p.pin = 1;
}

static void emergency_comes_first(void)
{
	struct plan_question q = {.who = WHO_DEVICE, .route = ROUTE_FRESH, .device_fixed = true};

	set_number(&q, NUMBER_EMERGENCY, "112");
	q.device_expired = true;
	q.pin = PLAN_PIN_LOCKED;
	q.limits = (struct ceiling_state){.full = 1};
	CHECK(says(&q, PLAN_ALLOW, REASON_EMERGENCY));
	q.who = WHO_USER;
	CHECK(says(&q, PLAN_ALLOW, REASON_EMERGENCY));
	q.device_remote = true;
	CHECK(says(&q, PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	q.device_remote = q.device_fixed = false;
	CHECK(says(&q, PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	q.device_located = true;
	CHECK(says(&q, PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	p.emergency_remote = REMOTE_LAST_LOCATION;
	CHECK(says(&q, PLAN_ALLOW, REASON_EMERGENCY));
	q.device_located = false;
	CHECK(says(&q, PLAN_REFUSE, REASON_EMERGENCY_REMOTE));
	p.emergency_remote = REMOTE_DENY;
	q.device_fixed = true;
	q.route = ROUTE_CLICK; /* who clicks calls from their own phone (R19) */
	CHECK(says(&q, PLAN_ALLOW, REASON_EMERGENCY));
	q.route = ROUTE_FORWARD;
	CHECK(says(&q, PLAN_REFUSE, REASON_ROUTE));
	q.route = ROUTE_TRANSFER;
	CHECK(says(&q, PLAN_REFUSE, REASON_ROUTE));
	for (int who = WHO_NOBODY; who <= WHO_VERIFIED; who++) {
		q.who = (uint8_t)who;
		q.route = ROUTE_FRESH;
		CHECK(says(&q, PLAN_REFUSE, REASON_EMERGENCY_OUTSIDE));
	}
}

static void a_phone_without_login(void)
{
	struct plan_question q = ordinary();

	q.who = WHO_DEVICE;
	CHECK(says(&q, PLAN_REFUSE, REASON_NO_LOGIN));
	set_number(&q, NUMBER_INTERNAL, "102");
	CHECK(says(&q, PLAN_REFUSE, REASON_NO_LOGIN));
	set_number(&q, NUMBER_SERVICE, "*97");
	CHECK(says(&q, PLAN_REFUSE, REASON_NO_LOGIN));
	set_number(&q, NUMBER_SERVICE, "*11101");
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	set_number(&q, NUMBER_SERVICE, "*59");
	CHECK(says(&q, PLAN_REFUSE, REASON_NOT_UNDERSTOOD));
	q.who = WHO_USER;
	set_number(&q, NUMBER_INTERNAL, "102");
	q.device_expired = true;
	CHECK(says(&q, PLAN_REFUSE, REASON_EXPIRED));
}

static void outsiders(void)
{
	struct plan_question q = ordinary();

	q.route = ROUTE_FORWARD;
	q.payer = PAYER_OTHER;
	q.who = WHO_VERIFIED;
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	q.route = ROUTE_TRANSFER;
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	q.payer = PAYER_SELF;
	CHECK(says(&q, PLAN_REFUSE, REASON_TRANSIT));
	q.payer = PAYER_OTHER;
	q.route = ROUTE_FRESH;
	CHECK(says(&q, PLAN_REFUSE, REASON_TRANSIT));
	q.route = ROUTE_VOICEMAIL;
	CHECK(says(&q, PLAN_REFUSE, REASON_TRANSIT));
	q.route = ROUTE_MENU;
	CHECK(says(&q, PLAN_REFUSE, REASON_ROUTE));
	q.route = ROUTE_REDIRECT;
	CHECK(says(&q, PLAN_REFUSE, REASON_REDIRECT));
	q.route = ROUTE_FORWARD;
	q.who = WHO_UNVERIFIED;
	CHECK(says(&q, PLAN_REFUSE, REASON_OUTSIDER));
	q.who = WHO_ANONYMOUS;
	CHECK(says(&q, PLAN_REFUSE, REASON_OUTSIDER));
	set_number(&q, NUMBER_INTERNAL, "102");
	CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
	set_number(&q, NUMBER_SERVICE, "*97");
	q.route = ROUTE_FRESH;
	CHECK(says(&q, PLAN_REFUSE, REASON_SERVICE_ROUTE));
}

static bool every_reason_was_named(void)
{
	for (int i = 0; i < REASONS; i++)
		if (!plan_reason_text((enum plan_reason)i) || !plan_reason_word((enum plan_reason)i))
			return false;
	return true;
}

static void reasons_have_texts(void)
{
	CHECK(every_reason_was_named());
}

static bool answers(struct incoming_question q, enum incoming_policy policy, enum incoming_reason reason)
{
	struct incoming_answer a = plan_incoming(&p, &q);

	if (a.policy != policy || a.reason != reason)
		fprintf(stderr, "said %s: %s\n", incoming_policy_name[a.policy], a.text);
	return a.policy == policy && a.reason == reason && a.text[0];
}

/* No number is on no list, and a setting about withheld ones is not about others. */
static void people_turn_away_whom_they_said(void)
{
	for (unsigned bits = 0; bits < 16; bits++) {
		const bool has_number = bits & 1;
		const struct incoming_person who = {.expects = bits >> 1 & 1, .blocks = bits >> 2 & 1, .rejects_anonymous = bits >> 3};
		struct incoming_answer a = plan_incoming_person(has_number, &who);
		CHECK((a.policy == INCOMING_PASS) == (who.expects || !(has_number ? who.blocks : who.rejects_anonymous)));
		CHECK(a.policy == INCOMING_PASS || (a.policy == INCOMING_REFUSE && a.text[0]));
		CHECK(a.policy == INCOMING_PASS || a.reason == (has_number ? INCOMING_BLOCKED : INCOMING_REJECTS_ANONYMOUS));
	}
}

static void callers(void)
{
	struct incoming_question known = {.has_number = true, .caller = {NUMBER_LOCAL, "+33144123456", "fr"}};
	struct incoming_question q = known;

	p.allowed = p.blocked = 1;
	snprintf(p.allow[0], sizeof p.allow[0], "+3314499");
	snprintf(p.block[0], sizeof p.block[0], "+33899");
	CHECK(answers(q, INCOMING_SLOW, INCOMING_UNKNOWN));
	q.dialled_before = true;
	CHECK(answers(q, INCOMING_PASS, INCOMING_KNOWN));
	q.proof = PROOF_FAILED; /* then the number is not the caller's, and what is known of it does not count */
	CHECK(answers(q, INCOMING_SCREEN, INCOMING_FAILED));
	q = known;
	q.in_directory = true;
	CHECK(answers(q, INCOMING_PASS, INCOMING_KNOWN));
	q.turned_away = INCOMING_BLOCKED;
	CHECK(answers(q, INCOMING_REFUSE, INCOMING_BLOCKED));
	q = known;
	snprintf(q.caller.text, sizeof q.caller.text, "+33144991234");
	CHECK(answers(q, INCOMING_PASS, INCOMING_ALLOWED));
	snprintf(q.caller.text, sizeof q.caller.text, "+33899123456");
	q.dialled_before = true;
	CHECK(answers(q, INCOMING_REFUSE, INCOMING_BLOCKED));
	q.callback = true;
	CHECK(answers(q, INCOMING_PASS, INCOMING_CALLBACK));
	q.claims_inside = true;
	CHECK(answers(q, INCOMING_REFUSE, INCOMING_CLAIMS_INSIDE));
	q = (struct incoming_question){0};
	CHECK(answers(q, INCOMING_SCREEN, INCOMING_ANONYMOUS));
	q.turned_away = INCOMING_REJECTS_ANONYMOUS;
	CHECK(answers(q, INCOMING_REFUSE, INCOMING_REJECTS_ANONYMOUS));
	q.callback = true;
	CHECK(answers(q, INCOMING_PASS, INCOMING_CALLBACK));
}

/* R16: who called for help is led on by who helps: inside, also where their phone could call nobody. */
static void who_called_for_help_is_led_inside_and_nowhere_else(void)
{
	static const uint8_t routes[] = {ROUTE_TRANSFER, ROUTE_PARK, ROUTE_FORWARD};

	for (size_t i = 0; i < sizeof routes; i++)
		for (int expired = 0; expired < 2; expired++) {
			struct plan_question q = {.who = WHO_DEVICE, .route = routes[i], .payer = PAYER_OTHER, .device_fixed = true,
			    .device_expired = expired != 0, .helped = true};
			set_number(&q, NUMBER_INTERNAL, "103");
			CHECK(says(&q, PLAN_ALLOW, REASON_ALLOWED));
			q.helped = false;
			CHECK(says(&q, PLAN_REFUSE, expired ? REASON_EXPIRED : REASON_NO_LOGIN));
			q.helped = true;
			set_number(&q, NUMBER_TOLL_FREE, "+33800123456");
			q.has_classes = true;
			q.classes.mask = 0xffff;
			q.dialled_before = true;
			CHECK(says(&q, PLAN_REFUSE, expired ? REASON_EXPIRED : REASON_NO_LOGIN));
			set_number(&q, NUMBER_EMERGENCY, "112");
			CHECK(says(&q, PLAN_REFUSE, REASON_ROUTE));
			set_number(&q, NUMBER_INTERNAL, "103");
			q.route = ROUTE_FRESH;
			CHECK(says(&q, PLAN_REFUSE, expired ? REASON_EXPIRED : REASON_NO_LOGIN));
			q.route = ROUTE_CLICK;
			CHECK(says(&q, PLAN_REFUSE, expired ? REASON_EXPIRED : REASON_NO_LOGIN));
		}
}

int main(void)
{
	plan_defaults(&p);
	RUN(an_ordinary_call_is_allowed);
	RUN(an_empty_question_is_refused);
	RUN(values_out_of_range_are_refused);
	RUN(values_end_where_they_end);
	RUN(default_deny);
	RUN(classes_countries_and_nights);
	RUN(a_night_within_a_day);
	RUN(what_is_off_is_reached_by_no_code);
	RUN(ceilings_have_their_words);
	RUN(the_pin);
	RUN(emergency_comes_first);
	RUN(a_phone_without_login);
	RUN(outsiders);
	RUN(reasons_have_texts);
	RUN(people_turn_away_whom_they_said);
	RUN(callers);
	RUN(who_called_for_help_is_led_inside_and_nowhere_else);
	return TEST_END;
}
