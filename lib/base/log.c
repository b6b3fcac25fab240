/* SPDX-License-Identifier: ISC */
#include "base/log.h"
#include "base/clock.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char name[32] = "ringfence";

void log_init(const char *process, unsigned instance)
{
	snprintf(name, sizeof name, instance ? "%s/%u" : "%s", process, instance);
}

static void emit(enum log_level level, const char *format, va_list args)
{
	char line[512];
	int n = snprintf(line, sizeof line, "<%d>%s: ", (int)level, name);
	int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);

	if (m > 0)
		n += m < (int)sizeof line - n - 1 ? m : (int)sizeof line - n - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere left to say it */
}

static void emit_format(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void emit_format(enum log_level level, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	emit(level, format, args);
	va_end(args);
}

void log_line(enum log_level level, const char *format, ...)
{
	static uint64_t second;
	static unsigned said, dropped;
	uint64_t now = clock_boot_ms() / 1000;
	int reason = errno; /* the caller's still */
	va_list args;

	if (now != second) {
		if (dropped)
			emit_format(LOG_WARN, "%u lines dropped", dropped);
		second = now;
		said = dropped = 0;
	}
	if (said++ >= LOG_PER_SECOND) {
		dropped++;
		return;
	}
	va_start(args, format);
	emit(level, format, args);
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
