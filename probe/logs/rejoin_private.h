/*
 * What a single line is, the alphabet of the state machine in rejoin_state.c.
 */
#ifndef PROBE_LOGS_REJOIN_PRIVATE_H
#define PROBE_LOGS_REJOIN_PRIVATE_H

#include "probe/str.h"

enum line_kind {
	LINE_OTHER,
	LINE_BLANK,
	LINE_PREFIXED,  /* a logger's time or level: begins an event */
	LINE_INDENTED,  /* white space and something */
	LINE_TRACEBACK, /* Python's header, also behind a prefix or in a group's margin */
	LINE_CHAIN,     /* "The above exception was the direct cause ..." */
	LINE_MARGIN,    /* "  | ", "  +-+---- 1 ----" of a group */
	LINE_FRAME,     /* a stack frame of any runtime: never begins an event */
	LINE_CAUSE,     /* "Caused by:", "---> ", "--- End of", "... 5 more" */
	LINE_HEAD,      /* "some.Type: message", the head of a trace of Java, Node, .NET, Python */
	LINE_NODE,      /* "/app/x.js:5": the place of an uncaught error */
	LINE_CLOSE,     /* "}" */
	LINE_GO,        /* "panic: ", "fatal error: " */
	LINE_GOROUTINE, /* "goroutine 1 [running]:", "created by", "exit status 2" */
	LINE_CALL,      /* "main.main()": Go's frame without indent */
	LINE_RUBY,      /* "/app/x.rb:5:in `f': message (Type)" */
	LINE_RUST,      /* "thread 'main' panicked at" */
	LINE_NOTE,      /* "note: ", "stack backtrace:", "Node.js v20", "Emitted 'error' event" */
	LINE_PHP,       /* "PHP Fatal error:", "Uncaught ..." */
	LINE_STACK,     /* "Stack trace:", "#0 ...", "Next Type: ..." of PHP */
	LINE_NATIVE,    /* "==12==ERROR: AddressSanitizer", "terminate called" */
	LINE_DETAIL,    /* "DETAIL:", "LINE 1:", "[SQL: ": the rest of a message */
};

/* The line without colours in front of it (they would hide white space). */
struct str rejoin_plain(struct str line);
enum line_kind rejoin_kind(struct str line);
/* Whether a logger's line tells of something bad, so that a trace may be its continuation. */
bool rejoin_is_error(struct str line);
/* How many unindented lines of message may follow such a head before its first frame. */
size_t rejoin_message_lines(struct str line);
/* An unindented line of a sanitizer's report. */
bool rejoin_is_sanitizer(struct str line);
/* "Nov 23, 2026 9:16:20 PM com.acme.Main main": java.util.logging's first line of two. */
bool rejoin_is_jul(struct str line);
/* Hash of the "[pid] user@db" of a PostgreSQL server's line whose level is one of its own; 0 for
 * other lines. `detail`: it is DETAIL, HINT, STATEMENT, CONTEXT ... of the one before. */
unsigned rejoin_postgres(struct str line, bool *detail);

#endif
