/* SPDX-License-Identifier: ISC */
#include "desk_words.h"
#include "base/buf.h"
#include "ipc/civic.h"
#include "settings.h"
#include <stdio.h>

enum {
	SPELLED_MAX = 8,                    /* of a house, floor or room */
	BREATH = sizeof "silence:500 " - 1, /* before anything is said */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(const char *name)
{
	return name[0] && name[strspn(name, "0123456789")] == 0;
}

static char lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Digits and letters one by one; nothing else of it can be said. */
static void put_spelled(struct buf *b, const char *before, struct span value)
{
	bool in_digits = false;

	if (value.n)
		buf_str(b, before);
	for (size_t i = 0; i < value.n && i < SPELLED_MAX; i++) {
		const char c = lower(value.p[i]), one[] = {c, 0};
		if (!is_digit(c) && !(c >= 'a' && c <= 'z'))
			continue;
		if (!is_digit(c) || !in_digits)
			buf_str(b, is_digit(c) ? " digits:" : " letter-");
		buf_str(b, one);
		in_digits = is_digit(c);
	}
}

static void put_place(struct buf *b, uint32_t device)
{
	static const struct {
		enum civic_part part;
		const char *before;
	} spoken[] = {{CIVIC_HOUSE, " house"}, {CIVIC_FLOOR, " floor"}, {CIVIC_ROOM, " room"}};
	struct civic where;

	if (civic_parse(span_str(settings_of_device(device)->location), &where))
		return;
	for (size_t i = 0; i < sizeof spoken / sizeof *spoken; i++)
		put_spelled(b, spoken[i].before, where.part[spoken[i].part]);
}

void desk_words(const struct desk_record *r, char say[TURN_SAY_MAX + 1])
{
	static const char *const words[2][2] = {{"", " desk-says"}, {" desk-moved", " desk-moved desk-says"}};
	const char *behind = words[r->moved][r->says];
	const struct user *u = directory_user(r->person);
	char text[TURN_SAY_MAX + 1 - BREATH], phone[12];
	struct buf b = buf_of(text, sizeof text - strlen(behind) - 1);

	snprintf(phone, sizeof phone, "%u", r->device);
	buf_str(&b, u && all_digits(u->name) ? "desk-extension digits:" : "desk-phone digits:");
	buf_str(&b, u && all_digits(u->name) ? u->name : phone);
	size_t who = b.n;
	put_place(&b, r->device);
	span_cstr(span_str(behind), text + (b.full ? who : b.n), strlen(behind) + 1);
	/* twice, where that fits */
	int length = snprintf(say, TURN_SAY_MAX + 1, "silence:500 %s silence:800 %s", text, text);
	if (length >= TURN_SAY_MAX + 1)
		snprintf(say, TURN_SAY_MAX + 1, "silence:500 %s", text);
}
