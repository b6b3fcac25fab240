/* SPDX-License-Identifier: ISC */
#ifndef WIRE_CRC_H
#define WIRE_CRC_H

#include "base/span.h"

uint32_t crc32_of(struct span s);  /* ITU V.42, as in Ethernet and STUN's FINGERPRINT */
uint32_t crc32c_of(struct span s); /* Castagnoli, as in SCTP and ZRTP */

#endif
