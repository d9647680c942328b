/* Matchers as written: {gt: 1, lt: 5}, or a plain value. */
#include "checks_private.h"

/* Inner matchers of inner matchers. */
enum { INNER_DEPTH_MAX = 8 };

static void has_reference(void *ctx, const struct node *node, const struct reference *reference)
{
	(void)node;
	(void)reference;
	*(bool *)ctx = true;
}

static bool is_file(const struct node *node)
{
	return node->type == NODE_MAP && node->count == 1 &&
	       str_is(node->pairs[0].key->text, "file");
}

/* Whether the node's value is known only when it is asked for. */
static bool is_late(const struct node *node)
{
	bool late = false;

	if (is_file(node))
		return true;
	node_references(node, has_reference, &late);
	/* "$$" is to be expanded too. */
	if (node->type == NODE_SCALAR && node->value.type == VALUE_STRING)
		late |= expand_needed(node->text);
	for (size_t i = 0; node->type == NODE_LIST && i < node->count && !late; i++)
		late = is_late(node->items[i]);
	for (size_t i = 0; node->type == NODE_MAP && i < node->count && !late; i++)
		late = is_late(node->pairs[i].value);
	return late;
}

static bool parse_inner(
	struct check_parse *p, const struct node *, enum scale, struct matcher *, unsigned depth);

/* One matcher with the node behind its name. */
static bool matcher_parse(struct check_parse *p, const struct check_op *op, const struct node *node,
	enum scale scale, struct matcher *m, unsigned depth)
{
	*m = (struct matcher){.op = op, .node = node};
	if (op->shape == WANT_MATCHERS) {
		m->fixed = !is_late(node);
		m->wanted = node_value(p->arena, node);
		return parse_inner(p, node, op == &op_count ? SCALE_NONE : scale, m, depth + 1);
	}
	/* A list of statuses or durations is a choice of them. */
	if (op == &op_equals && node->type == NODE_LIST && scale >= SCALE_DURATION)
		m->op = op = &op_in;
	if (is_late(node))
		return true;
	m->fixed = true;
	m->wanted = node_value(p->arena, node);
	const char *problem = wanted_convert(p->arena, op->shape, scale, &m->wanted, op->name);

	if (problem) {
		diag_error(p->diags, node->span, "%s", problem);
		return false;
	}
	if (op->shape == WANT_PATTERN) {
		m->regex = pattern_parse(p, node);
		return m->regex != NULL;
	}
	return true;
}

static void unknown_matcher(struct check_parse *p, const struct node *key)
{
	const char *names[64];
	size_t count = 0;

	for (; check_ops[count]; count++)
		names[count] = check_ops[count]->name;
	names[count] = NULL;
	const char *near = diag_suggest(key->text, names);

	if (near)
		diag_error(p->diags, key->span, "unknown matcher '%.*s', did you mean '%s'?",
			STR_ARG(key->text), near);
	else
		diag_error(p->diags, key->span,
			"unknown matcher '%.*s'; to compare with a map write equals: {...}",
			STR_ARG(key->text));
}

static bool parse_list(struct check_parse *p, const struct node *node, enum scale scale,
	struct matcher **list, size_t *count, unsigned depth)
{
	size_t capacity = 0;
	bool ok = true;

	*list = NULL;
	*count = 0;
	if (node->type != NODE_MAP || is_file(node)) {
		*list = ARENA_NEW(p->arena, struct matcher);
		*count = 1;
		return matcher_parse(p, &op_equals, node, scale, *list, depth);
	}
	if (!node->count) {
		diag_error(p->diags, node->span,
			"a matcher is missing; to compare with a map write equals: {}");
		return false;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct check_op *op = check_op_find(node->pairs[i].key->text);

		if (!op) {
			unknown_matcher(p, node->pairs[i].key);
			ok = false;
			continue;
		}
		*list = arena_grow(p->arena, *list, *count, &capacity, sizeof(**list));
		ok &= matcher_parse(
			p, op, node->pairs[i].value, scale, &(*list)[(*count)++], depth);
	}
	return ok;
}

static bool parse_inner(struct check_parse *p, const struct node *node, enum scale scale,
	struct matcher *m, unsigned depth)
{
	if (depth > INNER_DEPTH_MAX) {
		diag_error(p->diags, node->span, "matchers are nested too deeply");
		return false;
	}
	return parse_list(p, node, scale, &m->inner, &m->inner_count, depth);
}

bool matchers_parse(struct check_parse *p, const struct node *node, enum scale scale,
	struct matcher **list, size_t *count)
{
	return parse_list(p, node, scale, list, count, 0);
}
