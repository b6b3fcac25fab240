/* SPDX-License-Identifier: ISC */
#include "place.h"
#include "base/clock.h"
#include "base/rand.h"
#include "ipc/civic.h"
#include "names.h"
#include "wire/sip_multipart.h"

/* Whoever sends help reads the note, or at least the address, of which LOC is what is said of a place beside its parts. */
#define MOVED "NOT VERIFIED: the phone may have been moved"
#define SAID "NOT VERIFIED: the phone itself says so"
#define NOTE_MOVED "Not verified: this is where the phone is registered; it may have been moved, and be elsewhere."
#define NOTE_SAID "Not verified: the phone itself says that it is here."

static void add(struct place *p, const struct pidf_place *where, bool ours, const char *note, struct span user)
{
	struct place_document *d = &p->document[p->documents];
	struct buf text = buf_of(d->text, sizeof d->text), id = buf_of(d->id, sizeof d->id);

	pidf_write(&text, &(struct pidf){.user = user, .domain = name_domain(), .place = where, .note = note});
	buf_str(&id, p->boundary);
	BUF_LIT(&id, ".");
	buf_decimal(&id, p->documents + 1);
	BUF_LIT(&id, "@");
	buf_add(&id, name_domain());
	if (text.full || !buf_cstr(&id))
		return;
	d->n = text.n;
	d->ours = ours;
	p->documents++;
}

static void add_civic(struct place *p, struct span text, bool doubt, struct span user)
{
	struct pidf_place where = {.method = PIDF_MANUAL, .wall_ms = clock_wall_ms()};
	bool good = true;
	struct civic c;

	if (!text.n || civic_parse(text, &c))
		return;
	for (int i = 0; i < CIVIC_PARTS; i++)
		good &= pidf_set(&where, (enum pidf_element)civic_element[i], c.part[i]);
	if (good && pidf_set(&where, PIDF_LOC, doubt ? SPAN(MOVED) : SPAN("")))
		add(p, &where, true, doubt ? NOTE_MOVED : NULL, user);
}

/* A LOC of its own stays; the note tells of that one. */
static void add_said(struct place *p, const struct pidf_place *said, struct span user)
{
	struct pidf_place where;

	if (!said)
		return;
	where = *said;
	if (where.end[PIDF_ELEMENTS - 1] && !pidf_value(&where, PIDF_LOC).n)
		where = pidf_set(&where, PIDF_LOC, SPAN(SAID)) ? where : *said;
	add(p, &where, false, NOTE_SAID, user);
}

bool place_init(struct place *p, struct span civic, bool doubt, const struct pidf_place *said, struct span user)
{
	p->documents = 0;
	rand_hex(p->boundary, sizeof p->boundary / 2);
	if (doubt)
		add_said(p, said, user);
	add_civic(p, civic, doubt, user);
	if (!doubt)
		add_said(p, said, user);
	return p->documents > 0;
}

void place_put_body(struct buf *b, const struct place *p, const struct sdp *sdp)
{
	struct span boundary = span_str(p->boundary), domain = name_domain();
	struct sip_geolocation at[PLACES_MAX];
	uint8_t text[SDP_TEXT_MAX];
	struct buf session = buf_of(text, sizeof text);

	if (!sdp_write(&session, sdp))
		b->full = true;
	for (size_t i = 0; i < p->documents; i++)
		at[i] = (struct sip_geolocation){span_str(p->document[i].id), p->document[i].ours ? domain : SPAN("")};
	sip_put_geolocation(b, at, p->documents);
	size_t mark = sip_body_multipart_begin(b, boundary);
	sip_body_multipart_part(b, boundary, SPAN("application/sdp"), SPAN(""), buf_span(&session));
	for (size_t i = 0; i < p->documents; i++)
		sip_body_multipart_part(b, boundary, SPAN("application/pidf+xml"), span_str(p->document[i].id),
		    span_of(p->document[i].text, p->document[i].n));
	sip_body_multipart_end(b, mark, boundary);
}
