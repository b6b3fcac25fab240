/* SPDX-License-Identifier: ISC */
/* Slots rest before they are taken again, warm ones come before those never touched, and a stale id names nothing. */
#include "base/pool.h"
#include "test.h"

enum { CAP = 1000, NODE = 3 };

static struct pool pool;

static bool start(uint32_t cap, uint32_t reserve)
{
	pool_fini(&pool);
	return pool_init(&pool, NODE, cap, reserve);
}

static void a_stale_id_names_nothing(void)
{
	CHECK(start(1, 0));
	uint64_t old = pool_take(&pool, false);
	CHECK(pool_index(&pool, old) == 0 && pool_take(&pool, false) == ID_NONE);
	CHECK(pool_release(&pool, old) && !pool_release(&pool, old));
	uint64_t new = pool_take(&pool, false);
	CHECK(new != old && pool_index(&pool, new) == 0 && pool_index(&pool, old) == -1);
}

/* A restarted process gives out other ids than before, though the same slots (once in 16 million times it does not). */
static void an_id_of_an_earlier_life_names_nothing(void)
{
	uint64_t id[4];

	for (int life = 0; life < 4; life++) {
		CHECK(start(CAP, 0));
		id[life] = pool_take(&pool, false);
		CHECK(id_index(id[life]) == 0);
	}
	CHECK(id[0] != id[1] || id[1] != id[2] || id[2] != id[3]);
	CHECK(pool_index(&pool, id[0]) == -1 || pool_index(&pool, id[1]) == -1 || pool_index(&pool, id[2]) == -1);
}

/* One at a time, the pool turns in a few slots and not in all. */
static void few_at_a_time_stay_few(void)
{
	uint32_t highest = 0, again = 0, first_again = 0;

	CHECK(start(CAP, 0));
	for (uint32_t i = 0; i < 5 * CAP; i++) {
		uint64_t id = pool_take(&pool, false);
		uint32_t at = id_index(id);
		CHECK(id != ID_NONE && pool_release(&pool, id));
		highest = at > highest ? at : highest;
		if (at == 0 && i && again++ == 0)
			first_again = i;
	}
	CHECK(highest < 100 && first_again >= 60);
}

static void all_are_handed_out(void)
{
	static uint64_t id[CAP];

	CHECK(start(CAP, 10));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CAP - 10; i++)
			CHECK((id[i] = pool_take(&pool, false)) != ID_NONE);
		CHECK(pool_take(&pool, false) == ID_NONE);
		for (int i = CAP - 10; i < CAP; i++)
			CHECK((id[i] = pool_take(&pool, true)) != ID_NONE);
		CHECK(pool_take(&pool, true) == ID_NONE && pool.used == CAP);
		for (int i = 0; i < CAP; i++)
			CHECK(pool_release(&pool, id[i]));
		CHECK(pool.used == 0);
	}
}

static void long_rest_takes_all_others_first(void)
{
	CHECK(start(CAP, 0));
	pool_rest_long(&pool);
	for (uint32_t i = 0; i < 3 * CAP; i++) {
		CHECK(pool_next(&pool) == i % CAP);
		uint64_t id = pool_take(&pool, false);
		CHECK(id_index(id) == i % CAP && pool_release(&pool, id));
	}
}

/* What was not used comes before what rests. */
static void what_is_given_back_is_next(void)
{
	CHECK(start(4, 0));
	pool_rest_long(&pool);
	uint64_t id[4];
	for (int i = 0; i < 4; i++)
		id[i] = pool_take(&pool, false);
	CHECK(pool_give_back(&pool, id[3]) && !pool_give_back(&pool, id[3]) && pool.used == 3);
	CHECK(pool_release(&pool, id[0]) && pool_release(&pool, id[1]) && pool_give_back(&pool, id[2]));
	CHECK(id_index(pool_take(&pool, false)) == 2 && id_index(pool_take(&pool, false)) == 3);
	CHECK(id_index(pool_take(&pool, false)) == 0 && id_index(pool_take(&pool, false)) == 1);
	CHECK(pool_take(&pool, false) == ID_NONE && pool_index(&pool, id[2]) == -1);
}

static void adopted_slots_are_not_handed_out(void)
{
	CHECK(start(CAP, 0));
	CHECK(pool_adopt(&pool, id_make(NODE, 7, 500)) && !pool_adopt(&pool, id_make(NODE, 7, 500)));
	CHECK(pool_adopt(&pool, id_make(NODE, 9, 2)) && !pool_adopt(&pool, id_make(NODE, 1, CAP)));
	CHECK(!pool_adopt(&pool, id_make(NODE + 1, 7, 3)));
	for (int i = 0; i < CAP - 2; i++) {
		uint32_t at = id_index(pool_take(&pool, false));
		CHECK(at != 500 && at != 2);
	}
	CHECK(pool_take(&pool, false) == ID_NONE);
	CHECK(pool_release(&pool, id_make(NODE, 7, 500)) && id_index(pool_take(&pool, false)) == 500);
}

static uint32_t take_all(enum pool_claim claim)
{
	uint32_t n = 0;

	while (pool_take(&pool, claim) != ID_NONE)
		n++;
	return n;
}

/* R16: who calls back finds room where others do not, and leaves some to the next who needs help. */
static void each_claim_has_its_part_of_the_reserve(void)
{
	for (uint32_t reserve = 0; reserve < 8; reserve++) {
		CHECK(start(100, reserve));
		CHECK(take_all(POOL_USUAL) == 100 - reserve && take_all(POOL_BACK) == reserve / 2);
		CHECK(take_all(POOL_USUAL) == 0 && take_all(POOL_HELP) == reserve - reserve / 2 && pool.used == 100);
		CHECK(take_all(POOL_HELP) == 0 && take_all(POOL_BACK) == 0);
	}
}

/* A table is larger than its limit because what stands in it was adopted. */
static void a_limit_below_what_stands_is_for_who_comes(void)
{
	uint64_t stands[5], help;

	CHECK(start(8, 0));
	pool_limit(&pool, 4, 1);
	for (uint32_t i = 0; i < 5; i++) {
		stands[i] = id_make(NODE, 3, i + 3);
		CHECK(pool_adopt(&pool, stands[i]));
	}
	CHECK(pool_take(&pool, false) == ID_NONE && pool.refused == 1);
	CHECK((help = pool_take(&pool, true)) != ID_NONE && pool_release(&pool, help));
	for (uint32_t i = 0; i < 2; i++)
		CHECK(pool_release(&pool, stands[i]) && pool_take(&pool, false) == ID_NONE);
	CHECK(pool_release(&pool, stands[2]) && pool_take(&pool, false) != ID_NONE);
	CHECK(pool_take(&pool, false) == ID_NONE && pool_take(&pool, true) != ID_NONE);
	pool_fini(&pool);
	/* one beyond the table is none */
	CHECK(start(4, 2));
	pool_limit(&pool, 9, 1);
	CHECK(pool.limit == 4 && pool.reserve == 1);
}

int main(void)
{
	RUN(a_stale_id_names_nothing);
	RUN(an_id_of_an_earlier_life_names_nothing);
	RUN(few_at_a_time_stay_few);
	RUN(all_are_handed_out);
	RUN(long_rest_takes_all_others_first);
	RUN(what_is_given_back_is_next);
	RUN(adopted_slots_are_not_handed_out);
	RUN(each_claim_has_its_part_of_the_reserve);
	RUN(a_limit_below_what_stands_is_for_who_comes);
	return TEST_END;
}
