/*
 * Undoing escapes instead of listing them: there are many ways to escape one text (\/ or /, é or
 * \u00e9 or \u00E9, %2f or %2F or %70ass), but one text that is meant.
 */
#include "redact_private.h"

struct decoder {
	struct str in;
	size_t pos;
	char *out;
	uint32_t *from;
	const struct view *parent;
	size_t len;
	bool torn; /* the text ends inside an escape */
};

/* `count` hexadecimal digits at `at`; -1 when they are not. */
static int32_t read_hex(struct decoder *d, size_t at, size_t count)
{
	int32_t code = 0;

	for (size_t i = 0; i < count; i++) {
		if (at + i >= d->in.len) {
			d->torn = true;
			return -1;
		}
		int digit = hex_value(d->in.ptr[at + i]);

		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

static void put(struct decoder *d, const char *bytes, size_t count, size_t used)
{
	for (size_t i = 0; i < count; i++) {
		d->from[d->len] = (uint32_t)view_from(d->parent, d->pos);
		d->out[d->len++] = bytes[i];
	}
	d->pos += used;
}

static void put_char(struct decoder *d, char c, size_t used)
{
	put(d, &c, 1, used);
}

/* \uXXXX, or two of them for one code point beyond U+FFFF. */
static bool decode_unicode(struct decoder *d)
{
	int32_t code = read_hex(d, d->pos + 2, 4);
	size_t used = 6;
	char bytes[4];

	if (code < 0)
		return false;
	if (code >= 0xD800 && code <= 0xDBFF) {
		struct str next = str_sub(d->in, d->pos + 6, 2);

		if (next.len < 2 && (!next.len || next.ptr[0] == '\\')) {
			d->torn = true;
			return false;
		}
		int32_t low = str_is(next, "\\u") ? read_hex(d, d->pos + 8, 4) : -1;

		if (low < 0xDC00 || low > 0xDFFF)
			return false;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		used = 12;
	}
	put(d, bytes, utf8_put((uint32_t)code, bytes), used);
	return true;
}

/* RFC 8259, section 7, and the \' and \xHH of other languages' string literals. */
static bool decode_json(struct decoder *d)
{
	static const char names[] = "\"\\/'bfnrt", meant[] = "\"\\/'\b\f\n\r\t";

	if (d->in.ptr[d->pos] != '\\')
		return false;
	if (d->pos + 1 == d->in.len) {
		d->torn = true;
		return false;
	}
	char c = d->in.ptr[d->pos + 1];
	const char *known = c ? strchr(names, c) : NULL;

	if (known) {
		put_char(d, meant[known - names], 2);
		return true;
	}
	if (c == 'u')
		return decode_unicode(d);
	int32_t byte = c == 'x' ? read_hex(d, d->pos + 2, 2) : -1;

	if (byte < 0)
		return false;
	put_char(d, (char)byte, 4);
	return true;
}

static bool decode_percent(struct decoder *d)
{
	if (d->in.ptr[d->pos] != '%')
		return false;
	int32_t byte = read_hex(d, d->pos + 1, 2);

	if (byte < 0)
		return false;
	put_char(d, (char)byte, 3);
	return true;
}

static bool decode_form(struct decoder *d)
{
	if (d->in.ptr[d->pos] != '+')
		return decode_percent(d);
	put_char(d, ' ', 1);
	return true;
}

static const struct {
	const char *mark;
	bool (*decode)(struct decoder *);
} kinds[VIEW_KINDS] = {
	[VIEW_JSON] = {"\\", decode_json},
	[VIEW_PERCENT] = {"%", decode_percent},
	[VIEW_FORM] = {"+", decode_form},
};

bool view_decode(
	struct arena *arena, enum view_kind kind, const struct view *v, bool cut, struct view *out)
{
	struct decoder d = {.in = v->text, .parent = v};
	bool changed = false;

	if (!str_contains(v->text, kinds[kind].mark))
		return false;
	d.out = arena_alloc(arena, v->text.len + 1);
	d.from = arena_alloc_array(arena, v->text.len + 1, sizeof(*d.from));
	while (d.pos < d.in.len) {
		d.torn = false;
		if (kinds[kind].decode(&d)) {
			changed = true;
		} else if (d.torn && cut) {
			changed = true;
			break;
		} else {
			put_char(&d, d.in.ptr[d.pos], 1);
		}
	}
	d.from[d.len] = (uint32_t)view_from(v, v->text.len);
	*out = (struct view){{d.out, d.len}, d.from};
	return changed;
}
