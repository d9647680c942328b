/*
 * Skips over JSON and picks the few fields that a log entry is known by. Nothing is built: a field is
 * a slice of the text. What is not understood is skipped, broken text ends the scan.
 */
#include "json_text.h"

/* To the next quote or bracket. */
static inline const char *structure_next(const char *p, const char *end)
{
	while (end - p >= 16) {
		unsigned bits = structure_bits(p);

		if (bits)
			return p + __builtin_ctz(bits);
		p += 16;
	}
	while (p < end && *p != '"' && (*p | 32) != '{' && (*p | 32) != '}')
		p++;
	return p;
}

const char *json_skip(const char *p, const char *end)
{
	size_t depth = 0;
	bool escaped;

	for (;;) {
		p = structure_next(p, end);
		if (p >= end)
			return NULL;
		if (*p == '"') {
			p = string_end(p + 1, end, &escaped);
			if (!p)
				return NULL;
		} else if ((*p | 32) == '{') {
			depth++;
		} else if (depth > 0) {
			depth--;
		}
		p++;
		if (depth == 0)
			return p;
	}
}

/* What a walk over blocks of 64 bytes knows at the end of one. */
struct run {
	bool escape;     /* the next byte is escaped */
	uint64_t inside; /* a string goes on: all bits, or none */
	size_t depth;
	const char *last; /* where a value ended last */
};

/* Quotes that are not escaped; a backslash escapes in strings only. */
static uint64_t real_quotes(const struct json_block *b, struct run *r)
{
	uint64_t quotes = 0, special = b->quotes | b->slashes;
	bool inside = r->inside != 0;

	if (r->escape)
		special &= ~UINT64_C(1);
	r->escape = false;
	while (special) {
		uint64_t bit = special & -special;

		special &= ~bit;
		if (b->quotes & bit) {
			quotes |= bit;
			inside = !inside;
		} else if (inside) {
			special &= ~(bit << 1);
			/* Beyond the block there is the first byte of the next one. */
			r->escape = bit << 1 == 0;
		}
	}
	return quotes;
}

/* Each bit that has an odd number of quotes at or before it: a quote that opens, what it opens, but not
 * the quote that closes. */
static uint64_t between_quotes(uint64_t bits)
{
	bits ^= bits << 1;
	bits ^= bits << 2;
	bits ^= bits << 4;
	bits ^= bits << 8;
	bits ^= bits << 16;
	return bits ^ bits << 32;
}

/* Goes over the brackets among `bits` of the block at p; false: the array around the values ends, or another
 * one begins, which may hold more than can be seen. */
static bool run_brackets(struct run *r, const char *block, uint64_t bits, const char *p)
{
	for (; bits; bits &= bits - 1) {
		int at = __builtin_ctzll(bits);
		char kind = block[at] | 0x20;

		if (kind == '{') {
			if (r->depth == 0 && block[at] == '[')
				return false;
			r->depth++;
		} else if (kind == '}') {
			if (r->depth == 0)
				return false;
			if (--r->depth == 0)
				r->last = p + at + 1;
		}
	}
	return true;
}

const char *json_run(const char *p, const char *end)
{
	struct run r = {0};
	char rest[JSON_BLOCK];

	for (size_t left = (size_t)(end - p); left > 0;) {
		size_t len = left < JSON_BLOCK ? left : JSON_BLOCK;
		const char *block = p;

		if (len < JSON_BLOCK) {
			memset(rest, ' ', sizeof(rest));
			block = memcpy(rest, p, len);
		}
		struct json_block b = json_block_bits(block);
		uint64_t quotes = b.slashes || r.escape ? real_quotes(&b, &r) : b.quotes;
		uint64_t text = between_quotes(quotes) ^ r.inside;

		r.inside = 0 - (text >> 63);
		if (!run_brackets(&r, block, b.brackets & ~text, p))
			break;
		p += len;
		left -= len;
	}
	return r.last;
}

const char *json_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

static const char *scan_members(const char *p, const char *end, enum json_place place,
	unsigned depth, struct json_fields *out);

static void note(struct json_fields *out, const struct json_key *key, const char *from,
	const char *to, char kind)
{
	struct json_trail *t = out->trail;

	if (t && to && t->count <= TRAIL_MAX) {
		if (t->count < TRAIL_MAX)
			t->steps[t->count] = (struct json_step){from, to, key, kind};
		t->count++;
	}
}

static void keep(struct json_fields *out, const struct json_key *key, const char *ptr, size_t len,
	char kind, bool escaped)
{
	field_keep(&out->f[key->field], key->rank, ptr, len, kind, escaped);
}

/* An object: gone into when the key means a place, else skipped. */
static const char *scan_object(const char *p, const char *end, enum json_place place,
	unsigned depth, const struct json_key *key, struct json_fields *out)
{
	if (!key || key->inside < 0 || depth >= JSON_NESTING_MAX) {
		out->container |= place == IN_ENTRY;
		out->holder |= key && key->rank == RANK_HOLDER;
		const char *skipped = json_skip(p, end);

		note(out, NULL, p, skipped, '{');
		return skipped;
	}
	out->seen |= 1u << key->inside;
	const char *after = scan_members(p, end, (enum json_place)key->inside, depth + 1, out);

	if (after && place == IN_ENTRY && key->inside == IN_PAYLOAD) {
		if (out->trail)
			out->trail->payloads++;
		out->payload = (struct str){p, (size_t)(after - p)};
	}
	return after;
}

static const char *scan_array(const char *p, const char *end, enum json_place place,
	const struct json_key *key, struct json_fields *out)
{
	const char *after = json_skip(p, end);

	out->container |= place == IN_ENTRY;
	out->holder |= key && key->rank == RANK_HOLDER;
	note(out, key && key->array ? key : NULL, p, after, '[');
	if (after && key && key->array)
		keep(out, key, p, (size_t)(after - p), '[', false);
	return after;
}

/* The value at p of a key, which is NULL when unknown; after it. */
static const char *scan_value(const char *p, const char *end, enum json_place place, unsigned depth,
	const struct json_key *key, struct json_fields *out)
{
	bool escaped = false;
	const char *after;

	switch (*p) {
	case '"':
		after = string_end(p + 1, end, &escaped);
		note(out, key, p + 1, after, '"');
		if (after && key && key->field >= 0)
			keep(out, key, p + 1, (size_t)(after - p - 1), '"', escaped);
		return after ? after + 1 : NULL;
	case '{': return scan_object(p, end, place, depth, key, out);
	case '[': return scan_array(p, end, place, key, out);
	default:
		after = bare_end(p, end);
		if (after == p)
			return NULL;
		note(out, key, p, after, '0');
		if (key && key->field >= 0 && bare_kind(*p))
			keep(out, key, p, (size_t)(after - p), bare_kind(*p), false);
		return after;
	}
}

/* From the '{' at p through its members; after the '}'. */
static const char *scan_members(const char *p, const char *end, enum json_place place,
	unsigned depth, struct json_fields *out)
{
	p = json_blank(p + 1, end);
	if (p < end && *p == '}')
		return p + 1;
	while (p < end && *p == '"') {
		bool escaped = false;
		const char *name = p + 1, *name_end = string_end(name, end, &escaped);

		if (!name_end)
			return NULL;
		const struct json_key *key = json_key_find(name, (size_t)(name_end - name), place);

		p = json_blank(name_end + 1, end);
		if (p >= end || *p != ':')
			return NULL;
		p = json_blank(p + 1, end);
		if (p >= end)
			return NULL;
		if (key)
			out->strong |= key->strong;
		p = scan_value(p, end, place, depth, key, out);
		if (!p)
			return NULL;
		p = json_blank(p, end);
		if (p < end && *p == '}')
			return p + 1;
		if (p >= end || *p != ',')
			return NULL;
		p = json_blank(p + 1, end);
	}
	return NULL;
}

const char *json_scan(
	const char *p, const char *end, struct json_fields *out, struct json_layouts *layouts)
{
	struct json_trail trail;
	const char *after = NULL;

	memset(out, 0, sizeof(*out));
	if (layouts) {
		after = json_layout_scan(layouts, p, end, out);
		if (after)
			return after;
		memset(out, 0, sizeof(*out));
		trail.count = trail.payloads = 0;
		out->trail = &trail;
	}
	after = scan_members(p, end, IN_ENTRY, 0, out);
	out->trail = NULL;
	if (layouts && after)
		json_layout_learn(layouts, &trail, p, after, out);
	return after;
}

/* Four hex digits, or -1. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(p[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* The escape after a backslash at p: bytes taken, text to *out. */
static size_t unescape_one(const char *p, const char *end, char **out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *simple = memchr(from, *p, sizeof(from) - 1);

	if (simple) {
		*(*out)++ = to[simple - from];
		return 1;
	}
	if (*p != 'u') {
		*(*out)++ = *p;
		return 1;
	}
	int32_t unit = hex4(p + 1, end);

	if (unit < 0) {
		*(*out)++ = 'u';
		return 1;
	}
	size_t taken = 5;

	if (unit >= 0xD800 && unit < 0xDC00 && end - p >= 11 && p[5] == '\\' && p[6] == 'u') {
		int32_t low = hex4(p + 7, end);

		if (low >= 0xDC00 && low < 0xE000) {
			unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
			taken = 11;
		}
	}
	if (unit >= 0xD800 && unit < 0xE000)
		unit = 0xFFFD;
	char utf8[4];
	size_t len = utf8_put((uint32_t)unit, utf8);

	memcpy(*out, utf8, len);
	*out += len;
	return taken;
}

size_t json_unescape(const char *ptr, size_t len, char *out)
{
	const char *end = ptr + len;
	char *at = out;

	while (ptr < end) {
		const char *slash = memchr(ptr, '\\', (size_t)(end - ptr));
		size_t plain = (size_t)((slash ? slash : end) - ptr);

		memcpy(at, ptr, plain);
		at += plain;
		ptr += plain;
		if (!slash || ++ptr >= end)
			break;
		ptr += unescape_one(ptr, end, &at);
	}
	return (size_t)(at - out);
}
