/* SPDX-License-Identifier: ISC */
#include "voice_child.h"

int main(int argc, char **argv)
{
	return child_main(&voice_child, argc, argv);
}
