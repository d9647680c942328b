/* What of a profile and of its credential is secret, and copies that outlive the step that asked. */
#include "auth_private.h"

struct pairs pairs_copy(struct arena *arena, struct pairs pairs)
{
	struct pairs copy = {ARENA_ARRAY(arena, pairs.count, struct pair), pairs.count};

	for (size_t i = 0; i < pairs.count; i++) {
		copy.items[i].name = arena_str(arena, pairs.items[i].name);
		copy.items[i].value = arena_str(arena, pairs.items[i].value);
	}
	return copy;
}

/* Strings of a connection live in the step's attempt; a fetch outlives it. */
struct connection connection_copy(struct arena *arena, const struct connection *from)
{
	struct connection copy = *from;
	struct str *const texts[] = {&copy.cacert, &copy.capath, &copy.cert, &copy.key,
		&copy.server_name, &copy.proxy, &copy.unix_socket};
	struct strs *const lists[] = {&copy.resolve, &copy.connect_to};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i]->ptr)
			*texts[i] = arena_str(arena, *texts[i]);
	for (size_t i = 0; i < 2; i++) {
		struct str *items = ARENA_ARRAY(arena, lists[i]->count, struct str);

		for (size_t j = 0; j < lists[i]->count; j++)
			items[j] = arena_str(arena, lists[i]->items[j]);
		lists[i]->items = items;
	}
	return copy;
}

/* Names, places and settings of a profile are not secret; the rest is. */
static bool member_is_open(struct str name)
{
	static const char *const open[] = {"grant", "client_auth", "token_url", "scope", "audience",
		"alg", "claims", "name", "header", "service_account"};

	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (str_is(name, open[i]))
			return true;
	return false;
}

void keep_profile(struct redactor *redactor, struct arena *arena, const struct value *body)
{
	if (body->type == VALUE_STRING)
		redactor_add(redactor, body->string);
	for (size_t i = 0; body->type == VALUE_OBJECT && i < body->object.count; i++) {
		const struct member *m = &body->object.members[i];

		if (!member_is_open(m->key) && m->value.type != VALUE_OBJECT)
			redactor_add(redactor, value_to_str(arena, &m->value));
	}
}

void keep_credential(struct redactor *redactor, const struct credential *c)
{
	for (size_t i = 0; i < c->query.count; i++)
		redactor_add(redactor, c->query.items[i].value);
	for (size_t i = 0; i < c->headers.count; i++) {
		struct str value = c->headers.items[i].value;
		size_t blank = str_find_char(value, ' ');

		/* Without the scheme, which is no secret. */
		redactor_add(redactor, blank == SIZE_MAX ? value : str_from(value, blank + 1));
	}
	for (size_t i = 0; i < c->subprotocols.count; i++)
		if (c->subprotocols.items[i].len > 16)
			redactor_add(redactor, c->subprotocols.items[i]);
}
