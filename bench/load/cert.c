/* SPDX-License-Identifier: ISC */
#include "cert.h"
#include "base/buf.h"
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { NAME_CAP = 256, PATH_CAP = 512, PEM_CAP = 8192, DAYS = 30, DAY_S = 86400 };

int cert_authority_load(const char *crt_path, const char *key_path, struct cert_authority *ca)
{
	gnutls_datum_t pem = {0}, key = {0};
	int err;

	*ca = (struct cert_authority){0};
	if ((err = gnutls_load_file(crt_path, &pem)) < 0 || (err = gnutls_load_file(key_path, &key)) < 0 ||
	    (err = gnutls_x509_crt_init(&ca->crt)) < 0 || (err = gnutls_x509_privkey_init(&ca->key)) < 0 ||
	    (err = gnutls_x509_crt_import(ca->crt, &pem, GNUTLS_X509_FMT_PEM)) < 0)
		goto out;
	err = gnutls_x509_privkey_import2(ca->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
out:
	gnutls_free(pem.data);
	gnutls_free(key.data);
	return err;
}

void cert_authority_fini(struct cert_authority *ca)
{
	if (ca->crt != NULL)
		gnutls_x509_crt_deinit(ca->crt);
	if (ca->key != NULL)
		gnutls_x509_privkey_deinit(ca->key);
	*ca = (struct cert_authority){0};
}

/* A key and an unsigned certificate that has what every kind has. */
static int start(const char *name, gnutls_x509_crt_t *crt, gnutls_x509_privkey_t *key)
{
	uint8_t serial[16];
	time_t now = time(NULL);
	int err;

	*crt = NULL;
	*key = NULL;
	if ((err = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial))) < 0)
		return err;
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 1);
	if ((err = gnutls_x509_privkey_init(key)) < 0 || (err = gnutls_x509_crt_init(crt)) < 0 ||
	    (err = gnutls_x509_privkey_generate(
		 *key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)) < 0 ||
	    (err = gnutls_x509_crt_set_version(*crt, 3)) < 0 ||
	    (err = gnutls_x509_crt_set_serial(*crt, serial, sizeof(serial))) < 0 ||
	    (err = gnutls_x509_crt_set_activation_time(*crt, now - 3600)) < 0 ||
	    (err = gnutls_x509_crt_set_expiration_time(*crt, now + (time_t)DAYS * DAY_S)) < 0 ||
	    (err = gnutls_x509_crt_set_dn_by_oid(
		 *crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name))) < 0)
		return err;
	return gnutls_x509_crt_set_key(*crt, *key);
}

static int finish_leaf(
    gnutls_x509_crt_t crt, const char *san, const char *purpose, const struct cert_authority *ca)
{
	gnutls_x509_subject_alt_name_t kind = san && strchr(san, ':') ? GNUTLS_SAN_URI : GNUTLS_SAN_DNSNAME;
	int err;

	if (san != NULL && (err = gnutls_x509_crt_set_subject_alt_name(
				crt, kind, san, (unsigned)strlen(san), GNUTLS_FSAN_APPEND)) < 0)
		return err;
	if ((err = gnutls_x509_crt_set_basic_constraints(crt, 0, -1)) < 0 ||
	    (err = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
	    (err = gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0)) < 0)
		return err;
	return gnutls_x509_crt_sign2(crt, ca->crt, ca->key, GNUTLS_DIG_SHA256, 0);
}

static const char *numbered(const char *pattern, uint32_t number, char out[static NAME_CAP])
{
	struct buf b = buf_of(out, NAME_CAP);

	for (; *pattern != 0; pattern++)
		if (*pattern == '%')
			buf_decimal(&b, number);
		else
			buf_put(&b, pattern, 1);
	return buf_cstr(&b);
}

int cert_issue(const struct cert_authority *ca, const char *name, const char *san, uint32_t number,
    gnutls_certificate_credentials_t *cred)
{
	char cn[NAME_CAP], alt[NAME_CAP];
	const char *alt_name = san ? numbered(san, number, alt) : NULL;
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	int err;

	if (numbered(name, number, cn) == NULL || (san != NULL && alt_name == NULL))
		return GNUTLS_E_SHORT_MEMORY_BUFFER;
	if ((err = start(cn, &crt, &key)) >= 0 &&
	    (err = finish_leaf(crt, alt_name, GNUTLS_KP_TLS_WWW_CLIENT, ca)) >= 0 &&
	    (err = gnutls_certificate_allocate_credentials(cred)) >= 0)
		err = gnutls_certificate_set_x509_key(*cred, &crt, 1, key);
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	return err < 0 ? err : 0;
}

int cert_bundle_load(const char *path, gnutls_certificate_credentials_t *cred)
{
	int err = gnutls_certificate_allocate_credentials(cred);

	return err < 0 ? err : gnutls_certificate_set_x509_key_file(*cred, path, path, GNUTLS_X509_FMT_PEM);
}

static int pem_write(const char *dir, const char *name, const char *pem, size_t n)
{
	char path[PATH_CAP];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return GNUTLS_E_FILE_ERROR;
	done = write(fd, pem, n) == (ssize_t)n;
	return close(fd) == 0 && done ? 0 : GNUTLS_E_FILE_ERROR;
}

static int pair_write(const char *dir, const char *name, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	char pem[PEM_CAP], file[64];
	size_t n = sizeof(pem);
	int err;

	snprintf(file, sizeof(file), "%s.pem", name);
	if ((err = gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, pem, &n)) < 0 ||
	    (err = pem_write(dir, file, pem, n)) < 0)
		return err;
	n = sizeof(pem);
	snprintf(file, sizeof(file), "%s-key.pem", name);
	if ((err = gnutls_x509_privkey_export_pkcs8(
		 key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, pem, &n)) < 0)
		return err;
	return pem_write(dir, file, pem, n);
}

int cert_site_make(const char *dir, const char *domain)
{
	struct cert_authority ca, server = {0};
	int err;

	if ((err = start("load generator", &ca.crt, &ca.key)) < 0 ||
	    (err = gnutls_x509_crt_set_basic_constraints(ca.crt, 1, 0)) < 0 ||
	    (err = gnutls_x509_crt_set_key_usage(ca.crt, GNUTLS_KEY_KEY_CERT_SIGN)) < 0 ||
	    (err = gnutls_x509_crt_sign2(ca.crt, ca.crt, ca.key, GNUTLS_DIG_SHA256, 0)) < 0 ||
	    (err = start(domain, &server.crt, &server.key)) < 0 ||
	    (err = finish_leaf(server.crt, domain, GNUTLS_KP_TLS_WWW_SERVER, &ca)) < 0 ||
	    (err = pair_write(dir, "ca", ca.crt, ca.key)) < 0)
		goto out;
	err = pair_write(dir, "server", server.crt, server.key);
out:
	cert_authority_fini(&server);
	cert_authority_fini(&ca);
	return err;
}
