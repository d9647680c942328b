/*
 * Most objects of a log were written by the same few statements of a program: the same keys in the
 * same order, only the values differ. What stands between the values is learned as a tree; an object
 * that goes along a path of it needs no look at its keys. Whatever leaves the tree is scanned key by
 * key, with the same result, and learned from.
 *
 *   {"a":" -> value -> ","b": -> value -> }
 *                  \-> ","c":" -> value -> "}
 */
#include "json_text.h"

#include <stdlib.h>

#include "probe/error.h"

/* Logs with ever new keys are not learned from for long. */
enum { NODES_MAX = 512, SIBLINGS_MAX = 12, TEXT_MAX = 24 << 10 };

/* What ends an object, instead of the kind of a value. */
enum { KIND_END = 'E' };

struct layout {
	uint32_t text;        /* what stands in front of the value */
	uint16_t len;         /* ... bytes of it */
	uint16_t child, next; /* the first node behind this one, the next one beside it; 0 none */
	/* Where in the text the payload begins and ends, + 1; 0: it does not. */
	uint16_t opens, closes;
	signed char field; /* enum json_field; -1 none */
	uint8_t rank;
	char kind;                      /* struct json_step.kind */
	bool strong, container, holder; /* of an object that ends here */
	unsigned seen;
};

struct json_layouts {
	struct layout nodes[NODES_MAX]; /* the first is the root */
	size_t count, text_len;
	char text[TEXT_MAX];
};

struct json_layouts *json_layouts_new(void)
{
	struct json_layouts *l = calloc(1, sizeof(*l));

	if (!l)
		die("out of memory for %zu bytes", sizeof(*l));
	l->count = 1;
	return l;
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

/* Whether the text in front of p can be followed by a value of the node's kind. */
static inline bool value_fits(char kind, const char *p, const char *end)
{
	if (kind == '"' || kind == KIND_END)
		return true;
	if (p >= end)
		return false;
	return kind == '0' ? *p != '"' && *p != '{' && *p != '[' : *p == kind;
}

static inline void value_keep(const struct layout *n, const char *from, const char *to, char kind,
	bool escaped, struct json_fields *out)
{
	if (n->field >= 0 && kind)
		field_keep(&out->f[n->field], n->rank, from, (size_t)(to - from), kind, escaped);
}

/* The string at p, kept when its node says so; at the closing quote. */
static inline const char *string_take(
	const struct layout *n, const char *p, const char *end, struct json_fields *out)
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

/* Another value; after it. */
static const char *value_take(
	const struct layout *n, const char *p, const char *end, struct json_fields *out)
{
	char kind = n->kind;
	const char *after;

	if (kind == '0') {
		after = bare_end(p, end);
		kind = bare_kind(*p);
		if (after == p)
			return NULL;
	} else {
		after = json_skip(p, end);
	}
	if (after)
		value_keep(n, p, after, kind, false, out);
	return after;
}

/* The payload begins or ends in the text of the node, which is at p; where it began. */
static const char *payload_take(
	const struct layout *n, const char *p, const char *payload, struct json_fields *out)
{
	if (n->opens && n->opens < n->closes)
		payload = p + n->opens - 1;
	if (n->closes && payload)
		out->payload = (struct str){payload, (size_t)(p + n->closes - 1 - payload)};
	return n->opens ? p + n->opens - 1 : payload;
}

const char *json_layout_scan(
	const struct json_layouts *l, const char *p, const char *end, struct json_fields *out)
{
	const struct layout *n = l->nodes;
	const char *payload = NULL;

	for (;;) {
		uint16_t i = n->child;

		for (; i; i = l->nodes[i].next) {
			n = &l->nodes[i];
			if ((size_t)(end - p) >= n->len && same(p, l->text + n->text, n->len) &&
				value_fits(n->kind, p + n->len, end))
				break;
		}
		if (!i)
			return NULL;
		if (n->opens | n->closes)
			payload = payload_take(n, p, payload, out);
		p += n->len;
		if (n->kind == KIND_END)
			break;
		p = n->kind == '"' ? string_take(n, p, end, out) : value_take(n, p, end, out);
		if (!p)
			return NULL;
	}
	out->seen = n->seen;
	out->strong = n->strong;
	out->container = n->container;
	out->holder = n->holder;
	return p;
}

/* The node for what stands from `from` to `to`; NULL when there is no room for it. */
static struct layout *node_for(
	struct json_layouts *l, struct layout *above, const char *from, const char *to, char kind)
{
	uint16_t *link = &above->child;
	size_t len = (size_t)(to - from);

	for (int siblings = 0; *link; link = &l->nodes[*link].next) {
		struct layout *n = &l->nodes[*link];

		if (n->len == len && n->kind == kind && same(from, l->text + n->text, len))
			return n;
		if (++siblings == SIBLINGS_MAX)
			return NULL;
	}
	if (l->count == NODES_MAX || len > TEXT_MAX - l->text_len)
		return NULL;
	*link = (uint16_t)l->count;
	struct layout *n = &l->nodes[l->count++];

	*n = (struct layout){
		.text = (uint32_t)l->text_len, .len = (uint16_t)len, .kind = kind, .field = -1};
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
