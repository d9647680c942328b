/*
 * A line of text: what container runtimes and tools put in front of it (CRI, kubectl, compose, a
 * table of gcloud) is taken off, then it is a JSON entry or text.
 */
#include "line_private.h"
#include "rejoin_private.h"

#include <ctype.h>

void chunk_body(struct chunk *c, struct str text, int64_t time, uint32_t origin, uint64_t stream)
{
	struct str trimmed = str_trim(text);

	if (c->format != LOG_TEXT && trimmed.len > 1 && trimmed.ptr[0] == '{' &&
		trimmed.ptr[trimmed.len - 1] == '}') {
		const char *end = trimmed.ptr + trimmed.len;
		const char *after = json_scan(trimmed.ptr, end, &c->fields, c->tools->layouts);

		if (after == end) {
			chunk_json(c, &c->fields, trimmed, time, &origin);
			return;
		}
	}
	if (c->format != LOG_JSON)
		chunk_text(c, text, time, origin, stream);
}

/* The parts of a line that a runtime cut up, by their stream; NULL: nothing is open. `open`: one is
 * begun when none is. */
static struct partial *partial_of(struct chunk *c, uint64_t stream, bool open)
{
	struct partial *unused = NULL;

	for (size_t i = 0; i < PARTIALS; i++) {
		struct partial *p = &c->partials[i];

		if (p->open && p->stream == stream)
			return p;
		if (!p->open && !unused)
			unused = p;
	}
	if (!open || !unused)
		return NULL;
	unused->open = true;
	unused->stream = stream;
	unused->time = TIME_NONE;
	c->parts++;
	return unused;
}

bool chunk_part(struct chunk *c, struct str *text, bool partial, int64_t *time, uint64_t stream)
{
	struct partial *p = partial_of(c, stream, partial);

	if (!p)
		return true;
	if (p->text.len == 0)
		p->time = *time;
	buf_add_str(&p->text, *text);
	if (partial)
		return false;
	char *copy = chunk_memory(c, p->text.len + 1);

	memcpy(copy, p->text.data, p->text.len);
	*text = (struct str){copy, p->text.len};
	*time = p->time;
	p->open = false;
	c->parts--;
	buf_clear(&p->text);
	return true;
}

void chunk_part_flush(struct chunk *c, uint64_t stream, uint32_t origin, int64_t time)
{
	struct partial *p = c->parts ? partial_of(c, stream, false) : NULL;
	struct str text = STR("");
	int64_t began = time;

	if (p && p->time != time) {
		chunk_part(c, &text, false, &began, stream);
		chunk_body(c, text, began, origin, stream);
	}
}

/* Takes off the name of who wrote the line. */
static uint32_t read_origin(struct chunk *c, struct str *line)
{
	struct str instance = str_of(c->instance), service = STR("");
	size_t prefix = 0;

	if (line->len && line->ptr[0] == '[')
		prefix = prefix_pod(*line, &instance, &service);
	else if (line->len && (isalpha((unsigned char)line->ptr[0]) || line->ptr[0] == '\x1b'))
		prefix = prefix_compose(*line, &instance);
	*line = str_from(*line, prefix);
	return prefix ? chunk_origin(c, instance, STR(""), service) : 0;
}

/* Syslog and journalctl: who speaks stands behind the time. What systemd says is the platform's. */
static bool read_syslog(struct chunk *c, struct str line, size_t taken, int64_t time)
{
	struct syslog_head head;
	struct str rest = str_from(line, taken);
	size_t prefix = prefix_syslog(rest, is_digit(line.ptr[0]), &head), before = c->raw_count;

	if (!prefix)
		return false;
	/* One machine: systemd says there how a process ended. */
	uint32_t origin = chunk_origin(c, head.host, STR(""), STR(""));
	uint64_t stream = c->seed ^ c->origins[origin].hash ^ hash_str(head.program, 22) ^
			  hash_str(head.pid, 23);

	c->below = (struct below){taken + prefix, time, stream, origin};
	chunk_body(c, str_from(rest, prefix), time, origin, stream);
	if (str_is(head.program, "systemd") && c->raw_count > before) {
		struct raw *raw = &c->raws[before];

		raw->traits |= LOG_PLATFORM;
		if (raw->detail)
			c->details[raw->detail - 1].plain = false;
	}
	return true;
}

/* Lines after the first of a message: journalctl indents them by what stands before the message. */
static bool goes_below(struct chunk *c, struct str line)
{
	size_t indent = 0, want = c->below.indent;

	while (indent < want && indent < line.len && line.ptr[indent] == ' ')
		indent++;
	if (want == 0 || indent < want) {
		c->below.indent = 0;
		return false;
	}
	chunk_body(c, str_from(line, want), c->below.time, c->below.origin, c->below.stream);
	return true;
}

/* A time in front of every line, as `gcloud run services logs read` and `kubectl --timestamps`
 * write it, is not the application's: it stands also before the inner lines of a trace. */
static bool is_stamped(struct chunk *c, struct str rest)
{
	if (rest.len < 2 || rest.ptr[0] != ' ')
		return false;
	if (!c->stamped) {
		enum line_kind kind = rejoin_kind(str_from(rest, 1));

		c->stamped = kind == LINE_TRACEBACK || kind == LINE_FRAME;
	}
	return c->stamped;
}

/* A digit, or the first letter of a month. */
static bool may_be_time(struct str line)
{
	return line.len > 0 && (is_digit(line.ptr[0]) || memchr("JFMASOND", line.ptr[0], 8));
}

/* What compose says of a container that ended. */
static bool read_compose_exit(struct chunk *c, struct str line)
{
	struct str name;

	if (!prefix_compose_exit(line, &name))
		return false;
	uint32_t origin = chunk_origin(c, name, STR(""), STR(""));
	struct raw *raw = chunk_text(c, line, TIME_NONE, origin, c->seed ^ c->origins[origin].hash);

	if (!str_contains(line, " code 0"))
		raw->traits |= LOG_PLATFORM | LOG_EXIT;
	if (raw->detail)
		c->details[raw->detail - 1].plain = false;
	return true;
}

static void read_prefixed(struct chunk *c, struct str line)
{
	if (read_compose_exit(c, line))
		return;
	uint32_t origin = read_origin(c, &line);
	uint64_t stream = c->seed ^ c->origins[origin].hash;
	int64_t time;
	bool nano, standard_error = false, partial;
	struct str text;
	size_t taken = may_be_time(line) ? time_prefix(line, &time, &nano) : 0;

	if (!taken || time == TIME_NONE) {
		c->nano = c->stamped = false;
		if (goes_below(c, line))
			return;
		chunk_body(c, line, TIME_NONE, origin, stream);
		return;
	}
	struct str rest = str_from(line, taken);

	if (prefix_cri(rest, &standard_error, &partial, &text)) {
		stream += standard_error;
		if (chunk_part(c, &text, partial, &time, stream))
			chunk_body(c, text, time, origin, stream);
		return;
	}
	if (read_syslog(c, line, taken, time))
		return;
	/* A runtime drops trailing zeros; one line of many looks less exact then. */
	c->nano = nano || (c->nano && rest.len && line.ptr[taken - 1] == 'Z');
	if (c->nano || is_stamped(c, rest))
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
	if (!table_is_heading(line))
		read_prefixed(c, line);
}
