/* SPDX-License-Identifier: ISC */
#include "place.h"
#include "base/clock.h"
#include "base/rand.h"
#include "ipc/civic.h"
#include "names.h"
#include "wire/sip_multipart.h"

/* Whoever sends help reads the note, or at least the address, of which LOC is what is said of a place beside its parts. */
static bool write_civic(struct buf *b, struct span text, bool doubt, struct span user)
{
	struct pidf_field field[CIVIC_PARTS + 1] = {
	    [CIVIC_PARTS] = {"LOC", doubt ? SPAN("NOT VERIFIED: the phone may have been moved") : SPAN("")}};
	struct pidf p = {.user = user,
	    .domain = name_domain(),
	    .field = field,
	    .fields = CIVIC_PARTS + 1,
	    .wall_ms = clock_wall_ms(),
	    .note =
		doubt ? "Not verified: this is where the phone is registered; it may have been moved, and be elsewhere."
		      : NULL};
	struct civic c;

	if (civic_parse(text, &c))
		return false;
	for (int i = 0; i < CIVIC_PARTS; i++)
		field[i] = (struct pidf_field){civic_element[i], c.part[i]};
	pidf_write(b, &p);
	return !b->full;
}

bool place_init(struct place *p, struct span civic, bool doubt, struct span location, struct span user)
{
	struct buf b = buf_of(p->text, sizeof p->text);

	p->pidf = location;
	if (civic.n && write_civic(&b, civic, doubt, user))
		p->pidf = buf_span(&b);
	if (!p->pidf.n)
		return false;
	rand_hex(p->boundary, sizeof p->boundary / 2);
	struct buf id = buf_of(p->id, sizeof p->id - 1);
	buf_str(&id, p->boundary);
	BUF_LIT(&id, "@");
	buf_add(&id, name_domain());
	p->id[id.n] = 0;
	return true;
}

void place_put_body(struct buf *b, const struct place *p, const struct sdp *sdp)
{
	struct span boundary = span_str(p->boundary);
	uint8_t text[SDP_TEXT_MAX];
	struct buf session = buf_of(text, sizeof text);

	if (!sdp_write(&session, sdp))
		b->full = true;
	sip_put_geolocation(b, span_str(p->id));
	size_t mark = sip_body_multipart_begin(b, boundary);
	sip_body_multipart_part(b, boundary, SPAN("application/sdp"), SPAN(""), buf_span(&session));
	sip_body_multipart_part(b, boundary, SPAN("application/pidf+xml"), span_str(p->id), p->pidf);
	sip_body_multipart_end(b, mark, boundary);
}
