/*
 * diag: mistakes of the user in a file, each with its place, shown all at once.
 *
 *   scenario.yaml:12:5: error: unknown key 'expct', did you mean 'expect'?
 *       expct: {status: 200}
 *       ^~~~~
 *
 * Lines and columns count from 1; columns count code points. At most DIAGS_MAX are kept, the rest
 * is counted.
 */
#ifndef PROBE_DIAG_H
#define PROBE_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/arena.h"

enum { DIAGS_MAX = 100 };

/* A text that diagnostics point into: a file, or a flag ("--var"). Lives in an arena. */
struct source {
	const char *name;
	struct str text;
};

/* Where something stands. line 0: no place known (only the source's name is printed). */
struct span {
	const struct source *source;
	uint32_t line, column; /* from 1, code points */
	uint32_t length;       /* code points underlined, at least 1 */
};

struct diag {
	struct span span;
	const char *message;
	bool warning;
};

struct diags {
	struct arena *arena;
	struct diag items[DIAGS_MAX];
	size_t count;
	size_t errors;      /* all, kept or not */
	size_t left_out;    /* not kept */
	const char *unread; /* a file that could not be looked at beyond its mistake; NULL: none */
};

void diags_init(struct diags *, struct arena *);
/* Adds an error; equal place and message are kept once. */
void diag_error(struct diags *, struct span, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *, struct span, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool diags_failed(const struct diags *);
/* Prints all in order of place, with source line and caret. Controls in the source line are made
 * visible; long lines are cut around the place. */
void diags_print(const struct diags *, FILE *, bool color);
/* The nearest of `names` (NULL-ended) to `word`, when near enough to suggest; else NULL. */
const char *diag_suggest(struct str word, const char *const *names);

#endif
