/* SPDX-License-Identifier: ISC */
/* What two people compare: a SHA-256 as eight groups of eight hexadecimal digits; of a public key that over x and y. */
#ifndef VAULT_KEY_PRINT_H
#define VAULT_KEY_PRINT_H

#include <stdint.h>

enum { KEY_PRINT_TEXT = 72 }; /* with the NUL */

void sha_print(const uint8_t sha256[32], char text[KEY_PRINT_TEXT]);
void key_print(const uint8_t point[64], char text[KEY_PRINT_TEXT]);

#endif
