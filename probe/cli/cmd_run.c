/*
 * `run SCENARIO... [-- COMMAND]`: the main line, from file to verdict and cause.
 *
 *   load     scenario_load, plan_build         every mistake of every file, nothing sent yet
 *   drive    engine_start                      facts
 *   read     logs_collect                      what the backend wrote meanwhile
 *   judge    diagnose                          verdict, causes, actions
 *   report   report_write                      bytes
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe/child.h"
#include "probe/cli.h"
#include "probe/diagnosis.h"
#include "probe/engine.h"
#include "probe/log_source.h"
#include "probe/progress.h"

/* One scenario on its way through. */
struct job {
	struct arena *arena;
	struct redactor *redactor;
	struct scenario *scenario;
	struct plan *plan;
	struct log_spec *specs;
	size_t spec_count;
	struct run *run;
	struct logs *logs;
	struct report report;
};

struct session {
	struct cli *cli;
	struct loop *loop;
	struct job *jobs;
	size_t count;
	struct report_target *targets;
	size_t target_count;
	struct rules *rules;
	const struct report *const *baselines; /* of --baseline; NULL: none */
	size_t baseline_count;
	struct engine *engine;
	const char *interrupted; /* NULL, or by what */
	struct child *child;
	char child_text[160];
	bool run_done;
	int64_t started;
};

/* Load */

static int load_logs(struct session *s, struct job *job, struct diags *diags)
{
	const struct strs *flags_logs = &s->cli->options.logs;
	struct log_spec *specs = NULL;
	size_t count = 0;
	struct fill fill = {.arena = job->arena,
		.scope = job->plan->scope,
		.diags = diags,
		.dir = job->scenario->dir};
	struct error err;

	if (job->scenario->logs && log_specs_fill(&fill, job->scenario->logs, &specs, &count))
		return -1;
	job->specs = ARENA_ARRAY(job->arena, count + flags_logs->count + 1, struct log_spec);
	for (size_t i = 0; i < count; i++)
		job->specs[job->spec_count++] = specs[i];
	for (size_t i = 0; i < flags_logs->count; i++)
		if (log_spec_parse(
			    job->arena, flags_logs->items[i], &job->specs[job->spec_count++], &err))
			return cli_usage(s->cli, "--logs: %s", err.text), -1;
	return 0;
}

static int load_job(
	struct session *s, struct job *job, const char *file, const struct plan_options *options)
{
	struct diags diags;
	int result = 0;

	job->arena = arena_new();
	job->redactor = redactor_new();
	diags_init(&diags, job->arena);
	job->scenario = scenario_load(job->arena, file, &vocabulary, &diags);
	if (job->scenario)
		job->plan = plan_build(
			job->arena, job->scenario, &vocabulary, options, job->redactor, &diags);
	if (job->plan && !diags_failed(&diags))
		result = load_logs(s, job, &diags);
	diags_print(&diags, stderr, s->cli->color_err);
	return diags_failed(&diags) || !job->plan ? -1 : result;
}

static int load_rules(struct session *s)
{
	struct arena *arena = s->cli->arena;
	struct diags diags;
	struct error err;

	diags_init(&diags, arena);
	s->rules = rules_new(arena, &diags);
	for (size_t i = 0; i < s->cli->options.rules.count; i++)
		if (rules_load(s->rules, s->cli->options.rules.items[i].ptr, &diags, &err))
			return cli_usage(s->cli, "--rules: %s", err.text), -1;
	diags_print(&diags, stderr, s->cli->color_err);
	return diags_failed(&diags) ? -1 : 0;
}

/* Everything that can be wrong is found here, before the first packet. */
static int load(struct session *s)
{
	struct plan_options options;
	struct error err;
	int result = 0;

	if (cli_plan_options(s->cli, &options) ||
		cli_reports(s->cli, "terminal", &s->targets, &s->target_count))
		return -1;
	s->jobs = ARENA_ARRAY(s->cli->arena, s->count, struct job);
	for (size_t i = 0; i < s->count; i++)
		if (load_job(s, &s->jobs[i], s->cli->operands[i], &options))
			result = -1;
	if (s->cli->options.rules.count && load_rules(s))
		result = -1;
	if (s->cli->options.baseline.len) {
		s->baselines = report_load(
			s->cli->arena, s->cli->options.baseline.ptr, &s->baseline_count, &err);
		if (!s->baselines)
			return cli_usage(s->cli, "--baseline: %s", err.text), -1;
	}
	return result;
}

/* Drive */

static void caught(void *ctx, const char *name)
{
	struct session *s = ctx;

	s->interrupted = arena_printf(s->cli->arena, "interrupted by %s", name);
	if (s->engine)
		engine_interrupt(s->engine, s->interrupted);
}

static void child_exited(void *ctx, const struct child_result *result)
{
	struct session *s = ctx;
	char after[32];

	duration_print(result->after, after);
	if (result->signal)
		snprintf(s->child_text, sizeof(s->child_text),
			"the command was ended by signal %d after %s", (int)result->signal, after);
	else
		snprintf(s->child_text, sizeof(s->child_text), "the command exited %d after %s",
			(int)result->exit_code, after);
	if (s->engine)
		engine_child_exited(s->engine, s->child_text);
}

static void run_done(void *ctx, struct run *run)
{
	struct session *s = ctx;

	(void)run;
	s->run_done = true;
}

struct landed {
	struct session *session;
	struct job *job;
};

static void landed(void *ctx, struct run *run)
{
	struct landed *l = ctx;

	l->job->run = run;
	run_done(l->session, run);
}

static int drive(struct session *s, struct job *job, struct error *err)
{
	struct progress *progress = progress_new(s->cli, job->plan, s->loop);
	struct landed ctx = {s, job};
	struct engine_options options = {
		.auths = vocabulary.auths,
		.sink = progress_sink(progress),
	};

	if (s->cli->options.deadline) {
		int64_t left = s->cli->options.deadline - (loop_now(s->loop) - s->started);

		options.deadline = left > 1 ? left : 1;
	}
	s->run_done = false;
	s->engine = engine_start(job->arena, job->plan, s->loop, &options, landed, &ctx);
	if (s->interrupted)
		engine_interrupt(s->engine, s->interrupted);
	if (s->child_text[0])
		engine_child_exited(s->engine, s->child_text);
	int failed = loop_run(s->loop, &s->run_done, err);

	engine_free(s->engine);
	s->engine = NULL;
	progress_free(progress);
	return failed;
}

/* Read */

static void add_child_log(struct session *s, struct job *job)
{
	struct log_spec *spec = &job->specs[job->spec_count];
	uint64_t dropped;

	if (log_spec_parse(job->arena, str_of(child_log(s->child, &dropped)), spec, NULL))
		return;
	spec->name = "command";
	job->spec_count++;
}

static int read_logs(struct session *s, struct job *job, struct error *err)
{
	const struct run *run = job->run;
	int64_t since = s->cli->options.since ? s->cli->options.since : 15 * 60 * NS_PER_S;
	struct log_options options = {
		.since = run->started_at - since,
		.until = run->finished_at,
	};

	if (s->child)
		add_child_log(s, job);
	if (!job->spec_count)
		return 0;
	options.traces.items = ARENA_ARRAY(job->arena, run->step_count, struct str);
	for (size_t i = 0; i < run->step_count; i++)
		if (run->steps[i].trace_id)
			options.traces.items[options.traces.count++] =
				str_of(run->steps[i].trace_id);
	job->logs = logs_collect(job->arena, job->specs, job->spec_count, &options, s->loop, err);
	if (!job->logs)
		return -1;
	for (size_t i = 0; i < job->logs->source_count; i++)
		if (job->logs->sources[i].error)
			cli_error(s->cli, "logs '%s': %s", job->logs->sources[i].name,
				job->logs->sources[i].error);
	logs_mask(job->logs, job->redactor, job->arena);
	return 0;
}

/* Judge */

/* A run without failure and without logs needs no table of causes, which takes longer to read than
 * such a run takes. */
static bool needs_rules(const struct job *job)
{
	if (job->logs || job->run->end != RUN_COMPLETE)
		return true;
	for (size_t i = 0; i < job->run->step_count; i++)
		if (job->run->steps[i].status == STEP_FAILED)
			return true;
	return false;
}

static int judge(struct session *s, struct job *job)
{
	struct diagnose_options options = {
		.now = clock_wall(),
		.live = true,
		.window = s->cli->options.since,
		.deployed_at = TIME_NONE,
		.strict = s->cli->options.strict,
		.redactor = job->redactor,
	};

	const struct report *baseline =
		report_of_scenario(s->baselines, s->baseline_count, job->run->scenario);

	if (baseline) {
		options.baseline_run = baseline->run;
		options.baseline_logs = baseline->logs;
	}
	if (!s->rules && needs_rules(job) && load_rules(s))
		return -1;
	run_mask(job->run, job->redactor, job->arena);
	job->report = (struct report){
		.run = job->run,
		.logs = job->logs,
		.diagnosis = diagnose(job->arena, job->run, job->logs, s->rules, &options),
		.now = options.now,
		.color = s->cli->color_out,
		.width = cli_width(),
		.verbose = s->cli->options.verbose,
		.quiet = s->cli->options.quiet,
	};
	return 0;
}

static int worst(int a, int b)
{
	static const int order[] = {EXIT_WRONG_USAGE, EXIT_BROKEN, EXIT_UNDECIDED, EXIT_OK};

	for (size_t i = 0; i < 4; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_OK;
}

static int run_jobs(struct session *s)
{
	struct error err;
	int code = EXIT_OK;

	for (size_t i = 0; i < s->count; i++) {
		struct job *job = &s->jobs[i];

		if (drive(s, job, &err)) {
			cli_error(s->cli, "%s", err.text);
			return EXIT_UNDECIDED;
		}
	}
	if (s->child) {
		struct child_result *result = ARENA_NEW(s->cli->arena, struct child_result);

		child_stop(s->child);
		*result = child_result(s->child);
		for (size_t i = 0; i < s->count; i++)
			s->jobs[i].run->child = result;
	}
	for (size_t i = 0; i < s->count; i++) {
		struct job *job = &s->jobs[i];

		if (read_logs(s, job, &err)) {
			cli_error(s->cli, "%s", err.text);
			code = worst(code, EXIT_UNDECIDED);
		}
		if (judge(s, job))
			return EXIT_UNDECIDED;
		code = worst(code, job->report.diagnosis->verdict.exit_code);
	}
	return code;
}

static int report(struct session *s, int code)
{
	const struct report **documents =
		ARENA_ARRAY(s->cli->arena, s->count, const struct report *);
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->jobs[i].report.diagnosis)
			documents[count++] = &s->jobs[i].report;
	if (cli_write_reports(s->cli, s->targets, s->target_count, documents, count) &&
		code == EXIT_OK)
		return EXIT_UNDECIDED;
	return code;
}

static int execute(struct session *s)
{
	struct error err;

	s->loop = loop_new(&err);
	if (!s->loop || cli_signals(s->loop, caught, s, &err)) {
		cli_error(s->cli, "%s", err.text);
		return EXIT_UNDECIDED;
	}
	s->started = loop_now(s->loop);
	if (s->cli->child) {
		s->child = child_start(
			s->loop, s->cli->child, s->cli->options.verbose, child_exited, s, &err);
		if (!s->child)
			return cli_usage(s->cli, "%s", err.text);
	}
	return report(s, run_jobs(s));
}

static int run(struct cli *cli)
{
	struct session s = {.cli = cli, .count = cli->operand_count};
	int code = load(&s) ? EXIT_WRONG_USAGE : execute(&s);

	child_free(s.child);
	if (s.loop)
		cli_signals_release(s.loop);
	loop_free(s.loop);
	rules_free(s.rules);
	for (size_t i = 0; s.jobs && i < s.count; i++) {
		redactor_free(s.jobs[i].redactor);
		arena_free(s.jobs[i].arena);
	}
	return code;
}

const struct command cmd_run = {
	.name = "run",
	.usage = "one or more scenario files, and '-- COMMAND ARG...' to start the backend",
	.help = "runs scenarios, reads the logs, diagnoses and reports; the exit code is the verdict",
	.bit = FOR_RUN,
	.least = 1,
	.most = 1000,
	.run = run,
};
