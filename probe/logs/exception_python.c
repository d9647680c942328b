/*
 * Python: tracebacks with cause and context, exception groups, syntax errors. The interpreter
 * prints the root first; a group prints its members after itself, they are its roots.
 */
#include "exception_private.h"

static const char HEADER[] = "Traceback (most recent call last):";

/* Removes the margin of a group: "  | ", "  + ", "  +-+---- 1 ----", "    +------". */
static struct str without_margin(struct str line)
{
	struct str rest = str_from(line, line_indent(line));

	if (str_starts(rest, "+-+-"))
		return str_from(rest, 3);
	if (str_starts(rest, "+--"))
		return str_from(rest, 1);
	if (str_starts(rest, "| ") || str_starts(rest, "+ "))
		return str_from(rest, 2);
	if (rest.len == 1 && rest.ptr[0] == '|')
		return str_from(rest, 1);
	return line;
}

struct python {
	struct trace *trace;
	size_t at;
	bool margin; /* inside a group */
	struct str file, line, function;
	bool files; /* frames of files were seen, not only of code typed in */
	bool frames;
	bool first;  /* the next frame is the outermost */
	bool module; /* ... and it was the program itself: nobody was there to catch */
};

static struct str current(const struct python *p)
{
	struct str s = p->trace->lines[p->at];

	return p->margin ? without_margin(s) : s;
}

static bool more(const struct python *p)
{
	return p->at < p->trace->count;
}

static bool is_rule(struct str s)
{
	return str_starts(str_trim(s), "-----");
}

static bool is_chain(struct str s)
{
	return str_contains(s, "exception was the direct cause of") ||
	       str_starts(str_trim(s), "During handling of the above exception");
}

/*   File "/app/x.py", line 12, in name */
static bool frame(struct python *p, struct str s)
{
	struct str rest = str_trim(s), file, after;

	if (str_starts(rest, "> File"))
		rest = str_from(rest, 2);
	if (!str_starts(rest, "File \"") || !str_cut(str_from(rest, 6), "\", line ", &file, &after))
		return false;
	p->frames = true;
	if (p->first)
		p->module = str_contains(after, ", in <module>") ||
			    str_contains(after, ", in _run_module_as_main");
	p->first = false;
	struct str line = str_digits(after);
	bool typed = str_is(file, "<string>") || str_is(file, "<stdin>");
	if (!typed && !p->files) {
		p->files = true;
		p->file = (struct str){"", 0};
	}
	if (line.len == 0 || (typed ? p->files : !exception_is_app_file(file)))
		return true;
	p->file = file;
	p->line = line;
	struct str before, function;
	p->function = str_cut(after, ", in ", &before, &function) ? function : (struct str){"", 0};
	return true;
}

/* Frames, their code and carets: everything until the line that names the exception. */
static void skip_frames(struct python *p)
{
	for (; more(p); p->at++) {
		struct str s = current(p);

		if (frame(p, s) || line_blank(s) || line_indent(s) > 0)
			continue;
		break;
	}
}

/* Where the message ends: a blank line followed by anything but indented text, a new trace, the
 * margin's rule, or what a logger began. */
static size_t message_end(struct python *p, bool bare)
{
	size_t end = p->at;

	while (more(p)) {
		struct str s = current(p);

		if (is_chain(s) || is_rule(s) || str_contains(s, HEADER) || line_prefixed(s))
			break;
		if (bare && !line_blank(s) && line_indent(s) == 0)
			break;
		p->at++;
		if (!line_blank(s))
			end = p->at;
		else if (more(p) && !line_blank(current(p)) && line_indent(current(p)) == 0)
			break;
	}
	return end;
}

/* The line that names the exception, and its message. */
static bool exception_line(struct python *p)
{
	struct str type, message;

	if (!more(p) || !line_head(current(p), &type, &message))
		return false;
	size_t from = ++p->at;
	size_t to = message_end(p, message.len == 0);
	struct exception_link *link = trace_link(p->trace, type, (struct str){"", 0});

	if (p->margin) {
		for (size_t i = from; i < to; i++)
			p->trace->lines[i] = without_margin(p->trace->lines[i]);
	}
	link->message = trace_join(p->trace, message, from, to);
	if (p->file.len) {
		link->location = trace_place(p->trace, p->file, p->line);
		link->function = p->function;
	}
	p->file = p->line = p->function = (struct str){"", 0};
	p->files = false;
	return true;
}

static void skip_blank(struct python *p)
{
	while (more(p) && line_blank(current(p)))
		p->at++;
}

/* Members of a group, each behind a rule with its number; then the group moves behind them. */
static void group_members(struct python *p, size_t group)
{
	struct trace *t = p->trace;

	while (more(p)) {
		struct str s = current(p);

		if (!is_rule(s) && !line_blank(s) && !is_chain(s) && !str_contains(s, HEADER) &&
			t->lines[p->at].len == s.len)
			break; /* the margin has ended */
		if (is_rule(s) || line_blank(s) || is_chain(s) || str_contains(s, HEADER)) {
			p->at++;
			continue;
		}
		skip_frames(p);
		if (!exception_line(p))
			p->at++;
	}
	struct exception_link head = t->links[group];
	for (size_t i = group; i + 1 < t->link_count; i++)
		t->links[i] = t->links[i + 1];
	t->links[t->link_count - 1] = head;
}

/* One traceback from its header on. */
static bool traceback(struct python *p)
{
	struct str s = current(p);

	p->margin = p->margin || str_contains(s, "Exception Group Traceback");
	p->at++;
	p->first = true;
	skip_frames(p);
	size_t link = p->trace->link_count;
	if (!exception_line(p))
		return false;
	skip_blank(p);
	if (p->margin && more(p) && is_rule(current(p)) && link < p->trace->link_count)
		group_members(p, link);
	return true;
}

/* After one traceback: whether the next belongs to the same chain. */
static bool chained(struct python *p)
{
	skip_blank(p);
	if (!more(p) || !is_chain(current(p)))
		return false;
	p->at++;
	skip_blank(p);
	return more(p) && str_contains(current(p), HEADER);
}

bool exception_python(struct trace *t, size_t at)
{
	struct python p = {.trace = t, .at = at};

	if (!str_contains(t->lines[at], HEADER))
		return false;
	if (!traceback(&p))
		return false;
	while (t->link_count < EXCEPTION_LINKS_MAX && chained(&p)) {
		p.margin = str_contains(current(&p), "Exception Group Traceback");
		if (!traceback(&p))
			break;
	}
	t->out->language = "python";
	t->out->frames = p.frames;
	/* A logger's own line would stand above it. */
	t->out->fatal = p.module && at == 0 && str_starts(t->lines[0], HEADER);
	return true;
}
