/* From the map `expect` to an array of checks. */
#include "checks_private.h"

const struct check_op *const check_ops[] = {&op_equals, &op_not, &op_in, &op_contains,
	&op_starts_with, &op_ends_with, &op_matches, &op_gt, &op_ge, &op_lt, &op_le, &op_between,
	&op_exists, &op_type, &op_empty, &op_count, &op_all, &op_any, &op_none, NULL};

const struct check_op *check_op_find(struct str name)
{
	for (size_t i = 0; check_ops[i]; i++)
		if (str_is(name, check_ops[i]->name))
			return check_ops[i];
	return NULL;
}

bool check_op_at(size_t i, struct check_op_def *out)
{
	if (i >= sizeof(check_ops) / sizeof(check_ops[0]) - 1)
		return false;
	*out = (struct check_op_def){check_ops[i]->name, check_ops[i]->help, check_ops[i]->example};
	return true;
}

static void check_add(struct check_parse *p, const struct selection *s, const struct matcher *m)
{
	p->out->items = arena_grow(
		p->arena, p->out->items, p->out->count, &p->capacity, sizeof(struct check));
	p->out->items[p->out->count++] = (struct check){*s, *m};
}

static void add_matchers(struct check_parse *p, const struct selection *s, const struct node *node)
{
	struct matcher *list;
	size_t count;

	if (!matchers_parse(p, node, s->scale, &list, &count))
		return;
	for (size_t i = 0; i < count; i++)
		check_add(p, s, &list[i]);
}

static void parse_json(struct check_parse *p, const struct node *key, const struct node *map)
{
	struct selection s;

	if (map->type != NODE_MAP || !map->count) {
		diag_error(p->diags, map->span,
			"'json' maps a JSONPath to what is wanted: {$.status: ready}");
		return;
	}
	if (p->facts && !fact_def_find(p->facts, STR("json"))) {
		selection_parse(p, key, STR("json"), &s);
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		if (selection_parse_json(p, map->pairs[i].key, &s))
			add_matchers(p, &s, map->pairs[i].value);
}

/* Whether facts begin with "NAME.", so that a map may name their rest. */
static bool has_parts(struct check_parse *p, struct str name)
{
	for (const struct fact_def *f = p->facts; f && f->name; f++) {
		struct str own = str_of(f->name);

		if (own.len > name.len && own.ptr[name.len] == '.' &&
			str_equal(str_sub(own, 0, name.len), name))
			return true;
	}
	return false;
}

static void parse_fact(
	struct check_parse *p, const struct node *key, struct str name, const struct node *value);

/* {content-type: ...} behind `header`; keys that are matchers are of the fact itself. */
static void parse_parts(
	struct check_parse *p, const struct node *key, struct str name, const struct node *map)
{
	bool map_fact = str_is(name, "header") || str_is(name, "cookie");
	struct node own = *map;

	own.count = 0;
	own.pairs = ARENA_ARRAY(p->arena, map->count, struct node_pair);
	for (size_t i = 0; i < map->count; i++) {
		struct str part = map->pairs[i].key->text;
		struct str full =
			str_of(arena_printf(p->arena, "%.*s.%.*s", STR_ARG(name), STR_ARG(part)));
		bool is_part = p->facts ? fact_def_find(p->facts, full) != NULL : map_fact;

		if (is_part && (map_fact || !check_op_find(part)))
			parse_fact(p, map->pairs[i].key, full, map->pairs[i].value);
		else if (check_op_find(part))
			own.pairs[own.count++] = map->pairs[i];
		else if (fact_def_find(p->facts, name))
			own.pairs[own.count++] = map->pairs[i];
		else
			parse_fact(p, map->pairs[i].key, full, map->pairs[i].value);
	}
	struct selection s;

	if (own.count && selection_parse(p, key, name, &s))
		add_matchers(p, &s, arena_copy(p->arena, &own, sizeof(own)));
}

static void parse_fact(
	struct check_parse *p, const struct node *key, struct str name, const struct node *value)
{
	struct selection s;

	if (str_is(name, "json"))
		parse_json(p, key, value);
	else if (value->type == NODE_MAP && value->count && (has_parts(p, name) || !p->facts))
		parse_parts(p, key, name, value);
	else if (selection_parse(p, key, name, &s))
		add_matchers(p, &s, value);
}

/* A check on the fact, or on a part of it, that the file has. */
static bool is_written(const struct checks *checks, struct str fact)
{
	for (size_t i = 0; i < checks->count; i++) {
		const struct selection *s = &checks->items[i].selection;

		if (str_is(fact, s->full ? s->full : s->fact))
			return true;
	}
	return false;
}

static struct value implied_value(const char *text)
{
	int64_t integer;

	if (str_int(str_of(text), &integer))
		return value_integer(integer);
	if (str_is(str_of(text), "true") || str_is(str_of(text), "false"))
		return value_boolean(text[0] == 't');
	return value_text(text);
}

static void add_implied(struct check_parse *p, const struct implied_check *implied)
{
	struct checks written = *p->out;

	*p->out = (struct checks){0};
	p->capacity = 0;
	for (; implied && implied->fact; implied++) {
		struct node none = {.type = NODE_SCALAR};
		struct selection s;
		struct matcher m = {
			.op = &op_equals, .wanted = implied_value(implied->value), .fixed = true};

		if (!is_written(&written, str_of(implied->fact)) &&
			selection_parse(p, &none, str_of(implied->fact), &s))
			check_add(p, &s, &m);
	}
	for (size_t i = 0; i < written.count; i++)
		check_add(p, &written.items[i].selection, &written.items[i].matcher);
}

void checks_parse(struct arena *arena, const struct node *expect, const struct fact_def *facts,
	const struct implied_check *implied, struct checks *out, struct diags *diags)
{
	struct check_parse p = {.arena = arena, .facts = facts, .out = out, .diags = diags};

	*out = (struct checks){0};
	if (expect && expect->type != NODE_MAP)
		diag_error(diags, expect->span,
			"'expect' maps facts to what is wanted: {status: 200}; not %s",
			node_kind_text(expect));
	for (size_t i = 0; expect && expect->type == NODE_MAP && i < expect->count; i++)
		parse_fact(&p, expect->pairs[i].key, expect->pairs[i].key->text,
			expect->pairs[i].value);
	add_implied(&p, implied);
}

static const struct fact_def message_facts[] = {
	{"text", "string", "text of the message"},
	{"json", "object", "text of the message as JSON"},
	{"binary", "string", "bytes of the message"},
	{NULL, NULL, NULL},
};

void checks_parse_message(
	struct arena *arena, const struct node *map, struct checks *out, struct diags *diags)
{
	struct check_parse p = {.arena = arena, .facts = message_facts, .out = out, .diags = diags};

	*out = (struct checks){0};
	if (map->type != NODE_MAP) {
		parse_fact(&p, map, STR("text"), map);
		return;
	}
	for (size_t i = 0; i < map->count; i++)
		if (fact_def_find(message_facts, map->pairs[i].key->text))
			parse_fact(&p, map->pairs[i].key, map->pairs[i].key->text,
				map->pairs[i].value);
}
