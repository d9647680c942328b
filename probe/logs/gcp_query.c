#include "gcp_query.h"

#include "probe/json.h"

/* The API takes 20,000 characters; what else is in the query has its share of them. */
enum { FILTER_MAX = 20000, JOINED_MAX = 12000, CLAUSE_COST = 300, TRACES_MAX = 80 };

static size_t cost(const struct gcp_spec *spec)
{
	size_t sum = 0;

	for (; spec; spec = spec->also)
		sum += CLAUSE_COST + spec->project.len + 2 * spec->service.len + spec->filter.len;
	return sum;
}

bool gcp_query_join(struct arena *arena, struct gcp_spec *spec, const struct gcp_spec *other)
{
	if (!str_equal(spec->endpoint, other->endpoint) || cost(spec) + cost(other) > JOINED_MAX)
		return false;
	struct gcp_spec *copy = ARENA_NEW(arena, struct gcp_spec);

	*copy = *other;
	while (spec->also)
		spec = spec->also;
	spec->also = copy;
	return true;
}

/* A string of the query language has JSON's escapes. */
static void add_quoted(struct buf *b, const char *before, struct str text)
{
	buf_add_text(b, before);
	json_print_str(b, text);
}

static bool seen_before(const struct gcp_spec *first, const struct gcp_spec *spec)
{
	for (; first != spec; first = first->also)
		if (str_equal(first->project, spec->project))
			return true;
	return false;
}

static bool one_project(const struct gcp_spec *first)
{
	for (const struct gcp_spec *spec = first; spec; spec = spec->also)
		if (!str_equal(first->project, spec->project))
			return false;
	return true;
}

void gcp_query_resources(struct arena *arena, struct buf *b, const struct gcp_spec *first)
{
	for (const struct gcp_spec *spec = first; spec; spec = spec->also)
		if (!seen_before(first, spec))
			add_quoted(b, spec == first ? "[" : ",",
				str_of(arena_printf(
					arena, "projects/%.*s", STR_ARG(spec->project))));
	buf_add_char(b, ']');
}

static void add_time(struct buf *b, const char *before, int64_t time)
{
	char text[36];

	time_print_utc(time, 3, text);
	buf_printf(b, "%s\"%s\"", before, text);
}

static const char *and_of(const struct buf *b, size_t start)
{
	return b->len > start ? " AND " : "";
}

/* One source: what is its own, without what is common to all. */
static void add_source(struct arena *arena, struct buf *b, const struct log_fetch *fetch,
	const struct gcp_spec *spec, bool with_project)
{
	size_t start = b->len;
	int64_t since = log_fetch_since(fetch, spec->since);

	if (with_project)
		add_quoted(b, "logName:",
			str_of(arena_printf(arena, "projects/%.*s/logs/", STR_ARG(spec->project))));
	if (spec->service.len) {
		buf_add_text(b, and_of(b, start));
		add_quoted(b, "(resource.labels.service_name=", spec->service);
		add_quoted(b, " OR resource.labels.container_name=", spec->service);
		buf_add_char(b, ')');
	}
	if (since != TIME_NONE) {
		buf_add_text(b, and_of(b, start));
		add_time(b, "timestamp>=", since);
	}
	if (spec->filter.len)
		buf_printf(b, "%s(%.*s)", and_of(b, start), STR_ARG(spec->filter));
}

static void add_sources(struct arena *arena, struct buf *b, const struct log_fetch *fetch)
{
	const struct gcp_spec *first = log_fetch_spec(fetch);
	bool with_project = !one_project(first);

	if (!first->also) {
		add_source(arena, b, fetch, first, false);
		return;
	}
	for (const struct gcp_spec *spec = first; spec; spec = spec->also) {
		struct buf own;

		buf_init(&own, FILTER_MAX);
		add_source(arena, &own, fetch, spec, with_project);
		if (!own.len) { /* one asks for all of the only project */
			buf_release(&own);
			buf_clear(b);
			return;
		}
		buf_printf(b, "%s(%.*s)", spec == first ? "(" : " OR ", (int)own.len, own.data);
		buf_release(&own);
	}
	buf_add_char(b, ')');
}

struct str gcp_query_filter(struct arena *arena, const struct log_fetch *fetch, struct str before)
{
	const struct log_options *options = log_fetch_options(fetch);
	struct buf b;

	buf_init(&b, FILTER_MAX);
	add_sources(arena, &b, fetch);
	if (options->until != TIME_NONE && !before.len) {
		buf_add_text(&b, and_of(&b, 0));
		add_time(&b, "timestamp<=", options->until);
	}
	if (before.len) {
		buf_add_text(&b, and_of(&b, 0));
		add_quoted(&b, "timestamp<=", before);
		buf_add_text(&b, " AND (severity>=WARNING OR logName:\"stderr\" OR "
				 "logName:\"varlog%2Fsystem\"");
		for (size_t i = 0; i < options->traces.count && i < TRACES_MAX; i++)
			add_quoted(&b, " OR trace:", options->traces.items[i]);
		buf_add_char(&b, ')');
	}
	struct str filter = arena_str(arena, buf_str(&b));

	buf_release(&b);
	return filter;
}
