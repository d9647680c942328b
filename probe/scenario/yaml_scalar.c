#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "yaml_private.h"

static bool any_of(struct str text, const char *const *words)
{
	for (; *words; words++)
		if (str_is(text, *words))
			return true;
	return false;
}

static size_t skip_digits(struct str text, size_t pos)
{
	while (pos < text.len && text.ptr[pos] >= '0' && text.ptr[pos] <= '9')
		pos++;
	return pos;
}

/* 0o17 and 0x1F; a text when it does not fit. */
static bool scalar_based(struct str text, struct value *out)
{
	bool octal = str_starts(text, "0o");
	char digits[32], *end;
	const char *allowed = octal ? "01234567" : "0123456789abcdefABCDEF";

	if ((!octal && !str_starts(text, "0x")) || text.len < 3 || text.len - 2 >= sizeof(digits))
		return false;
	memcpy(digits, text.ptr + 2, text.len - 2);
	digits[text.len - 2] = '\0';
	if (strspn(digits, allowed) != text.len - 2)
		return false;
	errno = 0;
	long long number = strtoll(digits, &end, octal ? 8 : 16);

	if (errno || *end)
		return false;
	*out = value_integer(number);
	return true;
}

/* Whether the text is a number of the core schema: [-+]? ( . digits | digits ( . digits? )? )
 * ( [eE] [-+]? digits )? */
static bool scalar_is_number(struct str text, bool *whole)
{
	size_t pos = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+'), start = pos;
	size_t digits = (pos = skip_digits(text, pos)) - start;

	*whole = true;
	if (pos < text.len && text.ptr[pos] == '.') {
		size_t from = ++pos;

		*whole = false;
		pos = skip_digits(text, pos);
		digits += pos - from;
	}
	if (!digits)
		return false;
	if (pos < text.len && (text.ptr[pos] == 'e' || text.ptr[pos] == 'E')) {
		pos++;
		if (pos < text.len && (text.ptr[pos] == '-' || text.ptr[pos] == '+'))
			pos++;
		size_t from = pos;

		*whole = false;
		pos = skip_digits(text, pos);
		if (pos == from)
			return false;
	}
	return pos == text.len;
}

/* A number beyond int64_t and double, kept as text; only when JSON would write it so too. */
static struct value scalar_huge(struct str text)
{
	size_t first = text.len && text.ptr[0] == '-';
	size_t point = str_find_char(text, '.');
	bool digit = first < text.len && text.ptr[first] >= '0' && text.ptr[first] <= '9';
	bool zero = digit && text.ptr[first] == '0' && skip_digits(text, first) > first + 1;
	bool open = point != SIZE_MAX && skip_digits(text, point + 1) == point + 1;

	if (!digit || zero || open)
		return value_string(text);
	return (struct value){.type = VALUE_BIGNUM, .string = text};
}

static struct value scalar_number(struct str text, bool whole)
{
	struct str digits = text.ptr[0] == '+' ? str_from(text, 1) : text;
	int64_t integer;
	char copy[400];

	if (whole && str_int(digits, &integer))
		return value_integer(integer);
	if (whole || text.len >= sizeof(copy))
		return scalar_huge(text);
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	double number = strtod(copy, NULL);

	return isfinite(number) ? value_number(number) : scalar_huge(text);
}

struct value yaml_scalar(struct str text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const yes[] = {"true", "True", "TRUE", NULL};
	static const char *const no[] = {"false", "False", "FALSE", NULL};
	struct value value;
	bool whole;

	if (any_of(text, nulls))
		return value_null();
	if (any_of(text, yes))
		return value_boolean(true);
	if (any_of(text, no))
		return value_boolean(false);
	if (scalar_based(text, &value))
		return value;
	if (scalar_is_number(text, &whole))
		return scalar_number(text, whole);
	return value_string(text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Adds one line of a scalar in single quotes. */
static void add_quoted_line(struct buf *out, struct str line)
{
	for (size_t i = 0; i < line.len; i++) {
		buf_add_char(out, line.ptr[i]);
		if (line.ptr[i] == '\'')
			i++;
	}
}

/* A line without the blanks that folding drops: before a break, and at the start of a further line. */
static struct str fold_line(struct str line, bool first, bool last)
{
	while (!last && line.len &&
		(is_blank(line.ptr[line.len - 1]) || line.ptr[line.len - 1] == '\r'))
		line.len--;
	while (!first && line.len && is_blank(line.ptr[0]))
		line = str_from(line, 1);
	return line;
}

/* One break is a blank; each empty line after it is a break. */
static void add_break(struct buf *out, size_t empty)
{
	if (!empty)
		buf_add_char(out, ' ');
	for (; empty; empty--)
		buf_add_char(out, '\n');
}

struct str yaml_single_quoted(struct arena *arena, struct str raw)
{
	BUF_SCOPED struct buf out;
	size_t empty = 0, end;

	buf_init(&out, raw.len + 1);
	for (bool first = true, last = false; !last; first = false) {
		end = str_find_char(raw, '\n');
		last = end == SIZE_MAX;
		struct str line = fold_line(str_sub(raw, 0, end), first, last);

		raw = last ? STR("") : str_from(raw, end + 1);
		if (!line.len && !first && !last) {
			empty++;
			continue;
		}
		if (!first)
			add_break(&out, empty);
		empty = 0;
		add_quoted_line(&out, line);
	}
	return arena_str(arena, buf_str(&out));
}
