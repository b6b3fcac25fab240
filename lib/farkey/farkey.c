/* SPDX-License-Identifier: ISC */
#include "farkey/farkey.h"
#include "base/log.h"

enum { HASH_LEN = 32 };

static struct {
	ipc_handler *const *while_waiting;
	bool silent;
	uint64_t timeouts;
} far;

static struct {
	uint64_t token;
	bool done;
	uint8_t signature[80];
	size_t n;
} answer;

void farkey_open(ipc_handler *const while_waiting[MSG_N])
{
	far.while_waiting = while_waiting;
}

bool farkey_ready(void)
{
	return !far.silent && child_link(PROC_SIGNER, 0);
}

void farkey_heard(void)
{
	far.silent = false;
}

void farkey_gone(void)
{
	far.silent = false; /* the link says it; a new one starts afresh */
	answer.done = false;
}

uint64_t farkey_timeouts(void)
{
	return far.timeouts;
}

void farkey_on_signed(struct link *from, const struct ipc_view *v)
{
	const struct msg_signed *m = v->payload;
	struct span s = ipc_str(v, m->signature);

	(void)from;
	far.silent = false;
	if (m->token != answer.token || answer.done) /* the answer to one that was given up */
		return;
	if (s.n)
		memcpy(answer.signature, s.p, s.n);
	answer.n = s.n;
	answer.done = true;
}

/* Which key it is travels in what GnuTLS takes for a pointer. */
static void *name_of(enum sign_key which, uint8_t trunk)
{
	return (void *)((uintptr_t)which << 8 | trunk);
}

static bool ask_signer(const void *name, const gnutls_datum_t *hash)
{
	struct link *l = child_link(PROC_SIGNER, 0);
	struct msg_sign_want *m = l && !far.silent ? ipc_begin(l, MSG_SIGN_WANT) : NULL;

	if (!m)
		return false;
	answer.done = false;
	answer.n = 0;
	m->token = ++answer.token;
	m->key = (uint8_t)((uintptr_t)name >> 8);
	m->trunk = (uint8_t)(uintptr_t)name;
	memcpy(m->hash, hash->data, HASH_LEN);
	ipc_end(l);
	if (link_wait(l, far.while_waiting, &answer.done, FARKEY_WAIT_MS))
		return answer.n > 0;
	/* one time-out and it counts as down, so that a dead signer never stalls what this process is for */
	far.silent = true;
	far.timeouts++;
	log_warn("signer is silent; no handshakes until it answers");
	return false;
}

static int sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *data, unsigned flags,
    const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	(void)key;
	(void)algorithm;
	(void)flags;
	if (hash->size != HASH_LEN || !ask_signer(data, hash))
		return GNUTLS_E_PK_SIGN_FAILED;
	signature->data = gnutls_malloc(answer.n);
	if (!signature->data)
		return GNUTLS_E_MEMORY_ERROR;
	memcpy(signature->data, answer.signature, answer.n);
	signature->size = (unsigned)answer.n;
	return 0;
}

static int key_info(gnutls_privkey_t key, unsigned flags, void *data)
{
	unsigned algorithm = GNUTLS_FLAGS_TO_SIGN_ALGO(flags);

	(void)key;
	(void)data;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return GNUTLS_PK_ECDSA;
	if (flags & GNUTLS_PRIVKEY_INFO_SIGN_ALGO)
		return GNUTLS_SIGN_ECDSA_SHA256;
	if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return algorithm == GNUTLS_SIGN_ECDSA_SHA256 || algorithm == GNUTLS_SIGN_ECDSA_SECP256R1_SHA256;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return 256;
	return -1;
}

int farkey_new(gnutls_privkey_t *key, enum sign_key which, uint8_t trunk)
{
	int e = gnutls_privkey_init(key);

	if (e < 0)
		return e;
	e = gnutls_privkey_import_ext4(*key, name_of(which, trunk), NULL, sign_hash, NULL, NULL, key_info, 0);
	if (e < 0)
		gnutls_privkey_deinit(*key);
	return e;
}
