/* SPDX-License-Identifier: ISC */
/* One JSON object on a line, member by member. Text is escaped so that a line holds neither controls nor broken UTF-8,
 * whatever the text was. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

void json_begin(struct buf *b, const char *kind); /* {"kind":"..." */
void json_text(struct buf *b, const char *name, struct span value);
void json_word(struct buf *b, const char *name, const char *value);
void json_number(struct buf *b, const char *name, uint64_t value);
void json_signed(struct buf *b, const char *name, int64_t value);
void json_flag(struct buf *b, const char *name, bool value);
void json_end(struct buf *b); /* } LF */

/* An array of objects as a member: open, then for each member json_item(), members, json_item_end(), then close. */
void json_items(struct buf *b, const char *name);
void json_item(struct buf *b, bool first);
void json_item_end(struct buf *b);
void json_items_end(struct buf *b);

#endif
