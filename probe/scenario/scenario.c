#include "scenario_private.h"

#include <errno.h>
#include <stdlib.h>

enum { INCLUDES_MAX = 1000 };

static const char *dir_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
}

/* "dir/smoke.yaml" is called "smoke". */
static const char *name_of_file(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	if (strcmp(path, "-") == 0)
		return "scenario";
	return dot && dot > base ? arena_printf(arena, "%.*s", (int)(dot - base), base)
				 : arena_strdup(arena, base);
}

static bool is_null(const struct node *node)
{
	return node->type == NODE_SCALAR && node->value.type == VALUE_NULL;
}

static const char *text_of(
	struct scenario_loader *l, const struct node *node, const char *key, const char *otherwise)
{
	if (!node)
		return otherwise;
	if (node->type == NODE_SCALAR && !is_null(node))
		return node->text.ptr;
	diag_error(l->diags, node->span, "'%s' needs a text, not %s", key, node_kind_text(node));
	return otherwise;
}

/* Variable names are those that ${...} can say. */
static bool is_variable_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && !(i && ((c >= '0' && c <= '9') || c == '-')))
			return false;
	}
	return name.len > 0;
}

static bool reserved(struct str name)
{
	return str_is(name, "item") || str_is(name, "uuid") || str_is(name, "now") ||
	       str_is(name, "env") || str_is(name, "run");
}

static bool var_known(const struct scenario *scenario, struct str name)
{
	for (size_t i = 0; i < scenario->var_count; i++)
		if (str_equal(scenario->vars[i].name, name))
			return true;
	return false;
}

/* The first definition stays: a file's own come before those of the files it includes. */
static void load_vars(struct scenario_loader *l, const struct scenario_file *file)
{
	struct scenario *scenario = l->scenario;
	const struct node *vars = file->keys.vars;

	if (!vars || is_null(vars))
		return;
	if (vars->type != NODE_MAP) {
		diag_error(l->diags, vars->span, "'vars' needs a map of names to values, not %s",
			node_kind_text(vars));
		return;
	}
	for (size_t i = 0; i < vars->count; i++) {
		const struct node *key = vars->pairs[i].key;

		if (!is_variable_name(key->text)) {
			diag_error(l->diags, key->span,
				"'%.*s' is no name for a variable: letters, digits, '_' and '-', "
				"not a digit first",
				STR_ARG(key->text));
			continue;
		}
		if (reserved(key->text)) {
			diag_error(l->diags, key->span, "'%.*s' is taken by goldprobe itself",
				STR_ARG(key->text));
			continue;
		}
		if (var_known(scenario, key->text))
			continue;
		scenario->vars = arena_grow(l->arena, scenario->vars, scenario->var_count,
			&l->var_capacity, sizeof(scenario->vars[0]));
		scenario->vars[scenario->var_count++] =
			(struct var_source){key->text, vars->pairs[i].value, file->dir};
	}
}

/* Adds the pairs or items of an included file to what is there. */
static const struct node *joined(struct scenario_loader *l, const struct node *own,
	const struct node *more, enum node_type type, const char *key)
{
	struct node *both;

	if (!more || is_null(more))
		return own;
	if (more->type != type) {
		diag_error(l->diags, more->span, "'%s' needs %s, not %s", key,
			type == NODE_MAP ? "a map of names to profiles"
					 : "a list of variable names",
			node_kind_text(more));
		return own;
	}
	if (!own)
		return more;
	both = node_map(l->arena, own->span);
	both->type = type;
	if (type == NODE_LIST) {
		both->items = ARENA_ARRAY(l->arena, own->count + more->count, struct node *);
		memcpy(both->items, own->items, own->count * sizeof(both->items[0]));
		memcpy(both->items + own->count, more->items, more->count * sizeof(both->items[0]));
		both->count = own->count + more->count;
		return both;
	}
	both->pairs = ARENA_ARRAY(l->arena, own->count + more->count, struct node_pair);
	memcpy(both->pairs, own->pairs, own->count * sizeof(both->pairs[0]));
	both->count = own->count;
	for (size_t i = 0; i < more->count; i++)
		if (!node_find(own, more->pairs[i].key->text.ptr))
			both->pairs[both->count++] = more->pairs[i];
	return both;
}

static void load_steps(struct scenario_loader *l, const struct scenario_file *file)
{
	const struct node *steps = file->keys.steps;

	if (!steps)
		return;
	if (steps->type != NODE_LIST) {
		diag_error(l->diags, steps->span, "'steps' needs a list of steps, not %s",
			node_kind_text(steps));
		return;
	}
	if (!steps->count)
		diag_error(l->diags, steps->span, "'steps' has no step");
	for (size_t i = 0; i < steps->count; i++) {
		const struct node *path = node_find(steps->items[i], "include");

		if (!path)
			step_load(l, file, steps->items[i]);
		else if (steps->items[i]->count > 1)
			diag_error(l->diags, steps->items[i]->span,
				"'include' stands alone: the other keys belong into the steps of "
				"that file");
		else
			include_load(l, file, path);
	}
}

bool scenario_file_load(struct scenario_loader *l, struct scenario_file *file, struct span from)
{
	struct node *root = NULL;
	struct error err;
	size_t before = l->diags->errors;
	struct fill fill = {.arena = l->arena, .diags = l->diags};
	struct scenario *scenario = l->scenario;

	if (yaml_load_file(l->arena, file->path, &root, l->diags, &err)) {
		diag_error(l->diags, from, "%s", err.text);
		return false;
	}
	if (!root) {
		struct source *source = ARENA_NEW(l->arena, struct source);

		source->name = file->path;
		if (l->diags->errors > before)
			l->diags->unread = file->path;
		else
			diag_error(l->diags, (struct span){.source = source},
				"the file is empty; it needs at least 'steps'");
		return false;
	}
	if (root->type != NODE_MAP) {
		diag_error(l->diags, root->span, "a scenario is a map with 'steps', not %s",
			node_kind_text(root));
		return false;
	}
	fields_fill(&fill, scenario_fields, root, &file->keys);
	if (!file->parent)
		scenario->root = root;
	load_vars(l, file);
	scenario->secrets = joined(l, scenario->secrets, file->keys.secrets, NODE_LIST, "secrets");
	scenario->auth = joined(l, scenario->auth, file->keys.auth, NODE_MAP, "auth");
	load_steps(l, file);
	return true;
}

static void part_add(struct scenario_loader *l, const char *path)
{
	struct scenario *scenario = l->scenario;

	scenario->parts = arena_grow(l->arena, scenario->parts, scenario->part_count,
		&l->part_capacity, sizeof(scenario->parts[0]));
	scenario->parts[scenario->part_count++] = (struct scenario_part){path, file_state(path)};
}

void include_load(
	struct scenario_loader *l, const struct scenario_file *file, const struct node *path)
{
	struct scenario_file inner = {.parent = file, .depth = file->depth + 1};

	if (path->type != NODE_SCALAR || is_null(path)) {
		diag_error(l->diags, path->span, "'include' needs the path of a file, not %s",
			node_kind_text(path));
		return;
	}
	if (expand_needed(path->text)) {
		diag_error(l->diags, path->span,
			"'include' is read before any variable is known; write the path out");
		return;
	}
	inner.path = path->text.ptr;
	if (inner.path[0] != '/' && strcmp(file->dir, ".") != 0)
		inner.path = arena_printf(l->arena, "%s/%s", file->dir, inner.path);
	part_add(l, inner.path);
	char *real = realpath(inner.path, NULL);

	if (!real) {
		diag_error(
			l->diags, path->span, "cannot open '%s': %s", inner.path, strerror(errno));
		return;
	}
	inner.real = arena_strdup(l->arena, real);
	free(real);
	for (const struct scenario_file *f = file; f; f = f->parent) {
		if (f->real && strcmp(f->real, inner.real) == 0) {
			diag_error(l->diags, path->span, "'%s' would include itself%s", inner.path,
				f == file ? "" : " by way of this file");
			return;
		}
	}
	if (inner.depth > INCLUDE_DEPTH_MAX || ++l->includes > INCLUDES_MAX) {
		diag_error(l->diags, path->span, "more than %d includes%s",
			inner.depth > INCLUDE_DEPTH_MAX ? INCLUDE_DEPTH_MAX : INCLUDES_MAX,
			inner.depth > INCLUDE_DEPTH_MAX ? " inside each other" : "");
		return;
	}
	inner.dir = dir_of(l->arena, inner.path);
	scenario_file_load(l, &inner, path->span);
}

const char *const *vocabulary_names(struct arena *arena, const struct vocabulary *vocabulary)
{
	size_t count = 0;
	const char **names;

	while (vocabulary->steps[count])
		count++;
	names = ARENA_ARRAY(arena, count + 1, const char *);
	for (size_t i = 0; i < count; i++)
		names[i] = vocabulary->steps[i]->name;
	return names;
}

struct scenario *scenario_load(struct arena *arena, const char *file,
	const struct vocabulary *vocabulary, struct diags *diags)
{
	struct scenario *scenario = ARENA_NEW(arena, struct scenario);
	struct scenario_file *main_file = ARENA_NEW(arena, struct scenario_file);
	struct scenario_loader loader = {.arena = arena,
		.vocabulary = vocabulary,
		.kind_names = vocabulary_names(arena, vocabulary),
		.diags = diags,
		.scenario = scenario};
	char *real = realpath(file, NULL);

	*scenario = (struct scenario){.arena = arena, .file = file, .dir = dir_of(arena, file)};
	*main_file = (struct scenario_file){.path = file,
		.real = real ? arena_strdup(arena, real) : NULL,
		.dir = scenario->dir};
	free(real);
	struct source *whole = ARENA_NEW(arena, struct source);

	whole->name = file;
	if (!scenario_file_load(&loader, main_file, (struct span){.source = whole}))
		return NULL;
	const struct scenario_keys *keys = &main_file->keys;

	scenario->name = text_of(&loader, keys->name, "name", name_of_file(arena, file));
	scenario->description = text_of(&loader, keys->description, "description", NULL);
	scenario->target = keys->target;
	scenario->defaults = keys->defaults && !is_null(keys->defaults) ? keys->defaults : NULL;
	scenario->logs = keys->logs && !is_null(keys->logs) ? keys->logs : NULL;
	scenario->rules = keys->rules && !is_null(keys->rules) ? keys->rules : NULL;
	scenario->monitor = keys->monitor && !is_null(keys->monitor) ? keys->monitor : NULL;
	check_names(&loader);
	return scenario;
}
