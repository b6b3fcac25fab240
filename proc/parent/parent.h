/* SPDX-License-Identifier: ISC */
/* parent starts, confines, watches and restarts all other processes. It reads signals, child exits and typed messages,
 * and parses nothing that came from outside, the configuration included. */
#ifndef PARENT_PARENT_H
#define PARENT_PARENT_H

#include "ipc/ipc.h"
#include <sys/types.h>

enum {
	SLOTS_MAX = 24,
	UID_BASE = 61900,           /* uid and gid of a process: base + enum proc */
	HEALTHY_MS = 60000,         /* after so long the back-off begins anew */
	ASK_EVERY_MS = 2000,        /* STATUS_WANT */
	HUNG_MS = 5000,             /* no answer for so long: killed */
	START_MS = 15000,           /* not ready for so long: killed */
	STORE_UPGRADE_MS = 3600000, /* of one that said that it makes what it keeps today's */
	STOP_MS = 2000,             /* between STOP and SIGKILL */
	CLEAN_MS = 5000, /* the same for net, which may have to start first to take away what it left in the kernel */
	BOOT_MS = 30000, /* all must be ready once by then */
	EXIT_AGAIN = 75, /* who took over cannot go on: to be started anew (EX_TEMPFAIL) */
	BOOT_RESTARTS =
	    3, /* a process started again so often in vain ends the start, or the start goes on without it */
	RELOAD_MS = 5000,
	LEAVE_MS = 500,        /* the same in an upgrade, where others follow at once; a store has it once more */
	SPARED_LATE_MS = 1500, /* so long after an upgrade media waits for those that calls can do without, */
	MEDIA_LAST_MS = 10000, /* so long after an upgrade the media of before may wait for the others to be up */
	SLEPT_MS = 1000,       /* later than this, parent or the whole machine stood still */
	FALSE_REPORTS = 3,     /* reports against a higher rank in FALSE_REPORTS_MS that keep the reporter down */
	FALSE_REPORTS_MS = 60000,
};

enum slot_state {
	SLOT_WAITING,  /* to be started at restart_ms */
	SLOT_STARTING, /* runs, has not said ready */
	SLOT_UP,
	SLOT_KEPT_DOWN, /* reported its betters too often; the operator's reload starts it again */
	SLOT_GONE,      /* conf after its word, and everything at the end */
};

/* One process of the house, whether it runs or not. */
struct slot {
	enum proc proc;
	uint32_t instance;
	enum slot_state state;
	pid_t pid; /* 0: does not run */
	struct link link;
	bool linked, killed;
	bool leaves;    /* was told to leave all to a follower */
	bool cleans;    /* at a stop: was told to leave nothing, or was started to */
	bool upgrading; /* said so, and is not ready yet */
	bool held;      /* took the site that the exchange starts with, and waits until all have judged it */
	uint64_t since_ms, restart_ms;
	uint64_t asked_ms, ask_ms; /* unanswered since, or 0; next question */
	uint32_t restarts, failures;
	uint64_t false_report_ms[FALSE_REPORTS];
	uint32_t asked_round, answered_round;
	uint32_t verdict_generation;
	uint32_t born_generation; /* of the site that it began with */
	bool status_wanted;       /* the next question is for more than that it is alive */
	bool known;               /* status was told since somebody wanted it */
	struct proc_status status;
};

struct parent {
	const char *site_dir, *libexec;
	uid_t uid_base;
	uint32_t edges;    /* 0: as the configuration says */
	bool root;         /* may change owners and uids */
	bool insecure_run; /* run/ need not be a ramfs */
	int site_fd;       /* the site directory */
	struct slot slot[SLOTS_MAX];
	uint32_t slots;
	struct slot conf;
	struct site site;
	uint32_t generation;    /* 0 until the site stands */
	bool falls_back;        /* the file was refused: what was accepted last is read instead */
	const char *file_waits; /* for a restart: the site is what was accepted before, and why. NULL: it is the file */
	bool resumes;           /* an exchange stood here since this machine booted, and its calls may stand yet */
	char database[512];
	int listener_fd[SITE_LISTENERS_MAX]; /* -1: none, */
	int beside_fd[SITE_LISTENERS_MAX];   /* and for TCP beside datagrams */
	int ctl_fd;
	uint64_t now_ms, started_ms;
	uint64_t boot_by_ms; /* later than BOOT_MS after the start, when a store was upgraded */
	bool ready, stopping;
	bool starts_over;  /* a process would not have the site: all that was started with it ends first */
	bool upgrading;    /* stopping, all but media: another parent takes this process over */
	bool rehearsal;    /* rehearse.h */
	bool back;         /* the next parent could not be executed: this is the one before once more */
	uint32_t upgrades; /* since the first parent of this process */
	uint64_t stop_ms;
	int exit_code;
};

extern struct parent self;
extern ipc_handler *const parent_on[MSG_N];

/* slots.c: who is there, and who talks to whom */
struct slot *slot_find(enum proc p, uint32_t instance);
struct slot *slot_of(struct link *l);
bool slot_alive(const struct slot *s);
void slots_init(void);
bool links_allowed(enum proc a, enum proc b);

/* programs.c: descriptors that stay its own, or -1 with errno */
void programs_open(void); /* those that were not left to it */
struct rehearsed;
void programs_held(struct rehearsed *r); /* all, or none where one could not be opened */
bool programs_take(const char *word);    /* as the parent before left them; false: it cannot have */
int program_of(enum proc p);
int program_helper(enum proc p); /* of ctl and watch */
int program_prompts(void);       /* opened anew, the caller's to close */

/* spawn.c */
void give_trusts(struct slot *s, const struct site *site, uint32_t generation); /* to the edge that has the trunks */
bool spawn(struct slot *s); /* false when there is no descriptor or process to be had; the caller tries again later */

/* life.c: from start to death and back */
void life_start(struct slot *s);
void life_kill(struct slot *s, const char *why); /* why: static */
void life_reap(void);
void life_slept(void); /* time went by in which nobody could answer */
void life_turn(void);  /* what time alone makes due */
uint64_t life_next_ms(void);
void life_stop(int exit_code);
void life_start_over(void);                   /* all that runs ends, and nothing is started */
void life_leave(void);                        /* all but media end, for upgrade_exec() */
bool life_goes_without(const struct slot *s); /* it dies again and again, and calls can do without it */
bool life_left(void);                         /* does anything run that this parent waits for? */
void on_hello(struct link *from, const struct ipc_view *v);
void on_ready(struct link *from, const struct ipc_view *v);
void on_upgrading(struct link *from, const struct ipc_view *v);
void on_status(struct link *from, const struct ipc_view *v);

/* recordings.c */
void on_recording_want(struct link *from, const struct ipc_view *v);

/* accuse.c */
void on_accuse(struct link *from, const struct ipc_view *v);

/* reload.c: configuration, the first and each later one */
void reload_begin(uint64_t token, bool has_token);
void reload_wish(void);       /* SIGHUP: begins in the turn in which it can */
uint32_t reload_wishes(void); /* so many came */
void reload_turn(void);
void reload_up(struct slot *s); /* this one is ready */
/* At the start: with what was accepted before. False: that is no other, or there is none. */
bool reload_start_over(const char *why);
void reload_ready(void);          /* all are, for the first time */
const char *reload_running(void); /* static; NULL: none is */
uint64_t reload_next_ms(void);
void reload_lost(struct slot *s); /* this one died */
void on_site_parsed(struct link *from, const struct ipc_view *v);
void on_site_refused(struct link *from, const struct ipc_view *v);
void on_site_verdict(struct link *from, const struct ipc_view *v);

/* ask.c: what the command line asks of parent */
void on_ctl_status(struct link *from, const struct ipc_view *v);
void on_ctl_stop(struct link *from, const struct ipc_view *v);
void on_ctl_reload(struct link *from, const struct ipc_view *v);
void on_ctl_upgrade(struct link *from, const struct ipc_view *v);
void ask_turn(void);
void ask_lost(const struct slot *s); /* this one died */
void ask_done(uint64_t token, enum done_result result, const char *text);
uint64_t ask_next_ms(void);

/* events.c: for the security log, and alarms for watch; kept until each is up. what is copied */
void event(enum event_kind kind, enum severity severity, uint32_t device, const char *what, const struct slot *about);
void event_refused(const char *what, const char *why);
void events_flush(void);

/* place.c: the site directory and what is opened in it; false (logged) when the site cannot stand so */
bool place_open(void);
bool place_prepare(void);
bool place_look(void);                            /* as far as one can see without changing anything */
int place_file(enum file_kind what, enum proc p); /* a fresh descriptor, or -1 with errno */
void place_close(void);

/* trust.c: certificates of others and ours for them, as conf read them */
int trust_to_read(void);      /* the directory for conf, or -1 with errno */
void trust_read_edited(void); /* of the two that conf reads in an upgrade the first is taken */
void trust_stands(bool kept); /* what conf read is what the exchange runs with; kept: as what was accepted last */
int trust_roots(const struct trunk_conf *t, bool standing);       /* that vouch for it, or -1 with errno */
int trust_certificate(const struct trunk_conf *t, bool standing); /* ours for it, or -1 with errno */
const char *trust_check(const struct site *s);                    /* of what conf read */

/* listen.c */
const char *place_listen(void); /* NULL, or why one cannot be had: none is listened on then */
void place_unlisten(void);
const char *place_could_listen(void); /* in a rehearsal: those that nobody of ours holds; NULL, or why not */

#endif
