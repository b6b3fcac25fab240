/* SPDX-License-Identifier: ISC */
/* Makes a boot key sealed under a passphrase, and opens it: argon2id gives the key, AES-256-GCM seals. */
#include "base/buf.h"
#include "base/cursor.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/sync.h"
#include "base/tty.h"
#include <argon2.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/gcm.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	KEY_LEN = 32,
	SALT_LEN = 16,
	PASSPHRASE_MIN = 12,
	PASSPHRASE_MAX = 256,
	PASSES = 3, /* RFC 9106, second recommended option, one lane */
	MEMORY_KB = 65536,
	PASSES_MAX = 16,
	MEMORY_KB_MAX = 1 << 20,
	HEAD_LEN = 8 + 4 + 4 + SALT_LEN + GCM_IV_SIZE,
	FILE_LEN = HEAD_LEN + KEY_LEN + GCM_DIGEST_SIZE,
};

static const struct span magic = {(const uint8_t *)"RFBOOT1\n", 8};

struct secrets {
	uint8_t boot[KEY_LEN], sealing[KEY_LEN];
	char passphrase[PASSPHRASE_MAX + 2], again[PASSPHRASE_MAX + 2];
};

struct head {
	uint32_t passes, memory_kb;
	struct span salt, nonce;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "ringfence-bootkey: %s: %s\n", what, why);
	return 1;
}

static bool read_line(FILE *f, char *out)
{
	if (!fgets(out, PASSPHRASE_MAX + 2, f))
		return false;
	size_t n = strcspn(out, "\n");
	bool whole = out[n] == '\n';
	out[n] = 0;
	return whole && n <= PASSPHRASE_MAX;
}

/* From the terminal without echo, else from standard input. */
static bool ask(const char *prompt, char *out)
{
	if (tty_is_there())
		return tty_ask(prompt, out, PASSPHRASE_MAX + 1);
	setvbuf(stdin, NULL, _IONBF, 0); /* no copy of it in a buffer */
	return read_line(stdin, out);
}

static bool stretch(const struct head *h, struct secrets *s)
{
	return argon2id_hash_raw(h->passes, h->memory_kb, 1, s->passphrase, strlen(s->passphrase), h->salt.p, h->salt.n,
		   s->sealing, KEY_LEN) == ARGON2_OK;
}

static void start_gcm(struct gcm_aes256_ctx *g, struct span head, const struct head *h, const struct secrets *s)
{
	gcm_aes256_set_key(g, s->sealing);
	gcm_aes256_set_iv(g, h->nonce.n, h->nonce.p);
	gcm_aes256_update(g, head.n, head.p);
}

static bool write_new(const char *path, mode_t mode, struct span octets)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return false;
	bool ok = write(fd, octets.p, octets.n) == (ssize_t)octets.n && fsync(fd) == 0 && sync_directory_of(path);
	int why = errno;
	if (close(fd) != 0 || !ok) {
		unlink(path);
		errno = why;
		return false;
	}
	return true;
}

static int seal(const char *path, struct secrets *s)
{
	uint8_t file[FILE_LEN], random[SALT_LEN + GCM_IV_SIZE], tag[GCM_DIGEST_SIZE];
	struct buf b = buf_of(file, sizeof file);
	struct gcm_aes256_ctx g;

	if (!ask("New passphrase for the boot key: ", s->passphrase) || !ask("Once more: ", s->again))
		return fail("passphrase", "not given, or longer than 256 characters");
	if (strlen(s->passphrase) < PASSPHRASE_MIN)
		return fail("passphrase", "must have at least 12 characters");
	if (strcmp(s->passphrase, s->again) != 0)
		return fail("passphrase", "the two differ");
	rand_bytes(random, sizeof random);
	rand_bytes(s->boot, KEY_LEN);
	struct head h = {PASSES, MEMORY_KB, span_of(random, SALT_LEN), span_of(random + SALT_LEN, GCM_IV_SIZE)};
	buf_add(&b, magic);
	buf_u32(&b, h.passes);
	buf_u32(&b, h.memory_kb);
	buf_add(&b, h.salt);
	buf_add(&b, h.nonce);
	if (!stretch(&h, s))
		return fail("argon2id", "no memory");
	start_gcm(&g, buf_span(&b), &h, s);
	gcm_aes256_encrypt(&g, KEY_LEN, file + HEAD_LEN, s->boot);
	gcm_aes256_digest(&g, sizeof tag, tag);
	secret_wipe(&g, sizeof g);
	memcpy(file + HEAD_LEN + KEY_LEN, tag, sizeof tag);
	return write_new(path, 0600, span_of(file, sizeof file)) ? 0 : fail(path, strerror(errno));
}

static bool read_head(struct span file, struct head *h)
{
	struct cursor c = cursor_of(file);
	struct span m;

	return file.n == FILE_LEN && cursor_span(&c, magic.n, &m) && span_eq(m, magic) && cursor_u32(&c, &h->passes) &&
	       cursor_u32(&c, &h->memory_kb) && cursor_span(&c, SALT_LEN, &h->salt) &&
	       cursor_span(&c, GCM_IV_SIZE, &h->nonce) && h->passes >= 1 && h->passes <= PASSES_MAX &&
	       h->memory_kb >= 8 && h->memory_kb <= MEMORY_KB_MAX;
}

static int unseal(const char *path, const char *out, struct secrets *s)
{
	uint8_t file[FILE_LEN + 1], tag[GCM_DIGEST_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, file, sizeof file);
	struct gcm_aes256_ctx g;
	struct head h;

	if (n < 0)
		return fail(path, strerror(errno));
	close(fd);
	if (!read_head(span_of(file, (size_t)n), &h))
		return fail(path, "is no sealed boot key");
	if (!ask("Passphrase of the boot key: ", s->passphrase))
		return fail("passphrase", "not given");
	if (!stretch(&h, s))
		return fail("argon2id", "no memory");
	start_gcm(&g, span_of(file, HEAD_LEN), &h, s);
	gcm_aes256_decrypt(&g, KEY_LEN, s->boot, file + HEAD_LEN);
	gcm_aes256_digest(&g, sizeof tag, tag);
	secret_wipe(&g, sizeof g);
	if (!secret_eq(tag, file + HEAD_LEN + KEY_LEN, sizeof tag))
		return fail("passphrase", "is not the right one");
	return write_new(out, 0400, span_of(s->boot, KEY_LEN)) ? 0 : fail(out, strerror(errno));
}

static const char usage[] = "usage: ringfence-bootkey seal FILE          make a boot key, sealed under a passphrase\n"
			    "       ringfence-bootkey unseal FILE OUT    open it (OUT lies on the ramfs of the site)\n";

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};
	int status = 2;

	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return fail("limits", strerror(errno));
	struct secrets *s = secret_new(sizeof *s);
	if (argc == 3 && strcmp(argv[1], "seal") == 0)
		status = seal(argv[2], s);
	else if (argc == 4 && strcmp(argv[1], "unseal") == 0)
		status = unseal(argv[2], argv[3], s);
	else
		fputs(usage, stderr);
	secret_free(s, sizeof *s);
	return status;
}
