/* SPDX-License-Identifier: ISC */
/* A certificate for numbers (RFC 8226) out of files, as what core is to know of it. Nothing is fetched. */
#ifndef CONF_SIGNERS_H
#define CONF_SIGNERS_H

#include "plan/proof.h"

/* Forget the roots of another configuration. */
void signers_begin(void);

/* PEM of the certificates that the chains end at; sets anchors of *out. NULL, or a static reason. */
const char *signers_roots(struct span pem, struct plan_signers *out);

/* The names that were read, in order, for people: of the certificate of each signer, of each anchor. */
enum { SIGNERS_SUBJECT_MAX = 128 };
const char *signers_subject(unsigned signer);
const char *signers_anchor_subject(unsigned anchor);

/* pem: the certificate, and what is between it and a root, in order. Sets all but x5u. NULL, or a static reason. Dates are
 * taken, not judged: an exchange must start on the day after one ended. */
const char *signers_read(struct span pem, unsigned signer, struct plan_signer *out);

#endif
