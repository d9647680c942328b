/* Shared by redact*.c only. */
#ifndef BASE_REDACT_PRIVATE_H
#define BASE_REDACT_PRIVATE_H

#include <stdint.h>

#include "probe/redact.h"

/*
 * Patterns longer than this are known by their beginning: what follows a match is hidden to the end
 * of the text. So a secret of a hostile size costs no memory, and is still never shown.
 */
enum { PATTERN_MAX = 8192, PATTERN_SHORT = 3 };

/* What a match takes along. */
enum {
	PATTERN_END = 1,
	PATTERN_BASE64 = 2,       /* padding after it goes as well */
	PATTERN_SHARES_FIRST = 4, /* the base64 character before it holds bits of the secret */
	PATTERN_SHARES_LAST = 8,  /* the one after it */
	PATTERN_OPEN = 16,        /* the pattern was cut at PATTERN_MAX */
};

/*
 * Aho-Corasick. Children are lists of siblings, since nearly all nodes have one; only the root is a
 * table. `match` is the length of the longest pattern that ends at the node, with its flags.
 */
struct automaton_node {
	uint32_t child, sibling, fail;
	uint16_t depth, match;
	uint8_t byte, flags;
};

struct automaton {
	struct automaton_node *nodes; /* 0 is the root */
	size_t count, capacity;
	uint32_t first[256];
	bool stale; /* patterns were added since the fail links were made */
};

void automaton_init(struct automaton *);
void automaton_release(struct automaton *);
/* False when the very pattern is there already. */
bool automaton_add(struct automaton *, struct str pattern, uint8_t flags);
void automaton_link(struct automaton *);
/* The state after one more byte. */
uint32_t automaton_step(const struct automaton *, uint32_t state, unsigned char byte);

/*
 * A text as its reader sees it after undoing one or more layers of escaping. from[i] is where byte
 * i stands in the original text, from[len] is the original's length.
 */
struct view {
	struct str text;
	const uint32_t *from; /* NULL: the original itself */
};

enum view_kind { VIEW_JSON, VIEW_PERCENT, VIEW_FORM, VIEW_KINDS };

/* False when there is nothing to undo. `cut`: an escape that the end of the text has torn apart is
 * left out, so that what is before it stands at the end. */
bool view_decode(struct arena *, enum view_kind, const struct view *, bool cut, struct view *out);

static inline size_t view_from(const struct view *v, size_t i)
{
	return v->from ? v->from[i] : i;
}

#endif
