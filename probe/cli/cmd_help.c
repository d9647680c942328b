/* `help [TOPIC]`: printed from the tables that the parsers read. */
#include <stdio.h>

#include "help_private.h"
#include "probe/auth.h"
#include "probe/check.h"
#include "probe/log_source.h"
#include "probe/rules.h"

static void print_fields(struct cli *cli)
{
	help_text("Keys of a scenario, YAML 1.2 or JSON. 'goldprobe help schema' prints the JSON "
		  "Schema for editors.");
	help_title(cli, "Scenario");
	help_fields(cli, scenario_fields, 0);
	help_title(cli, "Step (and exactly one kind, see 'help steps')");
	help_fields(cli, step_fields, 0);
	help_title(cli, "defaults");
	help_fields(cli, defaults_fields, 0);
	help_title(cli, "In the list of steps");
	help_row("include", "the steps of another file, in this place (text)");
}

static void print_values(struct cli *cli)
{
	help_text(
		"Texts are filled in before they are used. A value that is one reference keeps its "
		"type. Quote references inside { } and [ ]: [\"${a}\"].");
	help_title(cli, "References");
	help_row("${name}", "a variable, or what an earlier step captured");
	help_row("${name.key}", "a part of one that is a map or list");
	help_row("${name:-default}", "the default when it is not defined, or empty");
	help_row("${env.NAME}", "an environment variable");
	help_row("${item}", "the element of 'for_each'");
	help_row("${run.id}", "the id of this run");
	help_row("${run.trace_id}", "the trace id of this step");
	help_row("${uuid}", "a new UUID");
	help_row("${now}", "the time, RFC 3339");
	help_row("$$", "a dollar");
	help_row("{file: PATH}", "the text of a file, relative to the scenario");
	help_title(cli, "Where variables come from, the first that has one");
	help_row("--var NAME=VALUE", "the command line");
	help_row("--vars-file FILE", "a map in YAML or JSON, taken as it is written");
	help_row("GOLDPROBE_VAR_NAME", "the environment, without regard to case");
	help_row("vars", "the scenario");
	help_title(cli, "Durations and sizes");
	help_row("1m30s, 250ms, 1.5h", "units ns us ms s m h d");
	help_row("64KiB, 1MB, 512", "KiB MiB GiB are 1024-based, kB MB GB 1000-based");
}

static void print_checks(struct cli *cli)
{
	struct check_op_def op;

	help_text(
		"'expect' maps facts to what is wanted of them: a plain value, or matchers. All "
		"checks of a step are evaluated. 'goldprobe help KIND' lists the facts of a kind.\n"
		"\n"
		"  expect:\n"
		"    status: 200                       # or 2xx, 200-299, [200, 204]\n"
		"    header: {content-type: {starts_with: application/json}}\n"
		"    json: {$.status: ready, \"$.items[*].id\": {all: {type: integer}}}\n"
		"    time: {lt: 800ms}");
	help_title(cli, "Matchers");
	for (size_t i = 0; check_op_at(i, &op); i++) {
		help_row(op.name, op.help);
		if (op.example)
			help_row("", op.example);
	}
	help_title(cli, "capture: {NAME: {...}} takes a value for later steps");
	help_row("json", "a JSONPath (RFC 9535)");
	help_row("header", "a header's name");
	help_row("cookie", "a cookie's name");
	help_row("regex", "a pattern: its first group, or all of it");
	help_row("fact", "any fact of the step");
	help_row("secret: true", "never printed");
}

static void print_exit_codes(struct cli *cli)
{
	help_title(cli, "run, check");
	help_row("0", "the golden path is healthy, or degraded (with --strict that is 1)");
	help_row("1", "it is broken");
	help_row("2", "wrong usage or a wrong scenario; nothing was sent");
	help_row("3", "undecided: interrupted, or the probe itself failed");
	help_title(cli, "logs");
	help_row("0", "nothing at P0 or P1");
	help_row("1", "something");
	help_row("2", "wrong usage");
	help_row("3", "no source could be read");
	help_title(cli, "validate");
	help_row("0", "no mistake");
	help_row("2", "mistakes");
	help_title(cli, "report");
	help_row("", "as the run that was saved; 2 when it cannot be read");
}

static void print_reports(struct cli *cli)
{
	help_text("-r FORMAT[=FILE], repeatable; at most one goes to stdout.");
	help_title(cli, "Formats");
	for (size_t i = 0; report_formats[i]; i++)
		help_row(report_formats[i]->name, report_formats[i]->help);
}

static void print_sources(struct cli *cli)
{
	help_text(
		"Under 'logs:' in a scenario a list of maps of one kind each; on the command line "
		"FILE, a pattern, '-', or KIND:REST.");
	help_title(cli, "Sources");
	for (size_t i = 0; log_source_kinds[i]; i++) {
		help_row(log_source_kinds[i]->name, log_source_kinds[i]->help);
		if (log_source_kinds[i]->example)
			help_row("", log_source_kinds[i]->example);
		help_fields(cli, log_source_kinds[i]->fields, 1);
	}
}

static void print_rules(struct cli *cli)
{
	struct str text = rules_text();

	(void)cli;
	fwrite(text.ptr, 1, text.len, stdout);
}

static void print_schema(struct cli *cli)
{
	(void)cli;
	scenario_schema_print(stdout, &vocabulary);
}

static void print_run_schema(struct cli *cli)
{
	(void)cli;
	report_schema_print(stdout);
}

const struct help_topic help_topics[] = {
	{"steps", "kinds of steps and the keys of every step", help_steps},
	{"checks", "matchers and captures", print_checks},
	{"values", "variables, ${...}, durations", print_values},
	{"fields", "all keys of a scenario", print_fields},
	{"auth", "credentials, and bad ones to be refused", help_auth},
	{"sources", "where logs are read from", print_sources},
	{"reports", "formats of reports", print_reports},
	{"exit codes", "what the exit code says", print_exit_codes},
	{"flags", "flags of all commands", help_flags},
	{"rules", "the causes that are known, as YAML", print_rules},
	{"schema", "JSON Schema of a scenario", print_schema},
	{"schema run", "JSON Schema of a run's JSON report", print_run_schema},
	{"man", "the manual page", help_man},
	{"completion bash", "completion for bash, to be sourced", help_completion_bash},
	{"completion zsh", "completion for zsh, as _goldprobe in $fpath", help_completion_zsh},
	{"completion fish", "completion for fish, to be sourced", help_completion_fish},
	{NULL, NULL, NULL},
};

static void print_overview(struct cli *cli)
{
	help_text("goldprobe drives a backend the way its first user will, reads what it logged "
		  "meanwhile, and says whether the golden path works, and, when not, why.\n"
		  "\n"
		  "  goldprobe run scenario.yaml --logs backend.log\n"
		  "  goldprobe check http://127.0.0.1:8080/health --wait 60s");
	help_title(cli, "Commands");
	for (size_t i = 0; commands[i]; i++)
		help_row(commands[i]->name, commands[i]->help);
	help_title(cli, "Topics of 'goldprobe help TOPIC', beside commands and kinds of steps");
	for (const struct help_topic *topic = help_topics; topic->name; topic++)
		help_row(topic->name, topic->help);
}

/* All operands as one name; "exit-codes" is "exit codes". */
static struct str topic_name(struct cli *cli)
{
	const char *name = "";

	for (size_t i = 0; i < cli->operand_count; i++)
		name = arena_printf(cli->arena, "%s%s%s", name, i ? " " : "", cli->operands[i]);
	char *copy = arena_strdup(cli->arena, name);

	for (char *c = copy; *c; c++)
		if (*c == '-' || *c == '_')
			*c = ' ';
	return str_of(copy);
}

static bool print_topic(struct cli *cli, struct str name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (str_is(name, commands[i]->name)) {
			help_command(cli, commands[i]);
			return true;
		}
	}
	for (const struct help_topic *topic = help_topics; topic->name; topic++) {
		if (str_is(name, topic->name)) {
			topic->print(cli);
			return true;
		}
	}
	for (size_t i = 0; vocabulary.steps[i]; i++) {
		if (str_is(name, vocabulary.steps[i]->name)) {
			help_kind(cli, vocabulary.steps[i]);
			return true;
		}
	}
	return false;
}

static int unknown_topic(struct cli *cli, struct str name)
{
	const char *names[64];
	size_t count = 0;

	for (size_t i = 0; commands[i] && count < 20; i++)
		names[count++] = commands[i]->name;
	for (size_t i = 0; help_topics[i].name && count < 40; i++)
		names[count++] = help_topics[i].name;
	for (size_t i = 0; vocabulary.steps[i] && count < 63; i++)
		names[count++] = vocabulary.steps[i]->name;
	names[count] = NULL;
	const char *nearest = diag_suggest(name, names);

	return cli_usage(cli, "no help on '%.*s'%s%s%s", STR_ARG(name),
		nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static int run(struct cli *cli)
{
	struct str name = topic_name(cli);

	if (!name.len)
		print_overview(cli);
	else if (!print_topic(cli, name))
		return unknown_topic(cli, name);
	return EXIT_OK;
}

const struct command cmd_help = {
	.name = "help",
	.operands = "[TOPIC]",
	.usage = "a topic, a command or a kind of step; nothing for an overview",
	.help = "explains commands, kinds of steps, checks, keys, exit codes; prints JSON Schemas",
	.bit = FOR_HELP,
	.least = 0,
	.most = 4,
	.run = run,
};
