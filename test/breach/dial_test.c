/* SPDX-License-Identifier: ISC */
/* dial in its cage, with the test as core, edge and the trunk: a connection reaches edge unread, a list of addresses is
 * walked to its end, names come from nowhere but DNS, and what a core lies is borne (R27, R29). dial_test EXECUTABLE */
#include "stage_lies.h"
#include "test.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN, CLOSED, UDP, NOWHERE, TRUNKS };

static const char *exe;
static char cwd[] = "/tmp/ringfence-dial-XXXXXX";
static struct stage s;
static struct link *core, *edge;
static int listener = -1;
static struct addr at;

static struct {
	bool reached, connected;
	struct msg_reached answer;
	struct msg_trunk_connected connection;
	struct msg_trunk_peer peer;
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

static ipc_handler *const on[MSG_N] = {
    [MSG_REACHED] = on_reached, [MSG_TRUNK_CONNECTED] = on_connected, [MSG_TRUNK_PEER] = on_peer};

/* --- the site --- */

static bool listen_somewhere(void)
{
	struct sockaddr_storage a;
	socklen_t n;

	if (!addr_parse_ip(SPAN("127.0.0.1"), &at))
		return false;
	n = addr_to_sockaddr(&at, &a);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&a, n) == 0 && listen(listener, 64) == 0 &&
	       getsockname(listener, (struct sockaddr *)&a, &n) == 0 &&
	       addr_from_sockaddr((const struct sockaddr *)&a, &at);
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
	RUN(a_name_that_leads_nowhere);
	RUN(without_edge_nothing_is_kept);
	RUN(what_siblings_lie_is_borne);
	rmdir(cwd);
	return TEST_END;
}
