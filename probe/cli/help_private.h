/* Between the files of `help`: layout, and the topics. */
#ifndef PROBE_CLI_HELP_PRIVATE_H
#define PROBE_CLI_HELP_PRIVATE_H

#include "probe/cli.h"

struct help_topic {
	const char *name, *help;
	void (*print)(struct cli *);
};

extern const struct help_topic help_topics[]; /* ended by a NULL name */

/* From now on help is printed as the source of a manual page, man(7). */
void help_as_man(void);
/* Text in which nothing acts on troff. */
void help_man_text(struct str);
void help_man_section(const char *title);
void help_man(struct cli *);

/* Scripts for shells. */
void help_completion_bash(struct cli *);
void help_completion_zsh(struct cli *);
void help_completion_fish(struct cli *);
/* What a flag's argument or a command's operand is, for completion. */
enum completes { COMPLETES_NOTHING, COMPLETES_FILES, COMPLETES_CHOICES, COMPLETES_TOPICS };
enum completes help_completes(const struct flag *);
enum completes help_completes_operand(const struct command *);
/* The words that fit a flag's argument (or, NULL, the topics of help), NULL-ended. */
const char *const *help_words(struct arena *, const struct flag *);

/* "  NAME   text", the text wrapped to the terminal beside the name. */
void help_row(const char *name, const char *text);
void help_title(const struct cli *, const char *title);
void help_text(const char *text);
/* The keys of a map, indented by `level`; of maps in it too. */
void help_fields(struct cli *, const struct field *, unsigned level);

/* Topics of more than a few lines. */
void help_steps(struct cli *);
void help_kind(struct cli *, const struct step_kind *);
void help_auth(struct cli *);
void help_auth_kind(struct cli *, const struct auth_kind *);
void help_command(struct cli *, const struct command *);
void help_flags(struct cli *);

#endif
