/* SPDX-License-Identifier: ISC */
/* DTLS and ZRTP beside the media of a flow. */
#include "audit/audit.h"
#include "wire/rtp.h"

static struct keying *of(struct audit *a, struct flow *f)
{
	if (f->keying == NONE)
		f->keying = table_take(&a->keyings);
	a->count.flows_left += f->keying == NONE;
	return f->keying == NONE ? NULL : &a->keying[f->keying];
}

static void note_hello(struct keying *k, const struct dtls_record *r)
{
	struct cursor c = cursor_of(r->body);
	struct dtls_handshake m;
	struct dtls_server_hello h;

	while (r->type == DTLS_HANDSHAKE && r->epoch == 0 && dtls_next_handshake(&c, &m))
		if (m.type == DTLS_SERVER_HELLO && m.fragment_at == 0 && m.fragment.n == m.length &&
		    dtls_server_hello(m.fragment, &h) && !h.retry)
			memcpy(k->hello, h.random, sizeof k->hello);
}

static void dtls(struct audit *a, struct flow *f, unsigned end, struct span d, uint32_t now)
{
	struct cursor c = cursor_of(d);
	struct dtls_record record;
	struct keying *k;

	if (!dtls_next_record(&c, &record) || !(k = of(a, f)))
		return;
	k->dtls_n++;
	do {
		note_hello(k, &record);
		k->sealed |= (uint8_t)((record.epoch > 0 || record.type == DTLS_CIPHERTEXT) << end);
	} while (dtls_next_record(&c, &record));
	dtls_watch_feed(&k->dtls, end, d);
	if (!k->done_ms && k->sealed == 3) /* in whatever order they were captured */
		k->done_ms = now;
}

static void zrtp(struct audit *a, struct flow *f, unsigned end, struct span d, uint32_t now)
{
	struct zrtp z;
	struct keying *k;

	if (!zrtp_parse(d, &z) || !(k = of(a, f)))
		return;
	k->zrtp_n++;
	zrtp_watch_feed(&k->zrtp, end, d);
	if (!k->done_ms && k->zrtp.open)
		k->done_ms = now;
}

void keying_add(struct audit *a, struct flow *f, unsigned to_hi, const struct packet *p, unsigned kind)
{
	uint32_t now = audit_ms(a, p->time_us);

	if (kind == WIRE_DTLS)
		dtls(a, f, !to_hi, p->payload, now);
	else
		zrtp(a, f, !to_hi, p->payload, now);
}
