/* SPDX-License-Identifier: ISC */
/* media in its cage with the test as core, voice and signer, and phones that speak SRTP on real sockets. */
#ifndef TEST_MEDIA_HOUSE_H
#define TEST_MEDIA_HOUSE_H

#include "media/end.h"
#include "stage.h"
#include "vault/p256.h"

enum {
	HOUSE_LO = 31200,
	HOUSE_ROWS = 8,
	HOUSE_SILENCE_MS = 250, /* nothing came for so long: nothing will */
	HOUSE_ARRIVAL_MS = 5000,
};

struct phone {
	int fd;
	struct addr addr;
	uint16_t port; /* of media, where it sends to */
	bool clear;    /* plain RTP */
	enum sdp_suite suite;
	uint8_t ours[SDP_KEY_MAX], theirs[SDP_KEY_MAX];
	struct srtp out, in;
	uint32_t ssrc, timestamp;
	uint64_t index; /* of the next packet */
	/* the last packet that it could open */
	struct rtp got;
	uint64_t got_index;
	uint8_t payload[1500];
	size_t payload_n;
	uint64_t unopened; /* packets that came and were not sealed for it: a failure of any test */
};

struct house {
	struct stage s;
	/* before house_open() */
	uint32_t rows;                  /* 0: HOUSE_ROWS */
	const char *host;               /* our media address; NULL: one of loopback */
	int arena;                      /* 0: a fresh one */
	int (*socket)(void);            /* of a phone; NULL: here */
	void (*begun)(struct stage *s); /* media began; NULL: nothing more to say to it */
	struct link *core, *voice, *signer;
	struct relay_spec spec;
	struct p256_key *key;
	uint8_t cert[400];
	size_t cert_n;
	bool mute_signer;
	/* what media said */
	uint32_t gates, failed, forged, told;
	uint64_t gate_join, failed_join;
	uint8_t gate_key, failed_why, fingerprint[32];
	struct msg_relay_counts counts;
	struct {
		uint32_t n;
		uint64_t join;
		uint8_t side, codec;
		uint32_t timestamp;
		uint8_t payload[AUDIO_MAX];
		size_t payload_n;
	} heard;
};

extern struct house house;

/* exe: ringfence-media. The arena outlives kills. */
bool house_open(const char *exe);
bool house_start(void);
void house_end(void);
/* It lives, and has done all that it was told. */
bool house_settle(void);
uint64_t house_counter(const char *name);
/* The counter comes to stand at n, and not above. */
bool house_counts(const char *name, uint64_t n);

void phone_open(struct phone *p, const char *ip);
/* New keys of this suite, a new stream. */
void phone_begin(struct phone *p, enum sdp_suite suite);
/* Send the next packet of its stream: n octets of `fill` behind payload type pt. */
void phone_say(struct phone *p, uint8_t pt, uint8_t fill, size_t n);
/* The same packet, sealed but not sent. */
size_t phone_seal(struct phone *p, uint8_t pt, uint8_t fill, size_t n, uint8_t *room);
void phone_send(const struct phone *p, const void *octets, size_t n);
/* The next packet of RTP within the time, opened. RTCP is set aside. */
bool phone_hears_within(struct phone *p, int ms);
/* The next datagram, as it is; 0: none came. */
size_t phone_receive(struct phone *p, uint8_t *room, size_t cap, int ms);

/* The wish: row `at`, its sides as these phones have them, PCMU and telephone-events. NULL: that side is missing. */
void house_wish(uint32_t at, const struct phone *a, const struct phone *b);
void house_send_wish(uint64_t join);
/* media says that the row is usable (it may take a moment to say so). */
bool house_gate(uint64_t join);
void house_close(uint64_t join);
/* One packet from each to the other. */
bool house_talks(struct phone *a, struct phone *b);
bool house_says(struct phone *from, struct phone *to, uint8_t fill);

#endif
