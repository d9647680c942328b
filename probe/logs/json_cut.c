/*
 * Strings of JSON that are longer than what is read in one piece: their beginning stays, what follows is
 * dropped up to the closing quote. So an entry with a message of 50 MB is an entry all the same, with
 * what stands behind the message.
 */
#include "logs_private.h"

enum { STRING_LONG = LOG_LINE_MAX / 2, STRING_KEPT = 256 << 10 };

/* Whether a backslash before `p` takes away the meaning of what stands there. */
static bool is_escaped(const char *from, const char *p)
{
	size_t slashes = 0;

	while (p > from && p[-1] == '\\') {
		p--;
		slashes++;
	}
	return slashes % 2;
}

/* Not inside an escape, nor inside a character. */
static const char *cut_place(const char *from, const char *p)
{
	const char *least = p - 16;

	for (const char *q = least; q < p; q++)
		if (*q == '\\' && !is_escaped(from, q))
			p = q;
	while (p > from && ((unsigned char)*p & 0xC0) == 0x80)
		p--;
	return p;
}

size_t string_cut(const char *p, const char *end, bool *escape)
{
	const char *start = p;

	while (p < end) {
		const char *after = *p == '"' ? json_skip(p, end) : p + 1;

		if (!after)
			break;
		p = after;
	}
	if (end - p < STRING_LONG || memchr(p, '\n', (size_t)(end - p)))
		return 0;
	*escape = is_escaped(p + 1, end);
	return (size_t)(cut_place(p + 1, p + 1 + STRING_KEPT) - start);
}

size_t string_drop(const char *bytes, size_t len, bool *escape, bool *closed)
{
	*closed = false;
	for (size_t i = 0; i < len; i++) {
		if (*escape) {
			*escape = false;
		} else if (bytes[i] == '\\') {
			*escape = true;
		} else if (bytes[i] == '"' || bytes[i] == '\n') {
			/* A string of JSON has no line end: there it is broken off. */
			*closed = true;
			return i;
		}
	}
	return len;
}
