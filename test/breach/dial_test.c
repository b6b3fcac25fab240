/* SPDX-License-Identifier: ISC */
/* dial in its cage, with the test as core, edge and the trunk: a connection reaches edge unread, a list of addresses is
 * walked to its end, names come from nowhere but DNS, and what a core lies is borne (R27, R29). dial_test EXECUTABLE */
#include "base/clock.h"
#include "stage_lies.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN, CLOSED, UDP, NOWHERE, UDP_OPEN, UDP_CLOSED, UDP_FULL, TRUNKS };

static const char *exe;
static char cwd[] = "/tmp/ringfence-dial-XXXXXX";
static struct stage s;
static struct link *core, *edge;
static int listener = -1;
static struct addr at, full_at;

static struct {
	bool reached, connected, none;
	struct msg_reached answer;
	struct msg_trunk_connected connection;
	struct msg_trunk_peer peer;
	struct msg_stream_none no_stream;
	uint32_t peers;
	int fd;
} seen;

static void on_reached(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.reached = true;
	memcpy(&seen.answer, v->payload, sizeof seen.answer);
}

static void on_connected(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.connected = true;
	memcpy(&seen.connection, v->payload, sizeof seen.connection);
	if (seen.fd >= 0)
		close(seen.fd);
	seen.fd = v->fd;
}

static void on_peer(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.peers++;
	memcpy(&seen.peer, v->payload, sizeof seen.peer);
}

static void on_none(struct link *from, const struct ipc_view *v)
{
	(void)from;
	seen.none = true;
	memcpy(&seen.no_stream, v->payload, sizeof seen.no_stream);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_STREAM_NONE] = on_none,
    [MSG_REACHED] = on_reached, [MSG_TRUNK_CONNECTED] = on_connected, [MSG_TRUNK_PEER] = on_peer};

/* --- the site --- */

static int listen_at(struct addr *where, int backlog)
{
	struct sockaddr_storage a;
	socklen_t n;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (!addr_parse_ip(SPAN("127.0.0.1"), where))
		return -1;
	n = addr_to_sockaddr(where, &a);
	bool ok = bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, backlog) == 0 &&
	          getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
	          addr_from_sockaddr((const struct sockaddr *)&a, where);
	return ok ? fd : -1;
}

/* And one that answers no SYN, because its backlog is full. */
static bool listen_somewhere(void)
{
	struct sockaddr_storage a;

	listener = listen_at(&at, 64);
	if (listener < 0 || listen_at(&full_at, 0) < 0)
		return false;
	socklen_t n = addr_to_sockaddr(&full_at, &a);
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&a, n) != 0 && errno != EINPROGRESS)
			return false;
	}
	return true;
}

static void add_trunk(int i, uint8_t transport, const char *server)
{
	struct trunk_conf *c = &s.site.trunk[i];

	snprintf(c->name, sizeof c->name, "trunk%d", i);
	snprintf(c->server, sizeof c->server, "%s", server);
	snprintf(c->domain, sizeof c->domain, "%s", server);
	c->transport = transport;
	c->plain = transport != TRUNK_TLS;
	c->lines = 2;
	c->expires_s = 600;
	(void)addr_parse_ip(span_str(server), &c->server_addr);
	s.site.trunks = (uint16_t)(i + 1);
}

static void add_trunks(void)
{
	add_trunk(OPEN, TRUNK_TCP, "127.0.0.1");
	s.site.trunk[OPEN].port = at.port;
	add_trunk(CLOSED, TRUNK_TCP, "127.0.0.1");
	s.site.trunk[CLOSED].port = 1; /* nobody listens there */
	add_trunk(UDP, TRUNK_UDP, "127.0.0.1");
	add_trunk(NOWHERE, TRUNK_TCP, "nowhere.invalid");
	s.site.trunk[NOWHERE].port = 5060;
	add_trunk(UDP_OPEN, TRUNK_UDP, "127.0.0.1");
	s.site.trunk[UDP_OPEN].port = at.port;
	add_trunk(UDP_CLOSED, TRUNK_UDP, "127.0.0.1");
	s.site.trunk[UDP_CLOSED].port = 1;
	add_trunk(UDP_FULL, TRUNK_UDP, "127.0.0.1");
	s.site.trunk[UDP_FULL].port = full_at.port;
}

static bool begin(void)
{
	if (s.pid)
		stage_kill(&s); /* of a test that failed */
	memset(&seen, 0, sizeof seen);
	seen.fd = -1;
	if (!stage_start(&s, exe, PROC_DIAL, cwd, on))
		return false;
	add_trunks();
	core = stage_sibling(&s, PROC_CORE, 0);
	edge = stage_sibling(&s, PROC_EDGE, 0);
	return stage_go(&s);
}

static void want(uint64_t token, int trunk, bool next)
{
	struct msg_reach_want *m = ipc_begin(core, MSG_REACH_WANT);

	m->token = token;
	m->trunk = (uint8_t)trunk;
	m->next = next;
	ipc_end(core);
	seen.reached = seen.connected = false;
}

static bool reaches(uint64_t token, int trunk, enum reach_why why)
{
	want(token, trunk, false);
	/* two tries of DNS are 6 s */
	return stage_until(&s, &seen.reached, 12000) && seen.answer.token == token && seen.answer.trunk == trunk &&
	       seen.answer.why == why;
}

/* --- tests --- */

static void a_connection_goes_to_edge_unread(void)
{
	char got[8] = "";

	CHECK(begin() && reaches(7, OPEN, REACH_OK));
	CHECK(seen.answer.remote.port == at.port && seen.answer.left == 0);
	CHECK(stage_until(&s, &seen.connected, STAGE_WAIT_MS) && seen.connection.token == 7 && seen.connection.trunk == OPEN);
	int far = accept(listener, NULL, NULL);
	CHECK(far >= 0 && write(far, "hello", 5) == 5);
	stage_run(&s, 50);
	CHECK(read(seen.fd, got, sizeof got) == 5 && memcmp(got, "hello", 5) == 0);
	close(far);
	CHECK(seen.peers >= 1 && stage_end(&s) == 0);
}

static void a_list_ends(void)
{
	CHECK(begin() && reaches(1, OPEN, REACH_OK));
	want(2, OPEN, true);
	CHECK(stage_until(&s, &seen.reached, STAGE_WAIT_MS) && seen.answer.token == 2 && seen.answer.why == REACH_END);
	CHECK(reaches(3, CLOSED, REACH_NO_ANSWER));
	CHECK(stage_want_status(&s) && stage_status_line(&s, "unconnected")->used == 1);
	CHECK(stage_end(&s) == 0);
}

static void over_udp_edge_is_told_the_address(void)
{
	CHECK(begin() && reaches(9, UDP, REACH_OK));
	for (int i = 0; i < 1000 && seen.peer.token != 9; i++)
		stage_run(&s, 10);
	CHECK(seen.peer.token == 9 && seen.peer.trunk == UDP && !seen.connected && stage_end(&s) == 0);
}

static void want_beside(uint64_t token, int trunk, const struct addr *remote)
{
	struct msg_stream_want *m = ipc_begin(edge, MSG_STREAM_WANT);

	m->token = token;
	m->trunk = (uint8_t)trunk;
	m->remote = *remote;
	ipc_end(edge);
	seen.none = seen.connected = false;
}

static bool has_none(uint64_t token, int trunk, enum reach_why why, int ms)
{
	return stage_until(&s, &seen.none, ms) && seen.no_stream.token == token && seen.no_stream.trunk == trunk &&
	       seen.no_stream.why == why && !seen.connected;
}

/* RFC 3261 18.1.1: beside datagrams, and nowhere else than where these go. */
static void beside_datagrams_a_connection(void)
{
	struct addr to = at;

	CHECK(begin() && reaches(1, UDP_OPEN, REACH_OK) && reaches(2, UDP_CLOSED, REACH_OK));
	want_beside(21, UDP_OPEN, &to);
	CHECK(stage_until(&s, &seen.connected, STAGE_WAIT_MS) && seen.connection.token == 21);
	CHECK(seen.connection.trunk == UDP_OPEN && addr_eq(&seen.connection.remote, &at) && !seen.none);
	to.port = 1;
	want_beside(22, UDP_CLOSED, &to);
	CHECK(has_none(22, UDP_CLOSED, REACH_NO_ANSWER, STAGE_WAIT_MS));
	want_beside(23, UDP_OPEN, &to); /* another port than the name led to */
	CHECK(has_none(23, UDP_OPEN, REACH_END, STAGE_WAIT_MS));
	want_beside(24, UDP_FULL, &full_at); /* core has not reached it yet */
	CHECK(has_none(24, UDP_FULL, REACH_END, STAGE_WAIT_MS));
	CHECK(stage_want_status(&s) && stage_status_line(&s, "connected-beside")->used == 1);
	CHECK(stage_end(&s) == 0);
}

/* Help waits for nobody who does not answer (R16): half a second, and the next wish takes the place of the one before. */
static void nobody_waits_for_long(void)
{
	CHECK(begin() && reaches(3, UDP_FULL, REACH_OK));
	want_beside(31, UDP_FULL, &full_at);
	uint64_t began = clock_boot_ms();
	CHECK(has_none(31, UDP_FULL, REACH_NO_ANSWER, STAGE_WAIT_MS));
	CHECK(clock_boot_ms() - began >= 300 && clock_boot_ms() - began < 1000);
	want_beside(32, UDP_FULL, &full_at);
	stage_run(&s, 20);
	want_beside(33, UDP_FULL, &full_at);
	CHECK(has_none(32, UDP_FULL, REACH_BUSY, STAGE_WAIT_MS));
	seen.none = false;
	CHECK(has_none(33, UDP_FULL, REACH_NO_ANSWER, STAGE_WAIT_MS) && stage_end(&s) == 0);
}

static void a_wish_beside_what_has_no_datagrams(void)
{
	CHECK(begin() && reaches(5, OPEN, REACH_OK));
	want_beside(41, OPEN, &at);
	stage_run(&s, 50);
	CHECK(!seen.none && s.accused == PROC_EDGE && stage_end(&s) == 0);
}

/* Whatever the name servers of this machine are: a name that cannot exist has no address, and the answer comes in time. */
static void a_name_that_leads_nowhere(void)
{
	CHECK(begin() && reaches(4, NOWHERE, REACH_NO_NAME));
	CHECK(reaches(5, OPEN, REACH_OK) && stage_end(&s) == 0);
}

static void without_edge_nothing_is_kept(void)
{
	CHECK(begin());
	stage_cut(&s, edge);
	stage_run(&s, 20);
	CHECK(reaches(6, OPEN, REACH_BUSY) && stage_end(&s) == 0);
}

static void what_siblings_lie_is_borne(void)
{
	struct stage_liars x = {.s = &s};

	CHECK(begin());
	stage_cut(&s, core);
	CHECK(stage_lies(&x, PROC_CORE));
	CHECK(x.rows == 1 && x.told > 15 && x.accused > 3);
	core = stage_sibling(&s, PROC_CORE, 0);
	stage_run(&s, 20);
	stage_cut(&s, edge);
	memset(&x, 0, sizeof x);
	x.s = &s;
	CHECK(stage_lies(&x, PROC_EDGE));
	CHECK(x.rows == 1 && x.told > 10 && x.accused > 3);
	edge = stage_sibling(&s, PROC_EDGE, 0);
	stage_run(&s, 20);
	CHECK(reaches(8, OPEN, REACH_OK) && stage_end(&s) == 0);
}

int main(int argc, char **argv)
{
	if (argc != 2 || !mkdtemp(cwd) || chmod(cwd, 0755) != 0 || !listen_somewhere())
		return 2;
	exe = argv[1];
	RUN(a_connection_goes_to_edge_unread);
	RUN(a_list_ends);
	RUN(over_udp_edge_is_told_the_address);
	RUN(beside_datagrams_a_connection);
	RUN(nobody_waits_for_long);
	RUN(a_wish_beside_what_has_no_datagrams);
	RUN(a_name_that_leads_nowhere);
	RUN(without_edge_nothing_is_kept);
	RUN(what_siblings_lie_is_borne);
	rmdir(cwd);
	return TEST_END;
}
