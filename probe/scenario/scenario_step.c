#include <stdlib.h>

#include "scenario_private.h"

enum { NAME_MAX_SHOWN = 200 };

/* Keys of a step that a kind may have no use for. */
static const struct {
	const char *key;
	unsigned uses;
} KEY_USES[] = {
	{"connection", STEP_USES_CONNECTION},
	{"auth", STEP_USES_AUTH},
	{"headers", STEP_USES_AUTH},
	{"reject", STEP_USES_REJECT},
};

static const struct step_kind *kind_find(const struct vocabulary *vocabulary, struct str name)
{
	for (size_t i = 0; vocabulary->steps[i]; i++)
		if (str_is(name, vocabulary->steps[i]->name))
			return vocabulary->steps[i];
	return NULL;
}

static bool is_step_key(struct str name)
{
	for (const struct field *field = step_fields; field->name; field++)
		if (str_is(name, field->name))
			return true;
	return false;
}

static const char *names_text(struct arena *arena, const char *const *names)
{
	const char *text = "";

	for (size_t i = 0; names[i]; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", names[i]);
	return text;
}

/* A key that is neither of the framework nor a kind. True when it was taken for a kind. */
static bool unknown_step_key(struct scenario_loader *l, const struct node *key, bool has_kind)
{
	const char *keys[64], *nearest;
	size_t count = 0;

	for (; step_fields[count].name; count++)
		keys[count] = step_fields[count].name;
	keys[count] = NULL;
	nearest = diag_suggest(key->text, l->kind_names);
	if (nearest && !has_kind) {
		diag_error(l->diags, key->span, "unknown kind '%.*s', did you mean '%s'?",
			STR_ARG(key->text), nearest);
		return true;
	}
	nearest = diag_suggest(key->text, keys);
	if (nearest) {
		diag_error(l->diags, key->span, "unknown key '%.*s', did you mean '%s'?",
			STR_ARG(key->text), nearest);
		return false;
	}
	if (!has_kind) {
		diag_error(l->diags, key->span, "unknown kind '%.*s'; kinds are %s",
			STR_ARG(key->text), names_text(l->arena, l->kind_names));
		return true;
	}
	diag_error(l->diags, key->span, "unknown key '%.*s' in a step; known are %s",
		STR_ARG(key->text), names_text(l->arena, keys));
	return false;
}

/* The one kind of a step; NULL when there is none, and that was told. */
static const struct step_kind *find_kind(
	struct scenario_loader *l, const struct node *node, const struct node **key)
{
	const struct step_kind *kind = NULL;
	bool guessed = false;

	for (size_t i = 0; i < node->count; i++) {
		const struct node *k = node->pairs[i].key;
		const struct step_kind *found = kind_find(l->vocabulary, k->text);

		if (found && kind)
			diag_error(l->diags, k->span,
				"a second kind: this step is '%s' already (line %u); make it two "
				"steps",
				kind->name, (*key)->span.line);
		if (found && !kind) {
			kind = found;
			*key = k;
		}
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *k = node->pairs[i].key;

		if (!kind_find(l->vocabulary, k->text) && !is_step_key(k->text))
			guessed |= unknown_step_key(l, k, kind != NULL);
	}
	if (!kind && !guessed)
		diag_error(l->diags, node->span, "a step without a kind; it has one of %s",
			names_text(l->arena, l->kind_names));
	return kind;
}

static void check_uses(
	struct scenario_loader *l, const struct step_kind *kind, const struct node *node)
{
	for (size_t i = 0; i < sizeof(KEY_USES) / sizeof(KEY_USES[0]); i++)
		if (node_find(node, KEY_USES[i].key) && !(kind->uses & KEY_USES[i].uses))
			diag_error(l->diags, node_key_span(node, KEY_USES[i].key),
				"'%s' has no use in a '%s' step", KEY_USES[i].key, kind->name);
}

/* The first key of an address that the body has. */
static const struct node *address_node(const struct node *map)
{
	static const char *const keys[] = {"path", "url", "address", "argv", NULL};

	for (size_t i = 0; keys[i]; i++) {
		const struct node *node = node_find(map, keys[i]);

		if (node)
			return node;
	}
	return NULL;
}

static const char *scalars_text(struct arena *arena, const struct node *node)
{
	const char *text = "";

	if (!node || node->type == NODE_MAP)
		return "";
	if (node->type == NODE_SCALAR)
		return node->text.ptr;
	for (size_t i = 0; i < node->count; i++)
		if (node->items[i]->type == NODE_SCALAR)
			text = arena_printf(
				arena, "%s%s%s", text, i ? " " : "", node->items[i]->text.ptr);
	return text;
}

/* User and password of a URL are no part of a name. */
static const char *without_userinfo(struct arena *arena, const char *text)
{
	const char *scheme = strstr(text, "://");
	size_t host = scheme ? strcspn(scheme + 3, "/?# ") : 0;
	const char *at = scheme ? memrchr(scheme + 3, '@', host) : NULL;

	if (!at)
		return text;
	return arena_printf(arena, "%.*s***%s", (int)(scheme + 3 - text), text, at);
}

static const char *method_text(const struct step_kind *kind, const struct node *map)
{
	const struct node *method = node_find(map, "method");

	if (method && method->type == NODE_SCALAR)
		return method->text.ptr;
	for (const struct field *field = kind->fields; field && field->name; field++)
		if (strcmp(field->name, "method") == 0)
			return field->fallback ? field->fallback : "";
	return "";
}

const char *step_address_text(
	struct arena *arena, const struct step_kind *kind, const struct node *body)
{
	const char *method = "", *address;

	if (body->type == NODE_MAP) {
		method = method_text(kind, body);
		address = scalars_text(arena, address_node(body));
	} else {
		address = scalars_text(arena, body);
	}
	address = without_userinfo(arena, address);
	char *text = arena_printf(
		arena, "%s%s%s", *address ? method : "", *method && *address ? " " : "", address);

	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	return arena_str(arena, str_trim(str_sub(str_of(text), 0, NAME_MAX_SHOWN))).ptr;
}

static void name_step(
	struct scenario_loader *l, struct step_source *step, const struct node *kind_key)
{
	const struct node *name = step->name_node;

	step->name_span = kind_key->span;
	if (name && (name->type != NODE_SCALAR || !str_trim(name->text).len)) {
		diag_error(l->diags, name->span, "'name' needs a text, not %s",
			name->type == NODE_SCALAR ? "an empty one" : node_kind_text(name));
		name = NULL;
	}
	if (name) {
		step->name_span = name->span;
		step->name = str_trim(name->text);
	} else {
		const char *address = step_address_text(l->arena, step->kind, step->body);

		step->name = str_of(arena_printf(
			l->arena, "%s%s%s", step->kind->name, *address ? " " : "", address));
	}
	step->base_name = step->name;
}

static void add_step(struct scenario_loader *l, const struct step_source *step)
{
	struct scenario *scenario = l->scenario;

	if (scenario->step_count >= STEPS_MAX) {
		diag_error(l->diags, step->name_span, "more than %d steps", STEPS_MAX);
		return;
	}
	scenario->steps = arena_grow(
		l->arena, scenario->steps, scenario->step_count, &l->step_capacity, sizeof(*step));
	scenario->steps[scenario->step_count++] = *step;
}

/* "[a]" for an element; one that is a map is called by its `name` or its number. */
static const char *item_text(struct arena *arena, const struct value *item, size_t number)
{
	const struct value *name = value_find(item, "name");

	if (item->type == VALUE_OBJECT || item->type == VALUE_ARRAY) {
		if (!name || name->type == VALUE_OBJECT || name->type == VALUE_ARRAY)
			return arena_printf(arena, "%zu", number);
		item = name;
	}
	return arena_printf(arena, "%.*s", STR_ARG(str_sub(value_to_str(arena, item), 0, 100)));
}

static void repeat_step(
	struct scenario_loader *l, struct step_source step, const struct node *for_each)
{
	if (for_each->type != NODE_LIST) {
		diag_error(l->diags, for_each->span, "'for_each' needs a list, not %s",
			node_kind_text(for_each));
		return;
	}
	if (!for_each->count)
		diag_error(l->diags, for_each->span,
			"'for_each' has no element: the step would "
			"never run");
	for (size_t i = 0; i < for_each->count; i++) {
		struct value *item = ARENA_NEW(l->arena, struct value);

		*item = node_value(l->arena, for_each->items[i]);
		step.item = item;
		step.name_span = for_each->items[i]->span;
		step.name = str_of(arena_printf(l->arena, "%.*s [%s]", STR_ARG(step.base_name),
			item_text(l->arena, item, i + 1)));
		add_step(l, &step);
	}
}

/* The name of a step that cannot be loaded is taken all the same. */
static void add_stray(struct scenario_loader *l, const struct node *node)
{
	struct scenario *scenario = l->scenario;
	const struct node *name = node_find(node, "name");

	if (!name || name->type != NODE_SCALAR || !str_trim(name->text).len ||
		node_find(node, "for_each"))
		return;
	scenario->strays = arena_grow(l->arena, scenario->strays, scenario->stray_count,
		&l->stray_capacity, sizeof(scenario->strays[0]));
	scenario->strays[scenario->stray_count++] = (struct step_source){.node = node,
		.name_node = name,
		.name_span = name->span,
		.name = str_trim(name->text)};
}

void step_load(struct scenario_loader *l, const struct scenario_file *file, const struct node *node)
{
	const struct node *kind_key = NULL;

	if (node->type != NODE_MAP) {
		diag_error(l->diags, node->span,
			"a step is a map such as '- http: GET /health', not %s",
			node_kind_text(node));
		return;
	}
	const struct step_kind *kind = find_kind(l, node, &kind_key);

	if (!kind) {
		add_stray(l, node);
		return;
	}
	struct step_source step = {
		.kind = kind,
		.node = node,
		.body = node_find(node, kind->name),
		.dir = file->dir,
		.file_defaults = file->parent ? file->keys.defaults : NULL,
		.name_node = node_find(node, "name"),
		.capability = node_find(node, "capability"),
		.timeout = node_find(node, "timeout"),
		.retry = node_find(node, "retry"),
		.stable = node_find(node, "stable"),
		.needs = node_find(node, "needs"),
		.optional = node_find(node, "optional"),
		.always = node_find(node, "always"),
		.tags = node_find(node, "tags"),
		.expect = node_find(node, "expect"),
		.capture = node_find(node, "capture"),
		.reject = node_find(node, "reject"),
		.auth = node_find(node, "auth"),
		.connection = node_find(node, "connection"),
		.headers = node_find(node, "headers"),
	};
	const struct node *for_each = node_find(node, "for_each");

	check_uses(l, kind, node);
	name_step(l, &step, kind_key);
	if (for_each)
		repeat_step(l, step, for_each);
	else
		add_step(l, &step);
}

/* By name; the same name in the order of the file. */
static int by_name(const void *a, const void *b)
{
	const struct step_source *x = *(const struct step_source *const *)a;
	const struct step_source *y = *(const struct step_source *const *)b;
	int order = str_compare(x->name, y->name);

	if (!order && x->name_span.source == y->name_span.source)
		order = (x->name_span.line > y->name_span.line) -
			(x->name_span.line < y->name_span.line);
	if (!order && !x->kind != !y->kind)
		order = x->kind ? -1 : 1;
	return order ? order : (x > y) - (x < y);
}

void check_names(struct scenario_loader *l)
{
	const struct scenario *scenario = l->scenario;
	size_t count = scenario->step_count + scenario->stray_count;
	const struct step_source **sorted =
		ARENA_ARRAY(l->arena, count, const struct step_source *);

	for (size_t i = 0; i < count; i++)
		sorted[i] = i < scenario->step_count ? &scenario->steps[i]
						     : &scenario->strays[i - scenario->step_count];
	qsort(sorted, count, sizeof(sorted[0]), by_name);
	for (size_t i = 1, first = 0; i < count; i++) {
		const struct step_source *step = sorted[i], *known = sorted[first];

		if (!str_equal(step->name, known->name))
			first = i;
		else if (step->item && known->node == step->node)
			diag_error(l->diags, step->name_span,
				"two steps would be called '%.*s': the element is in the list twice",
				STR_ARG(step->name));
		else
			diag_error(l->diags, step->name_span,
				"a second step is called '%.*s' (the first is in line %u of %s); "
				"give this one %s 'name'",
				STR_ARG(step->name), known->name_span.line,
				known->name_span.source->name, step->name_node ? "another" : "a");
	}
}
