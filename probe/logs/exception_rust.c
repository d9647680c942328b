/*
 * Rust: panics, and anyhow's "Error: ... Caused by:" with numbered causes, symptom first.
 */
#include "exception_private.h"

/* "src/main.rs:4:5" -> file and line. */
static bool cut_place(struct str s, struct str *file, struct str *number)
{
	struct str rest = s, column;

	if (!str_cut_last(rest, ":", &rest, &column))
		return false;
	if (str_digits(column).len != column.len)
		return false;
	if (!str_cut_last(rest, ":", file, number) || str_digits(*number).len != number->len) {
		*file = rest; /* without a column */
		*number = column;
	}
	return str_ends(*file, ".rs") && number->len > 0;
}

/* The backtrace's "             at ./src/main.rs:4:5": the first of the application. */
static void read_backtrace(struct trace *t, struct exception_link *link, size_t at)
{
	struct str file, number;

	for (; at < t->count; at++) {
		struct str s = str_trim(t->lines[at]);

		if (line_indent(t->lines[at]) == 0 && !str_starts(s, "stack backtrace:") &&
			!str_starts(s, "note: ") && s.len)
			break;
		if (!str_starts(s, "at "))
			continue;
		t->out->frames = true;
		s = str_from(s, 3);
		if (str_starts(s, "./"))
			s = str_from(s, 2);
		if (link->location.len || !cut_place(s, &file, &number) ||
			!exception_is_app_file(file))
			continue;
		link->location = trace_place(t, file, number);
	}
}

/* Message lines of a panic: until a note, a backtrace or a blank line. */
static size_t message_end(const struct trace *t, size_t at)
{
	size_t end = at;

	while (end < t->count && end < at + TRACE_AHEAD && !line_blank(t->lines[end]) &&
		!str_starts(t->lines[end], "note: ") &&
		!str_starts(t->lines[end], "stack backtrace:") &&
		!str_starts(t->lines[end], "thread '") &&
		(end == at || !line_prefixed(t->lines[end])))
		end++;
	return end;
}

static bool panic(struct trace *t, size_t at)
{
	struct str before, after, message = {"", 0}, file, number, place;
	size_t end = at + 1;

	if (!str_cut(t->lines[at], " panicked at ", &before, &after) ||
		!str_contains(before, "thread '"))
		return false;
	struct exception_link *link = trace_link(t, STR("panic"), message);
	if (str_starts(after, "'") && str_cut_last(after, "', ", &message, &place)) {
		message = str_from(message, 1); /* before Rust 1.73: 'message', src/main.rs:4:5 */
		link->message = message;
	} else {
		place = str_ends(after, ":") ? str_sub(after, 0, after.len - 1) : after;
		end = message_end(t, at + 1);
		if (end > at + 1)
			link->message = trace_join(t, t->lines[at + 1], at + 2, end);
	}
	if (cut_place(place, &file, &number) && exception_is_app_file(file))
		link->location = trace_place(t, file, number);
	read_backtrace(t, link, end);
	t->out->fatal = true;
	return true;
}

/* "    0: cause" or "    cause": the text. */
static struct str cause_text(struct str line)
{
	struct str s = str_trim(line), number = str_digits(s);

	if (number.len && str_starts(str_from(s, number.len), ": "))
		return str_from(s, number.len + 2);
	return s;
}

static bool anyhow(struct trace *t, size_t at)
{
	struct str s = str_trim(t->lines[at]);
	size_t next = at + 1;

	bool ended = str_starts(s, "Error: "); /* what main() returned */
	if (ended)
		s = str_from(s, 7);
	else if (!line_prefixed(t->lines[at]))
		return false;
	while (next < t->count && next <= at + 3 && !str_is(str_trim(t->lines[next]), "Caused by:"))
		next++;
	if (next >= t->count || !str_is(str_trim(t->lines[next]), "Caused by:"))
		return false;
	trace_link(t, (struct str){"", 0}, s);
	for (next++; next < t->count && line_indent(t->lines[next]) > 0; next++)
		trace_link(t, (struct str){"", 0}, cause_text(t->lines[next]));
	/* eyre says where */
	struct str file, number;
	for (; next + 1 < t->count; next++) {
		if (str_is(str_trim(t->lines[next]), "Location:") &&
			cut_place(str_trim(t->lines[next + 1]), &file, &number) &&
			exception_is_app_file(file))
			t->links[0].location = trace_place(t, file, number);
	}
	if (t->link_count < 2) {
		t->link_count = 0;
		return false;
	}
	trace_reverse(t, 0);
	t->out->fatal = ended;
	return true;
}

bool exception_rust(struct trace *t, size_t at)
{
	if (!panic(t, at) && !anyhow(t, at))
		return false;
	t->out->language = "rust";
	return true;
}
