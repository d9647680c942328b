/*
 * progress: what a run is doing now, live on a terminal (stderr): which step, which attempt, how
 * long. Silent when stderr is no terminal or with -q. Redrawn a few times a second by a timer of
 * the loop; gone without a trace before the report is printed.
 */
#ifndef PROBE_PROGRESS_H
#define PROBE_PROGRESS_H

#include "probe/cli.h"
#include "probe/engine.h"

struct progress;

/* NULL when there is nobody to see it; the functions below accept that. */
struct progress *progress_new(const struct cli *, const struct plan *, struct loop *);
/* The sink for engine_options, or NULL. */
const struct run_sink *progress_sink(struct progress *);
/* Clears what it drew. */
void progress_free(struct progress *);

#endif
