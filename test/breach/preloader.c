/* SPDX-License-Identifier: ISC */
/* Starts another program with more in its environment: what stands in the file of its own name and ".start", the program first, then a line for each
 * variable. A script could not: parent starts what it holds open, and closes it on the way. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINES_MAX = 16, ENV_MAX = 64 };

static char path[4096], text[LINES_MAX][4096];

int main(int argc, char **argv)
{
	static char *env[ENV_MAX + 1];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof ".start");
	int lines = 0, n_env = 0;

	(void)argc;
	if (n <= 0)
		return 127;
	memcpy(path + n, ".start", sizeof ".start");
	FILE *f = fopen(path, "re");
	if (!f)
		return 127;
	while (lines < LINES_MAX && fgets(text[lines], sizeof text[0], f)) {
		text[lines][strcspn(text[lines], "\n")] = 0;
		if (lines)
			env[n_env++] = text[lines];
		lines++;
	}
	fclose(f);
	for (char **e = environ; *e && n_env < ENV_MAX; e++)
		env[n_env++] = *e;
	if (lines)
		execve(text[0], argv, env);
	perror(text[0]);
	return 127;
}
