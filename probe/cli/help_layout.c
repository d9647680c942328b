/* How help looks: names in a column, sentences wrapped beside them. */
#include <stdio.h>

#include "help_private.h"

enum { NAME_WIDTH = 20, WIDTH_MAX = 100 };

static bool as_man;
static bool man_fresh; /* nothing stands below the last title yet */

void help_as_man(void)
{
	as_man = true;
}

void help_man_text(struct str s)
{
	if (s.len && (s.ptr[0] == '.' || s.ptr[0] == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\')
			fputs("\\e", stdout);
		else if (s.ptr[i] == '-')
			fputs("\\-", stdout);
		else if (s.ptr[i] == '\'')
			fputs("\\(aq", stdout);
		else if (s.ptr[i] == '~')
			fputs("\\(ti", stdout);
		else if (s.ptr[i] == '^')
			fputs("\\(ha", stdout);
		else
			putchar(s.ptr[i]);
	}
}

void help_man_section(const char *title)
{
	fputs(".SH \"", stdout);
	for (const char *c = title; *c; c++)
		putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	puts("\"");
	man_fresh = true;
}

/* A name stands in bold before its text; a text without one continues the row. */
static void man_row(struct str name, const char *text)
{
	if (!name.len) {
		if (!man_fresh)
			puts(".br");
	} else {
		fputs(".TP\n\\fB", stdout);
		for (; name.len && name.ptr[0] == ' '; name = str_from(name, 1))
			fputs("\\ ", stdout);
		help_man_text(name);
		puts("\\fR");
	}
	help_man_text(str_of(text));
	putchar('\n');
	man_fresh = false;
}

/* Lines that begin with a space are set as they are. */
static void man_paragraphs(struct str rest)
{
	struct str line;
	bool fill = true;

	if (!man_fresh)
		puts(".PP");
	man_fresh = false;
	while (str_line(&rest, &line)) {
		bool filled = !line.len || line.ptr[0] != ' ';

		if (filled != fill)
			puts(filled ? ".fi" : ".nf");
		fill = filled;
		help_man_text(line);
		puts(line.len ? "" : ".PP");
	}
	if (!fill)
		puts(".fi");
}

static unsigned width(void)
{
	unsigned columns = cli_width();

	return columns > WIDTH_MAX ? WIDTH_MAX : columns;
}

/* Prints words from column `at`; further lines begin at `indent`. */
static void wrap(struct str text, unsigned at, unsigned indent)
{
	bool first = true;

	while (text.len) {
		size_t len = str_find_char(text, ' ');
		struct str word = str_sub(text, 0, len);
		unsigned columns = (unsigned)utf8_count(word);

		if (!first && at + 1 + columns > width()) {
			printf("\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", STR_ARG(word));
		at += columns + !first;
		first = false;
		text = len == SIZE_MAX ? STR("") : str_from(text, len + 1);
	}
	putchar('\n');
}

/* One style for all tables: no capital at the beginning ("TLS" stays), no full stop at the end. */
static void put_sentence(const char *text, unsigned indent)
{
	struct str rest = str_of(text);
	char first = rest.len > 1 ? rest.ptr[0] : ' ', second = rest.len > 1 ? rest.ptr[1] : ' ';

	if (str_ends(rest, ".") && !str_ends(rest, ".."))
		rest.len--;
	if (first >= 'A' && first <= 'Z' && second >= 'a' && second <= 'z') {
		putchar(first - 'A' + 'a');
		rest = str_from(rest, 1);
	}
	wrap(rest, indent, indent);
}

void help_row(const char *name, const char *text)
{
	unsigned used = 2 + (unsigned)utf8_count(str_of(name));

	if (as_man) {
		man_row(str_of(name), text);
		return;
	}
	printf("  %s", name);
	if (used + 1 > NAME_WIDTH) {
		putchar('\n');
		used = 0;
	}
	printf("%*s", (int)(NAME_WIDTH - used), "");
	put_sentence(text, NAME_WIDTH);
}

void help_title(const struct cli *cli, const char *title)
{
	if (as_man) {
		fputs(".SS ", stdout);
		help_man_text(str_of(title));
		putchar('\n');
		man_fresh = true;
		return;
	}
	printf("\n%s%s%s\n", cli->color_out ? "\033[1m" : "", title,
		cli->color_out ? "\033[0m" : "");
}

void help_text(const char *text)
{
	struct str rest = str_of(text), line;

	if (as_man) {
		man_paragraphs(rest);
		return;
	}
	while (str_line(&rest, &line))
		if (line.len && line.ptr[0] == ' ')
			printf("%.*s\n", STR_ARG(line));
		else
			wrap(line, 0, 0);
}

static const char *type_text(const struct field *field)
{
	switch (field->type) {
	case FIELD_STRING: return "text";
	case FIELD_BOOLEAN: return "true or false";
	case FIELD_INTEGER: return "whole number";
	case FIELD_NUMBER: return "number";
	case FIELD_DURATION: return "duration";
	case FIELD_SIZE: return "size";
	case FIELD_VALUE: return "any value";
	case FIELD_STRINGS: return "text or list of texts";
	case FIELD_PAIRS: return "map of names to texts";
	case FIELD_OBJECT: return "map";
	case FIELD_OBJECTS: return "list of maps";
	default: return NULL;
	}
}

static const char *choices_text(struct arena *arena, const char *const *choices)
{
	const char *text = "";

	for (size_t i = 0; choices[i]; i++)
		text = arena_printf(arena, "%s%s%s", text,
			!i               ? ""
			: choices[i + 1] ? ", "
					 : " or ",
			choices[i]);
	return text;
}

static void print_field(struct cli *cli, const struct field *field, unsigned level)
{
	const char *type = field->type == FIELD_ENUM ? choices_text(cli->arena, field->choices)
						     : type_text(field);
	struct str help = str_of(field->help);
	const char *text;

	/* "Sentence. (type; default x)" */
	if (str_ends(help, "."))
		help.len--;
	text = arena_printf(cli->arena, "%.*s", STR_ARG(help));
	if (type || field->required || field->fallback)
		text = arena_printf(cli->arena, "%s (%s%s%s%s%s)", text, type ? type : "",
			field->required ? type ? ", required" : "required" : "",
			field->fallback ? type || field->required ? "; default " : "default " : "",
			field->fallback && !*field->fallback ? "empty"
			: field->fallback                    ? field->fallback
							     : "",
			"");
	help_row(arena_printf(cli->arena, "%*s%s", (int)(2 * level), "", field->name), text);
}

void help_fields(struct cli *cli, const struct field *fields, unsigned level)
{
	for (; fields && fields->name; fields++) {
		print_field(cli, fields, level);
		if (fields->fields && level < 4)
			help_fields(cli, fields->fields, level + 1);
	}
}
