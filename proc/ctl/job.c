/* SPDX-License-Identifier: ISC */
#include "ctl/job.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "ipc/words.h"
#include <stdio.h>

enum { END_ROOM = 4096 }; /* kept for the line that ends an answer */

static struct job job[CLIENTS_MAX];
static uint32_t next_generation;

static void release(struct job *j)
{
	uint32_t generation = j->generation;

	timer_cancel(&child_wheel, &j->timer);
	secret_wipe(j, sizeof *j);
	j->generation = generation;
}

void job_gone(struct job *j)
{
	release(j);
}

static void end(struct job *j, struct buf *b)
{
	struct client *c = j->client;

	json_end(b);
	client_said(c, b);
	release(j);
	client_end(c);
}

void job_ok(struct job *j)
{
	struct buf b = client_room(j->client);

	json_begin(&b, "done");
	json_word(&b, "result", word_result[DONE_OK].key);
	if (j->value)
		json_number(&b, "value", j->value);
	if (j->unshown)
		json_number(&b, "unshown", j->unshown);
	if (j->answer.result == DONE_OK && j->answer.text[0])
		json_word(&b, "note", j->answer.text);
	end(j, &b);
}

/* While a failure is being undone, its own reason is kept and what could not be undone is said beside it. */
void job_fail(struct job *j, enum done_result r, const char *why, const char *what_to_do)
{
	if (j->undo) {
		job_step *undo = j->undo;
		j->undo = NULL;
		j->first_failure.result = r;
		snprintf(
		    j->first_failure.text, sizeof j->first_failure.text, "%s", why[0] ? why : word_result[r].plain);
		j->step = undo;
		undo(j);
		return;
	}
	struct buf b = client_room(j->client);
	if (j->first_failure.text[0]) {
		r = j->first_failure.result;
		why = j->first_failure.text;
	}
	json_begin(&b, "done");
	json_word(&b, "result", word_result[r].key);
	json_word(&b, "why", why[0] ? why : word_result[r].plain);
	if (what_to_do)
		json_word(&b, "do", what_to_do);
	if (j->left)
		json_word(&b, "left", j->left);
	end(j, &b);
}

void job_failed_answer(struct job *j)
{
	job_fail(j, j->answer.result, j->answer.text, NULL);
}

/* What was undone well leaves the first failure as the end. */
static void undone(struct job *j)
{
	j->left = NULL;
	job_fail(j, j->first_failure.result, "", NULL);
}

static void run(struct job *j)
{
	j->step = j->steps[j->at];
	if (j->step)
		j->step(j);
	else
		job_ok(j);
}

void job_next(struct job *j)
{
	j->at++;
	j->busy_until_ms = 0;
	run(j);
}

void job_again(struct job *j, uint32_t in_ms)
{
	j->waiting = false;
	timer_set(&child_wheel, &j->timer, child_now() + in_ms);
}

void job_back(struct job *j)
{
	j->at--;
	run(j);
}

void job_back_later(struct job *j, int steps, uint32_t in_ms)
{
	j->at -= steps;
	j->step = j->steps[j->at];
	job_again(j, in_ms);
}

static void gone_down(struct job *j)
{
	char why[80];

	snprintf(why, sizeof why, "%s is not there; it may be restarting", proc_name[j->asked]);
	j->waiting = false;
	job_fail(j, DONE_FAILED, why, "try again in a few seconds; `ringfence status` shows the processes");
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	struct job *j = (struct job *)(void *)((char *)t - offsetof(struct job, timer));
	char why[80];

	(void)now_ms;
	if (!j->waiting) {
		j->step(j);
		return;
	}
	j->waiting = false;
	snprintf(why, sizeof why, "%s did not answer in time", proc_name[j->asked]);
	job_fail(j, DONE_FAILED, why, "look at `ringfence status`, then try again");
}

/* Half of what the contract allows in a second of the clock that the reader counts by: what is sent at the end of one and
 * read in the next stays within it too. */
static bool within_rate(enum msg type, enum role role)
{
	static struct {
		uint64_t second;
		uint32_t n;
	} sent[MSG_N];
	uint64_t second = clock_boot_ms() / 1000;
	uint32_t most = (msg_rule[type].rate + 1) / 2;

	if (msg_rule[type].rate == 0)
		return true;
	if (role != ROLE_ADMIN) /* others leave half of it to those who administer */
		most = (most + 1) / 2;
	if (sent[type].second != second) {
		sent[type].second = second;
		sent[type].n = 0;
	}
	if (sent[type].n >= most)
		return false;
	sent[type].n++;
	return true;
}

void *job_ask(struct job *j, enum proc to, enum msg type, struct link **l, uint64_t *token)
{
	j->asked = to;
	*l = to == PROC_PARENT ? child_parent() : child_link(to, 0);
	if (!*l) {
		gone_down(j);
		return NULL;
	}
	void *m = within_rate(type, j->client->role) ? ipc_begin(*l, type) : NULL;
	if (!m) { /* many ask at once: this one a little later */
		job_again(j, JOB_AGAIN_MS);
		return NULL;
	}
	*token = (uint64_t)j->generation << 32 | ++j->seq;
	return m;
}

void job_asked(struct job *j, struct link *l)
{
	ipc_end(l);
	j->waiting = true;
	timer_set(&child_wheel, &j->timer, child_now() + JOB_MS);
}

struct job *job_of(struct link *from, uint64_t token)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (job[i].client && job[i].waiting && job[i].asked == from->peer &&
		    ((uint64_t)job[i].generation << 32 | job[i].seq) == token)
			return &job[i];
	return NULL;
}

struct job *job_answered(struct link *from, uint64_t token)
{
	struct job *j = job_of(from, token);

	if (j) {
		j->waiting = false;
		timer_cancel(&child_wheel, &j->timer);
	}
	return j;
}

void job_link_down(enum proc peer)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (job[i].client && job[i].waiting && job[i].asked == peer)
			gone_down(&job[i]);
}

struct buf job_line(struct job *j, const char *kind)
{
	struct buf b = client_room(j->client);

	b.cap -= b.cap < END_ROOM ? b.cap : END_ROOM;
	json_begin(&b, kind);
	return b;
}

void job_line_end(struct job *j, struct buf *b)
{
	json_end(b);
	if (!client_said(
		j->client, b)) /* pages are asked for only when there is room, so it is one of a list without */
		j->unshown++;
}

void job_start(struct client *c, const struct request *r)
{
	struct job *j = NULL;

	for (int i = 0; i < CLIENTS_MAX && !j; i++)
		if (!job[i].client)
			j = &job[i];
	if (!j)
		log_fatal("more jobs than clients");
	*j = (struct job){.client = c, .req = *r, .steps = verb_steps[r->verb], .generation = ++next_generation};
	j->timer.fire = on_timer;
	c->job = j;
	run(j);
}

void job_on_done(struct link *from, const struct ipc_view *v)
{
	const struct msg_done *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->waiting = false;
	timer_cancel(&child_wheel, &j->timer);
	if (m->result == DONE_BUSY && j->asked == PROC_LEDGER) {
		if (j->busy_until_ms == 0)
			j->busy_until_ms = child_now() + JOB_BUSY_MS;
		if (child_now() < j->busy_until_ms) {
			job_again(j, JOB_AGAIN_MS);
			return;
		}
	}
	j->answer.result = (enum done_result)m->result;
	j->answer.value = m->value;
	span_cstr(ipc_str(v, m->text), j->answer.text, sizeof j->answer.text);
	job_step *otherwise = j->otherwise;
	j->otherwise = NULL;
	if (m->result != DONE_OK && otherwise) {
		otherwise(j);
		return;
	}
	if (j->first_failure.text[0]) {
		if (m->result == DONE_OK)
			undone(j);
		else
			job_failed_answer(j);
	} else if (m->result == DONE_OK) {
		job_next(j);
	} else {
		job_failed_answer(j);
	}
}
