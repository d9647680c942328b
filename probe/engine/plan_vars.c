/* Variables: from outside and from the file, each expanded once and after those it refers to. */
#include <stdlib.h>

#include "plan_private.h"

enum { VAR_DEPTH_MAX = 100 };

extern char **environ;

static struct override *override_add(struct planner *p, struct str name, struct value value)
{
	p->overrides = arena_grow(p->arena, p->overrides, p->override_count, &p->override_capacity,
		sizeof(p->overrides[0]));
	p->overrides[p->override_count] = (struct override){.name = name, .value = value};
	return &p->overrides[p->override_count++];
}

static struct span place(struct planner *p, const char *name)
{
	struct source *source = ARENA_NEW(p->arena, struct source);

	source->name = name;
	return (struct span){.source = source};
}

static void read_environment(struct planner *p)
{
	static const char prefix[] = "GOLDPROBE_VAR_";

	for (char **entry = environ; *entry; entry++) {
		struct str text = str_of(*entry);
		size_t equals = str_find_char(text, '=');

		if (equals == SIZE_MAX || !str_starts(text, prefix) || equals < sizeof(prefix))
			continue;
		struct str name = str_sub(text, sizeof(prefix) - 1, equals - sizeof(prefix) + 1);
		struct override *o = override_add(p, arena_str(p->arena, name),
			value_string(arena_str(p->arena, str_from(text, equals + 1))));

		o->any_case = true;
	}
}

/* Values of a vars file are taken as they are written, references are not expanded: what a CI system
 * writes there may have dollars in it. */
static void read_vars_file(struct planner *p)
{
	const char *path = p->options->vars_file;
	struct node *root = NULL;
	struct error err;

	if (!path)
		return;
	if (yaml_load_file(p->arena, path, &root, p->diags, &err)) {
		diag_error(p->diags, place(p, "--vars-file"), "%s", err.text);
		return;
	}
	if (root && root->type != NODE_MAP)
		diag_error(p->diags, root->span, "a vars file is a map of names to values, not %s",
			node_kind_text(root));
	for (size_t i = 0; root && root->type == NODE_MAP && i < root->count; i++)
		override_add(
			p, root->pairs[i].key->text, node_value(p->arena, root->pairs[i].value))
			->typed = true;
}

void plan_overrides(struct planner *p)
{
	const struct pairs *vars = p->options->vars;

	read_environment(p);
	read_vars_file(p);
	for (size_t i = 0; vars && i < vars->count; i++)
		override_add(p, vars->items[i].name, value_string(vars->items[i].value))
			->from_flag = true;
}

/* Environment names have no case and no '-'. */
static bool same_name(const struct override *o, struct str name)
{
	if (!o->any_case)
		return str_equal(o->name, name);
	if (o->name.len != name.len)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		struct str a = str_sub(o->name, i, 1), b = str_sub(name, i, 1);

		if (!str_equal_nocase(a, b) && !(a.ptr[0] == '_' && b.ptr[0] == '-'))
			return false;
	}
	return true;
}

void override_touch(struct planner *p, struct str name)
{
	for (size_t i = 0; i < p->override_count; i++)
		if (same_name(&p->overrides[i], name))
			p->overrides[i].used = true;
}

/* The last one wins: they are in order of precedence. */
static const struct override *override_find(struct planner *p, struct str name)
{
	const struct override *found = NULL;

	for (size_t i = 0; i < p->override_count; i++)
		if (same_name(&p->overrides[i], name))
			found = &p->overrides[i];
	return found;
}

/* A text from outside takes the type that the file's value has: `--var n=5` for `n: 3` is a number,
 * a password of digits stays a text. */
static struct value override_value(const struct override *o, const struct node *declared)
{
	if (o->typed || declared->type != NODE_SCALAR || declared->quoted ||
		declared->value.type == VALUE_STRING || declared->value.type == VALUE_NULL)
		return o->value;
	return yaml_scalar(o->value.string);
}

static size_t var_index(const struct planner *p, struct str name)
{
	for (size_t i = 0; i < p->scenario->var_count; i++)
		if (str_equal(p->scenario->vars[i].name, name))
			return i;
	return SIZE_MAX;
}

bool var_broken(const struct planner *p, struct str name)
{
	size_t index = var_index(p, name);

	return index != SIZE_MAX && p->vars[index] == VAR_BROKEN;
}

static void var_resolve(
	struct planner *, size_t index, const struct node *, size_t offset, size_t len);

struct var_walk {
	struct planner *p;
	size_t index;
	bool broken;
};

static void var_reference(void *ctx, const struct node *node, const struct reference *ref)
{
	struct var_walk *walk = ctx;
	struct planner *p = walk->p;
	struct str head = name_head(ref->name);
	size_t index = var_index(p, head);
	const struct capture_site *site = capture_find(p, head);
	struct span span = node_part_span(node, ref->offset, ref->len);

	override_touch(p, head);
	if (str_is(ref->name, "run.trace_id") || str_is(head, "item")) {
		diag_error(p->diags, span,
			"'%.*s' differs from step to step; write it in the step itself",
			STR_ARG(ref->name));
		walk->broken = true;
	} else if (index != SIZE_MAX) {
		var_resolve(p, index, node, ref->offset, ref->len);
		walk->broken |= p->vars[index] == VAR_BROKEN;
	} else if (site && !override_find(p, head)) {
		diag_error(p->diags, span,
			"'%.*s' is captured by step '%.*s'; a variable cannot wait for it, write "
			"it in the step itself",
			STR_ARG(head), STR_ARG(p->scenario->steps[site->step].name));
		walk->broken = true;
	}
}

/* Names whose trouble was told already. */
static bool var_deferred(void *ctx, struct str name)
{
	struct planner *p = ctx;
	struct str head = name_head(name);

	return str_is(name, "run.trace_id") || str_is(head, "item") || var_broken(p, head) ||
	       (capture_find(p, head) && !scope_find(p->plan->scope, name));
}

static void var_compute(struct planner *p, size_t index)
{
	const struct var_source *var = &p->scenario->vars[index];
	const struct override *override = override_find(p, var->name);
	struct fill fill = {.arena = p->arena,
		.scope = p->plan->scope,
		.diags = p->diags,
		.dir = var->dir,
		.deferred = var_deferred,
		.ctx = p};
	struct var_walk walk = {p, index, false};
	struct value value;

	override_touch(p, var->name);
	if (override) {
		value = override_value(override, var->value);
	} else {
		node_references(var->value, var_reference, &walk);
		if (node_expand(&fill, var->value, &value) || walk.broken) {
			p->vars[index] = VAR_BROKEN;
			return;
		}
	}
	p->vars[index] = VAR_DONE;
	scope_set(p->plan->scope, var->name, &value);
}

/* Makes the variable known; `node` and the part of it are the reference that asks for it. */
static void var_resolve(
	struct planner *p, size_t index, const struct node *node, size_t offset, size_t len)
{
	const char *outer = p->var_path;
	struct str name = p->scenario->vars[index].name;

	if (p->vars[index] == VAR_DONE || p->vars[index] == VAR_BROKEN)
		return;
	const char *path = arena_printf(
		p->arena, "%s%s%.*s", outer ? outer : "", outer ? " -> " : "", STR_ARG(name));

	if (p->vars[index] == VAR_UNDER_WAY || p->var_depth == VAR_DEPTH_MAX) {
		if (p->vars[index] == VAR_UNDER_WAY)
			diag_error(p->diags, node_part_span(node, offset, len),
				"variables refer to each other in a circle: %s", path);
		else
			diag_error(p->diags, node_part_span(node, offset, len),
				"a chain of more than %d variables", VAR_DEPTH_MAX);
		p->vars[index] = VAR_BROKEN;
		return;
	}
	p->vars[index] = VAR_UNDER_WAY;
	p->var_path = path;
	p->var_depth++;
	var_compute(p, index);
	p->var_depth--;
	p->var_path = outer;
}

/* Those the file does not declare. From the environment also in lower case. */
static void set_undeclared(struct planner *p)
{
	for (size_t i = 0; i < p->override_count; i++) {
		struct override *o = &p->overrides[i];
		char *lower = arena_str(p->arena, o->name).ptr ? arena_strdup(p->arena, o->name.ptr)
							       : NULL;

		if (!o->any_case) {
			scope_set(p->plan->scope, o->name, &o->value);
			continue;
		}
		for (char *c = lower; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
		scope_set(p->plan->scope, str_of(lower), &o->value);
		scope_set(p->plan->scope, o->name, &o->value);
	}
}

void plan_vars(struct planner *p)
{
	struct value run_id = value_text(p->plan->run_id);

	p->vars = ARENA_ARRAY(p->arena, p->scenario->var_count, enum var_state);
	scope_set(p->plan->scope, STR("run.id"), &run_id);
	set_undeclared(p);
	for (size_t i = 0; i < p->scenario->var_count; i++)
		var_resolve(p, i, p->scenario->vars[i].value, 0, 0);
}

static bool keep_secret(struct planner *p, const struct value *value)
{
	bool whole = true;

	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOLEAN: break;
	case VALUE_ARRAY:
		for (size_t i = 0; i < value->array.count; i++)
			whole &= keep_secret(p, &value->array.items[i]);
		break;
	case VALUE_OBJECT:
		for (size_t i = 0; i < value->object.count; i++)
			whole &= keep_secret(p, &value->object.members[i].value);
		break;
	default: {
		struct str text = value_to_str(p->arena, value);

		whole = !text.len || redactor_add(p->redactor, text);
	}
	}
	return whole;
}

static void name_add(
	struct arena *arena, const char ***names, size_t *count, size_t *capacity, const char *name)
{
	*names = arena_grow(arena, *names, *count, capacity, sizeof(**names));
	(*names)[(*count)++] = name;
}

/* The known name nearest to one that `secrets` has wrong. */
static const char *suggest_secret(struct planner *p, struct str name)
{
	const char **names = NULL;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; i < p->scenario->var_count; i++)
		name_add(p->arena, &names, &count, &capacity, p->scenario->vars[i].name.ptr);
	for (size_t i = 0; i < p->capture_count; i++)
		name_add(p->arena, &names, &count, &capacity, p->captures[i].name.ptr);
	name_add(p->arena, &names, &count, &capacity, NULL);
	return diag_suggest(name, names);
}

void plan_secrets(struct planner *p)
{
	const struct node *list = p->scenario->secrets;

	for (size_t i = 0; list && i < list->count; i++) {
		const struct node *node = list->items[i];
		const struct value *value = scope_find(p->plan->scope, node->text);
		const char *nearest;

		override_touch(p, node->text);
		if (node->type != NODE_SCALAR) {
			diag_error(p->diags, node->span,
				"'secrets' lists names of variables, not %s", node_kind_text(node));
		} else if (value) {
			if (!keep_secret(p, value))
				diag_warning(p->diags, node->span,
					"secret '%.*s' has less than 4 characters: it is hidden "
					"only where it is a whole value",
					STR_ARG(node->text));
		} else if (var_index(p, node->text) == SIZE_MAX && !capture_find(p, node->text)) {
			nearest = suggest_secret(p, node->text);
			diag_error(p->diags, node->span,
				"unknown variable '%.*s'%s%s%s; 'secrets' lists names of variables",
				STR_ARG(node->text), nearest ? ", did you mean '" : "",
				nearest ? nearest : "", nearest ? "'?" : "");
		}
	}
}

void plan_unused_overrides(struct planner *p)
{
	for (size_t i = 0; i < p->override_count; i++) {
		const struct override *o = &p->overrides[i];
		const char *nearest = suggest_secret(p, o->name);

		if (o->from_flag && !o->used)
			diag_warning(p->diags, place(p, "--var"),
				"nothing in '%s' uses '%.*s'%s%s%s", p->scenario->file,
				STR_ARG(o->name), nearest ? ", did you mean '" : "",
				nearest ? nearest : "", nearest ? "'?" : "");
	}
}
