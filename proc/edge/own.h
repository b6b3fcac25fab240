/* SPDX-License-Identifier: ISC */
/* What we show to a trunk that asks who we are: the certificate of its section, for a key in signer. */
#ifndef EDGE_OWN_H
#define EDGE_OWN_H

#include "conn.h"
#include "creds.h"

/* A file for this trunk (index); it counts from the next commit on. */
void own_take(uint8_t trunk, struct span pem);
/* NULL, or why what was taken since the last commit is of no use. */
const char *own_prepare(const struct site *s);
void own_commit(const struct site *s);

/* Of the trunk (its number, from 1 on); without a certificate where its section names none. NULL: no memory. */
struct creds *own_creds(uint8_t trunk);

#endif
