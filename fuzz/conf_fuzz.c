/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"
#include "fuzz.h"

/* Any text gives a site that every process takes, or a reason of one printable line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct conf c;

	if (conf_parse(span_of(data, n), "f", &c)) {
		FUZZ_CHECK(site_ok(&c.site) && c.site.log_privacy == LOG_FULL);
		return 0;
	}
	FUZZ_CHECK(c.reason[0] && strlen(c.reason) <= CONF_REASON_MAX);
	for (const char *p = c.reason; *p; p++)
		FUZZ_CHECK(*p >= 0x20 && *p < 0x7f);
	return 0;
}
