/* SPDX-License-Identifier: ISC */
/* What the audit keeps while captures pass by, all in tables whose size is fixed at start: packets are counted, never kept
 * (but one sample a stream, for the proof of keys), and judged at the end, so that their order matters little. */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "base/map.h"
#include "capture/packet.h"
#include "capture/tcp.h"
#include "wire/digest.h"
#include "wire/dtls.h"
#include "wire/sdp.h"
#include "wire/sip_token.h"
#include "wire/zrtp.h"

/* Fuzzers work with small tables, so that these are full at times. */
#ifndef AUDIT_SHRINK
#define AUDIT_SHRINK 0
#endif

enum audit_limits {
	FLOWS_MAX = 131072 >> AUDIT_SHRINK,
	STREAMS_MAX = 98304 >> AUDIT_SHRINK,
	SAMPLES_MAX = 24576 >> AUDIT_SHRINK,
	KEYINGS_MAX = 32768 >> AUDIT_SHRINK,
	LEGS_MAX = 32768 >> AUDIT_SHRINK,
	ENDPOINTS_MAX = 65536 >> AUDIT_SHRINK,
	KEYS_MAX = 32768 >> AUDIT_SHRINK,
	HOSTS_MAX = 32768 >> AUDIT_SHRINK,
	STRINGS_MAX = 65536 >> AUDIT_SHRINK,
	STRING_OCTETS = (2 * 1024 * 1024) >> AUDIT_SHRINK,
	EDGES_MAX = 32768 >> AUDIT_SHRINK,
	TLS_PAIRS_MAX = 16384 >> AUDIT_SHRINK,
	FILES_MAX = 64,
	SAMPLE_MAX = 334,
	LENGTHS_MAX = 8,     /* kinds of packets of a stream that are told apart */
	STREAMS_OF_FLOW = 8, /* in one direction: holds and transfers begin new ones */
	STREAM_LEAST = 8,    /* packets in a row that make a stream without signalling */
	SAMPLED_ALL = 64,    /* whose payload is looked at one by one; after them each 32nd */
	SAMPLED_MAX = 1024,
	SAMPLED_OCTETS = 32,
	TEXT_MAX = 255,
};

enum { NONE = 0 }; /* indexes begin at 1 */

/* --- media --- */

/* Packets of one payload type and length: by these, clear and encrypted ones of a codec with frames of fixed size differ. */
struct length {
	uint16_t len;
	uint8_t pt;
	uint32_t n, first_ms, last_ms;
};

/* One SSRC in one direction of a flow. */
struct stream {
	uint32_t next, flow, ssrc, n;
	uint32_t advanced; /* packets that were ahead of all before: a mirror may show each twice */
	uint32_t in_row;   /* packets whose number follows that of the one before, nearly */
	uint32_t last_ts, step, step_n, gaps;
	uint32_t others, others_pt; /* packets that found no place in length[] */
	uint32_t early;             /* packets before a handshake beside it ended */
	uint32_t first_ms, last_ms;
	uint32_t sample; /* of struct sample */
	uint16_t last_seq, first_seq;
	uint16_t sampled;
	uint8_t to_hi;    /* direction in its flow */
	bool keyed;       /* a handshake beside it has ended */
	bool early_clear; /* what came before that was clear */
	struct length length[LENGTHS_MAX];
	uint16_t all[16], first[16]; /* high nibbles of sampled payloads, and of their first octets */
};

struct sample {
	uint16_t n;
	uint8_t data[SAMPLE_MAX];
};

/* Handshakes beside the media of a flow. */
struct keying {
	struct dtls_watch dtls;
	struct zrtp_watch zrtp;
	uint8_t hello[8]; /* random of the DTLS ServerHello, whatever came before it */
	uint8_t sealed;   /* mask of the ends that sent under new keys */
	uint32_t dtls_n, zrtp_n;
	uint32_t done_ms; /* 0: not yet */
};

/* Both directions between two ports; in the key the lower end is src. */
struct flow {
	struct flow_key key;
	uint32_t stream[2]; /* the latest; [1]: sent by the lower end */
	uint32_t keying;
	uint32_t first_ms, last_ms;
	uint32_t n;
	uint32_t leg; /* found at the end */
	uint16_t file;
	bool used;
	bool cname_clear; /* RTCP that can be read names who speaks */
	bool passing;     /* its handshake is seen beyond a relay too */
};

/* --- signalling --- */

enum text_kind { TEXT_NUMBER = 1, TEXT_NAME = 2, TEXT_DEVICE = 4, TEXT_LOGIN = 8, TEXT_CNAME = 16 };

struct text {
	uint32_t at;
	uint16_t n;
	uint8_t kinds;
};

enum host_flag { HOST_SIP = 1, HOST_SERVER = 2, HOST_INSIDE_NAMED = 4 };

struct host {
	uint8_t ip[16];
	uint32_t device, number; /* texts */
	uint32_t calls, open;
	uint32_t last_call; /* counted last */
	uint8_t flags;
	uint32_t why; /* reasons of its open calls */
};

enum side_flag {
	SIDE_SDP = 1,
	SIDE_AUDIO = 2, /* a line with a port */
	SIDE_SDES = 4,
	SIDE_DTLS = 8,
	SIDE_ZRTP = 16,
	SIDE_CLEAR = 32, /* a line with a port and no keys */
	SIDE_NULL = 64,  /* keys that encrypt nothing */
	SIDE_TAG_32 = 128,
	SIDE_SIGNED = 256, /* under an Identity header */
};
#define SIDE_KEYED (SIDE_SDES | SIDE_DTLS)

struct side {
	uint16_t flags;
	uint8_t codec_pt, codec; /* the first: enum seen_codec */
	uint8_t event_pt;        /* 0: none */
};

enum signal_over { OVER_UDP, OVER_TCP, OVER_WS };

/* A dialog between two hosts: what a proxy passes on is another leg of the same call. */
struct leg {
	uint64_t call_id; /* keyed hash */
	uint64_t session; /* the same of Session-ID (RFC 7989); 0: none */
	uint32_t host[2]; /* who called, who was called */
	uint32_t invite_ms, answer_ms, end_ms, last_ms;
	uint32_t from, to;
	uint32_t keys; /* chain of struct seen_key */
	uint16_t status, file;
	uint8_t over; /* enum signal_over */
	bool answered, ended;
	struct side side[2];
};

struct seen_key {
	uint32_t next;
	uint8_t suite; /* enum seen_suite */
	uint8_t side;
	uint8_t key[SDP_KEY_MAX];
};

/* Where a session description said that media shall go. */
struct endpoint {
	uint8_t ip[16];
	uint16_t port;
	uint8_t side;
	uint32_t leg;
};

struct edge {
	uint32_t from, to, calls;
};

/* TLS from one host to a port of another. */
struct tls_pair {
	uint8_t client[16], server[16];
	uint16_t port;
	uint32_t n;    /* connections */
	bool before;   /* one that began before the capture */
	bool sip, web; /* its first octets say so: sip/2 or a name; HTTP/1.1 alone, as for a WebSocket */
	bool beside; /* media between its ends, or between two such clients of the server, has no readable signalling */
	uint32_t first, clients; /* the server's first pair, and there: of how many clients */
};

enum other_kind {
	OTHER_SIP_TLS,
	OTHER_WSS,
	OTHER_TLS,
	OTHER_MGCP,
	OTHER_H323,
	OTHER_SCCP,
	OTHER_IAX2,
	OTHER_ESP,
	OTHER_TEAMS,
	OTHER_MULTICAST,
	OTHER_KINDS
};

struct counters {
	uint64_t frames, octets, cut, malformed, no_ip, unknown_link, fragments, sip, sip_bad, registers, websockets,
	    stun, ice, rtcp, rtcp_clear;
	uint64_t digest[DIGEST_OTHER + 1]; /* by enum digest_alg */
	uint64_t other[OTHER_KINDS];
	uint64_t flows_left, streams_left, legs_left, texts_left, keys_left, endpoints_left, edges_left, tls_left;
};

/* A table: entry 0 is never used. */
struct table_of {
	uint32_t n, cap;
};

struct audit {
	struct counters count;
	bool begun;
	int64_t base_ms;
	uint64_t first_us, last_us;
	uint16_t file, files;
	struct frags *frags;
	struct tcp tcp;
	struct tcp_reader tcp_reader;

	uint32_t *flow_cell; /* FLOW_CELLS: index of a flow, 0: empty */
	uint64_t flow_secret[6];
	struct flow *flow;
	struct table_of flows;
	uint32_t flow_free, flows_used;
	uint64_t flow_swept; /* frames when last swept */
	struct stream *stream;
	uint32_t stream_free;
	struct table_of streams;
	struct sample *sample;
	struct table_of samples;
	struct keying *keying;
	struct table_of keyings;

	struct leg *leg;
	struct table_of legs;
	struct map leg_map, call_map;
	struct endpoint *endpoint;
	struct table_of endpoints;
	struct map endpoint_map;
	struct seen_key *key;
	struct table_of keys;
	struct host *host;
	struct table_of hosts;
	struct map host_map;
	struct text *text;
	uint8_t *text_octets;
	uint32_t text_used;
	struct table_of texts;
	struct map text_map;
	struct edge *edge;
	struct table_of edges;
	struct map edge_map;
	struct tls_pair *tls_pair;
	struct table_of tls_pairs;
	struct map tls_map, tls_server_map; /* by client; by server and port: the first */
	uint8_t *web_room;
	uint8_t secret[16];
};

/* --- tables.c --- */
bool audit_init(struct audit *a);
void audit_fini(struct audit *a);
uint32_t audit_ms(struct audit *a, uint64_t time_us);
int64_t audit_wall_ms(const struct audit *a, uint32_t ms);
uint32_t audit_host(struct audit *a, const uint8_t ip[16]); /* NONE when full */
uint32_t audit_text(struct audit *a, struct span s, enum text_kind kind);
struct span audit_text_of(const struct audit *a, uint32_t text);
void audit_edge(struct audit *a, uint32_t from, uint32_t to);
uint32_t table_take(struct table_of *t); /* NONE when full */

/* --- read.c: one frame --- */
void audit_frame(struct audit *a, const struct frame *f);

/* --- flow.c, stream.c, keying.c: one datagram of what may be media --- */
void flow_add(struct audit *a, const struct packet *p);
void stream_add(struct audit *a, struct flow *f, unsigned to_hi, const struct packet *p);
bool stream_is_uneven(const struct stream *s); /* judge.c: surely not encrypted, by its content */
void stream_free_chain(struct audit *a, uint32_t first);
void keying_add(struct audit *a, struct flow *f, unsigned to_hi, const struct packet *p, unsigned kind);

/* --- signal.c: one SIP message --- */
enum { SIP_LINE_LOOK = 1024 };
bool sip_looks_like(struct span s);
/* Octets of the first message in a stream; 0: not whole yet. */
size_t sip_whole(struct span s);
void signal_add(struct audit *a, const struct packet *p, struct span message, enum signal_over over);

/* --- tls.c: a segment that begins with a record; at the end, once flows have their legs --- */
void tls_add(struct audit *a, const struct packet *p);
void tls_judge(struct audit *a);
bool tls_pair_match(const void *owner, uint32_t i, struct span key);
bool tls_server_match(const void *owner, uint32_t i, struct span key);

#endif
