/* SPDX-License-Identifier: ISC */
#include "build_id.h"
#include "ipc/contract.h"

const uint8_t build_id[16] = BUILD_ID;
