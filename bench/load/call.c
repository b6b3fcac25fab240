/* SPDX-License-Identifier: ISC */
#include "call.h"
#include "base/clock.h"
#include "sdp.h"

enum { TAG_MAX = 128, TARGET_MAX = 256, ROUTES_MAX = 768, TRIES_MAX = 2, AUTHORIZATION_MAX = 1024 };

/* The caller's half. The callee's needs no memory: see callee.c. */
struct call {
	enum call_state { CALL_FREE, CALL_INVITED, CALL_STANDING, CALL_ENDING } state;
	bool held;
	uint32_t generation, cseq, tries;
	uint64_t started_ns, setup_ns, end_ns;
	struct phone *from, *to;
	struct digest digest;
	uint16_t relay_port;
	char relay_host[SDP_HOST_MAX], to_tag[TAG_MAX], target[TARGET_MAX], routes[ROUTES_MAX];
};

static struct call calls[CALLS_MAX];
static uint32_t pairs_next, under_way_n;

/* Calls in the order in which their pause ends; all pauses have one length. */
static uint32_t due[CALLS_MAX], due_head, due_tail;

uint32_t calls_under_way(void)
{
	return under_way_n;
}

static void call_free(struct call *c)
{
	under_way_n--;
	c->state = CALL_FREE;
	c->generation++;
}

bool calls_write_flows(const char *path)
{
	FILE *f = fopen(path, "we");

	for (uint32_t i = 0; f != NULL && i < CALLS_MAX; i++)
		if (calls[i].state == CALL_STANDING)
			fprintf(f, "%s %u\n", calls[i].relay_host, calls[i].relay_port);
	return f != NULL && fclose(f) == 0;
}

void calls_forget(void)
{
	callee_forget();
	for (uint32_t i = 0; i < CALLS_MAX; i++)
		if (calls[i].state != CALL_FREE)
			call_free(&calls[i]);
}

static void call_fail(struct call *c, uint32_t status)
{
	uint64_t started_ns = c->started_ns;

	call_free(c);
	run_refused(started_ns, status);
}

/* A request of this call. `uri` and `routes` as they go on the wire; `more` holds further header lines and,
 * after an empty one, the body. */
static bool call_send(
    const struct call *c, const char *method, const char *uri, const char *branch, const char *more)
{
	char text[MESSAGE_MAX];
	const struct phone *p = c->from;
	unsigned index = (unsigned)(c - calls);
	int n = snprintf(text, sizeof(text),
	    "%s %s SIP/2.0\r\n"
	    "Via: SIP/2.0/TLS 127.0.0.1:%u;branch=z9hG4bKc%u.%u.%u%s;rport\r\n"
	    "%s"
	    "Max-Forwards: 70\r\n"
	    "From: <sip:%s@%s>;tag=c%u.%u\r\n"
	    "To: <sip:%s@%s>%s%s\r\n"
	    "Call-ID: c%u.%u-load@127.0.0.1\r\n"
	    "CSeq: %u %s\r\n"
	    "%s",
	    method, uri, p->conn.port, index, c->generation, c->cseq, branch, c->routes, p->user,
	    load.opt.domain, index, c->generation, c->to->user, load.opt.domain, c->to_tag[0] ? ";tag=" : "",
	    c->to_tag, index, c->generation, c->cseq, method, more);

	return n > 0 && (size_t)n < sizeof(text) && conn_send(&load.loop, &c->from->conn, text, (size_t)n);
}

static void uri_of(const struct call *c, char uri[static TARGET_MAX])
{
	snprintf(uri, TARGET_MAX, "sip:%s@%s", c->to->user, load.opt.domain);
}

static void call_invite(struct call *c, bool authorize)
{
	char uri[TARGET_MAX], authorization[AUTHORIZATION_MAX] = "", sdp[SDP_MAX], more[MESSAGE_MAX];
	size_t sdp_n = sdp_write(sdp_port(c->from->number), sdp);

	uri_of(c, uri);
	if (authorize && !digest_answer(&c->digest, c->from->user, c->from->password, "INVITE", uri,
			     authorization, sizeof(authorization))) {
		call_fail(c, 0);
		return;
	}
	c->cseq++;
	snprintf(more, sizeof(more),
	    "Contact: <sip:%s@127.0.0.1:%u;transport=tls>\r\n%s"
	    "Content-Type: application/sdp\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    c->from->user, c->from->conn.port, authorization, sdp_n, sdp);
	if (!call_send(c, "INVITE", uri, "", more))
		call_fail(c, 0);
}

static struct call *call_begin(struct run *r, bool held)
{
	uint32_t pairs_n = load.phones_n / 2, at = r->next;

	for (uint32_t i = 0; i < CALLS_MAX && pairs_n > 0; i++, at++) {
		struct call *c = &calls[at % CALLS_MAX];
		uint32_t pair = pairs_next++ % pairs_n;
		if (c->state != CALL_FREE || load.phone[2 * pair].conn.state != CONN_UP)
			continue;
		*c = (struct call){.state = CALL_INVITED,
		    .held = held,
		    .generation = c->generation,
		    .from = &load.phone[2 * pair],
		    .to = &load.phone[2 * pair + 1],
		    .started_ns = clock_boot_ns()};
		r->next = at + 1;
		r->started_n++;
		under_way_n++;
		call_invite(c, false);
		return c;
	}
	return NULL;
}

bool call_start(struct run *r)
{
	return call_begin(r, false) != NULL;
}

bool call_start_held(struct run *r)
{
	return call_begin(r, true) != NULL;
}

static void call_bye(struct call *c)
{
	c->state = CALL_ENDING;
	c->cseq++;
	if (!call_send(c, "BYE", c->target, "b", "Content-Length: 0\r\n\r\n"))
		call_fail(c, 0);
}

void calls_hang_up(void)
{
	for (uint32_t i = 0; i < CALLS_MAX; i++)
		if (calls[i].state == CALL_STANDING)
			call_bye(&calls[i]);
}

void calls_turn(void)
{
	uint64_t now = clock_boot_ns();

	while (due_head != due_tail && calls[due[due_head % CALLS_MAX]].end_ns <= now) {
		struct call *c = &calls[due[due_head++ % CALLS_MAX]];
		if (c->state == CALL_STANDING)
			call_bye(c);
	}
}

/* The route set, in the order in which a caller uses it: the last Record-Route first (RFC 3261 12.1.2). */
static bool routes_read(const struct text *t, char routes[static ROUTES_MAX])
{
	size_t n = 0;

	routes[0] = 0;
	for (uint32_t i = t->headers_n; i-- > 0;) {
		const struct text_header *h = &t->header[i];
		if (!span_eq_case(h->name, SPAN("Record-Route")))
			continue;
		if (span_find(h->value, ',') != h->value.n || h->value.n + 10 > ROUTES_MAX - n)
			return false;
		n += (size_t)snprintf(routes + n, ROUTES_MAX - n, "Route: %.*s\r\n", SPAN_ARG(h->value));
	}
	return true;
}

/* ACK for a refusal, on its own transaction (RFC 3261 17.1.1.3). */
static void acknowledge_refusal(struct call *c, const struct text *t)
{
	char uri[TARGET_MAX];

	uri_of(c, uri);
	if (span_cstr(text_param(text_header(t, "To"), "tag"), c->to_tag, sizeof(c->to_tag)))
		call_send(c, "ACK", uri, "", "Content-Length: 0\r\n\r\n");
	c->to_tag[0] = 0;
}

static void call_established(struct call *c, const struct text *t)
{
	struct span target = text_uri(text_header(t, "Contact"));

	if (target.n == 0 || !span_cstr(target, c->target, sizeof(c->target)) || !routes_read(t, c->routes) ||
	    !span_cstr(text_param(text_header(t, "To"), "tag"), c->to_tag, sizeof(c->to_tag)) ||
	    !sdp_target(t->body, c->relay_host, &c->relay_port) ||
	    !call_send(c, "ACK", c->target, "a", "Content-Length: 0\r\n\r\n")) {
		call_fail(c, 0);
		return;
	}
	c->setup_ns = clock_boot_ns() - c->started_ns;
	c->state = CALL_STANDING;
	if (c->held) {
		run_done(c->started_ns, true);
	} else if (load.opt.hold_ms == 0) {
		call_bye(c);
	} else {
		c->end_ns = clock_boot_ns() + load.opt.hold_ms * 1000000;
		due[due_tail++ % CALLS_MAX] = (uint32_t)(c - calls);
	}
}

static void invite_answered(struct call *c, const struct text *t)
{
	if (t->status < 300) {
		call_established(c, t);
		return;
	}
	acknowledge_refusal(c, t);
	if (c->state != CALL_INVITED)
		return;
	if ((t->status == 401 || t->status == 407) && c->tries++ < TRIES_MAX &&
	    digest_challenge(t, &c->digest)) {
		if (load.run != NULL)
			load.run->challenged_n++;
		call_invite(c, true);
		return;
	}
	call_fail(c, t->status);
}

static void bye_answered(struct call *c, const struct text *t)
{
	uint64_t setup_ns = c->setup_ns;
	bool held = c->held;

	if (t->status != 200) {
		call_fail(c, t->status);
		return;
	}
	call_free(c);
	if (!held)
		run_done(clock_boot_ns() - setup_ns, true);
}

/* The call that a Call-ID of ours names, if it is still the same. */
static struct call *call_of(const struct text *t)
{
	struct span id = text_header(t, "Call-ID");
	uint64_t index, generation;
	size_t dot = span_find(id, '.'), dash = span_find(id, '-');

	if (id.n == 0 || id.p[0] != 'c' || dot > dash ||
	    !span_decimal(span_head(span_skip(id, 1), dot - 1), CALLS_MAX - 1, &index) ||
	    !span_decimal(span_head(span_skip(id, dot + 1), dash - dot - 1), UINT32_MAX, &generation))
		return NULL;
	return calls[index].generation == generation ? &calls[index] : NULL;
}

void call_answer(struct phone *p, const struct text *t)
{
	struct call *c = call_of(t);

	if (c == NULL || c->from != p || t->status < 200)
		return;
	if (c->state == CALL_INVITED && span_eq(t->method, SPAN("INVITE")))
		invite_answered(c, t);
	else if (c->state == CALL_ENDING && span_eq(t->method, SPAN("BYE")))
		bye_answered(c, t);
}
