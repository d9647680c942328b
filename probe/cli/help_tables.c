/* Help that is printed from the tables of kinds, commands and flags. */
#include <stdio.h>

#include "help_private.h"
#include "probe/auth.h"

/* The first line of an example, for tables. */
static const char *first_line(struct arena *arena, const char *text)
{
	struct str line = {"", 0}, rest = str_of(text);

	str_line(&rest, &line);
	return arena_printf(arena, "%.*s", STR_ARG(line));
}

void help_steps(struct cli *cli)
{
	help_text(
		"A step does one thing and checks what came of it. Its kind is one of these keys; "
		"'goldprobe help KIND' tells all of its keys and facts.");
	help_title(cli, "Kinds");
	for (size_t i = 0; vocabulary.steps[i]; i++) {
		const struct step_kind *kind = vocabulary.steps[i];

		help_row(kind->name, kind->help);
		if (kind->example)
			help_row("", first_line(cli->arena, kind->example));
	}
	help_title(cli, "Keys of every step");
	help_fields(cli, step_fields, 0);
}

static void print_facts(struct cli *cli, const struct step_kind *kind)
{
	help_title(cli, "Facts, for 'expect' and 'capture'");
	for (const struct fact_def *fact = kind->facts; fact && fact->name; fact++)
		help_row(fact->name, arena_printf(cli->arena, "%s (%s)", fact->help, fact->type));
	if (!kind->implied)
		return;
	help_title(cli, "Checked unless a check on that fact is written");
	for (const struct implied_check *implied = kind->implied; implied->fact; implied++)
		help_row(implied->fact, implied->value);
}

static const char *uses_text(struct arena *arena, unsigned uses)
{
	const char *text = "";

	if (uses & STEP_USES_CONNECTION)
		text = "connection";
	if (uses & STEP_USES_AUTH)
		text = arena_printf(arena, "%s%sauth, headers", text, *text ? ", " : "");
	if (uses & STEP_USES_REJECT)
		text = arena_printf(arena, "%s%sreject", text, *text ? ", " : "");
	return text;
}

void help_kind(struct cli *cli, const struct step_kind *kind)
{
	const char *uses = uses_text(cli->arena, kind->uses);

	help_text(arena_printf(cli->arena, "%s: %s", kind->name, kind->help));
	if (kind->example) {
		help_title(cli, "Example");
		const char *example = "";

		for (struct str rest = str_of(kind->example), line; str_line(&rest, &line);)
			example = arena_printf(cli->arena, "%s  %.*s\n", example, STR_ARG(line));
		help_text(example);
	}
	help_title(cli, "Keys");
	help_fields(cli, kind->fields, 0);
	print_facts(cli, kind);
	if (*uses) {
		help_title(cli, "Keys of a step that it uses, beside those of every step");
		help_row("", uses);
	}
}

void help_auth_kind(struct cli *cli, const struct auth_kind *kind)
{
	help_row(kind->name, kind->help);
	if (kind->example)
		help_row("", first_line(cli->arena, kind->example));
	help_fields(cli, kind->fields, 1);
}

void help_auth(struct cli *cli)
{
	help_text(
		"A step's 'auth' is the name of a profile of the scenario's 'auth', {use: NAME, in: "
		"...}, or a profile itself. A profile has one of these keys. All of it, and what it "
		"obtains, is secret.");
	help_title(cli, "Profiles");
	for (size_t i = 0; vocabulary.auths[i]; i++)
		help_auth_kind(cli, vocabulary.auths[i]);
	help_title(cli, "in: where a token goes");
	help_row("header", "Authorization: Bearer TOKEN (default)");
	help_row("{query: NAME}", "a parameter of the URL");
	help_row("{cookie: NAME}", "a cookie");
	help_row("{subprotocol: [..]}",
		"WebSocket subprotocols, with {token} and {base64url} filled in");
	help_title(cli, "reject: bad credentials that must be refused with 401 or 403");
	help_row("missing", "no credential");
	help_row("malformed", "one that is none");
	help_row("empty", "an empty one");
	help_row("wrong_scheme", "the good one under another scheme");
	help_row("bad_signature", "a token whose signature does not fit");
	help_row("alg_none", "a token that says it is not signed");
	help_row("expired, not_yet_valid, wrong_audience, wrong_issuer",
		"made with the signing key: reject: {kinds: [...], key: ...}");
	help_row("key_confusion",
		"HS256 keyed with the public key: reject: {kinds: [...], jwks: PATH}");
}

static void flag_name(struct arena *arena, const struct flag *flag, char const **name)
{
	const char *letter = flag->letter ? arena_printf(arena, "-%c, ", flag->letter) : "";

	*name = arena_printf(arena, "%s--%s%s%s", letter, flag->name, flag->arg ? " " : "",
		flag->arg ? flag->arg : "");
}

static void print_flags(struct cli *cli, unsigned bit)
{
	for (const struct flag *flag = flags; flag->name; flag++) {
		const char *name;

		if (!(flag->commands & bit))
			continue;
		flag_name(cli->arena, flag, &name);
		help_row(name, flag->help);
	}
}

void help_flags(struct cli *cli)
{
	help_text("Each --some-flag has the environment twin GOLDPROBE_SOME_FLAG. A flag beats the "
		  "environment, the environment beats the file, the file beats the default.");
	for (size_t i = 0; commands[i]; i++) {
		help_title(cli, commands[i]->name);
		print_flags(cli, commands[i]->bit);
	}
}

void help_command(struct cli *cli, const struct command *command)
{
	help_text(arena_printf(cli->arena, "goldprobe %s %s: %s", command->name, command->operands,
		command->help));
	help_title(cli, "Takes");
	help_row("", command->usage && *command->usage ? command->usage : "nothing");
	help_title(cli, "Flags");
	print_flags(cli, command->bit);
}
