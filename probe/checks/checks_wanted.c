/*
 * What is wanted, in the form that is compared, and both sides as people read them. Durations are
 * nanoseconds, sizes bytes, a status may be a class or a range.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "checks_private.h"
#include "probe/clock.h"
#include "probe/json.h"

enum { SHOWN_MAX = 200 };

/* "2xx", "200-299", "200" as the statuses from..to. */
static bool status_range(struct str text, int64_t *from, int64_t *to)
{
	if (text.len == 3 && text.ptr[0] >= '1' && text.ptr[0] <= '9' &&
		str_is_nocase(str_from(text, 1), "xx")) {
		*from = (text.ptr[0] - '0') * 100;
		*to = *from + 99;
		return true;
	}
	size_t dash = str_find_char(text, '-');

	if (dash == SIZE_MAX) {
		if (!str_int(text, from))
			return false;
		*to = *from;
	} else if (!str_int(str_trim(str_sub(text, 0, dash)), from) ||
		   !str_int(str_trim(str_from(text, dash + 1)), to)) {
		return false;
	}
	return *from >= 0 && *to <= 999 && *from <= *to;
}

static const char *scale_status(struct arena *arena, struct value *v, bool ranges)
{
	int64_t from, to;

	if (v->type == VALUE_INTEGER)
		return v->integer >= 0 && v->integer <= 999 ? NULL : "a status is 0 to 999";
	if (v->type != VALUE_STRING || !status_range(v->string, &from, &to))
		return arena_printf(arena, "%s is no status: write 200, 2xx, 200-299 or a list",
			value_show(arena, SCALE_NONE, v));
	if (from != to)
		return ranges ? NULL : "a range cannot be ordered: write one status";
	*v = value_integer(from);
	return NULL;
}

static const char *scale_duration(struct arena *arena, struct value *v)
{
	struct error err;
	int64_t ns;

	if (duration_parse(value_to_str(arena, v), &ns, &err))
		return arena_strdup(arena, err.text);
	*v = value_integer(ns);
	return NULL;
}

static const char *scale_size(struct arena *arena, struct value *v)
{
	struct error err;
	uint64_t bytes;

	if (size_parse(value_to_str(arena, v), &bytes, &err))
		return arena_strdup(arena, err.text);
	*v = value_integer(bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes);
	return NULL;
}

static const char *scale_one(struct arena *arena, enum scale scale, struct value *v, bool ranges)
{
	if (v->type == VALUE_NULL)
		return NULL;
	switch (scale) {
	case SCALE_STATUS: return scale_status(arena, v, ranges);
	case SCALE_DURATION: return scale_duration(arena, v);
	case SCALE_SIZE: return scale_size(arena, v);
	default: return NULL;
	}
}

/* A copy, since the items may be those of a variable. */
static const char *scale_list(struct arena *arena, enum scale scale, struct value *v, bool ranges)
{
	const char *problem = NULL;
	struct value copy = value_array();

	for (size_t i = 0; i < v->array.count && !problem; i++) {
		struct value item = v->array.items[i];

		problem = scale_one(arena, scale, &item, ranges);
		value_push(arena, &copy, item);
	}
	*v = copy;
	return problem;
}

static const char *want_pair(struct arena *arena, enum scale scale, struct value *v)
{
	int order;

	if (v->type != VALUE_ARRAY || v->array.count != 2)
		return "'between' wants a list of two: [LOW, HIGH]";
	const char *problem = scale_list(arena, scale, v, false);

	if (problem)
		return problem;
	if (!value_order(&v->array.items[0], &v->array.items[1], &order))
		return "'between' wants two numbers or two texts";
	return order > 0 ? "'between' wants the lower one first" : NULL;
}

static const char *want_type(struct arena *arena, const struct value *v)
{
	static const char *const types[] = {
		"string", "number", "integer", "boolean", "null", "array", "object", NULL};
	/* YAML reads the bare word null as nothing. */
	struct str name = v->type == VALUE_NULL ? STR("null") : value_str_or(v, STR(""));

	for (size_t i = 0; types[i]; i++)
		if (str_is(name, types[i]))
			return NULL;
	const char *near = diag_suggest(name, types);

	return arena_printf(arena,
		"%s is no type (string number integer boolean null array object)%s%s%s",
		value_show(arena, SCALE_NONE, v), near ? ", did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

static bool is_container(const struct value *v)
{
	return v->type == VALUE_ARRAY || v->type == VALUE_OBJECT;
}

static const char *want_text(struct arena *arena, struct value *v, const char *op)
{
	if (is_container(v) || v->type == VALUE_NULL)
		return arena_printf(arena, "'%s' wants a text", op);
	*v = value_string(value_to_str(arena, v));
	return NULL;
}

static const char *want_ordered(
	struct arena *arena, enum scale scale, struct value *v, const char *op)
{
	const char *problem = NULL;

	if (v->type == VALUE_STRING || value_is_number(v))
		problem = scale_one(arena, scale, v, false);
	else
		problem = arena_printf(arena, "'%s' wants a number", op);
	return problem;
}

const char *wanted_convert(struct arena *arena, enum wanted_shape shape, enum scale scale,
	struct value *v, const char *op)
{
	switch (shape) {
	case WANT_VALUE:
		/* Only a list of values is compared item by item with a unit. */
		if (v->type == VALUE_ARRAY)
			return scale_list(arena, scale, v, true);
		return scale_one(arena, scale, v, true);
	case WANT_LIST:
		if (v->type != VALUE_ARRAY)
			return arena_printf(arena, "'%s' wants a list: [a, b]", op);
		return scale_list(arena, scale, v, true);
	case WANT_PAIR: return want_pair(arena, scale, v);
	case WANT_ORDERED: return want_ordered(arena, scale, v, op);
	case WANT_BOOLEAN:
		if (v->type == VALUE_BOOLEAN)
			return NULL;
		return arena_printf(arena, "'%s' wants true or false", op);
	case WANT_TEXT:
	case WANT_PATTERN: return want_text(arena, v, op);
	case WANT_TYPE: return want_type(arena, v);
	case WANT_MATCHERS: break;
	}
	return NULL;
}

/* A text that is a number, all of it. */
static bool text_number(const struct value *v, struct value *out)
{
	char text[64], *end;
	int64_t integer;

	if (v->type != VALUE_STRING || !v->string.len || v->string.len >= sizeof(text))
		return false;
	if (str_int(v->string, &integer)) {
		*out = value_integer(integer);
		return true;
	}
	memcpy(text, v->string.ptr, v->string.len);
	text[v->string.len] = '\0';
	if (strspn(text, "0123456789+-.eE") != v->string.len)
		return false;
	*out = value_number(strtod(text, &end));
	return end == text + v->string.len;
}

bool wanted_equal(enum scale scale, const struct value *actual, const struct value *wanted)
{
	int64_t from, to;

	if (scale == SCALE_STATUS && actual->type == VALUE_INTEGER && wanted->type == VALUE_STRING)
		return status_range(wanted->string, &from, &to) && actual->integer >= from &&
		       actual->integer <= to;
	if (scale == SCALE_TEXT && actual->type == VALUE_STRING && !is_container(wanted) &&
		wanted->type != VALUE_STRING && wanted->type != VALUE_NULL) {
		struct value number;
		BUF_SCOPED struct buf text;

		buf_init(&text, 4096);
		value_print(&text, wanted);
		return str_equal(actual->string, buf_str(&text)) ||
		       (text_number(actual, &number) && value_equal(&number, wanted));
	}
	return value_equal(actual, wanted);
}

bool wanted_order(const struct value *actual, const struct value *wanted, int *order)
{
	struct value number;

	if (value_order(actual, wanted, order))
		return true;
	/* Headers, banners and output of programs are texts. */
	return value_is_number(wanted) && text_number(actual, &number) &&
	       value_order(&number, wanted, order);
}

static const char *show_size(struct arena *arena, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double scaled = (double)bytes;
	size_t unit = 0;

	for (; scaled >= 1024 && unit < 4; unit++)
		scaled /= 1024;
	char *text = arena_printf(arena, "%.1f", scaled);

	if (str_ends(str_of(text), ".0"))
		text[strlen(text) - 2] = '\0';
	return arena_printf(arena, "%s%s", text, units[unit]);
}

struct value value_record(struct arena *arena, enum scale scale, const struct value *v)
{
	char text[32];

	if (v->type == VALUE_ARRAY && (scale == SCALE_DURATION || scale == SCALE_SIZE)) {
		struct value list = value_array();

		for (size_t i = 0; i < v->array.count; i++)
			value_push(arena, &list, value_record(arena, scale, &v->array.items[i]));
		return list;
	}
	if (v->type != VALUE_INTEGER || (scale != SCALE_DURATION && scale != SCALE_SIZE))
		return *v;
	if (scale == SCALE_SIZE)
		return value_text(show_size(arena, v->integer));
	duration_print(v->integer, text);
	return value_text(arena_strdup(arena, text));
}

const char *value_show(struct arena *arena, enum scale scale, const struct value *v)
{
	BUF_SCOPED struct buf text;
	struct value shown = value_record(arena, scale, v);
	bool bare = shown.type == VALUE_STRING && scale >= SCALE_DURATION;

	/* Room for escapes of what is shown; a long list need not be printed whole. */
	buf_init(&text, 8 * SHOWN_MAX);
	if (bare)
		buf_add_str(&text, shown.string);
	else if (shown.type == VALUE_STRING)
		json_print_str(&text, str_sub(shown.string, 0, 4 * SHOWN_MAX));
	else if (shown.type == VALUE_ARRAY && scale >= SCALE_DURATION) {
		for (size_t i = 0; i < shown.array.count; i++)
			buf_printf(&text, "%s%s", i ? ", " : "",
				value_show(arena, scale, &shown.array.items[i]));
	} else {
		json_print(&text, &shown);
	}
	struct str all = buf_str(&text);
	size_t pos = 0;

	for (size_t i = 0; i < SHOWN_MAX && pos < all.len; i++)
		utf8_next(all, &pos);
	return arena_printf(arena, "%.*s%s", (int)pos, all.ptr, pos < all.len ? "..." : "");
}
