/* SPDX-License-Identifier: ISC */
/* Voicemail in voice: RTP payloads of a caller who is recorded, and pieces of a message that is said, again and again:
 * [what, more, length low, high, octets...]. A piece is sealed as voice does it when `what` says so; one that is not is never heard. */
#include "fuzz.h"
#include "mail.h"
#include <nettle/gcm.h>
#include <string.h>

enum { PIECE = 1, SEALED = 2, OTHER_MESSAGE = 4, RECORD_MS = 4000, SILENCE_MS = 3000, TOKEN = 5, READ = 320 };

static const uint8_t key[MAIL_KEY] = {1, 2, 3};
static bool given, over;
static enum voice_rate rate; /* that of the call */

static void hear(struct mail *m, uint8_t what, uint8_t more, struct span payload)
{
	static uint32_t timestamp;

	timestamp += (uint32_t)(int32_t)(int8_t)more * 160;
	(void)mail_hear(m, (uint8_t)((what >> 1) % SDP_CODEC_N), timestamp, payload);
}

static struct span sealed(uint32_t at, struct span octets, uint8_t *out)
{
	const uint8_t nonce[GCM_IV_SIZE] = {0, 0, 0, (uint8_t)at};
	struct gcm_aes256_ctx gcm;

	gcm_aes256_set_key(&gcm, key);
	gcm_aes256_set_iv(&gcm, sizeof nonce, nonce);
	gcm_aes256_encrypt(&gcm, octets.n, out, octets.p);
	gcm_aes256_digest(&gcm, GCM_DIGEST_SIZE, out + octets.n);
	return span_of(out, octets.n + GCM_DIGEST_SIZE);
}

/* As a message of ledger's that passed the contract's check. */
static void say(struct mail *m, uint8_t what, uint8_t more, struct span octets)
{
	static uint8_t mem[MAIL_SECOND + GCM_DIGEST_SIZE];
	uint32_t at = more & 3;
	struct span piece = what & SEALED ? sealed(at, span_head(octets, MAIL_SECOND), mem) : span_head(octets, MAIL_PIECE_MAX);
	struct msg_mail_piece p = {
	    .token = what & OTHER_MESSAGE ? TOKEN + 1 : TOKEN, .at = at, .piece = {0, (uint32_t)piece.n}};
	const struct ipc_view v = {.type = MSG_MAIL_PIECE, .payload = &p, .tail = piece, .fd = -1};
	int16_t out[READ];

	FUZZ_CHECK(!ipc_check(MSG_MAIL_PIECE, &p, piece));
	given |= (what & SEALED) && p.token == TOKEN;
	mail_on_piece(NULL, &v);
	for (uint32_t i = 0, got = READ; i < 8000 && got == READ; i += READ) {
		got = mail_read(m, rate, out, READ);
		FUZZ_CHECK(got <= READ && (!over || got == 0));
		for (uint32_t j = 0; j < got; j++)
			FUZZ_CHECK(out[j] == 0 || given);
		over = got < READ;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool ready;

	if (!ready)
		mail_init();
	ready = true;
	given = over = false;
	struct msg_turn t = {.token = 1, .message = 1, .record_ms = RECORD_MS, .silence_ms = SILENCE_MS};
	struct mail *recorded = mail_take(&t);
	t = (struct msg_turn){.token = TOKEN, .message = 2};
	memcpy(t.message_key, key, sizeof key);
	struct mail *said = mail_take(&t);
	FUZZ_CHECK(recorded && said);
	mail_rewind(said);
	rate = n > 1 && data[1] & 0x80 ? RATE_16K : RATE_8K;
	while (n >= 4) {
		size_t length = data[2] | (size_t)data[3] << 8;
		struct span octets = span_head(span_of(data + 4, n - 4), length);
		if (data[0] & PIECE)
			say(said, data[0], data[1], octets);
		else
			hear(recorded, data[0], data[1], octets);
		data += 4 + octets.n;
		n -= 4 + octets.n;
	}
	mail_release(recorded);
	mail_release(said);
	return 0;
}
