/*
 * .NET: "Type: message ---> Type: message" with the frames of the innermost first, each part ended
 * by "--- End of inner exception stack trace ---".
 */
#include "exception_private.h"

static const char END[] = "--- End of inner exception stack trace ---";

/*   at Program.Main() in /src/Program.cs:line 10 */
static bool app_frame(struct str line, struct str *file, struct str *number, struct str *function)
{
	struct str s = str_from(str_trim(line), 3), name, place;

	if (!str_cut_last(s, " in ", &name, &place) || !str_cut_last(place, ":line ", file, number))
		return false;
	*number = str_digits(*number);
	*function = name;
	return number->len > 0 && !str_starts(name, "System.") && !str_starts(name, "Microsoft.") &&
	       exception_is_app_file(*file);
}

static struct str without_lead(struct str s)
{
	s = str_trim(s);
	if (str_starts(s, "Unhandled exception. ") || str_starts(s, "Unhandled Exception: "))
		s = str_from(s, 21);
	return str_trim(s);
}

/* Whether the lines after `at` are those of a .NET exception. */
static bool has_body(const struct trace *t, size_t at)
{
	for (size_t i = at + 1; i < t->count && i <= at + TRACE_AHEAD; i++) {
		enum frame_kind kind = line_frame(t->lines[i]);

		if (kind != FRAME_NONE)
			return kind == FRAME_DOTNET;
		if (str_starts(str_trim(t->lines[i]), "---> "))
			return true;
		if (line_prefixed(t->lines[i]))
			break;
	}
	return false;
}

/* The head on line `at` and those nested in it, on the same line or on lines of their own. */
static size_t read_heads(struct trace *t, struct str head, size_t at)
{
	size_t next = at + 1;

	for (;;) {
		struct str inner = {"", 0}, type, message;
		bool nested = str_cut(head, " ---> ", &head, &inner);

		if (!line_head(head, &type, &message))
			break;
		struct exception_link *link = trace_link(t, type, (struct str){"", 0});
		size_t from = next;
		while (!nested && next < t->count && next <= at + TRACE_AHEAD &&
			line_frame(t->lines[next]) == FRAME_NONE &&
			!str_starts(str_trim(t->lines[next]), "---") &&
			!line_prefixed(t->lines[next]))
			next++;
		link->message = trace_join(t, message, from, next);
		if (nested) {
			head = str_trim(inner);
			continue;
		}
		if (next >= t->count || !str_starts(str_trim(t->lines[next]), "---> "))
			break;
		head = str_from(str_trim(t->lines[next]), 5);
		if (str_starts(head, "(Inner Exception #")) {
			struct str before, rest;
			if (str_cut(head, ") ", &before, &rest))
				head = rest;
		}
		at = next++;
	}
	return next;
}

bool exception_dotnet(struct trace *t, size_t at)
{
	struct str head = without_lead(t->lines[at]), type, message;
	bool unhandled = str_starts(str_trim(t->lines[at]), "Unhandled ");

	if (!line_head(head, &type, &message) || (!unhandled && !type_is_error(type)) ||
		(!unhandled && !has_body(t, at)))
		return false;
	size_t next = read_heads(t, head, at);
	if (t->link_count == 0)
		return false;
	size_t link = t->link_count - 1;
	for (; next < t->count; next++) {
		struct str s = str_trim(t->lines[next]), file, number, function;

		if (str_starts(s, END)) {
			if (link > 0)
				link--;
			continue;
		}
		if (str_starts(s, "---> (Inner Exception #") || str_starts(s, "--- End of stack"))
			continue; /* further members of an aggregate; a rethrow */
		if (line_frame(t->lines[next]) == FRAME_NONE)
			break;
		t->out->frames = true;
		if (t->links[link].location.len ||
			!app_frame(t->lines[next], &file, &number, &function))
			continue;
		t->links[link].location = trace_place(t, file, number);
		t->links[link].function = function;
	}
	trace_reverse(t, 0);
	t->out->language = "dotnet";
	t->out->fatal = unhandled;
	return true;
}
