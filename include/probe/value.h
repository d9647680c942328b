/*
 * value: data as JSON knows it (RFC 8259), shared by scenarios, facts, checks, captures and reports.
 *
 * Values are plain and read-only once made; what they point at lives in an arena. Integers are
 * exact within int64_t. A number that neither int64_t nor double can hold keeps its source text in
 * `string` and is of type VALUE_BIGNUM: it prints as it was written and never becomes infinite.
 * Object members keep their order; keys are unique (the last duplicate has won).
 */
#ifndef PROBE_VALUE_H
#define PROBE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/arena.h"
#include "probe/buf.h"
#include "probe/str.h"

enum value_type {
	VALUE_NULL,
	VALUE_BOOLEAN,
	VALUE_INTEGER,
	VALUE_NUMBER,
	VALUE_BIGNUM,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT,
};

struct value {
	enum value_type type;
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct str string; /* VALUE_STRING, VALUE_BIGNUM */
		struct {
			struct value *items;
			size_t count;
		} array;
		struct {
			struct member *members;
			size_t count;
		} object;
	};
};

struct member {
	struct str key;
	struct value value;
};

struct value value_null(void);
struct value value_boolean(bool);
struct value value_integer(int64_t);
/* An integral double within +-2^53 stays VALUE_NUMBER; comparisons treat both alike. */
struct value value_number(double);
/* Does not copy. */
struct value value_string(struct str);
struct value value_text(const char *);

/* Member of an object, or NULL (also when `object` is NULL or not an object). */
const struct value *value_find(const struct value *object, const char *key);
const struct value *value_find_str(const struct value *object, struct str key);
/* Follows keys until NULL: value_path(v, "error", "message", NULL). */
const struct value *value_path(const struct value *, ...) __attribute__((sentinel));
/* The string of a string value, or `otherwise`. */
struct str value_str_or(const struct value *, struct str otherwise);

/* "null" "boolean" "integer" "number" "string" "array" "object", as the matcher `type` names them. */
const char *value_type_name(const struct value *);
bool value_is_number(const struct value *);
/* As a double (BIGNUM: nearest finite). Only for numbers. */
double value_double(const struct value *);
/* Deep equality; 1 == 1.0; order of members does not matter. Depth is bounded by the parsers. */
bool value_equal(const struct value *, const struct value *);
/* Order of two numbers (exact for integers) or two strings (code points): true and *order, or false
 * when the two cannot be ordered. */
bool value_order(const struct value *, const struct value *, int *order);

/* Arrays and objects that grow, inside an arena. value_push/value_set copy the struct, not what it
 * points at; value_set replaces an existing key. */
struct value value_array(void);
struct value value_object(void);
void value_push(struct arena *, struct value *array, struct value item);
void value_set(struct arena *, struct value *object, struct str key, struct value item);
/* How many items or members to allocate when filling an array or object of `count` by hand, so that
 * value_push and value_set may go on with it. */
size_t value_capacity(size_t count);
/* A deep copy into the arena, strings included. */
struct value value_copy(struct arena *, const struct value *);

/* As text for a user or for use inside a string: strings bare, everything else compact JSON. */
bool value_print(struct buf *, const struct value *);
/* The same, as a NUL-ended string of the arena. */
struct str value_to_str(struct arena *, const struct value *);

#endif
