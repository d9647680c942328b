/*
 * Log source gcp: Cloud Logging, entries:list (v2). One query for all sources of a run, its filter
 * pushed down, newest first, page by page; an empty page with a token means go on. Waits as told by
 * 429 and 5xx, as long as there is time. After a run the time of people counts, and a project has 60
 * requests a minute: when the newest page is full, one more request asks for what matters before it.
 */
#include <stdlib.h>

#include "gcp_query.h"

#include "probe/auth.h"
#include "probe/json.h"

enum { PAGE_SIZE = 1000, TRIES_MAX = 6, BROKEN_MAX = 4 };

struct gcp_state {
	struct auth *auth;
	struct redactor *redactor; /* for auth; no text of ours has the token */
	struct auth_request *obtaining;
	struct http_transfer *transfer;
	struct timer again;
	struct pairs headers, credentials;
	const char *url, *token; /* of the next page; NULL: the first */
	struct str before;       /* of the second query of a brief fetch; empty in the first */
	struct buf body;
	size_t entries; /* that this query gave */
	int tries;
	int64_t wait, started;
};

static const struct field fields[] = {
	{.name = "project",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct gcp_spec, project),
		.required = true,
		.help = "the Google Cloud project"},
	{.name = "service",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct gcp_spec, service),
		.help = "only this Cloud Run service or container"},
	{.name = "filter",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct gcp_spec, filter),
		.help = "a further filter in the Logging query language"},
	{.name = "endpoint",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct gcp_spec, endpoint),
		.help = "instead of https://logging.googleapis.com"},
	{.name = "since",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct gcp_spec, since),
		.min = 1,
		.max = 90 * 86400,
		.help = LOG_SINCE_HELP},
	{.name = NULL},
};

static void fetch_page(struct log_fetch *fetch);

static int parse(struct arena *arena, struct str text, void *out, struct error *err)
{
	struct gcp_spec *spec = out;
	size_t slash = str_find_char(text, '/');

	spec->project = arena_str(arena, str_sub(text, 0, slash));
	spec->service = slash == SIZE_MAX ? STR("") : arena_str(arena, str_from(text, slash + 1));
	if (spec->project.len == 0)
		return error_set(
			err, "a project is missing, write gcp:PROJECT or gcp:PROJECT/SERVICE");
	return 0;
}

static const char *title(struct arena *arena, const void *spec)
{
	const struct gcp_spec *s = spec;

	return arena_printf(arena, "gcp:%.*s%s%.*s", STR_ARG(s->project), s->service.len ? "/" : "",
		STR_ARG(s->service));
}

static bool join(struct arena *arena, void *spec, const void *other)
{
	return gcp_query_join(arena, spec, other);
}

static void body_build(struct log_fetch *fetch, struct buf *b)
{
	struct gcp_state *s = log_fetch_state(fetch);
	struct arena *arena = log_fetch_arena(fetch);

	buf_clear(b);
	buf_add_text(b, "{\"resourceNames\":");
	gcp_query_resources(arena, b, log_fetch_spec(fetch));
	buf_add_text(b, ",\"filter\":");
	json_print_str(b, gcp_query_filter(arena, fetch, s->before));
	buf_printf(b, ",\"orderBy\":\"timestamp desc\",\"pageSize\":%d", PAGE_SIZE);
	if (s->token) {
		buf_add_text(b, ",\"pageToken\":");
		json_print_str(b, str_of(s->token));
	}
	buf_add_char(b, '}');
}

static void again(void *ctx)
{
	fetch_page(ctx);
}

/* Waits as the answer says, else a second, then twice as long each time. False: no use in trying again,
 * it was tried often enough, or the time is up before that. */
static bool try_later(struct log_fetch *fetch, const struct http_result *result)
{
	struct gcp_state *s = log_fetch_state(fetch);
	struct loop *loop = log_fetch_loop(fetch);
	int64_t max_time = log_fetch_options(fetch)->max_time;

	if ((result->status != 429 && result->status < 500) ||
		++s->tries >= (result->status == 429 ? TRIES_MAX : BROKEN_MAX))
		return false;
	s->wait = s->wait ? s->wait * 2 : NS_PER_S;
	int64_t wait = http_retry_after(result, s->wait);

	if (loop_now(loop) + wait > s->started + (max_time ? max_time : LOG_MAX_TIME))
		return false;
	timer_start(loop, &s->again, loop_now(loop) + wait, again, fetch);
	return true;
}

static const char *remedy(int64_t status)
{
	switch (status) {
	case 401: return "; give a fresh credential";
	case 403: return "; grant roles/logging.viewer";
	case 404: return "; is the project's name right?";
	case 429: return "; the quota of requests is used up, try again in a minute";
	default: return "";
	}
}

/* {"error": {"status": "PERMISSION_DENIED", "message": "..."}} */
static void refused(struct log_fetch *fetch, const struct http_result *result)
{
	const struct gcp_state *s = log_fetch_state(fetch);
	struct arena *scratch = arena_new();
	struct value body;
	struct str message = STR(""), status = STR("");
	char tries[32] = "";

	if (s->tries > 1)
		snprintf(tries, sizeof(tries), " (tried %d times)", s->tries);

	if (json_parse(scratch, result->body, 0, &body, NULL) == 0) {
		message = value_str_or(value_path(&body, "error", "message", NULL), message);
		status = value_str_or(value_path(&body, "error", "status", NULL), status);
	}
	log_fetch_failed(fetch, "Cloud Logging answered %lld%s%.*s%s%.*s%s%s",
		(long long)result->status, status.len ? " " : "", STR_ARG(status),
		message.len ? ": " : "", STR_ARG(message), tries, remedy(result->status));
	arena_free(scratch);
}

struct page {
	bool sound;        /* it is what the API answers with */
	const char *token; /* of the next page; NULL: this was the last one */
	size_t entries;
	struct str oldest; /* timestamp of its last entry; may be empty */
};

static struct page page_read(struct arena *arena, struct str body)
{
	struct arena *scratch = arena_new();
	struct page page = {false, NULL, 0, STR("")};
	struct value answer;

	if (json_parse(scratch, body, 0, &answer, NULL) == 0 && answer.type == VALUE_OBJECT) {
		const struct value *list = value_find(&answer, "entries");
		struct str token = value_str_or(value_find(&answer, "nextPageToken"), STR(""));

		page.sound = true;
		page.token = token.len ? arena_str(arena, token).ptr : NULL;
		page.entries = list && list->type == VALUE_ARRAY ? list->array.count : 0;
		if (page.entries)
			page.oldest = arena_str(arena,
				value_str_or(value_find(&list->array.items[list->array.count - 1],
						     "timestamp"),
					STR("")));
	}
	arena_free(scratch);
	return page;
}

/* What a brief fetch does when there is more: asks for what matters of it, once. */
static bool ask_for_rest(struct log_fetch *fetch, const struct page *page)
{
	struct gcp_state *s = log_fetch_state(fetch);

	if (s->before.len) {
		log_fetch_partial(fetch,
			"more entries than two queries give: those before %.*s were left out",
			STR_ARG(page->oldest));
		return false;
	}
	log_fetch_partial(fetch,
		"of the entries before %.*s only warnings, errors, stderr, the platform's and "
		"those of the run's own traces were asked for",
		STR_ARG(page->oldest));
	s->before = page->oldest;
	s->token = NULL;
	s->entries = 0;
	return true;
}

static void page_done(void *ctx, const struct http_result *result)
{
	struct log_fetch *fetch = ctx;
	struct gcp_state *s = log_fetch_state(fetch);

	s->transfer = NULL;
	if (result->failure != FAILURE_NONE) {
		log_fetch_failed(fetch, "%s: %s", failure_text(result->failure),
			result->detail ? result->detail : s->url);
		return;
	}
	if (result->status != 200) {
		if (!try_later(fetch, result))
			refused(fetch, result);
		return;
	}
	s->tries = 0;
	s->wait = 0;
	struct page page = page_read(log_fetch_arena(fetch), result->body);
	bool more = page.token;

	if (!page.sound) {
		log_fetch_failed(
			fetch, "%s answered with something else than Cloud Logging's JSON", s->url);
		return;
	}
	s->token = page.token;
	if (page.entries)
		more = log_fetch_read(fetch, result->body, NULL) && more;
	log_fetch_end(fetch);
	s->entries += page.entries;
	/* Short pages with a token are the server's own choice. */
	if (more && s->entries >= PAGE_SIZE && page.oldest.len && log_fetch_options(fetch)->brief)
		more = ask_for_rest(fetch, &page);
	if (more)
		fetch_page(fetch);
	else
		log_fetch_done(fetch);
}

static void fetch_page(struct log_fetch *fetch)
{
	struct gcp_state *s = log_fetch_state(fetch);

	body_build(fetch, &s->body);
	s->transfer = http_start(log_fetch_loop(fetch),
		&(struct http_request){.method = STR("POST"),
			.url = str_of(s->url),
			.headers = s->headers,
			.credentials = s->credentials,
			.body = buf_str(&s->body),
			.has_body = true},
		page_done, fetch);
}

static void credential_done(void *ctx, const struct credential *credential, const char *problem)
{
	struct log_fetch *fetch = ctx;
	struct gcp_state *s = log_fetch_state(fetch);
	const struct gcp_spec *spec = log_fetch_spec(fetch);

	s->obtaining = NULL;
	if (credential) {
		struct arena *arena = log_fetch_arena(fetch);
		size_t count = credential->headers.count;

		s->credentials.items = ARENA_ARRAY(arena, count + 1, struct pair);
		for (size_t i = 0; i < count; i++)
			s->credentials.items[i] =
				(struct pair){arena_str(arena, credential->headers.items[i].name),
					arena_str(arena, credential->headers.items[i].value)};
		s->credentials.count = count;
	} else if (!spec->endpoint.len && !getenv("GOLDPROBE_GCP_ENDPOINT")) {
		log_fetch_failed(fetch, "no credential for Cloud Logging: %s", problem);
		return;
	}
	/* A private endpoint may not ask for one. */
	fetch_page(fetch);
}

static void start(struct log_fetch *fetch)
{
	static struct pair json[] = {{{"Content-Type", 12}, {"application/json", 16}}};
	const struct gcp_spec *spec = log_fetch_spec(fetch);
	struct gcp_state *s = log_fetch_state(fetch);
	struct arena *arena = log_fetch_arena(fetch);
	const char *endpoint = getenv("GOLDPROBE_GCP_ENDPOINT");

	if (!log_fetch_loop(fetch)) {
		log_fetch_failed(fetch, "cannot be read without a network");
		return;
	}
	if (spec->endpoint.len)
		endpoint = arena_str(arena, spec->endpoint).ptr;
	if (!endpoint || !*endpoint)
		endpoint = "https://logging.googleapis.com";
	s->started = loop_now(log_fetch_loop(fetch));
	s->url = arena_printf(arena, "%s/v2/entries:list", endpoint);
	s->headers = (struct pairs){json, 1};
	buf_init(&s->body, 64 << 10);
	s->redactor = redactor_new();
	s->auth = auth_new(log_fetch_loop(fetch), s->redactor, auth_kinds);

	struct node *profile = node_map(arena, (struct span){0});
	struct connection *connection = ARENA_NEW(arena, struct connection);
	struct diags *diags = ARENA_NEW(arena, struct diags);
	struct fill *fill = ARENA_NEW(arena, struct fill);

	diags_init(diags, arena);
	*fill = (struct fill){
		.arena = arena, .scope = scope_new(arena, NULL), .diags = diags, .dir = "."};
	node_map_add(arena, profile, "google_access_token", node_map(arena, (struct span){0}));
	s->obtaining = auth_obtain(s->auth,
		&(struct auth_want){.profile = profile,
			.fill = fill,
			.connection = connection,
			.target = str_of(endpoint)},
		credential_done, fetch);
}

static void stop(struct log_fetch *fetch)
{
	struct gcp_state *s = log_fetch_state(fetch);

	if (s->obtaining)
		auth_cancel(s->obtaining);
	if (s->transfer)
		http_cancel(s->transfer);
	if (log_fetch_loop(fetch))
		timer_stop(log_fetch_loop(fetch), &s->again);
	auth_free(s->auth);
	redactor_free(s->redactor);
	buf_release(&s->body);
}

const struct log_source_kind source_gcp = {
	.name = "gcp",
	.help = "Cloud Logging, with the credentials of google_access_token",
	.example = "- gcp: {project: my-project, service: backend}",
	.fields = fields,
	.spec_size = sizeof(struct gcp_spec),
	.state_size = sizeof(struct gcp_state),
	.parse = parse,
	.title = title,
	.join = join,
	.start = start,
	.stop = stop,
};
