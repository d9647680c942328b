/* `help completion SHELL`: scripts printed from the tables of commands, flags and topics. */
#include <stdio.h>

#include "help_private.h"

enum { WORDS_MAX = 100 };

enum completes help_completes(const struct flag *flag)
{
	if (flag->choices || strcmp(flag->name, "report") == 0)
		return COMPLETES_CHOICES;
	if (flag->arg && (strstr(flag->arg, "FILE") || strstr(flag->arg, "DIR") ||
				 strstr(flag->arg, "SOURCE") || strstr(flag->arg, ".json") ||
				 strstr(flag->arg, "PATH")))
		return strcmp(flag->arg, "JSONPATH VALUE") == 0 ? COMPLETES_NOTHING
								: COMPLETES_FILES;
	return COMPLETES_NOTHING;
}

enum completes help_completes_operand(const struct command *command)
{
	if (command->bit == FOR_HELP)
		return COMPLETES_TOPICS;
	return strcmp(command->operands, "URL") == 0 ? COMPLETES_NOTHING : COMPLETES_FILES;
}

/* Topics of two words are written with a hyphen, which help takes as well. */
static const char *topic_word(struct arena *arena, const char *topic)
{
	char *word = arena_strdup(arena, topic);

	for (char *c = word; *c; c++)
		*c = *c == ' ' ? '-' : *c;
	return word;
}

const char *const *help_words(struct arena *arena, const struct flag *flag)
{
	const char **words = ARENA_ARRAY(arena, WORDS_MAX + 1, const char *);
	size_t count = 0;

	if (flag && flag->choices)
		return flag->choices;
	if (flag) {
		for (size_t i = 0; report_formats[i] && count < WORDS_MAX; i++)
			words[count++] = report_formats[i]->name;
		return words;
	}
	for (size_t i = 0; help_topics[i].name && count < WORDS_MAX; i++)
		words[count++] = topic_word(arena, help_topics[i].name);
	for (size_t i = 0; commands[i] && count < WORDS_MAX; i++)
		words[count++] = commands[i]->name;
	for (size_t i = 0; vocabulary.steps[i] && count < WORDS_MAX; i++)
		words[count++] = vocabulary.steps[i]->name;
	return words;
}

static void print_words(const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		printf("%s%s", i ? " " : "", words[i]);
}

/* bash */

static void bash_flag_values(struct cli *cli)
{
	for (const struct flag *f = flags; f->name; f++) {
		enum completes completes = help_completes(f);

		if (!f->arg)
			continue;
		printf("\t--%s", f->name);
		if (f->letter)
			printf(" | -%c", f->letter);
		if (completes == COMPLETES_CHOICES) {
			fputs(") words='", stdout);
			print_words(help_words(cli->arena, f));
			puts("' ;;");
		} else {
			printf(") files=%d ;;\n", completes == COMPLETES_FILES);
		}
	}
}

static void bash_commands(struct cli *cli)
{
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		enum completes completes = help_completes_operand(c);

		printf("\t%s) flags='", c->name);
		for (const struct flag *f = flags; f->name; f++)
			if (f->commands & c->bit)
				printf("--%s ", f->name);
		printf("' files=%d", completes == COMPLETES_FILES);
		if (completes == COMPLETES_TOPICS) {
			fputs(" words='", stdout);
			print_words(help_words(cli->arena, NULL));
			putchar('\'');
		}
		puts(" ;;");
	}
}

void help_completion_bash(struct cli *cli)
{
	puts("# Completion of goldprobe for bash.\n"
	     "_goldprobe() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "\tlocal words= flags= files=0\n"
	     "\tCOMPREPLY=()\n"
	     "\t# --flag=value comes as three words.\n"
	     "\tif [[ $cur == = ]]; then\n"
	     "\t\tcur=\n"
	     "\telif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then\n"
	     "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	     "\tfi\n"
	     "\tif [[ $COMP_CWORD -eq 1 ]]; then");
	fputs("\t\tCOMPREPLY=($(compgen -W '", stdout);
	for (size_t i = 0; commands[i]; i++)
		printf("%s ", commands[i]->name);
	puts("' -- \"$cur\"))\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tcase $prev in");
	bash_flag_values(cli);
	puts("\t*) flags=yes ;;\n"
	     "\tesac\n"
	     "\t[[ $flags ]] && case ${COMP_WORDS[1]} in");
	bash_commands(cli);
	puts("\tesac\n"
	     "\tif [[ $cur == -* ]]; then\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
	     "\telif [[ $files -eq 1 ]]; then\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	     "\telse\n"
	     "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "\tfi\n"
	     "}\n"
	     "complete -F _goldprobe goldprobe");
}

/* zsh and fish */

/* In single quotes, and with what _arguments looks at escaped. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_action(struct cli *cli, enum completes completes, const struct flag *flag)
{
	if (completes == COMPLETES_FILES)
		fputs("_files", stdout);
	if (completes == COMPLETES_CHOICES || completes == COMPLETES_TOPICS) {
		putchar('(');
		print_words(help_words(cli->arena, flag));
		putchar(')');
	}
}

static void zsh_flag(struct cli *cli, const struct flag *f)
{
	bool repeats = f->type == FLAG_STRINGS || f->type == FLAG_PAIRS || f->type == FLAG_TWO;

	if (f->letter)
		printf("\t\t\t'%s'{-%c,--%s%s}'[", repeats ? "*" : "", f->letter, f->name,
			f->arg ? "=" : "");
	else
		printf("\t\t\t'%s--%s%s[", repeats ? "*" : "", f->name, f->arg ? "=" : "");
	zsh_text(f->help);
	putchar(']');
	if (f->arg) {
		putchar(':');
		zsh_text(f->type == FLAG_TWO ? "JSONPATH" : f->arg);
		putchar(':');
		zsh_action(cli, help_completes(f), f);
	}
	if (f->type == FLAG_TWO)
		fputs(":VALUE:", stdout);
	puts("' \\");
}

static void zsh_command(struct cli *cli, const struct command *c)
{
	printf("\t\t%s)\n\t\t\t_arguments -s \\\n", c->name);
	for (const struct flag *f = flags; f->name; f++)
		if (f->commands & c->bit)
			zsh_flag(cli, f);
	fputs("\t\t\t'*:", stdout);
	zsh_text(c->operands);
	putchar(':');
	zsh_action(cli, help_completes_operand(c), NULL);
	puts("' ;;");
}

void help_completion_zsh(struct cli *cli)
{
	puts("#compdef goldprobe\n"
	     "# Completion of goldprobe for zsh.\n"
	     "_goldprobe() {\n"
	     "\tlocal context state state_descr line\n"
	     "\tlocal -a commands\n"
	     "\ttypeset -A opt_args\n"
	     "\tcommands=(");
	for (size_t i = 0; commands[i]; i++) {
		printf("\t\t'%s:", commands[i]->name);
		zsh_text(commands[i]->help);
		puts("'");
	}
	puts("\t)\n"
	     "\t_arguments -C '1:command:->command' '*::argument:->arguments'\n"
	     "\tcase $state in\n"
	     "\tcommand) _describe command commands ;;\n"
	     "\targuments)\n"
	     "\t\tcase $words[1] in");
	for (size_t i = 0; commands[i]; i++)
		zsh_command(cli, commands[i]);
	puts("\t\tesac ;;\n"
	     "\tesac\n"
	     "}\n"
	     "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
	     "\t_goldprobe \"$@\"\n"
	     "else\n"
	     "\tcompdef _goldprobe goldprobe\n"
	     "fi");
}

static void fish_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void fish_flag(struct cli *cli, const struct flag *f)
{
	enum completes completes = help_completes(f);

	fputs("complete -c goldprobe -n '__fish_seen_subcommand_from", stdout);
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->bit & f->commands)
			printf(" %s", commands[i]->name);
	printf("' -l %s", f->name);
	if (f->letter)
		printf(" -s %c", f->letter);
	if (f->arg)
		fputs(completes == COMPLETES_FILES ? " -r -F" : " -x", stdout);
	if (completes == COMPLETES_CHOICES) {
		fputs(" -a '", stdout);
		print_words(help_words(cli->arena, f));
		putchar('\'');
	}
	fputs(" -d '", stdout);
	fish_text(f->help);
	puts("'");
}

void help_completion_fish(struct cli *cli)
{
	puts("# Completion of goldprobe for fish.\n"
	     "complete -c goldprobe -f");
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		enum completes completes = help_completes_operand(c);

		printf("complete -c goldprobe -n __fish_use_subcommand -a %s -d '", c->name);
		fish_text(c->help);
		puts("'");
		if (completes == COMPLETES_NOTHING)
			continue;
		printf("complete -c goldprobe -n '__fish_seen_subcommand_from %s'", c->name);
		if (completes == COMPLETES_TOPICS) {
			fputs(" -a '", stdout);
			print_words(help_words(cli->arena, NULL));
			puts("'");
		} else {
			puts(" -F");
		}
	}
	for (const struct flag *f = flags; f->name; f++)
		fish_flag(cli, f);
}
