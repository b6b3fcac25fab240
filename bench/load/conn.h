/* SPDX-License-Identifier: ISC */
/* TLS connections of the phones, and the loop that turns them. One thread, epoll. */
#ifndef LOAD_CONN_H
#define LOAD_CONN_H

#include "text.h"
#include <gnutls/gnutls.h>
#include <netinet/in.h>

enum { CONN_IN_MAX = 16384, CONN_OUT_MAX = 65536 };

enum conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_HANDSHAKE, CONN_UP };

struct conn {
	enum conn_state state;
	int fd;
	uint16_t port; /* our own */
	bool stuck;    /* GnuTLS holds a record that the socket did not take */
	gnutls_session_t tls;
	size_t in_n, out_n;
	uint8_t *in, *out; /* out: what waits behind the stuck record */
};

/* What a connection tells its owner. After down() the connection is closed; `why` is static. */
struct conn_handlers {
	void (*up)(struct conn *c);
	void (*down)(struct conn *c, const char *why);
	void (*message)(struct conn *c, const struct text *t);
};

struct loop {
	int epoll;
	struct sockaddr_in server;
	const char *domain; /* sent as server name */
	struct conn_handlers on;
};

bool loop_init(struct loop *l);
void loop_fini(struct loop *l);

/* Handle what is ready, waiting at most so long. */
void loop_turn(struct loop *l, uint64_t wait_ns);

/* Start to connect with this client certificate; up() or down() follows. `verify`: the credentials hold the
 * CA that the server's chain must end in. False if not even a socket could be had. */
bool conn_open(struct loop *l, struct conn *c, gnutls_certificate_credentials_t cred, bool verify);

/* Without a word to the owner. A closed connection may be closed again. */
void conn_close(struct conn *c);

/* Queue and send. False (and down() was called) if the connection broke or its queue is full. */
bool conn_send(struct loop *l, struct conn *c, const char *text, size_t n);

#endif
