#include "yaml_private.h"

struct node *node_find(const struct node *map, const char *key)
{
	if (!map || map->type != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (str_is(map->pairs[i].key->text, key))
			return map->pairs[i].value;
	return NULL;
}

struct span node_key_span(const struct node *map, const char *key)
{
	for (size_t i = 0; map->type == NODE_MAP && i < map->count; i++)
		if (str_is(map->pairs[i].key->text, key))
			return map->pairs[i].key->span;
	return map->span;
}

const char *node_kind_text(const struct node *node)
{
	if (node->type == NODE_LIST)
		return "a list";
	if (node->type == NODE_MAP)
		return "a map";
	switch (node->value.type) {
	case VALUE_NULL: return "nothing";
	case VALUE_BOOLEAN: return "a boolean";
	case VALUE_INTEGER: return "a whole number";
	case VALUE_NUMBER:
	case VALUE_BIGNUM: return "a number";
	default: return "a text";
	}
}

struct value node_value(struct arena *arena, const struct node *node)
{
	struct value value;

	if (node->type == NODE_SCALAR)
		return node->value;
	if (node->type == NODE_LIST) {
		value = value_array();
		for (size_t i = 0; i < node->count; i++)
			value_push(arena, &value, node_value(arena, node->items[i]));
		return value;
	}
	value = value_object();
	for (size_t i = 0; i < node->count; i++)
		value_set(arena, &value, node->pairs[i].key->text,
			node_value(arena, node->pairs[i].value));
	return value;
}

struct node *node_scalar(struct arena *arena, struct span span, struct str text)
{
	struct node *node = ARENA_NEW(arena, struct node);

	*node = (struct node){.type = NODE_SCALAR,
		.quoted = true,
		.span = span,
		.offset = SIZE_MAX,
		.text = text,
		.value = value_string(text)};
	return node;
}

struct node *node_map(struct arena *arena, struct span span)
{
	struct node *node = ARENA_NEW(arena, struct node);

	*node = (struct node){.type = NODE_MAP, .span = span, .offset = SIZE_MAX};
	return node;
}

void node_map_add(struct arena *arena, struct node *map, const char *key, struct node *value)
{
	struct node_pair *pairs = ARENA_ARRAY(arena, map->count + 1, struct node_pair);

	if (map->count)
		memcpy(pairs, map->pairs, map->count * sizeof(pairs[0]));
	pairs[map->count].key = node_scalar(arena, value->span, str_of(key));
	pairs[map->count].value = value;
	map->pairs = pairs;
	map->count++;
}

static bool has_key(const struct node_pair *pairs, size_t count, struct str key)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(pairs[i].key->text, key))
			return true;
	return false;
}

static size_t merge_count(const struct node *value)
{
	size_t count = 0;

	if (value->type == NODE_MAP)
		return value->count;
	for (size_t i = 0; value->type == NODE_LIST && i < value->count; i++)
		count += value->items[i]->type == NODE_MAP ? value->items[i]->count : 0;
	return count;
}

static void merge_one(struct node *map, const struct node *from, struct diags *diags)
{
	if (from->type != NODE_MAP) {
		diag_error(diags, from->span, "'<<' takes a map or a list of maps, not %s",
			node_kind_text(from));
		return;
	}
	for (size_t i = 0; i < from->count; i++)
		if (!has_key(map->pairs, map->count, from->pairs[i].key->text))
			map->pairs[map->count++] = from->pairs[i];
}

void yaml_merge(struct arena *arena, struct node *map, struct diags *diags)
{
	size_t at = 0;

	while (at < map->count &&
		!(str_is(map->pairs[at].key->text, "<<") && !map->pairs[at].key->quoted))
		at++;
	if (at == map->count)
		return;
	const struct node *value = map->pairs[at].value;
	struct node_pair *pairs =
		ARENA_ARRAY(arena, map->count + merge_count(value), struct node_pair);

	memcpy(pairs, map->pairs, at * sizeof(pairs[0]));
	memcpy(pairs + at, map->pairs + at + 1, (map->count - at - 1) * sizeof(pairs[0]));
	map->pairs = pairs;
	map->count--;
	if (value->type != NODE_LIST) {
		merge_one(map, value, diags);
		return;
	}
	for (size_t i = 0; i < value->count; i++)
		merge_one(map, value->items[i], diags);
}
