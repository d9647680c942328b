/*
 * What the files exception*.c share: the event as lines, and the chain that a language fills.
 */
#ifndef PROBE_LOGS_EXCEPTION_PRIVATE_H
#define PROBE_LOGS_EXCEPTION_PRIVATE_H

#include "probe/exception.h"

/* Lines looked at, and how far a parser looks ahead before it says that it is none of its own. */
enum { TRACE_LINES_MAX = 20000, TRACE_AHEAD = 12 };

struct trace {
	struct arena *arena;
	struct str *lines; /* without line ends and colours */
	size_t count;
	struct exception *out;
	struct exception_link links[EXCEPTION_LINKS_MAX];
	size_t link_count;
};

/*
 * A parser of one language: reads the exception that begins at lines[at] into trace->links and
 * returns true, or returns false and leaves nothing. Quick on lines that begin nothing. Languages
 * that print the symptom first call trace_reverse() at the end.
 */
bool exception_python(struct trace *, size_t at);
bool exception_jvm(struct trace *, size_t at);
bool exception_node(struct trace *, size_t at);
bool exception_go(struct trace *, size_t at);
bool exception_ruby(struct trace *, size_t at);
bool exception_php(struct trace *, size_t at);
bool exception_dotnet(struct trace *, size_t at);
bool exception_rust(struct trace *, size_t at);
bool exception_native(struct trace *, size_t at);
/* A single "SomeError: message" without a stack, also behind a log prefix. */
bool exception_lone(struct trace *, size_t at);
/* "a: b: dial tcp ...: connection refused", the way Go wraps errors in one line. */
bool exception_wrapped(struct trace *, size_t at);

/* Adds a link and returns it, or the last one again when the chain is full. Slices are not copied
 * until the end. */
struct exception_link *trace_link(struct trace *, struct str type, struct str message);
/* Message of lines [from, to), joined; the first is given apart since a type may stand before it. */
struct str trace_join(struct trace *, struct str first, size_t from, size_t to);
/* "file:line" in the arena. */
struct str trace_place(struct trace *, struct str file, struct str line);
/* Root first instead of last, from link `from` on. */
void trace_reverse(struct trace *, size_t from);

/* White space in front, in bytes (a tab counts one). */
size_t line_indent(struct str);
bool line_blank(struct str);
/* Begins with a time or a level of a logger: "2026-01-02 ...", "[ERROR] ...", "WARN  ...". */
bool line_prefixed(struct str);
/* Splits "Type: message" (or a bare "Type") at the start of a line. The type is a dotted, `::`- or
 * `\`-separated name; false when the line does not begin with one. */
bool line_head(struct str line, struct str *type, struct str *message);
/* Whether a name looks like the class of an error: ends in Error, Exception, Fault ... */
bool type_is_error(struct str type);
/* Digits at the start of `s`; empty when there are none. */
struct str str_digits(struct str s);
/* Cuts `s` at the first `needle`: true with both sides, false when it is not there. */
bool str_cut(struct str s, const char *needle, struct str *before, struct str *after);
/* The same at the last one. */
bool str_cut_last(struct str s, const char *needle, struct str *before, struct str *after);

enum frame_kind { FRAME_NONE, FRAME_JVM, FRAME_NODE, FRAME_DOTNET };
/* What runtime prints such an "at ..." line. */
enum frame_kind line_frame(struct str);
/* Whether any does. */
bool line_is_frame(struct str);

#endif
