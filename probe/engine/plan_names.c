/* Who may refer to what: captures are known only to steps that need the step that takes them. */
#include "plan_private.h"

struct str name_head(struct str name)
{
	if (str_starts(name, "env.") || str_starts(name, "run."))
		return name;
	return str_sub(name, 0, str_find_char(name, '.'));
}

void plan_captures(struct planner *p)
{
	static const char *const taken[] = {"item", "uuid", "now", "env", "run"};

	for (size_t i = 0; i < p->scenario->step_count; i++) {
		const struct node *map = p->scenario->steps[i].capture;

		for (size_t k = 0; map && map->type == NODE_MAP && k < map->count; k++) {
			const struct node *key = map->pairs[k].key;

			for (size_t t = 0; t < sizeof(taken) / sizeof(taken[0]); t++)
				if (str_is(key->text, taken[t]))
					diag_error(p->diags, key->span,
						"'%s' is taken by goldprobe itself", taken[t]);
			p->captures = arena_grow(p->arena, p->captures, p->capture_count,
				&p->capture_capacity, sizeof(p->captures[0]));
			p->captures[p->capture_count++] = (struct capture_site){key->text, i};
		}
	}
}

const struct capture_site *capture_find(const struct planner *p, struct str name)
{
	for (size_t i = 0; i < p->capture_count; i++)
		if (str_equal(p->captures[i].name, name))
			return &p->captures[i];
	return NULL;
}

/* Whether the step has a capture of this name before it, for certain. */
static bool capture_visible(struct step_texts *t, struct str name)
{
	struct planner *p = t->planner;

	if (!t->reached_known) {
		t->reached_known = true;
		memset(p->reached, 0, p->plan->step_count * sizeof(p->reached[0]));
		if (p->order_known)
			plan_reached(p, t->step);
	}
	for (size_t i = 0; i < p->capture_count; i++)
		if (p->reached[p->captures[i].step] && str_equal(p->captures[i].name, name))
			return true;
	return false;
}

/* Names that are not there while the file is checked: captures, and what was found wrong already. */
static bool texts_deferred(void *ctx, struct str name)
{
	struct step_texts *t = ctx;
	struct str head = name_head(name);
	bool later = var_broken(t->planner, head);

	t->varies |= str_is(name, "run.trace_id") || str_is(name, "uuid") || str_is(name, "now");
	if (!later && capture_find(t->planner, head))
		later = capture_visible(t, head) || !scope_find(t->fill.scope, name);
	t->deferred |= later;
	return later;
}

void step_texts_init(struct step_texts *t, struct planner *p, size_t step)
{
	const struct step_source *source = p->plan->steps[step].source;
	struct scope *scope = scope_new(p->arena, p->plan->scope);
	struct value trace = value_text("00000000000000000000000000000000");

	scope_set(scope, STR("run.trace_id"), &trace);
	if (source->item)
		scope_set(scope, STR("item"), source->item);
	*t = (struct step_texts){.planner = p,
		.step = step,
		.fill = {.arena = p->arena,
			.scope = scope,
			.diags = p->diags,
			.dir = source->dir,
			.deferred = texts_deferred,
			.ctx = t}};
}

static void hidden_capture(struct step_texts *t, const struct node *node,
	const struct reference *ref, const struct capture_site *site)
{
	const struct plan *plan = t->planner->plan;
	const char *name = plan->steps[site->step].name;
	struct span span = node_part_span(node, ref->offset, ref->len);
	struct str head = name_head(ref->name);

	if (site->step == t->step)
		diag_error(t->planner->diags, span,
			"'%.*s' is captured by this very step, after its answer came",
			STR_ARG(head));
	else if (plan->steps[site->step].optional && site->step < t->step)
		diag_error(t->planner->diags, span,
			"'%.*s' is captured by step '%s', which is optional and may fail; name it "
			"in 'needs', or give a default: ${%.*s:-...}",
			STR_ARG(head), name, STR_ARG(ref->name));
	else
		diag_error(t->planner->diags, span,
			"'%.*s' is captured by step '%s', which this step does not need%s; name it "
			"in 'needs'",
			STR_ARG(head), name, site->step > t->step ? " and which comes later" : "");
}

static void texts_reference(void *ctx, const struct node *node, const struct reference *ref)
{
	struct step_texts *t = ctx;
	struct planner *p = t->planner;
	struct str head = name_head(ref->name);
	const struct capture_site *site = capture_find(p, head);

	override_touch(p, head);
	if (site && p->order_known && !ref->has_default && !capture_visible(t, head) &&
		!scope_find(t->fill.scope, ref->name) && !var_broken(p, head))
		hidden_capture(t, node, ref, site);
}

struct text_place {
	struct step_texts *texts;
	const struct node *node;
};

static void texts_problem(void *ctx, size_t offset, size_t len, const char *message)
{
	const struct text_place *at = ctx;

	diag_error(at->texts->planner->diags, node_part_span(at->node, offset, len), "%s", message);
}

static bool place_deferred(void *ctx, struct str name)
{
	return texts_deferred(((struct text_place *)ctx)->texts, name);
}

static void check_scalar(struct step_texts *t, struct arena *scratch, const struct node *node)
{
	struct text_place at = {t, node};
	struct expand_watch watch = {place_deferred, texts_problem, &at, false};
	struct value value;

	if (node->value.type == VALUE_STRING && expand_needed(node->text))
		expand_with(scratch, t->fill.scope, node->text, &watch, &value);
}

static void check_node(struct step_texts *t, struct arena *scratch, const struct node *node)
{
	if (node->type == NODE_SCALAR)
		check_scalar(t, scratch, node);
	for (size_t i = 0; node->type == NODE_LIST && i < node->count; i++)
		check_node(t, scratch, node->items[i]);
	for (size_t i = 0; node->type == NODE_MAP && i < node->count; i++) {
		check_scalar(t, scratch, node->pairs[i].key);
		check_node(t, scratch, node->pairs[i].value);
	}
}

void step_texts_check(struct step_texts *t, const struct node *node)
{
	if (!node)
		return;
	struct arena *scratch = arena_new();

	node_references(node, texts_reference, t);
	check_node(t, scratch, node);
	arena_free(scratch);
}
