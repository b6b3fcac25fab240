/* SPDX-License-Identifier: ISC */
/* Calls for help through core: first in every decision, whatever the trunks say, and reached by who calls back (R16, T44). */
#include "../unit/test.h"
#include "directory.h"
#include "notice.h"
#include "outside.h"
#include "sim_trunks.h"
#include "sim_voice.h"
#include "voice.h"

static struct phone centre;

/* For everyone, or for all but calls for help. */
static void no_seat_is_left(bool emergency)
{
	while (voice_seat_take(SEAT_SPOKEN_TO, emergency))
		;
}

static void emergency_trunks(void)
{
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 1;
	sim.device[0].flags = DEVICE_FIXED;
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "country=FR, city=Paris, street=Rue Neuve, house=12, room=4");
}

static void fixed(void)
{
	emergency_trunks();
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 0;
}

static void nobody_has_112(void)
{
	fixed();
	sim.user[4].name = "104";
}

static void travels(void)
{
	emergency_trunks();
	set(2, OWNER_DEVICE, 0, SETTING_REMOTE, "on");
}

static void moved_to_another_subnet(void)
{
	emergency_trunks();
	set(2, OWNER_DEVICE, 0, SETTING_SUBNET, "10.9.0.0/24");
	set(3, OWNER_DEVICE, 1, SETTING_SUBNET, "198.51.100.0/24");
	sim.device[1].flags = DEVICE_FIXED;
}

static void moved_out_of_the_house(void)
{
	moved_to_another_subnet();
	sim.device[1].flags = 0; /* where phones are that are not fixed is not the site */
}

static void moved_and_travels(void)
{
	moved_to_another_subnet();
	set(4, OWNER_DEVICE, 0, SETTING_REMOTE, "on");
}

/* Whoever carried a phone to another floor needs help no less; the centre reads that the place is in doubt. */
static void a_phone_in_another_network_of_the_site_calls_for_help(void)
{
	begin_with(moved_to_another_subnet);
	talk_invite(&a, &alice, "112", &offer);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && sent(h)->emergency && sent(h)->doubt && strstr(sim_text(h, sent(h)->civic), "Rue Neuve"));
	NEED(sim.notice_kind == NOTICE_DOUBT);
}

static void help_is_refused_to(void (*settings)(void))
{
	begin_with(settings);
	talk_invite(&a, &alice, "112", &offer);
	is_told(&a, RELAY_KEY_SDES, "emergency-remote");
	NEED(!sent_to(&telco[0], SIP_INVITE) && sim.notice_kind == NOTICE_REFUSED);
}

static void a_phone_in_no_network_of_the_site_does_not(void)
{
	help_is_refused_to(moved_out_of_the_house);
}

static void nor_does_one_that_travels(void)
{
	help_is_refused_to(moved_and_travels);
}

/* Every phone but alice's fixed one: no help would come to where it is; where the site chose otherwise, or answers itself, none. */
static void who_cannot_call_for_help_is_counted(void)
{
	begin_with(emergency_trunks);
	NEED(sim_status("phones-without-help").used == sim_status("phones").used - 1);
	sim.site.plan.emergency_remote = REMOTE_LAST_LOCATION; /* but none of them has a place that was confirmed */
	NEED(sim_status("phones-without-help").used == sim_status("phones").used - 1);
	sim.site.plan.emergency_remote = REMOTE_DENY;
	sim.site.trunk[0].emergency = sim.site.trunk[1].emergency = 0;
	NEED(sim_status("phones-without-help").used == 0); /* 112 is an extension here */
}

static void a_fixed_phone_that_travels_is_counted(void)
{
	begin_with(travels);
	NEED(sim_status("phones-without-help").used == sim_status("phones").used);
}

static void all_lines_at_once(void)
{
	emergency_trunks();
	for (int i = 0; i < CEILING_SCOPES; i++)
		sim.site.plan.ceiling[i].most[CEILING_CALLS] = 9;
}

static void help_goes_first_whatever_is_busy(void)
{
	static struct talk many[4], help;

	begin_with(all_lines_at_once);
	for (int i = 0; i < 4; i++) {
		talk_invite(&many[i], &alice, "+33123456789", &offer);
		talk_rings_at(&t, &telco[i / 2]);
		talk_answer(&t, 200, &plain);
		talk_takes(&t, SIP_ACK);
		talk_hears(&many[i], 200);
		talk_ack(&many[i]);
	}
	talk_invite(&help, &alice, "112", &offer);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && sent(h)->emergency && !sent(h)->doubt && strstr(sim_text(h, sent(h)->civic), "Rue Neuve"));
	h->taken = false;
	struct talk rescue;
	talk_rings_at(&rescue, &telco[0]);
	talk_answer(&rescue, 200, &plain);
	talk_takes(&rescue, SIP_ACK);
	talk_hears(&help, 200);
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.notices == 1 && sim.pins == 0);
}

static void from_a_phone_that_may_be_anywhere_help_is_refused_with_words(void)
{
	begin_with(emergency_trunks);
	no_seat_is_left(false); /* a call for help has a seat of its own */
	struct sdp of_bob = sdp_plain(&bob);
	talk_invite(&b, &bob, "112", &of_bob); /* not a fixed phone */
	talk_hears(&b, 200);
	talk_ack(&b);
	uint64_t join;
	relay_wish(&join);
	media_says_gate(join, RELAY_KEY_SDES);
	struct heard *h = sim_take(PROC_VOICE, MSG_TURN, NULL, NULL);
	NEED(h && strcmp(sim_text(h, ((const struct msg_turn *)(const void *)h->payload)->say), "emergency-remote") == 0);
	NEED(sim.notices == 1 && !sent_to(&telco[0], SIP_INVITE) && !notice_may_call_back(bob.device, 1));
	no_seat_is_left(true);
	talk_invite(&b, &bob, "112", &of_bob);
	h = reply_to(b.txn);
	NEED(h && respond(h)->code == 403 && respond(h)->warning_text.len);
}

/* Nobody who could say no was reached: the caller must not wait for anyone (R16). */
static void help_that_finds_no_line_is_told(void)
{
	begin_with(emergency_trunks);
	phone_down(&telco[0]);
	phone_down(&telco[1]);
	no_seat_is_left(false);
	talk_invite(&a, &alice, "112", &offer);
	talk_hears(&a, 180);
	sim_pass(HELP_COMES_MS + HELP_AGAIN_MS + 100);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.notices == 1);
	sim_link_down(PROC_VOICE, 0);
	talk_invite(&a, &alice, "112", &offer);
	talk_hears(&a, 180);
	sim_pass(HELP_COMES_MS + HELP_AGAIN_MS + 100);
	struct heard *h = reply_to(a.txn);
	NEED(h && respond(h)->code == 503 && respond(h)->cause == 3);
}

/* No trunk may carry it and nobody here has the number: staff are told all the same. */
static void help_that_leads_nowhere_is_told(void)
{
	begin_with(nobody_has_112);
	talk_invite(&a, &alice, "112", &offer);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(sim.events[EVENT_EMERGENCY] == 1 && sim.notices == 1);
	finish();
}

/* Who is there, and busy, is no lost line. */
static void help_that_is_busy_is_busy(void)
{
	begin_with(fixed);
	phone_init(&centre, 4);
	phone_register(&centre);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &centre);
	talk_answer(&t, 486, NULL);
	NEED(code_of(a.txn) == 486);
	finish();
}

static void one_trunk_has_help(void)
{
	emergency_trunks();
	sim.site.trunk[1].emergency = 0;
	sim.site.trunk[0].priority = 2; /* the other one first */
	for (int i = 0; i < CEILING_SCOPES; i++)
		sim.site.plan.ceiling[i].most[CEILING_CALLS] = 10;
}

static void telco_alone(void)
{
	one_trunk_has_help();
	sim.site.trunk[0].priority = 0;
}

/* The provider has no line for it: the youngest talk over that trunk ends, no other, and the trunk is asked again, until its gateway can have
 * freed the line. */
static void help_takes_the_line_of_another(void)
{
	static struct talk from[4], to[4];

	begin_with(one_trunk_has_help);
	for (int i = 0; i < 4; i++) {
		up_at(&from[i], &to[i], "+33123456789", &telco[i < 2]);
		sim_pass(1000);
	}
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 503, NULL);
	hangs_up_on(&from[3]);
	hangs_up_on(&to[3]);
	talk_rings_at(&t, &telco[0]);
	NEED(!talk_takes(&to[2], SIP_BYE) && !talk_takes(&to[1], SIP_BYE));
	talk_answer(&t, 503, NULL);
	int again = 0;
	for (; again < 20; again++) {
		NEED(!sent_to(&telco[0], SIP_INVITE));
		sim_pass(HELP_AGAIN_MS + 100);
		struct heard *h = sent_to(&telco[0], SIP_INVITE);
		if (!h)
			break;
		h->taken = false;
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, 486, NULL);
	}
	NEED(again >= 7 && again <= 10);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(!talk_takes(&to[2], SIP_BYE) && !sent_to(&telco[0], SIP_INVITE));
	for (int i = 0; i < 3; i++)
		call_hang_up(&from[i], &to[i]);
	finish();
}

static void help_has_the_line_when_it_is_free(void)
{
	static struct talk busy, there;

	begin_with(telco_alone);
	up_at(&busy, &there, "+33123456789", &telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	for (int i = 0; i < 3; i++) {
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, 486, NULL);
		if (i == 0)
			hangs_up_on(&there);
		else
			sim_pass(HELP_AGAIN_MS + 100);
	}
	hangs_up_on(&busy);
	sim_pass(HELP_AGAIN_MS + 100);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
	finish();
}

/* A gateway that knows no multipart: help goes out again without its place, and only then is there no line. */
static void help_goes_without_its_place_rather_than_not(void)
{
	static const unsigned word[] = {415, 488, 400, 513}; /* 513: of edge too, of a datagram that got no answer */

	begin_with(one_trunk_has_help);
	for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
		talk_invite(&a, &alice, "112", &offer);
		struct heard *h = sent_to(&telco[0], SIP_INVITE);
		NEED(h && strstr(sim_text(h, sent(h)->civic), "Rue Neuve"));
		h->taken = false;
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, word[i], NULL);
		h = sent_to(&telco[0], SIP_INVITE);
		NEED(h && sent(h)->emergency && !sent(h)->civic.len && strstr(sim.event_text, "its place"));
		NEED((strstr(sim.event_text, "too large") != NULL) == (word[i] == 513));
		h->taken = false;
		talk_rings_at(&t, &telco[0]);
		if (i == 0) {
			talk_answer(&t, word[i], NULL);
			is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
			NEED(!sent_to(&telco[0], SIP_INVITE));
			continue;
		}
		talk_up(&a, &t, &plain);
		call_hang_up(&a, &t);
	}
	finish();
}

/* --- where the phone itself says that it is (RFC 6442) --- */

static void bob_travels(void);
static void bob_has_confirmed_it(void);

static struct pidf_place here(void)
{
	struct pidf_place p = {
	    .shape = PIDF_CIRCLE, .method = PIDF_GPS, .latitude_e7 = 488583701, .longitude_e7 = -22944813, .radius_cm = 2950};

	NEED(pidf_set(&p, PIDF_A3, SPAN("Paris")) && pidf_set(&p, PIDF_NAM, SPAN("Quai")));
	return p;
}

#define HERE "48.858370, -2.294481 within 30 m, city=Paris, NAM=Quai"

/* The INVITE of a call for help that its phone sent a place with; NULL: it was not sent on. */
static struct heard *helped_from(struct talk *call, struct phone *p, const char *number)
{
	static struct pidf_place place;
	struct sdp sdp = sdp_plain(p);

	place = here();
	p->place = &place;
	talk_invite(call, p, number, &sdp);
	return sent_to(&telco[0], SIP_INVITE);
}

static bool says_where(const struct heard *h)
{
	static struct pidf_place place;

	place = here();
	return sent(h)->place.len == sizeof place && memcmp(h->tail + sent(h)->place.off, &place, sizeof place) == 0;
}

static bool was_noted(uint32_t notices)
{
	return sim.notices == notices && sim.notice_kind == NOTICE_SAID && strcmp(sim.notice_location, HERE) == 0;
}

/* The stored place and the phone's own word, each as what it is; where that is stands in the record alone. */
static void what_a_phone_says_of_its_place_goes_along(void)
{
	begin_with(emergency_trunks);
	struct heard *h = helped_from(&a, &alice, "112");
	NEED(h && says_where(h) && strstr(sim_text(h, sent(h)->civic), "Rue Neuve") && !sent(h)->doubt);
	NEED(was_noted(2) && strcmp(sim.event_text, "emergency call") == 0);
}

static void a_place_that_was_never_stored(void)
{
	emergency_trunks();
	set(1, OWNER_DEVICE, 0, SETTING_LOCATION, "");
}

static void a_phone_without_a_stored_place_is_found_by_its_word(void)
{
	begin_with(a_place_that_was_never_stored);
	struct heard *h = helped_from(&a, &alice, "112");
	NEED(h && says_where(h) && !sent(h)->civic.len);
	NEED(was_noted(2) && strcmp(sim.event_text, "emergency call of a phone that says itself where it is") == 0);
}

static void a_phone_that_was_moved_is_found_by_its_word(void)
{
	begin_with(moved_to_another_subnet);
	struct heard *h = helped_from(&a, &alice, "112");
	NEED(h && says_where(h) && sent(h)->doubt && sent(h)->civic.len && was_noted(2));
	NEED(strcmp(sim.event_text, "emergency call of a phone that may have been moved, and says itself where it is") == 0);
}

/* What the site chose stands: no word of a phone opens a way. Staff read where it says that it is. */
static void the_word_of_a_phone_opens_no_way(void (*settings)(void))
{
	begin_with(settings);
	NEED(!helped_from(&b, &bob, "112"));
	is_told(&b, RELAY_KEY_SDES, "emergency-remote");
	NEED(!sent_to(&telco[0], SIP_INVITE) && was_noted(2) && !notice_may_call_back(bob.device, 1));
}

static void a_phone_that_may_be_anywhere_is_refused_whatever_it_says(void)
{
	the_word_of_a_phone_opens_no_way(emergency_trunks);
}

static void a_last_location_that_nobody_confirmed_is_none_whatever_it_says(void)
{
	the_word_of_a_phone_opens_no_way(bob_travels);
}

static void the_last_location_goes_with_what_it_says(void)
{
	begin_with(bob_has_confirmed_it);
	struct heard *h = helped_from(&b, &bob, "112");
	NEED(h && says_where(h) && sent(h)->doubt && strstr(sim_text(h, sent(h)->civic), "Rue Haute") && was_noted(2));
}

/* R8: of no other call, whatever an edge says */
static void no_other_call_says_where_its_phone_is(void)
{
	begin_with(emergency_trunks);
	struct heard *h = helped_from(&a, &alice, "+33123456789");
	NEED(h && !sent(h)->place.len && !sent(h)->civic.len && sim.notices == 0);
}

/* As long as the call is there, and in every INVITE that it needs. */
static void a_place_is_said_again_and_then_forgotten(void)
{
	begin_with(a_place_that_was_never_stored);
	for (unsigned i = 0; i < 70; i++) {
		sim.notices = 0;
		struct heard *h = helped_from(&a, &alice, "112");
		NEED(h && says_where(h) && sim_status("emergency-places").used == 1);
		h->taken = false;
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, i % 2 ? 503 : 415, NULL);
		h = sent_to(&telco[i % 2], SIP_INVITE);
		NEED(h && (i % 2 ? says_where(h) : !sent(h)->place.len));
		h->taken = false;
		talk_rings_at(&t, &telco[i % 2]);
		talk_up(&a, &t, &plain);
		call_hang_up(&a, &t);
		sim_clear();
	}
	NEED(sim_status("emergency-places").used == 0 && sim_status("emergency-places").refused == 0);
	finish();
}

static bool is_clear(const struct sdp *s)
{
	return s->audio.at.port && s->audio.proto == SDP_RTP_AVP && !s->audio.crypto_n && !s->audio.fingerprint_n &&
	       !s->audio.zrtp;
}

/* Keys that end in no media, or none at all, keep nobody from help, over a line or by a phone of the house; and from nothing else. */
static void help_is_heard_without_keys(const struct sdp *has)
{
	struct sdp held = *has;
	uint64_t join;

	talk_invite(&a, &alice, "112", has);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	NEED(is_clear(&a.sdp) && strstr(sim.event_text, "anyone can hear"));
	const struct relay_spec *w = relay_wish(&join);
	NEED(w && w->side[0].end == RELAY_ENDED_CLEAR && w->side[1].end == RELAY_ENDED_CLEAR);
	media_says_gate(join, RELAY_KEY_NONE);
	held.version++;
	held.audio.direction = SDP_SENDONLY;
	NEED(code_of(talk_send(&a, SIP_INVITE, &held)) == 200);
	talk_ack(&a);
	call_hang_up(&a, &t);
	talk_invite(&a, &alice, "+33123456789", has);
	NEED(code_of(a.txn) == 488);
}

static void over_a_line_help_needs_no_keys(void)
{
	begin_with(one_trunk_has_help);
	struct sdp zrtp = sdp_zrtp(&alice), none = sdp_clear(&alice);
	help_is_heard_without_keys(&zrtp);
	help_is_heard_without_keys(&none);
	finish();
}

static void in_the_house_help_needs_no_keys(void)
{
	begin_with(fixed);
	phone_init(&centre, 4);
	phone_register(&centre);
	struct sdp none = sdp_clear(&alice), of_centre = sdp_plain(&centre);
	talk_invite(&a, &alice, "112", &none);
	talk_rings_at(&b, &centre);
	NEED(b.sdp.audio.crypto_n || b.sdp.audio.fingerprint_n); /* that phone is asked for keys all the same */
	if (!b.sdp.audio.crypto_n) {
		talk_answer(&b, 488, NULL);
		talk_rings_at(&b, &centre);
	}
	of_centre.audio.crypto[0].tag = b.sdp.audio.crypto[1].tag; /* AES_CM_128_HMAC_SHA1_80 */
	talk_up(&a, &b, &of_centre);
	NEED(is_clear(&a.sdp));
	call_hang_up(&a, &b);
	/* with ZRTP it is end to end where the other has it, and clear where not */
	struct sdp zrtp = sdp_zrtp(&alice);
	talk_invite(&a, &alice, "112", &zrtp);
	talk_rings_at(&b, &centre);
	NEED(b.sdp.audio.zrtp);
	talk_answer(&b, 488, NULL);
	talk_rings_at(&b, &centre);
	NEED(!b.sdp.audio.zrtp && (b.sdp.audio.crypto_n || b.sdp.audio.fingerprint_n));
}

/* So does one that is being transferred: nobody gets it back who would have the line again. */
static void help_takes_the_line_of_one_that_is_transferred(void)
{
	static struct talk from[3], to[3];

	begin_with(one_trunk_has_help);
	from[2].allow = 1u << SIP_REFER;
	for (int i = 0; i < 3; i++)
		up_at(&from[i], &to[i], "+33123456789", &telco[i < 2]);
	struct msg_request *m = talk_begin(&from[2], SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&alice, "bob");
	NEED(code_of(talk_end(&from[2])) == 202 && turn("music"));
	talk_rings_at(&b, &bob);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 503, NULL);
	hangs_up_on(&from[2]);
	hangs_up_on(&to[2]);
	NEED(sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL));
	talk_answer(&b, 487, NULL);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
	for (int i = 0; i < 2; i++)
		call_hang_up(&from[i], &to[i]);
	finish();
}

/* A trunk that is down is no reason to end a talk. */
static void nobody_is_cut_off_for_help_that_has_no_trunk(void)
{
	static struct talk from, to;

	begin_with(one_trunk_has_help);
	up_at(&from, &to, "+33123456789", &telco[1]);
	phone_down(&telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	talk_hears(&a, 180);
	sim_pass(HELP_COMES_MS + HELP_AGAIN_MS + 100);
	is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
	NEED(!talk_takes(&to, SIP_BYE));
	call_hang_up(&from, &to);
	finish();
}

/* R28: its connection broke a moment ago. */
static void help_waits_for_a_trunk_that_is_away(void)
{
	begin_with(one_trunk_has_help);
	phone_down(&telco[0]);
	sim_clear();
	talk_invite(&a, &alice, "112", &offer);
	talk_hears(&a, 180);
	sim_pass(3 * HELP_AGAIN_MS);
	phone_up(&telco[0]);
	sim_pass(HELP_AGAIN_MS + 100);
	talk_rings_at(&t, &telco[0]);
	talk_up(&a, &t, &plain);
	call_hang_up(&a, &t);
	finish();
}

static void who_gives_up_meanwhile_leaves_nothing(void)
{
	begin_with(one_trunk_has_help);
	phone_down(&telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	talk_hears(&a, 180);
	struct msg_cancelled *m = ipc_begin(sim_far(PROC_EDGE, alice.edge), MSG_CANCELLED);
	m->txn = a.txn;
	ipc_end(sim_far(PROC_EDGE, alice.edge));
	sim_turn();
	sim_pass(HELP_COMES_MS + HELP_AGAIN_MS + 100);
	NEED(!sim_take(PROC_VOICE, MSG_TURN, NULL, NULL));
	finish();
}

static unsigned code_heard(struct talk *call)
{
	unsigned code = 0;

	for (struct heard *h; (h = reply_to(call->txn));)
		code = respond(h)->code;
	return code;
}

/* What a gateway says when its lines are taken is not always 503. */
static void bob_travels(void)
{
	emergency_trunks();
	sim.site.plan.emergency_remote = REMOTE_LAST_LOCATION;
	set(5, OWNER_DEVICE, 1, SETTING_REMOTE, "on");
	set(6, OWNER_DEVICE, 1, SETTING_LOCATION, "country=FR, city=Lyon, street=Rue Haute, house=3");
}

static void bob_has_confirmed_it(void)
{
	bob_travels();
	set(7, OWNER_DEVICE, 1, SETTING_LOCATION_CONFIRMED, "1760000000000");
}

/* Where the site chose so, a phone that may be anywhere sends the place that its user has confirmed, and none that nobody has. */
static void the_last_location_is_one_that_was_confirmed(void)
{
	struct sdp of_bob;

	begin_with(bob_travels);
	of_bob = sdp_plain(&bob);
	talk_invite(&b, &bob, "112", &of_bob);
	NEED(!sent_to(&telco[0], SIP_INVITE));
}

static void what_was_confirmed_goes_along(void)
{
	struct sdp of_bob;

	begin_with(bob_has_confirmed_it);
	of_bob = sdp_plain(&bob);
	NEED(sim_status("phones-without-help").used == sim_status("phones").used - 2);
	talk_invite(&b, &bob, "112", &of_bob);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && sent(h)->emergency && sent(h)->doubt && strstr(sim_text(h, sent(h)->civic), "Rue Haute"));
}

static void help_goes_on_whatever_the_first_trunk_says(void)
{
	static const unsigned code[] = {486, 480, 404, 603, 302, 503};

	begin_with(emergency_trunks);
	for (size_t i = 0; i < sizeof code / sizeof *code; i++) {
		talk_invite(&a, &alice, "112", &offer);
		talk_rings_at(&t, &telco[0]);
		talk_answer(&t, code[i], NULL);
		talk_rings_at(&b, &telco[1]);
		talk_answer(&b, code[i], NULL);
		is_told(&a, RELAY_KEY_SDES, "emergency-no-line");
		sim_pass(60000);
		talk_takes(&a, SIP_BYE);
		sim_pass(60000);
	}
}

static void help_is_not_sent_back_for_its_interval(void)
{
	begin_with(emergency_trunks);
	a.interval_s = 60;
	a.supported = SIP_TAG_TIMER;
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	a.interval_s = 60;
	talk_invite(&a, &alice, "+33123456789", &offer);
	NEED(code_of(a.txn) == 422);
}

static void help_may_ring_long(void)
{
	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 180, NULL);
	sim_pass(300000);
	NEED(!sim_take(PROC_EDGE, MSG_CANCEL_SENT, NULL, NULL) && !sent_to(&telco[1], SIP_INVITE));
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	NEED(code_heard(&a) == 200);
}

/* The next is asked beside it, and who answers first has the call. */
static void a_mute_trunk_holds_up_no_help(void)
{
	begin_with(emergency_trunks);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	sim_pass(3500);
	NEED(!sent_to(&telco[1], SIP_INVITE));
	sim_pass(1000);
	talk_rings_at(&b, &telco[1]);
	talk_answer(&b, 200, &plain);
	NEED(talk_takes(&b, SIP_ACK) && code_heard(&a) == 200);
}

static void help_takes_a_free_line_before_a_taken_one(void)
{
	static struct talk from[2], to[2];

	begin_with(emergency_trunks);
	for (int i = 0; i < 2; i++)
		up_at(&from[i], &to[i], "+33123456789", &telco[0]);
	talk_invite(&a, &alice, "112", &offer);
	NEED(!sent_to(&telco[0], SIP_INVITE) && sent_to(&telco[1], SIP_INVITE));
}

static void everybody_passes(void)
{
	one_trunk_has_help();
	sim.site.plan.unknown_caller = INCOMING_PASS;
	sim.site.trunk[0].emergency = 1;
	sim.site.trunk[1].emergency = 0;
}

static void comes_in(struct talk *from, struct talk *at, bool talks)
{
	invite_from(from, "+33611223355", "+33140000001", false);
	talk_rings_at(at, &bob);
	if (!talks)
		return;
	struct sdp answer = sdp_plain(&bob);
	answer.audio.crypto[0].tag = 2;
	talk_up(from, at, &answer);
}

/* Lines that callers from outside hold are lines too: the youngest talk goes, and before any talk one that only rings. */
static void help_takes_the_line_of_who_called_in(void)
{
	static struct talk from[2], at[2];

	begin_with(everybody_passes);
	for (int i = 0; i < 2; i++) {
		comes_in(&from[i], &at[i], true);
		sim_pass(500);
	}
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 503, NULL);
	NEED(talk_takes(&from[1], SIP_BYE));
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK) && !sent_to(&telco[0], SIP_BYE));
}

static void help_takes_the_line_of_one_that_rings(void)
{
	static struct talk from[2], at[2];

	begin_with(everybody_passes);
	comes_in(&from[0], &at[0], false);
	comes_in(&from[1], &at[1], true);
	sim_pass(500);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 486, NULL);
	NEED(!sent_to(&telco[0], SIP_BYE) && code_heard(&from[0]) >= 480);
	talk_rings_at(&t, &telco[0]);
}

static void a_desk_of_many(void)
{
	fixed();
	sim.user[4].name = "104";
	sim.group[0] = (struct sim_group){"600", "bob"};
	set(4, OWNER_SITE, 0, SETTING_FRONT_DESK, "600");
	set(5, OWNER_USER, 1, SETTING_DND, "on");
}

static void help_rings_who_does_not_want_to_be_disturbed(void)
{
	begin_with(a_desk_of_many);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&b, &bob);
	talk_invite(&t, &alice, "600", &offer);
	NEED(!sent_to(&bob, SIP_INVITE));
}

static void no_stranger_gets_in(void)
{
	emergency_trunks();
	sim.site.plan.unknown_caller = INCOMING_REFUSE;
	sim.group[0] = (struct sim_group){"600", "bob, alice"};
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "600"};
	set(5, OWNER_USER, 0, SETTING_DND, "on");
}

static void call_for_help_is_over(struct talk *caller)
{
	talk_invite(caller, &alice, "112", &offer);
	talk_rings_at(&t, &telco[0]);
	talk_up(caller, &t, &plain);
	call_hang_up(caller, &t);
}

/* The centre saw the site's main number, which leads to many; and one of them has do-not-disturb set. */
static void who_calls_back_the_main_number_is_put_through(void)
{
	static struct talk in;

	begin_with(no_stranger_gets_in);
	invite_from(&in, "+33611223355", "+33140000001", false);
	NEED(code_of(in.txn) == 603);
	call_for_help_is_over(&a);
	invite_from(&in, "+33611223355", "+33140000001", false);
	NEED(sent_to(&alice, SIP_INVITE));
}

static void bob_has_a_number(void)
{
	no_stranger_gets_in();
	sim.site.inbound[0] = (struct inbound){.number = "+33140000001", .to = "bob"};
}

/* Help was called on a phone on which nobody was logged in; whoever it rings for now is reached. */
static void who_calls_back_the_phone_is_put_through(void)
{
	static struct talk in;

	begin_with(bob_has_a_number);
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	invite_from(&in, "+33611223355", "+33140000001", false);
	NEED(sent_to(&bob, SIP_INVITE));
}

static void life_that_called_for_help(void)
{
	begin_with(bob_has_a_number);
	sim.conduct.ledger_mute = true;
	notice_add(NOTICE_CALL, bob.device, NOBODY, SPAN("112"));
	notice_add(NOTICE_REFUSED, 3, NOBODY, SPAN("112"));
	sim_turn();
	NEED(sim.notices == 2 && sim_status("notices-waiting").used == 2);
}

/* ledger had no room for it either: the next core says it, and who called may be called back (R16, R28). */
static void a_notice_outlives_core(void)
{
	sim_crash_after(life_that_called_for_help);
	begin_with(bob_has_a_number);
	NEED(sim.notices == 2 && sim_status("notices-waiting").used == 0);
	NEED(notice_may_call_back(bob.device, NOBODY) && !notice_may_call_back(3, NOBODY));
	notice_add(NOTICE_CALL, 3, NOBODY, SPAN("112"));
	sim_turn();
	NEED(sim.notices == 3 && sim_status("notices-waiting").used == 0);
}

/* Help would be sent to where the other is not. */
/* --- the number that the centre was shown --- */

static void the_number_shown_is_bobs(void)
{
	no_stranger_gets_in();
	sim.site.inbound[0] = (struct inbound){.number = "+33140000000", .to = "bob"};
	set(8, OWNER_USER, 1, SETTING_DND, "on");
	set(9, OWNER_USER, 1, SETTING_FORWARD_ALWAYS, "+33123456789");
}

/* Whoever it belongs to, and whatever they want of strangers: who called for help rings too. */
static void who_calls_back_the_number_that_was_shown_is_put_through(void)
{
	begin_with(the_number_shown_is_bobs);
	invite_from(&t, "+33612345678", "+33140000000", false);
	NEED(code_of(t.txn) == 603);
	call_for_help_is_over(&a);
	invite_from(&t, "+33612345678", "+33140000000", false);
	talk_rings_at(&b, &bob);
	talk_rings_at(&a, &alice);
	NEED(!sent_to(&telco[0], SIP_INVITE) && !sent_to(&alice, SIP_INVITE));
	talk_answer(&b, 486, NULL);
	struct sdp answer = sdp_plain(&alice);
	answer.audio.crypto[0].tag = a.sdp.audio.crypto_n ? 2 : 1;
	talk_up(&t, &a, &answer);
	call_hang_up(&t, &a);
	sim_pass(31u * 60 * 1000);
	invite_from(&t, "+33612345678", "+33140000000", false);
	NEED(code_of(t.txn) == 603);
	finish();
}

/* Whom the desk helped goes on to a doctor: that is no call for help any more, it is judged, charged and goes out by an ordinary trunk. */
static void the_desk_helps(void)
{
	fixed();
	sim.user[4].name = "104";
	set(4, OWNER_SITE, 0, SETTING_FRONT_DESK, "bob");
	set(5, OWNER_DEVICE, 1, SETTING_JOIN, "ended");
	set(6, OWNER_USER, 1, SETTING_CLASSES, "national mobile");
}

static void who_was_helped_goes_on_elsewhere(void)
{
	uint64_t join;

	begin_with(the_desk_helps);
	talk_invite(&a, &alice, "112", &offer);
	talk_rings_at(&b, &bob);
	struct sdp answer = sdp_plain(&bob);
	answer.audio.crypto[0].tag = b.sdp.audio.crypto[1].tag;
	b.allow = 1u << SIP_REFER;
	talk_up(&a, &b, &answer);
	NEED(relay_wish(&join));
	media_says_gate(join, RELAY_KEY_SDES);
	struct msg_request *m = talk_begin(&b, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&bob, "+33123456789");
	NEED(code_of(talk_end(&b)) == 202);
	struct heard *h = sent_to(&telco[0], SIP_INVITE);
	NEED(h && !sent(h)->emergency && !sent(h)->civic.len);
	h->taken = false;
	talk_rings_at(&t, &telco[0]);
	talk_answer(&t, 200, &plain);
	NEED(talk_takes(&t, SIP_ACK));
	sim_pass(61000);
	NEED(sim_take(PROC_LEDGER, MSG_SPENT_SET, NULL, NULL));
}

static void nobody_is_transferred_to_help(void)
{
	begin_with(emergency_trunks);
	a.allow = b.allow = 1u << SIP_REFER;
	call_up(&a, &alice, &b, &bob);
	struct msg_request *m = talk_begin(&a, SIP_REFER);
	m->refer_kind = REFER_USER;
	m->refer_user = phone_put(&alice, "112");
	struct heard *h = reply_to(talk_end(&a));
	NEED(h && respond(h)->code == 403 && !sent_to(&bob, SIP_REFER) && sim_status("calls").used == 1);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(void)
{
	SIM(a_phone_in_another_network_of_the_site_calls_for_help);
	SIM(a_phone_in_no_network_of_the_site_does_not);
	SIM(nor_does_one_that_travels);
	SIM(over_a_line_help_needs_no_keys);
	SIM(in_the_house_help_needs_no_keys);
	SIM(help_that_finds_no_line_is_told);
	SIM(help_that_leads_nowhere_is_told);
	SIM(help_that_is_busy_is_busy);
	SIM(help_takes_the_line_of_another);
	SIM(help_has_the_line_when_it_is_free);
	SIM(help_goes_without_its_place_rather_than_not);
	SIM(who_calls_back_the_number_that_was_shown_is_put_through);
	SIM(who_was_helped_goes_on_elsewhere);
	SIM(help_takes_the_line_of_one_that_is_transferred);
	SIM(nobody_is_cut_off_for_help_that_has_no_trunk);
	SIM(help_waits_for_a_trunk_that_is_away);
	SIM(who_gives_up_meanwhile_leaves_nothing);
	SIM(who_cannot_call_for_help_is_counted);
	SIM(a_fixed_phone_that_travels_is_counted);
	SIM(help_goes_first_whatever_is_busy);
	SIM(from_a_phone_that_may_be_anywhere_help_is_refused_with_words);
	SIM(help_goes_on_whatever_the_first_trunk_says);
	SIM(help_may_ring_long);
	SIM(help_is_not_sent_back_for_its_interval);
	SIM(the_last_location_is_one_that_was_confirmed);
	SIM(what_was_confirmed_goes_along);
	SIM(a_mute_trunk_holds_up_no_help);
	SIM(help_takes_a_free_line_before_a_taken_one);
	SIM(help_takes_the_line_of_who_called_in);
	SIM(help_takes_the_line_of_one_that_rings);
	SIM(help_rings_who_does_not_want_to_be_disturbed);
	SIM(who_calls_back_the_main_number_is_put_through);
	SIM(who_calls_back_the_phone_is_put_through);
	SIM(a_notice_outlives_core);
	SIM(nobody_is_transferred_to_help);
	SIM(what_a_phone_says_of_its_place_goes_along);
	SIM(a_phone_without_a_stored_place_is_found_by_its_word);
	SIM(a_phone_that_was_moved_is_found_by_its_word);
	SIM(a_phone_that_may_be_anywhere_is_refused_whatever_it_says);
	SIM(a_last_location_that_nobody_confirmed_is_none_whatever_it_says);
	SIM(the_last_location_goes_with_what_it_says);
	SIM(no_other_call_says_where_its_phone_is);
	SIM(a_place_is_said_again_and_then_forgotten);
	(void)test_failed_here;
	return TEST_END;
}
