/* Tables as gcloud prints them: a heading whose words say where the columns are. */
#include "records.h"

#include <ctype.h>

bool table_is_heading(struct str line)
{
	if (!str_starts(line, "TIMESTAMP ") && !str_starts(line, "SEVERITY ") &&
		!str_starts(line, "INSERT_ID "))
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (!isupper((unsigned char)line.ptr[i]) && line.ptr[i] != ' ' &&
			line.ptr[i] != '_' && line.ptr[i] != '.')
			return false;
	return true;
}

static bool begins(struct str head)
{
	struct str line;

	do
		if (!str_line(&head, &line))
			return false;
	while (str_trim(line).len == 0);
	return table_is_heading(line);
}

/* TEXT_PAYLOAD and MESSAGE are the text, the other names are keys in lower case. */
static void read_heading(struct records *r, struct str line)
{
	r->column_count = 0;
	buf_clear(&r->names);
	for (size_t i = 0; i < line.len && r->column_count < RECORD_COLUMNS;) {
		struct record_column *c = &r->columns[r->column_count];

		if (line.ptr[i] == ' ') {
			i++;
			continue;
		}
		*c = (struct record_column){.from = i, .name = r->names.len};
		for (; i < line.len && line.ptr[i] != ' '; i++)
			buf_add_char(&r->names, (char)tolower((unsigned char)line.ptr[i]));
		c->len = r->names.len - c->name;
		r->column_count++;
	}
}

/* Whether the line is a row: its first cell is what the first column has, and columns are parted by
 * blanks. A cell with line ends goes on below, from the first column. */
static bool is_row(const struct records *r, struct str line)
{
	struct str first = str_sub(line, 0, r->column_count > 1 ? r->columns[1].from : line.len);
	struct str name = str_sub(buf_str(&r->names), 0, r->columns[0].len);
	int64_t time;
	bool nano;

	if (r->column_count > 1 && r->columns[1].from <= line.len &&
		line.ptr[r->columns[1].from - 1] != ' ')
		return false;
	if (str_is(name, "timestamp"))
		return time_prefix(first, &time, &nano) > 0;
	if (str_is(name, "severity"))
		return severity_find(str_trim(first)) >= 0;
	return str_trim(first).len > 0 && line.ptr[0] != ' ';
}

/* The row before is whole: its last cell may have gone on over lines. */
static void end(struct records *r)
{
	if (r->begun && r->column_count)
		record_field(r,
			str_sub(buf_str(&r->names), r->columns[r->column_count - 1].name,
				r->columns[r->column_count - 1].len),
			buf_str(&r->text), true);
	record_done(r);
	buf_clear(&r->text);
	r->begun = false;
}

static void read_row(struct records *r, struct str line)
{
	end(r);
	for (size_t i = 0; i < r->column_count; i++) {
		const struct record_column *c = &r->columns[i];
		bool last = i + 1 == r->column_count;
		size_t to = last ? line.len : r->columns[i + 1].from;
		struct str cell = str_sub(line, c->from, to > c->from ? to - c->from : 0);

		if (last)
			buf_add_str(&r->text, cell);
		else
			record_field(r, str_sub(buf_str(&r->names), c->name, c->len),
				str_trim(cell), true);
	}
	r->begun = true;
}

static void line(struct records *r, struct str text)
{
	if (table_is_heading(text)) {
		end(r);
		read_heading(r, text);
	} else if (r->column_count && is_row(r, text)) {
		read_row(r, text);
	} else if (r->begun && r->text.len < RECORD_VALUE) {
		buf_add_char(&r->text, '\n');
		buf_add_str(&r->text, text);
	} else if (!r->begun && text.len) {
		record_pass(r, text);
	}
}

const struct record_kind records_table = {begins, line, NULL, end};
