/*
 * A line of text: what container runtimes and tools put in front of it (CRI, kubectl, compose, a
 * table of gcloud) is taken off, then it is a JSON entry or text.
 */
#include "logs_private.h"

#include <ctype.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "web-1": the name of a service and its number; its length or 0. */
static size_t service_name(struct str line)
{
	size_t i = 0;

	while (i < line.len && i < 80 &&
		(isalnum((unsigned char)line.ptr[i]) || memchr("._-", line.ptr[i], 3)))
		i++;
	if (i < 3 || i >= line.len || line.ptr[i] != ' ' || !is_digit(line.ptr[i - 1]))
		return 0;
	size_t dash = i;

	while (dash > 0 && is_digit(line.ptr[dash - 1]))
		dash--;
	return dash >= 2 && memchr("-_", line.ptr[dash - 1], 2) ? i : 0;
}

/* "web-1  | " */
static size_t compose_prefix(struct str line, struct str *name)
{
	size_t i = service_name(line);

	if (i == 0)
		return 0;
	*name = str_sub(line, 0, i);
	while (i < line.len && line.ptr[i] == ' ')
		i++;
	if (i >= line.len || line.ptr[i] != '|')
		return 0;
	i++;
	return i < line.len && line.ptr[i] == ' ' ? i + 1 : i;
}

/* "[pod/NAME/CONTAINER] " of `kubectl logs --prefix`. */
static size_t pod_prefix(struct str line, struct str *pod, struct str *container)
{
	if (!str_starts(line, "[pod/"))
		return 0;
	size_t end = str_find_char(line, ']'), slash = str_find_char(str_from(line, 5), '/');

	if (end == SIZE_MAX || slash == SIZE_MAX || 5 + slash > end)
		return 0;
	*pod = str_sub(line, 5, slash);
	*container = str_sub(line, 5 + slash + 1, end - 5 - slash - 1);
	return end + 1 < line.len && line.ptr[end + 1] == ' ' ? end + 2 : end + 1;
}

/* " stdout F " after the time of a CRI line; the rest of the line is text. */
static bool cri_tag(struct str rest, bool *standard_error, bool *partial, struct str *text)
{
	if (rest.len < 10 ||
		(memcmp(rest.ptr, " stdout ", 8) != 0 && memcmp(rest.ptr, " stderr ", 8) != 0))
		return false;
	if (rest.ptr[8] != 'P' && rest.ptr[8] != 'F')
		return false;
	size_t i = 9;

	/* More tags may follow the first, parted by colons. */
	while (i < rest.len && rest.ptr[i] != ' ' && i < 32)
		i++;
	*standard_error = rest.ptr[4] == 'e' || rest.ptr[5] == 'e';
	*partial = rest.ptr[8] == 'P';
	*text = str_from(rest, i + (i < rest.len));
	return true;
}

/* The heading of a table that gcloud prints. */
static bool is_heading(struct str line)
{
	if (!str_starts(line, "TIMESTAMP ") && !str_starts(line, "SEVERITY ") &&
		!str_starts(line, "INSERT_ID "))
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (!isupper((unsigned char)line.ptr[i]) && line.ptr[i] != ' ' &&
			line.ptr[i] != '_')
			return false;
	return true;
}

void chunk_body(struct chunk *c, struct str text, int64_t time, uint32_t origin, uint64_t stream)
{
	struct str trimmed = str_trim(text);

	if (c->format != LOG_TEXT && trimmed.len > 1 && trimmed.ptr[0] == '{' &&
		trimmed.ptr[trimmed.len - 1] == '}') {
		const char *end = trimmed.ptr + trimmed.len;
		const char *after = json_scan(trimmed.ptr, end, &c->fields);

		if (after == end) {
			chunk_entry(c, &c->fields, trimmed, time, &origin);
			return;
		}
	}
	if (c->format != LOG_JSON)
		chunk_text(c, text, time, origin, stream);
}

/* A CRI line: parts marked P are joined to the F that ends them. */
static void read_cri(struct chunk *c, struct str text, bool partial, int64_t time, uint32_t origin,
	uint64_t stream)
{
	if (partial || c->partial.len) {
		if (!c->partial.len)
			c->partial_time = time;
		buf_add_str(&c->partial, text);
		if (partial)
			return;
		time = c->partial_time;
		char *copy = chunk_memory(c, c->partial.len + 1);

		memcpy(copy, c->partial.data, c->partial.len);
		text = (struct str){copy, c->partial.len};
		buf_clear(&c->partial);
	}
	chunk_body(c, text, time, origin, stream);
}

/* Takes off the name of who wrote the line. */
static uint32_t read_origin(struct chunk *c, struct str *line)
{
	struct str instance = str_of(c->instance), service = STR("");
	size_t prefix = 0;

	if (line->len && line->ptr[0] == '[')
		prefix = pod_prefix(*line, &instance, &service);
	else if (line->len && isalpha((unsigned char)line->ptr[0]))
		prefix = compose_prefix(*line, &instance);
	*line = str_from(*line, prefix);
	return prefix ? chunk_origin(c, instance, STR(""), service) : 0;
}

static void read_prefixed(struct chunk *c, struct str line)
{
	uint32_t origin = read_origin(c, &line);
	uint64_t stream = c->seed ^ c->origins[origin].hash;
	int64_t time;
	bool nano, standard_error = false, partial;
	struct str text;
	size_t taken = line.len && is_digit(line.ptr[0]) ? time_prefix(line, &time, &nano) : 0;

	if (!taken || time == TIME_NONE) {
		c->nano = false;
		chunk_body(c, line, TIME_NONE, origin, stream);
		return;
	}
	struct str rest = str_from(line, taken);

	if (cri_tag(rest, &standard_error, &partial, &text)) {
		read_cri(c, text, partial, time, origin, stream + standard_error);
		return;
	}
	/* A runtime drops trailing zeros; one line of many looks less exact then. */
	c->nano = nano || (c->nano && rest.len && line.ptr[taken - 1] == 'Z');
	if (c->nano)
		chunk_body(c, str_from(rest, rest.len && rest.ptr[0] == ' '), time, origin, stream);
	else
		chunk_body(c, line, TIME_NONE, origin, stream);
}

static bool is_blank(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.ptr[i] > ' ')
			return false;
	return true;
}

/* JSON that fills a line: objects, or an array of them. False when it is something else. */
static bool read_values(struct chunk *c, struct str line)
{
	const char *p = line.ptr, *end = p + line.len;
	bool any = false;

	if (line.len >= 2 && *p == '[' && end[-1] == ']') {
		if (line.len == 2)
			return true;
		p++;
	}
	while (p < end && *p == '{') {
		const char *after = chunk_object(c, p, end, false);

		if (!after)
			break;
		any = true;
		for (p = after; p < end && memchr(", \t]", *p, 4);)
			p++;
	}
	return any;
}

void chunk_line(struct chunk *c, struct str line)
{
	if (c->format == LOG_LINES) {
		chunk_text(c, line, TIME_NONE, 0, c->seed);
		return;
	}
	if (is_blank(line)) {
		if (c->format != LOG_JSON)
			chunk_text(c, line, TIME_NONE, 0, c->seed ^ c->origins[0].hash);
		return;
	}
	if (c->format != LOG_TEXT && read_values(c, str_trim(line)))
		return;
	if (!is_heading(line))
		read_prefixed(c, line);
}
