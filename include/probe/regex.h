/*
 * regex: PCRE2 patterns, bounded. The one user of the library.
 *
 * Pattern and subject are UTF-8; bytes of a subject that are not match nothing but do not fail it.
 * A match is bounded in steps, depth and memory, so that no pattern and no subject can hang the
 * probe: what goes past a bound is an error, not "no match".
 */
#ifndef PROBE_REGEX_H
#define PROBE_REGEX_H

#include <stdbool.h>

#include "probe/arena.h"
#include "probe/error.h"

struct regex;

enum {
	REGEX_NOCASE = 1,
	REGEX_MULTILINE = 2, /* ^ and $ at line ends too */
	REGEX_DOTALL = 4,    /* . matches line ends too */
	REGEX_WHOLE = 8,     /* the whole subject must match */
};

/* Groups of one pattern that can be asked for, the whole match included. */
enum { REGEX_GROUPS_MAX = 32 };

/* Compiles into the arena. -1: err says why and *offset (may be NULL) where, in code points of the
 * pattern from 0. */
int regex_compile(struct arena *, struct str pattern, unsigned flags, struct regex **out,
	size_t *offset, struct error *err);
/* The same for a pattern that is known to be right, of which there are many and few are ever matched: compiled
 * when it first is. The pattern's text must live as long as the arena, which other threads must not use. */
struct regex *regex_deferred(struct arena *, struct str pattern, unsigned flags);
/* 1: found, 0: not found, -1: a bound was reached. groups[0] is the match, groups[1..] the captures,
 * as slices of the subject; those that took no part have ptr NULL. groups may be NULL when count is
 * 0. A deferred pattern is compiled here, into its arena. */
int regex_match(const struct regex *, struct str subject, struct str *groups, size_t count,
	struct error *err);
/* The text of the pattern. */
struct str regex_pattern(const struct regex *);
/* The number of capturing groups. */
size_t regex_group_count(const struct regex *);
/* The number of a named group; 0 when there is none. */
size_t regex_group(const struct regex *, const char *name);

/*
 * I-Regexp (RFC 9485), the interoperable subset that JSONPath uses, as a pattern for
 * regex_compile(). False when `text` is none.
 */
bool regex_from_iregexp(struct arena *, struct str text, struct str *pattern);

#endif
