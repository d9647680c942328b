#include "probe/value.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "probe/json.h"

struct value value_null(void)
{
	return (struct value){.type = VALUE_NULL};
}

struct value value_boolean(bool b)
{
	return (struct value){.type = VALUE_BOOLEAN, .boolean = b};
}

struct value value_integer(int64_t i)
{
	return (struct value){.type = VALUE_INTEGER, .integer = i};
}

struct value value_number(double d)
{
	return (struct value){.type = VALUE_NUMBER, .number = d};
}

struct value value_string(struct str s)
{
	return (struct value){.type = VALUE_STRING, .string = s};
}

struct value value_text(const char *text)
{
	return value_string(str_of(text));
}

struct value value_array(void)
{
	return (struct value){.type = VALUE_ARRAY};
}

struct value value_object(void)
{
	return (struct value){.type = VALUE_OBJECT};
}

const struct value *value_find_str(const struct value *object, struct str key)
{
	if (!object || object->type != VALUE_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->object.count; i++)
		if (str_equal(object->object.members[i].key, key))
			return &object->object.members[i].value;
	return NULL;
}

const struct value *value_find(const struct value *object, const char *key)
{
	return value_find_str(object, str_of(key));
}

const struct value *value_path(const struct value *value, ...)
{
	va_list args;

	va_start(args, value);
	for (const char *key; value && (key = va_arg(args, const char *));)
		value = value_find(value, key);
	va_end(args);
	return value;
}

struct str value_str_or(const struct value *value, struct str otherwise)
{
	return value && value->type == VALUE_STRING ? value->string : otherwise;
}

bool value_is_number(const struct value *value)
{
	return value->type == VALUE_INTEGER || value->type == VALUE_NUMBER ||
	       value->type == VALUE_BIGNUM;
}

const char *value_type_name(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL: return "null";
	case VALUE_BOOLEAN: return "boolean";
	case VALUE_INTEGER: return "integer";
	case VALUE_NUMBER:
		return value->number == floor(value->number) &&
				       fabs(value->number) < 9007199254740992.0
			       ? "integer"
			       : "number";
	case VALUE_BIGNUM: return "number";
	case VALUE_STRING: return "string";
	case VALUE_ARRAY: return "array";
	case VALUE_OBJECT: return "object";
	}
	return "null";
}

double value_double(const struct value *value)
{
	if (value->type == VALUE_INTEGER)
		return (double)value->integer;
	if (value->type == VALUE_NUMBER)
		return value->number;
	char text[512];
	size_t len = value->string.len < sizeof(text) ? value->string.len : sizeof(text) - 1;

	memcpy(text, value->string.ptr, len);
	text[len] = '\0';
	double d = strtod(text, NULL);

	if (isinf(d))
		return d < 0 ? -DBL_MAX : DBL_MAX;
	return isnan(d) ? 0 : d;
}

/* An int64_t against a double without losing bits of either. */
static int order_mixed(int64_t i, double d)
{
	if (d >= 9223372036854775808.0)
		return -1;
	if (d < -9223372036854775808.0)
		return 1;
	int64_t whole = (int64_t)d;

	if (i != whole)
		return i < whole ? -1 : 1;
	double rest = d - (double)whole;

	return (rest < 0) - (rest > 0);
}

bool value_order(const struct value *a, const struct value *b, int *order)
{
	if (a->type == VALUE_STRING && b->type == VALUE_STRING) {
		*order = str_compare(a->string, b->string);
		return true;
	}
	if (!value_is_number(a) || !value_is_number(b))
		return false;
	if (a->type == VALUE_INTEGER && b->type == VALUE_INTEGER) {
		*order = (a->integer > b->integer) - (a->integer < b->integer);
	} else if (a->type == VALUE_INTEGER) {
		*order = order_mixed(a->integer, value_double(b));
	} else if (b->type == VALUE_INTEGER) {
		*order = -order_mixed(b->integer, value_double(a));
	} else if (a->type == VALUE_BIGNUM && b->type == VALUE_BIGNUM &&
		   str_equal(a->string, b->string)) {
		*order = 0;
	} else {
		double x = value_double(a), y = value_double(b);

		*order = (x > y) - (x < y);
		/* Equal only because both were clamped: they differ in text, so they differ. */
		if (*order == 0 && (a->type == VALUE_BIGNUM) != (b->type == VALUE_BIGNUM))
			*order = a->type == VALUE_BIGNUM ? 1 : -1;
	}
	return true;
}

static bool object_equal(const struct value *a, const struct value *b)
{
	if (a->object.count != b->object.count)
		return false;
	for (size_t i = 0; i < a->object.count; i++) {
		const struct value *other = value_find_str(b, a->object.members[i].key);

		if (!other || !value_equal(&a->object.members[i].value, other))
			return false;
	}
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	int order;

	if (value_is_number(a) && value_is_number(b)) {
		if (a->type == VALUE_BIGNUM && b->type == VALUE_BIGNUM)
			return str_equal(a->string, b->string);
		return value_order(a, b, &order) && order == 0;
	}
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_BOOLEAN: return a->boolean == b->boolean;
	case VALUE_STRING: return str_equal(a->string, b->string);
	case VALUE_ARRAY:
		if (a->array.count != b->array.count)
			return false;
		for (size_t i = 0; i < a->array.count; i++)
			if (!value_equal(&a->array.items[i], &b->array.items[i]))
				return false;
		return true;
	case VALUE_OBJECT: return object_equal(a, b);
	default: return true;
	}
}

/* Arrays grow by doubling from 4; the capacity is implied by the count, so that the struct stays
 * small. Whoever fills `items` or `members` by hand allocates value_capacity(count). */
size_t value_capacity(size_t count)
{
	size_t capacity = 4;

	while (capacity < count)
		capacity *= 2;
	return capacity;
}

static void *grow_implied(struct arena *arena, void *items, size_t count, size_t size)
{
	size_t capacity = count;

	if (count && (count < 4 || (count & (count - 1)) != 0))
		return items;
	if (count)
		return arena_grow(arena, items, count, &capacity, size);
	return arena_alloc_array(arena, 4, size);
}

void value_push(struct arena *arena, struct value *array, struct value item)
{
	array->array.items =
		grow_implied(arena, array->array.items, array->array.count, sizeof(item));
	array->array.items[array->array.count++] = item;
}

void value_set(struct arena *arena, struct value *object, struct str key, struct value item)
{
	struct value *known = (struct value *)value_find_str(object, key);

	if (known) {
		*known = item;
		return;
	}
	object->object.members = grow_implied(
		arena, object->object.members, object->object.count, sizeof(struct member));
	object->object.members[object->object.count++] = (struct member){key, item};
}

struct value value_copy(struct arena *arena, const struct value *value)
{
	struct value copy = *value;

	switch (value->type) {
	case VALUE_STRING:
	case VALUE_BIGNUM: copy.string = arena_str(arena, value->string); break;
	case VALUE_ARRAY:
		copy.array.items =
			ARENA_ARRAY(arena, value_capacity(value->array.count), struct value);
		for (size_t i = 0; i < value->array.count; i++)
			copy.array.items[i] = value_copy(arena, &value->array.items[i]);
		break;
	case VALUE_OBJECT:
		copy.object.members =
			ARENA_ARRAY(arena, value_capacity(value->object.count), struct member);
		for (size_t i = 0; i < value->object.count; i++) {
			const struct member *m = &value->object.members[i];

			copy.object.members[i].key = arena_str(arena, m->key);
			copy.object.members[i].value = value_copy(arena, &m->value);
		}
		break;
	default: break;
	}
	return copy;
}

bool value_print(struct buf *out, const struct value *value)
{
	if (value->type == VALUE_STRING)
		return buf_add_str(out, value->string);
	return json_print(out, value);
}

struct str value_to_str(struct arena *arena, const struct value *value)
{
	if (value->type == VALUE_STRING)
		return arena_str(arena, value->string);
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	value_print(&b, value);
	return arena_str(arena, buf_str(&b));
}
