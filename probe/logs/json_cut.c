/*
 * JSON that is cut. Of strings that are longer than what is read in one piece the beginning stays, what
 * follows is dropped up to the closing quote: so an entry with a message of 50 MB is an entry all the same,
 * with what stands behind the message. A value that ends with its file is closed where it breaks off: the
 * last line of an export tells often why the service ended.
 */
#include "json_text.h"

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

/* The value as far as it is whole, while walking it. */
struct closing {
	char brackets[JSON_NESTING_MAX * 2];
	size_t depth;
	size_t whole, whole_depth; /* where it can be closed: bytes, brackets open */
	bool in_string;            /* ... inside a string */
	bool key;                  /* the next string is a key */
};

static void mark_whole(struct closing *c, size_t at)
{
	c->whole = at;
	c->whole_depth = c->depth;
}

/* An opening or closing bracket; false when there are too many. */
static bool close_bracket(struct closing *c, char bracket, size_t after)
{
	if (bracket == '{' || bracket == '[') {
		if (c->depth == sizeof(c->brackets))
			return false;
		c->brackets[c->depth++] = bracket == '{' ? '}' : ']';
	} else if (c->depth) {
		c->depth--;
	}
	c->key = bracket == '{';
	mark_whole(c, after);
	return true;
}

/* The bytes of a string that breaks off, without an escape that does. */
static size_t string_whole(const char *text, size_t len)
{
	for (size_t at = len > 5 ? len - 5 : 0; at < len; at++)
		if (text[at] == '\\' && !is_escaped(text, text + at) &&
			at + (at + 1 < len && text[at + 1] == 'u' ? 6 : 2) > len)
			return at;
	return len;
}

/* A string from `at`; behind it, or 0 when it breaks off. */
static size_t close_string(struct closing *c, const char *p, size_t len, size_t at)
{
	bool escaped, key = c->key;
	const char *end = string_end(p + at + 1, p + len, &escaped);

	c->key = false;
	if (end) {
		if (!key)
			mark_whole(c, (size_t)(end - p) + 1);
		return (size_t)(end - p) + 1;
	}
	if (!key) {
		mark_whole(c, at + 1 + string_whole(p + at + 1, len - at - 1));
		c->in_string = true;
	}
	return 0;
}

static void close_walk(struct closing *c, const char *p, size_t len)
{
	for (size_t at = 0; at < len;) {
		if (p[at] == '"') {
			at = close_string(c, p, len, at);
			if (!at)
				return;
		} else if (memchr("{}[]", p[at], 4)) {
			if (!close_bracket(c, p[at], at + 1))
				return;
			at++;
		} else if (memchr(",: \t\r\n", p[at], 6)) {
			if (p[at] == ',')
				c->key = c->depth && c->brackets[c->depth - 1] == '}';
			at++;
		} else {
			const char *end = bare_end(p + at, p + len);

			/* A number may have gone on. */
			if (end == p + len || end == p + at)
				return;
			at = (size_t)(end - p);
			mark_whole(c, at);
		}
	}
}

/* Closes the value behind what is whole of it; its length then, 0 when nothing is or there is no room. */
static size_t json_close(char *p, size_t len, size_t room)
{
	struct closing c = {.depth = 0};

	close_walk(&c, p, len);
	if (!c.whole || c.whole + c.whole_depth + 1 > room)
		return 0;
	len = c.whole;
	if (c.in_string)
		p[len++] = '"';
	for (size_t i = c.whole_depth; i > 0; i--)
		p[len++] = c.brackets[i - 1];
	return len;
}

bool chunk_close(struct chunk *c, size_t at)
{
	char *p = c->data + at;
	size_t len = json_close(p, c->len - at, CHUNK_MAX - 1 - at);
	const struct json_fields *j = &c->fields;

	if (!len || !json_scan(p, p + len, &c->fields, NULL) ||
		!(j->f[F_TEXT].kind || j->f[F_MESSAGE].kind || j->payload.len || j->container))
		return false;
	c->len = at + len;
	return true;
}
