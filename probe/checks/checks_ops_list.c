/* The matchers that hold other matchers. */
#include "checks_private.h"

static bool not(struct judge * j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)wanted;
	/* What cannot be compared is not as it was not to be; but it is no reason to pass either. */
	return !matchers_hold(j, m->inner, m->inner_count, s) && !j->problem;
}

/* What a query for many selected, or the items of the one list or map. */
static size_t item_count(const struct subject *s)
{
	if (!s->present)
		return 0;
	if (s->several)
		return s->nodes.count;
	if (s->value.type == VALUE_ARRAY)
		return s->value.array.count;
	return s->value.type == VALUE_OBJECT ? s->value.object.count : 1;
}

static struct subject item_at(const struct subject *s, size_t i)
{
	struct subject item = {.present = true};

	if (s->several)
		item.value = *s->nodes.items[i].value;
	else if (s->value.type == VALUE_ARRAY)
		item.value = s->value.array.items[i];
	else if (s->value.type == VALUE_OBJECT)
		item.value = s->value.object.members[i].value;
	else
		item.value = s->value;
	return item;
}

static void name_culprit(struct judge *j, const struct subject *s, size_t i)
{
	struct subject item = item_at(s, i);
	const char *shown = value_show(j->fill->arena, j->scale, &item.value);

	if (s->several && s->nodes.items[i].path)
		j->culprit =
			arena_printf(j->fill->arena, "%s at %s", shown, s->nodes.items[i].path);
	else
		j->culprit = arena_printf(j->fill->arena, "%s as item %zu", shown, i + 1);
}

/* Whether the inner matchers hold for an item; `until` ends the search. */
static bool search(struct judge *j, const struct matcher *m, const struct subject *s, bool until)
{
	size_t count = item_count(s);

	for (size_t i = 0; i < count && !j->problem; i++) {
		struct subject item = item_at(s, i);

		if (matchers_hold(j, m->inner, m->inner_count, &item) == until) {
			name_culprit(j, s, i);
			return true;
		}
	}
	return false;
}

static bool all(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)wanted;
	return !search(j, m, s, false) && !j->problem;
}

static bool any(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	size_t count = item_count(s);

	(void)wanted;
	for (size_t i = 0; i < count; i++) {
		struct subject item = item_at(s, i);

		/* One that cannot be compared does not spoil the others. */
		j->problem = NULL;
		if (matchers_hold(j, m->inner, m->inner_count, &item))
			return true;
	}
	return false;
}

static bool none(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	(void)wanted;
	return !search(j, m, s, true) && !j->problem;
}

/* Of a query for one value: the items of the list it selects. */
static bool count(struct judge *j, const struct matcher *m, const struct value *wanted,
	const struct subject *s)
{
	enum scale scale = j->scale;
	size_t items = item_count(s);
	struct subject number = {.present = true, .value = value_integer((int64_t)items)};

	(void)wanted;
	if (!s->present && !s->several) {
		j->problem = s->problem ? s->problem : "there is nothing";
		return false;
	}
	j->scale = SCALE_NONE;
	bool holds = matchers_hold(j, m->inner, m->inner_count, &number);

	j->scale = scale;
	j->culprit = arena_printf(j->fill->arena, "%zu", items);
	return holds;
}

const struct check_op op_not = {
	.name = "not",
	.help = "Is not equal, or does not meet these matchers.",
	.example = "$.state: {not: failed}",
	.shape = WANT_MATCHERS,
	.phrase = "anything but ",
	.holds = not,
};

const struct check_op op_count = {
	.name = "count",
	.help = "How many a query selects, or how many items the one list has.",
	.example = "$.items[*]: {count: {ge: 1}}",
	.shape = WANT_MATCHERS,
	.phrase = "a count of ",
	.holds = count,
	.takes_nothing = true,
};

const struct check_op op_all = {
	.name = "all",
	.help = "Every one that was selected, or every item of the list.",
	.example = "$.services[*].state: {all: up}",
	.shape = WANT_MATCHERS,
	.phrase = "all to be ",
	.holds = all,
};

const struct check_op op_any = {
	.name = "any",
	.help = "At least one that was selected, or one item of the list.",
	.example = "$.roles: {any: admin}",
	.shape = WANT_MATCHERS,
	.phrase = "any to be ",
	.holds = any,
};

const struct check_op op_none = {
	.name = "none",
	.help = "Not one that was selected, and no item of the list.",
	.example = "$.services[*].state: {none: {in: [down, unknown]}}",
	.shape = WANT_MATCHERS,
	.phrase = "none to be ",
	.holds = none,
};
