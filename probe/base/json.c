#include "probe/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "json_private.h"

/*
 * cJSON keeps numbers as doubles only. The tree comes in the order of the text, so a cursor that
 * steps from number to number gives each its source text, which keeps 64-bit ids exact.
 */
struct cursor {
	const char *at, *end; /* the text need not be ended by a NUL */
};

static struct str next_number(struct cursor *cursor)
{
	const char *p = cursor->at;

	for (;; p++) {
		if (*p == '"') {
			for (p++; *p != '"'; p++)
				if (*p == '\\')
					p++;
		} else if (*p == '-' || (*p >= '0' && *p <= '9')) {
			break;
		}
	}
	const char *start = p;

	while (p < cursor->end && (*p == '-' || *p == '+' || *p == '.' || (*p | 32) == 'e' ||
					  (*p >= '0' && *p <= '9')))
		p++;
	cursor->at = p;
	return (struct str){start, (size_t)(p - start)};
}

static struct value number_value(struct arena *arena, struct str text, double parsed)
{
	int64_t integer;

	if (str_int(text, &integer) && !str_is(text, "-0"))
		return value_integer(integer);
	bool integral = str_find_char(text, '.') == SIZE_MAX &&
			str_find_char(text, 'e') == SIZE_MAX &&
			str_find_char(text, 'E') == SIZE_MAX;

	if (isinf(parsed) || integral)
		return (struct value){.type = VALUE_BIGNUM, .string = arena_str(arena, text)};
	return value_number(parsed);
}

struct keyed {
	struct str key;
	size_t index;
};

static int keyed_order(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = str_compare(x->key, y->key);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Drops all but the last of members with the same key; n log n, whatever a backend sends. */
static void object_unique(struct value *object)
{
	size_t count = object->object.count, kept = 0;
	struct member *members = object->object.members;

	if (count < 2)
		return;
	struct keyed *sorted = malloc(count * sizeof(*sorted));

	if (!sorted)
		die("out of memory: %zu bytes", count * sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct keyed){members[i].key, i};
	qsort(sorted, count, sizeof(*sorted), keyed_order);
	for (size_t i = 0; i + 1 < count; i++)
		if (str_equal(sorted[i].key, sorted[i + 1].key))
			members[sorted[i].index].key.ptr = NULL;
	free(sorted);
	for (size_t i = 0; i < count; i++)
		if (members[i].key.ptr)
			members[kept++] = members[i];
	object->object.count = kept;
}

static struct value convert(struct arena *arena, const cJSON *item, struct cursor *cursor)
{
	struct value value = value_null();

	if (cJSON_IsBool(item)) {
		value = value_boolean(cJSON_IsTrue(item));
	} else if (cJSON_IsNumber(item)) {
		value = number_value(arena, next_number(cursor), item->valuedouble);
	} else if (cJSON_IsString(item)) {
		value = value_string(arena_str(arena, str_of(item->valuestring)));
	} else if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
		size_t count = 0, i = 0;

		for (const cJSON *child = item->child; child; child = child->next)
			count++;
		if (cJSON_IsArray(item)) {
			value = value_array();
			value.array.items = ARENA_ARRAY(arena, value_capacity(count), struct value);
			value.array.count = count;
			for (const cJSON *child = item->child; child; child = child->next)
				value.array.items[i++] = convert(arena, child, cursor);
			return value;
		}
		value = value_object();
		value.object.members = ARENA_ARRAY(arena, value_capacity(count), struct member);
		value.object.count = count;
		for (const cJSON *child = item->child; child; child = child->next, i++) {
			value.object.members[i].key = arena_str(arena, str_of(child->string));
			value.object.members[i].value = convert(arena, child, cursor);
		}
		object_unique(&value);
	}
	return value;
}

/* cJSON ends strings at NUL: an escaped one becomes U+FFFD rather than cutting the text. */
static struct str without_nul(struct arena *arena, struct str text)
{
	struct str copy = arena_str(arena, text);
	char *p = (char *)copy.ptr, *end = p + copy.len;

	for (; p + 6 <= end; p++) {
		if (*p != '\\')
			continue;
		if (memcmp(p, "\\u0000", 6) == 0)
			memcpy(p, "\\ufffd", 6);
		p++;
	}
	return copy;
}

int json_parse(
	struct arena *arena, struct str text, unsigned depth, struct value *out, struct error *err)
{
	struct json_facts facts;
	size_t offset;

	if (str_starts(text, "\xEF\xBB\xBF"))
		text = str_from(text, 3);
	int failed = json_inspect(text, depth, &facts, &offset, err);

	if (failed)
		return failed;
	if (facts.has_nul)
		text = without_nul(arena, text);
	cJSON *tree = cJSON_ParseWithLength(text.ptr, text.len);

	if (!tree)
		return error_set(err, "not valid JSON near byte %zu",
			(size_t)(cJSON_GetErrorPtr() ? cJSON_GetErrorPtr() - text.ptr : 0) + 1);
	struct cursor cursor = {text.ptr, text.ptr + text.len};

	*out = convert(arena, tree, &cursor);
	cJSON_Delete(tree);
	return 0;
}
