/*
 * exception: what a crash says, taken out of the text it was printed as.
 *
 * Reads one whole event (see rejoin.h): tracebacks of Python, Java and Kotlin, Node, Go, Ruby, PHP,
 * .NET, Rust and native programs, also with the two characters \n or " | " between the lines, with
 * ANSI colours, and behind a log prefix. Knows nothing of entries, clusters or causes. The text is
 * hostile: work is linear in it, results are bounded, what is no exception gives NULL.
 */
#ifndef PROBE_EXCEPTION_H
#define PROBE_EXCEPTION_H

#include "probe/arena.h"

/* Bounds: text looked at, links of a chain, bytes kept of one message. */
enum { EXCEPTION_TEXT_MAX = 1 << 20, EXCEPTION_LINKS_MAX = 32, EXCEPTION_MESSAGE_MAX = 4096 };

/* One exception of a chain. Slices are of the arena and NUL-ended; empty when not known. */
struct exception_link {
	struct str type; /* as printed: "json.decoder.JSONDecodeError"; may be empty (Go, Rust) */
	struct str message;  /* verbatim, lines joined by '\n' */
	struct str location; /* "file:line" of the deepest frame of the application */
	struct str function; /* of that frame */
};

struct exception {
	const char
		*language; /* "python" "java" "node" "go" "ruby" "php" "dotnet" "rust" "native" */
	struct exception_link *links; /* root first, symptom last; at least one */
	size_t count;
	/* Where it happened for the whole: the root's location, else that of the nearest link towards
	 * the symptom that has one; empty when no frame belongs to the application. */
	struct str location;
	/* The log line in front ("ERROR in worker: boot failed" before "Traceback ..."), trimmed and
	 * without colours; empty when the exception stands alone. */
	struct str head;
	bool fatal;  /* the runtime ended with it: panic, uncaught, "thread 'main' panicked" ... */
	bool frames; /* a stack was printed; false for a lone "ModuleNotFoundError: ..." line */
};

/* Cheap test with no false negatives for exception_parse(): nearly all lines fail it. */
bool exception_possible(struct str text);
/* The first exception in `text` with its whole chain, or NULL. */
struct exception *exception_parse(struct arena *, struct str text);
/* From a structured error: `type` and `message` and a printed `stack`, each may be empty. NULL when
 * they say nothing, or when it is a formatter's default ("Missing field"). */
struct exception *exception_from_fields(
	struct arena *, struct str type, struct str message, struct str stack);

/* Whether a file named in a frame belongs to the application, and not to a runtime, a library or a
 * package manager's folder. */
bool exception_is_app_file(struct str file);

#endif
