/* Kind `grpc`: asks grpc.health.v1.Health/Check over HTTP/2, with and without TLS. */
#include "probe/http.h"
#include "probe/url.h"

#include "grpc_message.h"
#include "steps_private.h"

/* What HTTP/1.1 and TLS servers do with the preface of HTTP/2 looks alike from here. */
#define NO_HTTP_2 "; a server without HTTP/2 does so, or one that wants TLS (grpcs://)"

enum { ANSWER_MAX = 64 << 10, SERVICE_MAX = 4096 };

struct grpc_spec {
	struct str address, service, authority;
	bool tls;
};

struct grpc_state {
	struct http_transfer *transfer;
};

/* gRPC's status codes by number (google.rpc.Code). */
static const char *const code_names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};
enum { CODES = sizeof(code_names) / sizeof(*code_names) };

/* "host:port/service", with or without grpc:// or grpcs://. */
static struct str split_service(struct str text, struct str *service)
{
	size_t scheme = str_find(text, STR("://"));
	size_t from = scheme == SIZE_MAX ? 0 : scheme + 3;
	size_t slash = str_find_char(str_from(text, from), '/');

	if (slash == SIZE_MAX)
		return text;
	if (!service->len)
		*service = str_from(text, from + slash + 1);
	return str_sub(text, 0, from + slash);
}

static struct node *shorthand(struct arena *arena, const struct node *node, struct diags *diags)
{
	return step_scalar_as(arena, node, "address", "api:50051", diags);
}

/* The authority to call and whether it is with TLS. */
static int peer_of(struct arena *arena, const struct grpc_spec *spec, struct str target,
	struct str *service, struct str *host, unsigned *port, bool *tls, struct error *err)
{
	struct str address;

	*service = spec->service;
	address = split_service(spec->address, service);
	*tls = spec->tls || str_starts(address, "grpcs://") || str_starts(address, "https://");
	if ((!address.len || address.ptr[0] == ':') &&
		(str_starts(target, "https://") || str_starts(target, "grpcs://")))
		*tls = true;
	return address_join(arena, target, address, *tls ? 443 : 0, host, port, err);
}

static const char *authority_text(struct arena *arena, struct str host, unsigned port)
{
	return arena_printf(arena, str_find_char(host, ':') != SIZE_MAX ? "[%.*s]:%u" : "%.*s:%u",
		STR_ARG(host), port);
}

static const char *describe(struct arena *arena, const void *ctx, struct str target)
{
	struct str service, host;
	unsigned port;
	bool tls;

	if (peer_of(arena, ctx, target, &service, &host, &port, &tls, NULL) < 0)
		return NULL;
	return arena_printf(arena, "%s://%s%s%.*s", tls ? "grpcs" : "grpc",
		authority_text(arena, host, port), service.len ? "/" : "", STR_ARG(service));
}

static bool absolute(const void *ctx)
{
	const struct grpc_spec *spec = ctx;

	return spec->address.len && spec->address.ptr[0] != ':' && spec->address.ptr[0] != '/';
}

/* The answer */

static struct str trailer(const struct http_result *r, const char *name)
{
	const struct pairs *lists[] = {
		&r->trailers, &r->headers}; /* "Trailers-Only" has no others */

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->count; i++)
			if (str_is_nocase(lists[k]->items[i].name, name))
				return lists[k]->items[i].value;
	return (struct str){NULL, 0};
}

static void record(struct attempt *a, const struct http_result *r)
{
	struct arena *arena = attempt_arena(a);

	struct timing timing = r->timing;

	/* Frames of HTTP/2 that settle the connection are no answer to the call. */
	if (!r->status)
		timing.first_byte = TIME_NONE;
	attempt_timing(a, &timing);
	step_record_tls(a, r->tls);
	if (r->remote_ip.len)
		attempt_remote(a, r->remote_ip);
	if (r->status) {
		struct pairs headers = step_copy_pairs(arena, &r->headers);

		attempt_fact(a, "status", value_integer(r->status));
		facts_set_headers(attempt_facts(a), &headers);
	}
}

/* What a status means when it answers a question for health. */
static const char *meaning(int64_t code)
{
	switch (code) {
	case 5: return " (the server does not know the service)";
	case 12: return " (the server has no grpc.health.v1.Health)";
	default: return "";
	}
}

static void judge(struct attempt *a, const struct http_result *r)
{
	static const char *const names[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
	struct str number = trailer(r, "grpc-status");
	struct str message = url_decode(attempt_arena(a), trailer(r, "grpc-message"));
	int64_t code, serving;

	if (!number.ptr || !str_int(number, &code) || code < 0) {
		attempt_done(a, r->status == 200 ? FAILURE_PROTOCOL : FAILURE_CHECK,
			"no grpc-status in the answer (HTTP status %lld): this is not gRPC",
			(long long)r->status);
		return;
	}
	attempt_fact(a, "grpc.status", value_integer(code));
	attempt_fact(
		a, "grpc.status_name", value_text(code < CODES ? code_names[code] : "UNKNOWN"));
	if (message.len)
		attempt_fact(a, "grpc.message", value_string(message));
	if (code != 0) {
		attempt_fact(a, "grpc.serving", value_boolean(false));
		attempt_done(a, attempt_wants_fact(a, "grpc.status") ? FAILURE_NONE : FAILURE_CHECK,
			"grpc-status %lld %s%s%.*s%s", (long long)code,
			code < CODES ? code_names[code] : "UNKNOWN", message.len ? ": " : "",
			STR_ARG(message), meaning(code));
		return;
	}
	serving = grpc_health(r->body);
	if (serving < 0) {
		attempt_done(a, FAILURE_PROTOCOL, "the answer is no HealthCheckResponse");
		return;
	}
	attempt_fact(a, "grpc.serving", value_boolean(serving == 1));
	attempt_fact(a, "grpc.health", value_text(names[serving]));
	attempt_done(a, FAILURE_NONE, "%s", names[serving]);
}

static void transfer_done(void *ctx, const struct http_result *r)
{
	struct attempt *a = ctx;
	struct grpc_state *state = attempt_state(a);

	state->transfer = NULL;
	record(a, r);
	/* A server may end the stream early once it has said how the call ended. */
	if (r->failure != FAILURE_NONE && !trailer(r, "grpc-status").ptr)
		attempt_done(a, r->failure, "%s%s", r->detail,
			r->failure == FAILURE_PROTOCOL && !r->status && !r->tls ? NO_HTTP_2 : "");
	else
		judge(a, r);
}

static void start(struct attempt *a)
{
	const struct grpc_spec *spec = attempt_spec(a);
	struct grpc_state *state = attempt_state(a);
	struct arena *arena = attempt_arena(a);
	struct str service, host;
	struct error err;
	unsigned port;
	bool tls;

	if (peer_of(arena, spec, attempt_target(a), &service, &host, &port, &tls, &err) < 0) {
		step_unfit(a, &err);
		return;
	}
	if (service.len > SERVICE_MAX) {
		attempt_done(
			a, FAILURE_INTERNAL, "the service's name exceeds %d bytes", SERVICE_MAX);
		return;
	}
	struct pairs given = step_headers(a);
	struct pair *items = ARENA_ARRAY(arena, given.count + 4, struct pair);
	size_t n = 0;

	items[n++] = (struct pair){STR("Content-Type"), STR("application/grpc")};
	items[n++] = (struct pair){STR("TE"), STR("trailers")};
	if (spec->authority.len)
		items[n++] = (struct pair){STR("Host"), spec->authority};
	for (size_t i = 0; i < given.count; i++)
		items[n++] = given.items[i];
	struct http_request request = {
		.method = STR("POST"),
		.url = str_of(arena_printf(arena, "%s://%s/grpc.health.v1.Health/Check",
			tls ? "https" : "http", authority_text(arena, host, port))),
		.headers = {items, n},
		.credentials = attempt_credential(a)->headers,
		.body = grpc_request(arena, service),
		.has_body = true,
		.version = HTTP_2_PRIOR,
		.max_body = ANSWER_MAX,
		.connection = attempt_connection(a),
		.identity = true,
	};

	state->transfer = http_start(attempt_loop(a), &request, transfer_done, a);
}

static void stop(struct attempt *a)
{
	struct grpc_state *state = attempt_state(a);
	struct http_result partial;

	if (!state->transfer)
		return;
	http_partial(state->transfer, &partial);
	record(a, &partial);
	http_cancel(state->transfer);
	state->transfer = NULL;
}

static const struct field fields[] = {
	{.name = "address",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct grpc_spec, address),
		.required = true,
		.help = "HOST:PORT or HOST:PORT/SERVICE; without a host the target's."},
	{.name = "service",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct grpc_spec, service),
		.help = "Service to ask for (default: the server as a whole)."},
	{.name = "authority",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct grpc_spec, authority),
		.help = "The :authority to send instead of the address."},
	{.name = "tls",
		.type = FIELD_BOOLEAN,
		.offset = FIELD_AT(struct grpc_spec, tls),
		.help = "Use TLS; grpcs:// in the address says the same."},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	{"grpc.serving", "boolean", "whether the service said SERVING"},
	{"grpc.status", "integer", "gRPC status of the call, 0 is OK"},
	{"grpc.status_name", "string", "the same by name, such as NOT_FOUND"},
	{"grpc.message", "string", "the server's words for a status that is not OK"},
	{"grpc.health", "string", "SERVING, NOT_SERVING, UNKNOWN or SERVICE_UNKNOWN"},
	{"status", "integer", "HTTP status below the call"},
	{"header", "object", "headers of the answer by name, in any case"},
	{"header.*", "string", "one header; repeated ones are joined by \", \""},
	FACTS_TIME,
	{"time.tls", "duration", "TLS handshake"},
	{"time.first_byte", "duration", "from the request to the first byte of the answer"},
	FACTS_TLS,
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"grpc.serving", "true"}, {NULL, NULL}};

const struct step_kind step_grpc = {
	.name = "grpc",
	.help = "Asks the standard gRPC health service.",
	.example = "grpc: api:50051/pkg.Service",
	.facts = facts,
	.fields = fields,
	.implied = implied,
	.uses = STEP_USES_CONNECTION | STEP_USES_AUTH | STEP_USES_TARGET,
	.spec_size = sizeof(struct grpc_spec),
	.state_size = sizeof(struct grpc_state),
	.shorthand = shorthand,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
