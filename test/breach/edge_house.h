/* SPDX-License-Identifier: ISC */
/* The edge, whole and caged, in a child process; this test is everybody around it: parent, core, signer, ledger, and
 * the phones that connect. */
#ifndef TEST_EDGE_HOUSE_H
#define TEST_EDGE_HOUSE_H

#include "ipc/ipc.h"
#include <gnutls/gnutls.h>
#include <sys/types.h>

enum { GOT_MAX = 4096 };

/* A message of the edge's, copied whole. */
struct got {
	enum msg type;
	enum msg_class class;
	size_t payload_n, tail_n;
	_Alignas(8) uint8_t bytes[IPC_MESSAGE_MAX];
};

struct house {
	pid_t edge;
	struct link parent, core, signer, ledger, dial;
	bool core_open, signer_open, dial_open;
	uint16_t port, udp_port;
	bool ready, signer_mute, signer_keyless, v6;
	uint32_t from_ip; /* phones connect from 127.x.y.z, host order; 0: as the kernel likes */
	uint32_t signs, signer_late_n; /* so many signatures more take longer than edge waits */
	bool has_status;
	struct proc_status status;
	bool accused;
	char accused_of[256];
	enum proc accused_peer;
	struct got got[GOT_MAX]; /* what core, and for events ledger, was told; taken from the front */
	uint32_t got_first, got_n;
};

struct house_options {
	uint32_t max_phones, max_calls;
	bool no_core, no_signer; /* no link to it at first */
	bool v6;		 /* listen on ::1 */
	bool trunk;		 /* the site has two: over TCP, and over UDP */
	bool datagrams;		 /* it has one over UDP, 127.0.0.1, which comes to a listener of its own */
	bool beside;		 /* and to the same port by TCP */
};

/* Start and wait until it is ready to serve: devices 1..8 are valid (3: TLS 1.2; 4: revoked, 5: suspended, 6: epoch 2). */
struct house *house_new(const struct house_options *o);
void house_end(struct house *h); /* stops it; it must end well */

void house_link_core(struct house *h, bool devices);
void house_cut_core(struct house *h);
void house_link_signer(struct house *h); /* a new one, with the server's chain */
void house_link_dial(struct house *h);
/* Its answer to parent came: all that it was sent before is handled, and what it said of it is here. */
bool house_settle(struct house *h);
void house_say_device(struct house *h, uint32_t device, enum device_state state, uint32_t flags, uint32_t epoch);
void house_say_done(struct house *h);
void house_repeat_server(struct house *h); /* what it has, told again */
void house_renew_server(struct house *h); /* another key and certificate for the server */
void house_change_ca(struct house *h); /* to the other one of the same name, and back */
bool house_is_server(struct span der);    /* its last one */

/* Serve every link for at most ms, or until *flag. */
void house_pump(struct house *h, int ms);

/* The next message of this type to core or ledger, waiting at most ms; NULL when none comes. Others are kept. */
const struct got *house_take(struct house *h, enum msg type, int ms);
struct span got_str(const struct got *g, struct str s);
const void *got_payload(const struct got *g);
uint64_t house_count(struct house *h, const char *name); /* a line of its status */
const struct status_line *house_line(struct house *h, const char *name);
bool house_alive(struct house *h);

/* --- phones --- */

struct cert_spec {
	uint32_t device, epoch;
	int64_t from_s, to_s; /* relative to now */
	bool other_ca, self_signed, server_eku, two_eku, no_eku, ca_true, p384, bad_serial, with_ca, chain_of_two_leaves;
};

struct phone {
	int fd;
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cred;
	int handshake; /* result */
	char text[65536]; /* what it read */
	size_t n;
	bool closed;
	int alert; /* the fatal alert it read, or -1 */
};

/* Connect and shake hands, with this certificate (NULL: none) and these priorities (NULL: TLS 1.3). */
struct phone *phone_new(struct house *h, const struct cert_spec *spec, const char *priority);
/* Another connection with the very certificate of one before, which ends. */
struct phone *phone_again(struct house *h, struct phone *before, const char *priority);
struct phone *phone_tcp(struct house *h); /* no TLS at all */
bool phone_shake(struct house *h, struct phone *p);
bool phone_say(struct phone *p, const char *text);
bool phone_say_n(struct phone *p, const void *text, size_t n);

/* Read until the text holds `needle`, the connection ends or ms are over; true when it holds. */
bool phone_hear(struct house *h, struct phone *p, const char *needle, int ms);
bool phone_sees_close(struct house *h, struct phone *p, int ms);
void phone_forget_text(struct phone *p);
void phone_drain(struct phone *p); /* read all there is, and forget it */
void phone_free(struct phone *p);

#endif
