#include "plan_private.h"

#include <sys/random.h>

static const char *make_run_id(struct arena *arena)
{
	unsigned char bytes[8];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		die("no random numbers: %m");
	return arena_printf(arena, "%02x%02x%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
		bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

/* An element with references becomes its value, here and in the step's name. */
static void expand_item(struct planner *p, struct plan_step *step)
{
	struct step_source *copy;
	struct value item;
	struct error err;

	if (!step->source->item || step->source->item->type != VALUE_STRING ||
		!expand_needed(step->source->item->string))
		return;
	/* What is wrong with it is told with its place, as a text of the step. */
	if (expand(p->arena, p->plan->scope, step->source->item->string, &item, &err))
		return;
	copy = arena_copy(p->arena, step->source, sizeof(*copy));
	copy->item = arena_copy(p->arena, &item, sizeof(item));
	copy->name = str_of(arena_printf(p->arena, "%.*s [%s]", STR_ARG(copy->base_name),
		value_to_str(p->arena, &item).ptr));
	step->source = copy;
}

static void plan_steps(struct planner *p)
{
	struct plan *plan = p->plan;

	plan->step_count = p->scenario->step_count;
	plan->steps = ARENA_ARRAY(p->arena, plan->step_count, struct plan_step);
	for (size_t i = 0; i < plan->step_count; i++) {
		plan->steps[i].source = &p->scenario->steps[i];
		expand_item(p, &plan->steps[i]);
		plan->steps[i].name = plan->steps[i].source->name.ptr;
		plan_step_keys(p, i);
	}
	plan_order(p);
	plan_select(p);
	for (size_t i = 0; i < plan->step_count; i++)
		plan_step_fill(p, i);
}

/* Captures and items are known to the steps that use a profile; they look at it again. */
static bool profile_deferred(void *ctx, struct str name)
{
	const struct planner *p = ctx;

	return !scope_find(p->plan->scope, name);
}

/* Profiles that no step uses have to be right as well. */
static void check_profiles(struct planner *p)
{
	const struct node *auth = p->scenario->auth;
	const struct fill fill = {
		.arena = p->arena,
		.scope = p->plan->scope,
		.diags = p->diags,
		.dir = p->scenario->dir,
		.deferred = profile_deferred,
		.ctx = p,
	};

	for (size_t i = 0; auth && i < auth->count; i++) {
		const struct node *profile = auth->pairs[i].value;

		if (profile->type != NODE_MAP)
			diag_error(p->diags, profile->span,
				"a profile is a map such as {bearer: \"${token}\"}, not %s",
				node_kind_text(profile));
		else if (p->vocabulary->auths)
			auth_check(p->vocabulary->auths, &fill, profile);
	}
}

struct plan *plan_build(struct arena *arena, const struct scenario *scenario,
	const struct vocabulary *vocabulary, const struct plan_options *options,
	struct redactor *redactor, struct diags *diags)
{
	struct plan *plan = ARENA_NEW(arena, struct plan);
	struct planner p = {.arena = arena,
		.scenario = scenario,
		.vocabulary = vocabulary,
		.options = options,
		.redactor = redactor,
		.diags = diags,
		.plan = plan};

	*plan = (struct plan){.arena = arena,
		.scenario = scenario,
		.run_id = make_run_id(arena),
		.scope = scope_new(arena, NULL),
		.redactor = redactor};
	plan_captures(&p);
	plan_overrides(&p);
	plan_vars(&p);
	plan_secrets(&p);
	plan_target(&p);
	check_profiles(&p);
	plan_steps(&p);
	plan_target_missing(&p);
	plan_unused_overrides(&p);
	return plan;
}
