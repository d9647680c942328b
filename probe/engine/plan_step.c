/* One step: the framework's keys with their defaults, then the kind's body, checks and captures. */
#include "plan_private.h"

static bool is_null(const struct node *node)
{
	return !node || (node->type == NODE_SCALAR && node->value.type == VALUE_NULL);
}

/* The pairs of `own`, and those of `base` that it does not have. */
static const struct node *merged(
	struct arena *arena, const struct node *base, const struct node *own)
{
	struct node *both;

	if (is_null(base) || (own && (own->type != NODE_MAP || base->type != NODE_MAP)))
		return own;
	if (!own)
		return base;
	both = node_map(arena, own->span);
	both->pairs = ARENA_ARRAY(arena, own->count + base->count, struct node_pair);
	if (own->count)
		memcpy(both->pairs, own->pairs, own->count * sizeof(both->pairs[0]));
	both->count = own->count;
	for (size_t i = 0; i < base->count; i++)
		if (!node_find(own, base->pairs[i].key->text.ptr))
			both->pairs[both->count++] = base->pairs[i];
	return both;
}

/* What `defaults` of the file and of the file that includes it have for a key. */
static const struct node *default_of(
	struct planner *p, const struct step_source *source, const char *key, bool is_map)
{
	const struct node *outer = node_find(p->scenario->defaults, key);
	const struct node *inner = node_find(source->file_defaults, key);

	if (is_map)
		return merged(p->arena, outer, inner);
	return inner ? inner : outer;
}

static void add_key(struct planner *p, struct node *map, const char *key, const struct node *value)
{
	if (value)
		node_map_add(p->arena, map, key, (struct node *)value);
}

static void check_defaults(struct planner *p, const struct node *defaults)
{
	struct defaults_keys keys = {0};
	struct fill fill = {.arena = p->arena, .diags = p->diags};

	if (defaults)
		fields_fill(&fill, defaults_fields, defaults, &keys);
}

/* The step's keys as they are in force, in one map. */
static struct node *effective_keys(struct planner *p, const struct step_source *source)
{
	struct node *map = node_map(p->arena, source->node->span);
	const struct node *timeout = source->timeout;

	add_key(p, map, "capability", source->capability);
	add_key(p, map, "timeout", timeout ? timeout : default_of(p, source, "timeout", false));
	if (!source->retry || !is_null(source->retry))
		add_key(p, map, "retry",
			merged(p->arena, default_of(p, source, "retry", true), source->retry));
	add_key(p, map, "stable", source->stable);
	if (!is_null(source->needs))
		add_key(p, map, "needs", source->needs);
	add_key(p, map, "optional", source->optional);
	add_key(p, map, "always", source->always);
	if (!is_null(source->tags))
		add_key(p, map, "tags", source->tags);
	return map;
}

static bool keys_deferred(void *ctx, struct str name)
{
	return var_broken(ctx, name_head(name));
}

static void touch(void *ctx, const struct node *node, const struct reference *ref)
{
	(void)node;
	override_touch(ctx, name_head(ref->name));
}

static void check_retry(struct planner *p, const struct node *map, const struct retry *retry)
{
	struct span span = node_key_span(map, "retry");

	if (!retry->for_ns && !retry->attempts)
		diag_error(p->diags, span,
			"'retry' without an end: give it 'for' (how long) or 'attempts' (how often)");
	if (retry->max_every && retry->max_every < retry->every)
		diag_error(p->diags, span, "'max_every' is shorter than 'every'");
}

void plan_step_keys(struct planner *p, size_t index)
{
	struct plan_step *step = &p->plan->steps[index];
	struct node *map = effective_keys(p, step->source);
	struct step_keys keys = {.timeout = 10 * NS_PER_S, .stable = 1};
	struct scope *scope = scope_new(p->arena, p->plan->scope);
	struct fill fill = {.arena = p->arena,
		.scope = scope,
		.diags = p->diags,
		.dir = step->source->dir,
		.deferred = keys_deferred,
		.ctx = p};
	size_t before = p->diags->errors;

	if (index == 0 || step->source->file_defaults != step[-1].source->file_defaults) {
		check_defaults(p, p->scenario->defaults);
		check_defaults(p, step->source->file_defaults);
	}
	if (step->source->item)
		scope_set(scope, STR("item"), step->source->item);
	node_references(map, touch, p);
	fields_fill(&fill, step_fields, map, &keys);
	step->capability = keys.capability.len ? keys.capability.ptr : NULL;
	step->timeout = p->options->timeout ? p->options->timeout : keys.timeout;
	step->stable = keys.stable > 0 ? keys.stable : 1;
	step->optional = keys.optional;
	step->always = keys.always;
	step->tags = keys.tags;
	step->retry = (struct retry){.every = NS_PER_S, .backoff = 1};
	if (keys.retry) {
		step->retry = *keys.retry;
		step->retries = true;
		if (p->diags->errors == before)
			check_retry(p, map, keys.retry);
	}
}

static const char *nearest_profile(struct planner *p, struct str name)
{
	const struct node *auth = p->scenario->auth;
	size_t count = auth ? auth->count : 0;
	const char **names = ARENA_ARRAY(p->arena, count + 1, const char *);

	for (size_t i = 0; i < count; i++)
		names[i] = auth->pairs[i].key->text.ptr;
	return diag_suggest(name, names);
}

static const struct node *profile_named(struct planner *p, const struct node *name)
{
	const struct node *profile = NULL;

	if (name->type == NODE_SCALAR) {
		profile = node_find(p->scenario->auth, name->text.ptr);
		if (profile)
			return profile->type == NODE_MAP ? profile : NULL;
	} else {
		diag_error(p->diags, name->span, "'auth' names a profile, not %s",
			node_kind_text(name));
		return NULL;
	}
	const char *nearest = nearest_profile(p, name->text);

	diag_error(p->diags, name->span, "no profile in 'auth' is called '%.*s'%s%s%s",
		STR_ARG(name->text), nearest ? ", did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "; add it to the scenario's 'auth'");
	return NULL;
}

/* {use: NAME, in: ...}: the profile with another `in`. */
static const struct node *profile_used(struct planner *p, const struct node *node)
{
	const struct node *profile = profile_named(p, node_find(node, "use"));
	struct node *copy;

	for (size_t i = 0; i < node->count; i++) {
		struct str key = node->pairs[i].key->text;

		if (!str_is(key, "use") && !str_is(key, "in"))
			diag_error(p->diags, node->pairs[i].key->span,
				"unknown key '%.*s'; beside 'use' there is only 'in'",
				STR_ARG(key));
	}
	const struct node *in = node_find(node, "in");

	if (!profile || !in)
		return profile;
	copy = node_map(p->arena, node->span);
	add_key(p, copy, "in", in);
	return merged(p->arena, profile, copy);
}

const struct node *plan_auth(struct planner *p, const struct node *node)
{
	if (is_null(node))
		return NULL;
	if (node->type != NODE_MAP)
		return profile_named(p, node);
	return node_find(node, "use") ? profile_used(p, node) : node;
}

static void fill_auth(struct planner *p, struct step_texts *texts, struct plan_step *step)
{
	const struct step_source *source = step->source;
	const struct node *node = source->auth;

	if (!(source->kind->uses & STEP_USES_AUTH))
		return;
	if (!node)
		node = default_of(p, source, "auth", false);
	step->auth = plan_auth(p, node);
	if (step->auth) {
		step_texts_check(texts, step->auth);
		auth_check(p->vocabulary->auths, &texts->fill, step->auth);
	}
	if (!source->reject || !(source->kind->uses & STEP_USES_REJECT))
		return;
	step_texts_check(texts, source->reject);
	if (step->auth)
		reject_check(p->vocabulary->auths, &texts->fill, source->reject, step->auth,
			&step->reject, &step->settle);
	else if (is_null(node))
		diag_error(p->diags, node_key_span(source->node, "reject"),
			"'reject' needs 'auth': the good credential goes first");
}

static void fill_connection(struct planner *p, struct step_texts *texts, struct plan_step *step)
{
	const struct step_source *source = step->source;

	if (source->kind->uses & STEP_USES_CONNECTION) {
		step->connection_own = is_null(source->connection) ? NULL : source->connection;
		step->connection_defaults = default_of(p, source, "connection", true);
		if (step->connection_defaults)
			connection_fill(&texts->fill, step->connection_defaults, &step->connection);
		if (step->connection_own)
			connection_fill(&texts->fill, step->connection_own, &step->connection);
		step_texts_check(texts, step->connection_own);
		step_texts_check(texts, step->connection_defaults);
	}
	if (p->options->connection)
		connection_override(&step->connection, p->options->connection);
}

struct header_holder {
	struct pairs headers;
};

static const struct field header_fields[] = {
	{.name = "headers", .type = FIELD_PAIRS, .offset = FIELD_AT(struct header_holder, headers)},
	{.name = NULL},
};

static void check_headers(struct planner *p, struct step_texts *texts, const struct node *node)
{
	struct header_holder holder = {0};

	if (!node)
		return;
	struct node *map = node_map(p->arena, node->span);

	add_key(p, map, "headers", node);
	step_texts_check(texts, node);
	fields_fill(&texts->fill, header_fields, map, &holder);
}

static void fill_headers(struct planner *p, struct step_texts *texts, struct plan_step *step)
{
	const struct step_source *source = step->source;

	if (!(source->kind->uses & STEP_USES_AUTH))
		return;
	step->header_own = is_null(source->headers) ? NULL : source->headers;
	step->header_defaults = default_of(p, source, "headers", true);
	step->header_flags = p->options->headers;
	check_headers(p, texts, step->header_own);
	check_headers(p, texts, step->header_defaults);
}

/* Whether the address itself waits for a capture and may turn out to be absolute. */
static bool address_open(const struct node *map)
{
	static const char *const keys[] = {"path", "url", "address", NULL};

	for (size_t i = 0; keys[i]; i++) {
		const struct node *node = node_find(map, keys[i]);

		if (node && node->type == NODE_SCALAR && str_starts(node->text, "${"))
			return true;
	}
	return false;
}

static bool needs_target(const struct step_kind *kind, const void *spec)
{
	return (kind->uses & STEP_USES_TARGET) && !(kind->absolute && kind->absolute(spec));
}

static void fill_body(struct planner *p, struct step_texts *texts, size_t index)
{
	struct plan_step *step = &p->plan->steps[index];
	const struct step_kind *kind = step->source->kind;
	const struct node *body = step->source->body, *map = body;
	void *spec = arena_alloc(p->arena, kind->spec_size);

	step->describe = step_address_text(p->arena, kind, body);
	if (is_null(body)) {
		diag_error(p->diags, node_key_span(step->source->node, kind->name),
			"'%s' has nothing to do; the shortest form is '%s'", kind->name,
			kind->example);
		return;
	}
	if (body->type != NODE_MAP) {
		if (!kind->shorthand) {
			diag_error(p->diags, body->span, "'%s' needs a map such as '%s', not %s",
				kind->name, kind->example, node_kind_text(body));
			return;
		}
		map = kind->shorthand(p->arena, body, p->diags);
		if (!map)
			return;
	}
	step_texts_check(texts, map);
	texts->deferred = texts->varies = false;
	struct fill fill = texts->fill;

	fill.outer = step_fields;
	fill.inside = kind->name;
	int wrong = fields_fill(&fill, kind->fields, map, spec);
	bool open = texts->deferred;

	if (wrong >= 0 && kind->validate)
		kind->validate(spec, map, step->timeout, p->diags);
	if (wrong)
		return;
	if (!p->wants_target && needs_target(kind, spec) && !(open && address_open(map)))
		p->wants_target = index + 1;
	if (kind->describe && !open && !texts->varies)
		step->describe = kind->describe(p->arena, spec, p->plan->target);
}

void plan_step_fill(struct planner *p, size_t index)
{
	struct plan_step *step = &p->plan->steps[index];
	const struct step_source *source = step->source;
	struct step_texts texts;

	step_texts_init(&texts, p, index);
	fill_body(p, &texts, index);
	fill_connection(p, &texts, step);
	fill_headers(p, &texts, step);
	fill_auth(p, &texts, step);
	step_texts_check(&texts, source->expect);
	step_texts_check(&texts, source->capture);
	checks_parse(p->arena, is_null(source->expect) ? NULL : source->expect, source->kind->facts,
		source->kind->implied, &step->checks, p->diags);
	if (!is_null(source->capture))
		captures_parse(
			p->arena, source->capture, source->kind->facts, &step->captures, p->diags);
}
