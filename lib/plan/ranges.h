/* SPDX-License-Identifier: ISC */
#ifndef PLAN_RANGES_H
#define PLAN_RANGES_H

#include "plan/country.h"

extern const struct country_range range_nanp[], range_gb[], range_fr[], range_de[], range_ch[], range_at[], range_be[],
    range_nl[], range_it[], range_es[], range_ie[], range_au[], range_jp[];
extern const struct country_short short_nanp[], short_gb[], short_fr[], short_de[], short_ch[], short_at[], short_be[],
    short_nl[], short_it[], short_es[], short_ie[], short_au[], short_jp[];

#endif
