/* SPDX-License-Identifier: ISC */
#include "dial_child.h"

int main(int argc, char **argv)
{
	return child_main(&dial_child, argc, argv);
}
