/* SPDX-License-Identifier: ISC */
/* What can be looked at. Lists come in pages, and the next is asked for only when the client has taken most of what there
 * was. */
#include "ctl/quota.h"
#include "ctl/verbs.h"
#include "ipc/words.h"
#include "vault/key_print.h"
#include <endian.h>

enum { FULL_ENOUGH = CLIENT_OUT_MAX / 2, FOLLOW_MS = 500, EVENTS_SHOWN = 100 };

/* --- one question, all lines --- */

void look_status(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_ctl_status *m = job_ask(j, PROC_PARENT, MSG_CTL_STATUS, &l, &token);

	if (!m)
		return;
	m->token = token;
	job_asked(j, l);
}

void look_calls(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_calls_want *m = job_ask(j, PROC_CORE, MSG_CALLS_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	job_asked(j, l);
}

void look_bans(struct job *j)
{
	struct link *l;
	uint64_t token;
	struct msg_bans_want *m = job_ask(j, PROC_CORE, MSG_BANS_WANT, &l, &token);

	if (!m)
		return;
	m->token = token;
	job_asked(j, l);
}

static void put_status_line(struct buf *b, const struct status_line *s)
{
	static const char *const kind[STATUS_KINDS] = {"pool", "counter", "credit"};

	json_word(b, "name", s->name);
	json_word(b, "kind", kind[s->kind]);
	json_number(b, "used", s->used);
	if (s->kind == STATUS_COUNTER)
		return;
	json_number(b, "limit", s->limit);
	json_number(b, "peak", s->peak);
	json_number(b, "refused", s->refused);
}

void look_on_process(struct link *from, const struct ipc_view *v)
{
	const struct msg_proc_line *m = v->payload;
	const struct proc_status *s = ipc_part(v, m->status);
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "process");
	json_word(&b, "name", proc_name[m->proc]);
	json_number(&b, "instance", m->instance);
	json_flag(&b, "up", m->up);
	json_number(&b, "pid", m->pid);
	json_number(&b, "restarts", m->restarts);
	json_number(&b, "age_ms", m->age_ms);
	json_items(&b, "lines");
	for (uint32_t i = 0; s && i < s->lines; i++) {
		json_item(&b, i == 0);
		put_status_line(&b, &s->line[i]);
		json_item_end(&b);
	}
	json_items_end(&b);
	job_line_end(j, &b);
}

/* As text: readers of JSON lose the last bits of so great a number. */
static void put_id(struct buf *b, const char *name, uint64_t id)
{
	uint8_t mem[16];
	struct buf text = buf_of(mem, sizeof mem);
	uint64_t big_endian = htobe64(id);

	buf_hex(&text, &big_endian, sizeof big_endian);
	json_text(b, name, buf_span(&text));
}

/* What comes from one end. Without a measurement there is no jitter. */
static void put_stream(struct buf *b, const char *const name[3], uint64_t expected, uint64_t lost, uint32_t jitter_ns)
{
	json_number(b, name[0], expected);
	json_number(b, name[1], lost);
	if (jitter_ns)
		json_number(b, name[2], jitter_ns / 1000);
}

void look_on_call(struct link *from, const struct ipc_view *v)
{
	const struct msg_call_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "call");
	put_id(&b, "call", m->call);
	json_text(&b, "from", ipc_str(v, m->from));
	json_text(&b, "to", ipc_str(v, m->to));
	json_word(&b, "caller", word_caller[m->who].key);
	json_word(&b, "state", word_call[m->state].key);
	json_word(&b, "grade", word_grade[m->grade].key);
	json_word(&b, "key", word_key[m->key].key);
	json_text(&b, "codec", ipc_str(v, m->codec));
	json_flag(&b, "varying", m->varying);
	json_flag(&b, "emergency", m->emergency);
	json_number(&b, "age_ms", m->age_ms);
	json_text(&b, "from_phone", ipc_str(v, m->from_phone));
	json_text(&b, "to_phone", ipc_str(v, m->to_phone));
	json_number(&b, "packets_from", m->packets_a);
	json_number(&b, "packets_to", m->packets_b);
	json_number(&b, "silent_from_ms", m->silent_a);
	json_number(&b, "silent_to_ms", m->silent_b);
	json_number(&b, "dropped_from", m->dropped_a);
	json_number(&b, "dropped_to", m->dropped_b);
	put_stream(&b, (const char *[]){"expected_from", "lost_from", "jitter_us_from"}, m->expected_a, m->lost_a,
	    m->jitter_a);
	put_stream(
	    &b, (const char *[]){"expected_to", "lost_to", "jitter_us_to"}, m->expected_b, m->lost_b, m->jitter_b);
	job_line_end(j, &b);
}

static void put_address(struct buf *b, const char *name, const struct addr *a, bool with_port)
{
	uint8_t mem[ADDR_TEXT_MAX];
	struct buf text = buf_of(mem, sizeof mem);

	if (a->family && with_port && a->port)
		addr_put(&text, a);
	else if (a->family)
		addr_put_ip(&text, a);
	json_text(b, name, buf_span(&text));
}

void look_on_ban(struct link *from, const struct ipc_view *v)
{
	const struct msg_ban_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	struct buf b = job_line(j, "ban");
	put_address(&b, "address", &m->address, false);
	json_number(&b, "left_ms", m->left_ms);
	job_line_end(j, &b);
}

/* --- pages --- */

void look_list(struct job *j, enum list_kind kind, uint32_t most)
{
	struct link *l;
	uint64_t token;

	if (client_backlog(j->client) > FULL_ENOUGH) {
		job_again(j, JOB_AGAIN_MS);
		return;
	}
	struct msg_list_want *m = job_ask(j, PROC_LEDGER, MSG_LIST_WANT, &l, &token);
	if (!m)
		return;
	m->token = token;
	m->list = (uint8_t)kind;
	m->after = j->after;
	m->most = most;
	j->rows = 0;
	job_asked(j, l);
}

void look_users(struct job *j)
{
	look_list(j, LIST_USERS, JOB_PAGE);
}

/* One phone when one is named. */
void look_phones(struct job *j)
{
	bool one = request_has(&j->req, FIELD_PHONE);

	if (one)
		j->after = j->req.number[FIELD_PHONE] - (j->req.number[FIELD_PHONE] > 0);
	look_list(j, LIST_PHONES, one ? 1 : JOB_PAGE);
}

void look_readings(struct job *j)
{
	look_list(j, LIST_READINGS, JOB_PAGE);
}

/* Stands after the step that asks for a page: a full one is followed by another. */
void look_more(struct job *j)
{
	j->after = j->answer.value;
	if (j->rows == JOB_PAGE)
		job_back(j);
	else
		job_next(j);
}

void look_newest_event(struct job *j)
{
	look_list(j, LIST_EVENTS, 0);
}

void look_last_events(struct job *j)
{
	uint64_t shown = request_has(&j->req, FIELD_LAST) ? j->req.number[FIELD_LAST] : EVENTS_SHOWN;

	j->after = j->answer.value > shown ? j->answer.value - shown : 0;
	job_next(j);
}

void look_events(struct job *j)
{
	look_list(j, LIST_EVENTS, JOB_PAGE);
}

void look_follow(struct job *j)
{
	if (!request_has(&j->req, FIELD_FOLLOW) || !j->req.number[FIELD_FOLLOW]) {
		job_next(j);
		return;
	}
	job_back_later(j, 2, FOLLOW_MS);
}

void look_on_user(struct link *from, const struct ipc_view *v)
{
	const struct msg_user_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->rows++;
	j->user = (struct user_row){.found = true, .enabled = m->enabled, .md5 = m->md5, .id = m->index};
	if (j->quiet)
		return;
	struct buf b = job_line(j, "user");
	json_text(&b, "name", ipc_str(v, m->name));
	json_text(&b, "display", ipc_str(v, m->display));
	json_flag(&b, "enabled", m->enabled);
	json_flag(&b, "md5", m->md5);
	json_number(&b, "number", m->index);
	json_text(&b, "phones", ipc_str(v, m->phones));
	json_number(&b, "messages_new", m->messages_new);
	json_number(&b, "messages_old", m->messages_old);
	job_line_end(j, &b);
}

static void put_flags(struct buf *b, uint32_t flags)
{
	uint8_t mem[64];
	struct buf text = buf_of(mem, sizeof mem);

	for (int bit = 0; bit < 4; bit++)
		if (flags >> bit & 1) {
			if (text.n)
				buf_u8(&text, ',');
			buf_str(&text, word_flag[bit].key);
		}
	json_text(b, "flags", buf_span(&text));
}

/* What an administrator compares before the key is admitted (R1). */
static void put_key(struct buf *b, const struct job *j)
{
	char print[KEY_PRINT_TEXT];
	uint32_t uid;

	if (phone_has_key(j)) {
		key_print(j->phone.point, print);
		json_word(b, "key", print);
	}
	if (j->phone.state == DEVICE_REQUESTED && quota_uid(j->phone.device, &uid))
		json_number(b, "asked_uid", uid);
}

void look_on_phone(struct link *from, const struct ipc_view *v)
{
	const struct msg_phone_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->rows++;
	j->phone = (struct phone_row){.found = true,
	    .device = m->device,
	    .flags = m->flags,
	    .epoch = m->epoch,
	    .state = (enum device_state)m->state};
	memcpy(j->phone.point, m->point, sizeof j->phone.point);
	struct span users = ipc_str(v, m->users);
	span_cstr(span_of(users.p, span_find(users, ',')), j->phone.user, sizeof j->phone.user);
	if (j->quiet)
		return;
	struct buf b = job_line(j, "phone");
	json_number(&b, "phone", m->device);
	json_text(&b, "label", ipc_str(v, m->label));
	json_word(&b, "state", word_device[m->state].key);
	put_flags(&b, m->flags);
	json_text(&b, "users", ipc_str(v, m->users));
	json_number(&b, "epoch", m->epoch);
	json_signed(&b, "not_after_ms", m->not_after_ms);
	put_key(&b, j);
	job_line_end(j, &b);
}

void look_on_event(struct link *from, const struct ipc_view *v)
{
	const struct msg_event_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->rows++;
	struct buf b = job_line(j, "event");
	json_number(&b, "event", m->row);
	json_signed(&b, "at_ms", m->wall_ms);
	json_word(&b, "severity", word_severity[m->severity].key);
	json_word(&b, "what", word_event[m->kind].key);
	json_text(&b, "detail", ipc_str(v, m->detail));
	json_word(&b, "process", proc_name[m->proc]);
	json_number(&b, "phone", m->device);
	json_number(&b, "user", m->user);
	put_address(&b, "remote", &m->remote, true);
	job_line_end(j, &b);
}

void look_on_reading(struct link *from, const struct ipc_view *v)
{
	const struct msg_reading_line *m = v->payload;
	struct job *j = job_of(from, m->token);

	if (!j)
		return;
	j->rows++;
	struct buf b = job_line(j, "reading");
	json_signed(&b, "at_ms", m->wall_ms);
	json_text(&b, "admin", ipc_str(v, m->admin));
	json_signed(&b, "from_ms", m->from_wall_ms);
	json_signed(&b, "to_ms", m->to_wall_ms);
	job_line_end(j, &b);
}
