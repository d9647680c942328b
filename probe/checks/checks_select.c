/* Which fact, and which part of it: shared by checks and captures. */
#include "checks_private.h"

/* "header.*" fits "header.x", at least one character long. */
static bool def_fits(const struct fact_def *def, struct str name)
{
	struct str own = str_of(def->name);

	if (!str_ends(own, ".*"))
		return str_equal(own, name);
	own.len--;
	return name.len > own.len && str_equal(str_sub(name, 0, own.len), own);
}

const struct fact_def *fact_def_find(const struct fact_def *facts, struct str name)
{
	for (; facts && facts->name; facts++)
		if (def_fits(facts, name))
			return facts;
	return NULL;
}

static enum scale scale_of(const struct fact_def *def)
{
	if (!def)
		return SCALE_TEXT;
	if (str_is(str_of(def->type), "duration"))
		return SCALE_DURATION;
	if (str_is(str_of(def->type), "size"))
		return SCALE_SIZE;
	if (str_is(str_of(def->name), "status") && str_is(str_of(def->type), "integer"))
		return SCALE_STATUS;
	return SCALE_TEXT;
}

/* Facts whose parts are named by their users: the name is the selector (SPEC, section 8). */
static size_t map_prefix(struct str name)
{
	static const char *const maps[] = {"header.", "cookie."};

	for (size_t i = 0; i < 2; i++)
		if (str_starts(name, maps[i]))
			return strlen(maps[i]);
	return 0;
}

static void unknown_fact(struct check_parse *p, const struct node *key, struct str name)
{
	const char *names[128];
	size_t count = 0;

	for (const struct fact_def *f = p->facts; f->name && count < 127; f++) {
		size_t len = strlen(f->name);

		if (str_ends(str_of(f->name), ".*"))
			len -= 2;
		names[count++] = arena_printf(p->arena, "%.*s", (int)len, f->name);
	}
	names[count] = NULL;
	const char *near = diag_suggest(name, names);

	if (str_starts(name, "json."))
		diag_error(p->diags, key->span, "no fact '%.*s': write json: {$.%.*s: ...}",
			STR_ARG(name), STR_ARG(str_from(name, 5)));
	else if (near)
		diag_error(p->diags, key->span, "unknown fact '%.*s', did you mean '%s'?",
			STR_ARG(name), near);
	else
		diag_error(p->diags, key->span,
			"unknown fact '%.*s'; 'goldprobe help checks' lists those of each kind",
			STR_ARG(name));
}

bool selection_parse(
	struct check_parse *p, const struct node *key, struct str name, struct selection *out)
{
	const struct fact_def *def = fact_def_find(p->facts, name);
	size_t prefix = map_prefix(name);

	if (p->facts && !def) {
		unknown_fact(p, key, name);
		return false;
	}
	*out = (struct selection){.scale = scale_of(def)};
	out->full = arena_str(p->arena, name).ptr;
	out->fact = out->full;
	if (prefix && name.len > prefix) {
		out->kind = SELECT_KEY;
		out->fact = arena_str(p->arena, str_sub(name, 0, prefix - 1)).ptr;
		out->select = out->full + prefix;
	}
	return true;
}

/* Bytes before code point `count`. */
static size_t byte_offset(struct str text, size_t count)
{
	size_t pos = 0;

	while (count-- && pos < text.len)
		utf8_next(text, &pos);
	return pos;
}

bool selection_parse_json(struct check_parse *p, const struct node *key, struct selection *out)
{
	struct error err;
	size_t offset;

	*out = (struct selection){.kind = SELECT_JSON, .fact = "json"};
	out->select = arena_str(p->arena, key->text).ptr;
	if (expand_needed(key->text)) {
		out->key = key;
		return true;
	}
	if (jsonpath_compile(p->arena, key->text, &out->path, &offset, &err) == 0)
		return true;
	size_t at = byte_offset(key->text, offset);

	diag_error(p->diags, node_part_span(key, at, 1), "wrong JSONPath '%.*s': %s",
		STR_ARG(key->text), err.text);
	return false;
}

struct regex *pattern_parse(struct check_parse *p, const struct node *node)
{
	struct error err;
	struct regex *regex;
	size_t offset;

	if (regex_compile(p->arena, node->text, 0, &regex, &offset, &err) == 0)
		return regex;
	diag_error(p->diags, node_part_span(node, byte_offset(node->text, offset), 1),
		"wrong pattern: %s", err.text);
	return NULL;
}

static struct subject nothing(const char *problem, bool blocked)
{
	return (struct subject){.problem = problem, .blocked = blocked};
}

static struct subject take_json(
	const struct selection *s, struct facts *facts, const struct fill *fill)
{
	struct jsonpath *path = s->path;
	const char *problem = NULL;
	struct value text = value_null();
	struct error err;

	if (s->key && node_expand(fill, s->key, &text))
		return nothing("the query cannot be expanded", true);
	if (s->key &&
		jsonpath_compile(fill->arena, value_to_str(fill->arena, &text), &path, NULL, &err))
		return nothing(arena_printf(fill->arena, "wrong JSONPath: %s", err.text), true);
	const struct value *root = facts_find(facts, STR("json"), &problem);
	struct subject subject = {.several = !jsonpath_singular(path)};

	if (!root) {
		/* A page of HTML has no `$.error`, but does not say that all is well. */
		bool other = problem && str_starts(str_of(problem), "the body is not");

		return nothing(problem ? problem : "there is no JSON", other);
	}
	if (jsonpath_select(path, fill->arena, root, subject.several, &subject.nodes, &err))
		return nothing(arena_strdup(fill->arena, err.text), true);
	subject.present = subject.nodes.count > 0;
	if (!subject.present)
		subject.problem = "the query selects nothing";
	else if (subject.nodes.count == 1)
		subject.value = *subject.nodes.items[0].value;
	else
		subject.value = value_array();
	for (size_t i = 0; subject.nodes.count > 1 && i < subject.nodes.count; i++)
		value_push(fill->arena, &subject.value, *subject.nodes.items[i].value);
	return subject;
}

struct subject selection_take(
	const struct selection *s, struct facts *facts, const struct fill *fill)
{
	if (s->kind == SELECT_JSON)
		return take_json(s, facts, fill);
	const char *problem = NULL;
	const struct value *value = facts_find(facts, str_of(s->full), &problem);

	if (value)
		return (struct subject){.present = true, .value = *value};
	if (s->kind == SELECT_KEY && !problem)
		problem = arena_printf(fill->arena, "no such %s", s->fact);
	return nothing(problem, false);
}

const char *selection_text(struct arena *arena, const struct selection *s)
{
	return s->select ? arena_printf(arena, "%s %s", s->fact, s->select) : s->fact;
}
