/* SPDX-License-Identifier: ISC */
/* The whole of core in the test's own process, in virtual time: its links are lib/ipc links over socket pairs whose far
 * ends are played here. This file stands in for lib/ipc/child.c; proc/core is linked as it is. */
#ifndef TEST_CORE_SIM_H
#define TEST_CORE_SIM_H

#include "ipc/child.h"

enum { SIM_PAIRS_MAX = 12, SIM_HEARD_MAX = 512, SIM_USERS_MAX = 8, SIM_DEVICES_MAX = 8, SIM_SETTINGS_MAX = 48, SIM_GROUPS_MAX = 2, SIM_MAIL_MAX = 4 };

/* One message that core sent, kept until a test takes it. */
struct heard {
	enum msg type;
	enum msg_class class;
	enum proc at; /* who heard it */
	uint32_t instance;
	bool taken;
	uint32_t tail_n;
	_Alignas(8) uint8_t payload[1024];
	_Alignas(8) uint8_t tail[IPC_MESSAGE_MAX];
};

/* The far ends: what they do by themselves. */
struct conduct {
	enum login_verdict verdict; /* keeper's, of every login */
	bool keeper_mute, ledger_mute, seal_mute, signer_mute; /* hears, says nothing */
	bool mail_full, mail_keyless;             /* ledger has no room for a message; keeper has no key of one that was kept */
	enum done_result changes;                 /* ledger's answer to a user's own change */
};

struct sim {
	struct site site;
	struct conduct conduct;
	struct heard heard[SIM_HEARD_MAX];
	uint32_t heard_n;
	char event_text[REASON_MAX + 1]; /* of the last one, its severity and whose phone it is of */
	enum severity event_severity;
	uint32_t event_device;
	uint32_t events[EVENT_KINDS];
	uint32_t accusations;
	enum proc accused;
	uint32_t accused_device;
	char accusation[REASON_MAX + 1];
	uint32_t records; /* that ledger kept */
	struct msg_record record;
	char record_to[2 * USER_NAME_MAX + 1], record_from[SEALED_MAX + 1];
	uint32_t logins, nonces, seals;
	uint64_t login_token; /* of the last that keeper was asked for, */
	uint32_t login_who;   /* and whose */
	struct sim_user {
		const char *name;
		bool enabled;
	} user[SIM_USERS_MAX];
	struct sim_device {
		uint8_t state;
		uint32_t flags;
	} device[SIM_DEVICES_MAX];
	bool bound[SIM_USERS_MAX][SIM_DEVICES_MAX];
	struct sim_setting { /* of a user or phone; owner OWNER_USER and kind 0 with an empty value: none */
		uint8_t owner, kind;
		uint32_t index;
		const char *value;
	} setting[SIM_SETTINGS_MAX];
	struct sim_group {
		const char *name, *members;
	} group[SIM_GROUPS_MAX];
	const char *pin;           /* keeper's, of everyone; NULL: nobody has one */
	bool pin_locked;
	const char *dialled[8];    /* numbers that keeper knows */
	uint32_t pins, proofs, lookups, notices, changes;
	enum notice_kind notice_kind; /* of the last one */
	char notice_location[SETTING_TEXT_MAX + 1];
	uint32_t mail_begun, mail_wanted, mail_keys; /* questions about voicemail */
	uint64_t mail_token; /* of ledger's last one */
	uint64_t mail[2][SIM_MAIL_MAX];              /* ledger's messages, of those that were not heard and were; 0: none */
	struct msg_setting_set changed; /* by a user, last */
	char changed_to[SETTING_TEXT_MAX + 1];
	uint32_t generation;
	ipc_handler *watch; /* sees all that core says; may be NULL */
	bool fail_aborts;   /* sim_fail() is for a fuzzer */
	bool media_mute;    /* one that comes up has not said its ports yet */
	bool media_slow;    /* it does not say yet that it relays by a wish */
	uint32_t step_ms;   /* of sim_pass(); 0: each tick of the wheel */
	bool quiet;    /* keep nothing of what is heard: for measurements */
	int crash_fd;  /* the arena */
	uint64_t *now; /* shared with the lives before and after */
};

extern struct sim sim;

#define NEED(condition)                                                                                       \
	do {                                                                                                  \
		if (!(condition))                                                                             \
			sim_fail(__FILE__, __LINE__, #condition);                                             \
	} while (0)

/* Prints it, and what core said that nobody took; ends the process. */
_Noreturn void sim_fail(const char *file, int line, const char *condition);

/* Defaults: domain, two edges, small tables; users 0.. alice bob carol dave and 112, devices 0.. valid, user n on device n.
 * Change sim.site and the rest before sim_open(). */
void sim_defaults(void);
/* Trunk i of the site, TLS with RTP that is named plain, two lines; the media come from 203.0.113.0/24. */
struct trunk_conf *sim_add_trunk(int i);
/* core starts on the arena and every sibling comes up. */
void sim_open(void);

void sim_link_up(enum proc peer, uint32_t instance);
/* The sibling dies. */
void sim_link_down(enum proc peer, uint32_t instance);
/* The far end, as that sibling's own link to core. */
struct link *sim_far(enum proc peer, uint32_t instance);

/* Until nobody has anything more to say. */
void sim_turn(void);
/* core's part of that, apart, for profilers. */
void sim_core_hears(struct link *l);
void sim_core_waits(uint64_t now_ms);
/* Virtual time goes by. */
void sim_pass(uint64_t ms);

/* ledger sends the directory: all of it as a new generation. */
void sim_push_directory(void);

/* The oldest message of this kind that nobody took; NULL: there is none. */
struct heard *sim_take(enum proc at, enum msg type, bool (*is_it)(const struct heard *h, const void *arg), const void *arg);
/* Text of a heard message, in one of a few rotating buffers. */
const char *sim_text(const struct heard *h, struct str s);
const void *sim_part(const struct heard *h, struct str s);
/* Forget what nobody took. */
void sim_clear(void);

/* A line of core's status. */
struct status_line sim_status(const char *name);
/* What must be empty when nothing goes on: every pool but flows and registrations, and every timer but theirs and the trunks'. */
void sim_need_idle(void);

/* Run a test in a process of its own, where core's state is fresh. */
bool sim_run(const char *name, void (*test)(void));
/* A life of core that ends in a crash after `life` has run; sim_open() then adopts what it left. Before sim_open(). */
void sim_crash_after(void (*life)(void));
/* And one more, which adopts what that one left. */
void sim_crash_again(void (*life)(void));
/* Memory that all lives of one test share; zeroed at its start. */
void *sim_shared(size_t n);

#endif
