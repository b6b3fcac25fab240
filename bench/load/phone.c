/* SPDX-License-Identifier: ISC */
#include "phone.h"
#include "base/clock.h"

enum { EXPIRES_S = 300, TRIES_MAX = 2, AUTHORIZATION_MAX = 1024 };

void phone_up(struct conn *c)
{
	struct phone *p = (struct phone *)c;

	p->busy = false;
	load.up_n++;
	run_done(p->started_ns, true);
}

void phone_down(struct conn *c, const char *why)
{
	struct phone *p = (struct phone *)c;

	if (load.run != NULL)
		load.run->why = why;
	else
		fprintf(stderr, "phone %u: %s\n", p->number, why);
	if (p->busy)
		run_done(p->started_ns, false);
	p->busy = false;
}

void phones_close(void)
{
	for (uint32_t i = 0; i < load.phones_n; i++) {
		conn_close(&load.phone[i].conn);
		load.phone[i].busy = false;
		load.phone[i].digest.name = NULL;
	}
	load.up_n = 0;
}

bool phone_start_connect(struct run *r)
{
	struct phone *p = &load.phone[r->next % load.phones_n];

	p->started_ns = clock_boot_ns();
	if (!conn_open(&load.loop, &p->conn, p->cred, p->number == 0 && load.opt.ca != NULL)) {
		fprintf(stderr, "phone %u: no socket\n", p->number);
		return false;
	}
	p->busy = true;
	r->next++;
	r->started_n++;
	return true;
}

static bool send_register(struct phone *p, bool authorize)
{
	char text[MESSAGE_MAX], uri[NAME_MAX_LEN + 8], authorization[AUTHORIZATION_MAX] = "";
	int n;

	snprintf(uri, sizeof(uri), "sip:%s", load.opt.domain);
	if (authorize && !digest_answer(&p->digest, p->user, p->password, "REGISTER", uri, authorization,
			     sizeof(authorization)))
		return false;
	p->cseq++;
	n = snprintf(text, sizeof(text),
	    "REGISTER %s SIP/2.0\r\n"
	    "Via: SIP/2.0/TLS 127.0.0.1:%u;branch=z9hG4bKr%u.%u;rport\r\n"
	    "Max-Forwards: 70\r\n"
	    "From: <sip:%s@%s>;tag=r%u\r\n"
	    "To: <sip:%s@%s>\r\n"
	    "Call-ID: r%u-load@127.0.0.1\r\n"
	    "CSeq: %u REGISTER\r\n"
	    "Contact: <sip:%s@127.0.0.1:%u;transport=tls>\r\n"
	    "Expires: %d\r\n%s"
	    "Content-Length: 0\r\n\r\n",
	    uri, p->conn.port, p->number, p->cseq, p->user, load.opt.domain, p->number, p->user,
	    load.opt.domain, p->number, p->cseq, p->user, p->conn.port, EXPIRES_S, authorization);
	return n > 0 && (size_t)n < sizeof(text) && conn_send(&load.loop, &p->conn, text, (size_t)n);
}

static bool start(struct run *r, bool authorize)
{
	for (uint32_t i = 0; i < load.phones_n; i++) {
		struct phone *p = &load.phone[r->next++ % load.phones_n];
		if (p->busy || p->conn.state != CONN_UP)
			continue;
		p->busy = true;
		p->tries = 0;
		p->started_ns = clock_boot_ns();
		r->started_n++;
		if (!send_register(p, authorize && p->digest.name != NULL) && p->busy)
			phone_down(&p->conn, "not sent");
		return true;
	}
	return false;
}

bool phone_start_register(struct run *r)
{
	return start(r, false);
}

bool phone_start_refresh(struct run *r)
{
	return start(r, load.opt.authorize);
}

void phone_answer(struct phone *p, const struct text *t)
{
	if (!p->busy || t->status < 200)
		return;
	if ((t->status == 401 || t->status == 407) && p->tries++ < TRIES_MAX &&
	    digest_challenge(t, &p->digest)) {
		if (load.run != NULL)
			load.run->challenged_n++;
		if (!send_register(p, true) && p->busy)
			phone_down(&p->conn, "not sent");
		return;
	}
	p->busy = false;
	if (t->status == 200)
		run_done(p->started_ns, true);
	else
		run_refused(p->started_ns, t->status);
}
