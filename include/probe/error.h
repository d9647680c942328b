/*
 * error: the probe itself cannot do its work (a file cannot be read, no memory map, no socket).
 *
 * Passed as the last parameter, untouched on success. A failing function returns error_set(...) in
 * one statement; callers on the way up put context before it with error_context(). Only cli prints.
 * A wrong scenario is a diagnostic (diag.h), a misbehaving target an observation (run.h).
 */
#ifndef PROBE_ERROR_H
#define PROBE_ERROR_H

struct error {
	char text[1024];
};

/* Sets the text and returns -1. `err` may be NULL when the caller does not care. */
int error_set(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "CONTEXT: " before the text and returns -1. */
int error_context(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the process with a message; for what cannot happen (memory exhausted, broken invariant). */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
