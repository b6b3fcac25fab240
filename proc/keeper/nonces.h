/* SPDX-License-Identifier: ISC */
/* The nonces of digest authentication (RFC 7616 3.3, 3.4, 5.4). They are given to core a sheet at a time, with the key under
 * which core binds each to a connection and user. One that was only handed out costs no memory: its number and time stand in
 * it, enciphered, and its number says under which key it was bound. What is remembered is, for each
 * connection and user, the last nonce that was answered and its highest count; forgetting an entry can only make a
 * nonce stale, never good again. */
#ifndef KEEPER_NONCES_H
#define KEEPER_NONCES_H

#include "base/buf.h"
#include "keeper/recent.h"
#include "wire/nonce.h"

enum {
	NONCE_FIRST_MS = 60 * 1000 + NONCE_SHEET_MS, /* a first answer comes within this */
	NONCE_LIFE_MS = 24 * 3600 * 1000,            /* later ones, with rising counts, within this */
};

struct nonce_use {
	uint64_t number;
	uint32_t count; /* highest seen; UINT32_MAX: a wrong answer spent it */
};

struct nonces {
	uint64_t sheet;          /* the next */
	uint64_t floor;          /* a number: at or below the floor only a remembered one counts */
	struct nonce_keys *keys; /* secret */
	struct recent recent;
	struct nonce_use *use;
};

struct nonce_claim {
	uint64_t flow;
	struct span user, nonce;
	uint32_t count;
};

bool nonces_init(struct nonces *n, uint32_t cap);
void nonces_fini(struct nonces *n);

/* A fresh sheet. */
void nonces_give(struct nonces *n, uint64_t now_ms, uint8_t key[NONCE_KEY], uint8_t blocks[NONCE_SHEET * NONCE_BLOCK]);

/* Is this nonce ours, for this connection and user, in time, with a higher count than ever? Then its number, else 0. */
uint64_t nonces_check(struct nonces *n, uint64_t now_ms, const struct nonce_claim *c);

/* It was answered. A wrong answer spends it. */
void nonces_spend(struct nonces *n, uint64_t number, const struct nonce_claim *c, bool right);

#endif
