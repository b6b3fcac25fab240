/* SPDX-License-Identifier: ISC */
/* core alone, between siblings that are played: N operations of one kind, to be counted by callgrind.
 * core_cost register|call|message N */
#include "../../test/fsm/sim_phone.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct phone alice, bob;

static void one_register(void)
{
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
}

static void one_call(void)
{
	struct talk a = {0}, b = {0};

	call_up(&a, &alice, &b, &bob);
	relay_wish(NULL);
	call_hang_up(&a, &b);
	sim_clear();
	sim_pass(2100); /* ports rest */
}

static void one_message(void)
{
	struct msg_request *m = phone_begin(&alice, SIP_MESSAGE);

	m->target_user = phone_put(&alice, "bob");
	m->text = phone_put(&alice, "lunch?");
	uint64_t txn = phone_end(&alice);
	phone_answer(&bob, sent_to(&bob, SIP_MESSAGE), 200, NULL);
	NEED(code_of(txn) == 200);
}

static const struct {
	const char *name;
	void (*run)(void);
} kind[] = {{"register", one_register}, {"call", one_call}, {"message", one_message}};

int main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[2]) : 0;

	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	alice.outbound = bob.outbound = true;
	phone_register(&alice);
	phone_register(&bob);
	sim_clear();
	for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
		if (argc < 2 || strcmp(argv[1], kind[k].name) != 0)
			continue;
		for (int i = 0; i < n; i++)
			kind[k].run();
		printf("%d x %s\n", n, kind[k].name);
		return 0;
	}
	fprintf(stderr, "core_cost register|call|message N\n");
	return 2;
}
