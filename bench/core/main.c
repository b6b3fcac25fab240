/* SPDX-License-Identifier: ISC */
/* core alone, between siblings that are played: N operations of one kind, to be counted by callgrind.
 * core_cost register|call|message|relayed|second N: a refreshed registration, a whole call, a text message, what media says of a call whose
 * caller waits for nothing, a second of a call that costs */
#include "../../test/fsm/sim_trunks.h"
#include "../../test/fsm/sim_voice.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t join;

static void one_register(void)
{
	NEED(code_of(phone_send_register(&alice, ABSENT, false)) == 200);
}

static void one_call(void)
{
	a = b = (struct talk){0};

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

static void one_relayed(void)
{
	struct msg_relayed *m = ipc_begin(sim_far(PROC_MEDIA, 0), MSG_RELAYED);

	m->join = join;
	ipc_end(sim_far(PROC_MEDIA, 0));
	sim_turn();
}

static void one_second(void)
{
	sim_pass(1000);
	sim_clear();
}

static void phones(void)
{
	sim_defaults();
	sim_open();
	phone_init(&alice, 0);
	phone_init(&bob, 1);
	alice.outbound = bob.outbound = true;
	phone_register(&alice);
	phone_register(&bob);
}

static void talking(void)
{
	phones();
	call_up(&a, &alice, &b, &bob);
	NEED(relay_wish(&join));
}

static void alice_pays(void)
{
	set(0, OWNER_USER, 0, SETTING_CLASSES, "national");
	sim.site.plan.ceiling[CEILING_EXTENSION].most[CEILING_MINUTES] = 100;
}

static void paying(void)
{
	begin_with(alice_pays);
	up_at(&a, &t, "+33123456789", &telco[0]);
}

static const struct {
	const char *name;
	void (*begin)(void), (*run)(void);
} kind[] = {{"register", phones, one_register}, {"call", phones, one_call}, {"message", phones, one_message},
    {"relayed", talking, one_relayed}, {"second", paying, one_second}};

int main(int argc, char **argv)
{
	int n = argc == 3 ? atoi(argv[2]) : 0;

	for (size_t k = 0; k < sizeof kind / sizeof *kind; k++) {
		if (argc < 2 || strcmp(argv[1], kind[k].name) != 0)
			continue;
		kind[k].begin();
		sim_clear();
		for (int i = 0; i < n; i++)
			kind[k].run();
		printf("%d x %s\n", n, kind[k].name);
		return 0;
	}
	fprintf(stderr, "core_cost register|call|message|relayed|second N\n");
	return 2;
}
