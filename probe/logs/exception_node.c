/*
 * Node: "Type: message", frames, then the properties in braces with [cause] and [errors]; an
 * uncaught error has the place, its code and a caret in front.
 */
#include "exception_private.h"

/* "    at fn (/app/x.js:3:14)", "at async file:///app/x.mjs:3:14": file and line. */
static bool frame_place(struct str line, struct str *file, struct str *number, struct str *function)
{
	struct str s = str_from(str_trim(line), 3), before, inside, rest, column;

	*function = (struct str){"", 0};
	if (str_cut_last(s, "(", &before, &inside)) {
		*function = str_trim(before);
		s = inside;
		if (!str_cut(s, ")", &s, &rest))
			return false;
	} else if (str_starts(s, "async ")) {
		s = str_from(s, 6);
	}
	if (!str_cut_last(s, ":", &rest, &column) || !str_cut_last(rest, ":", file, number))
		return false;
	if (str_starts(*file, "file://"))
		*file = str_from(*file, 7);
	return number->len > 0 && str_digits(*number).len == number->len;
}

/* "/app/index.js:5" alone on a line, before the code of an uncaught error. */
static bool place_line(struct str line, struct str *file, struct str *number)
{
	if (line_indent(line) || !str_cut_last(line, ":", file, number) || number->len == 0 ||
		str_digits(*number).len != number->len || str_find_char(*file, ' ') != SIZE_MAX)
		return false;
	if (str_starts(*file, "file://"))
		*file = str_from(*file, 7);
	return str_starts(*file, "node:") || str_starts(*file, "internal/") ||
	       str_contains(*file, "/") || str_contains(*file, ".js") ||
	       str_contains(*file, ".ts") || str_contains(*file, ".mjs");
}

/* The head of an error within reach of `at`, in front of a frame; count when there is none. */
static size_t find_head(const struct trace *t, size_t at)
{
	struct str type, message;

	for (size_t i = at; i < t->count && i <= at + TRACE_AHEAD; i++) {
		if (line_indent(t->lines[i]) == 0 && line_head(t->lines[i], &type, &message) &&
			(type_is_error(type) || str_is(type, "Error")))
			return i;
	}
	return t->count;
}

static struct str without_lead(struct str s)
{
	static const char *const leads[] = {"Uncaught ", "Unhandled Rejection: ", "(in promise) ",
		"error: ", "UnhandledPromiseRejectionWarning: ", "[cause]: ", NULL};

	s = str_trim(s);
	for (size_t i = 0; leads[i]; i++) {
		if (str_starts(s, leads[i]))
			s = str_from(s, strlen(leads[i]));
	}
	return s;
}

static bool has_frame(const struct trace *t, size_t at)
{
	for (size_t i = at + 1; i < t->count && i <= at + TRACE_AHEAD; i++) {
		enum frame_kind kind = line_frame(t->lines[i]);

		if (kind != FRAME_NONE)
			return kind == FRAME_NODE;
		if (line_prefixed(t->lines[i]))
			break;
	}
	return false;
}

/* The value of "  code: 'EADDRINUSE',". */
static struct str property(struct str line, const char *name)
{
	struct str s = str_trim(line), before, after;

	if (!str_starts(s, name) || !str_cut(s, "'", &before, &after) ||
		!str_cut(after, "'", &before, &after))
		return (struct str){"", 0};
	return before;
}

/* The line after the message of the head on line `at`: its first frame, or at + 1 when no frame is
 * near (then the message is one line). */
static size_t message_end(const struct trace *t, size_t at)
{
	size_t body = at + 1;

	while (body < t->count && body <= at + TRACE_AHEAD * 4 &&
		line_frame(t->lines[body]) == FRAME_NONE && !line_prefixed(t->lines[body]) &&
		!str_ends(t->lines[body], "{") && !str_starts(str_trim(t->lines[body]), "["))
		body++;
	return body < t->count && line_frame(t->lines[body]) != FRAME_NONE ? body : at + 1;
}

/* The frames from `at` on; the first of the application is where it happened. */
static size_t read_frames(struct trace *t, struct exception_link *link, size_t at)
{
	struct str file, number, function;

	for (; at < t->count && (line_frame(t->lines[at]) != FRAME_NONE ||
					str_starts(str_trim(t->lines[at]), "... "));
		at++) {
		if (link->location.len || !frame_place(t->lines[at], &file, &number, &function) ||
			!exception_is_app_file(file))
			continue;
		link->location = trace_place(t, file, number);
		link->function = function;
	}
	return at;
}

/* One error: message lines, frames. Returns the line after them. */
static size_t read_error(struct trace *t, struct str head, size_t at)
{
	struct str type, message, brace, rest;

	if (!line_head(head, &type, &message))
		return at + 1;
	if (str_ends(message, "{") && str_cut_last(message, " {", &brace, &rest))
		message = brace;
	size_t body = message_end(t, at);
	struct exception_link *link = trace_link(t, type, (struct str){"", 0});
	link->message = trace_join(t, message, at + 1, body);
	return read_frames(t, link, body);
}

/* Type "AggregateError [ECONNREFUSED]" without a message, or a `code` property: better than
 * nothing to read. */
static void fill_message(struct trace *t, size_t link, struct str line)
{
	struct str code = property(line, "code: ");

	if (link < t->link_count && t->links[link].message.len == 0 && code.len)
		t->links[link].message = code;
}

/* Properties and nested errors up to the brace that closes them, or a line that is none of it. */
static void read_properties(struct trace *t, size_t at)
{
	size_t last = t->link_count - 1, errors = 0;
	bool listed = false;

	while (at < t->count && t->link_count < EXCEPTION_LINKS_MAX) {
		struct str line = t->lines[at], s = str_trim(line), type, message;

		if (line_indent(line) == 0 && !str_starts(s, "}") && !line_blank(line))
			break;
		if (str_starts(s, "[errors]: [")) {
			listed = true;
			errors = t->link_count;
		}
		bool head = str_starts(s, "[cause]: ") ||
			    (listed && line_head(s, &type, &message) && type_is_error(type) &&
				    has_frame(t, at));
		fill_message(t, last, line);
		if (!head) {
			at++;
			continue;
		}
		last = t->link_count;
		at = read_error(t, without_lead(s), at);
	}
	/* members of an aggregate come in their own order once the whole is turned round */
	if (listed)
		trace_reverse(t, errors);
}

static bool is_error_type(struct str type)
{
	return type_is_error(type) || str_is(type, "Error");
}

static bool names_type(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c == '.';
}

/* "TypeError: message" behind the words that console.error() was given: "boot failed TypeError: x". */
static struct str worded_head(struct str line)
{
	size_t at = str_find(line, STR("Error: ")), from = at;

	if (at == SIZE_MAX)
		return (struct str){"", 0};
	while (from > 0 && names_type(line.ptr[from - 1]))
		from--;
	return from > 0 && line.ptr[from - 1] == ' ' ? str_from(line, from) : (struct str){"", 0};
}

/* "error: message" of a driver, also behind a logger's words or as the value of "stack". */
static struct str driver_head(struct str line)
{
	static const char *const marks[] = {"\"stack\":\"", " error: ", " Error: ", NULL};
	struct str s = str_trim(line), before, after;

	if (str_starts(s, "error: "))
		return s;
	for (size_t i = 0; marks[i]; i++) {
		if (!str_cut(s, marks[i], &before, &after))
			continue;
		return i == 0 ? after : str_from(s, before.len + 1);
	}
	return worded_head(s);
}

/* "Type: message" of the line, or what stands for it; empty when it is no head. */
static struct str head_text(const struct trace *t, size_t head)
{
	struct str first = without_lead(t->lines[head]), type, message;

	if (line_head(first, &type, &message) && is_error_type(type))
		return first;
	if (head + 1 < t->count && line_frame(t->lines[head + 1]) == FRAME_NODE)
		return driver_head(t->lines[head]);
	return (struct str){"", 0};
}

bool exception_node(struct trace *t, size_t at)
{
	struct str file = {"", 0}, number = {"", 0}, type, message;
	size_t head = at;
	bool uncaught = place_line(t->lines[at], &file, &number);

	if (uncaught)
		head = find_head(t, at + 1);
	if (head >= t->count)
		return false;
	bool frames = has_frame(t, head);
	if (!frames && !uncaught)
		return false;
	struct str first = head_text(t, head);
	if (!line_head(first, &type, &message))
		return false;
	size_t next = read_error(t, first, head);
	/* a syntax error is where the place says; its frames are the loader's */
	if (uncaught && exception_is_app_file(file) &&
		(str_is(type, "SyntaxError") || t->links[0].location.len == 0))
		t->links[0].location = trace_place(t, file, number);
	/* "Emitted 'error' event on Server instance at:" and its frames */
	while (next < t->count && (line_frame(t->lines[next]) == FRAME_NODE ||
					  str_starts(t->lines[next], "Emitted 'error' event")))
		next++;
	read_properties(t, next);
	trace_reverse(t, 0);
	t->out->language = "node";
	t->out->frames = frames;
	t->out->fatal = uncaught;
	return true;
}
