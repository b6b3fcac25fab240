/* SPDX-License-Identifier: ISC */
#include "media_child.h"

int main(int argc, char **argv)
{
	return child_main(&media_child, argc, argv);
}
