/*
 * child: the backend under test, started by `run SCENARIO -- COMMAND`: a process group of its own,
 * its output kept as a log, its exit noticed at once, stopped as a group at the end.
 */
#ifndef PROBE_CHILD_H
#define PROBE_CHILD_H

#include "probe/loop.h"
#include "probe/run.h"

struct child;

/* Starts argv (found through PATH, no shell). `exited` is called once when it ends before
 * child_stop. `echo`: passes the output through to stderr as well. NULL with err: it cannot start. */
struct child *child_start(struct loop *, const char *const *argv, bool echo,
	void (*exited)(void *ctx, const struct child_result *), void *ctx, struct error *err);
/* TERM to the group, 5 s, KILL; waits in the loop. Output that is left is read. */
void child_stop(struct child *);
/* Kills what is left and frees. NULL is accepted. */
void child_free(struct child *);
/* What is known of it now. */
struct child_result child_result(const struct child *);
/* A path that reads its output ("/proc/self/fd/N"), and bytes that were dropped: of more than 64 MiB
 * the first 16 and the last 48 are kept. Only once it has been stopped. */
const char *child_log(struct child *, uint64_t *dropped);

#endif
