/*
 * progress: what a run is doing now, live on a terminal (stderr): which step, which attempt, how
 * long; or how much of a large log was read. Silent when stderr is no terminal or with -q. Redrawn a few
 * times a second, of a run by a timer of the loop; gone without a trace before the report is printed.
 */
#ifndef PROBE_PROGRESS_H
#define PROBE_PROGRESS_H

#include "probe/cli.h"
#include "probe/engine.h"

/* Whether somebody watches: stderr is a terminal that can move its cursor. */
bool progress_watched(const struct cli *);

struct progress;

/* NULL when there is nobody to see it; the functions below accept that. */
struct progress *progress_new(const struct cli *, const struct plan *, struct loop *);
/* The sink for engine_options, or NULL. */
const struct run_sink *progress_sink(struct progress *);
/* Clears what it drew. */
void progress_free(struct progress *);

/* Of logs that are read. */
struct progress_logs;

/* NULL when there is nobody to see it; the functions below accept that. */
struct progress_logs *progress_logs_new(const struct cli *);
/* For log_options.progress, with the progress as its ctx. */
void progress_logs_show(void *ctx, const char *source, int64_t bytes, int64_t entries);
/* Clears what it drew. */
void progress_logs_free(struct progress_logs *);

#endif
