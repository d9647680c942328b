#include "probe/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gen/version.h"
#include "probe/plan.h"
#include "probe/startup.h"

const struct command *const commands[] = {
	&cmd_run,
	&cmd_check,
	&cmd_logs,
	&cmd_serve,
	&cmd_validate,
	&cmd_report,
	&cmd_help,
	NULL,
};

void cli_print_text(FILE *out, const char *text)
{
	struct str s = str_of(text);

	for (size_t pos = 0; pos < s.len;) {
		size_t start = pos;
		uint32_t code = utf8_next(s, &pos);

		if (code == '\n')
			fputs("\\n", out);
		else if (code == '\t')
			fputc(' ', out);
		else if (code < 0x20 || (code >= 0x7F && code <= 0x9F))
			fprintf(out, "\\x%02x", code);
		else if (code == 0xFFFD)
			fputs("\xEF\xBF\xBD", out);
		else
			fwrite(s.ptr + start, 1, pos - start, out);
	}
}

static void vsay(const struct cli *cli, const char *fmt, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, args);
	fprintf(stderr, "%sgoldprobe:%s ", cli->color_err ? "\033[1m" : "",
		cli->color_err ? "\033[0m" : "");
	cli_print_text(stderr, text);
	fputc('\n', stderr);
}

void cli_error(const struct cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsay(cli, fmt, args);
	va_end(args);
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsay(cli, fmt, args);
	va_end(args);
	fputs("try 'goldprobe help'\n", stderr);
	return EXIT_WRONG_USAGE;
}

unsigned cli_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	int64_t given;

	if (columns && str_int(str_of(columns), &given) && given >= 40 && given <= 400)
		return (unsigned)given;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

static bool color_wanted(const struct cli *cli, int fd)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (cli->options.color != COLOR_AUTO)
		return cli->options.color == COLOR_ALWAYS;
	return isatty(fd) && !(none && *none) && !(term && strcmp(term, "dumb") == 0);
}

/* A closed standard stream would give its number to a socket, and a report would go there. */
static void open_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open(fd == 1 ? "/dev/full" : "/dev/null", fd ? O_WRONLY : O_RDONLY);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const struct cli *cli, const char *name)
{
	const char *names[16];
	size_t count = 0;

	for (; commands[count]; count++)
		names[count] = commands[count]->name;
	names[count] = NULL;
	const char *near = diag_suggest(str_of(name), names);

	if (near)
		return cli_usage(cli, "unknown command '%s', did you mean '%s'?", name, near);
	if (strstr(name, "://"))
		return cli_usage(cli, "unknown command '%s', did you mean 'check %s'?", name, name);
	return cli_usage(cli, "unknown command '%s'", name);
}

/* "--help" anywhere before "--" explains the command instead of running it. */
static bool asks_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* Log sources look at the environment; a flag wins over it. */
static void flag_over(const char *variable, struct str flag)
{
	if (flag.len)
		setenv(variable, flag.ptr, 1);
}

static int dispatch(struct cli *cli, int argc, char **argv)
{
	static const char *const none[] = {NULL};
	const struct command *command;

	if (argc < 2)
		return cli_usage(cli, "a command is missing");
	const char *name = argv[1];

	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("goldprobe %s%s%s\n", GOLDPROBE_VERSION, *GOLDPROBE_REVISION ? " " : "",
			GOLDPROBE_REVISION);
		return EXIT_OK;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		cli->operands = (const char **)none;
		return cmd_help.run(cli);
	}
	command = command_find(name);
	if (!command)
		return unknown_command(cli, name);
	if (asks_help(argc - 2, argv + 2)) {
		cli->operands = ARENA_ARRAY(cli->arena, 2, const char *);
		cli->operands[0] = command->name;
		cli->operand_count = 1;
		return cmd_help.run(cli);
	}
	if (cli_parse(cli, command, argc - 2, argv + 2))
		return EXIT_WRONG_USAGE;
	flag_over("GOLDPROBE_GCP_ENDPOINT", cli->options.gcp_endpoint);
	flag_over("KUBECONFIG", cli->options.kubeconfig);
	flag_over("GOLDPROBE_K8S_CONTEXT", cli->options.context);
	cli->color_out = color_wanted(cli, STDOUT_FILENO);
	cli->color_err = color_wanted(cli, STDERR_FILENO);
	/* For `check` the milliseconds count: there TLS asks for it when it comes up. */
	if (command != &cmd_check)
		startup_whole();
	return command->run(cli);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.arena = arena_new()};

	open_standard_streams();
	signal(SIGPIPE, SIG_IGN);
	int code = dispatch(&cli, argc, argv);

	/* Help and validation that nobody could read are no success. */
	if (fflush(stdout) && code == EXIT_OK)
		code = EXIT_UNDECIDED;
	arena_free(cli.arena);
	return code;
}

static int add_header(struct cli *cli, struct str text, struct pair *out)
{
	size_t colon = str_find_char(text, ':');

	if (colon == SIZE_MAX || colon == 0)
		return cli_usage(cli, "--header takes 'Name: value', not '%.*s'", STR_ARG(text)),
		       -1;
	out->name = str_sub(text, 0, colon);
	out->value = str_trim(str_from(text, colon + 1));
	for (size_t i = 0; i < out->name.len; i++)
		if (out->name.ptr[i] <= ' ' || out->name.ptr[i] == 0x7F)
			return cli_usage(cli, "--header: '%.*s' is no header name",
				       STR_ARG(out->name)),
			       -1;
	return 0;
}

int cli_plan_options(struct cli *cli, struct plan_options *out)
{
	const struct options *o = &cli->options;
	struct pairs *headers = ARENA_NEW(cli->arena, struct pairs);

	headers->items = ARENA_ARRAY(cli->arena, o->headers.count, struct pair);
	for (size_t i = 0; i < o->headers.count; i++)
		if (add_header(cli, o->headers.items[i], &headers->items[headers->count++]))
			return -1;
	*out = (struct plan_options){
		.vars = &o->vars,
		.vars_file = o->vars_file.len ? o->vars_file.ptr : NULL,
		.target = o->target.len ? o->target.ptr : NULL,
		.only = o->only,
		.tags = o->tags,
		.skip_tags = o->skip_tags,
		.timeout = o->timeout,
		.connection = &o->connection,
		.headers = headers->count ? headers : NULL,
	};
	return 0;
}

int cli_reports(
	struct cli *cli, const char *fallback, struct report_target **targets, size_t *count)
{
	const struct strs *wanted = &cli->options.reports;
	struct strs one = {&(struct str){fallback, strlen(fallback)}, 1};
	struct error err;
	size_t to_stdout = 0;

	if (!wanted->count)
		wanted = &one;
	*targets = ARENA_ARRAY(cli->arena, wanted->count, struct report_target);
	*count = wanted->count;
	for (size_t i = 0; i < wanted->count; i++) {
		struct report_target *target = &(*targets)[i];

		if (report_target_parse(cli->arena, wanted->items[i].ptr, target, &err))
			return cli_usage(cli, "--report: %s", err.text), -1;
		if (!target->file && ++to_stdout > 1)
			return cli_usage(cli,
				       "--report: only one report can go to stdout, give '%s=FILE'",
				       target->format->name),
			       -1;
		if (report_target_check(target, &err))
			return cli_usage(cli, "--report: %s", err.text), -1;
	}
	return 0;
}

int cli_write_reports(struct cli *cli, const struct report_target *targets, size_t target_count,
	const struct report *const *reports, size_t count)
{
	struct error err;
	int result = 0;

	/* Files first, stdout last: a reader that closes the pipe early loses nothing else. */
	for (int to_stdout = 0; to_stdout <= 1; to_stdout++) {
		for (size_t i = 0; i < target_count; i++) {
			if (!targets[i].file != (bool)to_stdout)
				continue;
			if (report_write(&targets[i], reports, count, &err)) {
				cli_error(cli, "%s", err.text);
				result = -1;
			}
		}
	}
	return result;
}
