/*
 * json: reading JSON text into values and writing JSON.
 *
 * Reading is strict RFC 8259: the whole text is one value, UTF-8, no trailing comma, no comment,
 * depth at most JSON_DEPTH_MAX unless told otherwise. In objects the last duplicate key wins.
 * Writing escapes controls, and replaces invalid UTF-8 by U+FFFD, so that whatever a backend sent
 * the result is valid.
 */
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "probe/arena.h"
#include "probe/buf.h"
#include "probe/error.h"
#include "probe/value.h"

enum { JSON_DEPTH_MAX = 512, JSON_PAST_MAXIMUM = -2 };

/* Parses `text`; errors name the byte offset and what was expected. depth 0: JSON_DEPTH_MAX.
 * Returns 0, -1 when it is not JSON, JSON_PAST_MAXIMUM when it has too many levels or values. */
int json_parse(
	struct arena *, struct str text, unsigned depth, struct value *out, struct error *err);

/* Checks the same grammar without building anything; one pass, no recursion. Returns 0, or -1 with
 * the offset in *offset. */
int json_check(struct str text, unsigned depth, size_t *offset, struct error *err);

/* Compact JSON, quoted strings. */
bool json_print(struct buf *, const struct value *);
/* Text as a JSON string with its quotes. */
bool json_print_str(struct buf *, struct str);

/*
 * A writer for reports: nested begin/end calls, commas by itself. Errors of the stream are sticky
 * and seen by ferror() at the end.
 *
 *   json_begin(&w, NULL, '{'); json_text(&w, "name", "x"); json_end(&w);
 *
 * `key` is NULL inside arrays and at the top.
 */
enum { JSON_WRITER_DEPTH = 32 };

struct json_writer {
	FILE *out;
	unsigned depth;
	char closers[JSON_WRITER_DEPTH];
	bool more[JSON_WRITER_DEPTH]; /* a comma is due before the next item */
};

void json_writer_init(struct json_writer *, FILE *);
void json_begin(struct json_writer *, const char *key, char open); /* '{' or '[' */
void json_end(struct json_writer *);
void json_str(struct json_writer *, const char *key, struct str);
/* NULL writes null. */
void json_text(struct json_writer *, const char *key, const char *);
void json_int(struct json_writer *, const char *key, int64_t);
/* Finite doubles only; others write null. At most `digits` decimals, trailing zeros dropped. */
void json_num(struct json_writer *, const char *key, double, int digits);
void json_bool(struct json_writer *, const char *key, bool);
void json_null(struct json_writer *, const char *key);
void json_value(struct json_writer *, const char *key, const struct value *);

#endif
