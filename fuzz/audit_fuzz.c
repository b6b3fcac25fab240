/* SPDX-License-Identifier: ISC */
/* A whole capture, from its first octet to the report. */
#include "audit/report.h"
#include "fuzz.h"
#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct audit a;
	static struct calls calls;
	static struct report r;
	struct capture c;
	struct frame f;

	if (!audit_init(&a))
		abort();
	r.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	r.graph = true;
	capture_of(&c, span_of(data, n));
	while (capture_next(&c, &f) == CAPTURE_FRAME)
		audit_frame(&a, &f);
	FUZZ_CHECK(calls_find(&a, &calls));
	uint32_t sum = 0;
	for (unsigned g = AUDIT_NOBODY; g < AUDIT_GRADES; g++)
		sum += calls.by_grade[g];
	FUZZ_CHECK(sum == calls.n && calls.n <= a.legs.n + a.flows.n);
	report_write(&r, &a, &calls);
	FUZZ_CHECK(!r.failed);
	close(r.fd);
	calls_free(&calls);
	audit_fini(&a);
	return 0;
}
