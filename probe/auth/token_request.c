/*
 * A POST of form fields to a token endpoint and its answer (RFC 6749, sections 5.1 and 5.2), shared
 * by oauth2, Google's key files and minted assertions.
 */
#include "token_request.h"

#include "probe/json.h"
#include "probe/url.h"

enum { ANSWER_MAX = 1 << 20 };

void form_add(struct arena *arena, struct buf *form, const char *name, struct str value)
{
	if (!value.len)
		return;
	buf_printf(form, "%s%s=", form->len ? "&" : "", name);
	buf_add_str(form, url_encode(arena, value));
}

static struct str text_of(const struct value *answer, const char *name)
{
	return value_str_or(value_find(answer, name), STR(""));
}

/* What the issuer said, for people: error and description, else the beginning of the body. */
static void refused(
	struct auth_fetch *fetch, const struct http_result *result, const struct value *answer)
{
	struct str error = text_of(answer, "error"), why = text_of(answer, "error_description");

	if (error.len)
		auth_failed(fetch, "the token endpoint refused (status %d): %.*s%s%.*s",
			(int)result->status, STR_ARG(error), why.len ? ": " : "", STR_ARG(why));
	else
		auth_failed(fetch, "the token endpoint answered status %d: %.*s",
			(int)result->status, STR_ARG(str_sub(result->body, 0, 300)));
}

static void take_token(
	struct auth_fetch *fetch, const struct token_request *request, const struct value *answer)
{
	const struct value *expires = value_find(answer, "expires_in");
	struct str token = text_of(answer, request->token_name);
	struct str renew = text_of(answer, "refresh_token");
	int64_t seconds, at = TIME_NONE;

	if (!token.len) {
		auth_failed(fetch, "the token endpoint's answer has no '%s'", request->token_name);
		return;
	}
	if (expires && expires->type == VALUE_INTEGER)
		at = loop_wall(auth_loop(fetch)) + (expires->integer < 0 ? 0
							   : expires->integer > 315360000
								   ? 315360000
								   : expires->integer) *
							   NS_PER_S;
	else if (expires && expires->type == VALUE_STRING && str_int(expires->string, &seconds) &&
		 seconds >= 0 && seconds < 315360000)
		at = loop_wall(auth_loop(fetch)) + seconds * NS_PER_S;
	/* A refresh may keep the old refresh token (RFC 6749, section 6). */
	if (!renew.len)
		renew = auth_renewal(fetch);
	auth_done(fetch, (struct pairs){0}, token, at, renew);
}

static void answered(void *ctx, const struct http_result *result)
{
	struct token_request *request = ctx;
	struct auth_fetch *fetch = request->fetch;
	struct value answer = value_null();
	struct error err = {""};

	request->transfer = NULL;
	if (result->failure != FAILURE_NONE) {
		auth_failed(fetch, "%s at the token endpoint: %s", failure_text(result->failure),
			result->detail ? result->detail : "no answer");
		return;
	}
	bool parsed = json_parse(auth_arena(fetch), result->body, 0, &answer, &err) == 0 &&
		      answer.type == VALUE_OBJECT;

	if (result->status != 200 || (parsed && value_find(&answer, "error"))) {
		if (request->refused && request->refused(fetch))
			return;
		refused(fetch, result, &answer);
	} else if (!parsed) {
		auth_failed(fetch, "the token endpoint's answer is not JSON: %s", err.text);
	} else {
		take_token(fetch, request, &answer);
	}
}

void token_request_start(struct token_request *request, struct auth_fetch *fetch, struct str url,
	const struct pairs *headers, struct str form)
{
	struct arena *arena = auth_arena(fetch);
	size_t count = headers ? headers->count : 0;
	struct pair *all = ARENA_ARRAY(arena, count + 2, struct pair);
	struct http_request http = {
		.method = STR("POST"),
		.body = form,
		.has_body = true,
		.max_body = ANSWER_MAX,
		.connection = auth_connection(fetch),
	};
	struct error err;

	request->fetch = fetch;
	if (url_join(arena, auth_target(fetch), url, false, &http.url, &err)) {
		auth_failed(fetch, "the token endpoint: %s", err.text);
		return;
	}
	for (size_t i = 0; i < count; i++)
		all[i] = headers->items[i];
	all[count] = (struct pair){STR("Content-Type"), STR("application/x-www-form-urlencoded")};
	all[count + 1] = (struct pair){STR("Accept"), STR("application/json")};
	http.headers = (struct pairs){all, count + 2};
	request->transfer = http_start(auth_loop(fetch), &http, answered, request);
}

void token_request_stop(struct token_request *request)
{
	if (request->transfer)
		http_cancel(request->transfer);
	request->transfer = NULL;
}
