/* SPDX-License-Identifier: ISC */
/* XML 1.0 with namespaces, the part of it that a document of SIP needs: UTF-8, elements, attributes, text, comments, characters by
 * number and the five entities that every document has. There is no DTD, and so no entity of a document's own, nothing that is
 * fetched and no default value; no processing instruction but the declaration; no CDATA. Reads in place, and allocates nothing.
 * Inside lib/wire only. */
#ifndef WIRE_XML_H
#define WIRE_XML_H

#include "base/buf.h"

enum {
	XML_DEPTH_MAX = 16,
	XML_ATTRIBUTES_MAX = 16, /* of one element, declarations of namespaces among them */
	XML_SPACES_MAX = 16,     /* namespaces that are in force at once */
};

enum xml_event { XML_BAD, XML_OPEN, XML_CLOSE, XML_TEXT, XML_DONE };

/* space: the URI, not the prefix; empty: none */
struct xml_name {
	struct span space, local;
};

struct xml_attribute {
	struct span prefix;
	struct xml_name name;
	struct span raw; /* between the quotes, references as they stand */
};

struct xml_space {
	struct span prefix, uri;
	unsigned depth; /* of the element that declared it */
};

struct xml {
	const uint8_t *p, *end;
	const char *why; /* once it is bad, or NULL */
	bool rooted;     /* the one element at the top was there */
	bool closes;     /* it was <a/>, whose end comes next */
	unsigned depth, spaces, attributes;
	struct span open[XML_DEPTH_MAX]; /* names as they were written */
	struct xml_space space[XML_SPACES_MAX];
	struct xml_name name;                               /* of XML_OPEN */
	struct xml_attribute attribute[XML_ATTRIBUTES_MAX]; /* of XML_OPEN */
	struct span text;                                   /* of XML_TEXT, references as they stand */
};

struct xml xml_of(struct span document);

/* The next piece; XML_BAD for ever once the document is not well-formed. XML_DONE: all of it was. */
enum xml_event xml_next(struct xml *x);

/* Of the element that was opened last; false: no such attribute. */
bool xml_attribute(const struct xml *x, const char *local, struct span *raw);

/* From behind an element's beginning to behind its end; false: bad. */
bool xml_skip(struct xml *x);

/* The same, of an element that holds text alone, which is added to b as the characters that it stands for. False: bad, or there is
 * an element in it. */
bool xml_text(struct xml *x, struct buf *b);

#endif
