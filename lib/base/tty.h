/* SPDX-License-Identifier: ISC */
/* What is typed without being shown. */
#ifndef BASE_TTY_H
#define BASE_TTY_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a terminal to ask on? */
bool tty_is_there(void);

/* A line from the terminal, without its end; false when none was typed or it holds more than cap - 1 octets. A signal that ends
 * or stops the program does so with the terminal as it was; one that was stopped asks anew when it goes on. */
bool tty_ask(const char *prompt, char *out, size_t cap);

#endif
