/*
 * redact: hides secrets in text, in every encoding they travel in.
 *
 * One Aho-Corasick matcher over all secrets at once, each in its raw form, JSON-escaped,
 * percent-encoded in either case, and base64 (standard and URL alphabet) at each of the three
 * alignments. Matches become "***". A secret of 1 to 3 characters hides only a text that it fills
 * as a whole. Linear in the text.
 */
#ifndef PROBE_REDACT_H
#define PROBE_REDACT_H

#include <stdbool.h>

#include "probe/arena.h"
#include "probe/str.h"

struct redactor;

struct redactor *redactor_new(void);
void redactor_free(struct redactor *);
/* Bytes its matcher takes; grows with each secret that is new. */
size_t redactor_size(const struct redactor *);
/* Adds a secret; empty ones and repeated ones are ignored. Returns false for one so short (1 to 3
 * characters) that it is masked only as a whole value: the caller may warn. */
bool redactor_add(struct redactor *, struct str secret);
/* The text with all secrets masked: the same slice when nothing was found, else a copy in the
 * arena. `cut`: the text was cut off at its end, so a beginning of a secret of at least 4 bytes
 * there is masked as well. A NULL redactor masks nothing. */
struct str redact(const struct redactor *, struct arena *, struct str text, bool cut);
/* The same for C strings; NULL stays NULL. */
const char *redact_text(const struct redactor *, struct arena *, const char *text);

#endif
