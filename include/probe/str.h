/*
 * str: a slice of bytes, not necessarily ended by NUL, possibly holding NULs. Text is UTF-8 unless
 * said otherwise. Slices own nothing.
 */
#ifndef PROBE_STR_H
#define PROBE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *ptr;
	size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

static inline struct str str_of(const char *text)
{
	return (struct str){text ? text : "", text ? strlen(text) : 0};
}

static inline struct str str_sub(struct str s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	/* A zeroed slice has no pointer to add to. */
	return (struct str){from ? s.ptr + from : s.ptr, len < s.len - from ? len : s.len - from};
}

static inline struct str str_from(struct str s, size_t from)
{
	return str_sub(s, from, s.len);
}

/* The value of a hexadecimal digit, -1 for anything else. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Inline, as str_is() and str_starts(), so that the length of a literal is known; and they run by the million over
 * tables of words, where mostly the first byte says no. */
static inline bool str_equal(struct str a, struct str b)
{
	return a.len == b.len &&
	       (a.len == 0 || (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}
/* Compares with a C string. */
static inline bool str_is(struct str s, const char *text)
{
	size_t len = strlen(text);

	return s.len == len && (len == 0 || (s.ptr[0] == *text && memcmp(s.ptr, text, len) == 0));
}
/* ASCII case-insensitive. */
bool str_is_nocase(struct str, const char *);
bool str_equal_nocase(struct str, struct str);
/* Bytewise order; <0, 0, >0. */
int str_compare(struct str, struct str);
static inline bool str_starts(struct str s, const char *prefix)
{
	if (s.len && *prefix && s.ptr[0] != *prefix)
		return false;
	size_t len = strlen(prefix);

	return s.len >= len && (len == 0 || memcmp(s.ptr, prefix, len) == 0);
}
bool str_ends(struct str, const char *suffix);
/* Offset of the first occurrence, or SIZE_MAX. */
size_t str_find(struct str, struct str needle);
size_t str_find_char(struct str, char);
bool str_contains(struct str, const char *needle);
/* Without leading and trailing ASCII white space. */
struct str str_trim(struct str);
/* Cuts the next line off `rest` (without LF, and without CR before it); false at the end. */
bool str_line(struct str *rest, struct str *line);
/* A decimal integer that fills the whole slice; false otherwise or on overflow. */
bool str_int(struct str, int64_t *out);

/* UTF-8 (RFC 3629): decodes the code point at *pos and advances; invalid bytes give 0xFFFD and
 * advance by the maximal invalid subpart (at least one byte). */
uint32_t utf8_next(struct str, size_t *pos);
bool utf8_valid(struct str);
/* Writes 1 to 4 bytes, returns how many. */
size_t utf8_put(uint32_t code_point, char out[4]);
/* The number of code points; invalid sequences count as one each. */
size_t utf8_count(struct str);

/* Edit distance of at most `limit` (else limit + 1); for suggestions. */
size_t str_distance(struct str, struct str, size_t limit);

#endif
