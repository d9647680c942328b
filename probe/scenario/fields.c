#include "field_private.h"

static enum filled fill_strings(const struct fill *fill, const struct field *field,
	const struct node *node, struct strs *target)
{
	enum filled result = FILLED_OK;
	size_t count = node->type == NODE_LIST ? node->count : 1;
	struct value value;
	bool expanded;

	/* "${list}" stands for a list. */
	if (node->type == NODE_SCALAR && expand_needed(node->text)) {
		result = fill_scalar(fill, node, &value, &expanded);
		if (result != FILLED_OK)
			return result;
		if (value.type == VALUE_ARRAY) {
			target->count = 0;
			target->items = ARENA_ARRAY(fill->arena, value.array.count, struct str);
			for (size_t i = 0; i < value.array.count; i++)
				target->items[target->count++] =
					value_to_str(fill->arena, &value.array.items[i]);
			return FILLED_OK;
		}
	}
	target->items = ARENA_ARRAY(fill->arena, count, struct str);
	target->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct node *item = node->type == NODE_LIST ? node->items[i] : node;
		enum filled filled = fill_text(fill, field, item, &target->items[i], &expanded);

		if (filled > result)
			result = filled;
	}
	if (result != FILLED_OK)
		*target = (struct strs){NULL, 0};
	return result;
}

static size_t pairs_count(const struct node *map)
{
	size_t count = 0;

	for (size_t i = 0; i < map->count; i++)
		count += map->pairs[i].value->type == NODE_LIST ? map->pairs[i].value->count : 1;
	return count;
}

static enum filled fill_pairs(const struct fill *fill, const struct field *field,
	const struct node *node, struct pairs *target)
{
	enum filled result = FILLED_OK, filled;
	struct field one = *field;
	bool expanded;

	if (node->type != NODE_MAP) {
		diag_error(fill->diags, node->span, "'%s' needs a map of names to texts, not %s",
			field->name, node_kind_text(node));
		return FILLED_WRONG;
	}
	target->count = 0;
	target->items = ARENA_ARRAY(fill->arena, pairs_count(node), struct pair);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *value = node->pairs[i].value;
		bool list = value->type == NODE_LIST;
		struct str name = node->pairs[i].key->text;

		one.name = name.ptr;
		if (expand_needed(name)) {
			filled = fill_text(fill, &one, node->pairs[i].key, &name, &expanded);
			result = filled > result ? filled : result;
		}
		for (size_t k = 0; k < (list ? value->count : 1); k++) {
			struct pair *pair = &target->items[target->count++];

			pair->name = name;
			filled = fill_text(fill, &one, list ? value->items[k] : value, &pair->value,
				&expanded);
			result = filled > result ? filled : result;
		}
	}
	if (result != FILLED_OK)
		*target = (struct pairs){NULL, 0};
	return result;
}

static enum filled fill_object(
	const struct fill *fill, const struct field *field, const struct node *node, void **target)
{
	const struct node *map = node;

	if (node->type != NODE_MAP) {
		if (!field->shorthand) {
			diag_error(fill->diags, node->span, "'%s' needs a map, not %s", field->name,
				node_kind_text(node));
			return FILLED_WRONG;
		}
		map = field->shorthand(fill->arena, node, fill->diags);
		if (!map)
			return FILLED_WRONG;
	}
	*target = arena_alloc(fill->arena, field->size);
	return fields_fill(fill, field->fields, map, *target) ? FILLED_WRONG : FILLED_OK;
}

static enum filled fill_objects(const struct fill *fill, const struct field *field,
	const struct node *node, struct objects *target)
{
	enum filled result = FILLED_OK;

	if (node->type != NODE_LIST) {
		diag_error(fill->diags, node->span, "'%s' needs a list, not %s", field->name,
			node_kind_text(node));
		return FILLED_WRONG;
	}
	target->count = 0;
	target->items = ARENA_ARRAY(fill->arena, node->count, void *);
	for (size_t i = 0; i < node->count; i++) {
		enum filled filled =
			fill_object(fill, field, node->items[i], &target->items[target->count]);

		if (target->items[target->count])
			target->count++;
		result = filled > result ? filled : result;
	}
	return result;
}

enum filled fill_one(
	const struct fill *fill, const struct field *field, const struct node *node, void *target)
{
	enum filled filled;

	switch (field->type) {
	case FIELD_STRINGS: return fill_strings(fill, field, node, target);
	case FIELD_PAIRS: return fill_pairs(fill, field, node, target);
	case FIELD_OBJECT: return fill_object(fill, field, node, target);
	case FIELD_OBJECTS: return fill_objects(fill, field, node, target);
	case FIELD_NODE: *(const struct node **)target = node; return FILLED_OK;
	case FIELD_VALUE:
		filled = fill_value(fill, node, target);
		if (filled != FILLED_OK)
			*(struct value *)target = value_null();
		return filled;
	default: return fill_simple(fill, field, node, target);
	}
}

static const struct field *field_find(const struct field *fields, struct str name)
{
	for (; fields->name; fields++)
		if (str_is(name, fields->name))
			return fields;
	return NULL;
}

static void unknown_key(const struct fill *fill, const struct field *fields, const struct node *key)
{
	size_t count = 0;
	const char *all = "", *nearest;

	if (fill->outer && field_find(fill->outer, key->text)) {
		diag_error(fill->diags, key->span, "'%.*s' belongs to the step, beside '%s:'",
			STR_ARG(key->text), fill->inside);
		return;
	}
	while (fields[count].name)
		count++;
	const char **names = ARENA_ARRAY(fill->arena, count + 1, const char *);

	for (size_t i = 0; i < count; i++) {
		names[i] = fields[i].name;
		all = arena_printf(fill->arena, "%s%s%s", all, i ? ", " : "", names[i]);
	}
	nearest = diag_suggest(key->text, names);
	if (nearest)
		diag_error(fill->diags, key->span, "unknown key '%.*s', did you mean '%s'?",
			STR_ARG(key->text), nearest);
	else
		diag_error(fill->diags, key->span, "unknown key '%.*s'; known here: %s",
			STR_ARG(key->text), all);
}

/* What is written as the fallback, filled like a value of the file. */
static enum filled fill_fallback(
	const struct fill *fill, const struct field *field, struct span span, void *target)
{
	struct node *node = node_scalar(fill->arena, span, str_of(field->fallback));

	node->quoted = false;
	node->value = yaml_scalar(node->text);
	return fill_one(fill, field, node, target);
}

int fields_fill(
	const struct fill *fill, const struct field *fields, const struct node *map, void *spec)
{
	enum filled result = FILLED_OK;
	bool unknown = false;

	if (map->type != NODE_MAP) {
		diag_error(fill->diags, map->span, "this needs a map, not %s", node_kind_text(map));
		return -1;
	}
	for (size_t i = 0; i < map->count; i++)
		if (!field_find(fields, map->pairs[i].key->text)) {
			unknown_key(fill, fields, map->pairs[i].key);
			unknown = true;
		}
	for (const struct field *field = fields; field->name; field++) {
		const struct node *node = node_find(map, field->name);
		void *target = (char *)spec + field->offset;
		enum filled filled = FILLED_OK;

		if (node) {
			filled = fill_one(fill, field, node, target);
		} else if (field->required) {
			diag_error(fill->diags, map->span, "missing key '%s': %s", field->name,
				field->help ? field->help : "it is required");
			filled = FILLED_WRONG;
		} else if (field->fallback) {
			fill_fallback(fill, field, map->span, target);
		}
		result = filled > result ? filled : result;
	}
	return result == FILLED_WRONG ? -1 : unknown;
}
