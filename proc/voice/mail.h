/* SPDX-License-Identifier: ISC */
/* A message that is recorded or said: a second of G.711 at a time, each sealed with AES-256-GCM under the message's own key, which
 * core gave for this turn. ledger keeps the pieces. */
#ifndef VOICE_MAIL_H
#define VOICE_MAIL_H

#include "ipc/child.h"
#include "prompts.h"

enum { MAIL_SECOND = 8000 };

struct mail;

void mail_init(void);
/* The message of this turn, to be recorded or, with record_ms 0, said. NULL: all are in use. */
struct mail *mail_take(const struct msg_turn *t);
/* What was recorded is told to ledger. NULL is fine. */
void mail_release(struct mail *m);

/* From the beginning. */
void mail_rewind(struct mail *m);
/* n samples; fewer only at the end. While a piece is on its way there is silence, for a while. */
uint32_t mail_read(struct mail *m, enum voice_rate rate, int16_t *out, uint32_t n);

/* What the caller says, RTP payloads in any order. True: enough was said, or nothing for long enough. */
bool mail_hear(struct mail *m, uint8_t codec, uint32_t timestamp, struct span payload);

void mail_on_piece(struct link *from, const struct ipc_view *v);
void mail_status(struct proc_status *s);

#endif
