#include <stdlib.h>

#include "probe/error.h"
#include "redact_private.h"

static uint32_t node_new(struct automaton *a, unsigned char byte, uint16_t depth)
{
	if (a->count == a->capacity) {
		a->capacity = a->capacity ? a->capacity * 2 : 256;
		a->nodes = realloc(a->nodes, a->capacity * sizeof(*a->nodes));
		if (!a->nodes)
			die("out of memory: %zu bytes", a->capacity * sizeof(*a->nodes));
	}
	a->nodes[a->count] = (struct automaton_node){.byte = byte, .depth = depth};
	return (uint32_t)a->count++;
}

void automaton_init(struct automaton *a)
{
	*a = (struct automaton){0};
	node_new(a, 0, 0);
}

void automaton_release(struct automaton *a)
{
	free(a->nodes);
	*a = (struct automaton){0};
}

static uint32_t child_find(const struct automaton *a, uint32_t node, unsigned char byte)
{
	if (!node)
		return a->first[byte];
	uint32_t child = a->nodes[node].child;

	while (child && a->nodes[child].byte != byte)
		child = a->nodes[child].sibling;
	return child;
}

static uint32_t child_add(struct automaton *a, uint32_t node, unsigned char byte)
{
	uint32_t child = child_find(a, node, byte);

	if (child)
		return child;
	child = node_new(a, byte, (uint16_t)(a->nodes[node].depth + 1));
	a->nodes[child].sibling = a->nodes[node].child;
	a->nodes[node].child = child;
	if (!node)
		a->first[byte] = child;
	return child;
}

bool automaton_add(struct automaton *a, struct str pattern, uint8_t flags)
{
	uint32_t node = 0;

	if (pattern.len > PATTERN_MAX) {
		pattern.len = PATTERN_MAX;
		flags |= PATTERN_OPEN;
	}
	for (size_t i = 0; i < pattern.len; i++)
		node = child_add(a, node, (unsigned char)pattern.ptr[i]);
	bool known = a->nodes[node].match == a->nodes[node].depth;

	a->nodes[node].match = a->nodes[node].depth;
	a->nodes[node].flags |= PATTERN_END | flags;
	a->stale = true;
	return !known;
}

/* Breadth first: a node's fail link points to a shallower one, which is complete by then. */
void automaton_link(struct automaton *a)
{
	uint32_t *queue = malloc(a->count * sizeof(*queue));
	size_t head = 0, tail = 0;

	if (!queue)
		die("out of memory: %zu bytes", a->count * sizeof(*queue));
	queue[tail++] = 0;
	while (head < tail) {
		uint32_t node = queue[head++];

		for (uint32_t c = a->nodes[node].child; c; c = a->nodes[c].sibling) {
			struct automaton_node *child = &a->nodes[c];
			uint32_t fail =
				node ? automaton_step(a, a->nodes[node].fail, child->byte) : 0;

			child->fail = fail;
			if (child->match != child->depth) {
				child->match = a->nodes[fail].match;
				child->flags = a->nodes[fail].flags;
			}
			queue[tail++] = c;
		}
	}
	free(queue);
	a->stale = false;
}

uint32_t automaton_step(const struct automaton *a, uint32_t state, unsigned char byte)
{
	uint32_t next;

	while (!(next = child_find(a, state, byte)) && state)
		state = a->nodes[state].fail;
	return next;
}
