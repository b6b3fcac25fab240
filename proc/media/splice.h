/* SPDX-License-Identifier: ISC */
/* One outgoing stream made of many: the numbers of what is sent to an ended side go on without a break when its source changes
 * (voice, the other side, voice again), while losses and disorder within one source stay what they were. Pure. */
#ifndef MEDIA_SPLICE_H
#define MEDIA_SPLICE_H

#include <stdbool.h>
#include <stdint.h>

enum { SPLICE_DROPOUT = 3000 /* RFC 3550 A.1: a longer jump is a new beginning */ };

enum splice_who { SPLICE_NOBODY, SPLICE_OTHER, SPLICE_VOICE };

struct splice {
	uint32_t ssrc;
	uint32_t timestamp; /* of the newest packet */
	uint64_t next;      /* above every index that was sent */
	uint64_t sent_ms;   /* when the newest was; 0: none was yet */
	uint32_t rate;      /* clock of the newest, Hz */
	/* the source of now */
	uint32_t from_ssrc;
	uint64_t from_highest, first; /* its highest index; our first one for it */
	uint64_t index_offset;
	uint32_t timestamp_offset;
	uint32_t packets, octets; /* sent, for reports */
	uint8_t who;              /* enum splice_who */
};

/* A packet of a source, and then the same packet in our stream. index: the sequence number without its wraps. */
struct splice_packet {
	uint8_t who;
	bool marker;
	uint32_t ssrc, timestamp;
	uint64_t index;
	uint32_t rate; /* 0: as what came before (telephone-events) */
};

/* A stream that begins at random numbers; the index in the first half of a round (RFC 3711 3.3.1). */
void splice_begin(struct splice *s, uint32_t ssrc, uint16_t index, uint32_t timestamp);

/* The next packet takes up a new source, whatever it is. */
void splice_cut(struct splice *s);

/* Renumber. False: it comes from before the source that counts now, too late to be sent. */
bool splice_take(struct splice *s, struct splice_packet *p, uint64_t now_ms);

/* The stream's timestamp at this moment. */
uint32_t splice_now(const struct splice *s, uint64_t now_ms);

#endif
