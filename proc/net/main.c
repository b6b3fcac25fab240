/* SPDX-License-Identifier: ISC */
#include "net_child.h"

int main(int argc, char **argv)
{
	return child_main(&net_child, argc, argv);
}
