/* SPDX-License-Identifier: ISC */
/* What siblings that lie get of ledger (R27). ledger_lies_test EXECUTABLE [URI] */
#include "ledger_house.h"
#include "test.h"
#include <unistd.h>

static void a_core_that_judges_what_it_was_not_given(void)
{
	CHECK(house_begin() && house_want_directory());
	house_judge(seen.generation + 1, true);
	CHECK(house_is_accused(PROC_CORE));
}

static void a_ctl_that_reads_for_nobody(void)
{
	CHECK(house_begin() && house_record(1, "sealed"));
	house_begin_log(0, 10, "");
	CHECK(house_is_accused(PROC_CTL) && seen.lines == 0);
}

/* what the contract does not give to ctl: one link's frames sent down the other */
static void a_ctl_that_speaks_as_core(void)
{
	CHECK(house_begin());
	house_begin_record(9, "forged");
	struct ipc_frame *f = &house.core->ring[house.core->first];
	((struct ipc_frame_head *)(void *)f->bytes)->size = f->n;
	CHECK(write(house.ctl->fd, f->bytes, f->n) == (ssize_t)f->n);
	f->n = 0;
	house.core->queued = 0;
	CHECK(house_is_accused(PROC_CTL));
	CHECK(house_start() && house_read_log(0, 10, "berta") && seen.lines == 0 && stage_end(&house.s) == 0);
}

static void a_flood_of_events_is_cut(void)
{
	CHECK(house_begin());
	for (int turn = 0; turn < 10 && !house.core->broken; turn++) {
		for (struct msg_event *m; (m = ipc_begin(house.core, MSG_EVENT));) {
			m->kind = EVENT_BAD_BYTES;
			ipc_end(house.core);
		}
		stage_run(&house.s, 20);
	}
	CHECK(house_is_accused(PROC_CORE) && strstr(house.s.accusation, "too often"));
}

static void bad_names_do_nothing(void)
{
	CHECK(house_begin() && house_set_user(USER_ADD, "leg-1") && seen.result == DONE_REFUSED && seen.text[0]);
	CHECK(house_bind_phone(4000000000u, "101", true) && seen.result == DONE_NOT_FOUND);
	CHECK(house_list(LIST_USERS, UINT64_MAX, UINT32_MAX) && seen.result == DONE_OK && seen.people == 0);
	CHECK(house_list(LIST_PHONES, UINT32_MAX, UINT32_MAX) && seen.result == DONE_OK);
	CHECK(house_read_log(UINT64_MAX, UINT32_MAX, "berta") && seen.result == DONE_OK && stage_end(&house.s) == 0);
}

/* What makes the made-up messages of the contract's rows find something to act on. */
static void mend(struct link *l, enum msg type, void *payload)
{
	if (type == MSG_USER_SET)
		((struct msg_user_set *)payload)->action = USER_CHANGE;
	if (type == MSG_SETTING_PUT)
		((struct msg_setting_put *)payload)->lines = ipc_put(l, SPAN("dnd=on\nscreen=slow"));
	if (type == MSG_GROUP_SET)
		((struct msg_group_set *)payload)->lines = ipc_put(l, SPAN("members=101"));
	if (type == MSG_SPENT_SET)
		((struct msg_spent_set *)payload)->text =
		    ipc_put(l, SPAN("day=1 hour=24 money=1 ms=2 hourly=3 destinations=1 half=0 full=0"));
}

/* Whatever ctl, core, or one that only has events to tell says in any field of any message: ledger lives, names the liar
 * where the contract is broken, and keeps its directory and the log in order. */
static void what_siblings_lie_is_borne(void)
{
	static const enum proc all[] = {PROC_CTL, PROC_CORE, PROC_EDGE, PROC_MEDIA, PROC_VOICE};
	struct stage_liars x = {.s = &house.s, .mend = mend};

	CHECK(house_begin() && house_set_user(USER_ADD, "101") && seen.result == DONE_OK && house_add_phone() && house_record(1, "sealed"));
	stage_cut(&house.s, house.core);
	stage_cut(&house.s, house.ctl);
	seen.silent = true;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		CHECK(stage_lies(&x, all[i]));
	CHECK(x.rows >= 20 && x.told > 1000 && x.accused > 200);
	seen.silent = false;
	house.core = stage_sibling(&house.s, PROC_CORE, 0);
	house.ctl = stage_sibling(&house.s, PROC_CTL, 0);
	CHECK(house_want_directory());
	CHECK(house_read_log(0, 10, "berta") && seen.result == DONE_OK && seen.lines >= 1);
	CHECK(house_set_user(USER_ADD, "honest") && seen.result == DONE_OK && stage_end(&house.s) == 0);
	CHECK(house_start() && house_want_directory() && seen.whole && stage_end(&house.s) == 0);
}

int main(int argc, char **argv)
{
	if (!house_open(argc, argv))
		return 1;
	RUN(a_core_that_judges_what_it_was_not_given);
	RUN(a_ctl_that_reads_for_nobody);
	RUN(a_ctl_that_speaks_as_core);
	RUN(a_flood_of_events_is_cut);
	RUN(bad_names_do_nothing);
	RUN(what_siblings_lie_is_borne);
	house_end();
	return TEST_END;
}
