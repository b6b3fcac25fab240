/* SPDX-License-Identifier: ISC */
/* libconfuse counts two lines more for each comment of one line, and one for each of several: whoever looks for a fault is sent to the
 * wrong line. Without comments it counts right. */
#ifndef CONF_COMMENTS_H
#define CONF_COMMENTS_H

/* Blanks in place of comments, as libconfuse knows them; lines stay where they are. Where one begins that does not end, or NULL. */
const char *comments_blank(char *text);

#endif
