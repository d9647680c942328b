/*
 * `check URL`: one probe without a scenario. The step is made of nodes as the loader would have read
 * them, so that plan, engine, checks and retries are the same; no YAML is parsed and, unless a
 * report is asked for, nothing is diagnosed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe/cli.h"
#include "probe/diagnosis.h"
#include "probe/engine.h"
#include "probe/file.h"
#include "probe/job.h"
#include "probe/url.h"

#include "check_private.h"

static const char *kind_of(struct str scheme)
{
	if (str_starts(scheme, "http"))
		return "http";
	if (str_starts(scheme, "ws"))
		return "websocket";
	if (str_starts(scheme, "grpc"))
		return "grpc";
	return str_is(scheme, "tcp") ? "tcp" : "tls";
}

/* Flags that mean nothing for the URL's scheme are a mistake, not silence. */
static int check_flags(struct check_run *c, const char *kind)
{
	const struct options *o = &c->cli->options;
	bool http = strcmp(kind, "http") == 0, ws = strcmp(kind, "websocket") == 0;
	bool headers = http || ws || strcmp(kind, "grpc") == 0;
	const struct {
		bool given, fits;
		const char *flag;
	} uses[] = {
		{o->status.count, http || ws, "--status"},
		{o->json.count, http, "--json"},
		{o->contains.count, http, "--contains"},
		{o->matches.count, http, "--matches"},
		{o->method.len, http, "--request"},
		{o->data.ptr, http, "--data"},
		{o->location, http, "--location"},
		{o->origin.len, ws, "--origin"},
		{o->subprotocols.count, ws, "--subprotocol"},
		{o->send.ptr, ws || strcmp(kind, "tcp") == 0, "--send"},
		{o->expect.ptr, ws || strcmp(kind, "tcp") == 0, "--expect"},
		{o->service.ptr, strcmp(kind, "grpc") == 0, "--service"},
		{o->headers.count, headers, "--header"},
		{o->bearer_env.len, headers, "--bearer-env"},
		{o->bearer_file.len, headers, "--bearer-file"},
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (uses[i].given && !uses[i].fits)
			return cli_usage(c->cli, "%s means nothing for a %.*s:// URL", uses[i].flag,
				       STR_ARG(c->url.scheme)),
			       -1;
	return 0;
}

static int bearer_token(struct check_run *c, struct str *token)
{
	const struct options *o = &c->cli->options;
	struct error err;

	*token = STR("");
	if (o->bearer_env.len) {
		const char *value = getenv(o->bearer_env.ptr);

		if (!value || !*value)
			return cli_usage(c->cli, "--bearer-env: the environment has no '%s'",
				       o->bearer_env.ptr),
			       -1;
		*token = str_trim(str_of(value));
	} else if (o->bearer_file.len) {
		if (file_text(c->arena, o->bearer_file.ptr, 1 << 20, token, &err))
			return cli_usage(c->cli, "--bearer-file: %s", err.text), -1;
		*token = str_trim(*token);
	}
	for (size_t i = 0; i < token->len; i++)
		if ((unsigned char)token->ptr[i] <= ' ' || token->ptr[i] == 0x7F)
			return cli_usage(c->cli,
				       "the bearer token holds a blank or control character"),
			       -1;
	return 0;
}

static const struct step_kind *kind_find(const char *name)
{
	for (size_t i = 0; vocabulary.steps[i]; i++)
		if (strcmp(vocabulary.steps[i]->name, name) == 0)
			return vocabulary.steps[i];
	return NULL;
}

static void caught(void *ctx, const char *name)
{
	struct check_run *c = ctx;

	if (c->engine)
		engine_interrupt(c->engine, arena_printf(c->arena, "interrupted by %s", name));
}

static void finished(void *ctx, struct run *run)
{
	struct check_run *c = ctx;

	c->run = run;
	c->done = true;
}

static int exit_of(const struct run *run)
{
	const struct step_result *step = &run->steps[0];

	if (run->end == RUN_INTERRUPTED || step->failure == FAILURE_INTERNAL)
		return EXIT_UNDECIDED;
	return step->status == STEP_PASSED ? EXIT_OK : EXIT_BROKEN;
}

/* One line: what was seen, what was wanted. Silence is success unless -v. */
static void print_line(struct check_run *c)
{
	const struct step_result *step = &c->run->steps[0];
	char took[32];

	if (c->cli->options.quiet)
		return;
	if (step->status != STEP_PASSED) {
		cli_print_text(stdout, step->name);
		fputs(": ", stdout);
		if (step->failure != FAILURE_CHECK && step->failure != FAILURE_NONE)
			printf("%s: ", failure_name(step->failure));
		cli_print_text(stdout, step->detail ? step->detail : "not reached");
		fputc('\n', stdout);
	} else if (c->cli->options.verbose) {
		const struct attempt_result *last = &step->attempts[step->attempt_count - 1];

		duration_print(last->duration, took);
		cli_print_text(stdout, step->name);
		if (last->observed.status >= 0)
			printf(": %d in %s", (int)last->observed.status, took);
		else
			printf(": passed in %s", took);
		if (step->attempts_total > 1)
			printf(" (after %d tries)", (int)step->attempts_total);
		fputc('\n', stdout);
	}
}

static int report(struct check_run *c, struct redactor *redactor,
	const struct report_target *targets, size_t count)
{
	struct rules *rules;
	struct diagnose_options options = {
		.now = clock_wall(), .deployed_at = TIME_NONE, .redactor = redactor};
	struct report document = {.run = c->run,
		.now = options.now,
		.color = c->cli->color_out,
		.width = cli_width(),
		.verbose = c->cli->options.verbose,
		.quiet = c->cli->options.quiet};
	const struct report *const documents[] = {&document};

	rules = job_needs_rules(c->run, NULL) ? rules_new(c->arena) : NULL;
	document.diagnosis = diagnose(c->arena, c->run, NULL, rules, &options);
	int result = cli_write_reports(c->cli, targets, count, documents, 1);

	rules_free(rules);
	return result;
}

static int check_execute(
	struct check_run *c, const struct plan *plan, struct loop *loop, struct error *err)
{
	struct engine_options options = {
		.deadline = c->cli->options.deadline,
		.auths = vocabulary.auths,
	};

	if (cli_signals(loop, caught, c, err))
		return -1;
	c->engine = engine_start(c->arena, plan, loop, &options, finished, c);
	int failed = loop_run(loop, &c->done, err);

	engine_free(c->engine);
	c->engine = NULL;
	cli_signals_release(loop);
	return failed;
}

static int check_probe(struct check_run *c, struct redactor *redactor)
{
	struct report_target *targets = NULL;
	size_t target_count = 0;
	struct plan_options options;
	struct diags diags;
	struct error err;
	bool reports = c->cli->options.reports.count > 0;

	diags_init(&diags, c->arena);
	if (cli_plan_options(c->cli, &options) ||
		(reports && cli_reports(c->cli, "terminal", &targets, &target_count)))
		return EXIT_WRONG_USAGE;
	struct plan *plan =
		plan_build(c->arena, &c->scenario, &vocabulary, &options, redactor, &diags);

	if (diags_failed(&diags)) {
		diags_print(&diags, stderr, c->cli->color_err);
		return EXIT_WRONG_USAGE;
	}
	struct loop *loop = loop_new(&err);

	if (!loop || check_execute(c, plan, loop, &err)) {
		cli_error(c->cli, "%s", err.text);
		loop_free(loop);
		return EXIT_UNDECIDED;
	}
	loop_free(loop);
	run_mask(c->run, redactor, c->arena);
	int code = exit_of(c->run);

	if (!reports)
		print_line(c);
	else if (report(c, redactor, targets, target_count) && code == EXIT_OK)
		code = EXIT_UNDECIDED;
	return code;
}

static int check(struct cli *cli)
{
	struct check_run c = {.cli = cli, .arena = cli->arena};
	struct str text = str_of(cli->operands[0]), token;
	struct error err;

	c.source = (struct source){"the command line", text};
	c.span = (struct span){.source = &c.source};
	if (url_parse(c.arena, text, &c.url, &err))
		return cli_usage(cli, "'%s': %s", url_masked(c.arena, text).ptr, err.text);
	const char *name = kind_of(c.url.scheme);
	const struct step_kind *kind = kind_find(name);

	if (!kind)
		return cli_usage(cli, "this build has no '%s' steps", name);
	if (check_flags(&c, name) || bearer_token(&c, &token))
		return EXIT_WRONG_USAGE;
	check_fill(&c, kind, text, token);
	struct redactor *redactor = redactor_new();

	if (token.len)
		redactor_add(redactor, token);
	if (c.url.userinfo.len)
		redactor_add(redactor, c.url.userinfo);
	int code = check_probe(&c, redactor);

	redactor_free(redactor);
	return code;
}

const struct command cmd_check = {
	.name = "check",
	.operands = "URL",
	.usage = "one URL: http(s)://, ws(s)://, tcp://, tls://, grpc(s)://",
	.help = "probes one URL without a scenario; the exit code is the answer",
	.bit = FOR_CHECK,
	.least = 1,
	.most = 1,
	.run = check,
};
