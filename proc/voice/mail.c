/* SPDX-License-Identifier: ISC */
#include "mail.h"
#include "audio/decode.h"
#include "base/log.h"
#include "base/secret.h"
#include "codec.h"
#include <nettle/gcm.h>
#include <spandsp/telephony.h>
#include <spandsp/bit_operations.h>
#include <spandsp/g711.h>
#include <stdlib.h>

enum {
	TAG = GCM_DIGEST_SIZE,
	GAP_MAX = 5 * MAIL_SECOND,  /* what is missing longer was never said */
	LATE_MAX = 3 * MAIL_SECOND, /* samples of silence before a piece counts as lost */
	LEAST_MS = 1000,
	QUIET = 150, /* mean of the samples' size */
};

struct piece {
	bool there;
	uint32_t n;
	uint8_t octets[MAIL_SECOND];
};

struct mail {
	bool used, records;
	uint64_t token, join, message;
	struct gcm_aes256_ctx gcm;
	uint32_t at;           /* of the piece at hand */
	uint32_t done;         /* octets of it that were said */
	uint32_t asked, end;   /* said: the one that was asked for; the first that there is not */
	uint32_t late;         /* samples of silence while it was waited for */
	struct piece piece[2]; /* at & 1: the next one comes while one is said; recorded: the first alone */
	int16_t last;          /* sample, between which and the next another is made at 16 kHz */
	bool half;
	/* recorded */
	bool begun;
	uint32_t next_ts; /* of RTP */
	uint64_t samples, most, quiet, quiet_most;
	bool loud; /* something was said */
	struct decoder *decoder;
};

static struct mail *table;
static uint32_t used, peak;
static uint64_t refused;
static uint64_t recorded, said, bad, lost;

void mail_init(void)
{
	size_t each = decoder_size();
	uint8_t *decoders = calloc(VOICE_MAILS_MAX, each);

	table = calloc(VOICE_MAILS_MAX, sizeof *table);
	if (!table || !decoders)
		log_fatal("no memory for messages");
	for (int i = 0; i < VOICE_MAILS_MAX; i++)
		table[i].decoder = (struct decoder *)(void *)(decoders + (size_t)i * each);
}

/* Each key seals each piece once. */
static void set_nonce(struct mail *m, uint32_t at)
{
	uint8_t nonce[GCM_IV_SIZE] = {(uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};

	gcm_aes256_set_iv(&m->gcm, sizeof nonce, nonce);
}

struct mail *mail_take(const struct msg_turn *t)
{
	struct mail *m = NULL;

	for (int i = 0; i < VOICE_MAILS_MAX && !m; i++)
		m = table[i].used ? NULL : &table[i];
	if (!m) {
		refused++;
		return NULL;
	}
	peak = ++used > peak ? used : peak;
	struct decoder *d = m->decoder;
	*m = (struct mail){.used = true,
	    .records = t->record_ms > 0,
	    .token = t->token,
	    .join = t->join,
	    .message = t->message,
	    .most = t->record_ms * (uint64_t)(MAIL_SECOND / 1000),
	    .quiet_most = t->silence_ms * (uint64_t)(MAIL_SECOND / 1000),
	    .decoder = d};
	memset(d, 0, decoder_size());
	gcm_aes256_set_key(&m->gcm, t->message_key);
	return m;
}

/* --- recorded --- */

static void put(struct mail *m)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct piece *made = &m->piece[0];
	struct msg_mail_put *p = ledger && made->n ? ipc_begin(ledger, MSG_MAIL_PUT) : NULL;
	uint8_t sealed[MAIL_PIECE_MAX];

	if (p) {
		set_nonce(m, m->at);
		gcm_aes256_encrypt(&m->gcm, made->n, sealed, made->octets);
		gcm_aes256_digest(&m->gcm, TAG, sealed + made->n);
		p->message = m->message;
		p->at = m->at;
		p->piece = ipc_put(ledger, span_of(sealed, made->n + TAG));
		ipc_end(ledger);
	} else {
		lost += made->n > 0;
	}
	m->at++;
	made->n = 0;
}

static void finish(struct mail *m)
{
	put(m);
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_mail_end *e = ledger ? ipc_begin(ledger, MSG_MAIL_END) : NULL;
	uint64_t ms = m->samples / (MAIL_SECOND / 1000);

	if (!e)
		return;
	e->token = m->join;
	e->message = m->message;
	e->length_ms = m->loud && ms >= LEAST_MS ? (uint32_t)ms : 0;
	ipc_end(ledger);
	recorded += e->length_ms > 0;
}

void mail_release(struct mail *m)
{
	if (!m)
		return;
	if (m->records)
		finish(m);
	used--;
	struct decoder *d = m->decoder;
	secret_wipe(m, sizeof *m);
	secret_wipe(d, decoder_size());
	m->decoder = d;
}

static void add(struct mail *m, const int16_t *in, size_t n)
{
	struct piece *made = &m->piece[0];

	for (size_t i = 0; i < n && m->samples < m->most; i++, m->samples++) {
		made->octets[made->n++] = linear_to_ulaw(in ? in[i] : 0);
		if (made->n == MAIL_SECOND)
			put(m);
	}
}

static bool is_quiet(const int16_t *in, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)abs(in[i]);
	return sum <= (uint64_t)n * QUIET;
}

bool mail_hear(struct mail *m, uint8_t codec, uint32_t timestamp, struct span payload)
{
	int16_t samples[DECODE_MAX];
	uint32_t clock = codec_clock(codec) / MAIL_SECOND;

	if (!m->records || codec >= SDP_TELEPHONE_EVENT)
		return false;
	int32_t gap = m->begun ? (int32_t)(timestamp - m->next_ts) / (int32_t)clock : 0;
	if (gap < 0 && gap > -GAP_MAX) /* too late */
		return false;
	size_t n = decoder_payload(m->decoder, codec, payload, samples);
	if (n == 0) {
		bad++;
		return false;
	}
	if (gap > 0 && gap <= GAP_MAX)
		add(m, NULL, (size_t)gap);
	m->begun = true;
	m->next_ts = timestamp + (uint32_t)n * clock;
	bool quiet = is_quiet(samples, n);
	m->quiet = quiet ? m->quiet + n : 0;
	m->loud |= !quiet;
	add(m, samples, n);
	return m->samples >= m->most || (m->quiet_most && m->quiet >= m->quiet_most);
}

/* --- said --- */

static void ask(struct mail *m, uint32_t at)
{
	struct link *ledger = child_link(PROC_LEDGER, 0);
	struct msg_mail_get *g = ledger ? ipc_begin(ledger, MSG_MAIL_GET) : NULL;

	m->asked = at;
	m->piece[at & 1].there = false;
	if (!g)
		return; /* late, and then over */
	g->token = m->token;
	g->message = m->message;
	g->at = at;
	ipc_end(ledger);
}

void mail_rewind(struct mail *m)
{
	m->at = m->done = m->late = 0;
	m->end = UINT32_MAX;
	m->half = false;
	m->last = 0;
	if (!m->records)
		ask(m, 0);
}

static bool open_piece(struct mail *m, struct span piece)
{
	struct piece *p = &m->piece[m->asked & 1];
	uint8_t tag[TAG];

	if (piece.n <= TAG || piece.n > MAIL_SECOND + TAG)
		return false;
	p->n = (uint32_t)(piece.n - TAG);
	set_nonce(m, m->asked);
	gcm_aes256_decrypt(&m->gcm, p->n, p->octets, piece.p);
	gcm_aes256_digest(&m->gcm, TAG, tag);
	p->there = secret_eq(tag, piece.p + p->n, TAG);
	bad += !p->there;
	return p->there;
}

void mail_on_piece(struct link *from, const struct ipc_view *v)
{
	const struct msg_mail_piece *p = v->payload;

	(void)from;
	for (int i = 0; i < VOICE_MAILS_MAX; i++) {
		struct mail *m = &table[i];
		if (!m->used || m->records || m->token != p->token || m->asked != p->at ||
		    m->piece[m->asked & 1].there || m->asked >= m->end) /* given up */
			continue;
		if (!open_piece(m, ipc_str(v, p->piece)))
			m->end = m->asked;
		said += p->at == 0 && m->end > 0;
		if (m->asked == m->at && m->at < m->end)
			ask(m, m->at + 1);
		return;
	}
}

static bool next(struct mail *m, int16_t *out)
{
	struct piece *p = &m->piece[m->at & 1];

	if (m->at < m->end && p->there && m->done == p->n) {
		p = &m->piece[++m->at & 1];
		m->done = m->late = 0;
		if (m->at < m->end && p->there)
			ask(m, m->at + 1);
	}
	if (m->at >= m->end)
		return false;
	*out = 0;
	if (p->there)
		*out = ulaw_to_linear(p->octets[m->done++]);
	else if (++m->late >= LATE_MAX)
		m->end = m->at;
	return true;
}

uint32_t mail_read(struct mail *m, enum voice_rate rate, int16_t *out, uint32_t n)
{
	int16_t sample;

	for (uint32_t i = 0; i < n; i++) {
		if (rate == RATE_16K && m->half) {
			out[i] = m->last;
			m->half = false;
			continue;
		}
		if (!next(m, &sample))
			return i;
		out[i] = sample;
		if (rate == RATE_16K)
			out[i] = (int16_t)((m->last + sample) / 2);
		m->last = sample;
		m->half = true;
	}
	return n;
}

void mail_status(struct proc_status *s)
{
	status_add(s, "messages", STATUS_POOL, used, VOICE_MAILS_MAX, peak, refused);
	status_counter(s, "messages-recorded", recorded);
	status_counter(s, "messages-said", said);
	status_counter(s, "messages-bad", bad);
	status_counter(s, "messages-lost", lost);
}
