/* SPDX-License-Identifier: ISC */
/* What connections share: the accepted INVITEs of a phone or a trunk, of which the oldest gives way to the newest (T23, R27), and what a
 * handshake shows, which goes on with it while another takes its place (R1). */
#include "conn.h"
#include "creds.h"
#include "holder.h"
#include "test.h"

enum { TABLE = 80, OF_PHONE = TABLE / 8, OF_TRUNK = TABLE / 4 };

static struct conn phone, trunk = {.trunk = 1}, other = {.trunk = 2};
static struct accepted a[OF_TRUNK + 2];

/* From the oldest to the newest it holds those of this order, and no other. */
static bool holds(const struct accepted_list *l, const int *order, uint32_t n)
{
	const struct accepted *at = l->oldest, *before = NULL;

	for (uint32_t i = 0; i < n; i++, before = at, at = at->newer)
		if (at != &a[order[i]] || at->older != before || at->in != l)
			return false;
	return !at && l->newest == before && l->n == n;
}

static void forget_all(void)
{
	for (size_t i = 0; i < sizeof a / sizeof *a; i++)
		holder_forgets(&a[i]);
}

static void one_leaves_from_anywhere(void)
{
	static const int all[] = {0, 1, 2, 3}, no_middle[] = {0, 1, 3}, no_oldest[] = {1, 3}, no_newest[] = {1}, again[] = {1, 2};
	struct accepted_list l = {0};

	for (int i = 0; i < 4; i++)
		CHECK(!holder_accepts(&l, &a[i], &phone, TABLE));
	CHECK(holds(&l, all, 4));
	holder_forgets(&a[2]);
	CHECK(holds(&l, no_middle, 3));
	holder_forgets(&a[0]);
	CHECK(holds(&l, no_oldest, 2));
	holder_forgets(&a[3]);
	CHECK(holds(&l, no_newest, 1));
	holder_forgets(&a[3]); /* it is in none */
	CHECK(holds(&l, no_newest, 1));
	CHECK(!holder_accepts(&l, &a[2], &phone, TABLE) && holds(&l, again, 2));
	forget_all();
	CHECK(holds(&l, NULL, 0));
}

/* Its 2xx said once more makes it no younger, and is no second one. */
static void one_stands_once(void)
{
	static const int two[] = {0, 1};
	struct accepted_list l = {0};

	for (int i = 0; i < 2; i++)
		CHECK(!holder_accepts(&l, &a[i], &phone, TABLE));
	CHECK(!holder_accepts(&l, &a[0], &phone, TABLE) && holds(&l, two, 2));
	forget_all();
}

static void gives_way(const struct conn *c, int most)
{
	struct accepted_list l = {0};

	for (int i = 0; i < most; i++)
		CHECK(!holder_accepts(&l, &a[i], c, TABLE));
	CHECK(holder_accepts(&l, &a[most], c, TABLE) == &a[0]);
	holder_forgets(&a[0]);
	CHECK(holder_accepts(&l, &a[most + 1], c, TABLE) == &a[1]);
	forget_all();
}

static void beyond_its_share_the_oldest_gives_way(void)
{
	gives_way(&phone, OF_PHONE);
	gives_way(&trunk, OF_TRUNK);
}

static void each_trunk_has_its_own(void)
{
	CHECK(holder_of(&trunk) != holder_of(&other) && holder_of(&trunk) == holder_of(&trunk));
	holder_of(&trunk)->pending = 7;
	CHECK(holder_of(&other)->pending == 0);
}

static void the_last_who_lets_go_frees_it(void)
{
	gnutls_certificate_credentials_t of;
	gnutls_session_t tls;

	CHECK(gnutls_certificate_allocate_credentials(&of) == 0 && gnutls_init(&tls, GNUTLS_SERVER) == 0);
	struct creds *now = creds_new(of), *hand = creds_hold(now), *third = creds_hold(now), *none = NULL;
	CHECK(now && hand == now && third == now && creds_of(now) == of);
	creds_let_go(&now);
	CHECK(!now && creds_of(hand) == of);
	creds_let_go(&now); /* it holds none any more */
	creds_let_go(&none);
	creds_let_go(&third);
	CHECK(!third && creds_of(hand) == of);
	CHECK(gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, creds_of(hand)) == 0);
	gnutls_deinit(tls);
	creds_let_go(&hand); /* of a sanitized build: and nothing is left */
	CHECK(!hand);
}

int main(void)
{
	RUN(one_leaves_from_anywhere);
	RUN(one_stands_once);
	RUN(beyond_its_share_the_oldest_gives_way);
	RUN(each_trunk_has_its_own);
	RUN(the_last_who_lets_go_frees_it);
	return TEST_END;
}
