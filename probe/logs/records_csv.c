/*
 * CSV (RFC 4180) as consoles and dashboards export logs: a heading of names, of which one must be a
 * time and one a text. Dots in a name are objects in objects.
 */
#include "records.h"

#include <ctype.h>

/* Columns by other names than those the reader knows. */
static const struct {
	const char *name, *rename;
	bool time, text;
} known[] = {
	{"timestamp", "timestamp", true, false},
	{"@timestamp", "timestamp", true, false},
	{"time", "timestamp", true, false},
	{"date", "timestamp", true, false},
	{"datetime", "timestamp", true, false},
	{"ts", "timestamp", true, false},
	{"textpayload", NULL, false, true},
	{"jsonpayload.message", NULL, false, true},
	{"message", "message", false, true},
	{"@message", "message", false, true},
	{"msg", "message", false, true},
	{"content", "message", false, true},
	{"line", "message", false, true},
	{"log", "message", false, true},
	{"body", "message", false, true},
	{"host", "hostname", false, false},
	{"@logstream", "instance_id", false, false},
	{"status", "level", false, false},
	{"level", "level", false, false},
	{"severity", "severity", false, false},
	{"service", "service", false, false},
};

static int known_find(struct str name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (str_is_nocase(name, known[i].name))
			return (int)i;
	return -1;
}

/* Takes one line apart; fields gather in `text`, where they end in `ends`. A field in quotes may go
 * on in the next line: `quoted` is left true. */
static void split(struct records *r, struct str line)
{
	size_t i = 0;

	while (i < line.len) {
		char c = line.ptr[i++];

		if (r->quoted && c == '"' && i < line.len && line.ptr[i] == '"') {
			buf_add_char(&r->text, '"');
			i++;
		} else if (c == '"' && (r->quoted || i == 1 || line.ptr[i - 2] == ',')) {
			r->quoted = !r->quoted;
		} else if (c == ',' && !r->quoted) {
			if (r->field_count < RECORD_COLUMNS)
				r->ends[r->field_count++] = r->text.len;
		} else {
			buf_add_char(&r->text, c);
		}
	}
	if (r->quoted)
		buf_add_char(&r->text, '\n');
	else if (r->field_count < RECORD_COLUMNS)
		r->ends[r->field_count++] = r->text.len;
}

static struct str field(const struct records *r, size_t i)
{
	size_t from = i ? r->ends[i - 1] : 0;

	return str_sub(buf_str(&r->text), from, r->ends[i] - from);
}

static void row_clear(struct records *r)
{
	buf_clear(&r->text);
	r->field_count = 0;
	r->quoted = false;
}

/* A heading has a time and a text among at least two short names. */
static bool begins(struct str head)
{
	bool time = false, text = false;
	struct str line, name;

	if (!str_line(&head, &line) || line.len > 4096 || str_find_char(line, ',') == SIZE_MAX)
		return false;
	for (struct str rest = line; rest.len; rest = str_from(rest, name.len + 1)) {
		name = str_sub(rest, 0, str_find_char(rest, ','));
		struct str bare =
			name.len > 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"'
				? str_sub(name, 1, name.len - 2)
				: name;
		int i = known_find(bare);

		if (bare.len == 0 || bare.len > 80)
			return false;
		time = time || (i >= 0 && known[i].time);
		text = text || (i >= 0 && known[i].text);
	}
	return time && text;
}

static void read_heading(struct records *r)
{
	for (size_t i = 0; i < r->field_count; i++) {
		struct record_column *c = &r->columns[r->column_count++];
		struct str name = field(r, i);
		int at = known_find(name);

		*c = (struct record_column){.name = r->names.len, .len = name.len};
		buf_add_str(&r->names, name);
		c->rename = at >= 0 ? known[at].rename : NULL;
	}
}

static void read_row(struct records *r)
{
	for (size_t i = 0; i < r->field_count && i < r->column_count; i++) {
		const struct record_column *c = &r->columns[i];
		struct str name = c->rename ? str_of(c->rename)
					    : str_sub(buf_str(&r->names), c->name, c->len);

		record_field(r, name, field(r, i), true);
	}
	record_done(r);
}

static void line(struct records *r, struct str text)
{
	if (!r->quoted && text.len == 0)
		return;
	split(r, text);
	if (r->quoted && !r->text.overflow)
		return;
	if (r->begun)
		read_row(r);
	else
		read_heading(r);
	r->begun = true;
	row_clear(r);
}

static void end(struct records *r)
{
	/* A quote that nothing closes: what there is of the row. */
	if (r->quoted && r->field_count < RECORD_COLUMNS)
		r->ends[r->field_count++] = r->text.len;
	if (r->begun && r->field_count)
		read_row(r);
	row_clear(r);
}

const struct record_kind records_csv = {begins, line, NULL, end};
