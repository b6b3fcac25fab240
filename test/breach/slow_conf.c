/* SPDX-License-Identifier: ISC */
/* The reader of the configuration, which takes its time. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	usleep(500000);
	execv(CONF, argv);
	return 127;
}
