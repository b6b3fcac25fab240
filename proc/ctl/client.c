/* SPDX-License-Identifier: ISC */
#include "ctl/client.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/sock.h"
#include "ctl/job.h"
#include "ipc/words.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FREE = -1, GONE = -2 }; /* in place of a descriptor */

static struct client client[CLIENTS_MAX];
static ev_io accept_io;
static uint32_t operator_uid;
static uint64_t served, refused;
static uint32_t peak;

static uint32_t count(bool others)
{
	uint32_t n = 0;

	for (int i = 0; i < CLIENTS_MAX; i++)
		n += client[i].fd != FREE && (!others || client[i].role != ROLE_ADMIN);
	return n;
}

uint32_t clients_asking(uint32_t uid, enum verb v)
{
	uint32_t n = 0;

	for (int i = 0; i < CLIENTS_MAX; i++)
		n += client[i].fd != FREE && client[i].uid == uid && client[i].job && client[i].job->req.verb == v;
	return n;
}

static void free_client(struct client *c)
{
	secret_wipe(c->in, sizeof c->in);
	*c = (struct client){.fd = FREE, .out = c->out};
}

/* What only looks ends with its client; what changes something goes on to its end, for nobody. */
static void drop(struct client *c)
{
	ev_io_stop(child_loop(), &c->read);
	ev_io_stop(child_loop(), &c->write);
	timer_cancel(&child_wheel, &c->timer);
	close(c->fd);
	c->fd = GONE;
	secret_wipe(c->out, c->out_n);
	c->out_n = c->sent = 0;
	if (c->job && request_changes(c->job->req.verb))
		return;
	if (c->job)
		job_gone(c->job);
	free_client(c);
}

static void push_out(struct client *c)
{
	while (c->sent < c->out_n) {
		ssize_t n = write(c->fd, c->out + c->sent, c->out_n - c->sent);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			drop(c);
			return;
		}
		c->sent += (uint32_t)n;
	}
	if (c->sent == c->out_n) {
		secret_wipe(c->out, c->out_n);
		c->sent = c->out_n = 0;
		ev_io_stop(child_loop(), &c->write);
		if (c->ending)
			drop(c);
	} else {
		ev_io_start(child_loop(), &c->write);
	}
}

static void on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	child_io_again(w, events);
	push_out(w->data);
}

struct buf client_room(struct client *c)
{
	if (c->sent) {
		memmove(c->out, c->out + c->sent, c->out_n - c->sent);
		c->out_n -= c->sent;
		secret_wipe(c->out + c->out_n, c->sent);
		c->sent = 0;
	}
	return buf_of(c->out + c->out_n, CLIENT_OUT_MAX - c->out_n);
}

bool client_said(struct client *c, const struct buf *b)
{
	if (b->full || c->fd == GONE) {
		secret_wipe(b->p, b->n);
		return !b->full;
	}
	c->out_n += (uint32_t)b->n;
	ev_io_start(child_loop(), &c->write);
	return true;
}

uint32_t client_backlog(const struct client *c)
{
	return c->out_n - c->sent;
}

void client_end(struct client *c)
{
	c->job = NULL;
	if (c->fd == GONE) {
		free_client(c);
		return;
	}
	c->ending = true;
	timer_set(&child_wheel, &c->timer, child_now() + CLIENT_DRAIN_MS);
	ev_io_start(child_loop(), &c->write);
}

static void refuse(struct client *c, const char *why)
{
	struct buf b = client_room(c);

	json_begin(&b, "done");
	json_word(&b, "result", "refused");
	json_word(&b, "why", why);
	json_end(&b);
	client_said(c, &b);
	client_end(c);
}

static void take_request(struct client *c)
{
	struct request r;
	const char *why = "";
	enum request_state s = request_parse(span_of(c->in, c->in_n), &r, &why);

	if (s == REQUEST_MORE && c->in_n < sizeof c->in)
		return;
	if (s != REQUEST_WHOLE) {
		refuse(c, s == REQUEST_MORE ? "the request is too long" : why);
		return;
	}
	if (request_role(r.verb) == ROLE_ADMIN && c->role != ROLE_ADMIN) {
		refuse(c, "only root may do that");
		return;
	}
	timer_cancel(&child_wheel, &c->timer);
	served++;
	job_start(c, &r);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct client *c = w->data;
	uint8_t beyond;

	(void)loop;
	child_io_again(w, events);
	/* after its request a client says nothing more; it leaves when it has read enough */
	bool asked = c->job || c->ending;
	ssize_t n = asked ? read(c->fd, &beyond, 1) : read(c->fd, c->in + c->in_n, sizeof c->in - c->in_n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || asked) {
		drop(c);
		return;
	}
	c->in_n += (uint32_t)n;
	take_request(c);
}

static void on_timer(struct timer *t, uint64_t now_ms)
{
	struct client *c = (struct client *)(void *)((char *)t - offsetof(struct client, timer));

	(void)now_ms;
	drop(c);
}

static struct client *free_slot(enum role role)
{
	if (role != ROLE_ADMIN && count(true) >= CLIENTS_OF_OTHERS_MAX)
		return NULL;
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (client[i].fd == FREE)
			return &client[i];
	return NULL;
}

/* Before a word was read: what is written to a new socket finds room. */
static void turn_away(int fd)
{
	uint8_t mem[160];
	struct buf b = buf_of(mem, sizeof mem);

	json_begin(&b, "done");
	json_word(&b, "result", word_result[DONE_BUSY].key);
	json_word(&b, "why", "as many ask at once as may");
	json_word(&b, "do", "try again in a moment");
	json_end(&b);
	if (!b.full)
		(void)!write(fd, b.p, b.n);
	close(fd);
}

static int spare = -1; /* of sock_turn_away() */

static void on_accept(struct ev_loop *loop, ev_io *w, int events)
{
	struct ucred who;
	socklen_t n = sizeof who;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	child_io_again(w, events);
	if (fd < 0) {
		refused += sock_turn_away(w->fd, &spare);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0) {
		close(fd);
		return;
	}
	enum role role = who.uid == 0 || who.uid == operator_uid ? ROLE_ADMIN : ROLE_ANYONE;
	struct client *c = free_slot(role);
	if (!c || (!c->out && !(c->out = malloc(CLIENT_OUT_MAX)))) {
		refused++;
		turn_away(fd);
		return;
	}
	c->fd = fd;
	c->uid = who.uid;
	c->role = role;
	peak = count(false) > peak ? count(false) : peak;
	ev_io_init(&c->read, on_readable, fd, EV_READ);
	ev_io_init(&c->write, on_writable, fd, EV_WRITE);
	c->read.data = c->write.data = c;
	c->timer.fire = on_timer;
	timer_set(&child_wheel, &c->timer, child_now() + CLIENT_REQUEST_MS);
	ev_io_start(loop, &c->read);
}

void clients_open(void)
{
	spare = sock_spare();
}

void clients_init(int listen_fd, uint32_t op)
{
	operator_uid = op;
	for (int i = 0; i < CLIENTS_MAX; i++)
		client[i].fd = FREE;
	ev_io_init(&accept_io, on_accept, listen_fd, EV_READ);
	ev_io_start(child_loop(), &accept_io);
}

void clients_flush(void)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (client[i].fd >= 0 && client[i].out_n)
			push_out(&client[i]);
}

void clients_status(struct proc_status *s)
{
	status_add(s, "clients", STATUS_POOL, count(false), CLIENTS_MAX, peak, refused);
	status_counter(s, "requests", served);
}
