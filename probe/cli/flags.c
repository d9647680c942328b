/* The flags of all commands as one table, and their parsing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe/cli.h"

static const char *const color_choices[] = {"auto", "always", "never", NULL};

#define AT(member) offsetof(struct options, member)
#define PROBES (FOR_RUN | FOR_CHECK | FOR_SERVE)
#define FILES (FOR_RUN | FOR_SERVE | FOR_VALIDATE)

const struct flag flags[] = {
	{"target", 't', FLAG_STRING, AT(target), FILES, "URL", .help = "base URL of the backend"},
	{"var", 0, FLAG_PAIRS, AT(vars), FILES, "NAME=VALUE", .no_env = true,
		.help = "sets a variable; GOLDPROBE_VAR_NAME does the same"},
	{"vars-file", 0, FLAG_STRING, AT(vars_file), FILES, "FILE",
		.help = "variables from a YAML or JSON map"},
	{"only", 0, FLAG_STRINGS, AT(only), FILES, "STEP",
		.help = "runs this step and what it needs"},
	{"tag", 0, FLAG_STRINGS, AT(tags), FILES, "TAG",
		.help = "runs steps with this tag and what they need"},
	{"skip-tag", 0, FLAG_STRINGS, AT(skip_tags), FILES, "TAG",
		.help = "leaves steps with this tag out"},
	{"logs", 0, FLAG_STRINGS, AT(logs), FOR_RUN | FOR_SERVE, "SOURCE",
		.help = "reads these logs too: FILE, -, gcp:PROJECT[/SERVICE], "
			"k8s:NAMESPACE/SELECTOR, loki:URL?query=..."},
	{"since", 0, FLAG_DURATION, AT(since), FOR_RUN | FOR_LOGS | FOR_SERVE, "DURATION",
		.help = "how far before the start logs are read (15m)"},
	{"baseline", 0, FLAG_STRING, AT(baseline), FOR_RUN | FOR_LOGS, "RUN.json",
		.help = "an earlier run: what it showed already ranks below what is new"},
	{"rules", 0, FLAG_STRINGS, AT(rules), FOR_RUN | FOR_LOGS | FOR_SERVE, "FILE",
		.help = "adds rules of causes"},
	{"report", 'r', FLAG_STRINGS, AT(reports), FOR_RUN | FOR_CHECK | FOR_LOGS | FOR_REPORT,
		"FORMAT[=FILE]",
		.help = "report format and where it goes; may be repeated (see 'help reports')"},
	{"strict", 0, FLAG_BOOLEAN, AT(strict), FOR_RUN | FOR_SERVE,
		.help = "a degraded golden path exits 1"},
	{"timeout", 0, FLAG_DURATION, AT(timeout), PROBES, "DURATION",
		.help = "bounds one attempt (10s)"},
	{"deadline", 0, FLAG_DURATION, AT(deadline), PROBES, "DURATION",
		.help = "bounds the whole run"},
	{"concurrency", 0, FLAG_INTEGER, AT(concurrency), FOR_RUN, "N",
		.help = "how many steps may run at a time (64)"},
	{"quiet", 'q', FLAG_BOOLEAN, AT(quiet), FOR_ALL, .help = "says less"},
	{"verbose", 'v', FLAG_BOOLEAN, AT(verbose), FOR_ALL, .help = "says more"},
	{"color", 0, FLAG_CHOICE, AT(color), FOR_ALL, "WHEN", .choices = color_choices,
		.help = "auto, always or never"},
	{"cacert", 0, FLAG_STRING, AT(connection.cacert), PROBES, "FILE",
		.help = "CA certificates to trust (PEM)"},
	{"capath", 0, FLAG_STRING, AT(connection.capath), PROBES, "DIR",
		.help = "directory of hashed CA certificates"},
	{"cert", 0, FLAG_STRING, AT(connection.cert), PROBES, "FILE",
		.help = "client certificate (PEM)"},
	{"key", 0, FLAG_STRING, AT(connection.key), PROBES, "FILE",
		.help = "private key of the client certificate (PEM)"},
	{"insecure", 'k', FLAG_BOOLEAN, AT(connection.insecure), PROBES,
		.help = "does not verify certificates"},
	{"server-name", 0, FLAG_STRING, AT(connection.server_name), PROBES, "NAME",
		.help = "name asked for and verified in TLS, instead of the host"},
	{"resolve", 0, FLAG_STRINGS, AT(connection.resolve), PROBES, "HOST:PORT:ADDR",
		.help = "takes this address for the host"},
	{"connect-to", 0, FLAG_STRINGS, AT(connection.connect_to), PROBES,
		"HOST1:PORT1:HOST2:PORT2", .help = "connects to HOST2 instead of HOST1"},
	{"proxy", 0, FLAG_STRING, AT(connection.proxy), PROBES, "URL",
		.help = "goes through this proxy ('none': through none)"},
	{"unix-socket", 0, FLAG_STRING, AT(connection.unix_socket), PROBES, "PATH",
		.help = "connects through this socket"},
	{"header", 'H', FLAG_STRINGS, AT(headers), PROBES, "HEADER",
		.help = "adds a request header, 'Name: value'"},
	{"ipv4", '4', FLAG_BOOLEAN, AT(ipv4), PROBES, .help = "uses IPv4 addresses only"},
	{"ipv6", '6', FLAG_BOOLEAN, AT(ipv6), PROBES, .help = "uses IPv6 addresses only"},
	{"status", 0, FLAG_STRINGS, AT(status), FOR_CHECK, "STATUS",
		.help = "wanted status: 200, 2xx, 200-299 (2xx)"},
	{"json", 0, FLAG_TWO, AT(json), FOR_CHECK, "JSONPATH VALUE", .no_env = true,
		.help = "the body's value at a JSONPath equals VALUE"},
	{"contains", 0, FLAG_STRINGS, AT(contains), FOR_CHECK, "TEXT",
		.help = "the body contains TEXT"},
	{"matches", 0, FLAG_STRINGS, AT(matches), FOR_CHECK, "REGEX",
		.help = "the body matches a PCRE2 pattern"},
	{"bearer-env", 0, FLAG_STRING, AT(bearer_env), FOR_CHECK, "VAR",
		.help = "sends the bearer token of an environment variable"},
	{"bearer-file", 0, FLAG_STRING, AT(bearer_file), FOR_CHECK, "FILE",
		.help = "sends the bearer token of a file"},
	{"request", 'X', FLAG_STRING, AT(method), FOR_CHECK, "METHOD", .help = "method (GET)"},
	{"data", 'd', FLAG_STRING, AT(data), FOR_CHECK, "TEXT", .help = "sends a body (POST)"},
	{"location", 'L', FLAG_BOOLEAN, AT(location), FOR_CHECK, .help = "follows redirects"},
	{"wait", 0, FLAG_DURATION, AT(wait), FOR_CHECK, "DURATION",
		.help = "retries until it passes, that long at most"},
	{"every", 0, FLAG_DURATION, AT(every), FOR_CHECK | FOR_SERVE, "DURATION",
		.help = "pause from try to try (1s), or from run to run (60s)"},
	{"stable", 0, FLAG_INTEGER, AT(stable), FOR_CHECK, "N", .help = "wants N passes in a row"},
	{"origin", 0, FLAG_STRING, AT(origin), FOR_CHECK, "ORIGIN",
		.help = "Origin of a WebSocket handshake"},
	{"subprotocol", 0, FLAG_STRINGS, AT(subprotocols), FOR_CHECK, "NAME",
		.help = "offers a WebSocket subprotocol"},
	{"send", 0, FLAG_STRING, AT(send), FOR_CHECK, "TEXT",
		.help = "sends TEXT (WebSocket, TCP)"},
	{"expect", 0, FLAG_STRING, AT(expect), FOR_CHECK, "TEXT",
		.help = "waits for an answer that contains TEXT (WebSocket, TCP)"},
	{"service", 0, FLAG_STRING, AT(service), FOR_CHECK, "NAME",
		.help = "service asked for (gRPC health), as grpc://HOST:PORT/NAME does"},
	{"format", 0, FLAG_STRING, AT(format), FOR_LOGS, "FORMAT",
		.help = "forces a log format: auto, json, lines ..."},
	{"annotate", 0, FLAG_BOOLEAN, AT(annotate), FOR_LOGS,
		.help = "prints CLUSTER-ID<TAB>MESSAGE for every entry"},
	{"gcp-endpoint", 0, FLAG_STRING, AT(gcp_endpoint), FOR_RUN | FOR_LOGS | FOR_SERVE, "URL",
		.help = "another endpoint of Cloud Logging"},
	{"kubeconfig", 0, FLAG_STRING, AT(kubeconfig), FOR_RUN | FOR_LOGS | FOR_SERVE, "FILE",
		.help = "kubeconfig instead of KUBECONFIG"},
	{"context", 0, FLAG_STRING, AT(context), FOR_RUN | FOR_LOGS | FOR_SERVE, "NAME",
		.help = "context of the kubeconfig"},
	{"listen", 0, FLAG_STRING, AT(listen), FOR_SERVE, "ADDR:PORT",
		.help = "where to listen (127.0.0.1:9090)"},
	{"store", 0, FLAG_STRING, AT(store), FOR_SERVE, "FILE",
		.help = "keeps the history in an SQLite file (in memory)"},
	{"keep", 0, FLAG_DURATION, AT(keep), FOR_SERVE, "DURATION",
		.help = "how long history is kept (30d)"},
	{"token-file", 0, FLAG_STRING, AT(token_file), FOR_SERVE, "FILE",
		.help = "asks for this bearer token on /api, /metrics and the page"},
	{"probe-allow", 0, FLAG_STRINGS, AT(probe_allow), FOR_SERVE, "HOST[:PORT]",
		.help = "what /probe may reach beside the scenarios' own targets ('*' at either end, "
			"or alone: everything)"},
	{0},
};

static const struct flag *flag_find(const char *name, size_t len)
{
	for (const struct flag *f = flags; f->name; f++)
		if (strlen(f->name) == len && memcmp(f->name, name, len) == 0)
			return f;
	return NULL;
}

static const struct flag *flag_letter(char letter)
{
	for (const struct flag *f = flags; f->name; f++)
		if (f->letter == letter && letter)
			return f;
	return NULL;
}

static void strs_add(struct arena *arena, struct strs *list, struct str item)
{
	/* Grows one by one: flags are few. */
	struct str *items = ARENA_ARRAY(arena, list->count + 1, struct str);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++] = item;
	list->items = items;
}

static int set_pair(struct cli *cli, struct pairs *list, const char *label, const char *text)
{
	struct str s = str_of(text);
	size_t equals = str_find_char(s, '=');

	if (equals == SIZE_MAX || equals == 0)
		return cli_usage(cli, "%s takes NAME=VALUE, not '%s'", label, text), -1;
	struct pair *items = ARENA_ARRAY(cli->arena, list->count + 1, struct pair);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++] = (struct pair){str_sub(s, 0, equals), str_from(s, equals + 1)};
	list->items = items;
	return 0;
}

static int set_choice(
	struct cli *cli, const struct flag *f, int *out, const char *label, const char *text)
{
	BUF_SCOPED struct buf all;

	buf_init(&all, 1024);
	for (int i = 0; f->choices[i]; i++) {
		if (strcmp(f->choices[i], text) == 0) {
			*out = i;
			return 0;
		}
		buf_printf(&all, "%s%s", i ? ", " : "", f->choices[i]);
	}
	return cli_usage(cli, "%s is one of %s, not '%s'", label, buf_str(&all).ptr, text), -1;
}

static int set_boolean(struct cli *cli, bool *out, const char *label, const char *text)
{
	static const char *const yes[] = {"1", "true", "yes", "on"}, *const no[] = {"", "0",
									     "false", "no", "off"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (str_is_nocase(str_of(text), yes[i]))
			return *out = true, 0;
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (str_is_nocase(str_of(text), no[i]))
			return *out = false, 0;
	return cli_usage(cli, "%s is true or false, not '%s'", label, text), -1;
}

/* `label` is "--name" or the variable's name: what the user wrote. */
static int flag_set(struct cli *cli, const struct flag *f, const char *label, const char *text)
{
	char *at = (char *)&cli->options + f->offset;
	struct error err;
	int64_t number;

	switch (f->type) {
	case FLAG_BOOLEAN: return set_boolean(cli, (bool *)at, label, text);
	case FLAG_STRING: *(struct str *)at = str_of(text); return 0;
	case FLAG_TWO:
	case FLAG_STRINGS: strs_add(cli->arena, (struct strs *)at, str_of(text)); return 0;
	case FLAG_PAIRS: return set_pair(cli, (struct pairs *)at, label, text);
	case FLAG_CHOICE: return set_choice(cli, f, (int *)at, label, text);
	case FLAG_DURATION:
		if (duration_parse(str_of(text), (int64_t *)at, &err))
			return cli_usage(cli, "%s: %s", label, err.text), -1;
		if (*(int64_t *)at <= 0)
			return cli_usage(cli, "%s must be more than 0", label), -1;
		return 0;
	case FLAG_INTEGER:
		if (!str_int(str_of(text), &number) || number < 1 || number > 1000000)
			return cli_usage(cli, "%s takes a number from 1 to 1000000, not '%s'",
				       label, text),
			       -1;
		*(int64_t *)at = number;
		return 0;
	}
	return -1;
}

static int unknown_flag(
	struct cli *cli, const struct command *command, const char *name, size_t len)
{
	const char *names[sizeof(flags) / sizeof(*flags)];
	size_t count = 0;

	for (const struct flag *f = flags; f->name; f++)
		if (f->commands & command->bit)
			names[count++] = f->name;
	names[count] = NULL;
	const char *near = diag_suggest((struct str){name, len}, names);

	if (near)
		return cli_usage(cli, "unknown flag '--%.*s' of '%s', did you mean '--%s'?",
			       (int)len, name, command->name, near),
		       -1;
	return cli_usage(cli, "unknown flag '--%.*s' of '%s'", (int)len, name, command->name), -1;
}

struct arguments {
	int count, at;
	char **items;
};

static int flag_take(struct cli *cli, const struct flag *f, const char *label, const char *given,
	struct arguments *args)
{
	if (f->type == FLAG_BOOLEAN)
		return flag_set(cli, f, label, given ? given : "true");
	for (int wanted = f->type == FLAG_TWO ? 2 : 1; wanted > 0; wanted--) {
		if (!given) {
			if (args->at >= args->count)
				return cli_usage(cli, "%s needs %s", label, f->arg), -1;
			given = args->items[args->at++];
		}
		if (flag_set(cli, f, label, given))
			return -1;
		given = NULL;
	}
	return 0;
}

static int parse_long(
	struct cli *cli, const struct command *command, const char *text, struct arguments *args)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	const struct flag *f = flag_find(text, len);

	if (!f || !(f->commands & command->bit))
		return unknown_flag(cli, command, text, len);
	return flag_take(cli, f, arena_printf(cli->arena, "--%s", f->name),
		equals ? equals + 1 : NULL, args);
}

/* -k, -kv, -rjson, -r json */
static int parse_short(
	struct cli *cli, const struct command *command, const char *text, struct arguments *args)
{
	for (; *text; text++) {
		const struct flag *f = flag_letter(*text);
		const char *label = arena_printf(cli->arena, "-%c", *text);

		if (!f || !(f->commands & command->bit))
			return cli_usage(cli, "unknown flag '%s' of '%s'", label, command->name),
			       -1;
		if (f->type != FLAG_BOOLEAN)
			return flag_take(cli, f, label, text[1] ? text + 1 : NULL, args);
		if (flag_set(cli, f, label, "true"))
			return -1;
	}
	return 0;
}

/* GOLDPROBE_SOME_FLAG, for flags that the command takes. Runs before the flags, which then beat it:
 * lists that a flag fills anew must start empty, so only absent ones are taken. */
static int parse_environment(struct cli *cli, const struct command *command, const bool *given)
{
	for (const struct flag *f = flags; f->name; f++) {
		char name[64];
		size_t len = (size_t)snprintf(name, sizeof(name), "GOLDPROBE_%s", f->name);

		if (f->no_env || given[f - flags] || !(f->commands & command->bit))
			continue;
		for (size_t i = 0; i < len; i++)
			name[i] = (char)(name[i] == '-'                     ? '_'
					 : name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32
									    : name[i]);
		const char *value = getenv(name);

		if (value && (*value || f->type == FLAG_BOOLEAN) && flag_set(cli, f, name, value))
			return -1;
	}
	return 0;
}

static void note_given(bool *given, const char *text)
{
	if (text[0] == '-' && text[1] == '-') {
		size_t len = strcspn(text + 2, "=");
		const struct flag *f = flag_find(text + 2, len);

		if (f)
			given[f - flags] = true;
	} else {
		for (text++; *text; text++) {
			const struct flag *f = flag_letter(*text);

			if (!f)
				return;
			given[f - flags] = true;
			if (f->type != FLAG_BOOLEAN)
				return;
		}
	}
}

static int check_operands(struct cli *cli, const struct command *command)
{
	if (cli->operand_count < command->least)
		return cli_usage(cli, "'%s' needs %s", command->name, command->usage), -1;
	if (cli->operand_count > command->most)
		return cli_usage(cli, "'%s' takes %s; '%s' is too many", command->name,
			       command->usage, cli->operands[command->most]),
		       -1;
	return 0;
}

int cli_parse(struct cli *cli, const struct command *command, int argc, char **argv)
{
	struct arguments args = {argc, 0, argv};
	bool given[sizeof(flags) / sizeof(*flags)] = {false};

	cli->operands = ARENA_ARRAY(cli->arena, (size_t)argc + 1, const char *);
	while (args.at < args.count) {
		const char *text = args.items[args.at++];

		if (strcmp(text, "--") == 0) {
			if (command->bit == FOR_RUN) {
				cli->child = (const char **)args.items + args.at;
				if (args.at == args.count)
					return cli_usage(cli, "a command is missing after '--'"),
					       -1;
				break;
			}
			while (args.at < args.count)
				cli->operands[cli->operand_count++] = args.items[args.at++];
		} else if (text[0] == '-' && text[1]) {
			note_given(given, text);
			if (text[1] == '-' ? parse_long(cli, command, text + 2, &args)
					   : parse_short(cli, command, text + 1, &args))
				return -1;
		} else {
			cli->operands[cli->operand_count++] = text;
		}
	}
	if (parse_environment(cli, command, given))
		return -1;
	if (cli->options.ipv4 && cli->options.ipv6)
		return cli_usage(cli, "-4 and -6 exclude each other"), -1;
	cli->options.connection.ip = cli->options.ipv4 ? IP_V4 : cli->options.ipv6 ? IP_V6 : IP_ANY;
	return check_operands(cli, command);
}
