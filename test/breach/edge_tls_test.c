/* SPDX-License-Identifier: ISC */
#include "../unit/test.h"
#include "base/clock.h"
#include "edge_house.h"
#include <unistd.h>

static struct house *h;

#define GOOD {.device = 1, .epoch = 1, .from_s = -60, .to_s = 3600}
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

static const char register_101[] = "REGISTER sip:exchange.test SIP/2.0\r\n"
				   "Via: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKa1;rport\r\n"
				   "From: <sip:101@exchange.test>;tag=f1\r\n"
				   "To: <sip:101@exchange.test>\r\n"
				   "Call-ID: c1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n"
				   "Contact: <sip:101@127.0.0.1:5061;transport=tls>\r\nContent-Length: 0\r\n\r\n";

/* A good phone comes in, core hears of its flow before its first request. */
static void good_phone(void)
{
	struct cert_spec spec = GOOD;
	struct phone *p = phone_new(h, &spec, NULL);

	CHECK(phone_shake(h, p));
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g);
	const struct msg_flow_up *up = got_payload(g);
	uint64_t flow = up->flow;
	CHECK(up->device == 1 && !up->expired && !up->tls12 && flow >> 56 == 1);
	CHECK(phone_say(p, register_101));
	g = house_take(h, MSG_REQUEST, 1000);
	CHECK(g && ((const struct msg_request *)got_payload(g))->flow == flow);
	phone_free(p);
	g = house_take(h, MSG_FLOW_DOWN, 1000);
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->flow == flow);
}

static void with_its_ca(void)
{
	struct cert_spec spec = GOOD;
	spec.with_ca = true;
	struct phone *p = phone_new(h, &spec, NULL);

	CHECK(phone_shake(h, p));
	CHECK(phone_say(p, "\r\n\r\n"));
	CHECK(phone_hear(h, p, "\r\n", 1000));
	phone_free(p);
	CHECK(house_take(h, MSG_FLOW_UP, 1000) && house_take(h, MSG_FLOW_DOWN, 1000));
}

/* R1, T21: it writes a REGISTER with its Finished, reads a fatal alert and no SIP; no octet of it was parsed. */
static void is_refused(struct phone *p, int alert, const char *counter)
{
	uint64_t octets = house_count(h, "sip-octets"), before = house_count(h, counter);

	phone_shake(h, p);
	if (p->handshake == 0) {
		phone_say(p, register_101);
		phone_hear(h, p, "SIP/2.0", 3000);
		CHECK(p->closed);
	}
	CHECK(p->n == 0);
	CHECK(alert == 0 || p->alert == alert);
	CHECK(house_count(h, "sip-octets") == octets);
	CHECK(house_count(h, counter) == before + 1);
	CHECK(house_take(h, MSG_REQUEST, 20) == NULL);
}

/* And so when it comes again: what was looked at once is remembered if it was good, and only then. */
static void refuse(const struct cert_spec *spec, const char *priority, int alert, const char *counter)
{
	struct phone *p = phone_new(h, spec, priority);

	is_refused(p, alert, counter);
	p = phone_again(h, p, priority);
	is_refused(p, alert, counter);
	phone_free(p);
}

#define REFUSE(name, alert, counter, ...)                                                                     \
	static void name(void)                                                                                \
	{                                                                                                     \
		struct cert_spec spec = GOOD;                                                                 \
		__VA_ARGS__;                                                                                  \
		refuse(&spec, NULL, alert, counter);                                                          \
	}

static void no_certificate(void)
{
	refuse(NULL, NULL, GNUTLS_A_CERTIFICATE_REQUIRED, "refused-no-certificate");
}
REFUSE(other_ca_same_name, GNUTLS_A_UNKNOWN_CA, "refused-issuer", spec.other_ca = true)
REFUSE(self_signed, GNUTLS_A_UNKNOWN_CA, "refused-issuer", spec.self_signed = true)
REFUSE(two_leaves, GNUTLS_A_BAD_CERTIFICATE, "refused-chain", spec.chain_of_two_leaves = true)
REFUSE(server_certificate, GNUTLS_A_UNSUPPORTED_CERTIFICATE, "refused-usage", spec.server_eku = true)
REFUSE(both_usages, GNUTLS_A_UNSUPPORTED_CERTIFICATE, "refused-usage", spec.two_eku = true)
REFUSE(no_usage, GNUTLS_A_UNSUPPORTED_CERTIFICATE, "refused-usage", spec.no_eku = true)
REFUSE(a_ca_as_phone, GNUTLS_A_UNSUPPORTED_CERTIFICATE, "refused-usage", spec.ca_true = true)
REFUSE(foreign_serial, GNUTLS_A_BAD_CERTIFICATE, "refused-serial", spec.bad_serial = true)
REFUSE(unknown_device, GNUTLS_A_ACCESS_DENIED, "refused-device", spec.device = 40)
REFUSE(impossible_device, GNUTLS_A_ACCESS_DENIED, "refused-device", spec.device = 0xffffffff)
REFUSE(revoked_device, GNUTLS_A_CERTIFICATE_REVOKED, "refused-revoked", spec.device = 4)
REFUSE(suspended_device, GNUTLS_A_CERTIFICATE_REVOKED, "refused-revoked", spec.device = 5)
REFUSE(old_epoch, GNUTLS_A_CERTIFICATE_REVOKED, "refused-epoch", spec.device = 6)

static void old_tls(void)
{
	struct cert_spec spec = GOOD;

	refuse(&spec, TLS12, GNUTLS_A_PROTOCOL_VERSION, "refused-version");
	refuse(&spec, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0", GNUTLS_A_PROTOCOL_VERSION, "refused-handshake");
	refuse(&spec, TLS12 ":-CIPHER-ALL:+AES-128-CBC", 0, "refused-handshake");
	refuse(&spec, TLS12 ":-KX-ALL:+RSA", 0, "refused-handshake");
	refuse(&spec, "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP521R1", 0, "refused-handshake");
}

static void old_tls_of_a_named_phone(void)
{
	struct cert_spec spec = GOOD;
	spec.device = 3;
	struct phone *p = phone_new(h, &spec, TLS12);

	CHECK(phone_shake(h, p));
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g && ((const struct msg_flow_up *)got_payload(g))->tls12);
	/* it may not shake hands a second time */
	CHECK(gnutls_handshake(p->tls) < 0);
	CHECK(phone_sees_close(h, p, 2000));
	phone_free(p);
	CHECK(house_take(h, MSG_FLOW_DOWN, 1000));
}

static bool comes_in(struct phone *p)
{
	return phone_shake(h, p) && phone_say(p, "\r\n\r\n") && phone_hear(h, p, "\r\n", 1000);
}

/* R1, T21: a certificate that is remembered is one of the CA that there is, and of a phone that may come in; its date is looked at each time. */
static void remembered(void)
{
	struct cert_spec spec = GOOD;
	spec.device = 2;
	struct phone *p = phone_new(h, &spec, NULL);
	uint64_t hits = house_count(h, "certificate-cache-hits");

	CHECK(comes_in(p) && house_count(h, "certificate-cache-hits") == hits);
	p = phone_again(h, p, NULL);
	CHECK(comes_in(p) && house_count(h, "certificate-cache-hits") == hits + 1);
	p = phone_again(h, p, TLS12);
	is_refused(p, GNUTLS_A_PROTOCOL_VERSION, "refused-version");
	house_say_device(h, 2, DEVICE_REVOKED, 0, 1);
	house_pump(h, 20);
	p = phone_again(h, p, NULL);
	is_refused(p, GNUTLS_A_CERTIFICATE_REVOKED, "refused-revoked");
	house_say_device(h, 2, DEVICE_VALID, 0, 2);
	house_pump(h, 20);
	p = phone_again(h, p, NULL);
	is_refused(p, GNUTLS_A_CERTIFICATE_REVOKED, "refused-epoch");
	house_say_device(h, 2, DEVICE_VALID, 0, 1);
	house_change_ca(h);
	p = phone_again(h, p, NULL);
	is_refused(p, GNUTLS_A_UNKNOWN_CA, "refused-issuer");
	house_change_ca(h);
	p = phone_again(h, p, NULL);
	CHECK(comes_in(p));
	phone_free(p);
	while (house_take(h, MSG_FLOW_DOWN, 200))
		;
	while (house_take(h, MSG_FLOW_UP, 20))
		;
}

/* Out of date, not revoked: it comes in, marked, and core serves it emergency calls only. */
static void comes_in_out_of_date(int from_s, int to_s)
{
	struct cert_spec spec = GOOD;
	spec.from_s = from_s;
	spec.to_s = to_s;
	struct phone *p = phone_new(h, &spec, NULL);

	CHECK(phone_shake(h, p));
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g && ((const struct msg_flow_up *)got_payload(g))->expired);
	phone_free(p);
	CHECK(house_take(h, MSG_FLOW_DOWN, 1000));
}

static void expired(void)
{
	comes_in_out_of_date(-7200, -3600);
}

/* R28: a clock that went back */
static void not_valid_yet(void)
{
	comes_in_out_of_date(600, 7200);
}

/* Its date comes: it is sent away, to come back as a phone like any other. */
static void valid_meanwhile(void)
{
	struct cert_spec spec = GOOD;
	spec.from_s = 2;
	struct phone *p = phone_new(h, &spec, NULL);

	CHECK(phone_shake(h, p));
	const struct got *g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g && ((const struct msg_flow_up *)got_payload(g))->expired);
	CHECK(phone_sees_close(h, p, 30000));
	phone_free(p);
	CHECK(house_take(h, MSG_FLOW_DOWN, 1000));
	spec.from_s = -60; /* from its making, again */
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	g = house_take(h, MSG_FLOW_UP, 1000);
	CHECK(g && !((const struct msg_flow_up *)got_payload(g))->expired);
	phone_free(p);
	CHECK(house_take(h, MSG_FLOW_DOWN, 1000));
}

/* No tickets, no resumption: a client that asks for it gets a full handshake and the callback. */
static void no_resumption(void)
{
	struct cert_spec spec = GOOD;
	struct phone *p = phone_new(h, &spec, NULL);
	gnutls_datum_t data = {NULL, 0};

	CHECK(phone_shake(h, p));
	phone_say(p, "\r\n\r\n");
	CHECK(phone_hear(h, p, "\r\n", 1000));
	CHECK(!(gnutls_session_get_flags(p->tls) & GNUTLS_SFLAGS_SESSION_TICKET));
	gnutls_session_get_data2(p->tls, &data);
	phone_free(p);
	struct phone *again = phone_new(h, &spec, NULL);
	if (data.size)
		gnutls_session_set_data(again->tls, data.data, data.size);
	CHECK(phone_shake(h, again));
	CHECK(!gnutls_session_is_resumed(again->tls));
	gnutls_free(data.data);
	phone_free(again);
	house_take(h, MSG_FLOW_DOWN, 500);
	house_take(h, MSG_FLOW_DOWN, 500);
}

/* R1: revoking a phone drops its connections within a second. */
static void revoke_drops(void)
{
	struct cert_spec spec = GOOD;
	spec.device = 2;
	struct phone *a = phone_new(h, &spec, NULL), *b = phone_new(h, &spec, NULL);

	CHECK(phone_shake(h, a) && phone_shake(h, b));
	phone_say(a, "\r\n\r\n");
	phone_say(b, "\r\n\r\n");
	CHECK(phone_hear(h, a, "\r\n", 1000) && phone_hear(h, b, "\r\n", 1000));
	house_say_device(h, 2, DEVICE_REVOKED, 0, 1);
	uint64_t then = clock_boot_ms();
	CHECK(phone_sees_close(h, a, 1000) && phone_sees_close(h, b, 1000));
	CHECK(clock_boot_ms() - then < 1000);
	const struct got *g = house_take(h, MSG_FLOW_DOWN, 500);
	CHECK(g && ((const struct msg_flow_down *)got_payload(g))->why == FLOW_REVOKED);
	house_say_device(h, 2, DEVICE_VALID, 0, 1);
	house_pump(h, 20);
	phone_free(a);
	phone_free(b);
}

/* T20: whoever does not finish the handshake is gone after 5 s; meanwhile phones come in. */
static void slow_handshake(void)
{
	struct phone *idle = phone_tcp(h), *half = phone_tcp(h);
	struct cert_spec spec = GOOD;
	uint64_t then = clock_boot_ms();

	phone_say(half, "\x16\x03\x01\x02");
	struct phone *good = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, good));
	CHECK(phone_sees_close(h, idle, 7000) && phone_sees_close(h, half, 1000));
	CHECK(clock_boot_ms() - then >= 4900);
	CHECK(house_count(h, "refused-timeout") >= 2);
	phone_say(good, "\r\n\r\n");
	CHECK(phone_hear(h, good, "\r\n", 1000));
	phone_free(idle);
	phone_free(half);
	phone_free(good);
}

/* T1: SIP without TLS gets no SIP. */
static void plain_sip(void)
{
	struct phone *p = phone_tcp(h);

	phone_say(p, register_101);
	CHECK(phone_sees_close(h, p, 3000));
	CHECK(!memmem(p->text, p->n, "SIP", 3));
	phone_free(p);
}

/* A silent signer costs one time-out; after that handshakes end at once and SIP goes on. */
static void silent_signer(void)
{
	struct cert_spec spec = GOOD;
	struct phone *good = phone_new(h, &spec, NULL);

	CHECK(phone_shake(h, good));
	h->signer_mute = true;
	struct phone *p = phone_new(h, &spec, NULL);
	CHECK(!phone_shake(h, p));
	phone_free(p);
	CHECK(house_count(h, "sign-timeouts") == 1);
	phone_say(good, "\r\n\r\n");
	CHECK(phone_hear(h, good, "\r\n", 1000));
	/* new ones wait in the backlog, and are turned away when nothing gets better */
	p = phone_new(h, &spec, NULL);
	CHECK(!phone_shake(h, p));
	CHECK(house_count(h, "sign-timeouts") == 1);
	CHECK(house_count(h, "turned-away") >= 1);
	phone_free(p);
	phone_free(good);
	/* a late answer shows that it is back */
	h->signer_mute = false;
	struct msg_signed *m = ipc_begin(&h->signer, MSG_SIGNED);
	m->token = 1;
	m->signature = ipc_put(&h->signer, SPAN("too late"));
	ipc_end(&h->signer);
	house_pump(h, 50);
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	phone_free(p);
}

/* signer that has no such key says so by an empty signature: that handshake fails, nothing counts as silent, the next may go on. */
static void keyless_signer(void)
{
	struct cert_spec spec = GOOD;
	uint64_t before = house_count(h, "sign-timeouts");
	struct phone *p = phone_new(h, &spec, NULL);
	unsigned asked = h->signs;

	h->signer_keyless = true;
	CHECK(!phone_shake(h, p) && h->signs > asked);
	phone_free(p);
	h->signer_keyless = false;
	CHECK(house_count(h, "sign-timeouts") == before);
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	phone_free(p);
}

/* R28: a new server certificate costs no connection, and the next handshake has it. */
static void server_renewed(void)
{
	struct cert_spec spec = GOOD;
	struct phone *before = phone_new(h, &spec, NULL);
	unsigned n = 0;
	uint8_t old[2048];

	CHECK(phone_shake(h, before));
	const gnutls_datum_t *was = gnutls_certificate_get_peers(before->tls, &n);
	size_t old_n = was[0].size;
	CHECK(n == 2 && old_n < sizeof old);
	memcpy(old, was[0].data, old_n);
	phone_say(before, "\r\n\r\n");
	CHECK(phone_hear(h, before, "\r\n", 1000));
	phone_forget_text(before);
	house_renew_server(h);
	phone_say(before, "\r\n\r\n");
	CHECK(phone_hear(h, before, "\r\n", 1000));
	struct phone *p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	const gnutls_datum_t *is = gnutls_certificate_get_peers(p->tls, &n);
	CHECK(!span_eq(span_of(is[0].data, is[0].size), span_of(old, old_n)));
	phone_free(p);
	phone_free(before);
}

/* R31: handshakes that have begun end with the certificate that they began with; nobody is sent away. */
static void server_renewed_in_handshakes(void)
{
	enum { N = 8 };
	struct cert_spec spec = GOOD;
	struct phone *p[N];

	for (int i = 0; i < N; i++) {
		p[i] = phone_new(h, &spec, NULL);
		CHECK(gnutls_handshake(p[i]->tls) == GNUTLS_E_AGAIN);
	}
	house_pump(h, 100);
	house_renew_server(h);
	house_renew_server(h);
	for (int i = 0; i < N; i++) {
		unsigned n;
		CHECK(phone_shake(h, p[i]));
		const gnutls_datum_t *is = gnutls_certificate_get_peers(p[i]->tls, &n);
		CHECK(!house_is_server(span_of(is[0].data, is[0].size)));
		phone_say(p[i], "\r\n\r\n");
		CHECK(phone_hear(h, p[i], "\r\n", 1000));
		phone_free(p[i]);
	}
	struct phone *now = phone_new(h, &spec, NULL);
	unsigned n;
	CHECK(phone_shake(h, now));
	const gnutls_datum_t *is = gnutls_certificate_get_peers(now->tls, &n);
	CHECK(house_is_server(span_of(is[0].data, is[0].size)));
	phone_free(now);
}

/* R28: nor does the same one, told again by a signer that came back, cost a handshake. */
static void server_told_again(void)
{
	struct cert_spec spec = GOOD;
	struct phone *p = phone_new(h, &spec, NULL);

	CHECK(gnutls_handshake(p->tls) == GNUTLS_E_AGAIN);
	house_pump(h, 50);
	house_repeat_server(h);
	CHECK(phone_shake(h, p));
	phone_free(p);
}

/* A banned host gets no handshake; the phone that proved itself before stays (R13). */
static void banned_host(void)
{
	struct cert_spec spec = GOOD;
	struct msg_ban ban = {.until_ms = UINT64_MAX};

	addr_parse_ip(SPAN("127.5.5.5"), &ban.address);
	h->from_ip = 0x7f050505;
	struct phone *before = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, before));
	*(struct msg_ban *)ipc_begin(&h->core, MSG_BAN) = ban;
	ipc_end(&h->core);
	house_pump(h, 50);
	uint32_t signs = h->signs;
	struct phone *p = phone_new(h, &spec, NULL);
	CHECK(!phone_shake(h, p) && h->signs == signs);
	phone_free(p);
	phone_say(before, "\r\n\r\n");
	CHECK(phone_hear(h, before, "\r\n", 1000));
	h->from_ip = 0;
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	phone_free(p);
	ban.until_ms = 0;
	*(struct msg_ban *)ipc_begin(&h->core, MSG_BAN) = ban;
	ipc_end(&h->core);
	house_pump(h, 50);
	h->from_ip = 0x7f050505;
	p = phone_new(h, &spec, NULL);
	CHECK(phone_shake(h, p));
	h->from_ip = 0;
	phone_free(p);
	phone_free(before);
}

static void nobody_home(void)
{
	struct house_options o = {.no_core = true};
	struct cert_spec spec = GOOD;

	house_end(h);
	h = house_new(&o);
	struct phone *p = phone_new(h, &spec, NULL);
	for (int i = 0; i < 20; i++) {
		gnutls_handshake(p->tls);
		house_pump(h, 10);
	}
	CHECK(h->signs == 1); /* the try of the key, no handshake */
	/* core comes, and the phone that waited in the backlog gets in */
	house_link_core(h, true);
	CHECK(phone_shake(h, p));
	CHECK(house_take(h, MSG_FLOW_UP, 1000));
	phone_free(p);
}

/* R28: a certificate is taken up though signer was too slow to prove its key, the first one and the next, and no chain need come again. */
static void slow_signer(void)
{
	struct house_options o = {.no_signer = true};
	struct cert_spec spec = GOOD;
	unsigned n = 0;

	house_end(h);
	h = house_new(&o);
	for (int chain = 0; chain < 2; chain++) {
		uint32_t signs = h->signs;
		h->signer_late_n = 1;
		if (chain == 0)
			house_link_signer(h);
		else
			house_renew_server(h);
		house_pump(h, 200);
		CHECK(h->signs == signs + 1 && house_count(h, "sign-timeouts") == (uint64_t)chain + 1);
		struct phone *p = phone_new(h, &spec, NULL);
		CHECK(phone_shake(h, p) && h->signs == signs + 2);
		const gnutls_datum_t *is = gnutls_certificate_get_peers(p->tls, &n);
		CHECK(n == 2 && house_is_server(span_of(is[0].data, is[0].size)));
		phone_free(p);
	}
}

int main(void)
{
	struct house_options o = {0};

	h = house_new(&o);
	RUN(good_phone);
	RUN(with_its_ca);
	RUN(no_certificate);
	RUN(other_ca_same_name);
	RUN(self_signed);
	RUN(two_leaves);
	RUN(server_certificate);
	RUN(both_usages);
	RUN(no_usage);
	RUN(a_ca_as_phone);
	RUN(foreign_serial);
	RUN(not_valid_yet);
	RUN(unknown_device);
	RUN(impossible_device);
	RUN(revoked_device);
	RUN(suspended_device);
	RUN(old_epoch);
	RUN(old_tls);
	RUN(remembered);
	RUN(old_tls_of_a_named_phone);
	RUN(expired);
	RUN(valid_meanwhile);
	RUN(no_resumption);
	RUN(revoke_drops);
	RUN(plain_sip);
	RUN(slow_handshake);
	RUN(keyless_signer);
	RUN(server_renewed);
	RUN(server_renewed_in_handshakes);
	RUN(server_told_again);
	RUN(banned_host);
	RUN(nobody_home);
	RUN(silent_signer);
	RUN(slow_signer);
	house_end(h);
	return TEST_END;
}
