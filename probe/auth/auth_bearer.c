#include "auth_private.h"

struct bearer {
	struct str token;
};

static const struct field fields[] = {
	{.name = "token",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct bearer, token),
		.required = true,
		.help = "the token (RFC 6750)"},
	{.name = NULL},
};

static struct node *shorthand(struct arena *arena, const struct node *body, struct diags *diags)
{
	if (body->type != NODE_SCALAR) {
		diag_error(diags, body->span, "a token expected, such as bearer: \"${token}\"");
		return NULL;
	}
	struct node *map = node_map(arena, body->span);

	node_map_add(arena, map, "token", (struct node *)body);
	return map;
}

static void start(struct auth_fetch *fetch)
{
	const struct bearer *spec = auth_spec(fetch);
	struct str token = str_trim(spec->token);

	if (!token.len) {
		auth_failed(fetch, "the bearer token is empty");
		return;
	}
	auth_done(fetch, (struct pairs){0}, token, TIME_NONE, STR(""));
}

static void stop(struct auth_fetch *fetch)
{
	(void)fetch;
}

extern const struct auth_kind auth_bearer;
const struct auth_kind auth_bearer = {
	.name = "bearer",
	.help = "sends a token that is known, as Authorization: Bearer",
	.example = "bearer: \"${token}\"",
	.fields = fields,
	.spec_size = sizeof(struct bearer),
	.shorthand = shorthand,
	.is_token = true,
	.start = start,
	.stop = stop,
};
