/* SPDX-License-Identifier: ISC */
/* Who the phones are: users from a file or made up, certificates issued from a CA or read from a directory.
 */
#include "cert.h"
#include "phone.h"
#include <dirent.h>
#include <stdlib.h>

enum { PATH_CAP = 512 };

static bool complain(const char *what, int err)
{
	fprintf(stderr, "ringfence-load: %s: %s\n", what, gnutls_strerror(err));
	return false;
}

/* `user password` a line; the i-th line is the i-th phone's. */
static bool users_read(const char *path)
{
	FILE *f = fopen(path, "re");
	uint32_t n = 0;

	if (f == NULL) {
		perror(path);
		return false;
	}
	while (n < load.phones_n && fscanf(f, "%63s %63s", load.phone[n].user, load.phone[n].password) == 2)
		n++;
	fclose(f);
	if (n < load.phones_n)
		fprintf(stderr, "ringfence-load: %s names %u users for %u phones\n", path, n, load.phones_n);
	return n == load.phones_n;
}

static void users_invent(void)
{
	for (uint32_t i = 0; i < load.phones_n; i++) {
		snprintf(load.phone[i].user, NAME_MAX_LEN, "%u", 10000 + i);
		snprintf(load.phone[i].password, NAME_MAX_LEN, "load-secret");
	}
}

static bool phones_issue(void)
{
	const struct options *o = &load.opt;
	struct cert_authority ca;
	int err = cert_authority_load(o->ca, o->ca_key, &ca);

	for (uint32_t i = 0; i < load.phones_n && err >= 0; i++)
		err = cert_issue(&ca, o->common_name, o->alt_name, i, &load.phone[i].cred);
	cert_authority_fini(&ca);
	return err >= 0 || complain("issuing certificates", err);
}

static int is_pem(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && strcmp(e->d_name + n - 4, ".pem") == 0;
}

static bool phones_read(const char *dir)
{
	struct dirent **file = NULL;
	int n = scandir(dir, &file, is_pem, versionsort), err = 0;

	if (n < (int)load.phones_n)
		fprintf(stderr, "ringfence-load: %s holds %d bundles for %u phones\n", dir, n, load.phones_n);
	for (int i = 0; i < n; i++) {
		char path[PATH_CAP];
		snprintf(path, sizeof(path), "%s/%.200s", dir, file[i]->d_name);
		if (i < (int)load.phones_n && err >= 0)
			err = cert_bundle_load(path, &load.phone[i].cred);
		if (err < 0)
			complain(path, err);
		free(file[i]);
	}
	free(file);
	return n >= (int)load.phones_n && err >= 0;
}

bool phones_load(void)
{
	const struct options *o = &load.opt;
	int err;

	load.phone = calloc(o->phones_n, sizeof(*load.phone));
	if (load.phone == NULL)
		return false;
	load.phones_n = o->phones_n;
	for (uint32_t i = 0; i < load.phones_n; i++)
		load.phone[i].number = i;
	if (o->users == NULL)
		users_invent();
	else if (!users_read(o->users))
		return false;
	if (!(o->phones_dir ? phones_read(o->phones_dir) : phones_issue()))
		return false;
	if (o->ca == NULL)
		return true;
	err = gnutls_certificate_set_x509_trust_file(load.phone[0].cred, o->ca, GNUTLS_X509_FMT_PEM);
	return err > 0 || complain(o->ca, err);
}

void phones_free(void)
{
	for (uint32_t i = 0; i < load.phones_n; i++) {
		conn_close(&load.phone[i].conn);
		if (load.phone[i].cred != NULL)
			gnutls_certificate_free_credentials(load.phone[i].cred);
	}
	free(load.phone);
}
