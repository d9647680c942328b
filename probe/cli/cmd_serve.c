/*
 * `serve SCENARIO...`: the monitor in the foreground. Health endpoints, metrics, status page, history
 * and alerts, until SIGTERM; SIGHUP reads all files anew.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "probe/cli.h"
#include "probe/file.h"
#include "probe/monitor.h"
#include "probe/server.h"

#define KEEP_DEFAULT (30 * 86400 * NS_PER_S)

/* Tables of libwebsockets grow with the limit of descriptors; runs and clients need far fewer. */
enum { DESCRIPTORS_MAX = 16384 };

struct serve {
	struct cli *cli;
	struct loop *loop;
	struct monitor *monitor;
	struct server *server;
	struct history *history;
	struct str token;
};

static void notice(void *ctx, const char *text)
{
	const struct serve *s = ctx;

	cli_error(s->cli, "%s", text);
}

static void finished(void *ctx, const struct watched *w)
{
	const struct serve *s = ctx;

	if (s->server)
		server_finished(s->server, w);
	if (s->cli->options.verbose)
		cli_error(s->cli, "%s: %s: %s", w->name, golden_path_name(w->state), w->summary);
}

static void caught(void *ctx, const char *name)
{
	struct serve *s = ctx;

	if (strcmp(name, "SIGHUP") == 0) {
		monitor_reload(s->monitor);
		return;
	}
	if (!s->cli->options.quiet)
		cli_error(s->cli, "%s: runs under way are ended", name);
	monitor_stop(s->monitor);
}

static void limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > DESCRIPTORS_MAX) {
		limit.rlim_cur = DESCRIPTORS_MAX;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* A store that cannot be used is told, and the history goes to memory: the monitor's work is more
 * than its record. */
static void open_history(struct serve *s)
{
	const struct options *o = &s->cli->options;
	int64_t keep = o->keep ? o->keep : KEEP_DEFAULT;
	struct error err;

	if (o->store.len) {
		s->history = history_open(o->store.ptr, keep, &err);
		if (s->history)
			return;
		cli_error(s->cli, "%s; the history is kept in memory", err.text);
	}
	s->history = history_open(NULL, keep, &err);
	if (!s->history)
		cli_error(s->cli, "%s; no history is kept", err.text);
}

static int read_token(struct serve *s)
{
	const struct str *file = &s->cli->options.token_file;
	struct error err;

	if (!file->len)
		return 0;
	if (file_text(s->cli->arena, file->ptr, 4096, &s->token, &err))
		return cli_usage(s->cli, "--token-file: %s", err.text), -1;
	s->token = str_trim(s->token);
	if (!s->token.len)
		return cli_usage(s->cli, "--token-file: '%s' is empty", file->ptr), -1;
	return 0;
}

static int load(struct serve *s)
{
	const struct options *o = &s->cli->options;
	struct monitor_options options = {
		.vocabulary = &vocabulary,
		.job = {.logs = o->logs, .since = o->since, .strict = o->strict},
		.rules = o->rules,
		.every = o->every,
		.notice = notice,
		.finished = finished,
		.ctx = s,
	};
	struct error err;

	if (cli_plan_options(s->cli, &options.job.plan) || read_token(s))
		return EXIT_WRONG_USAGE;
	s->loop = loop_new(&err);
	if (!s->loop)
		return cli_error(s->cli, "%s", err.text), EXIT_UNDECIDED;
	open_history(s);
	options.history = s->history;
	s->monitor = monitor_new(s->loop, s->cli->operands, s->cli->operand_count, &options, stderr,
		s->cli->color_err, &err);
	if (!s->monitor)
		return cli_usage(s->cli, "%s", err.text);
	return EXIT_OK;
}

static int serve(struct serve *s)
{
	const struct options *o = &s->cli->options;
	struct server_options options = {
		.listen = o->listen.len ? o->listen.ptr : "127.0.0.1:9090",
		.token = s->token,
		.probe_allow = o->probe_allow,
	};
	struct error err;

	s->server = server_new(s->loop, s->monitor, &options, &err);
	if (!s->server) {
		cli_error(s->cli, "%s", err.text);
		return EXIT_UNDECIDED;
	}
	if (cli_signals(s->loop, caught, s, &err)) {
		cli_error(s->cli, "%s", err.text);
		return EXIT_UNDECIDED;
	}
	cli_signals_hangup();
	cli_error(s->cli, "listening on http://%s", server_address(s->server));
	if (monitor_run(s->monitor, &err)) {
		cli_error(s->cli, "%s", err.text);
		return EXIT_UNDECIDED;
	}
	return EXIT_OK;
}

static int run(struct cli *cli)
{
	struct serve s = {.cli = cli};
	int code;

	limit_descriptors();
	code = load(&s);
	if (code == EXIT_OK)
		code = serve(&s);
	server_free(s.server);
	monitor_free(s.monitor);
	if (s.loop)
		cli_signals_release(s.loop);
	loop_free(s.loop);
	history_close(s.history);
	return code;
}

const struct command cmd_serve = {
	.name = "serve",
	.operands = "SCENARIO...",
	.usage = "one or more scenario files",
	.help = "sidecar and scheduled monitor: health endpoints, metrics, status page, history, "
		"alerts",
	.bit = FOR_SERVE,
	.least = 1,
	.most = 10000,
	.run = run,
};
