/* SPDX-License-Identifier: ISC */
/* ctl in its cage with the test as core, ledger and keeper, and as its local clients: who may do what (T38), what half a
 * change leaves behind, what a sibling that lies, dies or is silent does to a client (R27), and that no certificate goes
 * out that the directory has not heard of (R1). ctl_test EXECUTABLE */
#include "base/clock.h"
#include "stage_lies.h"
#include "test.h"
#include "vault/enrol.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *exe;
static char root[64], empty[96], path[96];
static struct stage s;
static struct link *core, *ledger, *keeper;

/* what the siblings heard, and what they answer */
static struct {
	uint32_t user_sets, secret_sets, cert_wants, issued, log_wants, unseals, lists, code_wants, phone_sets;
	enum user_action last_action;
	uint32_t states;
	enum device_state last_state;
	uint32_t log_outs, forgets;
	enum done_result damage, user_result, delete_result, secret_result, issued_result, check_result;
	uint32_t busy; /* so many times first */
	bool silent;
	uint32_t rows; /* of events and of the log */
	uint64_t token;
	bool wrong_token;
	enum device_state phone_state;
	uint64_t session;
	char admin[USER_NAME_MAX + 1];
	uint32_t epoch, passes, calls, exports;
	uint8_t key;
	uint8_t point[64];
} sib;

static void done(struct link *l, uint64_t token, enum done_result r, uint64_t value, const char *text)
{
	struct msg_done *m;

	sib.token = token;
	if (sib.silent)
		return;
	m = ipc_begin(l, MSG_DONE);
	m->token = token + sib.wrong_token;
	m->result = (uint8_t)r;
	m->value = value;
	m->text = ipc_put(l, span_str(text));
	ipc_end(l);
}

static void on_user_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_user_set *m = v->payload;

	sib.user_sets++;
	sib.last_action = (enum user_action)m->action;
	if (sib.busy) {
		sib.busy--;
		done(from, m->token, DONE_BUSY, 0, "busy");
		return;
	}
	done(from, m->token, m->action == USER_DELETE ? sib.delete_result : sib.user_result, 1, "says ledger");
}

static void on_secret_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_secret_set *m = v->payload;

	sib.secret_sets++;
	done(from, m->token, sib.secret_result, 0, "says keeper");
}

static void on_log_out(struct link *from, const struct ipc_view *v)
{
	const struct msg_log_out *m = v->payload;

	sib.log_outs += sib.secret_sets; /* not before the new password stands */
	done(from, m->token, sib.damage, 0, "says core");
}

static void on_secrets_forget(struct link *from, const struct ipc_view *v)
{
	const struct msg_secrets_forget *m = v->payload;

	sib.forgets += m->what == FORGET_LOGIN_LOCK;
	done(from, m->token, DONE_OK, 0, "");
}

static void say_user(struct link *l, uint64_t token)
{
	struct msg_user_line *m = ipc_begin(l, MSG_USER_LINE);

	m->token = token;
	m->index = 1;
	m->enabled = true;
	m->name = ipc_put(l, SPAN("101"));
	ipc_end(l);
}

static void on_phone_set(struct link *from, const struct ipc_view *v)
{
	const struct msg_phone_set *m = v->payload;

	sib.phone_sets++;
	if (m->action == PHONE_STATE) {
		sib.states++;
		sib.last_state = (enum device_state)m->state;
	}
	if (m->action == PHONE_ISSUED || m->action == PHONE_REQUEST)
		memcpy(sib.point, m->point, sizeof sib.point);
	if (m->action == PHONE_ISSUED) {
		sib.issued++;
		sib.epoch = m->epoch;
	}
	done(from, m->token, m->action == PHONE_ISSUED ? sib.issued_result : DONE_OK, 5, "says ledger");
}

static void on_phone_bind(struct link *from, const struct ipc_view *v)
{
	const struct msg_phone_bind *m = v->payload;

	done(from, m->token, DONE_OK, 1, "");
}

static void say_event(struct link *l, uint64_t token, uint64_t row)
{
	struct msg_event_line *m = ipc_begin(l, MSG_EVENT_LINE);

	m->token = token;
	m->row = row;
	m->detail = ipc_put(l, SPAN("a \"quoted\" \xc2\x9b detail"));
	ipc_end(l);
}

static void say_phone(struct link *l, uint64_t token)
{
	struct msg_phone_line *m = ipc_begin(l, MSG_PHONE_LINE);

	m->token = token;
	m->device = 5;
	m->state = (uint8_t)sib.phone_state;
	m->epoch = 3;
	memcpy(m->point, sib.point, sizeof m->point);
	m->users = ipc_put(l, SPAN("101,102"));
	ipc_end(l);
}

static void on_list_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_list_want *m = v->payload;
	uint64_t last = m->after;

	sib.lists++;
	sib.token = m->token;
	if (m->list == LIST_USERS && m->most == 1)
		say_user(from, m->token);
	if (m->list == LIST_PHONES && sib.phone_state != DEVICE_NONE)
		say_phone(from, m->token);
	for (uint32_t i = 0; m->list == LIST_EVENTS && i < m->most && last < sib.rows; i++)
		say_event(from, m->token, ++last);
	done(from, m->token, DONE_OK, m->most ? last : sib.rows, "");
}

static void on_log_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_log_want *m = v->payload;
	uint64_t last = m->after;

	sib.log_wants++;
	span_cstr(ipc_str(v, m->admin), sib.admin, sizeof sib.admin);
	for (uint32_t i = 0; i < m->most && last < sib.rows; i++) {
		struct msg_log_line *l = ipc_begin(from, MSG_LOG_LINE);
		l->token = m->token;
		l->row = ++last;
		l->day = 20000;
		l->duration_ms = last;
		l->source = ipc_put(from, SPAN("sealed"));
		l->destination = ipc_put(from, SPAN("102"));
		ipc_end(from);
	}
	done(from, m->token, DONE_OK, last, "");
}

static void on_cert_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_cert_want *m = v->payload;
	struct msg_cert *c = ipc_begin(from, MSG_CERT);

	sib.cert_wants++;
	c->token = m->token;
	c->device = m->device;
	c->leaf = ipc_put(from, m->kind == CERT_CA ? SPAN("") : SPAN("LEAF"));
	c->ca = ipc_put(from, SPAN("CA"));
	ipc_end(from);
}

static void on_code_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_code_want *m = v->payload;

	sib.code_wants++;
	done(from, m->token, DONE_FAILED, 0, "no codes today");
}

static void on_admin_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_want *m = v->payload;
	struct msg_admin_salt *a = ipc_begin(from, MSG_ADMIN_SALT);

	a->token = m->token;
	a->passes = sib.passes ? sib.passes : 1;
	a->memory_kb = 64;
	ipc_end(from);
}

static void on_admin_check(struct link *from, const struct ipc_view *v)
{
	const struct msg_admin_check *m = v->payload;

	done(from, m->token, sib.check_result, 77, "wrong name or password");
}

static void on_unseal_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_unseal_want *m = v->payload;
	struct msg_unsealed *u;

	sib.unseals++;
	sib.session = m->session;
	if (sib.unseals % 50 == 1 && sib.damage) {
		done(from, m->token, sib.damage, 0, "says keeper");
		return;
	}
	u = ipc_begin(from, MSG_UNSEALED);
	u->token = m->token;
	u->source = ipc_put(from, SPAN("101"));
	ipc_end(from);
}

static void on_event(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static void on_calls_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_calls_want *m = v->payload;

	for (uint32_t i = 0; i < sib.calls; i++) {
		struct msg_call_line *l = ipc_begin(from, MSG_CALL_LINE);
		if (!l)
			break;
		l->token = m->token;
		l->call = UINT64_MAX - 1;
		l->from_phone = ipc_put(from, SPAN("a label of some forty octets, as labels are"));
		l->to_phone = ipc_put(from, SPAN("a label of some forty octets, as labels are"));
		ipc_end(from);
	}
	done(from, m->token, DONE_OK, 0, "");
}

static void on_export_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_export_want *m = v->payload;
	struct msg_exported *e;
	uint8_t piece[EXPORT_MAX];

	sib.exports++;
	sib.key = m->key[0];
	if (m->at == 300 && sib.damage) {
		done(from, m->token, DONE_FAILED, 0, "the directory was changed meanwhile");
		return;
	}
	memset(piece, 0xff, sizeof piece);
	e = ipc_begin(from, MSG_EXPORTED);
	e->token = m->token;
	e->last = m->at == 499;
	e->piece = ipc_put(from, span_of(piece, sizeof piece));
	ipc_end(from);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_EXPORT_WANT] = on_export_want,
    [MSG_USER_SET] = on_user_set,
    [MSG_SECRET_SET] = on_secret_set,
    [MSG_SECRETS_FORGET] = on_secrets_forget,
    [MSG_LOG_OUT] = on_log_out,
    [MSG_PHONE_SET] = on_phone_set,
    [MSG_PHONE_BIND] = on_phone_bind,
    [MSG_LIST_WANT] = on_list_want,
    [MSG_LOG_WANT] = on_log_want,
    [MSG_CERT_WANT] = on_cert_want,
    [MSG_CODE_WANT] = on_code_want,
    [MSG_ADMIN_WANT] = on_admin_want,
    [MSG_ADMIN_CHECK] = on_admin_check,
    [MSG_UNSEAL_WANT] = on_unseal_want,
    [MSG_EVENT] = on_event,
    [MSG_CALLS_WANT] = on_calls_want,
};

/* --- the process and its clients --- */

static bool begin(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if (s.pid)
		stage_kill(&s); /* of a test that failed */
	memset(&sib, 0, sizeof sib);
	if (!stage_start(&s, exe, PROC_CTL, empty, on) || !stage_give_helper(&s, exe, "ringfence-request"))
		return false;
	unlink(path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || chmod(path, 0666) != 0 || listen(fd, 16) != 0)
		return false;
	stage_give_file(&s, FILE_CTL_SOCKET, fd);
	core = stage_sibling(&s, PROC_CORE, 0);
	ledger = stage_sibling(&s, PROC_LEDGER, 0);
	keeper = stage_sibling(&s, PROC_KEEPER, 0);
	return stage_go(&s);
}

static int client(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static char answer[1 << 23];
static size_t answer_n;

/* What comes until the other side closes; false when it does not within `ms`. */
static bool hear(int fd, int ms)
{
	answer_n = 0;
	for (int waited = 0; waited < ms; waited += 10) {
		ssize_t n;
		stage_run(&s, 10);
		while ((n = read(fd, answer + answer_n, sizeof answer - 1 - answer_n)) > 0)
			answer_n += (size_t)n;
		answer[answer_n] = 0;
		if (n == 0) {
			close(fd);
			return true;
		}
	}
	close(fd);
	return false;
}

static bool ask_n(const char *request, size_t n)
{
	int fd = client();

	return fd >= 0 && write(fd, request, n) == (ssize_t)n && hear(fd, STAGE_WAIT_MS);
}

static bool ask(const char *request)
{
	return ask_n(request, strlen(request));
}

static bool said(const char *text)
{
	if (strstr(answer, text))
		return true;
	fprintf(stderr, "not said: %s in %s\n", text, answer);
	return false;
}

static uint32_t count(const char *text)
{
	uint32_t n = 0;

	for (const char *p = answer; (p = strstr(p, text)); p++)
		n++;
	return n;
}

static const char add[] = "verb=user-add\nname=101\npassword=secret99\n\n";

static void a_user_is_added_person_first(void)
{
	CHECK(begin() && ask(add) && said("\"result\":\"ok\"") && sib.user_sets == 1 && sib.secret_sets == 1);
	sib.user_result = DONE_EXISTS;
	CHECK(ask(add) && said("\"result\":\"exists\"") && said("says ledger") && sib.secret_sets == 1);
	CHECK(stage_end(&s) == 0);
}

/* R2: with a new password the old logins end; that they did not is said. */
static void a_new_password_logs_out(void)
{
	static const char set[] = "verb=user-set\nname=101\npassword=secret99\n\n",
	                  unlock[] = "verb=user-set\nname=101\nunlock=1\n\n";

	CHECK(begin() && ask(set) && said("\"result\":\"ok\"") && sib.secret_sets == 1 && sib.log_outs == 1);
	sib.secret_result = DONE_FAILED;
	CHECK(ask(set) && said("says keeper") && !strstr(answer, "left") && sib.log_outs == 1);
	sib.secret_result = DONE_OK;
	sib.damage = DONE_FAILED;
	CHECK(ask(set) && said("says core") && said("\"left\":\"the password was set, but"));
	CHECK(sib.forgets == 0 && ask(unlock) && said("\"result\":\"ok\"") && sib.forgets == 1);
	CHECK(sib.secret_sets == 3 && stage_end(&s) == 0);
}

static void half_a_user_is_taken_back(void)
{
	CHECK(begin());
	sib.secret_result = DONE_FAILED;
	CHECK(ask(add) && said("\"result\":\"failed\"") && said("says keeper") && !strstr(answer, "left"));
	CHECK(sib.user_sets == 2 && sib.last_action == USER_DELETE);
	sib.delete_result = DONE_FAILED;
	CHECK(ask(add) && said("says keeper") && said("\"left\":\"the user stands without a password"));
	CHECK(stage_end(&s) == 0);
}

/* Ctrl-C in the middle: what was begun is brought to its end; what only looked ends with the client */
static void a_client_that_leaves_leaves_nothing_half_done(void)
{
	int fd;

	CHECK(begin() && (fd = client()) >= 0);
	sib.silent = true;
	CHECK(write(fd, add, sizeof add - 1) == sizeof add - 1);
	CHECK(stage_comes(&s, &sib.user_sets, 1));
	close(fd);
	stage_run(&s, 200);
	CHECK(sib.user_sets == 1 && sib.secret_sets == 0);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "clients")->used == 1);
	sib.silent = false;
	done(ledger, sib.token, DONE_OK, 1, "");
	CHECK(stage_comes(&s, &sib.secret_sets, 1));
	CHECK(stage_line_comes(&s, "clients", 0));
	CHECK(ask(add) && said("\"result\":\"ok\"") && stage_end(&s) == 0);
}

static void busy_is_asked_again(void)
{
	CHECK(begin());
	sib.busy = 3;
	CHECK(ask(add) && said("\"result\":\"ok\"") && sib.user_sets == 4 && stage_end(&s) == 0);
}

static void half_a_phone_is_taken_back(void)
{
	CHECK(begin() && ask("verb=phone-add\nlabel=desk\n\n") && said("no codes today"));
	CHECK(sib.code_wants == 1 && sib.states == 1 && sib.last_state == DEVICE_REVOKED && stage_end(&s) == 0);
}

/* --- requests and certificates --- */

static char request_text[ENROL_PEM_MAX + 256];

static const char *sign_request(const char *verb_and_fields)
{
	static char key[ENROL_PEM_MAX], pem[ENROL_PEM_MAX];
	struct buf k = buf_of(key, sizeof key), p = buf_of(pem, sizeof pem);

	if (enrol_make_key(&k) || enrol_make_request(buf_span(&k), &p))
		return "";
	snprintf(request_text, sizeof request_text, "%s\nbody=%zu\n\n%.*s", verb_and_fields, p.n, (int)p.n, pem);
	return request_text;
}

static const char sign[] = "verb=phone-sign\ncode=5-aaaaa-aaaaa-aaaaa-aaaaa-aaaaaa";

static void a_certificate_is_shown_when_the_directory_knows_it(void)
{
	CHECK(begin());
	sib.phone_state = DEVICE_ADDED;
	CHECK(ask(sign_request(sign)) && said("\"kind\":\"certificate\"") && said("\"result\":\"ok\""));
	CHECK(said("\"user\":\"101\"")); /* the first of its two: the phone's files are made for that one */
	CHECK(sib.issued == 1 && sib.epoch == 4); /* another key than the last: a new epoch */
	sib.issued_result = DONE_FAILED;
	CHECK(ask(sign_request(sign)) && said("\"result\":\"failed\"") && said("\"left\":") && !count("certificate\","));
	CHECK(stage_end(&s) == 0);
}

static void a_revoked_phone_gets_none(void)
{
	static const enum device_state none[] = {DEVICE_REVOKED, DEVICE_REQUESTED, DEVICE_NONE};

	CHECK(begin());
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		sib.phone_state = none[i];
		CHECK(ask(sign_request(sign)) && !count("\"result\":\"ok\"") && sib.cert_wants == 0);
	}
	sib.phone_state = DEVICE_REVOKED;
	CHECK(ask("verb=phone-renew\nphone=5\n\n") && said("refused") && sib.cert_wants == 0);
	CHECK(ask("verb=phone-admit\nphone=5\n\n") && said("refused") && sib.cert_wants == 0 && stage_end(&s) == 0);
}

static void what_is_no_request_is_refused(void)
{
	static char text[ENROL_PEM_MAX * 2];
	size_t head;

	CHECK(begin());
	sib.phone_state = DEVICE_ADDED;
	snprintf(text, sizeof text, "%s\nbody=4\n\nabcd", sign);
	CHECK(ask(text) && said("refused"));
	head = (size_t)snprintf(text, sizeof text, "%s\nbody=4096\n\n-----BEGIN CERTIFICATE REQUEST-----\n", sign);
	memset(text + head, 'A', 4096);
	size_t body = (size_t)(strstr(text, "-----BEGIN") - text);
	CHECK(ask_n(text, body + 4096) && said("refused") && sib.cert_wants == 0);
	/* a request whose signature does not fit: one octet of the base64 is another */
	char *pem = strstr(strcpy(text, sign_request(sign)), "REQUEST-----\n") + 40;
	*pem = *pem == 'A' ? 'B' : 'A';
	CHECK(ask(text) && said("refused") && sib.cert_wants == 0);
	CHECK(ask(sign_request(sign)) && said("\"result\":\"ok\"") && stage_end(&s) == 0); /* its reader lives on */
}

/* --- who may do what --- */

/* As another user: the answer comes back through a pipe, since the stage is here. */
/* At once and by itself: no breach of its cage, whoever killed the reader. */
static void without_its_reader_it_ends(void)
{
	CHECK(begin() && stage_lose_helper(&s) == 1);
}

static bool ask_as_nobody(const char *request)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un a = {.sun_family = AF_UNIX};
		int c = socket(AF_UNIX, SOCK_STREAM, 0);
		ssize_t n;
		memcpy(a.sun_path, path, strlen(path) + 1);
		if (setuid(65534) != 0 || connect(c, (struct sockaddr *)&a, sizeof a) != 0 ||
		    write(c, request, strlen(request)) < 0)
			_exit(1);
		while ((n = read(c, answer, sizeof answer)) > 0)
			if (write(fd[1], answer, (size_t)n) != n)
				_exit(1);
		_exit(0);
	}
	close(fd[1]);
	bool heard = hear(fd[0], STAGE_WAIT_MS);
	waitpid(pid, NULL, 0);
	return heard;
}

static void others_ask_for_a_phone_and_no_more(void)
{
	static const char *const closed[] = {"verb=export\nkey=00\n\n", "verb=status\n\n", "verb=stop\n\n", "verb=calls\n\n", "verb=events\n\n",
	    "verb=user-list\n\n", "verb=log\nname=a\npassword=b\n\n", "verb=user-add\nname=101\npassword=secret99\n\n",
	    "verb=phone-revoke\nphone=1\n\n", "verb=readings\n\n", "verb=bans\n\n"};

	if (getuid() != 0)
		return; /* cannot be another */
	CHECK(begin());
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
		CHECK(ask_as_nobody(closed[i]) && said("only root may do that") && count("\n") == 1);
	CHECK(sib.user_sets + sib.lists + sib.log_wants == 0);
	CHECK(ask_as_nobody("verb=ca\n\n") && said("\"ca\":\"Q0E=\""));
	CHECK(ask_as_nobody(sign_request("verb=phone-request\nlabel=mine\nuser=101")) && said("\"kind\":\"requested\""));
	CHECK(said("\"phone\":5") && sib.cert_wants == 1 && stage_end(&s) == 0); /* the one of `ca` */
}

/* R5: requests wait for an administrator; one user may not take every place. */
static void a_user_has_few_requests_waiting(void)
{
	const char *request = sign_request("verb=phone-request\nlabel=mine\nuser=101");

	if (getuid() != 0)
		return;
	CHECK(begin());
	for (int i = 0; i < 4; i++)
		CHECK(ask_as_nobody(request) && said("\"kind\":\"requested\""));
	uint32_t before = sib.phone_sets;
	CHECK(ask_as_nobody(request) && said("wait for an administrator") && sib.phone_sets == before);
	CHECK(ask(request) && said("\"kind\":\"requested\"")); /* root may */
	CHECK(ask("verb=phone-revoke\nphone=5\n\n") && said("\"ok\""));
	CHECK(ask_as_nobody(request) && said("\"kind\":\"requested\""));
	CHECK(stage_end(&s) == 0);
}

/* One who may do little, as often as they can; an administrator who asks keeper the same is not kept waiting for it. */
static void others_leave_room_for_those_who_administer(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	pid_t pid;

	if (getuid() != 0)
		return;
	CHECK(begin());
	memcpy(a.sun_path, path, strlen(path) + 1);
	pid = fork();
	if (pid == 0) {
		if (setuid(65534) != 0)
			_exit(1);
		for (;;) {
			int c = socket(AF_UNIX, SOCK_STREAM, 0);
			if (connect(c, (struct sockaddr *)&a, sizeof a) != 0 || write(c, "verb=ca\n\n", 9) != 9 ||
			    read(c, answer, sizeof answer) < 0)
				_exit(1);
			close(c);
		}
	}
	for (int i = 0; i < 5; i++) {
		stage_run(&s, 600); /* their share of this second is used up */
		uint64_t began = clock_boot_ms();
		CHECK(ask("verb=ca\n\n") && said("\"result\":\"ok\"") && clock_boot_ms() - began < 400);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(sib.cert_wants > 20 && !keeper->broken && stage_end(&s) == 0);
}

/* R23 */
static void the_log_needs_its_password(void)
{
	static const char log[] = "verb=log\nname=berta\npassword=open sesame\n\n";

	CHECK(begin());
	sib.rows = 300;
	sib.check_result = DONE_REFUSED;
	CHECK(ask(log) && said("wrong name or password") && sib.log_wants == 0 && count("\n") == 1);
	sib.check_result = DONE_OK;
	CHECK(ask(log) && said("\"result\":\"ok\"") && count("\"kind\":\"row\"") == 300 && sib.unseals == 300);
	CHECK(said("\"from\":\"101\"") && sib.session == 77 && strcmp(sib.admin, "berta") == 0 && sib.log_wants == 3);
	sib.unseals = 0;
	sib.damage = DONE_FAILED; /* a blob that somebody changed */
	CHECK(ask(log) && said("\"result\":\"ok\"") && count("\"kind\":\"row\"") == 300 && count("from_damaged") == 6);
	sib.damage = DONE_REFUSED; /* the session ran out meanwhile */
	CHECK(ask(log) && said("says keeper") && said("refused"));
	sib.damage = DONE_OK;
	sib.passes = UINT32_MAX; /* a keeper that would have it compute for ever */
	CHECK(ask(log) && said("could not be hashed"));
	CHECK(ask("verb=log\nname=berta\n\n") && said("the password is missing") && stage_end(&s) == 0);
}

static void what_does_not_fit_is_counted(void)
{
	CHECK(begin());
	sib.calls = 100;
	CHECK(ask("verb=calls\n\n") && count("\"call\":\"fffffffffffffffe\"") == 100 && !strstr(answer, "unshown"));
	sib.calls = 6000;
	int fd = client();
	CHECK(write(fd, "verb=calls\n\n", 12) == 12);
	stage_run(&s, 1500); /* a client that reads late */
	CHECK(hear(fd, STAGE_WAIT_MS) && answer_n < 1500000);
	uint32_t shown = count("\"kind\":\"call\"");
	char unshown[64];
	snprintf(unshown, sizeof unshown, "\"result\":\"ok\",\"unshown\":%u}", 6000 - shown);
	CHECK(shown > 2000 && shown < 6000 && said(unshown) && stage_end(&s) == 0);
}

static void lists_come_in_pages(void)
{
	CHECK(begin());
	sib.rows = 700;
	CHECK(ask("verb=events\nlast=700\n\n") && count("\"kind\":\"event\"") == 700 && said("\"result\":\"ok\""));
	CHECK(said("a \\\"quoted\\\" \\u009b detail") && sib.lists >= 6 && stage_end(&s) == 0);
}

/* R27: many clients at once do not make ctl break its own contract */
static void many_questions_stay_within_the_contract(void)
{
	int fd[16];

	CHECK(begin());
	for (int round = 0; round < 12; round++) {
		for (int i = 0; i < 16; i++)
			CHECK((fd[i] = client()) >= 0 && write(fd[i], "verb=calls\n\n", 12) == 12);
		for (int i = 0; i < 16; i++)
			CHECK(hear(fd[i], 20000) && said("\"result\":\"ok\""));
	}
	CHECK(!core->broken && stage_end(&s) == 0);
}

static void events_are_followed_until_the_client_leaves(void)
{
	int fd;

	CHECK(begin() && (fd = client()) >= 0 && write(fd, "verb=events\nfollow=1\n\n", 22) == 22);
	for (int i = 0; i < 1000 && sib.lists == 0; i++)
		stage_run(&s, 10);
	sib.rows = 3;
	size_t n = 0;
	answer[0] = 0;
	for (int i = 0; i < 1000 && count("\"kind\":\"event\"") < 3; i++) {
		stage_run(&s, 10);
		ssize_t more = read(fd, answer + n, sizeof answer - 1 - n);
		n += more > 0 ? (size_t)more : 0;
		answer[n] = 0;
	}
	CHECK(count("\"kind\":\"event\"") == 3);
	close(fd);
	CHECK(stage_line_comes(&s, "clients", 0));
	uint32_t lists = sib.lists;
	stage_run(&s, 1200);
	CHECK(sib.lists == lists && stage_end(&s) == 0); /* and asks no more */
}

/* --- siblings that lie, die or are silent --- */

static void an_answer_to_nobody_is_ignored(void)
{
	int fd;

	CHECK(begin() && (fd = client()) >= 0);
	sib.silent = true;
	CHECK(write(fd, add, sizeof add - 1) == sizeof add - 1);
	CHECK(stage_comes(&s, &sib.user_sets, 1));
	uint64_t token = sib.token;
	sib.silent = false;
	done(keeper, token, DONE_OK, 0, "");      /* not the one that was asked */
	done(ledger, token + 1, DONE_OK, 0, "");  /* not what it was asked */
	done(ledger, token + (UINT64_C(1) << 32), DONE_OK, 0, "");
	stage_run(&s, 200);
	CHECK(sib.secret_sets == 0);
	done(ledger, token, DONE_OK, 1, "");
	CHECK(hear(fd, STAGE_WAIT_MS) && said("\"result\":\"ok\"") && sib.secret_sets == 1);
	done(ledger, token, DONE_OK, 1, ""); /* once more, when nobody waits */
	stage_run(&s, 100);
	CHECK(stage_end(&s) == 0);
}

static void a_sibling_that_dies_is_said_at_once(void)
{
	int fd;

	CHECK(begin() && (fd = client()) >= 0);
	sib.silent = true;
	CHECK(write(fd, "verb=calls\n\n", 12) == 12);
	stage_run(&s, 200);
	shutdown(core->fd, SHUT_RDWR);
	CHECK(hear(fd, STAGE_WAIT_MS) && said("core is not there; it may be restarting") && said("\"do\":"));
	CHECK(ask("verb=calls\n\n") && said("core is not there"));
	sib.silent = false;
	CHECK(ask(add) && said("\"result\":\"ok\"") && stage_end(&s) == 0);
}

/* A client waits for what the liar is asked, so that its lies meet a job. */
static int waiting = -1;
static const char *waits_for;
static uint64_t wanted_token;
static bool wanted;

static const struct msg_field *field_of(enum msg type, const char *name)
{
	for (const struct msg_field *f = msg_rule[type].fields(); f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void on_wanted(struct link *from, const struct ipc_view *v)
{
	const struct msg_field *f = field_of(v->type, "token");

	(void)from;
	if (!f || f->size != sizeof wanted_token)
		return;
	memcpy(&wanted_token, (const uint8_t *)v->payload + f->offset, sizeof wanted_token);
	wanted = true;
}

static const char *request_for(enum msg type, enum proc as)
{
	static const char *const by_type[MSG_N] = {
	    [MSG_CALL_LINE] = "verb=calls\n\n",
	    [MSG_MAY_LINE] = "verb=may\nuser=101\ncalled=102\n\n",
	    [MSG_BAN_LINE] = "verb=bans\n\n",
	    [MSG_TRUNK_LINE] = "verb=trunks\n\n",
	    [MSG_TRUNK_REQUEST] = "verb=trunk-request\nname=acme\n\n",
	    [MSG_PHONE_LINE] = "verb=phone-list\n\n",
	    [MSG_EVENT_LINE] = "verb=events\n\n",
	    [MSG_READING_LINE] = "verb=readings\n\n",
	    [MSG_GROUP_LINE] = "verb=group-list\n\n",
	    [MSG_NOTICE_LINE] = "verb=notices\n\n",
	    [MSG_SETTING_LINE] = "verb=site-show\n\n",
	    [MSG_EXPORTED] = "verb=export\nkey=0101010101010101010101010101010101010101010101010101010101010101\n\n",
	    [MSG_CERT] = "verb=ca\n\n",
	    [MSG_ADMIN_LINE] = "verb=admin-list\n\n",
	};

	if (by_type[type])
		return by_type[type];
	if (as == PROC_CORE)
		return "verb=calls\n\n";
	if (as == PROC_SIGNER)
		return by_type[MSG_TRUNK_REQUEST];
	return as == PROC_LEDGER ? "verb=user-list\n\n" : "verb=log\nname=berta\npassword=secret99\n\n";
}

static void drop_waiting(void)
{
	if (waiting >= 0)
		close(waiting);
	waiting = -1;
}

static bool is_waiting(void)
{
	ssize_t n = 1;

	while (waiting >= 0 && (n = recv(waiting, answer, sizeof answer, MSG_DONTWAIT)) > 0)
		;
	if (n == 0)
		drop_waiting();
	return waiting >= 0;
}

static void let_someone_wait(struct link *l, struct lie *lie)
{
	const char *request = request_for(lie->type, l->me);
	const struct msg_field *token = field_of(lie->type, "token");

	if (request != waits_for)
		drop_waiting();
	waits_for = request;
	wanted = false;
	if (!is_waiting() && (waiting = client()) >= 0 && write(waiting, request, strlen(request)) > 0)
		stage_until(&s, &wanted, 1500); /* it asks few a second */
	if (token && (!lie->field || strcmp(lie->field, "token") != 0))
		memcpy(lie->payload + token->offset, &wanted_token, sizeof wanted_token);
}

static void what_siblings_lie_is_borne(void)
{
	static ipc_handler *listen_only[MSG_N];
	static const enum proc all[] = {PROC_CORE, PROC_LEDGER, PROC_KEEPER, PROC_SIGNER};
	struct stage_liars x = {.s = &s, .before = let_someone_wait};

	CHECK(begin());
	for (int i = 0; i < MSG_N; i++)
		listen_only[i] = on_wanted;
	s.on = listen_only;
	stage_cut(&s, core);
	stage_cut(&s, ledger);
	stage_cut(&s, keeper);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		CHECK(stage_lies(&x, all[i]));
	drop_waiting();
	CHECK(x.rows >= 19 && x.told > 500 && x.accused > 200);
	s.on = on;
	core = stage_sibling(&s, PROC_CORE, 0);
	ledger = stage_sibling(&s, PROC_LEDGER, 0);
	keeper = stage_sibling(&s, PROC_KEEPER, 0);
	stage_run(&s, 200);
	CHECK(ask(add) && said("\"result\":\"ok\"") && stage_end(&s) == 0);
}

/* --- clients that do as they like --- */

static uint32_t descriptors(void)
{
	char dir[64];
	uint32_t n = 0;
	DIR *d;

	snprintf(dir, sizeof dir, "/proc/%d/fd", s.pid);
	d = opendir(dir);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* T38 */
static void a_thousand_hits_leave_nothing(void)
{
	CHECK(begin() && ask("verb=calls\n\n"));
	uint32_t before = descriptors();
	for (int i = 0; i < 1000; i++) {
		int fd = client();
		if (fd < 0) { /* more wait than the kernel lets */
			stage_run(&s, 5);
			continue;
		}
		if (i % 3 && write(fd, "verb=non", 8) != 8)
			break;
		close(fd);
		if (i % 8 == 0)
			stage_run(&s, 1);
	}
	for (int i = 0; i < 1000 && descriptors() != before; i++)
		stage_run(&s, 10);
	CHECK(before > 3 && descriptors() == before && ask("verb=calls\n\n") && said("ok") && stage_end(&s) == 0);
}

static void more_clients_than_room_are_turned_away(void)
{
	int fd[20];

	CHECK(begin());
	for (int i = 0; i < 20; i++) {
		fd[i] = client();
		stage_run(&s, 10);
	}
	static const char busy[] = "{\"kind\":\"done\",\"result\":\"busy\"";
	char said_why[256];
	int away = 0;
	for (int i = 0; i < 200 && stage_want_status(&s) && stage_status_line(&s, "clients")->refused < 4; i++)
		stage_run(&s, 10);
	for (int i = 0; i < 20; i++)
		away += recv(fd[i], said_why, sizeof said_why, MSG_DONTWAIT) > (ssize_t)sizeof busy &&
		        memcmp(said_why, busy, sizeof busy - 1) == 0 && recv(fd[i], said_why, 1, 0) == 0;
	CHECK(away == 4);
	CHECK(stage_want_status(&s) && stage_status_line(&s, "clients")->used == 16);
	CHECK(stage_status_line(&s, "clients")->refused == 4);
	CHECK(stage_line_comes(&s, "clients", 0)); /* who says nothing for five seconds goes */
	for (int i = 0; i < 20; i++)
		close(fd[i]);
	CHECK(ask("verb=calls\n\n") && said("ok") && stage_end(&s) == 0);
}

/* Four megabytes in pieces, each asked for when there is room; the key goes with the first alone. */
static void a_backup_goes_through(void)
{
#define ASK_EXPORT "verb=export\nkey=" KEY_32 KEY_32 "\n\n"
#define KEY_32 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
	CHECK(begin() && ask(ASK_EXPORT) && said("\"result\":\"ok\""));
	CHECK(count("\"kind\":\"piece\"") == 500 && sib.exports == 500 && sib.key == 0);
	CHECK(ask("verb=export\nkey=0b0b\n\n") && said("64 hexadecimal digits"));
	CHECK(ask("verb=export\n\n") && said("missing") && sib.exports == 500);
	sib.damage = DONE_FAILED;
	CHECK(ask(ASK_EXPORT) && said("changed meanwhile") && count("piece") == 300);
	CHECK(stage_end(&s) == 0);
}

static void garbage_is_refused(void)
{
	static char much[16384];

	CHECK(begin());
	memset(much, 'a', sizeof much);
	int fd = client();
	CHECK(write(fd, much, sizeof much) > 0 && hear(fd, STAGE_WAIT_MS) && answer_n < 200);
	CHECK(ask("GET / HTTP/1.1\r\n\r\n") && said("refused") && ask("{\"verb\":\"status\"}\n\n") && said("refused"));
	CHECK(ask_n("\0\0\0\n\n", 5) && said("refused") && ask("verb=calls\n\n") && said("ok") && stage_end(&s) == 0);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 1;
	exe = argv[1];
	snprintf(root, sizeof root, "/tmp/ringfence-ctl-XXXXXX");
	if (!mkdtemp(root) || chmod(root, 0755) != 0)
		return 1;
	snprintf(empty, sizeof empty, "%s/empty", root);
	snprintf(path, sizeof path, "%s/ctl.sock", root);
	if (mkdir(empty, 0755) != 0)
		return 1;
	RUN(a_user_is_added_person_first);
	RUN(a_new_password_logs_out);
	RUN(half_a_user_is_taken_back);
	RUN(a_client_that_leaves_leaves_nothing_half_done);
	RUN(busy_is_asked_again);
	RUN(half_a_phone_is_taken_back);
	RUN(a_certificate_is_shown_when_the_directory_knows_it);
	RUN(a_revoked_phone_gets_none);
	RUN(what_is_no_request_is_refused);
	RUN(without_its_reader_it_ends);
	RUN(others_ask_for_a_phone_and_no_more);
	RUN(a_user_has_few_requests_waiting);
	RUN(others_leave_room_for_those_who_administer);
	RUN(the_log_needs_its_password);
	RUN(a_backup_goes_through);
	RUN(what_does_not_fit_is_counted);
	RUN(lists_come_in_pages);
	RUN(many_questions_stay_within_the_contract);
	RUN(events_are_followed_until_the_client_leaves);
	RUN(an_answer_to_nobody_is_ignored);
	RUN(a_sibling_that_dies_is_said_at_once);
	RUN(what_siblings_lie_is_borne);
	RUN(a_thousand_hits_leave_nothing);
	RUN(more_clients_than_room_are_turned_away);
	RUN(garbage_is_refused);
	if (s.pid)
		stage_kill(&s);
	unlink(path);
	rmdir(empty);
	rmdir(root);
	return TEST_END;
}
