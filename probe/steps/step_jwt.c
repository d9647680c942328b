/* Verifies a JSON Web Token (RFC 7519) with keys from a JWK set, a PEM or a secret. */
#include "probe/auth.h"
#include "probe/jwks.h"

struct spec {
	struct str token, pem, secret, issuer;
	struct value jwks;
	struct strs audience, algorithms;
	int64_t leeway;
};

struct state {
	struct jwks_load *load;
	struct jose_keys keys; /* of pem or secret */
	struct jwt jwt;
};

#define AT(member) FIELD_AT(struct spec, member)

static const struct field fields[] = {
	{.name = "token",
		.type = FIELD_STRING,
		.offset = AT(token),
		.required = true,
		.help = "the token in compact form"},
	{.name = "jwks",
		.type = FIELD_VALUE,
		.offset = AT(jwks),
		.help = "URL or path of a JWK set, {file: PATH}, or the set itself"},
	{.name = "pem",
		.type = FIELD_STRING,
		.offset = AT(pem),
		.help = "public key or certificate (PEM)"},
	{.name = "secret",
		.type = FIELD_STRING,
		.offset = AT(secret),
		.help = "shared secret, for HS256 384 512"},
	{.name = "audience",
		.type = FIELD_STRINGS,
		.offset = AT(audience),
		.help = "one of these must be in 'aud'"},
	{.name = "issuer",
		.type = FIELD_STRING,
		.offset = AT(issuer),
		.help = "what 'iss' must be"},
	{.name = "algorithms",
		.type = FIELD_STRINGS,
		.offset = AT(algorithms),
		.help = "algorithms allowed; all that the key serves unless given"},
	{.name = "leeway",
		.type = FIELD_DURATION,
		.offset = AT(leeway),
		.max = 86400,
		.help = "how far clocks may differ"},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	{"jwt.valid", "boolean", "signature, times, audience and issuer are as they should be"},
	{"jwt.error", "string",
		"malformed unsupported_alg alg_none unknown_key bad_signature expired not_yet_valid "
		"wrong_audience wrong_issuer keys_unavailable"},
	{"jwt.alg", "string", "algorithm the header names"},
	{"jwt.kid", "string", "key id the header names"},
	{"jwt.header", "object", "the whole header"},
	{"jwt.header.*", "string", "a parameter of the header"},
	{"jwt.claim", "object", "all claims"},
	{"jwt.claim.*", "string", "a claim"},
	{"jwt.expires_in", "duration", "from now to 'exp', negative when past"},
	{"jwt.age", "duration", "from 'iat' to now"},
	{"time", "duration", "of the whole attempt, with fetching the keys"},
	{"time.*", "duration", "total"},
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"jwt.valid", "true"}, {NULL, NULL}};

static void validate(
	const void *data, const struct node *body, int64_t timeout, struct diags *diags)
{
	int given = (node_find(body, "jwks") != NULL) + (node_find(body, "pem") != NULL) +
		    (node_find(body, "secret") != NULL);

	(void)data;
	(void)timeout;
	if (given != 1)
		diag_error(diags, body->span,
			"exactly one of 'jwks', 'pem' and 'secret' must be given");
}

static const char *describe(struct arena *arena, const void *data, struct str target)
{
	const struct spec *spec = data;

	(void)target;
	if (spec->jwks.type == VALUE_STRING && spec->jwks.string.len < 200 &&
		!str_starts(str_trim(spec->jwks.string), "{"))
		return arena_printf(
			arena, "a token, with keys of %.*s", STR_ARG(spec->jwks.string));
	return "a token";
}

/* A target is needed only for the path of a JWK set. */
static bool absolute(const void *data)
{
	const struct spec *spec = data;

	return spec->jwks.type != VALUE_STRING || !str_starts(spec->jwks.string, "/");
}

static void set_times(struct attempt *a, const struct value *claims)
{
	int64_t now = loop_wall(attempt_loop(a)) / NS_PER_MS;
	const struct value *exp = value_find(claims, "exp"), *iat = value_find(claims, "iat");

	/* In milliseconds first: a hostile 1e300 must not overflow. */
	if (exp && value_is_number(exp) && value_double(exp) < 9e9 && value_double(exp) > -9e9)
		attempt_fact(a, "jwt.expires_in",
			value_integer(((int64_t)(value_double(exp) * 1000) - now) * NS_PER_MS));
	if (iat && value_is_number(iat) && value_double(iat) < 9e9 && value_double(iat) > -9e9)
		attempt_fact(a, "jwt.age",
			value_integer((now - (int64_t)(value_double(iat) * 1000)) * NS_PER_MS));
}

/* Whether a sound token was wanted is for the checks to say; `why` explains the problem to people. */
static void finish(struct attempt *a, const char *problem, const char *why)
{
	attempt_fact(a, "jwt.valid", value_boolean(!problem));
	attempt_fact(a, "jwt.error", problem ? value_text(problem) : value_null());
	attempt_done(
		a, FAILURE_NONE, "%s%s%s", problem ? problem : "", why ? ": " : "", why ? why : "");
}

static void verify(struct attempt *a, const struct jose_keys *keys)
{
	const struct spec *spec = attempt_spec(a);
	struct state *state = attempt_state(a);
	struct strs audience = spec->audience, algorithms = spec->algorithms;
	struct jwt_wanted wanted = {
		.issuer = spec->issuer,
		.audience = audience.count ? &audience : NULL,
		.algorithms = algorithms.count ? &algorithms : NULL,
		.leeway = spec->leeway,
		.now = loop_wall(attempt_loop(a)),
	};

	finish(a, jwt_verify(&state->jwt, keys, &wanted), NULL);
}

static void keys_came(void *ctx, const struct jose_keys *keys, const char *problem)
{
	struct attempt *a = ctx;

	if (keys)
		verify(a, keys);
	else
		finish(a, "keys_unavailable", problem);
}

static void start(struct attempt *a)
{
	const struct spec *spec = attempt_spec(a);
	struct state *state = attempt_state(a);
	struct arena *arena = attempt_arena(a);
	struct error err;

	attempt_secret(a, spec->token);
	attempt_secret(a, spec->secret);
	if (jwt_parse(arena, str_trim(spec->token), &state->jwt, &err)) {
		finish(a, "malformed", err.text);
		return;
	}
	attempt_fact(a, "jwt.alg", value_string(state->jwt.alg));
	if (state->jwt.kid.len)
		attempt_fact(a, "jwt.kid", value_string(state->jwt.kid));
	attempt_fact(a, "jwt.header", state->jwt.header);
	attempt_fact(a, "jwt.claim", state->jwt.claims);
	set_times(a, &state->jwt.claims);
	if (spec->jwks.type != VALUE_NULL) {
		state->load = jwks_start(attempt_loop(a), attempt_connection(a), attempt_target(a),
			&spec->jwks, keys_came, a);
		return;
	}
	if (spec->secret.len) {
		jose_keys_secret(arena, spec->secret, &state->keys);
	} else if (jose_keys_text(arena, spec->pem, &state->keys, &err)) {
		keys_came(a, NULL, arena_strdup(arena, err.text));
		return;
	}
	verify(a, &state->keys);
}

static void stop(struct attempt *a)
{
	struct state *state = attempt_state(a);

	jwks_cancel(state->load);
	state->load = NULL;
	jose_keys_release(&state->keys);
}

const struct step_kind step_jwt = {
	.name = "jwt",
	.help = "verifies a JSON Web Token",
	.example = "jwt: {token: \"${token}\", jwks: /.well-known/jwks.json}",
	.facts = facts,
	.fields = fields,
	.implied = implied,
	.uses = STEP_USES_CONNECTION | STEP_USES_TARGET,
	.spec_size = sizeof(struct spec),
	.state_size = sizeof(struct state),
	.validate = validate,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
