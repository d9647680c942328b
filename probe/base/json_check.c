/*
 * The grammar of RFC 8259 in one pass without recursion: what cJSON would let through ("01", "1.",
 * raw controls in strings) is refused here with its offset, and what could hurt (depth, number of
 * values) is bounded before anything is built.
 */
#include "probe/json.h"

#include <stdlib.h>

#include "json_private.h"

struct checker {
	struct str text;
	size_t pos;
	unsigned depth, limit;
	char stack[JSON_DEPTH_CEILING];
	struct json_facts facts;
	const char *problem;
	bool past_maximum;
};

static bool fail(struct checker *c, const char *problem)
{
	c->problem = problem;
	return false;
}

static bool fail_maximum(struct checker *c, const char *problem)
{
	c->past_maximum = true;
	return fail(c, problem);
}

static int peek(const struct checker *c)
{
	return c->pos < c->text.len ? (unsigned char)c->text.ptr[c->pos] : -1;
}

static void skip_blank(struct checker *c)
{
	while (c->pos < c->text.len) {
		char ch = c->text.ptr[c->pos];

		if (ch != ' ' && ch != '\n' && ch != '\r' && ch != '\t')
			break;
		c->pos++;
	}
}

static int hex4(struct checker *c)
{
	int code = 0;

	for (int i = 0; i < 4; i++, c->pos++) {
		int ch = peek(c), digit = ch < 0 ? -1 : hex_value((char)ch);

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

static bool check_escape(struct checker *c)
{
	int ch = peek(c);

	c->pos++;
	if (ch != 'u')
		return (ch > 0 && strchr("\"\\/bfnrt", ch)) ||
		       fail(c, "unknown escape in a string");
	int code = hex4(c);

	if (code < 0)
		return fail(c, "four hexadecimal digits expected after \\u");
	if (code == 0)
		c->facts.has_nul = true;
	if (code >= 0xDC00 && code <= 0xDFFF)
		return fail(c, "lone surrogate in a string");
	if (code < 0xD800 || code > 0xDBFF)
		return true;
	if (peek(c) != '\\' || (c->pos++, peek(c) != 'u'))
		return fail(c, "lone surrogate in a string");
	c->pos++;
	code = hex4(c);
	return (code >= 0xDC00 && code <= 0xDFFF) || fail(c, "lone surrogate in a string");
}

static bool check_string(struct checker *c)
{
	if (peek(c) != '"')
		return fail(c, "string expected");
	c->pos++;
	for (;;) {
		int ch = peek(c);

		if (ch < 0)
			return fail(c, "string without its end");
		if (ch < 0x20)
			return fail(c, "control character in a string");
		c->pos++;
		if (ch == '"')
			return true;
		if (ch == '\\' && !check_escape(c))
			return false;
	}
}

static bool check_digits(struct checker *c)
{
	size_t start = c->pos;

	while (peek(c) >= '0' && peek(c) <= '9')
		c->pos++;
	return c->pos > start || fail(c, "digit expected");
}

static bool check_number(struct checker *c)
{
	if (peek(c) == '-')
		c->pos++;
	if (peek(c) == '0') {
		c->pos++;
		if (peek(c) >= '0' && peek(c) <= '9')
			return fail(c, "number with a leading zero");
	} else if (!check_digits(c)) {
		return false;
	}
	if (peek(c) == '.' && (c->pos++, !check_digits(c)))
		return false;
	if ((peek(c) | 32) == 'e') {
		c->pos++;
		if (peek(c) == '+' || peek(c) == '-')
			c->pos++;
		return check_digits(c);
	}
	return true;
}

static bool check_word(struct checker *c, const char *word)
{
	if (!str_starts(str_from(c->text, c->pos), word))
		return fail(c, "value expected");
	c->pos += strlen(word);
	return true;
}

static bool check_scalar(struct checker *c)
{
	switch (peek(c)) {
	case '"': return check_string(c);
	case 't': return check_word(c, "true");
	case 'f': return check_word(c, "false");
	case 'n': return check_word(c, "null");
	case -1: return fail(c, c->depth ? "text ends inside a value" : "nothing but white space");
	default:
		if (peek(c) == '-' || (peek(c) >= '0' && peek(c) <= '9'))
			return check_number(c);
		return fail(c, "value expected");
	}
}

static bool check_key(struct checker *c)
{
	skip_blank(c);
	if (!check_string(c))
		return false;
	skip_blank(c);
	if (peek(c) != ':')
		return fail(c, "':' expected");
	c->pos++;
	return true;
}

/* Opens an array or object; *empty says that it was closed at once. */
static bool check_open(struct checker *c, bool *empty)
{
	char open = c->text.ptr[c->pos];

	if (c->depth == c->limit)
		return fail_maximum(c, "nested too deeply");
	c->stack[c->depth++] = open == '{' ? '}' : ']';
	c->pos++;
	skip_blank(c);
	*empty = peek(c) == c->stack[c->depth - 1];
	if (*empty) {
		c->pos++;
		c->depth--;
		return true;
	}
	return open == '[' || check_key(c);
}

/* After a value: closes what ends here and stops before the next value, or at the very end. */
static bool check_after(struct checker *c, bool *done)
{
	for (;;) {
		skip_blank(c);
		if (!c->depth) {
			*done = true;
			return c->pos == c->text.len || fail(c, "text after the value");
		}
		char close = c->stack[c->depth - 1];

		if (peek(c) == ',') {
			c->pos++;
			return close == ']' || check_key(c);
		}
		if (peek(c) != close)
			return fail(
				c, close == ']' ? "',' or ']' expected" : "',' or '}' expected");
		c->pos++;
		c->depth--;
	}
}

static bool check_all(struct checker *c)
{
	bool done = false;

	while (!done) {
		skip_blank(c);
		if (++c->facts.values > JSON_VALUES_MAX)
			return fail_maximum(c, "too many values");
		if (peek(c) == '{' || peek(c) == '[') {
			bool empty;

			if (!check_open(c, &empty))
				return false;
			if (!empty)
				continue;
		} else if (!check_scalar(c)) {
			return false;
		}
		if (!check_after(c, &done))
			return false;
	}
	return true;
}

int json_inspect(struct str text, unsigned depth, struct json_facts *facts, size_t *offset,
	struct error *err)
{
	struct checker c = {.text = text, .limit = depth ? depth : JSON_DEPTH_MAX};

	if (c.limit > JSON_DEPTH_CEILING)
		c.limit = JSON_DEPTH_CEILING;
	if (!check_all(&c)) {
		if (c.pos > text.len)
			c.pos = text.len;
		*offset = c.pos;
		error_set(err, "%s at byte %zu", c.problem, c.pos + 1);
		return c.past_maximum ? JSON_PAST_MAXIMUM : -1;
	}
	*facts = c.facts;
	return 0;
}

int json_check(struct str text, unsigned depth, size_t *offset, struct error *err)
{
	struct json_facts facts;

	return json_inspect(text, depth, &facts, offset, err) ? -1 : 0;
}
