/* SPDX-License-Identifier: ISC */
#include "rehearse.h"
#include "base/log.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Each has the folder of its process in a build tree. */
static const struct {
	const char *name;
	enum proc of;
} beside[] = {{"ringfence-request", PROC_CTL}, {"ringfence-tell", PROC_WATCH}, {"prompts.pack", PROC_VOICE}};

const char *rehearse_look(void)
{
	static char why[96];
	char path[2][4096];

	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		snprintf(path[0], sizeof path[0], "%s/%s", self.libexec, beside[i].name);
		snprintf(path[1], sizeof path[1], "%s/%s/%s", self.libexec, proc_name[beside[i].of], beside[i].name);
		if (access(path[0], R_OK) == 0 || access(path[1], R_OK) == 0)
			continue;
		snprintf(why, sizeof why, "%s is missing", beside[i].name);
		return why;
	}
	return NULL;
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
	puts(REHEARSED);
	if (self.file_waits)
		puts(self.file_waits);
	fflush(stdout);
	end(0);
}
