/*
 * Log source loki: query_range of Grafana Loki's HTTP API, newest first, page by page until a page is
 * not full.
 */
#include "probe/http.h"
#include "probe/json.h"
#include "probe/log_source.h"
#include "probe/url.h"

enum { PAGE_SIZE = 5000 };

struct loki_spec {
	struct str url, query;
	int64_t since;
};

struct loki_state {
	struct http_transfer *transfer;
	int64_t end; /* of the next page, exclusive; TIME_NONE: open */
};

static const struct field fields[] = {
	{.name = "url",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct loki_spec, url),
		.required = true,
		.help = "where Loki listens, such as http://loki:3100"},
	{.name = "query",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct loki_spec, query),
		.required = true,
		.help = "a log query, such as {app=\"backend\"}"},
	{.name = "since",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct loki_spec, since),
		.min = 1,
		.max = 90 * 86400,
		.help = LOG_SINCE_HELP},
	{.name = NULL},
};

static int parse(struct arena *arena, struct str text, void *out, struct error *err)
{
	struct loki_spec *spec = out;
	size_t mark = str_find(text, STR("?query="));

	if (mark == SIZE_MAX)
		return error_set(err, "a query is missing, write loki:URL?query={app=\"x\"}");
	spec->url = arena_str(arena, str_sub(text, 0, mark));
	char *query = arena_printf(arena, "%.*s", STR_ARG(str_from(text, mark + 7)));

	for (char *c = query; (c = strchr(c, '+'));)
		*c = ' ';
	spec->query = url_decode(arena, str_of(query));
	if (!str_starts(spec->url, "http://") && !str_starts(spec->url, "https://"))
		return error_set(err, "the URL of Loki must begin with http:// or https://");
	return 0;
}

static const char *title(struct arena *arena, const void *spec)
{
	const struct loki_spec *s = spec;

	return arena_printf(arena, "loki:%.*s?query=%.*s", STR_ARG(s->url), STR_ARG(s->query));
}

static void fetch_page(struct log_fetch *fetch);

/* Lines of a page and the time of the oldest. */
static int64_t page_lines(struct str body, int64_t *oldest)
{
	struct arena *scratch = arena_new();
	struct value page;
	int64_t lines = 0;
	const struct value *result = NULL;

	if (json_parse(scratch, body, 0, &page, NULL) == 0)
		result = value_path(&page, "data", "result", NULL);
	for (size_t i = 0; result && result->type == VALUE_ARRAY && i < result->array.count; i++) {
		const struct value *values = value_find(&result->array.items[i], "values");

		for (size_t k = 0; values && values->type == VALUE_ARRAY && k < values->array.count;
			k++) {
			const struct value *pair = &values->array.items[k];
			int64_t time;

			lines++;
			if (pair->type != VALUE_ARRAY || pair->array.count < 1 ||
				!str_int(value_str_or(&pair->array.items[0], STR("")), &time))
				continue;
			if (*oldest == TIME_NONE || time < *oldest)
				*oldest = time;
		}
	}
	arena_free(scratch);
	return lines;
}

static void page_done(void *ctx, const struct http_result *result)
{
	struct log_fetch *fetch = ctx;
	struct loki_state *s = log_fetch_state(fetch);
	int64_t oldest = TIME_NONE, before = s->end;

	s->transfer = NULL;
	if (result->failure != FAILURE_NONE) {
		log_fetch_failed(fetch, "%s: %s", failure_text(result->failure),
			result->detail ? result->detail : "Loki");
		return;
	}
	if (result->status != 200) {
		struct str why = str_sub(str_trim(result->body), 0, 200);

		log_fetch_failed(fetch, "Loki answered %lld%s%.*s", (long long)result->status,
			why.len ? ": " : "", STR_ARG(why));
		return;
	}
	bool more = log_fetch_read(fetch, result->body, NULL);

	log_fetch_end(fetch);
	int64_t lines = page_lines(result->body, &oldest);

	if (more && lines >= PAGE_SIZE && oldest != TIME_NONE &&
		(before == TIME_NONE || oldest < before)) {
		s->end = oldest;
		fetch_page(fetch);
	} else {
		log_fetch_done(fetch);
	}
}

static void fetch_page(struct log_fetch *fetch)
{
	const struct loki_spec *spec = log_fetch_spec(fetch);
	int64_t since = log_fetch_since(fetch, spec->since);
	struct loki_state *s = log_fetch_state(fetch);
	struct buf url;

	buf_init(&url, 64 << 10);
	buf_add_str(&url, spec->url);
	if (str_find(spec->url, STR("/loki/api/")) == SIZE_MAX)
		buf_add_text(&url, url.data[url.len - 1] == '/' ? "loki/api/v1/query_range"
								: "/loki/api/v1/query_range");
	buf_add_text(&url, "?query=");
	buf_add_str(&url, url_encode(log_fetch_arena(fetch), spec->query));
	buf_printf(&url, "&limit=%d&direction=backward", PAGE_SIZE);
	if (since != TIME_NONE)
		buf_printf(&url, "&start=%lld", (long long)since);
	if (s->end != TIME_NONE)
		buf_printf(&url, "&end=%lld", (long long)s->end);
	s->transfer = http_start(log_fetch_loop(fetch),
		&(struct http_request){.method = STR("GET"), .url = buf_str(&url)}, page_done,
		fetch);
	buf_release(&url);
}

static void start(struct log_fetch *fetch)
{
	struct loki_state *s = log_fetch_state(fetch);

	if (!log_fetch_loop(fetch)) {
		log_fetch_failed(fetch, "cannot be read without a network");
		return;
	}
	s->end = log_fetch_options(fetch)->until;
	fetch_page(fetch);
}

static void stop(struct log_fetch *fetch)
{
	struct loki_state *s = log_fetch_state(fetch);

	if (s->transfer)
		http_cancel(s->transfer);
}

const struct log_source_kind source_loki = {
	.name = "loki",
	.help = "Grafana Loki",
	.example = "- loki: {url: http://loki:3100, query: '{app=\"backend\"}'}",
	.fields = fields,
	.spec_size = sizeof(struct loki_spec),
	.state_size = sizeof(struct loki_state),
	.parse = parse,
	.title = title,
	.start = start,
	.stop = stop,
};
