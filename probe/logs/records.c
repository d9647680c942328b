/* Recognises documents whose entries are not lines and feeds them to their kind line by line. */
#include "records.h"

#include <stdlib.h>

#include "probe/error.h"
#include "probe/json.h"

static const struct record_kind *const kinds[] = {
	&records_yaml, &records_journal, &records_table, &records_csv};

struct records *records_new(void (*put)(void *ctx, const char *bytes, size_t len), void *ctx)
{
	struct records *r = calloc(1, sizeof(*r));

	if (!r)
		die("out of memory for %zu bytes", sizeof(*r));
	r->put = put;
	r->ctx = ctx;
	buf_init(&r->line, LOG_LINE_MAX);
	buf_init(&r->out, LOG_LINE_MAX);
	buf_init(&r->text, LOG_LINE_MAX);
	buf_init(&r->names, 64 << 10);
	return r;
}

void records_free(struct records *r)
{
	if (!r)
		return;
	buf_release(&r->line);
	buf_release(&r->out);
	buf_release(&r->text);
	buf_release(&r->names);
	free(r);
}

void record_pass(struct records *r, struct str text)
{
	r->put(r->ctx, text.ptr, text.len);
	r->put(r->ctx, "\n", 1);
}

void record_field(struct records *r, struct str name, struct str value, bool nested)
{
	size_t depth = 0, dot;

	value.len = value.len < RECORD_VALUE ? value.len : RECORD_VALUE;
	/* Escapes make a byte six; what does not fit any more is left out. */
	if (value.len == 0 || r->out.len + (value.len + name.len) * 6 + 512 > r->out.max)
		return;
	buf_add_char(&r->out, r->out.len ? ',' : '{');
	while (nested && depth < 8 && (dot = str_find_char(name, '.')) != SIZE_MAX) {
		json_print_str(&r->out, str_sub(name, 0, dot));
		buf_add_text(&r->out, ":{");
		name = str_from(name, dot + 1);
		depth++;
	}
	json_print_str(&r->out, name);
	buf_add_char(&r->out, ':');
	json_print_str(&r->out, value);
	while (depth-- > 0)
		buf_add_char(&r->out, '}');
}

void record_done(struct records *r)
{
	if (r->out.len) {
		buf_add_text(&r->out, "}\n");
		r->put(r->ctx, r->out.data, r->out.len);
	}
	buf_clear(&r->out);
}

static void end_line(struct records *r)
{
	struct str line = buf_str(&r->line);

	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	r->kind->line(r, line);
	buf_clear(&r->line);
}

/* Bytes of a field that is no text line; how many were taken. */
static size_t take_raw(struct records *r, const char *bytes, size_t len)
{
	size_t part = r->raw < len ? (size_t)r->raw : len, room = RECORD_VALUE - r->text.len;

	buf_add(&r->text, bytes, part < room ? part : room);
	r->raw -= part;
	if (r->raw == 0)
		r->kind->raw(r);
	return part;
}

static void feed_kind(struct records *r, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t part;

		if (r->raw) {
			part = take_raw(r, bytes, len);
		} else {
			const char *newline = memchr(bytes, '\n', len);

			part = newline ? (size_t)(newline - bytes) + 1 : len;
			/* What is longer than a line may be is cut. */
			buf_add(&r->line, bytes, part - (newline != NULL));
			if (newline)
				end_line(r);
		}
		bytes += part;
		len -= part;
	}
}

static const struct record_kind *kind_of(struct str head)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i]->begins(head))
			return kinds[i];
	return NULL;
}

/* Two lines that are not blank, or as much of the beginning as is looked at. */
static bool is_enough(struct str head)
{
	struct str rest = head, line;
	size_t lines = 0;

	if (head.len >= RECORDS_HEAD)
		return true;
	while (str_line(&rest, &line) && rest.len)
		lines += str_trim(line).len > 0;
	return lines >= 2;
}

/* Decides with the head; false: it is passed on and nothing is rewritten. */
static bool decide(struct records *r)
{
	struct buf head = r->line;

	r->kind = kind_of(buf_str(&head));
	buf_init(&r->line, LOG_LINE_MAX);
	if (r->kind)
		feed_kind(r, head.data, head.len);
	else
		r->put(r->ctx, head.data, head.len);
	buf_release(&head);
	return r->kind != NULL;
}

bool records_feed(struct records *r, const char *bytes, size_t len)
{
	if (!r->kind) {
		size_t part = RECORDS_HEAD - r->line.len;

		if (part > len)
			part = len;
		buf_add(&r->line, bytes, part);
		bytes += part;
		len -= part;
		if (!is_enough(buf_str(&r->line)))
			return true;
		if (!decide(r)) {
			r->put(r->ctx, bytes, len);
			return false;
		}
	}
	feed_kind(r, bytes, len);
	return true;
}

void records_end(struct records *r)
{
	if (!r->kind && !decide(r))
		return;
	if (r->line.len)
		end_line(r);
	r->kind->end(r);
}
