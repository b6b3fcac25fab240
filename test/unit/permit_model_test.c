/* SPDX-License-Identifier: ISC */
/* T41, R14: no configuration gives a caller who is not authenticated a line that leaves the exchange.
 *
 * First, every question there is: origin x route x payer x class x time x limits x PIN x settings, over the example configurations
 * and random ones, against rules that are written down here once more. Then chains: an outside caller comes to a person, a group, a menu, a
 * mailbox, and goes on from there by each forward, transfer, choice, call-back, pickup and park that random people have set up, until there is
 * nowhere new to go; what the permission function lets leave the exchange is looked at at each step. */
#include "conf/conf.h"
#include "plan/incoming.h"
#include "plan/permit.h"
#include "test.h"

enum { RANDOM_PLANS = 12, RANDOM_SITES = 1500, PEOPLE = 5, PLACES_MAX = 64 };

static struct plan plans[16 + RANDOM_PLANS];
static int plans_n;
static uint64_t seed = 41;
static uint64_t asked, left_the_house;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static struct plan_classes random_classes(void)
{
	static const char *const countries[] = {"fr", "de", "jm", "870"};
	struct plan_classes c = plan_classes_least();

	c.mask |= (uint16_t)(dice(1 << NUMBER_CLASSES) & ~1u);
	c.at_night = (uint8_t)dice(2);
	for (unsigned i = dice(3); i > 0; i--)
		plan_classes_add(&c, span_str(countries[dice(4)]));
	return c;
}

static void random_plan(struct plan *p)
{
	plan_defaults(p);
	p->pin = (uint8_t)dice(2);
	p->emergency_remote = (uint8_t)dice(REMOTES);
	p->classes = random_classes();
	p->nights = (uint8_t)dice(3);
	for (int i = 0; i < p->nights; i++)
		p->night[i] = (struct plan_night){.from_min = (uint16_t)dice(1440),
		    .to_min = (uint16_t)dice(1441),
		    .days = (uint8_t)(1 + dice(127)),
		    .classes = random_classes()};
	for (int i = 0; i < SERVICES; i++)
		if (dice(4) == 0)
			p->code[i][0] = 0;
}

static struct number number_of(enum number_class class)
{
	struct number n = {.class = (uint8_t)class, .text = "+33612345678", .country = "fr"};

	if (class == NUMBER_SERVICE)
		snprintf(n.text, sizeof n.text, dice(2) ? "*97" : "*11101");
	return n;
}

/* --- every question --- */

static bool is_outsider(const struct plan_question *q)
{
	return q->who == WHO_ANONYMOUS || q->who == WHO_UNVERIFIED || q->who == WHO_VERIFIED;
}

/* The rules again, in other words. NULL: the answer keeps them. */
static const char *broken_rule(const struct plan *p, const struct plan_question *q, const struct plan_answer *a)
{
	bool outside = q->number.class >= NUMBER_TOLL_FREE, yes = a->verdict != PLAN_REFUSE;
	const struct plan_classes *classes = q->has_classes ? &q->classes : &p->classes;

	if (!a->reason || !a->text || !a->text[0])
		return "an answer has a reason";
	if (yes && (q->number.class == NUMBER_UNKNOWN || q->who == WHO_NOBODY || q->route == ROUTE_NONE))
		return "what is not known is refused";
	if (yes && q->number.class == NUMBER_EMERGENCY && is_outsider(q))
		return "nobody outside reaches an emergency number";
	if (q->number.class == NUMBER_EMERGENCY && q->route == ROUTE_FRESH && (q->who == WHO_USER || q->who == WHO_DEVICE) &&
	    q->device_fixed && !q->device_remote && a->verdict != PLAN_ALLOW)
		return "a fixed phone always reaches an emergency number";
	if (q->number.class == NUMBER_EMERGENCY && a->verdict == PLAN_ASK_PIN)
		return "an emergency call asks for no PIN";
	if (yes && q->device_expired && q->number.class != NUMBER_EMERGENCY)
		return "an expired phone calls for help and nothing else";
	if (yes && q->who == WHO_DEVICE && q->number.class != NUMBER_EMERGENCY && strncmp(q->number.text, "*11", 3) != 0)
		return "a phone without login calls for help, and logs in";
	if (yes && q->number.class == NUMBER_SERVICE && is_outsider(q))
		return "nobody outside dials a service code";
	if ((a->reason == REASON_PIN_LOCKED || a->reason == REASON_NO_PIN) && q->payer != PAYER_SELF)
		return "nobody hears of another's PIN";
	if (!outside || !yes)
		return NULL;
	if (q->who != WHO_USER && q->who != WHO_VERIFIED)
		return "only the authenticated leave the exchange";
	if (q->who == WHO_VERIFIED && (q->payer != PAYER_OTHER || q->route == ROUTE_FRESH || q->route == ROUTE_MENU))
		return "a verified outsider leaves on a user's account, and by no menu";
	if (q->payer == PAYER_NOBODY)
		return "somebody pays";
	if (q->route == ROUTE_REDIRECT || q->route == ROUTE_PICKUP || q->route == ROUTE_PARK)
		return "a redirect, a pickup or a park stays inside";
	if (!(classes->mask >> q->number.class & 1) &&
	    !(q->number.class == NUMBER_INTERNATIONAL && classes->countries && plan_classes_have(classes, &q->number)))
		return "the payer has the class";
	if (!classes->at_night && !plan_night_has(p, (enum plan_night_mode)q->night, q->week_min, &q->number))
		return "the night has the class";
	if (q->limits.full)
		return "no ceiling is reached";
	if (p->pin && !q->dialled_before && !q->pin_given && a->verdict == PLAN_ALLOW)
		return "a number never dialled asks for the PIN";
	if (a->verdict == PLAN_ASK_PIN && (q->payer != PAYER_SELF || q->pin != PLAN_PIN_SET || q->who != WHO_USER))
		return "a PIN is asked for from who has it and holds the phone";
	return NULL;
}

/* What can only take away must never give. */
static const char *worse_is_no_better(const struct plan *p, const struct plan_question *q, const struct plan_answer *a)
{
	struct plan_question worse[5] = {*q, *q, *q, *q, *q};

	worse[0].limits = (struct ceiling_state){.full = 1};
	worse[1].dialled_before = false;
	worse[2].classes = plan_classes_least();
	worse[2].has_classes = true;
	worse[3].device_expired = true;
	worse[4].pin = PLAN_PIN_LOCKED;
	for (int i = 0; i < 5; i++)
		if (plan_permit(p, &worse[i]).verdict > a->verdict)
			return "a worse question gets no better answer";
	return NULL;
}

static bool right(const struct plan *p, const struct plan_question *q)
{
	struct plan_answer a = plan_permit(p, q);
	const char *rule = broken_rule(p, q, &a);

	asked++;
	if (!rule && asked % 16 == 0)
		rule = worse_is_no_better(p, q, &a);
	if (rule)
		fprintf(stderr, "who %d route %d payer %d class %s: %s (%s)\n", q->who, q->route, q->payer,
		    number_class_name[q->number.class], plan_reason_word((enum plan_reason)a.reason), rule);
	return !rule;
}

/* The flags of the phone, the PIN and the payer, one bit each. */
static void set_flags(struct plan_question *q, unsigned bits)
{
	q->device_fixed = bits & 1;
	q->device_remote = bits >> 1 & 1;
	q->device_expired = bits >> 2 & 1;
	q->dialled_before = bits >> 3 & 1;
	q->pin_given = bits >> 4 & 1;
	q->has_classes = bits >> 5 & 1;
	q->limits.full = bits >> 6 & 1;
}

static bool all_of(const struct plan *p, struct plan_question q)
{
	for (unsigned bits = 0; bits < 1 << 7; bits++)
		for (int pin = 0; pin < PLAN_PINS; pin++) {
			set_flags(&q, bits);
			q.pin = (uint8_t)pin;
			q.limits.kind = (uint8_t)dice(CEILING_KINDS);
			q.week_min = (uint16_t)dice(WEEK_MINUTES);
			q.night = (uint8_t)dice(NIGHT_MODES);
			if (!right(p, &q))
				return false;
		}
	return true;
}

static void every_question(void)
{
	for (int i = 0; i < plans_n; i++)
		for (int who = 0; who < WHOS; who++)
			for (int route = 0; route < ROUTES; route++)
				for (int payer = 0; payer < PAYERS; payer++)
					for (int class = 0; class < NUMBER_CLASSES; class++)
						CHECK(all_of(&plans[i], (struct plan_question){.who = (uint8_t)who,
						                            .route = (uint8_t)route,
						                            .payer = (uint8_t)payer,
						                            .classes = random_classes(),
						                            .number = number_of((enum number_class)class)}));
	CHECK(asked > 1000000);
}

/* --- chains --- */

enum place { PERSON, GROUP, MENU, MAILBOX, PARKED, PLACES };

/* Where a call can be sent to: a place inside, or a number of a class. */
struct target {
	bool inside;
	enum place place;
	unsigned person;
	struct number number;
};

struct person {
	struct plan_classes classes;
	bool has_classes, dialled[NUMBER_CLASSES];
	enum plan_pin pin;
	struct target forward[4], transfer[4], redirect, mailbox_call;
};

static struct {
	const struct plan *plan;
	struct person person[PEOPLE];
	struct target menu[8], group[4];
	unsigned group_owner;
	uint16_t week_min;
} world;

struct walk {
	enum plan_who who;
	bool been[PLACES][PEOPLE];
	struct target queue[PLACES_MAX];
	int first, n;
	const char *broken;
};

static struct target random_target(void)
{
	struct target t = {.inside = dice(2), .place = (enum place)dice(PLACES), .person = dice(PEOPLE)};

	t.number = t.inside ? (struct number){.class = NUMBER_INTERNAL, .text = "101"}
			    : number_of((enum number_class)(NUMBER_EMERGENCY + (int)dice(NUMBER_CLASSES - NUMBER_EMERGENCY)));
	return t;
}

static void random_world(void)
{
	world.plan = &plans[dice((unsigned)plans_n)];
	world.week_min = (uint16_t)dice(WEEK_MINUTES);
	world.group_owner = dice(PEOPLE);
	for (int i = 0; i < 8; i++)
		world.menu[i] = random_target();
	for (int i = 0; i < 4; i++)
		world.group[i] = random_target();
	for (int i = 0; i < PEOPLE; i++) {
		struct person *h = &world.person[i];
		h->classes = random_classes();
		h->has_classes = dice(4) != 0;
		h->pin = (enum plan_pin)dice(PLAN_PINS);
		for (int class = 0; class < NUMBER_CLASSES; class++)
			h->dialled[class] = dice(2);
		for (int k = 0; k < 4; k++) {
			h->forward[k] = random_target();
			h->transfer[k] = random_target();
		}
		h->redirect = random_target();
		h->mailbox_call = random_target();
	}
}

static void outside_leg(struct walk *w, const struct plan_question *q, const struct person *payer)
{
	const struct plan_classes *c = payer && payer->has_classes ? &payer->classes : &world.plan->classes;

	left_the_house++;
	if (w->who != WHO_VERIFIED && w->who != WHO_USER)
		w->broken = "a caller who is not authenticated left the exchange";
	else if (!payer)
		w->broken = "nobody pays";
	else if (!plan_classes_have(c, &q->number))
		w->broken = "the payer may not call that";
}

/* One step of a chain: ask, and go where the answer lets go. */
static void step(struct walk *w, enum plan_route route, const struct person *payer, bool payer_talks, const struct target *t)
{
	struct plan_question q = {.who = (uint8_t)w->who,
	    .route = (uint8_t)route,
	    .payer = payer ? (payer_talks ? PAYER_SELF : PAYER_OTHER) : PAYER_NOBODY,
	    .pin = payer ? (uint8_t)payer->pin : PLAN_PIN_NONE,
	    .device_fixed = true,
	    .dialled_before = payer && payer->dialled[t->number.class],
	    .has_classes = payer && payer->has_classes,
	    .week_min = world.week_min,
	    .number = t->number};

	if (payer)
		q.classes = payer->classes;
	struct plan_answer a = plan_permit(world.plan, &q);
	const char *rule = broken_rule(world.plan, &q, &a);
	asked++;
	if (rule)
		w->broken = rule;
	if (a.verdict != PLAN_ALLOW)
		return;
	if (!t->inside) {
		if (number_is_outside(&t->number) || (t->number.class == NUMBER_EMERGENCY && w->who != WHO_USER && w->who != WHO_DEVICE))
			outside_leg(w, &q, payer);
		return;
	}
	if (w->been[t->place][t->person] || w->n == PLACES_MAX)
		return;
	w->been[t->place][t->person] = true;
	w->queue[w->n++] = *t;
}

static void from_person(struct walk *w, const struct person *h)
{
	for (int i = 0; i < 4; i++) {
		step(w, ROUTE_FORWARD, h, false, &h->forward[i]);
		step(w, ROUTE_TRANSFER, h, false, &h->transfer[i]);
	}
	step(w, ROUTE_REDIRECT, h, false, &h->redirect);
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct target other = {.inside = true, .place = PERSON, .person = i, .number = {.class = NUMBER_INTERNAL, .text = "102"}};
		step(w, ROUTE_PICKUP, &world.person[i], false, &other);
		other.place = PARKED;
		step(w, ROUTE_PARK, h, false, &other);
	}
}

/* Whoever is at this place may be sent on by everything that is set up there. */
static void go_on(struct walk *w, const struct target *at)
{
	const struct person *h = &world.person[at->person];

	switch (at->place) {
	case PERSON:
		from_person(w, h);
		break;
	case GROUP:
		for (int i = 0; i < 4; i++)
			step(w, ROUTE_GROUP, dice(2) ? &world.person[world.group_owner] : NULL, false, &world.group[i]);
		break;
	case MENU:
		for (int i = 0; i < 8; i++)
			step(w, ROUTE_MENU, NULL, false, &world.menu[i]);
		break;
	case MAILBOX:
		step(w, ROUTE_VOICEMAIL, h, w->who == WHO_USER, &h->mailbox_call);
		step(w, ROUTE_VOICEMAIL, h, true, &h->mailbox_call);
		break;
	case PARKED:
		for (int i = 0; i < 4; i++)
			step(w, ROUTE_TRANSFER, h, false, &h->transfer[i]);
		break;
	case PLACES:
		break;
	}
}

static const char *walk_all(enum plan_who who)
{
	struct walk w = {.who = who};

	/* an inbound number may lead to anything, and a caller may try anything */
	for (int i = 0; i < 24; i++) {
		struct target t = random_target();
		step(&w, ROUTE_FRESH, who == WHO_USER ? &world.person[0] : NULL, who == WHO_USER, &t);
		step(&w, ROUTE_FRESH, &world.person[dice(PEOPLE)], dice(2), &t);
	}
	for (; w.first < w.n && !w.broken; w.first++)
		go_on(&w, &w.queue[w.first]);
	return w.broken;
}

static void chains(void)
{
	static const enum plan_who origins[] = {WHO_ANONYMOUS, WHO_UNVERIFIED, WHO_DEVICE, WHO_NOBODY, WHO_VERIFIED, WHO_USER};

	for (int i = 0; i < RANDOM_SITES; i++) {
		random_world();
		for (size_t k = 0; k < sizeof origins / sizeof *origins; k++) {
			uint64_t before = left_the_house;
			const char *broken = walk_all(origins[k]);
			if (broken)
				fprintf(stderr, "site %d, origin %d: %s\n", i, origins[k], broken);
			CHECK(!broken && (k > 3 || left_the_house == before));
		}
	}
	CHECK(left_the_house > 1000); /* the others do get out, so that the walk walks */
}

/* Whatever came of a caller's signature: one that has a number and is verified may leave on a user's account, and no other. */
static void every_proof(void)
{
	for (int i = 0; i < RANDOM_SITES / 4; i++) {
		random_world();
		for (unsigned proof = 0; proof < 256; proof += proof < PROOFS ? 1 : 50)
			for (int has_number = 0; has_number < 2; has_number++) {
				uint64_t before = left_the_house;
				const char *broken = walk_all((enum plan_who)incoming_who(has_number, (uint8_t)proof));
				if (broken)
					fprintf(stderr, "site %d, proof %u: %s\n", i, proof, broken);
				CHECK(!broken);
				CHECK((has_number && proof == PROOF_VERIFIED) || left_the_house == before);
			}
	}
}

static void read_example(const char *path)
{
	static char text[CONF_TEXT_MAX];
	static struct conf c;
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof text, f) : 0;

	if (f)
		fclose(f);
	if (conf_parse(span_of(text, n), path, &c) && plans_n < 16)
		plans[plans_n++] = c.site.plan;
	else
		fprintf(stderr, "%s\n", c.reason);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		read_example(argv[i]);
	if (plans_n != argc - 1)
		return 1;
	for (int i = 0; i < RANDOM_PLANS; i++)
		random_plan(&plans[plans_n++]);
	RUN(every_question);
	RUN(chains);
	RUN(every_proof);
	return TEST_END;
}
