/* SPDX-License-Identifier: ISC */
/* Layout 7, of the build before: a call did not keep when it began, nor that its caller was told that money ends. */
#include "former.h"
#include "call.h"
#include <string.h>

enum { NAME_7 = 65, UFRAG_7 = 12, PWD_7 = 28 };

struct account_of_7 {
	uint32_t user, device;
	uint8_t trunk;
};

struct ceiling_call_7 {
	uint32_t rate_e4, setup_e4;
	uint64_t charged_ms;
	uint8_t begun, zero[7];
};

struct call_record_7 {
	uint64_t id, caller, callee;
	uint64_t answered_ms;
	int64_t start_wall_ms;
	uint32_t ports;
	uint16_t port;
	uint8_t state;
	uint8_t grade, key, emergency;
	uint8_t varying;
	uint8_t ended;
	uint8_t spoken;
	uint8_t hears[2];
	uint8_t listens;
	uint8_t who;
	struct account_of_7 account;
	struct ceiling_call_7 ceiling;
	char from[NAME_7], to[NAME_7];
	char ice_ufrag[2][UFRAG_7], ice_pwd[2][PWD_7];
};

_Static_assert(sizeof(struct call_record_7) == 312, "as layout 7 was written");

static bool call_of_7(const void *from, void *to)
{
	const struct call_record_7 *f = from;
	struct call_record *t = to;

	if (!memchr(f->from, 0, NAME_7) || !memchr(f->to, 0, NAME_7))
		return false;
	t->id = f->id;
	t->caller = f->caller;
	t->callee = f->callee;
	t->started_ms = t->answered_ms = f->answered_ms;
	t->start_wall_ms = f->start_wall_ms;
	t->ports = f->ports;
	t->port = f->port;
	t->state = f->state;
	t->grade = f->grade;
	t->key = f->key;
	t->emergency = f->emergency;
	t->varying = f->varying;
	t->ended = f->ended;
	t->spoken = f->spoken;
	memcpy(t->hears, f->hears, sizeof t->hears);
	t->listens = f->listens;
	t->who = f->who;
	t->account = (struct account_of){f->account.user, f->account.device, f->account.trunk};
	t->ceiling.rate_e4 = f->ceiling.rate_e4;
	t->ceiling.setup_e4 = f->ceiling.setup_e4;
	t->ceiling.charged_ms = f->ceiling.charged_ms;
	t->ceiling.begun = f->ceiling.begun;
	_Static_assert(sizeof t->from == NAME_7 && sizeof t->to == NAME_7, "names are as long");
	memcpy(t->from, f->from, NAME_7);
	memcpy(t->to, f->to, NAME_7);
	_Static_assert(
	    sizeof t->ice_ufrag == sizeof f->ice_ufrag && sizeof t->ice_pwd == sizeof f->ice_pwd, "ICE is as long");
	memcpy(t->ice_ufrag, f->ice_ufrag, sizeof t->ice_ufrag);
	memcpy(t->ice_pwd, f->ice_pwd, sizeof t->ice_pwd);
	return true;
}

static const uint32_t record_size[CORE_TABLES] = {
    [CORE_REGISTRATIONS] = 952,
    [CORE_LEGS] = 5408,
    [CORE_CALLS] = sizeof(struct call_record_7),
    [CORE_RECORDS] = 336,
    [CORE_ACCOUNTS] = 56,
    [CORE_HOTDESKS] = 16,
};

static arena_converter *const convert[CORE_TABLES] = {[CORE_CALLS] = call_of_7};

const struct arena_former core_former = {
    .layout = 7, .tables = CORE_TABLES, .record_size = record_size, .convert = convert};
