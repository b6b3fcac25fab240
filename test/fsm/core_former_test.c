/* SPDX-License-Identifier: ISC */
/* core takes over the arena that the build before left (R28): one that a build of layout 12 wrote in the midst of a call of alice and bob, as a
 * file of those blocks of 64 octets that are not zero. */
#include "../unit/blocks.h"
#include "../unit/test.h"
#include "call.h"
#include "kept.h"
#include "last_caller.h"
#include "sim_phone.h"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAVED_MS = 50010300, ANSWERED_MS = 50000000 };

static const char *path;

/* The saved arena, in a descriptor of its own; its size. */
static size_t load(int *fd)
{
	uint64_t size = 0;

	*fd = blocks_load(path, &size);
	NEED(*fd >= 0);
	return (size_t)size;
}

static void open_saved(void)
{
	sim.now = sim_shared(sizeof *sim.now);
	*sim.now = SAVED_MS;
	sim_defaults();
	sim_open();
}

static void flow_up(struct phone *p, uint32_t n, uint64_t flow)
{
	phone_init(p, n);
	p->flow = flow;
	struct msg_flow_up *m = ipc_begin(sim_far(PROC_EDGE, p->edge), MSG_FLOW_UP);
	m->flow = flow;
	m->device = n;
	NEED(addr_parse_ip(span_str(p->host), &m->remote));
	ipc_end(sim_far(PROC_EDGE, p->edge));
	sim_turn();
}

/* The dialog as its phone knows it. */
static void talk_of(struct talk *t, struct phone *p, uint64_t id)
{
	const struct leg *l = leg_get(id);

	NEED(l && l->r.device == p->device);
	*t = (struct talk){.phone = p, .cseq = l->r.remote_cseq + 1, .core_cseq = l->r.local_cseq};
	NEED(span_cstr(leg_text(l, LEG_CALL_ID), t->call_id, sizeof t->call_id));
	NEED(span_cstr(leg_text(l, LEG_REMOTE_TAG), t->ours, sizeof t->ours));
	snprintf(t->theirs, sizeof t->theirs, "%s", l->r.local_tag);
	snprintf(t->token, sizeof t->token, "%s", l->r.token);
}

static void a_call_of_the_build_before_goes_on(void)
{
	struct phone alice, bob;
	struct talk a, b;
	uint64_t join = 0;

	load(&sim.crash_fd);
	open_saved();
	flow_up(&alice, 0, 0x2faf0800064);
	flow_up(&bob, 1, 0x2faf0800065);
	NEED(sim_status("calls").used == 1 && sim_status("legs").used == 2 && sim_status("registrations").used == 2);
	NEED(sim_status("media-ports").used == 1);
	const struct relay_spec *spec = relay_wish(&join);
	struct call *c = call_get(join);
	NEED(spec && spec->side[0].key == RELAY_KEY_SDES && spec->answered && c);
	NEED(c->r.answered_ms == ANSWERED_MS && c->r.started_ms == ANSWERED_MS && !c->r.warned);
	NEED(strcmp(c->r.from, "alice") == 0 && strcmp(c->r.to, "bob") == 0);
	NEED(sim_status("bans").used == 1 && sim_status("subscriptions").used == 1);
	NEED(sim.notices == 1); /* ledger has it now */
	NEED(last_caller_of(1) && strcmp(last_caller_of(1), "+33123456789") == 0);
	NEED(sim_status("desk-calls-waiting").used == 0 && sim_status("call-back-phones").used == 0); /* it had none */
	talk_of(&a, &alice, c->r.caller);
	talk_of(&b, &bob, c->r.callee);
	NEED(strcmp(a.call_id, "call-0-50000000") == 0 && strcmp(a.ours, "tag-of-phone") == 0 &&
	     strcmp(a.theirs, "83350c55fc369d5c") == 0);
	sim_pass(10000);
	call_hang_up(&a, &b);
	NEED(sim.records == 1 && sim.record.duration_ms >= 20000 && sim.record.duration_ms <= 21000);
	NEED(strcmp(sim.record_from, "alice") == 0 && strcmp(sim.record_to, "bob") == 0);
}

/* What was taken over is of today's layout, so the next life of this build adopts it as it is. */
static void it_is_taken_over_once(void)
{
	struct arena_shape shape[CORE_TABLES];
	struct arena_plan plan = {.layout = CORE_LAYOUT, .tables = CORE_TABLES, .shape = shape, .former = &core_former};
	int fd;

	load(&sim.crash_fd);
	fd = dup(sim.crash_fd);
	sim_defaults();
	kept_shapes(&sim.site, shape);
	for (uint32_t i = 0; i < core_former.tables; i++) /* what is not converted is as long */
		NEED(core_former.convert[i] || core_former.record_size[i] == shape[i].record_size);
	NEED(arena_look(fd, &plan) == ARENA_FORMER && kept_judge(fd, &sim.site) == NULL);
	open_saved();
	NEED(arena_look(fd, &plan) == ARENA_TODAYS && kept_judge(fd, &sim.site) == NULL);
}

static void empty_start(int fd)
{
	sim.crash_fd = fd;
	open_saved();
	NEED(sim_status("calls").used == 0 && sim_status("legs").used == 0 && sim_status("registrations").used == 0);
	sim_need_idle();
}

/* Its number alone is changed: to one that is too old, and to that of a build to come. */
static void with_layout(uint32_t layout)
{
	int fd;

	load(&fd);
	NEED(pwrite(fd, &layout, sizeof layout, 8) == sizeof layout);
	sim_defaults();
	NEED(strstr(kept_judge(fd, &sim.site), "layout"));
	empty_start(fd);
}

static void an_older_one_is_refused_and_core_starts_empty(void)
{
	with_layout(CORE_LAYOUT - 2);
}

static void a_newer_one_is_refused_and_core_starts_empty(void)
{
	with_layout(CORE_LAYOUT + 1);
}

/* The restart has other limits and is of another build at once. */
static void one_of_other_limits_is_taken_over_too(void)
{
	int fd;

	load(&sim.crash_fd);
	fd = dup(sim.crash_fd);
	sim.now = sim_shared(sizeof *sim.now);
	*sim.now = SAVED_MS;
	sim_defaults();
	sim.site.max_calls++;
	sim.site.max_users *= 2;
	NEED(kept_judge(fd, &sim.site) == NULL);
	sim_open();
	NEED(sim_status("calls").used == 1 && sim_status("legs").used == 2 && sim_status("registrations").used == 2);
	NEED(sim_status("bans").used == 1 && sim_status("subscriptions").used == 1 && sim.notices == 1);
	NEED(sim_status("records-damaged").used == 0 && sim_status("records-unfit").used == 0);
}

static void a_cut_one_is_refused_and_core_starts_empty(void)
{
	int fd;
	size_t size = load(&fd);

	NEED(ftruncate(fd, (off_t)size / 2) == 0);
	sim_defaults();
	NEED(kept_judge(fd, &sim.site));
	empty_start(fd);
}

/* Whatever stands in the records, core starts: each block that is not zero is filled with ones, one after the other. */
static void damaged_records_end_no_core(void)
{
	uint8_t ones[BLOCK], block[BLOCK];
	int fd;
	size_t size = load(&fd);
	uint32_t tried = 0;

	memset(ones, 0xff, sizeof ones);
	close(fd);
	for (size_t at = BLOCK * 2; at < size; at += BLOCK) {
		load(&fd);
		NEED(pread(fd, block, BLOCK, (off_t)at) == BLOCK);
		bool empty = block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
		if (!empty) {
			NEED(pwrite(fd, ones, BLOCK, (off_t)at) == BLOCK);
			pid_t pid = fork();
			if (pid == 0) {
				sim.crash_fd = fd;
				open_saved();
				sim_pass(1000);
				_exit(0);
			}
			int status = 0;
			NEED(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
			tried++;
		}
		close(fd);
	}
	NEED(tried > 50);
}

#define SIM(test) (sim_run(#test, test) ? test_passed_n++ : test_failed_n++)

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	path = argv[1];
	SIM(a_call_of_the_build_before_goes_on);
	SIM(it_is_taken_over_once);
	SIM(an_older_one_is_refused_and_core_starts_empty);
	SIM(a_newer_one_is_refused_and_core_starts_empty);
	SIM(one_of_other_limits_is_taken_over_too);
	SIM(a_cut_one_is_refused_and_core_starts_empty);
	SIM(damaged_records_end_no_core);
	(void)test_failed_here;
	return TEST_END;
}
