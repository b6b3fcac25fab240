/* SPDX-License-Identifier: ISC */
/* A public key as two people compare it: SHA-256 over x and y, as eight groups of eight hexadecimal digits. */
#ifndef VAULT_KEY_PRINT_H
#define VAULT_KEY_PRINT_H

#include <stdint.h>

enum { KEY_PRINT_TEXT = 72 }; /* with the NUL */

void key_print(const uint8_t point[64], char text[KEY_PRINT_TEXT]);

#endif
