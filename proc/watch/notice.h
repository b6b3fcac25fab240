/* SPDX-License-Identifier: ISC */
/* A notice as each way writes it. What does not fit is left out. */
#ifndef WATCH_NOTICE_H
#define WATCH_NOTICE_H

#include "watch/alarms.h"

enum { NOTICE_MAIL_MAX = 8000, NOTICE_SYSLOG_MAX = 400 };

/* A whole mail with its header (RFC 5322). */
void notice_mail(struct buf *b, const struct alarm_notice *n, const char *domain, const char *to);
/* A message of a screen's line or two. */
void notice_desk(struct buf *b, const struct alarm_notice *n);
/* Line i of it as syslog takes it from a local socket (RFC 3164 4.1). */
void notice_syslog(struct buf *b, const struct alarm_notice *n, uint32_t i);

#endif
