/* SPDX-License-Identifier: ISC */
/* What the scenes of the labelled set are made of: who says what to whom, and the media of both. */
#ifndef AUDIT_SCENE_SAY_H
#define AUDIT_SCENE_SAY_H

#include "audit_scene.h"
#include "base/buf.h"

enum { ALICE = 11, BOB = 12, PBX = 1, PROXY = 2, CAROL = 13, SIP_PORT = 5060, ACK = 0x10, SYN = 2 };

/* One hop of signalling. */
struct hop {
	struct made *m;
	uint8_t host[2]; /* caller, called */
	const char *call_id, *from, *to, *device[2];
	bool tcp, web; /* web: the caller masks, as RFC 6455 has it */
	uint32_t seq[2];
	unsigned vias;
};

extern const char fingerprint[], zrtp_hash[];

void say(struct hop *h, unsigned by, const char *text);
/* start: a request line or a status line, with more fields behind it if need be; body: a session description, or NULL */
void message(struct hop *h, unsigned by, const char *start, const char *method, bool answered, const char *body);
const char *sdp(struct made *m, uint8_t host, uint16_t port, const char *profile, const char *more);
const char *crypto(unsigned key, const char *suite);
void set_up(struct hop *h, const char *offer, const char *answer);
void hang_up(struct hop *h);
struct hop hop(struct made *m, uint8_t caller, uint8_t called, const char *call_id);
struct made_media pcmu(uint8_t from, uint16_t port, uint8_t to, uint16_t to_port, uint32_t ssrc);
struct made_media back(const struct made_media *a);
void direct(struct made *m, const char *offer_profile, const char *offer, const char *answer_profile, const char *answer, struct made_media *a, struct made_media *b, struct hop *h);
void set_keys(struct srtp *s, unsigned key);

/* --- audit_scene_web.c --- */
void web_sip(struct made *m);
void tls_alpn(struct made *m);
void tls_name(struct made *m);
void tls_beside(struct made *m);
void tls_else(struct made *m);
void wss(struct made *m);

void rtcp_beside(struct made *m);
void rtcp_next_port(struct made *m);
void srtcp_beside(struct made *m);
void rtcp_in_clear_call(struct made *m);

/* --- audit_scene_sound.c --- */
void said_in_pcmu(struct made *m);
void said_in_pcma(struct made *m);
void said_in_g722(struct made *m);
void said_in_opus(struct made *m);
void said_in_g722_under_sdes(struct made *m);
void said_in_opus_under_sdes(struct made *m);

#endif
