/* See http_private.h: what comes in. curl hands over one header line at a time, status lines and
 * trailers among them, and the body decoded. */
#include "http_private.h"

struct str http_header(const struct pairs *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (str_is_nocase(headers->items[i].name, name))
			return headers->items[i].value;
	return (struct str){NULL, 0};
}

void http_answer_reset(struct http_transfer *t)
{
	t->status = 0;
	t->protocol = NULL;
	t->headers = t->trailers = (struct pairs){NULL, 0};
	t->header_capacity = t->trailer_capacity = 0;
	t->header_bytes = t->header_lines = 0;
	t->headers_done = false;
	buf_clear(&t->body);
	t->size = 0;
}

/* "HTTP/1.1 200 OK". A new one starts the headers anew: what stood before was a 1xx. */
static void take_status_line(struct http_transfer *t, struct str line)
{
	size_t bytes = t->header_bytes, lines = t->header_lines;
	size_t blank = str_find_char(line, ' ');
	struct str version = str_sub(line, 0, blank);
	int64_t status;

	http_answer_reset(t);
	t->header_bytes = bytes;
	t->header_lines = lines;
	t->protocol = str_is(version, "HTTP/1.0")     ? "http/1.0"
		      : str_starts(version, "HTTP/2") ? "h2"
						      : "http/1.1";
	if (blank != SIZE_MAX && str_int(str_sub(line, blank + 1, 3), &status))
		t->status = status;
}

static void add_header(struct http_transfer *t, struct str line)
{
	struct pairs *list = t->headers_done ? &t->trailers : &t->headers;
	size_t *capacity = t->headers_done ? &t->trailer_capacity : &t->header_capacity;
	size_t colon = str_find_char(line, ':');

	/* A folded line (RFC 9112 section 5.2, obsolete) continues the value before it. */
	if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
		if (list->count) {
			struct pair *last = &list->items[list->count - 1];

			last->value = str_of(arena_printf(t->arena, "%.*s %.*s",
				STR_ARG(last->value), STR_ARG(str_trim(line))));
		}
		return;
	}
	if (colon == SIZE_MAX)
		return;
	list->items = arena_grow(t->arena, list->items, list->count, capacity, sizeof(struct pair));
	list->items[list->count++] = (struct pair){
		arena_str(t->arena, str_trim(str_sub(line, 0, colon))),
		arena_str(t->arena, str_trim(str_from(line, colon + 1))),
	};
}

/* RFC 9112 section 6.3: curl reads on when it cannot understand the length; that hides a broken peer
 * (and two lengths are how requests are smuggled). */
static bool is_length_sound(const struct http_transfer *t)
{
	const char *name = "content-length";
	struct str first = http_header(&t->headers, name);
	int64_t bytes;

	for (size_t i = 0; i < t->headers.count; i++) {
		struct str value = t->headers.items[i].value;

		if (str_is_nocase(t->headers.items[i].name, name) &&
			(!str_int(value, &bytes) || bytes < 0 || !str_equal(value, first)))
			return false;
	}
	return true;
}

size_t http_on_header(char *data, size_t size, size_t count, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t len = size * count;
	struct str line = {data, len};

	t->header_bytes += len;
	if (t->header_bytes > t->request.max_headers) {
		t->stop = STOP_HEADERS;
		return 0;
	}
	if (++t->header_lines > HEADER_LINES_MAX) {
		t->stop = STOP_HEADER_LINES;
		return 0;
	}
	while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
		line.len--;
	if (!t->headers_done && str_starts(line, "HTTP/"))
		take_status_line(t, line);
	else if (line.len)
		add_header(t, line);
	else if (t->status >= 200 || t->status == 101)
		t->headers_done = true;
	if (t->headers_done && !is_length_sound(t)) {
		t->stop = STOP_LENGTH;
		return 0;
	}
	return len;
}

size_t http_on_body(char *data, size_t size, size_t count, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t len = size * count;

	t->size += len;
	if (t->request.on_body) {
		if (t->size <= t->request.max_body &&
			t->request.on_body(t->ctx, (struct str){data, len}))
			return len;
		t->stop = t->size > t->request.max_body ? STOP_BODY : STOP_CALLER;
		return 0;
	}
	if (buf_add(&t->body, data, len))
		return len;
	t->stop = STOP_BODY;
	return 0;
}
