/* SPDX-License-Identifier: ISC */
/* What outlives core, as one arena: its tables, their layout, and that of the build before. */
#ifndef CORE_KEPT_H
#define CORE_KEPT_H

#include "former.h"
#include "ipc/child.h"

struct ban;
struct callback_phone;
struct desk_record;
struct last_caller;
struct ceiling_count;
struct hotdesk;
struct leg_record;
struct notice;
struct record;
struct call_record;
struct registration;
struct subscription_record;

/* Aborts when the arena cannot be mapped; what cannot be taken over is said in the log, and the tables are empty. */
void kept_open(int fd, const struct site *s, struct arena_table table[CORE_TABLES]);
/* Would this build take over what lies there? NULL, or why not; changes nothing. */
const char *kept_judge(int fd, const struct site *s);
/* Is each number of it in range, each text at an end and fit for the messages that it goes into? What is not so is not adopted. */
bool kept_leg_ok(const struct leg_record *r);
bool kept_call_ok(const struct call_record *r);
bool kept_registration_ok(const struct registration *r);
bool kept_ban_ok(const struct ban *b);
bool kept_subscription_ok(const struct subscription_record *r);
bool kept_notice_ok(const struct notice *n);
bool kept_desk_ok(const struct desk_record *r);
bool kept_callback_ok(const struct callback_phone *r);
bool kept_last_caller_ok(const struct last_caller *r);
bool kept_record_ok(const struct record *r);
bool kept_count_ok(const struct ceiling_count *n);
bool kept_hotdesk_ok(const struct hotdesk *h);
/* Has the configuration room for who has these numbers? It may have asked for more when they were written. NOBODY: always. */
bool kept_fits(uint32_t user, uint32_t device);
/* The same slot and generation under the node that the configuration gives us now. */
uint64_t kept_id(uint64_t id);
void kept_shapes(const struct site *s, struct arena_shape out[CORE_TABLES]);

#endif
