/* The tree of layouts (see json_layout.c), and what the scans along it share. */
#ifndef LOGS_JSON_LAYOUT_H
#define LOGS_JSON_LAYOUT_H

#include "json_text.h"

/* Logs with ever new keys are not learned from for long. */
enum { NODES_MAX = 512, SIBLINGS_MAX = 12, TEXT_MAX = 24 << 10 };

/* Bytes that are compared at once where that is possible. */
enum { LAYOUT_BLOCK = 32 };

/* After so many surprises no length is expected of strings. */
enum { UNUSUAL_MAX = 8, LENGTH_VARIES = UINT8_MAX };

/* What ends an object, instead of the kind of a value. */
enum { KIND_END = 'E' };

struct layout {
	const char *text;            /* what stands in front of the value */
	struct layout *child, *next; /* the first node behind this one, the next one beside it */
	uint16_t len;                /* of the text */
	char kind;                   /* struct json_step.kind */
	signed char field;           /* enum json_field; -1 none */
	uint32_t rest;   /* a bit for each byte that the last block of the text has not */
	uint8_t rank;    /* of the field's key */
	uint8_t usual;   /* length of its strings, or LENGTH_VARIES */
	uint8_t unusual; /* how often it was another */
	/* Where in the text the payload begins and ends, + 1; 0: it does not. */
	uint16_t opens, closes;
	bool payload;                   /* it does one of them */
	bool strong, container, holder; /* of an object that ends here */
	unsigned seen;
};

struct json_layouts {
	struct str readable;            /* see json_layouts_readable() */
	bool wide;                      /* the processor has what json_layout_scan_wide() takes */
	struct layout nodes[NODES_MAX]; /* the first is the root */
	size_t count, text_len;
	char text[TEXT_MAX + LAYOUT_BLOCK]; /* the last one can be read as a whole block */
};

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

/* Another value; after it. */
static inline const char *value_take(
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
static inline const char *payload_take(
	const struct layout *n, const char *p, const char *payload, struct json_fields *out)
{
	if (n->opens && n->opens < n->closes)
		payload = p + n->opens - 1;
	if (n->closes && payload)
		out->payload = (struct str){payload, (size_t)(p + n->closes - 1 - payload)};
	return n->opens ? p + n->opens - 1 : payload;
}

/* At the end of an object. */
static inline void layout_ends(const struct layout *n, struct json_fields *out)
{
	out->seen = n->seen;
	out->strong = n->strong;
	out->container = n->container;
	out->holder = n->holder;
}

/* How a scan compares the text of a node with what is at p, and takes the string at p, to the closing quote. */
typedef bool layout_text_is(const struct layout *, const char *p, const char *end);
typedef const char *layout_string_take(
	struct layout *, const char *p, const char *end, struct json_fields *out);

/* The scan along the tree; a copy of it is made for each way, in which their functions are part of it. */
__attribute__((always_inline)) static inline const char *layout_walk(struct layout *n,
	const char *p, const char *end, struct json_fields *out, layout_text_is *text_is,
	layout_string_take *string_take)
{
	const char *payload = NULL;

	for (;;) {
		for (n = n->child; n; n = n->next)
			if (text_is(n, p, end) && value_fits(n->kind, p + n->len, end))
				break;
		if (!n)
			return NULL;
		if (n->payload)
			payload = payload_take(n, p, payload, out);
		p += n->len;
		if (n->kind == '"')
			p = string_take(n, p, end, out);
		else if (n->kind == KIND_END)
			break;
		else
			p = value_take(n, p, end, out);
		if (!p)
			return NULL;
	}
	if (p > end)
		return NULL;
	layout_ends(n, out);
	return p;
}

/* json_layout_scan() of an object in the readable text, for x86-64 with AVX2. */
const char *json_layout_scan_wide(
	struct json_layouts *, const char *p, const char *end, struct json_fields *out);

#endif
