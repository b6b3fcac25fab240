/* SPDX-License-Identifier: ISC */
/* ctl: the local socket of the ringfence command. Who asks is known by SO_PEERCRED, what they may ask stands in request.def,
 * and each verb is a row of steps in verbs.c. */
#include "base/log.h"
#include "ctl/helper.h"
#include "ctl/verbs.h"
#include <stdlib.h>
#include <unistd.h>

static int listen_fd = -1;
static uid_t operator_uid;

static void on_file(enum file_kind what, int fd)
{
	if (what != FILE_CTL_SOCKET || listen_fd >= 0)
		close(fd);
	else
		listen_fd = fd;
}

static void on_open(void)
{
	if (listen_fd < 0)
		log_fatal("no socket to listen on");
	operator_uid = geteuid(); /* an exchange that does not run as root is its owner's */
	helper_start();
	clients_open();
}

static void on_serve(void)
{
	clients_init(listen_fd, operator_uid);
}

static void on_link_down(struct link *l)
{
	job_link_down(l->peer);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_DONE] = job_on_done,
    [MSG_PROC_LINE] = look_on_process,
    [MSG_CALL_LINE] = look_on_call,
    [MSG_BAN_LINE] = look_on_ban,
    [MSG_MAY_LINE] = may_on_line,
    [MSG_TRUNK_LINE] = trunks_on_line,
    [MSG_TRUNK_REQUEST] = trunks_on_request,
    [MSG_USER_LINE] = look_on_user,
    [MSG_PHONE_LINE] = look_on_phone,
    [MSG_EVENT_LINE] = look_on_event,
    [MSG_READING_LINE] = look_on_reading,
    [MSG_SETTING_LINE] = settings_on_line,
    [MSG_GROUP_LINE] = look_on_group,
    [MSG_NOTICE_LINE] = look_on_notice,
    [MSG_SECRETS] = people_on_secrets,
    [MSG_CODE] = phone_on_code,
    [MSG_CERT] = phone_on_cert,
    [MSG_ADMIN_SALT] = admin_on_salt,
    [MSG_ADMIN_LINE] = admin_on_line,
    [MSG_LOG_LINE] = admin_on_log,
    [MSG_UNSEALED] = admin_on_unsealed,
    [MSG_EXPORTED] = export_on_piece,
};

static const char *const calls[] = {"accept4", "getsockopt", "shutdown", NULL};

/* argon2id takes up to 256 MiB at a time */
static const struct cage cage = {.name = "ctl", .calls = calls, .files = 64, .memory_mb = 384, .may_write_files = 0};

int main(int argc, char **argv)
{
	static const struct child ctl = {
	    .me = PROC_CTL,
	    .cage = &cage,
	    .on = on,
	    .file = on_file,
	    .open = on_open,
	    .serve = on_serve,
	    .link_down = on_link_down,
	    .status = clients_status,
	    .stop = clients_flush,
	};

	return child_main(&ctl, argc, argv);
}
