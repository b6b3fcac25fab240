/* SPDX-License-Identifier: ISC */
#include "edge_child.h"

int main(int argc, char **argv)
{
	return child_main(&edge_child, argc, argv);
}
