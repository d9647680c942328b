#include "probe/base64.h"
#include "probe/url.h"
#include "token_request.h"

enum grant { GRANT_CLIENT, GRANT_PASSWORD, GRANT_REFRESH };
enum client_auth { CLIENT_BASIC, CLIENT_POST };

struct oauth2 {
	struct str token_url, client_id, client_secret, username, password, refresh_token, scope,
		audience;
	int grant, client_auth;
};

struct state {
	struct token_request request;
	bool renewing;
};

static const char *const grants[] = {"client_credentials", "password", "refresh_token", NULL};
static const char *const client_auths[] = {"basic", "post", NULL};

#define AT(member) FIELD_AT(struct oauth2, member)

static const struct field fields[] = {
	{.name = "token_url",
		.type = FIELD_STRING,
		.offset = AT(token_url),
		.required = true,
		.help = "URL or path of the token endpoint"},
	{.name = "grant",
		.type = FIELD_ENUM,
		.offset = AT(grant),
		.choices = grants,
		.fallback = "client_credentials",
		.help = "the grant (RFC 6749, section 4)"},
	{.name = "client_id",
		.type = FIELD_STRING,
		.offset = AT(client_id),
		.help = "the client's id"},
	{.name = "client_secret",
		.type = FIELD_STRING,
		.offset = AT(client_secret),
		.help = "the client's secret"},
	{.name = "client_auth",
		.type = FIELD_ENUM,
		.offset = AT(client_auth),
		.choices = client_auths,
		.fallback = "basic",
		.help = "how the client shows who it is: basic header or in the form"},
	{.name = "username",
		.type = FIELD_STRING,
		.offset = AT(username),
		.help = "for grant password"},
	{.name = "password",
		.type = FIELD_STRING,
		.offset = AT(password),
		.help = "for grant password"},
	{.name = "refresh_token",
		.type = FIELD_STRING,
		.offset = AT(refresh_token),
		.help = "for grant refresh_token"},
	{.name = "scope",
		.type = FIELD_STRING,
		.offset = AT(scope),
		.help = "scopes, separated by blanks"},
	{.name = "audience",
		.type = FIELD_STRING,
		.offset = AT(audience),
		.help = "whom the token is for, where the issuer asks for it"},
	{.name = NULL},
};

static void validate(const void *data, const struct node *body, struct diags *diags)
{
	const struct oauth2 *spec = data;

	if (spec->grant == GRANT_PASSWORD &&
		(!node_find(body, "username") || !node_find(body, "password")))
		diag_error(diags, body->span, "grant password needs 'username' and 'password'");
	if (spec->grant == GRANT_REFRESH && !node_find(body, "refresh_token"))
		diag_error(diags, body->span, "grant refresh_token needs 'refresh_token'");
	if (spec->grant == GRANT_CLIENT && !node_find(body, "client_id"))
		diag_error(diags, body->span,
			"grant client_credentials needs 'client_id' and 'client_secret'");
}

/* RFC 6749, section 2.3.1: id and secret are form-encoded before they become a Basic pair. */
static void add_client(struct auth_fetch *fetch, const struct oauth2 *spec, struct buf *form,
	struct pairs *headers)
{
	struct arena *arena = auth_arena(fetch);

	if (!spec->client_id.len)
		return;
	if (spec->client_auth == CLIENT_POST || !spec->client_secret.len) {
		form_add(arena, form, "client_id", spec->client_id);
		form_add(arena, form, "client_secret", spec->client_secret);
		return;
	}
	struct str id = url_encode(arena, spec->client_id),
		   secret = url_encode(arena, spec->client_secret);
	struct str encoded = base64_encode(
		arena, str_of(arena_printf(arena, "%.*s:%.*s", STR_ARG(id), STR_ARG(secret))));
	struct pair *pair = ARENA_NEW(arena, struct pair);

	auth_secret(fetch, encoded);
	*pair = (struct pair){
		STR("Authorization"), str_of(arena_printf(arena, "Basic %.*s", STR_ARG(encoded)))};
	*headers = (struct pairs){pair, 1};
}

static void ask(struct auth_fetch *fetch, int grant, struct str refresh_token)
{
	const struct oauth2 *spec = auth_spec(fetch);
	struct state *state = auth_state(fetch);
	struct arena *arena = auth_arena(fetch);
	struct pairs headers = {0};
	BUF_SCOPED struct buf form;

	buf_init(&form, 1 << 20);
	form_add(arena, &form, "grant_type", str_of(grants[grant]));
	if (grant == GRANT_PASSWORD) {
		form_add(arena, &form, "username", spec->username);
		form_add(arena, &form, "password", spec->password);
	}
	if (grant == GRANT_REFRESH)
		form_add(arena, &form, "refresh_token", refresh_token);
	form_add(arena, &form, "scope", spec->scope);
	form_add(arena, &form, "audience", spec->audience);
	add_client(fetch, spec, &form, &headers);
	state->request.token_name = "access_token";
	token_request_start(&state->request, fetch, spec->token_url, &headers,
		arena_str(arena, buf_str(&form)));
}

/* A refresh token that is no good any more is not the end: the grant itself is asked again. */
static bool refused(struct auth_fetch *fetch)
{
	const struct oauth2 *spec = auth_spec(fetch);
	struct state *state = auth_state(fetch);

	if (!state->renewing)
		return false;
	state->renewing = false;
	ask(fetch, spec->grant, spec->refresh_token);
	return true;
}

static void start(struct auth_fetch *fetch)
{
	const struct oauth2 *spec = auth_spec(fetch);
	struct state *state = auth_state(fetch);
	struct str renewal = auth_renewal(fetch);

	state->request.refused = refused;
	state->renewing = renewal.len > 0;
	if (state->renewing)
		ask(fetch, GRANT_REFRESH, renewal);
	else
		ask(fetch, spec->grant, spec->refresh_token);
}

static void stop(struct auth_fetch *fetch)
{
	struct state *state = auth_state(fetch);

	token_request_stop(&state->request);
}

extern const struct auth_kind auth_oauth2;
const struct auth_kind auth_oauth2 = {
	.name = "oauth2",
	.help = "asks a token endpoint (RFC 6749); one fetch for all steps, renewed before it expires",
	.example =
		"oauth2: {token_url: /oauth/token, client_id: smoke, client_secret: \"${env.SECRET}\"}",
	.fields = fields,
	.spec_size = sizeof(struct oauth2),
	.state_size = sizeof(struct state),
	.validate = validate,
	.is_token = true,
	.start = start,
	.stop = stop,
};
