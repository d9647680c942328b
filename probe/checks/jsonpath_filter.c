/* Whether a filter holds for a node (RFC 9535, sections 2.3.5.2 and 2.4). */
#include "jsonpath_private.h"

#include "probe/clock.h"

/* A value, or Nothing. */
struct maybe {
	bool present;
	struct value value;
};

static struct maybe evaluate(struct evaluation *, const struct expr *, const struct value *current);

static bool keep_first(void *ctx, const struct value *value, const struct place *place)
{
	struct maybe *first = ctx;

	(void)place;
	*first = (struct maybe){true, *value};
	return false;
}

static struct maybe first_of(
	struct evaluation *ev, const struct jsonpath *query, const struct value *current)
{
	struct maybe first = {0};
	struct walk walk = {ev, query, keep_first, &first};

	walk_query(&walk, current);
	return first;
}

struct counter {
	int64_t count;
	struct value last;
};

static bool count_one(void *ctx, const struct value *value, const struct place *place)
{
	struct counter *counter = ctx;

	(void)place;
	counter->count++;
	counter->last = *value;
	return true;
}

static struct counter count_of(
	struct evaluation *ev, const struct jsonpath *query, const struct value *current)
{
	struct counter counter = {0};
	struct walk walk = {ev, query, count_one, &counter};

	walk_query(&walk, current);
	return counter;
}

static struct maybe length_of(struct maybe of)
{
	if (!of.present)
		return of;
	switch (of.value.type) {
	case VALUE_STRING:
		return (struct maybe){true, value_integer((int64_t)utf8_count(of.value.string))};
	case VALUE_ARRAY: return (struct maybe){true, value_integer((int64_t)of.value.array.count)};
	case VALUE_OBJECT:
		return (struct maybe){true, value_integer((int64_t)of.value.object.count)};
	default: return (struct maybe){0};
	}
}

/* The pattern stands in the document: the last one is kept, since it is mostly the same. */
static const struct regex *regex_for(
	struct evaluation *ev, struct str text, enum function_id function)
{
	struct str pattern;

	if (ev->regex_arena && ev->regex_of == function && str_equal(text, ev->regex_text))
		return ev->regex;
	arena_free(ev->regex_arena);
	ev->regex_arena = arena_new();
	ev->regex_text = arena_str(ev->regex_arena, text);
	ev->regex_of = function;
	ev->regex = NULL;
	if (regex_from_iregexp(ev->regex_arena, text, &pattern))
		regex_compile(ev->regex_arena, pattern, function == FN_MATCH ? REGEX_WHOLE : 0,
			&ev->regex, NULL, NULL);
	return ev->regex;
}

static bool matches(struct evaluation *ev, const struct expr *e, const struct value *current)
{
	struct maybe subject = evaluate(ev, e->left, current);
	struct maybe pattern = evaluate(ev, e->right, current);
	const struct regex *regex = e->regex;

	if (!subject.present || subject.value.type != VALUE_STRING || !pattern.present ||
		pattern.value.type != VALUE_STRING)
		return false;
	if (!e->regex_fixed)
		regex = regex_for(ev, pattern.value.string, e->function->id);
	if (!regex)
		return false;
	int found = regex_match(regex, subject.value.string, NULL, 0, NULL);

	evaluation_spend(ev, subject.value.string.len / 16 + 50);
	if (found < 0)
		ev->problem = "the pattern of match() or search() backtracks too much";
	else if (clock_monotonic() > ev->deadline)
		ev->problem = "match() or search() takes too long on this document";
	return found > 0;
}

static struct maybe call(struct evaluation *ev, const struct expr *e, const struct value *current)
{
	struct counter counter;

	switch (e->function->id) {
	case FN_LENGTH: return length_of(evaluate(ev, e->left, current));
	case FN_COUNT:
		counter = count_of(ev, e->left->query, current);
		return (struct maybe){true, value_integer(counter.count)};
	case FN_VALUE:
		counter = count_of(ev, e->left->query, current);
		return (struct maybe){counter.count == 1, counter.last};
	default: return (struct maybe){true, value_boolean(matches(ev, e, current))};
	}
}

static struct maybe evaluate(
	struct evaluation *ev, const struct expr *e, const struct value *current)
{
	switch (e->kind) {
	case EXPR_LITERAL: return (struct maybe){true, e->literal};
	case EXPR_QUERY: return first_of(ev, e->query, current);
	default: return call(ev, e, current);
	}
}

/* The cost of comparing deeply, paid before. */
static bool spend_tree(struct evaluation *ev, const struct value *value)
{
	size_t count = 0;

	if (value->type == VALUE_ARRAY) {
		count = value->array.count;
		for (size_t i = 0; i < count && !ev->problem; i++)
			spend_tree(ev, &value->array.items[i]);
	} else if (value->type == VALUE_OBJECT) {
		count = value->object.count;
		for (size_t i = 0; i < count && !ev->problem; i++)
			spend_tree(ev, &value->object.members[i].value);
		/* Members are looked up one by one. */
		count = count < 16 ? count : count * (count / 16);
	}
	return evaluation_spend(ev, 1 + count);
}

static bool equal(struct evaluation *ev, const struct maybe *a, const struct maybe *b)
{
	if (!a->present || !b->present)
		return a->present == b->present;
	if ((a->value.type == VALUE_ARRAY || a->value.type == VALUE_OBJECT) &&
		a->value.type == b->value.type && !spend_tree(ev, &a->value))
		return false;
	return value_equal(&a->value, &b->value);
}

static bool less(const struct maybe *a, const struct maybe *b)
{
	int order;

	return a->present && b->present && value_order(&a->value, &b->value, &order) && order < 0;
}

static bool compare(struct evaluation *ev, const struct expr *e, const struct value *current)
{
	struct maybe a = evaluate(ev, e->left, current), b = evaluate(ev, e->right, current);

	switch (e->op) {
	case COMPARE_EQ: return equal(ev, &a, &b);
	case COMPARE_NE: return !equal(ev, &a, &b);
	case COMPARE_LT: return less(&a, &b);
	case COMPARE_GT: return less(&b, &a);
	case COMPARE_LE: return less(&a, &b) || equal(ev, &a, &b);
	case COMPARE_GE: return less(&b, &a) || equal(ev, &a, &b);
	}
	return false;
}

bool filter_holds(struct evaluation *ev, const struct expr *e, const struct value *current)
{
	if (!evaluation_spend(ev, 1))
		return false;
	switch (e->kind) {
	case EXPR_OR:
		return filter_holds(ev, e->left, current) || filter_holds(ev, e->right, current);
	case EXPR_AND:
		return filter_holds(ev, e->left, current) && filter_holds(ev, e->right, current);
	case EXPR_NOT: return !filter_holds(ev, e->left, current);
	case EXPR_COMPARE: return compare(ev, e, current);
	case EXPR_QUERY: return first_of(ev, e->query, current).present;
	case EXPR_FUNCTION: return call(ev, e, current).value.boolean;
	case EXPR_LITERAL: break;
	}
	return false;
}
