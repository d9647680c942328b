/* Sources as they are asked for: on the command line and in a scenario. */
#include "probe/log_source.h"

static const struct log_source_kind *kind_find(struct str name)
{
	for (size_t i = 0; log_source_kinds[i]; i++)
		if (str_is(name, log_source_kinds[i]->name))
			return log_source_kinds[i];
	return NULL;
}

int log_spec_parse(struct arena *arena, struct str text, struct log_spec *out, struct error *err)
{
	size_t colon = str_find_char(text, ':');
	const struct log_source_kind *kind =
		colon == SIZE_MAX ? NULL : kind_find(str_sub(text, 0, colon));
	struct str rest = kind ? str_from(text, colon + 1) : text;

	if (!kind)
		kind = &source_file;
	*out = (struct log_spec){.kind = kind,
		.spec = arena_alloc(arena, kind->spec_size),
		.name = arena_str(arena, text).ptr};
	if (kind->parse(arena, rest, out->spec, err) != 0)
		return error_context(err, "'%.*s'", STR_ARG(text));
	return 0;
}

/* "gcp: {project: p}" is one source; for people it is called by its kind and text. */
static int fill_map(const struct fill *fill, const struct node *map, struct log_spec *out)
{
	if (map->count != 1) {
		diag_error(
			fill->diags, map->span, "a log source is a map of one kind, such as 'gcp'");
		return -1;
	}
	const struct node *key = map->pairs[0].key, *body = map->pairs[0].value;
	const struct log_source_kind *kind = kind_find(key->text);
	struct error err;

	if (!kind) {
		const char *names[16];
		size_t count = 0;

		for (size_t i = 0; log_source_kinds[i] && i < 15; i++)
			names[count++] = log_source_kinds[i]->name;
		names[count] = NULL;
		const char *near = diag_suggest(key->text, names);

		diag_error(fill->diags, key->span, "unknown log source '%.*s'%s%s%s",
			STR_ARG(key->text), near ? ", did you mean '" : "", near ? near : "",
			near ? "'?" : "");
		return -1;
	}
	out->kind = kind;
	out->spec = arena_alloc(fill->arena, kind->spec_size);
	out->name = kind->name;
	if (body->type == NODE_SCALAR) {
		struct value value;

		if (node_expand(fill, body, &value) != 0)
			return -1;
		struct str text = value_to_str(fill->arena, &value);

		out->name = arena_printf(fill->arena, "%s:%.*s", kind->name, STR_ARG(text));
		if (kind->parse(fill->arena, text, out->spec, &err) != 0) {
			diag_error(fill->diags, body->span, "%s", err.text);
			return -1;
		}
		return 0;
	}
	if (fields_fill(fill, kind->fields, body, out->spec) != 0)
		return -1;
	if (kind->title)
		out->name = kind->title(fill->arena, out->spec);
	return 0;
}

static int fill_one(const struct fill *fill, const struct node *node, struct log_spec *out)
{
	struct value value;
	struct error err;

	if (node->type == NODE_MAP)
		return fill_map(fill, node, out);
	if (node->type != NODE_SCALAR) {
		diag_error(fill->diags, node->span, "a log source is a text or a map, not %s",
			node_kind_text(node));
		return -1;
	}
	if (node_expand(fill, node, &value) != 0)
		return -1;
	if (log_spec_parse(fill->arena, value_to_str(fill->arena, &value), out, &err) != 0) {
		diag_error(fill->diags, node->span, "%s", err.text);
		return -1;
	}
	return 0;
}

int log_specs_fill(
	const struct fill *fill, const struct node *list, struct log_spec **specs, size_t *count)
{
	size_t errors = fill->diags->errors,
	       items = list && list->type == NODE_LIST ? list->count : 1;

	*count = 0;
	if (!list)
		return 0;
	*specs = ARENA_ARRAY(fill->arena, items + 1, struct log_spec);
	for (size_t i = 0; i < items; i++) {
		const struct node *node = list->type == NODE_LIST ? list->items[i] : list;

		if (fill_one(fill, node, &(*specs)[*count]) == 0)
			++*count;
	}
	return fill->diags->errors == errors ? 0 : -1;
}
