/* SIGINT and SIGTERM become events of the loop through a pipe; a handler does nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "probe/cli.h"
#include "probe/loop.h"

static struct {
	int pipe[2];
	struct watch watch;
	void (*caught)(void *ctx, const char *name);
	void *ctx;
} signals = {.pipe = {-1, -1}};

static void handle(int number)
{
	int saved = errno;
	unsigned char byte = (unsigned char)number;

	(void)!write(signals.pipe[1], &byte, 1);
	errno = saved;
}

static void readable(void *ctx, unsigned events)
{
	unsigned char byte;

	(void)ctx;
	(void)events;
	while (read(signals.pipe[0], &byte, 1) == 1)
		signals.caught(signals.ctx, byte == SIGINT   ? "SIGINT"
					    : byte == SIGHUP ? "SIGHUP"
							     : "SIGTERM");
}

int cli_signals(struct loop *loop, void (*caught)(void *ctx, const char *name), void *ctx,
	struct error *err)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

	signals.caught = caught;
	signals.ctx = ctx;
	if (pipe2(signals.pipe, O_CLOEXEC | O_NONBLOCK))
		return error_set(err, "cannot make a pipe: %s", strerror(errno));
	if (loop_watch(loop, &signals.watch, signals.pipe[0], LOOP_READ, readable, NULL, err))
		return -1;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return 0;
}

void cli_signals_hangup(void)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
}

void cli_signals_release(struct loop *loop)
{
	if (signals.pipe[0] < 0)
		return;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (signals.watch.active)
		loop_unwatch(loop, &signals.watch);
	close(signals.pipe[0]);
	close(signals.pipe[1]);
	signals.pipe[0] = signals.pipe[1] = -1;
}
