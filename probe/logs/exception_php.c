/*
 * PHP: "PHP Fatal error:  Uncaught Type: message in /app/x.php:5", stack traces with "#0", the root
 * first and each "Next Type: ..." farther out; monolog's "[object] (Type(code: 0): message at ...)".
 */
#include "exception_private.h"

/* Splits "message in /app/x.php:5" or "... in /app/x.php on line 5" or "... at /app/x.php:5". */
static bool cut_place(struct str s, struct str *message, struct str *file, struct str *number)
{
	struct str tail, rest;

	if (str_cut_last(s, " on line ", &tail, number) &&
		str_cut_last(tail, " in ", message, file)) {
		*number = str_digits(*number);
		return number->len > 0;
	}
	if (!str_cut_last(s, " in /", message, &tail) && !str_cut_last(s, " at /", message, &tail))
		return false;
	tail = (struct str){tail.ptr - 1, tail.len + 1};
	if (!str_cut_last(tail, ":", file, &rest))
		return false;
	*number = str_digits(rest);
	return number->len > 0 && str_find_char(*file, ' ') == SIZE_MAX;
}

/* "#0 /app/x.php(12): fn()" */
static bool frame(struct trace *t, struct exception_link *link, struct str line)
{
	struct str s = str_trim(line), before, rest, file, number;

	if (s.len < 3 || s.ptr[0] != '#' || str_digits(str_from(s, 1)).len == 0)
		return false;
	if (link->location.len || !str_cut(s, " ", &before, &rest) ||
		!str_cut(rest, "): ", &file, &before) || !str_cut_last(file, "(", &file, &number))
		return true;
	if (!exception_is_app_file(file) || str_digits(number).len != number.len)
		return true;
	link->location = trace_place(t, file, number);
	link->function = before;
	return true;
}

/* "Stack trace:" and the frames; returns the line after them. */
static size_t read_frames(struct trace *t, struct exception_link *link, size_t next)
{
	if (next < t->count && (str_is(str_trim(t->lines[next]), "Stack trace:") ||
				       str_contains(t->lines[next], "[stacktrace]")))
		next++;
	while (next < t->count && frame(t, link, t->lines[next])) {
		t->out->frames = true;
		next++;
	}
	return next;
}

/* One "Type: message in FILE:LINE" and its frames; returns the line after them. The place stands at
 * the end of the last line of the message. */
static size_t read_error(struct trace *t, struct str head, size_t at)
{
	struct str type = {"", 0}, message = head, file = type, number = type, rest = type;
	size_t end = at;

	while (end < t->count && end <= at + TRACE_AHEAD &&
		!cut_place(end == at ? head : t->lines[end], &rest, &file, &number))
		end++;
	bool placed = end < t->count && end <= at + TRACE_AHEAD;
	line_head(head, &type, &message);
	if (placed && end == at && rest.ptr + rest.len > message.ptr)
		message = str_sub(message, 0, (size_t)(rest.ptr + rest.len - message.ptr));
	struct exception_link *link = trace_link(t, type, (struct str){"", 0});
	link->message = placed && end > at ? trace_join(t, message, at + 1, end) : message;
	if (placed && exception_is_app_file(file))
		link->location = trace_place(t, file, number);
	return read_frames(t, link, placed ? end + 1 : at + 1);
}

static void read_next(struct trace *t, size_t next)
{
	while (next < t->count && t->link_count < EXCEPTION_LINKS_MAX) {
		struct str s = str_trim(t->lines[next]);

		if (str_starts(s, "Next "))
			next = read_error(t, str_from(s, 5), next);
		else if (s.len == 0)
			next++;
		else
			break;
	}
}

/* {"exception":"[object] (PDOException(code: 2002): message at /app/x.php:12)": symptom first, the
 * previous ones behind it. */
static bool read_monolog(struct trace *t, size_t at)
{
	struct str before, s, type, rest, message, file, number;

	if (!str_cut(t->lines[at], "[object] (", &before, &s))
		return false;
	for (;;) {
		if (!str_cut(s, "(code: ", &type, &rest) || !str_cut(rest, "): ", &before, &rest))
			break;
		struct str tail = {"", 0};
		str_cut(rest, ")\"", &rest, &tail);
		bool placed = cut_place(rest, &message, &file, &number);
		struct exception_link *link = trace_link(t, type, placed ? message : rest);
		if (placed && exception_is_app_file(file))
			link->location = trace_place(t, file, number);
		size_t next = at + 1;
		while (next < t->count && (frame(t, link, t->lines[next]) ||
						  str_contains(t->lines[next], "[stacktrace]")))
			next++;
		if (next >= t->count || next == at + 1 ||
			!str_cut(t->lines[next], "[object] (", &before, &s))
			break;
		at = next;
	}
	trace_reverse(t, 0);
	t->out->frames = true;
	return t->link_count > 0;
}

bool exception_php(struct trace *t, size_t at)
{
	static const char *const heads[] = {
		"Fatal error: ", "Parse error: ", "Recoverable fatal error: ", NULL};
	struct str before, s;

	t->out->language = "php";
	if (read_monolog(t, at))
		return true;
	for (size_t i = 0; heads[i]; i++) {
		if (!str_cut(t->lines[at], heads[i], &before, &s))
			continue;
		s = str_trim(s);
		t->out->fatal = true;
		if (str_starts(s, "Uncaught ")) {
			read_next(t, read_error(t, str_from(s, 9), at));
			return true;
		}
		struct str message, file, number;
		if (!cut_place(s, &message, &file, &number))
			break;
		struct str type = str_of(heads[i]);
		struct exception_link *link =
			trace_link(t, str_sub(type, 0, type.len - 2), message);
		if (exception_is_app_file(file))
			link->location = trace_place(t, file, number);
		return true;
	}
	t->out->fatal = false;
	return false;
}
