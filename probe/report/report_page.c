#include "report_page.h"

#include "report_text.h"

static const char *style_start(enum style style)
{
	static const char *const starts[] = {
		[STYLE_PLAIN] = "",
		[STYLE_BOLD] = "\x1b[1m",
		[STYLE_DIM] = "\x1b[2m",
		[STYLE_GOOD] = "\x1b[32m",
		[STYLE_BAD] = "\x1b[1;31m",
		[STYLE_WARN] = "\x1b[33m",
	};

	return starts[style];
}

static void put_clean(struct page *p, enum style style, struct str clean)
{
	bool styled = p->color && style != STYLE_PLAIN && clean.len;

	fprintf(p->out, "%s%.*s%s", styled ? style_start(style) : "", STR_ARG(clean),
		styled ? "\x1b[0m" : "");
}

unsigned page_put(struct page *p, enum style style, const char *text)
{
	struct str clean = str_of(text_clean_in(p->arena, text, false));

	put_clean(p, style, clean);
	return text_width(clean);
}

void page_indent(struct page *p, unsigned columns)
{
	fprintf(p->out, "%*s", (int)columns, "");
}

void page_cell(struct page *p, enum style style, const char *text, int columns)
{
	struct str clean = str_of(text_clean_in(p->arena, text, false));
	unsigned wanted = (unsigned)(columns < 0 ? -columns : columns);
	unsigned width = text_width(clean);
	unsigned fill = width < wanted ? wanted - width : 0;

	if (columns < 0)
		page_indent(p, fill);
	put_clean(p, style, clean);
	if (columns > 0)
		page_indent(p, fill);
}

void page_end_line(struct page *p)
{
	fputc('\n', p->out);
}

/* The next piece of a line: blanks and the word behind them. */
static struct str next_word(struct str *rest, size_t *blanks)
{
	size_t start = 0, end;

	while (start < rest->len && rest->ptr[start] == ' ')
		start++;
	end = start;
	while (end < rest->len && rest->ptr[end] != ' ')
		end++;
	struct str word = str_sub(*rest, start, end - start);

	*blanks = start;
	*rest = str_from(*rest, end);
	return word;
}

/* A word at the start of a line; one that would command a CI's runner there is shown in words. */
static void put_first(struct page *p, enum style style, struct str word)
{
	if (str_starts(word, "::")) {
		put_clean(p, style, STR("\\x3a"));
		word = str_from(word, 1);
	}
	put_clean(p, style, word);
}

/* Writes from `column` on, further lines from `hang` on. Returns the column it ends in. */
static unsigned wrap(
	struct page *p, unsigned column, unsigned hang, enum style style, struct str rest)
{
	unsigned end = p->width > hang + 20 ? p->width : hang + 20;
	bool fresh = column == hang;

	while (rest.len) {
		size_t blanks;
		struct str word = next_word(&rest, &blanks);
		unsigned width = text_width(word);

		if (!fresh && column + blanks + width > end) {
			page_end_line(p);
			page_indent(p, hang);
			column = hang;
			fresh = true;
		}
		if (!fresh) {
			page_indent(p, (unsigned)blanks);
			column += (unsigned)blanks;
		}
		/* A word longer than a line is broken where the line ends. */
		while (width > end - column && width > end - hang) {
			struct str part = text_cut_columns(word, end - column);

			put_first(p, style, part);
			page_end_line(p);
			page_indent(p, hang);
			column = hang;
			word = str_from(word, part.len);
			width = text_width(word);
		}
		if (column == hang)
			put_first(p, style, word);
		else
			put_clean(p, style, word);
		column += width;
		fresh = false;
	}
	return column;
}

void page_item(struct page *p, unsigned indent, unsigned hang, enum style lead_style,
	const char *lead, enum style style, const char *text)
{
	struct str clean_lead = str_of(text_clean_in(p->arena, lead, false));
	struct str clean = str_of(text_clean_in(p->arena, text, false));
	unsigned column = indent;

	page_indent(p, indent);
	if (indent + text_width(clean_lead) < hang) {
		put_clean(p, lead_style, clean_lead);
		page_indent(p, hang - indent - text_width(clean_lead));
		column = hang;
	} else if (clean_lead.len) {
		column = wrap(p, indent, hang, lead_style, clean_lead);
		if (clean.len) {
			fputc(' ', p->out);
			column++;
		}
	}
	wrap(p, column, hang, style, clean);
	page_end_line(p);
}

/* Of a line that is too long its middle goes: traces tell the most at their ends. */
static void quote_line(struct page *p, unsigned indent, struct str line)
{
	unsigned room = p->width > indent + 22 ? p->width - indent - 2 : 20;

	page_indent(p, indent);
	put_clean(p, STYLE_DIM, STR("| "));
	if (text_width(line) > room) {
		struct str head = text_cut_columns(line, (room - 3) * 2 / 3), tail = line;
		size_t at = head.len;

		while (text_width(tail) > room - 3 - text_width(head)) {
			utf8_next(line, &at);
			tail = str_from(line, at);
		}
		put_clean(p, STYLE_PLAIN, head);
		put_clean(p, STYLE_DIM, STR("..."));
		line = tail;
	}
	put_clean(p, STYLE_PLAIN, line);
	page_end_line(p);
}

static void quote_rest(struct page *p, unsigned indent, int64_t count, const char *where)
{
	char more[64];

	if (!count)
		return;
	text_count(more, count, "line", "lines");
	page_item(p, indent, indent + 2, STYLE_DIM, "|", STYLE_DIM,
		arena_printf(p->arena, "%s %s", more, where));
}

/* The line that holds the text, or the first. */
static unsigned line_of(struct str text, struct str wanted)
{
	struct str line;

	for (unsigned i = 0; wanted.len && str_line(&text, &line); i++)
		if (str_find(line, wanted) != SIZE_MAX)
			return i;
	return 0;
}

void page_quote(
	struct page *p, unsigned indent, const char *text, unsigned lines, const char *about)
{
	struct str all = str_trim(str_of(text_clean_in(p->arena, text, true))), rest = all, line;
	struct str wanted = str_of(about ? text_clean_in(p->arena, about, true) : NULL);
	unsigned last = line_of(all, str_sub(wanted, 0, str_find_char(wanted, '\n')));
	unsigned first = last >= lines ? last - lines + 1 : 0;
	int64_t after = 0;

	quote_rest(p, indent, first, "before");
	for (unsigned i = 0; str_line(&rest, &line); i++) {
		if (i >= first && i < first + lines)
			quote_line(p, indent, line);
		else
			after += i >= first;
	}
	quote_rest(p, indent, after, "after");
}

void page_heading(struct page *p, const char *text)
{
	page_end_line(p);
	page_item(p, 0, 0, STYLE_PLAIN, "", STYLE_BOLD, text);
}
