/*
 * Most objects of a log were written by the same few statements of a program: the same keys in the
 * same order, only the values differ. What stands between the values is learned as a tree; an object
 * that goes along a path of it needs no look at its keys. Whatever leaves the tree is scanned key by
 * key, with the same result, and learned from.
 *
 *   {"a":" -> value -> ","b": -> value -> }
 *                  \-> ","c":" -> value -> "}
 */
#include "json_layout.h"

#include <stdlib.h>
/* The compiler's own way to ask runs at each start of the program, and asking a virtual processor takes long. */
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define HAS_WIDE (CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI1))
#endif

#include "probe/error.h"

struct json_layouts *json_layouts_new(void)
{
	struct json_layouts *l = calloc(1, sizeof(*l));

	if (!l)
		die("out of memory for %zu bytes", sizeof(*l));
	l->count = 1;
#if defined(HAS_WIDE)
	l->wide = HAS_WIDE;
#endif
	return l;
}

void json_layouts_readable(struct json_layouts *l, struct str text)
{
	l->readable = text;
}

static inline uint64_t load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Texts are short and mostly equal: words of eight bytes, the last one overlapping. */
static inline bool same(const char *a, const char *b, size_t len)
{
	if (len < 8) {
		for (size_t i = 0; i < len; i++)
			if (a[i] != b[i])
				return false;
		return true;
	}
	if (load(a) != load(b) || load(a + len - 8) != load(b + len - 8))
		return false;
	for (size_t i = 8; i + 8 < len; i += 8)
		if (load(a + i) != load(b + i))
			return false;
	return true;
}

/* The string at p, kept when its node says so; at the closing quote. */
static inline const char *string_take(
	struct layout *n, const char *p, const char *end, struct json_fields *out)
{
	bool escaped = false;
	const char *after = string_special(p, end);

	if (after < end && *after == '\\')
		after = string_end(after, end, &escaped);
	else if (after == end)
		after = NULL;
	if (after)
		value_keep(n, p, after, '"', escaped, out);
	return after;
}

static inline bool text_is(const struct layout *n, const char *p, const char *end)
{
	return (size_t)(end - p) >= n->len && same(p, n->text, n->len);
}

const char *json_layout_scan(
	struct json_layouts *l, const char *p, const char *end, struct json_fields *out)
{
#if defined(HAS_WIDE)
	if (l->wide && p >= l->readable.ptr && p < l->readable.ptr + l->readable.len)
		return json_layout_scan_wide(l, p, end, out);
#endif
	return layout_walk(l->nodes, p, end, out, text_is, string_take);
}

/* The node for what stands from `from` to `to`; NULL when there is no room for it. */
static struct layout *node_for(
	struct json_layouts *l, struct layout *above, const char *from, const char *to, char kind)
{
	struct layout **link = &above->child;
	size_t len = (size_t)(to - from);

	for (int siblings = 0; *link; link = &(*link)->next) {
		struct layout *n = *link;

		if (n->len == len && n->kind == kind && same(from, n->text, len))
			return n;
		if (++siblings == SIBLINGS_MAX)
			return NULL;
	}
	if (l->count == NODES_MAX || len == 0 || len > TEXT_MAX - l->text_len)
		return NULL;
	struct layout *n = *link = &l->nodes[l->count++];

	*n = (struct layout){.text = l->text + l->text_len,
		.len = (uint16_t)len,
		.kind = kind,
		.field = -1,
		.rest = len % LAYOUT_BLOCK ? UINT32_MAX << len % LAYOUT_BLOCK : 0};
	memcpy(l->text + l->text_len, from, len);
	l->text_len += len;
	return n;
}

/* Where the payload's ends lie in the text of a node. */
static void mark_payload(struct layout *n, const char *from, const char *to, struct str payload)
{
	if (!payload.len)
		return;
	const char *end = payload.ptr + payload.len;

	if (payload.ptr >= from && payload.ptr < to)
		n->opens = (uint16_t)(payload.ptr - from + 1);
	if (end > from && end <= to)
		n->closes = (uint16_t)(end - from + 1);
	n->payload = n->opens || n->closes;
}

void json_layout_learn(struct json_layouts *l, const struct json_trail *trail, const char *p,
	const char *end, const struct json_fields *fields)
{
	struct layout *n = l->nodes;

	if (trail->count > TRAIL_MAX || trail->payloads > 1)
		return;
	for (size_t i = 0; i < trail->count; i++) {
		const struct json_step *s = &trail->steps[i];

		n = node_for(l, n, p, s->from, s->kind);
		if (!n)
			return;
		mark_payload(n, p, s->from, fields->payload);
		n->field = s->key ? s->key->field : -1;
		n->rank = s->key ? s->key->rank : 0;
		p = s->to;
	}
	n = node_for(l, n, p, end, KIND_END);
	if (!n)
		return;
	mark_payload(n, p, end, fields->payload);
	n->seen = fields->seen;
	n->strong = fields->strong;
	n->container = fields->container;
	n->holder = fields->holder;
}
