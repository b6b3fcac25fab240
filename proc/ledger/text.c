/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"
#include "ledger/store.h"

static bool name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._*#+-", c));
}

bool store_name_ok(struct span name)
{
	if (name.n < 1 || name.n > USER_NAME_MAX || span_starts(name, SPAN("leg-")))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!name_char(name.p[i]))
			return false;
	return true;
}

void store_take_text(uint8_t *to, struct span text)
{
	bool clean = utf8_text_ok(text, text.n);

	for (size_t i = 0; i < text.n; i++)
		to[i] = clean || (text.p[i] >= 0x20 && text.p[i] < 0x7f) ? text.p[i] : '?';
}
