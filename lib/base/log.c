/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "base/clock.h"
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char name[32] = "ringfence";

void log_init(const char *process, unsigned instance)
{
	snprintf(name, sizeof name, instance ? "%s/%u" : "%s", process, instance);
}

/* A control of either set, of which the second is two octets of UTF-8: a terminal may obey it. */
static bool is_control(const char *c, const char *end)
{
	const unsigned char first = (unsigned char)c[0], second = end - c > 1 ? (unsigned char)c[1] : 0;

	return first < 0x20 || first == 0x7f || (first == 0xc2 && second >= 0x80 && second < 0xa0);
}

/* Whoever reads may stand still or be gone: then the line is lost, and nothing else. */
static bool emit(enum log_level level, const char *format, va_list args)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	char line[512];
	int n = snprintf(line, sizeof line, "<%d>%s: ", (int)level, name);
	int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);

	if (m > 0)
		n += m < (int)sizeof line - n - 1 ? m : (int)sizeof line - n - 2;
	for (char *c = line; c < line + n; c++)
		if (is_control(c, line + n)) {
			if ((unsigned char)*c == 0xc2)
				*c++ = '?';
			*c = '?';
		}
	line[n++] = '\n';
	return poll(&out, 1, 0) == 1 && out.revents & POLLOUT && write(STDERR_FILENO, line, (size_t)n) == n;
}

static bool emit_format(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool emit_format(enum log_level level, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	bool said = emit(level, format, args);
	va_end(args);
	return said;
}

void log_line(enum log_level level, const char *format, ...)
{
	static uint64_t second;
	static unsigned said, dropped;
	uint64_t now = clock_boot_ms() / 1000;
	int reason = errno; /* the caller's still */
	va_list args;

	if (now != second) {
		if (dropped && emit_format(LOG_WARN, "%u lines dropped", dropped))
			dropped = 0;
		second = now;
		said = 0;
	}
	if (said++ >= LOG_PER_SECOND) {
		dropped++;
		return;
	}
	va_start(args, format);
	if (!emit(level, format, args))
		dropped++;
	va_end(args);
	errno = reason;
}

void log_fatal(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(LOG_ERROR, format, args);
	va_end(args);
	abort();
}
