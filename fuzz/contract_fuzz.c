/* SPDX-License-Identifier: ISC */
#include "fuzz.h"
#include "ipc/ipc.h"
#include <sys/socket.h>
#include <unistd.h>

/* Every string and part of a message that was let through lies in its tail. */
static void look(struct link *from, const struct ipc_view *v)
{
	const struct msg_rule *r = &msg_rule[v->type];

	FUZZ_CHECK(r->from >> from->peer & 1 && r->to >> from->me & 1 && r->classes >> v->class & 1);
	FUZZ_CHECK(v->fd < 0);
	for (const struct msg_field *f = r->fields(); f->name; f++) {
		const uint8_t *at = (const uint8_t *)v->payload + f->offset;
		struct str s;
		if (f->kind == FIELD_ENUM)
			FUZZ_CHECK(*at < f->limit);
		if (f->kind != FIELD_STRING && f->kind != FIELD_PART)
			continue;
		memcpy(&s, at, sizeof s);
		struct span text = ipc_str(v, s);
		FUZZ_CHECK(text.n <= f->limit);
		for (size_t i = 0; i < text.n; i++)
			FUZZ_CHECK(f->kind == FIELD_PART || f->octets || (text.p[i] >= 0x20 && text.p[i] != 0x7f));
	}
}

/* Octets: who reads, who wrote, phase, then frames of {length (2), octets} as they come over a link. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static ipc_handler *on[MSG_N];
	struct link l;
	int fd[2];

	if (n < 3 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) != 0)
		return 0;
	for (int i = 1; i < MSG_N; i++)
		on[i] = look;
	FUZZ_CHECK(link_init(&l, fd[0], (enum proc)(data[0] % PROC_N), (enum proc)(data[1] % PROC_N), 0,
	    (enum msg_phase)(data[2] % (PHASE_RUN + 1))));
	struct span rest = span_of(data + 3, n - 3);
	while (rest.n >= 2 && !l.broken) {
		size_t len = (size_t)(rest.p[0] | rest.p[1] << 8);
		struct span frame = span_head(span_skip(rest, 2), len);
		rest = span_skip(rest, 2 + len);
		if (send(fd[1], frame.p, frame.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		link_read(&l, on);
	}
	link_fini(&l);
	close(fd[1]);
	return 0;
}
