#include "exception_private.h"
#include "signs.h"

#include <pthread.h>

#include "probe/buf.h"

/*
 * Every text that a parser takes has one of these, or "::". "rror" and "xception" stand for both cases of
 * their first letter.
 */
static const char *const signs[] = {"rror", "Sanitizer", "xception", "Traceback", "panic", "\tat ",
	"    at ", "Caused by:", ":in `", ":in '", "Interrupt", "Exit", "Fault", "Failure",
	"Timeout", "TimedOut", "Refused", "Unavailable", "NotFound", "Expired", "Invalid", "Denied",
	"Forbidden", "Unauthorized", "Group", "Throwable", "Rejected", "DoesNotExist", "Violation",
	"Undefined", "terminate called", "Assertion `", "egmentation fault", "segfault at",
	"Aborted (core", "llegal instruction", "loating point", "*** ", "malloc()", "free()",
	"corruption", "corrupted size", "' not found (required", "[object] (", "dial ", "lookup ",
	"open /", "stat /", "read tcp", "write tcp", "listen ", "mkdir /", "exec",
	"x509: ", "tls: ", "pq: ", "strconv.", "unable to open", "context ", "unexpected EOF",
	"invalid char", "json: ", "yaml: ", "failed to connect to `", "oauth2: ", "token ",
	"signature is", "required ", NULL};

static struct signs exception_signs;

/* When first asked, by whichever thread: most runs read no log. */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void signs_ready(void)
{
	signs_init(&exception_signs, signs);
}

bool exception_possible(struct str text)
{
	pthread_once(&ready, signs_ready);
	if (text.len > EXCEPTION_TEXT_MAX)
		text.len = EXCEPTION_TEXT_MAX;
	return signs_in(&exception_signs, text) || str_contains(text, "::");
}

struct exception_link *trace_link(struct trace *t, struct str type, struct str message)
{
	struct exception_link *link = &t->links[t->link_count];

	if (t->link_count == EXCEPTION_LINKS_MAX)
		return link - 1;
	t->link_count++;
	*link = (struct exception_link){
		.type = type, .message = message, .location = {"", 0}, .function = {"", 0}};
	return link;
}

struct str trace_join(struct trace *t, struct str first, size_t from, size_t to)
{
	struct buf b;

	while (to > from && line_blank(t->lines[to - 1]))
		to--;
	if (from >= to)
		return first;
	buf_init(&b, EXCEPTION_MESSAGE_MAX);
	buf_add_str(&b, first);
	for (size_t i = from; i < to && !b.overflow; i++) {
		if (b.len)
			buf_add_char(&b, '\n');
		buf_add_str(&b, t->lines[i]);
	}
	struct str joined = arena_str(t->arena, buf_str(&b));
	buf_release(&b);
	return joined;
}

struct str trace_place(struct trace *t, struct str file, struct str line)
{
	if (file.len > 1024)
		file = str_from(file, file.len - 1024);
	/* A NUL in it ends it. */
	file.len = strnlen(file.ptr, file.len);
	line.len = strnlen(line.ptr, line.len);
	char *out = arena_alloc(t->arena, file.len + line.len + 2);

	memcpy(out, file.ptr, file.len);
	out[file.len] = ':';
	memcpy(out + file.len + 1, line.ptr, line.len);
	return (struct str){out, file.len + 1 + line.len};
}

void trace_reverse(struct trace *t, size_t from)
{
	for (size_t i = from, j = t->link_count; i + 1 < j; i++, j--) {
		struct exception_link link = t->links[i];

		t->links[i] = t->links[j - 1];
		t->links[j - 1] = link;
	}
}

/* Length of an ANSI escape sequence at `at` (ECMA-48: CSI and two-byte forms). */
static size_t escape_length(struct str s, size_t at)
{
	size_t end = at + 1;

	if (end < s.len && s.ptr[end] == '[') {
		end++;
		while (end < s.len && !(s.ptr[end] >= '@' && s.ptr[end] <= '~') && end < at + 32)
			end++;
	}
	return end < s.len ? end + 1 - at : s.len - at;
}

/* How the lines of the text are divided: "\n" in two characters, " | ", or real line ends. */
enum division { DIVIDE_LF, DIVIDE_ESCAPED, DIVIDE_BAR };

static enum division find_division(struct str text)
{
	static const char *const escaped[] = {"(most recent call last):\\n", "\\n  File \"",
		"\\n\\tat ", "\\n    at ", "\\n   at ", "\\n\\tfrom ", "\\ngoroutine ",
		"\\nStack trace:", "\\nCaused by:", NULL};

	bool backslash = str_find_char(text, '\\') != SIZE_MAX;

	for (size_t i = 0; backslash && escaped[i]; i++) {
		if (str_contains(text, escaped[i]))
			return DIVIDE_ESCAPED;
	}
	if (str_find_char(str_trim(text), '\n') != SIZE_MAX)
		return DIVIDE_LF;
	if (!str_contains(text, " | "))
		return DIVIDE_LF;
	if (str_contains(text, "(most recent call last): | ") || str_contains(text, " | \tat ") ||
		str_contains(text, " |     at ") || str_contains(text, " |   File \""))
		return DIVIDE_BAR;
	return DIVIDE_LF;
}

/* One character of escaped text: returns how many bytes it was written with, 1 and *c = 0 for a
 * character that stands for itself. */
static size_t unescape(struct str s, size_t at, char *c)
{
	static const char from[] = "nrt\"\\'/", to[] = "\nX\t\"\\'/";
	const char *found;

	*c = 0;
	if (s.ptr[at] != '\\' || at + 1 >= s.len || !(found = strchr(from, s.ptr[at + 1])) ||
		!*found)
		return 1;
	*c = to[found - from];
	return 2;
}

/* The text without colours and carriage returns, its lines divided by '\n'. */
static struct str normalise(struct arena *arena, struct str text)
{
	enum division division = find_division(text);

	/* Nearly all are written so. */
	if (division == DIVIDE_LF && str_find_char(text, '\x1b') == SIZE_MAX &&
		str_find_char(text, '\r') == SIZE_MAX)
		return text;
	char *out = arena_alloc(arena, text.len + 1), c;
	size_t len = 0;

	for (size_t i = 0; i < text.len;) {
		if (text.ptr[i] == '\x1b') {
			i += escape_length(text, i);
			continue;
		}
		if (division == DIVIDE_BAR && str_starts(str_from(text, i), " | ")) {
			out[len++] = '\n';
			i += 3;
			continue;
		}
		size_t n = division == DIVIDE_ESCAPED ? unescape(text, i, &c) : 1;
		if (n == 1)
			c = text.ptr[i];
		if (!(n == 2 && c == 'X') && c != '\r')
			out[len++] = c;
		i += n;
	}
	return (struct str){out, len};
}

static void divide(struct trace *t, struct str text)
{
	size_t lines = 1, at;

	for (struct str rest = text;
		lines < TRACE_LINES_MAX && (at = str_find_char(rest, '\n')) != SIZE_MAX; lines++)
		rest = str_from(rest, at + 1);
	t->lines = ARENA_ARRAY(t->arena, lines, struct str);
	while (t->count < lines && str_line(&text, &t->lines[t->count]))
		t->count++;
}

/* What a logger said before the trace, for people: the line in front without colours. */
static struct str head_of(const struct trace *t, size_t at)
{
	static const char header[] = "Traceback (most recent call last):";
	struct str before, after;

	if (str_cut(t->lines[at], header, &before, &after)) {
		before = str_trim(before);
		/* uvicorn's "ERROR:    Traceback" and a group's margin say nothing themselves */
		if (before.len > 12)
			return before;
	}
	while (at-- > 0) {
		struct str s = str_trim(t->lines[at]);

		if (s.len)
			return s;
	}
	return (struct str){"", 0};
}

static struct str bounded(struct arena *arena, struct str s)
{
	return s.len ? arena_str(arena, str_sub(s, 0, EXCEPTION_MESSAGE_MAX)) : (struct str){"", 0};
}

/* Copies the chain out of the lines into the result. */
static struct exception *finish(struct trace *t, size_t at)
{
	struct exception *e = t->out;

	e->count = t->link_count;
	e->links = ARENA_ARRAY(t->arena, e->count, struct exception_link);
	for (size_t i = 0; i < e->count; i++) {
		const struct exception_link *from = &t->links[i];

		e->links[i] = (struct exception_link){.type = bounded(t->arena, from->type),
			.message = bounded(t->arena, from->message),
			.location = bounded(t->arena, from->location),
			.function = bounded(t->arena, from->function)};
		if (e->location.len == 0)
			e->location = e->links[i].location;
	}
	if (e->location.ptr == NULL)
		e->location = (struct str){"", 0};
	e->head = bounded(t->arena, head_of(t, at));
	return e;
}

/* What closes the place a message stands in, in a line: error="...", "X (message):". */
static void drop_closing(struct str *s)
{
	size_t quotes = 0;

	for (size_t i = 0; i < s->len; i++)
		quotes += s->ptr[i] == '"';
	if (quotes % 2 && s->ptr[s->len - 1] == '"')
		s->len--;
	else if (str_ends(*s, "):") && str_find_char(*s, '(') == SIZE_MAX)
		s->len -= 2;
}

struct exception *exception_parse(struct arena *arena, struct str text)
{
	/* in this order: a form that is more telling before one that would also fit */
	static bool (*const with_stack[])(struct trace *, size_t) = {exception_python, exception_go,
		exception_rust, exception_php, exception_dotnet, exception_jvm, exception_node,
		exception_ruby, exception_native};
	struct trace t = {.arena = arena};

	if (text.len > EXCEPTION_TEXT_MAX)
		text.len = EXCEPTION_TEXT_MAX;
	if (!exception_possible(text))
		return NULL;
	t.out = ARENA_NEW(arena, struct exception);
	divide(&t, normalise(arena, text));
	for (size_t i = 0; i < t.count; i++) {
		for (size_t k = 0; k < sizeof(with_stack) / sizeof(*with_stack); k++) {
			if (with_stack[k](&t, i))
				return finish(&t, i);
			t.link_count = 0;
			*t.out = (struct exception){0};
		}
	}
	for (size_t i = 0; i < t.count && i < TRACE_AHEAD; i++) {
		if (!exception_wrapped(&t, i) && !exception_lone(&t, i))
			continue;
		for (size_t k = 0; k < t.link_count; k++)
			drop_closing(&t.links[k].message);
		return finish(&t, i);
	}
	return NULL;
}

/* A formatter's own complaint about a record, not about the program. */
static bool is_formatter_default(struct str type, struct str message)
{
	return str_is(message, "Missing field") &&
	       (type.len == 0 || str_is(type, "str") || str_is(type, "string"));
}

struct exception *exception_from_fields(
	struct arena *arena, struct str type, struct str message, struct str stack)
{
	if (is_formatter_default(type, message) || type.len + message.len + stack.len == 0)
		return NULL;
	struct exception *e = stack.len ? exception_parse(arena, stack) : NULL;
	if (e)
		return e;
	/* a message that is a whole traceback, or a type alone that says nothing */
	e = exception_parse(arena, message);
	if (e && e->frames)
		return e;
	if (type.len && !type_is_error(type) && !str_is(type, "Error"))
		return e;
	if (type.len == 0 && e)
		return e;
	if (message.len == 0)
		return NULL;
	struct trace t = {.arena = arena, .out = ARENA_NEW(arena, struct exception)};
	struct str none = {"", 0};
	t.count = 1;
	t.lines = &none;
	t.out->language = "text";
	trace_link(&t, type, message);
	return finish(&t, 0);
}
