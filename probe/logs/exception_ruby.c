/*
 * Ruby: "file.rb:5:in `method': message (Type)" and "\tfrom" frames, symptom first, each cause below
 * it in the same form; Rails' "Type (message):" and "Type: message" with bare frames.
 */
#include "exception_private.h"

/* "/app/x.rb:12:in `call'" with anything behind it. The quote is a backtick before 3.4. */
static bool place(struct str s, struct str *file, struct str *number, struct str *rest)
{
	struct str after;

	if (!str_cut(s, ":in `", file, &after) && !str_cut(s, ":in '", file, &after))
		return false;
	if (!str_cut_last(*file, ":", file, number) || str_digits(*number).len != number->len ||
		number->len == 0 || str_find_char(*file, ' ') != SIZE_MAX)
		return false;
	*rest = after;
	return true;
}

/* The same, also behind a log prefix ("E, [...] ERROR -- cable: /app/x.rb:12:in ..."). */
static bool place_behind_prefix(
	struct str s, struct str *file, struct str *number, struct str *rest)
{
	struct str before, after;

	if (place(s, file, number, rest))
		return true;
	if (!str_cut(s, ":in `", &before, &after) && !str_cut(s, ":in '", &before, &after))
		return false;
	for (size_t at = before.len; at-- > 0;) {
		if (before.ptr[at] == ' ')
			return place(str_from(s, at + 1), file, number, rest);
	}
	return false;
}

/* "message (Type)": the type is in the last parentheses of the line. */
static bool message_and_type(struct str s, struct str *message, struct str *type)
{
	struct str before, inside;

	s = str_trim(s);
	if (!str_ends(s, ")") || !str_cut_last(str_sub(s, 0, s.len - 1), "(", &before, &inside))
		return false;
	if (inside.len == 0 || str_find_char(inside, ' ') != SIZE_MAX || inside.ptr[0] < 'A' ||
		inside.ptr[0] > 'Z')
		return false;
	*message = str_trim(before);
	*type = inside;
	return true;
}

static void use_place(struct trace *t, struct exception_link *link, struct str file,
	struct str number, struct str rest)
{
	struct str function, after;

	if (link->location.len || !exception_is_app_file(file))
		return;
	link->location = trace_place(t, file, number);
	if (str_cut(rest, "'", &function, &after))
		link->function = function;
}

/* A frame of any form; false for a line that is none. */
static bool frame(struct trace *t, struct exception_link *link, struct str line)
{
	struct str s = str_trim(line), file, number, rest, message, type;

	if (str_starts(s, "from "))
		s = str_from(s, 5);
	else if (message_and_type(s, &message, &type))
		return false; /* head of a cause */
	if (!place(s, &file, &number, &rest))
		return str_starts(s, "... ") || str_ends(s, "levels...");
	use_place(t, link, file, number, rest);
	return true;
}

/* The first frame below a message of several lines; at + 1 when it has but one. */
static size_t message_end(const struct trace *t, size_t at)
{
	struct str file, number, rest;
	size_t next = at + 1;

	while (next < t->count && next <= at + TRACE_AHEAD && line_indent(t->lines[next]) == 0 &&
		!line_blank(t->lines[next]) && !line_prefixed(t->lines[next]) &&
		!place(str_trim(t->lines[next]), &file, &number, &rest))
		next++;
	if (next >= t->count || !str_starts(str_trim(t->lines[next]), "from "))
		return at + 1;
	return next;
}

/* Head on line `at` and its frames; returns the line after them, or `at` when it is no head. */
static size_t read_error(struct trace *t, size_t at)
{
	struct str file, number, rest, tail, message, type, function;

	if (!place_behind_prefix(str_trim(t->lines[at]), &file, &number, &rest) ||
		!str_cut(rest, "': ", &function, &tail))
		return at;
	size_t next = message_end(t, at);
	if (!message_and_type(tail, &message, &type)) {
		/* (Type) may stand behind the first line only of several */
		type = (struct str){"", 0};
		message = tail;
		if (next == at + 1)
			return at;
	}
	struct exception_link *link = trace_link(t, type, (struct str){"", 0});
	link->message = trace_join(t, message, at + 1, next);
	use_place(t, link, file, number, rest);
	while (next < t->count && frame(t, link, t->lines[next])) {
		t->out->frames = true;
		next++;
	}
	return next;
}

/* Rails: "ActiveRecord::ConnectionNotEstablished (message):" and frames without "from". */
static bool read_rails(struct trace *t, size_t at)
{
	struct str s = str_trim(t->lines[at]), type, message, file, number, rest;
	size_t next = at + 1;

	if (line_head(s, &type, &message) && str_contains(type, "::") && message.len) {
		; /* "Type: message" */
	} else if (str_cut(s, " (", &type, &message) &&
		   (type_is_error(type) || str_contains(type, "::")) &&
		   str_cut_last(message, ")", &message, &rest)) {
		;
	} else {
		return false;
	}
	while (next < t->count && next <= at + TRACE_AHEAD &&
		!place(str_trim(t->lines[next]), &file, &number, &rest))
		next++;
	if (next >= t->count || !place(str_trim(t->lines[next]), &file, &number, &rest))
		return false;
	struct exception_link *link = trace_link(t, type, message);
	while (next < t->count && frame(t, link, t->lines[next]))
		next++;
	t->out->frames = true;
	t->out->language = "ruby";
	return true;
}

bool exception_ruby(struct trace *t, size_t at)
{
	if (!str_contains(t->lines[at], ":in `") && !str_contains(t->lines[at], ":in '"))
		return read_rails(t, at);
	size_t next = read_error(t, at);
	if (next == at)
		return false;
	bool fatal = line_indent(t->lines[at]) == 0 && !line_prefixed(t->lines[at]);
	while (next < t->count && t->link_count < EXCEPTION_LINKS_MAX) {
		size_t after = read_error(t, next);

		if (after == next)
			break;
		next = after;
	}
	trace_reverse(t, 0);
	t->out->language = "ruby";
	t->out->fatal = fatal;
	return true;
}
