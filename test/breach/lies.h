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
	_Alignas(8) uint8_t payload[1024];
	_Alignas(8) uint8_t tail[IPC_MESSAGE_MAX];
};

/* The message that is open on l, which is taken back and not sent. */
void lie_take_truth(struct link *l, struct lie *truth);

/* Tell each lie about it, the truth first; answers how many. */
uint32_t lies_each(const struct lie *truth, void (*tell)(const struct lie *l, void *arg), void *arg);

/* Does it break the contract already, or only the reader's trust? */
bool lie_is_plain(const struct lie *l);

/* Write it to l past every check of the library. False when it can't be written. */
bool lie_send(struct link *l, const struct lie *lie);

#endif
