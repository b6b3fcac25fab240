/* SPDX-License-Identifier: ISC */
#include "base/exec.h"
#include "base/log.h"
#include "parent.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXEC_FAILED = 127 };

static bool pair(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0)
		return true;
	log_error("socketpair: %s", strerror(errno));
	return false;
}

/* ledger's is its store, net's the directory of its pins. */
static const char *root_of(enum proc p)
{
	if (p == PROC_LEDGER)
		return "ledger";
	return p == PROC_NET ? "run/bpf" : "empty";
}

/* Where memory ends for the host or for the unit's group, the kernel ends first whose loss is least: connections, which phones make
 * anew, before what is asked of a store, that before calls, and parent last. In thousandths of the memory that there is, above parent's own:
 * so far apart that the order holds although core's arena is half of all that the exchange has, and edge below the 900 by which the unit lifts all
 * of it above others of the host. */
static const int16_t spare[PROC_N] = {
    [PROC_EDGE] = 880,
    [PROC_CTL] = 880,
    [PROC_CONF] = 880,
    [PROC_WATCH] = 750,
    [PROC_VOICE] = 660, /* its prompts alone are a tenth of a small exchange */
    [PROC_DIAL] = 750,
    [PROC_SIGNER] = 600,
    [PROC_KEEPER] = 600,
    [PROC_LEDGER] = 600,
    [PROC_NET] = 600,
    [PROC_CORE] = 20,
    [PROC_MEDIA] = 20,
};

static void be_spared(enum proc p)
{
	enum { MOST = 1000 };
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0)
		return; /* a host without it goes by size alone */
	if (read(fd, text, sizeof text - 1) > 0) {
		long score = strtol(text, NULL, 10) + spare[p];
		int n = snprintf(text, sizeof text, "%ld\n", score < MOST ? score : MOST);
		if (pwrite(fd, text, (size_t)n, 0) < 0)
			log_warn("%s: how it may be spared: %s", proc_name[p], strerror(errno));
	}
	close(fd);
}

/* In the child: nothing of parent's is left but the link, the log and an empty environment. */
static _Noreturn void become(const struct slot *s, int link_fd, pid_t parent)
{
	char name[64];
	char *argv[] = {name, (char[]){"--child"}, NULL};
	char *env[4] = {NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	snprintf(name, sizeof name, "ringfence-%s", proc_name[s->proc]);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(EXEC_FAILED);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(EXEC_FAILED);
	if (fchdir(self.site_fd) != 0 || chdir(root_of(s->proc)) != 0)
		_exit(EXEC_FAILED);
	be_spared(s->proc);
#ifdef RINGFENCE_SANITIZE
	static char options[2][512];
	const char *const keep[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS"};
	for (int i = 0, n = 0; i < 2; i++)
		if (getenv(keep[i])) {
			snprintf(options[i], sizeof options[i], "%s=%s", keep[i], getenv(keep[i]));
			env[n++] = options[i];
		}
#endif
	int program = program_of(s->proc);
	if (program >= 0)
		exec_open(program, link_fd, argv, env);
	fprintf(stderr, "<3>parent: %s/%s: %s\n", self.libexec, name, strerror(errno));
	_exit(EXEC_FAILED);
}

static void say_hello(struct slot *s)
{
	struct msg_hello *m = ipc_begin(&s->link, MSG_HELLO);

	if (!m)
		return;
	memcpy(m->build, build_id, sizeof m->build);
	m->proc = PROC_PARENT;
	ipc_end(&s->link);
}

static void say_start(struct slot *s)
{
	struct msg_start *m = ipc_begin(&s->link, MSG_START);

	if (!m)
		return;
	m->instance = s->instance;
	m->node = self.site.node;
	m->uid = self.root ? self.uid_base + s->proc : 0;
	m->gid = m->uid;
	ipc_end(&s->link);
}

/* What a process is not given at its start it would lack as long as it runs, and look well: it starts again, until it has all. */
static void lacks(struct slot *s)
{
	life_kill(s, "cannot be given all that it needs");
}

/* A message with this descriptor, or NULL. What is not there is for those to judge who read it; parent's own want passes. */
static void *begin_fd(struct slot *s, enum msg type, int fd)
{
	void *m = fd < 0 ? NULL : ipc_begin_fd(&s->link, type, fd);

	if (fd < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM)
		return NULL;
	if (!m)
		lacks(s);
	return m;
}

static void give_file(struct slot *s, enum file_kind what)
{
	struct msg_give_file *m = begin_fd(s, MSG_GIVE_FILE, place_file(what, s->proc));

	if (!m)
		return;
	m->what = (uint8_t)what;
	ipc_end(&s->link);
}

/* Those who rehearse look at what those have who run. */
static bool is_due(enum proc proc, enum file_kind what)
{
	bool looks = what == FILE_ARENA_LOOK || what == FILE_STORE_LOOK;

	return proc == PROC_CONF || what == FILE_BOOT_KEY || looks == self.rehearsal;
}

static void give_files(struct slot *s)
{
	static const struct {
		enum proc proc;
		enum file_kind what;
	} needs[] = {
	    {PROC_CONF, FILE_CONF},
	    {PROC_CONF, FILE_TRUST},
	    {PROC_CONF, FILE_PROMPTS},
	    {PROC_CONF, FILE_RECORDINGS},
	    {PROC_CORE, FILE_ARENA},
	    {PROC_MEDIA, FILE_ARENA},
	    {PROC_CORE, FILE_ARENA_LOOK},
	    {PROC_MEDIA, FILE_ARENA_LOOK},
	    {PROC_KEEPER, FILE_BOOT_KEY},
	    {PROC_SIGNER, FILE_BOOT_KEY},
	    {PROC_KEEPER, FILE_STORE_DIR},
	    {PROC_SIGNER, FILE_STORE_DIR},
	    {PROC_LEDGER, FILE_STORE_DIR},
	    {PROC_KEEPER, FILE_STORE_LOOK},
	    {PROC_SIGNER, FILE_STORE_LOOK},
	    {PROC_LEDGER, FILE_STORE_LOOK},
	    {PROC_CTL, FILE_CTL_SOCKET},
	    {PROC_CTL, FILE_HELPER},
	    {PROC_WATCH, FILE_HELPER},
	    {PROC_VOICE, FILE_PROMPTS},
	    {PROC_VOICE, FILE_RECORDINGS},
	};
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
		if (needs[i].proc == s->proc && is_due(s->proc, needs[i].what))
			give_file(s, needs[i].what);
}

static void give_listener(struct slot *s, uint8_t index, int fd)
{
	struct msg_give_listener *m = fd < 0 ? NULL : begin_fd(s, MSG_GIVE_LISTENER, fcntl(fd, F_DUPFD_CLOEXEC, 0));

	if (!m)
		return;
	m->index = index;
	m->bound = self.site.listener[index].bind;
	ipc_end(&s->link);
}

static void give_listeners(struct slot *s)
{
	for (uint8_t i = 0; s->proc == PROC_EDGE && !self.rehearsal && i < self.site.listeners; i++) {
		if (self.site.listener[i].kind == LISTEN_TRUNK && s->instance != TRUNK_EDGE)
			continue;
		give_listener(s, i, self.listener_fd[i]);
		give_listener(s, i, self.beside_fd[i]);
	}
}

static void give_trust(struct slot *s, uint32_t generation, uint8_t trunk, enum trust_kind what, int fd)
{
	struct msg_give_trust *m = begin_fd(s, MSG_GIVE_TRUST, fd);

	if (!m)
		return;
	m->generation = generation;
	m->trunk = trunk;
	m->what = (uint8_t)what;
	ipc_end(&s->link);
}

void give_trusts(struct slot *s, const struct site *site, uint32_t generation)
{
	for (uint8_t i = 0; s->proc == PROC_EDGE && s->instance == TRUNK_EDGE && i < site->trunks; i++) {
		const struct trunk_conf *t = &site->trunk[i];
		if (t->transport != TRUNK_TLS)
			continue;
		give_trust(s, generation, i, TRUST_ROOTS, trust_roots(t, site == &self.site));
		if (t->certificate[0])
			give_trust(s, generation, i, TRUST_OWN, trust_certificate(t, site == &self.site));
	}
}

static void give_link(struct slot *to, const struct slot *peer, int fd)
{
	struct msg_give_link *m = begin_fd(to, MSG_GIVE_LINK, fd);

	if (!m)
		return;
	m->peer = (uint8_t)peer->proc;
	m->instance = peer->instance;
	ipc_end(&to->link);
}

static void give_links(struct slot *s)
{
	for (uint32_t i = 0; i < self.slots; i++) {
		struct slot *p = &self.slot[i];
		int fd[2];
		if (p == s || !slot_alive(p) || !links_allowed(s->proc, p->proc))
			continue;
		if (!pair(fd)) {
			lacks(s);
			return;
		}
		give_link(s, p, fd[0]);
		give_link(p, s, fd[1]);
	}
}

static void give_site(struct slot *s)
{
	if (s->proc == PROC_LEDGER) {
		struct msg_database *m = ipc_begin(&s->link, MSG_DATABASE);
		if (m) {
			m->uri = ipc_put(&s->link, span_str(self.database));
			ipc_end(&s->link);
		}
	}
	if (s->proc == PROC_CONF) { /* it has no site, it makes one */
		if (ipc_begin(&s->link, MSG_GO))
			ipc_end(&s->link);
		return;
	}
	struct msg_site_prepare *m = ipc_begin(&s->link, MSG_SITE_PREPARE);
	if (m) {
		m->generation = self.generation;
		m->site = ipc_put_part(&s->link, &self.site, sizeof self.site);
		ipc_end(&s->link);
	}
}

bool spawn(struct slot *s)
{
	pid_t parent = getpid();
	int fd[2];

	if (!pair(fd))
		return false;
	s->pid = fork();
	if (s->pid == 0)
		become(s, fd[1], parent);
	close(fd[1]);
	if (s->pid < 0 || !link_init(&s->link, fd[0], PROC_PARENT, s->proc, s->instance, PHASE_HELLO)) {
		log_error("%s/%u: %s", proc_name[s->proc], s->instance, strerror(errno));
		close(fd[0]);
		if (s->pid > 0)
			kill(s->pid, SIGKILL);
		s->pid = s->pid > 0 ? s->pid : 0;
		return false;
	}
	s->linked = true;
	say_hello(s);
	say_start(s);
	give_files(s);
	give_listeners(s);
	give_trusts(s, &self.site, self.generation);
	give_links(s);
	give_site(s);
	return true;
}
