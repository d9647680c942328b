/*
 * Google's identity for services: from the metadata server of Cloud Run, GKE and Compute Engine, or
 * from the key file that GOOGLE_APPLICATION_CREDENTIALS names (a service account's, which signs an
 * assertion of RFC 7523 to its token_uri, or a user's, which holds a refresh token).
 */
#include <stdlib.h>

#include "probe/file.h"
#include "probe/json.h"
#include "probe/url.h"
#include "token_request.h"

enum { KEY_FILE_MAX = 1 << 20 };

struct google {
	struct str audience, scope, service_account;
};

struct state {
	struct token_request request;
	struct http_transfer *metadata;
	bool identity; /* an ID token is wanted, not an access token */
};

#define AT(member) FIELD_AT(struct google, member)

static const struct field id_fields[] = {
	{.name = "audience",
		.type = FIELD_STRING,
		.offset = AT(audience),
		.required = true,
		.help = "whom the token is for: the URL of the service"},
	{.name = "service_account",
		.type = FIELD_STRING,
		.offset = AT(service_account),
		.fallback = "default",
		.help = "which account of the metadata server"},
	{.name = NULL},
};

static const struct field access_fields[] = {
	{.name = "scope",
		.type = FIELD_STRING,
		.offset = AT(scope),
		.fallback = "https://www.googleapis.com/auth/cloud-platform",
		.help = "scopes, separated by blanks"},
	{.name = "service_account",
		.type = FIELD_STRING,
		.offset = AT(service_account),
		.fallback = "default",
		.help = "which account of the metadata server"},
	{.name = NULL},
};

static int64_t token_expiry(struct auth_fetch *fetch, struct str token)
{
	struct jwt jwt;
	const struct value *exp;

	if (jwt_parse(auth_arena(fetch), token, &jwt, NULL))
		return TIME_NONE;
	exp = value_find(&jwt.claims, "exp");
	return exp && exp->type == VALUE_INTEGER && exp->integer < 9000000000
		       ? exp->integer * NS_PER_S
		       : TIME_NONE;
}

static void metadata_answered(void *ctx, const struct http_result *result)
{
	struct auth_fetch *fetch = ctx;
	struct state *state = auth_state(fetch);
	struct value answer;
	const struct value *token, *expires;

	state->metadata = NULL;
	if (result->failure != FAILURE_NONE) {
		auth_failed(fetch,
			"the metadata server cannot be reached (%s); outside Google Cloud set "
			"GOOGLE_APPLICATION_CREDENTIALS",
			result->detail ? result->detail : failure_text(result->failure));
		return;
	}
	if (result->status != 200) {
		auth_failed(fetch, "the metadata server answered status %d: %.*s",
			(int)result->status, STR_ARG(str_sub(str_trim(result->body), 0, 300)));
		return;
	}
	if (state->identity) {
		struct str jwt = str_trim(result->body);

		auth_done(fetch, (struct pairs){0}, jwt, token_expiry(fetch, jwt), STR(""));
		return;
	}
	if (json_parse(auth_arena(fetch), result->body, 0, &answer, NULL) ||
		!(token = value_find(&answer, "access_token")) || token->type != VALUE_STRING) {
		auth_failed(fetch, "the metadata server's answer has no 'access_token'");
		return;
	}
	expires = value_find(&answer, "expires_in");
	auth_done(fetch, (struct pairs){0}, token->string,
		expires && expires->type == VALUE_INTEGER && expires->integer < 315360000
			? loop_wall(auth_loop(fetch)) + expires->integer * NS_PER_S
			: TIME_NONE,
		STR(""));
}

static void ask_metadata(struct auth_fetch *fetch)
{
	const struct google *spec = auth_spec(fetch);
	struct state *state = auth_state(fetch);
	struct arena *arena = auth_arena(fetch);
	const char *host = getenv("GCE_METADATA_HOST");
	struct pair flavor = {STR("Metadata-Flavor"), STR("Google")};
	struct connection *direct = ARENA_NEW(arena, struct connection);
	struct str account = url_encode(arena, spec->service_account);
	struct http_request request = {
		.method = STR("GET"),
		.headers = {&flavor, 1},
		.max_body = 1 << 20,
		.connection = direct,
	};

	/* The metadata server is a link-local address: never through a proxy. */
	direct->proxy = STR("none");
	request.url = str_of(
		arena_printf(arena, "http://%s/computeMetadata/v1/instance/service-accounts/%.*s/",
			host && *host ? host : "metadata.google.internal", STR_ARG(account)));
	if (state->identity) {
		struct str audience = url_encode(arena, spec->audience);

		request.url = str_of(arena_printf(arena, "%.*sidentity?audience=%.*s&format=full",
			STR_ARG(request.url), STR_ARG(audience)));
	} else {
		request.url = str_of(arena_printf(arena, "%.*stoken", STR_ARG(request.url)));
	}
	state->metadata = http_start(auth_loop(fetch), &request, metadata_answered, fetch);
}

static int sign_assertion(struct auth_fetch *fetch, const struct value *file, struct str token_uri,
	struct str *assertion, struct error *err)
{
	const struct google *spec = auth_spec(fetch);
	const struct state *state = auth_state(fetch);
	struct arena *arena = auth_arena(fetch);
	struct value claims = value_object(), header = value_object();
	int64_t now = loop_wall(auth_loop(fetch)) / NS_PER_S;
	struct str email = value_str_or(value_find(file, "client_email"), STR(""));
	struct str key = value_str_or(value_find(file, "private_key"), STR(""));
	struct str kid = value_str_or(value_find(file, "private_key_id"), STR(""));
	struct jose_keys keys;

	auth_secret(fetch, key);
	if (jose_keys_pem(arena, key, &keys, err))
		return error_context(err, "'private_key'");
	value_set(arena, &claims, STR("iss"), value_string(email));
	value_set(arena, &claims, STR("sub"), value_string(email));
	value_set(arena, &claims, STR("aud"), value_string(token_uri));
	value_set(arena, &claims, STR("iat"), value_integer(now));
	value_set(arena, &claims, STR("exp"), value_integer(now + 3600));
	if (state->identity)
		value_set(arena, &claims, STR("target_audience"), value_string(spec->audience));
	else
		value_set(arena, &claims, STR("scope"), value_string(spec->scope));
	if (kid.len)
		value_set(arena, &header, STR("kid"), value_string(kid));
	int result = jwt_sign(arena, STR("RS256"), &keys, &header, &claims, assertion, err);

	jose_keys_release(&keys);
	return result;
}

static void ask_token_uri(struct auth_fetch *fetch, const struct value *file, const char *path)
{
	struct state *state = auth_state(fetch);
	struct arena *arena = auth_arena(fetch);
	struct str type = value_str_or(value_find(file, "type"), STR(""));
	struct str token_uri = value_str_or(
		value_find(file, "token_uri"), STR("https://oauth2.googleapis.com/token"));
	struct str assertion;
	struct error err;
	BUF_SCOPED struct buf form;

	buf_init(&form, 1 << 20);
	if (str_is(type, "service_account")) {
		if (sign_assertion(fetch, file, token_uri, &assertion, &err)) {
			auth_failed(fetch, "the key file '%s': %s", path, err.text);
			return;
		}
		form_add(arena, &form, "grant_type",
			STR("urn:ietf:params:oauth:grant-type:jwt-bearer"));
		form_add(arena, &form, "assertion", assertion);
		auth_secret(fetch, assertion);
	} else if (str_is(type, "authorized_user")) {
		static const char *const members[] = {
			"client_id", "client_secret", "refresh_token"};

		form_add(arena, &form, "grant_type", STR("refresh_token"));
		for (size_t i = 0; i < 3; i++) {
			struct str text = value_str_or(value_find(file, members[i]), STR(""));

			auth_secret(fetch, text);
			form_add(arena, &form, members[i], text);
		}
	} else {
		auth_failed(fetch,
			"the key file '%s' is of type '%.*s'; service_account and authorized_user are known",
			path, STR_ARG(type));
		return;
	}
	state->request.token_name = state->identity ? "id_token" : "access_token";
	token_request_start(
		&state->request, fetch, token_uri, NULL, arena_str(arena, buf_str(&form)));
}

static void start(struct auth_fetch *fetch, bool identity)
{
	const char *path = getenv("GOOGLE_APPLICATION_CREDENTIALS");
	struct state *state = auth_state(fetch);
	struct str text;
	struct value file;
	struct error err;

	state->identity = identity;
	if (!path || !*path) {
		ask_metadata(fetch);
		return;
	}
	if (file_text(auth_arena(fetch), path, KEY_FILE_MAX, &text, &err) ||
		json_parse(auth_arena(fetch), text, 0, &file, &err)) {
		auth_failed(fetch, "GOOGLE_APPLICATION_CREDENTIALS: '%s': %s", path, err.text);
		return;
	}
	ask_token_uri(fetch, &file, path);
}

static void start_id(struct auth_fetch *fetch)
{
	start(fetch, true);
}

static void start_access(struct auth_fetch *fetch)
{
	start(fetch, false);
}

static void stop(struct auth_fetch *fetch)
{
	struct state *state = auth_state(fetch);

	if (state->metadata)
		http_cancel(state->metadata);
	state->metadata = NULL;
	token_request_stop(&state->request);
}

extern const struct auth_kind auth_google_id_token, auth_google_access_token;

const struct auth_kind auth_google_id_token = {
	.name = "google_id_token",
	.help = "an ID token for a private Cloud Run service or IAP, from the metadata server or a key file",
	.example = "google_id_token: {audience: https://service-abc.a.run.app}",
	.fields = id_fields,
	.spec_size = sizeof(struct google),
	.state_size = sizeof(struct state),
	.is_token = true,
	.start = start_id,
	.stop = stop,
};

const struct auth_kind auth_google_access_token = {
	.name = "google_access_token",
	.help = "an access token for Google APIs, from the metadata server or a key file",
	.example = "google_access_token: {}",
	.fields = access_fields,
	.spec_size = sizeof(struct google),
	.state_size = sizeof(struct state),
	.is_token = true,
	.start = start_access,
	.stop = stop,
};
