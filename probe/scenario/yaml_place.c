#include "yaml_private.h"

struct span yaml_span(struct yaml_places *p, size_t from, size_t to, uint32_t line)
{
	struct str text = p->source->text;
	size_t start = from;
	uint32_t column = 1;

	if (to > text.len)
		to = text.len;
	if (from > to)
		from = start = to;
	/* On the line of the last place and behind it: count on from there. */
	if (p->last_column && from >= p->last_offset &&
		!memchr(text.ptr + p->last_offset, '\n', from - p->last_offset)) {
		start = p->last_offset;
		column = p->last_column;
	} else {
		while (start > 0 && text.ptr[start - 1] != '\n')
			start--;
	}
	/* A byte order mark has no column. */
	struct str before = str_sub(text, start, from - start);

	if (start == 0 && str_starts(before, "\xEF\xBB\xBF"))
		before = str_from(before, 3);
	column += (uint32_t)utf8_count(before);
	p->last_offset = from;
	p->last_column = column;

	struct str part = str_sub(text, from, to - from);
	size_t end = str_find_char(part, '\n');

	if (end != SIZE_MAX)
		part = str_sub(part, 0, end > 0 && part.ptr[end - 1] == '\r' ? end - 1 : end);
	size_t length = utf8_count(part);

	return (struct span){p->source, line, column, length ? (uint32_t)length : 1};
}

static char char_at(struct str text, size_t offset)
{
	return offset < text.len ? text.ptr[offset] : '\0';
}

/* Whether the word that ends at `offset` begins with `prefix`. */
static bool word_starts(struct str text, size_t offset, const char *prefix)
{
	size_t start = offset;

	while (start > 0 && !strchr(" \t\n{[,", text.ptr[start - 1]))
		start--;
	return str_starts(str_sub(text, start, offset - start), prefix);
}

/* What the library's words usually mean. */
static const struct {
	const char *words, *hint;
} HINTS[] = {
	{"tab", "; YAML is indented with blanks, not with tabs"},
	{"on the same line", "; write a text with ': ' in it in quotes"},
	{"without a closing", ""},
	{"flow mapping", "; a text with , [ ] { or } in it needs quotes here"},
	{"flow sequence", "; a text with , [ ] { or } in it needs quotes here"},
	{"mapping values", "; write a text with ': ' in it in quotes, and check the indentation"},
	{"multiline plain key", "; check the indentation: the keys of a map stand in one column"},
	{"block mapping", "; check the indentation: the keys of a map stand in one column"},
	{NULL, NULL},
};

const char *yaml_hint(struct str text, size_t offset, const char *message)
{
	char at = char_at(text, offset);

	/* Where the library points to differs by a character between its messages. */
	if (at == '{' && offset && text.ptr[offset - 1] == '$')
		return "; inside { } and [ ] write a reference in quotes: \"${name}\"";
	if ((at == '[' || at == ']') && word_starts(text, offset, "$"))
		return "; write a JSONPath with brackets in quotes: \"$.items[0].id\"";
	if (at == '@' || at == '`' || at == '%')
		return "; write a text that starts with this character in quotes";
	if (at == '\t')
		return HINTS[0].hint;
	for (size_t i = 0; HINTS[i].words; i++)
		if (strstr(message, HINTS[i].words))
			return HINTS[i].hint;
	return "";
}
