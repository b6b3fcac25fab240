/* SPDX-License-Identifier: ISC */
#include "wire/dtls.h"

/* What an end has sent. */
enum { CLIENT_HELLO = 1, CIPHER_CHANGE = 2, SEALED_HANDSHAKE = 4, EPOCH_2 = 8, EPOCH_3 = 16, TICKET = 32 };

enum { ALERT_FATAL = 2 };

static void begin(struct dtls_watch *w, unsigned server, const uint8_t random[8])
{
	w->server = (uint8_t)(1 + server);
	memcpy(w->hello, random, sizeof w->hello);
	w->seen[0] &= CLIENT_HELLO;
	w->seen[1] &= CLIENT_HELLO;
}

static void see_server_hello(struct dtls_watch *w, unsigned from, const struct dtls_handshake *m)
{
	struct dtls_server_hello h;

	if (m->fragment_at != 0 || m->fragment.n != m->length || !dtls_server_hello(m->fragment, &h) || h.retry)
		return;
	if (!(w->seen[1 - from] & CLIENT_HELLO) || w->done)
		return;
	if (w->server != 1 + from || memcmp(w->hello, h.random, sizeof w->hello) != 0)
		begin(w, from, h.random);
	w->version = h.version;
	w->profile = h.srtp_profile;
	w->ticket = h.ticket;
	w->refused = h.version != DTLS_1_3 && dtls_profile_tag_len(h.srtp_profile) == 0;
}

static void see_handshake(struct dtls_watch *w, unsigned from, struct span body)
{
	struct cursor c = cursor_of(body);
	struct dtls_handshake m;

	while (dtls_next_handshake(&c, &m)) {
		if (m.type == DTLS_CLIENT_HELLO)
			w->seen[from] |= CLIENT_HELLO;
		else if (m.type == DTLS_SERVER_HELLO)
			see_server_hello(w, from, &m);
		else if (m.type == DTLS_NEW_SESSION_TICKET && m.fragment_at + m.fragment.n == m.length)
			w->seen[from] |= TICKET;
	}
}

static void see_alert(struct dtls_watch *w, unsigned from, struct span body)
{
	if (body.n == 2 && body.p[0] == ALERT_FATAL && !dtls_watch_done(w, from))
		w->failed |= (uint8_t)(1U << from);
}

/* Before the ServerHello nothing of a later flight counts: it would belong to another association. */
static void see_record(struct dtls_watch *w, unsigned from, const struct dtls_record *r)
{
	if (r->type == DTLS_HANDSHAKE && r->epoch == 0)
		see_handshake(w, from, r->body);
	else if (r->type == DTLS_ALERT && r->epoch == 0)
		see_alert(w, from, r->body);
	else if (!w->server)
		return;
	else if (r->type == DTLS_CHANGE_CIPHER_SPEC && r->epoch == 0 && r->body.n == 1 && r->body.p[0] == 1)
		w->seen[from] |= CIPHER_CHANGE;
	else if (r->type == DTLS_HANDSHAKE && r->epoch == 1)
		w->seen[from] |= SEALED_HANDSHAKE;
	else if (r->type == DTLS_CIPHERTEXT && r->epoch == 2)
		w->seen[from] |= EPOCH_2;
	else if (r->type == DTLS_CIPHERTEXT && r->epoch == 3)
		w->seen[from] |= EPOCH_3;
}

/* RFC 6347, 4.2.4: the last flight is [NewSessionTicket], ChangeCipherSpec, Finished. Its receiver has
 * changed its own cipher before; the end that sends it shows by it that it has accepted all that came before.
 */
static bool keyed_1_2(const struct dtls_watch *w, unsigned end)
{
	uint8_t needed = CIPHER_CHANGE | SEALED_HANDSHAKE;

	if (w->ticket && w->server == 2 - end)
		needed |= TICKET;
	return (w->seen[1 - end] & needed) == needed && (w->seen[end] & CIPHER_CHANGE);
}

/* RFC 9147, 5.8.4: the server acknowledges the client's last flight, in epoch 3. */
static bool keyed_1_3(const struct dtls_watch *w, unsigned end)
{
	unsigned client = 2U - w->server;
	bool acknowledged = (w->seen[client] & EPOCH_2) && (w->seen[1 - client] & EPOCH_3);

	return (w->seen[end] & EPOCH_3 && w->seen[client] & EPOCH_2) || (end == client && acknowledged);
}

static bool keyed(const struct dtls_watch *w, unsigned end)
{
	if (!w->server || w->refused)
		return false;
	return w->version == DTLS_1_3 ? keyed_1_3(w, end) : keyed_1_2(w, end);
}

uint8_t dtls_watch_feed(struct dtls_watch *w, unsigned from, struct span datagram)
{
	struct cursor c = cursor_of(datagram);
	struct dtls_record r;
	uint8_t before = w->done;

	from &= 1;
	while (dtls_next_record(&c, &r))
		see_record(w, from, &r);
	for (unsigned end = 0; end < 2; end++)
		if (keyed(w, end))
			w->done |= (uint8_t)(1U << end);
	return w->done & (uint8_t)~before;
}
