/* SPDX-License-Identifier: ISC */
/* R27: core, ctl, signer and edge lie to keeper and signer in every field, in what they may not say and in frames that
 * are none. The liar may be accused and its link closed; keeper and signer never die, and go on answering honest ones.
 * Arguments: the two executables, and how many messages of each type (default 400). */
#include "../unit/ipc_peer.h"
#include "../unit/test.h"
#include "base/rand.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>

static const char *exe[2];
static int rounds = 400;
static struct site site;
static struct peer p;
static char dir[] = "/tmp/ringfence-liar-XXXXXX";

static const struct liar {
	enum proc to, as;
	bool keeper;
	enum msg answers[4]; /* what shows that lies got as far as the handlers */
} liars[] = {
    {PROC_KEEPER, PROC_CORE, true, {MSG_NONCES, MSG_LOGIN, MSG_SEALED}},
    {PROC_KEEPER, PROC_CTL, true, {MSG_DONE, MSG_ADMIN_SALT, MSG_CODE}},
    {PROC_KEEPER, PROC_SIGNER, true},
    {PROC_SIGNER, PROC_EDGE, false, {MSG_SIGNED}},
    {PROC_SIGNER, PROC_KEEPER, false},
    {PROC_SIGNER, PROC_MEDIA, false, {MSG_SIGNED}},
    {PROC_SIGNER, PROC_CORE, false, {MSG_PROOF}},
    {PROC_SIGNER, PROC_CTL, false, {MSG_DONE}},
};

static int key_file(void)
{
	char name[] = "/tmp/ringfence-key-XXXXXX";
	static const uint8_t key[32] = {3, 1, 4};
	int fd = mkstemp(name);

	unlink(name);
	return write(fd, key, sizeof key) == sizeof key ? fd : -1;
}

static bool start(const struct liar *l)
{
	if (!peer_start(&p, exe[!l->keeper], l->to, 0, &site))
		return false;
	peer_give_file(&p, FILE_BOOT_KEY, key_file());
	peer_give_file(&p, FILE_STORE_DIR, open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return peer_go(&p);
}

/* A link that answers, new if the last lie closed it. */
static struct link *link_as(enum proc as, struct link *have)
{
	if (have && !have->broken)
		return have;
	struct link *l = peer_link(&p, as, 0);
	return l && peer_up(l) ? l : NULL;
}

static void drain(struct link *l)
{
	p.parent.rate_second = 0; /* a patient parent: here every lie may be reported */
	link_read(&p.parent, peer_on());
	if (!l->broken)
		link_read(l, peer_on());
	link_flush(l);
}

/* Half of the enums and strings are made good, so that lies get past the opening into the handlers. */
static void mend(uint8_t *payload, uint8_t *tail, uint32_t tail_n, const struct msg_field *f)
{
	struct str s = {0, 0};

	switch (f->kind) {
	case FIELD_ENUM:
		payload[f->offset] = (uint8_t)(rand_u32() % f->limit);
		break;
	case FIELD_STRING:
		s.len = rand_u32() % (f->limit + 1);
		if (s.len > tail_n)
			s.len = tail_n;
		s.off = rand_u32() % (tail_n - s.len + 1);
		for (uint32_t i = 0; i < s.len && !f->octets; i++)
			tail[s.off + i] = (uint8_t)(0x20 + tail[s.off + i] % 0x5f);
		memcpy(payload + f->offset, &s, sizeof s);
		break;
	case FIELD_PART:
		memset(payload + f->offset, 0, sizeof s);
		break;
	case FIELD_NUMBER:
		if (rand_u32() % 2)
			memset(payload + f->offset + 1, 0, f->size - 1);
		break;
	case FIELD_ADDR:
		memset(payload + f->offset, 0, f->size);
		break;
	case FIELD_BYTES:
		break;
	}
}

static void send_lie(struct link *l, enum msg type, bool mended)
{
	static _Alignas(8) uint8_t bytes[IPC_FRAME_MAX];
	struct ipc_frame_head *f = (void *)bytes;
	struct ipc_head *h = (void *)(f + 1);
	uint8_t *payload = (uint8_t *)(h + 1);
	uint32_t size = msg_rule[type].size, tail_n = rand_u32() % 128 * 8;
	uint16_t class = (uint16_t)__builtin_ctz(msg_rule[type].classes);

	rand_bytes(payload, size + tail_n);
	for (const struct msg_field *m = msg_rule[type].fields(); m->name; m++)
		if (mended || rand_u32() % 8)
			mend(payload, payload + size, tail_n, m);
	*h = (struct ipc_head){.type = (uint16_t)type, .class = class, .size = size + tail_n};
	*f = (struct ipc_frame_head){.size = (uint32_t)(sizeof *f + sizeof *h) + h->size, .messages = 1};
	if (!mended && rand_u32() % 16 == 0) /* frames that are none */
		rand_bytes((uint8_t *)bytes + rand_u32() % 32, 1 + rand_u32() % 4);
	if (class != CLASS_REPLY && l->credit[class])
		l->credit[class]--;
	send(l->fd, bytes, sizeof *f + sizeof *h + size + tail_n, MSG_NOSIGNAL);
}

static bool may_say(enum msg type, const struct liar *l)
{
	return msg_rule[type].from >> l->as & 1 && msg_rule[type].to >> l->to & 1 && type != MSG_HELLO;
}

/* Until the other side has taken what was sent. */
static void await_read(struct link *l)
{
	int left = 1;

	for (int i = 0; i < 10000 && left && ioctl(l->fd, SIOCOUTQ, &left) == 0 && left; i++)
		usleep(50);
}

static void lie_about(const struct liar *who, enum msg type, int n)
{
	static uint32_t lies;
	struct link *l = NULL;

	for (int i = 0; i < n && !msg_rule[type].fd; i++) {
		l = link_as(who->as, l);
		CHECK(l);
		send_lie(l, type, i % 16 > 1);
		await_read(l);
		drain(l);
		CHECK(!p.parent.broken);
		if (++lies % 256 == 0)
			CHECK(peer_alive(&p));
	}
}

static void liar_lies(const struct liar *who)
{
	uint64_t before = peer_said[MSG_ACCUSE].n;
	pid_t pid;

	CHECK(start(who));
	pid = p.pid;
	for (int type = 1; type < MSG_N; type++) {
		if (type == MSG_HELLO)
			continue;
		lie_about(who, (enum msg)type, may_say((enum msg)type, who) ? rounds : 2);
		if (test_failed_here)
			fprintf(stderr, "as %s: %s\n", proc_name[who->as], msg_rule[type].name);
		CHECK(!test_failed_here);
	}
	CHECK(peer_alive(&p));
	CHECK(peer_said[MSG_ACCUSE].n > before + MSG_N / 2); /* what is not its to say was always named */
	for (int i = 0; who->answers[i]; i++)
		CHECK(peer_said[who->answers[i]].n > (unsigned)rounds / 10);
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	peer_kill(&p);
}

static void core_lies(void)
{
	liar_lies(&liars[0]);
}
static void ctl_lies(void)
{
	liar_lies(&liars[1]);
}
static void signer_lies(void)
{
	liar_lies(&liars[2]);
}
static void edge_lies(void)
{
	liar_lies(&liars[3]);
}
static void keeper_lies(void)
{
	liar_lies(&liars[4]);
}
static void media_lies(void)
{
	liar_lies(&liars[5]);
}

static void core_lies_to_signer(void)
{
	liar_lies(&liars[6]);
}

static void ctl_lies_to_signer(void)
{
	liar_lies(&liars[7]);
}

/* A taken edge asks for as many signatures as it may and never reads one: it is cut off, and others are served. */
static void edge_that_never_reads(void)
{
	static const uint8_t hash[32] = {1};

	CHECK(start(&liars[3]));
	struct link *bad = link_as(PROC_EDGE, NULL);
	CHECK(bad);
	for (int i = 0; i < 3000 && !bad->broken; i++) {
		struct msg_sign_want *m = ipc_begin(bad, MSG_SIGN_WANT);
		if (!m)
			break; /* out of credit: nothing is granted to who does not read */
		memcpy(m->hash, hash, sizeof hash);
		ipc_end(bad);
	}
	CHECK(bad->out_of_credit > 0);
	link_flush(bad);
	struct link *good = peer_link(&p, PROC_EDGE, 1);
	CHECK(good && peer_up(good));
	peer_said[MSG_SIGNED].taken = peer_said[MSG_SIGNED].n;
	struct msg_sign_want *m = ipc_begin(good, MSG_SIGN_WANT);
	m->token = 7;
	ipc_end(good);
	const struct msg_signed *s = peer_wait(good, MSG_SIGNED);
	CHECK(s && s->token == 7);
	peer_kill(&p);
}

static void empty(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	unlinkat(fd, "store.a", 0);
	unlinkat(fd, "store.b", 0);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 3 || !mkdtemp(dir))
		return 2;
	exe[0] = argv[1];
	exe[1] = argv[2];
	if (argc > 3)
		rounds = atoi(argv[3]);
	signal(SIGPIPE, SIG_IGN);
	site_defaults(&site);
	strcpy(site.domain, "example.org");
	site.listeners = 1;
	struct listener *l = &site.listener[0];
	l->kind = LISTEN_PHONES;
	addr_parse_ip(SPAN("127.0.0.1"), &l->bind);
	l->signalling = l->media = l->advertised_media = l->bind;
	RUN(core_lies);
	RUN(ctl_lies);
	RUN(signer_lies);
	empty();
	RUN(edge_lies);
	RUN(keeper_lies);
	RUN(media_lies);
	RUN(core_lies_to_signer);
	RUN(ctl_lies_to_signer);
	RUN(edge_that_never_reads);
	empty();
	rmdir(dir);
	return TEST_END;
}
