/*
 * routes: what each path answers. The table is the API.
 */
#include "demo.h"

typedef int handler(const struct demo *, struct conn *, const struct request *);

static int json_answer(struct conn *c, const struct request *r, int status, const char *json)
{
	respond(c, r, status, "application/json", str_of(json));
	return status;
}

static int health(const struct demo *demo, struct conn *c, const struct request *r)
{
	(void)demo;
	return json_answer(c, r, 200, "{\"status\":\"healthy\",\"version\":\"1.4.2\"}");
}

static int ready(const struct demo *demo, struct conn *c, const struct request *r)
{
	if (clock_monotonic() < demo->ready_at)
		return json_answer(c, r, 503,
			"{\"status\":\"starting\",\"waiting_for\":\"database migrations\"}");
	return json_answer(c, r, 200, "{\"status\":\"ready\"}");
}

/* These two answer 200 whatever they have to say. */
static int health_websocket(const struct demo *demo, struct conn *c, const struct request *r)
{
	(void)demo;
	return json_answer(c, r, 200, "{\"status\":\"healthy\"}");
}

static int validate(const struct demo *demo, struct conn *c, const struct request *r)
{
	struct arena *arena = arena_new();
	struct value v = value_null();
	char email[256];
	bool good =
		json_parse(arena, r->body, 0, &v, NULL) == 0 &&
		!token_check(value_str_or(value_find(&v, "token"), STR("")), email, sizeof(email));

	(void)demo;
	arena_free(arena);
	return json_answer(c, r, 200, good ? "{\"valid\":true}" : "{\"valid\":false}");
}

static int health_database(const struct demo *demo, struct conn *c, const struct request *r)
{
	(void)demo;
	return json_answer(c, r, 200, "{\"status\":\"connected\",\"latency_ms\":1.9}");
}

static int jwks(const struct demo *demo, struct conn *c, const struct request *r)
{
	BUF_SCOPED struct buf body;

	(void)demo;
	buf_init(&body, 4096);
	token_jwks(&body);
	respond(c, r, 200, "application/json", buf_str(&body));
	return 200;
}

/* {"email", "password"} -> {"access_token", "token_type", "expires_in"} */
static int login(const struct demo *demo, struct conn *c, const struct request *r)
{
	struct arena *arena = arena_new();
	BUF_SCOPED struct buf body;
	struct value v = value_null();
	struct str email, password;
	int status = 200;

	buf_init(&body, 8192);
	if (json_parse(arena, r->body, 0, &v, NULL) < 0)
		status = 400;
	email = value_str_or(value_find(&v, "email"), STR(""));
	password = value_str_or(value_find(&v, "password"), STR(""));
	if (status == 200 && demo->incident == INCIDENT_LOGIN_BROKEN) {
		log_traced("ERROR", story_login_traceback, request_trace(r));
		status = 500;
	} else if (status == 200 && (!email.len || !str_is(password, demo->password))) {
		status = 401;
	}
	if (status == 200) {
		buf_add_text(&body, "{\"access_token\":\"");
		BUF_SCOPED struct buf token;
		buf_init(&token, TOKEN_MAX);
		token_make(email, &token);
		buf_add_str(&body, buf_str(&token));
		buf_add_text(&body, "\",\"token_type\":\"bearer\",\"expires_in\":900}");
	} else {
		buf_printf(&body, "{\"detail\":\"%s\"}",
			status == 400   ? "not JSON"
			: status == 401 ? "wrong e-mail or password"
					: "Internal Server Error");
	}
	respond(c, r, status, "application/json", buf_str(&body));
	arena_free(arena);
	return status;
}

static int me(const struct demo *demo, struct conn *c, const struct request *r)
{
	struct str value = request_header(r, "authorization");
	BUF_SCOPED struct buf body;
	char email[256];
	const char *wrong = "no bearer token";

	(void)demo;
	buf_init(&body, 4096);
	if (str_is_nocase(str_sub(value, 0, 7), "bearer "))
		wrong = token_check(str_trim(str_from(value, 7)), email, sizeof(email));
	if (wrong) {
		buf_printf(&body, "{\"detail\":\"%s\"}", wrong);
	} else {
		buf_add_text(&body, "{\"email\":");
		json_print_str(&body, str_of(email));
		buf_add_text(&body, ",\"plan\":\"free\"}");
	}
	respond(c, r, wrong ? 401 : 200, "application/json", buf_str(&body));
	return wrong ? 401 : 200;
}

static int chat(const struct demo *demo, struct conn *c, const struct request *r)
{
	(void)demo;
	return chat_open(c, r);
}

static const struct {
	const char *method, *path;
	handler *handle;
} routes[] = {
	{"GET", "/health", health},
	{"GET", "/health/ready", ready},
	{"GET", "/health/database", health_database},
	{"GET", "/ws/health", health_websocket},
	{"POST", "/auth/login", login},
	{"POST", "/auth/validate", validate},
	{"GET", "/.well-known/jwks.json", jwks},
	{"GET", "/api/me", me},
	{"GET", "/ws", chat},
};

int route(const struct demo *demo, struct conn *c, const struct request *r)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!str_is(r->path, routes[i].path))
			continue;
		known = true;
		if (str_is(r->method, routes[i].method) ||
			(str_is(r->method, "HEAD") && str_is_nocase(STR("GET"), routes[i].method)))
			return routes[i].handle(demo, c, r);
	}
	return json_answer(c, r, known ? 405 : 404,
		known ? "{\"detail\":\"Method Not Allowed\"}" : "{\"detail\":\"Not Found\"}");
}
