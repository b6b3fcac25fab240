/* SPDX-License-Identifier: ISC */
/* The whole test harness: each test program lists its tests, prints one line for each that fails and a closing
 * "N passed, N failed". A failed check ends its test, not the program. */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int test_failed_here, test_passed_n, test_failed_n;

#define CHECK(condition)                                                                                      \
	do {                                                                                                  \
		if (!(condition)) {                                                                           \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, __func__, #condition);         \
			test_failed_here = 1;                                                                 \
			return;                                                                               \
		}                                                                                             \
	} while (0)

#define RUN(function)                                                                                         \
	do {                                                                                                  \
		test_failed_here = 0;                                                                         \
		function();                                                                                   \
		if (test_failed_here)                                                                         \
			test_failed_n++;                                                                      \
		else                                                                                          \
			test_passed_n++;                                                                      \
	} while (0)

#define TEST_END                                                                                              \
	(printf("%d passed, %d failed\n", test_passed_n, test_failed_n), test_failed_n != 0 || test_passed_n == 0)

#endif
