/* SPDX-License-Identifier: ISC */
/* ringfence-request: reads certificate requests for ctl, one datagram each, in a cage of its own that leaves it nothing but
 * memory and that one socket. */
#include "base/log.h"
#include "cage/cage.h"
#include "ctl/helper.h"
#include "vault/enrol.h"
#include <stdio.h>
#include <unistd.h>

enum { CTL_FD = 3 };

static const struct cage cage = {.name = "request", .calls = NULL, .files = 8, .memory_mb = 64, .may_write_files = 0};

static bool number(const char *s, uint64_t *out)
{
	return span_decimal(span_str(s), UINT32_MAX, out);
}

int main(int argc, char **argv)
{
	static uint8_t request[ENROL_PEM_MAX + 1];
	uint8_t point[ENROL_POINT];
	uint64_t uid, gid;
	ssize_t n;

	log_init("request", 0);
	if (argc != 3 || !number(argv[1], &uid) || !number(argv[2], &gid)) {
		fprintf(stderr, "ringfence-request is started by ringfence-ctl, not by hand\n");
		return 2;
	}
	cage_early();
	(void)!enrol_parse_request(SPAN(""), point); /* what the library opens at its first use, it opens now */
	cage_enter(&cage, (uid_t)uid, (gid_t)gid);
	while ((n = read(CTL_FD, request, sizeof request)) > 0) {
		struct helper_answer a = {.ok = 0};
		const char *why = enrol_parse_request(span_of(request, (size_t)n), a.point);
		a.ok = why == NULL;
		snprintf(a.why, sizeof a.why, "%s", why ? why : "");
		if (write(CTL_FD, &a, sizeof a) != (ssize_t)sizeof a)
			return 1;
	}
	return 0;
}
