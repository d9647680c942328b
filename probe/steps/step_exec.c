/* Kind `exec`: a program without a shell, in a process group of its own that ends with the attempt. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/file.h"
#include "probe/process.h"

#include "steps_private.h"

extern char **environ;

enum { OUTPUT_MAX = 64 << 10, READS_A_TURN = 16, REAP_TRIES = 50 };
enum { EXIT_NOT_FOUND = 127, EXIT_NOT_EXECUTABLE = 126 }; /* as shells say it */

struct exec_spec {
	struct strs argv;
	struct pairs env;
	struct str dir, stdin_text;
};

/* One of the program's output streams. */
struct output {
	int fd; /* -1: closed */
	struct watch watch;
	struct attempt *attempt;
	struct buf text;
};

struct exec_state {
	pid_t pid; /* 0: none, or reaped */
	int input;
	struct process_watch exit_watch;
	struct watch input_watch;
	struct output out, err;
	size_t sent;
	bool begun;
};

/* Input and output */

static void output_close(struct output *o)
{
	if (o->fd < 0)
		return;
	loop_unwatch(attempt_loop(o->attempt), &o->watch);
	close(o->fd);
	o->fd = -1;
}

/* What is beyond the bound is read and dropped, so that the program does not block. */
static void output_ready(void *ctx, unsigned events)
{
	struct output *o = ctx;
	char bytes[16384];

	(void)events;
	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = read(o->fd, bytes, sizeof(bytes));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			output_close(o);
			return;
		}
		buf_add(&o->text, bytes, (size_t)n);
	}
}

static void input_close(struct attempt *a)
{
	struct exec_state *state = attempt_state(a);

	if (state->input < 0)
		return;
	loop_unwatch(attempt_loop(a), &state->input_watch);
	close(state->input);
	state->input = -1;
}

static void input_ready(void *ctx, unsigned events)
{
	struct attempt *a = ctx;
	const struct exec_spec *spec = attempt_spec(a);
	struct exec_state *state = attempt_state(a);

	(void)events;
	while (state->sent < spec->stdin_text.len) {
		ssize_t n = write(state->input, spec->stdin_text.ptr + state->sent,
			spec->stdin_text.len - state->sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break; /* a program need not read its input */
		state->sent += (size_t)n;
	}
	input_close(a);
}

/* The end */

static struct str without_line_end(struct str s)
{
	if (s.len && s.ptr[s.len - 1] == '\n')
		s.len--;
	if (s.len && s.ptr[s.len - 1] == '\r')
		s.len--;
	return s;
}

/* What it said is also the body that reports show and the diagnosis reads, errors first. */
static void record_output(struct attempt *a)
{
	struct exec_state *state = attempt_state(a);
	struct arena *arena = attempt_arena(a);
	struct str out = arena_str(arena, without_line_end(buf_str(&state->out.text)));
	struct str err = arena_str(arena, without_line_end(buf_str(&state->err.text)));
	BUF_SCOPED struct buf both;

	attempt_fact(a, "exec.stdout", value_string(out));
	attempt_fact(a, "exec.stderr", value_string(err));
	buf_init(&both, err.len + out.len + 1);
	buf_add_str(&both, err);
	if (err.len && out.len)
		buf_add_char(&both, '\n');
	buf_add_str(&both, out);
	attempt_fact(a, "body", value_string(arena_str(arena, buf_str(&both))));
}

static void record_status(struct attempt *a, int status)
{
	if (WIFEXITED(status))
		attempt_fact(a, "exec.exit", value_integer(WEXITSTATUS(status)));
	if (WIFSIGNALED(status)) {
		attempt_fact(a, "exec.exit", value_integer(128 + WTERMSIG(status)));
		attempt_fact(a, "exec.signal", value_integer(WTERMSIG(status)));
	}
}

static void ended(void *ctx)
{
	struct attempt *a = ctx;
	struct exec_state *state = attempt_state(a);
	int status;

	/* The dead leader keeps its number until it is reaped: no other group can be meant. */
	kill(-state->pid, SIGKILL);
	if (waitpid(state->pid, &status, 0) == state->pid)
		record_status(a, status);
	state->pid = 0;
	if (state->out.fd >= 0)
		output_ready(&state->out, LOOP_READ);
	if (state->err.fd >= 0)
		output_ready(&state->err, LOOP_READ);
	attempt_done(a, FAILURE_NONE, "%s", "");
}

/* Ends the group. The kernel needs a moment; what it does not give back in time is left to init. */
static void kill_group(struct exec_state *state)
{
	if (state->pid <= 0)
		return;
	kill(-state->pid, SIGKILL);
	for (int i = 0; i < REAP_TRIES; i++) {
		if (waitpid(state->pid, NULL, WNOHANG) != 0)
			break;
		usleep(1000);
	}
	state->pid = 0;
}

/* The beginning */

static char **make_argv(struct arena *arena, const struct strs *items)
{
	char **argv = ARENA_ARRAY(arena, items->count + 1, char *);

	for (size_t i = 0; i < items->count; i++)
		argv[i] = (char *)arena_str(arena, items->items[i]).ptr;
	return argv;
}

static char **make_env(struct arena *arena, const struct pairs *own)
{
	size_t inherited = 0, count = 0;

	while (environ[inherited])
		inherited++;
	char **env = ARENA_ARRAY(arena, inherited + own->count + 1, char *);

	for (size_t i = 0; i < own->count; i++)
		env[count++] = arena_printf(arena, "%.*s=%.*s", STR_ARG(own->items[i].name),
			STR_ARG(own->items[i].value));
	for (size_t i = 0; i < inherited; i++) {
		bool replaced = false;

		for (size_t k = 0; k < own->count && !replaced; k++)
			replaced = strncmp(environ[i], env[k], own->items[k].name.len + 1) == 0;
		if (!replaced)
			env[count++] = environ[i];
	}
	return env;
}

/* Ends of the three pipes: [0] is read, [1] is written. */
struct pipes {
	int in[2], out[2], err[2];
};

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

static int open_pipes(struct pipes *p)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(p->in, O_CLOEXEC) < 0 || pipe2(p->out, O_CLOEXEC) < 0 ||
		pipe2(p->err, O_CLOEXEC) < 0)
		return -1;
	fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	fcntl(p->out[0], F_SETFL, O_NONBLOCK);
	fcntl(p->err[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int spawn(struct attempt *a, const struct pipes *p, const char *dir)
{
	const struct exec_spec *spec = attempt_spec(a);
	struct exec_state *state = attempt_state(a);
	struct arena *arena = attempt_arena(a);
	char **argv = make_argv(arena, &spec->argv);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, p->in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, p->out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, p->err[1], STDERR_FILENO);
	posix_spawn_file_actions_addchdir_np(&files, dir);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int problem = posix_spawnp(
		&state->pid, argv[0], &files, &attributes, argv, make_env(arena, &spec->env));

	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (problem)
		state->pid = 0;
	return problem;
}

static int watch_all(struct attempt *a, struct error *err)
{
	struct exec_state *state = attempt_state(a);
	struct loop *loop = attempt_loop(a);

	if (process_watch_start(loop, &state->exit_watch, state->pid, ended, a, err) < 0 ||
		loop_watch(loop, &state->out.watch, state->out.fd, LOOP_READ, output_ready,
			&state->out, err) < 0 ||
		loop_watch(loop, &state->err.watch, state->err.fd, LOOP_READ, output_ready,
			&state->err, err) < 0)
		return -1;
	return loop_watch(loop, &state->input_watch, state->input, LOOP_WRITE, input_ready, a, err);
}

static void start(struct attempt *a)
{
	const struct exec_spec *spec = attempt_spec(a);
	struct exec_state *state = attempt_state(a);
	const char *dir = file_join(attempt_arena(a), attempt_dir(a),
		spec->dir.len ? arena_str(attempt_arena(a), spec->dir).ptr : ".");
	struct pipes pipes;
	struct error err;

	if (!spec->argv.count) {
		attempt_done(a, FAILURE_CHECK, "no program is named");
		return;
	}
	if (access(dir, X_OK) < 0) {
		attempt_done(
			a, FAILURE_CHECK, "cannot enter directory '%s': %s", dir, strerror(errno));
		return;
	}
	state->input = -1;
	state->out = (struct output){.fd = -1, .attempt = a};
	state->err = (struct output){.fd = -1, .attempt = a};
	buf_init(&state->out.text, OUTPUT_MAX);
	buf_init(&state->err.text, OUTPUT_MAX);
	state->begun = true;
	if (open_pipes(&pipes) < 0) {
		attempt_done(a, FAILURE_INTERNAL, "cannot make a pipe: %s", strerror(errno));
		close_pair(pipes.in);
		close_pair(pipes.out);
		close_pair(pipes.err);
		return;
	}
	int problem = spawn(a, &pipes, dir);

	state->input = pipes.in[1];
	state->out.fd = pipes.out[0];
	state->err.fd = pipes.err[0];
	close(pipes.in[0]);
	close(pipes.out[1]);
	close(pipes.err[1]);
	if (problem) {
		attempt_fact(a, "exec.exit",
			value_integer(problem == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE));
		attempt_done(a, FAILURE_CHECK, "cannot run '%.*s': %s",
			STR_ARG(spec->argv.items[0]), strerror(problem));
	} else if (watch_all(a, &err) < 0) {
		attempt_done(a, FAILURE_INTERNAL, "%s", err.text);
	}
}

static void stop(struct attempt *a)
{
	struct exec_state *state = attempt_state(a);

	if (!state->begun)
		return;
	process_watch_stop(&state->exit_watch);
	kill_group(state);
	record_output(a);
	input_close(a);
	output_close(&state->out);
	output_close(&state->err);
	buf_release(&state->out.text);
	buf_release(&state->err.text);
}

/* The file's side */

static struct node *shorthand(struct arena *arena, const struct node *node, struct diags *diags)
{
	struct node *map = node_map(arena, node->span);

	(void)diags;
	node_map_add(arena, map, "argv", (struct node *)node);
	return map;
}

static void validate(const void *ctx, const struct node *body, int64_t timeout, struct diags *diags)
{
	const struct exec_spec *spec = ctx;
	const struct node *argv = body->type == NODE_MAP ? node_find(body, "argv") : body;

	(void)timeout;
	if (argv && argv->type == NODE_SCALAR && str_find_char(argv->text, ' ') != SIZE_MAX)
		diag_error(diags, argv->span,
			"there is no shell: write the program and its arguments as a list");
	else if (argv && (!argv->count && argv->type == NODE_LIST))
		diag_error(diags, argv->span, "the list names no program");
	for (size_t i = 0; i < spec->env.count; i++)
		if (!spec->env.items[i].name.len ||
			str_find_char(spec->env.items[i].name, '=') != SIZE_MAX)
			diag_error(diags, body->span, "'%.*s' is not a name for the environment",
				STR_ARG(spec->env.items[i].name));
}

static const char *describe(struct arena *arena, const void *ctx, struct str target)
{
	const struct exec_spec *spec = ctx;
	const char *text = NULL;

	(void)target;
	for (size_t i = 0; i < spec->argv.count; i++)
		text = arena_printf(arena, "%s%s%.*s", text ? text : "", text ? " " : "",
			STR_ARG(spec->argv.items[i]));
	return text;
}

static bool absolute(const void *ctx)
{
	(void)ctx;
	return true;
}

static const struct field fields[] = {
	{.name = "argv",
		.type = FIELD_STRINGS,
		.offset = FIELD_AT(struct exec_spec, argv),
		.required = true,
		.help = "Program, found through PATH, and its arguments."},
	{.name = "env",
		.type = FIELD_PAIRS,
		.offset = FIELD_AT(struct exec_spec, env),
		.help = "Variables beside those that the probe itself has."},
	{.name = "dir",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct exec_spec, dir),
		.help = "Directory it runs in (default: that of the scenario)."},
	{.name = "stdin",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct exec_spec, stdin_text),
		.help = "Text of its standard input (default: empty)."},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	{"exec.exit", "integer", "exit code; 128 and the signal when a signal ended it"},
	{"exec.signal", "integer", "signal that ended it; absent when none"},
	{"exec.stdout", "string", "standard output without its last line break, 64 KiB at most"},
	{"exec.stderr", "string", "standard error likewise"},
	{"time", "duration", "the whole attempt"},
	{"time.total", "duration", "the whole attempt"},
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"exec.exit", "0"}, {NULL, NULL}};

const struct step_kind step_exec = {
	.name = "exec",
	.help = "Runs a program without a shell.",
	.example = "exec: [pg_isready, -h, db]",
	.facts = facts,
	.fields = fields,
	.implied = implied,
	.spec_size = sizeof(struct exec_spec),
	.state_size = sizeof(struct exec_state),
	.shorthand = shorthand,
	.validate = validate,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
