/* See steps_private.h. */
#include "steps_private.h"

void step_record_tls(struct attempt *a, const struct tls_facts *facts)
{
	struct arena *arena = attempt_arena(a);

	if (!facts)
		return;
	struct value copy = tls_facts_value(arena, facts);

	attempt_fact(a, "tls", value_copy(arena, &copy));
}

struct pairs step_copy_pairs(struct arena *arena, const struct pairs *from)
{
	struct pairs to = {ARENA_ARRAY(arena, from->count, struct pair), from->count};

	for (size_t i = 0; i < from->count; i++)
		to.items[i] = (struct pair){arena_str(arena, from->items[i].name),
			arena_str(arena, from->items[i].value)};
	return to;
}

static bool has_header(const struct pairs *pairs, struct str name)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (str_equal_nocase(pairs->items[i].name, name))
			return true;
	return false;
}

struct pairs step_headers(struct attempt *a)
{
	const struct pairs *given = attempt_headers(a);
	const struct pairs *credential = &attempt_credential(a)->headers;
	struct pairs out = {ARENA_ARRAY(attempt_arena(a), given->count + 1, struct pair), 0};

	/* One room is left for the kind; cookies of both are sent. */
	for (size_t i = 0; i < given->count; i++)
		if (str_is_nocase(given->items[i].name, "cookie") ||
			!has_header(credential, given->items[i].name))
			out.items[out.count++] = given->items[i];
	return out;
}

int step_url(struct attempt *a, struct str path, struct str url, bool websocket, struct str *out,
	struct error *err)
{
	struct arena *arena = attempt_arena(a);
	const struct pairs *query = &attempt_credential(a)->query;

	if (url_join(arena, attempt_target(a), url.len ? url : path, websocket, out, err) < 0)
		return -1;
	for (size_t i = 0; i < query->count; i++)
		*out = url_add_query(arena, *out, query->items[i].name, query->items[i].value);
	return 0;
}

void step_unfit(struct attempt *a, const struct error *err)
{
	attempt_done(a, FAILURE_CAPTURE, "a value of the step does not fit: %s", err->text);
}

struct node *step_scalar_as(struct arena *arena, const struct node *node, const char *key,
	const char *example, struct diags *diags)
{
	if (node->type != NODE_SCALAR || !node->text.len) {
		diag_error(diags, node->span, "write an address such as '%s', or a map; not %s",
			example, node_kind_text(node));
		return NULL;
	}
	struct node *map = node_map(arena, node->span);

	node_map_add(arena, map, key, (struct node *)node);
	return map;
}
