#include "probe/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <math.h>

/* Bytes at the start that stand for themselves; most texts are that altogether. */
static size_t plain_len(struct str s)
{
	size_t len = 0;

	while (len < s.len && s.ptr[len] >= ' ' && s.ptr[len] != '"' && s.ptr[len] != '\\' &&
		(unsigned char)s.ptr[len] < 0x7F)
		len++;
	return len;
}

bool json_print_str(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789abcdef";

	buf_add_char(out, '"');
	for (size_t pos = 0; pos < s.len;) {
		size_t plain = plain_len(str_from(s, pos)), start = pos += plain;

		if (plain)
			buf_add(out, s.ptr + pos - plain, plain);
		if (pos == s.len)
			break;
		uint32_t code = utf8_next(s, &pos);

		switch (code) {
		case '"': buf_add(out, "\\\"", 2); break;
		case '\\': buf_add(out, "\\\\", 2); break;
		case '\n': buf_add(out, "\\n", 2); break;
		case '\r': buf_add(out, "\\r", 2); break;
		case '\t': buf_add(out, "\\t", 2); break;
		default:
			/* C0, DEL and C1 could act on a terminal that shows the document. */
			if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) {
				char escaped[6] = {
					'\\', 'u', '0', '0', hex[code >> 4], hex[code & 15]};

				buf_add(out, escaped, 6);
			} else if (code == 0xFFFD) {
				buf_add(out, "\xEF\xBF\xBD", 3);
			} else {
				buf_add(out, s.ptr + start, pos - start);
			}
		}
	}
	return buf_add_char(out, '"');
}

static void print_double(struct buf *out, double d)
{
	char text[40];

	/* The shortest form that reads back as the same double. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	buf_add_text(out, text);
}

bool json_print(struct buf *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL: return buf_add_text(out, "null");
	case VALUE_BOOLEAN: return buf_add_text(out, value->boolean ? "true" : "false");
	case VALUE_INTEGER: return buf_printf(out, "%" PRId64, value->integer);
	case VALUE_NUMBER:
		if (isfinite(value->number))
			print_double(out, value->number);
		else
			buf_add_text(out, "null");
		return !out->overflow;
	case VALUE_BIGNUM: return buf_add_str(out, value->string);
	case VALUE_STRING: return json_print_str(out, value->string);
	case VALUE_ARRAY:
		buf_add_char(out, '[');
		for (size_t i = 0; i < value->array.count && !out->overflow; i++) {
			if (i)
				buf_add_char(out, ',');
			json_print(out, &value->array.items[i]);
		}
		return buf_add_char(out, ']');
	case VALUE_OBJECT:
		buf_add_char(out, '{');
		for (size_t i = 0; i < value->object.count && !out->overflow; i++) {
			if (i)
				buf_add_char(out, ',');
			json_print_str(out, value->object.members[i].key);
			buf_add_char(out, ':');
			json_print(out, &value->object.members[i].value);
		}
		return buf_add_char(out, '}');
	}
	return false;
}

/* The stream is this thread's alone, so that nothing has to be locked for each character. */

void json_writer_init(struct json_writer *w, FILE *out)
{
	*w = (struct json_writer){.out = out};
}

static void write_str(struct json_writer *w, struct str s)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	if (plain_len(s) == s.len) {
		putc_unlocked('"', w->out);
		fwrite_unlocked(s.ptr, 1, s.len, w->out);
		putc_unlocked('"', w->out);
		return;
	}
	json_print_str(&b, s);
	fwrite_unlocked(b.data, 1, b.len, w->out);
}

static void write_key(struct json_writer *w, const char *key)
{
	if (w->depth) {
		if (w->more[w->depth - 1])
			putc_unlocked(',', w->out);
		w->more[w->depth - 1] = true;
	}
	if (key) {
		write_str(w, str_of(key));
		putc_unlocked(':', w->out);
	}
}

void json_begin(struct json_writer *w, const char *key, char open)
{
	write_key(w, key);
	if (w->depth == JSON_WRITER_DEPTH)
		die("json_begin: nested deeper than %d", JSON_WRITER_DEPTH);
	w->closers[w->depth] = open == '{' ? '}' : ']';
	w->more[w->depth++] = false;
	putc_unlocked(open, w->out);
}

void json_end(struct json_writer *w)
{
	if (!w->depth)
		die("json_end without json_begin");
	putc_unlocked(w->closers[--w->depth], w->out);
}

void json_str(struct json_writer *w, const char *key, struct str s)
{
	write_key(w, key);
	write_str(w, s);
}

void json_text(struct json_writer *w, const char *key, const char *text)
{
	if (text)
		json_str(w, key, str_of(text));
	else
		json_null(w, key);
}

void json_int(struct json_writer *w, const char *key, int64_t i)
{
	write_key(w, key);
	fprintf(w->out, "%" PRId64, i);
}

void json_num(struct json_writer *w, const char *key, double d, int digits)
{
	char text[400];

	if (!isfinite(d)) {
		json_null(w, key);
		return;
	}
	write_key(w, key);
	int len = snprintf(text, sizeof(text), "%.*f", digits, d);

	if (digits > 0) {
		while (len > 1 && text[len - 1] == '0')
			len--;
		if (text[len - 1] == '.')
			len--;
	}
	fwrite_unlocked(text, 1, (size_t)len, w->out);
}

void json_bool(struct json_writer *w, const char *key, bool b)
{
	write_key(w, key);
	fputs_unlocked(b ? "true" : "false", w->out);
}

void json_null(struct json_writer *w, const char *key)
{
	write_key(w, key);
	fputs_unlocked("null", w->out);
}

void json_value(struct json_writer *w, const char *key, const struct value *value)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	json_print(&b, value);
	write_key(w, key);
	fwrite_unlocked(b.data, 1, b.len, w->out);
}
