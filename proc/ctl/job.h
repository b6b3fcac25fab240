/* SPDX-License-Identifier: ISC */
/* A request at work: the steps of its verb, each of which asks one sibling and waits for its answer. An answer that is not
 * OK ends the job with the reason (or undoes what was done first); BUSY asks again for a while; a sibling that is not
 * there or dies says so to the client. */
#ifndef CTL_JOB_H
#define CTL_JOB_H

#include "base/json.h"
#include "ctl/client.h"
#include "ipc/child.h"

enum {
	JOB_MS = 15000, /* for one step */
	JOB_AGAIN_MS = 50,
	JOB_BUSY_MS = 5000,
	JOB_PAGE = 128,
	JOB_STEPS_MAX = 7,
};

struct job;
typedef void job_step(struct job *j);

struct answer {
	enum done_result result;
	uint64_t value;
	char text[REASON_MAX + 1];
};

struct phone_row { /* of PHONE_LINE */
	bool found;
	uint32_t device, flags, epoch;
	enum device_state state;
	uint8_t point[64];
	char user[USER_NAME_MAX + 1]; /* the first who may use it */
};

struct user_row { /* of USER_LINE */
	bool found, enabled;
	bool md5; /* a phone of theirs needs that digest */
	uint32_t id;
};

struct log_row {
	uint32_t day;
	int64_t start_ms;
	uint64_t duration_ms;
	uint32_t source_len;
	uint8_t source[SEALED_MAX];
	char destination[USER_NAME_MAX * 2 + 1], user[USER_NAME_MAX * 2 + 1];
	bool gone, damaged;
};

struct job {
	struct client *client;    /* NULL: free slot */
	uint32_t generation, seq; /* token: generation | seq; an answer to an older question is nobody's */
	enum proc asked;
	bool waiting;
	struct request req; /* its texts lie in the client */
	job_step *const *steps;
	int at;
	job_step *step;      /* the one at work: that of `at`, or an undo */
	job_step *otherwise; /* what to do, instead of failing, when this question is answered with no */
	job_step *undo;      /* what to do when this step fails, instead of ending */
	const char *left;    /* what an undo that failed has left behind */
	struct answer answer, first_failure;
	uint64_t busy_until_ms;
	struct timer timer;

	/* what the verbs keep between their steps */
	uint32_t device;
	uint64_t after, value;
	uint32_t rows;    /* of the page that is coming in */
	uint32_t unshown; /* lines for which there was no room */
	bool quiet;       /* rows are kept, not said */
	struct phone_row phone;
	struct user_row user;
	uint8_t point[64];
	struct buf leaf, ca; /* over the two below */
	uint8_t leaf_der[CERT_MAX], ca_der[CERT_MAX];
	int64_t not_after_ms;
	struct {
		uint32_t passes, memory_kb;
		uint8_t salt[16];
	} admin;
	uint64_t session;
	struct log_row log[JOB_PAGE];
	uint32_t unsealed;
};

void jobs_init(void);
void job_start(struct client *c, const struct request *r);
void job_gone(struct job *j); /* the client left */

/* Begin a question to that sibling: its payload, with the token to be set by the caller from *token. NULL when it is not
 * there, and then the job was ended with the reason; or when too much is asked at once, and then the step runs again. */
void *job_ask(struct job *j, enum proc to, enum msg type, struct link **l, uint64_t *token);
void job_asked(struct job *j, struct link *l);

void job_next(struct job *j); /* the next step */
void job_back(struct job *j); /* the step before this one */
void job_back_later(struct job *j, int steps, uint32_t in_ms);
void job_again(struct job *j, uint32_t in_ms); /* this step once more, later */
void job_ok(struct job *j);
void job_fail(struct job *j, enum done_result r, const char *why, const char *what_to_do);
void job_failed_answer(struct job *j); /* with the answer's own reason */

/* Say one line; the job ends when the client's room is gone. */
struct buf job_line(struct job *j, const char *kind);
void job_line_end(struct job *j, struct buf *b);

/* The job that asked, and it still waits for this answer; else NULL. */
struct job *job_of(struct link *from, uint64_t token);

void job_link_down(enum proc peer);

void job_on_done(struct link *from, const struct ipc_view *v);

/* An answer other than DONE that ends the step: the job it is for, which no longer waits; or NULL. */
struct job *job_answered(struct link *from, uint64_t token);

/* by verb: at most JOB_STEPS_MAX, ends with NULL */
extern job_step *const verb_steps[VERBS][JOB_STEPS_MAX + 1];

#endif
