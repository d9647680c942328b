#include "probe/facts.h"

#include "probe/json.h"

struct fact {
	struct str name;
	struct value value;
};

struct facts {
	struct arena *arena;
	struct fact *items;
	size_t count, capacity;
	struct pairs headers;
	unsigned json_depth;
	bool has_body, json_tried;
	const char *json_problem, *past_maximum;
};

struct facts *facts_new(struct arena *arena)
{
	struct facts *facts = ARENA_NEW(arena, struct facts);

	facts->arena = arena;
	return facts;
}

static struct fact *fact_find(const struct facts *facts, struct str name)
{
	for (size_t i = 0; i < facts->count; i++)
		if (str_equal(facts->items[i].name, name))
			return &facts->items[i];
	return NULL;
}

void facts_set(struct facts *facts, const char *name, struct value value)
{
	struct fact *known = fact_find(facts, str_of(name));

	if (known) {
		known->value = value;
		return;
	}
	facts->items = arena_grow(
		facts->arena, facts->items, facts->count, &facts->capacity, sizeof(struct fact));
	facts->items[facts->count++] = (struct fact){arena_str(facts->arena, str_of(name)), value};
}

static struct str lower(struct arena *arena, struct str s)
{
	struct str copy = arena_str(arena, s);

	for (size_t i = 0; i < copy.len; i++)
		if (copy.ptr[i] >= 'A' && copy.ptr[i] <= 'Z')
			((char *)copy.ptr)[i] |= 0x20;
	return copy;
}

/* Field names without regard to case; repeated ones joined in order (RFC 9110, section 5.3). */
void facts_set_headers(struct facts *facts, const struct pairs *headers)
{
	struct value object = value_object();

	for (size_t i = 0; i < headers->count; i++) {
		struct str name = lower(facts->arena, headers->items[i].name);
		struct str text = headers->items[i].value;
		const struct value *known = value_find_str(&object, name);

		if (known)
			text = str_of(arena_printf(
				facts->arena, "%.*s, %.*s", STR_ARG(known->string), STR_ARG(text)));
		value_set(facts->arena, &object, name, value_string(text));
	}
	facts->headers = *headers;
	facts_set(facts, "header", object);
}

void facts_set_body(struct facts *facts, struct str body, unsigned json_depth)
{
	facts->has_body = true;
	facts->json_tried = false;
	facts->json_depth = json_depth;
	facts_set(facts, "body", value_string(body));
}

static void parse_body(struct facts *facts)
{
	struct value json;
	struct error err;
	const struct fact *body = fact_find(facts, STR("body"));

	facts->json_tried = true;
	int failed = json_parse(facts->arena, body->value.string, facts->json_depth, &json, &err);

	if (!failed)
		facts_set(facts, "json", json);
	else if (!str_trim(body->value.string).len)
		facts->json_problem = "the body is empty";
	else
		facts->json_problem =
			arena_printf(facts->arena, "the body is not JSON: %s", err.text);
	if (failed == JSON_PAST_MAXIMUM)
		facts->past_maximum =
			arena_printf(facts->arena, "the body's JSON is %s (at most %u levels)",
				err.text, facts->json_depth ? facts->json_depth : JSON_DEPTH_MAX);
}

/* Enters an object by the rest of a dotted name; keys may hold dots themselves. */
static const struct value *descend(const struct value *object, struct str rest, bool nocase)
{
	for (size_t i = 0; object->type == VALUE_OBJECT && i < object->object.count; i++) {
		const struct member *m = &object->object.members[i];

		if (nocase ? str_equal_nocase(m->key, rest) : str_equal(m->key, rest))
			return &m->value;
	}
	for (size_t dot = rest.len; dot-- > 0;) {
		if (rest.ptr[dot] != '.')
			continue;
		const struct value *inner = value_find_str(object, str_sub(rest, 0, dot));

		if (inner && inner->type == VALUE_OBJECT)
			return descend(inner, str_from(rest, dot + 1), nocase);
	}
	return NULL;
}

const struct value *facts_find(struct facts *facts, struct str name, const char **problem)
{
	if (facts->has_body && !facts->json_tried &&
		(str_is(name, "json") || str_starts(name, "json.")))
		parse_body(facts);
	const struct fact *exact = fact_find(facts, name);

	if (exact)
		return &exact->value;
	if (problem)
		*problem = str_is(name, "json") ? facts->json_problem : NULL;
	for (size_t dot = name.len; dot-- > 0;) {
		if (name.ptr[dot] != '.')
			continue;
		struct str head = str_sub(name, 0, dot);
		const struct fact *outer = fact_find(facts, head);

		if (outer && outer->value.type == VALUE_OBJECT)
			return descend(
				&outer->value, str_from(name, dot + 1), str_is(head, "header"));
	}
	return NULL;
}

const char *facts_past_maximum(const struct facts *facts)
{
	return facts->past_maximum;
}

struct pairs facts_headers(const struct facts *facts)
{
	return facts->headers;
}
