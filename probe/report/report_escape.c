/* How the text formats write text that is not theirs. */
#include "report_text.h"

#include <ctype.h>
#include <string.h>

void text_xml(FILE *out, struct str s, bool lines)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, s, lines);
	for (size_t i = 0; i < b.len; i++) {
		switch (b.data[i]) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		case '\'': fputs("&#39;", out); break;
		default: fputc(b.data[i], out);
		}
	}
}

/* Whether a '.' or ')' ends digits at the start: "1." would begin a list. */
static bool ends_number(const char *text, const char *at)
{
	return (*at == '.' || *at == ')') && at > text &&
	       strspn(text, "0123456789") == (size_t)(at - text);
}

/* An underscore inside a word is none of Markdown's (CommonMark 6.2), and names are full of them. */
static bool inside_word(const char *text, const char *at)
{
	return *at == '_' && at > text && isalnum((unsigned char)at[-1]) &&
	       isalnum((unsigned char)at[1]);
}

static bool needs_backslash(const char *text, const char *at)
{
	if (inside_word(text, at))
		return false;
	return strchr("\\`*_{}[]#|~$", *at) || (at == text && strchr("-+=", *at)) ||
	       ends_number(text, at);
}

/* What would become a tag, a link by itself or a mention is written as an entity (GFM 6.9). */
static const char *markdown_entity(const char *text, const char *at)
{
	switch (*at) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '@': return "&#64;";
	case ':': return at[1] == '/' && at[2] == '/' ? "&#58;" : NULL;
	case '.': return at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0 ? "&#46;" : NULL;
	default: return NULL;
	}
}

static void markdown_char(FILE *out, const char *text, const char *at)
{
	const char *entity = markdown_entity(text, at);

	if (entity)
		fputs(entity, out);
	else
		fprintf(out, "%s%c", needs_backslash(text, at) ? "\\" : "", *at);
}

void text_markdown(FILE *out, const char *text)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, str_trim(str_of(text)), false);
	for (size_t i = 0; i < b.len; i++)
		markdown_char(out, b.data, b.data + i);
}

/* The longest run of backticks: a code span or fence must be longer to hold it. */
static size_t backticks(const struct buf *b)
{
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < b->len; i++) {
		run = b->data[i] == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

static void repeat(FILE *out, char c, size_t count)
{
	while (count--)
		fputc(c, out);
}

void text_markdown_code(FILE *out, const char *text, bool table)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, str_of(text), false);
	if (!b.len)
		return;
	size_t fence = backticks(&b) + 1;
	/* Blanks keep a backtick at either end out of the fence. */
	bool pad = b.data[0] == '`' || b.data[b.len - 1] == '`';

	repeat(out, '`', fence);
	if (pad)
		fputc(' ', out);
	for (size_t i = 0; i < b.len; i++) {
		if (table && b.data[i] == '|')
			fputc('\\', out);
		fputc(b.data[i], out);
	}
	if (pad)
		fputc(' ', out);
	repeat(out, '`', fence);
}

void text_markdown_block(FILE *out, const char *indent, struct str s)
{
	BUF_SCOPED struct buf b;
	struct str rest, line;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, s, true);
	size_t fence = backticks(&b) < 3 ? 3 : backticks(&b) + 1;

	fputs(indent, out);
	repeat(out, '`', fence);
	fputs("text\n", out);
	rest = buf_str(&b);
	while (str_line(&rest, &line))
		fprintf(out, "%s%.*s\n", indent, STR_ARG(line));
	fputs(indent, out);
	repeat(out, '`', fence);
	fputc('\n', out);
}
