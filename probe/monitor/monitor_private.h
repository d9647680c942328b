/* Between the files of the monitor. */
#ifndef PROBE_MONITOR_MONITOR_PRIVATE_H
#define PROBE_MONITOR_MONITOR_PRIVATE_H

#include "probe/monitor.h"

struct queue {
	struct watched *first, **end;
};

struct monitor {
	struct loop *loop;
	struct monitor_options options;
	struct watched **watched;
	size_t count;
	struct queue due;      /* wait for a place */
	struct queue finished; /* have logs to be read, which turns the loop */
	size_t running;
	bool wake; /* ends the loop's turning: a queue or the end wants attention */
	bool stopping, stopped;
	struct timer poll, maintain, drain;
	size_t poll_next; /* files looked at so far */
	struct alerts *alerts;
	struct rules *rules;
	struct arena *rules_arena;
	bool last_drain;
	int64_t since;
	char problem[300]; /* of the store, as it was told last; empty: none */
	struct retired *retired;
	FILE *diagnostics;
	bool color;
};

/* Alert states that messages under way may still point at. */
struct retired {
	void *memory;
	struct retired *next;
};

void queue_init(struct queue *);
void queue_put(struct queue *, struct watched *);
struct watched *queue_take(struct queue *);

__attribute__((format(printf, 2, 3))) void monitor_notice(struct monitor *, const char *fmt, ...);

/* watch.c: the file of a scenario */

/* Reads the file for the first time. -1: mistakes (printed), or err about a flag. */
int watch_load(struct watched *, struct error *);
/* Puts a job that was read anew in the place of the one before; only between runs. */
void watch_adopt(struct watched *);
/* Looks at files every 2 s. */
void watch_poll(void *monitor);
void watched_free(struct watched *);
/* Keeps what is to be known of a finished run. */
void watched_keep(struct watched *, const struct report *, char *document, size_t len);

/* schedule.c: when runs start */

void schedule_start(struct monitor *);
void schedule_stop(struct monitor *);
/* A run has ended: its place is free. */
void schedule_freed(struct monitor *);
/* A file was read anew and may have another `every`. */
void schedule_changed(struct watched *);

/* monitor.c */

/* Of the engine: the run is there. */
void monitor_run_done(void *watched, struct run *);

#endif
