/* SPDX-License-Identifier: ISC */
#include "names.h"

struct span name_domain(void)
{
	return span_str(child_site()->domain);
}

static bool is_listener(const struct addr *a, const struct addr *own)
{
	return addr_same_ip(a, own) && (a->port == 0 || a->port == own->port);
}

static enum sip_transport own_transport(uint8_t listener)
{
	static const enum sip_transport word[TRUNK_TRANSPORTS] = {
	    [TRUNK_TLS] = SIP_TRANSPORT_TLS, [TRUNK_TCP] = SIP_TRANSPORT_TCP, [TRUNK_UDP] = SIP_TRANSPORT_UDP};
	const struct site *s = child_site();

	return word[s->listener[listener < s->listeners ? listener : 0].transport];
}

bool name_is_ours(const struct uri *u)
{
	const struct site *s = child_site();

	if ((u->scheme != URI_SIP && u->scheme != URI_SIPS) || u->has_maddr)
		return false;
	if (u->host_kind == URI_HOST_NAME)
		return span_eq_case(u->host, name_domain());
	for (int i = 0; i < s->listeners; i++)
		if (is_listener(&u->addr, &s->listener[i].signalling) || is_listener(&u->addr, &s->listener[i].bind))
			return true;
	return false;
}

bool name_is_nobody(const struct uri *u)
{
	return span_eq_case(u->host, SPAN("anonymous.invalid"));
}

struct span name_emergency(const struct uri *u)
{
	const struct plan *p = &child_site()->plan;
	const char *number = NULL;

	if (uri_is_sos(u))
		number = number_help_general(p);
	else if (u->scheme == URI_TEL)
		number = number_emergency(p, u->user);
	return number ? span_str(number) : span_of(NULL, 0);
}

static const struct addr *own_addr(uint8_t listener)
{
	const struct site *s = child_site();
	return &s->listener[listener < s->listeners ? listener : 0].signalling;
}

bool name_is_for_us(const struct uri *u, uint8_t trunk)
{
	const struct trunk_conf *c = &child_site()->trunk[trunk - 1];

	return name_is_ours(u) ||
	       ((u->scheme == URI_SIP || u->scheme == URI_SIPS) && !u->has_maddr &&
		   (span_eq_case(u->host, span_str(c->domain)) || span_eq_case(u->host, span_str(c->server))));
}

bool name_wrote_via(const struct sip_via *via)
{
	for (uint8_t i = 0; i < child_site()->listeners; i++)
		if (addr_eq(&via->addr, own_addr(i)))
			return true;
	return false;
}

void name_put_via(struct buf *b, uint8_t listener, bool stream, struct span branch)
{
	const struct addr *a = own_addr(listener);
	bool datagrams = own_transport(listener) == SIP_TRANSPORT_UDP;
	struct sip_via_out v = {.transport = datagrams && stream ? SIP_TRANSPORT_TCP : own_transport(listener),
	    .addr = *a,
	    .port = a->port,
	    .branch = branch,
	    .rport = datagrams};

	sip_put_via(b, &v);
}

void name_put_contact(struct buf *b, uint8_t listener, struct span token)
{
	const struct addr *a = own_addr(listener);
	struct uri_out u = {
	    .scheme = URI_SIP, .user = token, .addr = *a, .port = a->port, .transport = own_transport(listener)};

	if (token.n)
		sip_put_addr(b, SIP_H_CONTACT, &(struct sip_addr_out){.made = &u});
}

void name_put_user(
    struct buf *b, enum sip_header h, uint8_t trunk, struct span display, struct span user, struct span tag)
{
	struct uri_out u = {.scheme = URI_SIP, .user = user, .host = name_domain()};
	uint8_t mem[URI_TEXT_MAX];
	struct buf uri = buf_of(mem, sizeof mem);

	if (!trunk) {
		sip_put_addr(b, h, &(struct sip_addr_out){.display = display, .made = &u, .tag = tag});
		return;
	}
	trunk_put_uri(&uri, &child_site()->trunk[trunk - 1], user);
	if (uri.full)
		b->full = true;
	sip_put_addr(b, h, &(struct sip_addr_out){.uri = buf_span(&uri), .tag = tag});
}

void name_put_nobody(struct buf *b, enum sip_header h, struct span tag)
{
	sip_put_addr(b, h,
	    &(struct sip_addr_out){
		.display = SPAN("Anonymous"), .uri = SPAN("sip:anonymous@anonymous.invalid"), .tag = tag});
}
