/* SPDX-License-Identifier: ISC */
#include "rehearsed.h"
#include "base/span.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char octets[CMSG_SPACE(REHEARSED_MAX * sizeof(int))];
};

void rehearsed_say(const char *text, const struct rehearsed *r)
{
	union control c = {0};
	struct iovec io = {(void *)(uintptr_t)text, strlen(text)};
	struct msghdr m = {
	    .msg_iov = &io, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = CMSG_SPACE(r->n * sizeof(int))};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(r->n * sizeof(int));
	memcpy(CMSG_DATA(h), r->fd, r->n * sizeof(int));
	if (r->n && sendmsg(STDOUT_FILENO, &m, MSG_NOSIGNAL) >= 0)
		return;
	fputs(text, stdout);
	fflush(stdout);
}

ssize_t rehearsed_hear(int from, void *text, size_t size, struct rehearsed *r)
{
	union control c;
	struct iovec io = {text, size};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c};
	ssize_t n = recvmsg(from, &m, MSG_CMSG_CLOEXEC);

	r->n = 0;
	if (n < 0)
		return 0;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		r->n = (uint32_t)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(r->fd, CMSG_DATA(h), r->n * sizeof(int));
	}
	return m.msg_flags & MSG_CTRUNC ? -1 : n;
}

void rehearsed_close(struct rehearsed *r)
{
	while (r->n)
		close(r->fd[--r->n]);
}

void rehearsed_leave(const struct rehearsed *r, char word[REHEARSED_WORD])
{
	size_t at = 0;

	word[0] = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		(void)fcntl(r->fd[i], F_SETFD, 0);
		at += (size_t)snprintf(word + at, REHEARSED_WORD - at, i ? ",%d" : "%d", r->fd[i]);
	}
}

static bool is_new(const struct rehearsed *r, int fd)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->fd[i] == fd)
			return false;
	return true;
}

bool rehearsed_take(const char *word, struct rehearsed *r)
{
	struct stat s;
	uint64_t fd;

	for (r->n = 0; r->n < REHEARSED_MAX; word++) {
		size_t n = strcspn(word, ",");
		if (!span_decimal(span_of(word, n), INT32_MAX, &fd) || fd <= STDERR_FILENO || !is_new(r, (int)fd) ||
		    fstat((int)fd, &s) != 0 || !S_ISREG(s.st_mode))
			return false;
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
		r->fd[r->n++] = (int)fd;
		word += n;
		if (!*word)
			return true;
	}
	return false;
}
