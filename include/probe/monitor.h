/*
 * monitor: scenarios run again and again, their last results, and who wants to know of them.
 *
 *   monitor     the scenarios, when they run, what came of it
 *   history     finished runs in SQLite (history.h)
 *   alert       messages after N failures and on recovery (alert.h)
 *   metrics     Prometheus text (metrics.h)
 *   server      endpoints, status page, live updates (server.h)
 *
 * Requests never start runs. One loop, one thread; a run that needs logs is finished between turns.
 */
#ifndef PROBE_MONITOR_H
#define PROBE_MONITOR_H

#include "probe/alert.h"
#include "probe/history.h"
#include "probe/job.h"

enum { MONITOR_RUNS_AT_ONCE = 64, MONITOR_PHASES = 5 };

struct monitor;

/* What is known of one step of the last run, for metrics and page. */
struct step_stat {
	char *name, *kind, *capability; /* capability NULL: none */
	enum step_status status;
	int64_t duration;              /* ns; TIME_NONE: did not run */
	int64_t phase[MONITOR_PHASES]; /* dns connect tls first_byte total; TIME_NONE */
	int64_t cert_expiry;           /* wall ns; TIME_NONE */
};

struct finding_stat {
	char *cause;
	enum priority priority;
};

/* One scenario under watch. Read-only for everybody but monitor.c. */
struct watched {
	struct monitor *monitor;
	char *file;
	char *name;
	int64_t every; /* ns */
	double jitter; /* share of `every` */
	/* The last finished run: its document (goldprobe.run/v1, one line), summary and verdict. */
	char *document;
	size_t document_len;
	char *run_id, *summary;
	char *log_problem; /* why not all logs were read, as it was told; NULL or empty: none */
	enum golden_path state;
	bool has_run, has_passed; /* since the start of the monitor */
	int64_t started_at, finished_at, duration;
	struct step_stat *steps;
	size_t step_count;
	struct finding_stat *findings;
	size_t finding_count;
	int64_t runs[4]; /* by enum golden_path */
	int64_t skipped; /* due while the run before was under way */
	int64_t late;    /* started more than a second after they were due */
	bool file_valid; /* false: the file on disk has mistakes, the last valid one runs on */
	struct alert_state *alerts;
	size_t alert_count;
	/* The monitor's files only */
	struct job *job, *next_job;
	struct monitor_spec *next_spec; /* of next_job */
	struct timer timer, finish;
	int64_t due, queued_at; /* monotonic */
	size_t secrets;         /* size of the job's redactor when the file was read */
	bool reload;            /* read the file, changed or not */
	struct engine *engine;
	struct arena *arena; /* of the run under way */
	struct run *run;
	bool queued;
	struct watched *next;        /* in a queue: for a place, or to be finished */
	struct scenario_part *parts; /* the file and those it includes, as they were read last */
	size_t part_count;
	bool plan_wrong; /* the last run's plan could not be made anew */
};

struct monitor_options {
	const struct vocabulary *vocabulary;
	struct job_options job;
	struct strs rules;       /* files */
	int64_t every;           /* 0: the file's, else 60 s */
	struct history *history; /* NULL: none is kept */
	/* Called for what an operator should read (reload failed, store full): one line. */
	void (*notice)(void *ctx, const char *text);
	/* Called after every finished run, for live updates. */
	void (*finished)(void *ctx, const struct watched *);
	void *ctx;
};

/* Loads all files; mistakes are printed to `diagnostics`, now and when a file is read anew. NULL with
 * err: a file is wrong, and nothing was started. */
struct monitor *monitor_new(struct loop *, const char *const *files, size_t count,
	const struct monitor_options *, FILE *diagnostics, bool color, struct error *);
void monitor_free(struct monitor *);
/* Runs the loop until monitor_stop(): runs under way are then ended and recorded (5 s at most). */
int monitor_run(struct monitor *, struct error *);
void monitor_stop(struct monitor *);
/* SIGHUP: looks at all files now. */
void monitor_reload(struct monitor *);

const struct watched *const *monitor_watched(const struct monitor *, size_t *count);
/* Every scenario has passed once. */
bool monitor_started(const struct monitor *);
/* The worst state of all: broken before unknown before degraded before healthy. */
enum golden_path monitor_state(const struct monitor *);
int64_t monitor_since(const struct monitor *); /* wall ns of its start */
const struct history *monitor_history(const struct monitor *);
/* What is wrong with the store now, or NULL. */
const char *monitor_problem(const struct monitor *);
struct loop *monitor_loop(const struct monitor *);

#endif
