/* SPDX-License-Identifier: ISC */
/* The same for keeper's sealed store: `faults_keeper DIRECTORY write|read`. */
#include "faults.h"
#include "vault/store.h"
#include <fcntl.h>
#include <string.h>

enum { TYPE = 1 };

static bool put(struct store *s, uint8_t k)
{
	return store_put(s, TYPE, span_of(&k, 1), SPAN("a value")) == NULL;
}

static bool del(struct store *s, uint8_t k)
{
	return store_del(s, TYPE, span_of(&k, 1)) == NULL;
}

static void change(struct store *s)
{
	for (uint8_t k = 1; k <= FAULTS_KEPT; k++) {
		if (put(s, k) || put(s, k))
			faults_say('+', k);
		if (k == FAULTS_KEPT / 2 && store_rewrite(s))
			continue; /* the next change does it */
	}
	for (uint8_t k = 1; k <= FAULTS_GONE; k++)
		if (del(s, k) || del(s, k))
			faults_say('-', k);
}

int main(int argc, char **argv)
{
	static const uint8_t boot_key[STORE_BOOT_KEY] = {1, 2, 3};
	struct span key, value;
	struct store s;
	uint32_t at = 0;

	if (argc != 3)
		return 2;
	const char *why = store_open(&s, open(argv[1], O_RDONLY | O_DIRECTORY), "faults", boot_key, 64, 16384);
	if (why) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	if (strcmp(argv[2], "write") == 0)
		change(&s);
	else
		while (store_each(&s, TYPE, &at, &key, &value))
			faults_say('+', key.p[0]);
	_exit(0);
}
