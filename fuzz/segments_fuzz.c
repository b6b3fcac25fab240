/* SPDX-License-Identifier: ISC */
/* TCP segments in any order: each is {sequence number's low 16 bits, flags, length, octets}. What is handed on never overlaps and
 * never grows past the buffer. */
#include "capture/tcp.h"
#include "fuzz.h"

static size_t taken;

static bool wants(void *arg, struct span s)
{
	(void)arg;
	return s.n > 0 && s.p[0] == 'I';
}

/* A message ends at a line end. */
static size_t take(void *arg, const struct packet *p, struct span s)
{
	(void)arg;
	(void)p;
	FUZZ_CHECK(s.n <= TCP_BUFFER);
	size_t at = span_find(s, '\n');
	taken += at < s.n ? at + 1 : 0;
	return at < s.n ? at + 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct tcp_reader reader = {.wants = wants, .take = take};
	static struct tcp t;
	size_t at = 0, given = 0;

	if (!tcp_init(&t))
		abort();
	taken = 0;
	while (n - at >= 4) {
		struct packet p = {.key = {.proto = PACKET_TCP, .sport = data[at + 2] & 3}};
		size_t len = data[at + 3];
		if (data[at + 2] & 0x80)
			len *= 16;
		p.seq = UINT32_MAX - 1000 + (uint32_t)(data[at] << 8 | data[at + 1]);
		p.syn = data[at + 2] & 4;
		p.fin = data[at + 2] & 8;
		at += 4;
		p.payload = span_head(span_of(data + at, n - at), len);
		at += p.payload.n;
		given += p.payload.n;
		tcp_add(&t, &p, &reader);
		for (int i = 0; i < TCP_STREAMS; i++) {
			FUZZ_CHECK(t.stream[i].ranges <= TCP_RANGES);
			for (unsigned k = 0; k < t.stream[i].ranges; k++)
				FUZZ_CHECK(t.stream[i].range[k].from < t.stream[i].range[k].to &&
					   t.stream[i].range[k].to <= TCP_BUFFER &&
					   (k == 0 || t.stream[i].range[k - 1].to < t.stream[i].range[k].from));
		}
	}
	FUZZ_CHECK(taken <= given);
	tcp_fini(&t);
	return 0;
}
