/* SPDX-License-Identifier: ISC */
/* Session descriptions (RFC 8866) as typed fields. struct sdp is plain data without pointers: it travels by
 * value in messages between processes, where the receiver asks sdp_ok() first. Whatever has no field here
 * does not cross the exchange (R5): names, texts, ssrc, cname, mid, extmap, rtcp-fb and private attributes
 * are gone once parsed. */
#ifndef WIRE_SDP_H
#define WIRE_SDP_H

#include "base/addr.h"

enum {
	SDP_BYTES_MAX = 16384, /* longer bodies are refused unread */
	SDP_LINES_MAX = 400,
	SDP_MEDIA_MAX = 6,    /* m= lines */
	SDP_FORMATS_MAX = 64, /* formats of one m= line, before the allow-list */
	SDP_CODECS_MAX = 12,
	SDP_CRYPTO_MAX = 6,
	SDP_KEY_MAX = 46, /* AES_256_CM: 32 octets of key, 14 of salt */
	SDP_FINGERPRINTS_MAX = 2,
	SDP_CANDIDATES_MAX = 2, /* as many as we write; a lite agent asks nobody, and needs none of the phone's */
	SDP_UFRAG_MAX = 32,     /* RFC 8839 allows 256; phones send 4 to 16 */
	SDP_PWD_MAX = 64,
	SDP_PTIME_MAX = 200,        /* more is read as this */
	SDP_PTIME_SAID_MAX = 65535, /* and beyond this refused */
	SDP_TEXT_MAX = 5632,        /* sdp_write() never needs more */
	SDP_PACKED_MAX = 1536,      /* sdp_pack() neither */
	SDP_NO_AUDIO = 0xff
};

enum sdp_proto {
	SDP_PROTO_UNKNOWN,
	SDP_RTP_AVP,
	SDP_RTP_AVPF,
	SDP_RTP_SAVP,
	SDP_RTP_SAVPF,
	SDP_TLS_SAVP, /* UDP/TLS/RTP/SAVP */
	SDP_TLS_SAVPF,
	SDP_PROTO_N
};

/* As the one who wrote the description sees it. Bit 0: it sends, bit 1: it receives. */
enum sdp_direction { SDP_INACTIVE, SDP_SENDONLY, SDP_RECVONLY, SDP_SENDRECV, SDP_DIRECTION_N };

enum sdp_codec_kind { SDP_PCMU, SDP_PCMA, SDP_G722, SDP_OPUS, SDP_TELEPHONE_EVENT, SDP_CODEC_N };

/* Opus parameters that may cross (RFC 7587); usedtx never does, cbr=1 is always written (RFC 6562, R8). */
enum {
	SDP_OPUS_FEC = 1,          /* useinbandfec=1 */
	SDP_OPUS_STEREO = 2,       /* stereo=1 */
	SDP_OPUS_SPROP_STEREO = 4, /* sprop-stereo=1 */
	SDP_OPUS_CBR = 8,          /* the phone itself said cbr=1 */
	SDP_OPUS_FLAGS = 15
};

struct sdp_codec {
	uint8_t pt;    /* 0 - 127 */
	uint8_t codec; /* enum sdp_codec_kind */
	uint8_t channels;
	uint8_t opus_flags;
	uint32_t clock; /* of the rtpmap: G.722 says 8000; events 8000, 16000, 32000 or 48000 */
	uint32_t opus_max_average_bitrate, opus_max_playback_rate, opus_max_capture_rate; /* 0 = not said */
};

/* SDES suites (RFC 4568, 6188, 7714). Only the allowed ones stand in crypto[]; of the others the kind is
 * remembered in crypto_refused as 1 << kind, so that a refusal can say why. */
enum sdp_suite {
	SDP_AES_CM_128_HMAC_SHA1_80,
	SDP_AES_256_CM_HMAC_SHA1_80,
	SDP_AEAD_AES_128_GCM,
	SDP_AEAD_AES_256_GCM,
	SDP_SUITE_N
};

enum sdp_crypto_refusal {
	SDP_CRYPTO_NULL,   /* NULL cipher or authentication, UNENCRYPTED_ or UNAUTHENTICATED_ parameters */
	SDP_CRYPTO_TAG_32, /* 32-bit tags */
	SDP_CRYPTO_F8,
	SDP_CRYPTO_UNKNOWN, /* suite not known */
	SDP_CRYPTO_MKI,     /* MKI, several keys, or other session parameters */
	SDP_CRYPTO_OVER,    /* more allowed suites than SDP_CRYPTO_MAX */
	SDP_CRYPTO_REFUSAL_N
};

struct sdp_crypto {
	uint32_t tag;          /* at most 9 digits; each once */
	uint8_t suite;         /* enum sdp_suite */
	uint8_t key_len;       /* key and salt together, as the suite demands; not all zero */
	uint8_t lifetime_log2; /* 0 = not said */
	uint8_t key[SDP_KEY_MAX];
};

enum sdp_hash { SDP_SHA_1, SDP_SHA_256, SDP_SHA_384, SDP_SHA_512, SDP_HASH_N };

struct sdp_fingerprint {
	uint8_t hash;      /* enum sdp_hash; SHA-1 is weak: parsed, never written, no key method by itself */
	uint8_t bytes[64]; /* as many as the hash has, the rest 0; not all zero */
};

enum sdp_setup { SDP_SETUP_NONE, SDP_ACTPASS, SDP_ACTIVE, SDP_PASSIVE, SDP_HOLDCONN, SDP_SETUP_N };

enum sdp_candidate_type { SDP_HOST, SDP_SRFLX, SDP_PRFLX, SDP_RELAY, SDP_CANDIDATE_TYPE_N };

struct sdp_candidate {
	struct addr addr;
	uint32_t priority; /* 1 - 2^31-1 */
	uint8_t component; /* 1 RTP, 2 RTCP */
	uint8_t type;      /* enum sdp_candidate_type */
	char foundation[33];
};

struct sdp_audio {
	struct addr at;    /* c= and the port of m=; port 0: declined */
	struct addr rtcp;  /* a=rtcp (RFC 3605); family 0: not said, so the port after `at`. Only a port: the
			      ip of `at` */
	uint8_t proto;     /* enum sdp_proto */
	uint8_t direction; /* enum sdp_direction; hold by c=0.0.0.0 (without ICE) reads as not receiving */
	uint8_t rtcp_mux;  /* this and the other yes/no fields are 0 or 1 */
	uint8_t ptime_ms, maxptime_ms;          /* 0 = not said */
	uint8_t setup;                          /* enum sdp_setup */
	uint8_t tls_id;                         /* a=tls-id was there (its value does not cross) */
	uint8_t ice_lite, ice_trickle, ice_end; /* a=ice-lite, a=ice-options:trickle, a=end-of-candidates */
	uint8_t zrtp;                           /* zrtp_hash is there */
	uint8_t crypto_refused;                 /* mask of 1 << enum sdp_crypto_refusal */
	uint8_t codec_n, crypto_n, fingerprint_n, candidate_n;
	struct sdp_codec codec[SDP_CODECS_MAX]; /* in order of preference; what is not in the enum was dropped */
	struct sdp_crypto crypto[SDP_CRYPTO_MAX];
	struct sdp_fingerprint fingerprint[SDP_FINGERPRINTS_MAX];
	struct sdp_candidate candidate[SDP_CANDIDATES_MAX];          /* UDP only; those past the array were dropped */
	char ice_ufrag[SDP_UFRAG_MAX + 1], ice_pwd[SDP_PWD_MAX + 1]; /* both or none ("") */
	char zrtp_version[5];                                        /* "1.10" */
	uint8_t zrtp_hash[32];                                       /* SHA-256 of the Hello (RFC 6189, 8) */
};

/* What is needed to answer an m= line with port 0. */
struct sdp_line {
	char media[16], proto[24], format[24]; /* tokens; the first format only */
};

struct sdp {
	uint64_t id, version; /* of o= */
	uint8_t line_n;       /* m= lines, in the order of the offer */
	uint8_t audio_line;   /* index of the line that `audio` describes, or SDP_NO_AUDIO */
	struct sdp_line line[SDP_MEDIA_MAX];
	struct sdp_audio audio;
};

struct sdp_error {
	const char *reason; /* static, for operators */
	uint32_t offset;    /* of the line at fault, in octets */
};

/* Strict: v=, o= and s= first, CRLF (the last may be missing), no NUL or control octets, numbers with maxima, lines
 * and attributes that may stand once. But other lines stand in any order, with empty ones between and after them;
 * of packet times, directions, payload types, rtpmap and fmtp that stand twice the first counts; a codec whose
 * rtpmap nobody can read, or contradicts its static payload type, is left out, as are candidates of that kind. Of
 * several m=audio lines the first with keys and a port is `audio`, else the first with a port, else the first. On
 * false only *err is written. */
bool sdp_parse(struct span text, struct sdp *out, struct sdp_error *err) __attribute__((warn_unused_result));

/* Every count, enum and number in range, every token legal and terminated. For what came from a sibling. */
bool sdp_ok(const struct sdp *sdp) __attribute__((warn_unused_result));

/* Our own o=, s=- and t= and the fields above, nothing else; lines other than audio with port 0. False when
 * sdp_ok() is false or b is full. Opus always with cbr=1; SHA-1 fingerprints and a=tls-id are left out. */
bool sdp_write(struct buf *b, const struct sdp *sdp) __attribute__((warn_unused_result));

/* For keeping: the used part of each array alone, 200 to 500 octets. Only sdp_unpack() of the same build reads it; what
 * stands in it passed sdp_ok(). Octets written; false when packed is not what sdp_pack() writes. */
size_t sdp_pack(const struct sdp *sdp, uint8_t out[static SDP_PACKED_MAX]);
bool sdp_unpack(struct span packed, struct sdp *out) __attribute__((warn_unused_result));

/* Equal but for o=: both passed sdp_ok(). */
bool sdp_same_session(const struct sdp *a, const struct sdp *b);

/* Octets of key and salt of a suite; octets of a hash; 0 when out of range. */
uint8_t sdp_suite_key_len(uint8_t suite);
uint8_t sdp_hash_len(uint8_t hash);

const char *sdp_codec_name(uint8_t codec); /* "PCMU", ... "?" when out of range */
const char *sdp_suite_name(uint8_t suite);

#endif
