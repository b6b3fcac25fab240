/* SPDX-License-Identifier: ISC */
/* What is everybody's at the edge nobody has alone: neither a phone that changes its calls without end nor a provider that comes over many
 * connections keeps others from theirs (T23, R27). The test is core, the phones and the trunk. */
#include "../unit/test.h"
#include "edge_house.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, BATCH = 40 };

static struct house *h;

static struct phone *new_phone(uint32_t device, uint64_t *flow)
{
	struct cert_spec spec = {.device = device, .epoch = 1, .from_s = -60, .to_s = 3600};

	for (int i = 0; i < 3; i++) {
		struct phone *p = phone_new(h, &spec, NULL);
		const struct got *g = phone_shake(h, p) ? house_take(h, MSG_FLOW_UP, PATIENCE_MS) : NULL;
		if (g) {
			*flow = ((const struct msg_flow_up *)got_payload(g))->flow;
			return p;
		}
		phone_free(p);
		house_pump(h, 500);
	}
	return NULL;
}

static void request(char *text, size_t cap, const char *method, unsigned n, const char *to_tag)
{
	snprintf(text, cap,
	    "%s sip:102@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKr%u\r\n"
	    "From: <sip:101@exchange.test>;tag=f\r\nTo: <sip:102@exchange.test>%s\r\nCall-ID: c%u\r\nCSeq: %u %s\r\n"
	    "Contact: <sip:101@127.0.0.1>\r\nContent-Length: 0\r\n\r\n",
	    method, n, to_tag, n, n + 1, method);
}

static void accept_it(const struct got *g)
{
	struct msg_respond *m = ipc_begin(&h->core, MSG_RESPOND);

	m->txn = ((const struct msg_request *)got_payload(g))->txn;
	m->code = 200;
	m->to_tag = ipc_put(&h->core, SPAN("us"));
	m->leg_token = ipc_put(&h->core, SPAN("leg-1"));
	ipc_end(&h->core);
}

static bool is_heard(struct phone *p, unsigned n)
{
	char text[1024];

	request(text, sizeof text, "OPTIONS", n, "");
	phone_say(p, text);
	return house_take(h, MSG_REQUEST, PATIENCE_MS) != NULL;
}

/* One phone, one call, and a re-INVITE that is accepted as soon as the one before was: each is remembered for 5 s. */
static void who_changes_a_call_without_end(void)
{
	struct house_options o = {.max_calls = 32};
	const struct got *g;
	char text[1024];
	uint64_t flow;
	unsigned accepted = 0;

	h = house_new(&o);
	struct phone *bad = new_phone(1, &flow), *other = new_phone(2, &flow);
	CHECK(bad && other);
	const uint64_t limit = house_line(h, "server-transactions")->limit;
	for (unsigned n = 0; n < limit; n++) {
		request(text, sizeof text, "INVITE", n, ";tag=us");
		phone_say(bad, text);
		if (n % BATCH != BATCH - 1)
			continue;
		for (int i = 0; i < BATCH && (g = house_take(h, MSG_REQUEST, 200)); i++, accepted++)
			accept_it(g);
		house_pump(h, 1);
		phone_drain(bad);
	}
	CHECK(accepted > limit - limit / 16); /* none was refused for those before */
	CHECK(house_line(h, "server-transactions")->used <= limit / 8 + BATCH);
	CHECK(is_heard(other, 1));
	phone_free(bad);
	phone_free(other);
	house_pump(h, 50);
	house_end(h);
}

/* The INVITEs that came whole, answered; how many. */
static int answer_all(struct phone *p)
{
	char text[2048];
	const char *at = p->text, *end;
	int n = 0;

	phone_hear(h, p, "\r\n\r\n", 200);
	p->text[p->n < sizeof p->text ? p->n : sizeof p->text - 1] = 0;
	for (; (end = strstr(at, "\r\n\r\n")); at = end + 4) {
		const char *via = strstr(at, "Via: "), *cseq = strstr(at, "CSeq: ");
		if (strncmp(at, "INVITE ", 7) != 0 || !via || !cseq || cseq > end)
			continue;
		snprintf(text, sizeof text,
		    "SIP/2.0 200 OK\r\n%.*sFrom: <sip:102@exchange.test>;tag=t\r\nTo: <sip:101@exchange.test>;tag=p\r\n"
		    "Call-ID: c\r\n%.*sContact: <sip:1@127.0.0.1>\r\nContent-Length: 0\r\n\r\n",
		    (int)(strstr(via, "\r\n") + 2 - via), via, (int)(strstr(cseq, "\r\n") + 2 - cseq), cseq);
		phone_say(p, text);
		n++;
	}
	p->n -= (size_t)(at - p->text);
	memmove(p->text, at, p->n);
	p->text[p->n] = 0;
	return n;
}

static void order(uint64_t ref, uint64_t flow)
{
	struct msg_send *m = ipc_begin_as(&h->core, MSG_SEND, CLASS_DIALOG);

	m->ref = ref;
	m->flow = flow;
	m->method = SIP_INVITE;
	m->target = ipc_put(&h->core, SPAN("sip:1@127.0.0.1"));
	m->from_tag = ipc_put(&h->core, SPAN("t"));
	m->to_tag = ipc_put(&h->core, SPAN("p"));
	m->call_id = ipc_put(&h->core, SPAN("c"));
	m->cseq = (uint32_t)ref;
	ipc_end(&h->core);
}

/* The same on the other side of such a call. */
static void who_accepts_changes_without_end(void)
{
	struct house_options o = {.max_calls = 32};
	uint64_t flow, ref = 0;
	int answered = 0;

	h = house_new(&o);
	struct phone *p = new_phone(1, &flow);
	CHECK(p);
	const uint64_t limit = house_line(h, "client-transactions")->limit;
	for (unsigned i = 0; i < limit / BATCH; i++) {
		for (int k = 0; k < BATCH; k++)
			order(++ref, flow);
		house_pump(h, 3);
		for (int k = 0, had = answered; k < 2 * BATCH && answered < had + BATCH; k++)
			answered += answer_all(p);
		for (const struct got *g; (g = house_take(h, MSG_RESPONSE, 1));)
			CHECK(((const struct msg_response *)got_payload(g))->code == 200);
	}
	CHECK(answered == (int)ref);
	CHECK(house_line(h, "client-transactions")->used <= limit / 8 + BATCH);
	phone_free(p);
	house_pump(h, 50);
	house_end(h);
}

static int trunk_comes(void)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(h->udp_port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		return -1;
	house_pump(h, 20);
	return fd;
}

static void trunk_calls(int fd, unsigned n)
{
	char text[1024];
	int octets = snprintf(text, sizeof text,
	    "INVITE sip:101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bKt%u\r\nMax-Forwards: 70\r\n"
	    "From: <sip:0612345678@127.0.0.1>;tag=g\r\nTo: <sip:101@127.0.0.1>\r\nCall-ID: t%u\r\nCSeq: 1 INVITE\r\n"
	    "Contact: <sip:gw@127.0.0.1>\r\nContent-Length: 0\r\n\r\n",
	    n, n);

	(void)send(fd, text, (size_t)octets, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void read_all(int fd)
{
	char text[4096];

	while (recv(fd, text, sizeof text, MSG_DONTWAIT) > 0)
		;
}

/* A provider's calls that wait count together, over however many connections they come. */
static void a_trunk_over_many_connections(void)
{
	enum { CONNECTIONS = 3, EACH = 800, OF_TRUNK = 1024 };
	struct house_options o = {.max_calls = 32, .datagrams = true, .beside = true};
	int fd[CONNECTIONS];
	uint64_t flow;

	h = house_new(&o);
	house_link_dial(h);
	struct phone *p = new_phone(1, &flow);
	CHECK(p);
	for (int i = 0; i < CONNECTIONS; i++)
		CHECK((fd[i] = trunk_comes()) >= 0);
	for (unsigned n = 0; n < CONNECTIONS * EACH; n++) {
		trunk_calls(fd[n % CONNECTIONS], n);
		if (n % BATCH != 0)
			continue;
		while (house_take(h, MSG_REQUEST, 1))
			;
		for (int i = 0; i < CONNECTIONS; i++)
			read_all(fd[i]);
	}
	while (house_take(h, MSG_REQUEST, 200))
		;
	CHECK(house_line(h, "server-transactions")->used == OF_TRUNK);
	CHECK(is_heard(p, 1));
	for (int i = 0; i < CONNECTIONS; i++)
		close(fd[i]);
	phone_free(p);
	house_pump(h, 50);
	house_end(h);
}

/* R16: of calls for help that are refused here core is told of one phone's in 2 s, however often it connects, and of twenty a second. */
static void whose_help_is_told(void)
{
	static const char bad[] = "INVITE sip:112@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKh\r\n"
				  "From: <sip:101@exchange.test>;tag=f\r\nTo: <sip:112@exchange.test>\r\nCall-ID: h\r\n"
				  "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"; /* without a Contact */
	enum { TIMES = 40 };
	struct house_options o = {.max_calls = 32};
	struct phone *p[TIMES];
	uint64_t flow;
	int told = 0;

	h = house_new(&o);
	struct phone *other = new_phone(2, &flow);
	CHECK(other);
	for (int i = 0; i < TIMES; i++) {
		CHECK((p[i] = new_phone(1, &flow)));
		phone_say(p[i], bad);
		told += house_take(h, MSG_HELP_REFUSED, 1) != NULL;
	}
	while (house_take(h, MSG_HELP_REFUSED, 50))
		told++;
	CHECK(told >= 1 && told < TIMES / 4);
	phone_say(other, bad);
	CHECK(house_take(h, MSG_HELP_REFUSED, PATIENCE_MS));
	for (int i = 0; i < TIMES; i++)
		phone_free(p[i]);
	phone_free(other);
	house_pump(h, 50);
	house_end(h);
}

static unsigned lines_with(FILE *f, const char *words)
{
	char line[512];
	unsigned n = 0;

	rewind(f);
	while (fgets(line, sizeof line, f))
		n += strstr(line, words) != NULL;
	return n;
}

/* Nor is the log all of one: what is said of places that are not understood are a few lines, however many there are. */
static void a_log_of_a_few_lines(void)
{
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
				  "m=audio 4000 RTP/AVP 0\r\n";
	enum { CALLS = 40 };
	struct house_options o = {.max_calls = 32};
	char body[1024], text[2048];
	uint64_t flow;
	FILE *log = tmpfile();
	const int was = dup(STDERR_FILENO);

	CHECK(log && was >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
	h = house_new(&o);
	dup2(was, STDERR_FILENO);
	close(was);
	struct phone *p = new_phone(1, &flow);
	CHECK(p);
	const int n = snprintf(body, sizeof body,
	    "--b\r\nContent-Type: application/sdp\r\n\r\n%s\r\n--b\r\nContent-Type: application/pidf+xml\r\n\r\n<presence>\r\n"
	    "--b--\r\n",
	    sdp);
	for (int i = 0; i < CALLS; i++) {
		snprintf(text, sizeof text,
		    "INVITE sip:112@exchange.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKp%d\r\n"
		    "From: <sip:101@exchange.test>;tag=f\r\nTo: <sip:112@exchange.test>\r\nCall-ID: p%d\r\n"
		    "CSeq: 1 INVITE\r\nContact: <sip:101@127.0.0.1>\r\nContent-Type: multipart/mixed;boundary=b\r\n"
		    "Content-Length: %d\r\n\r\n%s",
		    i, i, n, body);
		phone_say(p, text);
		CHECK(house_take(h, MSG_REQUEST, PATIENCE_MS));
	}
	CHECK(house_count(h, "places-refused") == CALLS);
	const unsigned lines = lines_with(log, "is not passed on");
	CHECK(lines > 0 && lines <= 15);
	phone_free(p);
	house_pump(h, 50);
	house_end(h);
	fclose(log);
}

int main(void)
{
	RUN(who_changes_a_call_without_end);
	RUN(who_accepts_changes_without_end);
	RUN(a_trunk_over_many_connections);
	RUN(whose_help_is_told);
	RUN(a_log_of_a_few_lines);
	return TEST_END;
}
