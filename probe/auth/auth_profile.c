/* A profile as it is written: its kind, and where its token goes. */
#include "auth_private.h"
#include "probe/base64.h"

const struct auth_kind *auth_kind_find(const struct auth_kind *const *kinds,
	const struct node *profile, const struct node **body, struct diags *diags)
{
	const struct auth_kind *found = NULL;
	const char *names[32];
	size_t count = 0;

	for (; kinds[count] && count < 31; count++)
		names[count] = kinds[count]->name;
	names[count] = NULL;
	if (profile->type != NODE_MAP) {
		diag_error(diags, profile->span,
			"a map of one kind expected, such as {bearer: \"${token}\"}");
		return NULL;
	}
	for (size_t i = 0; i < profile->count; i++) {
		const struct node *key = profile->pairs[i].key;
		const struct auth_kind *kind = NULL;

		if (str_is(key->text, "in"))
			continue;
		for (size_t j = 0; kinds[j]; j++)
			if (str_is(key->text, kinds[j]->name))
				kind = kinds[j];
		if (!kind) {
			const char *near = diag_suggest(key->text, names);

			diag_error(diags, key->span, "unknown kind of auth '%.*s'%s%s%s",
				STR_ARG(key->text), near ? ", did you mean '" : "",
				near ? near : "", near ? "'?" : "");
			return NULL;
		}
		if (found) {
			diag_error(diags, key->span,
				"a second kind of auth in one profile; '%s' stands there already",
				found->name);
			return NULL;
		}
		found = kind;
		*body = profile->pairs[i].value;
	}
	if (!found)
		diag_error(diags, profile->span,
			"no kind of auth is given (bearer, basic, oauth2 ...)");
	return found;
}

struct in_map {
	struct str header, query, cookie;
	struct strs subprotocol;
};

static const struct field in_fields[] = {
	{.name = "header",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct in_map, header),
		.help = "a header that gets the token alone"},
	{.name = "query",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct in_map, query),
		.help = "a query parameter"},
	{.name = "cookie",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct in_map, cookie),
		.help = "a cookie"},
	{.name = "subprotocol",
		.type = FIELD_STRINGS,
		.offset = FIELD_AT(struct in_map, subprotocol),
		.help = "WebSocket subprotocols, with {token} or {base64url} filled in"},
	{.name = NULL},
};

static bool has_token(struct str pattern)
{
	return str_contains(pattern, "{token}") || str_contains(pattern, "{base64url}");
}

static bool any_has_token(const struct strs *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (has_token(patterns->items[i]))
			return true;
	return false;
}

int auth_in_fill(const struct fill *fill, const struct node *in, struct auth_in *out)
{
	struct in_map map = {0};

	*out = (struct auth_in){.place = IN_HEADER};
	if (!in || (in->type == NODE_SCALAR && str_is(in->text, "header")))
		return 0;
	if (in->type != NODE_MAP || in->count != 1) {
		diag_error(fill->diags, in->span,
			"'in' is header, {query: NAME}, {cookie: NAME} or {subprotocol: [...]}");
		return -1;
	}
	if (fields_fill(fill, in_fields, in, &map))
		return -1;
	if (map.subprotocol.count) {
		out->place = IN_SUBPROTOCOL;
		out->pattern = map.subprotocol;
		if (!any_has_token(&out->pattern)) {
			diag_error(fill->diags, in->span,
				"none of the subprotocols holds {token} or {base64url}");
			return -1;
		}
		return 0;
	}
	out->place = map.query.len ? IN_QUERY : map.cookie.len ? IN_COOKIE : IN_NAMED_HEADER;
	out->name = map.query.len ? map.query : map.cookie.len ? map.cookie : map.header;
	if (!out->name.len) {
		diag_error(fill->diags, in->span, "the name is empty");
		return -1;
	}
	return 0;
}

static struct str fill_pattern(struct arena *arena, struct str pattern, struct str token)
{
	BUF_SCOPED struct buf text;

	buf_init(&text, 1 << 20);
	while (pattern.len) {
		if (str_starts(pattern, "{token}")) {
			buf_add_str(&text, token);
			pattern = str_from(pattern, 7);
		} else if (str_starts(pattern, "{base64url}")) {
			buf_add_str(&text, base64url_encode(arena, token));
			pattern = str_from(pattern, 11);
		} else {
			buf_add_char(&text, pattern.ptr[0]);
			pattern = str_from(pattern, 1);
		}
	}
	return arena_str(arena, buf_str(&text));
}

static struct pairs one_pair(struct arena *arena, struct str name, struct str value)
{
	struct pair *pair = ARENA_NEW(arena, struct pair);

	*pair = (struct pair){arena_str(arena, name), arena_str(arena, value)};
	return (struct pairs){pair, 1};
}

void auth_place_none(struct arena *arena, const struct auth_in *in, struct credential *out)
{
	*out = (struct credential){0};
	if (in->place != IN_SUBPROTOCOL)
		return;
	out->subprotocols.items = ARENA_ARRAY(arena, in->pattern.count, struct str);
	for (size_t i = 0; i < in->pattern.count; i++)
		if (!has_token(in->pattern.items[i]))
			out->subprotocols.items[out->subprotocols.count++] = in->pattern.items[i];
}

void auth_place(struct arena *arena, const struct auth_in *in, const struct pairs *headers,
	struct str token, bool is_token, struct credential *out)
{
	*out = (struct credential){0};
	if (!is_token) {
		out->headers = *headers;
		return;
	}
	switch (in->place) {
	case IN_HEADER:
		out->headers = one_pair(arena, STR("Authorization"),
			str_of(arena_printf(arena, "Bearer %.*s", STR_ARG(token))));
		break;
	case IN_NAMED_HEADER: out->headers = one_pair(arena, in->name, token); break;
	case IN_QUERY: out->query = one_pair(arena, in->name, token); break;
	case IN_COOKIE:
		out->headers = one_pair(arena, STR("Cookie"),
			str_of(arena_printf(
				arena, "%.*s=%.*s", STR_ARG(in->name), STR_ARG(token))));
		break;
	case IN_SUBPROTOCOL:
		out->subprotocols.items = ARENA_ARRAY(arena, in->pattern.count, struct str);
		for (size_t i = 0; i < in->pattern.count; i++) {
			struct str one = fill_pattern(arena, in->pattern.items[i], token);

			/* An empty name cannot be offered (RFC 6455, section 4.1). */
			if (one.len)
				out->subprotocols.items[out->subprotocols.count++] = one;
		}
		break;
	}
}

void auth_check(
	const struct auth_kind *const *kinds, const struct fill *fill, const struct node *profile)
{
	const struct node *body = NULL,
			  *in = profile->type == NODE_MAP ? node_find(profile, "in") : NULL;
	const struct auth_kind *kind = auth_kind_find(kinds, profile, &body, fill->diags);
	struct auth_in place;

	if (!kind)
		return;
	if (in && !kind->is_token)
		diag_error(fill->diags, in->span,
			"'in' is for tokens; '%s' gives headers of its own", kind->name);
	else
		auth_in_fill(fill, in, &place);
	if (body->type != NODE_MAP && kind->shorthand)
		body = kind->shorthand(fill->arena, body, fill->diags);
	void *spec = arena_alloc(fill->arena, kind->spec_size);

	if (body && !fields_fill(fill, kind->fields, body, spec) && kind->validate)
		kind->validate(spec, body, fill->diags);
}
