/*
 * history: finished runs in SQLite, in a file (WAL) or in memory. Every run is committed before the
 * next turn, so that kill -9 loses none that was finished. Trouble with the store (full disk, lock,
 * corruption) never stops the monitor: what cannot be written waits in a bounded queue and is told.
 */
#ifndef PROBE_HISTORY_H
#define PROBE_HISTORY_H

#include "probe/arena.h"
#include "probe/error.h"

struct history;

/* `file` NULL: in memory. `keep` ns: older runs are removed. A file that is no database or damaged is
 * an error; it is not touched. */
struct history *history_open(const char *file, int64_t keep, struct error *);
void history_close(struct history *);

struct history_run {
	const char *id, *scenario;
	int64_t started_at, duration; /* wall ns, ns */
	int verdict;                  /* enum golden_path */
	const char *summary;
	/* JSON; NULL: none. Of healthy runs the last 50 stay, in memory none. */
	const char *document;
	const struct history_step *steps; /* for history per step */
	size_t step_count;
};

struct history_step {
	const char *name;
	int status; /* enum step_status */
	int64_t duration;
};

/* 0: stored. -1: the store has trouble, the run waits in memory; err says what. */
int history_add(struct history *, const struct history_run *, struct error *);
/* Writes what waits, removes what is too old; called now and then. Same result as history_add. */
int history_maintain(struct history *, int64_t now, struct error *);
/* Runs that wait, and runs that were given up because too many waited. */
void history_trouble(const struct history *, size_t *waiting, int64_t *lost);

/* Newest first, `scenario` NULL: all; at most `limit`. Documents are not read. */
size_t history_list(const struct history *, struct arena *, const char *scenario, size_t limit,
	struct history_run **runs);
/* The document of a run, or ptr NULL. */
struct str history_document(const struct history *, struct arena *, const char *id);
/* Days (since 1970) with the number of runs by verdict, oldest first. */
struct history_day {
	int64_t day;
	int64_t runs[4];
};
size_t history_days(const struct history *, struct arena *, const char *scenario, int64_t since_day,
	struct history_day **days);
/* The last results of a step, newest first, at most `limit`. */
struct history_point {
	int status;
	int64_t started_at, duration;
};
size_t history_points(const struct history *, struct arena *, const char *scenario,
	const char *step, size_t limit, struct history_point **points);

#endif
