/*
 * Reading single lines of a trace: where a type ends, what a logger put in front, whose frame it is,
 * and whether a file belongs to the application.
 */
#include <ctype.h>
#include <pthread.h>

#include "exception_private.h"
#include "signs.h"

size_t line_indent(struct str s)
{
	size_t n = 0;

	while (n < s.len && (s.ptr[n] == ' ' || s.ptr[n] == '\t'))
		n++;
	return n;
}

bool line_blank(struct str s)
{
	return line_indent(s) == s.len;
}

struct str str_digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && isdigit((unsigned char)s.ptr[n]))
		n++;
	return str_sub(s, 0, n);
}

bool str_cut(struct str s, const char *needle, struct str *before, struct str *after)
{
	size_t at = str_find(s, str_of(needle));

	if (at == SIZE_MAX)
		return false;
	*before = str_sub(s, 0, at);
	*after = str_from(s, at + strlen(needle));
	return true;
}

bool str_cut_last(struct str s, const char *needle, struct str *before, struct str *after)
{
	size_t n = strlen(needle), left = s.len < n ? 0 : s.len - n + 1;
	const char *p;

	while (left && (p = memrchr(s.ptr, *needle, left))) {
		left = (size_t)(p - s.ptr);
		if (memcmp(p, needle, n) != 0)
			continue;
		*before = str_sub(s, 0, left);
		*after = str_from(s, left + n);
		return true;
	}
	return false;
}

/* ASCII, whatever the locale. */
static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* "Jan  2 12:", "Nov 23, 2026 9:16:19 PM". */
static bool begins_with_month(struct str s)
{
	if (s.len < 12 || !is_upper(s.ptr[0]) || s.ptr[3] != ' ')
		return false;
	for (const char *months = "JanFebMarAprMayJunJulAugSepOctNovDec"; *months; months += 3) {
		if (memcmp(s.ptr, months, 3) == 0)
			return isdigit((unsigned char)s.ptr[5]) || isdigit((unsigned char)s.ptr[4]);
	}
	return false;
}

/* "2026-01-02", "2026/01/02", "12:34:56", or with the name of the month. */
static bool begins_with_time(struct str s)
{
	size_t digits = str_digits(s).len;
	char next = digits < s.len ? s.ptr[digits] : 0;

	if (digits == 4 && s.len >= 10 && (next == '-' || next == '/'))
		return isdigit((unsigned char)s.ptr[5]) && s.ptr[7] == next;
	if (digits == 2 && s.len >= 8 && next == ':')
		return isdigit((unsigned char)s.ptr[3]) && s.ptr[5] == ':';
	return begins_with_month(s);
}

/* "ERROR:", "WARN ", "INFO]", "FATAL -"; only in capitals, since "Error: x" is an exception. */
static bool begins_with_level(struct str s)
{
	static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "NOTICE", "WARNING", "WARN",
		"ERROR", "CRITICAL", "FATAL", "SEVERE", "ALERT", "EMERGENCY", "LOG", "FINE",
		"CONFIG", "ERR", NULL};
	/* winston's "error: message" and fastify's; "error: " of a shell tool begins a line too */
	static const char *const lower[] = {"info", "warn", "error", "debug", "warning", NULL};
	enum { SHORTEST = 3, LONGEST = 9 };
	size_t n = 0;
	bool capitals = s.len && is_upper(s.ptr[0]);

	while (n < s.len && n <= LONGEST && (capitals ? is_upper(s.ptr[n]) : is_lower(s.ptr[n])))
		n++;
	if (n < SHORTEST || n > LONGEST || n == s.len)
		return false;
	if (!strchr(capitals ? ": ]-|\t" : ":]", s.ptr[n]))
		return false;
	for (const char *const *level = capitals ? levels : lower; *level; level++)
		if (str_is(str_sub(s, 0, n), *level))
			return true;
	return false;
}

/* klog's "E0102 12:34:56", Ruby's "E, [2026-01-02...": a letter for the level. */
static bool begins_with_letter(struct str s)
{
	if (s.len < 6 || !strchr("IWEFD", s.ptr[0]))
		return false;
	if (s.ptr[1] == ',' && s.ptr[2] == ' ' && s.ptr[3] == '[')
		return true;
	return str_digits(str_from(s, 1)).len == 4 && s.ptr[5] == ' ';
}

bool line_prefixed(struct str s)
{
	if (s.len > 1 && strchr("[<(", s.ptr[0]))
		s = str_from(s, 1);
	if (s.len > 1 && s.ptr[0] == '{' && s.ptr[1] == '"')
		return true;
	return begins_with_time(s) || begins_with_level(s) || begins_with_letter(s) ||
	       str_starts(s, "level=") || str_starts(s, "time=") || str_starts(s, "ts=");
}

static bool is_name_char(unsigned char c)
{
	return is_lower((char)(c | 32)) || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == '$' || c == '\\' || c >= 0x80;
}

/* Bytes of a name such as a.b.C, A::B or A\B at the start of `s`. */
static size_t name_length(struct str s)
{
	size_t n = 0;

	while (n < s.len) {
		if (is_name_char((unsigned char)s.ptr[n]))
			n++;
		else if (s.ptr[n] == ':' && n + 2 < s.len && s.ptr[n + 1] == ':')
			n += 2;
		else
			break;
	}
	if (n == 0 || isdigit((unsigned char)s.ptr[0]) || s.ptr[n - 1] == '.')
		return 0;
	return n;
}

/* Skips "[ERR_X]" or "(0x80004005)" between a type and its colon: "TypeError [ERR_X]: m",
 * "NpgsqlException (0x80004005): m". Returns the new offset, or `s.len + 1` when no colon follows. */
static size_t skip_code(struct str s, size_t n)
{
	if (n + 1 >= s.len || s.ptr[n] != ' ' || (s.ptr[n + 1] != '[' && s.ptr[n + 1] != '('))
		return n;
	size_t end = str_find_char(str_from(s, n), s.ptr[n + 1] == '[' ? ']' : ')');

	if (end == SIZE_MAX || n + end + 1 >= s.len || s.ptr[n + end + 1] != ':')
		return s.len + 1;
	return n + end + 1;
}

bool line_head(struct str line, struct str *type, struct str *message)
{
	struct str s = str_trim(line);
	size_t n = name_length(s);

	if (n == 0)
		return false;
	*type = str_sub(s, 0, n);
	n = skip_code(s, n);
	if (n == s.len) {
		*message = str_from(s, n);
		return true;
	}
	if (n > s.len || s.ptr[n] != ':' || (n + 1 < s.len && s.ptr[n + 1] != ' '))
		return false;
	*message = str_trim(str_from(s, n + 1));
	return true;
}

bool type_is_error(struct str type)
{
	static const char *const ends[] = {"Error", "Exception", "Fault", "Failure", "Interrupt",
		"Exit", "Timeout", "TimedOut", "Refused", "Unavailable", "NotFound", "Expired",
		"Invalid", "Denied", "Forbidden", "Unauthorized", "Group", "Throwable", "Rejected",
		"DoesNotExist", "Violation", "UndefinedTable", "UndefinedColumn", "Throwable",
		NULL};
	struct str before, name = type;

	if (str_starts(type, "Errno::") || str_starts(type, "PG::"))
		return true;
	if (str_cut_last(type, ".", &before, &name) && name.len == 0)
		return false;
	if (str_contains(type, "::"))
		str_cut_last(type, "::", &before, &name);
	if (name.len == 0 || !is_upper(name.ptr[0]))
		return false;
	for (size_t i = 0; ends[i]; i++) {
		if (str_ends(name, ends[i]))
			return true;
	}
	return false;
}

/* Whether one of the parts is in it. They all begin with the same byte. */
static bool contains_any(struct str s, const char *const *parts)
{
	for (size_t at; (at = str_find_char(s, **parts)) != SIZE_MAX;) {
		struct str rest = str_from(s, at);

		for (size_t i = 0; parts[i] && rest.len > 1; i++)
			if (rest.ptr[1] == parts[i][1] && str_starts(rest, parts[i]))
				return true;
		s = str_from(rest, 1);
	}
	return false;
}

static bool starts_any(struct str s, const char *const *begins)
{
	for (size_t i = 0; begins[i]; i++) {
		if (str_starts(s, begins[i]))
			return true;
	}
	return false;
}

/* Of what follows "at ". */
static enum frame_kind line_frame_kind(struct str s)
{
	static const char *const jvm[] = {".java", ".kt", ".scala", ".groovy", ".clj", NULL};
	static const char *const jvm_places[] = {"Native Method)", "Unknown Source)", NULL};
	static const char *const node_places[] = {"<anonymous>", "native)", "index ", NULL};
	struct str before, inside;

	s = str_trim(s);
	if (str_find(s, STR(":line ")) != SIZE_MAX || str_find(s, STR("+MoveNext(")) != SIZE_MAX)
		return FRAME_DOTNET;
	if (!str_cut_last(s, "(", &before, &inside)) { /* "at /app/x.js:3:1", "at async f" */
		bool placed = s.len && isdigit((unsigned char)s.ptr[s.len - 1]);
		return placed || str_starts(s, "async ") ? FRAME_NODE : FRAME_NONE;
	}
	if (contains_any(inside, jvm) || starts_any(inside, jvm_places))
		return FRAME_JVM;
	if (starts_any(inside, node_places) || str_find_char(inside, ':') != SIZE_MAX)
		return FRAME_NODE;
	return FRAME_DOTNET;
}

enum frame_kind line_frame(struct str line)
{
	size_t indent = line_indent(line);
	struct str s = str_from(line, indent);

	return indent && str_starts(s, "at ") ? line_frame_kind(str_from(s, 3)) : FRAME_NONE;
}

bool line_is_frame(struct str line)
{
	size_t indent = line_indent(line);
	struct str s = str_from(line, indent);

	if (!indent || !str_starts(s, "at "))
		return false;
	return str_find_char(s, '(') != SIZE_MAX || line_frame_kind(str_from(s, 3)) != FRAME_NONE;
}

/* Folders of runtimes and libraries. */
static struct signs foreign;
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void foreign_init(void)
{
	static const char *const parts[] = {"/site-packages/", "/dist-packages/", "/node_modules/",
		"/gems/", "/rubygems", "/vendor/", "/rustc/", "/.cargo/", "/go/pkg/mod/",
		"/usr/local/go/src/", "/usr/lib/go", "/lib/ruby/", "/usr/lib/", "/pkg/mod/",
		"/usr/include/", "/.venv/lib/", "/_build/", "/libsanitizer/", "/sysdeps/", "/glibc",
		"/cargo/registry/", "/usr/share/php", "/dart-sdk/", NULL};

	signs_init(&foreign, parts);
}

bool exception_is_app_file(struct str file)
{
	static const char *const begins[] = {"node:", "internal/", "<frozen ",
		"<internal:", "/_/src/", "/_/", "node_modules/", "vendor/", "runtime/", "[internal",
		"(internal", "webpack-internal:", "gems/", "../sysdeps", "./nptl", "events.js",
		"net.js", "library/std/", "library/core/", NULL};
	const struct str python = STR("/lib/python");

	pthread_once(&ready, foreign_init);
	if (signs_in(&foreign, file) || starts_any(file, begins))
		return false;
	/* lib/python3.11/, not an application's own folder lib/python/ */
	size_t at = str_find(file, python);
	if (at != SIZE_MAX && str_digits(str_from(file, at + python.len)).len)
		return false;
	/* generated code and frozen modules have a name in angle brackets */
	return file.len > 0 && file.ptr[0] != '<';
}
