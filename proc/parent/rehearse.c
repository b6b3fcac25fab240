/* SPDX-License-Identifier: ISC */
#include "rehearse.h"
#include "rehearsed.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

const char *rehearse_look(void)
{
	int pack = program_prompts();

	if (pack < 0)
		return "prompts.pack is missing";
	close(pack);
	if (program_helper(PROC_CTL) < 0)
		return "ringfence-request is missing";
	return program_helper(PROC_WATCH) < 0 ? "ringfence-tell is missing" : NULL;
}

static void end(int exit_code)
{
	self.stopping = true;
	self.stop_ms = self.now_ms;
	self.exit_code = exit_code;
	if (self.conf.pid)
		kill(self.conf.pid, SIGKILL);
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].pid)
			kill(self.slot[i].pid, SIGKILL);
}

void rehearse_fail(const struct slot *s, const char *why)
{
	if (self.stopping)
		return;
	if (s)
		printf("ringfence-%s %s\n", proc_name[s->proc], why);
	else
		printf("%s\n", why);
	fflush(stdout);
	end(1);
}

void rehearse_verdict(void)
{
	for (uint32_t i = 0; i < self.slots; i++)
		if (self.slot[i].verdict_generation != self.generation)
			return;
	char text[2 * REASON_MAX];
	struct rehearsed r;
	snprintf(text, sizeof text, REHEARSED "\n%s\n", self.file_waits ? self.file_waits : "");
	programs_held(&r);
	rehearsed_say(text, &r);
	end(0);
}
