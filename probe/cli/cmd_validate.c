/* `validate SCENARIO...`: every mistake of every file at once; nothing is sent. */
#include <stdio.h>

#include "probe/cli.h"
#include "probe/log_source.h"
#include "probe/plan.h"

static void check_logs(struct arena *arena, const struct scenario *scenario,
	const struct plan *plan, struct diags *d)
{
	struct fill fill = {.arena = arena, .scope = plan->scope, .diags = d, .dir = scenario->dir};
	struct log_spec *specs;
	size_t count;

	if (scenario->logs)
		log_specs_fill(&fill, scenario->logs, &specs, &count);
}

static bool validate_file(struct cli *cli, const char *file, const struct plan_options *options)
{
	struct arena *arena = arena_new();
	struct redactor *redactor = redactor_new();
	struct diags diags;
	const struct plan *plan = NULL;

	diags_init(&diags, arena);
	const struct scenario *scenario = scenario_load(arena, file, &vocabulary, &diags);

	if (scenario) {
		plan = plan_build(arena, scenario, &vocabulary, options, redactor, &diags);
		check_logs(arena, scenario, plan, &diags);
	}
	bool right = plan && !diags_failed(&diags);

	diags_print(&diags, stderr, cli->color_err);
	if (right && !cli->options.quiet) {
		cli_print_text(stderr, file);
		fprintf(stderr, ": %zu step%s, no mistake\n", plan->step_count,
			plan->step_count == 1 ? "" : "s");
	}
	redactor_free(redactor);
	arena_free(arena);
	return right;
}

static int run(struct cli *cli)
{
	struct plan_options options;
	int code = EXIT_OK;

	if (cli_plan_options(cli, &options))
		return EXIT_WRONG_USAGE;
	for (size_t i = 0; i < cli->operand_count; i++)
		if (!validate_file(cli, cli->operands[i], &options))
			code = EXIT_WRONG_USAGE;
	return code;
}

const struct command cmd_validate = {
	.name = "validate",
	.operands = "SCENARIO...",
	.usage = "one or more scenario files",
	.help = "shows every mistake in scenarios at once; sends nothing",
	.bit = FOR_VALIDATE,
	.least = 1,
	.most = 1000,
	.run = run,
};
