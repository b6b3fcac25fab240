/* SPDX-License-Identifier: ISC */
#include "comments.h"
#include <stdbool.h>
#include <string.h>

/* To the end of the line, or of the text. */
static char *blank_line(char *c)
{
	while (*c && *c != '\n')
		*c++ = ' ';
	return c;
}

/* One that is not closed stays, to be refused. */
static char *blank_block(char *c)
{
	char *end = strstr(c + 2, "*/");

	if (!end)
		return c + strlen(c);
	for (end += 2; c < end; c++)
		if (*c != '\n')
			*c = ' ';
	return c;
}

static char *skip_quoted(char *c)
{
	const char quote = *c++;

	while (*c && *c != quote)
		c += *c == '\\' && c[1] ? 2 : 1;
	return *c ? c + 1 : c;
}

static bool ends_word(char c)
{
	return strchr(" \t\r\n\"'={}()+,*", c) != NULL;
}

const char *comments_blank(char *text)
{
	char *c = text, *open;
	bool in_word = false; /* slashes may stand there */

	while (*c) {
		if (*c == '#' || (!in_word && c[0] == '/' && c[1] == '/'))
			c = blank_line(c);
		else if (!in_word && c[0] == '/' && c[1] == '*') {
			open = c;
			c = blank_block(c);
			if (*open != ' ')
				return open;
		} else if (*c == '"' || *c == '\'')
			c = skip_quoted(c);
		else {
			in_word = !ends_word(*c++);
			continue;
		}
		in_word = false;
	}
	return NULL;
}
