/* SPDX-License-Identifier: ISC */
/* Runs a fuzzer over each file of a folder, and over each beginning of a small one: no input may be cut short
 * unnoticed. */
#include "fuzz.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20, PREFIXES_MAX = 3000 };

/* On the heap at its exact size, so that one octet read past the end is seen. */
static void run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static int replay(const char *path)
{
	static uint8_t data[FILE_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return -1;
	}
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	run(data, n);
	for (size_t part = 0; n <= PREFIXES_MAX && part < n; part++)
		run(data, part);
	return 0;
}

static int replay_folder(const char *folder, unsigned *files)
{
	char path[4096];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(folder);
	int bad = d ? 0 : -1;

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			bad |= replay(path);
			++*files;
		}
	}
	if (d)
		closedir(d);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned files = 0;
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= replay_folder(argv[i], &files);
	printf("%u inputs replayed\n", files);
	return bad || files == 0;
}
