/* Kind `http`: one request, its redirects when they are followed, and everything the answer shows. */
#include "probe/file.h"
#include "probe/http.h"
#include "probe/json.h"

#include "steps_private.h"

enum { FOLLOW_DEFAULT = 10, FOLLOW_MAX = 50, BODY_FILE_MAX = 256 << 20 };

struct http_spec {
	struct str method, path, url;
	struct pairs query, form;
	struct value json;
	struct objects multipart; /* struct part_spec */
	struct str body, file;
	struct value follow;
	uint64_t max_body;
	int version; /* enum http_version */
	bool cookies;
};

struct part_spec {
	struct str name, value, file, filename, type;
};

struct http_state {
	struct http_transfer *transfer;
};

/* The method that is meant: POST when there is something to send. */
static struct str method_of(const struct http_spec *spec)
{
	bool sends = spec->json.type != VALUE_NULL || spec->form.count || spec->multipart.count ||
		     spec->body.len || spec->file.len;

	if (spec->method.len)
		return spec->method;
	return sends ? STR("POST") : STR("GET");
}

/* Before the first packet */

/* "GET /x", "/x" or a URL. */
static struct node *shorthand(struct arena *arena, const struct node *node, struct diags *diags)
{
	struct str text = str_trim(node->text), method = STR("");
	size_t blank = 0;

	if (node->type != NODE_SCALAR || !text.len) {
		diag_error(diags, node->span, "write 'GET /path', or a map; not %s",
			node_kind_text(node));
		return NULL;
	}
	while (blank < text.len && text.ptr[blank] != ' ' && text.ptr[blank] != '\t')
		blank++;
	if (blank < text.len) {
		method = str_sub(text, 0, blank);
		text = str_trim(str_from(text, blank));
	}
	struct node *map = node_map(arena, node->span);

	if (method.len)
		node_map_add(arena, map, "method", node_scalar(arena, node->span, method));
	node_map_add(arena, map, "path", node_scalar(arena, node->span, text));
	return map;
}

static struct span span_of(const struct node *body, const char *key)
{
	const struct node *node = body->type == NODE_MAP ? node_find(body, key) : NULL;

	return node ? node->span : body->span;
}

static void validate_method(
	const struct http_spec *spec, const struct node *body, struct diags *diags)
{
	for (size_t i = 0; i < spec->method.len; i++) {
		char c = spec->method.ptr[i];

		if ((c >= 'A' && c <= 'Z') || c == '-' || c == '_')
			continue;
		diag_error(diags, span_of(body, "method"),
			"'%.*s' is not a method; write it in capitals, such as GET or POST",
			STR_ARG(spec->method));
		return;
	}
}

static void validate_body(
	const struct http_spec *spec, const struct node *body, struct diags *diags)
{
	static const char *const keys[] = {"json", "form", "multipart", "body", "file"};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!node_find(body, keys[i]))
			continue;
		if (first)
			diag_error(diags, node_key_span(body, keys[i]),
				"'%s' and '%s' exclude each other", first, keys[i]);
		first = keys[i];
	}
	for (size_t i = 0; i < spec->multipart.count; i++) {
		const struct part_spec *part = spec->multipart.items[i];

		if (part->value.len && part->file.len)
			diag_error(diags, span_of(body, "multipart"),
				"part '%.*s' has both 'value' and 'file'", STR_ARG(part->name));
	}
}

static void validate(const void *ctx, const struct node *body, int64_t timeout, struct diags *diags)
{
	const struct http_spec *spec = ctx;

	(void)timeout;
	if (body->type != NODE_MAP)
		return;
	if (node_find(body, "path") && node_find(body, "url"))
		diag_error(
			diags, node_key_span(body, "url"), "'path' and 'url' exclude each other");
	if (!node_find(body, "path") && !node_find(body, "url"))
		diag_error(diags, body->span, "neither 'path' nor 'url' is given");
	validate_method(spec, body, diags);
	validate_body(spec, body, diags);
	if (spec->follow.type != VALUE_NULL && spec->follow.type != VALUE_BOOLEAN &&
		(spec->follow.type != VALUE_INTEGER || spec->follow.integer < 0 ||
			spec->follow.integer > FOLLOW_MAX))
		diag_error(diags, span_of(body, "follow"),
			"'follow' is true, false or a number of redirects from 0 to %d",
			FOLLOW_MAX);
}

static const char *describe(struct arena *arena, const void *ctx, struct str target)
{
	const struct http_spec *spec = ctx;
	struct str url;

	if (url_join(arena, target, spec->url.len ? spec->url : spec->path, false, &url, NULL) < 0)
		return NULL;
	return arena_printf(
		arena, "%.*s %.*s", STR_ARG(method_of(spec)), STR_ARG(url_masked(arena, url)));
}

static bool absolute(const void *ctx)
{
	const struct http_spec *spec = ctx;

	return str_find(spec->url, STR("://")) != SIZE_MAX ||
	       str_find(str_sub(spec->path, 0, 16), STR("://")) != SIZE_MAX;
}

/* The request */

static struct str form_text(struct arena *arena, const struct pairs *form)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < form->count; i++)
		buf_printf(&text, "%s%.*s=%.*s", i ? "&" : "",
			STR_ARG(url_encode(arena, form->items[i].name)),
			STR_ARG(url_encode(arena, form->items[i].value)));
	struct str copy = arena_str(arena, buf_str(&text));

	buf_release(&text);
	return copy;
}

static void set_parts(struct attempt *a, const struct http_spec *spec, struct http_request *request)
{
	struct arena *arena = attempt_arena(a);
	size_t count = spec->multipart.count;
	struct http_part *parts = ARENA_ARRAY(arena, count, struct http_part);

	for (size_t i = 0; i < count; i++) {
		const struct part_spec *from = spec->multipart.items[i];

		parts[i] = (struct http_part){
			.name = from->name,
			.filename = from->filename,
			.content_type = from->type,
			.data = from->value,
			.is_file = from->file.len > 0,
		};
		if (parts[i].is_file)
			parts[i].data = str_of(
				file_join(arena, attempt_dir(a), arena_str(arena, from->file).ptr));
	}
	request->parts = parts;
	request->part_count = count;
}

/* Sets the body and says which type it has; NULL: none of its own. */
static int set_body(struct attempt *a, const struct http_spec *spec, struct http_request *request,
	const char **type, struct error *err)
{
	struct arena *arena = attempt_arena(a);

	*type = NULL;
	if (spec->multipart.count) {
		set_parts(a, spec, request);
		return 0;
	}
	request->has_body = true;
	if (spec->json.type != VALUE_NULL) {
		BUF_SCOPED struct buf text;

		buf_init(&text, SIZE_MAX);
		json_print(&text, &spec->json);
		request->body = arena_str(arena, buf_str(&text));
		*type = "application/json";
	} else if (spec->form.count) {
		request->body = form_text(arena, &spec->form);
		*type = "application/x-www-form-urlencoded";
	} else if (spec->file.len) {
		const char *path =
			file_join(arena, attempt_dir(a), arena_str(arena, spec->file).ptr);

		return file_text(arena, path, BODY_FILE_MAX, &request->body, err);
	} else if (spec->body.len) {
		request->body = spec->body;
	} else {
		request->has_body = false;
	}
	return 0;
}

static void add_type(struct http_request *request, const char *type)
{
	for (size_t i = 0; i < request->headers.count; i++)
		if (str_is_nocase(request->headers.items[i].name, "content-type"))
			return;
	request->headers.items[request->headers.count++] =
		(struct pair){STR("Content-Type"), str_of(type)};
}

static int64_t follow_of(const struct http_spec *spec)
{
	if (spec->follow.type == VALUE_INTEGER)
		return spec->follow.integer;
	return spec->follow.type == VALUE_BOOLEAN && spec->follow.boolean ? FOLLOW_DEFAULT : 0;
}

static int make_request(
	struct attempt *a, const struct http_spec *spec, struct http_request *r, struct error *err)
{
	const char *type;

	*r = (struct http_request){
		.method = method_of(spec),
		.headers = step_headers(a),
		.credentials = attempt_credential(a)->headers,
		.version = spec->version,
		.follow = follow_of(spec),
		.max_body = spec->max_body,
		.connection = attempt_connection(a),
		.session = spec->cookies ? attempt_session(a) : NULL,
	};
	if (step_url(a, spec->path, spec->url, false, &r->url, err) < 0 ||
		set_body(a, spec, r, &type, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->query.count; i++)
		r->url = url_add_query(attempt_arena(a), r->url, spec->query.items[i].name,
			spec->query.items[i].value);
	if (type)
		add_type(r, type);
	return 0;
}

/* The answer */

static void record(struct attempt *a, const struct http_result *r)
{
	struct arena *arena = attempt_arena(a);
	struct value cookies = value_object();

	attempt_timing(a, &r->timing);
	step_record_tls(a, r->tls);
	if (r->remote_ip.len) {
		struct str ip = arena_str(arena, r->remote_ip);

		attempt_fact(a, "remote_ip", value_string(ip));
		attempt_remote(a, ip);
	}
	attempt_fact(a, "redirects", value_integer(r->redirects));
	if (!r->status)
		return;
	struct pairs headers = step_copy_pairs(arena, &r->headers);

	attempt_fact(a, "status", value_integer(r->status));
	attempt_fact(a, "protocol", value_text(r->protocol));
	attempt_fact(a, "size", value_integer((int64_t)r->size));
	facts_set_headers(attempt_facts(a), &headers);
	facts_set_body(attempt_facts(a), arena_str(arena, r->body), 0);
	for (size_t i = 0; i < r->cookies.count; i++) {
		struct str value = arena_str(arena, r->cookies.items[i].value);

		attempt_secret(a, value);
		value_set(arena, &cookies, arena_str(arena, r->cookies.items[i].name),
			value_string(value));
	}
	attempt_fact(a, "cookie", cookies);
}

static void transfer_done(void *ctx, const struct http_result *result)
{
	struct attempt *a = ctx;
	struct http_state *state = attempt_state(a);

	state->transfer = NULL;
	record(a, result);
	attempt_done(a, result->failure, "%s", result->detail ? result->detail : "");
}

static void start(struct attempt *a)
{
	struct http_state *state = attempt_state(a);
	struct http_request request;
	struct error err;

	if (make_request(a, attempt_spec(a), &request, &err) < 0)
		step_unfit(a, &err);
	else
		state->transfer = http_start(attempt_loop(a), &request, transfer_done, a);
}

static void stop(struct attempt *a)
{
	struct http_state *state = attempt_state(a);
	struct http_result partial;

	if (!state->transfer)
		return;
	http_partial(state->transfer, &partial);
	record(a, &partial);
	http_cancel(state->transfer);
	state->transfer = NULL;
}

/* Tables */

static const char *const versions[] = {"any", "1.0", "1.1", "2", "h2c", NULL};

static const struct field part_fields[] = {
	{.name = "name",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct part_spec, name),
		.required = true,
		.help = "Name of the form field."},
	{.name = "value",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct part_spec, value),
		.help = "Text of the part."},
	{.name = "file",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct part_spec, file),
		.help = "File that is sent as the part, relative to the scenario."},
	{.name = "filename",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct part_spec, filename),
		.help = "File name told to the server (default: that of the file)."},
	{.name = "type",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct part_spec, type),
		.help = "Content type of the part."},
	{.name = NULL},
};

static const struct field fields[] = {
	{.name = "method",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct http_spec, method),
		.help = "Method, in capitals (default: POST with a body, else GET)."},
	{.name = "path",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct http_spec, path),
		.help = "Path below the target, or an absolute URL."},
	{.name = "url",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct http_spec, url),
		.help = "Absolute URL instead of a path."},
	{.name = "query",
		.type = FIELD_PAIRS,
		.offset = FIELD_AT(struct http_spec, query),
		.help = "Query parameters, encoded and added to the URL."},
	{.name = "json",
		.type = FIELD_VALUE,
		.offset = FIELD_AT(struct http_spec, json),
		.help = "Body as JSON; sets Content-Type: application/json."},
	{.name = "form",
		.type = FIELD_PAIRS,
		.offset = FIELD_AT(struct http_spec, form),
		.help = "Body as application/x-www-form-urlencoded."},
	{.name = "multipart",
		.type = FIELD_OBJECTS,
		.offset = FIELD_AT(struct http_spec, multipart),
		.fields = part_fields,
		.size = sizeof(struct part_spec),
		.help = "Body as multipart/form-data, a list of parts."},
	{.name = "body",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct http_spec, body),
		.help = "Body as text, sent as it stands."},
	{.name = "file",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct http_spec, file),
		.help = "File whose bytes are the body, relative to the scenario."},
	{.name = "follow",
		.type = FIELD_VALUE,
		.offset = FIELD_AT(struct http_spec, follow),
		.help = "Follow redirects: true (10 at most) or a number; off by default."},
	{.name = "max_body",
		.type = FIELD_SIZE,
		.offset = FIELD_AT(struct http_spec, max_body),
		.min = 1,
		.max = 1 << 30,
		.fallback = "16MiB",
		.help = "Largest body that is read, after decompression."},
	{.name = "version",
		.type = FIELD_ENUM,
		.offset = FIELD_AT(struct http_spec, version),
		.choices = versions,
		.fallback = "any",
		.help = "HTTP version; any offers 1.1 and 2 over TLS, h2c is 2 without TLS."},
	{.name = "cookies",
		.type = FIELD_BOOLEAN,
		.offset = FIELD_AT(struct http_spec, cookies),
		.fallback = "true",
		.help = "Send and keep the run's cookies."},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	{"status", "integer", "status code of the last answer"},
	{"header", "object", "headers of the answer by name, in any case"},
	{"header.*", "string", "one header; repeated ones are joined by \", \""},
	{"cookie", "object", "cookies for this URL after the answer"},
	{"cookie.*", "string", "value of one cookie"},
	{"body", "string", "body of the answer, decompressed"},
	{"json", "object", "body as JSON; json takes a map of JSONPath to matchers"},
	{"protocol", "string", "http/1.0, http/1.1 or h2"},
	{"redirects", "integer", "redirects that were followed"},
	{"remote_ip", "string", "address that answered"},
	{"size", "size", "bytes of the body, decompressed"},
	FACTS_TIME,
	{"time.tls", "duration", "TLS handshake"},
	{"time.first_byte", "duration", "from the request to the first byte of the answer"},
	FACTS_TLS,
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"status", "2xx"}, {NULL, NULL}};

const struct step_kind step_http = {
	.name = "http",
	.help = "Sends an HTTP request.",
	.example = "http: GET /health",
	.facts = facts,
	.fields = fields,
	.implied = implied,
	.uses = STEP_USES_CONNECTION | STEP_USES_AUTH | STEP_USES_REJECT | STEP_USES_TARGET,
	.spec_size = sizeof(struct http_spec),
	.state_size = sizeof(struct http_state),
	.shorthand = shorthand,
	.validate = validate,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
