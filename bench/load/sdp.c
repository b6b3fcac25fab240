/* SPDX-License-Identifier: ISC */
#include "sdp.h"
#include "base/buf.h"
#include "base/rand.h"
#include "load.h"

enum { KEY_AND_SALT = 30, KEY_TEXT_CAP = 48, PORT_FIRST = 20000, PORTS_N = 6000 };

size_t sdp_write(uint16_t port, char out[static SDP_MAX])
{
	uint8_t key[KEY_AND_SALT];
	char key_text[KEY_TEXT_CAP];
	struct buf b = buf_of(key_text, sizeof(key_text));
	int n;

	rand_bytes(key, sizeof(key));
	buf_base64(&b, key, sizeof(key));
	n = snprintf(out, SDP_MAX,
	    "v=0\r\n"
	    "o=- 1 1 IN IP4 %s\r\n"
	    "s=-\r\n"
	    "c=IN IP4 %s\r\n"
	    "t=0 0\r\n"
	    "m=audio %u RTP/SAVP 0\r\n"
	    "a=rtpmap:0 PCMU/8000\r\n"
	    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n"
	    "a=rtcp-mux\r\n"
	    "a=sendrecv\r\n",
	    load.opt.address, load.opt.address, port, buf_cstr(&b));
	return (size_t)n;
}

uint16_t sdp_port(uint32_t phone)
{
	if (load.opt.media != 0)
		return (uint16_t)(load.opt.media + phone % 2);
	return (uint16_t)(PORT_FIRST + 2 * (phone % PORTS_N));
}

/* What follows the first occurrence of this in the session description, up to the end of the line or a blank.
 */
static struct span word_after(struct span sdp, struct span start)
{
	const uint8_t *at = sdp.n ? memmem(sdp.p, sdp.n, start.p, start.n) : NULL;
	struct span rest = at ? span_skip(sdp, (size_t)(at - sdp.p) + start.n) : span_of(NULL, 0);

	return span_head(span_head(rest, span_find(rest, '\r')), span_find(rest, ' '));
}

bool sdp_target(struct span sdp, char host[static SDP_HOST_MAX], uint16_t *port)
{
	uint64_t n;

	if (!span_decimal(word_after(sdp, SPAN("m=audio ")), 65535, &n))
		return false;
	*port = (uint16_t)n;
	return n > 0 && span_cstr(word_after(sdp, SPAN("c=IN IP4 ")), host, SDP_HOST_MAX);
}
