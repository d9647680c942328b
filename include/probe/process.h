/*
 * process: tells the loop that a child process has ended.
 *
 * A pidfd (Linux 5.3) is watched where the kernel gives one. gVisor, older kernels and strict seccomp
 * profiles do not: there the child is asked for every 10 ms.
 */
#ifndef PROBE_PROCESS_H
#define PROBE_PROCESS_H

#include <sys/types.h>

#include "probe/loop.h"

/* Embedded in its owner, zeroed before first use. */
struct process_watch {
	struct loop *loop;
	pid_t pid;
	int pidfd; /* -1: asked for by the timer */
	struct watch watch;
	struct timer timer;
	void (*ended)(void *ctx);
	void *ctx;
};

/* Calls `ended` once, when the child can be reaped; reaping is the caller's. Returns -1 when the
 * child cannot be watched at all. */
int process_watch_start(struct loop *, struct process_watch *, pid_t, void (*ended)(void *ctx),
	void *ctx, struct error *err);

/* Before the watch's memory goes; twice or on a zeroed one does nothing. `ended` may call it. */
void process_watch_stop(struct process_watch *);

#endif
