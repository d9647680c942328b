#include "probe/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe/process.h"

extern char **environ;

/* Of more output than OUTPUT_MAX the first OUTPUT_HEAD bytes and the last ones are kept: how it began,
 * and why it ended. */
enum { OUTPUT_MAX = 64 << 20, OUTPUT_HEAD = 16 << 20 };

struct child {
	struct loop *loop;
	pid_t pid;
	int output, log;
	struct process_watch exit_watch;
	struct watch output_watch;
	struct timer kill_timer, drain_timer;
	uint64_t written, dropped; /* bytes of output in all, and of those that could not be kept */
	int64_t started;
	bool echo, reaped, stopping, settled;
	struct child_result result;
	void (*exited)(void *ctx, const struct child_result *);
	void *ctx;
	char log_path[40];
};

static void output_close(struct child *c)
{
	if (c->output < 0)
		return;
	if (c->output_watch.active)
		loop_unwatch(c->loop, &c->output_watch);
	close(c->output);
	c->output = -1;
	if (timer_running(&c->drain_timer))
		c->settled = true;
}

/* Where the next byte goes: past the bound the oldest bytes behind the head make room. */
static uint64_t output_place(const struct child *c)
{
	if (c->written < OUTPUT_MAX)
		return c->written;
	return OUTPUT_HEAD + (c->written - OUTPUT_HEAD) % (OUTPUT_MAX - OUTPUT_HEAD);
}

/* The log must never be what stops the probe: what cannot be kept is counted. */
static void output_keep(struct child *c, const char *data, size_t len)
{
	while (len) {
		uint64_t place = output_place(c), room = OUTPUT_MAX - place;
		ssize_t n = pwrite(c->log, data, len < room ? len : (size_t)room, (off_t)place);

		if (n <= 0) {
			c->dropped += len;
			return;
		}
		c->written += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
}

static void output_ready(void *ctx, unsigned events)
{
	struct child *c = ctx;
	char block[16384];

	(void)events;
	/* A child that writes without end must not keep the loop: some blocks a turn. */
	for (int i = 0; i < 16; i++) {
		ssize_t n = read(c->output, block, sizeof(block));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			output_close(c);
			return;
		}
		output_keep(c, block, (size_t)n);
		if (c->echo)
			(void)!write(STDERR_FILENO, block, (size_t)n);
	}
}

static void child_reap(struct child *c)
{
	int status;

	if (c->reaped || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return;
	c->reaped = true;
	loop_refresh(c->loop);
	c->result.exited = !c->stopping;
	c->result.after = loop_now(c->loop) - c->started;
	if (WIFEXITED(status)) {
		c->result.exit_code = WEXITSTATUS(status);
	} else {
		c->result.exit_code = -1;
		c->result.signal = WTERMSIG(status);
	}
	process_watch_stop(&c->exit_watch);
}

static void ended(void *ctx)
{
	struct child *c = ctx;

	child_reap(c);
	if (!c->reaped)
		return;
	if (c->output >= 0)
		output_ready(c, LOOP_READ);
	if (c->stopping)
		c->settled = true;
	else
		c->exited(c->ctx, &c->result);
}

static char *command_text(const char *const *argv)
{
	struct buf text;

	buf_init(&text, 400);
	for (size_t i = 0; argv[i]; i++)
		buf_printf(&text, "%s%s", i ? " " : "", argv[i]);
	return text.data; /* owned by the caller */
}

static int spawn(struct child *c, const char *const *argv, int output, struct error *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, standard;

	sigemptyset(&none);
	sigemptyset(&standard);
	sigaddset(&standard, SIGPIPE);
	sigaddset(&standard, SIGINT);
	sigaddset(&standard, SIGTERM);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &standard);
	int problem =
		posix_spawnp(&c->pid, argv[0], &files, &attributes, (char *const *)argv, environ);

	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (problem)
		return error_set(err, "cannot start '%s': %s", argv[0], strerror(problem));
	return 0;
}

static int child_open(struct child *c, int pipes[2], struct error *err)
{
	c->log = memfd_create("goldprobe-output", MFD_CLOEXEC);
	if (c->log < 0)
		return error_set(err, "cannot keep the command's output: %s", strerror(errno));
	if (pipe2(pipes, O_CLOEXEC))
		return error_set(err, "cannot make a pipe: %s", strerror(errno));
	c->output = pipes[0];
	fcntl(c->output, F_SETFL, O_NONBLOCK);
	snprintf(c->log_path, sizeof(c->log_path), "/proc/self/fd/%d", c->log);
	return 0;
}

struct child *child_start(struct loop *loop, const char *const *argv, bool echo,
	void (*exited)(void *ctx, const struct child_result *), void *ctx, struct error *err)
{
	struct child *c = calloc(1, sizeof(*c));
	int pipes[2] = {-1, -1};

	if (!c)
		die("out of memory: %zu bytes", sizeof(*c));
	c->loop = loop;
	c->output = c->log = -1;
	c->echo = echo;
	c->exited = exited;
	c->ctx = ctx;
	c->started = loop_now(loop);
	c->result.exit_code = -1;
	/* Who leaves the group, as daemons do, is ours when its parent has ended. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (child_open(c, pipes, err) || spawn(c, argv, pipes[1], err)) {
		if (pipes[1] >= 0)
			close(pipes[1]);
		child_free(c);
		return NULL;
	}
	close(pipes[1]);
	c->result.command = command_text(argv);
	if (process_watch_start(loop, &c->exit_watch, c->pid, ended, c, err) ||
		loop_watch(loop, &c->output_watch, c->output, LOOP_READ, output_ready, c, err)) {
		child_free(c);
		return NULL;
	}
	return c;
}

static void kill_now(void *ctx)
{
	struct child *c = ctx;

	kill(-c->pid, SIGKILL);
}

static void settle(void *ctx)
{
	((struct child *)ctx)->settled = true;
}

/* Signals what the command left behind outside of its group; how many there are. Without
 * /proc/.../children (CONFIG_PROC_CHILDREN) they are not known. */
static size_t signal_strays(int number)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	size_t count = 0;
	int pid;

	if (!list)
		return 0;
	while (fscanf(list, "%d", &pid) == 1) {
		kill(pid, number);
		count++;
	}
	fclose(list);
	return count;
}

/* Told by TERM, and gone a second later at most. */
static void end_strays(void)
{
	signal_strays(SIGTERM);
	for (int i = 0; i < 60; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (signal_strays(i < 50 ? 0 : SIGKILL) == 0)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 20 * NS_PER_MS}, NULL);
	}
}

static void stop_leader(struct child *c)
{
	struct error ignored;

	c->stopping = true;
	kill(-c->pid, SIGTERM);
	timer_start(c->loop, &c->kill_timer, loop_now(c->loop) + 5 * NS_PER_S, kill_now, c);
	loop_run(c->loop, &c->settled, &ignored);
	timer_stop(c->loop, &c->kill_timer);
}

void child_stop(struct child *c)
{
	struct error ignored;

	if (!c)
		return;
	if (!c->reaped)
		stop_leader(c);
	/* Grandchildren that outlived the leader would hold the pipe open. */
	kill(-c->pid, SIGKILL);
	end_strays();
	if (c->output >= 0) {
		c->settled = false;
		timer_start(
			c->loop, &c->drain_timer, loop_now(c->loop) + 100 * NS_PER_MS, settle, c);
		loop_run(c->loop, &c->settled, &ignored);
		timer_stop(c->loop, &c->drain_timer);
	}
}

void child_free(struct child *c)
{
	if (!c)
		return;
	timer_stop(c->loop, &c->kill_timer);
	timer_stop(c->loop, &c->drain_timer);
	if (c->pid > 0 && !c->reaped) {
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	process_watch_stop(&c->exit_watch);
	output_close(c);
	if (c->log >= 0)
		close(c->log);
	free((char *)c->result.command);
	free(c);
}

struct child_result child_result(const struct child *c)
{
	return c->result;
}

static bool copy_part(int from, int to, off_t start, off_t end)
{
	while (start < end) {
		ssize_t n = sendfile(to, from, &start, (size_t)(end - start));

		if (n <= 0)
			return false;
	}
	return true;
}

/* Output that went round: head and tail in their order again, in a log of its own. */
static void output_unroll(struct child *c)
{
	off_t place = (off_t)output_place(c);
	int log = memfd_create("goldprobe-output", MFD_CLOEXEC);

	if (log < 0)
		return;
	if (copy_part(c->log, log, 0, OUTPUT_HEAD) && write(log, "\n", 1) == 1 &&
		copy_part(c->log, log, place, OUTPUT_MAX) &&
		copy_part(c->log, log, OUTPUT_HEAD, place)) {
		dup3(log, c->log, O_CLOEXEC);
		c->dropped += c->written - OUTPUT_MAX;
		c->written = OUTPUT_MAX;
	}
	close(log);
}

const char *child_log(struct child *c, uint64_t *dropped)
{
	if (c->written > OUTPUT_MAX)
		output_unroll(c);
	*dropped = c->dropped;
	return c->log_path;
}
