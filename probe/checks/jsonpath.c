/*
 * Selecting: depth first through the segments. The RFC describes lists of nodes, one after each
 * segment; walking gives the same order and needs no list, so that a filter's query costs no
 * memory and ends at the first node when one is enough.
 */
#include "probe/jsonpath.h"

#include <inttypes.h>

#include "jsonpath_private.h"
#include "probe/clock.h"

/* Some tenths of a second. */
#define WORK_MAX UINT64_C(20000000)

enum { PATH_BYTES_MAX = 64 << 20, REGEX_SECONDS = 2 };

bool evaluation_spend(struct evaluation *ev, uint64_t work)
{
	ev->work += work;
	if (ev->work > WORK_MAX && !ev->problem)
		ev->problem = "the query is too expensive on this document";
	return !ev->problem;
}

static bool walk_from(
	const struct walk *, size_t segment, const struct value *, const struct place *);

static bool walk_member(
	const struct walk *w, size_t segment, const struct member *m, const struct place *parent)
{
	struct place place = {parent, m->key, -1};

	return walk_from(w, segment, &m->value, &place);
}

static bool walk_item(const struct walk *w, size_t segment, const struct value *array,
	int64_t index, const struct place *parent)
{
	struct place place = {parent, {0}, index};

	return walk_from(w, segment, &array->array.items[index], &place);
}

static bool select_name(const struct walk *w, size_t next, const struct selector *s,
	const struct value *value, const struct place *place)
{
	if (value->type != VALUE_OBJECT)
		return true;
	for (size_t i = 0; i < value->object.count; i++)
		if (str_equal(value->object.members[i].key, s->name))
			return evaluation_spend(w->evaluation, i / 8) &&
			       walk_member(w, next, &value->object.members[i], place);
	return evaluation_spend(w->evaluation, value->object.count / 8);
}

/* All children, or those for which the filter holds. */
static bool select_children(const struct walk *w, size_t next, const struct selector *s,
	const struct value *value, const struct place *place)
{
	struct evaluation *ev = w->evaluation;

	if (value->type == VALUE_ARRAY) {
		for (size_t i = 0; i < value->array.count; i++)
			if ((!s->filter || filter_holds(ev, s->filter, &value->array.items[i])) &&
				!walk_item(w, next, value, (int64_t)i, place))
				return false;
	} else if (value->type == VALUE_OBJECT) {
		for (size_t i = 0; i < value->object.count; i++)
			if ((!s->filter ||
				    filter_holds(ev, s->filter, &value->object.members[i].value)) &&
				!walk_member(w, next, &value->object.members[i], place))
				return false;
	}
	return !ev->problem;
}

static bool select_index(const struct walk *w, size_t next, const struct selector *s,
	const struct value *value, const struct place *place)
{
	if (value->type != VALUE_ARRAY)
		return true;
	int64_t count = (int64_t)value->array.count;
	int64_t index = s->start < 0 ? s->start + count : s->start;

	return index < 0 || index >= count || walk_item(w, next, value, index, place);
}

static int64_t clamp(int64_t i, int64_t low, int64_t high)
{
	return i < low ? low : i > high ? high : i;
}

/* Section 2.3.4.2.2. */
static bool select_slice(const struct walk *w, size_t next, const struct selector *s,
	const struct value *value, const struct place *place)
{
	if (value->type != VALUE_ARRAY || s->step == 0)
		return true;
	int64_t count = (int64_t)value->array.count;
	bool up = s->step > 0;
	int64_t start = s->has_start ? s->start : up ? 0 : count - 1;
	int64_t end = s->has_end ? s->end : up ? count : -count - 1;

	start = start < 0 ? start + count : start;
	end = end < 0 ? end + count : end;
	start = up ? clamp(start, 0, count) : clamp(start, -1, count - 1);
	end = up ? clamp(end, 0, count) : clamp(end, -1, count - 1);
	for (int64_t i = start; up ? i < end : i > end; i += s->step)
		if (!walk_item(w, next, value, i, place))
			return false;
	return true;
}

static bool apply(const struct walk *w, size_t next, const struct selector *s,
	const struct value *value, const struct place *place)
{
	switch (s->kind) {
	case SELECT_NAME: return select_name(w, next, s, value, place);
	case SELECT_INDEX: return select_index(w, next, s, value, place);
	case SELECT_SLICE: return select_slice(w, next, s, value, place);
	default: return select_children(w, next, s, value, place);
	}
}

/* The node, then its children's subtrees in order (section 2.5.2.2). */
static bool descend(
	const struct walk *w, size_t segment, const struct value *value, const struct place *place)
{
	const struct segment *s = &w->query->segments[segment];

	if (!evaluation_spend(w->evaluation, 1))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (!apply(w, segment + 1, &s->selectors[i], value, place))
			return false;
	if (!s->descendant)
		return true;
	size_t count = value->type == VALUE_ARRAY    ? value->array.count
		       : value->type == VALUE_OBJECT ? value->object.count
						     : 0;

	for (size_t i = 0; i < count; i++) {
		struct place inner = {place, {0}, (int64_t)i};
		const struct value *child;

		if (value->type == VALUE_ARRAY) {
			child = &value->array.items[i];
		} else {
			child = &value->object.members[i].value;
			inner = (struct place){place, value->object.members[i].key, -1};
		}
		if (!descend(w, segment, child, &inner))
			return false;
	}
	return true;
}

static bool walk_from(
	const struct walk *w, size_t segment, const struct value *value, const struct place *place)
{
	if (!evaluation_spend(w->evaluation, 1))
		return false;
	if (segment == w->query->count)
		return w->found(w->ctx, value, place);
	return descend(w, segment, value, place);
}

bool walk_query(const struct walk *w, const struct value *current)
{
	return walk_from(w, 0, w->query->relative ? current : w->evaluation->root, NULL);
}

static void print_name(struct buf *out, struct str name)
{
	static const char controls[] = "\b\t\n\f\r'\\", letters[] = "btnfr'\\";

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		const char *known = c ? strchr(controls, c) : NULL;

		if (known)
			buf_printf(out, "\\%c", letters[known - controls]);
		else if ((unsigned char)c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else
			buf_add_char(out, c);
	}
}

/* Normalized paths (section 2.7). */
static void print_place(struct buf *out, const struct place *place)
{
	if (!place) {
		buf_add_char(out, '$');
		return;
	}
	print_place(out, place->parent);
	if (place->index >= 0) {
		buf_printf(out, "[%" PRId64 "]", place->index);
	} else {
		buf_add_text(out, "['");
		print_name(out, place->name);
		buf_add_text(out, "']");
	}
}

struct collector {
	struct evaluation *evaluation;
	struct jsonpath_nodes *nodes;
	size_t capacity, path_bytes;
	bool paths;
};

static const char *path_of(struct collector *c, const struct place *place)
{
	BUF_SCOPED struct buf path;

	buf_init(&path, PATH_BYTES_MAX - c->path_bytes);
	print_place(&path, place);
	c->path_bytes += path.len;
	if (path.overflow)
		c->evaluation->problem = "the paths of the nodes are too long";
	return arena_str(c->evaluation->arena, buf_str(&path)).ptr;
}

static bool collect(void *ctx, const struct value *value, const struct place *place)
{
	struct collector *c = ctx;
	struct jsonpath_nodes *nodes = c->nodes;

	if (nodes->count == JSONPATH_NODES_MAX) {
		c->evaluation->problem = "the query selects more than 1000000 nodes";
		return false;
	}
	nodes->items = arena_grow(c->evaluation->arena, nodes->items, nodes->count, &c->capacity,
		sizeof(*nodes->items));
	nodes->items[nodes->count++] =
		(struct jsonpath_node){value, c->paths ? path_of(c, place) : NULL};
	return !c->evaluation->problem;
}

int jsonpath_select(const struct jsonpath *query, struct arena *arena, const struct value *root,
	bool paths, struct jsonpath_nodes *out, struct error *err)
{
	struct evaluation ev = {.arena = arena,
		.root = root,
		.deadline = clock_monotonic() + REGEX_SECONDS * NS_PER_S};
	struct collector collector = {.evaluation = &ev, .nodes = out, .paths = paths};
	struct walk walk = {&ev, query, collect, &collector};

	*out = (struct jsonpath_nodes){0};
	walk_query(&walk, root);
	arena_free(ev.regex_arena);
	return ev.problem ? error_set(err, "%s", ev.problem) : 0;
}
