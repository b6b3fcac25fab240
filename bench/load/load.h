/* SPDX-License-Identifier: ISC */
/* The load generator's one object: options, phones, the connection loop and the scenario that is running. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include "conn.h"
#include "digest.h"
#include "proctree.h"
#include "stats.h"
#include <stdio.h>

enum { NAME_MAX_LEN = 64, MESSAGE_MAX = 4096, OPS_MAX = 2000000, STATUS_MAX = 700 };

struct options {
	const char *server, *domain, *ca, *ca_key, *phones_dir, *users, *common_name, *alt_name;
	uint32_t phones_n, window, rounds, held_n;
	double seconds;
	uint64_t hold_ms;
	const char *address; /* of the phones, for their descriptions */
	/* of hold: where the ports go that the relay named to callers and to the called; what runs while the calls stand */
	const char *flows, *called_flows, *while_held;
	uint16_t media;	 /* port of every caller's media, callees have the next one; 0 = a port per phone */
	pid_t pid;
	bool authorize; /* send Authorization unasked, as a server that challenges every request wants it */
};

struct phone {
	struct conn conn; /* first: a connection is its phone */
	uint32_t number;
	char user[NAME_MAX_LEN], password[NAME_MAX_LEN];
	gnutls_certificate_credentials_t cred;
	struct digest digest;
	bool busy; /* a connection or a registration is under way */
	uint32_t cseq, tries;
	uint64_t started_ns;
};

/* One scenario while it runs. start() begins an operation and says whether it could; each ends in run_done().
 */
struct run {
	const char *name;
	bool (*start)(struct run *r);
	void (*turn)(void); /* at every turn of the loop; may be NULL */
	double rate;	    /* operations per second; 0 = as many as the window lets through */
	uint32_t window;    /* operations under way at one time, at most */
	uint64_t max_n, duration_ns;

	uint32_t next; /* a cursor for start() */
	uint64_t started_n, done_n, failed_n, challenged_n, spent_ns;
	struct stats latency;
	uint32_t refused[STATUS_MAX];
	const char *why; /* the last reason that was no status */

	double kb_each; /* memory of the server per operation that stands */
	double rest_us_per_s;
	uint64_t total_kb;
	uint32_t guessed; /* processes whose memory is an estimate */
};

extern struct load {
	struct options opt;
	struct loop loop;
	struct phone *phone;
	uint32_t phones_n, up_n;
	struct run *run; /* NULL between scenarios */
} load;

#endif
