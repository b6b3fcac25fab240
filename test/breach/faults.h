/* SPDX-License-Identifier: ISC */
/* What faults_ledger and faults_keeper say on their standard output: "+N", N is confirmed to be there; "-N", to be gone. One line is
 * one write, a mark in the trace of their calls. */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <stdio.h>
#include <unistd.h>

enum { FAULTS_KEPT = 5, FAULTS_GONE = 2 }; /* numbers count from 1 */

static inline void faults_say(char sign, int n)
{
	char line[16];
	int len = snprintf(line, sizeof line, "%c%d\n", sign, n);

	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		_exit(2);
}

#endif
