/* Who waits for whom. */
#include "plan_private.h"

static void add_index(struct arena *arena, size_t **list, size_t *count, size_t index)
{
	for (size_t i = 0; i < *count; i++)
		if ((*list)[i] == index)
			return;
	/* Grown by doubling: the capacity is the next power of two. */
	if ((*count & (*count - 1)) == 0 || *count == 0) {
		size_t *bigger = ARENA_ARRAY(arena, *count ? *count * 2 : 1, size_t);

		if (*count)
			memcpy(bigger, *list, *count * sizeof(bigger[0]));
		*list = bigger;
	}
	(*list)[(*count)++] = index;
}

/* The names of all steps, for suggestions. */
static const char *nearest_step(struct planner *p, struct str name)
{
	size_t count = p->plan->step_count;
	const char **names = ARENA_ARRAY(p->arena, 2 * count + 1, const char *);

	for (size_t i = 0; i < count; i++) {
		names[2 * i] = p->plan->steps[i].name;
		names[2 * i + 1] = p->plan->steps[i].source->base_name.ptr;
	}
	return diag_suggest(name, names);
}

/* `needs` by name; the name of a repeated step stands for all its repetitions. */
static void need_named(struct planner *p, size_t index, const struct node *node)
{
	struct plan_step *step = &p->plan->steps[index];
	bool found = false, itself = false;

	if (node->type != NODE_SCALAR)
		return;
	for (size_t i = 0; i < p->plan->step_count; i++) {
		const struct step_source *source = p->plan->steps[i].source;

		if (!str_equal(source->name, node->text) &&
			!str_equal(source->base_name, node->text))
			continue;
		found = true;
		if (i == index)
			itself = true;
		else if (source->node != step->source->node)
			add_index(p->arena, &step->needs, &step->need_count, i);
	}
	if (itself)
		diag_error(p->diags, node->span, "a step cannot need itself");
	for (size_t i = 0; i < p->scenario->stray_count; i++)
		found |= str_equal(p->scenario->strays[i].name, node->text);
	if (found)
		return;
	const char *nearest = nearest_step(p, node->text);

	diag_error(p->diags, node->span, "'needs': no step is called '%.*s'%s%s%s",
		STR_ARG(node->text), nearest ? ", did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

static void order_by_names(struct planner *p, size_t index, const struct node *needs)
{
	if (needs->type != NODE_LIST) {
		need_named(p, index, needs);
		return;
	}
	for (size_t i = 0; i < needs->count; i++)
		need_named(p, index, needs->items[i]);
}

/* Without `needs`: after the step before; it has to pass unless it is optional, and then the nearest
 * before it that is not. */
static void order_by_place(struct planner *p, size_t index)
{
	struct plan_step *steps = p->plan->steps, *step = &steps[index];
	size_t before = index;

	if (!index)
		return;
	add_index(p->arena, &step->after, &step->after_count, index - 1);
	while (before-- > 0) {
		if (!steps[before].optional) {
			add_index(p->arena, &step->needs, &step->need_count, before);
			return;
		}
	}
}

/* Clean-up comes after all that stands before it; the last clean-up has waited for its own. */
static void order_always(struct planner *p, size_t index)
{
	struct plan_step *steps = p->plan->steps, *step = &steps[index];

	for (size_t i = index; i-- > 0;) {
		add_index(p->arena, &step->after, &step->after_count, i);
		if (steps[i].always && !steps[i].source->needs)
			return;
	}
}

/* Takes away steps whose needs are gone until none is left; what stays is in a circle or behind one.
 * `waits` counts what a step still waits for. */
static size_t settle(struct planner *p, size_t *waits)
{
	const struct plan *plan = p->plan;
	size_t count = plan->step_count, edges = 0, done = 0, head = 0;
	size_t *first = ARENA_ARRAY(p->arena, count + 2, size_t);
	size_t *queue = ARENA_ARRAY(p->arena, count + 1, size_t);

	for (size_t i = 0; i < count; i++) {
		const struct plan_step *step = &plan->steps[i];

		waits[i] = step->need_count + step->after_count;
		edges += waits[i];
		for (size_t k = 0; k < step->need_count; k++)
			first[step->needs[k] + 2]++;
		for (size_t k = 0; k < step->after_count; k++)
			first[step->after[k] + 2]++;
	}
	for (size_t i = 2; i < count + 2; i++)
		first[i] += first[i - 1];
	size_t *followers = ARENA_ARRAY(p->arena, edges + 1, size_t);

	for (size_t i = 0; i < count; i++) {
		const struct plan_step *step = &plan->steps[i];

		for (size_t k = 0; k < step->need_count; k++)
			followers[first[step->needs[k] + 1]++] = i;
		for (size_t k = 0; k < step->after_count; k++)
			followers[first[step->after[k] + 1]++] = i;
		if (!waits[i])
			queue[done++] = i;
	}
	while (head < done) {
		size_t at = queue[head++];

		for (size_t k = first[at]; k < first[at + 1]; k++)
			if (--waits[followers[k]] == 0)
				queue[done++] = followers[k];
	}
	return count - done;
}

static size_t next_waited(const struct plan_step *step, const size_t *waits)
{
	for (size_t k = 0; k < step->need_count; k++)
		if (waits[step->needs[k]])
			return step->needs[k];
	for (size_t k = 0; k < step->after_count; k++)
		if (waits[step->after[k]])
			return step->after[k];
	return SIZE_MAX;
}

/* Tells one circle among the steps that were left. */
static void tell_circle(struct planner *p, const size_t *waits)
{
	const struct plan *plan = p->plan;
	bool *seen = ARENA_ARRAY(p->arena, plan->step_count, bool);
	size_t at = 0, shown = 0;
	const char *text;

	while (!waits[at])
		at++;
	for (; !seen[at]; at = next_waited(&plan->steps[at], waits))
		seen[at] = true;
	/* `at` is on the circle; begin with a step that says `needs`. */
	size_t start = at;

	while (!plan->steps[start].source->needs) {
		start = next_waited(&plan->steps[start], waits);
		if (start == at)
			break;
	}
	text = arena_printf(p->arena, "'%s'", plan->steps[start].name);
	at = start;
	do {
		at = next_waited(&plan->steps[at], waits);
		if (shown++ < 10)
			text = arena_printf(p->arena, "%s -> '%s'", text, plan->steps[at].name);
	} while (at != start);
	const struct step_source *source = plan->steps[start].source;

	diag_error(p->diags, source->needs ? source->needs->span : source->name_span,
		"steps wait for each other in a circle: %s%s (a step without 'needs' waits for the "
		"one before it)",
		text, shown > 10 ? " ..." : "");
}

void plan_order(struct planner *p)
{
	struct plan *plan = p->plan;
	size_t *waits = ARENA_ARRAY(p->arena, plan->step_count, size_t);

	p->reached = ARENA_ARRAY(p->arena, plan->step_count, bool);
	p->stack = ARENA_ARRAY(p->arena, plan->step_count + 1, size_t);
	for (size_t i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].source->needs)
			order_by_names(p, i, plan->steps[i].source->needs);
		else if (plan->steps[i].always)
			order_always(p, i);
		else
			order_by_place(p, i);
	}
	if (settle(p, waits))
		tell_circle(p, waits);
	else
		p->order_known = true;
}

void plan_reached(struct planner *p, size_t step)
{
	/* Needs may point forwards, so a stack and not one pass backwards. */
	size_t depth = 0;

	p->stack[depth++] = step;
	while (depth) {
		const struct plan_step *at = &p->plan->steps[p->stack[--depth]];

		for (size_t i = 0; i < at->need_count; i++) {
			if (!p->reached[at->needs[i]]) {
				p->reached[at->needs[i]] = true;
				p->stack[depth++] = at->needs[i];
			}
		}
	}
}
