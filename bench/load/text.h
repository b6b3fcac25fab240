/* SPDX-License-Identifier: ISC */
/* Finds its way in a SIP message, just well enough for a client that picks its own words. Not the exchange's
 * parser. */
#ifndef LOAD_TEXT_H
#define LOAD_TEXT_H

#include "base/span.h"

enum { TEXT_HEADERS_MAX = 64 };

struct text {
	uint32_t status;    /* 0 = a request */
	struct span method; /* of the request, or from CSeq */
	struct span body;
	uint32_t headers_n;
	struct text_header {
		struct span name, value;
	} header[TEXT_HEADERS_MAX];
};

enum text_result { TEXT_OK, TEXT_SHORT, TEXT_BAD };

/* One message at the head of the stream. On TEXT_OK *used octets of it are read; *t borrows from the stream.
 * Keep-alives (CRLF) in front of a message are skipped. */
enum text_result text_read(struct span stream, struct text *t, size_t *used);

/* The value of the first header of that name (long form; compact forms are known), or an empty span. */
struct span text_header(const struct text *t, const char *name);

/* The URI inside <> if there are such brackets, or what stands before the first parameter. */
struct span text_uri(struct span value);

/* A parameter of a header value (`;tag=x`, `realm="x"`), without its quotes; empty if there is none. */
struct span text_param(struct span value, const char *name);

#endif
