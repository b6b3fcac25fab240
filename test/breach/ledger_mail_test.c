/* SPDX-License-Identifier: ISC */
/* Voicemail in ledger: a message is kept, or goes with its key (R7, R28). ledger_mail_test EXECUTABLE [URI] */
#include "ledger_house.h"
#include "base/clock.h"
#include "test.h"

static uint64_t begin_mail(uint32_t user)
{
	struct msg_mail_begin *m = ipc_begin(house.core, MSG_MAIL_BEGIN);

	m->token = 5;
	m->user = user;
	ipc_end(house.core);
	seen.mail_found = false;
	bool came = stage_until(&house.s, &seen.mail_found, STAGE_WAIT_MS);
	return came && seen.found.fresh && seen.found.user == user && seen.found.token == 5 ? seen.found.message : 0;
}

static void put_piece(uint64_t message, uint32_t at)
{
	struct msg_mail_put *m = ipc_begin(house.voice, MSG_MAIL_PUT);

	m->message = message;
	m->at = at;
	m->piece = ipc_put(house.voice, SPAN("sealed, as far as ledger can know"));
	ipc_end(house.voice);
}

static bool end_mail(uint64_t message, uint32_t length_ms)
{
	struct msg_mail_end *m = ipc_begin(house.voice, MSG_MAIL_END);

	m->token = 77;
	m->message = message;
	m->length_ms = length_ms;
	ipc_end(house.voice);
	seen.mail_ended = seen.mail_counted = seen.key_forgotten = false;
	return stage_until(&house.s, &seen.mail_counted, STAGE_WAIT_MS) && seen.mail_ended && seen.mail_kept.token == 77 &&
	       seen.mail_kept.message == message;
}

/* Messages as an exchange that was killed left them: unended though none lasts so long, and too old. */
static bool put_old_mail(int64_t wall_ms)
{
	char why[DB_WHY_MAX];
	struct store st;
	struct db *db = house_open_db();
	bool ok = db && store_open(&st, db, why) && store_mail_begin(&st, 1, wall_ms, 50) == 1;

	store_close(&st);
	return ok;
}

static bool forget_mails(const char *user)
{
	struct msg_mail_forget *m = ipc_begin(house.ctl, MSG_MAIL_FORGET);

	m->user = ipc_put(house.ctl, span_str(user));
	ipc_end(house.ctl);
	seen.mail_counted = false;
	return house_wait_done();
}

static void a_message_is_kept_or_goes_with_its_key(void)
{
	uint64_t message;

	CHECK(house_begin() && house_want_directory() && house_set_user(USER_ADD, "101") && seen.result == DONE_OK);
	CHECK((message = begin_mail(1)) == 1);
	put_piece(message, 0);
	put_piece(message, 1);
	stage_run(&house.s, 50);
	CHECK(end_mail(message, 1500) && seen.mail_kept.kept == MAIL_KEPT_WHOLE && !seen.key_forgotten);
	CHECK(seen.count.user == 1 && seen.count.fresh == 1 && (message = begin_mail(1)) == 2);
	CHECK(end_mail(message, 0) && seen.mail_kept.kept == MAIL_KEPT_NOT && seen.count.fresh == 1);
	CHECK(stage_until(&house.s, &seen.key_forgotten, STAGE_WAIT_MS) && seen.forgotten == 2);
	CHECK((message = begin_mail(1)) == 2); /* voice had a piece, and ledger did not get it */
	CHECK(end_mail(message, 5000) && seen.mail_kept.kept == MAIL_KEPT_NOT);
	CHECK(forget_mails("101") && seen.result == DONE_OK && seen.mail_counted && seen.count.fresh == 0);
	CHECK(forget_mails("109") && seen.result == DONE_NOT_FOUND && stage_end(&house.s) == 0);
}

static void what_nobody_ended_goes_with_its_key(void)
{
	CHECK(house_clean() && put_old_mail(clock_wall_ms() - INT64_C(2) * 3600000) && house_start());
	CHECK(stage_until(&house.s, &seen.key_forgotten, STAGE_WAIT_MS) && seen.forgotten == 1 && stage_end(&house.s) == 0);
	/* the longest message and a minute ago */
	CHECK(house_clean() && put_old_mail(clock_wall_ms() - 181000) && house_start());
	CHECK(stage_until(&house.s, &seen.key_forgotten, STAGE_WAIT_MS) && seen.forgotten == 1 && stage_end(&house.s) == 0);
	CHECK(house_clean() && put_old_mail(clock_wall_ms() - 60000) && house_start()); /* it may still be going on */
	stage_run(&house.s, 300);
	CHECK(!seen.key_forgotten && house_want_directory() && begin_mail(1) == 2 && stage_end(&house.s) == 0);
}

int main(int argc, char **argv)
{
	if (!house_open(argc, argv))
		return 1;
	RUN(a_message_is_kept_or_goes_with_its_key);
	RUN(what_nobody_ended_goes_with_its_key);
	house_end();
	return TEST_END;
}
