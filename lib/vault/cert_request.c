/* SPDX-License-Identifier: ISC */
#include "vault/cert_request.h"
#include "vault/der.h"

#define VERSION "\x02\x01\x00"
#define COMMON_NAME "\x06\x03\x55\x04\x03"
#define EXTENSION_REQUEST "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e" /* RFC 2985 5.4.2 */
#define SUBJECT_ALT_NAME "\x06\x03\x55\x1d\x11"

enum { DNS_NAME = DER_CONTEXT | 2, URI_NAME = DER_CONTEXT | 6 }; /* RFC 5280 4.2.1.6 */

/* What stands in `b` becomes the body of a tag. */
static void wrap(struct buf *b, uint8_t tag)
{
	uint8_t mem[CERT_REQUEST_MAX];
	struct buf out = buf_of(mem, sizeof mem);

	der_put(&out, tag, buf_span(b));
	b->n = 0;
	buf_add(b, buf_span(&out));
	b->full |= out.full;
}

static void put_subject(struct buf *b, struct span domain)
{
	uint8_t mem[CERT_REQUEST_MAX];
	struct buf s = buf_of(mem, sizeof mem);

	BUF_LIT(&s, COMMON_NAME);
	der_put(&s, DER_UTF8_STRING, domain);
	wrap(&s, DER_SEQUENCE);
	wrap(&s, DER_SET);
	wrap(&s, DER_SEQUENCE);
	buf_add(b, buf_span(&s));
}

static void put_names(struct buf *b, struct span domain)
{
	uint8_t mem[CERT_REQUEST_MAX], uri_mem[4 + CERT_REQUEST_DOMAIN_MAX];
	struct buf s = buf_of(mem, sizeof mem), uri = buf_of(uri_mem, sizeof uri_mem);

	BUF_LIT(&uri, "sip:");
	buf_add(&uri, domain);
	der_put(&s, DNS_NAME, domain);
	der_put(&s, URI_NAME, buf_span(&uri));
	wrap(&s, DER_SEQUENCE);
	wrap(&s, DER_OCTET_STRING);
	uint8_t ext_mem[CERT_REQUEST_MAX], request_mem[CERT_REQUEST_MAX];
	struct buf ext = buf_of(ext_mem, sizeof ext_mem), request = buf_of(request_mem, sizeof request_mem);
	BUF_LIT(&ext, SUBJECT_ALT_NAME);
	buf_add(&ext, buf_span(&s));
	wrap(&ext, DER_SEQUENCE);
	wrap(&ext, DER_SEQUENCE);
	wrap(&ext, DER_SET);
	BUF_LIT(&request, EXTENSION_REQUEST);
	buf_add(&request, buf_span(&ext));
	wrap(&request, DER_SEQUENCE);
	wrap(&request, DER_CONTEXT_SET);
	buf_add(b, buf_span(&request));
	b->full |= uri.full || s.full || ext.full || request.full;
}

void cert_write_request(const struct p256_key *k, const uint8_t point[P256_POINT], struct span domain, struct buf *der)
{
	uint8_t mem[CERT_REQUEST_MAX];
	struct buf what = buf_of(mem, sizeof mem);

	BUF_LIT(&what, VERSION);
	put_subject(&what, domain);
	BUF_LIT(&what, DER_P256_KEY);
	buf_put(&what, point, P256_POINT);
	put_names(&what, domain);
	wrap(&what, DER_SEQUENCE);
	der_put_signed(der, &what, k);
}
