/* SPDX-License-Identifier: ISC */
#include "media_house.h"
#include "base/clock.h"
#include "base/rand.h"
#include "vault/cert_self.h"
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct house house;
static const char *path;
static char cwd[] = "/tmp/media_house_XXXXXX";
static char host[24];

/* --- what media says --- */

static void on_ports(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
	house.told++;
}

static void on_ours(struct link *from, const struct ipc_view *v)
{
	(void)from;
	memcpy(house.fingerprint, ((const struct msg_dtls_ours *)v->payload)->fingerprint, 32);
	house.told++;
}

static void on_gate(struct link *from, const struct ipc_view *v)
{
	const struct msg_gate *m = v->payload;
	(void)from;
	house.gates++;
	house.gate_join = m->join;
	house.gate_key = m->key;
}

static void on_failed(struct link *from, const struct ipc_view *v)
{
	const struct msg_relay_failed *m = v->payload;
	(void)from;
	house.failed++;
	house.failed_join = m->join;
	house.failed_why = m->why;
}

static void on_counts(struct link *from, const struct ipc_view *v)
{
	(void)from;
	memcpy(&house.counts, v->payload, sizeof house.counts);
}

static void on_forged(struct link *from, const struct ipc_view *v)
{
	(void)from;
	house.forged += ((const struct msg_forged *)v->payload)->key == RELAY_KEY_DTLS;
}

static void on_heard(struct link *from, const struct ipc_view *v)
{
	const struct msg_heard *m = v->payload;
	struct span s = ipc_str(v, m->payload);
	(void)from;
	house.heard.n++;
	house.heard.join = m->join;
	house.heard.side = m->side;
	house.heard.codec = m->codec;
	house.heard.timestamp = m->timestamp;
	house.heard.payload_n = s.n;
	memcpy(house.heard.payload, s.p, s.n);
}

static void on_sign_want(struct link *from, const struct ipc_view *v)
{
	const struct msg_sign_want *w = v->payload;
	uint8_t mem[P256_SIGNATURE_MAX];
	struct buf der = buf_of(mem, sizeof mem);

	if (house.mute_signer || w->key != SIGN_DTLS)
		return;
	p256_sign(house.key, w->hash, &der);
	struct msg_signed *m = ipc_begin(from, MSG_SIGNED);
	if (!m)
		return;
	m->token = w->token;
	m->signature = ipc_put(from, buf_span(&der));
	ipc_end(from);
}

static void ignore(struct link *from, const struct ipc_view *v)
{
	(void)from;
	(void)v;
}

static ipc_handler *const on[MSG_N] = {
    [MSG_PORTS] = on_ports,
    [MSG_DTLS_OURS] = on_ours,
    [MSG_GATE] = on_gate,
    [MSG_RELAY_FAILED] = on_failed,
    [MSG_RELAY_COUNTS] = on_counts,
    [MSG_EVENT] = ignore,
    [MSG_FORGED] = on_forged,
    [MSG_HEARD] = on_heard,
    [MSG_SIGN_WANT] = on_sign_want,
    [MSG_VARYING] = ignore,
};

/* --- the house --- */

static void make_cert(void)
{
	uint8_t scalar[P256_SCALAR], point[P256_POINT];
	struct buf der = buf_of(house.cert, sizeof house.cert);

	p256_init();
	p256_make(scalar, point);
	house.key = p256_key_new(scalar);
	cert_write_self(house.key, point, (const uint8_t *)"12345678", &der);
	house.cert_n = der.n;
}

bool house_open(const char *exe)
{
	path = exe;
	if (!house.arena)
		house.arena = memfd_create("arena", MFD_CLOEXEC);
	make_cert();
	if (house.host)
		snprintf(host, sizeof host, "%s", house.host);
	else
		snprintf(host, sizeof host, "127.0.1.%u", 1 + (unsigned)getpid() % 250u);
	return house.arena >= 0 && mkdtemp(cwd) && house_start();
}

bool house_start(void)
{
	struct stage *s = &house.s;

	if (!stage_start(s, path, PROC_MEDIA, cwd, on))
		return false;
	/* several of these may run at once */
	addr_parse_ip(span_str(host), &s->site.listener[0].media);
	s->site.listener[0].advertised_media = s->site.listener[0].media;
	s->site.media_port_lo = HOUSE_LO;
	s->site.media_port_hi = (uint16_t)(HOUSE_LO + 4 * (house.rows ? house.rows : HOUSE_ROWS) - 1);
	if (!stage_give_file(s, FILE_ARENA, dup(house.arena)))
		return false;
	house.core = stage_sibling(s, PROC_CORE, 0);
	house.voice = stage_sibling(s, PROC_VOICE, 0);
	house.signer = stage_sibling(s, PROC_SIGNER, 0);
	stage_sibling(s, PROC_LEDGER, 0);
	house.told = 0;
	if (!stage_go(s))
		return false;
	stage_run(s, 100);
	struct msg_dtls_cert *m = ipc_begin(house.signer, MSG_DTLS_CERT);
	m->der = ipc_put(house.signer, span_of(house.cert, house.cert_n));
	ipc_end(house.signer);
	for (int i = 0; i < 50 && house.told < 2; i++)
		stage_run(s, 100);
	if (house.begun)
		house.begun(s);
	return house.told >= 2;
}

void house_end(void)
{
	stage_end(&house.s);
	p256_key_free(house.key);
	rmdir(cwd);
}

bool house_settle(void)
{
	house.s.parent.rate_second = 0; /* the answers are asked for more often than parent would */
	return stage_want_status(&house.s) && stage_want_status(&house.s);
}

uint64_t house_counter(const char *name)
{
	return house_settle() ? stage_status_line(&house.s, name)->used : 0;
}

bool house_counts(const char *name, uint64_t n)
{
	for (uint64_t end = clock_boot_ms() + STAGE_WAIT_MS; house_counter(name) < n && clock_boot_ms() < end;)
		stage_run(&house.s, 50);
	return house_counter(name) == n;
}

/* --- phones --- */

void phone_open(struct phone *p, const char *ip)
{
	struct sockaddr_storage sa;
	socklen_t n;

	*p = (struct phone){0};
	addr_parse_ip(span_str(ip), &p->addr);
	p->fd = house.socket ? house.socket()
	                     : socket(p->addr.family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	n = addr_to_sockaddr(&p->addr, &sa);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&sa, n) != 0 || getsockname(p->fd, (struct sockaddr *)&sa, &n) != 0)
		abort();
	addr_from_sockaddr((struct sockaddr *)&sa, &p->addr);
}

void phone_begin(struct phone *p, enum sdp_suite suite)
{
	p->suite = suite;
	p->clear = false;
	rand_bytes(p->ours, sizeof p->ours);
	rand_bytes(p->theirs, sizeof p->theirs);
	memset(p->ours + srtp_key_len(suite), 0, sizeof p->ours - srtp_key_len(suite));
	memset(p->theirs + srtp_key_len(suite), 0, sizeof p->theirs - srtp_key_len(suite));
	srtp_set(&p->out, suite, p->ours);
	srtp_set(&p->in, suite, p->theirs);
	p->ssrc = rand_u32();
	p->timestamp = rand_u32();
	p->index = rand_u32() % 0x8000;
}

size_t phone_seal(struct phone *p, uint8_t pt, uint8_t fill, size_t n, uint8_t *room)
{
	struct buf b = buf_of(room, 2048);

	buf_u16(&b, (uint16_t)(0x8000 | pt));
	buf_u16(&b, (uint16_t)p->index);
	buf_u32(&b, p->timestamp);
	buf_u32(&b, p->ssrc);
	memset(room + b.n, fill, n);
	b.n += n;
	p->index++;
	p->timestamp += 160;
	if (!p->clear && srtp_seal(&p->out, room, &b.n) != SRTP_OK)
		abort();
	return b.n;
}

void phone_send(const struct phone *p, const void *octets, size_t n)
{
	struct addr a = house.s.site.listener[0].media;
	struct sockaddr_storage sa;

	a.port = p->port;
	socklen_t sa_n = addr_to_sockaddr(&a, &sa);
	if (sendto(p->fd, octets, n, 0, (struct sockaddr *)&sa, sa_n) < 0)
		perror("sendto");
}

void phone_say(struct phone *p, uint8_t pt, uint8_t fill, size_t n)
{
	uint8_t room[2048];

	phone_send(p, room, phone_seal(p, pt, fill, n, room));
}

size_t phone_receive(struct phone *p, uint8_t *room, size_t cap, int ms)
{
	for (uint64_t end = clock_boot_ms() + (uint64_t)ms;;) {
		ssize_t n = recv(p->fd, room, cap, 0);
		if (n > 0)
			return (size_t)n;
		if (clock_boot_ms() >= end)
			return 0;
		stage_run(&house.s, 2);
	}
}

static bool opened(struct phone *p, uint8_t *room, size_t n)
{
	struct span payload;

	if (!p->clear && srtp_open(&p->in, room, &n, SRTP_LEAPS_MAX) != SRTP_OK) {
		p->unopened++;
		return false;
	}
	if (!rtp_parse(span_of(room, n), &p->got) || !rtp_payload(span_of(room, n), &p->got, &payload))
		return false;
	p->got_index = p->clear ? p->got.seq : (uint64_t)window_guess(&p->in.sources.at[p->in.sources.last].rtp, p->got.seq);
	memcpy(p->payload, payload.p, payload.n);
	p->payload_n = payload.n;
	return true;
}

bool phone_hears_within(struct phone *p, int ms)
{
	uint8_t room[2048];
	size_t n;

	while ((n = phone_receive(p, room, sizeof room, ms)))
		if (wire_classify(span_of(room, n)) == WIRE_RTP)
			return opened(p, room, n);
	return false;
}

/* --- wishes --- */

static void fill_side(struct relay_side *s, uint32_t at, unsigned side, const struct phone *p)
{
	s->local = house.s.site.listener[0].media;
	s->local.port = s->local_rtcp = (uint16_t)(HOUSE_LO + 4 * at + 2 * side);
	if (!p)
		return;
	s->present = s->keyed = s->events = 1;
	s->end = p->clear ? RELAY_ENDED_CLEAR : RELAY_ENDED_SDES;
	s->hears = RELAY_HEARS_OTHER;
	s->source = RELAY_SOURCE_NAMED;
	s->direction = RELAY_BOTH;
	s->rtp = s->rtcp = p->addr;
	s->suite = (uint8_t)p->suite;
	memcpy(s->key_ours, p->theirs, sizeof s->key_ours);
	memcpy(s->key_theirs, p->ours, sizeof s->key_theirs);
	s->payloads = 2;
	s->payload[0] = (struct relay_payload){0, RELAY_FRAME_PCM, SDP_PCMU, 0};
	s->payload[1] = (struct relay_payload){101, RELAY_FRAME_EVENT, SDP_TELEPHONE_EVENT, 101};
}

void house_wish(uint32_t at, const struct phone *a, const struct phone *b)
{
	memset(&house.spec, 0, sizeof house.spec);
	house.spec.answered = 1;
	house.spec.deadline_ms = clock_boot_ms() + 600000;
	fill_side(&house.spec.side[0], at, 0, a);
	fill_side(&house.spec.side[1], at, 1, b);
}

void house_send_wish(uint64_t join)
{
	struct msg_relay *m = ipc_begin_as(house.core, MSG_RELAY, CLASS_DIALOG);

	m->join = join;
	m->spec = ipc_put_part(house.core, &house.spec, sizeof house.spec);
	ipc_end(house.core);
	house_settle();
}

bool house_gate(uint64_t join)
{
	for (int i = 0; i < 50 && !(house.gates && house.gate_join == join); i++)
		stage_run(&house.s, 50);
	return house.gates && house.gate_join == join;
}

void house_close(uint64_t join)
{
	struct msg_relay_close *m = ipc_begin(house.core, MSG_RELAY_CLOSE);

	m->join = join;
	ipc_end(house.core);
	house_settle();
}

bool house_says(struct phone *from, struct phone *to, uint8_t fill)
{
	phone_say(from, 0, fill, 160);
	return phone_hears_within(to, HOUSE_ARRIVAL_MS) && to->payload_n == 160 && to->payload[0] == fill &&
	       to->payload[159] == fill && to->got.pt == 0;
}

bool house_talks(struct phone *a, struct phone *b)
{
	return house_says(a, b, 0x11) && house_says(b, a, 0x22);
}
