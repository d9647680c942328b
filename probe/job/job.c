#include "probe/job.h"

#include "probe/clock.h"
#include "probe/file.h"

#define SINCE_DEFAULT (15 * 60 * NS_PER_S)

static int load_specs(struct job *job, const struct job_options *options, struct error *err)
{
	struct fill fill = {.arena = job->arena,
		.scope = job->plan->scope,
		.diags = &job->diags,
		.dir = job->scenario->dir};
	struct log_spec *specs = NULL;
	size_t count = 0;

	if (job->scenario->logs && log_specs_fill(&fill, job->scenario->logs, &specs, &count))
		return 0;
	job->specs = ARENA_ARRAY(job->arena, count + options->logs.count, struct log_spec);
	if (count)
		memcpy(job->specs, specs, count * sizeof(*specs));
	job->spec_count = count;
	for (size_t i = 0; i < options->logs.count; i++)
		if (log_spec_parse(job->arena, options->logs.items[i],
			    &job->specs[job->spec_count++], err))
			return error_context(err, "--logs");
	return 0;
}

struct job *job_load(const char *file, const struct vocabulary *vocabulary,
	const struct job_options *options, struct error *err, int *failed)
{
	struct arena *arena = arena_new();
	struct job *job = ARENA_NEW(arena, struct job);

	*failed = 0;
	job->arena = arena;
	job->redactor = redactor_new();
	diags_init(&job->diags, arena);
	job->scenario = scenario_load(arena, file, vocabulary, &job->diags);
	if (job->scenario)
		job->plan = plan_build(arena, job->scenario, vocabulary, &options->plan,
			job->redactor, &job->diags);
	if (job->plan && !diags_failed(&job->diags))
		*failed = load_specs(job, options, err);
	job->varies = job->plan && plan_varies(job->plan);
	if (diags_failed(&job->diags))
		job->plan = NULL;
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	redactor_free(job->redactor);
	arena_free(job->arena);
}

const struct plan *job_plan(const struct job *job, struct arena *arena,
	const struct vocabulary *vocabulary, const struct job_options *options, struct diags *diags)
{
	const struct plan *plan;

	if (!job->varies)
		return job->plan;
	plan = plan_build(arena, job->scenario, vocabulary, &options->plan, job->redactor, diags);
	return diags_failed(diags) ? job->plan : plan;
}

int job_logs(const struct job *job, struct arena *arena, const struct run *run,
	const struct job_options *options, const struct log_spec *child, struct loop *loop,
	struct logs **logs, struct error *err)
{
	size_t count = job->spec_count + (child ? 1 : 0);
	struct log_spec *specs = ARENA_ARRAY(arena, count, struct log_spec);
	struct log_options wanted = {
		.since = run->started_at - (options->since ? options->since : SINCE_DEFAULT),
		.until = run->finished_at,
		.start = options->since ? TIME_NONE : run->started_at,
		.brief = true,
		.dir = job->scenario->dir,
	};

	*logs = NULL;
	if (!count)
		return 0;
	if (job->spec_count)
		memcpy(specs, job->specs, job->spec_count * sizeof(*specs));
	if (child)
		specs[count - 1] = *child;
	wanted.traces.items = ARENA_ARRAY(arena, run->step_count, struct str);
	for (size_t i = 0; i < run->step_count; i++)
		if (run->steps[i].trace_id)
			wanted.traces.items[wanted.traces.count++] = str_of(run->steps[i].trace_id);
	*logs = logs_collect(arena, specs, count, &wanted, loop, err);
	return *logs ? 0 : -1;
}

bool job_needs_rules(const struct run *run, const struct logs *logs)
{
	if (logs || run->end != RUN_COMPLETE)
		return true;
	for (size_t i = 0; i < run->step_count; i++)
		if (run->steps[i].status == STEP_FAILED)
			return true;
	return false;
}

struct rules_key {
	struct strs rules;
};

static const struct field rules_fields[] = {
	{.name = "rules", .type = FIELD_STRINGS, .offset = FIELD_AT(struct rules_key, rules)},
	{.name = NULL},
};

int job_rules(const struct job *job, struct rules *rules, struct diags *diags, struct error *err)
{
	struct arena *arena = job->arena;
	const struct node *list = job->scenario->rules;
	struct rules_key key = {{0}};
	struct fill fill = {.arena = arena,
		.scope = job->plan->scope,
		.diags = diags,
		.dir = job->scenario->dir};

	if (!list)
		return 0;
	struct node *map = node_map(arena, list->span);

	node_map_add(arena, map, "rules", (struct node *)list);
	fields_fill(&fill, rules_fields, map, &key);
	for (size_t i = 0; i < key.rules.count; i++) {
		const char *file = arena_printf(arena, "%.*s", STR_ARG(key.rules.items[i]));

		if (rules_load(rules, file_join(arena, job->scenario->dir, file), diags, err))
			return error_context(err, "rules");
	}
	return 0;
}

void job_judge(const struct job *job, struct arena *arena, struct run *run, struct logs *logs,
	const struct rules *rules, const struct job_options *options, struct report *out)
{
	struct diagnose_options wanted = {
		.now = clock_wall(),
		.live = true,
		.window = options->since ? options->since : SINCE_DEFAULT,
		.deployed_at = TIME_NONE,
		.strict = options->strict,
		.redactor = job->redactor,
	};

	const struct report *baseline =
		report_of_scenario(options->baselines, options->baseline_count, run->scenario);

	if (baseline) {
		wanted.baseline_run = baseline->run;
		wanted.baseline_logs = baseline->logs;
	}
	run_mask(run, job->redactor, arena);
	if (logs)
		logs_mask(logs, job->redactor, arena);
	*out = (struct report){
		.run = run,
		.logs = logs,
		.diagnosis = diagnose(arena, run, logs, rules, &wanted),
		.now = wanted.now,
	};
}
