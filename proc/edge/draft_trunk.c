/* SPDX-License-Identifier: ISC */
#include "draft.h"
#include "names.h"
#include "plan/proof.h"

enum { HIDES = SIP_PRIVACY_HEADER | SIP_PRIVACY_SESSION | SIP_PRIVACY_USER | SIP_PRIVACY_ID | SIP_PRIVACY_OTHER };

/* RFC 3325 9.1: one sip and one tel, in any order, for the same person; a number is what core can use, and the user of a sip
 * URI may be a name. */
static void fill_asserted(struct draft *d, const struct sip_msg *m)
{
	d->asserted.n = 0;
	for (int i = 0; i < m->identity_n && d->asserted.n == 0; i++) {
		const struct uri *u = &m->identity[i].uri;
		if (u->scheme != URI_TEL || !draft_text_ok(u->user, USER_MAX))
			continue;
		memcpy(d->asserted.text, u->user.p, u->user.n);
		d->asserted.n = (uint8_t)u->user.n;
	}
	for (int i = 0; i < m->identity_n && d->asserted.n == 0; i++)
		draft_fill_user(&d->asserted, &m->identity[i].uri);
	d->fields.asserted = d->asserted.n > 0;
}

/* A network's own users have tel URIs as well (RFC 3966), which make nobody one of ours. */
static void fill_number(struct draft_user *out, const struct uri *u)
{
	if (u->scheme != URI_TEL)
		return;
	draft_fill_whom(out, u);
	out->ours = false;
}

static void fill_called(struct draft *d, const struct sip_msg *m)
{
	if (m->called_party.text.n)
		draft_fill_whom(&d->called, &m->called_party.uri);
}

/* RFC 3323 4.2, RFC 3325 9.3; and From in the form of 4.1.1.3, which older gateways write without Privacy. `critical` says how the
 * others are meant, and `history` is of History-Info alone (RFC 7044 10.1). */
static bool is_private(const struct sip_msg *m)
{
	return (m->privacy & HIDES) != 0 || name_is_nobody(&m->from.uri);
}

static void fill_display(struct draft *d, const struct sip_msg *m)
{
	int n = sip_unquote(m->from.display, d->display, sizeof d->display);

	d->display_n = n > 0 && draft_text_ok(span_of(d->display, (size_t)n), DISPLAY_MAX) ? (size_t)n : 0;
}

/* The first of those that are worth most stands for all. */
static void fill_passport(struct passport *out, const struct sip_msg *m)
{
	const struct plan_signers *store = &child_site()->signers;
	struct passport one;

	for (int i = 0; i < m->signature_n; i++) {
		(void)passport_read(m->signature[i], &one);
		if (plan_proof_worth(store, &one) > plan_proof_worth(store, out))
			*out = one;
	}
}

void draft_fill_trunk(struct draft *d, const struct conn *c, const struct sip_msg *m)
{
	d->asserted.n = d->called.n = 0;
	d->display_n = 0;
	d->passport = (struct passport){0};
	d->fields.privacy = is_private(m);
	if (!c->trunk)
		return;
	d->target.ours = d->target.ours || name_is_for_us(&m->uri, c->trunk);
	fill_number(&d->from, &m->from.uri);
	fill_number(&d->to, &m->to.uri);
	fill_asserted(d, m);
	fill_called(d, m);
	fill_display(d, m);
	if (m->method == SIP_INVITE)
		fill_passport(&d->passport, m);
}
