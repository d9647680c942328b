/*
 * Text of others, made harmless: whatever a backend sent, it is shown and never acts.
 *
 * Every text format cleans first (controls and direction marks become words like \x1b and \u202e,
 * invalid UTF-8 becomes U+FFFD) and then escapes what is special to itself.
 */
#ifndef PROBE_REPORT_REPORT_TEXT_H
#define PROBE_REPORT_REPORT_TEXT_H

#include <stdio.h>

#include "probe/arena.h"
#include "probe/buf.h"
#include "probe/str.h"

/* Adds the text cleaned. `lines`: line feeds stay and tabs become blanks; else they are words. */
void text_clean(struct buf *, struct str, bool lines);
/* The same as a C string of the arena; NULL gives "". */
const char *text_clean_in(struct arena *, const char *, bool lines);
/* Columns of a clean text: wide East Asian characters and emoji take two, marks none (UAX 11). */
unsigned text_width(struct str clean);
/* The longest beginning of at most `max` bytes that does not split a code point. */
struct str text_cut(struct str, size_t max);
/* The longest beginning of a clean text of at most `columns`; at least one code point. */
struct str text_cut_columns(struct str clean, unsigned columns);

/* For XML 1.0 and HTML, in content and in attributes in double quotes: cleaned, then escaped. */
void text_xml(FILE *, struct str, bool lines);

/* Markdown (CommonMark with GitHub's tables), always on one line: as prose, and as a code span;
 * `table` for use in a table's cell. A block keeps its lines. */
void text_markdown(FILE *, const char *);
void text_markdown_code(FILE *, const char *, bool table);
void text_markdown_block(FILE *, const char *indent, struct str);

/* "3 tries", "1 try"; thousands are separated: "12,345 entries". */
void text_count(char out[64], int64_t count, const char *one, const char *many);
/* Milliseconds and seconds as people read them: "0.4ms" "12ms" "1.24s" "2m05s". */
void text_took(char out[32], int64_t ns);
/* "1.2 MB": bytes for people. */
void text_size(char out[32], int64_t bytes);

#endif
