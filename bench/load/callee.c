/* SPDX-License-Identifier: ISC */
/* The called phone. It rings and answers at once and keeps nothing but where it is to send media: what its answers need stands in the
 * requests. */
#include "base/buf.h"
#include "call.h"
#include "sdp.h"

static struct {
	char host[SDP_HOST_MAX];
	uint16_t port;
} relay[CALLS_MAX];
static uint32_t called_n;

static const char *const copied[] = {"Via", "Record-Route", "From", "To", "Call-ID", "CSeq"};

bool callee_write_flows(const char *path)
{
	FILE *f = fopen(path, "we");

	for (uint32_t i = 0; f != NULL && i < called_n && i < CALLS_MAX; i++)
		fprintf(f, "%s %u\n", relay[i].host, relay[i].port);
	return f != NULL && fclose(f) == 0;
}

void callee_forget(void)
{
	called_n = 0;
}

static bool is_copied(struct span name)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		if (span_eq_case(name, span_str(copied[i])))
			return true;
	return name.n == 1 && strchr("vfti", ascii_lower(name.p[0])) != NULL;
}

static bool is_to(struct span name)
{
	return span_eq_case(name, SPAN("To")) || span_eq_case(name, SPAN("t"));
}

static void answer(struct phone *p, const struct text *t, const char *status, const char *sdp)
{
	char text[MESSAGE_MAX], tail[256];
	struct buf b = buf_of(text, sizeof(text));
	bool tagged = text_param(text_header(t, "To"), "tag").n > 0;

	BUF_LIT(&b, "SIP/2.0 ");
	buf_str(&b, status);
	BUF_LIT(&b, "\r\n");
	for (uint32_t i = 0; i < t->headers_n; i++) {
		if (!is_copied(t->header[i].name))
			continue;
		buf_add(&b, t->header[i].name);
		BUF_LIT(&b, ": ");
		buf_add(&b, t->header[i].value);
		if (!tagged && is_to(t->header[i].name))
			BUF_LIT(&b, ";tag=callee");
		BUF_LIT(&b, "\r\n");
	}
	snprintf(tail, sizeof(tail),
	    "Contact: <sip:%s@127.0.0.1:%u;transport=tls>\r\n%sContent-Length: %zu\r\n\r\n", p->user,
	    p->conn.port, sdp[0] ? "Content-Type: application/sdp\r\n" : "", strlen(sdp));
	buf_str(&b, tail);
	buf_str(&b, sdp);
	if (!b.full)
		conn_send(&load.loop, &p->conn, text, b.n);
}

void call_request(struct phone *p, const struct text *t)
{
	char sdp[SDP_MAX];

	if (span_eq(t->method, SPAN("ACK")))
		return;
	if (!span_eq(t->method, SPAN("INVITE"))) {
		answer(p, t, "200 OK", "");
		return;
	}
	if (text_param(text_header(t, "To"), "tag").n == 0) {
		uint32_t at = called_n++ % CALLS_MAX;
		sdp_target(t->body, relay[at].host, &relay[at].port);
		answer(p, t, "180 Ringing", "");
	}
	sdp_write(sdp_port(p->number), sdp);
	answer(p, t, "200 OK", sdp);
}
