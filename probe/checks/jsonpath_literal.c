/* Strings and numbers of a query (RFC 9535, sections 2.3.1.1, 2.3.3.1 and 2.3.5.1). */
#include <stdlib.h>
#include <math.h>

#include "jsonpath_private.h"

static int32_t read_hex4(struct parser *p)
{
	int32_t code = 0;

	for (int i = 0; i < 4; i++) {
		int c = parse_peek(p);

		if (c >= '0' && c <= '9')
			code = code * 16 + c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			code = code * 16 + (c | 32) - 'a' + 10;
		else
			return -1;
		p->pos++;
	}
	return code;
}

/* Behind "\u". */
static bool read_unicode(struct parser *p, struct buf *out)
{
	size_t start = p->pos - 2;
	int32_t code = read_hex4(p);
	char bytes[4];

	if (code < 0)
		return parse_fail(p, p->pos, "four hexadecimal digits expected after \\u");
	if (code >= 0xDC00 && code <= 0xDFFF)
		return parse_fail(p, start, "low surrogate without a high one before it");
	if (code >= 0xD800 && code <= 0xDBFF) {
		int32_t low = parse_accept(p, "\\u") ? read_hex4(p) : -1;

		if (low < 0xDC00 || low > 0xDFFF)
			return parse_fail(p, start, "high surrogate without a low one after it");
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	buf_add(out, bytes, utf8_put((uint32_t)code, bytes));
	return true;
}

static bool read_escape(struct parser *p, char quote, struct buf *out)
{
	static const char names[] = "\\/bfnrt", meant[] = "\\/\b\f\n\r\t";
	int c = parse_peek(p);

	p->pos++;
	if (c == 'u')
		return read_unicode(p, out);
	if (c == quote)
		return buf_add_char(out, quote);
	const char *known = c > 0 ? strchr(names, c) : NULL;

	if (!known)
		return parse_fail(p, p->pos - 2, "unknown escape in a string");
	return buf_add_char(out, meant[known - names]);
}

bool parse_string(struct parser *p, struct str *out)
{
	BUF_SCOPED struct buf text;
	size_t start = p->pos;
	char quote = p->text.ptr[p->pos++];

	buf_init(&text, p->text.len + 4);
	for (;;) {
		int c = parse_peek(p);

		if (c < 0)
			return parse_fail(p, start, "string without its end");
		if (c < 0x20)
			return parse_fail(p, p->pos, "control character in a string");
		p->pos++;
		if (c == quote)
			break;
		if (c != '\\')
			buf_add_char(&text, (char)c);
		else if (!read_escape(p, quote, &text))
			return false;
	}
	*out = arena_str(p->arena, buf_str(&text));
	return true;
}

static bool read_digits(struct parser *p)
{
	size_t start = p->pos;

	while (parse_peek(p) >= '0' && parse_peek(p) <= '9')
		p->pos++;
	return p->pos > start || parse_fail(p, p->pos, "digit expected");
}

/* "0", or digits that do not begin with one; a '-' before them. */
static bool read_whole(struct parser *p)
{
	size_t start = p->pos;

	parse_accept(p, "-");
	size_t digits = p->pos;

	if (!read_digits(p))
		return false;
	if (p->text.ptr[digits] == '0' && p->pos - digits > 1)
		return parse_fail(p, start, "number with a leading zero");
	return true;
}

bool parse_integer(struct parser *p, int64_t *out)
{
	const int64_t limit = (INT64_C(1) << 53) - 1;
	size_t start = p->pos;

	if (!read_whole(p))
		return false;
	struct str digits = str_sub(p->text, start, p->pos - start);

	if (str_is(digits, "-0"))
		return parse_fail(p, start, "-0 is no index");
	if (!str_int(digits, out) || *out > limit || *out < -limit)
		return parse_fail(p, start, "number out of range");
	return true;
}

bool parse_number(struct parser *p, struct value *out)
{
	size_t start = p->pos;
	int64_t integer;

	if (!read_whole(p))
		return false;
	if (parse_accept(p, ".") && !read_digits(p))
		return false;
	if ((parse_peek(p) | 32) == 'e') {
		p->pos++;
		if (!parse_accept(p, "-"))
			parse_accept(p, "+");
		if (!read_digits(p))
			return false;
	}
	struct str text = arena_str(p->arena, str_sub(p->text, start, p->pos - start));

	if (str_int(text, &integer)) {
		*out = value_integer(integer);
		return true;
	}
	*out = value_number(strtod(text.ptr, NULL));
	if (isinf(out->number))
		*out = (struct value){.type = VALUE_BIGNUM, .string = text};
	return true;
}
