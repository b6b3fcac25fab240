/* SPDX-License-Identifier: ISC */
/* One line to standard error per decision, with the id of the object; the parent or systemd keeps it. Never a phone
 * number, a secret or text from outside: those have no place in a debug log (R23). At most LOG_PER_SECOND lines a
 * second leave a process; what is dropped is counted and said. Nobody waits for who reads: where he stands still or is gone, lines
 * are dropped. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum { LOG_PER_SECOND = 50 };

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_init(const char *process, unsigned instance);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)

/* A broken invariant of our own: says so and aborts. */
_Noreturn void log_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
