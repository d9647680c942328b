/* --only, --tag, --skip-tag: which steps run. */
#include "plan_private.h"

static bool has_tag(const struct plan_step *step, const struct strs *tags)
{
	for (size_t i = 0; i < tags->count; i++)
		for (size_t k = 0; k < step->tags.count; k++)
			if (str_equal(tags->items[i], step->tags.items[k]))
				return true;
	return false;
}

static bool has_name(const struct plan_step *step, const struct strs *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(names->items[i], step->source->name) ||
			str_equal(names->items[i], step->source->base_name))
			return true;
	return false;
}

static struct span flag_span(struct planner *p, const char *flag)
{
	struct source *source = ARENA_NEW(p->arena, struct source);

	source->name = flag;
	return (struct span){.source = source};
}

static void unknown_name(struct planner *p, struct str name)
{
	size_t count = p->plan->step_count;
	const char **names = ARENA_ARRAY(p->arena, 2 * count + 1, const char *), *nearest;

	for (size_t i = 0; i < count; i++) {
		names[2 * i] = p->plan->steps[i].name;
		names[2 * i + 1] = p->plan->steps[i].source->base_name.ptr;
	}
	nearest = diag_suggest(name, names);
	diag_error(p->diags, flag_span(p, "--only"), "no step of '%s' is called '%.*s'%s%s%s",
		p->scenario->file, STR_ARG(name), nearest ? ", did you mean '" : "",
		nearest ? nearest : "", nearest ? "'?" : "");
}

static bool only_known(struct planner *p, struct str name)
{
	const struct strs one = {&name, 1};

	for (size_t i = 0; i < p->plan->step_count; i++)
		if (has_name(&p->plan->steps[i], &one))
			return true;
	return false;
}

static bool tag_known(struct planner *p, struct str tag)
{
	const struct strs one = {&tag, 1};

	for (size_t i = 0; i < p->plan->step_count; i++)
		if (has_tag(&p->plan->steps[i], &one))
			return true;
	return false;
}

static void unknown_tag(struct planner *p, const char *flag, struct str tag)
{
	const char **names = NULL, *nearest;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; i < p->plan->step_count; i++) {
		const struct strs *tags = &p->plan->steps[i].tags;

		for (size_t k = 0; k < tags->count; k++) {
			names = arena_grow(p->arena, names, count, &capacity, sizeof(names[0]));
			names[count++] = arena_str(p->arena, tags->items[k]).ptr;
		}
	}
	names = arena_grow(p->arena, names, count, &capacity, sizeof(names[0]));
	names[count] = NULL;
	nearest = diag_suggest(tag, names);
	diag_error(p->diags, flag_span(p, flag), "no step of '%s' has the tag '%.*s'%s%s%s",
		p->scenario->file, STR_ARG(tag), nearest ? ", did you mean '" : "",
		nearest ? nearest : "", nearest ? "'?" : "");
}

/* --skip-tag of a tag that no step has is harmless, so nothing is said of it. */
static void check_flags(struct planner *p)
{
	const struct plan_options *o = p->options;

	for (size_t i = 0; i < o->only.count; i++)
		if (!only_known(p, o->only.items[i]))
			unknown_name(p, o->only.items[i]);
	for (size_t i = 0; i < o->tags.count; i++)
		if (!tag_known(p, o->tags.items[i]))
			unknown_tag(p, "--tag", o->tags.items[i]);
}

static bool is_chosen(const struct plan_options *o, const struct plan_step *step)
{
	return (!o->only.count || has_name(step, &o->only)) &&
	       (!o->tags.count || has_tag(step, &o->tags)) && !has_tag(step, &o->skip_tags);
}

static void nothing_left(struct planner *p)
{
	const struct plan_options *o = p->options;
	const char *flag = o->only.count ? "--only" : o->tags.count ? "--tag" : "--skip-tag";

	if (p->plan->step_count && !diags_failed(p->diags))
		diag_error(p->diags, flag_span(p, flag), "no step of '%s' is left to run",
			p->scenario->file);
}

void plan_select(struct planner *p)
{
	struct plan *plan = p->plan;
	bool any = false;

	check_flags(p);
	for (size_t i = 0; i < plan->step_count; i++) {
		plan->steps[i].selected = is_chosen(p->options, &plan->steps[i]);
		any |= plan->steps[i].selected;
	}
	if (!any)
		nothing_left(p);
	/* What the chosen ones need comes along. */
	for (size_t i = 0; p->order_known && i < plan->step_count; i++)
		if (plan->steps[i].selected && !p->reached[i])
			plan_reached(p, i);
	for (size_t i = 0; i < plan->step_count; i++)
		plan->steps[i].selected |= p->reached[i];
}
