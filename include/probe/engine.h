/*
 * engine: runs a plan. Starts steps whose needs are met (64 at a time or as many as asked for, fewer
 * under a low file limit), retries, ends each attempt in one place, and records what happened in a
 * struct run. It waits for nothing itself: everything hangs on the loop, and the loop's time is its time.
 */
#ifndef PROBE_ENGINE_H
#define PROBE_ENGINE_H

#include "probe/plan.h"

struct engine;

/* Live progress; a NULL member means not interested. Texts are masked. `step` is the index. */
struct run_sink {
	void *ctx;
	void (*step_started)(void *ctx, const struct plan_step *, size_t step);
	void (*attempt_ended)(void *ctx, size_t step, int64_t attempt,
		const struct attempt_result *,
		int64_t next_at); /* monotonic time of the next attempt, TIME_NONE: none */
	void (*step_ended)(void *ctx, size_t step, const struct step_result *);
};

struct engine_options {
	int64_t deadline;   /* ns from the start; 0: none */
	int64_t grace;      /* for `always` steps after an end from outside; 5 s */
	const char *run_id; /* NULL: made */
	size_t concurrency; /* attempts at a time; 0: 64 */
	const struct auth_kind *const *auths;
	const struct run_sink *sink; /* NULL: none */
};

/* Starts at the next loop turn; `done` is called once, with the finished run (unmasked, in `arena`). */
struct engine *engine_start(struct arena *, const struct plan *, struct loop *,
	const struct engine_options *, void (*done)(void *ctx, struct run *), void *ctx);
/* Ends from outside: running attempts end as interrupted, what was not started is not reached,
 * `always` steps still run within the grace. A second call ends at once. */
void engine_interrupt(struct engine *, const char *reason);
/* The backend under test has exited: what waits or retries ends at once and says so. */
void engine_child_exited(struct engine *, const char *what);
void engine_free(struct engine *);

/* The same, waiting: runs the loop until the run is finished. */
struct run *run_execute(struct arena *, const struct plan *, struct loop *,
	const struct engine_options *, struct error *err);

#endif
