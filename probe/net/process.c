#include "probe/process.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASK_EVERY_MS = 10 };

/* Left for the owner to reap: until then the dead child's number names nobody else. */
static bool has_ended(const struct process_watch *w)
{
	siginfo_t info = {0};

	return !waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

static void report(struct process_watch *w)
{
	process_watch_stop(w);
	w->ended(w->ctx);
}

static void readable(void *ctx, unsigned events)
{
	(void)events;
	if (has_ended(ctx))
		report(ctx);
}

static void ask(void *ctx)
{
	struct process_watch *w = ctx;

	if (has_ended(w))
		report(w);
	else
		timer_start(
			w->loop, &w->timer, loop_now(w->loop) + ASK_EVERY_MS * NS_PER_MS, ask, w);
}

int process_watch_start(struct loop *loop, struct process_watch *w, pid_t pid,
	void (*ended)(void *ctx), void *ctx, struct error *err)
{
	w->loop = loop;
	w->pid = pid;
	w->ended = ended;
	w->ctx = ctx;
	w->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (w->pidfd >= 0) {
		if (!loop_watch(loop, &w->watch, w->pidfd, LOOP_READ, readable, w, err))
			return 0;
		process_watch_stop(w);
		return -1;
	}
	if (errno != ENOSYS && errno != EPERM && errno != EACCES) {
		w->loop = NULL;
		return error_set(err, "cannot watch process %d: %s", (int)pid, strerror(errno));
	}
	loop_defer(loop, &w->timer, ask, w);
	return 0;
}

void process_watch_stop(struct process_watch *w)
{
	if (!w->loop)
		return;
	timer_stop(w->loop, &w->timer);
	if (w->watch.active)
		loop_unwatch(w->loop, &w->watch);
	if (w->pidfd >= 0)
		close(w->pidfd);
	w->pidfd = -1;
	w->loop = NULL;
}
