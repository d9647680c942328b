/* Evaluating: what is wanted is made ready, asked of the subject, and said in one line. */
#include "checks_private.h"

/* The first message of the diagnostics that expanding left. */
static const char *expand_problem(const struct judge *j)
{
	const struct diags *d = j->fill->diags;

	return d->count ? d->items[d->count - 1].message : "it cannot be expanded";
}

static bool resolve(struct judge *j, const struct matcher *m, struct value *wanted)
{
	*wanted = m->wanted;
	if (m->fixed)
		return true;
	const char *problem = NULL;

	if (node_expand(j->fill, m->node, wanted))
		problem = expand_problem(j);
	else
		problem =
			wanted_convert(j->fill->arena, m->op->shape, j->scale, wanted, m->op->name);
	if (!problem)
		return true;
	j->problem = arena_printf(j->fill->arena, "what is wanted cannot be known: %s", problem);
	return false;
}

bool matcher_holds(
	struct judge *j, const struct matcher *m, const struct subject *s, struct value *wanted)
{
	if (!resolve(j, m, wanted) || s->blocked)
		return false;
	if (!s->present && !m->op->takes_nothing)
		return false;
	return m->op->holds(j, m, wanted, s);
}

bool matchers_hold(
	struct judge *j, const struct matcher *list, size_t count, const struct subject *s)
{
	struct value wanted;

	for (size_t i = 0; i < count; i++)
		if (!matcher_holds(j, &list[i], s, &wanted) || j->problem)
			return false;
	return true;
}

/* What stands behind "wanted". */
static const char *wanted_text(struct judge *j, const struct matcher *m, const struct value *wanted)
{
	struct arena *arena = j->fill->arena;
	enum scale scale = j->scale;

	if (m->op == &op_exists)
		return wanted->boolean ? "something" : "nothing";
	if (m->op == &op_empty)
		return wanted->boolean ? "it empty" : "it not empty";
	if (m->op == &op_type)
		return arena_printf(arena, "something of type %.*s",
			STR_ARG(value_str_or(wanted, STR("null"))));
	if (m->op == &op_between)
		return arena_printf(arena, "something between %s and %s",
			value_show(arena, scale, &wanted->array.items[0]),
			value_show(arena, scale, &wanted->array.items[1]));
	if (m->op->shape != WANT_MATCHERS)
		return arena_printf(arena, "%s%s", m->op->phrase, value_show(arena, scale, wanted));
	const char *text = m->op->phrase;

	for (size_t i = 0; i < m->inner_count; i++) {
		struct value inner;

		j->scale = m->op == &op_count ? SCALE_NONE : scale;
		if (resolve(j, &m->inner[i], &inner))
			text = arena_printf(arena, "%s%s%s", text, i ? " and " : "",
				wanted_text(j, &m->inner[i], &inner));
		j->scale = scale;
	}
	return text;
}

static const char *seen_text(
	struct judge *j, const struct matcher *m, const struct subject *s, bool passed)
{
	struct arena *arena = j->fill->arena;

	if (m->op == &op_count && j->culprit)
		return j->culprit;
	if (!s->present)
		return s->problem ? arena_printf(arena, "nothing (%s)", s->problem) : "nothing";
	if (!passed && j->culprit)
		return j->culprit;
	return value_show(arena, j->scale, &s->value);
}

static struct check_result judge_check(
	const struct check *check, struct facts *facts, const struct fill *fill)
{
	const struct matcher *m = &check->matcher;
	struct subject subject = selection_take(&check->selection, facts, fill);
	struct judge j = {.facts = facts, .fill = fill, .scale = check->selection.scale};
	struct value wanted = value_null();
	bool passed = matcher_holds(&j, m, &subject, &wanted) && !j.problem;
	const char *problem = j.problem;
	const char *name = selection_text(fill->arena, &check->selection);
	struct check_result result = {.fact = check->selection.fact,
		.select = check->selection.select,
		.op = m->op->name,
		.wanted = value_record(fill->arena, j.scale, &wanted),
		.has_actual = subject.present,
		.passed = passed};

	if (subject.present)
		result.actual = value_record(fill->arena, j.scale, &subject.value);
	if (m->op == &op_count && subject.present && subject.several)
		result.actual = value_integer((int64_t)subject.nodes.count);
	if (problem && str_starts(str_of(problem), "what is wanted"))
		result.text = arena_printf(fill->arena, "%s: %s", name, problem);
	else if (problem)
		result.text = arena_printf(fill->arena, "%s: wanted %s, but %s", name,
			wanted_text(&j, m, &wanted), problem);
	else
		result.text = arena_printf(fill->arena, "%s: wanted %s, saw %s", name,
			wanted_text(&j, m, &wanted), seen_text(&j, m, &subject, passed));
	return result;
}

size_t checks_evaluate(const struct checks *checks, struct facts *facts, const struct fill *given,
	struct check_result **results, size_t *result_count)
{
	struct arena *arena = given->arena;
	struct diags diags;
	struct fill fill = {
		.arena = arena, .scope = given->scope, .diags = &diags, .dir = given->dir};
	size_t failed = 0;

	*results = ARENA_ARRAY(arena, checks->count, struct check_result);
	*result_count = checks->count;
	for (size_t i = 0; i < checks->count; i++) {
		diags_init(&diags, arena);
		(*results)[i] = judge_check(&checks->items[i], facts, &fill);
		failed += !(*results)[i].passed;
	}
	return failed;
}
