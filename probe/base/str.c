#include "probe/str.h"

#include <stdlib.h>
#include <strings.h>

bool str_equal_nocase(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_is_nocase(struct str s, const char *text)
{
	return str_equal_nocase(s, str_of(text));
}

int str_compare(struct str a, struct str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool str_ends(struct str s, const char *suffix)
{
	size_t len = strlen(suffix);

	if (s.len && len && s.ptr[s.len - 1] != suffix[len - 1])
		return false;
	return s.len >= len && memcmp(s.ptr + s.len - len, suffix, len) == 0;
}

/* memmem() prepares a table at each call, which most slices are too short for: a few places where the
 * needle's first byte is are tried before. */
size_t str_find(struct str s, struct str needle)
{
	enum { TRIES = 16 };

	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return SIZE_MAX;
	const char *p = s.ptr, *end = s.ptr + s.len, *last = end - needle.len + 1;

	for (int i = 0; i < TRIES; i++) {
		p = memchr(p, needle.ptr[0], (size_t)(last - p));
		if (!p)
			return SIZE_MAX;
		if (memcmp(p, needle.ptr, needle.len) == 0)
			return (size_t)(p - s.ptr);
		if (++p == last)
			return SIZE_MAX;
	}
	p = memmem(p, (size_t)(end - p), needle.ptr, needle.len);
	return p ? (size_t)(p - s.ptr) : SIZE_MAX;
}

size_t str_find_char(struct str s, char c)
{
	const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

	return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

bool str_contains(struct str s, const char *needle)
{
	return str_find(s, str_of(needle)) != SIZE_MAX;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
	while (s.len && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool str_line(struct str *rest, struct str *line)
{
	if (!rest->len)
		return false;
	size_t end = str_find_char(*rest, '\n');

	if (end == SIZE_MAX) {
		*line = *rest;
		*rest = str_from(*rest, rest->len);
	} else {
		*line = str_sub(*rest, 0, end);
		*rest = str_from(*rest, end + 1);
	}
	if (line->len && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

bool str_int(struct str s, int64_t *out)
{
	size_t i = 0;
	bool negative = s.len && s.ptr[0] == '-';
	int64_t n = 0;

	if (negative)
		i++;
	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		int digit = s.ptr[i] - '0';

		if (__builtin_mul_overflow(n, 10, &n) ||
			__builtin_sub_overflow(n, negative ? digit : -digit, &n))
			return false;
	}
	*out = n;
	return true;
}

/* The bounds of the second byte are what keeps out overlong forms, surrogates and > U+10FFFF
 * (RFC 3629, section 4). */
static size_t utf8_lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xBF;
	if (c >= 0xC2 && c <= 0xDF)
		return 1;
	if (c >= 0xE0 && c <= 0xEF) {
		if (c == 0xE0)
			*low = 0xA0;
		if (c == 0xED)
			*high = 0x9F;
		return 2;
	}
	if (c >= 0xF0 && c <= 0xF4) {
		if (c == 0xF0)
			*low = 0x90;
		if (c == 0xF4)
			*high = 0x8F;
		return 3;
	}
	return 0;
}

/* -1 for an invalid sequence; *pos moves past it in any case. */
static int64_t utf8_decode(struct str s, size_t *pos)
{
	unsigned char c = (unsigned char)s.ptr[(*pos)++], low, high;

	if (c < 0x80)
		return c;
	size_t more = utf8_lead(c, &low, &high);

	if (!more)
		return -1;
	int64_t code = c & (0x3F >> more);

	for (size_t i = 0; i < more; i++) {
		if (*pos >= s.len)
			return -1;
		unsigned char next = (unsigned char)s.ptr[*pos];

		if (next < low || next > high)
			return -1;
		low = 0x80;
		high = 0xBF;
		code = code << 6 | (next & 0x3F);
		(*pos)++;
	}
	return code;
}

uint32_t utf8_next(struct str s, size_t *pos)
{
	int64_t code = utf8_decode(s, pos);

	return code < 0 ? 0xFFFD : (uint32_t)code;
}

bool utf8_valid(struct str s)
{
	for (size_t pos = 0; pos < s.len;)
		if (utf8_decode(s, &pos) < 0)
			return false;
	return true;
}

size_t utf8_put(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

size_t utf8_count(struct str s)
{
	size_t count = 0;

	for (size_t pos = 0; pos < s.len; count++)
		utf8_decode(s, &pos);
	return count;
}

size_t str_distance(struct str a, struct str b, size_t limit)
{
	enum { LONGEST = 64 };
	size_t row[LONGEST + 1], before[LONGEST + 1], earlier[LONGEST + 1];

	if (a.len > LONGEST || b.len > LONGEST)
		return limit + 1;
	for (size_t j = 0; j <= b.len; j++)
		before[j] = earlier[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t cost = before[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);

			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			if (before[j] + 1 < cost)
				cost = before[j] + 1;
			/* Two neighbours swapped are one mistake of the fingers. */
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
				a.ptr[i - 2] == b.ptr[j - 1] && earlier[j - 2] + 1 < cost)
				cost = earlier[j - 2] + 1;
			row[j] = cost;
		}
		memcpy(earlier, before, sizeof(before));
		memcpy(before, row, sizeof(row));
	}
	return before[b.len] <= limit ? before[b.len] : limit + 1;
}
