/* SPDX-License-Identifier: ISC */
/* R27: each field of each row of the contract, at its limit and one beyond. */
#include "ipc/ipc.h"
#include "test.h"

enum { LONGEST = 2 * IPC_SITE_MAX };

static _Alignas(8) uint8_t row[8192], tail[LONGEST + 64];

static bool check_says(const struct msg_rule *r, size_t tail_n, const char *why)
{
	const char *said = ipc_check((enum msg)(r - msg_rule), row, span_of(tail, tail_n));
	const bool right = why ? said && strcmp(said, why) == 0 : !said;

	if (!right)
		fprintf(stderr, "%s: %s\n", r->name, said ? said : "good");
	return right;
}

static bool str_is(const struct msg_rule *r, const struct msg_field *f, uint32_t off, uint32_t len, size_t tail_n, const char *why)
{
	const struct str at = {off, len};

	memcpy(row + f->offset, &at, sizeof at);
	return check_says(r, tail_n, why);
}

static bool text_is_bounded(const struct msg_rule *r, const struct msg_field *f)
{
	static const char outside[] = "string outside the message", longer[] = "string too long",
			  control[] = "control octet in a string";
	const uint32_t most = f->limit;
	bool ok = true;

	memset(tail, 'a', sizeof tail);
	ok &= str_is(r, f, 0, most, most, NULL) && str_is(r, f, 7, most, most + 7, NULL);
	ok &= str_is(r, f, 0, most + 1, most + 1, longer);
	ok &= str_is(r, f, 0, most, most - 1, outside) && str_is(r, f, 1, most, most, outside);
	ok &= str_is(r, f, 9, 1, 8, outside) && str_is(r, f, 8, 1, 8, outside);
	ok &= str_is(r, f, UINT32_MAX, 1, 8, outside) && str_is(r, f, 1, UINT32_MAX, 8, outside);
	ok &= str_is(r, f, UINT32_MAX, 0, 0, NULL); /* which nobody reads */
	for (uint32_t n = 1; n <= 20 && n <= most; n++)
		for (uint32_t i = 0; i < n; i++) {
			static const uint8_t bad[] = {0, 1, 0x1f, 0x7f}, good[] = {0x20, 0x7e, 0x80, 0xff};
			for (size_t k = 0; k < sizeof bad; k++) {
				tail[i] = bad[k];
				ok &= str_is(r, f, 0, n, n, f->octets ? NULL : control);
				tail[i] = good[k];
				ok &= str_is(r, f, 0, n, n, NULL);
			}
			tail[i] = 'a';
		}
	return ok;
}

/* Of octets that are no part of that kind, or are; of its very size, and aligned. */
static bool part_is_bounded(const struct msg_rule *r, const struct msg_field *f)
{
	static const char outside[] = "string outside the message", other[] = "part of the wrong size",
			  value[] = "part with a value out of range";
	bool ok = true;

	if (f->limit + 8 > sizeof tail)
		return false;
	for (int octet = 0; octet < 256; octet += 255) {
		memset(tail, octet, sizeof tail);
		ok &= str_is(r, f, 0, f->limit, f->limit, f->part_ok(tail) ? NULL : value);
		ok &= str_is(r, f, 8, f->limit, f->limit + 8, f->part_ok(tail + 8) ? NULL : value);
		ok &= str_is(r, f, 4, f->limit, f->limit + 8, other) && str_is(r, f, 0, f->limit - 8, f->limit, other);
		ok &= str_is(r, f, 0, f->limit + 8, f->limit + 8, other);
		ok &= str_is(r, f, 0, f->limit, f->limit - 1, outside) && str_is(r, f, 8, f->limit, f->limit, outside);
	}
	return ok;
}

static bool field_is_bounded(const struct msg_rule *r, const struct msg_field *f)
{
	struct addr four = {0};
	bool ok = true;

	switch (f->kind) {
	case FIELD_ENUM:
		for (unsigned value = 0; value < 256; value++) {
			row[f->offset] = (uint8_t)value;
			ok &= check_says(r, 0, value < f->limit ? NULL : "enum out of range");
		}
		break;
	case FIELD_ADDR:
		for (unsigned family = 0; family < 256; family++) {
			((struct addr *)(void *)(row + f->offset))->family = (uint8_t)family;
			ok &= check_says(r, 0, family == 0 || family == 6 ? NULL : "bad address"); /* ::, which is none of IPv4 */
		}
		ok &= addr_parse_ip(SPAN("192.0.2.1"), &four);
		memcpy(row + f->offset, &four, sizeof four);
		ok &= check_says(r, 0, NULL);
		break;
	case FIELD_STRING: ok = text_is_bounded(r, f); break;
	case FIELD_PART: ok = part_is_bounded(r, f); break;
	case FIELD_NUMBER:
	case FIELD_BYTES: break;
	}
	memset(row + f->offset, 0, f->size);
	return ok;
}

static void each_field_is_bounded(void)
{
	unsigned fields = 0;

	for (int t = 0; t < MSG_N; t++) {
		if (!msg_rule[t].fields)
			continue;
		memset(row, 0, sizeof row);
		CHECK(msg_rule[t].size <= sizeof row && check_says(&msg_rule[t], 0, NULL));
		for (const struct msg_field *f = msg_rule[t].fields(); f->name; f++, fields++)
			if (!field_is_bounded(&msg_rule[t], f)) {
				fprintf(stderr, "%s.%s\n", msg_rule[t].name, f->name);
				CHECK(t == MSG_N);
			}
	}
	CHECK(fields > 300);
}

int main(void)
{
	RUN(each_field_is_bounded);
	return TEST_END;
}
