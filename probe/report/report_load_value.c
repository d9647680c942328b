/* Typed members of a document that is read back. */
#include "report_load.h"

#include <math.h>
#include <string.h>

size_t load_enter(struct loader *l, const char *key, size_t index)
{
	size_t mark = strlen(l->path), room = sizeof(l->path) - mark;

	if (index == LOAD_NO_INDEX)
		snprintf(l->path + mark, room, "%s%s", mark ? "." : "", key);
	else
		snprintf(l->path + mark, room, "%s%s[%zu]", mark ? "." : "", key, index);
	return mark;
}

void load_leave(struct loader *l, size_t mark)
{
	l->path[mark] = '\0';
}

void load_fail(struct loader *l, const char *key, const char *what)
{
	if (!l->failed)
		error_set(&l->err, "%s%s%s: %s", l->path, *l->path && *key ? "." : "", key, what);
	l->failed = true;
}

/* The member when it has the wanted type; else NULL, and the mistake is remembered. */
static const struct value *member(struct loader *l, const struct value *object, const char *key,
	enum value_type type, bool may_be_null, const char *wanted)
{
	const struct value *v = value_find(object, key);

	if (v && v->type == type)
		return v;
	if (v && v->type == VALUE_NULL && may_be_null)
		return NULL;
	load_fail(l, key, wanted);
	return NULL;
}

const struct value *load_object(struct loader *l, const struct value *object, const char *key)
{
	return member(l, object, key, VALUE_OBJECT, false, "must be an object");
}

const struct value *load_list(
	struct loader *l, const struct value *object, const char *key, size_t *count)
{
	const struct value *v = member(l, object, key, VALUE_ARRAY, false, "must be a list");

	*count = v ? v->array.count : 0;
	return v ? v->array.items : NULL;
}

const char *load_text(struct loader *l, const struct value *object, const char *key)
{
	const struct value *v = member(l, object, key, VALUE_STRING, false, "must be a text");

	return v ? arena_str(l->arena, v->string).ptr : "";
}

const char *load_text_or_null(struct loader *l, const struct value *object, const char *key)
{
	const struct value *v =
		member(l, object, key, VALUE_STRING, true, "must be a text or null");

	return v ? arena_str(l->arena, v->string).ptr : NULL;
}

bool load_boolean(struct loader *l, const struct value *object, const char *key)
{
	const struct value *v =
		member(l, object, key, VALUE_BOOLEAN, false, "must be true or false");

	return v && v->boolean;
}

int64_t load_integer(struct loader *l, const struct value *object, const char *key, int64_t least)
{
	const struct value *v = member(l, object, key, VALUE_INTEGER, false, "must be an integer");

	if (v && v->integer < least)
		load_fail(l, key, "is too small");
	return v && v->integer >= least ? v->integer : least;
}

int64_t load_integer_or(struct loader *l, const struct value *object, const char *key, int64_t none)
{
	const struct value *v =
		member(l, object, key, VALUE_INTEGER, true, "must be an integer or null");

	if (v && v->integer < 0)
		load_fail(l, key, "is too small");
	return v && v->integer >= 0 ? v->integer : none;
}

double load_number(struct loader *l, const struct value *object, const char *key)
{
	const struct value *v = value_find(object, key);

	if (v && (v->type == VALUE_INTEGER || v->type == VALUE_NUMBER))
		return value_double(v);
	load_fail(l, key, "must be a number");
	return 0;
}

int64_t load_ms(struct loader *l, const struct value *object, const char *key)
{
	const struct value *v = value_find(object, key);

	if (v && v->type == VALUE_NULL)
		return TIME_NONE;
	double ms = load_number(l, object, key);

	/* A century, far from where nanoseconds would overflow. */
	if (ms < 0 || ms > 3.2e12) {
		load_fail(l, key, "is no duration");
		return 0;
	}
	return (int64_t)llround(ms * NS_PER_MS);
}

int64_t load_moment(struct loader *l, const struct value *object, const char *key)
{
	const struct value *v =
		member(l, object, key, VALUE_STRING, true, "must be a moment or null");
	int64_t wall;

	if (!v)
		return TIME_NONE;
	if (time_parse(v->string, &wall))
		return wall;
	load_fail(l, key, "is no moment (RFC 3339)");
	return TIME_NONE;
}

struct strs load_strs(struct loader *l, const struct value *object, const char *key)
{
	struct strs strs;
	const struct value *items = load_list(l, object, key, &strs.count);

	strs.items = ARENA_ARRAY(l->arena, strs.count, struct str);
	for (size_t i = 0; i < strs.count; i++) {
		if (items[i].type == VALUE_STRING)
			strs.items[i] = arena_str(l->arena, items[i].string);
		else
			load_fail(l, key, "must be a list of texts");
	}
	return strs;
}

struct texts load_texts(struct loader *l, const struct value *object, const char *key)
{
	struct strs strs = load_strs(l, object, key);
	struct texts texts = {ARENA_ARRAY(l->arena, strs.count, const char *), strs.count};

	for (size_t i = 0; i < strs.count; i++)
		texts.items[i] = strs.items[i].ptr ? strs.items[i].ptr : "";
	return texts;
}
