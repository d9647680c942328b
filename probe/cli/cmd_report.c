/* `report RUN.json`: a saved run in any other format; exits as that run did. */
#include "probe/cli.h"
#include "probe/diagnosis.h"

static int worst(int a, int b)
{
	static const int order[] = {EXIT_WRONG_USAGE, EXIT_BROKEN, EXIT_UNDECIDED};

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_OK;
}

static int run(struct cli *cli)
{
	struct report_target *targets;
	size_t target_count, count;
	struct error err;
	int code = EXIT_OK;

	if (cli_reports(cli, "terminal", &targets, &target_count))
		return EXIT_WRONG_USAGE;
	const struct report *const *loaded =
		report_load(cli->arena, cli->operands[0], &count, &err);

	if (!loaded)
		return cli_usage(cli, "%s", err.text);
	const struct report **reports = ARENA_ARRAY(cli->arena, count, const struct report *);

	for (size_t i = 0; i < count; i++) {
		struct report *report = arena_copy(cli->arena, loaded[i], sizeof(*report));

		report->color = cli->color_out;
		report->width = cli_width();
		report->verbose = cli->options.verbose;
		report->quiet = cli->options.quiet;
		reports[i] = report;
		code = worst(code, report->diagnosis->verdict.exit_code);
	}
	if (cli_write_reports(cli, targets, target_count, reports, count) && code == EXIT_OK)
		return EXIT_UNDECIDED;
	return code;
}

const struct command cmd_report = {
	.name = "report",
	.operands = "RUN.json",
	.usage = "one saved run (-r json=RUN.json); '-' is stdin",
	.help = "renders a saved run in any other format; exits as that run did",
	.bit = FOR_REPORT,
	.least = 1,
	.most = 1,
	.run = run,
};
