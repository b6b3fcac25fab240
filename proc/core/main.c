/* SPDX-License-Identifier: ISC */
#include "core_child.h"

int main(int argc, char **argv)
{
	return child_main(&core_child, argc, argv);
}
