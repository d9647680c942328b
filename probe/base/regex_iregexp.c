/*
 * The grammar of RFC 9485, section 4, read and written again as PCRE2 (section 5.4). Anchors, which
 * the grammar has as ordinary characters, keep the meaning that all implementations give them.
 */
#include "probe/regex.h"

#include "probe/buf.h"

enum { NESTING_MAX = 100, REPEAT_MAX = 1000 };

struct translator {
	struct str in;
	size_t pos;
	struct buf *out;
	unsigned depth;
};

static int peek(const struct translator *t)
{
	return t->pos < t->in.len ? (unsigned char)t->in.ptr[t->pos] : -1;
}

static bool accept(struct translator *t, char c)
{
	if (peek(t) != c)
		return false;
	t->pos++;
	return true;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* One code point as it stands. */
static void copy_char(struct translator *t)
{
	size_t start = t->pos;

	utf8_next(t->in, &t->pos);
	buf_add(t->out, t->in.ptr + start, t->pos - start);
}

/* \p{Lu}, \P{L}: categories of one letter and a second that belongs to it. */
static bool read_category(struct translator *t)
{
	static const char *const seconds[][2] = {{"L", "lmotu"}, {"M", "cen"}, {"N", "dlo"},
		{"P", "cdefios"}, {"Z", "lps"}, {"S", "ckmo"}, {"C", "cfno"}};

	buf_add_char(t->out, '\\');
	copy_char(t);
	if (!accept(t, '{'))
		return false;
	int first = peek(t);

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		if (first != seconds[i][0][0])
			continue;
		buf_add_char(t->out, '{');
		copy_char(t);
		if (peek(t) > 0 && strchr(seconds[i][1], peek(t)))
			copy_char(t);
		buf_add_char(t->out, '}');
		return accept(t, '}');
	}
	return false;
}

/* Behind a backslash. */
static bool read_escape(struct translator *t)
{
	int c = peek(t);

	if (c == 'p' || c == 'P')
		return read_category(t);
	if (c <= 0 || !strchr("()*+-.?[\\]^nrt{|}", c))
		return false;
	buf_add_char(t->out, '\\');
	copy_char(t);
	return true;
}

/* A member of a class, or an end of a range; *single: it may be one. */
static bool read_class_char(struct translator *t, bool *single)
{
	int c = peek(t);

	*single = true;
	if (accept(t, '\\')) {
		*single = peek(t) != 'p' && peek(t) != 'P';
		return read_escape(t);
	}
	if (c < 0 || c == '[' || c == ']' || c == '-')
		return false;
	/* '^' and what Perl would read as the start of [:name:] or \Q. */
	if (c < 0x80 && strchr("^&~#", c) && c)
		buf_add_char(t->out, '\\');
	copy_char(t);
	return true;
}

/* Behind '['. A '-' is a character at the beginning and at the end. */
static bool read_class(struct translator *t)
{
	bool single, any = false;

	buf_add_char(t->out, '[');
	if (accept(t, '^'))
		buf_add_char(t->out, '^');
	if (accept(t, '-')) {
		buf_add_text(t->out, "\\-");
		any = true;
	}
	while (peek(t) != ']') {
		if (any && peek(t) == '-' && str_starts(str_from(t->in, t->pos), "-]")) {
			t->pos++;
			buf_add_text(t->out, "\\-");
			break;
		}
		if (!read_class_char(t, &single))
			return false;
		any = true;
		if (peek(t) != '-' || str_starts(str_from(t->in, t->pos), "-]"))
			continue;
		t->pos++;
		buf_add_char(t->out, '-');
		if (!single || !read_class_char(t, &single) || !single)
			return false;
	}
	buf_add_char(t->out, ']');
	return accept(t, ']') && any;
}

static bool read_count(struct translator *t, unsigned *count)
{
	if (!is_digit(peek(t)))
		return false;
	for (*count = 0; is_digit(peek(t)) && *count <= REPEAT_MAX; copy_char(t))
		*count = *count * 10 + (unsigned)(peek(t) - '0');
	return *count <= REPEAT_MAX;
}

static bool read_quantifier(struct translator *t)
{
	int c = peek(t);
	unsigned least, most;

	if (c == '*' || c == '+' || c == '?') {
		copy_char(t);
		return true;
	}
	if (!accept(t, '{'))
		return true;
	buf_add_char(t->out, '{');
	if (!read_count(t, &least))
		return false;
	if (accept(t, ',')) {
		buf_add_char(t->out, ',');
		if (is_digit(peek(t)) && (!read_count(t, &most) || most < least))
			return false;
	}
	buf_add_char(t->out, '}');
	return accept(t, '}');
}

static bool read_alternatives(struct translator *t);

static bool read_group(struct translator *t)
{
	if (t->depth++ == NESTING_MAX)
		return false;
	buf_add_text(t->out, "(?:");
	bool ok = read_alternatives(t) && accept(t, ')');

	buf_add_char(t->out, ')');
	t->depth--;
	return ok;
}

static bool read_atom(struct translator *t)
{
	if (accept(t, '.')) {
		buf_add_text(t->out, "[^\\n\\r]");
		return true;
	}
	if (accept(t, '\\'))
		return read_escape(t);
	if (accept(t, '['))
		return read_class(t);
	if (accept(t, '('))
		return read_group(t);
	int c = peek(t);

	if (c == 0)
		return false;
	if (c < 0x80 && strchr("*+?{}])|", c))
		return false;
	copy_char(t);
	return true;
}

static bool read_alternatives(struct translator *t)
{
	while (peek(t) >= 0 && peek(t) != ')') {
		if (accept(t, '|')) {
			buf_add_char(t->out, '|');
			continue;
		}
		if (!read_atom(t) || !read_quantifier(t))
			return false;
	}
	return true;
}

bool regex_from_iregexp(struct arena *arena, struct str text, struct str *pattern)
{
	BUF_SCOPED struct buf out;
	struct translator t = {.in = text, .out = &out};

	buf_init(&out, 1 << 16);
	if (!utf8_valid(text))
		return false;
	buf_add_text(&out, "(?:");
	if (!read_alternatives(&t) || t.pos != text.len)
		return false;
	buf_add_char(&out, ')');
	if (out.overflow)
		return false;
	*pattern = arena_str(arena, buf_str(&out));
	return true;
}
