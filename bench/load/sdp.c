/* SPDX-License-Identifier: ISC */
#include "sdp.h"
#include "base/buf.h"
#include "base/rand.h"
#include <stdio.h>

enum { KEY_AND_SALT = 30, KEY_TEXT_CAP = 48, PORT_FIRST = 20000, PORTS_N = 6000 };

size_t sdp_write(uint32_t phone, char out[static SDP_MAX])
{
	uint8_t key[KEY_AND_SALT];
	char key_text[KEY_TEXT_CAP];
	struct buf b = buf_of(key_text, sizeof(key_text));
	int n;

	rand_bytes(key, sizeof(key));
	buf_base64(&b, key, sizeof(key));
	n = snprintf(out, SDP_MAX,
	    "v=0\r\n"
	    "o=- 1 1 IN IP4 127.0.0.1\r\n"
	    "s=-\r\n"
	    "c=IN IP4 127.0.0.1\r\n"
	    "t=0 0\r\n"
	    "m=audio %u RTP/SAVP 0\r\n"
	    "a=rtpmap:0 PCMU/8000\r\n"
	    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n"
	    "a=rtcp-mux\r\n"
	    "a=sendrecv\r\n",
	    PORT_FIRST + 2 * (phone % PORTS_N), buf_cstr(&b));
	return (size_t)n;
}
