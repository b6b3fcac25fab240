/* SPDX-License-Identifier: ISC */
#include "wire/sip_token.h"
#include "wire/sip_lex.h"

#define NAME(literal)                                           \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}

static const struct span methods[SIP_METHODS_N] = {
    [SIP_INVITE] = NAME("INVITE"),
    [SIP_ACK] = NAME("ACK"),
    [SIP_BYE] = NAME("BYE"),
    [SIP_CANCEL] = NAME("CANCEL"),
    [SIP_REGISTER] = NAME("REGISTER"),
    [SIP_OPTIONS] = NAME("OPTIONS"),
    [SIP_PRACK] = NAME("PRACK"),
    [SIP_UPDATE] = NAME("UPDATE"),
    [SIP_MESSAGE] = NAME("MESSAGE"),
    [SIP_REFER] = NAME("REFER"),
    [SIP_SUBSCRIBE] = NAME("SUBSCRIBE"),
    [SIP_NOTIFY] = NAME("NOTIFY"),
    [SIP_INFO] = NAME("INFO"),
    [SIP_PUBLISH] = NAME("PUBLISH"),
};

static const struct span transports[SIP_TRANSPORTS_N] = {
    [SIP_TRANSPORT_UDP] = NAME("UDP"),
    [SIP_TRANSPORT_TCP] = NAME("TCP"),
    [SIP_TRANSPORT_TLS] = NAME("TLS"),
    [SIP_TRANSPORT_WS] = NAME("WS"),
    [SIP_TRANSPORT_WSS] = NAME("WSS"),
    [SIP_TRANSPORT_SCTP] = NAME("SCTP"),
};

/* in the order of the bits of enum sip_tag */
static const struct span tags[] = {
    NAME("100rel"),
    NAME("timer"),
    NAME("outbound"),
    NAME("path"),
    NAME("gruu"),
    NAME("replaces"),
    NAME("norefersub"),
    NAME("tdialog"),
    NAME("join"),
    NAME("from-change"),
    NAME("histinfo"),
    NAME("precondition"),
    NAME("privacy"),
    NAME("sec-agree"),
    NAME("199"),
    NAME("eventlist"),
    NAME("early-session"),
    NAME("ice"),
};

enum { TAGS_N = sizeof tags / sizeof tags[0] };
_Static_assert(1u << (TAGS_N - 1) == SIP_TAG_ICE, "a name for each bit");

/* name, first and last letter */
/* clang-format off */
#define HEADERS(X)                                                                                           \
	X(SIP_H_ACCEPT, "Accept", 'a', 't')                                                                  \
	X(SIP_H_ALLOW, "Allow", 'a', 'w')                                                                    \
	X(SIP_H_ALLOW_EVENTS, "Allow-Events", 'a', 's')                                                      \
	X(SIP_H_AUTHORIZATION, "Authorization", 'a', 'n')                                                    \
	X(SIP_H_CALL_ID, "Call-ID", 'c', 'd')                                                                \
	X(SIP_H_CONTACT, "Contact", 'c', 't')                                                                \
	X(SIP_H_CONTENT_DISPOSITION, "Content-Disposition", 'c', 'n')                                        \
	X(SIP_H_CONTENT_ENCODING, "Content-Encoding", 'c', 'g')                                              \
	X(SIP_H_CONTENT_LENGTH, "Content-Length", 'c', 'h')                                                  \
	X(SIP_H_CONTENT_TYPE, "Content-Type", 'c', 'e')                                                      \
	X(SIP_H_CSEQ, "CSeq", 'c', 'q')                                                                      \
	X(SIP_H_DATE, "Date", 'd', 'e')                                                                      \
	X(SIP_H_EVENT, "Event", 'e', 't')                                                                    \
	X(SIP_H_EXPIRES, "Expires", 'e', 's')                                                                \
	X(SIP_H_FLOW_TIMER, "Flow-Timer", 'f', 'r')                                                          \
	X(SIP_H_FROM, "From", 'f', 'm')                                                                      \
	X(SIP_H_IDENTITY, "Identity", 'i', 'y')                                                              \
	X(SIP_H_MAX_FORWARDS, "Max-Forwards", 'm', 's')                                                      \
	X(SIP_H_MIME_VERSION, "MIME-Version", 'm', 'n')                                                      \
	X(SIP_H_MIN_EXPIRES, "Min-Expires", 'm', 's')                                                        \
	X(SIP_H_MIN_SE, "Min-SE", 'm', 'e')                                                                  \
	X(SIP_H_ORGANIZATION, "Organization", 'o', 'n')                                                      \
	X(SIP_H_P_ASSERTED_IDENTITY, "P-Asserted-Identity", 'p', 'y')                                        \
	X(SIP_H_P_CALLED_PARTY_ID, "P-Called-Party-ID", 'p', 'd')                                            \
	X(SIP_H_PRIORITY, "Priority", 'p', 'y')                                                              \
	X(SIP_H_PRIVACY, "Privacy", 'p', 'y')                                                                \
	X(SIP_H_PROXY_AUTHENTICATE, "Proxy-Authenticate", 'p', 'e')                                          \
	X(SIP_H_PROXY_AUTHORIZATION, "Proxy-Authorization", 'p', 'n')                                        \
	X(SIP_H_PROXY_REQUIRE, "Proxy-Require", 'p', 'e')                                                    \
	X(SIP_H_RACK, "RAck", 'r', 'k')                                                                      \
	X(SIP_H_REASON, "Reason", 'r', 'n')                                                                  \
	X(SIP_H_RECORD_ROUTE, "Record-Route", 'r', 'e')                                                      \
	X(SIP_H_REFER_TO, "Refer-To", 'r', 'o')                                                              \
	X(SIP_H_REFERRED_BY, "Referred-By", 'r', 'y')                                                        \
	X(SIP_H_REPLACES, "Replaces", 'r', 's')                                                              \
	X(SIP_H_REQUIRE, "Require", 'r', 'e')                                                                \
	X(SIP_H_RETRY_AFTER, "Retry-After", 'r', 'r')                                                        \
	X(SIP_H_ROUTE, "Route", 'r', 'e')                                                                    \
	X(SIP_H_RSEQ, "RSeq", 'r', 'q')                                                                      \
	X(SIP_H_SERVER, "Server", 's', 'r')                                                                  \
	X(SIP_H_SESSION_EXPIRES, "Session-Expires", 's', 's')                                                \
	X(SIP_H_SIP_ETAG, "SIP-ETag", 's', 'g')                                                              \
	X(SIP_H_SIP_IF_MATCH, "SIP-If-Match", 's', 'h')                                                      \
	X(SIP_H_SUBJECT, "Subject", 's', 't')                                                                \
	X(SIP_H_SUBSCRIPTION_STATE, "Subscription-State", 's', 'e')                                          \
	X(SIP_H_SUPPORTED, "Supported", 's', 'd')                                                            \
	X(SIP_H_TIMESTAMP, "Timestamp", 't', 'p')                                                            \
	X(SIP_H_TO, "To", 't', 'o')                                                                          \
	X(SIP_H_UNSUPPORTED, "Unsupported", 'u', 'd')                                                        \
	X(SIP_H_USER_AGENT, "User-Agent", 'u', 't')                                                          \
	X(SIP_H_VIA, "Via", 'v', 'a')                                                                        \
	X(SIP_H_WARNING, "Warning", 'w', 'g')                                                                \
	X(SIP_H_WWW_AUTHENTICATE, "WWW-Authenticate", 'w', 'e')
/* clang-format on */

#define COMPACT(X)                     \
	X(SIP_H_ALLOW_EVENTS, 'u')     \
	X(SIP_H_CALL_ID, 'i')          \
	X(SIP_H_CONTACT, 'm')          \
	X(SIP_H_CONTENT_ENCODING, 'e') \
	X(SIP_H_CONTENT_LENGTH, 'l')   \
	X(SIP_H_CONTENT_TYPE, 'c')     \
	X(SIP_H_EVENT, 'o')            \
	X(SIP_H_FROM, 'f')             \
	X(SIP_H_IDENTITY, 'y')         \
	X(SIP_H_REFER_TO, 'r')         \
	X(SIP_H_REFERRED_BY, 'b')      \
	X(SIP_H_SESSION_EXPIRES, 'x')  \
	X(SIP_H_SUBJECT, 's')          \
	X(SIP_H_SUPPORTED, 'k')        \
	X(SIP_H_TO, 't')               \
	X(SIP_H_VIA, 'v')

/* A header is looked for in one slot and then compared in full. That no two share a slot is checked by the
 * compiler
 * (-Woverride-init); that each is found, by the unit test. */
#define SLOT(n, first, last) (((unsigned)(n) + 19u * (unsigned)(first) + 47u * (unsigned)(last)) & 255u)

static const uint8_t slots[256] = {
#define X(id, name, first, last) [SLOT(sizeof(name) - 1, first, last)] = id,
    HEADERS(X)
#undef X
#define X(id, letter) [SLOT(1, letter, letter)] = id,
	COMPACT(X)
#undef X
};

static const struct span headers[SIP_HEADERS_N] = {
#define X(id, name, first, last) [id] = NAME(name),
    HEADERS(X)
#undef X
};

static const uint8_t compact[SIP_HEADERS_N] = {
#define X(id, letter) [id] = letter,
    COMPACT(X)
#undef X
};

enum sip_method sip_method_find(struct span name)
{
	for (unsigned m = SIP_UNKNOWN + 1; m < SIP_METHODS_N; m++)
		if (span_eq(methods[m], name))
			return (enum sip_method)m;
	return SIP_UNKNOWN;
}

struct span sip_method_name(enum sip_method m)
{
	return (unsigned)m < SIP_METHODS_N ? methods[m] : SPAN("");
}

enum sip_transport sip_transport_find(struct span name)
{
	for (unsigned t = SIP_TRANSPORT_NONE + 1; t < SIP_TRANSPORT_OTHER; t++)
		if (lex_same(transports[t], name))
			return (enum sip_transport)t;
	return SIP_TRANSPORT_OTHER;
}

struct span sip_transport_name(enum sip_transport t)
{
	return (unsigned)t < SIP_TRANSPORTS_N ? transports[t] : SPAN("");
}

uint32_t sip_tag_find(struct span name)
{
	for (unsigned i = 0; i < TAGS_N; i++)
		if (lex_same(tags[i], name))
			return UINT32_C(1) << i;
	return 0;
}

struct span sip_tag_name(unsigned bit)
{
	return bit < TAGS_N ? tags[bit] : SPAN("");
}

enum sip_header sip_header_find(struct span name)
{
	enum sip_header h;

	if (name.n == 0)
		return SIP_H_NONE;
	h = slots[SLOT(name.n, ascii_lower(name.p[0]), ascii_lower(name.p[name.n - 1]))];
	if (name.n == 1)
		return h && compact[h] == ascii_lower(name.p[0]) ? h : SIP_H_NONE;
	return h && lex_same(headers[h], name) ? h : SIP_H_NONE;
}

struct span sip_header_name(enum sip_header h)
{
	return (unsigned)h < SIP_HEADERS_N ? headers[h] : SPAN("");
}
