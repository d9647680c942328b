/* capture: {token: {json: $.access_token, secret: true}} */
#include "checks_private.h"

static const char *const sources[] = {"json", "header", "cookie", "regex", "fact", NULL};
static const char *const keys[] = {"json", "header", "cookie", "regex", "fact", "secret", NULL};

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return name.len > 0;
}

static bool is_reserved(struct str name)
{
	return str_is(name, "uuid") || str_is(name, "now") || str_is(name, "item");
}

static bool check_name(struct check_parse *p, const struct node *key)
{
	if (!is_name(key->text))
		diag_error(p->diags, key->span,
			"'%.*s' is no name for a variable: letters, digits and '_', no digit first",
			STR_ARG(key->text));
	else if (is_reserved(key->text))
		diag_error(p->diags, key->span, "the name '%.*s' is taken by goldprobe",
			STR_ARG(key->text));
	else
		return true;
	return false;
}

static bool check_keys(struct check_parse *p, const struct node *map)
{
	bool ok = true;

	for (size_t i = 0; i < map->count; i++) {
		const struct node *key = map->pairs[i].key;
		const char *near = diag_suggest(key->text, keys);
		bool known = false;

		for (size_t k = 0; keys[k]; k++)
			known |= str_is(key->text, keys[k]);
		if (known)
			continue;
		ok = false;
		if (near)
			diag_error(p->diags, key->span, "unknown key '%.*s', did you mean '%s'?",
				STR_ARG(key->text), near);
		else
			diag_error(p->diags, key->span,
				"unknown key '%.*s' (json header cookie regex fact secret)",
				STR_ARG(key->text));
	}
	return ok;
}

/* The pattern is searched in what the step brought. */
static const char *text_fact(const struct check_parse *p)
{
	static const char *const texts[] = {"body", "exec.stdout", "banner", NULL};

	for (size_t i = 0; texts[i]; i++)
		if (fact_def_find(p->facts, str_of(texts[i])))
			return texts[i];
	return "body";
}

static bool parse_source(
	struct check_parse *p, const char *source, const struct node *value, struct capture *c)
{
	struct str text = value->text;

	if (value->type != NODE_SCALAR || !text.len) {
		diag_error(p->diags, value->span, "'%s' wants a text, not %s", source,
			node_kind_text(value));
		return false;
	}
	if (str_is(STR("regex"), source)) {
		c->regex = pattern_parse(p, value);
		return c->regex != NULL;
	}
	if (str_is(STR("json"), source)) {
		if (p->facts && !fact_def_find(p->facts, STR("json")))
			return selection_parse(p, value, STR("json"), &c->selection);
		return selection_parse_json(p, value, &c->selection);
	}
	if (!str_is(STR("fact"), source))
		text = str_of(arena_printf(p->arena, "%s.%.*s", source, STR_ARG(text)));
	return selection_parse(p, value, text, &c->selection);
}

static bool parse_secret(struct check_parse *p, const struct node *map, struct capture *c)
{
	const struct node *secret = node_find(map, "secret");

	if (!secret)
		return true;
	if (secret->type != NODE_SCALAR || secret->value.type != VALUE_BOOLEAN) {
		diag_error(p->diags, secret->span, "'secret' wants true or false");
		return false;
	}
	c->secret = secret->value.boolean;
	return true;
}

static bool parse_capture(
	struct check_parse *p, const struct node *key, const struct node *map, struct capture *c)
{
	size_t count = 0;
	bool ok = true;

	*c = (struct capture){.name = arena_str(p->arena, key->text)};
	if (!check_name(p, key))
		return false;
	if (map->type != NODE_MAP) {
		diag_error(p->diags, map->span,
			"a capture says where from, such as {json: $.id} or {header: location}");
		return false;
	}
	if (!check_keys(p, map) || !parse_secret(p, map, c))
		return false;
	/* A pattern alone searches the body; beside another source it searches that. */
	for (size_t i = 0; sources[i]; i++) {
		const struct node *value = node_find(map, sources[i]);

		count += value && !str_is(STR("regex"), sources[i]);
		ok &= !value || parse_source(p, sources[i], value, c);
	}
	if (!ok)
		return false;
	if (count > 1 || (!count && !c->regex)) {
		diag_error(p->diags, map->span,
			"a capture has exactly one of json, header, cookie, regex and fact");
		return false;
	}
	return count || selection_parse(p, key, str_of(text_fact(p)), &c->selection);
}

void captures_parse(struct arena *arena, const struct node *map, const struct fact_def *facts,
	struct captures *out, struct diags *diags)
{
	struct check_parse p = {.arena = arena, .facts = facts, .diags = diags};

	*out = (struct captures){0};
	if (!map)
		return;
	if (map->type != NODE_MAP) {
		diag_error(diags, map->span,
			"'capture' maps names to where they come from: {token: {json: $.token}}");
		return;
	}
	out->items = ARENA_ARRAY(arena, map->count, struct capture);
	for (size_t i = 0; i < map->count; i++)
		if (parse_capture(
			    &p, map->pairs[i].key, map->pairs[i].value, &out->items[out->count]))
			out->count++;
}

/* The first group of the pattern, or all that matched when it has none. */
static int apply_pattern(
	const struct capture *c, struct arena *arena, struct value *value, struct error *err)
{
	struct str groups[2] = {{NULL, 0}, {NULL, 0}};
	struct str text = value_to_str(arena, value);
	int found = regex_match(c->regex, text, groups, 2, err);

	if (found < 0)
		return error_context(err, "capture '%.*s'", STR_ARG(c->name));
	if (!found || (regex_group_count(c->regex) && !groups[1].ptr))
		return error_set(err, "capture '%.*s': the pattern matches nothing in %s",
			STR_ARG(c->name), selection_text(arena, &c->selection));
	*value = value_string(groups[regex_group_count(c->regex) ? 1 : 0]);
	return 0;
}

int captures_take(const struct captures *captures, struct facts *facts, const struct fill *given,
	void (*got)(void *ctx, struct str name, const struct value *, bool secret), void *ctx,
	struct error *err)
{
	struct diags diags;
	struct fill fill = {
		.arena = given->arena, .scope = given->scope, .diags = &diags, .dir = given->dir};

	diags_init(&diags, given->arena);
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *c = &captures->items[i];
		struct subject subject = selection_take(&c->selection, facts, &fill);

		if (!subject.present)
			return error_set(err, "capture '%.*s': %s: %s", STR_ARG(c->name),
				selection_text(fill.arena, &c->selection),
				subject.problem ? subject.problem : "nothing there");
		if (c->regex && apply_pattern(c, fill.arena, &subject.value, err))
			return -1;
		got(ctx, c->name, &subject.value, c->secret);
	}
	return 0;
}
