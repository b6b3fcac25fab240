/* SPDX-License-Identifier: ISC */
/* What the verbs of the ringfence command share. A verb is a row of the table in main.c; each has a file of its own. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/buf.h"
#include "ipc/words.h"
#include <jansson.h>
#include <stdio.h>

/* exit codes */
enum {
	EXIT_DONE,
	EXIT_REFUSED,
	EXIT_USAGE,
	EXIT_UNREACHABLE,
	EXIT_OPEN,    /* audit: calls are */
	EXIT_BUSY,    /* to be asked again in a moment */
	EXIT_UNREADY, /* upgrade: the new ones took over, and do not serve yet */
};

enum { OPTIONS_MAX = 32, REPEATS_MAX = 8, ARGS_MAX = 64 };

/* "--name VALUE", or "--name" alone when value is NULL */
struct option {
	const char *name, *value, *what;
};

struct cmd {
	const struct verb *verb;
	const char *site; /* directory */
	bool json;
	int args;
	const char *arg[ARGS_MAX];
	struct {
		const char *name, *value;
	} given[OPTIONS_MAX * 2];
	int givens;
};

struct verb {
	const char *name; /* "phone add" */
	int (*run)(struct cmd *c);
	const char *usage; /* the arguments, without options */
	int args_min, args_max;
	const char *what; /* one line */
	const char *help; /* more, or NULL */
	struct option option[OPTIONS_MAX];
};

/* --- options.c --- */

/* Fills c from the words after the verb; the exit code, or -1 to go on. */
int options_read(struct cmd *c, int argc, char **argv);
void options_help(const struct verb *v);
bool option_is(const struct cmd *c, const char *name);
const char *option_get(const struct cmd *c, const char *name); /* NULL when it was not given */
/* The values of an option that may stand several times; -1: too many times, which was said. */
int option_all(const struct cmd *c, const char *name, const char *out[REPEATS_MAX]);
/* 90, 90s, 10m, 2h, 7d as seconds, a year at most; 0 when it is none */
enum { LENGTH_OF_TIME_MAX_S = 31536000 };
uint64_t length_of_time(const char *text);
/* on or off; -1 when it was not given; ends the program when it is neither */
int option_switch(const struct cmd *c, const char *name);

/* --- ask.c: the control socket --- */

struct ask {
	struct cmd *cmd;
	char text[8192];
	struct buf request;
	const char *body;
	size_t body_n;
	const char *wrong; /* the field that cannot be asked */
	bool follows;      /* it may be silent for as long as nothing happens */
};

void ask_begin(struct ask *a, struct cmd *c, const char *verb);
void ask_field(struct ask *a, const char *name, const char *value); /* NULL: left out */
void ask_number(struct ask *a, const char *name, uint64_t value);
void ask_body(struct ask *a, const char *body, size_t n);
/* Send it and hear each line; the exit code. With --json the lines go to standard output and line() is for the others. A
 * failure has been said when this returns. */
int ask_run(struct ask *a, void (*line)(json_t *line, void *arg), void *arg);
/* The same for lines that the command itself needs, also with --json. */
int ask_run_quiet(struct ask *a, void (*line)(json_t *line, void *arg), void *arg);
/* ask_run() whose lines are rows of a table that was begun, which it ends; `none` is said where there are none. */
struct table;
int ask_table(struct ask *a, struct table *t, void (*row)(json_t *line, void *arg), const char *none);
/* Is there an exchange on this machine that would answer? */
bool ask_is_there(const struct cmd *c);
/* ask_run_quiet() that complains of nothing. */
int ask_run_mute(struct ask *a, void (*line)(json_t *line, void *arg), void *arg);

const char *member(const json_t *line, const char *name); /* text, "" when absent */
int64_t member_number(const json_t *line, const char *name);
bool member_flag(const json_t *line, const char *name);
bool line_is(const json_t *line, const char *kind);
/* As --json says one: without an octet that a terminal would obey. */
void put_line(FILE *to, const json_t *line);

/* --- show.c --- */

/* Text from outside, as a terminal may show it: no controls, no escapes, nothing that turns the direction of writing. The
 * result stands in one of a few buffers in turn. */
const char *safe(const char *text);
const char *show_when(int64_t wall_ms); /* 2026-11-23 17:04:05, local */
const char *show_length(uint64_t ms);   /* 3:07, 1:02:33 */
const char *show_age(uint64_t ms);      /* 40 s, 3 min, 5 h, 2 d */

/* Rows are kept until table_end() so that columns line up. */
struct table {
	int columns, rows, cap;
	char **cell;
};

void table_begin(struct table *t, int columns, const char *const *head);
void table_add(struct table *t, const char *const *cells);
void table_end(struct table *t);

void complain(
    const char *what, const char *why, const char *what_to_do); /* to standard error; any but what may be NULL */

/* --- secret input --- */

/* From --password-file, standard input or the terminal (twice when `fresh`), or made by --generate. The exit code, or -1
 * when out holds it. */
int password_read(struct cmd *c, const char *prompt, bool fresh, char out[PASSWORD_MAX + 1]);
/* Wipes it; prints it first when it was made here and the exchange has taken it. */
void password_done(const struct cmd *c, char password[PASSWORD_MAX + 1], bool taken);
#define PASSWORD_OPTIONS                                                                                        \
	{"password-file", "FILE", "read the password from the first line of FILE"},                             \
	{                                                                                                       \
		"password-stdin", NULL, "read it from standard input (done by itself when that is no terminal)" \
	}

/* A PIN, in the same way: --pin-file, --pin-stdin, --generate. */
int pin_read(struct cmd *c, char out[PASSWORD_MAX + 1]);
/* A phone's one-time code: the first argument, or where that is not `given` as a password is read, so that no list of processes has it. */
#define CODE_OPTIONS                                                                                        \
	{"code-file", "FILE", "read the code from the first line of FILE"},                                 \
	{                                                                                                   \
		"code-stdin", NULL, "read it from standard input (done by itself when that is no terminal)" \
	}
int code_read(struct cmd *c, bool given, char out[PASSWORD_MAX + 1]);

/* --- settings.c --- */

struct settings_text {
	char text[SETTING_LINES_MAX];
	size_t n; /* 0: none was given */
};

/* The options that are settings of this owner, judged; false when one is none, which was said. */
bool settings_take(struct cmd *c, enum setting_owner owner, struct settings_text *t);
void settings_put(struct ask *a, const struct settings_text *t);
/* Is what was added a number that this one, of a list, could dial? */
void number_hint(struct cmd *c, const char *who);
/* Which of the forwards that were set just now lead nowhere. */
void settings_hint(struct cmd *c, enum setting_owner owner);
/* A line of kind "setting", shown. */
void settings_row(json_t *line, void *arg);

/* --- user.c --- */

/* A phone of this user knows no digest but MD5: says so when the password must be set again for it. */
void md5_hint(struct cmd *c, const char *user);

/* --- files.c --- */

/* Whole, at most most octets; NULL (said why) when it cannot be read. The caller frees. "-" is standard input. */
char *file_read(const char *path, size_t most, size_t *n);
/* A new or overwritten file of this mode; false (said why). */
bool file_write(const char *dir, const char *name, const char *text, size_t n, unsigned mode);

/* A program of the exchange: beside this command in a build tree, or where it was installed. */
bool program_find(const char *folder, const char *name, char *path, size_t cap);
/* Run it with these two words and hear each line that it says; true: it ended well. */
bool program_lines(
    const char *program, const char *what, const char *file, void (*line)(char *text, void *arg), void *arg);

/* --- people and phones by what people type --- */

/* A phone's number, or the label of the only phone that has it and is not revoked: its number, 0 (said why). */
uint32_t phone_number(struct cmd *c, const char *text);

/* --- phone.c --- */

/* Of a line of kind "phone": its key, and who asked for it, where that is known. */
void show_key(json_t *line);

/* --- certificate.c --- */

/* Write leaf and CA of a "certificate" line as one PEM bundle, with where to connect in lines before it. */
bool bundle_write(const json_t *line, const char *path);
/* The same of the line that this asks for, and what to do with it is said; the exit code. */
int bundle_get(struct cmd *c, struct ask *a, const char *path);
void ca_fingerprint(const char *pem, size_t n);
/* --valid; false when it is no length of time, which was said. */
bool put_valid(struct cmd *c, struct ask *a);
#define VALID_OPTION                                                                                         \
	{                                                                                                    \
		"valid", "TIME", "how long the certificate is good for (397d at most, which is the default)" \
	}

/* --- the phone's side (enrol.c) --- */

/* The directory with a fresh key, its request, and what the options say about the phone. */
int enrol_make(struct cmd *c, const char *dir);
void enrol_undo(const char *dir); /* so that it can be made anew */
/* The phone's own files out of the bundle; the password as enrol_take_password() has it. */
int enrol_finish(struct cmd *c, const char *dir, const char *bundle_path, char password[PASSWORD_MAX + 1]);
bool enrol_wants_password(struct cmd *c);
/* Once, where one is wanted; the exit code, or -1 to go on. */
int enrol_take_password(struct cmd *c, char out[PASSWORD_MAX + 1]);

/* --- templates.c --- */

struct place {
	const char *dir, *domain, *server; /* server: host:port */
	const char *user, *password;       /* NULL: to be filled in */
};

bool template_baresip(const struct place *p);
bool template_linphone(const struct place *p);

#endif
