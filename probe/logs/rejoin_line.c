#include <ctype.h>
#include <limits.h>
#include <pthread.h>

#include "exception_private.h"
#include "rejoin_private.h"
#include "signs.h"

struct str rejoin_plain(struct str line)
{
	while (line.len > 1 && line.ptr[0] == '\x1b' && line.ptr[1] == '[') {
		size_t n = 2;

		while (n < line.len && !isalpha((unsigned char)line.ptr[n]))
			n++;
		line = str_from(line, n + 1);
	}
	return line;
}

static bool starts_any(struct str s, const char *const *begins)
{
	for (size_t i = 0; begins[i]; i++) {
		if (str_starts(s, begins[i]))
			return true;
	}
	return false;
}

/* "/app/x.js:5", "node:events:502", "file:///app/x.mjs:5" and nothing else. */
static bool is_node_place(struct str s)
{
	struct str file, number;

	return s.len < 512 && str_find_char(s, ' ') == SIZE_MAX &&
	       str_cut_last(s, ":", &file, &number) && number.len &&
	       str_digits(number).len == number.len &&
	       (str_starts(s, "node:") || str_starts(s, "file://") || str_contains(file, ".js") ||
		       str_contains(file, ".mjs") || str_contains(file, ".ts") ||
		       str_contains(file, ".cjs") || str_starts(s, "evalmachine"));
}

/* "main.main()", "net/http.(*conn).serve(0xc0001, {0x1})": no blank before the parenthesis. */
static bool is_go_call(struct str s)
{
	if (s.len <= 3 || s.ptr[s.len - 1] != ')')
		return false;
	size_t open = str_find_char(s, '('), blank = str_find_char(s, ' ');

	return open != SIZE_MAX && open < blank &&
	       str_find_char(str_sub(s, 0, open), '.') != SIZE_MAX;
}

/* A frame whose form belongs to no other kind of line. */
static bool is_frame(struct str line, struct str s, size_t indent)
{
	/* "> File ..." marks the frame that failed, of loguru. */
	if (indent == 0)
		return str_starts(s, "> File \"") ||
		       (str_starts(s, "from ") &&
			       (str_contains(s, ":in `") || str_contains(s, ":in '")));
	return line_is_frame(line) || str_starts(s, "File \"") ||
	       (str_starts(s, "from ") && str_contains(s, ":")) ||
	       (s.len > 2 && s.ptr[0] == '#' && isdigit((unsigned char)s.ptr[1]));
}

static bool is_cause(struct str s, size_t indent)
{
	static const char *const begins[] = {"Caused by:", "Suppressed: ", "Wrapped by: ", "---> ",
		"--- End of ", "[cause]: ", "[errors]: ", NULL};

	if (starts_any(s, begins))
		return true;
	return str_starts(s, "... ") && indent > 0;
}

static enum line_kind indented_kind(struct str line, struct str s, size_t indent)
{
	if (is_cause(s, indent))
		return LINE_CAUSE;
	if (is_frame(line, s, indent))
		return LINE_FRAME;
	if (str_starts(s, "| ") || str_starts(s, "+-") || str_starts(s, "+ Exception Group") ||
		str_is(s, "|"))
		return LINE_MARGIN;
	/* a logger that indents its lines begins an event all the same */
	return indent < 4 && line_prefixed(s) ? LINE_PREFIXED : LINE_INDENTED;
}

static bool is_native(struct str s)
{
	static const char *const begins[] = {"terminate called ", "*** stack smashing", NULL};
	struct str before, after;

	if (str_starts(s, "==") && str_cut(s, "ERROR: ", &before, &after) && before.len < 32)
		return true;
	return starts_any(s, begins);
}

static bool is_ruby(struct str s)
{
	struct str before, after;

	if (!str_cut(s, ":in `", &before, &after) && !str_cut(s, ":in '", &before, &after))
		return false;
	return isdigit((unsigned char)(before.len ? before.ptr[before.len - 1] : 0));
}

/* "goroutine 1 [running]:", "exit status 2", "created by main.main": words of Go only with these. */
static bool is_goroutine(struct str s)
{
	struct str before, rest;

	if (!str_cut(s, " ", &before, &rest))
		return false;
	if (str_starts(s, "goroutine "))
		return str_digits(rest).len > 0;
	if (str_starts(s, "exit status "))
		return str_digits(str_from(s, 12)).len > 0;
	if (str_starts(s, "created by "))
		return str_find_char(str_from(s, 11), '.') != SIZE_MAX;
	return true;
}

/* Kinds that one knows by their first words. */
static const struct {
	enum line_kind kind;
	const char *begins[14];
} worded[] = {
	{LINE_CHAIN, {"The above exception was the direct cause",
			     "During handling of the above exception"}},
	{LINE_CAUSE, {"Caused by:", "Wrapped by: ", "--- End of ", "---> "}},
	{LINE_GO, {"panic: ", "fatal error: "}},
	{LINE_GOROUTINE, {"goroutine ", "created by ", "exit status ", "[signal "}},
	{LINE_NOTE, {"note: run with", "note: Some details", "stack backtrace:", "Node.js v",
			    "Emitted 'error' event", "Require stack:", "Location:",
			    "Stack backtrace:", "Backtrace omitted"}},
	{LINE_PHP, {"PHP Fatal error: ", "Fatal error: ", "PHP Parse error: "}},
	{LINE_STACK, {"Stack trace:", "#0 ", "#1 ", "#2 ", "[stacktrace]", "[previous exception]"}},
	{LINE_DETAIL, {"DETAIL: ", "HINT: ", "CONTEXT: ", "LINE 1", "LINE 2",
			      "QUERY: ", "[SQL: ", "[parameters: ", "(Background on this error",
			      "For further information visit", "nested exception is"}},
};
enum { WORDED = sizeof(worded) / sizeof(*worded) };

static bool begins_worded[UCHAR_MAX + 1]; /* by a line's first byte */

static void worded_init(void)
{
	for (size_t i = 0; i < WORDED; i++)
		for (const char *const *word = worded[i].begins; *word; word++)
			begins_worded[(unsigned char)**word] = true;
}

static enum line_kind worded_kind(struct str s)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, worded_init);
	for (size_t i = 0; begins_worded[(unsigned char)s.ptr[0]] && i < WORDED; i++) {
		if (!starts_any(s, worded[i].begins))
			continue;
		if (worded[i].kind != LINE_GOROUTINE || is_goroutine(s))
			return worded[i].kind;
	}
	return LINE_OTHER;
}

static bool is_head(struct str s)
{
	struct str type, message, before, after;

	if (str_starts(s, "Exception in thread ") || str_starts(s, "Unhandled exception. ") ||
		str_starts(s, "Uncaught ") || str_starts(s, "Error: "))
		return true;
	if (!line_head(s, &type, &message) || !type_is_error(type))
		return false;
	return !str_cut(s, ": ", &before, &after) || str_find_char(before, '(') == SIZE_MAX ||
	       str_find_char(before, ')') != SIZE_MAX;
}

/* Kinds of lines without indent and without a logger's prefix. */
static enum line_kind plain_kind(struct str line, struct str s)
{
	enum line_kind kind = worded_kind(s);

	if (kind != LINE_OTHER)
		return kind;
	if (s.ptr[0] == '}' || s.ptr[0] == ']')
		return LINE_CLOSE;
	if (is_native(s))
		return LINE_NATIVE;
	if (str_starts(s, "Next ") && is_head(str_from(s, 5)))
		return LINE_STACK;
	if (is_frame(line, s, 0))
		return LINE_FRAME;
	if (is_head(s))
		return LINE_HEAD;
	if (is_node_place(s))
		return LINE_NODE;
	return is_go_call(s) ? LINE_CALL : LINE_OTHER;
}

enum line_kind rejoin_kind(struct str line)
{
	struct str s = str_trim(line);
	size_t indent = line_indent(line);

	if (s.len == 0)
		return LINE_BLANK;
	/* Looking for one byte is many times faster than looking for words. */
	if (str_find_char(s, '(') != SIZE_MAX &&
		str_contains(s, "Traceback (most recent call last):"))
		return LINE_TRACEBACK;
	if (indent > 0)
		return indented_kind(line, s, indent);
	bool quote = str_find_char(s, '\'') != SIZE_MAX;

	if (quote && str_contains(s, " panicked at ") && str_contains(s, "thread '"))
		return LINE_RUST;
	if ((quote || str_find_char(s, '`') != SIZE_MAX) && is_ruby(s))
		return LINE_RUBY;
	if (line_prefixed(s))
		return str_contains(s, "panic serving ") ? LINE_GO : LINE_PREFIXED;
	return plain_kind(line, s);
}

static struct signs error_signs;
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void signs_ready(void)
{
	static const char *const words[] = {"ERROR", "CRITICAL", "FATAL", "SEVERE", "error", "WARN",
		"Exception", "Error", "failed", "fatal", "ALERT", "EMERG", "FTL]", "ERR]", " FTL ",
		" ERR ", "fail: ", "crit: ", NULL};

	signs_init(&error_signs, words);
}

bool rejoin_is_error(struct str line)
{
	pthread_once(&ready, signs_ready);
	return signs_in(&error_signs, str_sub(line, 0, 256));
}

bool rejoin_is_jul(struct str line)
{
	struct str s = str_sub(line, 0, 64), before, after;

	if (s.len < 24 || !isupper((unsigned char)s.ptr[0]) || s.ptr[3] != ' ' ||
		!str_cut(s, ", ", &before, &after) || before.len > 6)
		return false;
	return str_contains(after, " AM ") || str_contains(after, " PM ");
}

unsigned rejoin_postgres(struct str line, bool *detail)
{
	static const struct {
		const char *word;
		bool detail;
	} levels[] = {{"ERROR:  ", false}, {"FATAL:  ", false}, {"PANIC:  ", false},
		{"DETAIL:  ", true}, {"HINT:  ", true}, {"STATEMENT:  ", true},
		{"CONTEXT:  ", true}, {"QUERY:  ", true}, {"LOCATION:  ", true}};
	struct str head = str_sub(line, 0, 160), before, after, pid;

	if (!str_cut(head, "[", &before, &after) || !str_contains(head, ":  "))
		return 0;
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (!str_cut(after, levels[i].word, &pid, &before))
			continue;
		unsigned hash = 5381;
		for (size_t k = 0; k < pid.len; k++)
			hash = hash * 33 + (unsigned char)pid.ptr[k];
		*detail = levels[i].detail;
		return hash ? hash : 1;
	}
	return 0;
}

size_t rejoin_message_lines(struct str line)
{
	struct str type, message;

	if (str_starts(line, "Exception in thread "))
		return 5;
	if (str_starts(line, "Require stack:"))
		return 20;
	if (!line_head(line, &type, &message))
		return 0;
	/* a class with its package, as Java prints it: frames are sure to come */
	return str_ends(type, "Exception") && str_find_char(type, '.') != SIZE_MAX ? 3 : 0;
}

bool rejoin_is_sanitizer(struct str line)
{
	static const char *const begins[] = {"READ of size", "WRITE of size", "0x",
		"freed by thread", "previously allocated by", "SUMMARY: ", "Shadow byte", "=>0x",
		"Thread T", "HINT: ", "Direct leak", "Indirect leak", "==", "Aborted",
		"The signal is caused", NULL};

	return starts_any(line, begins);
}
