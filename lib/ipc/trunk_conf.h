/* SPDX-License-Identifier: ISC */
/* A trunk as ringfence.conf describes it: a provider or a gateway over which calls leave and come. */
#ifndef IPC_TRUNK_CONF_H
#define IPC_TRUNK_CONF_H

#include "base/addr.h"

enum {
	SITE_TRUNKS_MAX = 8,
	SITE_INBOUND_MAX = 128,
	TRUNK_NAME_MAX = 24, /* these with their NUL */
	TRUNK_HOST_MAX = 128,
	TRUNK_USER_MAX = 64,
	TRUNK_FILE_MAX = 48,
	TRUNK_NUMBER_MAX = 17, /* E.164: a plus and 15 digits */
	TRUNK_TO_MAX = 33,
	TRUNK_PEERS_MAX = 4,
	TRUNK_NETS_MAX = 8,
	TRUNK_CALLERS_MAX = 8,
};

enum { TRUNK_EDGE = 0 }; /* the edge that has all connections of trunks, and alone their keys */
enum trunk_transport { TRUNK_TLS, TRUNK_TCP, TRUNK_UDP, TRUNK_TRANSPORTS };
enum trunk_media { TRUNK_SRTP, TRUNK_RTP, TRUNK_MEDIAS };

struct trunk_net {
	struct addr net; /* the host part is zero */
	uint8_t bits;    /* of its 32 or 128 */
	uint8_t zero[3];
};

struct trunk_conf {
	char name[TRUNK_NAME_MAX];
	char server[TRUNK_HOST_MAX];       /* where it is, and what its certificate must say */
	char domain[TRUNK_HOST_MAX];       /* of the URIs towards it */
	char user[TRUNK_USER_MAX];         /* of the registration; empty: a static peer */
	char login[TRUNK_USER_MAX];        /* that the digest names */
	char realm[TRUNK_USER_MAX];        /* the only one that is answered; empty: no challenge is */
	char ca[TRUNK_FILE_MAX];           /* file in SITE/trust; empty: the certificates that the system trusts */
	char certificate[TRUNK_FILE_MAX];  /* file in SITE/trust that we show when it asks; empty: none */
	uint8_t point[64];                 /* the key of that certificate, P-256 */
	int64_t until_s;                   /* its end, wall clock */
	struct addr server_addr;           /* server as an address; family 0: a name */
	struct addr peer[TRUNK_PEERS_MAX]; /* from where it may come, besides what server resolves to; port 0 */
	struct trunk_net media_net[TRUNK_NETS_MAX];
	char caller[TRUNK_CALLERS_MAX][TRUNK_NUMBER_MAX]; /* numbers that may be shown; the first by default */
	uint32_t classes;                                 /* of numbers that it carries: 1 << enum number_class */
	uint32_t expires_s;                               /* registration asked for */
	uint16_t port;                                    /* 0: as DNS says, or the transport's own */
	uint16_t lines;                                   /* calls at once */
	uint16_t keepalive_s;                             /* OPTIONS so often; 0: none */
	uint8_t transport, media;                         /* enum trunk_transport, enum trunk_media */
	uint8_t listener;                                 /* whose addresses it uses: index into site.listener */
	uint8_t listens;                                  /* that listener is its own: it may also come by itself */
	uint8_t priority;                                 /* lower ones are tried first */
	uint8_t plain, md5, zero, emergency;              /* 0 or 1 */
	uint8_t peers, media_nets, callers;               /* used entries above */
	uint8_t spelling;                                 /* enum number_spelling */
};

/* A number of ours, and who is meant by it. */
struct inbound {
	char number[TRUNK_NUMBER_MAX];
	char to[TRUNK_TO_MAX];
	uint8_t trunk; /* index into site.trunk */
	uint8_t named; /* 1: instead of a number, the user of the trunk: who was called as that */
};

bool trunk_conf_ok(const struct trunk_conf *t);

/* Of its name: which trunk it is wherever its section stands, for what is kept from one life to the next. The same in every build, and never
 * below TRUNK_MARK_LEAST. */
enum { TRUNK_MARK_LEAST = 1 << 30 };
uint32_t trunk_conf_mark(const struct trunk_conf *t);
bool inbound_ok(const struct inbound *n);

/* Is this address one of that net's? */
bool trunk_net_holds(const struct trunk_net *n, const struct addr *a);

/* The Request-URI of a call to that number over this trunk, or with no number of the trunk itself (REGISTER, OPTIONS): the
 * one spelling, for edge which writes it and keeper which answers for it. */
void trunk_put_uri(struct buf *b, const struct trunk_conf *t, struct span number);

#endif
