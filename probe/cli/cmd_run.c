/*
 * `run SCENARIO... [-- COMMAND]`: the main line, from file to verdict and cause.
 *
 *   load     job_load: scenario, plan    every mistake of every file, nothing sent yet
 *   drive    engine_start                facts
 *   read     job_logs: logs_collect      what the backend wrote meanwhile
 *   judge    job_judge: diagnose         verdict, causes, actions
 *   report   report_write                bytes
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe/child.h"
#include "probe/cli.h"
#include "probe/job.h"
#include "probe/progress.h"

/* One scenario on its way through. */
struct task {
	struct job *job;
	struct run *run;
	struct logs *logs;
	struct report report;
};

struct session {
	struct cli *cli;
	struct loop *loop;
	struct job_options options;
	struct task *tasks;
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

static int load_task(struct session *s, struct task *task, const char *file)
{
	struct error err;
	int failed;

	task->job = job_load(file, &vocabulary, &s->options, &err, &failed);
	diags_print(&task->job->diags, stderr, s->cli->color_err);
	if (failed)
		return cli_usage(s->cli, "%s", err.text), -1;
	return task->job->plan ? 0 : -1;
}

static int load_rules(struct session *s)
{
	struct arena *arena = s->cli->arena;
	struct diags diags;
	struct error err;

	diags_init(&diags, arena);
	s->rules = rules_new(arena);
	for (size_t i = 0; i < s->cli->options.rules.count; i++)
		if (rules_load(s->rules, s->cli->options.rules.items[i].ptr, &diags, &err))
			return cli_usage(s->cli, "--rules: %s", err.text), -1;
	for (size_t i = 0; i < s->count; i++)
		if (s->tasks[i].job->plan && job_rules(s->tasks[i].job, s->rules, &diags, &err))
			return cli_usage(s->cli, "%s: %s", s->cli->operands[i], err.text), -1;
	diags_print(&diags, stderr, s->cli->color_err);
	return diags_failed(&diags) ? -1 : 0;
}

static bool brings_rules(const struct session *s)
{
	bool brings = s->cli->options.rules.count > 0;

	for (size_t i = 0; i < s->count; i++)
		brings = brings || (s->tasks[i].job->plan && s->tasks[i].job->scenario->rules);
	return brings;
}

/* Everything that can be wrong is found here, before the first packet. */
static int load(struct session *s)
{
	const struct options *o = &s->cli->options;
	struct error err;
	int result = 0;

	s->options = (struct job_options){.logs = o->logs, .since = o->since, .strict = o->strict};
	if (cli_plan_options(s->cli, &s->options.plan) ||
		cli_reports(s->cli, "terminal", &s->targets, &s->target_count))
		return -1;
	s->tasks = ARENA_ARRAY(s->cli->arena, s->count, struct task);
	for (size_t i = 0; i < s->count; i++)
		if (load_task(s, &s->tasks[i], s->cli->operands[i]))
			result = -1;
	if (brings_rules(s) && load_rules(s))
		result = -1;
	if (o->baseline.len) {
		s->options.baselines = report_load(
			s->cli->arena, o->baseline.ptr, &s->options.baseline_count, &err);
		if (!s->options.baselines)
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
	struct task *task;
};

static void landed(void *ctx, struct run *run)
{
	struct landed *l = ctx;

	l->task->run = run;
	run_done(l->session, run);
}

static int drive(struct session *s, struct task *task, struct error *err)
{
	struct progress *progress = progress_new(s->cli, task->job->plan, s->loop);
	struct landed ctx = {s, task};
	struct engine_options options = {
		.run_id = task->job->plan->run_id,
		.auths = vocabulary.auths,
		.sink = progress_sink(progress),
		.concurrency = (size_t)s->cli->options.concurrency,
	};

	if (s->cli->options.deadline) {
		int64_t left = s->cli->options.deadline - (loop_now(s->loop) - s->started);

		options.deadline = left > 1 ? left : 1;
	}
	s->run_done = false;
	s->engine =
		engine_start(task->job->arena, task->job->plan, s->loop, &options, landed, &ctx);
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

static int read_logs(struct session *s, struct task *task, struct error *err)
{
	struct log_spec child = {0};
	uint64_t dropped;

	if (s->child) {
		if (log_spec_parse(
			    task->job->arena, str_of(child_log(s->child, &dropped)), &child, err))
			return -1;
		child.name = CHILD_LOG;
		if (dropped)
			cli_error(s->cli, "%llu bytes of the command's output were not kept",
				(unsigned long long)dropped);
	}
	if (job_logs(task->job, task->job->arena, task->run, &s->options, s->child ? &child : NULL,
		    s->loop, &task->logs, err))
		return -1;
	for (size_t i = 0; task->logs && i < task->logs->source_count; i++)
		if (task->logs->sources[i].error)
			cli_error(s->cli, "logs '%s': %s", task->logs->sources[i].name,
				redact_text(task->job->redactor, task->job->arena,
					task->logs->sources[i].error));
	return 0;
}

/* Judge */

static int judge(struct session *s, struct task *task)
{
	if (!s->rules && job_needs_rules(task->run, task->logs) && load_rules(s))
		return -1;
	job_judge(task->job, task->job->arena, task->run, task->logs, s->rules, &s->options,
		&task->report);
	task->report.color = s->cli->color_out;
	task->report.width = cli_width();
	task->report.verbose = s->cli->options.verbose;
	task->report.quiet = s->cli->options.quiet;
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

static void stop_child(struct session *s)
{
	struct child_result *result = ARENA_NEW(s->cli->arena, struct child_result);

	child_stop(s->child);
	*result = child_result(s->child);
	for (size_t i = 0; i < s->count; i++)
		s->tasks[i].run->child = result;
}

static int run_tasks(struct session *s)
{
	struct error err;
	int code = EXIT_OK;

	for (size_t i = 0; i < s->count; i++) {
		if (drive(s, &s->tasks[i], &err)) {
			cli_error(s->cli, "%s", err.text);
			return EXIT_UNDECIDED;
		}
	}
	if (s->child)
		stop_child(s);
	for (size_t i = 0; i < s->count; i++) {
		struct task *task = &s->tasks[i];

		if (read_logs(s, task, &err)) {
			cli_error(s->cli, "%s", err.text);
			code = worst(code, EXIT_UNDECIDED);
		}
		if (judge(s, task))
			return EXIT_UNDECIDED;
		code = worst(code, task->report.diagnosis->verdict.exit_code);
	}
	return code;
}

static int report(struct session *s, int code)
{
	const struct report **documents =
		ARENA_ARRAY(s->cli->arena, s->count, const struct report *);
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->tasks[i].report.diagnosis)
			documents[count++] = &s->tasks[i].report;
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
	return report(s, run_tasks(s));
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
	for (size_t i = 0; s.tasks && i < s.count; i++)
		job_free(s.tasks[i].job);
	return code;
}

const struct command cmd_run = {
	.name = "run",
	.operands = "SCENARIO... [-- COMMAND ARG...]",
	.usage = "one or more scenario files, and '-- COMMAND ARG...' to start the backend",
	.help = "runs scenarios, reads the logs, diagnoses and reports; the exit code is the verdict",
	.bit = FOR_RUN,
	.least = 1,
	.most = 1000,
	.run = run,
};
