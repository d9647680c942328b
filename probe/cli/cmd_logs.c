/* `logs SOURCE...`: diagnoses logs alone. */
#include <stdio.h>

#include "probe/cli.h"
#include "probe/diagnosis.h"
#include "probe/log_source.h"
#include "probe/loop.h"
#include "probe/progress.h"

#define SINCE_DEFAULT (15 * 60 * NS_PER_S)

struct logs_run {
	struct cli *cli;
	struct log_spec *specs;
	struct report_target *targets;
	size_t target_count;
	const struct report *const *baselines;
	size_t baseline_count;
	struct rules *rules;
	struct redactor *redactor;
	bool live;
	int64_t started, began; /* wall, monotonic */
};

static int load_rules(struct logs_run *r)
{
	struct arena *arena = r->cli->arena;
	const struct strs *files = &r->cli->options.rules;
	struct diags diags;
	struct error err;

	diags_init(&diags, arena);
	r->rules = rules_new(arena);
	for (size_t i = 0; i < files->count; i++)
		if (rules_load(r->rules, files->items[i].ptr, &diags, &err))
			return cli_usage(r->cli, "--rules: %s", err.text), -1;
	diags_print(&diags, stderr, r->cli->color_err);
	return diags_failed(&diags) ? -1 : 0;
}

static int load(struct logs_run *r, struct log_options *options)
{
	const struct options *o = &r->cli->options;
	struct error err;
	int format = o->format.len ? log_format_find(o->format.ptr) : LOG_AUTO;

	if (format < 0)
		return cli_usage(r->cli,
			       "--format: unknown format '%.*s' (auto, json, text, lines)",
			       STR_ARG(o->format)),
		       -1;
	options->format = (enum log_format)format;
	r->specs = ARENA_ARRAY(r->cli->arena, r->cli->operand_count, struct log_spec);
	for (size_t i = 0; i < r->cli->operand_count; i++) {
		if (log_spec_parse(r->cli->arena, str_of(r->cli->operands[i]), &r->specs[i], &err))
			return cli_usage(r->cli, "%s", err.text), -1;
		r->live = r->live || r->specs[i].kind != &source_file;
	}
	if (o->annotate && o->reports.count == 0)
		options->annotate = stdout;
	else if (o->annotate)
		return cli_usage(r->cli, "--annotate prints to stdout and takes no --report"), -1;
	else if (cli_reports(r->cli, "terminal", &r->targets, &r->target_count))
		return -1;
	if (o->baseline.len) {
		r->baselines =
			report_load(r->cli->arena, o->baseline.ptr, &r->baseline_count, &err);
		if (!r->baselines)
			return cli_usage(r->cli, "--baseline: %s", err.text), -1;
	}
	return load_rules(r);
}

/* The same document as of a run, with nothing run. */
static struct run *empty_run(const struct logs_run *r, int64_t now)
{
	struct arena *arena = r->cli->arena;
	struct run *run = ARENA_NEW(arena, struct run);

	run->id = arena_printf(arena, "%016llx", (unsigned long long)now);
	run->started_at = r->started;
	run->finished_at = now;
	run->duration = clock_monotonic() - r->began;
	return run;
}

static int judge(struct logs_run *r, struct logs *logs)
{
	struct cli *cli = r->cli;
	struct arena *arena = cli->arena;
	const struct report *baseline = report_of_scenario(r->baselines, r->baseline_count, NULL);
	struct diagnose_options wanted = {
		.now = clock_wall(),
		.live = r->live,
		.window = cli->options.since,
		.deployed_at = TIME_NONE,
		.redactor = r->redactor,
		.baseline_run = baseline ? baseline->run : NULL,
		.baseline_logs = baseline ? baseline->logs : NULL,
	};
	struct report report = {
		.run = empty_run(r, wanted.now),
		.logs = logs,
		.now = wanted.now,
		.color = cli->color_out,
		.width = cli_width(),
		.verbose = cli->options.verbose,
		.quiet = cli->options.quiet,
	};
	const struct report *const reports[] = {&report};

	report.diagnosis = diagnose(arena, NULL, logs, r->rules, &wanted);
	int code = report.diagnosis->verdict.exit_code;

	if (cli_write_reports(cli, r->targets, r->target_count, reports, 1) && code == EXIT_OK)
		return EXIT_UNDECIDED;
	return code;
}

static int read_and_judge(struct logs_run *r, struct log_options *options)
{
	struct cli *cli = r->cli;
	struct error err;
	struct loop *loop = loop_new(&err);
	struct progress_logs *progress = progress_logs_new(cli);
	size_t failed = 0;
	struct logs *logs;

	options->progress = progress_logs_show;
	options->ctx = progress;
	logs = loop ? logs_collect(cli->arena, r->specs, cli->operand_count, options, loop, &err)
		    : NULL;
	loop_free(loop);
	progress_logs_free(progress);
	if (!logs) {
		cli_error(cli, "%s", err.text);
		return EXIT_UNDECIDED;
	}
	for (size_t i = 0; i < logs->source_count; i++) {
		failed += logs->sources[i].status == LOG_FAILED;
		if (logs->sources[i].error)
			cli_error(cli, "'%s': %s", logs->sources[i].name, logs->sources[i].error);
	}
	if (options->annotate)
		return failed == logs->source_count ? EXIT_UNDECIDED : EXIT_OK;
	return judge(r, logs);
}

static int logs(struct cli *cli)
{
	struct logs_run r = {.cli = cli,
		.redactor = redactor_new(),
		.started = clock_wall(),
		.began = clock_monotonic()};
	struct log_options options = {
		.since = clock_wall() - (cli->options.since ? cli->options.since : SINCE_DEFAULT),
		.until = TIME_NONE,
		.start = TIME_NONE,
	};
	int code = load(&r, &options) ? EXIT_WRONG_USAGE : read_and_judge(&r, &options);

	rules_free(r.rules);
	redactor_free(r.redactor);
	return code;
}

const struct command cmd_logs = {
	.name = "logs",
	.operands = "SOURCE...",
	.usage =
		"one or more sources: FILE, -, gcp:PROJECT[/SERVICE], k8s:NAMESPACE/SELECTOR, loki:URL",
	.help = "diagnoses logs alone: clusters, root causes, actions",
	.bit = FOR_LOGS,
	.least = 1,
	.most = 1000,
	.run = logs,
};
