/* The matchers that look at one value. */
#include "checks_private.h"

static bool equals(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)m;
	if (s->several && s->nodes.count == 1 && wanted->type == VALUE_ARRAY &&
		s->value.type != VALUE_ARRAY) {
		/* One was selected where there might have been more: a list of one. */
		struct value item = s->value;

		return wanted->array.count == 1 &&
		       wanted_equal(j->scale, &item, &wanted->array.items[0]);
	}
	/* A list of statuses (or of durations) is a choice; no such fact is a list itself. */
	if (j->scale >= SCALE_DURATION && wanted->type == VALUE_ARRAY)
		return op_in.holds(j, m, wanted, s);
	return wanted_equal(j->scale, &s->value, wanted);
}

static bool in(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)m;
	for (size_t i = 0; i < wanted->array.count; i++)
		if (wanted_equal(j->scale, &s->value, &wanted->array.items[i]))
			return true;
	return false;
}

/* Numbers and booleans as their text; lists and maps have none. */
static bool text_of(struct judge *j, const struct subject *s, struct str *text)
{
	if (s->value.type == VALUE_ARRAY || s->value.type == VALUE_OBJECT) {
		j->problem = arena_printf(j->fill->arena, "saw %s %s, which is no text",
			s->value.type == VALUE_ARRAY ? "the list" : "the map",
			value_show(j->fill->arena, j->scale, &s->value));
		return false;
	}
	*text = value_to_str(j->fill->arena, &s->value);
	return true;
}

static bool contains(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	struct str text;

	(void)m;
	if (s->value.type == VALUE_ARRAY) {
		for (size_t i = 0; i < s->value.array.count; i++)
			if (wanted_equal(j->scale, &s->value.array.items[i], wanted))
				return true;
		return false;
	}
	if (s->value.type == VALUE_OBJECT)
		return wanted->type == VALUE_STRING &&
		       value_find_str(&s->value, wanted->string) != NULL;
	return text_of(j, s, &text) &&
	       str_find(text, value_to_str(j->fill->arena, wanted)) != SIZE_MAX;
}

static bool starts_with(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	struct str text;

	(void)m;
	return text_of(j, s, &text) &&
	       str_equal(str_sub(text, 0, wanted->string.len), wanted->string);
}

static bool ends_with(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	struct str text;

	(void)m;
	return text_of(j, s, &text) && text.len >= wanted->string.len &&
	       str_equal(str_from(text, text.len - wanted->string.len), wanted->string);
}

static bool matches(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	struct error err;
	struct regex *regex = m->regex;
	struct str text;

	if (!text_of(j, s, &text))
		return false;
	if (!regex && regex_compile(j->fill->arena, wanted->string, 0, &regex, NULL, &err)) {
		j->problem = arena_printf(j->fill->arena, "the pattern is wrong: %s", err.text);
		return false;
	}
	int found = regex_match(regex, text, NULL, 0, &err);

	if (found < 0)
		j->problem = arena_strdup(j->fill->arena, err.text);
	return found > 0;
}

static bool order_of(
	struct judge *j, const struct subject *s, const struct value *wanted, int *order)
{
	if (wanted_order(&s->value, wanted, order))
		return true;
	j->problem = arena_printf(j->fill->arena, "saw %s, which cannot be compared with %s",
		value_show(j->fill->arena, j->scale, &s->value),
		value_show(j->fill->arena, j->scale, wanted));
	return false;
}

static bool gt(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	int order;

	(void)m;
	return order_of(j, s, wanted, &order) && order > 0;
}

static bool ge(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	int order;

	(void)m;
	return order_of(j, s, wanted, &order) && order >= 0;
}

static bool lt(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	int order;

	(void)m;
	return order_of(j, s, wanted, &order) && order < 0;
}

static bool le(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	int order;

	(void)m;
	return order_of(j, s, wanted, &order) && order <= 0;
}

static bool between(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	return ge(j, m, &wanted->array.items[0], s) && le(j, m, &wanted->array.items[1], s);
}

static bool exists(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)j;
	(void)m;
	return s->present == wanted->boolean;
}

static bool type(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	struct str name = value_str_or(wanted, STR("null"));

	(void)j;
	(void)m;
	return str_is(name, value_type_name(&s->value)) ||
	       (str_is(name, "number") && value_is_number(&s->value));
}

static bool is_empty(const struct value *v)
{
	switch (v->type) {
	case VALUE_STRING: return !v->string.len;
	case VALUE_ARRAY: return !v->array.count;
	case VALUE_OBJECT: return !v->object.count;
	default: return false;
	}
}

/* A query for many that selects none has selected an empty list. */
static bool empty(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)m;
	if (!s->present && !s->several) {
		j->problem = s->problem ? s->problem : "there is nothing";
		return false;
	}
	return (!s->present || is_empty(&s->value)) == wanted->boolean;
}

const struct check_op op_equals = {
	.name = "equals",
	.help = "Is equal; also what a plain value means. 1 equals 1.0, order of keys is free.",
	.example = "status: {equals: 200}",
	.shape = WANT_VALUE,
	.phrase = "",
	.holds = equals,
};

const struct check_op op_in = {
	.name = "in",
	.help = "Is equal to one of a list.",
	.example = "$.state: {in: [ready, busy]}",
	.shape = WANT_LIST,
	.phrase = "one of ",
	.holds = in,
};

const struct check_op op_contains = {
	.name = "contains",
	.help = "A text has this part, a list this item, a map this key.",
	.example = "body: {contains: ready}",
	.shape = WANT_VALUE,
	.phrase = "something that contains ",
	.holds = contains,
};

const struct check_op op_starts_with = {
	.name = "starts_with",
	.help = "A text begins so.",
	.example = "header.content-type: {starts_with: text/}",
	.shape = WANT_TEXT,
	.phrase = "a text that starts with ",
	.holds = starts_with,
};

const struct check_op op_ends_with = {
	.name = "ends_with",
	.help = "A text ends so.",
	.example = "$.email: {ends_with: \"@example.com\"}",
	.shape = WANT_TEXT,
	.phrase = "a text that ends with ",
	.holds = ends_with,
};

const struct check_op op_matches = {
	.name = "matches",
	.help = "A text matches this pattern (PCRE2, anywhere in it unless anchored).",
	.example = "$.version: {matches: '^\\d+\\.\\d+'}",
	.shape = WANT_PATTERN,
	.phrase = "a text that matches ",
	.holds = matches,
};

const struct check_op op_gt = {
	.name = "gt",
	.help = "Is greater than.",
	.example = "tls.days_left: {gt: 14}",
	.shape = WANT_ORDERED,
	.phrase = "more than ",
	.holds = gt,
};

const struct check_op op_ge = {
	.name = "ge",
	.help = "Is greater than or equal.",
	.example = "$.workers: {ge: 1}",
	.shape = WANT_ORDERED,
	.phrase = "at least ",
	.holds = ge,
};

const struct check_op op_lt = {
	.name = "lt",
	.help = "Is less than.",
	.example = "time: {lt: 800ms}",
	.shape = WANT_ORDERED,
	.phrase = "less than ",
	.holds = lt,
};

const struct check_op op_le = {
	.name = "le",
	.help = "Is less than or equal.",
	.example = "size: {le: 64KiB}",
	.shape = WANT_ORDERED,
	.phrase = "at most ",
	.holds = le,
};

const struct check_op op_between = {
	.name = "between",
	.help = "Is within two bounds, both included.",
	.example = "$.load: {between: [0, 1]}",
	.shape = WANT_PAIR,
	.phrase = "something between ",
	.holds = between,
};

const struct check_op op_exists = {
	.name = "exists",
	.help = "Whether there is such a thing at all.",
	.example = "$.error: {exists: false}",
	.shape = WANT_BOOLEAN,
	.phrase = "exists: ",
	.holds = exists,
	.takes_nothing = true,
};

const struct check_op op_type = {
	.name = "type",
	.help = "Is a string, number, integer, boolean, null, array or object.",
	.example = "$.id: {type: integer}",
	.shape = WANT_TYPE,
	.phrase = "something of type ",
	.holds = type,
};

const struct check_op op_empty = {
	.name = "empty",
	.help = "Whether a text, list or map is empty.",
	.example = "$.errors: {empty: true}",
	.shape = WANT_BOOLEAN,
	.phrase = "empty: ",
	.holds = empty,
	.takes_nothing = true,
};
