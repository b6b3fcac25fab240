/* SPDX-License-Identifier: ISC */
/* core decides: registrations, legs, calls. It sees no SIP text, opens nothing, and never waits. */
#include "account.h"
#include "ask.h"
#include "away.h"
#include "await.h"
#include "bans.h"
#include "base/log.h"
#include "call.h"
#include "callback.h"
#include "calls_list.h"
#include "change.h"
#include "dialogue.h"
#include "core_child.h"
#include "desk.h"
#include "dial.h"
#include "directory.h"
#include "emergency.h"
#include "help_share.h"
#include "help_waits.h"
#include "hotdesk.h"
#include "insist.h"
#include "ipc/done.h"
#include "ipc/left_out.h"
#include "kept.h"
#include "keys.h"
#include "last_caller.h"
#include "leg_late.h"
#include "login.h"
#include "mail.h"
#include "mark.h"
#include "may.h"
#include "mwi.h"
#include "media.h"
#include "message.h"
#include "notice.h"
#include "owed.h"
#include "pace.h"
#include "park.h"
#include "permit.h"
#include "pin.h"
#include "proof.h"
#include "record.h"
#include "refer.h"
#include "service.h"
#include "session.h"
#include "settings.h"
#include "share.h"
#include "spent.h"
#include "trunk.h"
#include "expiry.h"
#include "trunk_auth.h"
#include "voice.h"
#include <unistd.h>

enum { TRUNK_FLOWS = 8 + 8 }; /* of each trunk: edge has no more, with what it makes over TCP beside datagrams */

static int arena_fd = -1, look_fd = -1;
static struct arena_table table[CORE_TABLES];

/* --- flows --- */

static void flow_gone(struct flow *f)
{
	const uint64_t id = f->id;
	const uint8_t trunk = f->trunk;

	if (trunk)
		trunk_flow_down(f);
	else
		registrar_flow_down(f);
	flow_remove(f);
	if (trunk)
		session_trunk_back(trunk, id);
}

/* Of a phone, or of a trunk that there is and of its own address. */
static bool fits_site(const struct msg_flow_up *m)
{
	const struct site *s = child_site();

	if (m->listener >= s->listeners)
		return false;
	if (!m->trunk)
		return m->device <= s->max_phones && !m->came && s->listener[m->listener].kind == LISTEN_PHONES;
	return m->device == 0 && m->trunk <= s->trunks && m->listener == s->trunk[m->trunk - 1].listener;
}

static void on_flow_up(struct link *from, const struct ipc_view *v)
{
	const struct msg_flow_up *m = v->payload;

	if (flow_get(m->flow) || !fits_site(m)) {
		child_accuse(from, "flow that is up already, of no listener, or of no phone or trunk", m->flow,
		    flow_device_at(from, m->flow));
		return;
	}
	struct flow *surplus = m->trunk ? NULL : flow_crowd(m->device);
	if (surplus) {
		flow_close(surplus, FLOW_CLOSED);
		flow_gone(surplus);
	}
	struct flow *f = flow_add(from->instance, m);
	if (!f) {
		struct msg_close_flow *close_it = ipc_begin(from, MSG_CLOSE_FLOW);
		if (close_it) {
			close_it->flow = m->flow;
			close_it->why = FLOW_STOP;
			ipc_end(from);
		}
		return;
	}
	if (f->trunk) {
		trunk_flow_up(f, m->token);
		return;
	}
	registrar_flow_up(f);
	owed_phone_back(NOBODY, f);
	mwi_flow_up(f);
}

static void on_flow_down(struct link *from, const struct ipc_view *v)
{
	const struct msg_flow_down *m = v->payload;
	struct flow *f = flow_get(m->flow);

	if (f && f->edge == from->instance)
		flow_gone(f);
}

static void drop_if_of_edge(struct flow *f, void *edge)
{
	if (f->edge == *(uint32_t *)edge)
		flow_gone(f);
}

static void close_if_of_device(struct flow *f, void *device)
{
	if (f->trunk || f->device != *(uint32_t *)device)
		return;
	f->users = 0;
	flow_close(f, FLOW_REVOKED);
}

static void log_out_user(struct flow *f, void *user)
{
	flow_log_out(f, *(uint32_t *)user);
}

static void login_over_at(struct flow *f, void *user)
{
	flow_login_over(f, *(uint32_t *)user);
}

/* Calls go on; all that is new needs the new password. */
static void on_log_out(struct link *from, const struct ipc_view *v)
{
	const struct msg_log_out *m = v->payload;
	uint32_t user = directory_find(ipc_str(v, m->user));

	if (user != NOBODY) {
		login_over(user);
		registrar_login_over(user);
		flow_each(login_over_at, &user);
	}
	done_say(from, m->token, DONE_OK, 0, SPAN(""));
}

static void on_cancelled(struct link *from, const struct ipc_view *v)
{
	const struct msg_cancelled *m = v->payload;
	const struct reply invite = {.txn = m->txn, .edge = from->instance};

	if (!login_cancel(invite) && !help_waits_cancel(invite) && !await_cancel(invite))
		leg_cancel(invite);
}

/* --- what the directory changes --- */

static bool committing; /* what a generation takes away is looked for once, when all of it stands */

static void device_lost(uint32_t device)
{
	if (committing)
		return;
	leg_device_lost(device);
	registrar_device_lost(device);
	flow_each(close_if_of_device, &device);
}

static void user_lost(uint32_t user)
{
	const struct user *u = directory_user(user);

	if (committing && !(u && u->enabled)) /* otherwise it has another name now */
		return;
	leg_user_lost(user);
	registrar_user_lost(user);
	flow_each(log_out_user, &user);
}

static void user_gone(uint32_t user)
{
	account_forget_user(user);
	insist_forget(user);
	last_caller_forget(user);
	desk_forget_user(user);
}

/* Few changes go out one by one; many, and the first generation, as the whole directory in parts. */
enum { CHANGES_MAX = 256 };

static uint32_t changes;

static void device_changed(uint32_t device)
{
	if (changes++ >= CHANGES_MAX)
		return;
	for (uint32_t i = 0; i < child_site()->edges; i++) {
		struct link *edge = child_link(PROC_EDGE, i);
		if (edge)
			directory_tell_device(edge, device);
	}
}

static const struct directory_watch watch = {
    .device_lost = device_lost, .user_lost = user_lost, .user_gone = user_gone, .device_changed = device_changed};

static void check_flow(struct flow *f, void *unused)
{
	(void)unused;
	if (f->trunk)
		return;
	for (int i = f->users; i-- > 0;)
		if (!directory_allows(f->login[i].user, f->device))
			flow_log_out(f, f->login[i].user);
	if (!directory_valid(f->device))
		close_if_of_device(f, &f->device);
}

static void on_directory_commit(struct link *from, const struct ipc_view *v)
{
	changes = directory_generation() == 0 ? CHANGES_MAX : 0;
	committing = true;
	directory_on_commit(from, v);
	committing = false;
	if (directory_generation()) {
		leg_check();
		registrar_check();
		hotdesk_check();
		last_caller_check();
		flow_each(check_flow, NULL);
	}
	for (uint32_t i = 0; changes >= CHANGES_MAX && i < child_site()->edges; i++) {
		struct link *edge = child_link(PROC_EDGE, i);
		if (edge)
			directory_tell(edge);
	}
	changes = 0;
}

static void on_suspend(struct link *from, const struct ipc_view *v)
{
	const struct msg_suspend *m = v->payload;

	(void)from;
	directory_suspend(m->device);
}

/* --- links --- */

static void want_directory(struct link *ledger)
{
	if (ipc_begin(ledger, MSG_DIRECTORY_WANT))
		ipc_end(ledger);
}

static void link_up(struct link *l)
{
	if (l->peer == PROC_EDGE) {
		bans_tell(l); /* it accepts when it knows all phones */
		directory_tell(l);
		notice_tell(l);
	} else if (l->peer == PROC_MEDIA || l->peer == PROC_NET) {
		bans_tell(l);
	} else if (l->peer == PROC_LEDGER) {
		want_directory(l);
		left_out_ledger_up(PROC_CORE);
		record_ledger_up();
		notice_ledger_up();
		spent_ledger_up();
	} else if (l->peer == PROC_KEEPER) {
		record_keeper_up();
	} else if (l->peer == PROC_VOICE) {
		voice_up();
	}
	trunk_link_up(l);
}

static void link_down(struct link *l)
{
	if (l->peer == PROC_EDGE) {
		flow_each(drop_if_of_edge, &l->instance);
		leg_edge_lost(l->instance);
		ask_edge_lost(l->instance);
	} else if (l->peer == PROC_MEDIA) {
		media_down();
	} else if (l->peer == PROC_VOICE) {
		voice_down();
	} else if (l->peer == PROC_KEEPER) {
		login_keeper_down();
		pin_keeper_down();
	} else if (l->peer == PROC_SIGNER) {
		proof_signer_down();
	} else if (l->peer == PROC_LEDGER) {
		settings_ledger_down();
	}
	trunk_link_down(l);
}

/* --- life --- */

static ask_answer *const answers[ASK_KINDS] = {
    [ASK_INVITE] = leg_on_invite_answer,
    [ASK_LATE] = leg_late_on_answer,
    [ASK_CHANGE] = change_on_answer,
    [ASK_REFRESH] = session_on_refresh_answer,
    [ASK_BYE] = leg_on_bye_answer,
    [ASK_PRACK] = leg_on_prack_answer,
    [ASK_ALIVE] = session_on_alive_answer,
    [ASK_MESSAGE] = message_on_answer,
    [ASK_REFER] = refer_on_answer,
    [ASK_NOTIFY] = refer_on_notified,
    [ASK_TRUNK] = trunk_on_answer,
    [ASK_MWI] = mwi_on_answer,
};

static void take_file(enum file_kind what, int fd)
{
	if (what == FILE_ARENA)
		arena_fd = fd;
	else if (what == FILE_ARENA_LOOK)
		look_fd = fd;
	else
		close(fd);
}

static const char *prepare(const struct site *s)
{
	const struct site *now = child_site();

	if (!now->domain[0])
		return look_fd < 0 ? NULL : kept_judge(look_fd, s);
	if (strcmp(s->domain, now->domain) != 0)
		return "the domain can't change while the exchange runs: restart it";
	if (s->max_phones != now->max_phones || s->max_users != now->max_users || s->max_calls != now->max_calls ||
	    s->media_port_lo != now->media_port_lo || s->media_port_hi != now->media_port_hi)
		return "limits and media ports can't change while the exchange runs: restart it";
	return NULL;
}

static void open_all(void)
{
	const struct site *s = child_site();

	kept_open(arena_fd, s, table);
	close(arena_fd);
	mark_open(s);
	directory_init(s->max_users, s->max_phones, &watch);
	keys_init(s->max_phones);
	away_init(s->max_phones);
	flow_init(2 * s->max_phones + TRUNK_FLOWS * s->trunks, s->max_phones);
	trunk_init();
	login_init();
	settings_change_init();
	pin_init();
	proof_init();
	expiry_init();
	may_init();
	mail_init();
	message_init();
	refer_init();
	media_init();
	pace_init();
	help_share_init();
	ask_init(4 * s->max_calls + 1024, s->max_calls / 4, answers);
	account_open(&table[CORE_ACCOUNTS]);
	insist_open(s);
	hotdesk_open(&table[CORE_HOTDESKS]);
	bans_open(&table[CORE_BANS]);
	mwi_open(&table[CORE_SUBSCRIPTIONS]);
	notice_open(&table[CORE_NOTICES]);
	last_caller_open(&table[CORE_LAST_CALLERS]);
	dialogue_init();
	service_init();
	desk_open(&table[CORE_DESK_CALLS]);
	callback_open(&table[CORE_CALLBACKS]);
	registrar_open(&table[CORE_REGISTRATIONS], call_phone_back);
	leg_open(&table[CORE_LEGS]);
	record_open(&table[CORE_RECORDS]);
	call_open(&table[CORE_CALLS]);
	call_adopted();
	leg_drop_orphans();
}

static void status(struct proc_status *s)
{
	static void (*const each[])(struct proc_status *) = {flow_status, login_status, registrar_status, leg_status,
	    call_status, ask_status, media_status, voice_status, message_status, refer_status, record_status,
	    bans_status, directory_status, trunk_status, settings_status, pin_status, proof_status, notice_status,
	    spent_status, account_status, hotdesk_status, park_status, help_waits_status, help_share_status,
	    await_status, permit_status, desk_status, mwi_status, emergency_status, share_status, dial_status,
	    pace_status, away_status, callback_status};

	for (size_t i = 0; i < sizeof each / sizeof *each; i++)
		each[i](s);
	left_out_status(s, PROC_CORE);
}

static ipc_handler *const on[MSG_N] = {
    [MSG_FLOW_UP] = on_flow_up,
    [MSG_FLOW_DOWN] = on_flow_down,
    [MSG_REQUEST] = request_on_message,
    [MSG_RESPONSE] = ask_on_response,
    [MSG_CANCELLED] = on_cancelled,
    [MSG_HELP_REFUSED] = emergency_on_refused,
    [MSG_SUSPEND] = on_suspend,
    [MSG_NONCES] = login_on_nonces,
    [MSG_LOGIN] = login_on_verdict,
    [MSG_SEALED] = record_on_sealed,
    [MSG_DIRECTORY_BEGIN] = directory_on_begin,
    [MSG_USER] = directory_on_user,
    [MSG_DEVICE] = directory_on_device,
    [MSG_BINDING] = directory_on_binding,
    [MSG_GROUP] = directory_on_group,
    [MSG_SETTING] = directory_on_setting,
    [MSG_SETTING_DONE] = settings_on_done,
    [MSG_SPENT] = spent_on_row,
    [MSG_CALLBACK] = notice_on_callback,
    [MSG_NOTICE_KEPT] = notice_on_kept,
    [MSG_PIN_VERDICT] = pin_on_verdict,
    [MSG_PIN_REMOVED] = hotdesk_on_pin_removed,
    [MSG_DIALLED] = pin_on_dialled,
    [MSG_PROOF] = proof_on_proof,
    [MSG_MAIL_FOUND] = mail_on_found,
    [MSG_MAIL_KEPT] = mail_on_kept,
    [MSG_MAIL_KEY] = mail_on_key,
    [MSG_MAIL_COUNT] = mail_on_count,
    [MSG_DIRECTORY_COMMIT] = on_directory_commit,
    [MSG_RECORDED] = record_on_recorded,
    [MSG_PORTS] = media_on_ports,
    [MSG_DTLS_OURS] = media_on_dtls_ours,
    [MSG_RELAYED] = media_on_relayed,
    [MSG_RELAY_FAILED] = media_on_failed,
    [MSG_GATE] = media_on_gate,
    [MSG_FORGED] = media_on_forged,
    [MSG_VARYING] = media_on_varying,
    [MSG_RELAY_COUNTS] = media_on_counts,
    [MSG_TURNED] = voice_on_turned,
    [MSG_REACHED] = trunk_on_reached,
    [MSG_TRUNK_FAILED] = trunk_on_failed,
    [MSG_TRUNK_DIGEST] = trunk_auth_on_digest,
    [MSG_TRUNKS_WANT] = trunk_on_list,
    [MSG_MAY_WANT] = may_on_want,
    [MSG_CALLS_WANT] = calls_on_list,
    [MSG_LOG_OUT] = on_log_out,
    [MSG_CTL_BAN] = bans_on_ctl,
    [MSG_CLOCK_CONFIRM] = account_on_confirm,
    [MSG_BANS_WANT] = bans_on_list,
    [MSG_NOTIFY_DESK] = message_on_notice,
};

/* mmap and friends are in the common set; core needs nothing more */
static const char *const calls[] = {NULL};
static const struct cage cage = {.name = "core", .calls = calls, .files = 64, .memory_mb = 1024};

const struct child core_child = {
    .me = PROC_CORE,
    .cage = &cage,
    .on = on,
    .file = take_file,
    .prepare = prepare,
    .commit = trunk_commit,
    .open = open_all,
    .link_up = link_up,
    .link_down = link_down,
    .status = status,
};
