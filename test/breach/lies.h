/* SPDX-License-Identifier: ISC */
/* Lies about a message, made from the contract: the truth is given, and each of its fields in turn takes every value that
 * tells (limits, beyond them, none, too long, of controls, outside the message, parts of random octets). The rest stays
 * true, so that a lie gets as far into its reader as it can. */
#ifndef TEST_LIES_H
#define TEST_LIES_H

#include "ipc/ipc.h"

struct lie {
	enum msg type;
	enum msg_class class;
	const char *field; /* that is not true; NULL: the message as a whole is */
	uint32_t number;   /* of the lie about this field */
	uint32_t payload_n, tail_n;
	_Alignas(8) uint8_t payload[2048];
	_Alignas(8) uint8_t tail[IPC_MESSAGE_MAX];
};

/* The message that is open on l, which is taken back and not sent. */
void lie_take_truth(struct link *l, struct lie *truth);

/* Begin a message of made-up values that keeps the contract, for rows of which a test knows no better truth. Change it,
 * then lie_take_truth(). NULL: it can't be begun. */
void *lie_invent(struct link *l, enum msg type);
/* Is this a row of the contract that `to` must bear lies about from this sibling? */
bool lie_is_due(enum msg type, enum proc from, enum proc to);
/* Wait until the other side has taken what was sent. */
bool lie_settled(const struct link *l);

/* Tell each lie about it, the truth first; answers how many. */
uint32_t lies_each(const struct lie *truth, void (*tell)(const struct lie *l, void *arg), void *arg);

/* Does it break the contract already, or only the reader's trust? */
bool lie_is_plain(const struct lie *l);

/* Write it to l past every check of the library. False when it can't be written. */
bool lie_send(struct link *l, const struct lie *lie);
bool lie_send_fd(struct link *l, const struct lie *lie, int fd); /* with a descriptor, which stays the caller's */

#endif
