/*
 * cli: the command line. One file per command, one table of commands and one of flags; usage, help,
 * man page and environment twins come from the tables. The only layer that prints to the terminal
 * by itself or decides exit codes.
 */
#ifndef PROBE_CLI_H
#define PROBE_CLI_H

#include "probe/connection.h"
#include "probe/field.h"
#include "probe/report.h"
#include "probe/scenario.h"

enum { EXIT_OK = 0, EXIT_BROKEN = 1, EXIT_WRONG_USAGE = 2, EXIT_UNDECIDED = 3 };

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Values of all flags; a command reads those it takes. */
struct options {
	/* run, serve, validate */
	struct str target;
	struct pairs vars; /* NAME, VALUE */
	struct str vars_file;
	struct strs only, tags, skip_tags;
	struct strs logs;
	int64_t since; /* ns, 0: not given */
	struct str baseline;
	struct strs rules;
	struct strs reports;
	bool strict;
	int64_t timeout, deadline; /* ns, 0: not given */
	/* all */
	bool quiet, verbose;
	int color; /* enum color_when */
	/* connection and request, as curl names them */
	struct connection connection;
	struct strs headers; /* "Name: value" */
	bool ipv4, ipv6;
	/* check */
	struct strs status, contains, matches, json; /* json: path, value, path, value ... */
	struct str bearer_env, bearer_file;
	struct str method, data;
	bool location;
	int64_t wait, every;
	int64_t stable;
	int64_t concurrency;
	struct str origin;
	struct strs subprotocols;
	struct str send, expect, service;
	/* logs */
	struct str format;
	bool annotate;
	struct str gcp_endpoint, kubeconfig, context;
	/* serve */
	struct str listen, store, token_file;
	int64_t keep;
	struct strs probe_allow;
};

/* Commands that take a flag. */
enum {
	FOR_RUN = 1,
	FOR_CHECK = 2,
	FOR_LOGS = 4,
	FOR_SERVE = 8,
	FOR_VALIDATE = 16,
	FOR_REPORT = 32,
	FOR_HELP = 64,
	FOR_ALL = 127,
};

enum flag_type {
	FLAG_BOOLEAN,
	FLAG_STRING,
	FLAG_STRINGS, /* may be repeated */
	FLAG_PAIRS,   /* NAME=VALUE, may be repeated */
	FLAG_TWO,     /* takes two arguments, may be repeated */
	FLAG_DURATION,
	FLAG_INTEGER,
	FLAG_CHOICE,
};

struct flag {
	const char *name; /* without "--" */
	char letter;      /* 0: none */
	enum flag_type type;
	size_t offset;     /* in struct options */
	unsigned commands; /* FOR_... */
	const char *arg;   /* name of its argument for help; NULL for booleans */
	const char *const *choices;
	bool no_env; /* has no environment twin */
	const char *help;
};

extern const struct flag flags[]; /* ended by a NULL name */

struct cli {
	struct arena *arena;
	struct options options;
	const char **operands;
	size_t operand_count;
	const char **child; /* run: COMMAND ARG... after "--", NULL-ended; NULL: none */
	bool color_out, color_err;
};

struct command {
	const char *name, *operands, *usage, *help; /* operands: "SCENARIO..."; usage: in words */
	unsigned bit;                               /* FOR_... */
	size_t least, most;                         /* operands */
	int (*run)(struct cli *);                   /* returns the exit code */
};

extern const struct command *const commands[]; /* ended by NULL */
extern const struct command cmd_run, cmd_check, cmd_logs, cmd_serve, cmd_validate, cmd_report,
	cmd_help;

/* Whole program. Returns the exit code. */
int cli_main(int argc, char **argv);

/* "goldprobe: MESSAGE" on stderr. */
void cli_error(const struct cli *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with a pointer to help; returns EXIT_WRONG_USAGE. */
int cli_usage(const struct cli *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text from outside, one line: controls and invalid UTF-8 made harmless. */
void cli_print_text(FILE *, const char *text);
/* Parses flags and operands after the command's name; also the environment twins. -1: told. */
int cli_parse(struct cli *, const struct command *, int argc, char **argv);
/* Terminal columns of stdout, 80 when unknown. */
unsigned cli_width(void);

/* The kinds compiled in. */
extern const struct vocabulary vocabulary;

/* Plan options from the flags; -1 (told) for a bad header or so. */
struct plan_options;
int cli_plan_options(struct cli *, struct plan_options *);

/* Report targets from -r, or the default format to stdout; checked. -1: told. */
int cli_reports(struct cli *, const char *fallback, struct report_target **targets, size_t *count);
/* Writes reports to all targets, files first, stdout last; returns 0, or -1 when one failed (told). */
int cli_write_reports(struct cli *, const struct report_target *, size_t target_count,
	const struct report *const *reports, size_t count);

/* SIGINT and SIGTERM as events of the loop: `caught` gets the signal's name. */
struct loop;
int cli_signals(
	struct loop *, void (*caught)(void *ctx, const char *name), void *ctx, struct error *);
/* SIGHUP as well, after cli_signals(). */
void cli_signals_hangup(void);
void cli_signals_release(struct loop *);

#endif
