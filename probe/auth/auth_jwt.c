#include "auth_private.h"

struct minted {
	struct str alg, key, secret;
	struct value claims, header;
};

#define AT(member) FIELD_AT(struct minted, member)

static const struct field fields[] = {
	{.name = "alg",
		.type = FIELD_STRING,
		.offset = AT(alg),
		.help = "algorithm; without it the usual one of the key (HS256, RS256, ES256 ...)"},
	{.name = "key", .type = FIELD_STRING, .offset = AT(key), .help = "private key: PEM or JWK"},
	{.name = "secret",
		.type = FIELD_STRING,
		.offset = AT(secret),
		.help = "shared secret, for HS256 384 512"},
	{.name = "claims",
		.type = FIELD_VALUE,
		.offset = AT(claims),
		.help = "claims; iat is now and exp in 5 minutes unless given"},
	{.name = "header",
		.type = FIELD_VALUE,
		.offset = AT(header),
		.help = "more header parameters, such as kid"},
	{.name = NULL},
};

static void validate(const void *data, const struct node *body, struct diags *diags)
{
	const struct minted *spec = data;

	(void)spec;
	if (!node_find(body, "key") == !node_find(body, "secret"))
		diag_error(diags, body->span, "either 'key' or 'secret' must be given");
}

static void start(struct auth_fetch *fetch)
{
	const struct minted *spec = auth_spec(fetch);
	struct arena *arena = auth_arena(fetch);
	struct value claims = spec->claims.type == VALUE_OBJECT ? value_copy(arena, &spec->claims)
								: value_object();
	int64_t now = loop_wall(auth_loop(fetch));
	struct jose_keys keys = {0};
	struct str token, alg = spec->alg;
	struct error err;
	int failed = 0;

	if (spec->secret.len)
		jose_keys_secret(arena, spec->secret, &keys);
	else
		failed = jose_keys_text(arena, spec->key, &keys, &err);
	if (failed) {
		auth_failed(fetch, "the signing key: %s", err.text);
		return;
	}
	if (!value_find(&claims, "iat"))
		value_set(arena, &claims, STR("iat"), value_integer(now / NS_PER_S));
	if (!value_find(&claims, "exp"))
		value_set(arena, &claims, STR("exp"), value_integer(now / NS_PER_S + 300));
	if (!alg.len)
		alg = str_of(jose_key_alg(&keys.items[0]));
	const struct value *exp = value_find(&claims, "exp");
	int64_t expires = exp->type == VALUE_INTEGER && exp->integer < 9000000000
				  ? exp->integer * NS_PER_S
				  : TIME_NONE;

	failed = jwt_sign(arena, alg, &keys, &spec->header, &claims, &token, &err);
	jose_keys_release(&keys);
	if (failed)
		auth_failed(fetch, "%s", err.text);
	else
		auth_done(fetch, (struct pairs){0}, token, expires, STR(""));
}

static void stop(struct auth_fetch *fetch)
{
	(void)fetch;
}

extern const struct auth_kind auth_jwt;
const struct auth_kind auth_jwt = {
	.name = "jwt",
	.help = "mints a signed token (RFC 7519)",
	.example = "jwt: {secret: \"${env.JWT_SECRET}\", claims: {sub: smoke, aud: api}}",
	.fields = fields,
	.spec_size = sizeof(struct minted),
	.validate = validate,
	.is_token = true,
	.start = start,
	.stop = stop,
};
