/* Whether a plan made now would differ from one made for the next run. */
#include "plan_private.h"

static bool name_varies(struct str name)
{
	return str_is(name, "uuid") || str_is(name, "now") || str_is(name, "run.id");
}

static void node_reference(void *ctx, const struct node *node, const struct reference *ref)
{
	(void)node;
	*(bool *)ctx |= name_varies(ref->name);
}

static void text_reference(void *ctx, const struct reference *ref)
{
	*(bool *)ctx |= name_varies(ref->name);
}

/* {file: PATH}, anywhere in the tree: a mounted secret is renewed in its place. */
static bool reads_file(const struct node *node)
{
	bool reads = node->type == NODE_MAP && node->count == 1 && node_find(node, "file");

	for (size_t i = 0; !reads && i < node->count; i++)
		reads = reads_file(node->type == NODE_MAP ? node->pairs[i].value : node->items[i]);
	return reads;
}

static bool node_varies(const struct node *node)
{
	bool varies = false;

	if (!node)
		return false;
	node_references(node, node_reference, &varies);
	return varies || reads_file(node);
}

static bool item_varies(const struct value *item)
{
	bool varies = false;
	struct error err;
	size_t offset;

	if (item && item->type == VALUE_STRING)
		expand_references(item->string, text_reference, &varies, &offset, &err);
	return varies;
}

bool plan_varies(const struct plan *plan)
{
	const struct scenario *scenario = plan->scenario;
	bool varies = node_varies(scenario->target);

	for (size_t i = 0; !varies && i < scenario->var_count; i++)
		varies = node_varies(scenario->vars[i].value);
	for (size_t i = 0; !varies && i < scenario->step_count; i++)
		varies = item_varies(scenario->steps[i].item);
	return varies;
}
