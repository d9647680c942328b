/* Where the backend is. */
#include <stdlib.h>

#include "plan_private.h"
#include "probe/url.h"

static struct span named(struct planner *p, const char *name)
{
	struct source *source = ARENA_NEW(p->arena, struct source);

	source->name = name;
	return (struct span){.source = source};
}

/* User and password in a target are secrets. */
static void hide_userinfo(struct planner *p, struct str userinfo)
{
	size_t colon = str_find_char(userinfo, ':');

	redactor_add(p->redactor, userinfo);
	if (colon != SIZE_MAX)
		redactor_add(p->redactor, str_from(userinfo, colon + 1));
}

static void set_target(struct planner *p, struct str text, struct span span)
{
	struct url url;
	struct error err;

	text = arena_str(p->arena, str_trim(text));
	if (url_parse(p->arena, text, &url, &err)) {
		diag_error(p->diags, span, "the target is no URL: %s", err.text);
		/* So that steps do not complain about a target that is missing. */
		p->plan->target = STR("http://127.0.0.1");
		return;
	}
	hide_userinfo(p, url.userinfo);
	p->plan->target = text;
}

static void touch(void *ctx, const struct node *node, const struct reference *ref)
{
	(void)node;
	override_touch(ctx, name_head(ref->name));
}

struct target_holder {
	struct str target;
};

static const struct field target_fields[] = {
	{.name = "target", .type = FIELD_STRING, .offset = FIELD_AT(struct target_holder, target)},
	{.name = NULL},
};

static bool target_deferred(void *ctx, struct str name)
{
	return var_broken(ctx, name_head(name));
}

/* The scenario's own; an empty one (a variable that was left empty) is none. */
static bool written_target(struct planner *p)
{
	const struct node *node = p->scenario->target;
	struct target_holder holder = {{0}};
	struct fill fill = {.arena = p->arena,
		.scope = p->plan->scope,
		.diags = p->diags,
		.dir = p->scenario->dir,
		.deferred = target_deferred,
		.ctx = p};

	if (!node || (node->type == NODE_SCALAR && node->value.type == VALUE_NULL))
		return false;
	struct node *map = node_map(p->arena, node->span);

	node_map_add(p->arena, map, "target", (struct node *)node);
	node_references(node, touch, p);
	if (fields_fill(&fill, target_fields, map, &holder)) {
		p->plan->target = STR("http://127.0.0.1");
		return true;
	}
	if (str_trim(holder.target).len)
		set_target(p, holder.target, node->span);
	return holder.target.len > 0;
}

void plan_target(struct planner *p)
{
	const char *urls = getenv("CLOUD_RUN_SERVICE_URLS"), *port = getenv("PORT");
	struct str first = str_of(urls);
	int64_t number;

	if (p->options->target && *p->options->target) {
		if (p->scenario->target)
			node_references(p->scenario->target, touch, p);
		set_target(p, str_of(p->options->target), named(p, "--target"));
		return;
	}
	if (written_target(p))
		return;
	first = str_trim(str_sub(first, 0, str_find_char(first, ',')));
	if (first.len)
		set_target(p, first, named(p, "CLOUD_RUN_SERVICE_URLS"));
	else if (port && *port && str_int(str_of(port), &number) && number > 0 && number < 65536)
		set_target(p, str_of(arena_printf(p->arena, "http://127.0.0.1:%d", (int)number)),
			named(p, "PORT"));
}

void plan_target_missing(struct planner *p)
{
	if (!p->wants_target || p->plan->target.len)
		return;
	const struct plan_step *step = &p->plan->steps[p->wants_target - 1];

	diag_error(p->diags, step->source->body->span,
		"no target: give --target URL or GOLDPROBE_TARGET, 'target' in the scenario, "
		"CLOUD_RUN_SERVICE_URLS, or PORT for http://127.0.0.1:$PORT; or write absolute "
		"URLs");
}
